#!/usr/bin/env python3
"""Counts the instructions that the layer adds to a request, outside the crypto library and the allocator.

    python3 benches/instructions.py            # compares with benches/instructions.json; fails above 3 %
    python3 benches/instructions.py --record   # writes that file

callgrind has no SHA instructions, so hashing would dominate every figure. Calls into the crypto library are
therefore excluded, with everything that they call. The allocator is excluded because its cost depends on earlier
allocations of the crypto library; `allocations` counts those. The crate is compiled as one unit, so that the counts
show its work and not what the compiler inlines. They have no noise, but they depend on the compiler, `Cargo.lock` and
the processor. The compiler and the processor are recorded with the counts.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORD = ROOT / "benches" / "instructions.json"
MOST = 1.03
ALLOCATOR = ["malloc", "calloc", "realloc", "free"]
CASES = [
    ("HS256 valid", "bare"),
    ("RS256 valid", "bare"),
    ("ES256 valid", "bare"),
    ("EdDSA valid", "bare"),
    ("HS256 valid, Claims", "bare"),
    ("no token", "bare, no token"),
]


def build(bench):
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", bench, "--message-format", "json"]
    lines = subprocess.check_output([*command, "--quiet"], text=True, cwd=ROOT).splitlines()
    built = [json.loads(line) for line in lines if line.startswith('{"reason":"compiler-artifact"')]
    [program] = [it["executable"] for it in built if it["target"]["name"] == bench]
    return program


def is_left_out(caller, callee):
    """Whether Rust calls AWS-LC, whose exports begin with its version, or the allocator."""
    return "::" in caller and (callee.startswith("aws_lc_0_") or callee in ALLOCATOR)


def count(valgrind, program, case):
    """The instructions of one call, without those inside the crypto library."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "callgrind.out")
        options = ["--tool=callgrind", f"--callgrind-out-file={out}", "--toggle-collect=*instructions*counted*"]
        options += ["--compress-strings=no", "--compress-pos=no", "--quiet"]
        calls = int(subprocess.check_output([valgrind, *options, program, case], text=True))
        return total(out.read_text().splitlines()) / calls


def total(lines):
    """Sums the output of callgrind: a cost line belongs to `fn`, or after `calls=` to the call of `cfn`."""
    own = inside = 0
    caller = callee = ""
    is_call = False
    for line in lines:
        if line.startswith("fn="):
            caller = line[3:]
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            is_call = True
        elif line[:1].isdigit():
            cost = int(line.split()[1])
            if not is_call:
                own += cost
            elif is_left_out(caller, callee):
                inside += cost
            is_call = False
    return own - inside


def processor():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return [flag for flag in ("avx2", "bmi2", "adx") if flag in flags]


def main():
    valgrind = subprocess.check_output([ROOT / ".ci" / "need", "valgrind"], text=True).strip()
    program = build("instructions")
    counts = {name: count(valgrind, program, name) for name in {name for case in CASES for name in case}}
    added = {case: round(counts[case] - counts[bare]) for case, bare in CASES}
    rustc = subprocess.check_output(["rustc", "--version"], text=True, cwd=ROOT).strip()
    figures = {"rustc": rustc, "processor": processor(), "added": added}
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    print("| case                | added | recorded | ratio |")
    print("|---------------------|------:|---------:|------:|")
    above = []
    for case, _ in CASES:
        before = recorded.get("added", {}).get(case, added[case])
        ratio = added[case] / before
        print(f"| {case:<19} | {added[case]:>5} | {before:>8} | {ratio:.3f} |")
        if ratio > MOST:
            above.append(case)
    bodies = build("instructions_of_bodies")
    kept, ended = (count(valgrind, bodies, name) for name in ("body", "body, ends with the token"))
    print(f"end_streams_at_expiry adds {ended - kept:.0f} to a request with a short response")
    if "--record" in sys.argv:
        RECORD.write_text(json.dumps(figures, indent=2) + "\n")
    elif any(recorded.get(key) != figures[key] for key in ("rustc", "processor")):
        print("not compared: the counts were recorded with another compiler or on another processor")
    elif above:
        sys.exit(f"more than {MOST:.2f} times the recorded count: {', '.join(above)}")


main()
