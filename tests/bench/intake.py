#!/usr/bin/python3
"""What an accepted alarm costs: durable intake against a server that does nothing and against Alertmanager.

    tests/bench/intake.py [--build build/release] [--seconds 4] [--rounds 3] [--connections 1,16,64,256]
                          [--modes mixed,new] [--json FILE] [--smoke]

Every measurement has a fresh process with fresh data. The servers take turns, and a ratio is the median of the ratios
of the rounds, so that what else the machine does touches all of them alike."""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from ports import free_port  # noqa: E402

TOKEN = "bench-source-0123456789abcdef"
KEYS = 1000
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
NAMES = {"tocsin": "tocsin", "evhttp": "(a) evhttp", "alertmanager": "(b) Alertmanager"}
Config = dict[str, typing.Any]


# -- what is sent: the same alarm as a webhook of Alertmanager and as an alert to Alertmanager ------------------------

def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def alert(since: str) -> Config:
    """One alert; the load generator writes the number of the alarm over the '#'."""
    return {
        "labels": {"alertname": "HighRequestLatency", "cluster": "eu-central-1a", "instance": "web-########:9090",
                   "job": "checkout", "namespace": "shop", "service": "checkout-api", "severity": "critical"},
        "annotations": {"summary": "Requests of web-######## take too long",
                        "description": "The 99th percentile of web-######## is above 800 ms for ten minutes; the target "
                                       "is 300 ms. Customers see slow payments.",
                        "runbook_url": "https://wiki.example.net/runbooks/latency"},
        "startsAt": since,
        "generatorURL": "http://prometheus.example.net:9090/graph?g0.expr=latency%3Ap99+%3E+0.8&g0.tab=1"}


def webhook(since: str) -> Config:
    one = alert(since)
    labels = one["labels"]
    group = {"alertname": labels["alertname"], "instance": labels["instance"]}
    key = "{}:{" + ", ".join(f'{name}="{value}"' for name, value in group.items()) + "}"
    return {"receiver": "tocsin", "status": "firing",
            "alerts": [{"status": "firing", **one, "endsAt": "0001-01-01T00:00:00Z",
                        "fingerprint": "5ca1ab1e########"}],
            "groupLabels": group, "commonLabels": labels, "commonAnnotations": one["annotations"],
            "externalURL": "http://alertmanager.example.net:9093", "version": "4", "groupKey": key,
            "truncatedAlerts": 0}


def request(port: int, path: str, body: typing.Any) -> bytes:
    raw = json.dumps(body, separators=(",", ":")).encode()
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Alertmanager/0.25.0\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n")
    return head.encode() + raw


# -- the servers ------------------------------------------------------------------------------------------------------

def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


class Server:
    """A process on a free port with a folder of its own; both are gone at the end of the with block."""
    path = "/sources/bench"

    def __init__(self, build: pathlib.Path) -> None:
        self.build, self.port = build, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
        self.child: subprocess.Popen[bytes] | None = None
        self.ready_ms = 0.0

    def argv(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def body(self, since: str) -> typing.Any:
        return webhook(since)

    def start(self) -> None:
        argv = ["setpriv", "--pdeathsig", "KILL", *self.argv()]
        begin = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                          env={**os.environ, "BENCH_TOKEN": TOKEN, "BENCH_READER": 2 * TOKEN})
        while time.monotonic() < begin + 20:
            try:
                if self.is_ready():
                    self.ready_ms = (time.monotonic() - begin) * 1000
                    return
            except (OSError, urllib.error.URLError):
                if self.child.poll() is not None:
                    break
            time.sleep(0.0005)
        raise RuntimeError(f"{argv[3]} did not start:\n" + (self.folder / "log").read_text(errors="replace"))

    def stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def __enter__(self) -> "Server":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: typing.Any) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self) -> int:
        assert self.child
        return self.child.pid

    def cpu_us(self) -> float:
        fields = pathlib.Path(f"/proc/{self.pid()}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_US

    def thread_cpu_us(self) -> dict[str, float]:
        """Of the first thread (the loop) and of all others; from the scheduler's own count, which is finer."""
        ret = {"loop": 0.0, "others": 0.0}
        for task in pathlib.Path(f"/proc/{self.pid()}/task").iterdir():
            ns = int((task / "schedstat").read_text().split()[0])
            ret["loop" if task.name == str(self.pid()) else "others"] += ns / 1000
        return ret

    def rss_mb(self) -> float:
        status = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024

    def check(self, result: Config) -> None:
        """Raises when the server did not do what its answers say."""


class Tocsin(Server):
    def config(self) -> Config:
        return {
            "listen": f"127.0.0.1:{self.port}", "store": "sqlite:tocsin.db",
            "tokens": [{"name": "bench", "role": "viewer", "token": {"env": "BENCH_READER"}}], "limits": {"per_address": 1024},
            "sources": {"bench": {"kind": "alertmanager", "response_plan": "bench", "storm_new": 1_000_000,
                                  "auth": {"kind": "bearer", "secret": {"env": "BENCH_TOKEN"}}}},
            "resources": {"response_plans": [
                {"name": "bench", "incidentTemplate": {"title": "Alarm", "impact": 3}}]}}

    def argv(self) -> list[str]:
        file = self.folder / "tocsin.json"
        file.write_text(json.dumps(self.config()))
        return [str(self.build / "tocsin"), "serve", "--config", str(file), "--data", str(self.folder / "data")]

    def is_ready(self) -> bool:
        return bool(get(self.url + "/readyz"))

    def check(self, result: Config) -> None:
        want = f'tocsin_deliveries_total{{source="bench",result="opened"}} {result["keys"]}\n'
        seen = get(self.url + "/metrics").decode()
        if want not in seen:
            lines = [line for line in seen.splitlines() if line.startswith("tocsin_deliveries_total")]
            raise RuntimeError(f"{result['keys']} different alarms were accepted, but: {lines}")


class Evhttp(Server):
    def argv(self) -> list[str]:
        return [str(self.build / "tests/bench/bench_http"), "evhttp", str(self.port)]


class Alertmanager(Server):
    path = "/api/v2/alerts"

    def argv(self) -> list[str]:
        file = self.folder / "alertmanager.yml"
        file.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
        return ["prometheus-alertmanager", f"--config.file={file}", f"--storage.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=error"]

    def is_ready(self) -> bool:
        return bool(get(self.url + "/-/ready"))

    def body(self, since: str) -> typing.Any:
        return [alert(since)]


# -- measuring --------------------------------------------------------------------------------------------------------

def load(server: Server, mode: str, connections: int, **limits: int) -> Config:
    """One run of the load generator against a server that is ready."""
    file = server.folder / "request"
    if not file.exists():
        file.write_bytes(request(server.port, server.path, server.body(iso(time.time() - 60))))
    argv = [str(server.build / "tests/bench/bench_load"), "--port", str(server.port), "--request", str(file),
            "--mode", mode, "--connections", str(connections), "--keys", str(KEYS)]
    for name, value in limits.items():
        argv += [f"--{name}", str(value)]
    out = subprocess.run(argv, check=True, capture_output=True, timeout=700)
    sys.stderr.buffer.write(out.stderr)
    return json.loads(out.stdout)


def measure(server: Server, mode: str, connections: int, seconds: int, count: int) -> Config:
    """Keys that repeat are known before the clock starts: each was sent twice."""
    known = 0
    if mode != "new":
        known = KEYS
        load(server, "repeat", min(connections, 16), seconds=60, count=2 * KEYS)
    cpu, threads = server.cpu_us(), server.thread_cpu_us()
    ret = load(server, mode, connections, seconds=seconds, count=count)
    n = max(ret["requests"], 1)
    ret["cpu_us"] = (server.cpu_us() - cpu) / n
    ret |= {f"{name}_us": (us - threads[name]) / n for name, us in server.thread_cpu_us().items()}
    ret |= {"rss_mb": server.rss_mb(), "keys": known + ret["new"]}
    if ret["errors"]:
        raise RuntimeError(f"{type(server).__name__}: {ret['errors']} of {n} requests failed")
    server.check(ret)
    return ret


def kinds() -> dict[str, type[Server]]:
    ret: dict[str, type[Server]] = {"tocsin": Tocsin, "evhttp": Evhttp}
    if shutil.which("prometheus-alertmanager"):
        ret["alertmanager"] = Alertmanager
    return ret


class Cell(typing.NamedTuple):
    """All rounds of one mode at one number of connections: server -> one result a round."""
    mode: str
    connections: int
    rounds: dict[str, list[Config]]

    def median(self, server: str, member: str) -> float:
        return statistics.median(result[member] for result in self.rounds[server])

    def ratio(self, server: str) -> float | None:
        """Requests a second of Tocsin over those of the other: the median over the rounds."""
        if not self.rounds.get(server):
            return None
        pairs = zip(self.rounds["tocsin"], self.rounds[server])
        return statistics.median(ours["rps"] / theirs["rps"] for ours, theirs in pairs)


def run_cell(options: argparse.Namespace, mode: str, connections: int) -> Cell:
    cell = Cell(mode, connections, {name: [] for name in kinds()})
    for _ in range(options.rounds):
        for name, kind in kinds().items():
            with kind(options.build) as server:
                cell.rounds[name].append(measure(server, mode, connections, options.seconds, options.count))
    return cell


def starts(options: argparse.Namespace) -> Config:
    """Start to ready on an empty folder and on one that is there, and memory a second after, nothing asked."""
    fresh, again, rss = [], [], []
    for _ in range(2 * options.rounds - 1):
        with Tocsin(options.build) as server:
            fresh.append(server.ready_ms)
            server.stop()
            server.start()
            again.append(server.ready_ms)
            time.sleep(1)
            rss.append(server.rss_mb())
    return {"first_ms": statistics.median(fresh), "again_ms": statistics.median(again),
            "idle_mb": statistics.median(rss)}


# -- telling ----------------------------------------------------------------------------------------------------------

def number(value: float | None, form: str = "{:.2f}") -> str:
    return "-" if value is None else form.format(value)


def print_intro(options: argparse.Namespace) -> None:
    sizes = [len(json.dumps(body, separators=(",", ":"))) for body in (webhook(iso(0)), [alert(iso(0))])]
    print(f"""One webhook with one alert, {sizes[0]} bytes, POST /sources/NAME with a bearer token; (a) answers 202 to the same request
and does nothing; (b) takes the same alert, {sizes[1]} bytes, at POST /api/v2/alerts and keeps it in memory only. Tocsin answers
after its transaction is durable; every new alarm opens an incident (checked against /metrics): a response plan without
engagements and connectors, and no storm guard. {options.seconds} s a measurement, {options.rounds} rounds, a fresh process and fresh data for each,
generator and server on the same {os.cpu_count()} processors; load of the machine {os.getloadavg()[0]:.1f}.
mixed: 90 % repeats of {KEYS} keys, 10 % new. CPU: server, user and system; loop and store: Tocsin's two threads.
""")
    print(f"{'mode':6} {'conn':>4}  {'server':17} {'req/s':>8} {'p50 us':>8} {'p99 us':>9} {'CPU us':>7} "
          f"{'loop us':>8} {'store us':>8} {'RSS MB':>7} {'of (a)':>7} {'of (b)':>7}")


def print_cell(cell: Cell) -> None:
    for name in cell.rounds:
        is_ours = name == "tocsin"
        split = [cell.median(name, member) if is_ours else None for member in ("loop_us", "others_us")]
        ratios = [cell.ratio(other) if is_ours else None for other in ("evhttp", "alertmanager")]
        print(f"{cell.mode:6} {cell.connections:4}  {NAMES[name]:17} {cell.median(name, 'rps'):8.0f} "
              f"{cell.median(name, 'p50_us'):8.0f} {cell.median(name, 'p99_us'):9.0f} {cell.median(name, 'cpu_us'):7.1f} "
              f"{number(split[0], '{:.1f}'):>8} {number(split[1], '{:.1f}'):>8} {cell.median(name, 'rss_mb'):7.0f} "
              f"{number(ratios[0]):>7} {number(ratios[1]):>7}")
    sys.stdout.flush()


def goals(cells: list[Cell], start: Config) -> typing.Iterator[tuple[str, float | None, str, float]]:
    """(what, seen, sense, wanted)"""
    for cell in cells:
        if cell.connections == 64 and cell.mode == "mixed":
            yield "mixed, 64 connections, of (a)", cell.ratio("evhttp"), ">=", 0.4
            yield "mixed, 64 connections, of (b)", cell.ratio("alertmanager"), ">=", 1.7
        if cell.connections == 64 and cell.mode == "new":
            yield "every alarm new, 64 connections, of (a)", cell.ratio("evhttp"), ">=", 0.2
    yield "memory idle, MB", start["idle_mb"], "<=", 20
    yield "start to ready on an empty folder, ms", start["first_ms"], "<=", 100
    yield "start to ready again, ms", start["again_ms"], "<=", 100


def print_goals(cells: list[Cell], start: Config) -> None:
    print()
    for what, seen, sense, wanted in goals(cells, start):
        met = seen is not None and (seen >= wanted if sense == ">=" else seen <= wanted)
        verdict = "not measured" if seen is None else "pass" if met else "MISS"
        print(f"{what:42} {number(seen):>8}  goal {sense} {wanted:<5} {verdict}")


def smoke(options: argparse.Namespace) -> None:
    """A few requests of each kind to each server: they succeed and do what they say. No word about speed."""
    for mode in ("repeat", "mixed", "new"):
        for kind in kinds().values():
            with kind(options.build) as server:
                result = measure(server, mode, 8, 10, 200)
                if result["requests"] != 200:
                    raise RuntimeError(f"{kind.__name__}: {result['requests']} of 200 requests were answered")
                server.stop()
                if kind is Tocsin and server.child and server.child.returncode != 0:
                    raise RuntimeError("tocsin ended badly:\n" + (server.folder / "log").read_text(errors="replace"))
    print(f"ok: {', '.join(kinds())}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--count", type=int, default=0, help="end a measurement after so many requests, too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", default="1,16,64,256")
    parser.add_argument("--modes", default="mixed,new", help="of repeat, mixed, new")
    parser.add_argument("--json", type=pathlib.Path, help="write every result of every round to this file")
    parser.add_argument("--smoke", action="store_true", help="a few requests only, as a test")
    options = parser.parse_args()
    for program in ("tocsin", "tests/bench/bench_http", "tests/bench/bench_load"):
        if not (options.build / program).exists():
            print(f"{options.build / program} is missing; build it: cmake --preset release && "
                  "cmake --build build/release", file=sys.stderr)
            return 1
    if options.smoke:
        smoke(options)
        return 0
    print_intro(options)
    cells = []
    for mode in options.modes.split(","):
        for connections in options.connections.split(","):
            cells.append(run_cell(options, mode, int(connections)))
            print_cell(cells[-1])
    start = starts(options)
    print_goals(cells, start)
    if options.json:
        options.json.write_text(json.dumps({"start": start, "cells": [cell._asdict() for cell in cells]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
