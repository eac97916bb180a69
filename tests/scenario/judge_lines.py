"""A history as lines of JSON, one an event, as every harness of reliability writes it: {t, who, op, key, phase, node, epoch,
detail}. t: nanoseconds of the machine's monotonic clock; key: what belongs together, the name of the alarm where there is
one; phase: invoke, then ok, fail or unknown, of what was asked for; effect of what happened. The whole row is in detail."""
from __future__ import annotations

import json
import pathlib
import re
import typing

from judge_history import FAILED, OK, TABLES, UNKNOWN, History, Row, bytea, incident_of, name_of

PHASES = {OK: "ok", FAILED: "fail", UNKNOWN: "unknown"}
SHOWN_MAX = 60  # lines of a key, for people


class Keys:
    """What every id of a history belongs to."""

    def __init__(self, h: History) -> None:
        self.names: dict[str, str] = {}
        incidents = [*h.tables.get("incidents", []), *(row["after"] for row in h.of("incidents"))]
        for row in incidents:
            self.names[row["id"]] = name_of(row["title"] or "") or row["id"]
        for row in [*h.alarms, *h.acks]:
            if row["incident"]:
                self.names[bytea(row["incident"])] = row["name"]
        for table in ("sends", "links", "pages"):
            for row in [*h.tables.get(table, []), *(row["after"] or row["before"] for row in h.of(table))]:
                if "id" in row:
                    self.names[row["id"]] = self.of(row.get("incident", row["id"]))

    def of(self, ident: str) -> str:
        return self.names.get(ident, ident)

    def of_row(self, table: str, row: Row) -> str:
        if table == "epochs":
            return f"epoch {row['epoch']}"
        return self.of(row.get("incident") or row.get("id") or table)

    def named_in(self, text: str) -> set[str]:
        """The keys that somebody speaks of."""
        named = {name for name in re.findall(r"judge\d*-\d+-\d+", text)}
        named |= {self.names[ident] for ident in re.findall(r"\\x[0-9a-f]+", text.replace("\\\\", "\\"))
                  if ident in self.names}
        named |= set(re.findall(r"\bepoch \d+", text))
        return named | set(re.findall(r"\bnode\d+", text) if text.startswith("I8") else [])


def nanoseconds(ms: float) -> int:
    return int(ms * 1e6)


def line(t_ms: float, who: str, op: str, key: str, phase: str, detail: Row, node: int | None = None,
         epoch: int | None = None) -> Row:
    return {"t": nanoseconds(t_ms), "who": who, "op": op, "key": key, "phase": phase, "node": node, "epoch": epoch,
            "detail": detail}


def calls(rows: list[Row], who: str, op: str) -> typing.Iterator[Row]:
    for row in rows:
        yield line(row["t0"], row.get("who", who), op, row["name"], "invoke", {}, row["node"])
        yield line(row["t1"], row.get("who", who), op, row["name"], PHASES[row["result"]], row, row["node"])


def lines(h: History) -> list[Row]:
    """In the order of time; what the database held at the end comes last."""
    keys = Keys(h)
    found = [*calls(h.alarms, "sender", "alarm"), *calls(h.acks, "people", "ack")]
    found += [line(row["t0"], "storm", "fault", f"node{row['node']}", "effect", row, row["node"]) for row in h.faults]
    found += [line(row["t_ms"], "sandbox", "mail", name_of(row["subject"]), "effect", row) for row in h.mails]
    found += [line(row["t_ms"], "watch", "sample", f"node{row['node']}", "effect", row, row["node"]) for row in h.samples]
    nodes = {epoch: int(node.removeprefix("node")) for epoch, node in h.epochs().items()}
    for row in h.writes:
        now = row["after"] or row["before"]
        found.append(line(h.mono_ms(row["wall_ms"]), row["app"], f"write {row['tab']}", keys.of_row(row["tab"], now),
                          "effect", row, nodes.get(now.get("epoch")), now.get("epoch")))
    found.sort(key=lambda row: row["t"])
    end = max((row["t"] for row in found), default=0) / 1e6
    found += [line(end, "sandbox", "ticket", keys.of(incident_of(row["marker"])), "effect", row) for row in h.tickets]
    for table, rows in h.tables.items():
        found += [line(end, "database", f"table {table}", keys.of_row(table.replace("first_", ""), row), "effect", row)
                  for row in rows]
    whole = {name: getattr(h, name) for name in WHOLE}
    return [*found, line(end, "judge", "history", "", "effect", whole)]


WHOLE = ("wall_minus_mono_ms", "quiet_ms", "quiet_s")
LISTS = {"alarm": "alarms", "ack": "acks", "fault": "faults", "mail": "mails", "sample": "samples", "ticket": "tickets"}


def history(found: typing.Iterable[Row]) -> History:
    """The other way."""
    h = History(tables={table: [] for table in TABLES})
    for row in found:
        op, detail = row["op"], row["detail"]
        if row["phase"] == "invoke":
            continue
        if op == "history":
            for name in WHOLE:
                setattr(h, name, detail[name])
        elif op.startswith("write "):
            h.writes.append(detail)
        elif op.startswith("table "):
            h.tables.setdefault(op.removeprefix("table "), []).append(detail)
        else:
            getattr(h, LISTS[op]).append(detail)
    h.writes.sort(key=lambda row: row["no"])
    return h


def save(h: History, path: pathlib.Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in lines(h)))


def load(path: pathlib.Path) -> History:
    return history(json.loads(row) for row in path.read_text().splitlines())


def brief(row: Row) -> str:
    """Of a write only what it changed, and no long texts."""
    detail = row["detail"]
    if row["op"].startswith("write "):
        before = detail["before"] or {}
        detail = {key: value for key, value in (detail["after"] or {}).items() if before.get(key) != value}
    detail = {key: value for key, value in detail.items() if len(str(value)) < 100}
    return json.dumps({**row, "detail": detail})


def told(h: History, failures: typing.Iterable[str]) -> list[str]:
    """For people: of each failure the lines of what it names, nothing else."""
    whole, keys, found = lines(h), Keys(h), []
    for failure in failures:
        named = keys.named_in(failure)
        about = [brief(row) for row in whole if row["key"] in named]
        found += [f"{failure}\n  has {len(about)} lines:", *(f"  {row}" for row in about[:SHOWN_MAX])]
    return found
