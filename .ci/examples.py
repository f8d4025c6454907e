"""Starts every example and asks it what its documentation promises, over HTTP where it serves any."""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARIES = TARGET / "debug" / "examples"
SECRET = "a secret of the examples' check, 40 bytes"

INVALID_TOKEN = 'Bearer error="invalid_token", error_description="The access token is invalid"'
INVALID_REQUEST = 'Bearer error="invalid_request", error_description="The request is malformed"'


def check(what, got, expected):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


class Server:
    """An example that serves on a port of the system's choice and prints a token."""

    def __init__(self, name):
        environment = {**os.environ, "PORT": "0", "JWT_SECRET": SECRET}
        self.process = subprocess.Popen(
            [BINARIES / name], env=environment, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline().strip()
        prefix = "listening on http://"
        if not line.startswith(prefix):
            raise AssertionError(f"{name} printed {line!r} first")
        self.address = line.removeprefix(prefix)
        self.token = self.process.stdout.readline().strip().removeprefix("token: ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, path, *authorizations, method="GET"):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        connection.putrequest(method, path)
        for authorization in authorizations:
            connection.putheader("Authorization", authorization)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.getheader("WWW-Authenticate"), body


def tampered(token):
    header, payload, signature = token.split(".")
    other = "A" if signature[0] != "A" else "B"
    return f"{header}.{payload}.{other}{signature[1:]}"


def serves_public_and_protected(name):
    with Server(name) as server:
        check("public", server.ask("/")[0], 200)

        status, challenge, body = server.ask("/me", f"Bearer {server.token}")
        check("good token", (status, challenge), (200, None))
        claims = json.loads(body)
        check("subject", (claims["sub"], claims["email"]), ("user-1", "user-1@example.com"))

        status, challenge, body = server.ask("/me")
        check("no token", (status, challenge), (401, "Bearer"))
        check("no token, error", json.loads(body).get("error"), None)

        status, challenge, body = server.ask("/me", f"Bearer {tampered(server.token)}")
        check("tampered", (status, challenge), (401, INVALID_TOKEN))
        problem = json.loads(body)
        check("tampered, body", (problem["status"], problem["error"]), (401, "invalid_token"))

        twice = [f"Bearer {server.token}"] * 2
        status, challenge, body = server.ask("/me", *twice)
        check("two headers", (status, challenge), (400, INVALID_REQUEST))
        check("two headers, error", json.loads(body)["error"], "invalid_request")

        check("HEAD", server.ask("/me", method="HEAD"), (401, "Bearer", b""))
        check("after refusals", server.ask("/me", f"Bearer {server.token}")[0], 200)

    # The error is printed and names the way out; the secret is not printed.
    short = {**os.environ, "PORT": "0", "JWT_SECRET": "tooshort"}
    refused = subprocess.run([BINARIES / name], env=short, capture_output=True, text=True, timeout=20)
    check("short secret, exit status", refused.returncode, 1)
    check("short secret, explained", "32 are the least" in refused.stderr, True)
    check("short secret, kept", "tooshort" in refused.stderr + refused.stdout, False)


def verifies_on_the_command_line(name):
    with Server("axum") as server:
        token = server.token
    keys = ROOT / "src" / "testing" / "keys"
    with tempfile.NamedTemporaryFile("w", suffix=".secret") as secret:
        secret.write(SECRET + "\n")
        secret.flush()
        for arguments, stdin, status, printed in [
            ([token, secret.name], None, 0, "subject: user-1"),
            (["-", secret.name], token + "\n", 0, "subject: user-1"),
            ([tampered(token), secret.name], None, 1, "refused: invalid_signature"),
            (["nonsense", secret.name], None, 1, "refused: malformed_token"),
            ([token, keys / "p256-a.public.pem"], None, 1, "refused: algorithm_not_allowed"),
            ([token, keys / "rsa-a.public.jwk"], None, 1, "refused: algorithm_not_allowed"),
            ([token, keys / "rsa-a.private.pem"], None, 2, "private key"),
            ([token], None, 2, "usage"),
        ]:
            done = subprocess.run(
                [BINARIES / name, *arguments], input=stdin, capture_output=True, text=True, timeout=20
            )
            check(f"{arguments[1:]}, exit status", done.returncode, status)
            check(f"{arguments[1:]}, output", printed in done.stdout + done.stderr, True)


CHECKS = {
    "axum": serves_public_and_protected,
    "hyper": serves_public_and_protected,
    "verify": verifies_on_the_command_line,
}


def main():
    there = {path.stem for path in (ROOT / "examples").glob("*.rs")}
    check("examples with a check", sorted(CHECKS), sorted(there))
    failures = 0
    for name, checks in CHECKS.items():
        try:
            checks(name)
            print(f"example {name}: as documented")
        except Exception as error:  # every example gets its turn
            failures += 1
            print(f"example {name}: {error}")
    print(f"{len(CHECKS) - failures} of {len(CHECKS)} examples answered as documented")
    sys.exit(1 if failures else 0)


main()
