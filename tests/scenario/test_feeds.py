"""No webhook ever comes: what people do in a ticket, and what they write there, comes by asking alone."""
from __future__ import annotations

import json
import typing
import unittest

from harness import eventually
from worlds import VENDORS, Config, Scenario, fresh

WORKING = {"servicenow": "In Progress", "jira": "In Progress", "pagerduty": "acknowledged"}
DONE = {"servicenow": "Resolved", "jira": "Done", "pagerduty": "resolved"}


class Feeds(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        """Systems are asked each second, and notes by a person are told apart."""
        for vendor in VENDORS:
            often = cls.world.folder / f"often-{vendor}.json"
            often.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": f"often-{vendor}",
                                         "extends": f"connectors/{vendor}", "poll": {"active": "1s", "idle": "1s"}}))
            config["connectors"][vendor]["mapping"] = str(often)
        config["resources"]["response_plans"].append(
            {"name": "tracked", "incidentTemplate": {"title": "Tracked", "impact": 3}, "connectors": list(VENDORS)})

    def start(self) -> tuple[str, str, dict[str, Config]]:
        """An incident that no alarm fires for, in all three systems."""
        title = fresh("fed")
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": "tracked", "title": title})
        self.assertEqual(201, answer.status, answer.body)
        ident = str(answer.json()["id"])
        tickets = self.tickets(title)
        self.linked(ident)
        self.rest(ident)
        return title, ident, tickets

    def rest(self, ident: str) -> None:
        eventually("its lanes rest", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]), 20)

    def notes(self, title: str, word: str) -> dict[str, int]:
        """How often a note with that word is in the ticket of each system."""
        return {row["vendor"]: sum(word in note["text"] for note in row["comments"]) for row in self.box.tickets(title)}

    def person(self, vendor: str, ticket: Config, what: str, **body: str) -> None:
        self.box.admin("POST", f"/tickets/{vendor}/{ticket['id']}/{what}", body)


class Asked(Feeds):
    def test_a_status(self) -> None:
        for vendor in VENDORS:
            with self.subTest(vendor):
                title, ident, tickets = self.start()
                self.person(vendor, tickets[vendor], "status", status=WORKING[vendor])
                eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 20)
                self.tickets(title, "ACKED")
                self.person(vendor, tickets[vendor], "status", status=DONE[vendor])
                eventually("it is resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED", 20)
                self.tickets(title, "RESOLVED")

    def test_a_note(self) -> None:
        """It has its author here, and is in each of the other tickets once; nothing comes back."""
        title, ident, tickets = self.start()
        for vendor in VENDORS:
            self.person(vendor, tickets[vendor], "note", text=f"I look at the disk, said in {vendor}.")
        for vendor in VENDORS:
            word = f"said in {vendor}."
            event = typing.cast(Config, eventually(f"the note of {vendor}", lambda: self.event(ident, word), 20))
            self.assertRegex(event["actor"], f"^connector:{vendor}/.")
            everywhere = {name: 1 for name in VENDORS}
            eventually("it is in the others", lambda: self.notes(title, word) == everywhere, 30)
        self.rest(ident)
        before = len(self.app.incident(ident)["timeline"])
        self.hear_again(ident)
        self.assertEqual(before, len(self.app.incident(ident)["timeline"]))
        for vendor in VENDORS:
            self.assertEqual({name: 1 for name in VENDORS}, self.notes(title, f"said in {vendor}."))

    def event(self, ident: str, word: str) -> Config | None:
        rows = [row for row in self.app.incident(ident)["timeline"] if word in str(row["text"])]
        self.assertLess(len(rows), 2)
        return rows[0] if rows else None

    def hear_again(self, ident: str) -> None:
        for row in self.app.incident(ident)["links"]:
            self.assertEqual(200, self.app.api("POST", f"/v1/links/{row['id']}/read", role="responder").status)
        self.rest(ident)

    def test_our_notes_stay_ours(self) -> None:
        """What is written there by us is not said again here."""
        title, ident, _ = self.start()
        word = fresh("deploy")
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": f"Rolled back {word}."}).status)
        eventually("it is in all", lambda: self.notes(title, word) == {name: 1 for name in VENDORS}, 30)
        self.hear_again(ident)
        self.assertEqual(1, self.texts(ident).count(word))
        self.assertEqual({name: 1 for name in VENDORS}, self.notes(title, word))

    def test_what_only_some_may_read(self) -> None:
        _, ident, tickets = self.start()
        self.person("servicenow", tickets["servicenow"], "note", text="The customer did it.")
        event = typing.cast(Config, eventually("the note", lambda: self.event(ident, "The customer did it."), 20))
        self.assertTrue(event["data"]["private"])

    def test_asking_goes_on(self) -> None:
        def calls() -> int:
            return len([call for call in self.box.calls("jira", "GET") + self.box.calls("jira", "POST") if "/search/" in call["path"]])
        before = calls()
        eventually("it is asked again", lambda: calls() > before + 2, 10)


class Away(Feeds):
    def test_what_happened_meanwhile(self) -> None:
        """This process was not there: what people did comes with its start."""
        title, ident, tickets = self.start()
        self.assertEqual("", self.app.end())
        self.person("jira", tickets["jira"], "status", status=WORKING["jira"])
        self.person("pagerduty", tickets["pagerduty"], "note", text="Somebody looks at it.")
        self.app.start()
        eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 20)
        eventually("the note", lambda: "Somebody looks at it." in self.texts(ident), 20)
        self.tickets(title, "ACKED")


if __name__ == "__main__":
    unittest.main()
