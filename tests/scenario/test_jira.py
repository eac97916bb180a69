"""Jira Data Center: the life of a ticket over REST version 2, by a personal access token and the shipped mapping; and a
description that people at both ends write."""
from __future__ import annotations

import json
import sys
import typing
import unittest

from harness import ROOT, eventually, http
from worlds import SECRETS, Config, Scenario, fresh, secret

sys.path.insert(0, str(ROOT / "tests/sandbox"))
from client import basic  # noqa: E402

JIRA = ("jira",)
PAT = "sandbox-pat"
AUTH = basic("tocsin@example.com", SECRETS["JIRA_TOKEN"])


class DataCenter(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        cls.box.settings(jira={"deployment": "Server", "workflow": "stepwise", "page_max": 2})
        cls.env["JIRA_PAT"] = PAT
        quick = cls.world.folder / "quick.json"
        quick.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": "quick", "extends": "builtin/jira",
                                     "find": {"visibility": "1s"}, "poll": {"active": "1s", "idle": "1s"}}))
        jira = config["connectors"]["jira"]
        jira["mapping"] = str(quick)
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


    def test_what_people_do(self) -> None:
        """No webhook comes: pages of what changed tell of it, and of the comments."""
        names = dict(self.open_one("datacenter") for _ in range(3))
        tickets = {name: self.tickets(name, "OPEN", JIRA)["jira"] for name in names}
        for ident in names.values():
            self.linked(ident, JIRA)
        for name, ticket in tickets.items():
            self.box.admin("POST", f"/tickets/jira/{ticket['id']}/note", {"text": f"*seen* {name}"})
            self.box.admin("POST", f"/tickets/jira/{ticket['id']}/status", {"status": "In Progress"})
        for name, ident in names.items():
            eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 20)
            eventually("the comment is here", lambda: f"*seen* {name}" in self.texts(ident), 20)
        eventually("the next page of two issues", lambda: [
            row for row in self.box.calls("jira", "POST", "/rest/api/2/search") if row["body"]["startAt"] > 0], 20)


class Description(Scenario):
    """Markdown here, an Atlassian document there: what one side writes the other has, and nobody corrects anybody."""

    WRITTEN = "**web** is down\n\n- see [the graph](https://g.example/1)\n- call `db`"

    @classmethod
    def configure(cls, config: Config) -> None:
        both = cls.world.folder / "both.json"
        both.write_text(json.dumps({
            "mapping": 1, "kind": "connector", "name": "both", "extends": "builtin/jira",
            "fields": {"summary": {"direction": "both", "on": "always", "conflict": "newest"}}}))
        config["connectors"]["jira"]["mapping"] = str(both)
        config["resources"]["response_plans"].append(
            {"name": "described", "incidentTemplate": {"title": "Described", "impact": 3, "summary": cls.WRITTEN},
             "connectors": list(JIRA)})

    def issue(self, ticket: Config, method: str, body: Config | None = None) -> typing.Any:
        answer = http(method, f"{self.box.urls['jira']}/rest/api/3/issue/{ticket['id']}", body, {"Authorization": AUTH})
        self.assertIn(answer.status, (200, 204), answer.body)
        return answer.json() if answer.body else None

    def read(self, ident: str) -> None:
        link, = self.app.incident(ident)["links"]
        self.assertEqual(200, self.app.api("POST", f"/v1/links/{link['id']}/read").status)
        eventually("it was read", lambda: self.app.incident(ident)["links"][0]["last_read_at"] != link["last_read_at"])
        eventually("its lane rests", lambda: self.app.incident(ident)["links"][0]["due_at"] is None)

    def writes(self) -> int:
        return sum(len(self.box.calls("jira", method)) for method in ("PUT", "POST"))

    def test_both_sides_write(self) -> None:
        title = fresh("described")
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": "described", "title": title})
        self.assertEqual(201, answer.status, answer.body)
        ident = str(answer.json()["id"])
        ticket = self.tickets(title, "OPEN", JIRA)["jira"]
        self.linked(ident, JIRA)
        before = self.writes()
        self.read(ident)
        self.assertEqual((before, self.WRITTEN), (self.writes(), self.app.incident(ident)["summary"]))
        document = self.issue(ticket, "GET")["fields"]["description"]
        document["content"].append({"type": "paragraph", "content": [
            {"type": "mention", "attrs": {"id": "5b10a2844c20165700ede21g", "text": "@Mia"}},
            {"type": "text", "text": " restarted it", "marks": [{"type": "em"}]}]})
        self.issue(ticket, "PUT", {"fields": {"description": document}})
        before = self.writes()
        self.read(ident)
        self.assertEqual(f"{self.WRITTEN}\n\n@Mia *restarted it*", self.app.incident(ident)["summary"])
        self.read(ident)
        self.assertEqual(before, self.writes(), "what was taken over is not written back")


if __name__ == "__main__":
    unittest.main()
