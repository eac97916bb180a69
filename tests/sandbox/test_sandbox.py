"""The program: start, stop, log file; the admin port, its page, and the person at the vendor."""
from __future__ import annotations

import http.client
import json
import smtplib
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from client import (JIRA_AUTH, PD_AUTH, PD_HEADERS, PROGRAM, SNOW_AUTH, Answer, Process, call,
                    eventually)

BOX = Process()
EVIL = '<script>alert("x")</script>'


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def open_three(title: str = "web-cpu-high", box: Process = BOX) -> None:
    call("POST", box.url["servicenow"] + "/api/now/table/incident",
         {"short_description": title, "correlation_id": "tocsin:1", "work_notes": title},
         auth=SNOW_AUTH)
    fields = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": title,
              "labels": ["tocsin", "tocsin-1"]}
    call("POST", box.url["jira"] + "/rest/api/3/issue", {"fields": fields}, auth=JIRA_AUTH)
    call("POST", box.url["pagerduty"] + "/incidents", {"incident": {
        "type": "incident", "title": title, "incident_key": "tocsin:1",
        "service": {"id": "PF9KMXH", "type": "service_reference"}}}, auth=PD_AUTH,
        headers=PD_HEADERS)


def post_form(path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
    form = {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {})
    return call("POST", BOX.url["admin"] + path, urlencode(fields).encode(), headers=form)


class Program(unittest.TestCase):
    def test_addresses_and_clean_stop(self) -> None:
        with Process() as box:
            self.assertEqual({"servicenow", "jira", "pagerduty", "pagerduty_events", "smtp",
                              "admin"}, set(box.url))
            self.assertEqual(6, len(set(box.url.values())))
            self.assertEqual(0, box.stop())
            self.assertEqual("", box.stderr())

    def test_stops_while_a_client_hangs(self) -> None:
        with Process() as box:
            box.admin("POST", "/faults", [{"vendor": "jira", "action": "hang", "ms": 60_000}])
            parts = urlsplit(box.url["jira"])
            client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
            client.request("GET", "/rest/api/3/myself")
            eventually(lambda: box.calls("jira"))  # it hangs by now
            self.assertEqual(0, box.stop())
            with self.assertRaises(http.client.RemoteDisconnected):
                client.getresponse()
            client.close()

    def test_taken_port_is_an_error(self) -> None:
        port = urlsplit(BOX.url["servicenow"]).port
        done = subprocess.run([sys.executable, str(PROGRAM), "--port-base", str(port)],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("cannot listen", done.stderr)

    def test_calls_log_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "calls.jsonl"
            with Process("--calls-log", str(file)) as box:
                open_three(box=box)
                rows = [json.loads(line) for line in file.read_text().splitlines()]
            self.assertEqual([("servicenow", 201), ("jira", 201), ("pagerduty", 201)],
                             [(row["vendor"], row["status"]) for row in rows])


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Admin(Base):
    def test_tickets_of_all_vendors(self) -> None:
        open_three()
        answer = BOX.admin("GET", "/tickets")
        self.assertEqual({"servicenow": 1, "jira": 1, "pagerduty": 1}, answer["counts"])
        rows = {row["vendor"]: row for row in answer["tickets"]}
        self.assertEqual({"servicenow": "tocsin:1", "jira": "tocsin-1", "pagerduty": "tocsin:1"},
                         {name: row["marker"] for name, row in rows.items()})
        self.assertEqual({"OPEN"}, {row["status_class"] for row in rows.values()})
        self.assertEqual({"web-cpu-high"}, {row["title"] for row in rows.values()})
        self.assertEqual("web-cpu-high", rows["servicenow"]["comments"][0]["text"])
        for row in rows.values():
            self.assertEqual(302, call("GET", row["url"]).status)

    def test_tickets_and_calls_that_are_asked_for(self) -> None:
        open_three()
        for word, there in (("cpu-high", 3), ("web-cpu-low", 0)):
            self.assertEqual(there, len(BOX.admin("GET", f"/tickets?word={word}")["tickets"]))
        self.assertEqual({"jira"}, {row["vendor"] for row in BOX.admin("GET", "/tickets?vendor=jira&word=web")["tickets"]})
        posts = BOX.admin("GET", "/calls?method=POST")["calls"]
        self.assertEqual({"POST"}, {row["method"] for row in posts})
        self.assertEqual([], BOX.admin("GET", "/calls?method=PATCH")["calls"])
        (one,) = BOX.admin("GET", "/calls?method=POST&path=/table/incident")["calls"]
        self.assertEqual("servicenow", one["vendor"])

    def test_counts_and_duplicates(self) -> None:
        open_three()
        self.assertEqual({"servicenow": [], "jira": [], "pagerduty": []},
                         BOX.admin("GET", "/counts")["duplicates"])
        open_three()  # PagerDuty refuses the second
        counts = BOX.admin("GET", "/counts")
        self.assertEqual({"servicenow": 2, "jira": 2, "pagerduty": 1}, counts["tickets"])
        self.assertEqual({"servicenow": ["tocsin:1"], "jira": ["tocsin-1"], "pagerduty": []},
                         counts["duplicates"])
        self.assertEqual((0, 6), (counts["mails"], counts["calls"]))

    def test_many_clients_at_once(self) -> None:
        def work(n: int) -> list[int]:
            return [call("POST", BOX.url["servicenow"] + "/api/now/table/incident",
                         {"correlation_id": f"tocsin:{n}-{i}"}, auth=SNOW_AUTH).status
                    for i in range(25)]

        with ThreadPoolExecutor(8) as pool:
            self.assertEqual({201}, {status for row in pool.map(work, range(8)) for status in row})
        rows = BOX.tickets("servicenow")
        self.assertEqual(200, len({row["key"] for row in rows}))
        self.assertEqual(200, len({row["marker"] for row in rows}))

    def test_reset_forgets_everything(self) -> None:
        open_three()
        BOX.admin("POST", "/settings", {"jira": {"index_lag_ms": 5}})
        BOX.admin("POST", "/faults", [{"vendor": "jira", "action": "reset"}])
        BOX.reset()
        self.assertEqual(([], [], [], []), (BOX.tickets(), BOX.calls(), BOX.mails(),
                                            BOX.admin("GET", "/faults")["faults"]))
        self.assertEqual(0, BOX.admin("GET", "/settings")["jira"]["index_lag_ms"])

    def test_bad_settings_are_refused(self) -> None:
        for wanted in ({"zendesk": {}}, {"jira": {"nope": 1}}, {"jira": {"index_lag_ms": "1"}},
                       {"jira": {"workflow": "none"}}, {"jira": 1},
                       {"servicenow": {"user_time_zone": "Mars/Olympus"}},
                       {"pagerduty": {"reopen": 1}}):
            with self.subTest(wanted):
                self.assertEqual(400, call("POST", BOX.url["admin"] + "/settings", wanted).status)

    def test_unknown_paths_and_methods(self) -> None:
        for status, method, path in ((404, "GET", "/nope"), (405, "DELETE", "/tickets"),
                                     (405, "GET", "/reset")):
            self.assertEqual(status, call(method, BOX.url["admin"] + path).status)


class Person(Base):
    def choose(self, vendor: str, status: str) -> dict[str, Any]:
        row, = BOX.tickets(vendor)
        path = f"/tickets/{vendor}/{row['id']}/status"
        BOX.admin("POST", path, {"status": status})
        return BOX.tickets(vendor)[0]

    def test_changes_status_as_another_user(self) -> None:
        open_three()
        for vendor, status, kind in (
            ("servicenow", "On Hold", "OPEN"), ("servicenow", "In Progress", "ACKED"),
            ("servicenow", "Resolved", "RESOLVED"), ("servicenow", "Closed", "RESOLVED"),
            ("jira", "In Progress", "ACKED"), ("jira", "Done", "RESOLVED"), ("jira", "To Do", "OPEN"),
            ("pagerduty", "acknowledged", "ACKED"), ("pagerduty", "resolved", "RESOLVED"),
            ("pagerduty", "triggered", "OPEN"),
        ):
            with self.subTest(vendor=vendor, status=status):
                row = self.choose(vendor, status)
                self.assertEqual((status, kind), (row["status"], row["status_class"]))
        self.assertEqual("fred.luddy", BOX.tickets("servicenow")[0]["fields"]["sys_updated_by"])
        log = call("GET", BOX.url["jira"] + "/rest/api/3/issue/OPS-1?expand=changelog",
                   auth=JIRA_AUTH).json()["changelog"]["histories"]
        self.assertEqual("Mia Krystof", log[0]["author"]["displayName"])
        entries = call("GET", BOX.url["pagerduty"] + "/log_entries", auth=PD_AUTH).json()
        self.assertEqual("PLH1HKV", entries["log_entries"][0]["agent"]["id"])

    def test_adds_notes(self) -> None:
        open_three()
        for row in BOX.tickets():
            BOX.admin("POST", f"/tickets/{row['vendor']}/{row['id']}/note", {"text": "I look."})
        for row in BOX.tickets():
            self.assertEqual("I look.", row["comments"][-1]["text"])

    def test_refusals(self) -> None:
        open_three()
        self.choose("servicenow", "Closed")
        closed = BOX.tickets("servicenow")[0]["id"]
        for status, path, body in (
            (400, f"/tickets/servicenow/{closed}/status", {"status": "New"}),
            (400, "/tickets/jira/10001/status", {"status": "Gone"}),
            (404, "/tickets/jira/99/status", {"status": "Done"}),
            (404, "/tickets/jira/abc/note", {"text": "x"}),
            (404, "/tickets/zendesk/1/status", {"status": "Done"}),
            (404, "/tickets/pagerduty/Q1/status", {"status": "resolved"}),
            (400, "/tickets/jira/10001/note", {"text": " "}),
        ):
            with self.subTest(path):
                self.assertEqual(status, call("POST", BOX.url["admin"] + path, body).status)


class Page(Base):
    def html(self) -> Answer:
        return call("GET", BOX.url["admin"] + "/")

    def test_escapes_everything(self) -> None:
        open_three(EVIL)
        parts = urlsplit(BOX.url["smtp"])
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "t@example.com", "a@example.com", EVIL
        mail.set_content(EVIL + " http://127.0.0.1/?q=<b> javascript:alert(1)")
        with smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=5) as smtp:
            smtp.send_message(mail)
        page = self.html().body.decode()
        self.assertNotIn("<script", page)
        self.assertGreaterEqual(page.count("&lt;script&gt;"), 5)
        self.assertNotIn('href="javascript', page)

    def test_headers_and_no_foreign_resources(self) -> None:
        answer = self.html()
        self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
        self.assertIn('http-equiv="refresh"', answer.body.decode())
        for sign in ("src=", "@import", "url(", "<link"):
            self.assertNotIn(sign, answer.body.decode())

    def test_forms_change_by_post_only(self) -> None:
        open_three()
        page = self.html().body.decode()
        path = "/tickets/jira/10001/status"
        self.assertIn(f'<form method="post" action="{path}">', page)
        answer = post_form(path, status="Done")
        self.assertEqual((303, "/"), (answer.status, answer.headers["location"]))
        self.assertEqual("Done", BOX.tickets("jira")[0]["status"])
        self.assertEqual(405, call("GET", BOX.url["admin"] + path + "?status=Done").status)

    def test_other_sites_are_refused(self) -> None:
        open_three()
        path = "/tickets/jira/10001/status"
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Host": "evil.example"}):
            with self.subTest(headers):
                self.assertEqual(403, post_form(path, headers, status="Done").status)
        self.assertEqual("To Do", BOX.tickets("jira")[0]["status"])
        own = {"Origin": BOX.url["admin"]}
        self.assertEqual(303, post_form(path, own, status="Done").status)


if __name__ == "__main__":
    unittest.main()
