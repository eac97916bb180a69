"""PagerDuty's Events API v2: checked at once, answered 202, carried out a little later.

A trigger on an open alert with its dedup_key adds to it; after a resolve it opens a new one.  Acks
and resolves of unknown keys are accepted and do nothing.
"""
from __future__ import annotations

import heapq
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from pagerduty import PagerDuty
from pagerduty_model import Alert, Incident, pd_time
from vendor import ROUTING_KEY, Ticket
from wire import Request, Response, json_response

SERVICE = "PF9KMXH"  # where the routing key's integration belongs
INTEGRATION = ("PINT001", "integration_reference")
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
MAX_EVENT_BYTES = 512 * 1024
MAX_SUMMARY, MAX_KEY = 1024, 255


def _answer(status: int, text: str, message: str, **more: Any) -> Response:
    return json_response(status, {"status": text, "message": message} | more)


def event_errors(event: dict[str, Any]) -> list[str]:
    """What makes the event invalid."""
    errors = []
    if not event.get("routing_key"):
        errors.append("'routing_key' is missing or blank")
    elif event["routing_key"] != ROUTING_KEY:
        errors.append("Invalid routing key")
    action = event.get("event_action")
    if action not in ACTIONS:
        errors.append("'event_action' is missing or blank or not one of trigger, acknowledge, "
                      "resolve")
    key = event.get("dedup_key", "")
    if not isinstance(key, str) or len(key) > MAX_KEY:
        errors.append("'dedup_key' is not a string of at most 255 characters")
    if action in ("acknowledge", "resolve") and not key:
        errors.append("'dedup_key' is missing or blank")
    return errors + (_payload_errors(event.get("payload")) if action == "trigger" else [])


def _payload_errors(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    errors = [f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity")
              if not payload.get(name)]
    if payload.get("severity") and payload["severity"] not in SEVERITIES:
        errors.append("'payload.severity' is invalid (must be one of the following: 'critical', "
                      "'warning', 'error' or 'info')")
    return errors


@dataclass(order=True)
class Pending:
    due: float
    n: int  # keeps the order of arrival
    event: dict[str, Any] = field(compare=False)


class PagerDutyEvents:
    name = "pagerduty_events"

    def __init__(self, account: PagerDuty) -> None:
        self.account = account
        self.lock = account.lock
        self.base_url = ""
        self.page_url = ""
        self.wake = threading.Condition(self.lock)
        self.queue: list[Pending] = []
        self.count = 0
        threading.Thread(target=self._work, daemon=True).start()

    @property
    def settings(self) -> Any:
        return self.account.settings

    def reset(self) -> None:
        with self.wake:
            self.queue.clear()

    def configure(self, wanted: dict[str, Any]) -> None:
        self.account.configure(wanted)

    def tickets(self, word: str = "") -> list[Ticket]:
        return []  # they are the account's

    def person_status(self, ticket_id: str, status: str) -> None:
        raise KeyError(ticket_id)

    def person_note(self, ticket_id: str, text: str) -> None:
        raise KeyError(ticket_id)

    # -- the way in -----------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        if request.path != "/v2/enqueue":
            return _answer(404, "error", "Not Found")
        if request.method != "POST":
            return _answer(405, "error", "Method Not Allowed")
        if len(request.body) > MAX_EVENT_BYTES:
            return _answer(413, "invalid event", "Event object is too large")
        try:
            event = request.json()
        except ValueError:
            event = None
        if not isinstance(event, dict):
            return _answer(400, "Unrecognized object", "Event object format is unrecognized",
                           errors=["JSON parse error"])
        if errors := event_errors(event):
            return _answer(400, "invalid event", "Event object is invalid", errors=errors)
        event.setdefault("dedup_key", uuid.uuid4().hex)
        self._enqueue(event)
        return _answer(202, "success", "Event processed", dedup_key=event["dedup_key"])

    def failure(self, status: int, retry_after: int | None, reason: str) -> Response:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if status == 429:  # without a body
            return Response(429, headers=headers)
        return json_response(status, {"status": "error", "message": "Internal Server Error"}, headers)

    def _enqueue(self, event: dict[str, Any]) -> None:
        with self.wake:
            self.count += 1
            due = time.monotonic() + self.account.settings.events_delay_ms / 1000
            heapq.heappush(self.queue, Pending(due, self.count, event))
            self.wake.notify()

    def _work(self) -> None:
        with self.wake:
            while True:
                now = time.monotonic()
                if not self.queue:
                    self.wake.wait()
                elif self.queue[0].due > now:
                    self.wake.wait(self.queue[0].due - now)
                else:
                    self._carry_out(heapq.heappop(self.queue).event)

    # -- what an event does (the lock is held) ----------------------------------------------------

    def _find(self, key: str) -> tuple[Incident, Alert] | None:
        """The open alert with this key."""
        for incident in self.account.incidents.values():
            for alert in incident.alerts:
                if alert.key == key and alert.status != "resolved" and incident.is_open():
                    return incident, alert
        return None

    def _carry_out(self, event: dict[str, Any]) -> None:
        found = self._find(event["dedup_key"])
        channel = {"type": "api", "summary": str(event.get("client", "Events API V2"))}
        if event["event_action"] == "trigger":
            self._trigger(event, found, channel)
        elif found and event["event_action"] == "acknowledge":
            self.account.set_status(found[0], "acknowledged", INTEGRATION, channel)
        elif found:
            found[1].status = "resolved"
            if all(alert.status == "resolved" for alert in found[0].alerts):
                self.account.set_status(found[0], "resolved", INTEGRATION, channel)

    def _trigger(self, event: dict[str, Any], found: tuple[Incident, Alert] | None,
                 channel: dict[str, Any]) -> None:
        payload = event["payload"]
        summary = str(payload["summary"])[:MAX_SUMMARY]
        if found:
            self.account.record(found[0], "trigger", INTEGRATION, channel, f"Again: {summary}")
            return
        alert = Alert(self.account.new_id("A"), event["dedup_key"], summary, payload["severity"],
                      dict(payload.get("custom_details") or {}), pd_time())
        urgency = "high" if payload["severity"] in ("critical", "error") else "low"
        incident = self.account.open_incident(summary, SERVICE, INTEGRATION, channel,
                                              urgency=urgency)
        incident.alerts.append(alert)
