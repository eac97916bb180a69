"""Jira's search and bulk reads."""
from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jira_issue as model
from jira_search import SearchError, search
from jira_wire import API, Refused, body_of, error, names_in
from wire import Request, Response, json_response

if TYPE_CHECKING:
    from jira import Jira


class Reads:
    def __init__(self, jira: Jira) -> None:
        self.jira = jira
        jira.router.add("POST", API + "/search/jql", self._search)
        jira.router.add("POST", API + "/issue/bulkfetch", self._bulk_fetch)
        jira.router.add("POST", API + "/changelog/bulkfetch", self._changelogs)
        for method in ("GET", "POST"):
            jira.router.add(method, API + "/search", lambda _request: error(410))

    def _search(self, request: Request) -> Response:
        body = body_of(request)
        try:
            rows, token = search(body, self.jira.index, self.jira.issues, model.BOT[0],
                                 ZoneInfo(self.jira.settings.user_time_zone))
        except SearchError as exc:
            raise Refused(400, str(exc)) from exc
        wanted = names_in(body.get("fields")) or ["id"]
        shown = [self.jira.show.issue(row, wanted, names_in(body.get("properties"))) for row in rows]
        page: dict[str, Any] = {"issues": shown, "isLast": not token}
        return json_response(200, page | ({"nextPageToken": token} if token else {}))

    def _bulk_fetch(self, request: Request) -> Response:
        body = body_of(request)
        wanted = names_in(body.get("issueIdsOrKeys"))
        if not 0 < len(wanted) <= 100:
            raise Refused(400, "issueIdsOrKeys takes 1 to 100 ids or keys.")
        found = {}
        for key in wanted:
            with contextlib.suppress(Refused):  # who is not there is left out
                issue = self.jira.issue(key)
                found[issue.id] = issue
        shown = [self.jira.show.issue(found[number], names_in(body.get("fields")) or ["*navigable"],
                                      names_in(body.get("properties"))) for number in sorted(found)]
        return json_response(200, {"issues": shown, "issueErrors": []})

    def _changelogs(self, request: Request) -> Response:
        body = body_of(request)
        names = set(names_in(body.get("fieldIds")))
        shown = []
        for key in names_in(body.get("issueIdsOrKeys"))[:1000]:
            issue = self.jira.issue(key)
            rows = [row for row in issue.histories
                    if not names or names & {item["fieldId"] for item in row["items"]}]
            shown.append({"issueId": str(issue.id), "changeHistories": rows})
        return json_response(200, {"issueChangeLogs": shown})
