"""Records of ticket systems that end: full of notes, or deleted by somebody."""
from __future__ import annotations

import json
import time
import unittest

from harness import basic, eventually, http
from stores import age
from worlds import Config, Scenario, believe_searches, fresh, iso

MAX_NOTES = 3
GAP_MS = 301_000  # a record that is missing is looked for every five minutes
TICKET = {"jira": "/rest/api/3/issue/", "servicenow": "/api/now/table/incident/"}


class Full(Scenario):
    """PagerDuty takes no more notes than MAX_NOTES, and answers 400 to one more."""

    @classmethod
    def configure(cls, config: Config) -> None:
        mapping = cls.world.folder / "brief.json"
        mapping.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": "brief", "extends": "connectors/pagerduty",
                                       "notes": {"out": {"max": MAX_NOTES}}}))
        config["connectors"]["pagerduty"]["mapping"] = str(mapping)
        config["resources"]["response_plans"][0]["connectors"] = ["jira", "pagerduty"]
        cls.box.settings(pagerduty={"max_notes": MAX_NOTES})

    def comments(self, name: str, vendor: str) -> list[str]:
        rows = self.box.tickets(name, vendor)
        return [comment["text"] for row in rows for comment in row["comments"]]

    def say(self, name: str, ident: str) -> str:
        """A note of a person; it has arrived in Jira, where there is room, and PagerDuty has nothing to do."""
        word = fresh("word")
        self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": word})

        def is_over() -> bool:
            links = self.app.incident(ident)["links"]
            return word in str(self.comments(name, "jira")) and all(row["due_at"] is None for row in links)
        eventually(f"{word} is in Jira", is_over, 60)
        return word

    def test_the_last_note_leads_to_the_incident(self) -> None:
        name, ident = self.open_one("full")
        self.linked(ident, ("jira", "pagerduty"))
        words = []
        while len(self.comments(name, "pagerduty")) < MAX_NOTES:
            words.append(self.say(name, ident))
            self.assertLessEqual(len(words), MAX_NOTES)
        written = self.comments(name, "pagerduty")
        self.assertIn(f"(Note {MAX_NOTES}, the last one here. What follows is at "
                      f"{self.app.url}/v1/incidents/{ident})", written[-1])
        self.assertNotIn("the last one here", "".join(written[:-1]))
        self.assertEqual([1] * len(words), [str(written).count(word) for word in words], "what is in it is in it once")
        self.say(name, ident)
        self.app.kill()
        self.app.start()
        self.say(name, ident)
        self.assertEqual(written, self.comments(name, "pagerduty"))
        self.assertEqual(1, self.texts(ident).count(f"has {MAX_NOTES} notes of this incident, and no more are written"))
        self.assertEqual([], self.app.api("GET", "/v1/deadletters").json()["items"])
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.tickets(name, "ACKED", vendors=("jira", "pagerduty"))


class Lost(Scenario):
    """Somebody deletes the tickets: Jira's is made anew, ServiceNow's is not, as by default."""

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)
        jira = config["connectors"]["jira"]
        jira["settings"] = {**jira["settings"], "when_lost": "recreate"}
        config["resources"]["response_plans"][0]["connectors"] = list(TICKET)

    def delete(self, vendor: str, link: Config) -> None:
        auth = {"jira": basic("tocsin@example.com", "sandbox-token"),
                "servicenow": basic("tocsin.integration", "sandbox-password")}[vendor]
        answer = http("DELETE", self.box.urls[vendor] + TICKET[vendor] + link["remote_id"], headers={"Authorization": auth})
        self.assertEqual(204, answer.status)

    def missed(self, ident: str) -> None:
        """Waits until each ticket was asked for in vain, and is to be asked for again in minutes."""
        def is_due_later() -> bool:
            soon = iso(time.time() + 60)
            return all((row["due_at"] or "") > soon for row in self.app.incident(ident)["links"])
        eventually("the tickets are missed", is_due_later)

    def later(self) -> None:
        self.app.kill()
        age(self.world.store, GAP_MS)
        self.app.start()

    def test_a_deleted_ticket_is_made_anew_once(self) -> None:
        name, ident = self.open_one("deleted")
        links = self.linked(ident, tuple(TICKET))
        word = fresh("word")
        self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": word})
        eventually("the note is there", lambda: all(word in str(row["comments"]) for row in self.box.tickets(name)))
        for vendor, link in links.items():
            self.delete(vendor, link)
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.missed(ident)
        self.later()
        self.missed(ident)
        self.box.fault(vendor="jira", action="drop_after_apply", method="POST", path_re="/rest/api/3/issue$")
        self.later()
        ticket = self.tickets(name, "ACKED", vendors=("jira",), timeout=60)["jira"]
        eventually("it has the note", lambda: word in str(self.box.tickets(name)[0]["comments"]), 60)
        self.check(ident, links, ticket)

    def check(self, ident: str, old: dict[str, Config], ticket: Config) -> None:
        links = {row["connector"]: row for row in self.app.incident(ident)["links"]}
        self.assertEqual(("LINKED", ticket["key"]), (links["jira"]["state"], links["jira"]["remote_key"]))
        self.assertNotEqual(old["jira"]["remote_id"], ticket["id"])
        self.assertEqual(("LOST", old["servicenow"]["remote_id"]),
                         (links["servicenow"]["state"], links["servicenow"]["remote_id"]))
        texts = self.texts(ident)
        for vendor, what in (("jira", "a new one takes its place"), ("servicenow", "it is no longer kept in step")):
            self.assertEqual(1, texts.count(f"{old[vendor]['remote_key']} of {vendor} (id {old[vendor]['remote_id']}) "
                                            f"does not exist any more: {what}"))
        self.assertIn(f"Found {ticket['key']} in jira", texts)
        creates = [call for call in self.box.calls("jira", "POST", "/rest/api/3/issue")
                   if call["path"].endswith("/issue")]
        self.assertEqual(2, len(creates))


if __name__ == "__main__":
    unittest.main()
