"""Shared by the Jira tests: one sandbox and short words for the calls to it."""
from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from client import JIRA_AUTH, Answer, Process, call

BOX = Process()  # a test module enters it in setUpModule
BASIC = {"project": {"key": "OPS"}, "issuetype": {"name": "[System] Incident"}, "summary": "web"}


def ask(method: str, path: str, body: Any = None, auth: str = JIRA_AUTH, **query: Any) -> Answer:
    url = BOX.url["jira"] + "/rest/api/3" + path + (f"?{urlencode(query)}" if query else "")
    return call(method, url, body, auth=auth)


def create(properties: Any = None, **fields: Any) -> str:
    body = {"fields": BASIC | fields} | ({"properties": properties} if properties else {})
    answer = ask("POST", "/issue", body)
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def fields_of(issue: str) -> dict[str, Any]:
    return ask("GET", f"/issue/{issue}").json()["fields"]


def move(issue: str, transition: str, **fields: Any) -> Answer:
    return ask("POST", f"/issue/{issue}/transitions",
               {"transition": {"id": transition}} | ({"fields": fields} if fields else {}))


def search(jql: str, **more: Any) -> Answer:
    return ask("POST", "/search/jql", {"jql": jql, "fields": ["summary"]} | more)


def keys(jql: str, **more: Any) -> list[str]:
    return [row["key"] for row in search(jql, **more).json()["issues"]]
