"""Alarms that a mapping cannot read whole: they open with what is known, and the timeline says what failed. And alarms
of every kind that come by SNS and by EventBridge: one incident, in whatever order."""
from __future__ import annotations

import itertools
import json
import time
import typing
import unittest

from harness import http
from test_sources import Sources
from worlds import Config, Response, alarm, alert, event, fresh, group

FAILED = "the mapping of source"


class Unreadable(Sources):
    def sent(self, message: Config | str, **members: typing.Any) -> Response:
        """A message on the topic, rightly signed."""
        text = message if isinstance(message, str) else json.dumps(message)
        return self.sns(self.topic.notification(text, **members))

    def told(self, answer: Response) -> tuple[Config, str]:
        """The incident that opened, and the one line on its timeline about the mapping."""
        self.assertEqual(202, answer.status, answer.body)
        incident = self.app.incident(self.opened(answer))
        self.assertEqual("OPEN", incident["status"])
        lines = [str(row["text"]) for row in incident["timeline"] if FAILED in str(row["text"])]
        self.assertEqual(1, len(lines), lines)
        return incident, lines[0]

    def test_a_signed_alarm_in_an_unknown_state(self) -> None:
        name = fresh("panic")
        incident, line = self.told(self.sent({**alarm(name, "ALARM"), "NewStateValue": "PANIC"}))
        self.assertEqual(name, incident["title"])
        self.assertIn('is not in the table: "PANIC"', line)
        self.assertIn(name, self.mail(name)["subject"])
        self.assertRegex(http("GET", self.app.url + "/metrics").body.decode(),
                         r'tocsin_mapping_losses_total\{source="cloudwatch",what="not_in_table"\} [1-9]')

    def test_an_event_in_an_unknown_state(self) -> None:
        name = fresh("panic")
        incident, line = self.told(self.eventbridge(event({**alarm(name, "ALARM"), "NewStateValue": "PANIC"})))
        self.assertEqual(name, incident["title"])
        self.assertIn('is not in the table: "PANIC"', line)

    def test_members_of_cloudwatch_that_are_wrong(self) -> None:
        cases: dict[str, tuple[Config, str]] = {
            "a time": ({"StateChangeTime": "at noon"}, 'is no time in one of its formats: "at noon"'),
            "an ARN": ({"AlarmArn": fresh("no-arn")}, "is no ARN: "),
            "an impact": ({"AlarmTags": {"impact": "99"}}, 'is not in the table: "99"'),
            "an impact of 0": ({"AlarmTags": {"impact": 0}}, 'is not in the table: "0"'),
            "tags": ({"AlarmTags": "impact=1"}, 'is no object to merge: "impact=1"'),
            "a trigger": ({"Trigger": [1]}, "is looked for in what has no such members: a list"),
            "no state": ({"NewStateValue": None}, "tells neither that it fires nor that it is over"),
        }
        for what, (members, told) in cases.items():
            with self.subTest(what):
                name = fresh("wrong")
                incident, line = self.told(self.sent({**alarm(name, "ALARM"), **members}))
                self.assertEqual(name, incident["title"])
                self.assertEqual(2, incident["impact"], "that of the response plan")
                self.assertIn(told, line)

    def test_members_of_cloudwatch_that_are_missing(self) -> None:
        for member in ("AlarmName", "AlarmArn", "NewStateValue", "StateChangeTime", "Trigger", "Region", "AWSAccountId",
                       "NewStateReason", "OldStateValue"):
            with self.subTest(member):
                message = alarm(fresh("without"), "ALARM")
                del message[member]
                ident = self.opened(self.sent(message, Subject=f"without {member}"))
                self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_a_message_that_was_cut(self) -> None:
        text = json.dumps(alarm(fresh("cut"), "ALARM"))
        incident, line = self.told(self.sent(text[:-20], Subject="ALARM: cut"))
        self.assertEqual("ALARM: cut", incident["title"])
        self.assertIn(text[:100], incident["summary"])
        self.assertIn("a text that should hold JSON does not", line)

    def test_a_message_of_any_size(self) -> None:
        """What names the alarm may stand at either end of 256 KiB."""
        large = {"NewStateReason": '"x" ' * 40_000}
        for order in ("first", "last"):
            with self.subTest(order):
                message = alarm(fresh("large"), "ALARM")
                del message["NewStateReason"]
                incident = self.app.incident(self.opened(self.sent(
                    {**message, **large} if order == "first" else {**large, **message})))
                self.assertEqual(message["AlarmName"], incident["title"])
                self.assertNotIn(FAILED, self.texts(incident["id"]))

    def test_alerts_of_alertmanager_that_are_wrong(self) -> None:
        cases: dict[str, tuple[Config | int | str, str]] = {
            "a number": (5, "is looked for in what has no such members: 5"),
            "labels": ({"labels": "disk"}, 'is looked for in what has no such members: "disk"'),
            "annotations": ({"annotations": ["disk"]}, "is looked for in what has no such members: a list"),
            "a start": ({"startsAt": "at noon"}, 'is no time in one of its formats: "at noon"'),
            "a status": ({"status": "smouldering"}, 'neither firing nor resolved: "smouldering"'),
        }
        for what, (members, told) in cases.items():
            with self.subTest(what):
                name = fresh("Wrong")
                wrong = {**alert(name, "b"), **members} if isinstance(members, dict) else members
                body = {**group(name, alert(name, "a")), "status": "firing"}
                incident, line = self.told(self.prom({**body, "alerts": [wrong, *body["alerts"]]}))
                self.assertEqual(f"{name} is down", incident["title"])
                self.assertEqual(1, incident["impact"])
                self.assertIn(told, line)
                alone = self.prom({**body, "groupKey": fresh("alone"), "alerts": [wrong]})
                self.assertEqual("OPEN", self.app.incident(self.opened(alone))["status"])

    def test_what_fails_later_is_told_too(self) -> None:
        name, ident = self.open_one("later")
        again = {**alarm(name, "ALARM", at=time.time() + 1), "NewStateValue": "PANIC"}
        self.assertEqual(ident, self.opened(self.sent(again)))
        self.assertIn('is not in the table: "PANIC"', self.texts(ident))

    def test_what_is_put_aside(self) -> None:
        """No mapping knows it: it is accepted, opens nothing and is kept."""
        kinds = ("GuardDuty Finding", "RDS DB Instance Event", "EC2 Instance State-change Notification",
                 "CloudWatch Alarm Rumour")
        events = [{"version": "0", "id": fresh("e"), "source": "aws.guardduty", "detail-type": kind, "detail": {}}
                  for kind in kinds]
        budget = f"AWS Budget Notification {fresh('budget')}: you exceeded your budget"
        for answer in (*map(self.eventbridge, events), *(self.sent(json.dumps(row)) for row in events),
                       self.sent(budget)):
            self.assertEqual((202, []), (answer.status, answer.json()["incidents"]))
        kept = "\n".join(row["body"] for row in self.app.api("GET", "/v1/quarantine").json()["items"])
        for text in (budget, *(row["id"] for row in events)):
            self.assertIn(text, kept)

    def test_a_heartbeat_opens_nothing(self) -> None:
        beat = group("Watchdog", {**alert("Watchdog", "a"), "labels": {"alertname": "Watchdog", "severity": "none"}})
        answer = self.prom({**beat, "commonLabels": {"alertname": "Watchdog", "severity": "none"}})
        self.assertEqual((200, []), (answer.status, answer.json()["incidents"]))


def composite(name: str, state: str, at: float) -> tuple[Config, Config]:
    """As SNS and as EventBridge tell it."""
    message = alarm(name, state, at=at)
    bus = event(message)
    child = f"{message['AlarmArn']}-child"
    rule = f"ALARM({child})"
    del message["Trigger"]
    message |= {"AlarmRule": rule, "TriggeringChildren": [{"Arn": child, "State": {"Value": "ALARM"}}]}
    bus["detail"]["configuration"] = {"alarmRule": rule}
    bus["detail"]["state"]["reasonData"] = json.dumps({"triggeringAlarms": [{"arn": child}]})
    return message, bus


def math(name: str, state: str, at: float) -> tuple[Config, Config]:
    message = alarm(name, state, at=at)
    bus = event(message)
    row, size = {"value": "orders", "name": "QueueName"}, "ApproximateNumberOfMessagesVisible"
    stat: Config = {"Metric": {"Dimensions": [row], "MetricName": size, "Namespace": "AWS/SQS"}, "Stat": "Sum"}
    message["Trigger"] = {"Period": 60, "Threshold": 5.0, "Metrics": [
        {"Id": "e1", "Expression": "m1/m2", "Label": "Backlog", "ReturnData": True},
        {"Id": "m1", "MetricStat": stat, "ReturnData": False}]}
    bus["detail"]["configuration"] = {"metrics": [
        {"id": "e1", "expression": "m1/m2", "label": "Backlog", "returnData": True},
        {"id": "m1", "returnData": False, "metricStat": {"stat": "Sum", "metric": {
            "dimensions": {"QueueName": "orders"}, "name": size, "namespace": "AWS/SQS"}}}]}
    return message, bus


def metric(name: str, state: str, at: float) -> tuple[Config, Config]:
    message = alarm(name, state, at=at)
    return message, event(message)


class TwoWays(Sources):
    """SNS and EventBridge deliver at least once, in no order; both may carry the same alarm."""

    kinds = {"metric": metric, "composite": composite, "math": math}

    def send(self, way: str, both: tuple[Config, Config]) -> Response:
        return self.sns(self.topic.notification(both[0])) if way == "sns" else self.eventbridge(both[1])

    def test_each_kind_in_each_order(self) -> None:
        for (kind, make), (first, second) in itertools.product(self.kinds.items(), (("sns", "bus"), ("bus", "sns"))):
            with self.subTest(kind, first=first):
                name, now = fresh(kind), time.time()
                fires, ends = make(name, "ALARM", now - 20), make(name, "OK", now - 10)
                ident = self.opened(self.send(first, fires))
                before = self.counts(ident)
                self.assertEqual(ident, self.opened(self.send(second, fires)))
                self.assertEqual(before, self.counts(ident), "the second way is a duplicate")
                self.assertEqual(ident, self.opened(self.send(second, ends)))
                self.send(first, ends)
                self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
                self.assertEqual(1, len([row for row in self.app.incidents() if row["title"] == name]))
                self.assertNotIn(FAILED, self.texts(ident))

    def test_the_ok_of_one_way_before_the_alarm_of_the_other(self) -> None:
        for (kind, make), (first, second) in itertools.product(self.kinds.items(), (("sns", "bus"), ("bus", "sns"))):
            with self.subTest(kind, first=first):
                name, now = fresh(kind), time.time()
                ident = self.opened(self.send(first, make(name, "ALARM", now - 30)))
                self.send(first, make(name, "OK", now - 10))
                self.send(second, make(name, "ALARM", now - 30))  # late: it was over before
                self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
                self.send(second, make(name, "OK", now - 10))
                again = self.send(second, make(name, "ALARM", now - 5))
                self.assertEqual(ident, self.opened(again), "within the reopen window")
                self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_nothing_but_the_ok_is_heard_in_time(self) -> None:
        for first, second in (("sns", "bus"), ("bus", "sns")):
            with self.subTest(first=first):
                name, now = fresh("over"), time.time()
                self.send(first, metric(name, "OK", now - 10))
                self.send(second, metric(name, "ALARM", now - 30))
                self.assertEqual([], [row for row in self.app.incidents() if row["title"] == name])
                self.opened(self.send(second, metric(name, "ALARM", now - 5)))


if __name__ == "__main__":
    unittest.main()
