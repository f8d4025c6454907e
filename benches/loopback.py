#!/usr/bin/env python3
"""Puts a whole server under load over loopback, with and without the layer, in turns.

    python3 benches/loopback.py [--algorithm HS256] [--rounds 15] [--seconds 3]

Needs `wrk`; where it is missing this says how to get it, and that it was left out. Every round has a turn with
the layer and one without, in changing order, both with the same token in the request, so that what differs is
the layer alone. A ratio is the median of the rounds' ratios.
"""

import argparse
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
# What the crate was asked for: a verification in less than this.
ALLOWED_MS = 100

# Everything that wrk knows at the end, on one line, in microseconds.
REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("REPORT %d %d %d %f %f %f\\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


def build():
    """The path of the server."""
    command = ["cargo", "bench", "--locked", "--bench", "loopback", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    artifacts = (json.loads(line) for line in lines if line.startswith("{"))
    return next(a["executable"] for a in artifacts
                if a.get("reason") == "compiler-artifact" and a["target"]["name"] == "loopback")


class Server:
    def __init__(self, binary, layer, algorithm):
        self.process = subprocess.Popen([binary, "serve", layer, algorithm], stdin=subprocess.PIPE,
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
    """One turn of load: what it came to, by name."""
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
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("left out: there is no `wrk` here; Debian has it: apt-get install wrk")
        return

    binary = build()
    servers = {layer: Server(binary, layer, options.algorithm) for layer in ("on", "off")}
    rounds = []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(REPORT)
        script.flush()
        for server in servers.values():
            turn(server, 1, script.name)
        for number in range(options.rounds):
            order = ("on", "off") if number % 2 else ("off", "on")
            rounds.append({layer: turn(servers[layer], options.seconds, script.name) for layer in order})
    for server in servers.values():
        server.stop()
    report(options, rounds)


def report(options, rounds):
    def median(layer, name):
        return statistics.median(turns[layer][name] for turns in rounds)

    def ratio(name):
        return statistics.quantiles([turns["on"][name] / turns["off"][name] for turns in rounds], n=4)

    print(f"{options.algorithm}, {len(rounds)} rounds of {options.seconds} s, {CONNECTIONS} connections kept alive, "
          "one thread serving and one asking.\n")
    print(f"| {'':<27} | {'with':>9} | {'without':>9} | {'ratio':>5} | {'middle half':>11} |")
    print(f"|{'':-<29}|{'':->10}:|{'':->10}:|{'':->6}:|{'':->12}:|")
    rows = [("requests per second", "requests", 0), ("server's CPU a request, µs", "cpu", 2),
            ("p50, µs", "p50", 0), ("p99, µs", "p99", 0), ("p99.9, µs", "p99.9", 0)]
    for title, name, digits in rows:
        low, middle, high = ratio(name)
        print(f"| {title:<27} | {median('on', name):>9.{digits}f} | {median('off', name):>9.{digits}f} "
              f"| {middle:>5.2f} | {f'{low:.2f} – {high:.2f}':>11} |")

    requests = ratio("requests")[1]
    if options.algorithm == "HS256":
        print(f"\n11: requests per second with the layer / without: {requests:.2f}, 0.90 at the least: "
              f"{'met' if requests >= 0.90 else 'missed'}")
    added = statistics.median(turns["on"]["cpu"] - turns["off"]["cpu"] for turns in rounds)
    slowest = median("on", "p99.9")
    print(f"\nThe layer adds {added:.1f} µs of the server's CPU to a request: {ALLOWED_MS * 1000 / added:,.0f} of those "
          f"are {ALLOWED_MS} ms. A whole request, with all that waits before it, takes {slowest / 1000:.2f} ms at p99.9, "
          f"{ALLOWED_MS * 1000 / slowest:,.0f} times below {ALLOWED_MS} ms.")


if __name__ == "__main__":
    main()
