"""What comes in: every kind of source, every kind of credential, and the status that makes each sender behave."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import typing
import unittest

from harness import SOURCE_TOKEN, Response, basic, eventually, http
from worlds import (API_KEY, HMAC_KEY, PASSWORD, Config, Scenario, alarm, alert, bearer, event, fresh, group, iso,
                    secret)

MIB = 1 << 20


class Sources(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        """One source for each kind of credential; no ticket systems, which other files are about."""
        config["connectors"] = {"mail": config["connectors"]["mail"]}
        config["resources"]["response_plans"][0]["connectors"] = []
        plain: Config = {"kind": "alertmanager", "response_plan": "web"}
        hashed: Config = {"kind": "hmac", "header": "X-Signature", "secret": secret("HMAC_KEY")}
        config["sources"] |= {
            "basic": {**plain, "auth": {"kind": "basic", "user": "prom", "secret": secret("BASIC_PASSWORD")}},
            "header": {**plain, "auth": {"kind": "header", "header": "X-Api-Key", "secret": secret("API_KEY")}},
            "hmac": {**plain, "auth": {**hashed, "prefix": "sha256="}},
            "hmac-time": {**plain, "auth": {**hashed, "prefix": "v1=", "timestamp": True}},
            "hmac-base64": {**plain, "auth": {**hashed, "encoding": "base64"}},
            "either": {**plain, "auth": [bearer(), {"kind": "basic", "user": "prom",
                                                    "secret": secret("BASIC_PASSWORD")}]},
            "echo": {**plain, "auth": bearer(), "echo_window": "60s"},
            "brief": {**plain, "auth": bearer(), "echo_window": "3s"},
            "by-alert": {**plain, "auth": bearer(), "echo_window": "3s", "settings": {"identity": "alert"}},
            "manual": {**config["sources"]["cloudwatch"],
                       "auth": {**config["sources"]["cloudwatch"]["auth"], "confirm": "manual"}},
            "storm": {**plain, "auth": bearer(), "storm_new": 3, "storm_window": "10m"},
            "storm-split": {**plain, "auth": bearer(), "storm_new": 1, "storm_window": "10m"},
            "grouped": {**config["sources"]["cloudwatch"], "group_by": ["app"]},
            "grouped-events": {**config["sources"]["events"], "group_by": ["app"]},
            "both": {**config["sources"]["cloudwatch"],
                     "auth": {**config["sources"]["cloudwatch"]["auth"],
                              "and": {"kind": "basic", "user": "sns", "secret": secret("BASIC_PASSWORD")}}},
            "unpinned": {**config["sources"]["cloudwatch"],
                         "auth": {"kind": "sns", "topics": config["sources"]["cloudwatch"]["auth"]["topics"]}},
            "strict": {**config["sources"]["cloudwatch"],
                       "auth": {**config["sources"]["cloudwatch"]["auth"], "replay_window": "off",
                                "signature_versions": ["1", "2"]}},
        }

    def post(self, source: str, body: typing.Any, headers: dict[str, str] | None = None) -> Response:
        return http("POST", f"{self.app.url}/sources/{source}", body, headers or {})

    def counts(self, ident: str) -> tuple[int, str]:
        """What a repeat must leave as it is."""
        incident = self.app.incident(ident)
        return len(incident["timeline"]), incident["modified_at"]


class CloudWatch(Sources):
    def test_alarm_and_ok(self) -> None:
        name = fresh("cpu")
        ident = self.opened(self.cloudwatch(name))
        self.assertEqual(ident, self.opened(self.cloudwatch(name, "OK")))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_a_replayed_message_changes_nothing(self) -> None:
        body = self.topic.notification(alarm(fresh("replay"), "ALARM"))
        first = self.sns(body)
        self.assertEqual(202, first.status)
        before = self.counts(self.opened(first))
        again = self.sns(body)
        self.assertEqual(200, again.status)
        self.assertEqual(before, self.counts(self.opened(first)))

    def test_a_replay_of_what_changed_nothing_then(self) -> None:
        """Without a time in the alarm only the message's id tells it from news."""
        name = fresh("timeless")
        first, again, over = (self.topic.notification(
            {key: value for key, value in alarm(name, state).items() if key != "StateChangeTime"})
            for state in ("ALARM", "ALARM", "OK"))
        ident = self.opened(self.sns(first))
        self.assertEqual(200, self.sns(again).status)
        self.opened(self.sns(over))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        before = self.counts(ident)
        replay = self.sns(again)
        self.assertEqual((200, "duplicate"), (replay.status, replay.json()["status"]))
        self.assertEqual(before, self.counts(ident))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_a_new_message_of_the_same_transition_changes_nothing(self) -> None:
        message = alarm(fresh("same"), "ALARM")
        ident = self.opened(self.sns(self.topic.notification(message)))
        before = self.counts(ident)
        self.assertEqual(200, self.sns(self.topic.notification(message)).status)
        self.assertEqual(before, self.counts(ident))

    def test_ok_that_opens_nothing(self) -> None:
        name = fresh("first")
        answer = self.cloudwatch(name, "OK", old="INSUFFICIENT_DATA")
        self.assertIn(answer.status, (200, 202))
        self.assertEqual([], answer.json()["incidents"])
        self.assertEqual([], [row for row in self.app.incidents() if name in row["title"]])

    def test_insufficient_data_keeps_it_open(self) -> None:
        name, ident = self.open_one("nodata")
        self.cloudwatch(name, "INSUFFICIENT_DATA", old="ALARM", at=time.time() + 1)
        self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_a_late_alarm_does_not_reopen(self) -> None:
        """SNS does not keep order: what happened before the OK is told and changes nothing."""
        name, now = fresh("late"), time.time()
        ident = self.opened(self.cloudwatch(name, "ALARM", at=now - 50))
        self.opened(self.cloudwatch(name, "OK", at=now - 10))
        self.cloudwatch(name, "ALARM", at=now - 30)
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_a_second_alarm_soon_after_reopens(self) -> None:
        name, now = fresh("again"), time.time()
        ident = self.opened(self.cloudwatch(name, "ALARM", at=now - 50))
        self.opened(self.cloudwatch(name, "OK", at=now - 40))
        self.assertEqual(ident, self.opened(self.cloudwatch(name, "ALARM", at=now - 30)))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_the_same_alarm_by_sns_and_by_eventbridge_is_one_incident(self) -> None:
        for order in ("sns", "events"):
            with self.subTest(first=order):
                message = alarm(fresh("both"), "ALARM")
                ways = [lambda: self.sns(self.topic.notification(message)), lambda: self.eventbridge(event(message))]
                first, second = ways if order == "sns" else ways[::-1]
                ident = self.opened(first())
                before = self.counts(ident)
                self.assertEqual(ident, self.opened(second()))
                self.assertEqual(before, self.counts(ident))
                done = alarm(message["AlarmName"], "OK", at=time.time() + 1)
                self.eventbridge(event(done))
                self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_alarms_that_a_tag_groups(self) -> None:
        """One application is one incident, whatever way its alarms come; what is more severe has its own."""
        def tagged(app: str, severity: str = "p3", name: str | None = None, state: str = "ALARM") -> Config:
            at = time.time() + (1 if state == "OK" else 0)
            return {**alarm(name or fresh("part"), state, at=at), "AlarmTags": {"app": app, "severity": severity}}

        def by_sns(message: Config) -> str:
            return self.opened(self.sns(self.topic.notification(message), "grouped"))

        app = fresh("shop")
        first, second = tagged(app), tagged(app)
        ident = by_sns(first)
        message = event(second)
        message["detail"]["alarmTags"] = second["AlarmTags"]
        self.assertEqual(ident, self.opened(http("POST", f"{self.app.url}/sources/grouped-events", message,
                                                 {"X-Api-Key": API_KEY})))
        self.assertNotEqual(ident, by_sns(tagged(fresh("other"))))
        self.assertNotEqual(ident, by_sns(tagged(app, "p1")))
        by_sns(tagged(app, name=first["AlarmName"], state="OK"))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])
        by_sns(tagged(app, name=second["AlarmName"], state="OK"))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_signatures_that_are_none(self) -> None:
        good = self.topic.notification(alarm(fresh("forged"), "ALARM"))
        other = "arn:aws:sns:us-east-1:999999999999:ops-alarms"
        forged: dict[str, tuple[int, Config]] = {
            "another message": (403, {**good, "Message": good["Message"].replace("5.0", "6.0")}),
            "no base64": (403, {**good, "Signature": "!!!"}),
            "a foreign topic, rightly signed": (403, self.topic.signed("Notification", "x", TopicArn=other)),
            "SHA-1, which this source does not allow": (403, self.topic.signed("Notification", "x", digest="sha1")),
            "two hours old": (403, self.topic.signed("Notification", "x", Timestamp=iso(time.time() - 7200))),
            "from the future": (403, self.topic.signed("Notification", "x", Timestamp=iso(time.time() + 900))),
            "no signature": (400, {key: value for key, value in good.items() if key != "Signature"}),
            "no type": (400, {**good, "Type": "Gossip"}),
        }
        before = len(self.app.incidents())
        for why, (status, body) in forged.items():
            with self.subTest(why):
                self.assertEqual(status, self.sns(body).status)
        self.assertEqual(before, len(self.app.incidents()))

    def test_the_header_must_agree(self) -> None:
        body = self.topic.notification(alarm(fresh("header"), "ALARM"))
        answer = self.post("cloudwatch", body, {"x-amz-sns-message-type": "SubscriptionConfirmation"})
        self.assertEqual(400, answer.status)

    def test_sha1_where_it_is_allowed(self) -> None:
        body = self.topic.notification(alarm(fresh("old"), "ALARM"), digest="sha1", Timestamp=iso(time.time() - 9000))
        self.assertEqual(202, self.sns(body, "strict").status)

    def test_a_second_credential_beside_the_signature(self) -> None:
        """SNS tries without the user and password of its address first, and sends them after a 401 that asks."""
        good = self.topic.notification(alarm(fresh("both"), "ALARM"))
        forged = {**good, "Message": good["Message"].replace("5.0", "6.0")}
        right = {"Authorization": basic("sns", PASSWORD)}
        before = len(self.app.incidents())
        first = self.post("both", good)
        self.assertEqual(401, first.status)
        self.assertTrue(first.headers["WWW-Authenticate"].startswith("Basic realm="))
        self.assertEqual(401, self.post("both", good, {"Authorization": basic("sns", "guess")}).status)
        self.assertEqual(403, self.post("both", forged, right).status)
        self.assertEqual(before, len(self.app.incidents()))
        self.opened(self.post("both", good, right))
        self.assertEqual(before + 1, len(self.app.incidents()))

    def test_bodies_that_are_no_message(self) -> None:
        """Refused before anything in them is believed, whatever else they hold."""
        text = json.dumps(self.topic.notification(alarm(fresh("shape"), "ALARM")))
        cases = {
            "NUL": text.replace("ALARM", "AL\x00ARM", 1), "an escaped NUL": text.replace("ALARM", "AL\\u0000ARM", 1),
            "a member twice": text[:-1] + ', "Type": "Notification"}', "an array": f"[{text}]", "text behind": text + "x",
            "not UTF-8": text.encode().replace(b"ALARM", b"AL\xffARM", 1),
        }
        for why, raw in cases.items():
            with self.subTest(why):
                self.assertEqual(400, self.post("cloudwatch", raw if isinstance(raw, bytes) else raw.encode()).status)

    def test_nothing_is_fetched_for_a_stranger(self) -> None:
        """Where the certificate must be fetched, a message that is not ours is refused for good, and not put off."""
        trap = self.box.urls["admin"] + "/trap"
        strangers = {
            "a foreign topic": self.topic.signed("Notification", "x", TopicArn="arn:aws:sns:us-east-1:999999999999:ops-a"),
            "a certificate elsewhere": self.topic.signed("Notification", "x", SigningCertURL=trap),
            "a bucket named sns": self.topic.signed("Notification", "x", SigningCertURL="https://sns.s3-us-east-1."
                                                    "amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"),
        }
        for why, body in strangers.items():
            with self.subTest(why):
                self.assertEqual(403, self.sns(body, "unpinned").status)

    def test_messages_about_the_subscription(self) -> None:
        """Answered and told in the log; the end of one is an incident. The address in them is asked by nobody."""
        trap = self.box.urls["admin"] + "/trap"
        for kind, told, opened in (("SubscriptionConfirmation", "waits for a person", 0),
                                   ("UnsubscribeConfirmation", "the topic was unsubscribed", 1)):
            with self.subTest(kind):
                before = len(self.app.incidents())
                body = self.topic.signed(kind, f"You have chosen: {kind}", Token="2336412f37", SubscribeURL=trap)
                self.assertIn(self.sns(body, "manual").status, (200, 202))
                self.assertEqual(403, self.sns({**body, "Token": "2336412f38"}, "manual").status)
                eventually("it is told", lambda: told in self.app.log.read_text())
                self.assertEqual(before + opened, len(self.app.incidents()))

    def test_a_topic_carries_any_text(self) -> None:
        """Nothing that a mapping knows: kept for people, told as accepted, since a retry would not mend it."""
        text = fresh("the backup is done")
        self.assertEqual(202, self.sns(self.topic.notification(text)).status)
        kept = self.app.api("GET", "/v1/quarantine").json()["items"]
        self.assertEqual(1, len([row for row in kept if text in row["body"]]))


class EventBridge(Sources):
    def test_life(self) -> None:
        name = fresh("event")
        ident = self.opened(self.eventbridge(event(alarm(name, "ALARM"))))
        self.assertEqual(ident, self.opened(self.eventbridge(event(alarm(name, "OK", at=time.time() + 1)))))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])

    def test_why_it_is_over(self) -> None:
        changed = {"detail-type": "CloudWatch Alarm Configuration Change"}
        for over, why in ((lambda name: event(alarm(name, "OK", at=time.time() + 1)), "OK"),
                          (lambda name: event(alarm(name, "OK"), **changed, detail={"alarmName": name, "operation": "delete"}),
                           "alarm deleted")):
            with self.subTest(why):
                name = fresh("why")
                ident = self.opened(self.eventbridge(event(alarm(name, "ALARM", at=time.time() - 60))))
                self.assertEqual(ident, self.opened(self.eventbridge(over(name))))
                self.assertEqual({"code": "alarm_ok", "notes": f"events reports {why}"},
                                 {key: self.app.incident(ident)["resolution"][key] for key in ("code", "notes")})

    def test_a_retry_of_the_same_event(self) -> None:
        body = event(alarm(fresh("retry"), "ALARM"))
        first = self.eventbridge(body)
        before = self.counts(self.opened(first))
        self.assertEqual(200, self.eventbridge(body).status)
        self.assertEqual(before, self.counts(self.opened(first)))

    def test_wrong_key(self) -> None:
        body = event(alarm(fresh("key"), "ALARM"))
        self.assertEqual(403, self.post("events", body, {"X-Api-Key": "no-such-key-0123456789"}).status)
        self.assertEqual(403, self.post("events", body).status, "no scheme could be named in a 401")

    def test_a_custom_event_is_kept(self) -> None:
        body = {"version": "0", "id": fresh("e"), "detail-type": "Order Placed", "source": "shop.orders",
                "account": "123456789012", "time": iso(time.time())[:19] + "Z", "region": "us-east-1",
                "resources": [], "detail": {"order": 7}}
        self.assertEqual(202, self.eventbridge(body).status)
        kept = self.app.api("GET", "/v1/quarantine").json()["items"]
        self.assertTrue([row for row in kept if row["source"] == "events" and "shop.orders" in row["body"]])


class Alertmanager(Sources):
    def test_fire_update_resolve(self) -> None:
        name, now = fresh("Down"), time.time()
        ident = self.opened(self.prom(group(name, alert(name, "a", start=now - 60))))
        more = group(name, alert(name, "a", start=now - 60), alert(name, "b", start=now - 30))
        self.assertEqual(ident, self.opened(self.prom(more)))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])
        half = group(name, alert(name, "a", "resolved", now - 60), alert(name, "b", start=now - 30))
        self.prom(half)
        self.assertEqual("OPEN", self.app.incident(ident)["status"], "b still fires")
        self.prom(group(name, alert(name, "a", "resolved", now - 60), alert(name, "b", "resolved", now - 30)))
        eventually("resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED", 40)

    def test_a_repeat_writes_nothing(self) -> None:
        name, now = fresh("Repeat"), time.time()
        body = group(name, alert(name, "a", start=now - 60))
        ident = self.opened(self.prom(body))
        before = self.counts(ident)
        for _ in range(5):
            answer = self.prom(body)
            self.assertEqual(200, answer.status)
            self.assertEqual([ident], answer.json()["incidents"])
        self.assertEqual(before, self.counts(ident))

    def test_the_same_group_of_another_alertmanager(self) -> None:
        """Who may post for one source ends nothing of the other."""
        name, user = fresh("Latency"), {"Authorization": basic("prom", PASSWORD)}
        mine = self.opened(self.prom(group(name, alert(name, "eu"))))
        theirs = self.opened(self.post("basic", json.dumps(group(name, alert(name, "us"))).encode(), user))
        self.assertNotEqual(mine, theirs)
        over = group(name, alert(name, "us", "resolved", time.time() - 60))
        self.assertEqual(theirs, self.opened(self.post("basic", json.dumps(over).encode(), user)))
        self.assertEqual(("OPEN", "RESOLVED"), tuple(self.app.incident(one)["status"] for one in (mine, theirs)))

    def test_a_key_that_looks_like_another_sources(self) -> None:
        name = fresh("Guessed")
        body = group(name, alert(name, "a"))
        mine = self.opened(self.prom(body))
        guess = "prom/am:" + hashlib.sha256(body["groupKey"].encode()).hexdigest()
        for state in ("ALARM", "OK"):
            self.eventbridge({**event(alarm(name, state, at=time.time() + (state == "OK"))), "resources": [guess]})
        self.assertEqual("OPEN", self.app.incident(mine)["status"])

    def test_a_route_that_groups_by_nothing(self) -> None:
        name = fresh("Everything")
        self.opened(self.prom(group(name, alert(name, "a"))))
        self.assertNotIn("every alert of this route", self.app.log.read_text())
        self.opened(self.prom({**group(name, alert(name, "b")), "groupKey": "{}/{team=\"web\"}:{}"}))
        line = next(line for line in self.app.log.read_text().splitlines() if "every alert of this route" in line)
        self.assertIn("source=prom", line)
        self.assertIn("its group_by is empty", line)

    def test_a_truncated_group_never_resolves(self) -> None:
        """Alertmanager cuts the list before it computes the status: what was cut may fire."""
        name, now = fresh("Cut"), time.time()
        ident = self.opened(self.prom(group(name, alert(name, "a", start=now - 60))))
        self.prom(group(name, alert(name, "a", "resolved", now - 60), truncated=41))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_a_silenced_alert_ends_with_its_group(self) -> None:
        """Its end is never told: the group that is resolved does not list it, and is forgotten by Alertmanager."""
        name, now = fresh("Silenced"), time.time()
        both = group(name, alert(name, "a", start=now - 60), alert(name, "b", start=now - 60))
        ident = self.opened(self.prom(both))
        ended = group(name, alert(name, "a", "resolved", now - 60))
        self.prom(ended)
        eventually("resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED", 40)
        self.assertIn("1 alarms of the group were not told to end: silenced or inhibited at the sender",
                      self.texts(ident))
        self.assertEqual(ident, self.opened(self.prom(both)), "the next outage is told")
        self.prom(ended)
        self.assertEqual("OPEN", self.app.incident(ident)["status"], "a late copy ends nothing")

    def test_a_group_of_more_alerts_than_are_followed(self) -> None:
        name, now = fresh("Many"), time.time()
        rows = [alert(name, f"i{i}", start=now - 60) for i in range(1200)]
        ident = self.opened(self.prom(group(name, *rows)))
        self.assertIn("700 alarms beyond the first 500 of the group are not followed", self.texts(ident))
        self.prom(group(name, *(alert(name, f"i{i}", "resolved", now - 60) for i in reversed(range(1200)))))
        eventually("resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED", 40)

    def test_an_echo_of_the_other_peer(self) -> None:
        """The slower peer of a pair says firing once more, with the same start, after it was resolved."""
        name, now = fresh("Echo"), time.time()
        fires = group(name, alert(name, "a", start=now - 60))
        ident = self.opened(self.app.alarm("echo", fires))
        self.app.alarm("echo", group(name, alert(name, "a", "resolved", now - 60)))
        self.app.alarm("echo", {**fires, "commonAnnotations": {"summary": f"{name} is down", "peer": "2"}})
        eventually("resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED", 40)
        again = group(name, alert(name, "a", start=time.time() + 1))
        self.assertEqual(ident, self.opened(self.app.alarm("echo", again)), "a new start is a new episode")
        self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def echoed(self, source: str, word: str, start_s: float) -> tuple[str, str, Config]:
        """Fires, is over, and fires as it did, or a little earlier: held. The name, the incident, what withdraws it."""
        name, now = fresh(word), time.time()
        ident = self.opened(self.app.alarm(source, group(name, alert(name, "a", start=now - 60))))
        over = group(name, alert(name, "a", "resolved", now - 60))
        self.assertEqual([ident], self.app.alarm(source, over).json()["incidents"])
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        answer = self.app.alarm(source, group(name, alert(name, "a", start=now - 60 - start_s))).json()
        self.assertEqual({"status": "accepted", "incidents": [ident]}, answer)
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        return name, ident, over

    def held(self, source: str) -> float:
        metrics = self.app.api("GET", "/metrics").body.decode()
        found = re.search(rf'tocsin_deliveries_total{{source="{source}",result="held"}} (\d+)', metrics)
        return float(found.group(1)) if found else 0

    def test_an_echo_that_nobody_withdraws(self) -> None:
        """It was true: the sender says it again in hours only, so it fires when the window is over, a kill between."""
        known = {source: self.held(source) for source in ("brief", "by-alert")}
        rows = [(source, *self.echoed(source, word, start_s)) for source, word, start_s in (
            ("brief", "true", 0), ("brief", "joined", 5), ("by-alert", "alone", 0), ("by-alert", "earlier", 5))]
        withdrawn = self.echoed("by-alert", "withdrawn", 0)
        self.app.alarm("by-alert", withdrawn[2])
        self.assertEqual(known["brief"] + 2, self.held("brief"))
        self.assertEqual(known["by-alert"] + 3, self.held("by-alert"))
        self.app.kill()
        self.app.start()
        for source, name, ident, over in rows:
            eventually(f"{name} fires again", lambda ident=ident: self.app.incident(ident)["status"] == "OPEN")
            self.assertIn(f"reopened by source:{source}: {name} on a fires again: told so", self.texts(ident))
            self.assertNotIn("alarms of the group", self.texts(ident))
            self.assertEqual(2, len(self.app.incident(ident)["engagements"]))
            self.app.alarm(source, over)
            self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        self.assertEqual("RESOLVED", self.app.incident(withdrawn[1])["status"])

    def test_an_end_ahead_of_our_clock(self) -> None:
        """It is told once, so it is kept: the incident waits for that instant, and says why."""
        name = fresh("ahead")
        ident = self.opened(self.prom(group(name, alert(name, "a", start=time.time() - 600))))
        ended = group(name, alert(name, "a", "resolved", start=time.time() - 600, end=time.time() + 900))
        self.assertEqual("accepted", self.prom(ended).json()["status"])
        self.assertEqual("OPEN", self.app.incident(ident)["status"])
        self.assertIn("set its clock or ours", self.texts(ident))
        self.assertRegex(self.texts(ident), "is OK; resolves in (89[0-9]|900) s unless it fires again")

    def test_severity_becomes_impact(self) -> None:
        name = fresh("Impact")
        ident = self.opened(self.prom(group(name, alert(name, "a"))))
        self.assertEqual(1, self.app.incident(ident)["impact"], "critical")

    def test_a_template_of_the_user_is_kept(self) -> None:
        body = {"my": "payload", "name": fresh("Custom")}
        self.assertEqual(202, self.prom(body).status)
        kept = self.app.api("GET", "/v1/quarantine").json()["items"]
        self.assertTrue([row for row in kept if body["name"] in row["body"]])


class Storms(Sources):
    def test_what_is_too_much_becomes_one_incident(self) -> None:
        """Three new ones are incidents of their own; the rest of the storm is attached to one more."""
        found = set()
        for _ in range(12):
            name = fresh("Storm")
            found.add(self.opened(self.app.alarm("storm", group(name, alert(name, "a")))))
        self.assertEqual(4, len(found))

    def test_one_is_split_out_on_demand(self) -> None:
        """Of a storm's alarms each can have an incident of its own, with its page."""
        source = "storm-split"
        names = [fresh("Split") for _ in range(3)]
        for name in names:
            storm = self.opened(self.app.alarm(source, group(name, alert(name, "a"))))
        alarms = self.app.api("GET", f"/v1/incidents/{storm}/alarms?limit=1").json()
        self.assertIsNotNone(alarms["next"])
        rest = self.app.api("GET", f"/v1/incidents/{storm}/alarms?next={alarms['next']}").json()
        by_title = {row["title"]: row for row in alarms["items"] + rest["items"]}
        self.assertEqual(2, len(by_title))
        title, row = next((t, r) for t, r in by_title.items() if names[1] in t)
        self.assertEqual(("FIRING", source), (row["state"], row["source"]))
        answer = self.app.api("POST", f"/v1/incidents/{storm}/split", {"alarm": row["id"]})
        self.assertEqual(200, answer.status, answer.body)
        own = answer.json()
        self.assertEqual((title, storm), (own["title"], own["storm"]))
        whole = self.app.incident(own["id"])
        self.assertEqual(names[1], whole["tags"].get("alertname"))
        self.assertIn("http://alertmanager.example.com", [item["value"] for item in whole["related"]])
        self.mail(title)
        again = self.app.api("POST", f"/v1/incidents/{storm}/split", {"alarm": row["id"]})
        self.assertEqual(404, again.status)
        over = self.opened(self.app.alarm(source, group(names[1], alert(names[1], "a", "resolved"))))
        self.assertEqual(own["id"], over)
        self.assertEqual("OPEN", self.app.incident(storm)["status"])


class Credentials(Sources):
    def body(self) -> bytes:
        name = fresh("Auth")
        return json.dumps(group(name, alert(name, "a"))).encode()

    def mac(self, text: bytes, key: str = HMAC_KEY) -> hmac.HMAC:
        return hmac.new(key.encode(), text, hashlib.sha256)

    def test_those_that_are_right(self) -> None:
        now = str(int(time.time())).encode()
        cases: list[tuple[str, typing.Callable[[bytes], dict[str, str]]]] = [
            ("prom", lambda _: {"Authorization": f"Bearer {SOURCE_TOKEN}"}),
            ("prom", lambda _: {"Authorization": f"Bearer {SOURCE_TOKEN}-next"}),
            ("basic", lambda _: {"Authorization": basic("prom", PASSWORD)}),
            ("header", lambda _: {"X-Api-Key": API_KEY}),
            ("hmac", lambda raw: {"X-Signature": "sha256=" + self.mac(raw).hexdigest()}),
            ("hmac-time", lambda raw: {"X-Signature": f"t={now.decode()},v1="
                                       + self.mac(now + b"." + raw).hexdigest()}),
            ("hmac-base64", lambda raw: {"X-Signature": base64.b64encode(self.mac(raw).digest()).decode()}),
            ("either", lambda _: {"Authorization": f"Bearer {SOURCE_TOKEN}"}),
            ("either", lambda _: {"Authorization": basic("prom", PASSWORD)}),
        ]
        for source, headers in cases:
            with self.subTest(source):
                raw = self.body()
                self.assertEqual(202, self.post(source, raw, headers(raw)).status)

    def test_those_that_are_wrong(self) -> None:
        old = str(int(time.time()) - 3600).encode()
        cases: list[tuple[str, int, typing.Callable[[bytes], dict[str, str]]]] = [
            ("prom", 401, lambda _: {"Authorization": "Bearer test-source-0123456789abcdeX"}),
            ("basic", 401, lambda _: {"Authorization": basic("prom", "guess")}),
            ("basic", 401, lambda _: {"Authorization": basic("root", PASSWORD)}),
            ("header", 403, lambda _: {"X-Api-Key": API_KEY + "x"}),
            ("hmac", 403, lambda raw: {"X-Signature": "sha256=" + self.mac(raw + b" ").hexdigest()}),
            ("hmac", 403, lambda raw: {"X-Signature": "sha256=" + self.mac(raw, "another key").hexdigest()}),
            ("hmac-time", 403, lambda raw: {"X-Signature": f"t={old.decode()},v1="
                                            + self.mac(old + b"." + raw).hexdigest()}),
        ]
        for source, status, headers in cases:
            with self.subTest(source):
                raw = self.body()
                answer = self.post(source, raw, headers(raw))
                self.assertEqual(status, answer.status)
                self.assertEqual(status == 401, "WWW-Authenticate" in answer.headers)

    def test_those_that_are_missing(self) -> None:
        for source, scheme in (("prom", "Bearer"), ("basic", "Basic"), ("either", "B")):
            with self.subTest(source):
                answer = self.post(source, self.body())
                self.assertEqual(401, answer.status)
                self.assertTrue(answer.headers["WWW-Authenticate"].startswith(scheme))
        self.assertEqual(403, self.post("hmac", self.body()).status)


class Refusals(Sources):
    def test_bodies_that_are_no_alarm(self) -> None:
        name = fresh("bad")
        deep = "[" * 200 + "]" * 200
        cases = {
            "nothing": b"", "no JSON": b"alarm!", "half": b'{"version": "4"', "not UTF-8": b'{"a": "\xff\xfe"}',
            "a member twice": b'{"version": "4", "version": "4"}', "NUL": b'{"a": "x\x00y"}',
            "too deep": deep.encode(), "two values": b"{} {}", "a number": b"7",
            "a name": json.dumps(name).encode(),
        }
        before = len(self.app.incidents())
        for why, raw in cases.items():
            with self.subTest(why):
                answer = self.post("prom", raw, {"Authorization": f"Bearer {SOURCE_TOKEN}"})
                self.assertEqual(400, answer.status, answer.body)
                self.assertEqual("malformed", answer.json()["error"]["code"])
        self.assertEqual(before, len(self.app.incidents()))

    def test_size(self) -> None:
        name = fresh("Size")
        head = json.dumps(group(name, alert(name, "a")))[:-1] + ', "filler": "'
        for size, status in ((MIB, 202), (MIB + 1, 413)):
            with self.subTest(size=size):
                raw = (head + "x" * (size - len(head) - 2) + '"}').encode()
                self.assertEqual(size, len(raw))
                self.assertEqual(status, self.app_raw(raw))

    def app_raw(self, raw: bytes) -> int:
        """The status, also when the server answers before it has read all and the client gets a broken pipe."""
        try:
            return self.post("prom", raw, {"Authorization": f"Bearer {SOURCE_TOKEN}"}).status
        except ConnectionError:
            self.fail("the answer was lost: the connection was cut before the client could read it")

    def test_places_and_methods(self) -> None:
        self.assertEqual(404, self.post("nowhere", b"{}").status)
        self.assertEqual(404, http("GET", self.app.url + "/nowhere").status)
        answer = http("GET", self.app.url + "/sources/prom")
        self.assertEqual(405, answer.status)
        self.assertIn("POST", answer.headers["Allow"])

    def test_a_refusal_is_counted(self) -> None:
        self.post("prom", b"alarm!", {"Authorization": f"Bearer {SOURCE_TOKEN}"})
        text = http("GET", self.app.url + "/metrics").body.decode()
        self.assertIn('tocsin_deliveries_total{source="prom",result="malformed"}', text)


if __name__ == "__main__":
    unittest.main()
