"""What the vendors demand but their documents do not say: checked on every request of a connector.

The Jira document leaves `fields` and comment bodies untyped and allows anonymous calls; ServiceNow
drops mistyped query fields without a word; limits of length are in prose only.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import servicenow_incident as incident
from jira_adf import adf_error
from servicenow_query import CONDITION
from wire import Request

ADF_FIELDS = ("description", "environment")
MAX_EVENT_BYTES = 512 * 1024


def check(vendor: str, request: Request) -> list[str]:
    """Everything wrong with a request, in words."""
    try:
        body = request.json() if request.body else None
    except ValueError:
        return ["the body is not JSON"]
    return [*_headers(vendor, request), *CHECKS[vendor](request, body)]


def _headers(vendor: str, request: Request) -> Iterator[str]:
    headers = request.headers
    if "json" not in headers.get("accept", ""):
        yield "no Accept for JSON"
    if request.body and not headers.get("content-type", "").startswith("application/json"):
        yield "a body without Content-Type application/json"
    if "cookie" in headers:
        yield "a session cookie went back to the server"
    if vendor != "pagerduty_events" and "authorization" not in headers:
        yield "no Authorization"


def _longer(what: str, text: Any, limit: int) -> Iterator[str]:
    if isinstance(text, str) and len(text) > limit:
        yield f"{what} has {len(text)} characters, {limit} are allowed"


# -- Jira -------------------------------------------------------------------------------------------


def _adf(what: str, value: Any) -> Iterator[str]:
    if value is not None and (wrong := adf_error(value)):
        yield f"{what} is no Atlassian document: {wrong}"


def _jira_fields(fields: dict[str, Any]) -> Iterator[str]:
    for name in ADF_FIELDS:
        yield from _adf(name, fields.get(name))
    yield from _longer("summary", fields.get("summary"), 255)
    if any(c in str(fields.get("summary", "")) for c in "\r\n"):
        yield "summary has more than one line"
    for label in fields.get("labels") or []:
        yield from _longer(f"label {label[:20]!r}", label, 255)
        if any(c.isspace() for c in label):
            yield f"label {label!r} has a blank"


def _jira_search(body: dict[str, Any]) -> Iterator[str]:
    if not body.get("fields"):
        yield "search without fields answers ids only"
    if not body.get("maxResults"):
        yield "search without maxResults"
    if " or " in body.get("jql", "").lower():
        yield "jql with OR: a marker search must be exact"


def _jira(request: Request, body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    if request.path.endswith("/search/jql"):
        yield from _jira_search(body)
    if request.path.endswith("/comment"):
        yield from _adf("comment body", body.get("body", ""))
    if request.path.endswith("/issue") and not body.get("fields", {}).get("labels"):
        yield "an issue is created without the label that finds it again"
    if isinstance(body.get("fields"), dict):
        yield from _jira_fields(body["fields"])
    for row in (body.get("update") or {}).get("comment", []):
        yield from _adf("update.comment", row.get("add", {}).get("body", ""))
    for row in body.get("properties") or []:
        if isinstance(row, dict) and len(json.dumps(row.get("value"))) > 32_768:
            yield f"property {row.get('key')} is too long"


# -- ServiceNow ---------------------------------------------------------------------------------------


def _query_fields(table: str, query: str) -> Iterator[str]:
    """Names that the platform would drop, so that more rows match."""
    if table != "incident":
        return
    for term in filter(None, query.split("^")):
        term = term.removeprefix("NQ")
        for order in ("ORDERBYDESC", "ORDERBY"):
            if term.startswith(order):
                term = term.removeprefix(order) + "="
        match = CONDITION.fullmatch(term.removeprefix("OR"))
        if not match or match[1] not in incident.FIELDS:
            yield f"the platform would drop the condition {term!r}"


def _servicenow(request: Request, body: Any) -> Iterator[str]:
    parts = request.path.split("/table/")[-1].split("/")
    if request.method == "GET" and len(parts) == 1:
        if not request.arg("sysparm_limit"):
            yield "a list without sysparm_limit"
        # One row of any record tells which fields the table has; a search must say what it looks for.
        if not request.arg("sysparm_query") and request.arg("sysparm_limit") != "1":
            yield "a list without sysparm_query matches every record"
        yield from _query_fields(parts[0], request.arg("sysparm_query"))
    if not isinstance(body, dict):
        return
    if request.flag("sysparm_input_display_value"):
        yield "display values as input"
    if request.method == "POST" and not body.get("correlation_id"):
        yield "an incident is created without the correlation_id that finds it again"
    if body.get("state") in ("6", "7") and not (body.get("close_code") and body.get("close_notes")):
        yield "resolved without close_code and close_notes in the same call"


# -- PagerDuty ----------------------------------------------------------------------------------------


def _pagerduty(request: Request, body: Any) -> Iterator[str]:
    if not request.headers.get("authorization", "").startswith(("Token token=", "Bearer ")):
        yield "Authorization is neither Token token= nor Bearer"
    if request.method != "GET" and "@" not in request.headers.get("from", ""):
        yield "a write without From"
    made = body.get("incident", {}) if isinstance(body, dict) else {}
    yield from _longer("title", made.get("title"), 1024)
    yield from _longer("incident_key", made.get("incident_key"), 255)
    if request.method == "POST" and request.path == "/incidents" and not made.get("incident_key"):
        yield "an incident is created without the incident_key that finds it again"
    if "resolution" in made and made.get("status") != "resolved":
        yield "resolution without the status resolved"


def _events(request: Request, body: Any) -> Iterator[str]:
    if len(request.body) > MAX_EVENT_BYTES:
        yield "an event over 512 KB"
    if not isinstance(body, dict):
        return
    if len(str(body.get("routing_key", ""))) != 32:
        yield "routing_key has not 32 characters"
    yield from _longer("dedup_key", body.get("dedup_key"), 255)
    if not body.get("dedup_key"):
        yield "an event without the dedup_key that finds it again"
    yield from _longer("summary", (body.get("payload") or {}).get("summary"), 1024)


CHECKS = {"servicenow": _servicenow, "jira": _jira, "pagerduty": _pagerduty,
          "pagerduty_events": _events}
