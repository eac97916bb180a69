"""Two Alertmanagers in a cluster tell of the same groups while ticket systems take 18 s to answer: as many tickets as groups."""
from __future__ import annotations

import concurrent.futures
import json
import pathlib
import re
import shutil
import sys
import unittest

from harness import SKIPPED, SOURCE_TOKEN, Failure, Process, eventually, free_port, http
from worlds import VENDORS, Config, Scenario, fresh

PROGRAM = "prometheus-alertmanager"
GROUPS = 6
ANSWERS_MS = 18_000  # longer than ServiceNow is waited for (15 s), shorter than Jira is (30 s)
SLOW = {"jira": "/rest/api/3/issue$", "servicenow": "/table/incident$"}
SENT = re.compile(r'^alertmanager_notifications_total\{integration="webhook"\} (\d+)$', re.M)


class Alertmanager(Process):
    """One of a cluster. It waits for no other to tell of a group first (--cluster.peer-timeout), as when the other is slow
    or cut off: so each of them tells of each group."""

    def __init__(self, folder: pathlib.Path, config: pathlib.Path, peers: list["Alertmanager"]) -> None:
        port, self.cluster = free_port(), f"127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{port}"
        folder.mkdir()
        super().__init__([PROGRAM, f"--config.file={config}", f"--storage.path={folder}",
                          f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address={self.cluster}",
                          "--cluster.peer-timeout=0s", "--cluster.gossip-interval=100ms",
                          *(f"--cluster.peer={peer.cluster}" for peer in peers)], folder / "log")

    def sees(self, number: int) -> bool:
        """Whether it is one of so many, and begins to tell."""
        cluster = http("GET", self.url + "/api/v2/status").json()["cluster"]
        if cluster["status"] != "ready" or len(cluster["peers"]) != number:
            raise Failure(cluster)
        return True

    def sent(self) -> int:
        found = SENT.search(http("GET", self.url + "/metrics").body.decode())
        return int(found[1]) if found else 0


class Pair(Scenario):
    pair: list[Alertmanager]

    @classmethod
    def configure(cls, config: Config) -> None:
        for vendor in SLOW:
            config["connectors"][vendor]["concurrency"] = 2 * GROUPS
        config["resources"]["response_plans"][0]["engagements"] = []

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        config = cls.world.folder / "alertmanager.yml"
        config.write_text(json.dumps({
            "route": {"receiver": "tocsin", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "2s",
                      "repeat_interval": "2s"},
            "receivers": [{"name": "tocsin", "webhook_configs": [{
                "url": cls.app.url + "/sources/prom", "http_config": {"authorization": {"credentials": SOURCE_TOKEN}}}]}]}))
        cls.pair = []
        for name in ("first", "second"):
            cls.pair.append(Alertmanager(cls.world.folder / name, config, list(cls.pair)))
            cls.world.processes.append(cls.pair[-1])
        for one in cls.pair:
            eventually("the cluster has settled", lambda: one.sees(len(cls.pair)), 60)

    def tell(self, names: list[str]) -> None:
        """As Prometheus does: every Alertmanager, at the same time."""
        alerts = [{"labels": {"alertname": name, "instance": "a", "severity": "critical"},
                   "annotations": {"summary": f"{name} is down"}} for name in names]
        with concurrent.futures.ThreadPoolExecutor(len(self.pair)) as pool:
            answers = list(pool.map(lambda one: http("POST", one.url + "/api/v2/alerts", alerts), self.pair))
        self.assertEqual([200] * len(self.pair), [answer.status for answer in answers])

    def counts(self) -> dict[str, int]:
        counts = self.box.admin("GET", "/counts")
        self.assertFalse(any(counts["duplicates"].values()), counts)
        return counts["tickets"]

    def test_as_many_tickets_as_groups(self) -> None:
        for vendor, path in SLOW.items():
            self.box.fault(vendor=vendor, action="delay", method="POST", path_re=path, ms=ANSWERS_MS, times=0)
        names = [fresh("Group") for _ in range(GROUPS)]
        self.tell(names)
        eventually("both tell of every group", lambda: all(one.sent() >= GROUPS for one in self.pair))
        rows = self.app.incidents()
        self.assertEqual(GROUPS, len(rows))
        self.assertTrue(all("LINKED" not in self.states(row["id"], SLOW) for row in rows), "they were told while it was asked")
        for row in rows:
            self.linked(row["id"], timeout=60)
        self.assertEqual({vendor: GROUPS for vendor in VENDORS}, self.counts())
        self.assertEqual(GROUPS, len(self.app.incidents()))
        self.assertEqual({vendor: GROUPS for vendor in SLOW}, {
            vendor: sum(row["struck"] for row in self.faults(vendor)) for vendor in SLOW}, "each was asked for once")

    def states(self, ident: str, vendors: Config) -> list[str]:
        return [row["state"] for row in self.app.incident(ident)["links"] if row["connector"] in vendors]

    def faults(self, vendor: str) -> list[Config]:
        return [row for row in self.box.admin("GET", "/faults")["faults"] if row["vendor"] == vendor]


if __name__ == "__main__":
    if not shutil.which(PROGRAM):
        print(f"skipped: {PROGRAM} is not installed; apt-get install {PROGRAM}")
        sys.exit(SKIPPED)
    unittest.main()
