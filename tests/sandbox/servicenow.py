"""A ServiceNow instance: Table API (incident, sys_journal_field, sys_user, sys_choice), Import Set API.

Shapes follow the public documentation of the Table API; the rules of a write are in
servicenow_incident.py, encoded queries in servicenow_query.py.
"""
from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import servicenow_incident as incident
from servicenow_oauth import OAuth
from servicenow_query import TIME_FORMAT, Caller, Query, Row, parse_query
from vendor import PASSWORD, USER, Comment, Ticket, apply_settings, basic_ok
from wire import Request, Response, Router, json_response

PERSON = "fred.luddy"
DEFAULT_LIMIT = 10_000
ERRORS = {
    400: ("Exception while reading request", "The payload is not valid JSON."),
    401: ("User Not Authenticated", "Required to provide Auth information"),
    403: ("Operation Failed", "ACL Exception Update Failed due to security constraints"),
    404: ("No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
    405: ("Method not supported", None),
    406: ("Requested response media types not supported", None),
    415: ("Unsupported media type", None),
    429: ("Rate limit exceeded", "Rate limit of requests per hour exceeded"),
}


@dataclass
class Settings:
    user_time_zone: str = "GMT"  # zone of the integration user
    hourly_limit: int = 0  # calls until 429; 0 is no limit
    retry_after: int = 1800  # seconds, of that 429
    journal_hidden: bool = False  # ACLs hide sys_journal_field
    require_hold_reason: bool = False
    close_codes: list[str] = field(default_factory=lambda: list(incident.CLOSE_CODES))
    clock_ahead_s: int = 0  # of the header Date, which is told only then
    token_life_s: int = 1799  # of the access tokens of OAuth
    tokens: int = 0  # another number takes all back that were given
    client_credentials: bool = True  # False: as without the property that allows this grant


def error(status: int, message: str = "", detail: str | None = None) -> Response:
    """The error body of every API of the platform."""
    if not message:
        message, detail = ERRORS.get(status, ("Server error", None))
    body = {"error": {"message": message, "detail": detail}, "status": "failure"}
    headers = {"WWW-Authenticate": 'BASIC realm="Service-now"'} if status == 401 else {}
    return json_response(status, body, headers)


def _rows(*rows: Row) -> dict[str, Row]:
    return {row["sys_id"]: row for row in rows}


def _users() -> dict[str, Row]:
    people = ((USER, "Tocsin Integration", "5a1de9c2c611228701d22104cc95c370"),
              (PERSON, "Fred Luddy", "5137153cc611227c000bbd1bd8cd2005"))
    return _rows(*({"sys_id": key, "user_name": name, "name": full, "time_zone": "GMT",
                    "active": "true"} for name, full, key in people))


def _choices(close_codes: list[str]) -> dict[str, Row]:
    return _rows(*({"sys_id": uuid.uuid5(uuid.NAMESPACE_OID, f"{element}.{value}").hex,
                    "name": "incident", "element": element, "value": value, "label": label,
                    "language": "en", "inactive": "false", "sequence": str(at)}
                   for element, choices in (incident.CHOICES | {"close_code": {code: code for code in close_codes}}).items()
                   for at, (value, label) in enumerate(choices.items())))


class ServiceNow:
    name = "servicenow"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.base_url = ""
        self.page_url = ""
        self.router = Router()
        for base in ("/api/now/table", "/api/now/v1/table", "/api/now/v2/table"):
            self.router.add("GET", base + "/{table}", self._list)
            self.router.add("POST", base + "/{table}", self._create)
            self.router.add("GET", base + "/{table}/{sys_id}", self._get)
            self.router.add("PATCH", base + "/{table}/{sys_id}", self._update)
            self.router.add("PUT", base + "/{table}/{sys_id}", self._update)
            self.router.add("DELETE", base + "/{table}/{sys_id}", self._delete)
        self.router.add("POST", "/api/now/import/{staging}", self._import)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.settings = Settings()
            self.oauth = OAuth(self.settings)
            self.tables: dict[str, dict[str, Row]] = {
                "incident": {}, "sys_journal_field": {}, "sys_user": _users(),
                "sys_choice": _choices(self.settings.close_codes)}
            self.entries_of: defaultdict[str, list[Row]] = defaultdict(list)  # of sys_journal_field, by incident
            self.next_number = 10001
            self.calls_this_hour = 0

    def configure(self, wanted: dict[str, Any]) -> None:
        """Raises ValueError for what is unknown, a zone included."""
        zone = wanted.get("user_time_zone", self.settings.user_time_zone)
        try:
            ZoneInfo(zone)
        except Exception as exc:
            raise ValueError(f"no such time zone: {zone!r}") from exc
        with self.lock:
            tokens = self.settings.tokens
            apply_settings(self.settings, wanted)
            if self.settings.tokens != tokens:
                self.oauth.revoke()
            self._user(USER)["time_zone"] = self.settings.user_time_zone
            self.tables["sys_choice"] = _choices(self.settings.close_codes)

    # -- calls ------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        if request.path == "/nav_to.do":
            return Response(302, headers={"Location": self.page_url})
        if request.path == "/oauth_token.do":
            with self.lock:
                return self.oauth.answer(request)
        if not self._knows(request):
            return error(401)
        if limited := self._rate_limit():
            return limited
        accept = request.headers.get("accept", "*/*")
        if "json" not in accept and "*/*" not in accept:
            return error(406)
        call = self.router.find(request)
        if isinstance(call, int):
            return error(400, f"Requested URI does not represent any resource: {request.path}") \
                if call == 404 else error(call)
        with self.lock:
            try:
                return call()
            except incident.Refusal as refusal:
                return error(403, "Operation Failed", refusal.detail)

    def _knows(self, request: Request) -> bool:
        with self.lock:
            return basic_ok(request, USER, PASSWORD) or self.oauth.knows(request)

    def _rate_limit(self) -> Response | None:
        with self.lock:
            self.calls_this_hour += 1
            if not 0 < self.settings.hourly_limit < self.calls_this_hour:
                return None
            return self.failure(429, self.settings.retry_after, "")

    def failure(self, status: int, retry_after: int | None, reason: str) -> Response:
        response = error(status)
        if status == 429:
            limit = self.settings.hourly_limit or 500
            response.headers |= {
                "X-RateLimit-Limit": str(limit), "X-RateLimit-Rule": reason or "Tocsin per hour",
                "X-RateLimit-Reset": str(int(time.time()) + (retry_after or 0))}
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def _caller(self) -> Caller:
        user = self._user(USER)
        return Caller(USER, user["sys_id"], ZoneInfo(self.settings.user_time_zone))

    def _user(self, name: str) -> Row:
        return next(row for row in self.tables["sys_user"].values() if row["user_name"] == name)

    def _body(self, request: Request) -> dict[str, Any] | Response:
        if "json" not in request.headers.get("content-type", ""):
            return error(415)
        try:
            body = request.json()
        except ValueError:
            return error(400)
        return body if isinstance(body, dict) else error(400)

    # -- Table API ----------------------------------------------------------------------------

    def _fields_of(self, table: str) -> frozenset[str]:
        if table == "incident":
            return incident.FIELDS
        if table == "sys_journal_field":
            return frozenset({"sys_id", "name", "element", "element_id", "value",
                              "sys_created_on", "sys_created_by"})
        return frozenset(next(iter(self.tables[table].values())))

    def _list(self, request: Request, table: str) -> Response:
        if table not in self.tables:
            return error(400, f"Invalid table {table}")
        try:
            limit = int(request.arg("sysparm_limit") or DEFAULT_LIMIT)
            offset = int(request.arg("sysparm_offset") or 0)
        except ValueError:
            return error(400, "Invalid pagination parameter")
        query = parse_query(request.arg("sysparm_query"), self._fields_of(table), self._caller())
        rows = self._matching(table, query)
        shown = [self._render(row, table, request) for row in rows[offset:offset + limit]]
        headers = {}
        if not request.flag("sysparm_no_count"):
            headers["X-Total-Count"] = str(len(rows))
        if offset + limit < len(rows) and not request.flag("sysparm_suppress_pagination_header"):
            flat = {name: values[-1] for name, values in request.query.items()}
            link = urlencode(flat | {"sysparm_offset": str(offset + limit)})
            headers["Link"] = f'<{self.base_url}{request.path}?{link}>;rel="next"'
        return json_response(200, {"result": shown}, headers)

    def _matching(self, table: str, query: Query) -> list[Row]:
        if table == "sys_journal_field" and self.settings.journal_hidden:
            return []
        return query.sort([row for row in self.tables[table].values() if query.matches(row)])

    def _get(self, request: Request, table: str, sys_id: str) -> Response:
        if table not in self.tables:
            return error(400, f"Invalid table {table}")
        row = self.tables[table].get(sys_id)
        if not row or (table == "sys_journal_field" and self.settings.journal_hidden):
            return error(404)
        return json_response(200, {"result": self._render(row, table, request)})

    def _create(self, request: Request, table: str) -> Response:
        if table != "incident":
            return error(403 if table in self.tables else 400,
                         "Operation Failed" if table in self.tables else f"Invalid table {table}")
        body = self._body(request)
        if isinstance(body, Response):
            return body
        row = self._insert(body)
        where = f"{self.base_url}/api/now/table/incident/{row['sys_id']}"
        return json_response(201, {"result": self._render(row, table, request)},
                             {"Location": where})

    def _insert(self, body: dict[str, Any]) -> Row:
        user = self._user(USER)
        row = incident.new_incident(self.next_number, user["sys_id"], USER)
        notes = incident.write(row, body, user, fresh=True,
                               require_hold_reason=self.settings.require_hold_reason)
        self.next_number += 1
        self.tables["incident"][row["sys_id"]] = row
        self._journal(row, notes, USER)
        return row

    def _update(self, request: Request, table: str, sys_id: str) -> Response:
        if table != "incident":
            return error(403) if table in self.tables else error(400, f"Invalid table {table}")
        row = self.tables["incident"].get(sys_id)
        if not row:
            return error(404)
        body = self._body(request)
        if isinstance(body, Response):
            return body
        self._change(row, body, USER)
        return json_response(200, {"result": self._render(row, table, request)})

    def _change(self, row: Row, body: dict[str, Any], user_name: str) -> None:
        notes = incident.write(row, body, self._user(user_name), fresh=False,
                               require_hold_reason=self.settings.require_hold_reason)
        self._journal(row, notes, user_name)

    def _journal(self, row: Row, notes: list[incident.Journal], user_name: str) -> None:
        for note in notes:
            entry = {"sys_id": uuid.uuid4().hex, "name": "incident", "element": note.element,
                     "element_id": row["sys_id"], "value": note.value,
                     "sys_created_on": incident.stamp(), "sys_created_by": user_name}
            self.tables["sys_journal_field"][entry["sys_id"]] = entry
            self.entries_of[row["sys_id"]].append(entry)

    def _delete(self, _request: Request, table: str, sys_id: str) -> Response:
        if table != "incident" or not self.tables["incident"].pop(sys_id, None):
            return error(404)
        return Response(204)

    def _import(self, request: Request, staging: str) -> Response:
        """A transform map "Tocsin incident" that coalesces on correlation_id."""
        body = self._body(request)
        if isinstance(body, Response):
            return body
        marker = str(body.get("correlation_id", ""))
        found = [row for row in self.tables["incident"].values()
                 if marker and row["correlation_id"] == marker]
        if found:
            row, before = found[0], found[0]["sys_mod_count"]
            self._change(row, body, USER)
            status = "updated" if row["sys_mod_count"] != before else "ignored"
        else:
            row, status = self._insert(body), "inserted"
        link = f"{self.base_url}/api/now/table/incident/{row['sys_id']}"
        result = {"transform_map": "Tocsin incident", "table": "incident", "display_name": "number",
                  "display_value": row["number"], "record_link": link, "status": status,
                  "sys_id": row["sys_id"]}
        return json_response(201, {"import_set": "ISET0010001", "staging_table": staging,
                                   "result": [result]}, {"Location": link})

    # -- values on the wire ---------------------------------------------------------------------

    def _render(self, row: Row, table: str, request: Request) -> dict[str, Any]:
        names = [n for n in request.arg("sysparm_fields").split(",") if n]
        display = request.arg("sysparm_display_value", "false")
        bare = request.flag("sysparm_exclude_reference_link")
        shown = {name: row[name] for name in names if name in row} if names else row
        if table != "incident":
            return {n: {"display_value": v, "value": v} if display == "all" else v
                    for n, v in shown.items()}
        return {name: self._value(row, name, display, bare) for name in shown}

    def _value(self, row: Row, name: str, display: str, bare: bool) -> Any:
        raw = "" if name in incident.JOURNALS else row[name]
        target = incident.REFERENCES.get(name)
        link = f"{self.base_url}/api/now/table/{target}/{raw}" if target and raw else ""
        if display == "false":
            return {"link": link, "value": raw} if link and not bare else raw
        text = self._display(row, name)
        if display == "all":
            both = {"display_value": text, "value": raw}
            return both | {"link": link} if link and not bare else both
        return {"display_value": text, "link": link} if link and not bare else text

    def _display(self, row: Row, name: str) -> str:
        raw = row[name]
        if name in incident.CHOICES:
            return incident.CHOICES[name].get(raw, raw)
        if name in incident.JOURNALS:
            return self._journal_text(row["sys_id"], name)
        if name in incident.TIMES and raw:
            return self._local(raw)
        user = self.tables["sys_user"].get(raw)
        return user["name"] if user and name in incident.REFERENCES else raw

    def _local(self, raw: str) -> str:
        utc = datetime.strptime(raw, TIME_FORMAT).replace(tzinfo=timezone.utc)
        return utc.astimezone(ZoneInfo(self.settings.user_time_zone)).strftime(TIME_FORMAT)

    def _journal_text(self, sys_id: str, element: str) -> str:
        labels = {"work_notes": "Work notes", "comments": "Additional comments"}
        entries = [e for e in self.entries_of[sys_id] if e["element"] == element]
        return "".join(f"{self._local(e['sys_created_on'])} - {e['sys_created_by']} "
                       f"({labels[element]})\n{e['value']}\n\n" for e in reversed(entries))

    # -- the person and the tests ---------------------------------------------------------------

    def tickets(self, word: str = "") -> list[Ticket]:
        with self.lock:
            return [self._ticket(row) for row in self.tables["incident"].values() if word in row["short_description"]]

    def _ticket(self, row: Row) -> Ticket:
        comments = [Comment(e["sys_id"], e["sys_created_by"], e["value"], e["element"],
                            e["sys_created_on"])
                    for e in self.entries_of[row["sys_id"]]]
        state = row["state"]
        return Ticket(
            self.name, row["sys_id"], row["number"], row["correlation_id"],
            incident.STATES.get(state, state), incident.CLASSES.get(state, "OPEN"),
            row["short_description"],
            f"{self.base_url}/nav_to.do?uri=incident.do?sys_id={row['sys_id']}",
            [] if state == "7" else list(incident.STATES.values()), comments, dict(row))

    def person_status(self, ticket_id: str, status: str) -> None:
        with self.lock:
            row = self.tables["incident"][ticket_id]
            codes = {label: code for code, label in incident.STATES.items()}
            if status not in codes:
                raise ValueError(f"no such state: {status}")
            body = {"state": codes[status]}
            if status in ("Resolved", "Closed"):
                body |= {"close_code": row["close_code"] or "Solution provided",
                         "close_notes": row["close_notes"] or "Resolved by a person."}
            if status == "On Hold":
                body["hold_reason"] = "1"
            try:
                self._change(row, body, PERSON)
            except incident.Refusal as refusal:
                raise ValueError(refusal.detail) from refusal

    def person_note(self, ticket_id: str, text: str) -> None:
        with self.lock:
            self._change(self.tables["incident"][ticket_id], {"work_notes": text}, PERSON)
