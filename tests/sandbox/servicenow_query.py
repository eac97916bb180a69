"""ServiceNow's encoded queries (sysparm_query): parse once, then test rows.

Vendor rules kept: `^` is AND, `^OR` binds to the condition before it, `^NQ` starts a new query; a
condition on an unknown field, with an unknown operator or a script that is not known is dropped, so
that MORE rows match; times in a query are read in the zone of the calling user, rows hold UTC.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

Row = dict[str, str]
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
MAX_TERMS = 200

CONDITION = re.compile(
    r"([a-z][a-z0-9_.]*)(NOT IN|ISNOTEMPTY|ISEMPTY|STARTSWITH|ENDSWITH|NOT LIKE|LIKE|IN|!=|>=|<=|=|>|<)"
    r"(.*)", re.DOTALL)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DATE_GENERATE = re.compile(r"javascript:gs\.dateGenerate\('([\d-]+)','([\d:]+)'\)")


@dataclass
class Caller:
    user_name: str
    sys_id: str
    zone: ZoneInfo


@dataclass
class Query:
    """Any group matches, in a group every list, in a list any condition."""

    groups: list[list[list[Callable[[Row], bool]]]] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)  # (field, descending)

    def matches(self, row: Row) -> bool:
        return any(all(any(test(row) for test in either) for either in group)
                   for group in self.groups)

    def sort(self, rows: list[Row]) -> list[Row]:
        for name, descending in reversed(self.order):
            rows = sorted(rows, key=lambda row: _sortable(row.get(name, "")), reverse=descending)
        return rows


def _sortable(value: str) -> tuple[int, int, str]:
    return (0, int(value), "") if value.isdecimal() else (1, 0, value.casefold())


def _utc(value: str, zone: ZoneInfo) -> str:
    """A time written in the caller's zone as the rows hold it."""
    local = datetime.strptime(value, TIME_FORMAT).replace(tzinfo=zone)
    return local.astimezone(timezone.utc).strftime(TIME_FORMAT)


def _evaluate(value: str, caller: Caller) -> str | None:
    """The literal that a condition compares with; None for a script that fails."""
    if match := DATE_GENERATE.fullmatch(value):
        value = f"{match[1]} {match[2]}"
    elif value == "javascript:gs.getUserName()":
        return caller.user_name
    elif value == "javascript:gs.getUserID()":
        return caller.sys_id
    elif value.startswith("javascript:"):
        return None
    if TIME.fullmatch(value):
        try:
            return _utc(value, caller.zone)
        except ValueError:
            return None
    return value


def _compare(operator: str, value: str) -> Callable[[str], bool]:
    folded = value.casefold()
    listed = {part.casefold() for part in value.split(",")}
    bound = _sortable(value)
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda v: v.casefold() == folded,
        "!=": lambda v: v.casefold() != folded,
        "IN": lambda v: v.casefold() in listed,
        "NOT IN": lambda v: v.casefold() not in listed,
        "STARTSWITH": lambda v: v.casefold().startswith(folded),
        "ENDSWITH": lambda v: v.casefold().endswith(folded),
        "LIKE": lambda v: folded in v.casefold(),
        "NOT LIKE": lambda v: folded not in v.casefold(),
        "ISEMPTY": lambda v: not v,
        "ISNOTEMPTY": lambda v: bool(v),
        ">=": lambda v: bool(v) and _sortable(v) >= bound,
        "<=": lambda v: bool(v) and _sortable(v) <= bound,
        ">": lambda v: bool(v) and _sortable(v) > bound,
        "<": lambda v: bool(v) and _sortable(v) < bound,
    }
    return tests[operator]


def _condition(text: str, fields: frozenset[str], caller: Caller) -> Callable[[Row], bool] | None:
    """None when the platform would drop the condition."""
    match = CONDITION.fullmatch(text)
    if not match or match[1] not in fields:
        return None
    value = _evaluate(match[3], caller)
    if value is None:
        return None
    name, test = match[1], _compare(match[2], value)
    return lambda row: test(row.get(name, ""))


def _order(query: Query, text: str, fields: frozenset[str]) -> bool:
    """Takes an ORDERBY or ORDERBYDESC term; False if `text` is none."""
    match = re.fullmatch(r"ORDERBY(DESC)?([a-z][a-z0-9_.]*)", text)
    if not match:
        return False
    if match[2] in fields:
        query.order.append((match[2], match[1] is not None))
    return True


def parse_query(text: str, fields: frozenset[str], caller: Caller) -> Query:
    query = Query()
    for term in text.split("^")[:MAX_TERMS]:
        if not term or term == "EQ" or _order(query, term, fields):
            continue
        if term.startswith("NQ"):
            query.groups.append([])
            term = term[2:]
        either = term.startswith("OR")
        test = _condition(term[2:] if either else term, fields, caller)
        group = query.groups[-1]
        if test and either and group:
            group[-1].append(test)
        elif test:
            group.append([test])
    return query
