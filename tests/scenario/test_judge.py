"""The judge itself can fail: each of its checks is given a history that is good, and the same one spoiled."""
from __future__ import annotations

import json
import pathlib
import re
import tempfile
import typing
import unittest

from harness import Failure
from judge_checks import CHECKS, LIMITS, QUIET_S, REPLACED
from judge_faults import BEFORE_THE_TEXT, KINDS, MEASURED, STILL_S, TAKEN_S, plan
from judge_history import FAILED, OK, UNKNOWN, History, Row, incident_of
from judge_lines import lines, load, save, told
from judge_pages import ANSWER_LOST, check_i3_not_after_an_answer, check_i3_once, check_i3_plan
from judge_takeover import AWAKE, RESTART, TAKEN, waited

INCIDENT, SEND, PAGE = "01a2248f-fa91-7642-b0b2-c3929c962b50", "01a2248f-fa91-8d8a-8bbe-39ac5639eec6", "\\x0a"
AGAIN, OTHER = "01a2248f-fa91-8d8a-8bbe-39ac5639eec7", "01a2248f-fa91-8d8a-8bbe-39ac5639eec8"
ID, SEND_ID = "\\x" + INCIDENT.replace("-", ""), "\\x" + SEND.replace("-", "")
NAME = "judge0-1-5"
WALL = 1_000_000.0  # of monotonic 0
VENDORS = {"jira": "tocsin-agrcjd72sf3efmfsyojjzfrlka", "pagerduty": f"tocsin:{INCIDENT}",
           "servicenow": f"tocsin:{INCIDENT}"}


class Maker:
    """Writes transactions as the triggers do."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.epochs = {epoch: {"epoch": epoch, "node": f"node{epoch - 1}", "session": 1, "commit_no": 0}
                       for epoch in (1, 2)}
        self.last: dict[tuple[str, typing.Any], Row] = {}

    def commit(self, at: float, epoch: int, *changes: tuple[str, Row]) -> None:
        """Of rows (table, row); the guard comes with it."""
        own = self.epochs[epoch]
        xid = len(self.rows) + 100
        self.write(at, xid, epoch, "epochs", {**own, "commit_no": own["commit_no"] + 1}, dict(own))
        own["commit_no"] += 1
        for table, row in changes:
            key = (table, row.get("seq") or row.get("id"))
            self.write(at, xid, epoch, table, {**row, "epoch": epoch}, self.last.get(key))
            self.last[key] = {**row, "epoch": epoch}

    def end(self, at: float, epoch: int, by: int) -> None:
        own = self.epochs[epoch]
        self.write(at, len(self.rows) + 100, by, "epochs", {**own, "session": 0}, dict(own))

    def write(self, at: float, xid: int, epoch: int, table: str, after: Row, before: Row | None) -> None:
        self.rows.append({"no": len(self.rows) + 1, "xid": xid, "app": f"tocsin/node{epoch - 1}", "tab": table,
                          "op": "UPDATE" if before else "INSERT", "before": before, "after": after,
                          "wall_ms": WALL + at})


def event(seq: int, at: int, kind: str, text: str) -> Row:
    return {"incident": ID, "seq": seq, "id": f"\\xe{seq}", "event_ms": int(WALL) + at, "type": kind, "text": text,
            "actor": "tocsin"}


def mail(ident: str, at: float, to: str) -> Row:
    return {"t_ms": at, "begun_ms": at, "message_id": f"<{ident}@example.com>", "subject": f"[1] {NAME} is down",
            "to": [f"{to}@example.com"], "fault": ""}


def row_id(ident: str) -> str:
    return "\\x" + ident.replace("-", "")


def good() -> History:
    """node0 takes an alarm and dies with the page in flight; node1 takes over, sends it, and is acknowledged to."""
    m = Maker()
    return answered(m, begun(m))


def unanswered() -> History:
    """The same, and nobody acknowledges: a minute after the first page there is another one, and one to somebody else."""
    m = Maker()
    h = begun(m)
    (first,) = h.tables["sends"]
    for ident, contact, at in ((AGAIN, "alice", 61_010.0), (OTHER, "bob", 61_020.0)):
        send = {**first, "id": row_id(ident), "contact": contact, "due_ms": int(WALL) + 61_000, "page": f"\\x{contact}"}
        m.commit(at, 2, ("sends", {**send, "state": 1}))
        m.commit(at + 10, 2, ("sends", {**send, "state": 2}))
        m.commit(at + 30, 2, ("sends", send))
        h.tables["sends"].append(send)
        h.mails.append(mail(ident, at + 20, contact))
    h.quiet_ms = 64_000.0
    return h


def begun(m: Maker) -> History:
    incident = {"id": ID, "status": 1, "acknowledged_ms": 0, "title": f"{NAME} is down"}
    send = {"id": SEND_ID, "incident": ID, "page": PAGE, "due_ms": int(WALL) + 1000, "state": 1, "note": None,
            "contact": "alice", "channel": "mail"}
    links = [{"id": f"\\x{name}", "incident": ID, "connector": name, "holder": 0, "remote_id": None, "state": 0,
              "create_attempts": 1} for name in VENDORS]
    events = [event(1, 1000, "SSM Incident Trigger", "triggered: it"),
              event(2, 1000, "SSM Incident Start", "incident opened")]
    m.commit(1000, 1, ("incidents", incident), *(("events", row) for row in events), ("sends", send),
             *(("links", row) for row in links))
    m.commit(1100, 1, ("sends", {**send, "state": 2}))
    m.end(4500, 1, 2)
    m.commit(5000, 2, ("sends", {**send, "state": 2}), *(("links", {**row, "holder": 2}) for row in links))
    m.commit(5200, 2, ("sends", {**send, "state": 3}), *(("links", {**row, "remote_id": "7"}) for row in links))
    ask = {"name": NAME, "incident": INCIDENT, "node": 0, "result": OK}
    return History(
        alarms=[{**ask, "state": "firing", "change": 0, "t0": 990.0, "t1": 1010.0}],
        faults=[{"round": 1, "kind": "kill", "node": 0, "is_alone": True, "t0": 1500.0, "t1": 6000.0}],
        mails=[mail(SEND, 5100.0, "alice")],
        tickets=[{"vendor": vendor, "id": "7", "marker": marker, "title": NAME, "status_class": "ACKED"}
                 for vendor, marker in VENDORS.items()],
        samples=[{"t_ms": 1.0, "node": 0, **{key: most // 2 for key, most in LIMITS.items()}}],
        writes=m.rows, wall_minus_mono_ms=WALL, quiet_ms=20_000.0, quiet_s=1.0,
        tables={"incidents": [incident], "events": events, "sends": [{**send, "state": 3}],
                "links": [{**row, "remote_id": "7"} for row in links], "epochs": [m.epochs[2]],
                "first_epochs": [{"epoch": 1, "node": "node0"}, {"epoch": 2, "node": "node1"}],
                "pages": [{"id": PAGE, "incident": ID, "sends": 1}]})


def answered(m: Maker, h: History, by: str = "token:responder") -> History:
    acked = {**h.tables["incidents"][0], "acknowledged_ms": int(WALL) + 9000, "acknowledged_by": by}
    ack = event(3, 9000, "Tocsin Event", f"acknowledged by {by}")
    m.commit(9000, 2, ("incidents", acked), ("events", ack))
    h.tables["incidents"] = [acked]
    h.tables["events"].append(ack)
    h.acks.append({"name": NAME, "incident": INCIDENT, "node": 0, "result": OK, "way": "api", "t0": 8990.0, "t1": 9010.0})
    return h


def of(h: History, table: str, n: int) -> Row:
    return h.of(table)[n]


def comes_back_as_an_echo(h: History) -> None:
    """It fired, ended, and nobody said otherwise."""
    h.alarms.append({**h.alarms[0], "state": "resolved", "change": 1, "t0": 2000.0, "t1": 2010.0})
    h.tables["events"].append(event(4, 70000, "SSM Incident Record Update",
                                    f"reopened by source:prom: {NAME} fires again: told so 2 s after its end, taken for "
                                    "an echo of another sender until now, and not withdrawn"))


def is_withdrawn_and_comes_back(h: History) -> None:
    """Somebody said otherwise, and the end was told again."""
    comes_back_as_an_echo(h)
    h.alarms.append({**h.alarms[0], "t0": 2005.0, "t1": 4000.0})
    h.alarms.append({**h.alarms[1], "t0": 5000.0, "t1": 5010.0})


def lost_incident(h: History) -> None:
    h.tables["incidents"].clear()


def second_incident(h: History) -> None:
    h.tables["incidents"].append({**h.tables["incidents"][0], "id": "\\xff"})


def refused_but_there(h: History) -> None:
    h.alarms[0]["result"] = FAILED


def from_nowhere(h: History) -> None:
    h.alarms[0]["name"] = "judge0-2-5"


def opened_twice(h: History) -> None:
    h.tables["events"].append(event(4, 9500, "SSM Incident Start", "incident opened"))


def ended_but_open(h: History) -> None:
    h.alarms.append({**h.alarms[0], "state": "resolved", "change": 1, "t0": 9500.0, "t1": 9600.0})


def no_page(h: History) -> None:
    h.tables["pages"].clear()


def sent_without_mail(h: History) -> None:
    h.mails.clear()


def never_sent(h: History) -> None:
    h.mails.clear()
    h.tables["sends"][0]["state"] = 1


def dropped_unanswered(h: History) -> None:
    h.mails.clear()
    h.tables["sends"][0] |= {"state": 5, "note": "acknowledged"}
    h.of("sends")[-1]["after"] |= {"state": 5}


def replaced_by_nothing(h: History) -> None:
    dropped_unanswered(h)
    h.tables["sends"][0] |= {"note": REPLACED}


def dropped_late(h: History) -> None:
    dropped_unanswered(h)
    h.of("sends")[-1]["wall_ms"] = WALL + 60_000
    h.faults.clear()


def early_mail(h: History) -> None:
    h.mails[0]["t_ms"] = 900.0


def mail_after_ack(h: History) -> None:
    h.mails.append({**h.mails[0], "t_ms": 11_500.0, "begun_ms": 11_500.0})


def mail_of_nothing(h: History) -> None:
    h.mails[0]["message_id"] = f"<{INCIDENT}@example.com>"


def mail_twice(h: History) -> None:
    h.mails.append({**h.mails[0], "t_ms": 5150.0})


def mail_of_the_dead(h: History) -> None:
    """That woke up, and sent it when the other one had."""
    h.mails.append({**h.mails[0], "t_ms": 8000.0})


def mail_unclaimed(h: History) -> None:
    h.mails[0]["t_ms"] = 1050.0


def put_back_unasked(h: History) -> None:
    of(h, "sends", 3)["after"]["state"] = 1
    h.faults.clear()


def given_up_unasked(h: History) -> None:
    of(h, "sends", 3)["after"]["state"] = 4
    h.faults.clear()


def opened_before_anybody_told(h: History) -> None:
    h.alarms[0]["t0"] = 1005.0


def without(h: History, ident: str) -> None:
    """As if that send had never been."""
    h.writes = [row for row in h.writes if (row["after"] or row["before"]).get("id") != row_id(ident)]
    h.tables["sends"] = [row for row in h.tables["sends"] if row["id"] != row_id(ident)]
    h.mails = [row for row in h.mails if ident not in row["message_id"]]


def not_repeated(h: History) -> None:
    without(h, AGAIN)


def not_escalated(h: History) -> None:
    without(h, OTHER)


def move(h: History, ident: str, by: float) -> None:
    for row in h.of_each("sends")[row_id(ident)]:
        row["wall_ms"] += by
    for row in h.mails:
        row["t_ms"] += by if ident in row["message_id"] else 0


def escalated_late(h: History) -> None:
    move(h, OTHER, 7000)


def escalated_early(h: History) -> None:
    move(h, OTHER, -1000)


def repeated_early(h: History) -> None:
    next(row for row in h.mails if AGAIN in row["message_id"])["t_ms"] = 60_900.0


def one_more(contact: str) -> typing.Callable[[History], None]:
    def spoil(h: History) -> None:
        row = next(row for row in h.of("sends") if row["after"]["id"] == row_id(OTHER))
        h.writes.append({**row, "after": {**row["after"], "id": "\\xee", "contact": contact}})
    return spoil


def to_another(h: History) -> None:
    next(row for row in h.mails if OTHER in row["message_id"])["to"] = ["alice@example.com"]


def answer_before(h: History, no: int, by: str) -> None:
    """An answer that the database has just before the write `no`."""
    row = h.of("incidents")[0]
    after = {**row["after"], "acknowledged_ms": int(WALL) + 61_000, "acknowledged_by": by}
    at = next(n for n, other in enumerate(h.writes) if other["no"] == no)
    h.writes.insert(at, {**row, "op": "UPDATE", "before": row["after"], "after": after, "no": no - 0.5,
                         "wall_ms": WALL + 61_000})


def escalated_after_an_answer(h: History) -> None:
    answer_before(h, h.of_each("sends")[row_id(OTHER)][0]["no"], "token:responder")


def escalated_after_hers(h: History) -> None:
    answer_before(h, h.of_each("sends")[row_id(OTHER)][0]["no"], "contact:alice")


def repeated_after_her_answer(h: History) -> None:
    answer_before(h, h.of_each("sends")[row_id(AGAIN)][0]["no"], "contact:alice")


def opened_at_another_time(h: History) -> None:
    of(h, "events", 1)["after"]["event_ms"] += 500


def two_tickets(h: History) -> None:
    h.tickets.append({**h.tickets[0], "id": "8"})


def other_ticket(h: History) -> None:
    h.tickets[0]["id"] = "8"


def no_ticket(h: History) -> None:
    del h.tickets[1]


def strange_ticket(h: History) -> None:
    h.tickets.append({**h.tickets[1], "marker": f"tocsin:{SEND}"})


def resolved_ticket(h: History) -> None:
    h.tickets[2]["status_class"] = "RESOLVED"


def event_deleted(h: History) -> None:
    row = of(h, "events", 2)
    row |= {"op": "DELETE", "before": row["after"], "after": None}


def event_changed(h: History) -> None:
    h.writes.append({**of(h, "events", 1), "op": "UPDATE", "before": of(h, "events", 1)["after"],
                     "after": {**of(h, "events", 1)["after"], "text": "something else"}})


def event_out_of_order(h: History) -> None:
    of(h, "events", 2)["wall_ms"] = WALL + 500


def event_missing(h: History) -> None:
    of(h, "events", 1)["after"]["seq"] = 5


def event_lost(h: History) -> None:
    h.tables["events"].pop()


def state_is_no_fold(h: History) -> None:
    h.tables["incidents"][0]["status"] = 2


def ack_lost(h: History) -> None:
    h.acks[0] |= {"t0": 7000.0, "t1": 7010.0}


def written_under_another(h: History) -> None:
    of(h, "sends", 0)["after"]["epoch"] = 2


def written_without_guard(h: History) -> None:
    of(h, "sends", 2)["xid"] = 7


def committed_after_take_over(h: History) -> None:
    late = next(row for row in h.of("epochs") if row["after"]["commit_no"] == 2 and row["after"]["epoch"] == 1)
    late["no"] = 1000


def committed_by_another(h: History) -> None:
    of(h, "epochs", 0)["app"] = "tocsin/node1"


def commit_lost(h: History) -> None:
    of(h, "epochs", 1)["before"]["commit_no"] = 0


def taken_from_the_living(h: History) -> None:
    h.writes.remove(next(row for row in h.of("epochs") if row["after"]["session"] == 0))


def link_taken_from_the_living(h: History) -> None:
    taken_from_the_living(h)
    h.writes = [row for row in h.writes if row["tab"] != "sends"]
    of(h, "links", 3)["before"]["holder"] = 1


def never_quiet(h: History) -> None:
    h.quiet_s = -1


def slowly_quiet(h: History) -> None:
    h.quiet_s = QUIET_S + 1


def nobody_looked(h: History) -> None:
    h.samples.clear()


def too_much(key: str) -> typing.Callable[[History], None]:
    def spoil(h: History) -> None:
        h.samples[0][key] = LIMITS[key] + 1
    return spoil


Spoiled = list[tuple[typing.Callable[[History], None], str]]
SPOILED: Spoiled = [
    (comes_back_as_an_echo, "I1: .* came back as an echo, and nobody told"),
    (is_withdrawn_and_comes_back, "I1: .* came back as an echo, .* the end was told again"),
    (lost_incident, "I1: .* was answered 2xx"), (second_incident, "I1: .* has 2 incidents"),
    (refused_but_there, "I1: .* was refused each time"), (from_nowhere, "I1: .* is of no alarm"),
    (opened_twice, "I1: .* was opened 2 times"), (ended_but_open, "I1: .* was told to be resolved"),
    (no_page, "I2: .* has no page"), (sent_without_mail, "I2: .* no mail arrived"), (never_sent, "I2: .* no attempt"),
    (dropped_unanswered, "I2: .* nobody had answered"),
    (replaced_by_nothing, "I2: .* nobody had answered"), (dropped_late, "I2: .* was due for"),
    (early_mail, "I3: .* before its page was due"), (mail_twice, "I3: .* arrived 2 times while one had it"),
    (mail_of_the_dead, "I3: .* arrived 2 times while one had it"), (mail_unclaimed, "I3: .* before anybody had it in hand"),
    (put_back_unasked, "I3: .* was to be sent again"),
    (given_up_unasked, "I3: .* was given up"), (opened_before_anybody_told, "I3: .* before anybody told"),
    (mail_after_ack, "I3: .* was begun .* after its incident was answered"),
    (mail_of_nothing, "I3: .* is of no send"),
    (two_tickets, "I4: jira has 2 tickets"), (other_ticket, "I4: .* names 7"), (no_ticket, "I4: .* has no ticket"),
    (strange_ticket, "I4: .* is of no incident"), (resolved_ticket, "I4: .* is RESOLVED"),
    (event_deleted, "I5: .* was deleted"), (event_changed, "I5: .* was 'incident opened', then"),
    (event_out_of_order, "I5: .* committed before"), (event_missing, "I5: .* when there were"),
    (event_lost, "I5: .* has 2 events, 3 were committed"), (state_is_no_fold, "I5: .* its timeline says"),
    (ack_lost, "I5: .* was acknowledged by api"),
    (written_under_another, "I6: .* whose own epoch"), (written_without_guard, "I6: .* whose own epoch is None"),
    (committed_after_take_over, "I6: .* was taken over and committed"),
    (committed_by_another, "I6: .* committed under"),
    (commit_lost, "I6: commit 2 of epoch 1"), (taken_from_the_living, "I6: send .* which lived"),
    (link_taken_from_the_living, "I6: link .* which lived"),
    (never_quiet, "I7: there was work"), (slowly_quiet, "I7: it took"),
    (nobody_looked, "I8: nobody"), *((too_much(key), f"I8: .* {key}") for key in LIMITS)]
# Of the one that nobody answers.
SPOILED_PLANS: Spoiled = [
    (not_repeated, "I2: page 2 of alice .* did not come, and nobody"),
    (not_escalated, "I2: page 1 of bob .* did not come, and nobody"),
    (escalated_late, "I2: page 1 of bob .* did not come for 7.0 s, and nothing was disturbed"),
    (opened_at_another_time, "I2: .* its timeline says"),
    (escalated_early, "I3: page 1 of bob .* before its time"), (repeated_early, "I3: page 2 of alice .* before its time"),
    (one_more("alice"), "I3: alice was paged 3 times"), (one_more("bob"), "I3: bob was paged 2 times"),
    (one_more("carol"), "I3: carol was paged 1 times .* 0 times"), (to_another, "I3: a page of bob .* went to"),
    (escalated_after_an_answer, "I3: bob was paged .* somebody for all"), (escalated_after_hers, "I3: bob was paged .* by alice"),
    (repeated_after_her_answer, "I3: alice was paged .* by alice")]


def passes(history: History) -> None:
    for check in CHECKS:
        check(history)


def complaint(check: typing.Callable[[History], None], history: History) -> str:
    try:
        check(history)
    except Failure as failure:
        return str(failure)
    return ""


class Judge(unittest.TestCase):
    def test_a_good_history_passes(self) -> None:
        for history in (good(), unanswered()):
            passes(history)

    def test_what_a_newer_message_replaced(self) -> None:
        history = good()
        send = history.tables["sends"][0]
        replaced = {**send, "id": "\\x0f", "state": 5, "note": REPLACED, "due_ms": send["due_ms"] - 60_000}
        history.tables["sends"].append(replaced)
        passes(history)

    def test_each_check_can_fail(self) -> None:
        seen = set()
        for begin, spoiled in ((good, SPOILED), (unanswered, SPOILED_PLANS)):
            for spoil, message in spoiled:
                with self.subTest(spoil.__name__, message=message):
                    history = begin()
                    spoil(history)
                    found = {check for check in CHECKS if re.search(message, complaint(check, history))}
                    self.assertTrue(found)
                    seen |= found if len(found) == 1 else set()
        self.assertEqual(set(CHECKS), seen)

    def test_who_died_with_a_page_in_flight_may_have_sent_it(self) -> None:
        history = good()
        history.mails.append({**history.mails[0], "t_ms": 1200.0})
        passes(history)

    def test_a_lost_answer_is_sent_again(self) -> None:
        history = good()
        put_back_unasked(history)
        history.mails[0]["fault"] = ANSWER_LOST
        check_i3_once(history)

    def test_what_was_begun_before_the_answer_may_arrive_late(self) -> None:
        history = good()
        history.mails[0] |= {"t_ms": 12_000.0, "begun_ms": 8_000.0}
        check_i3_not_after_an_answer(history)

    def test_what_had_not_arrived_is_sent_again(self) -> None:
        history = good()
        put_back_unasked(history)
        history.mails.clear()
        check_i3_once(history)

    def test_when_the_first_is_not_reached_the_second_is_paged_at_once(self) -> None:
        history = unanswered()
        move(history, OTHER, -50_000)
        history.mails[0]["fault"] = ANSWER_LOST
        end = of(history, "sends", 3)["after"]
        self.assertRaises(Failure, check_i3_plan, history)
        end["state"] = 4
        check_i3_plan(history)

    def test_whom_the_plan_has_engaged_is_reached_after_anothers_answer(self) -> None:
        history = unanswered()
        answer_before(history, history.of_each("sends")[row_id(OTHER)][1]["no"], "contact:alice")
        for key in ("t_ms", "begun_ms"):
            history.mails[-1][key] += 5000
        check_i3_plan(history)
        check_i3_not_after_an_answer(history)
        history.of("incidents")[-1]["after"]["acknowledged_by"] = "token:responder"
        self.assertRaises(Failure, check_i3_not_after_an_answer, history)

    def test_what_was_decided_when_all_was_quiet_is_not_waited_for(self) -> None:
        history = unanswered()
        history.quiet_ms = 60_900.0
        history.mails.pop()
        history.tables["sends"][-1]["state"] = 2
        passes(history)

    def test_an_echo_that_nobody_withdrew(self) -> None:
        history = good()
        comes_back_as_an_echo(history)
        history.alarms.append({**history.alarms[0], "t0": 2005.0, "t1": 4000.0})
        CHECKS[0](history)

    def test_what_is_not_sure_is_not_judged(self) -> None:
        history = good()
        history.alarms.append({**history.alarms[0], "name": "judge0-9-9", "result": UNKNOWN})
        history.alarms.append({**history.alarms[0], "state": "resolved", "change": 1, "result": UNKNOWN})
        passes(history)

    def test_the_end_of_what_never_began_opens_nothing(self) -> None:
        history = good()
        row = {**history.alarms[0], "name": "judge0-9-9"}
        history.alarms += [{**row, "result": FAILED}, {**row, "state": "resolved", "change": 1, "incident": ""}]
        passes(history)

    def test_a_history_survives_its_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "history.jsonl"
            save(unanswered(), file)
            again = load(file)
            self.assertEqual(unanswered(), again)
            passes(again)

    def test_lines_are_those_of_every_harness(self) -> None:
        found = lines(good())
        for row in found:
            self.assertEqual(["t", "who", "op", "key", "phase", "node", "epoch", "detail"], list(row))
        self.assertEqual(sorted(row["t"] for row in found), [row["t"] for row in found])
        asked, told_ok = (row for row in found if row["op"] == "alarm")
        self.assertEqual(("invoke", NAME, 990_000_000, {}), (asked["phase"], asked["key"], asked["t"], asked["detail"]))
        self.assertEqual(("ok", 1_010_000_000), (told_ok["phase"], told_ok["t"]))
        self.assertEqual({1, 2}, {row["epoch"] for row in found if row["op"] == "write sends"})

    def test_of_a_failure_the_lines_of_its_key_are_told(self) -> None:
        history = good()
        history.alarms.append({**history.alarms[0], "name": "judge0-9-9", "result": FAILED})
        for failure, wanted, unwanted in ((f"I2: send {SEND_ID} is wrong", ("mail", "write sends", NAME), "judge0-9-9"),
                                          ("I1: judge0-9-9 is wrong", ("judge0-9-9",), "write sends"),
                                          (f"I6: somebody wrote {{'incident': {ID!r}}}", ("write sends", NAME), "judge0-9-9"),
                                          ("I6: epoch 1 is wrong", ("write epochs",), "write sends")):
            with self.subTest(failure):
                text = "\n".join(told(history, [failure]))
                self.assertFalse([word for word in wanted if word not in text], text)
                self.assertNotIn(unwanted, text)

    def test_take_over_is_measured_from_the_death(self) -> None:
        found = {(row.what, row.in_flight): row for row in waited(good())}
        self.assertAlmostEqual(3.6, found["page", True].seconds)
        self.assertAlmostEqual(3.7, found["ticket", False].seconds)
        self.assertEqual({TAKEN}, {row.how for row in found.values()})

    def test_whose_node_was_there_again_was_not_taken_over(self) -> None:
        history = good()
        end = next(row for row in history.of("epochs") if row["after"]["session"] == 0)
        end["app"] = "tocsin/node0"
        self.assertEqual({RESTART}, {row.how for row in waited(history)})
        history.writes.remove(end)
        self.assertEqual({AWAKE}, {row.how for row in waited(history)})

    def test_a_round_is_drawn_from_seed_and_number_alone(self) -> None:
        self.assertEqual(plan(7, 30, True), plan(7, 30, True))
        self.assertEqual(set(KINDS), {plan(7, number, False).kind for number in range(1, len(KINDS) + 1)})
        self.assertEqual(set(KINDS), {plan(7, number, False).kind for number in range(100, 400)})

    def test_a_short_run_has_a_take_over_that_can_be_measured(self) -> None:
        for seed in range(20):
            found = plan(seed, MEASURED, False)
            self.assertEqual(("kill", True, BEFORE_THE_TEXT), (found.kind, found.is_alone, found.how))
            self.assertGreaterEqual(found.seconds, TAKEN_S)

    def test_a_short_run_has_a_node_that_wakes_up_with_a_mail_in_hand_that_was_taken_over(self) -> None:
        for seed in range(20):
            found, = (fault for fault in (plan(seed, number, False) for number in range(1, len(KINDS) + 1))
                      if fault.kind == "still")
            self.assertEqual(BEFORE_THE_TEXT, found.how)
            self.assertGreaterEqual(found.seconds, TAKEN_S)

    def test_some_stand_still_for_up_to_a_minute(self) -> None:
        def longest(is_deep: bool) -> list[float]:
            found = [plan(seed, number, is_deep) for seed in range(10) for number in range(20, 320)]
            return [fault.seconds for fault in found if fault.kind == "still"]
        self.assertLessEqual(max(longest(False)), STILL_S)
        seconds = longest(True)
        long = [s for s in seconds if s > STILL_S]
        self.assertEqual((60.0, 10), (max(long), long.count(60.0)))
        self.assertTrue(0.05 < len(long) / len(seconds) < 0.15, len(long) / len(seconds))
        self.assertTrue(25 < sum(long) / len(long) < 43, long)

    def test_markers_name_their_incident(self) -> None:
        for marker in VENDORS.values():
            self.assertEqual(ID, incident_of(marker))


if __name__ == "__main__":
    unittest.main()
