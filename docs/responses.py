#!/usr/bin/env python3
"""Writes docs/responses.md from the responses of a running example to curl.

    cargo build --example rejections --features jwks-client
    python3 docs/responses.py            # writes the page
    python3 docs/responses.py --check    # fails if the page is out of date
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

What does a client receive if a request is rejected? It receives a status, in most cases a challenge
(`WWW-Authenticate`), and a problem document (RFC 9457):

| request | status | `error` in the challenge |
|---|---|---|
| no token, or another scheme | 401 | none |
| malformed header, or several tokens | 400 | `invalid_request` |
| bad token, expired or not | 401 | `invalid_token` |
| missing scope, or another rule of `RequireLayer` | 403 | `insufficient_scope` |
| a stronger or more recent login is required | 401 | `insufficient_user_authentication` |
| keys, revocation or proof of possession cannot be checked now | 503 | no challenge |
| the server is misconfigured | 500 | no challenge |

Responses reveal little on purpose. Every bad token gets the same response. The exception is an expired token, so that
clients request a new one. The exact reason is in the `Error` in the response's extensions, in logs and in events for
observers.

The responses below come from the example `rejections`, without the `date` header. To try them, run
`cargo run --example rejections --features jwks-client`, which prints the tokens. `docs/responses.py` writes this page, and
CI checks it.
"""

CASES = [
    ("Valid token", "200, for comparison.", "/orders", ["Bearer $GOOD"], []),
    (
        "Missing token",
        "401. The challenge has no error code, because the client has made no mistake yet (RFC 6750 §3.1). It names "
        "the required scope, if `challenge_scope` is set on the layer.",
        "/orders",
        [],
        [],
    ),
    (
        "Another scheme",
        "401, as for a missing token.",
        "/orders",
        ["Basic dXNlcjpwYXNzd29yZA=="],
        [],
    ),
    ("Malformed header", "400. The header cannot be parsed.", "/orders", ["Bearer not a token"], []),
    (
        "Two tokens",
        "400. Otherwise a proxy and the server could check different tokens.",
        "/orders",
        ["Bearer $GOOD", "Bearer $GOOD"],
        [],
    ),
    ("Expired token", "401. For a bad token, expiry is the only reason that the response names.", "/orders", ["Bearer $EXPIRED"], []),
    ("Changed token", "401, as for every other bad token.", "/orders", ["Bearer $TAMPERED"], []),
    ("Another audience", "401, as for a changed token.", "/orders", ["Bearer $FOR_BILLING"], []),
    (
        "Missing scope",
        "403. The challenge names the required scope (RFC 6750 §3.1).",
        "/orders",
        ["Bearer $WITHOUT_SCOPE"],
        [],
    ),
    (
        "Keys unavailable",
        "503 with `Retry-After`. There is no challenge: the token may be valid, so the client should keep it and try "
        "again.",
        "/away",
        ["Bearer $OF_AN_UNKNOWN_KEY"],
        [],
    ),
    ("HEAD request", "401, as for a missing token, but without a body.", "/orders", [], ["--head"]),
]


def start():
    server = subprocess.Popen(
        [TARGET / "debug" / "examples" / "rejections"],
        env={**os.environ, "PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    address = server.stdout.readline().removeprefix("listening on ").strip()
    tokens = dict(server.stdout.readline().strip().split("=") for _ in NAMES)
    assert sorted(tokens) == sorted(NAMES), tokens
    return server, address, tokens


@functools.cache
def curl():
    return subprocess.check_output([ROOT / ".ci" / "need", "curl"], text=True).strip()


def ask(address, tokens, path, fields, options):
    """Returns the command to show, and its output."""

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
    # The date differs on every run.
    lines = [line for line in done.stdout.splitlines() if not line.lower().startswith("date:")]
    return shown, "\n".join(lines).strip()


def page():
    server, address, tokens = start()
    try:
        parts = [HEAD]
        for title, text, path, fields, options in CASES:
            shown, answer = ask(address, tokens, path, fields, options)
            assert not any(token in answer for token in tokens.values()), "a response contains a token"
            text = textwrap.fill(text, 120)
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
        sys.exit("docs/responses.md is out of date: run docs/responses.py")
    print(f"docs/responses.md: {len(CASES)} responses are up to date")


main()
