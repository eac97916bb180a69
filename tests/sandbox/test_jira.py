"""The Jira sandbox against the vendor's rules: issues, workflow, comments, search, limits."""
from __future__ import annotations

import unittest
from typing import Any

from jira_adf import adf_error, paragraph_doc, plain_text
from jira_client import BASIC, BOX, ask, create, fields_of, move

DOC = paragraph_doc("CPU is high")


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Create(Base):
    def test_answer_and_stored_fields(self) -> None:
        answer = ask("POST", "/issue", {
            "fields": BASIC | {"description": DOC, "priority": {"name": "High"},
                               "labels": ["tocsin", "tocsin-1"], "customfield_10050": {"value": "prod"}},
            "properties": [{"key": "tocsin.link", "value": {"incident": "1"}}]})
        self.assertEqual({"id", "key", "self"}, set(answer.json()))
        got = ask("GET", "/issue/OPS-1", properties="tocsin.link,other").json()
        self.assertEqual({"tocsin.link": {"incident": "1"}}, got["properties"])
        shown = got["fields"]
        self.assertEqual(DOC, shown["description"])
        self.assertEqual(("High", "To Do", "new", None), (
            shown["priority"]["name"], shown["status"]["name"],
            shown["status"]["statusCategory"]["key"], shown["resolution"]))
        self.assertRegex(shown["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$")

    def test_refused_fields_are_named(self) -> None:
        cases: list[tuple[str, dict[str, Any], str]] = [
            ("plain string", {"description": "text"}, "description"),
            ("empty text node", {"description": paragraph_doc("")}, "description"),
            ("long text", {"description": paragraph_doc("x" * 32_768)}, "description"),
            ("label with a blank", {"labels": ["a b"]}, "labels"),
            ("label too long", {"labels": ["x" * 256]}, "labels"),
            ("labels no list", {"labels": "tocsin"}, "labels"),
            ("no project", {"project": None}, "project"),
            ("other project", {"project": {"key": "NOPE"}}, "project"),
            ("issue type", {"issuetype": {"name": "Epic"}}, "issuetype"),
            ("long summary", {"summary": "x" * 256}, "summary"),
            ("two lines", {"summary": "a\nb"}, "summary"),
            ("blank summary", {"summary": " "}, "summary"),
            ("priority", {"priority": {"name": "P1"}}, "priority"),
            ("select as text", {"customfield_10050": "prod"}, "customfield_10050"),
            ("off screen", {"customfield_10099": "x"}, "customfield_10099"),
            ("resolution at create", {"resolution": {"name": "Done"}}, "resolution"),
            ("status at create", {"status": {"name": "Done"}}, "status"),
            ("user", {"assignee": {"accountId": "nobody"}}, "assignee"),
            ("date", {"duedate": "02.08.2026"}, "duedate"),
        ]
        for name, fields, member in cases:
            with self.subTest(name):
                answer = ask("POST", "/issue", {"fields": BASIC | fields})
                self.assertEqual(400, answer.status)
                self.assertEqual([member], list(answer.json()["errors"]))
        self.assertEqual([], BOX.tickets())

    def test_missing_fields(self) -> None:
        answer = ask("POST", "/issue", {"fields": {}})
        self.assertEqual({"project", "issuetype", "summary"}, set(answer.json()["errors"]))

    def test_properties_are_checked(self) -> None:
        for rows in ([{"key": "", "value": 1}], [{"key": "k", "value": "x" * 32_768}], ["k"]):
            self.assertEqual(400, ask("POST", "/issue", {"fields": BASIC,
                                                         "properties": rows}).status)

    def test_createmeta_lists_the_screen(self) -> None:
        rows = ask("GET", "/issue/createmeta/OPS/issuetypes/10004").json()["fields"]
        names = {row["fieldId"]: row["required"] for row in rows}
        self.assertTrue(names["summary"])
        self.assertFalse(names["labels"])
        self.assertNotIn("customfield_10099", names)
        self.assertEqual(404, ask("GET", "/issue/createmeta/NOPE/issuetypes/10004").status)
        types = ask("GET", "/issue/createmeta/OPS/issuetypes").json()["issueTypes"]
        self.assertIn("[System] Incident", [row["name"] for row in types])


class Documents(unittest.TestCase):
    def test_accepted(self) -> None:
        text = {"type": "text", "text": "x"}
        nodes: list[dict[str, Any]] = [
            {"type": "paragraph"}, {"type": "rule"}, {"type": "codeBlock", "content": [text]},
            {"type": "heading", "attrs": {"level": 2}, "content": [text]},
            {"type": "bulletList", "content": [{"type": "listItem", "content": [
                {"type": "paragraph", "content": [text]}]}]},
            {"type": "paragraph", "content": [text | {"marks": [
                {"type": "link", "attrs": {"href": "https://x"}}]}, {"type": "hardBreak"}]},
            {"type": "table", "content": [{"type": "tableRow", "content": [
                {"type": "tableCell", "content": [{"type": "paragraph"}]}]}]},
        ]
        for node in nodes:
            with self.subTest(node["type"]):
                self.assertEqual("", adf_error({"type": "doc", "version": 1, "content": [node]}))

    def test_refused(self) -> None:
        text = {"type": "text", "text": "x"}
        for name, doc in (
            ("string", "x"), ("no version", {"type": "doc", "content": []}),
            ("no content", {"type": "doc", "version": 1}),
            ("text at the top", {"type": "doc", "version": 1, "content": [text]}),
            *((name, {"type": "doc", "version": 1, "content": [node]}) for name, node in (
                ("unknown node", {"type": "blink"}), ("heading without level", {"type": "heading"}),
                ("heading level 7", {"type": "heading", "attrs": {"level": 7}}),
                ("empty list", {"type": "bulletList", "content": []}),
                ("text in a list", {"type": "bulletList", "content": [text]}),
                ("empty text", {"type": "paragraph", "content": [{"type": "text", "text": ""}]}),
                ("unknown mark", {"type": "paragraph", "content": [
                    text | {"marks": [{"type": "blink"}]}]}),
                ("link without href", {"type": "paragraph", "content": [
                    text | {"marks": [{"type": "link"}]}]}),
                ("stray member", {"type": "paragraph", "style": "x"}),
            )),
        ):
            with self.subTest(name):
                self.assertNotEqual("", adf_error(doc))

    def test_plain_text(self) -> None:
        self.assertEqual("CPU is high", plain_text(DOC))


class Edit(Base):
    def test_edit_and_changelog(self) -> None:
        issue = create(labels=["a"])
        answer = ask("PUT", f"/issue/{issue}", {
            "fields": {"summary": "new", "priority": {"id": "1"}},
            "update": {"labels": [{"add": "b"}, {"remove": "a"}]}}, notifyUsers="false")
        self.assertEqual((204, b""), (answer.status, answer.body))
        shown = fields_of(issue)
        self.assertEqual(("new", ["b"]), (shown["summary"], shown["labels"]))
        log = ask("GET", f"/issue/{issue}", expand="changelog").json()["changelog"]
        items = {row["fieldId"]: row for row in log["histories"][0]["items"]}
        self.assertEqual(("web", "new"),
                         (items["summary"]["fromString"], items["summary"]["toString"]))
        self.assertEqual({"summary", "priority", "labels"}, set(items))

    def test_return_issue(self) -> None:
        answer = ask("PUT", f"/issue/{create()}", {"fields": {"summary": "n"}}, returnIssue="true")
        self.assertEqual((200, "n"), (answer.status, answer.json()["fields"]["summary"]))

    def test_edit_never_changes_the_status(self) -> None:
        issue = create()
        for body in ({"fields": {"status": {"id": "10002"}}}, {"fields": {"project": {"key": "OPS"}}}):
            self.assertEqual(400, ask("PUT", f"/issue/{issue}", body).status)
        ask("PUT", f"/issue/{issue}", {"fields": {"summary": "x"}, "transition": {"id": "21"}})
        self.assertEqual("To Do", fields_of(issue)["status"]["name"])

    def test_conflict_on_demand(self) -> None:
        issue = create()
        BOX.admin("POST", "/faults", [{"vendor": "jira", "method": "PUT", "action": "status",
                                       "status": 409}])
        body = {"fields": {"summary": "n"}}
        self.assertEqual([409, 204], [ask("PUT", f"/issue/{issue}", body).status for _ in "ab"])

    def test_select_fields(self) -> None:
        issue = create()
        got = ask("GET", f"/issue/{issue}", fields="summary,status").json()["fields"]
        self.assertEqual({"summary", "status"}, set(got))
        got = ask("GET", f"/issue/{issue}", fields="*all,-comment").json()["fields"]
        self.assertIn("labels", got)
        self.assertNotIn("comment", got)


class Workflow(Base):
    def test_the_graph(self) -> None:
        issue = create()

        def offers() -> dict[str, str]:
            rows = ask("GET", f"/issue/{issue}/transitions", expand="transitions.fields").json()
            return {row["id"]: row["to"]["statusCategory"]["key"] for row in rows["transitions"]}

        self.assertEqual({"21": "indeterminate"}, offers())
        self.assertEqual(204, move(issue, "21").status)
        self.assertEqual({"31": "done", "41": "new"}, offers())
        self.assertEqual(204, move(issue, "31", resolution={"name": "Done"}).status)
        self.assertEqual({"51": "new"}, offers())
        self.assertTrue(fields_of(issue)["resolutiondate"])
        self.assertEqual(204, move(issue, "51", resolution=None).status)
        self.assertIsNone(fields_of(issue)["resolution"])
        log = ask("GET", f"/issue/{issue}", expand="changelog").json()["changelog"]
        self.assertEqual(3, log["total"])

    def test_resolution_screen(self) -> None:
        issue = create()
        move(issue, "21")
        offer = ask("GET", f"/issue/{issue}/transitions", expand="transitions.fields",
                    ).json()["transitions"][0]
        self.assertTrue(offer["hasScreen"] and offer["fields"]["resolution"]["required"])
        wrong: list[dict[str, Any]] = [{}, {"resolution": {"name": "Never"}}, {"resolution": None}]
        for fields in wrong:
            answer = move(issue, "31", **fields)
            self.assertEqual((400, ["resolution"]), (answer.status, list(answer.json()["errors"])))
        self.assertEqual("In Progress", fields_of(issue)["status"]["name"])

    def test_refused_transitions(self) -> None:
        issue = create()
        for body in ({"transition": {"id": "31"}}, {"transition": {"id": "99"}}, {}, {"transition": {}}):
            self.assertEqual(400, ask("POST", f"/issue/{issue}/transitions", body).status)
        self.assertEqual(400, move(issue, "21", summary="off the screen").status)

    def test_comment_beside_a_transition(self) -> None:
        issue = create()
        ask("POST", f"/issue/{issue}/transitions", {
            "transition": {"id": "21"}, "update": {"comment": [{"add": {"body": DOC}}]}})
        self.assertEqual(1, ask("GET", f"/issue/{issue}/comment").json()["total"])

    def test_other_workflows(self) -> None:
        issue = create()
        BOX.admin("POST", "/settings", {"jira": {"workflow": "direct"}})
        self.assertEqual(204, move(issue, "31", resolution={"id": "10000"}).status)
        BOX.admin("POST", "/settings", {"jira": {"workflow": "cab"}})
        issue = create()
        self.assertEqual([204, 204, 400], [move(issue, n).status for n in ("21", "61", "31")])


class Talk(Base):
    def test_comment_with_property(self) -> None:
        issue = create()
        mark = [{"key": "tocsin.event", "value": {"id": "e1"}}]
        answer = ask("POST", f"/issue/{issue}/comment", {"body": DOC, "properties": mark})
        self.assertEqual(201, answer.status)
        ask("POST", f"/issue/{issue}/comment", {"body": paragraph_doc("second")})
        page = ask("GET", f"/issue/{issue}/comment", expand="properties", orderBy="-created",
                   maxResults=1, startAt=1).json()
        self.assertEqual((2, mark, DOC), (page["total"], page["comments"][0]["properties"],
                                          page["comments"][0]["body"]))
        self.assertNotIn("properties", ask("GET", f"/issue/{issue}/comment").json()["comments"][0])
        found = ask("POST", "/comment/list", {"ids": [int(answer.json()["id"])]}).json()
        self.assertEqual(1, found["total"])

    def test_comments_for_agents(self) -> None:
        issue = create()
        for internal in (True, False):
            answer = ask("POST", f"/issue/{issue}/comment", {"body": DOC, "properties": [
                {"key": "sd.public.comment", "value": {"internal": internal}}]})
            self.assertIs(not internal, answer.json()["jsdPublic"])
        self.assertEqual(["internal", "comment"], [row["kind"] for row in BOX.tickets("jira")[0]["comments"]])

    def test_refused_comments(self) -> None:
        issue = create()
        for body in ({"body": "text"}, {}, {"body": paragraph_doc("x" * 32_768)},
                     {"body": DOC, "properties": "x"}):
            self.assertEqual(400, ask("POST", f"/issue/{issue}/comment", body).status)
        BOX.admin("POST", "/settings", {"jira": {"max_comments": 0}})
        self.assertEqual(413, ask("POST", f"/issue/{issue}/comment", {"body": DOC}).status)

    def test_properties(self) -> None:
        path = f"/issue/{create()}/properties/tocsin.link"
        self.assertEqual(404, ask("GET", path).status)
        self.assertEqual([201, 200], [ask("PUT", path, {"gen": n}).status for n in (1, 2)])
        self.assertEqual({"key": "tocsin.link", "value": {"gen": 2}}, ask("GET", path).json())
        self.assertEqual(400, ask("PUT", path, b"{").status)
        self.assertEqual(400, ask("PUT", path, "x" * 32_768).status)

    def test_remote_link_upserts_by_global_id(self) -> None:
        path = f"/issue/{create()}/remotelink"
        body = {"globalId": "tocsin=1", "object": {"url": "https://x.example", "title": "one"}}
        first = ask("POST", path, body)
        again = ask("POST", path, body | {"object": {"url": "https://x.example", "title": "two"}})
        self.assertEqual((201, 200), (first.status, again.status))
        self.assertEqual(first.json()["id"], again.json()["id"])
        self.assertEqual(["two"], [row["object"]["title"] for row in ask("GET", path).json()])
        self.assertEqual(400, ask("POST", path, {"object": {"url": "x"}}).status)


class Site(Base):
    """What a probe asks."""

    def settings(self, **wanted: Any) -> None:
        BOX.admin("POST", "/settings", {"jira": wanted})

    def test_the_create_screen_may_differ(self) -> None:
        self.settings(priorities=["Blocker", "Major", "Minor"], required=["customfield_10050"], off_screen=["description"])
        rows = {row["fieldId"]: row for row in ask("GET", "/issue/createmeta/OPS/issuetypes/10004").json()["fields"]}
        self.assertNotIn("description", rows)
        self.assertTrue(rows["customfield_10050"]["required"])
        self.assertEqual(["Blocker", "Major", "Minor"], [row["name"] for row in rows["priority"]["allowedValues"]])
        answer = ask("POST", "/issue", {"fields": BASIC | {"description": DOC}})
        self.assertEqual(400, answer.status)
        self.assertIn("description", answer.json()["errors"])
        answer = ask("POST", "/issue", {"fields": BASIC})
        self.assertEqual(["customfield_10050"], list(answer.json()["errors"]))

    def test_statuses_of_the_workflow(self) -> None:
        types = ask("GET", "/project/OPS/statuses").json()
        self.assertIn(("Done", "done"), [(row["name"], row["statusCategory"]["key"]) for row in types[0]["statuses"]])
        self.assertEqual(404, ask("GET", "/project/NOPE/statuses").status)

    def test_permissions(self) -> None:
        self.settings(missing_permissions=["ADD_COMMENTS"])
        told = ask("GET", "/mypermissions", projectKey="OPS", permissions="ADD_COMMENTS,EDIT_ISSUES").json()["permissions"]
        self.assertEqual({"ADD_COMMENTS": False, "EDIT_ISSUES": True}, {key: row["havePermission"] for key, row in told.items()})
        self.assertEqual(400, ask("GET", "/mypermissions", projectKey="OPS").status)


if __name__ == "__main__":
    unittest.main()
