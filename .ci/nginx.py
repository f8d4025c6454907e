"""A real nginx with examples/forward_auth.nginx.conf, the example `forward_auth`, and an application.

    cargo build --example forward_auth --features jwks-client
    python3 .ci/nginx.py

Asks through nginx what `forward_auth` decides, and looks at what reaches the application.
"""

import functools
import http.client
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CONFIGURATION = ROOT / "examples" / "forward_auth.nginx.conf"

INVALID_TOKEN = 'Bearer error="invalid_token", error_description="The access token is invalid"'
INVALID_REQUEST = 'Bearer error="invalid_request", error_description="The request is malformed"'

checks = 0


def check(what, got, expected):
    global checks
    checks += 1
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def send(address, method, path, fields=(), body=None):
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.putrequest(method, path)
    for name, value in fields:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


class Application(http.server.BaseHTTPRequestHandler):
    """Answers with what has reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/me/answers/"):
            status = int(self.path.rsplit("/", 1)[1])
        else:
            status = 200
        seen = {
            "method": self.command,
            "path": self.path,
            "fields": sorted([name.lower(), value] for name, value in self.headers.items()),
            "body": body.decode(),
        }
        content = json.dumps(seen).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class Nginx:
    """The configuration as it is, but for three ports."""

    def __init__(self, judge, application):
        self.folder = tempfile.TemporaryDirectory()
        # Started by root, its workers run as another user, which cannot read further than this.
        os.chmod(self.folder.name, 0o711)
        self.address = f"127.0.0.1:{free_port()}"
        text = CONFIGURATION.read_text()
        for there, here in [
            ("127.0.0.1:3000", judge),
            ("127.0.0.1:3001", application),
            ("127.0.0.1:8080", self.address),
        ]:
            check(f"{there} in the configuration", text.count(there), 1)
            text = text.replace(there, here)
        file = pathlib.Path(self.folder.name, "nginx.conf")
        file.write_text(text)
        self.log = open(pathlib.Path(self.folder.name, "error.log"), "w+")
        self.process = subprocess.Popen(
            [nginx(), "-e", "stderr", "-p", self.folder.name, "-c", file], stderr=self.log
        )
        for _ in range(100):
            try:
                socket.create_connection(tuple(self.address.split(":")), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"nginx does not listen: {self.logged()}")

    def logged(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
        self.folder.cleanup()


@functools.cache
def nginx():
    found = subprocess.run([ROOT / ".ci" / "need", "nginx", "nginx-light"], stdout=subprocess.PIPE, text=True)
    return found.stdout.strip() or sys.exit("there is no nginx")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Judge:
    """The example, and the issuer in it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [TARGET / "debug" / "examples" / "forward_auth"],
            env={**os.environ, "PORT": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip().removeprefix("listening on http://")
        printed = {}
        while "ISSUER" not in printed:
            variable, _, value = self.process.stdout.readline().strip().partition("=")
            printed[variable] = value
        self.token = printed["TOKEN"]
        self.without_scope = printed["WITHOUT_SCOPE"]
        self.issuer = printed["ISSUER"].removeprefix("http://")

    def post(self, path, body=b""):
        response, content = send(self.issuer, "POST", path, body=body)
        check(f"POST {path}", response.status, 200)
        return content.decode().strip()

    def mint(self, **claims):
        return self.post("/token", json.dumps(claims).encode())

    def stop(self):
        self.process.kill()
        self.process.wait()


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def tampered(token):
    header, payload, signature = token.split(".")
    other = "A" if signature[0] != "A" else "B"
    return f"{header}.{payload}.{other}{signature[1:]}"


def run(judge, proxy):
    def ask(path, fields=(), method="GET", body=None):
        return send(proxy.address, method, path, fields, body)

    def seen(what, path, fields=(), method="GET", body=None):
        """What has reached the application."""
        response, content = ask(path, fields, method, body)
        check(f"{what}, status", response.status, 200)
        return json.loads(content)

    def who(reached):
        """What the application is told of the user. No field may be there twice."""
        told = [(name, value) for name, value in reached["fields"] if "user" in name or "scope" in name]
        check("each header once", len({name for name, _ in told}), len(told))
        return dict(told)

    def refused(what, status, challenges, path, fields=(), method="GET", body=None):
        response, content = ask(path, fields, method, body)
        got = (response.status, response.headers.get_all("WWW-Authenticate") or [])
        check(what, got, (status, challenges))
        check(f"{what}, not to be stored", response.headers.get_all("Cache-Control"), ["no-store"])
        leaked = [name for name in response.headers if name.lower().startswith("x-")]
        check(f"{what}, nothing of the inside", leaked, [])
        print(f"{status} {method:4} {path:24} {what}")
        return response, content

    everything = {
        "x-user-id": "user-1",
        "x-user-email": "user-1@example.com",
        "x-scopes": "orders:read",
    }
    lacking = 'error="insufficient_scope", error_description="The access token lacks a scope"'
    read = [f'Bearer scope="orders:read", {lacking}']
    both = [f'Bearer scope="orders:read orders:write", {lacking}']
    good, other = bearer(judge.token), bearer(judge.without_scope)

    # The judge has its keys from the issuer in a moment.
    end = time.monotonic() + 5
    while ask("/orders/1", good)[0].status == 503 and time.monotonic() < end:
        time.sleep(0.1)

    for method, body in [("GET", None), ("POST", b'{"id":"1"}'), ("PUT", b"x" * 100_000), ("DELETE", None)]:
        reached = seen(f"good token, {method}", "/orders/1?a=b", good, method, body)
        check("reached", (reached["method"], reached["path"]), (method, "/orders/1?a=b"))
        check("body", reached["body"], (body or b"").decode())
        check("who", who(reached), everything)
        check("token kept back", judge.token in json.dumps(reached), False)
        print(f"200 {method:4} /orders/1                good token, who it is")
        refused("no token", 401, ["Bearer"], "/orders/1", [], method, body)
        forged = bearer(tampered(judge.token))
        refused("tampered token", 401, [INVALID_TOKEN], "/orders/1", forged, method, body)
        refused("token without the scope", 403, read, "/orders/1", other, method, body)
    response, content = ask("/orders/1", good, "HEAD")
    check("HEAD", (response.status, content), (200, b""))
    for what, status, challenges, fields in [
        ("no token", 401, ["Bearer"], []),
        ("tampered token", 401, [INVALID_TOKEN], bearer(tampered(judge.token))),
        ("token without the scope", 403, read, other),
    ]:
        _, content = refused(what, status, challenges, "/orders/1", fields, "HEAD")
        check(f"{what}, HEAD, body", content, b"")

    expired = bearer(judge.mint(exp=1_700_000_000))
    sentence = 'Bearer error="invalid_token", error_description="The access token expired"'
    refused("expired token", 401, [sentence], "/orders/1", expired)
    refused("another scheme", 401, ["Bearer"], "/orders/1", [("Authorization", "Basic dTpw")])
    # Restored: nginx itself would have made 500 of it.
    refused("malformed field", 400, [INVALID_REQUEST], "/orders/1", [("Authorization", "Bearer a b")])
    # From 1.23 on, nginx itself rejects this one.
    check("two tokens", ask("/orders/1", [*good, *good])[0].status, 400)
    refused("one scope of two", 403, both, "/refunds/1", good)
    writer = bearer(judge.mint(scope="orders:read orders:write"))
    check("two scopes", who(seen("writer", "/refunds/1", writer))["x-scopes"], "orders:read orders:write")
    check("no scope asked for", who(seen("other", "/me/", other)), {"x-user-id": "user-1"})

    # Whatever a client says of itself is gone, on public paths as well.
    lies = [
        ("X-User-Id", "admin"),
        ("x-user-id", "admin"),
        ("X_User_Id", "admin"),
        ("X-User-Email", "admin@example.com"),
        ("X-Scopes", "orders:write"),
        ("X-Scopes", "admin"),
        ("X-Auth-Status", "200"),
    ]
    check("lies with a token", who(seen("lies", "/orders/1", [*good, *lies])), everything)
    check("lies, partly true", who(seen("lies", "/me/", [*other, *lies])), {"x-user-id": "user-1"})
    check("lies on a public path", who(seen("lies", "/", lies)), {})
    check("lies on a public path, with a token", who(seen("lies", "/", [*good, *lies])), {})
    refused("lies alone", 401, ["Bearer"], "/orders/1", lies)
    refused("lies without the scope", 403, read, "/orders/1", [*other, *lies])
    print("200 GET  /orders/1                client-sent X-User-Id, X_User_Id, X-Scopes replaced")
    # An unlisted path is not public.
    for path in ["/anything", "/./x", "/ORDERS/1", "/orders%2F1", "/x/..;/orders/1"]:
        refused("no token", 401, ["Bearer"], path)
    # Nor does it choose what is asked for, or ask by itself.
    for path in ["/_auth", "/_auth/orders:read", "/_auth/../_auth", "/%5Fauth"]:
        check(f"{path} from outside", ask(path, good)[0].status, 404)
    refused("scope of the client", 403, read, "/orders/1?scope=&scopes=", other)

    # Claims that would break out of a header.
    for subject, told in [
        ("a\r\nX-Scopes: admin", "a%0D%0AX-Scopes:%20admin"),
        ("zoë", "zo%C3%AB"),
        ("admin ", "admin%20"),
        ("\tadmin", "%09admin"),
        ("${user_email}", "${user_email}"),
    ]:
        reached = who(seen(f"subject {subject!r}", "/me/", bearer(judge.mint(sub=subject))))
        check(f"subject {subject!r}", reached, {"x-user-id": told})
    refused("empty subject", 401, [INVALID_TOKEN], "/me/", bearer(judge.mint(sub="")))
    many = " ".join(f"scope-{number}" for number in range(700))
    large = bearer(judge.mint(scope=f"orders:read {many}"))
    check("large token", len(large[0][1]) > 8 * 1024, True)
    check("large token, scopes", who(seen("large", "/orders/1", large))["x-scopes"], f"orders:read {many}")

    # The application's own rejections stay as they are.
    for status in [400, 401, 403, 500, 503]:
        response, content = ask(f"/me/answers/{status}", other)
        check("of the application", (response.status, json.loads(content)["method"]), (status, "GET"))

    check("errors so far", proxy.logged(), "")

    # The keys cannot be had: the token of a new key cannot be judged, that of a known one can.
    judge.post("/outage")
    time.sleep(1.1)
    new = bearer(judge.post("/rotate"))
    response, _ = refused("keys down", 503, [], "/me/", new)
    check("keys down, come back", 1 <= int(response.getheader("Retry-After")) <= 60, True)
    check("keys down, known key", who(seen("known", "/orders/1", good)), everything)
    refused("keys down, no token", 401, ["Bearer"], "/me/")
    judge.post("/recovery")
    end = time.monotonic() + 15
    while (status := ask("/me/", new)[0].status) == 503 and time.monotonic() < end:
        time.sleep(0.1)
    check("keys back", status, 200)

    judge.stop()
    refused("nobody judges", 500, [], "/me/", good)
    check("public without a judge", ask("/")[0].status, 200)
    check("failures are logged", "auth request unexpected status: 503" in proxy.logged(), True)


def main():
    version = subprocess.run([nginx(), "-v"], capture_output=True, text=True, check=True).stderr.strip()
    application = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    judge = Judge()
    try:
        proxy = Nginx(judge.address, "127.0.0.1:%d" % application.server_port)
        try:
            run(judge, proxy)
        finally:
            proxy.stop()
    finally:
        judge.stop()
        application.shutdown()
    print(f"{checks} checks through {version}")


main()
