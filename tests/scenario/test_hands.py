"""What a node has in hand: it is let go before another node may take it, whatever the node knows of the database; and no
transaction waits for a remote."""
from __future__ import annotations

import json
import re
import time
import typing
import unittest

from harness import Tocsin, World, eventually, postgres
from pg_proxy import Network
from worlds import SECRETS, VENDORS, Scenario, Topic, alert, base_config, believe_searches, fresh, group

LEASE_MS = 3000  # core/store/nodes.h
Call = dict[str, typing.Any]


class Cut(Scenario):
    """Node a is cut off from the database while calls are on their way and more wait. The sandbox tells the nodes apart by
    the name that they call it by, mails by their sender."""
    store = "postgres"
    ALARMS = 6
    # Longer than a lease: without its end the call of a would end after it.
    LONG_MS, SHORT_MS = 6000, 700

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World(cls.store))
        cls.box, cls.env = cls.world.sandbox(), dict(SECRETS)
        network = cls.network = cls.enterClassContext(Network(1, [typing.cast(postgres.Server, cls.world.database).folder]))
        cls.app = cls.start("a", network.url(0), lambda url: url)
        cls.b = cls.start("b", cls.world.store_url, cls.other_name)

    @classmethod
    def start(cls, name: str, store: str, named: typing.Callable[[str], str]) -> Tocsin:
        folder = cls.world.folder / name
        folder.mkdir()
        config = base_config(Topic(folder).cert, {key: named(url) if key != "smtp" else url for key, url in cls.box.urls.items()})
        believe_searches(config, folder)
        config["node"] = name
        config["connectors"]["mail"]["from"] = f"{name}@example.com"
        config["connectors"]["jira"]["concurrency"] = 1  # the others wait in its queue
        for vendor in VENDORS:
            config["connectors"][vendor]["allow"] = ["127.0.0.1", "localhost"]
        return cls.world.tocsin(config, cls.env, folder=folder, store=store)

    @staticmethod
    def other_name(url: str) -> str:
        return url.replace("localhost", "127.0.0.1") if "localhost" in url else url.replace("127.0.0.1", "localhost")

    def test_it_lets_go_before_its_lease_has_ended(self) -> None:
        for vendor, late_ms in (("servicenow", self.LONG_MS), ("jira", self.SHORT_MS), ("pagerduty", self.SHORT_MS)):
            self.box.fault(vendor=vendor, action="delay", method="POST", ms=late_ms, times=0)
        self.box.fault(vendor="smtp", action="delay", method="RCPT", ms=self.LONG_MS, times=0)
        names = [fresh("cut") for _ in range(self.ALARMS)]
        for name in names:
            self.opened(self.app.alarm("prom", group(name, alert(name, "a"))))
        eventually("calls of each kind are on their way", self.are_under_way)
        self.network.hole(0, True)
        eventually("b takes over", lambda: self.row_of_a()["ended_by"] == "b", 20)
        self.box.no_faults()
        for name in names:
            self.tickets(name, "OPEN", timeout=60)
            self.mail(name, 60)
        self.ends()
        row = self.row_of_a()
        self.nothing_after(int(row["seen_ms"]) + LEASE_MS)
        for name in names:
            self.one_after_the_other(name)
            self.assertEqual(["b@example.com"], [mail["from"] for mail in self.box.mails(name)])
        self.assertFalse(any(self.box.admin("GET", "/counts")["duplicates"].values()))

    def are_under_way(self) -> bool:
        return all(rule["struck"] for rule in self.box.admin("GET", "/faults")["faults"])

    def row_of_a(self) -> dict[str, typing.Any]:
        return self.world.store.rows("SELECT a.seen_ms, b.node AS ended_by FROM epochs a LEFT JOIN epochs b ON b.epoch = a.ended_by "
                                     "WHERE a.node = 'a'")[0]

    def ends(self) -> None:
        """It learns of it when it reaches the database again."""
        self.network.hole(0, False)
        self.assertEqual(70, self.app.child.wait(30), self.app.tail())
        self.app.kill()

    def calls_of(self, vendor: str, url: str) -> list[Call]:
        host = url.split("/")[2]
        return [call for call in self.box.calls(vendor) if call["headers"].get("host") == host]

    def both(self, vendor: str) -> tuple[list[Call], list[Call]]:
        url = self.box.urls[vendor]
        return self.calls_of(vendor, url), self.calls_of(vendor, self.other_name(url))

    def nothing_after(self, end_ms: int) -> None:
        """Of a's: no call begins, and none goes on."""
        apart_ms = (time.time() - time.monotonic()) * 1000
        for vendor in VENDORS:
            by_a, by_b = self.both(vendor)
            self.assertTrue(by_a and by_b, vendor)
            for call in by_a:
                self.assertLess(call["end_ms"] + apart_ms, end_ms, call)
        self.assertTrue(any(call["status"] == 0 for call in self.both("servicenow")[0]), "none was on its way")

    def one_after_the_other(self, name: str) -> None:
        """The last byte of a's calls about it is before b's first."""
        for ticket in self.tickets(name):
            words = (name, self.tickets(name)[ticket]["marker"])
            a, b = ([call for call in calls if any(word in json.dumps(call) for word in words)] for calls in self.both(ticket))
            self.assertTrue(b or a, f"{name}: {ticket}")
            if a and b:
                self.assertLess(max(call["end_ms"] for call in a), min(call["t_ms"] for call in b), f"{name}: {ticket}")


class Waits(Scenario):
    """Every remote answers late."""
    store = "postgres"
    LATE_MS, LONGEST_MS = 4000, 1000
    CREATES = {"jira": "/issue$", "pagerduty": "/incidents$", "servicenow": "/incident$"}  # others are asked by feeds, too
    AGE = """SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint, 0) FROM pg_stat_activity
        WHERE application_name LIKE 'tocsin/%' AND datname = current_database()"""

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    def oldest_ms(self) -> int:
        """Of the transactions that nodes have open, whether they wait or not."""
        return int(self.server.psql(self.AGE))

    def test_no_transaction_is_open_meanwhile(self) -> None:
        for vendor, path in self.CREATES.items():
            self.box.fault(vendor=vendor, action="delay", method="POST", path_re=path, ms=self.LATE_MS, times=1)
        self.box.fault(vendor="smtp", action="delay", method="DATA", ms=self.LATE_MS, times=1)
        name = fresh("late")
        self.opened(self.app.alarm("prom", group(name, alert(name, "a"))))
        eventually("all are asked", lambda: all(rule["struck"] for rule in self.box.admin("GET", "/faults")["faults"]), 3)
        ages = []
        while not any(re.search(self.CREATES[vendor], call["path"]) for vendor in VENDORS for call in self.box.calls(vendor, "POST")):
            ages.append(self.oldest_ms())
        self.assertGreater(len(ages), 4)
        self.assertLess(max(ages), self.LONGEST_MS)
        self.tickets(name, "OPEN")
        self.mail(name)

    def test_one_that_is_would_be_seen(self) -> None:
        with self.server.holding("SET LOCAL application_name = 'tocsin/held'"):
            eventually("it is seen", lambda: self.oldest_ms() >= self.LONGEST_MS, 5)


if __name__ == "__main__":
    unittest.main()
