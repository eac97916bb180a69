"""PagerDuty's reads: incidents, notes, alerts, the log, and the account's data."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pagerduty_model import BOT, PRIORITIES, SERVICES, STATUSES, USERS, Incident, LogEntry
from pagerduty_wire import Refused, time_of
from vendor import utc_now
from wire import Request, Response, Route, json_response

if TYPE_CHECKING:
    from pagerduty import PagerDuty

MAX_PAGE, MAX_WINDOW = 100, 10_000


class Reads:
    def __init__(self, account: PagerDuty) -> None:
        self.account = account
        one = "/incidents/{key}"
        routes: list[Route] = [
            ("GET", "/incidents", self._list), ("GET", one, self._get),
            ("GET", one + "/notes", self._notes), ("GET", one + "/alerts", self._alerts),
            ("GET", one + "/log_entries", self._log_of), ("GET", "/log_entries", self._log),
            ("GET", "/priorities", self._priorities), ("GET", "/services", self._services),
            ("GET", "/services/{key}", self._service), ("GET", "/users", self._users),
            ("GET", "/users/me", self._me), ("GET", "/abilities", self._abilities),
        ]
        for method, pattern, call in routes:
            account.router.add(method, pattern, call)

    @staticmethod
    def _page(request: Request, name: str, rows: list[Any]) -> Response:
        """One page; a row is a function, so that only the page is rendered."""
        try:
            limit = min(int(request.arg("limit") or 25), MAX_PAGE)
            offset = int(request.arg("offset") or 0)
        except ValueError as exc:
            raise Refused(400, "limit and offset must be numbers") from exc
        if limit < 1 or offset < 0 or offset + limit > MAX_WINDOW:
            raise Refused(400, f"offset plus limit must not exceed {MAX_WINDOW}")
        total = len(rows) if request.flag("total") else None
        page = [row() for row in rows[offset:offset + limit]]
        return json_response(200, {name: page, "limit": limit, "offset": offset, "total": total,
                                   "more": offset + limit < len(rows)})

    def _list(self, request: Request) -> Response:
        rows = [row for row in self.account.incidents.values() if self._wanted(request, row)]
        if request.arg("sort_by", "created_at:asc").endswith(":desc"):
            rows.reverse()
        return self._page(request, "incidents", [lambda r=row: self.account.show.incident(r) for row in rows])

    @staticmethod
    def _wanted(request: Request, row: Incident) -> bool:
        query = request.query
        if not request.arg("date_range") == "all":
            since, until = request.arg("since"), request.arg("until")
            start = time_of(since, "since") if since else utc_now() - timedelta(days=30)
            if row.created < start or (until and row.created >= time_of(until, "until")):
                return False
        key = request.arg("incident_key")
        return ((not key or row.has_key(key))
                and row.status in query.get("statuses[]", STATUSES)
                and row.urgency in query.get("urgencies[]", ("high", "low"))
                and row.service in query.get("service_ids[]", SERVICES))

    def _get(self, _request: Request, key: str) -> Response:
        return json_response(200, {"incident": self.account.show.incident(self.account.incident(key))})

    def _notes(self, _request: Request, key: str) -> Response:
        notes = reversed(self.account.incident(key).notes)
        return json_response(200, {"notes": [self.account.show.note(note) for note in notes]})

    def _alerts(self, request: Request, key: str) -> Response:
        row = self.account.incident(key)
        return self._page(request, "alerts", [lambda a=a: self.account.show.alert(row, a)
                                              for a in row.alerts])

    def _log_page(self, request: Request, entries: list[LogEntry]) -> Response:
        include = request.query.get("include[]", [])
        since, until = request.arg("since"), request.arg("until")
        if since:
            start = time_of(since, "since")
            entries = [e for e in entries if e.at >= start]
        if until:
            end = time_of(until, "until")
            entries = [e for e in entries if e.at < end]
        return self._page(request, "log_entries", [lambda e=e: self.account.show.log_entry(e, include)
                                                   for e in reversed(entries)])

    def _log(self, request: Request) -> Response:
        return self._log_page(request, self.account.entries)

    def _log_of(self, request: Request, key: str) -> Response:
        row = self.account.incident(key)
        return self._log_page(request, [e for e in self.account.entries if e.incident is row])

    def _priorities(self, request: Request) -> Response:
        return self._page(request, "priorities", [lambda k=k: self.account.show.priority(k)
                                                  for k in PRIORITIES])

    def _services(self, request: Request) -> Response:
        return self._page(request, "services", [lambda k=k: self.account.show.service(k)
                                                for k in SERVICES])

    def _service(self, _request: Request, key: str) -> Response:
        if key not in SERVICES:
            raise Refused(404)
        return json_response(200, {"service": self.account.show.service(key)})

    def _users(self, request: Request) -> Response:
        wanted = request.arg("query")
        rows = [k for k, (name, email) in USERS.items() if wanted in name or wanted in email]
        return self._page(request, "users", [lambda k=k: self.account.show.user(k) for k in rows])

    def _me(self, _request: Request) -> Response:
        return json_response(200, {"user": self.account.show.user(BOT)})

    def _abilities(self, _request: Request) -> Response:
        return json_response(200, {"abilities": ["teams", "urgencies", "manage_schedules"]})
