"""Starts every example, sends it requests and compares the responses with its documentation.

Arguments are names of examples; without arguments, all of them are checked.
"""

import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARIES = TARGET / "debug" / "examples"
SECRET = "a secret of the examples' check, 40 bytes"

INVALID_TOKEN = 'Bearer error="invalid_token", error_description="The access token is invalid"'
INVALID_REQUEST = 'Bearer error="invalid_request", error_description="The request is malformed"'


def check(what, got, expected):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


class Host:
    """An HTTP server."""

    def __init__(self, address):
        self.address = address

    def send(self, path, *authorizations, method="GET", headers=(), body=b""):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        connection.putrequest(method, path)
        for authorization in authorizations:
            connection.putheader("Authorization", authorization)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def ask(self, path, *authorizations, method="GET"):
        response, body = self.send(path, *authorizations, method=method)
        return response.status, response.getheader("WWW-Authenticate"), body

    def post(self, path, body=b""):
        length = [("Content-Length", str(len(body)))]
        response, body = self.send(path, method="POST", headers=length, body=body)
        check(f"POST {path}", response.status, 200)
        return body.decode().strip()


class Server(Host):
    """An example that serves on a free port, and its output."""

    def __init__(self, name, **settings):
        environment = {**os.environ, "PORT": "0", "JWT_SECRET": SECRET, **settings}
        self.process = subprocess.Popen(
            [BINARIES / name], env=environment, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline().strip()
        prefix = "listening on http://"
        if not line.startswith(prefix):
            raise AssertionError(f"{name} printed {line!r} first")
        super().__init__(line.removeprefix(prefix))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.unread = self.interrupt()
        elif self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def printed(self, variable):
        """The value of a variable in the lines that were not read yet."""
        for line in self.process.stdout:
            if line.startswith(f"{variable}="):
                return line.removeprefix(f"{variable}=").strip()
        raise AssertionError(f"{variable} was not printed")

    def interrupt(self):
        """Sends SIGINT, requires exit status 0, and returns the lines that were not read yet."""
        self.process.send_signal(signal.SIGINT)
        try:
            lines = self.process.stdout.read().splitlines()
            check("exit status after SIGINT", self.process.wait(timeout=10), 0)
        finally:
            self.process.kill()
        return lines


def tampered(token):
    header, payload, signature = token.split(".")
    other = "A" if signature[0] != "A" else "B"
    return f"{header}.{payload}.{other}{signature[1:]}"


def check_public_and_protected(name):
    with Server(name) as server:
        token = server.printed("TOKEN")
        check("public", server.ask("/")[0], 200)

        status, challenge, body = server.ask("/me", f"Bearer {token}")
        check("good token", (status, challenge), (200, None))
        claims = json.loads(body)
        check("subject", (claims["sub"], claims["email"]), ("user-1", "user-1@example.com"))

        status, challenge, body = server.ask("/me")
        check("no token", (status, challenge), (401, "Bearer"))
        check("no token, error", json.loads(body).get("error"), None)

        status, challenge, body = server.ask("/me", f"Bearer {tampered(token)}")
        check("tampered", (status, challenge), (401, INVALID_TOKEN))
        problem = json.loads(body)
        check("tampered, body", (problem["status"], problem["error"]), (401, "invalid_token"))

        twice = [f"Bearer {token}"] * 2
        status, challenge, body = server.ask("/me", *twice)
        check("two headers", (status, challenge), (400, INVALID_REQUEST))
        check("two headers, error", json.loads(body)["error"], "invalid_request")

        check("HEAD", server.ask("/me", method="HEAD"), (401, "Bearer", b""))
        check("after rejections", server.ask("/me", f"Bearer {token}")[0], 200)

    # The error is printed with its fix, and without the secret.
    short = {**os.environ, "PORT": "0", "JWT_SECRET": "tooshort"}
    rejected = subprocess.run([BINARIES / name], env=short, capture_output=True, text=True, timeout=20)
    check("short secret, exit status", rejected.returncode, 1)
    check("short secret, explained", "at least 32 are required" in rejected.stderr, True)
    check("short secret, kept", "tooshort" in rejected.stderr + rejected.stdout, False)


def check_verify(name):
    with Server("axum") as server:
        token = server.printed("TOKEN")
        check("public", server.ask("/")[0], 200)  # the server handles SIGINT once it serves
    keys = ROOT / "src" / "testing" / "keys"
    with tempfile.TemporaryDirectory() as folder:
        secret, minted = os.path.join(folder, "secret"), os.path.join(folder, "minted.jwks")
        with open(secret, "w") as file:
            file.write(SECRET + "\n")
        by_secret = ["--secret-file", secret]
        test = ["--issuer", "https://test.example", "--audience", "orders"]
        mint = subprocess.run(
            [BINARIES / name, "mint", *test, "--jwks-file", minted], capture_output=True, text=True, timeout=20
        )
        check("mint, exit status", mint.returncode, 0)
        by_test = [*test, "--jwks", minted]
        for arguments, stdin, status, printed in [
            (["explain", token, *by_secret], None, 0, "accepted"),
            (["explain", "-", *by_secret, "--claim", "sub"], token + "\n", 0, "user-1"),
            (["explain", tampered(token), *by_secret], None, 1, "FAILED       signature"),
            (["explain", token, *by_secret, "--audience", "other"], None, 1, "expected the audience `other`"),
            (["explain", "nonsense", *by_secret, "--json"], None, 1, '"code": "malformed_token"'),
            (["explain", token, "--pem", keys / "p256-a.public.pem"], None, 1, "Verifier::shared_secret"),
            (["explain", token, "--jwks", keys / "rsa-a.public.jwk"], None, 1, "FAILED       algorithm"),
            (["explain", token, "--pem", keys / "rsa-a.private.pem"], None, 2, "private key"),
            (["explain", token], None, 2, "no keys"),
            (["explain", token, *by_secret, "--nonsense", "x"], None, 2, "--nonsense"),
            ([token], None, 2, "explain"),
            (["explain", mint.stdout, *by_test], None, 0, "accepted"),
            (["explain", mint.stdout, *by_test[2:], "--issuer", "https://test.example/"], None, 1, "slash"),
            (["keys", minted], None, 0, "ES256"),
            (["keys", "/nonexistent.jwks"], None, 2, "/nonexistent.jwks"),
        ]:
            explained(name, arguments, stdin, status, printed)
    with Server("jwks") as server:
        token, issuer = server.printed("TOKEN"), server.printed("ISSUER")
        keys, ours = f"{issuer}/jwks", ["--issuer", issuer, "--audience", "orders"]
        for arguments, status, printed in [
            (["keys", keys], 0, "ES256"),
            (["explain", token, *ours], 0, "accepted"),
            (["explain", token, *ours, "--jwks", keys], 0, "accepted"),
            (["explain", token, "--issuer", issuer, "--audience", "other"], 1, "FAILED       audience"),
            (["keys", "http://127.0.0.1:1/jwks"], 2, "could not be reached"),
            (["explain", token, "--issuer", "http://127.0.0.1:1"], 2, "http://127.0.0.1:1/.well-known"),
        ]:
            explained(name, arguments, None, status, printed)


def explained(name, arguments, stdin, status, printed):
    """Runs the command line, and expects this exit status and text."""
    done = subprocess.run(
        [BINARIES / name, *arguments], input=stdin, capture_output=True, text=True, timeout=20
    )
    output = done.stdout + done.stderr
    check(f"{arguments}, exit status {output}", done.returncode, status)
    check(f"{arguments}, output {output}", printed in output, True)
    check(f"{arguments}, no secret", SECRET in output, False)


def unavailable(server, token):
    """Expects 503 with `Retry-After` and without a challenge."""
    response, body = server.send("/me", f"Bearer {token}")
    challenge = response.getheader("WWW-Authenticate")
    check("no keys", (response.status, challenge), (503, None))
    check("no keys, Retry-After", 1 <= int(response.getheader("Retry-After")) <= 60, True)
    check("no keys, Cache-Control", response.getheader("Cache-Control"), "no-store")
    check("no keys, body", json.loads(body)["status"], 503)


def accepted_within(seconds, server, token):
    """Waits until the server accepts the token."""
    end = time.monotonic() + seconds
    while (status := server.ask("/me", f"Bearer {token}")[0]) != 200:
        check("until it recovers", status, 503)
        if time.monotonic() > end:
            raise AssertionError(f"no recovery within {seconds} s")
        time.sleep(0.1)


def rejected(server, token):
    status, challenge, body = server.ask("/me", f"Bearer {token}")
    check("rejected", (status, challenge), (401, INVALID_TOKEN))
    check("rejected, error", json.loads(body)["error"], "invalid_token")


def check_jwks(name):
    with Server(name) as server:
        first = server.printed("TOKEN")
        issuer = Host(server.printed("ISSUER").removeprefix("http://"))

        def status(token):
            return server.ask("/me", f"Bearer {token}")[0]

        def health():
            status, _, body = server.ask("/health")
            check("health", status, 200)
            [issuer_health] = json.loads(body)
            return issuer_health

        def rotate():
            # The cooldown of this example is one second.
            while (health()["age_seconds"] or 0) < 1.1:
                time.sleep(0.1)
            return issuer.post("/rotate")

        accepted_within(5, server, first)
        check("no token", server.ask("/me")[:2], (401, "Bearer"))
        rejected(server, tampered(first))
        now = health()
        check("health", (now["state"], now["keys"], now["last_error"]), ("fresh", 1, None))
        check("next attempt", 0 < now["next_attempt_seconds"] <= 20, True)

        # The first token of a new key causes a fetch, and the previous key still verifies.
        second = rotate()
        check("new key", [status(second), status(first), health()["keys"]], [200, 200, 2])
        rejected(server, tampered(second))
        # The next rotation withdraws the first key.
        third = rotate()
        check("newer key", [status(third), status(second), health()["keys"]], [200, 200, 2])
        rejected(server, first)

        # An outage affects only tokens of new keys.
        check("outage", issuer.post("/outage"), "the key server is down")
        fourth = rotate()
        unavailable(server, fourth)
        check("known keys", [status(third), status(second)], [200, 200])
        rejected(server, tampered(third))
        now = health()
        check("health", (now["state"], now["keys"], now["last_error"]), ("fresh", 2, "server_error"))
        check("recovery", issuer.post("/recovery"), "the key server is up")
        accepted_within(10, server, fourth)
        rejected(server, second)
        check("health", (health()["keys"], health()["last_error"]), (2, None))

    # One fetch at the start and one per new key. The run is too short for a scheduled refresh.
    fetches = [line for line in server.unread if line.startswith("KeysRefreshed")]
    check("first fetch", 'trigger: Schedule, outcome: Replaced, detail: None, keys: 1' in fetches[0], True)
    by_token = [line for line in fetches if 'trigger: UnknownKey' in line]
    outcomes = [line.split('outcome: ')[1].split(', detail')[0] for line in by_token]
    check("fetches for tokens", outcomes[:3], ["Replaced", "Replaced", "Failed(ServerError)"])
    check("last fetch for a token", outcomes[-1], "Replaced")


def check_oidc(name):
    with Server("jwks") as there:
        token = there.printed("TOKEN")
        url = there.printed("ISSUER")
        issuer = Host(url.removeprefix("http://"))

        # The server starts while the issuer is down, and recovers without a restart.
        issuer.post("/outage")
        with Server(name, ISSUER_URL=url, AUDIENCE="orders") as server:
            check("public", server.ask("/")[0], 200)
            check("no token", server.ask("/me")[:2], (401, "Bearer"))
            unavailable(server, token)
            unavailable(server, tampered(token))
            check("not ready", server.ask("/ready")[0], 503)
            issuer.post("/recovery")
            accepted_within(15, server, token)
            check("ready", server.ask("/ready")[0], 200)
            rejected(server, tampered(token))
            status, _, body = server.ask("/me", f"Bearer {token}")
            claims = json.loads(body)
            check("claims", (claims["iss"], claims["sub"]), (url, "user-1"))

        with Server(name, ISSUER_URL=url, AUDIENCE="billing") as server:
            end = time.monotonic() + 5
            while server.ask("/me", f"Bearer {token}")[0] == 503 and time.monotonic() < end:
                time.sleep(0.1)
            rejected(server, token)

    for settings, status, explained in [
        ({"ISSUER_URL": "https://auth.example.com"}, 2, "usage: ISSUER_URL="),
        ({"ISSUER_URL": "http://auth.example.com", "AUDIENCE": "orders"}, 1, "`https`"),
        ({"ISSUER_URL": "https://user@auth.example.com", "AUDIENCE": "orders"}, 1, "password"),
    ]:
        asked = ["ISSUER_URL", "AUDIENCE"]
        environment = {key: value for key, value in os.environ.items() if key not in asked}
        environment = {**environment, "PORT": "0", **settings}
        done = subprocess.run(
            [BINARIES / name], env=environment, capture_output=True, text=True, timeout=20
        )
        check(f"{settings}, exit status", done.returncode, status)
        check(f"{settings}, explained", explained in done.stderr, True)


def check_multi_issuer(name):
    staff, partner = "https://staff.example", "https://partner.example"
    with Server(name) as server:
        for label, orders, reports in [
            ("STAFF", {"issuer": staff, "subject": "user-1", "tenant": None}, 200),
            ("PARTNER", {"issuer": partner, "subject": "user-2", "tenant": "acme"}, 401),
            ("PARTNER_WITHOUT_TENANT", None, 401),
            ("STAFF_AS_PARTNER", None, 401),
            ("PARTNER_AS_STAFF", None, 401),
            ("UNKNOWN_ISSUER", None, 401),
            ("STAFF_TAMPERED", None, 401),
        ]:
            token = server.printed(label)
            status, challenge, body = server.ask("/orders", f"Bearer {token}")
            if orders:
                check(f"{label}, orders", (status, challenge, json.loads(body)), (200, None, orders))
            else:
                check(f"{label}, orders", (status, challenge), (401, INVALID_TOKEN))
                check(f"{label}, error", json.loads(body)["error"], "invalid_token")
            status, challenge, _ = server.ask("/reports", f"Bearer {token}")
            challenged = None if reports == 200 else INVALID_TOKEN
            check(f"{label}, reports", (status, challenge), (reports, challenged))
        check("no token", server.ask("/orders")[:2], (401, "Bearer"))


def check_tenants(name):
    contoso, fabrikam = "72f988bf-86f1-41af-91ab-2d7cd011db47", "5d1c8bc6-30a1-4c5e-9c6b-0f8a7c0f3c11"
    orders = "/orgs/{}/orders".format
    with Server(name) as server:
        names = ["OPERATOR", "STAFF", "ACME", "ACME_AS_CONTOSO", "CONTOSO", "FABRIKAM"]
        tokens = {label: f"Bearer {server.printed(label)}" for label in names}

        def status(label, path, method="GET"):
            return server.ask(path, tokens[label], method=method)[0]

        check("acme", json.loads(server.ask(orders("acme"), tokens["ACME"])[2]), {"tenant": "acme", "user": "ada"})
        for label, path, expected in [
            ("ACME", orders(contoso), 403),
            ("ACME_AS_CONTOSO", orders(contoso), 401),
            ("ACME_AS_CONTOSO", orders("acme"), 401),
            ("CONTOSO", orders(contoso), 200),
            ("CONTOSO", orders("acme"), 403),
            ("STAFF", orders("acme"), 403),
            ("FABRIKAM", orders(fabrikam), 401),
        ]:
            check(f"{label} {path}", status(label, path), expected)
        tenant = f"/tenants/{fabrikam}"
        for label, expected in [("STAFF", 403), ("ACME", 403), ("CONTOSO", 403), ("FABRIKAM", 401)]:
            check(f"{label} adds a tenant", status(label, tenant, "PUT"), expected)
        check("a tenant that cannot exist", status("OPERATOR", "/tenants/a.b", "PUT"), 422)

        # Other tenants are served while one is added and removed.
        done, others = threading.Event(), []

        def ask_until_done():
            while not done.is_set():
                others.append(status("CONTOSO", orders(contoso)))

        asking = [threading.Thread(target=ask_until_done) for _ in range(4)]
        for thread in asking:
            thread.start()
        try:
            for _ in range(20):
                check("add", status("OPERATOR", tenant, "PUT"), 204)
                check("added", status("FABRIKAM", orders(fabrikam)), 200)
                check("another tenant's data", status("FABRIKAM", orders(contoso)), 403)
                check("remove", status("OPERATOR", tenant, "DELETE"), 204)
                check("removed", status("FABRIKAM", orders(fabrikam)), 401)
        finally:
            done.set()
            for thread in asking:
                thread.join()
        check("statuses of other tenants", set(others), {200})


def check_rejections(name):
    with Server(name) as server:
        tokens = {}
        while len(tokens) < 6:
            label, _, token = server.process.stdout.readline().strip().partition("=")
            tokens[label] = token
        realm = 'Bearer realm="orders"'
        scope = f'{realm}, scope="orders:read"'
        lacking = 'error="insufficient_scope", error_description="The access token lacks a scope"'
        for label, status, challenge in [
            ("GOOD", 200, None),
            ("EXPIRED", 401, f'{realm}, error="invalid_token", error_description="The access token expired"'),
            ("TAMPERED", 401, f"{realm}, {INVALID_TOKEN.removeprefix('Bearer ')}"),
            ("FOR_BILLING", 401, f"{realm}, {INVALID_TOKEN.removeprefix('Bearer ')}"),
            ("WITHOUT_SCOPE", 403, f"{scope}, {lacking}"),
        ]:
            answer = server.ask("/orders", f"Bearer {tokens[label]}")
            check(label, answer[:2], (status, challenge))
        check("no token", server.ask("/orders")[:2], (401, scope))
        response, _ = server.send("/away", f"Bearer {tokens['OF_AN_UNKNOWN_KEY']}")
        check("keys away", (response.status, response.getheader("Retry-After")), (503, "1"))


def check_cookie(name):
    with Server(name) as server:
        check("page", server.ask("/")[0], 200)
        check("no token", server.ask("/orders")[:2], (401, "Bearer"))

        response, _ = server.send("/login", method="POST")
        check("login", response.status, 200)
        cookie, *attributes = response.getheader("Set-Cookie").split("; ")
        check("cookie", sorted(attributes), ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax"])
        token = cookie.removeprefix("session=")

        def with_cookie(value, method="GET", **others):
            headers = [("Cookie", value), *others.items()]
            response, body = server.send("/orders", method=method, headers=headers)
            return response.status, response.getheader("WWW-Authenticate"), body

        status, _, body = with_cookie(f"theme=dark; {cookie}")
        check("cookie", (status, json.loads(body)), (200, {"of": "user-1", "orders": []}))
        status, _, body = with_cookie(cookie, "POST", Origin=f"http://{server.address}")
        check("from the page", (status, json.loads(body)), (200, {"ordered_by": "user-1"}))
        check("from elsewhere", with_cookie(cookie, "POST", Origin="https://elsewhere.example")[0], 403)
        check("from elsewhere, read", with_cookie(cookie, "GET", Origin="https://elsewhere.example")[0], 200)
        check("tampered", with_cookie(f"session={tampered(token)}")[:2], (401, INVALID_TOKEN))
        check("twice", with_cookie(f"{cookie}; {cookie}")[0], 200)
        check("two tokens", with_cookie(f"{cookie}; session={tampered(token)}")[:2], (400, INVALID_REQUEST))
        check("as a program", server.ask("/orders", f"Bearer {token}")[0], 200)
        check("tampered, as a program", server.ask("/orders", f"Bearer {tampered(token)}")[:2], (401, INVALID_TOKEN))


def check_better_auth(name):
    def settings(**set_ones):
        names = ["BETTER_AUTH_URL", "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"]
        return {**dict.fromkeys(names, ""), **set_ones}

    # Tokens of an application, signed with the secret. `better_auth.py` checks tokens of real servers.
    with Server("axum") as issuer, Server(name, **settings(BETTER_AUTH_SECRET=SECRET)) as server:
        token = issuer.printed("TOKEN")
        status, _, body = server.ask("/me", f"Bearer {token}")
        me = {"user_id": "user-1", "email": "user-1@example.com"}
        check("me", (status, json.loads(body)), (200, me))
        check("no token", server.ask("/me")[:2], (401, "Bearer"))
        check("tampered", server.ask("/me", f"Bearer {tampered(token)}")[:2], (401, INVALID_TOKEN))
        # With a URL the secret is ignored. No server listens at this URL.
        with Server(name, **settings(BETTER_AUTH_URL="http://127.0.0.1:9", BETTER_AUTH_SECRET=SECRET)) as by_url:
            check("by secret", by_url.ask("/me", f"Bearer {token}")[:2], (401, INVALID_TOKEN))
            check("ready", (server.ask("/ready")[0], by_url.ask("/ready")[0]), (200, 503))

    for set_ones, explained in [
        ({}, "neither `BETTER_AUTH_URL` nor `BETTER_AUTH_SECRET` is set"),
        ({"BETTER_AUTH_SECRET": "tooshort"}, "at least 32 are required"),
        ({"BETTER_AUTH_SECRET": "better-auth-secret-12345678901234567890"}, "anyone could sign tokens"),
        ({"BETTER_AUTH_URL": "auth.example.com"}, "it is not an absolute URL"),
        ({"BETTER_AUTH_URL": "http://auth.example.com"}, "an attacker on the network path"),
    ]:
        done = subprocess.run(
            [BINARIES / name],
            env={**os.environ, "PORT": "0", **settings(**set_ones)},
            capture_output=True,
            text=True,
            timeout=20,
        )
        check(f"{set_ones}, exit status", done.returncode, 1)
        check(f"{set_ones}, explained", explained in done.stderr, True)
        check(f"{set_ones}, kept", "tooshort" in done.stderr, False)


class WebSocket:
    """A minimal client (RFC 6455) for short text messages."""

    def __init__(self, address, protocols):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /live HTTP/1.1",
            f"Host: {address}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        if protocols:
            lines.append(f"Sec-WebSocket-Protocol: {protocols}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        while line := self.stream.readline().strip():
            field, _, value = line.decode().partition(": ")
            self.headers[field.lower()] = value

    def send(self, text):
        mask, payload = os.urandom(4), text.encode()
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + mask + masked)

    def receive(self):
        """The opcode and the payload of the next frame."""
        first, length = self.stream.read(2)
        return first & 0x0F, self.stream.read(length)


def check_websocket(name):
    with Server(name) as server:
        token, short = server.printed("TOKEN"), server.printed("SHORT")
        for protocols, status, challenge in [
            ("", 401, "Bearer"),
            ("chat", 401, "Bearer"),
            (f"bearer, {tampered(token)}", 401, INVALID_TOKEN),
            ("bearer", 400, INVALID_REQUEST),
        ]:
            rejected = WebSocket(server.address, protocols)
            answer = (rejected.status, rejected.headers.get("www-authenticate"))
            check(f"offered {protocols[:8]!r}", answer, (status, challenge))

        live = WebSocket(server.address, f"bearer, {token}")
        check("chosen", (live.status, live.headers["sec-websocket-protocol"]), (101, "bearer"))
        live.send("hello")
        check("answer", live.receive(), (1, b"user-1 said: hello"))

        ending = WebSocket(server.address, f"bearer, {short}")
        check("short", ending.status, 101)
        kind, reason = ending.receive()
        check("expired", (kind, reason[:2], reason[2:]), (8, (4401).to_bytes(2, "big"), b"the access token expired"))
        live.send("still here")
        check("the other one", live.receive(), (1, b"user-1 said: still here"))


def check_streams(name):
    with Server(name) as server:
        token, short = f"Bearer {server.printed('TOKEN')}", f"Bearer {server.printed('SHORT')}"
        check("no token", server.ask("/events")[:2], (401, "Bearer"))
        long = http.client.HTTPConnection(server.address, timeout=10)
        long.request("GET", "/events", headers={"Authorization": token})
        going_on = long.getresponse()
        check("long", (going_on.status, going_on.readline()), (200, b"data: 0 user-1\n"))
        download = http.client.HTTPConnection(server.address, timeout=10)
        download.request("GET", "/download", headers={"Authorization": short})

        start = time.monotonic()
        response, body = server.send("/events", short)
        check("short, ends in time", time.monotonic() - start < 4, True)
        events = body.decode().split("\n\n")
        check("short", (response.status, events[0], events[-1]), (200, "data: 0 user-1", ""))
        check("short, events", 2 <= len(events) <= 16, True)
        try:
            download.getresponse().read()
            raise AssertionError("the download looks complete")
        except http.client.IncompleteRead as cut_off:
            check("download", cut_off.partial.startswith(b"line 0\nline 1\n"), True)
        expired = 'Bearer error="invalid_token", error_description="The access token expired"'
        check("after expiry", server.ask("/events", short)[:2], (401, expired))
        lines = {going_on.readline() for _ in range(60)}
        check("the other one", "data: 20 user-1\n".encode() in lines, True)
        long.close()


def check_scopes(name):
    lacking = 'error="insufficient_scope", error_description="The access token lacks a scope"'
    forbidden = 'Bearer error="insufficient_scope", error_description="The access token does not permit this"'
    read = f'Bearer scope="orders:read", {lacking}'
    read_and_write = f'Bearer scope="orders:read orders:write", {lacking}'
    write = f'Bearer scope="orders:write", {lacking}'
    reports = f'Bearer scope="reports:read", {lacking}'
    step_up = (
        'Bearer error="insufficient_user_authentication", '
        'error_description="A stronger or more recent login is needed", '
        'acr_values="urn:example:second-factor", max_age="300"'
    )
    routes = [
        ("GET", "/orders"),
        ("POST", "/orders"),
        ("GET", "/reports"),
        ("GET", "/users/user-1/orders"),
        ("POST", "/refunds"),
    ]
    with Server(name) as server:
        for label, challenges in [
            ("WITHOUT_GRANTS", [read, read_and_write, reports, None, write]),
            ("READER", [None, read_and_write, reports, None, write]),
            ("WRITER", [None, None, reports, None, step_up]),
            ("AUDITOR", [read, read_and_write, None, None, write]),
            ("RECENT_LOGIN", [None, None, reports, None, None]),
            ("OLD_LOGIN", [None, None, reports, None, step_up]),
        ]:
            token = server.printed(label)
            for (method, path), challenge in zip(routes, challenges, strict=True):
                status = 200 if challenge is None else 401 if challenge == step_up else 403
                answer = server.ask(path, f"Bearer {token}", method=method)
                check(f"{label}, {method} {path}", answer[:2], (status, challenge))
                forged = server.ask(path, f"Bearer {tampered(token)}", method=method)
                check(f"{label}, {method} {path}, tampered", forged[:2], (401, INVALID_TOKEN))
            for path in ["/users/user-2/orders", "/users//orders", "/users/USER-1/orders"]:
                answer = server.ask(path, f"Bearer {token}")
                check(f"{label}, {path}", answer[:2], (403, forbidden))
            check(f"{label}, PUT", server.ask("/orders", f"Bearer {token}", method="PUT")[0], 405)
            check(f"{label}, no route", server.ask("/nowhere", f"Bearer {token}")[0], 404)

        for method, path in routes:
            check(f"no token, {path}", server.ask(path, method=method)[:2], (401, "Bearer"))
        status, _, body = server.ask("/users/user%2D1/orders", f"Bearer {token}")
        check("owner, encoded", (status, json.loads(body)), (200, {"orders_of": "user-1"}))
        status, _, body = server.ask("/orders", f"Bearer {token}")
        expected = {"subject": "user-1", "scopes": ["orders:read", "orders:write"]}
        check("identity", (status, json.loads(body)), (200, expected))
        _, _, body = server.ask("/reports", f"Bearer {token}")
        check("403, body", json.loads(body)["error"], "insufficient_scope")
        check("403 to HEAD", server.ask("/reports", f"Bearer {token}", method="HEAD")[2], b"")


def check_optional_auth(name):
    with Server(name) as server:
        token = server.printed("TOKEN")
        for path, authorizations, status, challenge, cache_control, body in [
            ("/", [], 200, None, "public, max-age=60", b"hello, stranger\n"),
            ("/", ["Basic dTpw"], 200, None, "public, max-age=60", b"hello, stranger\n"),
            ("/", [f"Bearer {token}"], 200, None, "private", b"hello, Ada\n"),
            ("/", [f"Bearer {tampered(token)}"], 401, INVALID_TOKEN, "no-store", None),
            ("/", ["Bearer "], 400, INVALID_REQUEST, "no-store", None),
            ("/", [f"Bearer {token}"] * 2, 400, INVALID_REQUEST, "no-store", None),
            ("/me", [], 401, "Bearer", "no-store", None),
            ("/me", [f"Bearer {token}"], 200, None, "private", None),
            ("/me", [f"Bearer {tampered(token)}"], 401, INVALID_TOKEN, "no-store", None),
        ]:
            what = f"{path} with {len(authorizations)} fields"
            response, got = server.send(path, *authorizations)
            challenged = response.getheader("WWW-Authenticate")
            check(what, (response.status, challenged), (status, challenge))
            check(f"{what}, caches", response.getheader("Cache-Control"), cache_control)
            vary = "Authorization" if status == 200 else None
            check(f"{what}, caches by token", response.getheader("Vary"), vary)
            if body is not None:
                check(f"{what}, body", got, body)


def check_custom_responder(name):
    html = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    with Server(name) as server:
        token = server.printed("TOKEN")

        def ask(path, *authorizations, method="GET"):
            response, body = server.send(path, *authorizations, method=method, headers=[html])
            check("not to be stored", response.getheader("Cache-Control"), "no-store")
            return response, body.decode()

        for path, back in [
            ("/me", "%2Fme"),
            ("/me?tab=orders&x=%0d%0aSet-Cookie:a", "%2Fme%3Ftab%3Dorders%26x%3D%250d%250aSet%2DCookie%3Aa"),
            ("/me?back=//evil.example", "%2Fme%3Fback%3D%2F%2Fevil%2Eexample"),
        ]:
            response, body = ask(path)
            got = (response.status, response.getheader("Location"), body)
            check(path, got, (303, f"/login?back={back}", ""))
        response, _ = ask("/me", f"Bearer {tampered(token)}")
        check("tampered", (response.status, response.getheader("Location")), (303, "/login?back=%2Fme"))
        response, _ = ask("/me", method="DELETE")
        check("no GET", (response.status, response.getheader("Location")), (303, "/login?back=%2F"))

        # Another login would not help here.
        response, body = ask("/admin", f"Bearer {token}")
        got = (response.status, response.getheader("Content-Type"), response.getheader("Location"))
        check("role, page", got, (403, "text/html; charset=utf-8", None))
        check("role, body", "The access token does not permit this." in body, True)
        response, body = ask("/me", f"Bearer {token}", f"Bearer {token}")
        check("two headers, page", (response.status, "malformed" in body), (400, True))
        check("page of no length", ask("/admin", f"Bearer {token}", method="HEAD")[1], "")

        status, challenge, body = server.ask("/me", f"Bearer {tampered(token)}")
        check("program", (status, challenge), (401, INVALID_TOKEN))
        check("program, body", sorted(json.loads(body)), ["detail", "error", "status", "title", "type"])
        check("good token", server.ask("/me", f"Bearer {token}")[0], 200)
        check("login", server.ask("/login")[0], 200)

    with Server(name, DEVELOPMENT="1") as server:
        token = server.printed("TOKEN")
        for authorizations, code in [
            ([f"Bearer {tampered(token)}"], "invalid_signature"),
            (["Bearer nonsense"], "malformed_token"),
            ([], "missing_token"),
        ]:
            problem = json.loads(server.ask("/me", *authorizations)[2])
            check(f"in development, {code}", problem["code"], code)


def check_forward_auth(name):
    with Server(name) as server:
        token = server.printed("TOKEN")
        other = server.printed("WITHOUT_SCOPE")
        issuer = Host(server.printed("ISSUER").removeprefix("http://"))
        lacking = 'error="insufficient_scope", error_description="The access token lacks a scope"'
        names = ["X-User-Id", "X-User-Email", "X-Scopes", "X-Auth-Status"]

        def ask(path, *authorizations):
            response, body = server.send(path, *authorizations)
            check("no body", body, b"")
            said = [response.getheader(name) for name in names]
            return response.status, response.getheader("WWW-Authenticate"), said

        end = time.monotonic() + 5
        while ask("/auth", f"Bearer {token}")[0] == 503 and time.monotonic() < end:
            time.sleep(0.1)
        who = ["user-1", "user-1@example.com", "orders:read", None]
        check("who", ask("/auth", f"Bearer {token}"), (204, None, who))
        check("who, with a scope", ask("/auth/orders:read", f"Bearer {token}"), (204, None, who))
        nobody = [None, None, None]
        for what, path, authorizations, status, challenge, said in [
            ("no token", "/auth", [], 401, "Bearer", "401"),
            ("tampered", "/auth", [f"Bearer {tampered(token)}"], 401, INVALID_TOKEN, "401"),
            ("two headers", "/auth", [f"Bearer {token}"] * 2, 401, INVALID_REQUEST, "400"),
            ("no scope", "/auth/orders:read", [f"Bearer {other}"], 403, f'Bearer scope="orders:read", {lacking}', "403"),
            ("one scope of two", "/auth/orders:read%20orders:write", [f"Bearer {token}"], 403,
             f'Bearer scope="orders:read orders:write", {lacking}', "403"),
            ("a space is no scope", "/auth/%20", [f"Bearer {token}"], 403, None, "403"),
        ]:
            got = ask(path, *authorizations)
            check(what, (got[0], got[2]), (status, [*nobody, said]))
            if challenge is not None:
                check(f"{what}, challenge", got[1], challenge)

        def mint(**claims):
            return issuer.post("/token", json.dumps(claims).encode())

        # What a header cannot hold is encoded, and two users never become one.
        for subject, said in [
            ("zoë", "zo%C3%AB"),
            ("a\r\nX-User-Id: admin", "a%0D%0AX-User-Id:%20admin"),
            ("admin ", "admin%20"),
            (" admin", "%20admin"),
            ("admin\0", "admin%00"),
            ("admin,user-1", "admin%2Cuser-1"),
            ("admin%20", "admin%2520"),
            ("auth0|user@example.com", "auth0|user@example.com"),
        ]:
            got = ask("/auth", f"Bearer {mint(sub=subject)}")
            check(f"subject {subject!r}", got, (204, None, [said, None, "", None]))
        for claims in [{"sub": ""}, {"sub": 7}, {"sub": None}]:
            got = ask("/auth", f"Bearer {mint(**claims)}")
            check(f"{claims}", got, (401, INVALID_TOKEN, [*nobody, "401"]))
        for verified in [False, None, "true", 1]:
            token = mint(email="admin@example.com", email_verified=verified)
            check(f"e-mail, {verified!r}", ask("/auth", f"Bearer {token}")[2][1], None)

        issuer.post("/outage")
        time.sleep(1.1)
        check("keys away", ask("/auth", f"Bearer {issuer.post('/rotate')}"), (503, None, [*nobody, "503"]))


CHECKS = {
    "axum": check_public_and_protected,
    "better_auth": check_better_auth,
    "cookie": check_cookie,
    "custom_responder": check_custom_responder,
    "forward_auth": check_forward_auth,
    "hyper": check_public_and_protected,
    "jwks": check_jwks,
    "multi_issuer": check_multi_issuer,
    "oidc": check_oidc,
    "optional_auth": check_optional_auth,
    "rejections": check_rejections,
    "scopes": check_scopes,
    "streams": check_streams,
    "tenants": check_tenants,
    "verify": check_verify,
    "websocket": check_websocket,
}


def main():
    there = {path.stem for path in (ROOT / "examples").glob("*.rs")}
    there |= {path.parent.name for path in (ROOT / "examples").glob("*/main.rs")}
    check("examples with a check", sorted(CHECKS), sorted(there))
    failures = 0
    names = sys.argv[1:] or list(CHECKS)
    for name in names:
        try:
            CHECKS[name](name)
            print(f"example {name}: as documented")
        except Exception as error:  # every example gets its turn
            failures += 1
            print(f"example {name}: {error}")
    print(f"{len(names) - failures} of {len(names)} examples answered as documented")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
