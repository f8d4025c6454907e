"""Applies known mutants one after the other and sees that a test fails for each.

    python3 .ci/mutants.py          # all of them; about a minute each
    python3 .ci/mutants.py sid      # those whose name has this in it
    python3 .ci/mutants.py --list   # runs nothing: checks that each text is still in the code, once

A mutant removes one check from the code. It stands for a defect that no test noticed at some time. Works on a copy
of the tree in `target/mutants`, which keeps what was compiled. Fails when a mutant survives, when one does not
compile, and when its text is no longer in the code.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants"
sys.dont_write_bytecode = True
from mutants_list import MUTANTS  # noqa: E402


def copy_tree():
    """The files that git knows or would add, as they are in the working tree."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, COPY / name
        if source.is_file() and (not target.exists() or target.read_bytes() != source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def cargo_test(mutant, *options):
    where = ["--lib"] if mutant.get("unit") else ["--test", "it"]
    command = ["cargo", "test", "--locked", "--all-features", *where, *options]
    environment = {**os.environ, "CARGO_TERM_COLOR": "never", "CARGO_TARGET_DIR": str(COPY / "target")}
    return subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)


def failing_tests(mutant):
    """The tests that fail with the mutant; it must compile."""
    built = cargo_test(mutant, "--no-run")
    if built.returncode != 0:
        sys.exit(f"{mutant['name']}: does not compile\n{built.stderr[-3000:]}")
    ran = cargo_test(mutant, "--", *mutant["tests"])
    return re.findall(r"^test (\S+) \.\.\. FAILED$", ran.stdout, re.MULTILINE), ran


def check_text(mutant, text):
    if text.count(mutant["old"]) != 1:
        sys.exit(f"{mutant['name']}: its text is {text.count(mutant['old'])} times in {mutant['file']}")


def run(mutant):
    """Applies one mutant; whether a test fails."""
    path = COPY / mutant["file"]
    text = path.read_text()
    check_text(mutant, text)
    mutated = text.replace(mutant["old"], mutant["new"])
    lines = [text.splitlines(True), mutated.splitlines(True)]
    print(f"\n=== {mutant['name']}")
    print("".join(difflib.unified_diff(*lines, mutant["file"], mutant["file"], n=1)), end="")
    path.write_text(mutated)
    try:
        failed, ran = failing_tests(mutant)
    finally:
        path.write_text(text)
    for test in failed:
        print(f"fails: {test}")
    if not failed:
        print(f"SURVIVES\n{ran.stdout[-2000:]}")
    return bool(failed)


def main():
    wanted = sys.argv[1:]
    if wanted == ["--list"]:
        for mutant in MUTANTS:
            check_text(mutant, (ROOT / mutant["file"]).read_text())
        print(f"the texts of {len(MUTANTS)} mutants are in the code")
        return
    mutants = [it for it in MUTANTS if not wanted or any(word in it["name"] for word in wanted)]
    copy_tree()
    caught = sum(run(mutant) for mutant in mutants)
    print(f"\n{caught} of {len(mutants)} mutants are caught")
    if caught != len(mutants):
        sys.exit(1)


main()
