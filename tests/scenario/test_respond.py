"""People at work on an incident: started by hand, changed, more people engaged, an engagement stopped, pages answered by code."""
from __future__ import annotations

import re
import unittest

from harness import Response, eventually
from worlds import Config, Scenario, contact, fresh, mail_channel

NOBODY = "00000000-0000-4000-8000-000000000000"


class Respond(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["resources"]["contacts"].append(contact("bob", "mail"))
        config["resources"]["contact_channels"].append(mail_channel("bob"))
        config["resources"]["response_plans"].append({
            "name": "major", "incidentTemplate": {"title": "Major", "impact": 1, "dedupeString": "one at a time"},
            "engagements": ["alice"]})

    def post(self, path: str, body: Config, status: int) -> Response:
        answer = self.app.api("POST", path, body, role="responder")
        self.assertEqual(status, answer.status, answer.body)
        return answer

    def refused(self, path: str, body: Config, status: int, field: str | None) -> None:
        self.assertEqual(field, self.post(path, body, status).json()["error"].get("field"), path)

    def start(self, title: str, **more: object) -> str:
        return str(self.post("/v1/incidents", {"response_plan": "web", "title": title, **more}, 201).json()["id"])

    def mails_to(self, name: str, person: str) -> list[Config]:
        return [mail for mail in self.box.mails(name) if any(person in to for to in mail["to"])]

    def test_by_hand(self) -> None:
        name = fresh("by hand")
        ident = self.start(name, impact=1, source="a phone call")
        self.mail(name)
        self.tickets(name)
        record = self.app.incident(ident)
        self.assertEqual((name, 1, "OPEN"), (record["title"], record["impact"], record["status"]))
        self.assertEqual(["SSM Incident Trigger", "SSM Incident Start"], self.types(ident)[:2])

    def test_twice_is_one_with_a_dedupe_string(self) -> None:
        first = self.post("/v1/incidents", {"response_plan": "major"}, 201).json()["id"]
        self.assertEqual(first, self.post("/v1/incidents", {"response_plan": "major"}, 200).json()["id"])

    def test_a_repeat_with_a_client_token_is_one(self) -> None:
        name = fresh("once")
        body = {"response_plan": "web", "title": name, "client_token": "start 1"}
        first = self.post("/v1/incidents", body, 201).json()["id"]
        self.mail(name)
        self.assertEqual(first, self.post("/v1/incidents", body, 200).json()["id"])
        self.assertEqual([first], [row["id"] for row in self.app.incidents() if row["title"] == name])
        self.refused("/v1/incidents", {**body, "impact": 1}, 409, "client_token")
        self.assertEqual(1, len(self.mails_to(name, "alice")))

    def test_changes_reach_the_tickets(self) -> None:
        name = fresh("changed")
        ident = self.start(fresh("before"))
        self.linked(ident)
        self.post(f"/v1/incidents/{ident}/update", {"title": name, "summary": "the shop is down", "impact": 1}, 200)
        self.tickets(name)
        record = self.app.incident(ident)
        self.assertEqual((name, "the shop is down", 1), (record["title"], record["summary"], record["impact"]))

    def test_one_more_and_one_less(self) -> None:
        name = fresh("help")
        ident = self.start(name)
        self.post(f"/v1/incidents/{ident}/engage", {"contact": "bob", "reason": "knows the database"}, 200)
        eventually("bob has it", lambda: self.mails_to(name, "bob"))
        self.assertIn("engages bob: knows the database", self.texts(ident))
        self.assertIn("engaged by token:responder: knows the database", str(self.mails_to(name, "bob")[0]))
        self.assertIn("engaged by the response plan", str(self.mails_to(name, "alice")[0]))
        rows = {row["contact"]: row for row in self.app.incident(ident)["engagements"]}
        self.assertEqual(["alice", "bob"], sorted(rows))
        for _ in range(2):
            self.post(f"/v1/incidents/{ident}/disengage", {"engagement": rows["bob"]["id"], "reason": "asleep"}, 200)
        after = {row["contact"]: row for row in self.app.incident(ident)["engagements"]}
        self.assertIsNotNone(after["bob"]["stopped_at"])
        self.assertIsNone(after["alice"]["stopped_at"])
        self.assertEqual(1, self.texts(ident).count("stops paging bob: asleep"))

    def test_answer_by_code(self) -> None:
        name = fresh("code")
        ident = self.start(name)
        text = str(self.mail(name))
        found = re.search(r"Code:\s*(\d{6})", text)
        self.assertIsNotNone(found, text)
        code = found.group(1) if found else ""
        page = self.app.incident(ident)["engagements"][0]["pages"][0]["id"]
        self.refused(f"/v1/pages/{page}/accept", {"code": f"{(int(code) + 1) % 1_000_000:06}"}, 400, "code")
        self.refused(f"/v1/pages/{page}/accept", {"code": code, "channel": "pager"}, 400, "channel")
        self.assertIsNone(self.app.incident(ident)["acknowledged"])
        self.post(f"/v1/pages/{page}/accept", {"code": code, "type": "DELIVERED"}, 200)
        self.assertIsNone(self.app.incident(ident)["acknowledged"])
        self.post(f"/v1/pages/{page}/accept", {"code": code, "channel": "mail", "note": "on it"}, 200)
        record = self.app.incident(ident)
        self.assertIsNotNone(record["acknowledged"])
        receipts = [row["type"] for row in record["engagements"][0]["pages"][0]["receipts"]]
        self.assertEqual({"SENT", "DELIVERED", "READ"}, set(receipts))
        self.assertIn("acknowledged by contact:alice: on it", self.texts(ident))

    def test_what_is_refused(self) -> None:
        ident = self.start(fresh("refused"))
        self.refused("/v1/incidents", {"response_plan": "wep"}, 404, "response_plan")
        self.refused("/v1/incidents", {}, 400, "response_plan")
        self.refused("/v1/incidents", {"response_plan": "web", "impact": 6}, 400, "impact")
        self.refused("/v1/incidents", {"response_plan": "web", "titel": "x"}, 400, "titel")
        self.refused(f"/v1/incidents/{ident}/update", {}, 400, "title")
        self.refused(f"/v1/incidents/{ident}/engage", {"contact": "carl"}, 404, "contact")
        self.refused(f"/v1/incidents/{ident}/disengage", {"engagement": NOBODY}, 404, "engagement")
        self.refused(f"/v1/incidents/{ident}/disengage", {"engagement": "x"}, 400, "engagement")
        self.refused(f"/v1/pages/{NOBODY}/accept", {"code": "123456"}, 404, "id")
        self.post(f"/v1/incidents/{ident}/resolve", {}, 200)
        self.refused(f"/v1/incidents/{ident}/engage", {"contact": "bob"}, 409, None)


if __name__ == "__main__":
    unittest.main()
