"""Starts the example `better_auth` with a real Better Auth server of every release behind it, and asks it who
somebody is. The servers, their tokens and their packages are those of the interoperability tests."""

import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # it would be written beside the script
from examples import INVALID_TOKEN, ROOT, TARGET, Server, check, tampered

INTEROP = ROOT / "tests" / "interop"
NEWEST = ""
# What the example takes of the kinds of token that a release has: by URL, and with the secret in its place.
EXPECTED = {
    "1.7.25": {"by URL": (2, 10), "by secret": (2, 10)},
    "1.7.5": {"by URL": (2, 16), "by secret": (2, 16)},
    "1.4.22": {"by URL": (2, 12), "by secret": (2, 12)},
    "1.2.8": {"by URL": (2, 9), "by secret": (2, 9)},
}
TAKEN = {
    "by URL": {"plugin", "plugin, header"},
    "by secret": {"bridge, jose", "bridge, jsonwebtoken"},
}
NAMES = ["BETTER_AUTH_URL", "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"]


class BetterAuth:
    """A real server, which ends when this ends: then its standard input closes."""

    def __init__(self, release):
        packages = TARGET / "tmp" / "-".join(filter(None, ["interop", release]))
        self.process = subprocess.Popen(
            [INTEROP / "serve.sh", "presets", release],
            env={**os.environ, "INTEROP_PACKAGES": str(packages)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        # Servers may log to standard output as well.
        for line in self.process.stdout:
            if line.startswith('{"control"'):
                return json.loads(line)
        raise AssertionError("the server did not start, see above")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def ask(release, how, hello, settings):
    accepted = refused = 0
    me = {"user_id": hello["user_id"], "email": hello["email"]}
    with Server("better_auth", **{**dict.fromkeys(NAMES, ""), **settings}) as example:
        check("no token", example.ask("/me")[:2], (401, "Bearer"))
        for kind, token in hello["kinds"].items():
            status, challenge, body = example.ask("/me", f"Bearer {token}")
            if kind in TAKEN[how]:
                check(f"{kind}, {how}", (status, json.loads(body)), (200, me))
                forged = example.ask("/me", f"Bearer {tampered(token)}")
                check(f"{kind}, {how}, tampered", forged[:2], (401, INVALID_TOKEN))
                accepted += 1
            else:
                check(f"{kind}, {how}", (status, challenge), (401, INVALID_TOKEN))
                refused += 1
    print(f"better-auth {release}: the example, {how}: accepted {accepted} refused {refused}", flush=True)
    check(f"{release}, {how}", (accepted, refused), EXPECTED[release][how])


for release in EXPECTED:
    with BetterAuth(NEWEST if release == "1.7.25" else release) as hello:
        check("version", hello["version"], release)
        ask(release, "by URL", hello, {"BETTER_AUTH_URL": hello["url"]})
        ask(release, "by secret", hello, {"BETTER_AUTH_SECRET": hello["secret"]})
