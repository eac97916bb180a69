"""The PagerDuty sandbox against the vendor's rules: REST and Events v2."""
from __future__ import annotations

import time
import unittest
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from client import PD_AUTH, PD_HEADERS, Answer, Process, call, eventually
from vendor import ROUTING_KEY

BOX = Process()
NEW = {"type": "incident", "title": "web", "service": {"id": "PF9KMXH", "type": "service_reference"}}
P2 = {"id": "PRIO0P2", "type": "priority_reference"}


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def ask(method: str, path: str, body: Any = None, headers: dict[str, str] = PD_HEADERS,
        auth: str = PD_AUTH, query: Any = ()) -> Answer:
    url = BOX.url["pagerduty"] + path + ("?" + urlencode(query) if query else "")
    return call(method, url, body, auth=auth, headers=headers)


def post(**members: Any) -> Answer:
    return ask("POST", "/incidents", {"incident": NEW | members})


def create(**members: Any) -> dict[str, Any]:
    return post(**members).json()["incident"]


def put(incident: dict[str, Any], **members: Any) -> Answer:
    return ask("PUT", "/incidents/" + incident["id"],
               {"incident": {"type": "incident_reference"} | members})


def found(*query: tuple[str, str]) -> list[str]:
    rows = ask("GET", "/incidents", query=query).json()["incidents"]
    return [row["title"] for row in rows]


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Create(Base):
    def test_answer(self) -> None:
        answer = post(urgency="low", priority=P2, incident_key="tocsin:1",
                      body={"type": "incident_body", "details": "text"})
        row = answer.json()["incident"]
        self.assertEqual(201, answer.status)
        self.assertEqual(("triggered", "low", "P2", "tocsin:1", 1),
                         (row["status"], row["urgency"], row["priority"]["summary"],
                          row["incident_key"], row["incident_number"]))

    def test_open_key_is_refused_per_service(self) -> None:
        first = create(incident_key="tocsin:1")
        answer = post(incident_key="tocsin:1")
        self.assertEqual((400, 2002), (answer.status, answer.json()["error"]["code"]))
        other = {"id": "PWEB001", "type": "service_reference"}
        self.assertEqual(201, post(incident_key="tocsin:1", service=other).status)
        put(first, status="acknowledged")
        self.assertEqual(400, post(incident_key="tocsin:1").status)
        put(first, status="resolved")
        self.assertEqual(201, post(incident_key="tocsin:1").status)

    def test_no_key_gets_one_of_its_own(self) -> None:
        self.assertNotEqual(create()["incident_key"], create()["incident_key"])

    def test_refused(self) -> None:
        cases: list[tuple[str, dict[str, Any]]] = [
            ("type", {"type": "incidents"}), ("blank title", {"title": " "}),
            ("service", {"service": {"id": "NOPE", "type": "service_reference"}}),
            ("service type", {"service": {"id": "PF9KMXH", "type": "service"}}),
            ("no service", {"service": None}), ("urgency", {"urgency": "medium"}),
            ("priority", {"priority": {"id": "P2", "type": "priority_reference"}}),
            ("priority type", {"priority": {"id": "PRIO0P2"}}), ("body", {"body": {"details": "x"}}),
            ("long key", {"incident_key": "x" * 256}),
        ]
        for name, members in cases:
            with self.subTest(name):
                answer = post(**members)
                self.assertEqual((400, 2001), (answer.status, answer.json()["error"]["code"]))
        self.assertEqual([], BOX.tickets())


class Change(Base):
    def test_status_and_fields(self) -> None:
        row = create()
        row = put(row, status="acknowledged", title="new", priority=P2, urgency="low").json()["incident"]
        self.assertEqual(("acknowledged", "new", "P2", "low"), (
            row["status"], row["title"], row["priority"]["summary"], row["urgency"]))
        self.assertEqual("oncall-bot@example.com", ask(
            "GET", "/users", query=[("query", "oncall")]).json()["users"][0]["email"])
        self.assertEqual(1, len(row["acknowledgements"]))
        row = put(row, status="resolved", resolution="fixed", priority="P4").json()["incident"]
        self.assertEqual(("resolved", "P4", []), (row["status"], row["priority"]["name"],
                                                  row["assignments"]))

    def test_reopen_or_400(self) -> None:
        row = create()
        put(row, status="resolved")
        self.assertEqual("triggered", put(row, status="triggered").json()["incident"]["status"])
        put(row, status="resolved")
        BOX.admin("POST", "/settings", {"pagerduty": {"reopen": False}})
        answer = put(row, status="acknowledged")
        self.assertEqual((400, ["Incident Already Resolved"]),
                         (answer.status, answer.json()["error"]["errors"]))

    def test_refused_changes_leave_it_alone(self) -> None:
        row = create()
        for name, members in (("status", {"status": "closed"}), ("type", {"type": "x"}),
                              ("resolution alone", {"resolution": "x"}), ("urgency", {"urgency": "x"}),
                              ("priority", {"priority": "P9"}), ("title", {"title": ""})):
            with self.subTest(name):
                self.assertEqual(400, put(row, **{"title": "changed"} | members).status)
        self.assertEqual("web", ask("GET", "/incidents/" + row["id"]).json()["incident"]["title"])

    def test_many_at_once(self) -> None:
        rows = [create(), create()]
        body = {"incidents": [{"id": row["id"], "type": "incident_reference", "status": "resolved"}
                              for row in rows]}
        answer = ask("PUT", "/incidents", body)
        self.assertEqual(["resolved"] * 2, [row["status"] for row in answer.json()["incidents"]])

    def test_notes(self) -> None:
        path = f"/incidents/{create()['id']}/notes"
        self.assertEqual(200, ask("POST", path, {"note": {"content": "first"}}).status)
        ask("POST", path, {"note": {"content": "second"}})
        notes = ask("GET", path).json()["notes"]
        self.assertEqual(["second", "first"], [note["content"] for note in notes])
        self.assertEqual(400, ask("POST", path, {"note": {"content": ""}}).status)
        BOX.admin("POST", "/settings", {"pagerduty": {"max_notes": 2}})
        self.assertEqual(400, ask("POST", path, {"note": {"content": "too many"}}).status)


class Reads(Base):
    def test_filters(self) -> None:
        create(title="a", incident_key="k1")
        put(create(title="b", incident_key="k2", urgency="low"), status="resolved")
        create(title="c", service={"id": "PWEB001", "type": "service_reference"})
        day = timedelta(days=1)
        now = datetime.now(timezone.utc)
        cases: list[tuple[str, list[tuple[str, str]], str]] = [
            ("all", [], "abc"), ("key", [("incident_key", "k2"), ("date_range", "all")], "b"),
            ("status", [("statuses[]", "resolved")], "b"), ("urgency", [("urgencies[]", "high")], "ac"),
            ("two", [("statuses[]", "triggered"), ("statuses[]", "resolved")], "abc"),
            ("service", [("service_ids[]", "PWEB001")], "c"),
            ("since", [("since", (now + day).isoformat())], ""),
            ("until", [("until", (now - day).isoformat())], ""),
            ("order", [("sort_by", "created_at:desc")], "cba"),
            ("page", [("limit", "1"), ("offset", "1")], "b"),
        ]
        for name, query, wanted in cases:
            with self.subTest(name):
                self.assertEqual(list(wanted), found(*query))
        page = ask("GET", "/incidents", query=[("limit", "2"), ("total", "true")]).json()
        self.assertEqual((True, 3), (page["more"], page["total"]))
        self.assertEqual(400, ask("GET", "/incidents", query=[("offset", "9990")]).status)
        self.assertEqual(400, ask("GET", "/incidents", query=[("since", "soon")]).status)

    def test_log_entries_are_newest_first(self) -> None:
        row = create(title="first")
        put(row, status="acknowledged")
        put(row, title="new")
        ask("POST", f"/incidents/{row['id']}/notes", {"note": {"content": "n"}})
        put(row, status="resolved")
        put(row, status="triggered")
        create()
        kinds = ["trigger", "resolve", "annotate", "field_value_change", "acknowledge", "trigger"]
        entries = ask("GET", f"/incidents/{row['id']}/log_entries").json()["log_entries"]
        self.assertEqual([f"{kind}_log_entry" for kind in kinds], [e["type"] for e in entries])
        query = [("include[]", "incidents"), ("include[]", "channels")]
        newest = ask("GET", "/log_entries", query=query).json()["log_entries"][:4]
        self.assertEqual("n", newest[3]["channel"]["summary"])
        self.assertEqual("new", newest[3]["incident"]["title"])
        later = (datetime.now(timezone.utc) + timedelta(minutes=1)).isoformat()
        self.assertEqual([], ask("GET", "/log_entries", query=[("since", later)],
                                 ).json()["log_entries"])

    def test_log_entries_of_a_window_come_in_pages(self) -> None:
        rows = [create(title=f"n{n}") for n in range(5)]
        now = datetime.now(timezone.utc)
        window = [("since", (now - timedelta(minutes=1)).isoformat()),
                  ("until", (now + timedelta(minutes=1)).isoformat()), ("limit", "2"), ("include[]", "incidents")]
        pages = [ask("GET", "/log_entries", query=[*window, ("offset", str(at))]).json() for at in (0, 2, 4)]
        self.assertEqual([True, True, False], [page["more"] for page in pages])
        seen = [entry["incident"] for page in pages for entry in page["log_entries"]]
        self.assertEqual([row["id"] for row in reversed(rows)], [row["id"] for row in seen])
        self.assertEqual({row["id"]: ask("GET", f"/incidents/{row['id']}").json()["incident"]["updated_at"]
                          for row in rows}, {row["id"]: row["updated_at"] for row in seen})
        early = [("since", (now - timedelta(hours=1)).isoformat()), ("until", (now - timedelta(minutes=1)).isoformat())]
        self.assertEqual([], ask("GET", "/log_entries", query=early).json()["log_entries"])
        self.assertEqual(400, ask("GET", "/log_entries", query=[*window, ("offset", "9999")]).status)

    def test_account_data(self) -> None:
        names = [row["summary"] for row in ask("GET", "/priorities").json()["priorities"]]
        self.assertEqual(["P1", "P2", "P3", "P4", "P5"], names)
        self.assertEqual("oncall-bot@example.com", ask("GET", "/users/me").json()["user"]["email"])
        self.assertEqual(2, len(ask("GET", "/services").json()["services"]))
        self.assertEqual(404, ask("GET", "/services/NOPE").status)
        self.assertTrue(ask("GET", "/abilities").json()["abilities"])


class Errors(Base):
    def test_shapes(self) -> None:
        for name, status, code, answer in (
            ("no auth", 401, 2006, ask("GET", "/incidents", auth="")),
            ("bad auth", 401, 2006, ask("GET", "/incidents", auth="Token token=x")),
            ("no From", 400, 1008, ask("POST", "/incidents", {"incident": NEW}, headers={})),
            ("stranger", 400, 1008, ask("POST", "/incidents", {"incident": NEW},
                                        headers={"From": "x@example.com"})),
            ("incident", 404, 2100, ask("GET", "/incidents/NOPE")),
            ("body", 400, 2001, ask("POST", "/incidents", b"{")),
            ("member", 400, 2001, ask("POST", "/incidents", {"incidents": []})),
            ("path", 404, 2100, ask("GET", "/nothing")),
        ):
            with self.subTest(name):
                self.assertEqual((status, code), (answer.status, answer.json()["error"]["code"]))
        self.assertEqual(200, ask("GET", "/priorities", headers={}).status)
        self.assertEqual(200, ask("GET", "/priorities", auth="Bearer sandbox-pd-key").status)

    def test_rate_limit(self) -> None:
        headers = ask("GET", "/priorities").headers
        self.assertEqual("960", headers["ratelimit-limit"])
        self.assertLess(int(headers["ratelimit-remaining"]), 960)
        self.assertLessEqual(int(headers["ratelimit-reset"]), 60)
        BOX.admin("POST", "/settings", {"pagerduty": {"rate_per_min": 2}})
        over = [a for a in (ask("GET", "/priorities") for _ in range(8)) if a.status == 429]
        self.assertTrue(over)
        self.assertEqual((2020, "0"), (over[0].json()["error"]["code"],
                                       over[0].headers["ratelimit-remaining"]))


class Events(Base):
    def send(self, action: str = "trigger", key: str = "k", **more: Any) -> Answer:
        event = {"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": key} | more
        if action == "trigger":
            event.setdefault("payload", {"summary": "web", "source": "s", "severity": "critical"})
        return call("POST", BOX.url["pagerduty_events"] + "/v2/enqueue", event)

    def statuses(self) -> list[str]:
        return [row["status"] for row in BOX.tickets("pagerduty")]

    def wait_for(self, *wanted: str) -> None:
        eventually(lambda: self.statuses() == list(wanted))

    def test_asynchronous(self) -> None:
        BOX.admin("POST", "/settings", {"pagerduty": {"events_delay_ms": 100}})
        start = time.monotonic()
        answer = self.send()
        self.assertEqual((202, "success", "k"), (
            answer.status, answer.json()["status"], answer.json()["dedup_key"]))
        self.wait_for("triggered")
        self.assertGreaterEqual(time.monotonic() - start, 0.1)

    def test_life(self) -> None:
        self.send()
        self.send()
        self.send("acknowledge", "unknown")
        self.send("acknowledge")
        self.wait_for("acknowledged")
        self.send("resolve")
        self.wait_for("resolved")
        self.send()
        self.wait_for("resolved", "triggered")

    def test_found_by_the_alerts_key(self) -> None:
        self.send()
        self.wait_for("triggered")
        row, = ask("GET", "/incidents", query=[("incident_key", "k")]).json()["incidents"]
        self.assertNotIn("incident_key", row)
        alert, = ask("GET", f"/incidents/{row['id']}/alerts").json()["alerts"]
        self.assertEqual(("k", "triggered"), (alert["alert_key"], alert["status"]))
        self.assertEqual(400, post(incident_key="k").status)

    def test_generated_key_and_low_urgency(self) -> None:
        event = {"routing_key": ROUTING_KEY, "event_action": "trigger",
                 "payload": {"summary": "x" * 1100, "source": "s", "severity": "warning"}}
        key = call("POST", BOX.url["pagerduty_events"] + "/v2/enqueue", event).json()["dedup_key"]
        self.assertTrue(key)
        self.wait_for("triggered")
        row, = BOX.tickets("pagerduty")
        self.assertEqual((key, "low", 1024), (row["marker"], row["fields"]["urgency"],
                                              len(row["title"])))

    def test_invalid_events(self) -> None:
        good = {"summary": "web", "source": "s", "severity": "critical"}
        for name, answer in (
            ("action", self.send("fire")), ("key", self.send(routing_key="x" * 32)),
            ("no key", self.send(routing_key="")), ("no dedup_key", self.send("resolve", "")),
            ("payload", self.send(payload="x")), ("long key", self.send(key="x" * 256)),
            ("severity", self.send(payload=good | {"severity": "high"})),
            ("summary", self.send(payload=good | {"summary": ""})),
            ("no JSON", call("POST", BOX.url["pagerduty_events"] + "/v2/enqueue", b"{")),
        ):
            with self.subTest(name):
                self.assertEqual(400, answer.status)
                self.assertTrue(answer.json()["errors"])

    def test_too_large_and_429_without_a_body(self) -> None:
        self.assertEqual(413, self.send(client="x" * 600_000).status)
        BOX.admin("POST", "/faults", [{"vendor": "pagerduty_events", "action": "status",
                                       "status": 429}])
        answer = self.send()
        self.assertEqual((429, b""), (answer.status, answer.body))


class Account(Base):
    def test_priorities_and_what_services_do_by_themselves(self) -> None:
        for names in (["Sev1", "Sev2"], []):
            BOX.admin("POST", "/settings", {"pagerduty": {"priorities": names, "auto_resolve_s": 14400}})
            self.assertEqual(names, [row["name"] for row in ask("GET", "/priorities").json()["priorities"]])
        self.assertEqual(14400, ask("GET", "/services/PF9KMXH").json()["service"]["auto_resolve_timeout"])


if __name__ == "__main__":
    unittest.main()
