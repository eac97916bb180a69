"""How long work waited whose node was killed or stood still: from that moment to the page at the mail server, or to
the commit that knows the ticket. What was due can be taken as soon as its holder's lease is over; what was in flight as
well, but for a ticket whose creation may have happened: that one is looked up first, once the remote must show it."""
from __future__ import annotations

import typing

from judge_history import History, Row

KINDS = ("kill", "still")
TAKEN, RESTART, AWAKE = "take-over", "restart", "awakening"


class Waited(typing.NamedTuple):
    what: str
    in_flight: bool
    seconds: float
    is_alone: bool
    how: str  # TAKEN by another one; or the node itself was there again before that: it was started again, or woke up
    round: int
    ident: str


def epoch_at(h: History, node: str, wall_ms: float) -> int:
    rows = [row["epoch"] for row in h.tables["first_epochs"] if row["node"] == node]
    rows += [row["after"]["epoch"] for row in h.of("epochs")
             if row["op"] == "INSERT" and row["after"]["node"] == node and row["wall_ms"] <= wall_ms]
    return max(rows, default=0)


def before(writes: list[Row], wall_ms: float) -> Row | None:
    """The row as it was then."""
    found = [row["after"] for row in writes if row["wall_ms"] <= wall_ms]
    return found[-1] if found else None


SETTLED_MS = 6000  # after they found the database again nodes take nobody for dead for two leases
LATE_MS = 1000  # a commit that was on its way when the node died


def had(writes: list[Row], epoch: int, key: str, wall_ms: float) -> bool:
    """Whether the epoch had claimed the row when it died; key holds the epoch of a row in hand."""
    return any(row["after"][key] == epoch and row["after"].get("state") in ((2,) if key == "epoch" else (0, 1))
               for row in writes if row["wall_ms"] <= wall_ms + LATE_MS)


def is_alone(h: History, fault: Row, ms: float) -> bool:
    """Whether no other fault was at work until the work was done, nor had just ended."""
    return all(other is fault or other["t0"] > fault["t0"] + ms or other["t1"] + SETTLED_MS < fault["t0"]
               for other in h.faults if other["kind"] != "ended")


def how_it_went_on(end: Row | None, node: str, done_wall_ms: float) -> str:
    """end: the write that ended the epoch."""
    if not end or end["wall_ms"] > done_wall_ms:
        return AWAKE
    return RESTART if end["app"] == f"tocsin/{node}" else TAKEN


def waited(h: History) -> list[Waited]:
    sends, links, mails, ends = h.of_each("sends"), h.of_each("links"), h.mails_of_sends(), h.ends()
    found: list[Waited] = []
    for fault in h.faults:
        if fault["kind"] not in KINDS:
            continue
        at, node = fault["t0"] + h.wall_minus_mono_ms, f"node{fault['node']}"
        epoch = epoch_at(h, node, at)

        def add(what: str, in_flight: bool, ms: float, ident: str, fault: Row = fault, node: str = node,
                end: Row | None = ends.get(epoch)) -> None:
            how = how_it_went_on(end, node, fault["t0"] + h.wall_minus_mono_ms + ms)
            found.append(Waited(what, in_flight, ms / 1000, is_alone(h, fault, ms), how, fault["round"], ident))
        for ident, writes in sends.items():
            row = before(writes, at)
            arrived = [mail["t_ms"] for mail in mails.get(ident, []) if mail["t_ms"] > fault["t0"]]
            is_first = len(arrived) == len(mails.get(ident, []))
            if row and row["epoch"] == epoch and row["state"] in (1, 2) and arrived and is_first:
                add("page", had(writes, epoch, "epoch", at), arrived[0] - fault["t0"], ident)
        for ident, writes in links.items():
            row = before(writes, at)
            done = next((write for write in writes if write["wall_ms"] > at and write["after"]["remote_id"]), None)
            if row and not row["remote_id"] and epoch in (row["epoch"], row["holder"]) and done:
                add("ticket", had(writes, epoch, "holder", at), done["wall_ms"] - at, ident)
    return found


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def told(found: list[Waited]) -> list[str]:
    """Lines for people."""
    lines = []
    for key in sorted({(not row.is_alone, row.how != TAKEN, row.how, row.what, row.in_flight) for row in found}):
        took = sorted(row.seconds for row in found
                      if (not row.is_alone, row.how != TAKEN, row.how, row.what, row.in_flight) == key)
        others, _, how, what, in_flight = key
        lines.append(f"{how} of a {what} {'in flight' if in_flight else 'due'}"
                     f"{' (other faults meanwhile)' if others else ''}: n={len(took)} p50={quantile(took, .5):.2f} s"
                     f" p99={quantile(took, .99):.2f} s max={took[-1]:.2f} s"
                     f" of {' '.join(f'{one:.2f}' for one in took)}")
    return lines
