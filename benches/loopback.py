#!/usr/bin/env python3
"""Measures a whole server over loopback, alternately with and without the layer.

    python3 benches/loopback.py [--algorithm HS256] [--rounds 18] [--seconds 3]

Needs `wrk`; without it, the measurement is skipped with a hint. Every round has three turns in changing order: with
the layer, with a layer that has a token cache, and without a layer. All requests carry the same token, so only the
layer differs. A ratio is the median of the ratios of all rounds.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONNECTIONS = 16
# The required upper limit for one verification.
ALLOWED_MS = 100
# The service alone, or behind one of two layers.
BARE, LAYERS = "off", {"on": "with the layer", "cached": "with the cache"}

# Prints the results of wrk on one line, in microseconds.
REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("REPORT %d %d %d %f %f %f\\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


def build():
    """Builds the server and returns its path."""
    command = ["cargo", "bench", "--locked", "--features", "cache", "--bench", "loopback", "--no-run",
               "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    artifacts = (json.loads(line) for line in lines if line.startswith("{"))
    return next(a["executable"] for a in artifacts
                if a.get("reason") == "compiler-artifact" and a["target"]["name"] == "loopback")


class Server:
    def __init__(self, binary, front, algorithm):
        self.process = subprocess.Popen([binary, "serve", front, algorithm], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        port, self.token = self.process.stdout.readline().split()
        self.url = f"http://127.0.0.1:{port}/"

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def turn(server, seconds, script):
    """Runs one turn of load and returns its figures by name."""
    before = server.cpu_seconds()
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script,
               "-H", f"Authorization: Bearer {server.token}", server.url]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    numbers = re.search(r"REPORT (.*)", output).group(1).split()
    requests, duration, failed, p50, p99, p999 = map(float, numbers)
    assert requests and not failed, output
    cpu = (server.cpu_seconds() - before) / requests * 1e6
    return {"requests": requests / duration * 1e6, "cpu": cpu, "p50": p50, "p99": p99, "p99.9": p999}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--algorithm", default="HS256")
    parser.add_argument("--rounds", type=int, default=18)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("skipped: `wrk` is not installed; on Debian: apt-get install wrk")
        return

    binary = build()
    servers = {front: Server(binary, front, options.algorithm) for front in (BARE, *LAYERS)}
    # Each turn affects the processor for the next one, so all orders are used.
    orders = list(itertools.permutations(servers))
    rounds = []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(REPORT)
        script.flush()
        for server in servers.values():
            turn(server, 1, script.name)
        for number in range(options.rounds):
            order = orders[number % len(orders)]
            rounds.append({front: turn(servers[front], options.seconds, script.name) for front in order})
    for server in servers.values():
        server.stop()
    report(options, rounds)


def report(options, rounds):
    def median(front, name):
        return statistics.median(turns[front][name] for turns in rounds)

    def ratio(front, name):
        return statistics.quantiles([turns[front][name] / turns[BARE][name] for turns in rounds], n=4)

    print(f"{options.algorithm}, {len(rounds)} rounds of {options.seconds} s, {CONNECTIONS} connections kept alive, "
          "one thread for the server and one for the load.\n")
    titles = [f"{title} | ratio | middle half" for title in LAYERS.values()]
    print("|  | without |", " | ".join(titles), "|")
    print("|:--|--:|", "--:|" * 3 * len(LAYERS), sep="")
    rows = [("requests per second", "requests", 0), ("server's CPU a request, µs", "cpu", 2),
            ("p50, µs", "p50", 0), ("p99, µs", "p99", 0), ("p99.9, µs", "p99.9", 0)]
    for title, name, digits in rows:
        cells = [title, f"{median(BARE, name):.{digits}f}"]
        for front in LAYERS:
            low, middle, high = ratio(front, name)
            cells += [f"{median(front, name):.{digits}f}", f"{middle:.2f}", f"{low:.2f} – {high:.2f}"]
        print("|", " | ".join(cells), "|")

    print()
    for front, title in LAYERS.items() if options.algorithm == "HS256" else ():
        requests = ratio(front, "requests")[1]
        print(f"Target 11, requests per second, {title} / without: {requests:.2f}, at least 0.90 required: "
              f"{'met' if requests >= 0.90 else 'missed'}\n")
    added = {front: statistics.median(turns[front]["cpu"] - turns[BARE]["cpu"] for turns in rounds) for front in LAYERS}
    slowest = median("on", "p99.9")
    print(f"The layer adds {added['on']:.1f} µs of the server's CPU time to a request, and {added['cached']:.1f} µs "
          f"with a cached token. The required limit for one verification, {ALLOWED_MS} ms, is "
          f"{ALLOWED_MS * 1000 / added['on']:,.0f} times as long as the former. A whole request, with all queueing, "
          f"takes {slowest / 1000:.2f} ms at p99.9, which is "
          f"{ALLOWED_MS * 1000 / slowest:,.0f} times less than {ALLOWED_MS} ms.")


if __name__ == "__main__":
    main()
