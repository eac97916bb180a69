"""The incident table: fields, choices, and the rules that the platform runs on a write."""
from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from servicenow_query import TIME_FORMAT, Row
from vendor import ACKED, OPEN, RESOLVED, utc_now

STATES = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed",
          "8": "Canceled"}
LEVELS = {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"}
PRIORITIES = {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low",
              "5": "5 - Planning"}
CLOSE_CODES = ("Solution provided", "Workaround provided", "Resolved by caller", "Duplicate",
               "No resolution provided", "User error")
CHOICES: dict[str, dict[str, str]] = {
    "state": STATES, "incident_state": STATES, "impact": LEVELS, "urgency": LEVELS,
    "priority": PRIORITIES, "close_code": {code: code for code in CLOSE_CODES},
}
CLASSES = {"1": OPEN, "3": OPEN, "2": ACKED, "6": RESOLVED, "7": RESOLVED, "8": RESOLVED}

REFERENCES = {
    "assigned_to": "sys_user", "caller_id": "sys_user", "opened_by": "sys_user",
    "resolved_by": "sys_user", "closed_by": "sys_user", "assignment_group": "sys_user_group",
    "cmdb_ci": "cmdb_ci", "business_service": "cmdb_ci_service",
}
JOURNALS = ("work_notes", "comments")
TIMES = ("opened_at", "resolved_at", "closed_at", "sys_created_on", "sys_updated_on")
WRITABLE = frozenset({
    "short_description", "description", "state", "incident_state", "hold_reason", "impact",
    "urgency", "category", "subcategory", "cmdb_ci", "business_service", "assignment_group",
    "assigned_to", "caller_id", "contact_type", "opened_at", "resolved_at", "correlation_id",
    "correlation_display", "close_code", "close_notes", "u_tocsin_id",
})
READ_ONLY = frozenset({
    "sys_id", "number", "priority", "active", "opened_by", "resolved_by", "closed_by", "closed_at",
    "reopen_count", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by",
    "sys_mod_count", "sys_class_name",
})
FIELDS = WRITABLE | READ_ONLY | frozenset(JOURNALS)
MAX_LENGTH = {"short_description": 160, "description": 4000, "correlation_id": 100,
              "correlation_display": 100, "close_notes": 4000}


@dataclass
class Refusal(Exception):
    """A write that the platform refuses with 403."""

    detail: str


@dataclass
class Journal:
    element: str
    value: str


def stamp() -> str:
    return utc_now().strftime(TIME_FORMAT)


def new_incident(number: int, user_id: str, user_name: str) -> Row:
    now = stamp()
    row = dict.fromkeys(FIELDS, "")
    row |= {
        "sys_id": uuid.uuid4().hex, "number": f"INC{number:07d}", "state": "1",
        "incident_state": "1", "impact": "3", "urgency": "3", "priority": "5", "active": "true",
        "category": "inquiry", "opened_at": now, "opened_by": user_id, "reopen_count": "0",
        "sys_created_on": now, "sys_created_by": user_name, "sys_updated_on": now,
        "sys_updated_by": user_name, "sys_mod_count": "0", "sys_class_name": "incident",
    }
    return row


def _text(value: Any) -> str | None:
    """How the platform stores a JSON value; None for what it ignores."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, (str, int, float)) else None


def split_body(body: dict[str, Any]) -> tuple[Row, list[Journal]]:
    """What a write really sets; unknown and read-only fields vanish without a word."""
    values = {name: text for name, raw in body.items()
              if name in WRITABLE and (text := _text(raw)) is not None}
    state = values.get("state", values.get("incident_state"))
    if state is not None:
        values["state"] = values["incident_state"] = state
    for name, longest in MAX_LENGTH.items():
        if name in values:
            values[name] = values[name][:longest]
    notes = [Journal(name, text) for name in JOURNALS if (text := _text(body.get(name)))]
    return values, notes


def _priority(impact: str, urgency: str) -> str:
    """The shipped Priority Data Lookup: impact + urgency - 1."""
    if impact in LEVELS and urgency in LEVELS:
        return str(int(impact) + int(urgency) - 1)
    return "5"


def _policy(row: Row, require_hold_reason: bool) -> None:
    """The data policies of recent releases."""
    missing = []
    if row["state"] in ("6", "7"):
        wanted = (("close_code", "Resolution code"), ("close_notes", "Resolution notes"))
        missing = [label for name, label in wanted if not row[name]]
    if require_hold_reason and row["state"] == "3" and not row["hold_reason"]:
        missing.append("On hold reason")
    if missing:
        raise Refusal("Data Policy Exception: The following fields are mandatory: "
                      + ", ".join(missing))


def _follow_state(row: Row, before: str, user_id: str) -> None:
    """What business rules do when the state changes."""
    now, state = stamp(), row["state"]
    row["active"] = "false" if state in ("7", "8") else "true"
    if state == "6" and before != "6":
        row["resolved_at"] = row["resolved_at"] or now
        row["resolved_by"] = user_id
    if state == "7":
        row["closed_at"], row["closed_by"] = now, user_id
    if before in ("6", "7") and state in ("1", "2", "3"):
        row["resolved_at"] = row["resolved_by"] = ""
        row["reopen_count"] = str(int(row["reopen_count"]) + 1)


def write(row: Row, body: dict[str, Any], user: Row, *, fresh: bool,
          require_hold_reason: bool) -> list[Journal]:
    """Changes `row` as one insert or update by `user`; returns the journal entries to add.

    Refusal leaves the row as it was."""
    if not fresh and row["state"] == "7":
        raise Refusal("ACL Exception Update Failed due to security constraints")
    values, notes = split_body(body)
    changed = row | values
    _policy(changed, require_hold_reason)
    if not fresh and changed == row and not notes:
        return []
    changed["priority"] = _priority(changed["impact"], changed["urgency"])
    if changed["state"] != row["state"]:
        _follow_state(changed, row["state"], user["sys_id"])
    if not fresh:
        changed["sys_mod_count"] = str(int(row["sys_mod_count"]) + 1)
        changed["sys_updated_on"], changed["sys_updated_by"] = stamp(), user["user_name"]
    row.update(changed)
    return notes
