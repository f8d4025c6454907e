"""Signs users of a real Better Auth server out, and measures when two replicas of the Todo API reject their tokens.

Between the replicas is a real Redis server, which is killed, restarted and stopped while requests run. The argument is
the program of the Todo API. `tests/interop/logout/README.md` describes the auth server; what it sends is checked here,
too.
"""

import pathlib
import signal
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True  # it would be written beside the script
from examples import check
from logout_servers import INTEROP, AuthServer, Redis, Replica, free_port, until

SIGN_OUTS = 50
LOST_MESSAGES = 10
# The staleness bound of the replicas, in seconds.
MAX_STALE = 2
# How long a replica may need to notice that Redis is back.
RECOVERY = 20


class Watch(threading.Thread):
    """Sends requests with one token to a replica, until they are rejected."""

    def __init__(self, replica, session):
        super().__init__(daemon=True)
        self.replica, self.session = replica, session
        self.accepted, self.rejected_at, self.statuses = threading.Event(), None, set()
        self.start()

    def run(self):
        connection = self.replica.connect()
        end = time.monotonic() + 15
        while time.monotonic() < end:
            status = self.replica.ask(self.session, connection)
            self.statuses.add(status)
            if status == 401:
                self.rejected_at = time.monotonic()
                break
            self.accepted.set()
            time.sleep(0.0005)
        connection.close()

    def result(self):
        """When the token was rejected."""
        self.join()
        check(f"replica {self.replica.name}, statuses", self.statuses, {200, 401})
        return self.rejected_at


def ms(seconds):
    return f"{max(seconds, 0) * 1000:.1f}"


class Run:
    def __init__(self, auth, redis, replicas, client_id, start_replica):
        self.auth, self.redis, self.replicas, self.client_id = auth, redis, replicas, client_id
        self.start_replica = start_replica
        self.user_id = None

    def sign_in(self):
        known = {"user_id": self.user_id} if self.user_id else {}
        session = self.auth.control("sign_in", client_id=self.client_id, **known)
        self.user_id = session["user_id"]
        return session

    def both(self, session):
        return [replica.ask(session) for replica in self.replicas]

    def sign_out(self, before=lambda: None):
        """Signs a new session out while both replicas are asked. Returns the time of each to the rejection."""
        session = self.sign_in()
        watches = [Watch(replica, session) for replica in self.replicas]
        for watch in watches:
            check("accepted first", watch.accepted.wait(10), True)
        before()
        clicked, answered = self.auth.sign_out(session)
        times = [watch.result() - clicked for watch in watches]
        check("rejected on both", self.both(session), [401, 401])
        return times, answered - clicked


def measure(run):
    """From the click to the first rejection."""
    other = run.sign_in()
    results = [run.sign_out() for _ in range(SIGN_OUTS)]
    print(f"\n{SIGN_OUTS} sign-outs: milliseconds from the click to the first rejection\n")
    print("| | median | worst |\n|---|---:|---:|")
    columns = [[times[at] for times, _ in results] for at in range(len(run.replicas))]
    columns.append([answered for _, answered in results])
    for name, times in zip(["replica A", "replica B", "the answer to the click"], columns, strict=True):
        print(f"| {name} | {ms(statistics.median(times))} | {ms(max(times))} |")
    check("another session of the user", run.both(other), [200, 200])
    check("less than a second", max(max(column) for column in columns) < 1, True)
    print(f"logout: {SIGN_OUTS} of {SIGN_OUTS} tokens rejected on both replicas within a second")


def lose_messages(run):
    """The connection that receives messages is cut at the moment of the click."""
    lost, times = 0, []

    def cut():
        run.redis.command("CLIENT", "KILL", "TYPE", "pubsub")

    for _ in range(LOST_MESSAGES):
        until("both subscribe", lambda: run.redis.subscribers() >= len(run.replicas))
        session = run.sign_in()
        watches = [Watch(replica, session) for replica in run.replicas]
        for watch in watches:
            check("accepted first", watch.accepted.wait(10), True)
        cut()
        clicked, _ = run.auth.sign_out(session)
        lost += run.redis.subscribers() == 0
        times.append([watch.result() - clicked for watch in watches])
    print(f"\n{LOST_MESSAGES} sign-outs with the subscriptions cut at the click: milliseconds to the first rejection\n")
    print("| | median | worst |\n|---|---:|---:|")
    for at, replica in enumerate(run.replicas):
        column = [pair[at] for pair in times]
        print(f"| replica {replica.name} | {ms(statistics.median(column))} | {ms(max(column))} |")
    check("messages were lost", lost > 0, True)
    print(f"logout: {LOST_MESSAGES} of {LOST_MESSAGES} tokens rejected although messages were lost")


def count_queries(run):
    session = run.sign_in()
    connections = [replica.connect() for replica in run.replicas]
    run.auth.control("queries")
    for _ in range(500):
        for replica, connection in zip(run.replicas, connections, strict=True):
            check("accepted", replica.ask(session, connection), 200)
    queries = run.auth.control("queries")["queries"]
    check("queries", queries, 0)
    print(f"\nlogout: 1000 requests to the API caused {queries} queries of the auth server")


def sign_out_everywhere(run):
    sessions = [run.sign_in() for _ in range(3)]
    run.user_id = None
    other = run.sign_in()
    first, second = run.replicas
    check("everywhere", second.ask(sessions[0], method="POST", path="/sign-out-everywhere"), 204)
    for session in sessions:
        until("replica A rejects", lambda: first.ask(session) == 401, 1)
        check("everywhere, replica B", second.ask(session), 401)
    check("another user", run.both(other), [200, 200])
    # `iat` has no fraction: a token of the same second is rejected as well.
    time.sleep(1.1)
    run.user_id = sessions[0]["user_id"]
    check("after the next sign-in", run.both(run.sign_in()), [200, 200])
    print("logout: one request has signed a user out of both replicas, and no other user")


def refresh_afterwards(run):
    """A refresh token outlives the session, but its access tokens have no session."""
    session = run.sign_in()
    renew = lambda: run.auth.control("refresh", client_id=run.client_id, refresh_token=session["refresh_token"])
    renewed = {**session, **renew()}
    check("renewed", run.both(renewed), [200, 200])
    session["refresh_token"] = renewed["refresh_token"]
    run.auth.sign_out(session)
    check("renewed, signed out", run.both(renewed), [401, 401])
    check("renewed after the sign-out", run.both({**session, **renew()}), [401, 401])
    print("logout: tokens of a refresh token are rejected after the sign-out")


def write_from_hook(run):
    """Tokens of the JWT plugin, whose server writes to Redis itself."""
    url = run.auth.control("hook_server", redis_url=run.redis.url)["url"]
    replica = run.start_replica("D", BETTER_AUTH_URL=url, TODO_CLIENT_ID="", TODO_RESOURCE="")
    ended, other = (run.auth.control("hook_sign_in") for _ in range(2))
    until("D is ready", lambda: replica.ask(ended) == 200)
    clicked, _ = run.auth.sign_out(ended, url)
    until("D rejects", lambda: replica.ask(ended) == 401, 1)
    took = time.monotonic() - clicked
    check("another user", replica.ask(other), 200)
    replica.stop()
    print(f"\nJWT plugin and a database hook: {ms(took)} ms from the click to the first rejection")
    print("logout: a token of the JWT plugin is rejected when a hook writes to Redis")


def outages(run):
    """What each replica answers while Redis is away."""
    redis, rows = run.redis, []
    good, ended = run.sign_in(), run.sign_in()
    run.auth.sign_out(ended)
    until("both reject", lambda: run.both(ended) == [401, 401], 1)

    def row(what, expected, why, missed=None):
        got = [run.both(session) for session in (good, ended, missed) if session]
        rows.append((what, got, why))
        check(what, got, expected)

    row("Redis runs", [[200, 200], [401, 401]], "the list is current")

    redis.kill()
    row("killed", [[200, 200], [401, 401]], f"the list is used for {MAX_STALE} s without contact")
    missed = run.sign_in()
    run.auth.sign_out(missed)
    row(
        "killed, a user signs out",
        [[200, 200], [401, 401], [401, 200]],
        "A has received the logout token, B cannot hear of it",
        missed,
    )
    until("503", lambda: run.both(good) == [503, 503], MAX_STALE + 8)
    row(
        f"killed, {MAX_STALE} s later",
        [[503, 503], [401, 401], [401, 503]],
        "the list may lack entries; what is listed stays rejected",
        missed,
    )
    redis.start()
    back = until("200 again", lambda: run.both(good) == [200, 200], RECOVERY)
    heard = until("B hears of the sign-out", lambda: run.both(missed) == [401, 401], RECOVERY)
    row(
        "restarted, empty",
        [[200, 200], [401, 401], [401, 401]],
        f"connected after {back:.1f} s; A has written its entry again, {heard:.1f} s later; the others were kept",
        missed,
    )

    late = run.start_replica("C")
    until("C is ready", lambda: late.ask(good) == 200)
    got = [[late.ask(session)] for session in (good, ended, missed)]
    rows.append(("the same, replica C starts", got, "Redis has lost the earlier entries; let it keep its data"))
    check("C", got, [[200], [200], [401]])
    late.stop()

    redis.send_signal(signal.SIGSTOP)
    row("stopped", [[200, 200], [401, 401]], "nothing has been noticed yet")
    until("503", lambda: run.both(good) == [503, 503], MAX_STALE + 8)
    row(f"stopped, {MAX_STALE} s later", [[503, 503], [401, 401]], "no answer to a ping")
    redis.send_signal(signal.SIGCONT)
    back = until("200 again", lambda: run.both(good) == [200, 200], RECOVERY)
    row("continued", [[200, 200], [401, 401]], f"connected again after {back:.1f} s")

    after = run.sign_in()
    run.auth.sign_out(after)
    until("both reject", lambda: run.both(after) == [401, 401], 1)

    print(f"\nRedis fails (bound {MAX_STALE} s); statuses of replica A and B\n")
    print("| Redis | token of a session | of an ended one | of one that ended while Redis was away | why |")
    print("|---|---|---|---|---|")
    for what, got, why in rows:
        cells = [" ".join(map(str, pair)) for pair in got] + [""] * (3 - len(got))
        print(f"| {what} | {' | '.join(cells)} | {why} |")
    print("logout: replicas answer 503 when the list is too old, and never accept a listed token")


def actions(auth):
    """The tables of `tests/interop/logout/README.md`."""
    page = (INTEROP / "logout" / "README.md").read_text().replace("**", "")
    recorded = auth.control("actions")
    for action in recorded["actions"]:
        row = f"| {action['action']} | {action['sent']} | {action['refresh']} |"
        if row not in page:
            raise AssertionError(f"not in the README: {row}")
    delivery = recorded["delivery"]
    check("request", delivery["request"], {"method": "POST", "type": "application/x-www-form-urlencoded"})
    check("header", (delivery["header"], delivery["typ"]), (["alg", "kid", "typ"], "logout+jwt"))
    claims = ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]
    check("claims", (delivery["claims"], delivery["lifetime_s"]), (claims, 120))
    rejected = dict.fromkeys(["http://todo.example.com", "https://localhost", "https://10.0.0.1"], "rejected")
    check("URLs", delivery["registered"], {"https://todo.example.com": "registered", **rejected})
    check("recipients", delivery["received"], [1, 1])
    failing = {"500": {"attempts": 1, "waited_s": 0}, "0": {"attempts": 1, "waited_s": 5}}
    check("no answer", delivery["failing"], failing)
    count = len(recorded["actions"])
    check("rows", page.count("| 1 | ") + page.count("| 0 | "), count)
    print(f"logout: Better Auth {auth.hello['provider_version']} sends what the table says, {count} actions")


def main():
    [program] = map(pathlib.Path, sys.argv[1:])
    started = []
    try:
        auth = AuthServer()
        started.append(auth)
        redis = Redis()
        started.append(redis)
        ports = [free_port(), free_port()]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        client_id = auth.control(
            "client", redirect_uri=f"{urls[0]}/", logout_uri=f"{urls[0]}/backchannel-logout"
        )["client_id"]
        settings = {
            "BETTER_AUTH_URL": auth.hello["url"],
            "TODO_CLIENT_ID": client_id,
            "TODO_RESOURCE": auth.hello["resource"],
            "TODO_MAX_STALE": str(MAX_STALE),
            "REDIS_URL": redis.url,
        }

        def start_replica(name, port=None, **more):
            started.append(Replica(program.resolve(), name, port or free_port(), {**settings, **more}))
            return started[-1]

        replicas = [start_replica(name, port) for name, port in zip("AB", ports, strict=True)]
        run = Run(auth, redis, replicas, client_id, start_replica)
        session = run.sign_in()
        until("both are ready", lambda: run.both(session) == [200, 200])
        measure(run)
        lose_messages(run)
        count_queries(run)
        sign_out_everywhere(run)
        refresh_afterwards(run)
        write_from_hook(run)
        outages(run)
        actions(auth)
    finally:
        for it in reversed(started):
            it.stop()


if __name__ == "__main__":
    main()
