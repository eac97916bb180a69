"""The judge: three nodes on a database with a standby, under load, while nodes are killed and stand still, connections
are cut, swallowed and slowed down, and the database dies and is replaced by its standby. Afterwards judge_checks.py
reads what the world around them saw, and what their database committed.

Rounds are drawn from a seed: TOCSIN_SEED=N TOCSIN_ROUNDS=FIRST-LAST runs these rounds again (the same faults; the load
and the machine are what they are). TOCSIN_DEEP=1: 300 rounds. TOCSIN_EVIDENCE=DIR keeps the history and all logs of a
slice that fails."""
from __future__ import annotations

import contextlib
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time
import typing
import unittest
from urllib.parse import urlsplit

from harness import BINARY, STORE, Failure, Tocsin, World, eventually, postgres
from judge_checks import CHECKS, check_i7_quiet, check_i8_limits
from judge_faults import KINDS, LAST_ROUNDS, MEASURED, NODES, Fault, Storm, Watch, plan
from judge_history import AUDIT, History, Row
from judge_lines import save, told as lines_of
from judge_load import Alarm, People, Sender
from judge_pages import MINUTE_MS, came_due, give_plan
from judge_takeover import TAKEN, Waited, quantile, told, waited
from pg_proxy import Network
from worlds import SECRETS, Topic, base_config, believe_searches

DEEP = bool(os.environ.get("TOCSIN_DEEP"))
SEED = int(os.environ.get("TOCSIN_SEED", str(random.SystemRandom().randrange(1 << 32))))
ALL, SOME = 300, len(KINDS)  # rounds of a deep run, and of one that is not
SLICE = 20  # rounds in one world
SENDERS = 4
TAKE_OVER_S, ENOUGH = 5.0, 100  # of the 99th percentile, when so many were seen
BUSY = 2  # a run of few samples has the machine not to itself: that much more is for the longest of them
MOST_S = 15.0
# What is opened before the first fault is paged again, and a second person with it, a minute later: the last rounds do not
# begin before that. A deep run has slices that are long enough without a head start.
HEAD_START_S, LAST_AT_S = 7.0, 57.0
ENOUGH_LOAD_S = 5.0  # some of what was opened in so many seconds is answered by nobody for a minute
LATE_S = 120.0  # how long a slice waits for quiet before it says that there is none
WATCHED, SLOWNESS = 6, 2  # memory and time of a build with AddressSanitizer


def rounds() -> range:
    first, _, last = os.environ.get("TOCSIN_ROUNDS", f"1-{ALL if DEEP else SOME}").partition("-")
    return range(int(first), int(last or first) + 1)


# A page that failed is tried again within 10 s at first; what waits for longer is not due.
DUE = """SELECT (SELECT count(*) FROM sends WHERE state = 2 OR
(state = 1 AND due_ms <= extract(epoch FROM now()) * 1000 + 10000)) + (SELECT count(*) FROM links WHERE due_ms > 0 OR
holder <> 0) + (SELECT count(*) FROM timers WHERE due_ms <= extract(epoch FROM now()) * 1000)"""


class Slice(contextlib.ExitStack):
    """Some rounds in a world of their own."""

    def __init__(self, numbers: range) -> None:
        super().__init__()
        self.numbers, self.history, self.stop = numbers, History(), threading.Event()
        self.nodes: list[Tocsin] = []

    def __enter__(self) -> "Slice":
        super().__enter__()
        self.pair = postgres.Pair()
        self.world = self.enter_context(World("postgres", self.pair))
        self.network = self.enter_context(Network(NODES, [server.folder for server in self.pair.servers]))
        self.box = self.world.sandbox()
        for number in range(NODES):
            self.nodes.append(self.start_node(number))
        self.pair.psql(AUDIT)
        self.history.read_first_epochs(self.pair.psql)
        return self

    def start_node(self, number: int) -> Tocsin:
        folder = self.world.folder / f"node{number}"
        folder.mkdir()
        config = base_config(Topic(folder).cert, self.box.urls)
        for connector in config["connectors"].values():
            connector |= {"concurrency": 16, "rate_per_minute": 60000}
        believe_searches(config, folder, "3s")  # a busy machine may let a request of the dead lie that long
        give_plan(config)
        config["node"] = f"node{number}"
        return self.world.tocsin(config, dict(SECRETS), folder=folder, store=self.network.url(number))

    # -- running -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        ports, pool = [urlsplit(node.url).port or 0 for node in self.nodes], list[Alarm]()
        seed = f"{SEED}/{self.numbers}"
        callers = [Sender(n, seed, ports, self.stop, pool, self.history.alarms) for n in range(SENDERS)]
        people = People(seed, ports, self.stop, pool, self.history.acks, self.box)
        watch_ends = threading.Event()
        watch = Watch(self.nodes, watch_ends, self.history.samples)
        threads = [*callers, people]
        for thread in (*threads, watch):
            thread.start()
        extra = Sender(SENDERS, seed, ports, self.stop, pool, self.history.alarms)
        storm = Storm(self.nodes, self.network, self.pair, self.box, extra.try_at)
        self.history.faults = storm.faults
        begun = time.monotonic()
        self.stop.wait(0 if DEEP else HEAD_START_S)
        try:
            storm.run(self.faults(begun, storm))
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(60)
        self.box.no_faults()
        if wrong := [caller.wrong for caller in (*threads, extra) if caller.wrong]:
            raise Failure(f"answers that nobody may get: {wrong}")
        self.wait_quiet(storm)
        watch_ends.set()
        watch.join(10)
        self.end_nodes()
        self.collect()

    def faults(self, begun: float, storm: Storm) -> typing.Iterator[Fault]:
        for number in self.numbers:
            if number == self.numbers.stop - LAST_ROUNDS:
                storm.wait(begun + LAST_AT_S - time.monotonic())
            yield plan(SEED, number, DEEP)

    def wait_quiet(self, storm: Storm) -> None:
        begun = time.monotonic() * 1000
        storm.settle()

        def quiet() -> bool:
            self.history.quiet_ms = time.monotonic() * 1000  # what was due by then is done
            return self.pair.psql(DUE) == "0"
        try:
            eventually("nothing is due", quiet, LATE_S)
            self.history.quiet_s = (self.history.quiet_ms - begun) / 1000
        except Failure:
            self.history.quiet_s = -1

    def end_nodes(self) -> None:
        """Plans go on: what is read must not change meanwhile."""
        for node in self.nodes:
            node.child.send_signal(signal.SIGTERM)
        if any(codes := [node.child.wait(timeout=30) for node in self.nodes]):
            raise Failure(f"nodes ended with {codes}")

    def collect(self) -> None:
        def some(rows: list[Row], *keys: str) -> list[Row]:
            return [{key: row[key] for key in keys} for row in rows]
        self.history.mails = some(self.box.mails(), "t_ms", "begun_ms", "message_id", "subject", "to", "fault")
        self.history.tickets = some(self.box.tickets(), "vendor", "id", "key", "marker", "title", "status_class")
        self.history.read_database(self.pair.psql)

    # -- judging -----------------------------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """What broke, a line each."""
        found = []
        for check in CHECKS:
            try:
                if check is check_i7_quiet:
                    check_i7_quiet(self.history, SLOWNESS if is_watched() else 1)
                elif check is check_i8_limits:
                    check_i8_limits(self.history, WATCHED if is_watched() else 1)
                else:
                    check(self.history)
            except Failure as failure:
                found.append(str(failure))
        return found

    def keep_evidence(self) -> None:
        if "TOCSIN_EVIDENCE" not in os.environ:
            return
        folder = pathlib.Path(os.environ["TOCSIN_EVIDENCE"]) / f"{SEED}-{self.numbers.start}-{self.numbers.stop - 1}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        save(self.history, folder / "history.jsonl")
        (folder / "calls.json").write_text(str(self.box.admin("GET", "/calls")))
        for file in self.world.folder.glob("**/*.log"):
            shutil.copy(file, folder / f"{file.parent.name}-{file.name}")
        for server in self.pair.servers:
            shutil.copy(server.log, folder / server.folder.name)


def is_watched() -> bool:
    return b"__asan_init" in BINARY.read_bytes()


def due(took: list[Waited]) -> list[float]:
    """Of what others took over, which had only to be done when a node died and nothing else was broken: not the tickets that
    are looked up."""
    return [row.seconds for row in took
            if row.is_alone and row.how == TAKEN and not (row.what == "ticket" and row.in_flight)]


class Nodes(unittest.TestCase):
    def test_any_of_them_dies_or_stands_still_at_any_moment(self) -> None:
        print(f"TOCSIN_SEED={SEED} TOCSIN_ROUNDS={rounds().start}-{rounds().stop - 1}", flush=True)
        took: list[Waited] = []
        found: list[str] = []
        numbers = rounds()
        for first in range(numbers.start, numbers.stop, SLICE):
            part = range(first, min(first + SLICE, numbers.stop))
            with Slice(part) as judged:
                judged.run()
                broken = judged.check()
                more = waited(judged.history)
                self.tell(judged, broken, more)
                took += more
                if judged.history.quiet_ms > judged.history.alarms[0]["t0"] + MINUTE_MS + ENOUGH_LOAD_S * 1000:
                    self.assertLess(0, came_due(judged.history))
                if broken or max(due(more), default=0.0) > TAKE_OVER_S:
                    judged.keep_evidence()
                if broken:
                    print("\n".join(lines_of(judged.history, broken)), flush=True)
                    judged.world.show_logs()
            found += [f"rounds {part.start}-{part.stop - 1}: {line}" for line in broken]
        print("\n".join(told(took)), flush=True)
        self.assertEqual([], found)
        if MEASURED in numbers:
            self.assertTrue(due(took))
        has_enough = len(due(took)) >= ENOUGH
        limit = TAKE_OVER_S * (1 if has_enough else BUSY) * (SLOWNESS if is_watched() else 1)
        self.assertLessEqual(quantile(due(took), 0.99 if has_enough else 1.0), limit)
        self.assertLessEqual(max(due(took), default=0.0), MOST_S)

    def tell(self, judged: Slice, broken: list[str], took: list[Waited]) -> None:
        h = judged.history
        begun = h.faults[0]["t0"]
        kinds = " ".join(f"{row['kind']}{row['node']}+{(row['t0'] - begun) / 1000:.0f}" for row in h.faults)
        print(f"rounds {judged.numbers.start}-{judged.numbers.stop - 1}: {kinds}\n"
              f"  {len(h.tables['incidents'])} incidents, {len(h.mails)} mails ({came_due(h)} a minute"
              f" later), {len(h.tickets)} tickets, {len(h.acks)}"
              f" acknowledgements, {len(h.writes)} writes; quiet after {h.quiet_s:.1f} s", flush=True)
        for line in told(took):
            print(f"  {line}", flush=True)
        for line in broken:
            print(f"  BROKEN {line}", flush=True)


if __name__ == "__main__":
    if STORE != "postgres":
        print("SKIP: one process has SQLite to itself")
        raise SystemExit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with blocks end what they began
    unittest.main()
