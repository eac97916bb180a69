"""Real input: Debian's Prometheus and Alertmanager, a rule that fires and clears, one incident, three tickets."""
from __future__ import annotations

import json
import pathlib
import shutil
import signal
import sys
import unittest

from harness import SKIPPED, SOURCE_TOKEN, Process, eventually, free_port, http
from worlds import Config, Scenario

PROGRAMS = ("prometheus", "prometheus-alertmanager")
NAME = "ShopIsDown"


def rules(expression: str) -> Config:
    """A rule file; JSON is YAML."""
    return {"groups": [{"name": "shop", "interval": "1s", "rules": [{
        "alert": NAME, "expr": expression, "labels": {"severity": "critical", "team": "web"},
        "annotations": {"summary": f"{NAME}: the shop does not answer", "description": "Nobody can buy.",
                        "runbook_url": "https://runbooks.example.com/shop"}}]}]}


class Prometheus(Scenario):
    folder: pathlib.Path
    prometheus: Process

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = cls.world.folder
        alertmanager = cls.start_alertmanager()
        cls.write_rules("vector(0) == 1")
        cls.start_prometheus(alertmanager)

    @classmethod
    def start_one(cls, name: str, port: int, *words: str) -> Process:
        process = Process([name, f"--web.listen-address=127.0.0.1:{port}", *words], cls.folder / f"{name}.log")
        cls.world.processes.append(process)
        eventually(f"{name} is ready", lambda: http("GET", f"http://127.0.0.1:{port}/-/ready").status == 200, 60)
        return process

    @classmethod
    def start_alertmanager(cls) -> int:
        port, config = free_port(), cls.folder / "alertmanager.yml"
        config.write_text(json.dumps({
            "route": {"receiver": "tocsin", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s",
                      "repeat_interval": "1h"},
            "receivers": [{"name": "tocsin", "webhook_configs": [{
                "url": cls.app.url + "/sources/prom", "send_resolved": True,
                "http_config": {"authorization": {"credentials": SOURCE_TOKEN}}}]}]}))
        cls.start_one("prometheus-alertmanager", port, f"--config.file={config}", "--cluster.listen-address=",
                      f"--storage.path={cls.folder / 'alertmanager'}")
        return port

    @classmethod
    def write_rules(cls, expression: str) -> None:
        (cls.folder / "rules.yml").write_text(json.dumps(rules(expression)))

    @classmethod
    def start_prometheus(cls, alertmanager: int) -> None:
        config = cls.folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"evaluation_interval": "1s", "scrape_interval": "1s"}, "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]}}))
        cls.prometheus = cls.start_one("prometheus", free_port(), f"--config.file={config}",
                                       f"--storage.tsdb.path={cls.folder / 'prometheus'}",
                                       # A reload forgets the Alertmanagers for seconds and alerts with them.
                                       "--rules.alert.resend-delay=1s")

    def set_rule(self, expression: str) -> None:
        self.write_rules(expression)
        self.prometheus.child.send_signal(signal.SIGHUP)

    def test_a_rule_fires_and_clears(self) -> None:
        self.set_rule("vector(1)")
        (row,) = eventually("an incident", self.app.incidents, 60)
        self.assertIn(NAME, row["title"])
        self.assertEqual(1, row["impact"], "critical")
        self.tickets(NAME, "OPEN")
        self.mail(NAME)
        self.set_rule("vector(0) == 1")
        eventually("resolved", lambda: self.app.incident(row["id"])["status"] == "RESOLVED", 120)
        self.tickets(NAME, "RESOLVED", timeout=60)
        self.assertEqual(1, len(self.app.incidents()))
        self.assertEqual(1, len(self.box.mails(NAME)))
        incident = self.app.incident(row["id"])
        self.assertTrue([item for item in incident["related"] if "runbooks.example.com" in item["value"]])


if __name__ == "__main__":
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        print(f"skipped: {', '.join(absent)} is not installed; apt-get install {' '.join(absent)}")
        sys.exit(SKIPPED)
    unittest.main()
