"""What every played vendor has in common: settings, a lock, a view of its tickets."""
from __future__ import annotations

import base64
import dataclasses
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol

from wire import Request, Response

USER = "tocsin.integration"
PASSWORD = "sandbox-password"
CLIENT_ID = "0c1ee74c00000000sandbox000000000"
CLIENT_SECRET = "sandbox-client-secret"
JIRA_USER = "tocsin@example.com"
JIRA_TOKEN = "sandbox-token"
JIRA_PAT = "sandbox-pat"  # of a Jira Data Center
PD_KEY = "sandbox-pd-key"
PD_FROM = "oncall-bot@example.com"
ROUTING_KEY = "R0SANDBOX0SANDBOX0SANDBOX0SANDBX"
SMTP_USER = "tocsin"

OPEN, ACKED, RESOLVED = "OPEN", "ACKED", "RESOLVED"


@dataclass
class Comment:
    id: str
    author: str
    text: str
    kind: str = "comment"
    at: str = ""


@dataclass
class Ticket:
    """One remote record as the tests and the page see it."""

    vendor: str
    id: str
    key: str
    marker: str  # what Tocsin finds it by: correlation_id, label, incident_key; "" if none
    status: str
    status_class: str
    title: str
    url: str
    choices: list[str]  # statuses that a person may choose now
    comments: list[Comment] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


class Vendor(Protocol):
    name: str
    base_url: str
    page_url: str  # where links to a ticket lead
    lock: threading.RLock

    @property
    def settings(self) -> Any: ...

    def handle(self, request: Request) -> Response:
        """Answers one call; holds `lock` while it reads or changes the state."""

    def failure(self, status: int, retry_after: int | None, reason: str) -> Response:
        """The vendor's own error body (and rate-limit headers) for a scripted status."""

    def configure(self, wanted: dict[str, Any]) -> None:
        """Changes settings; ValueError says what is wrong with them."""

    def reset(self) -> None:
        """Forgets every ticket and returns to the default settings."""

    def tickets(self, word: str = "") -> list[Ticket]:
        """All, or those with that word in the title."""

    def person_status(self, ticket_id: str, status: str) -> None:
        """A person changes the status in the vendor's user interface; KeyError, ValueError."""

    def person_note(self, ticket_id: str, text: str) -> None: ...


def apply_settings(settings: Any, wanted: dict[str, Any]) -> None:
    """Sets fields of a settings dataclass; ValueError names what is unknown or of a wrong type."""
    known = {f.name: f for f in dataclasses.fields(settings)}
    for name, value in wanted.items():
        if name not in known:
            raise ValueError(f"unknown setting {name!r}, there are: {', '.join(known)}")
        if type(value) is not type(getattr(settings, name)):
            raise ValueError(f"setting {name!r} takes a {type(getattr(settings, name)).__name__}")
    for name, value in wanted.items():
        setattr(settings, name, value)


def basic_ok(request: Request, user: str, password: str) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return base64.b64decode(value, validate=True).decode() == f"{user}:{password}"
    except ValueError:
        return False


def utc_now() -> datetime:
    return datetime.now(timezone.utc)
