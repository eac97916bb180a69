"""The part of JQL that a connector needs: conditions joined by AND, and ORDER BY.

Vendor rules kept: a query without any restriction is refused; times have minute resolution and are
read in the zone of the calling user; relative times (-3m) and epoch milliseconds are understood.
OR, NOT and parentheses are refused as unsupported rather than misread.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
UNITS = {"m": 1, "h": 60, "d": 1440, "w": 10080}
TOKEN = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|>=|<=|[=<>~(),])"""
                   r"""|([^\s"'=<>!~(),]+))""")
FIELDS = ("project", "labels", "creator", "reporter", "assignee", "status", "statuscategory",
          "resolution", "issuetype", "type", "key", "issuekey", "id", "updated", "created",
          "priority", "summary", "issue")
TIMES = ("updated", "created")


class Values(Protocol):
    """An issue by field: str, list[str], int (ms) or None."""

    def __getitem__(self, name: str) -> Any: ...


Test = Callable[[Values], bool]


class JqlError(ValueError):
    """Its text is what Jira puts in errorMessages."""


@dataclass
class Jql:
    tests: list[Test] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)

    def matches(self, values: Values) -> bool:
        return all(test(values) for test in self.tests)


@dataclass
class Token:
    text: str
    quoted: bool

    def word(self) -> str:
        return "" if self.quoted else self.text.upper()


class Parser:
    def __init__(self, text: str, account_id: str, zone: ZoneInfo) -> None:
        self.tokens = self._scan(text)
        self.account_id = account_id
        self.zone = zone

    @staticmethod
    def _scan(text: str) -> list[Token]:
        tokens, at, text = [], 0, text.strip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise JqlError(f"Error in the JQL Query at character {at + 1}.")
            double, single, operator, word = match.groups()
            quoted = double if double is not None else single
            if quoted is not None:
                tokens.append(Token(re.sub(r"\\(.)", r"\1", quoted), True))
            else:
                tokens.append(Token(operator or word, False))
            at = match.end()
        return tokens

    def _peek(self) -> str:
        return self.tokens[0].word() if self.tokens else ""

    def _take(self) -> Token:
        if not self.tokens:
            raise JqlError("Error in the JQL Query: the query ends too early.")
        return self.tokens.pop(0)

    def parse(self) -> Jql:
        jql = Jql()
        while self.tokens and self._peek() != "ORDER":
            if jql.tests:
                joint = self._take().word()
                if joint != "AND":
                    raise JqlError(f"The sandbox's JQL knows AND only, not '{joint}'.")
            jql.tests.append(self._condition())
        if not jql.tests:
            raise JqlError("Unbounded JQL queries are not allowed here. "
                           "Please add a search restriction to your query.")
        if self.tokens:
            jql.order = self._order()
        return jql

    def _field(self) -> str:
        token = self._take()
        name = token.text.lower()
        if name not in FIELDS:
            raise JqlError(f"Field '{token.text}' does not exist or you do not have permission "
                           "to view it.")
        return {"issuekey": "key", "issue": "key", "type": "issuetype"}.get(name, name)

    def _condition(self) -> Test:
        name = self._field()
        operator = self._take().word()
        if operator == "IS":
            negated = self._peek() == "NOT" and bool(self._take())
            if self._take().word() not in ("EMPTY", "NULL"):
                raise JqlError("Error in the JQL Query: IS takes EMPTY.")
            return lambda v: (v[name] in (None, [], "")) != negated
        if operator == "NOT" and self._take().word() == "IN":
            return self._membership(name, True)
        if operator == "IN":
            return self._membership(name, False)
        value = self._value()
        if name in TIMES:
            return self._time(name, operator, value)
        return _equality(name, operator, value)

    def _membership(self, name: str, negated: bool) -> Test:
        if self._take().text != "(":
            raise JqlError("Error in the JQL Query: IN takes a list.")
        values = [self._value()]
        while (mark := self._take().text) == ",":
            values.append(self._value())
        if mark != ")":
            raise JqlError("Error in the JQL Query: the list is not closed.")
        tests = [_equality(name, "=", value) for value in values]
        return lambda v: any(test(v) for test in tests) != negated

    def _value(self) -> str:
        text = self._take().text
        if self._peek() != "(":
            return text
        self._take()
        if text.lower() != "currentuser" or self._take().text != ")":
            raise JqlError(f"Unable to find JQL function '{text}()'.")
        return self.account_id

    def _time(self, name: str, operator: str, value: str) -> Test:
        bound = self._minute(value)
        tests: dict[str, Test] = {
            ">=": lambda v: v[name] >= bound, ">": lambda v: v[name] > bound,
            "<=": lambda v: v[name] <= bound, "<": lambda v: v[name] < bound}
        if operator not in tests:
            raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
        return tests[operator]

    def _minute(self, value: str) -> int:
        """Milliseconds, cut to the minute as Jira does."""
        if match := re.fullmatch(r"-(\d+)([mhdw])", value):
            at = time.time() * 1000 - int(match[1]) * UNITS[match[2]] * MINUTE_MS
        elif value.isdecimal():
            at = int(value)
        else:
            at = self._written(value)
        return int(at // MINUTE_MS * MINUTE_MS)

    def _written(self, value: str) -> float:
        for form in ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d"):
            try:
                return datetime.strptime(value, form).replace(tzinfo=self.zone).timestamp() * 1000
            except ValueError:
                continue
        raise JqlError(f"Date value '{value}' for field is invalid. Valid formats include: "
                       "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', "
                       "or a period format e.g. '-5d', '4w 2d'.")

    def _order(self) -> list[tuple[str, bool]]:
        self._take()
        if self._take().word() != "BY":
            raise JqlError("Error in the JQL Query: ORDER without BY.")
        order = [self._direction()]
        while self.tokens:
            if self._take().text != ",":
                raise JqlError("Error in the JQL Query: ORDER BY takes a list of fields.")
            order.append(self._direction())
        return order

    def _direction(self) -> tuple[str, bool]:
        name = self._field()
        descending = self._peek() == "DESC"
        if self._peek() in ("ASC", "DESC"):
            self._take()
        return name, descending


def _equality(name: str, operator: str, value: str) -> Test:
    wanted = value.casefold()

    def same(values: Values) -> bool:
        held = values[name]
        if name == "labels":  # labels are compared as written
            return value in held
        choices = held if isinstance(held, list) else [held]
        return any(str(choice).casefold() == wanted for choice in choices if choice is not None)

    if operator == "=":
        return same
    if operator == "!=":
        return lambda values: not same(values)
    if operator == "~" and name == "summary":
        return lambda values: wanted in values[name].casefold()
    raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")


def parse_jql(text: str, account_id: str, zone: ZoneInfo) -> Jql:
    """Raises JqlError."""
    return Parser(text, account_id, zone).parse()
