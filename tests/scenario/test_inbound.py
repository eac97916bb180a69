"""What people do in a ticket comes to the incident, and to its other tickets, once the ticket's system tells that it changed."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import typing
import unittest

from harness import Response, eventually, http
from worlds import VENDORS, Config, Scenario, fresh, secret

SECRET = {vendor: f"hook-secret-of-{vendor}" for vendor in VENDORS}
WORKING = {"servicenow": "In Progress", "jira": "In Progress", "pagerduty": "acknowledged"}
DONE = {"servicenow": "Resolved", "jira": "Done", "pagerduty": "resolved"}
AGAIN = {"servicenow": "New", "jira": "To Do", "pagerduty": "triggered"}


def digest(vendor: str, body: bytes) -> hmac.HMAC:
    return hmac.new(SECRET[vendor].encode(), body, hashlib.sha256)


def jira(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature": f"sha256={digest('jira', body).hexdigest()}"}


def pagerduty(body: bytes) -> dict[str, str]:
    return {"X-PagerDuty-Signature": f"v1={'0' * 64},v2=x,v1={digest('pagerduty', body).hexdigest()}"}


def servicenow(body: bytes, late_s: int = 0, in_hex: bool = False) -> dict[str, str]:
    at = str(int(time.time()) - late_s)
    hashed = digest("servicenow", f"{at}.".encode() + body)
    return {"X-Tocsin-Signature": f"t={at},v1={hashed.hexdigest() if in_hex else base64.b64encode(hashed.digest()).decode()}"}


SIGN: dict[str, typing.Callable[[bytes], dict[str, str]]] = {"jira": jira, "pagerduty": pagerduty, "servicenow": servicenow}


def told(vendor: str, ident: str) -> Config:
    """What the vendor sends of a changed record, as far as anybody looks at it."""
    return {"jira": {"timestamp": 1, "webhookEvent": "jira:issue_updated", "issue": {"id": ident, "fields": {}}},
            "pagerduty": {"event": {"id": "E1", "event_type": "incident.acknowledged", "data": {"id": ident, "type": "incident"}}},
            "servicenow": {"schema": 1, "event": "update", "table": "incident", "sys_id": ident, "sys_mod_count": 3}}[vendor]


class Inbound(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        for vendor in VENDORS:
            cls.env[f"HOOK_{vendor.upper()}"] = SECRET[vendor]
            config["connectors"][vendor]["webhook_secret"] = secret(f"HOOK_{vendor.upper()}")
        config["resources"]["response_plans"].append(
            {"name": "tracked", "incidentTemplate": {"title": "Tracked", "impact": 3}, "connectors": list(VENDORS)})
        config["resources"]["response_plans"].append(
            {"name": "twins", "incidentTemplate": {"title": "Twins", "impact": 3, "dedupeString": "twins"}, "connectors": list(VENDORS)})

    def post(self, vendor: str, body: bytes, headers: dict[str, str]) -> Response:
        return http("POST", f"{self.app.url}/connectors/{vendor}", body, {"Content-Type": "application/json", **headers},
                    context=self.app.context)

    def tell(self, vendor: str, ident: str) -> Response:
        body = json.dumps(told(vendor, ident)).encode()
        return self.post(vendor, body, SIGN[vendor](body))

    def start(self) -> tuple[str, str, dict[str, Config]]:
        """An incident that no alarm fires for, in all three systems."""
        title = fresh("tracked")
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": "tracked", "title": title})
        self.assertEqual(201, answer.status, answer.body)
        ident = str(answer.json()["id"])
        tickets = self.tickets(title)
        self.linked(ident)
        eventually("its lanes rest", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]))
        return title, ident, tickets

    def person(self, vendor: str, ticket: Config, status: str) -> None:
        """Changes the ticket by hand; its system tells of it."""
        self.box.admin("POST", f"/tickets/{vendor}/{ticket['id']}/status", {"status": status})
        answer = self.tell(vendor, ticket["id"])
        self.assertEqual((202, {"status": "queued"}), (answer.status, answer.json()))

    def becomes(self, ident: str, **members: typing.Any) -> Config:
        def ready() -> Config | None:
            row = self.app.incident(ident)
            return row if all(row[name] == value for name, value in members.items()) else None
        return typing.cast(Config, eventually(f"{members}", ready, 10))

    # -- the story -------------------------------------------------------------------------------

    def test_the_life_of_a_ticket(self) -> None:
        """Taken up, resolved and reopened by people in one system: so it is here, and in the two others."""
        for vendor in VENDORS:
            with self.subTest(vendor):
                title, ident, tickets = self.start()
                ticket = tickets[vendor]
                self.person(vendor, ticket, WORKING[vendor])
                eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 10)
                self.assertEqual(f"connector:{vendor}", self.app.incident(ident)["acknowledged"]["by"])
                self.tickets(title, "ACKED")
                self.person(vendor, ticket, DONE[vendor])
                row = self.becomes(ident, status="RESOLVED")
                self.assertEqual(f"connector:{vendor}", row["resolution"]["by"])
                self.tickets(title, "RESOLVED")
                self.person(vendor, ticket, AGAIN[vendor])
                self.becomes(ident, status="OPEN")
                self.tickets(title, "OPEN")
                self.quiet(ident, title)

    def quiet(self, ident: str, title: str) -> None:
        """Nothing comes back: another look at all of them writes nothing."""
        eventually("its lanes rest", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]))
        written = {vendor: self.writes(vendor) for vendor in VENDORS}
        before = len(self.app.incident(ident)["timeline"])
        for vendor, ticket in self.tickets(title).items():
            reads = self.box.calls(vendor, "GET", ticket["id"])
            self.tell(vendor, ticket["id"])
            eventually("it is read", lambda: len(self.box.calls(vendor, "GET", ticket["id"])) > len(reads))
        eventually("its lanes rest", lambda: all(row["due_at"] is None for row in self.app.incident(ident)["links"]))
        self.assertEqual(written, {vendor: self.writes(vendor) for vendor in VENDORS})
        self.assertEqual(before, len(self.app.incident(ident)["timeline"]))

    def writes(self, vendor: str) -> int:
        return sum(len(self.box.calls(vendor, method)) for method in ("PUT", "PATCH", "POST"))

    def test_a_ticket_whose_alarms_have_another_incident(self) -> None:
        """Opened again by a person, it opens no second incident of the same dedupe string."""
        first, second = self.twins()
        link = self.linked(first)["jira"]
        self.box.admin("POST", f"/tickets/jira/{link['remote_id']}/status", {"status": AGAIN["jira"]})
        self.assertEqual(202, self.tell("jira", link["remote_id"]).status)
        eventually("it is told", lambda: f"incident {second} is open with the same dedupe string" in self.texts(first), 10)
        self.assertEqual(("RESOLVED", "OPEN"), (self.app.incident(first)["status"], self.app.incident(second)["status"]))

    def test_a_ticket_that_is_merged(self) -> None:
        """Merged is not over: the incident goes on with the ticket that its own is part of."""
        _, first, tickets = self.start()
        _, second, others = self.start()
        ticket, other = tickets["pagerduty"], others["pagerduty"]
        self.box.admin("POST", f"/tickets/pagerduty/{ticket['id']}/merge", {"into": other["id"]})
        self.assertEqual(202, self.tell("pagerduty", ticket["id"]).status)
        eventually("its link is the other's", lambda: self.linked(first)["pagerduty"]["remote_id"] == other["id"], 10)
        self.assertIn(f"was merged into {other['key'].lstrip('#')}, which is kept in step from now on", self.texts(first))
        self.assertEqual(("OPEN", "OPEN"), (self.app.incident(first)["status"], self.app.incident(second)["status"]))
        self.person("pagerduty", other, WORKING["pagerduty"])
        for ident in (first, second):
            eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 10)

    def twins(self) -> tuple[str, str]:
        """The first is resolved, its record too; the second has its dedupe string."""
        def start() -> str:
            answer = self.app.api("POST", "/v1/incidents", {"response_plan": "twins"})
            self.assertEqual(201, answer.status, answer.body)
            return str(answer.json()["id"])
        first = start()
        self.linked(first)
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{first}/resolve").status)
        eventually("its lanes rest", lambda: all(row["due_at"] is None for row in self.app.incident(first)["links"]))
        return first, start()

    def test_somebody_asks(self) -> None:
        """No webhook comes."""
        _, ident, tickets = self.start()
        self.box.admin("POST", f"/tickets/jira/{tickets['jira']['id']}/status", {"status": WORKING["jira"]})
        (link,) = [row["id"] for row in self.app.incident(ident)["links"] if row["connector"] == "jira"]
        answer = self.app.api("POST", f"/v1/links/{link}/read", role="responder")
        self.assertEqual((200, "reading"), (answer.status, answer.json()["status"]))
        eventually("it is acknowledged", lambda: self.app.incident(ident)["acknowledged"], 10)

    def test_a_record_that_is_not_ours(self) -> None:
        for vendor in VENDORS:
            answer = self.tell(vendor, "nobodys1")
            self.assertEqual((202, {"status": "unknown"}), (answer.status, answer.json()))

    def test_what_is_about_no_record(self) -> None:
        body = json.dumps({"event": {"event_type": "pagey.ping", "data": {"message": "Hello", "type": "ping"}}}).encode()
        answer = self.post("pagerduty", body, pagerduty(body))
        self.assertEqual((202, {"status": "ignored"}), (answer.status, answer.json()))

    # -- what is turned away ---------------------------------------------------------------------

    def test_a_wrong_signature(self) -> None:
        """Nothing changes, and nothing is read."""
        _, _, tickets = self.start()
        for vendor, ticket in tickets.items():
            body = json.dumps(told(vendor, ticket["id"])).encode()
            signed = SIGN[vendor](body)
            name = next(iter(signed))
            digit = "1" if signed[name][-2] != "1" else "2"
            reads = len(self.box.calls(vendor, "GET"))
            for what, headers, sent in (
                    ("none", {}, body), ("another body", signed, body + b" "), ("a digit", {name: signed[name][:-2] + digit + signed[name][-1]}, body),
                    ("another name", {"X-Signature": signed[name]}, body), ("empty", {name: ""}, body), ("cut", {name: signed[name][:20]}, body)):
                answer = self.post(vendor, sent, headers)
                self.assertEqual(401, answer.status, f"{vendor}, {what}")
                self.assertIn("Signature", answer.headers["WWW-Authenticate"])
            self.assertEqual(reads, len(self.box.calls(vendor, "GET")), vendor)
        self.assertNotIn("hook-secret", self.app.log.read_text())

    def test_an_old_push(self) -> None:
        """Of ServiceNow, whose signature has a time."""
        _, _, tickets = self.start()
        body = json.dumps(told("servicenow", tickets["servicenow"]["id"])).encode()
        self.assertEqual(401, self.post("servicenow", body, servicenow(body, 301)).status)
        self.assertEqual(401, self.post("servicenow", body, servicenow(body, -360)).status)
        self.assertEqual(202, self.post("servicenow", body, servicenow(body, 250, in_hex=True)).status)

    def test_what_cannot_be_read(self) -> None:
        for body in (b"", b"<html>", b'{"issue":', b"\xff", b"[" * 100_000, b'{"issue":{"id":7,"id":8}}', b"null"):
            self.assertEqual(400, self.post("jira", body, jira(body)).status, body[:20])
        for body in (b"{}", b"[]", b'{"issue":null}', b'{"issue":{"id":{}}}'):
            self.assertEqual(202, self.post("jira", body, jira(body)).status, body[:20])
        body = b'"' + b"x" * (2 << 20) + b'"'
        self.assertEqual(413, self.post("jira", body, jira(body)).status)

    def test_no_such_connector(self) -> None:
        for name in ("jirra", "mail", "x" * 60):
            self.assertEqual(404, http("POST", f"{self.app.url}/connectors/{name}", b"{}", {}, context=self.app.context).status, name)
        self.assertEqual(405, http("GET", f"{self.app.url}/connectors/jira", None, {}, context=self.app.context).status)


if __name__ == "__main__":
    unittest.main()
