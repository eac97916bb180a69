"""A Jira Cloud site, REST v3: one project (OPS), three issue types, a small workflow.

Shapes follow Atlassian's OpenAPI document of the platform API.  Fields are in jira_issue.py, the
workflow in jira_workflow.py, limits in jira_limits.py, comments and links in jira_talk.py, search in
jira_reads.py, calls about the site in jira_meta.py.
"""
from __future__ import annotations

import dataclasses
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import jira_issue as model
from jira_adf import paragraph_doc, plain_text
from jira_issue import Issue, Shower, jira_time
from jira_limits import BURST, PER_ISSUE, Limits, limited, quota_headers
from jira_meta import Meta
from jira_reads import Reads
from jira_search import Index
from jira_server import CLOUD, SERVER, SERVER_CHECKS, authorized, cloud_path
from jira_server import API_2, search as server_search
from jira_talk import Talk
from jira_wire import API, Refused, body_of, error
from jira_workflow import DONE, STATUSES, WORKFLOWS, Transition
from vendor import (ACKED, JIRA_TOKEN, JIRA_USER, OPEN, RESOLVED, Comment, Ticket, apply_settings,
                    basic_ok)
from wire import Request, Response, Route, Router, json_response

FIRST_ID = 10001  # of OPS-1
CLASSES = {"new": OPEN, "indeterminate": ACKED, "done": RESOLVED}
@dataclass
class Settings:
    deployment: str = CLOUD  # or Server: a Data Center, see jira_server.py
    page_max: int = 1000  # issues in a page of its search
    index_lag_ms: int = 0  # how long search lags behind a write
    workflow: str = "stepwise"
    user_time_zone: str = "Etc/UTC"
    burst_per_s: int = 0  # calls per second, endpoint and method; 0 is no limit
    issue_writes_2s: int = 20
    issue_writes_30s: int = 100
    max_comments: int = 5000  # one more answers 413
    priorities: list[str] = field(default_factory=lambda: list(model.PRIORITY_NAMES))
    required: list[str] = field(default_factory=list)  # fields of the create screen, besides those that always are
    off_screen: list[str] = field(default_factory=list)  # fields that the create screen does not have
    missing_permissions: list[str] = field(default_factory=list)  # told, not enforced
    clock_ahead_s: int = 0  # of the header Date, which is told only then


class Jira:
    name = "jira"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.base_url = ""
        self.page_url = ""
        self.router = Router()
        issue = API + "/issue/{key}"
        routes: list[Route] = [
            ("POST", API + "/issue", self._create), ("GET", issue, self._get),
            ("PUT", issue, self._edit), ("DELETE", issue, self._delete),
            ("GET", issue + "/transitions", self._transitions),
            ("POST", issue + "/transitions", self._transition),
        ]
        for method, pattern, call in routes:
            self.router.add(method, pattern, call)
        self.talk = Talk(self)
        Reads(self)
        Meta(self)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.settings = Settings()
            model.name_priorities(self.settings.priorities)
            self.issues: dict[int, Issue] = {}
            self.index = Index()
            self.limits = Limits()
            self.next_id = FIRST_ID
            self.next_entry = 20001

    def configure(self, wanted: dict[str, Any]) -> None:
        """Raises ValueError."""
        workflow = wanted.get("workflow", "stepwise")
        if workflow not in WORKFLOWS:
            raise ValueError(f"no such workflow {workflow!r}, there are: {', '.join(WORKFLOWS)}")
        try:
            ZoneInfo(wanted.get("user_time_zone", "Etc/UTC"))
        except Exception as exc:
            raise ValueError("no such time zone") from exc
        if wanted.get("deployment", CLOUD) not in (CLOUD, SERVER):
            raise ValueError(f"deployment is {CLOUD} or {SERVER}")
        with self.lock:
            apply_settings(self.settings, wanted)
            model.name_priorities(self.settings.priorities)

    @property
    def create_screen(self) -> frozenset[str]:
        return model.CREATE_SCREEN - set(self.settings.off_screen)

    @property
    def is_server(self) -> bool:
        return self.settings.deployment == SERVER

    @property
    def show(self) -> Shower:
        return Shower(self.base_url, self.is_server)

    # -- the way in ---------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        if request.path.startswith("/browse/"):
            return Response(302, headers={"Location": self.page_url})
        if not (authorized(request) if self.is_server else basic_ok(request, JIRA_USER, JIRA_TOKEN)):
            return error(401)
        endpoint = re.sub(r"/issue/[A-Z0-9-]+", "/issue/{}", request.path)
        used = self.limits.burst(request.method, endpoint)
        limit = self.settings.burst_per_s or (50 if request.method in ("PUT", "DELETE") else 100)
        if 0 < self.settings.burst_per_s < used:
            return limited(error(429), BURST, 1, limit)
        response = self._route(request)
        for name, value in quota_headers(limit, min(used, limit)).items():
            response.headers.setdefault(name, value)
        return response

    def _find(self, request: Request) -> Callable[[], Response] | int:
        if not self.is_server:
            return self.router.find(request)
        if request.path == API_2 + "/search":
            return (lambda: server_search(self, request)) if request.method == "POST" else 405
        return self.router.find(dataclasses.replace(request, path=cloud_path(request.path)))

    def _route(self, request: Request) -> Response:
        call = self._find(request)
        if isinstance(call, int):
            return error(call, "Oops, you've found a dead link." if call == 404 else "")
        with self.lock:
            try:
                return call()
            except Refused as refused:
                return refused.response

    def failure(self, status: int, retry_after: int | None, reason: str) -> Response:
        response = error(status)
        if status == 429:
            return limited(response, reason or BURST, retry_after or 0, 100)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def issue(self, key: str) -> Issue:
        number = key.removeprefix("OPS-")
        offset = 0 if number == key else FIRST_ID - 1
        issue = self.issues.get(int(number) + offset) if number.isdecimal() else None
        if not issue:
            raise Refused(404)
        return issue

    def writable(self, key: str) -> Issue:
        """The issue, with one more write counted on it."""
        issue = self.issue(key)
        wait = self.limits.write(issue.id, self.settings.issue_writes_2s,
                                 self.settings.issue_writes_30s)
        if wait:
            refused = Refused(429)
            limited(refused.response, PER_ISSUE, wait, self.settings.issue_writes_2s)
            raise refused
        return issue

    def entry_id(self) -> str:
        self.next_entry += 1
        return str(self.next_entry)

    # -- changes ------------------------------------------------------------------------------

    def touch(self, issue: Issue, account: str, items: list[dict[str, Any]]) -> None:
        """Ends a change: update time, changelog, index."""
        issue.updated_ms = max(int(time.time() * 1000), issue.updated_ms)
        if items:
            issue.histories.append({
                "id": self.entry_id(), "author": self.show.user(account),
                "created": jira_time(issue.updated_ms), "items": items})
        self.index.add(issue, self.settings.index_lag_ms)

    def _set_values(self, issue: Issue, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Stores checked fields; returns the changelog's items."""
        before = self.show.fields(issue)
        issue.issue_type = values.pop("issuetype", issue.issue_type)
        if "resolution" in values:
            issue.resolution = values.pop("resolution")
        values.pop("project", None)
        issue.values.update(values)
        after = self.show.fields(issue)
        return [_change(name, before[name], after[name]) for name in before
                if before[name] != after[name] and name not in ("updated", "comment")]

    def _checked(self, body: dict[str, Any], screen: frozenset[str],
                 labels: list[str]) -> dict[str, Any]:
        """The values that `fields` and `update` set; Refused with errors{}."""
        values, errors = model.check_fields(body.get("fields"), screen,
                                            SERVER_CHECKS if self.is_server else model.CHECKS)
        update = body.get("update") or {}
        if not isinstance(update, dict):
            raise Refused(400, "update takes an object.")
        for name, operations in update.items():
            try:
                if name == "labels" and name in screen:
                    values["labels"] = model.label_operations(operations, labels)
                elif name != "comment":
                    errors[name] = model.OFF_SCREEN.format(name)
            except model.FieldError as exc:
                errors[name] = str(exc)
        if wrong := model.properties_error(body.get("properties") or []):
            errors["properties"] = wrong
        if errors:
            raise Refused(400, errors=errors)
        return values

    def _create(self, request: Request) -> Response:
        body = body_of(request)
        values = self._checked(body, self.create_screen, [])
        missing = [name for name in (*model.REQUIRED, *self.settings.required) if name not in values]
        if missing:
            raise Refused(400, errors={n: f"{model.NAMES[n]} is required." for n in missing})
        now = int(time.time() * 1000)
        issue = Issue(self.next_id, f"OPS-{self.next_id - FIRST_ID + 1}", model.BOT[0], now, now)
        self.next_id += 1
        self._set_values(issue, {"priority": "3", "labels": []} | values)
        issue.properties = {p["key"]: p["value"] for p in body.get("properties") or []}
        self.issues[issue.id] = issue
        self.touch(issue, model.BOT[0], [])
        return json_response(201, {"id": str(issue.id), "key": issue.key,
                                   "self": f"{self.base_url}{API}/issue/{issue.id}"})

    def _get(self, request: Request, key: str) -> Response:
        issue = self.issue(key)
        fields = [n for arg in request.query.get("fields", []) for n in arg.split(",") if n]
        keys = [n for arg in request.query.get("properties", []) for n in arg.split(",") if n]
        shown = self.show.issue(issue, fields, keys)
        if "changelog" in request.arg("expand"):
            rows = list(reversed(issue.histories))
            shown["changelog"] = {"startAt": 0, "maxResults": len(rows), "total": len(rows),
                                  "histories": rows}
        return json_response(200, shown)

    def _edit(self, request: Request, key: str) -> Response:
        issue = self.writable(key)
        if self.is_server and request.arg("notifyUsers") == "false":
            raise Refused(403, "You do not have permission to disable the notifications of users.")
        body = body_of(request)
        values = self._checked(body, model.EDIT_SCREEN, issue.values.get("labels", []))
        comments = self.talk.update_comments(body)
        items = self._set_values(issue, values)
        issue.properties |= {p["key"]: p["value"] for p in body.get("properties") or []}
        issue.comments += comments
        if items or comments or body.get("properties"):
            self.touch(issue, model.BOT[0], items)
        if request.flag("returnIssue") and not self.is_server:
            return json_response(200, self.show.issue(issue, [], []))
        return Response(204)

    def _delete(self, _request: Request, key: str) -> Response:
        issue = self.writable(key)
        del self.issues[issue.id]
        self.index.remove(issue.id)
        return Response(204)

    # -- transitions ----------------------------------------------------------------------------

    def _available(self, issue: Issue) -> tuple[Transition, ...]:
        return WORKFLOWS[self.settings.workflow][issue.status]

    def _transitions(self, request: Request, key: str) -> Response:
        issue = self.issue(key)
        allowed = [{"self": f"{self.base_url}{API}/resolution/{i}", "id": i, "name": n}
                   for i, n in model.RESOLUTIONS.items()]
        rows = []
        for step in self._available(issue):
            row = {"id": step.id, "name": step.name, "to": self.show.status(step.to),
                   "hasScreen": bool(step.resolution), "isGlobal": False, "isInitial": False,
                   "isAvailable": True, "isConditional": False, "looped": False}
            if "transitions.fields" in request.arg("expand"):
                row["fields"] = step.fields(allowed)
            rows.append(row)
        return json_response(200, {"expand": "transitions", "transitions": rows})

    def _transition(self, request: Request, key: str) -> Response:
        issue = self.writable(key)
        body = body_of(request)
        wanted = body.get("transition")
        if not isinstance(wanted, dict) or not wanted.get("id"):
            raise Refused(400, "Missing 'transition' identifier")
        steps = {step.id: step for step in self._available(issue)}
        step = steps.get(str(wanted["id"]))
        if not step:
            raise Refused(400, f"Transition id '{wanted['id']}' is not valid for this issue.")
        screen = frozenset({"resolution"} if step.resolution else ())
        values = self._checked(body, screen, [])
        if step.resolution == "required" and not values.get("resolution"):
            raise Refused(400, errors={"resolution": "Resolution is required."})
        comments = self.talk.update_comments(body)
        self._move(issue, step.to, values.get("resolution", ""), model.BOT[0])
        issue.comments += comments
        return Response(204)

    def _move(self, issue: Issue, status: str, resolution: str, account: str) -> None:
        before = self.show.fields(issue)["status"]
        issue.status = status
        done = status == DONE
        issue.resolved_ms = int(time.time() * 1000) if done else 0
        items = self._set_values(issue, {"resolution": resolution if done else ""})
        after = self.show.fields(issue)["status"]
        self.touch(issue, account, [*items, _change("status", before, after)])

    # -- the person and the tests -----------------------------------------------------------------

    def tickets(self, word: str = "") -> list[Ticket]:
        with self.lock:
            return [self._ticket(issue) for issue in self.issues.values() if word in issue.values.get("summary", "")]

    def _ticket(self, issue: Issue) -> Ticket:
        name, category = STATUSES[issue.status]
        labels = issue.values.get("labels", [])
        marker = next((label for label in labels if label.startswith("tocsin-")), "")
        comments = [Comment(row.id, model.PEOPLE[row.author][1], plain_text(row.body),
                            "internal" if model.is_internal(row) else "comment", jira_time(row.created_ms))
                    for row in issue.comments]
        fields = {"labels": labels, "resolution": model.RESOLUTIONS.get(issue.resolution, ""),
                  "priority": model.PRIORITIES[issue.values.get("priority", "3")],
                  "description": plain_text(issue.values.get("description")),
                  "properties": dict(issue.properties), "remote_links": list(issue.links)}
        return Ticket(self.name, str(issue.id), issue.key, marker, name, CLASSES[category],
                      issue.values["summary"], f"{self.base_url}/browse/{issue.key}",
                      [label for label, _ in STATUSES.values()], comments, fields)

    def _ticket_issue(self, ticket_id: str) -> Issue:
        if not ticket_id.isdecimal() or int(ticket_id) not in self.issues:
            raise KeyError(ticket_id)
        return self.issues[int(ticket_id)]

    def person_status(self, ticket_id: str, status: str) -> None:
        ids = {name: key for key, (name, _) in STATUSES.items()}
        with self.lock:
            issue = self._ticket_issue(ticket_id)
            if status not in ids:
                raise ValueError(f"no such status: {status}")
            self._move(issue, ids[status], "10000", model.PERSON[0])

    def person_note(self, ticket_id: str, text: str) -> None:
        with self.lock:
            issue = self._ticket_issue(ticket_id)
            body = text if self.is_server else paragraph_doc(text)
            issue.comments.append(self.talk.new_comment(body, [], model.PERSON[0]))
            self.touch(issue, model.PERSON[0], [])


def _change(name: str, before: Any, after: Any) -> dict[str, Any]:
    """One item of a changelog."""
    old, new = _spelling(before), _spelling(after)
    return {"field": name, "fieldtype": "custom" if name.startswith("custom") else "jira",
            "fieldId": name, "from": old[0], "fromString": old[1], "to": new[0],
            "toString": new[1]}


def _spelling(value: Any) -> tuple[str | None, str | None]:
    """(id, text) of a field's value as a changelog tells it."""
    if value is None:
        return None, None
    if isinstance(value, list):
        return None, " ".join(value)
    if isinstance(value, dict) and value.get("type") == "doc":
        return None, plain_text(value)
    if isinstance(value, dict):
        key = value.get("id", value.get("accountId"))
        return key, value.get("name", value.get("displayName", value.get("value")))
    return None, str(value)
