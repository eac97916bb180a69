"""The native API: who may do what, what each route answers, and what ticket systems see of it."""
from __future__ import annotations

import re
import typing
import unittest

from harness import ROOT, STORE, TOKENS, Response, eventually, http
from worlds import Config, Scenario, fresh

ROLES = ("viewer", "responder", "manager", "admin")  # each may do what those before it may
NOBODY = "00000000-0000-4000-8000-000000000000"
# (method, path, least role, status when the role is right); ID is an open incident, NO and EVENT an id that nothing has
ROUTES = [
    ("GET", "/v1/incidents", "viewer", 200), ("GET", "/v1/incidents/ID", "viewer", 200),
    ("GET", "/v1/incidents/ID/events", "viewer", 200), ("POST", "/v1/quarantine/NO/drop", "manager", 404),
    ("POST", "/v1/incidents/ID/notes", "responder", 200), ("POST", "/v1/incidents/ID/acknowledge", "responder", 200),
    ("POST", "/v1/incidents/ID/resolve", "responder", 200), ("POST", "/v1/incidents/ID/reopen", "responder", 200),
    ("GET", "/v1/incidents/ID/explain", "viewer", 200), ("GET", "/v1/incidents/ID/alarms", "viewer", 200), ("POST", "/v1/incidents/ID/split", "responder", 409),
    ("POST", "/v1/subscriptions/confirm", "manager", 404),
    ("GET", "/v1/links", "viewer", 200), ("GET", "/v1/links/NO", "viewer", 404), ("GET", "/v1/deadletters", "viewer", 200),
    ("POST", "/v1/deadletters/NO/retry", "manager", 404), ("POST", "/v1/deadletters/NO/drop", "manager", 404),
    ("POST", "/v1/links/NO/retry", "manager", 404), ("POST", "/v1/links/NO/read", "responder", 404), ("GET", "/v1/subscriptions", "viewer", 200),
    ("POST", "/v1/incidents", "responder", 201), ("POST", "/v1/incidents/ID/update", "responder", 200),
    ("POST", "/v1/incidents/ID/engage", "responder", 200), ("POST", "/v1/incidents/ID/disengage", "responder", 404),
    ("GET", "/v1/engagements", "viewer", 200), ("POST", "/v1/engagements", "responder", 201),
    ("GET", "/v1/engagements/NO", "viewer", 404), ("POST", "/v1/engagements/NO/stop", "responder", 404),
    ("POST", "/v1/pages/NO/accept", "responder", 404),
    ("POST", "/v1/incidents/ID/events", "responder", 201), ("GET", "/v1/incidents/ID/events/EVENT", "viewer", 404),
    ("POST", "/v1/incidents/ID/events/EVENT/update", "responder", 404),
    ("POST", "/v1/incidents/ID/events/EVENT/delete", "responder", 200), ("GET", "/v1/incidents/ID/timeline", "viewer", 200),
    ("GET", "/v1/incidents/ID/related", "viewer", 200), ("POST", "/v1/incidents/ID/related", "responder", 400),
    ("POST", "/v1/incidents/ID/related/remove", "responder", 200),
    ("GET", "/v1/incidents/ID/findings", "viewer", 200),
    ("POST", "/v1/incidents/ID/tags", "responder", 200), ("POST", "/v1/incidents/ID/tags/remove", "responder", 200),
    ("GET", "/v1/oncall", "viewer", 200), ("GET", "/v1/shifts", "viewer", 200),
    ("GET", "/v1/overrides", "viewer", 200), ("GET", "/v1/coverage", "viewer", 200),
    ("GET", "/v1/resources/KIND", "viewer", 200), ("POST", "/v1/resources/KIND", "manager", 400),
    ("GET", "/v1/resources/KIND/NAME", "viewer", 200), ("POST", "/v1/resources/KIND/NAME/delete", "manager", 409),
    ("POST", "/v1/resources/KIND/NAME/activation-code", "manager", 404),
    ("POST", "/v1/resources/KIND/NAME/activate", "responder", 404),
    ("POST", "/v1/resources/KIND/NAME/deactivate", "manager", 404),
    ("GET", "/v1/mutes", "viewer", 200), ("POST", "/v1/mutes", "responder", 201),
    ("POST", "/v1/mutes/NO/end", "responder", 404), ("GET", "/v1/muted", "viewer", 200),
    ("GET", "/v1/heartbeats", "viewer", 200),
    ("GET", "/v1/quarantine", "viewer", 200), ("GET", "/v1/sources", "viewer", 200),
    ("GET", "/v1/connectors", "viewer", 200), ("POST", "/v1/connectors/NAME/sweep", "manager", 404), ("GET", "/v1/nodes", "viewer", 200),
]
BODIES: dict[str, Config] = {  # of those that need one
    "notes": {"text": "a note"}, "split": {"alarm": NOBODY}, "confirm": {"source": "none", "topic": "none"},
    "incidents": {"response_plan": "web"}, "update": {"impact": 2}, "engage": {"contact": "alice"},
    "engagements": {"contact": "alice", "sender": "the table", "subject": "a drill", "content": "none"},
    "related": {"type": "OTHER"}, "remove": {"id": "none"},
    "tags": {"tags": {"of": "the table"}}, "tags/remove": {"keys": ["none"]},
    "events": {"data": "a drill"}, "EVENT/update": {"data": "no drill"},
    "disengage": {"engagement": NOBODY}, "accept": {"code": "123456"},
    "activate": {"code": "123456"}, "KIND": {"Alias": "No Alias"},
    "mutes": {"match": {"source": "none"}, "comment": "of the table", "duration": "1m"}}


class Api(Scenario):
    def ask(self, method: str, path: str, ident: str, headers: dict[str, str]) -> Response:
        parts = path.split("/")
        body = BODIES.get("/".join(parts[-2:]), BODIES.get(parts[-1])) if method == "POST" else None
        url = self.app.url + path.replace("ID", ident).replace("NO", NOBODY).replace("EVENT", NOBODY)
        url = url.replace("KIND", "contacts").replace("NAME", "alice")
        return http(method, url, body if body else (b"" if method == "POST" else None), headers)

    def error(self, answer: Response, status: int, code: str) -> Config:
        self.assertEqual(status, answer.status, answer.body)
        error = answer.json()["error"]
        self.assertEqual(code, error["code"])
        self.assertTrue(error["message"])
        return typing.cast(Config, error)


class Roles(Api):
    def test_every_route_is_in_this_table(self) -> None:
        text = (ROOT / "core/api/v1.c").read_text()
        known = {(m, p) for m, p in re.findall(r'\{"(\w+)", "(/v1/[^"]+)", TCN_', text)}
        here = {(m, p.replace("ID", "{id}").replace("NO", "{id}").replace("EVENT", "{event}")
                    .replace("KIND", "{kind}").replace("NAME", "{name}")) for m, p, _, _ in ROUTES}
        self.assertEqual(known, here)

    def test_matrix(self) -> None:
        _, ident = self.open_one("roles")
        for method, path, least, status in ROUTES:
            for role in ROLES:
                with self.subTest(f"{method} {path} as {role}"):
                    answer = self.ask(method, path, ident, {"Authorization": f"Bearer {TOKENS[role]}"})
                    if ROLES.index(role) >= ROLES.index(least):
                        self.assertEqual(status, answer.status, answer.body)
                    else:
                        self.error(answer, 403, "forbidden")

    def test_strangers(self) -> None:
        _, ident = self.open_one("strangers")
        self.linked(ident)
        wrong = [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + TOKENS["admin"][:-1]},
                 {"Authorization": "Bearer " + TOKENS["admin"] + "x"}, {"Authorization": "Basic " + TOKENS["admin"]},
                 {"Authorization": TOKENS["admin"]}, {"X-Api-Key": TOKENS["admin"]}]
        for method, path, _, _ in ROUTES:
            for headers in wrong:
                with self.subTest(f"{method} {path} {headers}"):
                    answer = self.ask(method, path, ident, headers)
                    self.error(answer, 401, "unauthorized")
                    self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))
        incident = self.app.incident(ident)
        self.assertEqual(("OPEN", None), (incident["status"], incident["acknowledged"]))
        self.assertNotIn("a note", self.texts(ident))

    def test_a_token_is_no_source_secret_and_the_other_way_round(self) -> None:
        self.assertEqual(401, http("POST", self.app.url + "/sources/prom", b"{}",
                                   {"Authorization": f"Bearer {TOKENS['admin']}"}).status)


class Lists(Api):
    def test_shape(self) -> None:
        _, ident = self.open_one("shape")
        row = next(row for row in self.app.incidents() if row["id"] == ident)
        self.assertLessEqual({"id", "arn", "title", "summary", "impact", "status", "acknowledged", "dedupe",
                              "response_plan", "created_at", "resolved_at"}, set(row))
        whole = self.app.incident(ident)
        self.assertLessEqual({"timeline", "engagements", "links"}, set(whole))
        self.assertEqual({key: row[key] for key in ("id", "arn", "title", "created_at")},
                         {key: whole[key] for key in ("id", "arn", "title", "created_at")})

    def test_filters(self) -> None:
        name, ident = self.open_one("filter")
        _, other = self.open_one("filter")
        self.cloudwatch(name, "OK")
        status = {"OPEN": {row["id"] for row in self.app.incidents("?status=OPEN&limit=200")},
                  "RESOLVED": {row["id"] for row in self.app.incidents("?status=RESOLVED&limit=200")}}
        self.assertIn(ident, status["RESOLVED"])
        self.assertNotIn(ident, status["OPEN"])
        self.assertIn(other, status["OPEN"])
        self.assertFalse(status["OPEN"] & status["RESOLVED"])
        dedupe = self.app.incident(other)["dedupe"]
        self.assertEqual([other], [row["id"] for row in self.app.incidents(f"?dedupe={dedupe}")])
        self.assertEqual([], self.app.incidents(f"?dedupe={dedupe}&status=RESOLVED"))
        self.assertEqual([], self.app.incidents("?dedupe=nothing"))

    def test_pages(self) -> None:
        mine = [self.open_one("page")[1] for _ in range(7)]
        seen: list[str] = []
        token, rounds = "", 0
        while token is not None:
            answer = self.app.api("GET", "/v1/incidents?limit=3" + (f"&next={token}" if token else "")).json()
            self.assertLessEqual(len(answer["items"]), 3)
            seen += [row["id"] for row in answer["items"]]
            token, rounds = answer["next"], rounds + 1
            self.assertLess(rounds, 200)
        self.assertEqual(len(seen), len(set(seen)), "no incident on two pages")
        self.assertEqual(mine[::-1], [ident for ident in seen if ident in mine], "the newest first")

    def test_bad_questions(self) -> None:
        for query, field in (("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"),
                             ("status=CLOSED", "status"), ("next=abc", "next")):
            with self.subTest(query):
                error = self.error(self.app.api("GET", f"/v1/incidents?{query}"), 400, "bad_request")
                self.assertEqual(field, error["field"])

    def test_what_is_not_there(self) -> None:
        self.error(self.app.api("GET", f"/v1/incidents/{NOBODY}"), 404, "not_found")
        for path in ("/v1/incidents/../../etc/passwd", "/v1/incidents/x", "/v1/nothing", "/v1", "/v1/incidents/"):
            with self.subTest(path):
                self.assertIn(self.app.api("GET", path).status, (400, 404))
        self.assertEqual(405, self.app.api("DELETE", "/v1/incidents").status)

    def test_states(self) -> None:
        sources = self.app.api("GET", "/v1/sources").json()["items"]
        self.assertEqual({"cloudwatch", "events", "prom"}, {row["name"] for row in sources})
        connectors = self.app.api("GET", "/v1/connectors").json()["items"]
        self.assertEqual({"servicenow", "jira", "pagerduty", "mail"}, {row["name"] for row in connectors})
        answer = self.app.api("GET", "/v1/nodes").json()
        self.assertEqual([("alive", True, "us-east-1")],
                         [(row["state"], row["answered"], row["region"]) for row in answer["items"]])
        self.assertEqual("postgresql" if STORE == "postgres" else "sqlite", answer["database"]["engine"])
        self.assertEqual("primary", answer["database"]["role"])
        _, ident = self.open_one("links")
        self.linked(ident)
        rows = self.app.api("GET", "/v1/links?limit=200").json()["items"]
        self.assertEqual(3, len([row for row in rows if row["incident"] == ident]))
        rows = self.app.api("GET", "/v1/links?limit=200&connector=jira").json()["items"]
        self.assertEqual({"jira"}, {row["connector"] for row in rows})


class Commands(Api):
    def test_acknowledge(self) -> None:
        name, ident = self.open_one("ack")
        self.tickets(name, "OPEN")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {"note": "I look at it"}, "responder")
        self.assertEqual(200, answer.status)
        self.assertIn("responder", answer.json()["acknowledged"]["by"])
        self.assertIn("I look at it", str(answer.json()["timeline"]))
        second, ident = self.open_one("ack")
        note = f"{second}: " + "long " * 1000
        answer = self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {"note": note}, "responder")
        self.assertIn(note, str(answer.json()["timeline"]), "whole")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {"note": "x" * 8001}, "responder")
        self.assertEqual((400, "note"), (answer.status, answer.json()["error"]["field"]))
        self.tickets(name, "ACKED")

    def test_acknowledge_what_is_over(self) -> None:
        _, ident = self.open_one("too-late")
        self.app.api("POST", f"/v1/incidents/{ident}/resolve")
        error = self.error(self.app.api("POST", f"/v1/incidents/{ident}/acknowledge"), 409, "already_resolved")
        self.assertIn("/reopen", error["message"])
        self.assertIsNone(self.app.incident(ident)["acknowledged"])

    def test_resolve_and_reopen(self) -> None:
        name, ident = self.open_one("resolve")
        self.tickets(name, "OPEN")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/resolve", {"code": "fixed", "notes": "rolled back"})
        self.assertEqual("RESOLVED", answer.json()["status"])
        self.assertEqual(("fixed", "rolled back"), (answer.json()["resolution"]["code"],
                                                    answer.json()["resolution"]["notes"]))
        self.tickets(name, "RESOLVED")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/reopen")
        self.assertEqual("OPEN", answer.json()["status"])
        self.assertIsNone(answer.json()["resolved_at"])
        self.assertIn("SSM Incident Record Update", self.types(ident))

    def test_wont_fix_in_the_words_of_a_person(self) -> None:
        name, ident = self.open_one("wontfix")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/resolve", {"code": "Won't Fix"})
        self.assertEqual("wont_fix", answer.json()["resolution"]["code"])
        self.cloudwatch(name, "OK")
        self.cloudwatch(name, "ALARM")
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        self.assertIn("muted after", self.texts(ident))
        self.assertEqual([], self.app.api("GET", f"/v1/incidents?status=OPEN&dedupe={name}").json()["items"])

    def test_reopened_tickets_follow(self) -> None:
        """PagerDuty has no way back: its record stays resolved and a person is told."""
        name, ident = self.open_one("follow")
        self.tickets(name, "OPEN")
        self.app.api("POST", f"/v1/incidents/{ident}/resolve")
        self.tickets(name, "RESOLVED")
        self.app.api("POST", f"/v1/incidents/{ident}/reopen")

        def followed() -> bool:
            classes = {row["vendor"]: row["status_class"] for row in self.box.tickets(name)}
            return classes["servicenow"] != "RESOLVED" and classes["jira"] != "RESOLVED"
        eventually("tickets are open again", followed, 30)

    def test_a_note_with_a_command_that_changes_nothing(self) -> None:
        """Somebody else was faster: what this person wrote is on the timeline and in the tickets all the same."""
        name, ident = self.open_one("late")
        for command, member in (("acknowledge", "note"), ("resolve", "notes")):
            with self.subTest(command):
                text = fresh(f"I am the second to {command}")
                path = f"/v1/incidents/{ident}/{command}"
                self.assertEqual(200, self.app.api("POST", path, {}, "admin").status)
                self.assertEqual(200, self.app.api("POST", path, {member: text}, "responder").status)
                rows = [row for row in self.app.incident(ident)["timeline"] if text in str(row["text"])]
                self.assertEqual([("Note", "token:responder")], [(row["type"], row["actor"]) for row in rows])

    def test_notes_reach_every_ticket(self) -> None:
        name, ident = self.open_one("note")
        self.linked(ident)
        text = fresh("the load balancer was restarted")
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": text}).status)
        self.assertIn(text, self.texts(ident))

        def everywhere() -> bool:
            rows = self.box.tickets(name)
            return len(rows) == 3 and all(text in str(row["comments"]) for row in rows)
        eventually("the note is in three tickets", everywhere, 40)
        for row in self.box.tickets(name):
            self.assertEqual(1, str(row["comments"]).count(text), row["vendor"])

    def test_bad_commands_change_nothing(self) -> None:
        _, ident = self.open_one("bad")
        self.linked(ident)
        before = self.app.incident(ident)["timeline"]
        for path, body, field in (
                ("notes", {}, "text"), ("notes", {"text": ""}, "text"), ("notes", {"text": 7}, "text"),
                ("notes", {"text": " \n\t"}, "text"), ("notes", {"text": "a\u001b[31m"}, "text"),
                ("acknowledge", {"note": " "}, "note"), ("resolve", {"notes": "a\rb"}, "notes"),
                ("notes", {"text": "x" * 12001}, "text"), ("notes", {"text": "a", "colour": 1}, "colour"),
                ("acknowledge", {"notes": "x"}, "notes"), ("resolve", {"code": ["x"]}, "code"),
                ("resolve", [], None), ("reopen", {"why": "x"}, "why"), ("notes", b"{", None)):
            with self.subTest(f"{path} {str(body)[:40]}"):
                error = self.error(self.app.api("POST", f"/v1/incidents/{ident}/{path}", body), 400, "bad_request")
                self.assertEqual(field, error.get("field"))
        incident = self.app.incident(ident)
        self.assertEqual(("OPEN", None), (incident["status"], incident["acknowledged"]))
        self.assertEqual(before, incident["timeline"])
        self.error(self.app.api("POST", f"/v1/incidents/{NOBODY}/resolve"), 404, "not_found")

    def test_a_body_that_is_too_large(self) -> None:
        _, ident = self.open_one("large")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": "x" * (300 << 10)})
        self.assertEqual(413, answer.status)

    def test_hostile_text_stays_text(self) -> None:
        name, ident = self.open_one("hostile")
        self.linked(ident)
        text = '\u202e"}],<script> {code} ${jndi:ldap://x} %s\n\r\n.\r\nMAIL FROM'
        for refused in (text + "\u0000", text + "\r."):
            answer = self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": refused})
            self.assertEqual(400, answer.status, "NUL and a lone CR are refused, never cut")
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": text}).status)
        self.assertIn(text.replace("\r\n", "\n"), self.texts(ident))

        def arrived() -> bool:
            return all("jndi" in str(row["comments"]) for row in self.box.tickets(name))
        eventually("the note arrives", arrived, 40)


class DeadLetters(Api):
    def letters(self, ident: str) -> list[Config]:
        rows = self.app.api("GET", "/v1/deadletters?limit=200").json()["items"]
        return [row for row in rows if row["incident"] == ident]

    def refused(self, vendor: str, path: str) -> tuple[str, str, Config]:
        """An incident whose ticket that vendor refuses for good."""
        self.box.fault(vendor=vendor, action="status", method="POST", path_re=path, status=400, times=0)
        name, ident = self.open_one("letter")
        (letter,) = eventually("a dead letter", lambda: self.letters(ident), 40)
        self.box.no_faults()
        return name, ident, letter

    def tearDown(self) -> None:
        self.box.no_faults()

    def test_list_and_retry(self) -> None:
        name, ident, letter = self.refused("servicenow", "/table/incident")
        self.assertEqual("servicenow", letter["connector"])
        self.assertIn("400", letter["reason"] + str(letter["response"]))
        self.assertIn(name, letter["request"])
        self.assertNotIn("sandbox-password", str(letter))
        self.tickets(name, vendors=("jira", "pagerduty"))
        answer = self.app.api("POST", f"/v1/deadletters/{letter['id']}/retry", role="manager")
        self.assertEqual(200, answer.status)
        self.tickets(name)
        eventually("the letter is gone", lambda: not self.letters(ident))
        self.assertEqual("LINKED", self.linked(ident)["servicenow"]["state"])

    def test_drop(self) -> None:
        name, ident, letter = self.refused("jira", "/rest/api/3/issue$")
        answer = self.app.api("POST", f"/v1/deadletters/{letter['id']}/drop", role="manager")
        self.assertEqual(200, answer.status)
        self.assertIn("jira has no ticket for this incident", answer.json()["message"])
        self.assertEqual(("jira", None), (answer.json()["link"]["connector"], answer.json()["link"]["remote_key"]))
        self.assertIn("jira has no ticket for this incident", self.texts(ident))
        self.assertEqual([], self.letters(ident))
        self.error(self.app.api("POST", f"/v1/deadletters/{letter['id']}/retry"), 404, "not_found")
        self.tickets(name, vendors=("servicenow", "pagerduty"))
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.tickets(name, "ACKED")


if __name__ == "__main__":
    unittest.main()
