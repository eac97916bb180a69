"""The front door from outside: requests that are hostile, slow, endless or broken off are answered or closed in their
time, run nothing, and leave nothing behind."""
from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import resource
import select
import socket
import struct
import threading
import time
import typing
import unittest

from harness import SOURCE_TOKEN, TOKENS, Failure, Tocsin, World, eventually, is_sanitized
from test_config import NOWHERE
from worlds import SECRETS, Config, Topic, alert, base_config, fresh, group

HEAD_S, BODY_S, IDLE_S, WRITE_S = 5.0, 15.0, 30.0, 10.0  # the deadlines of core/gateway/server.c
EARLY_S, LATE_S = 0.2, 4.0  # how far an end may be from its deadline
PATIENCE_S, HONEST_S = 45.0, 3.0
ADDRESS_CAP, CAP = 8, 12
FEW_FDS, CROWD = 64, 200
FLOOD_BYTES, RESETS = 40 << 20, 300
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
NO_WAIT_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: close() resets


def delivery(name: str) -> bytes:
    """A whole, valid delivery of an alarm; what must not be run is one of these, hidden behind something else."""
    body = json.dumps(group(name, alert(name, "a"))).encode()
    return b"\r\n".join([b"POST /sources/prom HTTP/1.1", b"Host: localhost", b"Content-Type: application/json",
                         f"Authorization: Bearer {SOURCE_TOKEN}".encode(), f"Content-Length: {len(body)}".encode(),
                         b"", body])


class Line:
    """A connection on which bytes are sent as they are."""

    def __init__(self, app: Tocsin, source: str = "127.0.0.1", receive_bytes: int = 0, port: int = 0) -> None:
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port or app.port))
        self.opened = time.monotonic()
        self.got, self.is_closed = b"", False

    def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # what the server says to it is what counts
            self.socket.sendall(data)

    def read(self, timeout: float) -> bool:
        """Takes what comes next; False when nothing comes in that time."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return False
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.got += data
        self.is_closed = not data
        return True

    def statuses(self) -> list[int]:
        return [int(code) for code in STATUS.findall(self.got)]

    def wait(self, answers: int, timeout: float = PATIENCE_S) -> None:
        """Reads until so many answers came, or the end."""
        end = time.monotonic() + timeout
        while not self.is_closed and len(self.statuses()) < answers:
            if not self.read(max(end - time.monotonic(), 0)):
                raise Failure(f"{answers} answers did not come in {timeout:.0f} s: {self.got!r}")

    def wait_closed(self, timeout: float = PATIENCE_S) -> float:
        """Reads to the end; how long the connection was open."""
        end = time.monotonic() + timeout
        while not self.is_closed:
            if not self.read(max(end - time.monotonic(), 0)):
                raise Failure(f"not closed in {timeout:.0f} s: {self.got!r}")
        return time.monotonic() - self.opened

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_WAIT_ON_CLOSE)
        self.socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: typing.Any) -> None:
        self.socket.close()


class Vitals(typing.NamedTuple):
    """What a process uses."""
    fds: int
    rss_bytes: int
    cpu_s: float
    log_bytes: int


def vitals(app: Tocsin) -> Vitals:
    folder = f"/proc/{app.child.pid}"
    with open(f"{folder}/statm", encoding="ascii") as statm, open(f"{folder}/stat", encoding="ascii") as stat:
        pages = int(statm.read().split()[1])
        ticks = stat.read().rsplit(")", 1)[1].split()[11:13]
    return Vitals(len(os.listdir(f"{folder}/fd")), pages * os.sysconf("SC_PAGE_SIZE"),
                  sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), app.log.stat().st_size)


def number(metrics: bytes, name: str) -> int:
    found = re.search(rf"^{name} (\d+)$", metrics.decode(), re.MULTILINE)
    if not found:
        raise Failure(f"{name} is not told")
    return int(found[1])


# The cases of h1spec (github.com/uNetworking/h1spec): starts of a request, for which the server waits ...
STARTS = (b"G", b"GET ", b"GET /hello", b"GET /hello ", b"GET /hello HTTP", b"GET /hello HTTP/1.1",
          b"GET /hello HTTP/1.1\r", b"GET /hello HTTP/1.1\r\n", b"GET /hello HTTP/1.1\r\nHos",
          b"GET /hello HTTP/1.1\r\nHost:", b"GET /hello HTTP/1.1\r\nHost: ", b"GET /hello HTTP/1.1\r\nHost: localhost",
          b"GET /hello HTTP/1.1\r\nHost: localhost\r", b"GET /hello HTTP/1.1\r\nHost: localhost\r\n",
          b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r")
# ... what it refuses, and with which status ...
REFUSED = {
    "no version": (b"GET / \r\n\r\n", 400),
    "brackets in a name": (GET + b"X-A[]: b\r\n\r\n", 400),
    "no host": (b"GET /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 400),
    "two hosts": (GET + b"Host: example.org\r\n\r\n", 400),
    "negative length of 27 digits": (GET + b"Content-Length: -123456789123456789123456789\r\n\r\n", 400),
    "negative length": (GET + b"Content-Length: -1234\r\n\r\n", 400),
    "length of letters": (GET + b"Content-Length: abc\r\n\r\n", 400),
    "control byte in a value": (GET + b"X-A: test\x07\r\n\r\n", 400),
    "version 9.9": (b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", 505),
    "words before the method": (b"Extra line" + GET + b"\r\n", 400),
    "return before a field": (GET + b"\rX-A: b\r\n\r\n", 400),
    "coding and length": (GET + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400),
    # not one of theirs: RFC 9112 section 3.2
    "host that is none": (b"GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
}
# ... and what it answers.
ANSWERED = {
    "expectation without a body": GET + b"Expect: 100-continue\r\n\r\n",
    "plain": GET + b"\r\n",
    "tab, odd capitals, no value": b"GET /healthz HTTP/1.1\r\nhoSt:\tlocalhost\r\nempty:\r\n\r\n",
    "value of a blank": GET + b"X-Empty-Header: \r\n\r\n",
}

POST = b"POST /sources/prom HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + SOURCE_TOKEN.encode() + b"\r\n"
# What is sent at once, then again each half second; the answers, and when the connection ends.
SLOW: dict[str, tuple[bytes, bytes, list[int], float]] = {
    "silent": (b"", b"", [], HEAD_S),
    "a field each half second": (GET, b"X-A: b\r\n", [408], HEAD_S),
    "a body that stops": (POST + b"Content-Length: 100\r\n\r\nabc", b"", [408], BODY_S),
    "a byte each half second": (POST + b"Content-Length: 100\r\n\r\n", b"x", [408], BODY_S),
    "a chunk each half second": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", [408], BODY_S),
    "idle after an answer": (GET + b"\r\n", b"", [200], IDLE_S),
    "a second head that stops": (GET + b"\r\n" + GET, b"", [200, 408], HEAD_S),
    **{f"start {start!r}": (start, b"", [408], HEAD_S) for start in STARTS}}


class Door(unittest.TestCase):
    """A Tocsin without tickets and pages: all that it does comes through the front door."""

    limits: Config = {"per_address": 512}
    app: Tocsin

    @classmethod
    def setUpClass(cls) -> None:
        world = cls.enterClassContext(World())
        config = base_config(Topic(world.folder).cert, NOWHERE)
        del config["connectors"], config["channels"]
        config["resources"] = {"response_plans": [{"name": "web", "incidentTemplate": {"title": "Web", "impact": 2}}]}
        cls.app = world.tocsin({**config, "limits": cls.limits}, SECRETS)

    def setUp(self) -> None:
        with Line(self.app) as line:  # what the first alarm opens stays open
            line.send(delivery(fresh("first")))
            line.wait(1)
        self.before = self.at_rest()

    def metric(self, name: str) -> int:
        return number(self.app.api("GET", "/metrics").body, name)

    def at_rest(self) -> Vitals:
        """Taken while the connection that asks for it is the only one."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)) as line:
            def is_alone() -> bool:
                line.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKENS['viewer']}"})
                return number(line.getresponse().read(), "tocsin_connections_open") == 1
            eventually("no other connection is open", is_alone)
            return vitals(self.app)

    def serves(self, line: Line) -> None:
        """One more request on a connection that stays open."""
        answers = len(line.statuses())
        line.send(GET + b"\r\n")
        line.wait(answers + 1, timeout=5)
        self.assertEqual(200, line.statuses()[-1], line.got)

    def nothing_is_left(self) -> None:
        before, after = self.before, self.at_rest()
        self.assertEqual(before.fds, after.fds)
        if not is_sanitized(self.app):
            self.assertLess(after.rss_bytes - before.rss_bytes, 4 << 20)
        self.assertLess(after.log_bytes - before.log_bytes, 256 << 10)

    def not_run(self, hidden: typing.Iterable[str]) -> None:
        titles = [row["title"] for row in self.app.incidents("?limit=200")]
        self.assertEqual([], [name for name in hidden if any(name in title for title in titles)])


class Hostile(Door):
    def test_what_is_refused_hides_nothing(self) -> None:
        hidden = []
        for name, (data, status) in REFUSED.items():
            with self.subTest(name), Line(self.app) as line:
                hidden.append(fresh("hidden"))
                line.send(data + delivery(hidden[-1]))
                self.assertLess(line.wait_closed(timeout=5), 2)
                self.assertEqual([status], line.statuses(), line.got)
        self.not_run(hidden)
        self.nothing_is_left()

    def test_what_is_valid_is_answered_once(self) -> None:
        for name, data in ANSWERED.items():
            with self.subTest(name), Line(self.app) as line:
                line.send(data)
                line.wait(1, timeout=5)
                line.socket.shutdown(socket.SHUT_WR)
                line.wait_closed(timeout=5)
                self.assertEqual([200], line.statuses(), line.got)
        with Line(self.app) as line:
            name = fresh("valid")
            line.send(delivery(name))
            line.wait(1, timeout=5)
            self.assertEqual([202], line.statuses(), line.got)
        self.assertEqual(1, sum(name in row["title"] for row in self.app.incidents("?limit=200")))


class Slow(Door):
    """All at the same time: each must be ended by its own deadline, and honest ones are served meanwhile."""

    def drip(self, line: Line, tick: bytes) -> None:
        """Sends tick each half second until something comes back."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not line.read(0.5):
            line.send(tick)

    def slow(self, name: str) -> str:
        at_once, tick, statuses, due_s = SLOW[name]
        with Line(self.app) as line:
            line.send(at_once)
            if tick:
                self.drip(line, tick)
            took = line.wait_closed()
            if line.statuses() != statuses or not due_s - EARLY_S <= took <= due_s + LATE_S:
                return f"{name}: {line.statuses()} after {took:.1f} s, not {statuses} after {due_s:.0f} s"
        return ""

    def flood(self) -> str:
        """Requests without end from a client that never reads: the server stops taking them, then ends it."""
        before, sent, block = self.metric("tocsin_requests_total"), 0, (GET + b"\r\n") * 1000
        with Line(self.app, receive_bytes=4096) as line:
            line.socket.settimeout(WRITE_S + LATE_S)
            try:
                while sent < FLOOD_BYTES:
                    sent += line.socket.send(block)
            except ConnectionError:
                took = time.monotonic() - line.opened
                executed = self.metric("tocsin_requests_total") - before
                print(f"flood: {sent >> 10} KiB taken, {executed} requests run, ended after {took:.1f} s")
                return "" if executed * len(GET) < FLOOD_BYTES / 2 else f"flood: {executed} requests were run"
            except TimeoutError:
                return "flood: the client that never reads was not ended"
        return f"flood: {sent} bytes were taken"

    def broken(self) -> str:
        """Connections that end with a reset, at every place of a request."""
        data = GET + b"\r\n" + delivery(fresh("broken"))[:-1]
        for n in range(RESETS):
            line = Line(self.app)
            line.send(data[:n * len(data) // RESETS])
            line.reset()
        return ""

    def honest(self, stop: threading.Event) -> str:
        """Somebody who asks again and again; the longest time that an answer took must be short."""
        longest = 0.0
        with Line(self.app) as line:
            while not stop.wait(0.1):
                asked = time.monotonic()
                self.serves(line)
                line.got = b""
                longest = max(longest, time.monotonic() - asked)
        print(f"honest: {longest:.3f} s at most")
        return "" if longest < HONEST_S else f"an honest request took {longest:.1f} s"

    def test_each_is_ended_in_its_time(self) -> None:
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(len(SLOW) + 3) as pool:
            honest = pool.submit(self.honest, stop)
            others = [pool.submit(self.flood), pool.submit(self.broken)]
            others += [pool.submit(self.slow, name) for name in SLOW]
            concurrent.futures.wait(others)
            stop.set()
            problems = [future.result() for future in [honest, *others]]
        self.assertEqual([], [problem for problem in problems if problem])
        self.nothing_is_left()


class Full(Door):
    """More clients than there is room for."""

    limits = {"per_address": ADDRESS_CAP, "max_connections": CAP}

    def test_shares_and_the_cap(self) -> None:
        with contextlib.ExitStack() as stack:
            def line(source: str) -> Line:
                return stack.enter_context(Line(self.app, source))
            mine = [line("127.0.0.1") for _ in range(ADDRESS_CAP)]
            for one in mine:
                self.serves(one)
            one_too_many = line("127.0.0.1")
            one_too_many.wait_closed(timeout=5)
            self.assertEqual(b"", one_too_many.got)
            others = [line("127.0.0.2") for _ in range(CAP - ADDRESS_CAP)]
            for one in others:
                self.serves(one)
            late = line("127.0.0.3")
            late.send(GET + b"\r\n")
            self.assertFalse(late.read(0.3), late.got)
            for one in mine + others:
                self.serves(one)
            others[0].socket.close()
            late.wait(1, timeout=5)
            self.assertEqual([200], late.statuses())
        self.nothing_is_left()


class NoDescriptors(Door):
    def test_the_served_are_served_on(self) -> None:
        pid = self.app.child.pid
        with contextlib.ExitStack() as stack:
            good = stack.enter_context(Line(self.app))
            self.serves(good)
            limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW_FDS, limit[1]))
            crowd = [stack.enter_context(Line(self.app)) for _ in range(CROWD)]
            for line in crowd:
                line.send(GET + b"\r\n")
            eventually("all descriptors are in use", lambda: vitals(self.app).fds >= FEW_FDS)
            started, busy = time.monotonic(), vitals(self.app)
            while time.monotonic() - started < 1:
                self.serves(good)
                good.got = b""
                select.select([], [], [], 0.02)
            spent = vitals(self.app)
            self.assertLess(spent.cpu_s - busy.cpu_s, 0.5)
            name = fresh("few")
            good.send(delivery(name))
            good.wait(1, timeout=5)
            self.assertEqual([202], good.statuses(), good.got)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
            for line in crowd:
                line.wait(1, timeout=10)
                self.assertEqual([200], line.statuses(), line.got)
        self.nothing_is_left()


if __name__ == "__main__":
    unittest.main()
