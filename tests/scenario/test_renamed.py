"""What incidents know by a name that the configuration gives up: a response plan, a source."""
from __future__ import annotations

import json
import signal
import time
import typing
import unittest

from harness import eventually
from worlds import Config, Scenario, alert, fresh, group


class Renamed(Scenario):
    def said(self, words: str) -> int:
        return self.app.log.read_text().count(words)

    def reload(self, change: typing.Callable[[Config], object]) -> None:
        config = json.loads(self.app.config_file.read_text())
        change(config)
        self.app.config_file.write_text(json.dumps(config))
        before = self.said("configuration reloaded")
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: self.said("configuration reloaded") > before)

    def mails(self, name: str) -> int:
        return sum(name in mail["subject"] for mail in self.box.mails())

    def fire(self, name: str, before_s: float = 100) -> str:
        return self.opened(self.prom(group(name, alert(name, "a", start=time.time() - before_s))))

    def end(self, name: str) -> None:
        self.prom(group(name, alert(name, "a", status="resolved", end=time.time() - 50)))


class Plan(Renamed):
    def test_an_alarm_that_returns_pages(self) -> None:
        """Within the reopen window, after its plan was renamed."""
        def rename(config: Config) -> None:
            config["resources"]["response_plans"][0]["name"] = "renamed"
            for source in config["sources"].values():
                source["response_plan"] = "renamed"

        name = fresh("plan")
        ident = self.fire(name)
        eventually("it is paged", lambda: self.mails(name) == 1)
        self.end(name)
        eventually("it is over", lambda: self.app.incident(ident)["status"] == "RESOLVED")
        self.reload(rename)
        self.assertEqual(ident, self.fire(name, 10))
        eventually("it is paged again", lambda: self.mails(name) == 2)
        self.assertEqual("renamed", self.app.incident(ident)["response_plan"])
        self.assertIn("is not configured any more: renamed of source prom takes its place", self.texts(ident))
        self.assertNotIn("nobody is engaged", self.texts(ident))


if __name__ == "__main__":
    unittest.main()
