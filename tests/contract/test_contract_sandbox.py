"""The sandbox obeys the vendors' documents, and so does a client that calls as a connector should.

Every call of the sandbox goes through prism; no violation is allowed, on either side.  The class Net
proves first that the checks catch what they are for.
"""
from __future__ import annotations

import json
import unittest
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from contract import HERE, Proxies, openapi_folder, skip_if_missing

from client import JIRA_AUTH, PD_AUTH, PD_HEADERS, SNOW_AUTH, Answer, basic, call, eventually
from documents import CORRECTIONS
from jira_adf import paragraph_doc
from vendor import ROUTING_KEY

AUTH = {"servicenow": SNOW_AUTH, "jira": JIRA_AUTH, "pagerduty": PD_AUTH, "pagerduty_events": ""}
MARK = "tocsin:inc-01J4Z"
LABELS = ["tocsin", "tocsin-inc-01j4z"]
JIRA_NEW = {"project": {"key": "OPS"}, "issuetype": {"name": "[System] Incident"},
            "summary": "web-cpu-high", "labels": LABELS}
PD_NEW: dict[str, Any] = {
    "type": "incident", "title": "web-cpu-high", "incident_key": MARK, "urgency": "high",
    "service": {"id": "PF9KMXH", "type": "service_reference"},
    "priority": {"id": "PRIO0P1", "type": "priority_reference"},
    "body": {"type": "incident_body", "details": "CPU of the web tier"}}
DOC = {"type": "doc", "version": 1, "content": [
    {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "Alarm"}]},
    {"type": "paragraph", "content": [
        {"type": "text", "text": "console", "marks": [
            {"type": "link", "attrs": {"href": "https://tocsin.example.com/"}}]},
        {"type": "hardBreak"}, {"type": "text", "text": "CPU is high"}]},
    {"type": "bulletList", "content": [{"type": "listItem", "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "point"}]}]}]}]}


def setUpModule() -> None:
    Vendor.proxies = unittest.enterModuleContext(Proxies(openapi_folder()))


class Vendor(unittest.TestCase):
    """Calls one vendor through its proxy; each test must leave no violation."""

    proxies: Proxies
    vendor = ""

    def setUp(self) -> None:
        self.proxies.box.reset()
        self.proxies.take()

    def tearDown(self) -> None:
        self.proxies.check()

    def ask(self, method: str, path: str, body: Any = None, auth: str | None = None,
            headers: dict[str, str] | None = None, query: Any = ()) -> Answer:
        url = self.proxies.url[self.vendor] + path + ("?" + urlencode(query) if query else "")
        return call(method, url, body, auth=AUTH[self.vendor] if auth is None else auth,
                    headers=headers, timeout=30)

    def want(self, status: int, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON of an answer that must have `status`."""
        answer = self.ask(method, path, body, **more)
        self.assertEqual(status, answer.status, f"{method} {path}: {answer.body!r}")
        return answer.json() if answer.body else None

    def fault(self, path: str, **rule: Any) -> None:
        self.proxies.box.admin("POST", "/faults", [{"vendor": self.vendor, "path_re": path} | rule])


class Net(Vendor):
    """What the checks are for is caught."""

    vendor = "jira"

    def caught(self, *wanted: str) -> None:
        text = "\n".join(map(str, self.proxies.take()))
        for part in wanted:
            self.assertIn(part, text)

    def test_a_request_against_the_document(self) -> None:
        self.assertEqual(422, self.ask("POST", "/rest/api/3/search/jql", {
            "jql": "project = OPS", "fields": "summary", "maxResults": 5}).status)
        self.caught("Invalid request", "fields")

    def test_a_path_that_the_vendor_does_not_have(self) -> None:
        self.ask("GET", "/rest/api/3/incident/1")
        self.caught("no path matched")

    def test_an_answer_against_the_document(self) -> None:
        self.fault("/myself", action="body", status=200, body={"accountId": 7, "colour": "red"})
        self.ask("GET", "/rest/api/3/myself")
        self.caught("not valid", "accountId", "colour")

    def test_own_checks(self) -> None:
        fields = JIRA_NEW | {"labels": ["a b"], "description": "plain"}
        self.assertEqual(400, self.ask("POST", "/rest/api/3/issue", {"fields": fields}).status)
        self.caught("label 'a b' has a blank", "description is no Atlassian document")
        self.vendor = "servicenow"
        self.ask("GET", "/api/now/table/incident", query={"sysparm_query": "corelation_id=x"})
        self.caught("would drop the condition 'corelation_id=x'", "without sysparm_limit")
        self.vendor = "pagerduty"
        self.ask("POST", "/incidents", {"incident": {n: v for n, v in PD_NEW.items()
                                                     if n != "incident_key"}})
        self.caught("a write without From", "without the incident_key")
        self.vendor = "pagerduty_events"
        self.ask("POST", "/v2/enqueue", {"routing_key": "short", "event_action": "resolve"})
        self.caught("routing_key has not 32 characters", "without the dedup_key")

    def test_corrections_say_why(self) -> None:
        for correction in CORRECTIONS:
            self.assertGreater(len(correction.why), 30)


class ServiceNow(Vendor):
    vendor = "servicenow"
    table = "/api/now/table/incident"

    def create(self, **fields: str) -> dict[str, Any]:
        body = {"short_description": "web-cpu-high", "correlation_id": MARK,
                "correlation_display": "Tocsin", "impact": "1", "urgency": "1"} | fields
        return self.want(201, "POST", self.table, body)["result"]

    def test_life_of_an_incident(self) -> None:
        row = self.create(work_notes="opened", assigned_to="5137153cc611227c000bbd1bd8cd2005")
        one = f"{self.table}/{row['sys_id']}"
        self.want(200, "GET", one)
        self.want(200, "GET", one, query={"sysparm_display_value": "all",
                                          "sysparm_fields": "state,work_notes,assigned_to"})
        self.want(200, "PATCH", one, {"state": "2", "work_notes": "acknowledged"})
        done = {"state": "6", "close_code": "Solution provided", "close_notes": "Alarm is OK"}
        self.assertEqual("6", self.want(200, "PATCH", one, done)["result"]["state"])

    def test_searches(self) -> None:
        row = self.create(work_notes="opened")
        for table, query in (
            ("incident", f"correlation_id={MARK}^ORDERBYsys_created_on"),
            ("incident", "correlation_idSTARTSWITHtocsin:^sys_updated_on>=javascript:"
                         "gs.dateGenerate('2026-08-02','17:10:00')^ORDERBYsys_updated_on"
                         "^ORDERBYsys_id"),
            ("incident", f"sys_updated_on>2026-08-02 17:10:00^NQsys_idIN{row['sys_id']}"),
            ("sys_journal_field", f"element_id={row['sys_id']}^name=incident"
                                  "^elementINwork_notes,comments^ORDERBYsys_created_on"),
            ("sys_user", "user_name=javascript:gs.getUserName()"),
            ("sys_choice", "name=incident^element=state"),
        ):
            page = self.want(200, "GET", f"/api/now/table/{table}", query={
                "sysparm_query": query, "sysparm_limit": 10, "sysparm_offset": 0,
                "sysparm_no_count": "true", "sysparm_exclude_reference_link": "true"})
            self.assertTrue(page["result"], query)

    def test_pages_have_headers(self) -> None:
        self.create(), self.create()
        answer = self.ask("GET", self.table, query={"sysparm_query": f"correlation_id={MARK}",
                                                    "sysparm_limit": 1})
        self.assertEqual("2", answer.headers["x-total-count"])
        self.assertIn("next", answer.headers["link"])

    def test_import_set(self) -> None:
        for status in ("inserted", "updated"):
            body = {"correlation_id": MARK, "short_description": status}
            rows = self.want(201, "POST", "/api/now/import/u_tocsin_incident", body)
            self.assertEqual(status, rows["result"][0]["status"])

    def test_errors(self) -> None:
        missing = f"{self.table}/{'0' * 32}"
        row = self.create()
        body = {"short_description": "x", "correlation_id": MARK}
        self.want(401, "POST", self.table, body, auth=basic("a", "b"))
        self.want(404, "GET", missing)
        self.want(404, "PATCH", missing, {"impact": "1"})
        self.want(400, "POST", "/api/now/table/incidentx", body)
        self.want(200, "PATCH", f"{self.table}/{row['sys_id']}", {
            "state": "7", "close_code": "Duplicate", "close_notes": "x"})
        self.want(403, "PATCH", f"{self.table}/{row['sys_id']}", {"work_notes": "late"})
        self.fault("", action="status", status=429, retry_after=60)
        self.want(429, "POST", self.table, body)


class Jira(Vendor):
    vendor = "jira"
    api = "/rest/api/3"

    def create(self, **fields: Any) -> str:
        made = self.want(201, "POST", self.api + "/issue", {
            "fields": JIRA_NEW | {"description": DOC, "priority": {"name": "Highest"}} | fields,
            "properties": [{"key": "tocsin.link", "value": {"incident": "01J4Z", "gen": 1}}]})
        return f"{self.api}/issue/{made['id']}"

    def test_site(self) -> None:
        self.want(200, "GET", self.api + "/myself")
        self.want(200, "GET", self.api + "/serverInfo")
        self.want(200, "GET", self.api + "/priority")
        meta = self.api + "/issue/createmeta/OPS/issuetypes"
        self.want(200, "GET", meta)
        self.assertTrue(self.want(200, "GET", meta + "/10004")["fields"])

    def test_life_of_an_issue(self) -> None:
        one = self.create()
        self.want(200, "GET", one, query={"fields": "summary,status", "properties": "tocsin.link"})
        self.want(200, "GET", one + "/transitions", query={"expand": "transitions.fields"})
        self.want(204, "POST", one + "/transitions", {"transition": {"id": "21"}})
        self.want(204, "PUT", one, {"fields": {"summary": "still high"}, "update": {
            "labels": [{"add": "seen"}]}}, query={"notifyUsers": "false"})
        self.want(200, "PUT", one, {"fields": {"priority": {"name": "Low"}}},
                  query={"returnIssue": "true"})
        self.want(204, "POST", one + "/transitions", {
            "transition": {"id": "31"}, "fields": {"resolution": {"name": "Done"}},
            "update": {"comment": [{"add": {"body": paragraph_doc("Alarm is OK")}}]}})
        self.want(200, "GET", one + "/transitions", query={"expand": "transitions.fields"})
        self.want(204, "POST", one + "/transitions", {"transition": {"id": "51"}})
        self.assertGreater(self.want(200, "GET", one, query={
            "expand": "changelog"})["changelog"]["total"], 3)

    def test_comments_properties_links(self) -> None:
        one = self.create()
        made = self.want(201, "POST", one + "/comment", {
            "body": DOC, "properties": [{"key": "tocsin.event", "value": {"id": "e1"}}]})
        self.want(200, "GET", one + "/comment", query={"expand": "properties", "startAt": 0,
                                                       "maxResults": 50, "orderBy": "created"})
        self.want(200, "POST", self.api + "/comment/list", {"ids": [int(made["id"])]},
                  query={"expand": "properties"})
        key = one + "/properties/tocsin.link"
        self.want(200, "PUT", key, {"gen": 2})
        self.want(201, "PUT", one + "/properties/tocsin.other", {"gen": 1})
        self.assertEqual({"gen": 2}, self.want(200, "GET", key)["value"])
        link = {"globalId": "tocsin=01J4Z", "object": {"url": "https://tocsin.example.com/i/1",
                                                       "title": "Tocsin 01J4Z"}}
        self.want(201, "POST", one + "/remotelink", link)
        self.want(200, "POST", one + "/remotelink", link)
        self.want(200, "GET", one + "/remotelink")

    def test_search_and_bulk(self) -> None:
        one = self.create()
        self.create()
        number = int(one.rsplit("/", 1)[1])
        body = {"jql": f'project = "OPS" AND labels = "{LABELS[1]}" AND creator = currentUser() '
                       'ORDER BY created ASC', "fields": ["summary", "status", "labels"],
                "properties": ["tocsin.link"], "maxResults": 1, "reconcileIssues": [number]}
        page = self.want(200, "POST", self.api + "/search/jql", body)
        self.want(200, "POST", self.api + "/search/jql",
                  body | {"nextPageToken": page["nextPageToken"]})
        changed = {"jql": f'project = "OPS" AND labels = "{LABELS[0]}" AND updated >= -4m '
                          'ORDER BY updated DESC, key DESC', "fields": ["updated"], "maxResults": 1}
        page = self.want(200, "POST", self.api + "/search/jql", changed)
        self.want(200, "POST", self.api + "/search/jql",
                  changed | {"nextPageToken": page["nextPageToken"]})
        for fields in ("*all", "updated"):
            self.want(200, "POST", self.api + "/issue/bulkfetch", {
                "issueIdsOrKeys": [str(number), "OPS-99"], "fields": [fields]})
        self.want(204, "POST", one + "/transitions", {"transition": {"id": "21"}})
        log = self.want(200, "POST", self.api + "/changelog/bulkfetch", {
            "issueIdsOrKeys": [str(number)], "fieldIds": ["status"]})
        self.assertTrue(log["issueChangeLogs"][0]["changeHistories"])

    def test_errors(self) -> None:
        one = self.create()
        self.want(400, "POST", self.api + "/issue", {"fields": {"labels": LABELS}})
        self.want(401, "GET", self.api + "/myself", auth=basic("a", "b"))
        self.want(401, "POST", self.api + "/issue", {"fields": JIRA_NEW}, auth=basic("a", "b"))
        self.want(404, "GET", self.api + "/issue/OPS-99")
        self.want(400, "POST", one + "/transitions", {"transition": {"id": "31"}})
        self.want(400, "PUT", one, {"fields": {"status": {"id": "3"}}})
        self.want(400, "POST", self.api + "/search/jql", {"jql": "", "fields": ["id"],
                                                          "maxResults": 1})
        self.want(404, "GET", one + "/properties/nothing")
        self.proxies.box.admin("POST", "/settings", {"jira": {"max_comments": 0}})
        self.want(413, "POST", one + "/comment", {"body": DOC})
        for method, path, body in (("PUT", one, {"fields": {"summary": "x"}}),
                                   ("POST", one + "/transitions", {"transition": {"id": "21"}})):
            self.fault("", method=method, action="status", status=409)
            self.want(409, method, path, body)


class PagerDuty(Vendor):
    vendor = "pagerduty"

    def write(self, status: int, method: str, path: str, body: Any) -> Any:
        return self.want(status, method, path, body, headers=PD_HEADERS)

    def create(self, **members: Any) -> str:
        made = self.write(201, "POST", "/incidents", {"incident": PD_NEW | members})
        return f"/incidents/{made['incident']['id']}"

    def test_account(self) -> None:
        for path in ("/priorities", "/services", "/services/PF9KMXH", "/users", "/users/me",
                     "/abilities"):
            self.want(200, "GET", path)

    def test_life_of_an_incident(self) -> None:
        one = self.create()
        changes: list[dict[str, Any]] = [
            {"status": "acknowledged"}, {"title": "still high"}, {"urgency": "low"},
            {"priority": {"id": "PRIO0P3", "type": "priority_reference"}}, {"priority": "P4"},
            {"status": "resolved", "resolution": "Alarm is OK"}, {"status": "triggered"},
        ]
        for change in changes:
            self.write(200, "PUT", one, {"incident": {"type": "incident_reference"} | change})
            self.want(200, "GET", one)
        self.write(200, "PUT", "/incidents", {"incidents": [
            {"id": one.rsplit("/", 1)[1], "type": "incident_reference", "status": "resolved"}]})
        self.write(200, "POST", one + "/notes", {"note": {"content": "from Tocsin"}})
        self.assertEqual(1, len(self.want(200, "GET", one + "/notes")["notes"]))
        self.assertEqual(0, len(self.want(200, "GET", one + "/alerts")["alerts"]))
        for path in (one + "/log_entries", "/log_entries"):
            log = self.want(200, "GET", path, query=[
                ("since", "2026-01-01T00:00:00Z"), ("is_overview", "false"), ("limit", 100),
                ("include[]", "incidents"), ("include[]", "channels")])
            self.assertGreater(len(log["log_entries"]), 7)

    def test_without_the_optional_members(self) -> None:
        one = self.create(priority={"id": "PRIO0P5", "type": "priority_reference"})
        bare = {n: v for n, v in PD_NEW.items() if n not in ("priority", "body", "urgency")}
        self.write(201, "POST", "/incidents", {"incident": bare | {"incident_key": "tocsin:other"}})
        self.want(200, "GET", one)

    def test_searches(self) -> None:
        self.create()
        for query in (
            [("incident_key", MARK), ("date_range", "all"), ("service_ids[]", "PF9KMXH"),
             ("limit", 100)],
            [("statuses[]", "triggered"), ("statuses[]", "acknowledged"), ("total", "true")],
            [("since", "2026-01-01T00:00:00Z"), ("urgencies[]", "high")],
        ):
            self.assertEqual(1, len(self.want(200, "GET", "/incidents", query=query)["incidents"]))

    def test_errors(self) -> None:
        self.create()
        self.write(400, "POST", "/incidents", {"incident": PD_NEW})
        self.want(400, "POST", "/incidents", {"incident": PD_NEW},
                  headers={"From": "nobody@example.com"})
        self.want(401, "GET", "/incidents", auth="Token token=wrong")
        self.want(401, "GET", "/incidents", auth="Bearer wrong")
        self.want(404, "GET", "/incidents/PNOPE")
        self.fault("", action="status", status=429)
        self.want(429, "GET", "/incidents")


class Events(Vendor):
    vendor = "pagerduty_events"

    def send(self, status: int, **members: Any) -> Any:
        return self.want(status, "POST", "/v2/enqueue", {
            "routing_key": ROUTING_KEY, "dedup_key": MARK} | members)

    def test_life_of_an_alert(self) -> None:
        payload = {"summary": "web-cpu-high", "source": "cloudwatch", "severity": "critical",
                   "timestamp": "2026-08-02T17:04:40.989Z", "component": "i-1", "group": "web",
                   "class": "cpu", "custom_details": {"region": "us-east-1"}}
        self.send(202, event_action="trigger", payload=payload, client="Tocsin",
                  client_url="https://tocsin.example.com/incidents/1",
                  links=[{"href": "https://runbooks.example.com/web", "text": "Runbook"}])
        row = eventually(lambda: self.proxies.box.tickets("pagerduty"))[0]
        self.send(202, event_action="acknowledge")
        self.vendor = "pagerduty"
        alerts = self.want(200, "GET", f"/incidents/{row['id']}/alerts")["alerts"]
        self.assertEqual([MARK], [alert["alert_key"] for alert in alerts])
        eventually(lambda: self.want(200, "GET", f"/incidents/{row['id']}")["incident"]["status"]
                   == "acknowledged")
        self.vendor = "pagerduty_events"
        self.send(202, event_action="resolve")

    def test_errors(self) -> None:
        self.send(400, event_action="trigger", routing_key="x" * 32, payload={
            "summary": "s", "source": "s", "severity": "info"})
        for status in (429, 500, 503):
            self.fault("", action="status", status=status)
            answer = self.ask("POST", "/v2/enqueue", {
                "routing_key": ROUTING_KEY, "dedup_key": MARK, "event_action": "resolve"})
            self.assertEqual(status, answer.status)


class Feeds(Vendor):
    """What tells what others did and said, as the cases of the unit tests hold the connectors to it."""

    FILES = ("poll", "survey", "listen")

    def requests(self, vendor: str) -> Iterator[dict[str, Any]]:
        folder = HERE.parent / "unit" / "connectors" / "cases" / vendor
        for path in (folder / f"{name}.json" for name in self.FILES):
            if path.exists():
                cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
                for case in cases:
                    steps = case.get("exchanges", [case]) if "options" not in case else []
                    yield from (step["request"] for step in steps if "request" in step)

    def test_every_request(self) -> None:
        for self.vendor in ("jira", "pagerduty", "servicenow"):
            rows = list(self.requests(self.vendor))
            self.assertGreater(len(rows), 20, self.vendor)
            for row in rows:
                url = urlsplit(row["url"])
                self.ask(row["method"], f"{url.path}?{url.query}", row.get("json"), headers=row["headers"])


if __name__ == "__main__":
    skip_if_missing()
    unittest.main()
