"""ServiceNow's own ways: records on hold, fields that it ignores without a word; and changes that only polls find."""
from __future__ import annotations

import json
import unittest

from harness import eventually
from worlds import Config, Scenario, alert, fresh, group

SNOW = ("servicenow",)
BOTH = ("pagerduty", "servicenow")
# As shipped, and with a field that the table does not have.
IMPACT = {
    "remote": ["impact", "urgency", "u_nothing"], "direction": "both", "conflict": "max",
    "out": {"impact": {"table": "impact", "of": "{{env.impact}}"}, "urgency": {"table": "urgency", "of": "{{env.impact}}"},
            "u_nothing": "x"},
    "in": {"table": "priority", "of": {"path": "in.priority"}},
    "echo": {"priority": {"table": "lookup", "of": "{{in.impact}}/{{in.urgency}}"}}}


class Polled(Scenario):
    """Nobody tells of changes: they are asked for every second."""

    VENDORS = SNOW
    CHANGES: Config = {}

    @classmethod
    def configure(cls, config: Config) -> None:
        for vendor in cls.VENDORS:
            mapping = cls.world.folder / f"polled-{vendor}.json"
            mapping.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": f"polled-{vendor}",
                                           "extends": f"connectors/{vendor}", "poll": {"active": "1s", "idle": "1s"}, **cls.CHANGES}))
            config["connectors"][vendor]["mapping"] = str(mapping)
        config["resources"]["response_plans"][0]["connectors"] = list(cls.VENDORS)

    def alarm(self, name: str, severity: str) -> str:
        body = group(name, alert(name, "a"))
        body["commonLabels"]["severity"] = body["alerts"][0]["labels"]["severity"] = severity
        return self.opened(self.prom(body))

    def open_polled(self, severity: str = "warning") -> tuple[str, str]:
        name = fresh("polled")
        ident = self.alarm(name, severity)
        self.linked(ident, self.VENDORS)
        return name, ident

    def record(self, name: str, vendor: str = "servicenow") -> Config:
        rows: list[Config] = self.box.tickets(name, vendor)
        self.assertEqual(1, len(rows))
        return rows[0]

    def person(self, name: str, vendor: str, status: str) -> None:
        self.box.admin("POST", f"/tickets/{vendor}/{self.record(name, vendor)['id']}/status", {"status": status})

    def polls(self) -> int:
        rows = self.box.calls("servicenow", "GET", "/table/incident")
        return sum("STARTSWITH" in str(row["query"]) for row in rows)

    def is_seen(self, ident: str) -> None:
        """A poll began after this was called, and what it found was read."""
        before = self.polls()
        eventually("two polls", lambda: self.polls() >= before + 2)
        eventually("nothing is due", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]))


class OnHold(Polled):
    @classmethod
    def configure(cls, config: Config) -> None:
        super().configure(config)
        cls.box.settings(servicenow={"require_hold_reason": True})

    def test_a_record_on_hold_stays_so_until_it_is_resolved(self) -> None:
        name, ident = self.open_polled()
        self.person(name, "servicenow", "On Hold")
        self.is_seen(ident)
        self.assertFalse(self.app.incident(ident)["acknowledged"])
        self.alarm(name, "critical")
        eventually("what it is worth is written", lambda: self.record(name)["fields"]["impact"] == "1")
        fields = self.record(name)["fields"]
        self.assertEqual(("3", "1"), (fields["state"], fields["hold_reason"]))
        self.app.api("POST", f"/v1/incidents/{ident}/resolve", {"notes": "rolled back"})
        self.tickets(name, "RESOLVED", vendors=SNOW)
        fields = self.record(name)["fields"]
        self.assertEqual(("6", "rolled back"), (fields["state"], fields["close_notes"]))


class Ignored(Polled):
    """What ServiceNow does not know it answers with 200, as if it had taken it."""

    CHANGES: Config = {"fields": {"impact": IMPACT}}

    def test_a_field_that_is_not_kept_is_told_and_left_out(self) -> None:
        name, ident = self.open_polled()
        self.assertIn("servicenow: created, but 1 fields were not kept, u_nothing first", self.texts(ident))
        self.alarm(name, "critical")
        eventually("it is told", lambda: "servicenow refuses the field u_nothing: written without it" in self.texts(ident))
        self.assertEqual(("1", "1"), tuple(self.record(name)["fields"][field] for field in ("impact", "urgency")))
        self.assertEqual([], self.app.api("GET", "/v1/deadletters").json()["items"])


class Silent(Polled):
    """What people do in one system reaches the incident and the other system, though no webhook ever comes."""

    VENDORS = BOTH

    def reaches(self, name: str, ident: str, status_class: str) -> None:
        self.tickets(name, status_class, vendors=BOTH)
        row = self.app.incident(ident)
        self.assertEqual(status_class == "RESOLVED", row["status"] == "RESOLVED")
        self.assertTrue(row["acknowledged"])

    def test_an_acknowledgement_and_an_end_in_pagerduty(self) -> None:
        name, ident = self.open_polled("critical")
        self.person(name, "pagerduty", "acknowledged")
        self.reaches(name, ident, "ACKED")
        self.person(name, "pagerduty", "resolved")
        self.reaches(name, ident, "RESOLVED")

    def test_work_that_begins_in_servicenow(self) -> None:
        name, ident = self.open_polled("critical")
        self.person(name, "servicenow", "In Progress")
        self.reaches(name, ident, "ACKED")


class AnotherZone(Polled):
    def test_it_is_told_and_nothing_is_missed_once_it_is_set_right(self) -> None:
        name, ident = self.open_polled("critical")
        self.is_seen(ident)
        self.box.settings(servicenow={"user_time_zone": "America/New_York"})
        self.person(name, "servicenow", "In Progress")
        eventually("it is told", lambda: "time zone is America/New_York, set it to GMT" in self.app.log.read_text())
        self.assertFalse(self.app.incident(ident)["acknowledged"])
        self.box.settings(servicenow={"user_time_zone": "GMT"})
        self.app.kill()  # it asks again by itself, minutes later
        self.app.start()
        self.tickets(name, "ACKED", vendors=SNOW)
        eventually("it is taken", lambda: self.app.incident(ident)["acknowledged"])


if __name__ == "__main__":
    unittest.main()
