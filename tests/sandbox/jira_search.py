"""Jira's search: an index that lags behind the issues, and paging by token."""
from __future__ import annotations

import base64
import hashlib
import time
from collections import deque
from typing import Any
from zoneinfo import ZoneInfo

from jira_issue import Issue, SearchValues
from jira_jql import JqlError, parse_jql

MAX_RESULTS, DEFAULT_RESULTS = 5000, 50


class SearchError(ValueError):
    """A 400 with this text in errorMessages."""


class Index:
    """Per issue the versions that search may still show, each with the time it becomes visible."""

    def __init__(self) -> None:
        self.versions: dict[int, deque[tuple[float, Issue]]] = {}

    def add(self, issue: Issue, lag_ms: int) -> None:
        line = self.versions.setdefault(issue.id, deque())
        line.append((time.monotonic() * 1000 + lag_ms, issue.snapshot()))

    def remove(self, issue_id: int) -> None:
        self.versions.pop(issue_id, None)

    def visible(self) -> dict[int, Issue]:
        """What search sees now; older versions are forgotten on the way."""
        now = time.monotonic() * 1000
        seen: dict[int, Issue] = {}
        for issue_id, line in self.versions.items():
            while len(line) > 1 and line[1][0] <= now:
                line.popleft()
            if line[0][0] <= now:
                seen[issue_id] = line[0][1]
        return seen


def _token(offset: int, jql: str) -> str:
    mark = hashlib.sha256(jql.encode()).hexdigest()[:12]
    return base64.urlsafe_b64encode(f"{offset}:{mark}".encode()).decode()


def _offset(token: Any, jql: str) -> int:
    if token in (None, ""):
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(str(token)).decode().split(":")[0])
    except ValueError as exc:
        raise SearchError("The provided next page token is invalid.") from exc
    if _token(offset, jql) != token:
        raise SearchError("The provided next page token is invalid or belongs to another query.")
    return offset


def _ordered(rows: list[Issue], order: list[tuple[str, bool]]) -> list[Issue]:
    for name, descending in reversed(order or [("created", True)]):
        rows = sorted(rows, reverse=descending,
                      key=lambda row: row.id if name in ("id", "key") else SearchValues(row)[name])
    return rows


def matching(text: str, index: Index, issues: dict[int, Issue], account: str, zone: ZoneInfo,
             fresh: list[int] | tuple[()] = ()) -> list[Issue]:
    """The issues that the query is about, in its order; `fresh` are seen as they are now.  SearchError."""
    try:
        jql = parse_jql(text, account, zone)
    except JqlError as exc:
        raise SearchError(str(exc)) from exc
    rows = index.visible() | {i: issues[i].snapshot() for i in fresh if i in issues}
    return _ordered([row for i, row in rows.items() if i in issues and jql.matches(SearchValues(row))], jql.order)


def search(body: dict[str, Any], index: Index, issues: dict[int, Issue], account: str,
           zone: ZoneInfo) -> tuple[list[Issue], str]:
    """(a page of issues, the next page's token or ""); SearchError."""
    text = body.get("jql", "")
    limit = body.get("maxResults", DEFAULT_RESULTS)
    fresh, keys = body.get("reconcileIssues") or [], body.get("properties") or []
    if not isinstance(text, str) or type(limit) is not int or limit < 1:
        raise SearchError("jql takes a string and maxResults a number from 1.")
    limit = min(limit, MAX_RESULTS)
    if not isinstance(fresh, list) or not isinstance(keys, list) or len(fresh) > 50 or len(keys) > 5:
        raise SearchError("reconcileIssues takes up to 50 ids and properties up to 5 keys.")
    found = matching(text, index, issues, account, zone, fresh)
    offset = _offset(body.get("nextPageToken"), text)
    more = offset + limit < len(found)
    return found[offset:offset + limit], _token(offset + limit, text) if more else ""
