"""The fault script: which call meets which fault, and the faults themselves.

A rule picks calls by vendor, method and path, counts them, and strikes from the `nth` on, `times`
times (0 = for ever).  All rules count every call that they match; the first that strikes wins.
"""
from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from vendor import Vendor
from wire import Peer, Request, Response

VENDORS = ("servicenow", "jira", "pagerduty", "pagerduty_events", "smtp")
SMTP_ACTIONS = ("drop_before", "drop_after_apply", "status", "delay", "hang", "reset")


@dataclass
class Rule:
    vendor: str
    action: str
    method: str = ""  # "" is any; SMTP: the command
    path_re: str = ""  # searched in the decoded path without its query; SMTP: the recipients
    nth: int = 1
    times: int = 1
    status: int = 503
    retry_after: int = -1  # seconds; -1 sends no Retry-After
    reason: str = ""  # Jira's RateLimit-Reason for a 429
    ms: int = 1000  # of delay; of each byte of slow_drip; hang ends after it
    size_bytes: int = 1 << 20  # of hugeheaders
    url: str = "http://127.0.0.1:9/"  # of redirect
    body: Any = None  # JSON of the action "body"
    apply: bool | None = None  # whether the vendor carries the call out; None: as ACTIONS says
    seen: int = 0
    struck: int = 0

    def check(self) -> None:
        """ValueError unless the rule can strike."""
        for name, default in RULE_DEFAULTS.items():
            value = getattr(self, name)
            if default is not None and type(value) is not type(default):
                raise ValueError(f"{name} takes a {type(default).__name__}")
        if self.vendor not in VENDORS:
            raise ValueError(f"unknown vendor {self.vendor!r}, there are: {', '.join(VENDORS)}")
        known = SMTP_ACTIONS if self.vendor == "smtp" else tuple(ACTIONS)
        if self.action not in known:
            raise ValueError(f"unknown action {self.action!r}, there are: {', '.join(known)}")
        if self.nth < 1 or self.times < 0 or not 200 <= self.status <= 599:
            raise ValueError("nth starts at 1, times at 0, and a status lies in 200..599")
        try:
            re.compile(self.path_re)
        except re.error as exc:
            raise ValueError(f"path_re: {exc}") from exc

    def meets(self, vendor: str, method: str, path: str) -> bool:
        return (self.vendor == vendor and self.method in ("", method)
                and re.search(self.path_re, path) is not None)

    def strikes(self) -> bool:
        """Counts one matching call."""
        self.seen += 1
        hit = self.seen >= self.nth and (not self.times or self.seen < self.nth + self.times)
        self.struck += hit
        return hit


class FaultScript:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rules: list[Rule] = []

    def add(self, rows: Any) -> None:
        """Appends rules as JSON gives them: all, or none and ValueError."""
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("a fault script is a list of objects")
        try:
            rules = [Rule(**row) for row in rows]
        except TypeError as exc:
            raise ValueError(str(exc)) from exc
        for rule in rules:
            rule.seen = rule.struck = 0
            rule.check()
        with self.lock:
            self.rules += rules

    def list(self) -> list[dict[str, Any]]:
        with self.lock:
            return [asdict(rule) for rule in self.rules]

    def clear(self) -> None:
        with self.lock:
            self.rules.clear()

    def pick(self, vendor: str, method: str, path: str) -> Rule | None:
        with self.lock:
            matching = [rule for rule in self.rules if rule.meets(vendor, method, path)]
            hits = [rule for rule in matching if rule.strikes()]
        return hits[0] if hits else None


@dataclass
class Strike:
    """One fault that is happening.  `applied` is the true answer, None when not carried out;
    `log` is told the status that the client will see whole (0: none) before it can see it."""

    rule: Rule
    vendor: Vendor
    peer: Peer
    applied: Response | None
    log: Callable[[int], None]

    def answer(self) -> Response:
        assert self.applied is not None, f"{self.rule.action} needs the call carried out"
        return self.applied


# Each action answers (or not) and returns whether the connection goes on.


def _drop(s: Strike) -> bool:
    s.log(0)
    return False


def _reset(s: Strike) -> bool:
    s.log(0)
    s.peer.reset()
    return False


def _send(s: Strike, response: Response) -> bool:
    s.log(response.status)
    s.peer.send(response.render())
    return True


def _status(s: Strike) -> bool:
    retry_after = s.rule.retry_after if s.rule.retry_after >= 0 else None
    return _send(s, s.vendor.failure(s.rule.status, retry_after, s.rule.reason))


def _body(s: Strike) -> bool:
    return _send(s, Response(s.rule.status, json.dumps(s.rule.body).encode()))


def _delay(s: Strike) -> bool:
    if not s.peer.wait(s.rule.ms / 1000):
        return _drop(s)
    return _send(s, s.answer())


def _hang(s: Strike) -> bool:
    s.log(0)
    s.peer.wait(s.rule.ms / 1000)
    return False


def _garbage(s: Strike) -> bool:
    body = b'{"result": \x00\xff\xfe[[[[ this is no JSON'
    return _send(s, Response(s.answer().status, body))


def _html(s: Strike) -> bool:
    page = b"<!DOCTYPE html><html><title>Instance</title><p>The instance is asleep.</p></html>"
    return _send(s, Response(s.rule.status, page, "text/html;charset=UTF-8"))


def _slow_drip(s: Strike) -> bool:
    response = s.answer()
    s.log(response.status)
    for byte in response.render():
        s.peer.send(bytes([byte]))
        if not s.peer.wait(s.rule.ms / 1000):
            return False
    return True


def _truncate(s: Strike) -> bool:
    response = s.answer()
    s.log(0)
    s.peer.send(response.head() + response.body[: len(response.body) // 2])
    return False


def _hugeheaders(s: Strike) -> bool:
    response = s.answer()
    line = "x" * 8000
    huge = {f"X-Padding-{n}": line for n in range(-(-s.rule.size_bytes // len(line)))}
    return _send(s, Response(response.status, response.body, headers=response.headers | huge))


def _redirect(s: Strike) -> bool:
    return _send(s, Response(302, headers={"Location": s.rule.url}))


# name -> (what happens, whether the call is carried out unless the rule says otherwise)
ACTIONS: dict[str, tuple[Callable[[Strike], bool], bool]] = {
    "drop_before": (_drop, False), "drop_after_apply": (_drop, True), "reset": (_reset, False),
    "status": (_status, False), "body": (_body, False), "html": (_html, False),
    "redirect": (_redirect, False), "hang": (_hang, False), "delay": (_delay, True),
    "garbage": (_garbage, True), "slow_drip": (_slow_drip, True), "truncate": (_truncate, True),
    "hugeheaders": (_hugeheaders, True),
}
ALWAYS_APPLIED = ("drop_after_apply", "delay", "garbage", "slow_drip", "truncate", "hugeheaders")
RULE_DEFAULTS: dict[str, Any] = {
    name: row.default for name, row in Rule.__dataclass_fields__.items()
    if name not in ("vendor", "action", "body", "apply")
}


def enact(rule: Rule, vendor: Vendor, request: Request, peer: Peer,
          log: Callable[[int], None]) -> bool:
    """Lets `rule` happen to `request`; returns whether the connection goes on."""
    act, applies = ACTIONS[rule.action]
    fixed = rule.action in ALWAYS_APPLIED or rule.action == "drop_before"
    wanted = applies if rule.apply is None or fixed else rule.apply
    return act(Strike(rule, vendor, peer, vendor.handle(request) if wanted else None, log))
