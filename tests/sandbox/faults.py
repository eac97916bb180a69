"""The fault script: which call meets which fault, and the faults themselves.

A rule picks calls by vendor, method and path, counts them, and strikes from the `nth` on, `times`
times (0 = for ever), or that share of them.  All rules count every call that they match; the first that
strikes wins.
Rules of DOOR_ACTIONS are about the way to a vendor, before there is a call (doors.py).
"""
from __future__ import annotations

import json
import random
import re
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from doors import TLS_KINDS, Doors
from vendor import Vendor
from wire import Peer, Request, Response

VENDORS = ("servicenow", "jira", "pagerduty", "pagerduty_events", "smtp")
SMTP_ACTIONS = ("drop_before", "drop_after_apply", "status", "delay", "hang", "reset")
DOOR_ACTIONS = ("refuse", "tls")
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
GZIP, BLOCK = 31, b" " * (1 << 20)  # zlib's wbits for a gzip header; white space is legal JSON


@dataclass
class Rule:
    vendor: str
    action: str
    method: str = ""  # "" is any; SMTP: the command
    path_re: str = ""  # searched in the decoded path without its query; SMTP: the recipients
    nth: int = 1
    times: int = 1
    percent: int = 100  # of those calls, drawn from the seed and the number of the call
    seed: int = 0
    status: int = 503
    retry_after: int = -1  # seconds; -1 sends no Retry-After
    reason: str = ""  # Jira's RateLimit-Reason for a 429
    ms: int = 1000  # of delay and refuse; of each byte of slow_drip; hang, 100-hang and reorder end after it
    size_bytes: int = 1 << 20  # of hugeheaders; of what comes out of a gzipbomb
    url: str = "http://127.0.0.1:9/"  # of redirect
    kind: str = ""  # of tls
    interims: int = 1  # answers 100 before the true one, of 100-continue and 100-hang
    copies: int = 0  # how often a call is carried out; 0 is 2 for dup, else 1
    body: Any = None  # JSON of the action "body"
    apply: bool | None = None  # whether the vendor carries the call out; None: as ACTIONS says
    seen: int = 0
    struck: int = 0
    overtaken: int = 0  # matching calls that were answered since the last strike

    def check(self) -> None:
        """ValueError unless the rule can strike."""
        for name, default in RULE_DEFAULTS.items():
            value = getattr(self, name)
            if default is not None and type(value) is not type(default):
                raise ValueError(f"{name} takes a {type(default).__name__}")
        if self.vendor not in VENDORS:
            raise ValueError(f"unknown vendor {self.vendor!r}, there are: {', '.join(VENDORS)}")
        known = SMTP_ACTIONS if self.vendor == "smtp" else (*ACTIONS, *DOOR_ACTIONS)
        if self.action not in known:
            raise ValueError(f"unknown action {self.action!r}, there are: {', '.join(known)}")
        if self.nth < 1 or self.times < 0 or not 200 <= self.status <= 599:
            raise ValueError("nth starts at 1, times at 0, and a status lies in 200..599")
        if not 1 <= self.percent <= 100:
            raise ValueError("percent lies in 1..100")
        if not 0 <= self.copies <= MAX_COPIES or not 0 <= self.size_bytes <= MAX_SIZE_BYTES:
            raise ValueError(f"at most {MAX_COPIES} copies and {MAX_SIZE_BYTES} size_bytes")
        if not 1 <= self.interims <= MAX_INTERIMS:
            raise ValueError(f"1 to {MAX_INTERIMS} interims")
        if self.action == "tls" and self.kind not in TLS_KINDS:
            raise ValueError(f"unknown kind {self.kind!r}, there are: {', '.join(TLS_KINDS)}")
        try:
            re.compile(self.path_re)
        except re.error as exc:
            raise ValueError(f"path_re: {exc}") from exc

    def meets(self, vendor: str, method: str, path: str) -> bool:
        return (self.vendor == vendor and self.method in ("", method)
                and self.action not in DOOR_ACTIONS and re.search(self.path_re, path) is not None)

    def strikes(self) -> bool:
        """Counts one matching call, or handshake of tls."""
        self.seen += 1
        hit = self.seen >= self.nth and (not self.times or self.seen < self.nth + self.times) and self._is_drawn()
        self.struck += hit
        self.overtaken = 0 if hit else self.overtaken
        return hit

    def _is_drawn(self) -> bool:
        return self.percent == 100 or random.Random(f"{self.seed} {self.seen}").randrange(100) < self.percent


class FaultScript:
    def __init__(self, doors: Doors | None = None) -> None:
        self.lock = threading.Lock()
        self.answered = threading.Condition(self.lock)
        self.doors = doors or Doors()
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
            rule.seen = rule.struck = rule.overtaken = 0
            rule.check()
            self.doors.check(rule.action)
        with self.lock:
            self.rules += rules
        for rule in rules:
            self._shut(rule)

    def _shut(self, rule: Rule) -> None:
        """A vendor whose way is at fault from now on has no connection from before."""
        if rule.action == "refuse":
            rule.struck = 1
            self.doors.refuse(rule.vendor, rule.ms / 1000 if rule.ms else float("inf"))
        elif rule.action == "tls":
            self.doors.hang_up(rule.vendor)

    def list(self) -> list[dict[str, Any]]:
        with self.lock:
            return [asdict(rule) for rule in self.rules]

    def clear(self) -> None:
        with self.answered:
            self.rules.clear()
            self.answered.notify_all()
        self.doors.listen()

    def pick(self, vendor: str, method: str, path: str) -> Rule | None:
        with self.lock:
            matching = [rule for rule in self.rules if rule.meets(vendor, method, path)]
            hits = [rule for rule in matching if rule.strikes()]
        return hits[0] if hits else None

    def pick_tls(self, vendor: str) -> str:
        """What is wrong with the handshake that begins: a kind, or "" for nothing."""
        with self.lock:
            rules = [rule for rule in self.rules if (rule.vendor, rule.action) == (vendor, "tls")]
            hits = [rule.kind for rule in rules if rule.strikes()]
        return hits[0] if hits else ""

    def was_answered(self, vendor: str, method: str, path: str) -> None:
        """Lets go on whom this call has overtaken."""
        with self.answered:
            for rule in self.rules:
                rule.overtaken += rule.meets(vendor, method, path)
            self.answered.notify_all()

    def await_overtaking(self, rule: Rule) -> None:
        """Until a call that came later has been answered; at most its ms, or until the script is cleared."""
        with self.answered:
            self.answered.wait_for(lambda: rule.overtaken or all(rule is not row for row in self.rules),
                                   rule.ms / 1000)


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


def _interim_then_answer(s: Strike) -> bool:
    """Nobody asked for an interim answer; a client must wait on for the true one (RFC 9110 section 15.2)."""
    response = s.answer()
    s.log(response.status)
    s.peer.send(INTERIM * s.rule.interims + response.render())
    return True


def _interim_then_hang(s: Strike) -> bool:
    s.log(0)
    s.peer.send(INTERIM * s.rule.interims)
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


def _gzipbomb(s: Strike) -> bool:
    """The true answer and white space without end, small on the wire."""
    response = s.answer()
    packer = zlib.compressobj(9, wbits=GZIP)
    parts = [packer.compress(response.body)]
    parts += [packer.compress(BLOCK) for _ in range(-(-s.rule.size_bytes // len(BLOCK)))]
    body = b"".join(parts) + packer.flush()
    return _send(s, Response(response.status, body, response.content_type,
                             response.headers | {"Content-Encoding": "gzip"}))


def _answer(s: Strike) -> bool:
    return _send(s, s.answer())


def _redirect(s: Strike) -> bool:
    return _send(s, Response(302, headers={"Location": s.rule.url}))


# name -> (what happens, whether the call is carried out unless the rule says otherwise)
ACTIONS: dict[str, tuple[Callable[[Strike], bool], bool]] = {
    "drop_before": (_drop, False), "drop_after_apply": (_drop, True), "reset": (_reset, False),
    "status": (_status, False), "body": (_body, False), "html": (_html, False),
    "redirect": (_redirect, False), "hang": (_hang, False), "delay": (_delay, True), "hold": (_answer, True),
    "garbage": (_garbage, True), "slow_drip": (_slow_drip, True), "truncate": (_truncate, True),
    "hugeheaders": (_hugeheaders, True), "gzipbomb": (_gzipbomb, True), "dup": (_answer, True),
    "reorder": (_answer, True), "100-continue": (_interim_then_answer, True),
    "100-hang": (_interim_then_hang, False),
}
ALWAYS_APPLIED = ("drop_after_apply", "delay", "hold", "garbage", "slow_drip", "truncate", "hugeheaders",
                  "gzipbomb", "dup", "reorder", "100-continue")
MAX_COPIES, MAX_INTERIMS, MAX_SIZE_BYTES = 100, 100, 1 << 30
RULE_DEFAULTS: dict[str, Any] = {
    name: row.default for name, row in Rule.__dataclass_fields__.items()
    if name not in ("vendor", "action", "body", "apply")
}


def enact(rule: Rule, vendor: Vendor, request: Request, peer: Peer,
          log: Callable[[int], None]) -> bool:
    """Lets `rule` happen to `request`; returns whether the connection goes on."""
    act, applies = ACTIONS[rule.action]
    if rule.action == "hold":
        time.sleep(rule.ms / 1000)  # whoever asked may have gone by then
    fixed = rule.action in ALWAYS_APPLIED or rule.action == "drop_before"
    wanted = applies if rule.apply is None or fixed else rule.apply
    return act(Strike(rule, vendor, peer, _applied(rule, vendor, request) if wanted else None, log))


def _applied(rule: Rule, vendor: Vendor, request: Request) -> Response:
    """The answer to the last of its copies, as from a proxy that tried again by itself."""
    copies = rule.copies or (2 if rule.action == "dup" else 1)
    return [vendor.handle(request) for _ in range(copies)][-1]
