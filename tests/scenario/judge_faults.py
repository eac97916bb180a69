"""What is done to nodes, their connections and their database: drawn for each round from the seed and the round's
number alone, so that a round can be run again."""
from __future__ import annotations

import contextlib
import heapq
import http.client
import itertools
import os
import pathlib
import random
import signal
import threading
import time
import typing

from harness import Failure, Sandbox, Tocsin, eventually, postgres
from judge_history import Row
from pg_proxy import ANSWER_LOST, NEVER_THERE, THERE_LATE, Network

NODES = 3
NOT_OURS = 70  # the exit status of a node that was taken for dead
READY_S = 60.0
KINDS = {"kill": 24, "still": 18, "cut": 8, "backend": 6, "commit": 10, "hole": 9, "delay": 5, "crash": 8, "promote": 6,
         "standby": 3, "remote": 3}
# Take-over is due after a lease of 3 s, and sessions may be idle in a transaction for 10 s. In a deep run a tenth of the
# stopped nodes stands still for up to a minute, and in one round of it for the whole of that.
STILL_S, HOLE_S, DOWN_S = 8.0, 9.0, 6.0
LONG_STILL, LONG_STILL_S, LONGEST_STILL_IN = 0.1, 60.0, 150
# The first rounds have each kind once, so that a short run has all of them. With the last rounds pages come due a minute after
# the first ones (test_nodes.py); they begin with a node that dies while nothing else happens. A take-over takes TAKEN_S.
LAST_ROUNDS, TAKEN_S = 4, 4.5
MEASURED = len(KINDS) - LAST_ROUNDS + 1  # that round
SETTLED_S = 6.5
VOLLEY, MEASURED_VOLLEY = 3, 8
SLOW_MS = 1500  # a remote that is slow while a node dies: work is in flight
VENDORS = ("jira", "servicenow", "pagerduty", "smtp")
BEFORE_THE_TEXT = "smtp MAIL"  # the mail server is slow before it has the text: what is in flight has not arrived
BEFORE_THE_TEXT_IN = 0.2  # of the rounds in which a node dies or stands still


class Fault(typing.NamedTuple):
    round: int
    kind: str
    node: int
    seconds: float  # until it ends
    pause: float  # before it
    is_alone: bool  # no other fault is at work meanwhile
    how: str


def plan(seed: int, number: int, is_deep: bool) -> Fault:
    rng = random.Random(f"{seed}/{number}")
    is_first, is_longest = number <= len(KINDS), is_deep and number == LONGEST_STILL_IN
    kind = "still" if is_longest else kind_of(seed, number, rng)
    node, alone, pause = rng.randrange(NODES), rng.random() < 0.5, rng.uniform(0.1, 1.2)
    seconds = {"kill": rng.uniform(TAKEN_S, DOWN_S) if is_first else rng.choice((0, rng.uniform(0, DOWN_S))),
               "hole": rng.uniform(0, HOLE_S),
               "still": LONG_STILL_S if is_longest else still_s(rng, is_deep, is_first),
               "delay": rng.uniform(0.5, 3), "promote": rng.uniform(0, 1), "standby": rng.uniform(0.5, 4)}.get(kind, 0.5)
    how = rng.choice((ANSWER_LOST, NEVER_THERE, THERE_LATE)) if kind == "commit" else rng.choice(("", *VENDORS))
    if kind in ("kill", "still") and (is_first or rng.random() < BEFORE_THE_TEXT_IN):
        how = BEFORE_THE_TEXT
    return Fault(number, kind, node, seconds, pause, alone or number == MEASURED, how)


def still_s(rng: random.Random, is_deep: bool, is_first: bool) -> float:
    if is_first:
        return rng.uniform(TAKEN_S, STILL_S)
    if is_deep and rng.random() < LONG_STILL:
        return rng.uniform(0, LONG_STILL_S)
    return rng.choice((rng.uniform(0, 1), rng.uniform(0, STILL_S)))


def kind_of(seed: int, number: int, rng: random.Random) -> str:
    if number <= len(KINDS):
        kinds = random.Random(seed).sample([kind for kind in KINDS if kind != "kill"], len(KINDS) - 1)
        kinds.insert(MEASURED - 1, "kill")
        return kinds[number - 1]
    return rng.choices(list(KINDS), list(KINDS.values()))[0]


class Storm:
    """Runs rounds against nodes that are there; `faults` becomes the history of what was done."""

    def __init__(self, nodes: list[Tocsin], network: Network, pair: postgres.Pair, box: Sandbox,
                 load: typing.Callable[[int], None]) -> None:
        """load: gives a node new work, and does not wait for long."""
        self.nodes, self.network, self.pair, self.box, self.load = nodes, network, pair, box, load
        self.faults: list[Row] = []
        self.ends: list[tuple[float, int, Row, Fault]] = []
        self.down: set[int] = set()  # killed, and not yet started again
        self.numbers = itertools.count()
        self.receiver = 0  # the process that stands still, while the standby does

    def run(self, faults: typing.Iterable[Fault]) -> None:
        try:
            for fault in faults:
                self.do(fault)
            self.finish()
        finally:
            self.wake_standby()

    def do(self, fault: Fault) -> None:
        if fault.is_alone:
            self.finish()
            self.settle()
        if fault.is_alone and fault.kind in ("kill", "still"):
            self.calm_down()
        self.wait(fault.pause)
        self.finish(fault.node)
        self.begin(fault)
        if fault.is_alone:
            self.finish()

    # -- time --------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Ends what is over by then."""
        until = time.monotonic() + seconds
        while True:
            self.revive()
            now = time.monotonic()
            if self.ends and self.ends[0][0] <= now:
                self.end_first()
            elif now >= until:
                return
            else:
                time.sleep(min(0.2, min([until, *(end[0] for end in self.ends)]) - now))

    def finish(self, node: int | None = None) -> None:
        """Waits for the ends of all faults, or of those of a node."""
        while any(node is None or fault.node == node for _, _, _, fault in self.ends):
            self.wait(max(0.0, self.ends[0][0] - time.monotonic()))

    def calm_down(self) -> None:
        """Take-over is measured: nodes that found the database again a moment ago take nobody for dead yet."""
        last = max((row["t1"] for row in self.faults), default=0.0) / 1000
        self.wait(last + SETTLED_S - time.monotonic())

    def settle(self) -> None:
        """Every node runs and has come back."""
        def ready() -> bool:
            self.revive()
            return all(is_ready(node) for node in self.nodes)
        eventually("every node is ready", ready, READY_S)

    def revive(self) -> None:
        """What a supervisor does with a process that ended: taken for dead, or started while there was no database."""
        for number, node in enumerate(self.nodes):
            if number in self.down or node.child.poll() is None:
                continue
            if node.child.returncode != (1 if "cannot start" in node.tail(1) else NOT_OURS):
                raise RuntimeError(f"node{number} ended with {node.child.returncode}:\n{node.tail()}")
            self.faults.append({"round": -1, "kind": "ended", "node": number, "is_alone": False,
                                "t0": time.monotonic() * 1000, "t1": time.monotonic() * 1000})
            node.kill()
            node.start(wait=False)

    # -- what happens ------------------------------------------------------------------------------------------------

    def begin(self, fault: Fault) -> None:
        if fault.kind in ("kill", "still"):
            self.give_work(fault)
        now = time.monotonic()
        row: Row = {"round": fault.round, "kind": fault.kind, "node": fault.node, "is_alone": fault.is_alone,
                    "seconds": fault.seconds, "how": fault.how, "t0": now * 1000, "t1": now * 1000}
        self.faults.append(row)
        getattr(self, f"begin_{fault.kind}")(fault)
        heapq.heappush(self.ends, (time.monotonic() + fault.seconds, next(self.numbers), row, fault))

    def end_first(self) -> None:
        _, _, row, fault = heapq.heappop(self.ends)
        getattr(self, f"end_{fault.kind}", lambda _fault: None)(fault)
        row["t1"] = time.monotonic() * 1000

    def give_work(self, fault: Fault) -> None:
        """So that the node has some that is due, or in flight to a remote that takes its time."""
        volley = MEASURED_VOLLEY if fault.how == BEFORE_THE_TEXT else VOLLEY
        if fault.how == BEFORE_THE_TEXT:
            # Others take some of them; of those that the dead one had nothing has arrived.
            self.box.fault(vendor="smtp", method="MAIL", action="delay", ms=2 * SLOW_MS, times=volley + 2)
        elif fault.how:
            # What is asked is done at once and answered late: when it arrived is known. SMTP does most in DATA.
            self.box.fault(vendor=fault.how, method="DATA" if fault.how == "smtp" else "POST", action="delay",
                           ms=SLOW_MS, times=VOLLEY, apply=True)
        until = time.monotonic() + SLOW_MS / 1000
        for _ in range(volley):
            if time.monotonic() < until:  # a busy machine: what is in flight would have come back
                self.load(fault.node)

    def begin_kill(self, fault: Fault) -> None:
        self.down.add(fault.node)
        self.nodes[fault.node].kill(signal.SIGKILL)

    def end_kill(self, fault: Fault) -> None:
        self.nodes[fault.node].start(wait=False)
        self.down.discard(fault.node)

    def begin_still(self, fault: Fault) -> None:
        self.nodes[fault.node].child.send_signal(signal.SIGSTOP)

    def end_still(self, fault: Fault) -> None:
        self.nodes[fault.node].child.send_signal(signal.SIGCONT)

    def begin_cut(self, fault: Fault) -> None:
        self.network.cut(fault.node)

    def begin_backend(self, fault: Fault) -> None:
        """As an administrator ends its sessions on the server."""
        with contextlib.suppress(RuntimeError):  # there is no server just now
            self.pair.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           f"WHERE application_name = 'tocsin/node{fault.node}'")

    def begin_standby(self, _fault: Fault) -> None:
        """It stands still: commits wait, and the server answers all the same."""
        self.finish_promotions()
        self.receiver = self.pair.standby.process("walreceiver")
        if self.receiver:
            os.kill(self.receiver, signal.SIGSTOP)

    def end_standby(self, _fault: Fault) -> None:
        self.wake_standby()

    def wake_standby(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.receiver:
                os.kill(self.receiver, signal.SIGCONT)
        self.receiver = 0

    def begin_commit(self, fault: Fault) -> None:
        self.network.cut_at_commit(fault.node, fault.how)

    def end_commit(self, fault: Fault) -> None:
        self.network.cut_at_commit(fault.node, "")

    def begin_hole(self, fault: Fault) -> None:
        self.network.hole(fault.node, True)

    def end_hole(self, fault: Fault) -> None:
        self.network.hole(fault.node, False)

    def begin_delay(self, fault: Fault) -> None:
        self.network.delay(fault.node, fault.seconds / 10)

    def end_delay(self, fault: Fault) -> None:
        self.network.delay(fault.node, 0)

    def begin_crash(self, _fault: Fault) -> None:
        self.pair.restart()

    def begin_promote(self, fault: Fault) -> None:
        self.finish_promotions()
        self.finish_kind("standby")
        self.pair.promote()

    def end_promote(self, _fault: Fault) -> None:
        self.pair.attach()

    def begin_remote(self, fault: Fault) -> None:
        """Answers that are lost after the call was carried out."""
        self.box.fault(vendor=fault.how or "jira", action="drop_after_apply", times=2)

    def finish_promotions(self) -> None:
        """There must be a standby."""
        self.finish_kind("promote")

    def finish_kind(self, kind: str) -> None:
        while any(fault.kind == kind for _, _, _, fault in self.ends):
            self.wait(max(0.0, self.ends[0][0] - time.monotonic()))


class Watch(threading.Thread):
    """Looks at what the nodes take of the machine."""

    def __init__(self, nodes: list[Tocsin], stop: threading.Event, samples: list[Row]) -> None:
        super().__init__(daemon=True)
        self.nodes, self.stop, self.samples = nodes, stop, samples

    def run(self) -> None:
        while not self.stop.wait(0.5):
            for number, node in enumerate(self.nodes):
                try:
                    self.samples.append({"t_ms": time.monotonic() * 1000, "node": number, **taken(node)})
                except (OSError, KeyError):
                    pass  # it has just ended


def taken(node: Tocsin) -> Row:
    proc = pathlib.Path(f"/proc/{node.child.pid}")
    lines = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return {"rss_kb": int(lines["VmRSS"].split()[0]), "threads": int(lines["Threads"]),
            "fds": sum(1 for _ in (proc / "fd").iterdir()),
            "data_kb": sum(kilobytes(file) for file in (node.folder / "data").rglob("*")), "log_kb": kilobytes(node.log)}


def kilobytes(file: pathlib.Path) -> int:
    """Of the disk: what it has begun, a name at least."""
    return file.stat().st_size // 1024 + 1


def is_ready(node: Tocsin) -> bool:
    try:
        return node.api("GET", "/readyz").status == 200
    except (OSError, http.client.HTTPException):
        return False
