"""People at work on an incident: started by hand, changed, more people engaged, an engagement stopped, pages answered by code."""
from __future__ import annotations

import json
import re
import signal
import unittest
from urllib.parse import urlsplit

from harness import Response, eventually, http
from worlds import Config, Scenario, contact, fresh, mail_channel

NOBODY = "00000000-0000-4000-8000-000000000000"


class Respond(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["resources"]["contacts"].append(contact("bob", "mail"))
        config["resources"]["contact_channels"].append(mail_channel("bob"))
        for name in ("major", "folding", "full"):
            config["resources"]["response_plans"].append({
                "name": name, "incidentTemplate": {"title": name, "impact": 1, "dedupeString": f"one {name} at a time"},
                "engagements": ["alice"]})

        for alias in ("carl", "dora"):
            config["resources"]["contacts"].append(contact(alias, "mail"))
            config["resources"]["contact_channels"].append(mail_channel(alias))
        config["resources"]["contacts"].append({
            "Alias": "both", "DisplayName": "Both", "Type": "ESCALATION", "Plan": {"Stages": [
                {"DurationInMinutes": 5, "Targets": [{"ContactTargetInfo": {"ContactId": who, "IsEssential": True}}]}
                for who in ("carl", "dora")]}})

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

    def test_what_triggered_it(self) -> None:
        name = fresh("triggered")
        item = {"type": "INVOLVED_RESOURCE", "arn": "arn:aws:s3:::logs", "title": "Logs"}
        ident = self.start(name, source="my.tool", trigger_arn="arn:aws:sns:eu-west-1:1:shop", raw_data='{"é": 1}\r\n',
                           detected_at="2026-01-02T03:04:05+01:00", related_items=[item])
        record = self.app.incident(ident)
        trigger = record["timeline"][0]
        self.assertEqual(("SSM Incident Trigger", "2026-01-02T02:04:05.000Z"), (trigger["type"], trigger["at"]))
        self.assertEqual({"createdIncident": True, "incidentSource": "my.tool", "triggerArn": "arn:aws:sns:eu-west-1:1:shop",
                          "rawData": '{"é": 1}\r\n'}, trigger["data"])
        self.assertEqual([("INVOLVED_RESOURCE", "Logs")], [(row["type"], row["title"]) for row in record["related"]
                                                           if row["type"] == item["type"]])
        ahead = self.app.incident(self.start(fresh("ahead"), detected_at="2999-01-01T00:00:00Z"))
        self.assertEqual("2999-01-01T00:00:00.000Z", ahead["timeline"][0]["at"])
        self.assertLess(ahead["created_at"], "2999")

    def test_a_start_that_folds_brings_what_is_not_there(self) -> None:
        def items(*pages: str) -> list[Config]:
            return [{"type": "OTHER", "url": f"https://wiki.example.com/{page}", "title": page} for page in pages]

        def titles(record: Config) -> list[str]:
            return [row["title"] for row in record["related"] if row["title"] in ("a", "b", "c")]
        ident = self.post("/v1/incidents", {"response_plan": "folding", "related_items": items("a", "b", "a")}, 201).json()["id"]
        before = self.app.incident(ident)
        self.assertEqual(["a", "b"], titles(before))
        again = {"response_plan": "folding", "related_items": items("b", "c"), "client_token": "fold 1"}
        for _ in range(2):
            self.assertEqual(ident, self.post("/v1/incidents", again, 200).json()["id"])
        after = self.app.incident(ident)
        self.assertEqual(["a", "b", "c"], titles(after))
        self.assertEqual(1, self.texts(ident).count("token:responder added the related item c"))
        self.assertEqual(2, self.types(ident).count("SSM Incident Trigger"))
        self.refused("/v1/incidents", {**again, "related_items": items("c")}, 409, "client_token")

    def test_a_start_whose_items_have_no_room_changes_nothing(self) -> None:
        def items(first: int, n: int) -> list[Config]:
            return [{"type": "OTHER", "url": f"https://wiki.example.com/full/{i}"} for i in range(first, first + n)]
        ident = self.post("/v1/incidents", {"response_plan": "full", "related_items": items(0, 48)}, 201).json()["id"]
        many = {"response_plan": "full", "related_items": items(46, 5), "client_token": "full"}
        error = self.post("/v1/incidents", many, 409).json()["error"]
        self.assertEqual(("limit", "related_items"), (error["code"], error["field"]))
        self.assertIn("1 of the 5 related items have no room", error["message"])
        self.assertIn(ident, error["message"])
        self.assertEqual(48, len(self.app.incident(ident)["related"]))
        self.assertEqual(1, self.types(ident).count("SSM Incident Trigger"))
        self.post("/v1/incidents", {"response_plan": "full", "related_items": items(46, 4), "client_token": "full"}, 200)
        self.assertEqual(50, len(self.app.incident(ident)["related"]))

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

    def paged(self, name: str) -> tuple[str, str, str]:
        """An incident, its page and the page's code."""
        ident = self.start(name)
        text = str(self.mail(name))
        found = re.search(r"Code:\s*(\d{6})", text)
        self.assertIsNotNone(found, text)
        return ident, str(self.app.incident(ident)["engagements"][0]["pages"][0]["id"]), found.group(1) if found else ""

    def use(self, **members: object) -> None:
        before = len(self.app.log.read_text())
        self.app.config_file.write_text(json.dumps({**json.loads(self.app.config_file.read_text()), **members}))
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: "configuration reloaded" in self.app.log.read_text()[before:])

    def test_whether_the_code_is_asked_for(self) -> None:
        ident, page, code = self.paged(fresh("any code"))
        path, other = f"/v1/pages/{page}/accept", f"{(int(code) + 1) % 1_000_000:06}"
        self.refused(path, {"code": other, "code_validation": "NEVER"}, 400, "code_validation")
        self.refused(path, {"code": other, "code_validation": "ENFORCE"}, 400, "code")
        self.use(accept_code_validation="IGNORE")
        self.refused(path, {"code": other, "code_validation": "ENFORCE"}, 400, "code")
        self.refused(path, {"code": "12345"}, 400, "code")
        self.post(path, {"code": other, "type": "DELIVERED"}, 200)
        self.use(accept_code_validation="ENFORCE")
        self.refused(path, {"code": other}, 400, "code")
        self.assertIsNone(self.app.incident(ident)["acknowledged"])
        self.post(path, {"code": "0123456789", "code_validation": "IGNORE"}, 200)
        self.assertIsNotNone(self.app.incident(ident)["acknowledged"])

    def test_answer_by_code(self) -> None:
        ident, page, code = self.paged(fresh("code"))
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

    def engagement(self, ident: str) -> Config:
        answer = self.app.api("GET", f"/v1/engagements/{ident}", role="viewer")
        self.assertEqual(200, answer.status, answer.body)
        return answer.json()

    def engage(self, name: str, contact: str, **more: object) -> str:
        body = {"contact": contact, "sender": "the deploy job", "subject": name, "content": "Step 7 of the shop", **more}
        return str(self.post("/v1/engagements", body, 201).json()["id"])

    def test_an_engagement_without_an_incident(self) -> None:
        """It is paged, escalates when nobody is reached, is stopped, and a late answer is recorded."""
        name = fresh("alone")
        self.box.fault(vendor="smtp", action="status", method="RCPT", path_re="^carl@", status=550, times=0)
        ident = self.engage(name, "both")
        eventually("dora has it", lambda: self.mails_to(name, "dora"))
        self.assertEqual([], self.mails_to(name, "carl"))
        mail = str(self.mails_to(name, "dora")[0])
        for part in ("engaged by the deploy job", "Step 7 of the shop", "/ack/"):
            self.assertIn(part, mail)
        self.assertNotIn("Impact", mail)
        eventually("carl's is told as failed", lambda: "ERROR" in str(self.engagement(ident)))
        row = self.engagement(ident)
        self.assertEqual((None, "both", "ESCALATION", "the deploy job", name, "Step 7 of the shop", None),
                         tuple(row[key] for key in ("incident", "contact", "type", "sender", "subject", "content", "stopped_at")))
        self.assertEqual(["carl", "dora"], [page["contact"] for page in row["pages"]])
        self.assertEqual([], [row["id"] for row in self.app.incidents() if row["title"] == name])
        self.assertEqual([], self.box.tickets(name))
        stopped = self.post(f"/v1/engagements/{ident}/stop", {"reason": "it went through"}, 200).json()
        self.assertIsNotNone(stopped["stopped_at"])
        self.assertEqual(stopped["stopped_at"], self.post(f"/v1/engagements/{ident}/stop", {}, 200).json()["stopped_at"])
        page = next(page for page in stopped["pages"] if page["contact"] == "dora")
        self.assertIn(("STOP", "it went through"), [(row["type"], row["note"]) for row in page["receipts"]])
        links = [urlsplit(link).path for link in self.mails_to(name, "dora")[0]["links"]]
        answer = http("POST", self.app.url + next(path for path in links if path.startswith("/ack/")), b"")
        self.assertEqual(200, answer.status, answer.body)
        self.assertIn(b"Acknowledged.", answer.body)
        record = self.app.incident(row["record"])
        self.assertEqual((True, "RESOLVED", None), (record["is_engagement"], record["status"], record["acknowledged"]))
        self.assertIsNotNone(self.engagement(ident)["pages"][1]["read_at"])
        self.refused(f"/v1/incidents/{row['record']}/reopen", {}, 409, None)

    def test_an_engagement_of_an_incident(self) -> None:
        name, other = fresh("incident"), fresh("engaged")
        incident = self.start(name)
        ident = self.engage(other, "bob", incident=incident, client_token="once")
        self.assertEqual(ident, self.post("/v1/engagements", {
            "contact": "bob", "sender": "the deploy job", "subject": other, "content": "Step 7 of the shop",
            "incident": incident, "client_token": "once"}, 200).json()["id"])
        eventually("bob has it", lambda: self.mails_to(other, "bob"))
        self.assertIn("token:responder engages bob for the deploy job", self.texts(incident))
        answer = self.app.api("GET", f"/v1/engagements?incident={incident}", role="viewer").json()
        self.assertEqual(["bob", "alice"], [row["contact"] for row in answer["items"]])
        self.assertEqual([incident] * 2, [row["incident"] for row in answer["items"]])
        self.assertEqual(name, self.engagement(answer["items"][1]["id"])["subject"])
        self.post(f"/v1/engagements/{ident}/stop", {}, 200)
        self.assertEqual("OPEN", self.app.incident(incident)["status"])
        self.assertEqual(1, len(self.mails_to(other, "bob")))

    def test_engagements_are_listed(self) -> None:
        word = fresh("ticket")
        idents = [self.engage(fresh("listed"), "bob", incident=word) for _ in range(3)]
        first = self.app.api("GET", f"/v1/engagements?incident={word}&limit=2", role="viewer").json()
        self.assertEqual(idents[:0:-1], [row["id"] for row in first["items"]])
        self.assertEqual([word] * 2, [row["incident_text"] for row in first["items"]])
        rest = self.app.api("GET", f"/v1/engagements?incident={word}&limit=2&next={first['next']}", role="viewer").json()
        self.assertEqual((idents[:1], None), ([row["id"] for row in rest["items"]], rest["next"]))
        newest = self.engagement(idents[2])["started_at"]
        since = self.app.api("GET", f"/v1/engagements?incident={word}&from={newest}", role="viewer").json()
        self.assertEqual(idents[2], since["items"][0]["id"])
        until = self.app.api("GET", f"/v1/engagements?incident={word}&until={newest}", role="viewer").json()
        self.assertNotIn(idents[2], [row["id"] for row in until["items"]])

    def test_what_is_refused(self) -> None:
        ident = self.start(fresh("refused"))
        self.refused("/v1/incidents", {"response_plan": "wep"}, 404, "response_plan")
        self.refused("/v1/incidents", {}, 400, "response_plan")
        self.refused("/v1/incidents", {"response_plan": "web", "impact": 6}, 400, "impact")
        self.refused("/v1/incidents", {"response_plan": "web", "titel": "x"}, 400, "titel")
        self.refused("/v1/incidents", {"response_plan": "web", "detected_at": "now"}, 400, "detected_at")
        self.refused("/v1/incidents", {"response_plan": "web", "raw_data": "x" * 10_001}, 400, "raw_data")
        self.refused("/v1/incidents", {"response_plan": "web", "related_items": [{"type": "OTHER"}]}, 400, "related_items")
        self.refused("/v1/incidents", {"response_plan": "web", "related_items": [{}] * 51}, 400, "related_items")
        self.refused(f"/v1/incidents/{ident}/update", {}, 400, "title")
        self.refused(f"/v1/incidents/{ident}/engage", {"contact": "eve"}, 404, "contact")
        self.refused(f"/v1/incidents/{ident}/disengage", {"engagement": NOBODY}, 404, "engagement")
        self.refused(f"/v1/incidents/{ident}/disengage", {"engagement": "x"}, 400, "engagement")
        texts = {"sender": "job", "subject": "x", "content": "y"}
        self.refused("/v1/engagements", {"contact": "eve", **texts}, 404, "contact")
        self.refused("/v1/engagements", {"contact": "bob", **texts, "incident": NOBODY}, 404, "incident")
        self.refused("/v1/engagements", {"contact": "bob", **texts, "sender": "O'Neill"}, 400, "sender")
        self.refused(f"/v1/engagements/{NOBODY}/stop", {}, 404, "id")
        self.refused(f"/v1/pages/{NOBODY}/accept", {"code": "123456"}, 404, "id")
        self.post(f"/v1/incidents/{ident}/resolve", {}, 200)
        self.refused(f"/v1/incidents/{ident}/engage", {"contact": "bob"}, 409, None)


if __name__ == "__main__":
    unittest.main()
