"""What must hold of a history, whatever happened in it: the invariants I1 to I8 of reliability, a function each. Each
raises Failure with what broke it. Nothing here asks a node, a database, or the clock."""
from __future__ import annotations

import typing
from collections import defaultdict

from harness import Failure
from judge_history import (DONE, DROPPED, DROPPED_IN_FLIGHT, EARLY_MS, FAILED, IN_FLIGHT, OK, OPEN, RESOLVED, UNKNOWN,
                           History, Row, bytea, incident_of, name_of)
from judge_pages import PROMPT_MS, check_i2_plan, check_i3_not_after_an_answer, check_i3_once, check_i3_plan

VENDORS = ("jira", "pagerduty", "servicenow")
REPLACED = "a newer message took its place"
# reliability 4.1. A node that was killed with a create in flight takes most: a lease of 3 s, 0.75 s until somebody sees that
# it is over, and the look-up, which is believed 3 s after the create (believe_searches in test_nodes.py): 10 s. One that was killed
# with a note in flight takes 45 s more: that may still arrive, and is written again only when it has not (TCN_ENSURE_NOTE_DOUBT_MS).
QUIET_S = 55.0
# data and log: of a node whose store is a server, in a slice.
LIMITS = {"rss_kb": 96 * 1024, "fds": 256, "threads": 24, "data_kb": 256, "log_kb": 1024}


def by_name(h: History) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in h.alarms:
        found[row["name"]].append(row)
    return found


def check_i1_accepted_once(h: History) -> None:
    """Every accepted alarm leads to its one incident; one that was refused left nothing; none comes from nowhere."""
    incidents: dict[str, list[Row]] = defaultdict(list)
    for row in h.tables["incidents"]:
        incidents[name_of(row["title"] or "")].append(row)
    tried = by_name(h)
    for name, rows in incidents.items():
        if name not in tried:
            raise Failure(f"I1: incident {rows[0]['id']} ({rows[0]['title']}) is of no alarm that was sent")
        if len(rows) > 1:
            raise Failure(f"I1: {name} has {len(rows)} incidents: {[row['id'] for row in rows]}")
    for name, tries in tried.items():
        fired = [row for row in tries if row["state"] == "firing"]
        # The end of an alarm that nobody knows is nothing to open an incident for.
        told = {bytea(row["incident"]) for row in tries if row["result"] == OK and (row["incident"] or row in fired)}
        found = {row["id"] for row in incidents.get(name, [])}
        if told and told != found:
            raise Failure(f"I1: {name} was answered 2xx with {sorted(told)}; the database has {sorted(found)}")
        if found and all(row["result"] == FAILED for row in fired):
            raise Failure(f"I1: {name} was refused each time, and has {sorted(found)}")
        if found:
            check_occurrences(h, name, tries, incidents[name][0])


# What the timeline says of an alarm that was told to fire after its end, by a sender who repeated what he knew, and that
# nobody withdrew within the echo window.
ECHO = "an echo of another sender until now"


def was_contradicted(tries: list[Row], until: float) -> bool:
    """Somebody told that it fires after its end was told, and nobody told the end once more before that time."""
    ends = [row for row in tries if row["state"] == "resolved" and row["result"] != FAILED]
    late = [row["t1"] for row in tries if row["state"] == "firing" and row["result"] != FAILED
            and any(end["t0"] <= row["t1"] for end in ends)]
    return any(not any(end["result"] == OK and at <= end["t0"] and end["t1"] <= until for end in ends) for at in late)


def check_occurrences(h: History, name: str, tries: list[Row], incident: Row) -> None:
    events = [row for row in h.tables["events"] if row["incident"] == incident["id"]]
    starts = sum(row["type"] == "SSM Incident Start" for row in events)
    came_back = [row for row in events if (row["text"] or "").startswith("reopened by")]
    echoes = [row for row in came_back if ECHO in row["text"]]
    again = len(came_back) - len(echoes)
    if any(not was_contradicted(tries, h.mono_ms(row["event_ms"])) for row in echoes):
        raise Failure(f"I1: {name} came back as an echo, and nobody told that it fires after its end, or the end was told again")
    fired_again = {row["change"] for row in tries if row["state"] == "firing" and row["change"] > 0}
    if starts != 1 or again > len(fired_again):
        raise Failure(f"I1: {name} fired {1 + len(fired_again)} times, was opened {starts} times and again {again}"
                      " times")
    newest = max(row["change"] for row in tries)
    last = [row for row in tries if row["change"] == newest]
    is_sure = not any(row["result"] == UNKNOWN for row in tries) and any(row["result"] == OK for row in last)
    is_sure = is_sure and max(row["t1"] for row in tries if row["change"] < newest or row not in last) <= min(
        row["t0"] for row in last) if newest else is_sure
    wanted = OPEN if last[0]["state"] == "firing" else RESOLVED
    if is_sure and incident["status"] != wanted:
        raise Failure(f"I1: {name} was told to be {last[0]['state']} last, its incident has status"
                      f" {incident['status']}")


def check_i2_due_pages_have_attempts(h: History) -> None:
    """Every incident pages; every send was attempted, or what made it unnecessary is recorded and came in time."""
    paged = {row["incident"] for row in h.tables["pages"]}
    for row in h.tables["incidents"]:
        if row["id"] not in paged:
            raise Failure(f"I2: incident {row['id']} ({row['title']}) has no page")
    mails, writes = h.mails_of_sends(), h.of_each("sends")
    answered = answered_spans(h)
    sent_for = {row["page"] for row in h.tables["sends"]}
    for page in h.tables["pages"]:
        if page["sends"] > 0 and page["id"] not in sent_for:
            raise Failure(f"I2: page {page['id']} was to be sent, and there is no send")
    for send in h.tables["sends"]:
        of_it = writes.get(send["id"], [])
        if not of_it or h.is_before_quiet(of_it[0]["wall_ms"]):
            check_send(h, send, mails.get(send["id"], []), of_it, answered)


Spans = dict[str, list[tuple[float, float]]]


def check_send(h: History, send: Row, mails: list[Row], writes: list[Row], answered: Spans) -> None:
    if send["state"] == DONE and not mails:
        raise Failure(f"I2: send {send['id']} of {send['incident']} is recorded as sent; no mail arrived")
    if send["state"] == DONE or mails:
        return
    if send["state"] not in (DROPPED, DROPPED_IN_FLIGHT) or not send["note"]:
        raise Failure(f"I2: send {send['id']} of {send['incident']} has no attempt and no reason: state"
                      f" {send['state']}, note {send['note']!r}")
    if send["note"] == REPLACED and is_replaced(h, send):
        return
    at = next(row["wall_ms"] for row in writes if row["after"]["state"] in (DROPPED, DROPPED_IN_FLIGHT))
    if not any(begin <= at <= end for begin, end in answered[send["incident"]]):
        raise Failure(f"I2: send {send['id']} was dropped ({send['note']}); nobody had answered incident"
                      f" {send['incident']}")
    if at - send["due_ms"] > PROMPT_MS and not h.is_disturbed(h.mono_ms(send["due_ms"]), h.mono_ms(at)):
        raise Failure(f"I2: send {send['id']} was due for {(at - send['due_ms']) / 1000:.1f} s without an attempt when"
                      " it was dropped, and nothing was disturbed")


def is_replaced(h: History, send: Row) -> bool:
    return any(row["due_ms"] > send["due_ms"] for row in h.tables["sends"]
               if all(row[name] == send[name] for name in ("incident", "contact", "channel")))


def answered_spans(h: History) -> Spans:
    """Of each incident, from when to when (wall) it was acknowledged or over, as committed."""
    spans: Spans = defaultdict(list)
    for ident, rows in h.of_each("incidents").items():
        since = None
        for row in rows:
            is_answered = row["after"]["acknowledged_ms"] > 0 or row["after"]["status"] == RESOLVED
            if is_answered and since is None:
                since = row["wall_ms"]
            elif not is_answered and since is not None:
                spans[ident].append((since, row["wall_ms"]))
                since = None
        if since is not None:
            spans[ident].append((since, float("inf")))
    return spans


def check_i3_decided(h: History) -> None:
    """No mail before its send was due and decided, and none that nobody decided."""
    writes = h.of_each("sends")
    for ident, mails in h.mails_of_sends().items():
        if ident not in writes:
            raise Failure(f"I3: mail {mails[0]['subject']} ({ident}) is of no send")
        first = writes[ident][0]
        due = h.mono_ms(max(first["after"]["due_ms"], first["wall_ms"]))
        for mail in mails:
            if mail["t_ms"] < due - EARLY_MS:
                raise Failure(f"I3: {mail['subject']} (send {ident}) arrived {due - mail['t_ms']:.0f} ms before its page"
                              " was due")


def check_i4_one_ticket(h: History) -> None:
    """One ticket an incident and remote, the one that its link names; in the end it says what the incident says."""
    incidents = {row["id"]: row for row in h.tables["incidents"]}
    links = {(row["incident"], row["connector"]): row for row in h.tables["links"]}
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for ticket in h.tickets:
        found[incident_of(ticket["marker"]), ticket["vendor"]].append(ticket)
    for (ident, vendor), tickets in found.items():
        if len(tickets) > 1:
            raise Failure(f"I4: {vendor} has {len(tickets)} tickets of {ident}: {[row['id'] for row in tickets]}")
        if (ident, vendor) not in links or ident not in incidents:
            raise Failure(f"I4: {vendor} {tickets[0]['id']} ({tickets[0]['title']}) is of no incident with such a link")
        check_ticket(h, tickets[0], links[ident, vendor], incidents[ident])
    for ident, incident in incidents.items():
        for vendor in VENDORS if is_settled(h, ident) else ():
            if (ident, vendor) not in found and not was_over(incident, links.get((ident, vendor))):
                raise Failure(f"I4: incident {ident} has no ticket in {vendor}")


def is_settled(h: History, incident: str) -> bool:
    """Nothing became of it after all was quiet."""
    return all(h.is_before_quiet(row["wall_ms"]) for row in h.of_incident(incident))


def was_over(incident: Row, link: Row | None) -> bool:
    """Before its ticket was begun: there is none to be made then."""
    return bool(link) and incident["status"] == RESOLVED and link["create_attempts"] == 0 and not link["remote_id"]


def check_ticket(h: History, ticket: Row, link: Row, incident: Row) -> None:
    what = f"{ticket['vendor']} {ticket['id']}"
    if link["remote_id"] != ticket["id"]:
        raise Failure(f"I4: {what} is there; the link of {incident['id']} names {link['remote_id']}")
    if is_settled(h, incident["id"]) and (incident["status"] == RESOLVED) != (ticket["status_class"] == "RESOLVED"):
        raise Failure(f"I4: {what} is {ticket['status_class']}, its incident {incident['id']} has status"
                      f" {incident['status']}")


def check_i5_timeline(h: History) -> None:
    """The timeline only grows, in the order of commits, and the state of an incident is what its timeline tells."""
    final: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(h.tables["events"], key=lambda row: row["seq"]):
        final[row["incident"]].append(row)
    for ident, writes in h.of_each("events", "incident").items():
        check_growth(ident, writes, final[ident])
    for row in h.tables["incidents"]:
        check_fold(row, final[row["id"]])
    for ack in h.acks:
        check_kept(h, ack)


SAME = ("id", "seq", "type", "text", "actor", "event_ms", "incident")


def check_growth(ident: str, writes: list[Row], final: list[Row]) -> None:
    seen: dict[int, Row] = {}
    for row in writes:
        if row["op"] == "DELETE":
            raise Failure(f"I5: event {row['before']['seq']} of {ident} was deleted")
        event = row["after"]
        old = seen.get(event["seq"])
        if old and any(old["after"][key] != event[key] for key in SAME):
            raise Failure(f"I5: event {event['seq']} of {ident} was {old['after']['text']!r}, then {event['text']!r}")
        if not old and event["seq"] != len(seen) + 1:
            raise Failure(f"I5: event {event['seq']} of {ident} was committed when there were {len(seen)}")
        if not old and seen and row["wall_ms"] < seen[len(seen)]["wall_ms"]:
            raise Failure(f"I5: event {event['seq']} of {ident} was committed before event {len(seen)}")
        seen.setdefault(event["seq"], row)
    if [row["id"] for row in final] != [row["after"]["id"] for row in seen.values()]:
        raise Failure(f"I5: the timeline of {ident} has {len(final)} events, {len(seen)} were committed")


def fold(events: typing.Iterable[Row]) -> tuple[int, int]:
    """(status, when it was acknowledged) by the timeline alone."""
    status = acknowledged = 0
    for event in events:
        text = event["text"] or ""
        if event["type"] == "SSM Incident Start" or text.startswith("reopened by"):
            status, acknowledged = OPEN, 0
        elif text.startswith("resolved by"):
            status = RESOLVED
        elif text.startswith("acknowledged by") and status == OPEN and not acknowledged:
            acknowledged = event["event_ms"]
    return status, acknowledged


def check_fold(incident: Row, events: list[Row]) -> None:
    told = fold(events)
    if told != (incident["status"], incident["acknowledged_ms"]):
        raise Failure(f"I5: incident {incident['id']} has status {incident['status']}, acknowledged"
                      f" {incident['acknowledged_ms']}; its timeline says {told}")


def check_kept(h: History, ack: Row) -> None:
    """An acknowledgement that was answered is there, or the incident was over or changing then."""
    if ack["result"] != OK:
        return
    now = None
    for row in h.of_incident(bytea(ack["incident"])):
        at = h.mono_ms(row["wall_ms"])
        if ack["t0"] - EARLY_MS <= at <= ack["t1"] + EARLY_MS:
            return
        if at < ack["t0"]:
            now = row["after"]
    if not now or (now["status"] == OPEN and now["acknowledged_ms"] == 0):
        raise Failure(f"I5: {ack['name']} was acknowledged by {ack['way']}, answered at {ack['t1']:.0f}, and is not")


def check_i6_one_writer_an_epoch(h: History) -> None:
    """Whoever writes proves in the same transaction that the epoch is its own and in force; commits of an epoch are
    counted without a gap; after a take-over it writes nothing; work in hand changes hands when its holder has ended."""
    nodes, ends = h.epochs(), {epoch: row["no"] for epoch, row in h.ends().items()}
    guards = {row["xid"]: row for row in h.of("epochs") if row["op"] == "UPDATE" and
              row["after"]["commit_no"] != row["before"]["commit_no"]}
    check_guards(guards, nodes, ends)
    for row in h.writes:
        if row["tab"] == "epochs":
            continue
        guard = guards.get(row["xid"])
        own = guard and guard["after"]["epoch"]
        if not guard or row["after"] and row["after"]["epoch"] != own and is_signed(row):
            raise Failure(f"I6: {row['app']} wrote {row['tab']} ({row['op']}) in transaction {row['xid']}, whose own"
                          f" epoch is {own}: {row['after']}")
    check_hands(h, ends)


def is_signed(row: Row) -> bool:
    """Whether the writer put its epoch into the row; some changes leave the one that is there."""
    return row["op"] == "INSERT" or row["after"]["epoch"] != row["before"]["epoch"]


def check_guards(guards: dict[int, Row], nodes: dict[int, str], ends: dict[int, int]) -> None:
    last: dict[int, int] = {}
    for row in guards.values():
        after, before = row["after"], row["before"]
        epoch = after["epoch"]
        if row["app"] != f"tocsin/{nodes[epoch]}" or after["session"] == 0:
            raise Failure(f"I6: {row['app']} committed under epoch {epoch} of {nodes[epoch]}, session"
                          f" {after['session']}")
        if after["commit_no"] != before["commit_no"] + 1 or after["commit_no"] <= last.get(epoch, 0):
            raise Failure(f"I6: commit {after['commit_no']} of epoch {epoch} came after {before['commit_no']}")
        if row["no"] > ends.get(epoch, row["no"]):
            raise Failure(f"I6: epoch {epoch} of {nodes[epoch]} was taken over and committed {after['commit_no']}"
                          " after that")
        last[epoch] = after["commit_no"]


def check_hands(h: History, ends: dict[int, int]) -> None:
    for row in h.of("sends"):
        if row["op"] == "UPDATE" and row["before"]["state"] == IN_FLIGHT and row["after"]["state"] == IN_FLIGHT:
            check_ended(f"send {row['after']['id']}", row["before"]["epoch"], row, ends)
    for row in h.of("links"):
        holder = row["before"]["holder"] if row["op"] == "UPDATE" else 0
        if holder and row["after"]["holder"] not in (0, holder):
            check_ended(f"link {row['after']['id']}", holder, row, ends)


def check_ended(what: str, holder: int, row: Row, ends: dict[int, int]) -> None:
    if row["no"] < ends.get(holder, 1 << 62):
        raise Failure(f"I6: {what} was taken from epoch {holder}, which lived, by {row['app']}")


def check_i7_quiet(h: History, slowness: float = 1) -> None:
    """When nothing is done to it any more, all that is due gets done within a bound. slowness: of a build that watches
    itself."""
    if h.quiet_s < 0:
        raise Failure("I7: there was work that was due all the time after the last fault")
    if h.quiet_s > QUIET_S * slowness:
        raise Failure(f"I7: it took {h.quiet_s:.1f} s after the last fault until nothing was due")


def check_i8_limits(h: History, factor: float = 1) -> None:
    """A node takes no more of the machine than it may. factor: of memory, in a build that watches itself."""
    if not h.samples:
        raise Failure("I8: nobody looked at the nodes")
    for sample in h.samples:
        for key, most in LIMITS.items():
            if sample[key] > most * (factor if key == "rss_kb" else 1):
                raise Failure(f"I8: node{sample['node']} had {key} {sample[key]}, more than {most}")


CHECKS = (check_i1_accepted_once, check_i2_due_pages_have_attempts, check_i2_plan, check_i3_decided, check_i3_plan,
          check_i3_not_after_an_answer, check_i3_once, check_i4_one_ticket, check_i5_timeline, check_i6_one_writer_an_epoch,
          check_i7_quiet, check_i8_limits)
