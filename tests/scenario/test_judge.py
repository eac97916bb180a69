"""The judge itself can fail: each of its checks is given a history that is good, and the same one spoiled."""
from __future__ import annotations

import json
import pathlib
import tempfile
import typing
import unittest

from harness import Failure
from judge_checks import CHECKS, LIMITS, QUIET_S, REPLACED
from judge_faults import KINDS, plan
from judge_history import FAILED, OK, UNKNOWN, History, Row, incident_of
from judge_takeover import waited

INCIDENT, SEND, PAGE = "01a2248f-fa91-7642-b0b2-c3929c962b50", "01a2248f-fa91-8d8a-8bbe-39ac5639eec6", "\\x0a"
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


def good() -> History:
    """node0 takes an alarm and dies with the page in flight; node1 takes over, sends it, and is acknowledged to."""
    m = Maker()
    incident = {"id": ID, "status": 1, "acknowledged_ms": 0, "title": f"{NAME} is down"}
    acked = {**incident, "acknowledged_ms": int(WALL) + 9000}
    send = {"id": SEND_ID, "incident": ID, "page": PAGE, "due_ms": int(WALL) + 1000, "state": 1, "note": None,
            "contact": "alice", "channel": "mail"}
    links = [{"id": f"\\x{name}", "incident": ID, "connector": name, "holder": 0, "remote_id": None, "state": 0,
              "create_attempts": 1} for name in VENDORS]
    events = [event(1, 1000, "SSM Incident Trigger", "triggered: it"),
              event(2, 1000, "SSM Incident Start", "incident opened"),
              event(3, 9000, "Tocsin Event", "acknowledged by token:responder")]
    m.commit(1000, 1, ("incidents", incident), *(("events", row) for row in events[:2]), ("sends", send),
             *(("links", row) for row in links))
    m.commit(1100, 1, ("sends", {**send, "state": 2}))
    m.end(4500, 1, 2)
    m.commit(5000, 2, ("sends", {**send, "state": 2}), *(("links", {**row, "holder": 2}) for row in links))
    m.commit(5200, 2, ("sends", {**send, "state": 3}), *(("links", {**row, "remote_id": "7"}) for row in links))
    m.commit(9000, 2, ("incidents", acked), ("events", events[2]))
    ask = {"name": NAME, "incident": INCIDENT, "node": 0, "result": OK}
    return History(
        alarms=[{**ask, "state": "firing", "change": 0, "t0": 990.0, "t1": 1010.0}],
        acks=[{**ask, "way": "api", "t0": 8990.0, "t1": 9010.0}],
        faults=[{"round": 1, "kind": "kill", "node": 0, "is_alone": True, "t0": 1500.0, "t1": 6000.0}],
        mails=[{"t_ms": 5100.0, "message_id": f"<{SEND}@example.com>", "subject": f"[1] {NAME} is down"}],
        tickets=[{"vendor": vendor, "id": "7", "marker": marker, "title": NAME, "status_class": "ACKED"}
                 for vendor, marker in VENDORS.items()],
        samples=[{"t_ms": 1.0, "node": 0, **{key: most // 2 for key, most in LIMITS.items()}}],
        writes=m.rows, wall_minus_mono_ms=WALL, quiet_s=1.0,
        tables={"incidents": [acked], "events": events, "sends": [{**send, "state": 3}],
                "links": [{**row, "remote_id": "7"} for row in links], "epochs": [m.epochs[2]],
                "first_epochs": [{"epoch": 1, "node": "node0"}, {"epoch": 2, "node": "node1"}],
                "pages": [{"id": PAGE, "incident": ID, "sends": 1}]})


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
    h.mails.append({**h.mails[0], "t_ms": 11_500.0})


def mail_of_nothing(h: History) -> None:
    h.mails[0]["message_id"] = f"<{INCIDENT}@example.com>"


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


SPOILED: list[tuple[typing.Callable[[History], None], str]] = [
    (comes_back_as_an_echo, "I1: .* came back as an echo, and nobody told"),
    (is_withdrawn_and_comes_back, "I1: .* came back as an echo, .* the end was told again"),
    (lost_incident, "I1: .* was answered 2xx"), (second_incident, "I1: .* has 2 incidents"),
    (refused_but_there, "I1: .* was refused each time"), (from_nowhere, "I1: .* is of no alarm"),
    (opened_twice, "I1: .* was opened 2 times"), (ended_but_open, "I1: .* was told to be resolved"),
    (no_page, "I2: .* has no page"), (sent_without_mail, "I2: .* no mail arrived"), (never_sent, "I2: .* no attempt"),
    (dropped_unanswered, "I2: .* nobody had answered"),
    (replaced_by_nothing, "I2: .* nobody had answered"), (dropped_late, "I2: .* was due for"),
    (early_mail, "I3: .* before its page was due"), (mail_after_ack, "I3: .* after its incident was answered"),
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


class Judge(unittest.TestCase):
    def test_a_good_history_passes(self) -> None:
        for check in CHECKS:
            check(good())

    def test_what_a_newer_message_replaced(self) -> None:
        history = good()
        send = history.tables["sends"][0]
        replaced = {**send, "id": "\\x0f", "state": 5, "note": REPLACED, "due_ms": send["due_ms"] - 60_000}
        history.tables["sends"].append(replaced)
        for check in CHECKS:
            check(history)

    def test_each_check_can_fail(self) -> None:
        seen = set()
        for spoil, message in SPOILED:
            with self.subTest(spoil.__name__):
                history = good()
                spoil(history)
                check = next(check for check in CHECKS if f"check_{message[:2].lower()}_" in check.__name__ + "_")
                with self.assertRaisesRegex(Failure, message):
                    check(history)
                seen.add(check)
        self.assertEqual(set(CHECKS), seen)

    def test_an_echo_that_nobody_withdrew(self) -> None:
        history = good()
        comes_back_as_an_echo(history)
        history.alarms.append({**history.alarms[0], "t0": 2005.0, "t1": 4000.0})
        CHECKS[0](history)

    def test_what_is_not_sure_is_not_judged(self) -> None:
        history = good()
        history.alarms.append({**history.alarms[0], "name": "judge0-9-9", "result": UNKNOWN})
        history.alarms.append({**history.alarms[0], "state": "resolved", "change": 1, "result": UNKNOWN})
        for check in CHECKS:
            check(history)

    def test_the_end_of_what_never_began_opens_nothing(self) -> None:
        history = good()
        row = {**history.alarms[0], "name": "judge0-9-9"}
        history.alarms += [{**row, "result": FAILED}, {**row, "state": "resolved", "change": 1, "incident": ""}]
        for check in CHECKS:
            check(history)

    def test_a_history_survives_its_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "history.json"
            good().save(file)
            self.assertEqual(json.dumps(good().writes), json.dumps(History.load(file).writes))

    def test_take_over_is_measured_from_the_death(self) -> None:
        found = {(row.what, row.in_flight): row for row in waited(good())}
        self.assertAlmostEqual(3.6, found["page", True].seconds)
        self.assertFalse(found["page", True].by_itself)
        self.assertAlmostEqual(3.7, found["ticket", False].seconds)

    def test_a_round_is_drawn_from_seed_and_number_alone(self) -> None:
        self.assertEqual(plan(7, 30, True), plan(7, 30, True))
        self.assertEqual(set(KINDS), {plan(7, number, False).kind for number in range(1, len(KINDS) + 1)})
        self.assertEqual(set(KINDS), {plan(7, number, False).kind for number in range(100, 400)})
        self.assertEqual([20, 60], [plan(7, number, True).seconds for number in (125, 250)])

    def test_markers_name_their_incident(self) -> None:
        for marker in VENDORS.values():
            self.assertEqual(ID, incident_of(marker))


if __name__ == "__main__":
    unittest.main()
