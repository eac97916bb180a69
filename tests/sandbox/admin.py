"""The admin port: JSON for tests, a page for people.

It changes state, so it takes requests for its own host name only (no DNS rebinding) and no POST that
another web site started.
"""
from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from page import render_page
from pagerduty import PagerDuty
from vendor import Ticket, Vendor
from wire import Peer, Request, Response, Route, Router, json_response


class Box(Protocol):
    """What the admin port sees of the sandbox."""

    urls: dict[str, str]
    vendors: dict[str, Vendor]
    faults: Any
    calls: Any
    mail: Any
    account: PagerDuty

    def configurable(self) -> dict[str, Any]: ...

    def reset(self) -> None: ...


def _bad(text: str, status: int = 400) -> Response:
    return json_response(status, {"error": text})


def _fields(request: Request) -> dict[str, Any]:
    """The members of a JSON object or of an HTML form."""
    if "json" in request.headers.get("content-type", ""):
        value = json.loads(request.body)
        if not isinstance(value, dict):
            raise ValueError("the body must be an object")
        return value
    form = parse_qs(request.body.decode(), keep_blank_values=True, max_num_fields=50)
    return {name: values[-1] for name, values in form.items()}


class Admin:
    def __init__(self, box: Box) -> None:
        self.box = box
        self.router = Router()
        routes: list[Route] = [
            ("GET", "/", self._page), ("GET", "/healthz", lambda _r: json_response(200, "ok")),
            ("GET", "/urls", lambda _r: json_response(200, self.box.urls)),
            ("GET", "/faults", lambda _r: json_response(200, {"faults": self.box.faults.list()})),
            ("POST", "/faults", self._add_faults), ("DELETE", "/faults", self._clear_faults),
            ("GET", "/calls", self._calls), ("GET", "/tickets", self._tickets),
            ("GET", "/counts", self._counts),
            ("GET", "/mails", self._mails),
            ("GET", "/settings", self._settings), ("POST", "/settings", self._set),
            ("POST", "/reset", self._reset),
            ("POST", "/tickets/{vendor}/{key}/status", self._status),
            ("POST", "/tickets/{vendor}/{key}/note", self._note),
            ("POST", "/tickets/pagerduty/{key}/merge", self._merge),
        ]
        for method, pattern, call in routes:
            self.router.add(method, pattern, call)

    def exchange(self, request: Request, peer: Peer) -> bool:
        peer.send(self._answer(request).render())
        return True

    def _answer(self, request: Request) -> Response:
        if foreign := self._foreign(request):
            return _bad(foreign, 403)
        call = self.router.find(request)
        if isinstance(call, int):
            return _bad("no such page" if call == 404 else "not with this method", call)
        try:
            return call()
        except KeyError as exc:
            return _bad(f"there is no {exc}", 404)
        except ValueError as exc:
            return _bad(str(exc))

    def _foreign(self, request: Request) -> str:
        own = urlsplit(self.box.urls["admin"]).netloc
        hosts = (own, own.replace("127.0.0.1", "localhost"))
        if request.headers.get("host", own) not in hosts:
            return "this host name is not served"
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in hosts:
            return "another site must not change the sandbox"
        return ""

    # -- for tests ------------------------------------------------------------------------------

    def _add_faults(self, request: Request) -> Response:
        self.box.faults.add(request.json())
        return json_response(200, {"faults": self.box.faults.list()})

    def _clear_faults(self, _request: Request) -> Response:
        self.box.faults.clear()
        return Response(204)

    def _calls(self, request: Request) -> Response:
        rows = self.box.calls.list(request.arg("vendor"), request.arg("method"), request.arg("path"))
        return json_response(200, {"now_ms": time.monotonic() * 1000, "calls": rows})

    def _mails(self, request: Request) -> Response:
        mails = self.box.mail.list(int(request.arg("after") or 0), request.arg("word"))
        return json_response(200, {"mails": mails})

    def all_tickets(self, word: str = "") -> list[Ticket]:
        return [ticket for vendor in self.box.vendors.values() for ticket in vendor.tickets(word)]

    def _tickets(self, request: Request) -> Response:
        wanted = request.arg("vendor")
        rows = [row for row in self.all_tickets(request.arg("word")) if wanted in ("", row.vendor)]
        counts = {name: 0 for name in self.box.vendors if name != "pagerduty_events"}
        for row in rows:
            counts[row.vendor] += 1
        return json_response(200, {"counts": counts, "tickets": [asdict(row) for row in rows]})

    def _counts(self, _request: Request) -> Response:
        """How many there are, and the markers that more than one ticket of a vendor carries."""
        seen = Counter((row.vendor, row.marker) for row in self.all_tickets())
        tickets = {name: 0 for name in self.box.vendors if name != "pagerduty_events"}
        twice: dict[str, list[str]] = {name: [] for name in tickets}
        for (vendor, marker), count in seen.items():
            tickets[vendor] += count
            if marker and count > 1:
                twice[vendor].append(marker)
        return json_response(200, {"tickets": tickets, "duplicates": twice,
                                   "mails": self.box.mail.count, "calls": self.box.calls.count})

    def _settings(self, _request: Request) -> Response:
        parts = self.box.configurable()
        return json_response(200, {name: asdict(part.settings) for name, part in parts.items()})

    def _set(self, request: Request) -> Response:
        parts = self.box.configurable()
        for name, wanted in _fields(request).items():
            if name not in parts or not isinstance(wanted, dict):
                raise ValueError(f"unknown part {name!r}, there are: {', '.join(parts)}")
            parts[name].configure(wanted)
        return self._settings(request)

    def _reset(self, _request: Request) -> Response:
        self.box.reset()
        return Response(204)

    # -- for people -----------------------------------------------------------------------------

    def _page(self, _request: Request) -> Response:
        html = render_page(self.all_tickets(), self.box.mail.list())
        return Response(200, html.encode(), "text/html; charset=utf-8", {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
                                       "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store"})

    def _changed(self, request: Request) -> Response:
        """A form goes back to the page, a test gets JSON."""
        if "json" in request.headers.get("content-type", ""):
            return json_response(200, {"ok": True})
        return Response(303, headers={"Location": "/"})

    def _status(self, request: Request, vendor: str, key: str) -> Response:
        self.box.vendors[vendor].person_status(key, str(_fields(request).get("status", "")))
        return self._changed(request)

    def _note(self, request: Request, vendor: str, key: str) -> Response:
        text = str(_fields(request).get("text", "")).strip()
        if not text:
            raise ValueError("the note is empty")
        self.box.vendors[vendor].person_note(key, text)
        return self._changed(request)

    def _merge(self, request: Request, key: str) -> Response:
        self.box.account.person_merge(key, str(_fields(request).get("into", "")))
        return self._changed(request)
