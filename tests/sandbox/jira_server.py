"""Jira Data Center, where it differs from Jira Cloud: REST version 2, bodies that are text, users that have names, a search
that counts its pages, personal access tokens as Bearer.

Atlassian publishes no document of this API that prism reads.  Kept of the vendor's rules: an edit never shows the issue, and
only who administers the project may keep it from mailing the watchers; a strict search refuses ids that do not exist.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jira_issue as model
from jira_adf import MAX_TEXT
from jira_issue import CHECKS, FieldError
from jira_search import SearchError, matching
from jira_wire import API, Refused, body_of, names_in
from vendor import JIRA_PAT, JIRA_TOKEN, JIRA_USER, basic_ok
from wire import Request, Response, json_response

if TYPE_CHECKING:
    from jira import Jira

API_2 = "/rest/api/2"
CLOUD, SERVER = "Cloud", "Server"  # as serverInfo calls them
SHARED = re.compile(API_2 + r"/(?:myself|serverInfo|priority|mypermissions|project/[^/]+/statuses|issue/createmeta/[^/]+/issuetypes(?:/[^/]+)?|issue(?:/(?!bulkfetch|createmeta)[^/]+(?:/(?:transitions|comment|remotelink"
                    r"|properties/[^/]+))?)?)")
NAMED_IDS = re.compile(r"\b(?:id|key|issue|issuekey)\s+in\s*\(([^)]*)\)", re.IGNORECASE)
MAX_RESULTS, DEFAULT_RESULTS = 1000, 50


def authorized(request: Request) -> bool:
    given = request.headers.get("authorization", "")
    return given == f"Bearer {JIRA_PAT}" or basic_ok(request, JIRA_USER, JIRA_TOKEN)


def cloud_path(path: str) -> str:
    """The same call as Jira Cloud has it, "" for none."""
    return API + path.removeprefix(API_2) if SHARED.fullmatch(path) else ""


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise FieldError("Operation value must be a string")
    if value and len(value) > MAX_TEXT:
        raise FieldError("The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
    return value


def _user(value: Any) -> str | None:
    accounts = {name: account for account, name in model.LOGINS.items()}
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("name") not in accounts:
        raise FieldError("User does not exist.")
    return accounts[value["name"]]


SERVER_CHECKS: dict[str, Callable[[Any], Any]] = CHECKS | {
    "description": _text, "environment": _text, "assignee": _user, "reporter": _user}


def comment_error(body: Any) -> str:
    """"" for a comment that Data Center takes."""
    if not isinstance(body, str) or not body.strip():
        return "Comment body can not be empty!"
    return "The entered text is too long." if len(body) > MAX_TEXT else ""


def search(jira: Jira, request: Request) -> Response:
    body = body_of(request)
    text, start, limit = body.get("jql", ""), body.get("startAt", 0), body.get("maxResults", DEFAULT_RESULTS)
    if not isinstance(text, str) or type(start) is not int or type(limit) is not int or start < 0 or limit < 0:
        raise Refused(400, "jql takes a string, startAt and maxResults take numbers from 0.")
    limit = min(limit, MAX_RESULTS, jira.settings.page_max)
    absent = [] if body.get("validateQuery") is False else _absent(jira, text)
    if absent:
        raise Refused(400, f"An issue with key '{absent[0]}' does not exist for field 'id'.")
    try:
        rows = matching(text, jira.index, jira.issues, model.BOT[0], ZoneInfo(jira.settings.user_time_zone))
    except SearchError as exc:
        raise Refused(400, str(exc)) from exc
    wanted = names_in(body.get("fields")) or ["*navigable"]
    return json_response(200, {"expand": "schema,names", "startAt": start, "maxResults": limit, "total": len(rows),
                               "issues": [jira.show.issue(row, wanted, []) for row in rows[start:start + limit]]})


def _absent(jira: Jira, text: str) -> list[str]:
    known = {str(number) for number in jira.issues} | {row.key for row in jira.issues.values()}
    named = [name.strip(" '\"") for match in NAMED_IDS.finditer(text) for name in match[1].split(",")]
    return [name for name in named if name not in known]
