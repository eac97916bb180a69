"""The main job: a signed alarm opens an incident, a person is paged, three tickets exist, learn and are resolved."""
from __future__ import annotations

import json
import time
import unittest
from urllib.parse import urlsplit

from harness import Response, eventually, http
from worlds import Config, Scenario, alarm, contact, fresh, mail_channel

START = ["SSM Incident Trigger", "SSM Incident Start", "SSM Contacts Page for Incident"]
UPDATE = "SSM Incident Record Update"
ACK = "SSM Contacts Page Acknowledgement for Incident"


class MainJob(Scenario):
    def link_of(self, name: str) -> str:
        """The acknowledge link of the only mail about that alarm."""
        mail = self.mail(name)
        links = [link for link in mail["links"] if urlsplit(link).path.startswith("/ack/")]
        self.assertEqual(1, len(set(links)), mail["text"])
        self.assertTrue(links[0].startswith(self.app.url + "/ack/"), links[0])
        return str(links[0])

    def check_opened(self, ident: str, name: str) -> None:
        incident = self.app.incident(ident)
        self.assertEqual("OPEN", incident["status"])
        self.assertIsNone(incident["acknowledged"])
        self.assertIn(name, incident["title"])
        self.assertEqual(2, incident["impact"], "of the response plan: CloudWatch has none")
        self.assertEqual("web", incident["response_plan"])
        self.assertTrue(incident["arn"].endswith(f":incident-record/web/{ident}"), incident["arn"])
        self.assertEqual([incident["id"]], [row["id"] for row in self.app.incidents(f"?dedupe={incident['dedupe']}")])

    def check_timeline(self, ident: str) -> None:
        """The first events are those of the vocabulary, in their order, with eventData of their keys."""
        timeline = self.app.incident(ident)["timeline"]
        self.assertEqual(START, [row["type"] for row in timeline if row["type"] in START])
        trigger = next(row for row in timeline if row["type"] == START[0])["data"]
        self.assertTrue(trigger["createdIncident"])
        self.assertIn("NewStateValue", trigger["rawData"])
        start = next(row for row in timeline if row["type"] == START[1])["data"]
        self.assertEqual(["alice"], [row["contactName"].lower() for row in start["contactsEngage"]])

    def check_page(self, ident: str) -> None:
        engagements = self.app.incident(ident)["engagements"]
        self.assertEqual(["alice"], [row["contact"] for row in engagements])
        (page,) = engagements[0]["pages"]
        self.assertEqual("mail", page["channel"])
        self.assertIsNotNone(page["sent_at"])
        self.assertIn("SENT", [row["type"] for row in page["receipts"]])

    def check_tickets(self, ident: str, name: str) -> None:
        tickets = self.tickets(name)
        links = self.linked(ident)
        for vendor, ticket in tickets.items():
            with self.subTest(vendor=vendor):
                self.assertTrue(ticket["marker"].startswith("tocsin"), ticket["marker"])
                self.assertEqual("OPEN", ticket["status_class"])
                self.assertEqual(ticket["key"].lstrip("#"), links[vendor]["remote_key"])
                self.assertTrue(links[vendor]["remote_url"].startswith("http"), links[vendor])
                self.assertEqual(0, links[vendor]["failures"])
        self.assertEqual("tocsin:" + ident, tickets["servicenow"]["marker"])
        self.check_related(ident, {link["remote_url"] for link in links.values()})

    def check_related(self, ident: str, urls: set[str]) -> None:
        """Each ticket's address is a related item, added by an event that names it."""
        incident = self.app.incident(ident)
        self.assertEqual(urls, {item["value"] for item in incident["related"]} & urls)
        told = [json.loads(attribute["newValue"])["itemToAdd"]["identifier"]["value"]["url"]
                for row in incident["timeline"] if row["type"] == UPDATE
                for attribute in row["data"]["modifiedAttributes"] if attribute["attributeName"] == "relatedItems"]
        self.assertEqual(sorted(urls), sorted(told))

    def acknowledge(self, ident: str, link: str) -> None:
        before = self.app.incident(ident)
        page = http("GET", link)
        self.check_ack_page(page)
        self.assertIn(b"<form", page.body)
        after = self.app.incident(ident)
        for member in ("status", "acknowledged", "timeline", "engagements"):
            self.assertEqual(before[member], after[member], "GET must change nothing: mail scanners follow links")
        done = http("POST", link, b"", {"Content-Type": "application/x-www-form-urlencoded"})
        self.check_ack_page(done)
        self.assertNotIn(b"<form", done.body)
        acknowledged = self.app.incident(ident)["acknowledged"]
        self.assertIn("alice", acknowledged["by"])

    def check_ack_page(self, page: Response) -> None:
        self.assertEqual(200, page.status)
        self.assertTrue(page.headers["Content-Type"].startswith("text/html"))
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual("nosniff", page.headers["X-Content-Type-Options"])

    def test_story(self) -> None:
        name = fresh("checkout-5xx")
        ident = self.opened(self.cloudwatch(name, description="Errors of the shop."))
        self.check_opened(ident, name)
        link = self.link_of(name)
        self.assertEqual(["alice@example.com"], self.mail(name)["to"])
        self.check_tickets(ident, name)
        self.check_timeline(ident)
        eventually("the page is sent", lambda: self.app.incident(ident)["engagements"][0]["pages"][0]["sent_at"])
        self.check_page(ident)
        self.acknowledge(ident, link)
        self.tickets(name, "ACKED")
        self.assertIn(ACK, self.types(ident))
        self.assertEqual(ident, self.opened(self.cloudwatch(name, "OK")))
        tickets = self.tickets(name, "RESOLVED")
        incident = self.app.incident(ident)
        self.assertEqual("RESOLVED", incident["status"])
        self.assertIsNotNone(incident["resolved_at"])
        last = next(row for row in reversed(incident["timeline"]) if row["type"] == UPDATE)
        self.assertIn({"attributeName": "status", "newValue": "RESOLVED"}, last["data"]["modifiedAttributes"])
        self.assertEqual("RESOLVED", tickets["servicenow"]["status_class"])
        self.assertTrue(tickets["servicenow"]["fields"]["close_code"], "ServiceNow demands one")
        self.assertEqual(1, len(self.box.mails(name)), "nobody is paged twice")
        page = http("GET", link).body
        self.assertIn(b"Acknowledged", page)
        self.assertIn(b"resolved", page)

    def test_times_are_in_order(self) -> None:
        _, ident = self.open_one("ordered")
        timeline = self.app.incident(ident)["timeline"]
        times = [row["at"] for row in timeline]
        self.assertEqual(sorted(times), times)
        for at in times:
            self.assertRegex(at, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_links_of_others_are_refused(self) -> None:
        name, ident = self.open_one("link")
        link = self.link_of(name)
        last = "A" if link[-2] != "A" else "B"
        for wrong in (link[:-2] + last + link[-1], link[:-5], link + "AA", self.app.url + "/ack/" + "A" * 43):
            with self.subTest(link=wrong):
                self.assertEqual(404, http("POST", wrong, b"").status)
        self.assertIsNone(self.app.incident(ident)["acknowledged"])

    def test_a_second_click_is_harmless(self) -> None:
        name, ident = self.open_one("twice")
        link = self.link_of(name)
        self.assertEqual(200, http("POST", link, b"").status)
        first = self.app.incident(ident)
        self.assertEqual(200, http("POST", link, b"").status)
        self.assertEqual(first["acknowledged"], self.app.incident(ident)["acknowledged"])
        self.assertEqual(1, self.types(ident).count(ACK))

    def test_a_link_of_a_resolved_incident_changes_nothing(self) -> None:
        name, ident = self.open_one("late")
        link = self.link_of(name)
        self.opened(self.cloudwatch(name, "OK"))
        page = http("POST", link, b"")
        self.assertEqual(200, page.status)
        self.assertIn(b"resolved", page.body)
        self.assertIsNone(self.app.incident(ident)["acknowledged"])

    def test_what_the_alarm_says_is_shown_as_text(self) -> None:
        """Nothing that a sender wrote becomes markup of the page, a header of the mail, or another line."""
        name = fresh("<script>alert(1)</script>")
        message = alarm(name, "ALARM", description="\r\nBcc: eve@example.com\n<img src=x>")
        self.opened(self.sns(self.topic.notification(message, Subject=None)))
        mail = self.mail(name)
        self.assertEqual(["alice@example.com"], mail["to"])
        self.assertNotIn("\nBcc:", mail["raw"].replace("\r\n", "\n").split("\n\n")[0])
        page = http("GET", self.link_of(name)).body
        self.assertNotIn(b"<script>", page)
        self.assertNotIn(b"<img", page)
        self.assertIn(b"&lt;script&gt;", page)
        self.assertNotIn("<script>", mail["html"])

    def test_health(self) -> None:
        self.assertEqual(200, http("GET", self.app.url + "/healthz").status)
        self.assertEqual(b"ready\n", http("GET", self.app.url + "/readyz").body)
        _, ident = self.open_one("metric")
        for command in ("acknowledge", "resolve"):
            self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/{command}", {}).status)
        text = http("GET", self.app.url + "/metrics").body.decode()
        self.assertIn('tocsin_deliveries_total{source="cloudwatch",result="opened"}', text)
        for what in ("incidents_created", "incidents_acknowledged", "incidents_resolved", "acknowledge_seconds",
                     "resolve_seconds"):
            self.assertRegex(text, f'tocsin_{what}_total{{response_plan="web",impact="2"}} [0-9.]+\n')
        connectors = self.app.api("GET", "/v1/connectors").json()
        self.assertIn("servicenow", json.dumps(connectors))


class Reopened(Scenario):
    """What the link of a mail from before does, once the incident was reopened."""

    @classmethod
    def configure(cls, config: Config) -> None:
        resources = config["resources"]
        stages = [{"DurationInMinutes": 5, "Targets": [{"ContactTargetInfo": {"ContactId": name, "IsEssential": True}}]}
                  for name in ("alice", "bob")]
        resources["contacts"] += [contact("bob", "mail"),
                                  {"Alias": "shop", "Type": "ESCALATION", "Plan": {"Stages": stages}}]
        resources["contact_channels"].append(mail_channel("bob"))
        resources["response_plans"][0] |= {"connectors": [], "engagements": ["shop"]}

    def links(self, name: str, n: int) -> list[str]:
        mails = eventually(f"{n} mails about {name}",
                           lambda: rows if len(rows := self.box.mails(name)) >= n else None)
        return [next(link for link in mail["links"] if "/ack/" in link) for mail in mails]

    def running(self, ident: str) -> list[Config]:
        return [row for row in self.app.incident(ident)["engagements"] if row["stopped_at"] is None]

    def post(self, link: str) -> bytes:
        return http("POST", link, b"", {"Content-Type": "application/x-www-form-urlencoded"}).body

    def reopened(self, acknowledges: bool) -> tuple[str, list[str]]:
        name, ident = self.open_one("reopened")
        (first,) = self.links(name, 1)
        if acknowledges:
            self.post(first)
        self.opened(self.cloudwatch(name, "OK"))
        self.assertEqual(ident, self.opened(self.cloudwatch(name)))
        return ident, self.links(name, 2)

    def test_the_earlier_mail_answers_what_runs_now(self) -> None:
        for acknowledges in (False, True):
            ident, links = self.reopened(acknowledges)
            self.assertIsNone(self.app.incident(ident)["acknowledged"])
            self.assertIn(b"<form", http("GET", links[0]).body)
            self.assertIn(b"Acknowledged", self.post(links[0]))
            self.assertIn("alice", self.app.incident(ident)["acknowledged"]["by"])
            (engagement,) = self.running(ident)
            self.assertIsNotNone(engagement["pages"][0]["read_at"])
            self.assertIsNone(engagement["next_stage_at"], "Bob would be paged for what Alice has answered")
            self.assertNotIn(b"<form", http("GET", links[1]).body)


class LeftToPeople(Scenario):
    """The default of the shipped mappings: a ticket that somebody works on is not closed under their hands."""

    @classmethod
    def configure(cls, config: Config) -> None:
        for name in ("servicenow", "jira"):
            del config["connectors"][name]["settings"]

    def test_an_acknowledged_ticket_gets_a_note(self) -> None:
        name, ident = self.open_one("left")
        self.tickets(name, "OPEN")
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.tickets(name, "ACKED")
        self.cloudwatch(name, "OK", at=time.time() + 1)
        self.tickets(name, "RESOLVED", vendors=("pagerduty",), only=("pagerduty",))

        def told() -> bool:
            rows = [row for row in self.box.tickets(name) if row["vendor"] != "pagerduty"]
            return all("is over" in str(row["comments"]) for row in rows)
        eventually("ServiceNow and Jira are told that the alarm is over", told, 40)
        self.tickets(name, "ACKED", vendors=("jira", "servicenow"), only=("jira", "servicenow"))


if __name__ == "__main__":
    unittest.main()
