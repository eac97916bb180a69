"""The Jira sandbox as a Data Center: REST version 2, text, names, a search that counts."""
from __future__ import annotations

import unittest
from typing import Any

from client import JIRA_AUTH, Answer, call
from jira_adf import paragraph_doc
from jira_client import BASIC, BOX
from vendor import JIRA_PAT

BEARER = f"Bearer {JIRA_PAT}"


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def ask(method: str, path: str, body: Any = None, auth: str = BEARER, version: int = 2) -> Answer:
    return call(method, f"{BOX.url['jira']}/rest/api/{version}{path}", body, auth=auth)


def create(**fields: Any) -> str:
    answer = ask("POST", "/issue", {"fields": BASIC | fields})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


class Server(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()
        BOX.admin("POST", "/settings", {"jira": {"deployment": "Server"}})

    def test_who_and_where(self) -> None:
        me = ask("GET", "/myself").json()
        self.assertEqual(("tocsin", None), (me["name"], me.get("accountId")))
        self.assertEqual("Server", ask("GET", "/serverInfo").json()["deploymentType"])
        self.assertEqual(200, ask("GET", "/myself", auth=JIRA_AUTH).status)
        self.assertEqual(401, ask("GET", "/myself", auth="Bearer other").status)

    def test_what_is_of_the_cloud_only(self) -> None:
        issue = create()
        for method, path, version in (
                ("GET", "/myself", 3), ("POST", "/search/jql", 2), ("POST", "/issue/bulkfetch", 2),
                ("GET", f"/issue/{issue}", 3)):
            with self.subTest(path):
                self.assertIn(ask(method, path, {} if method == "POST" else None, version=version).status, (404, 405))
        BOX.reset()
        self.assertEqual(404, ask("GET", "/myself", auth=JIRA_AUTH).status)

    def test_bodies_are_text(self) -> None:
        issue = create(description="*CPU* is high", assignee={"name": "mia"})
        shown = ask("GET", f"/issue/{issue}").json()["fields"]
        self.assertEqual(("*CPU* is high", "mia", "tocsin"),
                         (shown["description"], shown["assignee"]["name"], shown["creator"]["name"]))
        answer = ask("POST", "/issue", {"fields": BASIC | {"description": paragraph_doc("x")}})
        self.assertEqual((400, {"description"}), (answer.status, set(answer.json()["errors"])))
        self.assertEqual(400, ask("POST", f"/issue/{issue}/comment", {"body": paragraph_doc("x")}).status)
        mark = [{"key": "tocsin.event", "value": {"id": "e1"}}]
        self.assertEqual(201, ask("POST", f"/issue/{issue}/comment", {"body": "on it", "properties": mark}).status)
        BOX.admin("POST", f"/tickets/jira/{issue}/note", {"text": "thanks"})
        rows = ask("GET", f"/issue/{issue}/comment?orderBy=-created&expand=properties").json()["comments"]
        self.assertEqual([("thanks", []), ("on it", mark)], [(row["body"], row["properties"]) for row in rows])
        self.assertNotIn("jsdPublic", rows[0])

    def test_an_edit_shows_nothing(self) -> None:
        issue = create()
        answer = ask("PUT", f"/issue/{issue}?returnIssue=true", {"fields": {"summary": "db"}})
        self.assertEqual((204, b""), (answer.status, answer.body))
        self.assertEqual(403, ask("PUT", f"/issue/{issue}?notifyUsers=false", {"fields": {"summary": "x"}}).status)

    def test_pages_are_counted(self) -> None:
        BOX.admin("POST", "/settings", {"jira": {"page_max": 2}})
        ids = [create() for _ in range(3)]
        seen: list[str] = []
        for start, count in ((0, 2), (2, 1), (4, 0)):
            page = ask("POST", "/search", {"jql": "project = OPS ORDER BY id ASC", "startAt": start, "maxResults": 100,
                                           "fields": ["updated"]}).json()
            self.assertEqual((3, start, 2, count), (page["total"], page["startAt"], page["maxResults"],
                                                    len(page["issues"])))
            seen += [row["id"] for row in page["issues"]]
        self.assertEqual(ids, seen)
        self.assertEqual(400, ask("POST", "/search", {"jql": "nonsense"}).status)
        self.assertEqual(400, ask("POST", "/search", {"jql": "project = OPS", "startAt": -1}).status)

    def test_ids_that_are_not_there(self) -> None:
        body = {"jql": f"id in ({create()},99999) ORDER BY id ASC", "fields": ["updated"]}
        self.assertEqual(400, ask("POST", "/search", body).status)
        self.assertEqual(1, ask("POST", "/search", body | {"validateQuery": False}).json()["total"])

    def test_settings(self) -> None:
        with self.assertRaises(AssertionError):
            BOX.admin("POST", "/settings", {"jira": {"deployment": "Moon"}})


if __name__ == "__main__":
    unittest.main()
