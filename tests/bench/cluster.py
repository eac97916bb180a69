#!/usr/bin/python3
"""What an accepted alarm costs on PostgreSQL: against SQLite, and on two nodes against one.

    tests/bench/cluster.py [--build build/release] [--seconds 4] [--rounds 3] [--connections 64] [--modes mixed,new]
                           [--share 0.15] [--smoke]

The server is Debian's PostgreSQL on a local socket with fsync. Every measurement has a fresh process and a fresh database;
SQLite, one node and two nodes take turns, and a ratio is the median of the ratios of the rounds.

What a second node adds shows only where neither the server nor this machine is the limit. So one and two nodes are measured
a second time as nodes of small machines: each in a control group of its own, which has that share of one processor."""
from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import statistics
import sys
import threading
import time
import typing

import intake

sys.path.insert(0, str(intake.ROOT / "tests"))
import postgres  # noqa: E402

postgres.SETTINGS.update(postgres.DURABLE)
NAMES = {"sqlite": "SQLite", "one": "one node", "two": "two nodes", "one small": "one small", "two small": "two small"}
GROUPS = pathlib.Path("/sys/fs/cgroup")
PERIOD_US = 20_000
SINCE = intake.iso(time.time() - 60)
Config = dict[str, typing.Any]


class Share:
    """A control group of the processor, of version 1 or 2: what is in it has that share of one. 0: nothing is limited."""
    number = 0

    def __init__(self, share: float) -> None:
        Share.number += 1
        self.quota_us = int(share * PERIOD_US)
        self.is_first = (GROUPS / "cpu").is_dir()
        self.folder = (GROUPS / "cpu" if self.is_first else GROUPS) / f"tocsin-bench-{os.getpid()}-{Share.number}"

    def limit(self, pid: int) -> None:
        if not self.quota_us:
            return
        self.folder.mkdir()
        if self.is_first:
            (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.folder / "cpu.cfs_quota_us").write_text(str(self.quota_us))
        else:
            (self.folder / "cpu.max").write_text(f"{self.quota_us} {PERIOD_US}")
        (self.folder / "cgroup.procs").write_text(str(pid))

    def end(self) -> None:
        """After its processes."""
        if self.folder.is_dir():
            self.folder.rmdir()


def can_share() -> bool:
    probe = Share(0.5)
    try:
        probe.folder.mkdir()
        return any((probe.folder / name).exists() for name in ("cpu.max", "cpu.cfs_quota_us"))
    except OSError:
        return False
    finally:
        probe.end()


class Node(intake.Tocsin):
    """On a database that others may share."""

    def __init__(self, build: pathlib.Path, url: str, name: str, share: float) -> None:
        super().__init__(build)
        self.store, self.name, self.share = url, name, Share(share)

    def __enter__(self) -> "Node":
        super().__enter__()
        self.share.limit(self.pid())
        return self

    def __exit__(self, *why: object) -> None:
        super().__exit__(*why)
        self.share.end()

    def config(self) -> Config:
        return super().config() | {"store": self.store, "node": self.name}

    def body(self, since: str) -> typing.Any:
        """The same alarm is the same body whatever node is told of it."""
        return super().body(SINCE)

    def check(self, result: Config) -> None:
        """Which node opened what the other was told of is theirs to decide: the sum is checked."""

    def opened(self) -> int:
        seen = intake.get(self.url + "/metrics").decode().splitlines()
        head = 'tocsin_deliveries_total{source="bench",result="opened"} '
        return sum(int(line[len(head):]) for line in seen if line.startswith(head))


class Database:
    """A database of its own on the server, gone at the end of the with block."""
    number = 0

    def __init__(self, server: postgres.Server) -> None:
        Database.number += 1
        self.server, self.name = server, f"bench{Database.number}"

    def __enter__(self) -> "Database":
        self.server.psql(f"CREATE DATABASE {self.name} OWNER {postgres.ROLE}", "postgres")
        return self

    def url(self) -> str:
        return self.server.url().replace("/tocsin?", f"/{self.name}?")

    def analyze(self) -> None:
        """As autovacuum does within a minute of the first rows: statements are planned for tables as they were analyzed last."""
        self.server.psql("ANALYZE", self.name)

    def __exit__(self, *_: object) -> None:
        self.server.psql(f"DROP DATABASE {self.name} WITH (FORCE)", "postgres")
        self.server.psql("CHECKPOINT", "postgres")


def server_cpu_us(server: postgres.Server) -> float:
    """Of its processes that live, and of those that it has waited for."""
    assert server.child
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == server.child.pid:
                ticks += int(fields[11]) + int(fields[12])
            elif int(stat.parent.name) == server.child.pid:
                ticks += sum(int(field) for field in fields[11:15])
    return ticks * intake.TICK_US


def warm(nodes: list[Node], mode: str, connections: int) -> int:
    """Keys that repeat are known to every node before the clock starts: each was sent twice."""
    if mode == "new":
        return 0
    for node in nodes:
        intake.load(node, "repeat", min(connections, 16), seconds=60, count=2 * intake.KEYS)
    return intake.KEYS


def load_all(nodes: list[Node], mode: str, connections: int, options: argparse.Namespace) -> list[Config]:
    """Each node has its part of the connections; numbers of new alarms do not meet."""
    results: list[Config] = [{} for _ in nodes]

    def one(no: int) -> None:
        results[no] = intake.load(nodes[no], mode, connections // len(nodes), seconds=options.seconds,
                                  count=options.count, first=1_000_000 * (no + 1))

    threads = [threading.Thread(target=one, args=(no,)) for no in range(len(nodes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def measure_nodes(server: postgres.Server, who: str, mode: str, options: argparse.Namespace) -> Config:
    count, share = 2 if who.startswith("two") else 1, options.share if who.endswith("small") else 0.0
    connections = options.connections
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(Database(server))
        nodes = [stack.enter_context(Node(options.build, database.url(), f"node-{no}", share)) for no in range(count)]
        known = warm(nodes, mode, connections)
        if known:
            database.analyze()
        cpu, server_cpu = sum(node.cpu_us() for node in nodes), server_cpu_us(server)
        results = load_all(nodes, mode, connections, options)
        n = max(sum(result["requests"] for result in results), 1)
        keys, opened = known + sum(result["new"] for result in results), sum(node.opened() for node in nodes)
        if any(result["errors"] for result in results) or keys != opened:
            raise RuntimeError(f"{count} nodes: {results}; {keys} different alarms, {opened} opened")
        return {"rps": sum(result["rps"] for result in results), "requests": n,
                "p50_us": statistics.median(result["p50_us"] for result in results),
                "p99_us": max(result["p99_us"] for result in results),
                "cpu_us": (sum(node.cpu_us() for node in nodes) - cpu) / n,
                "server_us": (server_cpu_us(server) - server_cpu) / n,
                "rss_mb": max(node.rss_mb() for node in nodes)}


def measure_sqlite(mode: str, connections: int, options: argparse.Namespace) -> Config:
    with intake.Tocsin(options.build) as node:
        return intake.measure(node, mode, connections, options.seconds, options.count) | {"server_us": 0.0}


def measure(server: postgres.Server, who: str, mode: str, options: argparse.Namespace) -> Config:
    if who == "sqlite":
        return measure_sqlite(mode, options.connections, options)
    return measure_nodes(server, who, mode, options)


def ratio(rounds: dict[str, list[Config]], ours: str, theirs: str) -> float:
    return statistics.median(a["rps"] / b["rps"] for a, b in zip(rounds[ours], rounds[theirs]))


def print_row(mode: str, who: str, results: list[Config]) -> None:
    middle = {name: statistics.median(result[name] for result in results)
              for name in ("rps", "p50_us", "p99_us", "cpu_us", "server_us", "rss_mb")}
    print(f"{mode:6} {NAMES[who]:10} {middle['rps']:8.0f} {middle['p50_us']:8.0f} {middle['p99_us']:9.0f} "
          f"{middle['cpu_us']:8.1f} {middle['server_us']:10.1f} {middle['rss_mb']:7.0f}")


def print_ratios(mode: str, rounds: dict[str, list[Config]]) -> None:
    goals = {("one", "sqlite"): 0.3, ("two small", "one small"): 1.6}
    for ours, theirs in (("one", "sqlite"), ("two", "one"), ("two small", "one small")):
        if ours not in rounds:
            continue
        seen, goal = ratio(rounds, ours, theirs), goals.get((ours, theirs))
        verdict = f"goal >= {goal} {'pass' if seen >= goal else 'MISS'}" if goal else "no goal: they share the processors with the server"
        print(f"{mode:6} {NAMES[ours]} of {NAMES[theirs]:12} {seen:.2f}  {verdict}")


def print_intro(options: argparse.Namespace) -> None:
    print(f"{options.connections} connections, {options.seconds} s, {options.rounds} rounds, {os.cpu_count()} processors for "
          f"the generator, the nodes and the server; load of the machine {os.getloadavg()[0]:.1f}. CPU: a request, of all "
          "nodes and of the server.")
    print(f"{'mode':6} {'who':10} {'req/s':>8} {'p50 us':>8} {'p99 us':>9} {'CPU us':>8} {'server us':>10} {'RSS MB':>7}")


def run(server: postgres.Server, mode: str, options: argparse.Namespace) -> None:
    rounds: dict[str, list[Config]] = {who: [] for who in NAMES if options.share or not who.endswith("small")}
    for _ in range(options.rounds):
        for who in rounds:
            rounds[who].append(measure(server, who, mode, options))
    if options.smoke:
        return
    for who, results in rounds.items():
        print_row(mode, who, results)
    print_ratios(mode, rounds)
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=intake.ROOT / "build/release")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--count", type=int, default=0, help="end a measurement after so many requests, too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--modes", default="mixed,new")
    parser.add_argument("--share", type=float, default=0.15, help="of a processor, for a small node; 0: none is measured")
    parser.add_argument("--smoke", action="store_true", help="a few requests only, as a test")
    options = parser.parse_args()
    if not postgres.binaries():
        print("SKIP: PostgreSQL is not installed")
        return 77
    if options.share and not can_share():
        print("no control groups of the processor can be made here: no small nodes")
        options.share = 0
    if options.smoke:
        options.seconds, options.count, options.rounds, options.connections = 60, 100, 1, 8
    else:
        print_intro(options)
    with postgres.Server() as server:
        for mode in options.modes.split(","):
            run(server, mode, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
