"""A source with stale_after that says nothing more of what fires: its incident and tickets end, with the reason."""
from __future__ import annotations

import unittest

from harness import eventually
from worlds import VENDORS, Config, Scenario, alert, fresh, group

STALE_S = 60  # the shortest; it may take as long again, and the time of the start
PATIENCE_S = 150


class Silence(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["sources"]["prom"]["stale_after"] = f"{STALE_S}s"

    def test_group_whose_last_alarm_was_silenced(self) -> None:
        name, other = fresh("silenced"), fresh("kept")
        ident = self.opened(self.prom(group(name, alert(name, "a"), alert(name, "b"))))
        kept = self.opened(self.cloudwatch(other))
        self.tickets(name)

        def resolved() -> bool:
            return bool(self.app.incident(ident)["status"] == "RESOLVED")
        eventually("it is resolved", resolved, PATIENCE_S)
        self.assertIn("2 alarms of prom were not seen any more: unknown", self.texts(ident))
        self.assertIn("source went silent: nothing was heard for 1 min", self.texts(ident))
        self.tickets(name, "RESOLVED", VENDORS)
        self.assertEqual("OPEN", self.app.incident(kept)["status"])
        # A sign of life within the reopen window: the same incident goes on.
        again = self.prom(group(name, alert(name, "a")))
        self.assertEqual(ident, self.opened(again))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])


if __name__ == "__main__":
    unittest.main()
