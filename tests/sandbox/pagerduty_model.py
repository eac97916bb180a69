"""PagerDuty's objects: one account with two services, two users, five priorities; incidents."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vendor import PD_FROM, utc_now

SERVICES = {"PF9KMXH": "API Service", "PWEB001": "Web Service"}
POLICY = {"id": "PUS0KTE", "summary": "Default"}
PRIORITIES = {"PRIO0P1": "P1", "PRIO0P2": "P2", "PRIO0P3": "P3", "PRIO0P4": "P4", "PRIO0P5": "P5"}
PRIORITY_NAMES = tuple(PRIORITIES.values())
BOT, PERSON = "PBOT001", "PLH1HKV"
USERS = {BOT: ("Tocsin", PD_FROM), PERSON: ("Tenex Engineer", "tenex@example.com")}
STATUSES = ("triggered", "acknowledged", "resolved")


def name_priorities(names: list[str]) -> None:
    """The priorities of the account, the most severe first; none: they are turned off."""
    PRIORITIES.clear()
    PRIORITIES.update({f"PRIO0P{n}": name for n, name in enumerate(names, 1)})


def pd_time(at: datetime | None = None) -> str:
    return (at or utc_now()).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Alert:
    id: str
    key: str
    summary: str
    severity: str
    details: dict[str, Any]
    created_at: str
    status: str = "triggered"


@dataclass
class Note:
    id: str
    user: str
    content: str
    created_at: str


@dataclass
class Incident:
    id: str
    number: int
    title: str
    service: str
    created: datetime
    incident_key: str = ""
    status: str = "triggered"
    urgency: str = "high"
    priority: str = ""
    details: str = ""  # of its body
    resolution: str = ""
    merged_into: str = ""  # the incident that this is part of since
    updated_at: str = ""
    changed_at: str = ""  # of the last status
    changed_by: tuple[str, str] = (BOT, "user_reference")
    acknowledged_at: str = ""
    alerts: list[Alert] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def is_open(self) -> bool:
        return self.status != "resolved"

    def has_key(self, key: str) -> bool:
        """An incident with alerts has no key of its own: it is found by theirs."""
        return key == self.incident_key or any(alert.key == key for alert in self.alerts)


@dataclass
class LogEntry:
    id: str
    kind: str  # trigger, acknowledge, resolve, annotate ...
    at: datetime
    incident: Incident
    agent: tuple[str, str]  # (id, type of reference)
    channel: dict[str, Any]
    summary: str


class Shower:
    """Renders objects; `base_url` is the API's, html_url leads to the sandbox's page."""

    def __init__(self, base_url: str, auto_resolve_s: int = 0) -> None:
        self.base_url, self.auto_resolve_s = base_url, auto_resolve_s

    def reference(self, kind: str, key: str, summary: str) -> dict[str, Any]:
        path = f"{kind.removesuffix('_reference')}s/{key}".replace("policys", "policies")
        return {"id": key, "type": kind, "summary": summary,
                "self": f"{self.base_url}/{path}", "html_url": f"{self.base_url}/ui/{path}"}

    def agent(self, key: str, kind: str) -> dict[str, Any]:
        if kind == "user_reference":
            return self.reference(kind, key, USERS[key][0])
        return self.reference(kind, key, SERVICES.get(key, "Events API V2"))

    def priority(self, key: str) -> dict[str, Any]:
        return self.reference("priority", key, PRIORITIES[key]) | {"name": PRIORITIES[key],
                                                                  "description": ""}

    def user(self, key: str) -> dict[str, Any]:
        name, email = USERS[key]
        return self.reference("user", key, name) | {
            "name": name, "email": email, "time_zone": "Etc/UTC", "color": "purple",
            "role": "user", "description": None, "invitation_sent": False, "job_title": "",
            "teams": [], "contact_methods": [], "notification_rules": []}

    def service(self, key: str) -> dict[str, Any]:
        policy = self.reference("escalation_policy_reference", POLICY["id"], POLICY["summary"])
        return self.reference("service", key, SERVICES[key]) | {
            "name": SERVICES[key], "status": "active", "auto_resolve_timeout": self.auto_resolve_s or None, "escalation_policy": policy, "teams": []}

    def incident(self, incident: Incident) -> dict[str, Any]:
        row = incident
        shown = self.reference("incident", row.id, f"[#{row.number}] {row.title}") | {
            "incident_number": row.number, "title": row.title, "status": row.status,
            "created_at": pd_time(row.created), "updated_at": row.updated_at,
            "service": self.reference("service_reference", row.service, SERVICES[row.service]),
            "escalation_policy": self.reference("escalation_policy_reference", POLICY["id"],
                                                POLICY["summary"]),
            "urgency": row.urgency, "priority": self.priority(row.priority) if row.priority else None,
            "last_status_change_at": row.changed_at, "is_mergeable": row.is_open(),
            "last_status_change_by": self.agent(*row.changed_by), "teams": [],
            "assigned_via": "escalation_policy", "assignments": self._assignments(row),
            "acknowledgements": self._acknowledgements(row), "pending_actions": [],
            "incident_type": {"name": "incident_default"}, "alert_counts": _counts(row),
            "body": {"type": "incident_body", "details": row.details} if row.details else
            {"type": "incident_body"},
        }
        if not row.alerts:
            shown["incident_key"] = row.incident_key
        if not row.is_open():
            shown["resolved_at"] = row.changed_at
        if row.merged_into:
            other = self.reference("incident_reference", row.merged_into, row.merged_into)
            shown["resolve_reason"] = {"type": "merge_resolve_reason", "incident": other}
        return shown

    def _assignments(self, row: Incident) -> list[dict[str, Any]]:
        if not row.is_open():
            return []
        return [{"at": pd_time(row.created), "assignee": self.agent(PERSON, "user_reference")}]

    def _acknowledgements(self, row: Incident) -> list[dict[str, Any]]:
        if row.status != "acknowledged":
            return []
        who = row.changed_by
        if who[1] != "user_reference":  # an acknowledger is a user or a service
            who = (row.service, "service_reference")
        return [{"at": row.acknowledged_at, "acknowledger": self.agent(*who)}]

    def note(self, note: Note) -> dict[str, Any]:
        return {"id": note.id, "user": self.agent(note.user, "user_reference"),
                "channel": {"summary": "The PagerDuty website or APIs"}, "content": note.content,
                "created_at": note.created_at}

    def alert(self, incident: Incident, alert: Alert) -> dict[str, Any]:
        return self.reference("alert", alert.id, alert.summary) | {
            "created_at": alert.created_at, "status": alert.status, "alert_key": alert.key,
            "severity": alert.severity, "suppressed": False,
            "service": self.reference("service_reference", incident.service,
                                      SERVICES[incident.service]),
            "incident": self.reference("incident_reference", incident.id, incident.title),
            "body": {"type": "alert_body", "details": alert.details}}

    def log_entry(self, entry: LogEntry, include: list[str]) -> dict[str, Any]:
        row = entry.incident
        shown = self.reference(f"{entry.kind}_log_entry", entry.id, entry.summary) | {
            "created_at": pd_time(entry.at), "agent": self.agent(*entry.agent),
            "channel": entry.channel if "channels" in include else {"type": entry.channel["type"]},
            "service": self.reference("service_reference", row.service, SERVICES[row.service]),
            "incident": self.reference("incident_reference", row.id, row.title), "teams": [],
            "contexts": [], "event_details": {}}
        if "incidents" in include:
            shown["incident"] = self.incident(row)
        return shown


def _counts(row: Incident) -> dict[str, int]:
    done = sum(alert.status == "resolved" for alert in row.alerts)
    return {"all": len(row.alerts), "triggered": len(row.alerts) - done, "resolved": done}
