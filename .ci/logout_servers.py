"""The servers of `logout.py`: Better Auth, Redis and the Todo API."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # it would be written beside the script
from examples import ROOT, TARGET, check

INTEROP = ROOT / "tests" / "interop"


def until(what, condition, seconds=10.0):
    """Waits until something holds, and returns how long that took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"{what}: not within {seconds} seconds")
        time.sleep(0.005)
    return time.monotonic() - start


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class AuthServer:
    """A real server, which ends when this ends: then its standard input closes."""

    def __init__(self):
        packages = TARGET / "tmp" / "interop-logout"
        self.process = subprocess.Popen(
            [INTEROP / "serve.sh", "logout"],
            env={**os.environ, "INTEROP_PACKAGES": str(packages)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout:
            if line.startswith('{"control"'):
                self.hello = json.loads(line)
                return
        raise AssertionError("the auth server did not start, see above")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def control(self, route, **values):
        return json.loads(post(self.hello["control"], f"/{route}", json.dumps(values))[1])

    def sign_out(self, session, url=None):
        """As the page does. Returns when the request was sent, and when the answer arrived."""
        url = url or self.hello["url"]
        host = url.removeprefix("http://")
        headers = {
            "Cookie": session["cookie"],
            "Origin": url,
            "Content-Type": "application/json",
        }
        sent = time.monotonic()
        status, _ = post(host, "/api/auth/sign-out", "{}", headers)
        check("sign-out", status, 200)
        return sent, time.monotonic()


def post(host, path, body, headers=()):
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("POST", path, body, dict(headers))
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, text


class Redis:
    """A real server without persistence."""

    def __init__(self):
        self.port = free_port()
        self.program = subprocess.check_output([ROOT / ".ci" / "need", "redis-server"], text=True).strip()
        self.folder = tempfile.TemporaryDirectory()
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        settings = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [self.program, *settings, "--dir", self.folder.name], stdout=subprocess.DEVNULL
        )
        until("Redis starts", self.is_up)

    def is_up(self):
        try:
            return self.command("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def command(self, *words):
        """Sends a command and returns the first bytes of the answer."""
        parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            return connection.recv(4096)

    def subscribers(self):
        """The number of connections that are subscribed to anything."""
        listed = self.command("CLIENT", "LIST", "TYPE", "pubsub")
        return listed.count(b"id=")

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.send_signal(signal.SIGCONT)
        self.kill()
        self.folder.cleanup()


class Replica:
    """The Todo API."""

    def __init__(self, program, name, port, settings):
        self.name, self.host = name, f"127.0.0.1:{port}"
        environment = {"PATH": os.environ["PATH"], "PORT": str(port), **settings}
        self.process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        check(f"replica {name}", line.strip(), f"listening on http://{self.host}")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def connect(self):
        return http.client.HTTPConnection(self.host, timeout=10)

    def ask(self, session, connection=None, method="GET", path=None):
        """The status for the token of a session."""
        own = connection or self.connect()
        path = path or f"/api/{session['user_id']}/tasks"
        own.request(method, path, headers={"Authorization": f"Bearer {session['access_token']}"})
        response = own.getresponse()
        response.read()
        if connection is None:
            own.close()
        return response.status
