"""The ServiceNow sandbox against the vendor's rules."""
from __future__ import annotations

import unittest
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from client import SNOW_AUTH, Answer, Process, call
from vendor import CLIENT_ID, CLIENT_SECRET, PASSWORD, USER

BOX = Process()
API = "/api/now/table/"
CLOSE = {"state": "6", "close_code": "Solution provided", "close_notes": "Alarm is OK"}


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def ask(method: str, path: str, body: Any = None, auth: str = SNOW_AUTH,
        **query: Any) -> Answer:
    url = BOX.url["servicenow"] + path + (f"?{urlencode(query)}" if query else "")
    return call(method, url, body, auth=auth)


def create(**fields: Any) -> dict[str, Any]:
    return ask("POST", API + "incident", {"short_description": "web"} | fields).json()["result"]


def patch(row: dict[str, Any], **fields: Any) -> Answer:
    return ask("PATCH", API + "incident/" + row["sys_id"], fields)


def find(query: str, table: str = "incident", **more: Any) -> list[dict[str, Any]]:
    return ask("GET", API + table, sysparm_query=query, **more).json()["result"]


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Records(Base):
    def test_create_answers_201_with_location_and_strings(self) -> None:
        answer = ask("POST", API + "incident", {"short_description": "x", "impact": 1})
        row = answer.json()["result"]
        self.assertEqual(201, answer.status)
        self.assertTrue(answer.headers["location"].endswith(row["sys_id"]))
        self.assertEqual({"opened_by"}, {n for n, v in row.items() if not isinstance(v, str)})
        self.assertEqual(("1", "1", "true", ""), tuple(
            row[n] for n in ("impact", "state", "active", "resolved_at")))

    def test_unknown_and_read_only_fields_vanish_silently(self) -> None:
        row = create(shrt_description="typo", priority="1", number="INC1", sys_mod_count="9")
        self.assertNotIn("shrt_description", row)
        self.assertEqual(("5", "INC0010001", "0"),
                         (row["priority"], row["number"], row["sys_mod_count"]))

    def test_priority_from_impact_and_urgency(self) -> None:
        for impact, urgency, priority in (("1", "1", "1"), ("1", "2", "2"), ("1", "3", "3"),
                                          ("2", "1", "2"), ("2", "2", "3"), ("2", "3", "4"),
                                          ("3", "1", "3"), ("3", "2", "4"), ("3", "3", "5")):
            with self.subTest(impact=impact, urgency=urgency):
                self.assertEqual(priority, create(impact=impact, urgency=urgency)["priority"])

    def test_long_text_is_cut(self) -> None:
        row = create(short_description="x" * 200, description="y" * 5000, correlation_id="z" * 150)
        self.assertEqual([160, 4000, 100], [len(row[n]) for n in (
            "short_description", "description", "correlation_id")])

    def test_mod_count_counts_real_changes(self) -> None:
        row = create()
        self.assertEqual("1", patch(row, description="new").json()["result"]["sys_mod_count"])
        self.assertEqual("1", patch(row, description="new").json()["result"]["sys_mod_count"])
        self.assertEqual("2", patch(row, work_notes="n").json()["result"]["sys_mod_count"])

    def test_put_acts_like_patch(self) -> None:
        row = create(description="kept")
        answer = ask("PUT", API + "incident/" + row["sys_id"], {"impact": "2"})
        self.assertEqual((200, "kept", "2"), (answer.status, answer.json()["result"]["description"],
                                              answer.json()["result"]["impact"]))

    def test_times_are_utc_seconds(self) -> None:
        at = datetime.strptime(create()["sys_updated_on"], "%Y-%m-%d %H:%M:%S")
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        self.assertLess(abs(now - at), timedelta(seconds=5))

    def test_versioned_path_and_delete(self) -> None:
        row = create()
        path = "/api/now/v2/table/incident/" + row["sys_id"]
        self.assertEqual(200, ask("GET", path).status)
        self.assertEqual(204, ask("DELETE", path).status)
        self.assertEqual(404, ask("GET", path).status)


class States(Base):
    def test_resolve_needs_close_fields(self) -> None:
        row = create()
        for fields in ({"state": "6"}, {"state": "6", "close_code": "Duplicate"},
                       {"state": "6", "close_notes": "x"}, {"incident_state": "6"}):
            with self.subTest(fields):
                answer = patch(row, **fields)
                self.assertEqual(403, answer.status)
                self.assertIn("Data Policy Exception", answer.json()["error"]["detail"])
        self.assertEqual("1", ask("GET", API + "incident/" + row["sys_id"]).json()["result"]["state"])

    def test_resolve_reopen_close(self) -> None:
        row = create()
        done = patch(row, **CLOSE).json()["result"]
        self.assertEqual(("6", "6", "true"),
                         (done["state"], done["incident_state"], done["active"]))
        self.assertTrue(done["resolved_at"] and done["resolved_by"])
        again = patch(row, state="2").json()["result"]
        self.assertEqual(("", "1"), (again["resolved_at"], again["reopen_count"]))
        self.assertEqual("false", patch(row, state="7").json()["result"]["active"])

    def test_closed_is_read_only(self) -> None:
        row = create()
        patch(row, **CLOSE | {"state": "7"})
        answer = patch(row, work_notes="too late")
        self.assertEqual(403, answer.status)
        self.assertIn("ACL Exception", answer.json()["error"]["detail"])

    def test_hold_reason_if_the_instance_wants_one(self) -> None:
        row = create()
        BOX.admin("POST", "/settings", {"servicenow": {"require_hold_reason": True}})
        self.assertEqual(403, patch(row, state="3").status)
        self.assertEqual(200, patch(row, state="3", hold_reason="1").status)


class Queries(Base):
    def setUp(self) -> None:
        super().setUp()
        self.rows = [create(correlation_id=f"tocsin:{n}", impact=str(n)) for n in (1, 2, 3)]

    def impacts(self, query: str, **more: Any) -> list[str]:
        return [row["impact"] for row in find(query, **more)]

    def test_operators(self) -> None:
        for query, impacts in (
            ("correlation_id=tocsin:2", "2"), ("correlation_id!=tocsin:2", "13"),
            ("correlation_idINtocsin:1,tocsin:3", "13"), ("impactNOT IN1,3", "2"),
            ("correlation_idSTARTSWITHtocsin:", "123"), ("correlation_idENDSWITH3", "3"),
            ("short_descriptionLIKEwe", "123"), ("impact>=2", "23"), ("impact>2", "3"),
            ("impact<2", "1"), ("impact<=2", "12"), ("impact>=2^impact<3", "2"),
            ("impact=1^ORimpact=3", "13"), ("state=9^NQimpact=2", "2"),
            ("impact=1^state=1^NQimpact=3^state=9", "1"), ("close_codeISEMPTY", "123"),
            ("close_codeISNOTEMPTY", ""), ("impactISNOTEMPTY^ORDERBYDESCimpact", "321"),
            ("ORDERBYimpact^ORDERBYsys_id", "123"), ("", "123"),
        ):
            with self.subTest(query):
                self.assertEqual(list(impacts), self.impacts(query))

    def test_unknown_field_is_dropped_and_matches_more(self) -> None:
        for query in ("corelation_id=tocsin:2", "impactBADOP2", "opened_at>javascript:gs.nope()"):
            with self.subTest(query):
                self.assertEqual(list("123"), self.impacts(query))
        self.assertEqual(["2"], self.impacts("corelation_id=x^impact=2"))

    def test_times_are_read_in_the_users_zone(self) -> None:
        for zone in ("GMT", "Europe/Berlin", "Asia/Kolkata"):
            BOX.admin("POST", "/settings", {"servicenow": {"user_time_zone": zone}})
            local = datetime.now(ZoneInfo(zone))
            for minutes, count in ((-5, 3), (5, 0)):
                at = local + timedelta(minutes=minutes)
                script = f"javascript:gs.dateGenerate('{at:%Y-%m-%d}','{at:%H:%M:%S}')"
                with self.subTest(zone=zone, minutes=minutes):
                    self.assertEqual(count, len(find(f"sys_updated_on>={script}")))
                    self.assertEqual(count, len(find(f"sys_updated_on>={at:%Y-%m-%d %H:%M:%S}")))

    def paged(self, behind: str) -> list[str]:
        """The records one by one; `behind` is what a page asks for that comes after one."""
        seen: list[str] = []
        query = "correlation_idSTARTSWITHtocsin:"
        while rows := find(query + "^ORDERBYsys_updated_on^ORDERBYsys_id", sysparm_limit=1):
            seen.append(rows[0]["sys_id"])
            day, time = rows[0]["sys_updated_on"].split(" ")
            query = behind.format(at=f"javascript:gs.dateGenerate('{day}','{time}')", last=rows[0]["sys_id"])
        return seen

    def test_keyset_paging_over_equal_times(self) -> None:
        ours = "correlation_idSTARTSWITHtocsin:"
        for behind in (ours + "^sys_updated_on>{at}^NQ" + ours + "^sys_updated_on={at}^sys_id>{last}",
                       ours + "^sys_updated_on>={at}^sys_updated_on>{at}^ORsys_id>{last}"):
            with self.subTest(behind):
                seen = self.paged(behind)
                self.assertEqual(sorted(row["sys_id"] for row in self.rows), sorted(seen))

    def test_many_by_their_ids(self) -> None:
        ids = [row["sys_id"] for row in self.rows[:2]]
        found = find(f"sys_idIN{','.join([*ids, 'f' * 32])}", sysparm_fields="sys_id,sys_mod_count")
        self.assertEqual(sorted(ids), sorted(row["sys_id"] for row in found))

    def test_fields_limit_offset_and_headers(self) -> None:
        answer = ask("GET", API + "incident", sysparm_query="ORDERBYimpact", sysparm_limit=1,
                     sysparm_offset=1, sysparm_fields="number,impact,nonsense")
        self.assertEqual([{"number": self.rows[1]["number"], "impact": "2"}],
                         answer.json()["result"])
        self.assertEqual("3", answer.headers["x-total-count"])
        self.assertRegex(answer.headers["link"], r'sysparm_offset=2&.*>;rel="next"$')
        self.assertNotIn("x-total-count", ask("GET", API + "incident",
                                              sysparm_no_count="true").headers)


class Values(Base):
    def test_references_and_display_values(self) -> None:
        row = create(assigned_to="5137153cc611227c000bbd1bd8cd2005", state="2", work_notes="hello")
        path = API + "incident/" + row["sys_id"]

        def field(name: str, **query: str) -> Any:
            return ask("GET", path, **query).json()["result"][name]

        who = row["assigned_to"]["value"]
        self.assertTrue(row["assigned_to"]["link"].endswith("/sys_user/" + who))
        self.assertEqual(who, field("assigned_to", sysparm_exclude_reference_link="true"))
        self.assertEqual("", field("work_notes"))
        self.assertEqual("In Progress", field("state", sysparm_display_value="true"))
        self.assertEqual("Fred Luddy", field("assigned_to", sysparm_display_value="true",
                                             sysparm_exclude_reference_link="true"))
        self.assertIn("hello", field("work_notes", sysparm_display_value="true"))
        self.assertEqual({"display_value": "In Progress", "value": "2"},
                         field("state", sysparm_display_value="all"))

    def test_journal_table(self) -> None:
        row, other = create(work_notes="first"), create(comments="elsewhere")
        patch(row, work_notes="second", comments="for the caller")
        entries = find(f"element_id={row['sys_id']}^name=incident^elementINwork_notes,comments"
                       "^ORDERBYsys_created_on", "sys_journal_field")
        self.assertEqual(["first", "second", "for the caller"], [e["value"] for e in entries])
        self.assertEqual("tocsin.integration", entries[0]["sys_created_by"])
        self.assertEqual(1, len(find(f"element_idIN{other['sys_id']}", "sys_journal_field")))
        BOX.admin("POST", "/settings", {"servicenow": {"journal_hidden": True}})
        self.assertEqual([], find("", "sys_journal_field"))

    def test_who_am_i_and_choices(self) -> None:
        me, = find("user_name=javascript:gs.getUserName()", "sys_user",
                   sysparm_fields="sys_id,user_name,time_zone")
        self.assertEqual(("tocsin.integration", "GMT"), (me["user_name"], me["time_zone"]))
        states = find("name=incident^element=state^inactive=false", "sys_choice")
        self.assertEqual(["1", "2", "3", "6", "7", "8"], [row["value"] for row in states])

    def test_import_set_coalesces(self) -> None:
        body = {"correlation_id": "tocsin:9", "short_description": "a"}
        path = "/api/now/import/u_tocsin_incident"
        done = [ask("POST", path, row).json()["result"][0]
                for row in (body, body | {"short_description": "b"}, body | {"short_description": "b"})]
        self.assertEqual(["inserted", "updated", "ignored"], [row["status"] for row in done])
        self.assertEqual(1, len({row["sys_id"] for row in done}))


class OAuth(Base):
    GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    USER = {"username": USER, "password": PASSWORD}

    def token(self, form: dict[str, str]) -> Answer:
        return call("POST", BOX.url["servicenow"] + "/oauth_token.do", urlencode(form).encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded"})

    def status_with(self, token: str) -> int:
        return ask("GET", API + "incident", auth=f"Bearer {token}", sysparm_limit=1).status

    def test_grants(self) -> None:
        for name, form, keys in (
            ("client", self.GRANT, {"access_token", "scope", "token_type", "expires_in"}),
            ("password", self.GRANT | self.USER | {"grant_type": "password"},
             {"access_token", "scope", "token_type", "expires_in", "refresh_token"}),
        ):
            with self.subTest(name):
                answer = self.token(form)
                self.assertEqual((200, keys), (answer.status, set(answer.json())))
                self.assertEqual(("Bearer", 1799), (answer.json()["token_type"], answer.json()["expires_in"]))
                self.assertEqual(200, self.status_with(answer.json()["access_token"]))

    def test_refusals(self) -> None:
        denied = (401, {"error": "server_error", "error_description": "access_denied"})
        for name, form, wanted in (
            ("secret", self.GRANT | {"client_secret": "x"}, denied),
            ("password", self.GRANT | self.USER | {"grant_type": "password", "password": "x"}, denied),
            ("nobody", self.GRANT | {"grant_type": "password"}, denied),
            ("grant", self.GRANT | {"grant_type": "refresh_token"},
             (401, {"error": "unsupported_grant_type", "error_description": "grant type refresh_token is not supported"})),
        ):
            with self.subTest(name):
                answer = self.token(form)
                self.assertEqual(wanted, (answer.status, answer.json()))
        BOX.admin("POST", "/settings", {"servicenow": {"client_credentials": False}})
        self.assertEqual("access_denied", self.token(self.GRANT).json()["error_description"])

    def test_tokens_end_and_are_taken_back(self) -> None:
        self.assertEqual(401, self.status_with("x"))
        first = self.token(self.GRANT).json()["access_token"]
        BOX.admin("POST", "/settings", {"servicenow": {"tokens": 1, "token_life_s": 0}})
        self.assertEqual(401, self.status_with(first))
        self.assertEqual(401, self.status_with(self.token(self.GRANT).json()["access_token"]))


class Errors(Base):
    def test_shapes(self) -> None:
        missing = API + "incident/" + "0" * 32
        for name, status, answer in (
            ("no auth", 401, ask("GET", API + "incident", auth="")),
            ("bad auth", 401, ask("GET", API + "incident", auth="Basic eDp5")),
            ("no record", 404, ask("GET", missing)), ("no record", 404, ask("PATCH", missing, {})),
            ("table", 400, ask("GET", API + "incidentx")), ("method", 405, ask("TRACE", missing)),
            ("body", 400, ask("POST", API + "incident", b"{")),
            ("list", 400, ask("POST", API + "incident", [])), ("path", 400, ask("GET", "/api/x")),
            ("table is read-only", 403, ask("POST", API + "sys_user", {})),
        ):
            with self.subTest(name):
                self.assertEqual(status, answer.status)
                body = answer.json()
                self.assertEqual("failure", body["status"])
                self.assertEqual({"message", "detail"}, set(body["error"]))
        self.assertEqual("Invalid table incidentx",
                         ask("GET", API + "incidentx").json()["error"]["message"])

    def test_choices_and_a_clock_of_its_own(self) -> None:
        BOX.admin("POST", "/settings", {"servicenow": {"close_codes": ["Done"], "clock_ahead_s": 3600}})
        rows = find("name=incident^element=close_code^inactive=false", "sys_choice")
        self.assertEqual([("Done", "Done")], [(row["value"], row["label"]) for row in rows])
        date = parsedate_to_datetime(ask("GET", API + "sys_choice", sysparm_limit=1).headers["date"])
        self.assertAlmostEqual(3600, (date - datetime.now(timezone.utc)).total_seconds(), delta=30)

    def test_media_types(self) -> None:
        url = BOX.url["servicenow"] + API + "incident"
        for status, headers in ((415, {"Content-Type": "text/plain"}),
                                (406, {"Accept": "application/xml"})):
            self.assertEqual(status, call("POST", url, {"x": "y"}, auth=SNOW_AUTH,
                                          headers=headers).status)

    def test_hourly_limit(self) -> None:
        BOX.admin("POST", "/settings", {"servicenow": {"hourly_limit": 2, "retry_after": 900}})
        answers = [ask("GET", API + "incident") for _ in range(3)]
        self.assertEqual([200, 200, 429], [answer.status for answer in answers])
        self.assertEqual(("900", "2"), (answers[2].headers["retry-after"],
                                        answers[2].headers["x-ratelimit-limit"]))


if __name__ == "__main__":
    unittest.main()
