"""Descriptors run out: whoever is connected is served, accepted work goes on, nothing spins, and it ends by itself."""
from __future__ import annotations

import http.client
import json
import os
import pathlib
import resource
import socket
import time
import typing
import unittest

from harness import SOURCE_TOKEN, eventually
from worlds import VENDORS, Config, Scenario, alert, believe_searches, fresh, group

FEW = 64
CROWD = 300
BUSY_SHARE = 0.2  # of a core; a loop that spins takes all that it can get
TICKS = os.sysconf("SC_CLK_TCK")


class Descriptors(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def tearDown(self) -> None:
        self.box.no_faults()

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.app.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def open_now(self) -> int:
        return len(os.listdir(f"/proc/{self.app.child.pid}/fd"))

    def crowd(self) -> list[socket.socket]:
        """Clients that connect and say nothing."""
        links = [socket.create_connection(("127.0.0.1", self.app.port), timeout=10) for _ in range(CROWD)]
        for link in links:
            self.addCleanup(link.close)
        return links

    def post(self, link: http.client.HTTPConnection) -> tuple[int, str]:
        """(status, name) of a fresh alarm on an open connection."""
        name = fresh("crowd")
        link.request("POST", "/sources/prom", json.dumps(group(name, alert(name, "a"))),
                     {"Authorization": f"Bearer {SOURCE_TOKEN}", "Content-Type": "application/json"})
        answer = link.getresponse()
        answer.read()
        return answer.status, name

    def connect(self) -> http.client.HTTPConnection:
        link = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)
        self.addCleanup(link.close)
        link.connect()
        return link

    def check_calm(self, began: float, used: float) -> None:
        self.assertLess(self.cpu_s() - used, BUSY_SHARE * (time.monotonic() - began) + 0.5)
        self.assertLess(self.app.log.stat().st_size, 1 << 20)


class FromTheStart(Descriptors):
    """As after `ulimit -n 64`: connections leave what the store and outgoing calls need."""

    limits: typing.ClassVar[tuple[int, int]]

    @classmethod
    def configure(cls, config: Config) -> None:
        super().configure(config)
        cls.limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, cls.limits[1]))

    @classmethod
    def setUpClass(cls) -> None:
        try:
            super().setUpClass()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, cls.limits)

    def test_a_crowd_takes_nothing_from_accepted_work(self) -> None:
        for vendor in VENDORS:
            self.box.fault(vendor=vendor, action="status", status=503, times=0)
        self.box.fault(vendor="smtp", method="MAIL", action="status", status=451, times=0)
        link = self.connect()
        status, name = self.post(link)
        self.assertEqual(202, status)
        began, used = time.monotonic(), self.cpu_s()
        links = self.crowd()
        self.assertLess(self.open_now(), FEW)
        self.box.no_faults()
        self.mail(name, timeout=120)
        self.tickets(name, timeout=120)
        self.check_calm(began, used)
        self.assertNotIn("Too many open files", self.app.log.read_text())
        for crowded in links:
            crowded.close()
        eventually("newcomers are served", lambda: self.open_one("after"), 60)


class UnderWay(Descriptors):
    """The limit is reached in a way that no plan foresaw: accept(2) itself fails."""

    def limit(self, soft: int) -> None:
        _, hard = resource.prlimit(self.app.child.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.app.child.pid, resource.RLIMIT_NOFILE, (soft, hard))

    def test_accept_fails(self) -> None:
        link = self.connect()
        self.assertEqual(202, self.post(link)[0])
        before = resource.prlimit(self.app.child.pid, resource.RLIMIT_NOFILE)[0]
        self.limit(self.open_now())
        self.addCleanup(self.limit, before)
        began, used = time.monotonic(), self.cpu_s()
        self.crowd()
        eventually("it says so", lambda: "accept_failed" in self.app.log.read_text())
        names = []
        for _ in range(20):
            status, name = self.post(link)
            self.assertEqual(202, status)
            names.append(name)
        self.check_calm(began, used)
        self.limit(before)
        self.open_one("after")
        for name in names:
            self.mail(name, timeout=120)
        self.tickets(names[-1], timeout=120)


if __name__ == "__main__":
    unittest.main()
