"""Jira's comments, entity properties and remote links."""
from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jira_issue as model
from jira_adf import MAX_TEXT, adf_error, plain_text
from jira_issue import IssueComment
from jira_server import comment_error
from jira_wire import API, Refused, body_of, names_in, number
from wire import Request, Response, Route, json_response

if TYPE_CHECKING:
    from jira import Jira


class Talk:
    def __init__(self, jira: Jira) -> None:
        self.jira = jira
        issue = API + "/issue/{key}"
        routes: list[Route] = [
            ("GET", issue + "/comment", self._comments),
            ("POST", issue + "/comment", self._comment),
            ("POST", API + "/comment/list", self._comment_list),
            ("GET", issue + "/properties/{name}", self._property),
            ("PUT", issue + "/properties/{name}", self._set_property),
            ("GET", issue + "/remotelink", self._remote_links),
            ("POST", issue + "/remotelink", self._remote_link),
        ]
        for method, pattern, call in routes:
            jira.router.add(method, pattern, call)

    def new_comment(self, body: Any, properties: Any, account: str) -> IssueComment:
        if self.jira.is_server and (wrong := comment_error(body)):
            raise Refused(400, errors={"comment": wrong})
        if not self.jira.is_server and adf_error(body):
            raise Refused(400, "Comment body is not valid!")
        if len(plain_text(body)) > MAX_TEXT:
            raise Refused(400, errors={"comment": "The entered text is too long. "
                                                  "It exceeds the allowed limit of 32,767 characters."})
        rows = properties or []
        if wrong := model.properties_error(rows):
            raise Refused(400, wrong)
        return IssueComment(self.jira.entry_id(), account, body, int(time.time() * 1000), rows)

    def update_comments(self, body: dict[str, Any]) -> list[IssueComment]:
        """update.comment: [{"add": {"body": ADF}}] beside an edit or a transition."""
        rows = (body.get("update") or {}).get("comment", [])
        if not all(isinstance(row, dict) and isinstance(row.get("add"), dict) for row in rows):
            raise Refused(400, errors={"comment": "an operation is an object with add"})
        return [self.new_comment(row["add"].get("body"), row["add"].get("properties"),
                                 model.BOT[0]) for row in rows]

    def _comment(self, request: Request, key: str) -> Response:
        issue = self.jira.writable(key)
        if len(issue.comments) >= self.jira.settings.max_comments:
            raise Refused(413, "The issue has reached its limit of comments.")
        body = body_of(request)
        row = self.new_comment(body.get("body"), body.get("properties"), model.BOT[0])
        issue.comments.append(row)
        self.jira.touch(issue, model.BOT[0], [])
        return json_response(201, self.jira.show.comment(issue, row, request.arg("expand")))

    def _comments(self, request: Request, key: str) -> Response:
        issue = self.jira.issue(key)
        start, limit = number(request, "startAt", 0), number(request, "maxResults", 5000)
        rows = issue.comments
        if request.arg("orderBy").startswith("-"):
            rows = rows[::-1]
        shown = [self.jira.show.comment(issue, row, request.arg("expand"))
                 for row in rows[start:start + limit]]
        return json_response(200, {"startAt": start, "maxResults": limit, "total": len(rows),
                                   "comments": shown})

    def _comment_list(self, request: Request) -> Response:
        ids = set(names_in(body_of(request).get("ids")))
        rows = [self.jira.show.comment(issue, row, request.arg("expand"))
                for issue in self.jira.issues.values() for row in issue.comments if row.id in ids]
        return json_response(200, {"startAt": 0, "maxResults": 1000, "total": len(rows),
                                   "isLast": True, "values": rows})

    def _property(self, _request: Request, key: str, name: str) -> Response:
        issue = self.jira.issue(key)
        if name not in issue.properties:
            raise Refused(404, f"The property '{name}' does not exist.")
        return json_response(200, {"key": name, "value": issue.properties[name]})

    def _set_property(self, request: Request, key: str, name: str) -> Response:
        issue = self.jira.writable(key)
        try:
            value = request.json()
        except ValueError as exc:
            raise Refused(400, "The property value is not valid JSON.") from exc
        if wrong := model.property_error(name, value):
            raise Refused(400, wrong)
        fresh = name not in issue.properties
        issue.properties[name] = value
        self.jira.index.add(issue, self.jira.settings.index_lag_ms)
        return json_response(201 if fresh else 200, {})

    def _remote_links(self, _request: Request, key: str) -> Response:
        return json_response(200, self.jira.issue(key).links)

    def _remote_link(self, request: Request, key: str) -> Response:
        """Upsert by globalId."""
        issue = self.jira.writable(key)
        body = body_of(request)
        target = body.get("object")
        if not isinstance(target, dict) or not target.get("url") or not target.get("title"):
            raise Refused(400, errors={"title": "'title' is required.", "url": "'url' is required."})
        known = [row for row in issue.links
                 if body.get("globalId") and row.get("globalId") == body["globalId"]]
        link_id = known[0]["id"] if known else int(self.jira.entry_id())
        place = f"{self.jira.base_url}{API}/issue/{issue.id}/remotelink/{link_id}"
        row = {"id": link_id, "self": place, "object": target,
               **({"globalId": body["globalId"]} if body.get("globalId") else {})}
        issue.links = [link for link in issue.links if link["id"] != link_id] + [row]
        return json_response(200 if known else 201, {"id": link_id, "self": place})
