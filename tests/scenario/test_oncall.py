"""On-call schedules: who has the turn is paged, an override takes it away, and a gap is told."""
from __future__ import annotations

import json
import signal
import time
import typing
import unittest

from harness import eventually
from worlds import Config, Scenario, alert, contact, fresh, group, iso, mail_channel

DAY_S = 86400
MIDNIGHT = {"HourOfDay": 0, "MinuteOfHour": 0}


def second(days: float) -> str:
    return iso(time.time() + days * DAY_S)


class OnCall(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        """Each has a month: alice this one, since it began, or one of the last two days."""
        resources = config["resources"]
        resources["contacts"] = [contact("alice", "mail"), contact("bob", "mail"),
                                 {"Alias": "web-on-call", "Type": "ONCALL_SCHEDULE", "Plan": {"RotationIds": ["months"]}}]
        resources["contact_channels"] = [mail_channel("alice"), mail_channel("bob")]
        day = time.gmtime(time.time() + 15 * DAY_S).tm_mday
        resources["rotations"] = [{
            "Name": "months", "ContactIds": ["alice", "bob"], "TimeZoneId": "UTC", "StartTime": second(-1),
            "Recurrence": {"MonthlySettings": [{"DayOfMonth": day, "HandOffTime": MIDNIGHT}],
                           "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1}}, {
            "Name": "the thirds", "ContactIds": ["alice", "bob"], "TimeZoneId": "UTC", "StartTime": second(-1),
            "Recurrence": {"DailySettings": [{"HourOfDay": hour, "MinuteOfHour": 0} for hour in (0, 8, 16)],
                           "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1}}]
        resources["response_plans"][0] |= {"engagements": ["web-on-call"]}

    def override(self, *people: str) -> None:
        self.override_all({"RotationId": "months", "NewContactIds": list(people), "StartTime": second(-0.5), "EndTime": second(1)})

    def override_all(self, *overrides: Config) -> None:
        config = json.loads(self.app.config_file.read_text())
        config["resources"]["rotation_overrides"] = list(overrides)
        self.app.config_file.write_text(json.dumps(config))
        before = self.app.log.read_text().count("configuration reloaded")
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: self.app.log.read_text().count("configuration reloaded") > before)

    def fire(self) -> tuple[str, str]:
        name = fresh("turn")
        return name, self.opened(self.prom(group(name, alert(name, "a"))))

    def paged(self, name: str) -> list[str]:
        return [typing.cast(str, to) for mail in self.box.mails() if name in mail["subject"] for to in mail["to"]]

    def on_call(self, query: str = "") -> list[Config]:
        answer = self.app.api("GET", "/v1/oncall" + query, role="viewer")
        self.assertEqual(200, answer.status, answer.body)
        self.assertEqual(["web-on-call"], [row["schedule"] for row in answer.json()["items"]])
        return typing.cast(list[Config], answer.json()["items"][0]["people"])

    def shifts(self, query: str) -> list[Config]:
        return typing.cast(list[Config], self.app.api("GET", "/v1/shifts" + query).json()["items"])

    def token(self) -> str:
        return str(self.app.api("GET", "/v1/shifts?rotation=the%20thirds&limit=1").json()["next"])

    def check_tables(self) -> None:
        """While bob has alice's turn."""
        now = self.on_call()
        self.assertEqual([("bob", "months", True)], [(row["contact"], row["rotation"], row["overridden"]) for row in now])
        later = self.on_call(f"?at={second(1.1)}")
        self.assertEqual([("alice", False)], [(row["contact"], row["overridden"]) for row in later])
        rows = self.shifts(f"?rotation=months&from={second(0)}&until={second(45)}")
        self.assertEqual(("OVERRIDDEN", ["bob"], ["alice"]), (rows[0]["type"], rows[0]["contacts"], rows[0]["overridden"]))
        self.assertEqual([("REGULAR", ["alice"]), ("REGULAR", ["bob"])], [(row["type"], row["contacts"]) for row in rows[1:3]])
        self.assertEqual([row["end"] for row in rows[:-1]], [row["start"] for row in rows[1:]])
        for query, status in (("oncall?at=now", 400), ("shifts?rotation=weeks", 404), (f"shifts?until={second(-1)}", 400),
                              ("oncall?when=1", 400), (f"shifts?from={second(0)}&until={second(400.5)}", 400),
                              ("shifts?limit=201", 400), ("shifts?next=1", 400), ("shifts?next=1.weeks", 400),
                              (f"shifts?rotation=months&next={self.token()}", 400)):
            self.assertEqual(status, self.app.api("GET", f"/v1/{query}").status, query)

    def pages(self, query: str, path: str = "shifts") -> list[list[Config]]:
        found: list[list[Config]] = []
        after = ""
        while after is not None:
            answer = self.app.api("GET", f"/v1/{path}{query}{after}", role="viewer")
            self.assertEqual(200, answer.status, answer.body)
            found.append(answer.json()["items"])
            after = answer.json()["next"] and f"&next={answer.json()['next']}"
        return found

    def test_all_shifts_of_400_days_are_read_page_by_page(self) -> None:
        at_one = (time.time() // DAY_S + 2) * DAY_S + 3600
        span = f"?from={iso(at_one)}&until={iso(at_one + 400 * DAY_S)}"
        pages = self.pages(span + "&limit=200")
        rows = [row for page in pages for row in page]
        self.assertEqual([200] * (len(pages) - 1), [len(page) for page in pages[:-1]])
        self.assertEqual(1201, len([row for row in rows if row["rotation"] == "the thirds"]))
        self.assertIn(len([row for row in rows if row["rotation"] == "months"]), (14, 15))
        self.assertEqual(rows, [row for page in self.pages(span + "&limit=7") for row in page])
        for name in ("months", "the thirds"):
            mine = [row for row in rows if row["rotation"] == name]
            self.assertEqual([row["end"] for row in mine[:-1]], [row["start"] for row in mine[1:]])
            self.assertEqual(mine, [row for page in self.pages(f"{span}&rotation={name.replace(' ', '%20')}&limit=200") for row in page])

    def test_overrides_are_read_page_by_page(self) -> None:
        days = ((5, 6, "months", ["bob"]), (3, 4, "the thirds", ["alice"]), (2, 5.5, "months", []), (2, 3, "months", ["alice", "bob"]),
                (-3, -2, "months", ["bob"]), (-1, 0.5, "the thirds", ["bob"]), (300, 301, "the thirds", ["bob"]))
        self.override_all(*({"RotationId": name, "NewContactIds": people, "StartTime": second(start), "EndTime": second(end)}
                            for start, end, name, people in days))

        def listed(query: str) -> list[tuple[str, list[str]]]:
            rows = [row for page in self.pages(query, "overrides") for row in page]
            for name in ("months", "the thirds"):
                mine = [row["start"] for row in rows if row["rotation"] == name]
                self.assertEqual(sorted(mine), mine)
            self.assertEqual(len(rows), len({row["id"] for row in rows}))
            self.assertTrue(all(row["start"] < row["end"] for row in rows))
            return [(row["rotation"], row["contacts"]) for row in rows]
        months = [("months", []), ("months", ["alice", "bob"]), ("months", ["bob"])]
        thirds = [("the thirds", ["bob"]), ("the thirds", ["alice"])]
        for limit in (1, 2, 50):
            self.assertEqual(months + thirds, listed(f"?limit={limit}"))
            self.assertEqual(months, listed(f"?rotation=months&limit={limit}"))
        self.assertEqual([*thirds, thirds[0]], listed(f"?rotation=the%20thirds&from={second(-2)}&until={second(350)}"))
        self.assertEqual(months[:2], listed(f"?from={second(2.5)}&until={second(2.9)}"))
        self.assertEqual([("months", ["bob"])], listed(f"?rotation=months&from={second(-2.5)}&until={second(1)}"))
        token = self.app.api("GET", "/v1/overrides?limit=1").json()["next"]
        for query, status in (("rotation=weeks", 404), (f"until={second(-1)}", 400), ("limit=0", 400), ("next=1", 400),
                              ("next=1.1.weeks", 400), ("at=1", 400), (f"rotation=the%20thirds&next={token}", 400)):
            self.assertEqual(status, self.app.api("GET", f"/v1/overrides?{query}").status, query)
        self.override_all()
        self.assertEqual([], listed(""))

    def test_who_has_the_turn_is_paged(self) -> None:
        name, ident = self.fire()
        eventually("alice is paged", lambda: self.paged(name) == ["alice@example.com"])
        self.override("bob")
        name, ident = self.fire()
        eventually("bob is paged", lambda: self.paged(name) == ["bob@example.com"])
        engagement = self.app.incident(ident)["engagements"][0]
        self.assertEqual(("web-on-call", "ONCALL_SCHEDULE"), (engagement["contact"], engagement["type"]))
        path = engagement["pages"][0]["resolution"]
        self.assertEqual([("web-on-call", "ONCALL_SCHEDULE"), ("bob", "PERSONAL")], [(node["contact"], node["type"]) for node in path][-2:])
        self.assertEqual(("months", True), (path[-2]["rotation"], path[-2]["overridden"]))
        self.assertRegex(path[-2]["until"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        self.check_tables()
        self.override()
        name, ident = self.fire()
        eventually("it is told", lambda: "nobody is on call for web-on-call" in self.texts(ident))
        self.assertEqual([], self.paged(name))


if __name__ == "__main__":
    unittest.main()
