"""Jira Data Center: the life of a ticket over REST version 2, by a personal access token and the shipped mapping."""
from __future__ import annotations

import unittest

from harness import eventually
from worlds import Config, Scenario, believe_searches, secret

JIRA = ("jira",)
PAT = "sandbox-pat"


class DataCenter(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        cls.box.settings(jira={"deployment": "Server", "workflow": "stepwise"})
        cls.env["JIRA_PAT"] = PAT
        believe_searches(config, cls.world.folder)
        jira = config["connectors"]["jira"]
        del jira["user"]
        jira |= {"api_type": "datacenter", "token": secret("JIRA_PAT")}
        config["resources"]["response_plans"][0]["connectors"] = list(JIRA)

    def command(self, ident: str, verb: str, body: Config | None = None) -> None:
        answer = self.app.api("POST", f"/v1/incidents/{ident}/{verb}", body)
        self.assertEqual(200, answer.status, answer.body)

    def comments(self, name: str) -> list[str]:
        return [row["text"] for row in self.tickets(name, vendors=JIRA)["jira"]["comments"]]

    def test_the_life_of_a_ticket(self) -> None:
        name, ident = self.open_one("datacenter")
        ticket = self.tickets(name, "OPEN", JIRA)["jira"]
        self.assertTrue(ticket["fields"]["description"])
        self.command(ident, "acknowledge")
        self.tickets(name, "ACKED", JIRA)
        text = "restarted *web-1*\nsee https://example.com/1"
        self.command(ident, "notes", {"text": text})
        eventually("the note is there, as it was typed", lambda: text in self.comments(name))
        rows = self.tickets(name, vendors=JIRA)["jira"]["comments"]
        self.assertEqual({"internal"}, {row["kind"] for row in rows}, "customers of a service project see nothing of it")
        self.command(ident, "resolve")
        self.assertEqual("Done", self.tickets(name, "RESOLVED", JIRA)["jira"]["fields"]["resolution"])
        self.assertEqual([], [row["path"] for row in self.box.calls("jira") if not row["path"].startswith("/rest/api/2/")])

    def test_lost_answers(self) -> None:
        """What was created, or noted, is found again and not made twice."""
        for method, path in (("POST", "/rest/api/2/issue$"), ("POST", "/comment$")):
            self.box.fault(vendor="jira", action="drop_after_apply", method=method, path_re=path)
        self.addCleanup(self.box.no_faults)
        name, ident = self.open_one("datacenter")
        self.tickets(name, "OPEN", JIRA)
        self.command(ident, "notes", {"text": f"once {name}"})
        eventually("the note is there", lambda: f"once {name}" in self.comments(name), 30)
        eventually("nothing is due", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]), 30)
        self.assertEqual(1, self.comments(name).count(f"once {name}"))
        self.assertEqual([1, 1], [row["struck"] for row in self.box.admin("GET", "/faults")["faults"]])


if __name__ == "__main__":
    unittest.main()
