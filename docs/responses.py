#!/usr/bin/env python3
"""Writes docs/responses.md from what a running example answers to curl.

    cargo build --example refusals --features jwks-client
    python3 docs/responses.py            # writes the page
    python3 docs/responses.py --check    # fails when the page says something else
"""

import functools
import os
import pathlib
import re
import shlex
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "responses.md"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SHOWN = "http://127.0.0.1:3000"
NAMES = ["GOOD", "EXPIRED", "TAMPERED", "FOR_BILLING", "WITHOUT_SCOPE", "OF_AN_UNKNOWN_KEY"]

HEAD = """\
# Responses

What clients see, for every way in which a request can go wrong. This page is written by
`docs/responses.py`, which starts the example `refusals` and asks it with curl; the gate fails when the
two differ. Only `date` is left out.

Tokens are shown by their names: `cargo run --example refusals --features jwks-client` prints them.

What a client learns is coarse on purpose. Every bad token looks the same, expiry excepted, because
clients act on it; the exact reason goes to the `Error` in the response's extensions, to logs and to
observers.
"""

CASES = [
    ("A good token", "For comparison.", "/orders", ["Bearer $GOOD"], []),
    (
        "Missing",
        "401, and a challenge without an error code: nothing is wrong yet (RFC 6750 §3.1). It names the "
        "scope to ask for, where the layer was told one.",
        "/orders",
        [],
        [],
    ),
    (
        "Another scheme",
        "As if there were no credentials at all.",
        "/orders",
        ["Basic dXNlcjpwYXNzd29yZA=="],
        [],
    ),
    ("Malformed", "400: the field cannot be read.", "/orders", ["Bearer not a token"], []),
    (
        "Doubled",
        "400: with two tokens, two parts of a system might each look at another one.",
        "/orders",
        ["Bearer $GOOD", "Bearer $GOOD"],
        [],
    ),
    ("Expired", "401, and the one reason that is told.", "/orders", ["Bearer $EXPIRED"], []),
    ("Tampered with", "401, as for every other bad token.", "/orders", ["Bearer $TAMPERED"], []),
    ("For another audience", "401, the same.", "/orders", ["Bearer $FOR_BILLING"], []),
    (
        "Without the scope",
        "403, and the scope that would do (RFC 6750 §3.1).",
        "/orders",
        ["Bearer $WITHOUT_SCOPE"],
        [],
    ),
    (
        "While the keys cannot be had",
        "503, and when to come again. There is no challenge: the token may be good, and throwing it away "
        "would not help.",
        "/away",
        ["Bearer $OF_AN_UNKNOWN_KEY"],
        [],
    ),
    ("To a HEAD request", "The same, and no body.", "/orders", [], ["--head"]),
]


def start():
    server = subprocess.Popen(
        [TARGET / "debug" / "examples" / "refusals"],
        env={**os.environ, "PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    address = server.stdout.readline().removeprefix("listening on ").strip()
    tokens = dict(server.stdout.readline().strip().split(": ") for _ in NAMES)
    assert sorted(tokens) == sorted(NAMES), tokens
    return server, address, tokens


@functools.cache
def curl():
    return subprocess.check_output([ROOT / ".ci" / "need", "curl"], text=True).strip()


def ask(address, tokens, path, fields, options):
    """What is shown as the command, and what it prints."""

    def real(field):
        return re.sub(r"\$(\w+)", lambda name: tokens[name[1]], field)

    def command(url, given):
        headers = [part for field in given for part in ("-H", f"Authorization: {field}")]
        return ["curl", "-i", *options, url + path, *headers]

    _, *arguments = command(address, [real(field) for field in fields])
    done = subprocess.run(
        [curl(), *arguments, "--silent", "--max-time", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = " ".join(
        f'"{part}"' if "$" in part else shlex.quote(part) for part in command(SHOWN, fields)
    )
    # A Host is answered nowhere, and the date is another one each time.
    lines = [line for line in done.stdout.splitlines() if not line.lower().startswith("date:")]
    return shown, "\n".join(lines).strip()


def page():
    server, address, tokens = start()
    try:
        parts = [HEAD]
        for title, text, path, fields, options in CASES:
            shown, answer = ask(address, tokens, path, fields, options)
            assert not any(token in answer for token in tokens.values()), "an answer shows a token"
            text = textwrap.fill(text, 105)
            parts.append(f"\n## {title}\n\n{text}\n\n```text\n$ {shown}\n{answer}\n```\n")
        return "".join(parts)
    finally:
        server.kill()
        server.wait()


def main():
    now = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(now)
    elif PAGE.read_text() != now:
        sys.exit("docs/responses.md does not say what is answered: run docs/responses.py")
    print(f"{len(CASES)} answers, as docs/responses.md shows them")


main()
