"""A PagerDuty account: the part of the REST API v2 that a ticket connector needs.

Shapes follow PagerDuty's OpenAPI document.  The objects are in pagerduty_model.py, the reads in
pagerduty_reads.py; the Events API, which fills the same account, is in pagerduty_events.py.
"""
from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from pagerduty_model import (BOT, PERSON, PRIORITIES, PRIORITY_NAMES, SERVICES, STATUSES, USERS, Incident,
                             LogEntry, Note, Shower, name_priorities, pd_time)
from pagerduty_reads import Reads
from pagerduty_wire import Refused, error
from vendor import ACKED, OPEN, PD_KEY, RESOLVED, Comment, Ticket, apply_settings, utc_now
from wire import Request, Response, Route, Router, json_response

CLASSES = {"triggered": OPEN, "acknowledged": ACKED, "resolved": RESOLVED}
MAX_KEY, MAX_NOTES = 255, 2000


@dataclass
class Settings:
    events_delay_ms: int = 50  # from the Events API's 202 to the incident
    reopen: bool = True  # False: changing a resolved incident is a 400, as older accounts do
    rate_per_min: int = 0  # calls until 429; 0 is no limit
    max_notes: int = MAX_NOTES
    priorities: list[str] = field(default_factory=lambda: list(PRIORITY_NAMES))
    auto_resolve_s: int = 0  # of the services, told and not done
    clock_ahead_s: int = 0  # of the header Date, which is told only then


def _reference(value: Any, kind: str, known: Any, label: str) -> str:
    """The id of a reference object; Refused unless it is well formed and known."""
    if not isinstance(value, dict) or value.get("type") != kind:
        raise Refused(400, f"{label} must be a {kind}")
    if value.get("id") not in known:
        raise Refused(400, f"{label} Not Found")
    return str(value["id"])


class PagerDuty:
    name = "pagerduty"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.base_url = ""
        self.page_url = ""
        self.router = Router()
        one = "/incidents/{key}"
        routes: list[Route] = [
            ("POST", "/incidents", self._create), ("PUT", "/incidents", self._update_many),
            ("PUT", one, self._update), ("POST", one + "/notes", self._add_note),
        ]
        for method, pattern, call in routes:
            self.router.add(method, pattern, call)
        Reads(self)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.settings = Settings()
            name_priorities(self.settings.priorities)
            self.incidents: dict[str, Incident] = {}
            self.entries: list[LogEntry] = []
            self.next_id = 1
            self.minute, self.calls = 0, 0

    def configure(self, wanted: dict[str, Any]) -> None:
        """Raises ValueError."""
        with self.lock:
            apply_settings(self.settings, wanted)
            name_priorities(self.settings.priorities)

    @property
    def show(self) -> Shower:
        return Shower(self.base_url, self.settings.auto_resolve_s)

    def new_id(self, letter: str) -> str:
        self.next_id += 1
        return f"{letter}{self.next_id:013d}"

    # -- the way in ---------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        if request.path.startswith("/ui/"):
            return Response(302, headers={"Location": self.page_url})
        if request.headers.get("authorization") not in (f"Token token={PD_KEY}",
                                                        f"Bearer {PD_KEY}"):
            return error(401)
        used = self._count()
        limit = self.settings.rate_per_min
        if 0 < limit < used:
            return self.failure(429, None, "")
        response = self._route(request)
        response.headers |= self._quota(limit or 960, used)
        return response

    def _route(self, request: Request) -> Response:
        call = self.router.find(request)
        if isinstance(call, int):
            return error(call)
        with self.lock:
            try:
                if request.method != "GET":
                    self._check_from(request)
                return call()
            except Refused as refused:
                return refused.response

    def _count(self) -> int:
        with self.lock:
            minute = int(time.monotonic() // 60)
            self.calls = self.calls + 1 if minute == self.minute else 1
            self.minute = minute
            return self.calls

    @staticmethod
    def _quota(limit: int, used: int) -> dict[str, str]:
        return {"ratelimit-limit": str(limit), "ratelimit-remaining": str(max(0, limit - used)),
                "ratelimit-reset": str(60 - int(time.monotonic() % 60))}

    def failure(self, status: int, retry_after: int | None, reason: str) -> Response:
        response = error(status)
        if status == 429:
            response.headers |= self._quota(self.settings.rate_per_min or 960, 1 << 30)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    @staticmethod
    def _check_from(request: Request) -> None:
        sender = request.headers.get("from", "")
        if sender not in {email for _, email in USERS.values()}:
            raise Refused(400, message="Requester User Not Found", code=1008)

    @staticmethod
    def _body(request: Request, name: str) -> dict[str, Any]:
        if "json" not in request.headers.get("content-type", ""):
            raise Refused(400, "Content-Type must be application/json")
        try:
            body = request.json()
        except ValueError as exc:
            raise Refused(400, "The body is not valid JSON") from exc
        if not isinstance(body, dict) or not isinstance(body.get(name), dict):
            raise Refused(400, f"{name} must be an object")
        return body[name]

    def incident(self, key: str) -> Incident:
        if key not in self.incidents:
            raise Refused(404)
        return self.incidents[key]

    # -- changes --------------------------------------------------------------------------------

    def record(self, incident: Incident, kind: str, agent: tuple[str, str],
               channel: dict[str, Any], summary: str) -> None:
        """Ends a change: update time and log entry."""
        now = utc_now()
        incident.updated_at = pd_time(now)
        self.entries.append(LogEntry(self.new_id("R"), kind, now, incident, agent, channel, summary))

    def open_incident(self, title: str, service: str, agent: tuple[str, str],
                      channel: dict[str, Any], **values: Any) -> Incident:
        number = len(self.incidents) + 1
        incident = Incident(self.new_id("Q"), number, title, service, utc_now(), **values)
        incident.changed_at = pd_time()
        incident.changed_by = agent
        self.incidents[incident.id] = incident
        self.record(incident, "trigger", agent, channel, f"Triggered: {title}")
        return incident

    def set_status(self, incident: Incident, status: str, agent: tuple[str, str],
                   channel: dict[str, Any]) -> None:
        """Does nothing when the incident has that status already."""
        if incident.status == status:
            return
        kinds = {"acknowledged": "acknowledge", "resolved": "resolve",
                 "triggered": "unacknowledge" if incident.is_open() else "trigger"}
        incident.status, incident.changed_at, incident.changed_by = status, pd_time(), agent
        if status == "acknowledged":
            incident.acknowledged_at = pd_time()
        if status == "resolved":
            for alert in incident.alerts:
                alert.status = "resolved"
        self.record(incident, kinds[status], agent, channel, f"{kinds[status]} by {agent[0]}")

    def _create(self, request: Request) -> Response:
        body = self._body(request, "incident")
        title, key = body.get("title"), body.get("incident_key", "")
        if body.get("type") != "incident" or not isinstance(title, str) or not title.strip():
            raise Refused(400, "type must be incident and title must not be blank")
        service = _reference(body.get("service"), "service_reference", SERVICES, "Service")
        values = self._values(body)
        if not isinstance(key, str) or len(key) > MAX_KEY:
            raise Refused(400, f"incident_key must be a string of at most {MAX_KEY} characters")
        if key and any(row.is_open() and row.service == service and row.has_key(key)
                       for row in self.incidents.values()):
            raise Refused(400, "Open incident already exists on this service with the same "
                               "incident key", code=2002, message="Incident Already Exists")
        incident = self.open_incident(
            title, service, (BOT, "user_reference"), {"type": "api", "summary": title},
            incident_key=key or uuid.uuid4().hex, **values)
        return json_response(201, {"incident": self.show.incident(incident)})

    @staticmethod
    def _values(body: dict[str, Any]) -> dict[str, Any]:
        """The optional members of a create, checked."""
        values: dict[str, Any] = {}
        if "urgency" in body:
            if body["urgency"] not in ("high", "low"):
                raise Refused(400, "urgency must be high or low")
            values["urgency"] = body["urgency"]
        if body.get("priority") is not None:
            values["priority"] = _reference(body["priority"], "priority_reference", PRIORITIES,
                                            "Priority")
        if "body" in body:
            inner = body["body"]
            if not isinstance(inner, dict) or inner.get("type") != "incident_body":
                raise Refused(400, "body must be an incident_body")
            values["details"] = str(inner.get("details", ""))
        return values

    def _update(self, request: Request, key: str) -> Response:
        incident = self.incident(key)
        self._change(incident, self._body(request, "incident"))
        return json_response(200, {"incident": self.show.incident(incident)})

    def _update_many(self, request: Request) -> Response:
        try:
            rows = request.json()["incidents"]
            wanted = [(self.incident(row["id"]), row) for row in rows]
        except (ValueError, KeyError, TypeError) as exc:
            raise Refused(400, "incidents must be a list of incident references") from exc
        for incident, row in wanted:
            self._change(incident, row)
        return json_response(200, {"incidents": [self.show.incident(i) for i, _ in wanted]})

    def _change(self, incident: Incident, body: dict[str, Any]) -> None:
        """Carries out a PUT; checks everything before the first change."""
        if body.get("type") not in ("incident", "incident_reference"):
            raise Refused(400, "type must be incident_reference")
        status = body.get("status", incident.status)
        if status not in STATUSES:
            raise Refused(400, f"status must be one of {', '.join(STATUSES)}")
        if "resolution" in body and status != "resolved":
            raise Refused(400, "resolution needs the status resolved")
        if not incident.is_open() and not self.settings.reopen:
            raise Refused(400, "Incident Already Resolved")
        if body.get("urgency", "high") not in ("high", "low"):
            raise Refused(400, "urgency must be high or low")
        priority = self._wanted_priority(body, incident.priority)
        if not str(body.get("title", incident.title)).strip():
            raise Refused(400, "title must not be blank")
        self._apply(incident, body, status, priority)

    @staticmethod
    def _wanted_priority(body: dict[str, Any], present: str) -> str:
        """A reference object or a NAME; null takes the priority away."""
        if "priority" not in body:
            return present
        value = body["priority"]
        if value is None:
            return ""
        if isinstance(value, dict):
            if value.get("type") not in ("priority", "priority_reference"):
                raise Refused(400, "Priority must be a priority_reference")
            return _reference(value | {"type": "priority_reference"}, "priority_reference",
                              PRIORITIES, "Priority")
        for key, name in PRIORITIES.items():
            if name == value:
                return key
        raise Refused(400, "Priority Not Found")

    def _apply(self, incident: Incident, body: dict[str, Any], status: str, priority: str) -> None:
        agent, channel = (BOT, "user_reference"), {"type": "api", "summary": "API"}
        title = str(body.get("title", incident.title))
        if (title, priority) != (incident.title, incident.priority):
            incident.title, incident.priority = title, priority
            self.record(incident, "field_value_change", agent, channel, "Fields changed")
        if body.get("urgency", incident.urgency) != incident.urgency:
            incident.urgency = body["urgency"]
            self.record(incident, "urgency_change", agent, channel, f"Urgency {incident.urgency}")
        incident.resolution = str(body.get("resolution", incident.resolution))
        self.set_status(incident, status, agent, channel)

    def _add_note(self, request: Request, key: str) -> Response:
        incident = self.incident(key)
        content = self._body(request, "note").get("content")
        if not isinstance(content, str) or not content.strip():
            raise Refused(400, "content must not be blank")
        if len(incident.notes) >= self.settings.max_notes:
            raise Refused(400, f"An incident can have at most {self.settings.max_notes} notes")
        note = self._note(incident, content, BOT)
        return json_response(200, {"note": self.show.note(note)})

    def _note(self, incident: Incident, content: str, user: str) -> Note:
        note = Note(self.new_id("N"), user, content, pd_time())
        incident.notes.append(note)
        channel = {"type": "note", "summary": content}
        self.record(incident, "annotate", (user, "user_reference"), channel, "Annotated")
        return note

    # -- the person and the tests -----------------------------------------------------------------

    def tickets(self, word: str = "") -> list[Ticket]:
        with self.lock:
            return [self._ticket(row) for row in self.incidents.values() if word in row.title]

    def _ticket(self, row: Incident) -> Ticket:
        marker = row.alerts[0].key if row.alerts else row.incident_key
        comments = [Comment(n.id, USERS[n.user][0], n.content, "note", n.created_at)
                    for n in row.notes]
        fields = {"urgency": row.urgency, "priority": PRIORITIES.get(row.priority, ""),
                  "service": row.service, "details": row.details, "resolution": row.resolution,
                  "alerts": [alert.key for alert in row.alerts]}
        return Ticket(self.name, row.id, f"#{row.number}", marker, row.status,
                      CLASSES[row.status], row.title, f"{self.base_url}/ui/incidents/{row.id}",
                      list(STATUSES), comments, fields)

    def person_status(self, ticket_id: str, status: str) -> None:
        with self.lock:
            incident = self.incidents[ticket_id]
            if status not in STATUSES:
                raise ValueError(f"no such status: {status}")
            self.set_status(incident, status, (PERSON, "user_reference"), {"type": "website"})

    def person_merge(self, ticket_id: str, into: str) -> None:
        """What the page of an incident offers: this one is resolved, and goes on as part of the other."""
        with self.lock:
            incident, other = self.incidents[ticket_id], self.incidents[into]
            if not other.is_open() or other is incident:
                raise ValueError("the target must be another incident that is open")
            incident.merged_into = other.id
            self.set_status(incident, "resolved", (PERSON, "user_reference"), {"type": "website"})

    def person_note(self, ticket_id: str, text: str) -> None:
        with self.lock:
            self._note(self.incidents[ticket_id], text, PERSON)
