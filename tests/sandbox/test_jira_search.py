"""The Jira sandbox: search with a lagging index, bulk reads, errors and rate limits."""
from __future__ import annotations

import time
import unittest
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from client import eventually
from jira_client import BOX, ask, create, keys, move, search
from jira_jql import JqlError, parse_jql

MINE = 'project = "OPS" AND labels = "tocsin-1" AND creator = currentUser() ORDER BY created ASC'


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Search(Base):
    def test_marker_query(self) -> None:
        create(labels=["tocsin", "tocsin-1"])
        create(labels=["tocsin", "tocsin-2"])
        self.assertEqual(["OPS-1"], keys(MINE))

    def test_default_fields_is_the_id_only(self) -> None:
        create()
        page = ask("POST", "/search/jql", {"jql": "project = OPS"}).json()
        self.assertNotIn("fields", page["issues"][0])
        self.assertNotIn("total", page)

    def test_properties_come_along(self) -> None:
        create(properties=[{"key": "tocsin.link", "value": 7}])
        row, = search("project = OPS", properties=["tocsin.link"]).json()["issues"]
        self.assertEqual({"tocsin.link": 7}, row["properties"])

    def test_clauses(self) -> None:
        first, second = create(labels=["a"]), create(summary="db down", priority={"name": "Low"})
        move(second, "21")
        for jql, wanted in (
            ("key = OPS-1", "1"), (f"id in ({first}, {second}) ORDER BY id", "12"),
            ("key not in (OPS-1)", "2"),
            ("project = OPS AND status = 'In Progress'", "2"), ("statusCategory != 4", "1"),
            ("labels is EMPTY", "2"), ("labels is not EMPTY", "1"), ("labels in (a, b)", "1"),
            ("labels = A", ""), ("priority = low", "2"), ("summary ~ 'DB'", "2"),
            ("resolution is empty and project = ops order by key asc", "12"), ("creator = somebody", ""),
            ("project = OPS ORDER BY id DESC", "21"), ("project = OPS ORDER BY updated, id", "12"),
        ):
            with self.subTest(jql):
                self.assertEqual(wanted, "".join(key[-1] for key in keys(jql)))

    def test_refused_queries(self) -> None:
        for jql in ("", "ORDER BY created", "nonsense = 1", "project = OPS OR project = X",
                    "project", "project = ", "labels in (a", "updated >= soon", "updated ~ 3",
                    "creator = nobody()", "project = OPS ORDER created", 'project = "OPS'):
            with self.subTest(jql):
                answer = search(jql)
                self.assertEqual(400, answer.status)
                self.assertEqual(1, len(answer.json()["errorMessages"]))

    def test_pages_by_token(self) -> None:
        for _ in range(5):
            create()
        seen, token = [], None
        while True:
            more: dict[str, Any] = {"nextPageToken": token} if token else {}
            page = search("project = OPS ORDER BY id ASC", maxResults=2, **more).json()
            seen += [row["key"] for row in page["issues"]]
            token = page.get("nextPageToken")
            self.assertEqual(token is None, page["isLast"])
            if not token:
                break
        self.assertEqual([f"OPS-{n}" for n in range(1, 6)], seen)
        for bad in ("rubbish", "MTpi"):
            self.assertEqual(400, search("project = OPS", nextPageToken=bad).status)

    def test_times_have_minute_grain_in_the_users_zone(self) -> None:
        create()
        BOX.admin("POST", "/settings", {"jira": {"user_time_zone": "Asia/Tokyo"}})
        now = datetime.now(ZoneInfo("Asia/Tokyo"))
        ms = int(time.time() * 1000)
        for jql, count in ((f'updated >= "{now - timedelta(minutes=2):%Y/%m/%d %H:%M}"', 1),
                           (f'updated >= "{now + timedelta(minutes=2):%Y-%m-%d %H:%M}"', 0),
                           (f"updated >= {ms}", 1),  # cut to the minute: still matches
                           (f"updated >= {ms + 120_000}", 0), ("updated >= -2m", 1),
                           ("created < -1h", 0)):
            with self.subTest(jql):
                self.assertEqual(count, len(keys(jql)))

    def test_the_cut_is_to_the_minute(self) -> None:
        jql = parse_jql("updated >= 120500", "me", ZoneInfo("UTC"))
        self.assertTrue(jql.matches({"updated": 120_000}))
        self.assertFalse(jql.matches({"updated": 119_999}))
        with self.assertRaises(JqlError):
            parse_jql("project = OPS NOT key = OPS-1", "me", ZoneInfo("UTC"))


class Lag(Base):
    def setUp(self) -> None:
        super().setUp()
        BOX.admin("POST", "/settings", {"jira": {"index_lag_ms": 60_000}})

    def test_new_issue_is_hidden_until_reconciled(self) -> None:
        issue = create(labels=["tocsin-1"])
        self.assertEqual([], keys(MINE))
        self.assertEqual(["OPS-1"], keys(MINE, reconcileIssues=[int(issue)]))
        self.assertEqual(200, ask("GET", f"/issue/{issue}").status)

    def test_search_shows_the_old_version(self) -> None:
        BOX.admin("POST", "/settings", {"jira": {"index_lag_ms": 0}})
        issue = create()
        BOX.admin("POST", "/settings", {"jira": {"index_lag_ms": 60_000}})
        ask("PUT", f"/issue/{issue}", {"fields": {"summary": "new"}})
        row, = search("project = OPS").json()["issues"]
        self.assertEqual("web", row["fields"]["summary"])
        row, = search("project = OPS", reconcileIssues=[int(issue)]).json()["issues"]
        self.assertEqual("new", row["fields"]["summary"])

    def test_lag_ends(self) -> None:
        BOX.admin("POST", "/settings", {"jira": {"index_lag_ms": 100}})
        start = time.monotonic()
        create(labels=["tocsin-1"])
        self.assertEqual(["OPS-1"], eventually(lambda: keys(MINE)))
        self.assertGreaterEqual(time.monotonic() - start, 0.1)


class Bulk(Base):
    def test_bulk_fetch(self) -> None:
        first, second = create(), create(summary="db")
        page = ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [second, "OPS-9", first, "OPS-2"],
                                                "fields": ["summary"]}).json()
        self.assertEqual(["web", "db"], [row["fields"]["summary"] for row in page["issues"]])
        self.assertEqual([], page["issueErrors"])
        for ids in ([], [str(n) for n in range(101)]):
            self.assertEqual(400, ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ids}).status)

    def test_changelogs(self) -> None:
        issue = create()
        move(issue, "21")
        ask("PUT", f"/issue/{issue}", {"fields": {"summary": "n"}})
        page = ask("POST", "/changelog/bulkfetch", {"issueIdsOrKeys": [issue],
                                                    "fieldIds": ["status"]}).json()
        self.assertEqual(1, len(page["issueChangeLogs"][0]["changeHistories"]))


class Site(Base):
    def test_who_and_where(self) -> None:
        me = ask("GET", "/myself").json()
        self.assertEqual("Etc/UTC", me["timeZone"])
        create()
        creator = ask("GET", "/issue/OPS-1").json()["fields"]["creator"]
        self.assertEqual(me["accountId"], creator["accountId"])
        self.assertEqual("Cloud", ask("GET", "/serverInfo").json()["deploymentType"])
        self.assertEqual(5, len(ask("GET", "/priority").json()))

    def test_errors(self) -> None:
        for name, status, answer in (
            ("no auth", 401, ask("GET", "/myself", auth="")), ("issue", 404, ask("GET", "/issue/OPS-9")),
            ("id", 404, ask("GET", "/issue/10009")), ("key", 404, ask("GET", "/issue/WEB-1")),
            ("old search", 410, ask("POST", "/search", {})), ("path", 404, ask("GET", "/nothing")),
            ("method", 405, ask("DELETE", "/myself")), ("body", 400, ask("POST", "/issue", b"{")),
            ("list", 400, ask("POST", "/issue", [])),
        ):
            with self.subTest(name):
                self.assertEqual(status, answer.status)
                self.assertEqual({"errorMessages", "errors"}, set(answer.json()))

    def test_burst_limit(self) -> None:
        BOX.admin("POST", "/settings", {"jira": {"burst_per_s": 3}})
        answers = [ask("GET", "/myself") for _ in range(12)]
        over = [answer for answer in answers if answer.status == 429]
        self.assertTrue(over)
        self.assertEqual("jira-burst-based", over[0].headers["ratelimit-reason"])
        self.assertEqual("1", over[0].headers["retry-after"])
        self.assertEqual("true", over[0].headers["x-ratelimit-nearlimit"])

    def test_per_issue_limit_hits_this_issue_only(self) -> None:
        BOX.admin("POST", "/settings", {"jira": {"issue_writes_2s": 2}})
        first, other = create(), create()
        path = "/issue/{}/properties/k"
        answers = [ask("PUT", path.format(first), 1) for _ in range(3)]
        self.assertEqual([201, 200, 429], [answer.status for answer in answers])
        self.assertEqual("jira-per-issue-on-write", answers[2].headers["ratelimit-reason"])
        self.assertEqual(201, ask("PUT", path.format(other), 1).status)
        self.assertEqual(200, ask("GET", f"/issue/{first}").status)

    def test_quota_headers(self) -> None:
        headers = ask("GET", "/myself").headers
        self.assertEqual({"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"},
                         {name for name in headers if name.startswith("x-ratelimit")})


if __name__ == "__main__":
    unittest.main()
