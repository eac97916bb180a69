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


class Source(Renamed):
    """Nobody tells the end of what fires: that is told, and who can act hears what to do."""

    WARNING = 'source=prom incidents={} do="resolve them by hand, or configure the source under this name again'
    LINE = "an alarm of source prom fires, which is not configured any more"

    def told(self, ident: str) -> int:
        return self.texts(ident).count(self.LINE)

    def test_incidents_of_a_source_that_is_gone(self) -> None:
        prom = json.loads(self.app.config_file.read_text())["sources"]["prom"]
        idents = [self.fire(fresh("many")) for _ in range(20)]  # more than are written at once
        over = fresh("over")
        others = [self.fire(over), self.open_one("shared")[1]]
        self.end(over)
        self.reload(lambda config: config["sources"].pop("prom"))
        eventually("it is warned of", lambda: self.said(self.WARNING.format(20)) == 1)
        eventually("each says so", lambda: all(self.told(ident) == 1 for ident in idents))
        self.assertEqual([0, 0], [self.told(ident) for ident in others])
        self.app.kill(15)
        self.app.start()
        eventually("it is warned of again", lambda: self.said(self.WARNING.format(20)) == 2)
        self.app.api("POST", f"/v1/incidents/{idents[0]}/resolve", {"code": "done"})
        self.assertEqual("RESOLVED", self.app.incident(idents[0])["status"])
        self.reload(lambda config: config["sources"].update(prom=prom))
        self.assertEqual({1}, {self.told(ident) for ident in idents}, "once")
        self.assertEqual(2, self.said("incidents wait for a source"))


if __name__ == "__main__":
    unittest.main()
