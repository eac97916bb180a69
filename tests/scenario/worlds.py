"""The configuration that scenario tests start from, the alarms they send, and a test case that shares one world."""
from __future__ import annotations

import copy
import hashlib
import itertools
import json
import pathlib
import sys
import time
import typing
import unittest

from harness import ROOT, SOURCE_TOKEN, TOKENS, Failure, Response, Sandbox, Tocsin, World, eventually, http

sys.path.insert(0, str(ROOT / "examples/quickstart"))
from cloudwatch import ACCOUNT, REGION, TOPIC, Topic, alarm, iso  # noqa: E402, F401

Config = dict[str, typing.Any]
VENDORS = ("jira", "pagerduty", "servicenow")
API_KEY, PASSWORD, HMAC_KEY = "test-api-key-0123456789", "test-password-0123456789", "test-hmac-key-0123456789"
SECRETS = {
    "SOURCE_TOKEN": SOURCE_TOKEN, "SOURCE_TOKEN_NEXT": SOURCE_TOKEN + "-next", "API_KEY": API_KEY,
    "BASIC_PASSWORD": PASSWORD, "HMAC_KEY": HMAC_KEY, "SNOW_PASSWORD": "sandbox-password",
    "JIRA_TOKEN": "sandbox-token", "PD_KEY": "sandbox-pd-key", "PD_ROUTING": "R0SANDBOX0SANDBOX0SANDBOX0SANDBX",
    "SMTP_PASSWORD": "sandbox-password", **{f"TOKEN_{role.upper()}": value for role, value in TOKENS.items()}}


def secret(name: str) -> dict[str, str]:
    return {"env": name}


def bearer() -> Config:
    return {"kind": "bearer", "secrets": [secret("SOURCE_TOKEN"), secret("SOURCE_TOKEN_NEXT")]}


def sources(cert: pathlib.Path) -> Config:
    many = {"response_plan": "web", "storm_new": 1_000_000}  # tests open more incidents than a team would like
    return {
        "cloudwatch": {"kind": "cloudwatch-sns", **many,
                       "auth": {"kind": "sns", "topics": [f"arn:aws:sns:{REGION}:{ACCOUNT}:ops-*"],
                                "cert_file": str(cert)}},
        "events": {"kind": "eventbridge", **many,
                   "auth": {"kind": "header", "header": "X-Api-Key", "secret": secret("API_KEY")}},
        "prom": {"kind": "alertmanager", **many, "auth": bearer()}}


def connectors(urls: typing.Mapping[str, str]) -> Config:
    local: Config = {"allow": ["localhost"]}
    # By default an acknowledged ticket is left to the people who work on it when the alarm ends.
    soon: Config = {"settle": "200ms"}
    always: Config = {"settings": {"auto_resolve": "always", **soon}}
    return {
        "servicenow": {"connector": "servicenow", "url": urls["servicenow"], "user": "tocsin.integration",
                       "password": secret("SNOW_PASSWORD"), **local, **always},
        "jira": {"connector": "jira", "url": urls["jira"], "user": "tocsin@example.com",
                 "token": secret("JIRA_TOKEN"), "project": "OPS", **local, **always},
        "pagerduty": {"connector": "pagerduty", "url": urls["pagerduty"], "events_url": urls["pagerduty_events"],
                      "token": secret("PD_KEY"), "from": "oncall-bot@example.com", "service": "PF9KMXH", "settings": soon, **local},
        "mail": {"connector": "smtp", "url": urls["smtp"], "from": "tocsin@example.com", **local}}


def believe_searches(config: Config, folder: pathlib.Path, visibility: str = "1s", **others: str) -> None:
    """After a lost create a search that finds nothing is believed that much later (others: by vendor), not only when the
    vendor's index must have caught up (Jira: 90 s); the sandbox's lags when it is told to."""
    for vendor in VENDORS:
        quick = folder / f"quick-{vendor}.json"
        quick.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": f"quick-{vendor}",
                                     "extends": f"connectors/{vendor}",
                                     "find": {"visibility": others.get(vendor, visibility)}}))
        config["connectors"][vendor]["mapping"] = str(quick)


def contact(alias: str, *channels: str, retry: int = 0) -> Config:
    targets = [{"ChannelTargetInfo": {"ContactChannelId": name, "RetryIntervalInMinutes": retry}}
               for name in channels]
    return {"Alias": alias, "DisplayName": alias.title(), "Type": "PERSONAL",
            "Plan": {"Stages": [{"DurationInMinutes": 5, "Targets": targets}]}}


def mail_channel(alias: str, name: str = "mail") -> Config:
    return {"ContactId": alias, "Name": name, "Type": "EMAIL",
            "DeliveryAddress": {"SimpleAddress": f"{alias}@example.com"}}


def base_config(cert: pathlib.Path, urls: typing.Mapping[str, str]) -> Config:
    """Three sources, three ticket systems, one person who gets mail."""
    return {
        "account_id": ACCOUNT, "region": REGION, "log": {"level": "info"},
        "limits": {"per_address": 512},
        "tokens": [{"name": role, "role": role, "token": secret(f"TOKEN_{role.upper()}")} for role in TOKENS],
        "sources": sources(cert), "connectors": connectors(urls), "channels": {"EMAIL": {"connector": "mail"}},
        "resources": {
            "contacts": [contact("alice", "mail")], "contact_channels": [mail_channel("alice")],
            "response_plans": [{"name": "web", "incidentTemplate": {"title": "Web alarm", "impact": 2},
                                "engagements": ["alice"], "connectors": list(VENDORS)}]}}


_numbers = itertools.count(1)


def fresh(word: str = "alarm") -> str:
    """A name that no other alarm of this run has."""
    return f"{word}-{next(_numbers)}-{time.monotonic_ns() % 1_000_000}"


def event(message: Config, **members: typing.Any) -> Config:
    """The EventBridge event of the same alarm as the SNS message `message`."""
    arn, state = message["AlarmArn"], message["NewStateValue"]
    reason = {"reason": message["NewStateReason"], "timestamp": message["StateChangeTime"], "value": state}
    dimensions = {row["name"]: row["value"] for row in message["Trigger"]["Dimensions"]}
    metric = {"namespace": message["Trigger"]["Namespace"], "name": message["Trigger"]["MetricName"],
              "dimensions": dimensions}
    return {
        "version": "0", "id": fresh("c4c1c1c9"), "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch", "account": ACCOUNT, "time": iso(time.time())[:19] + "Z", "region": REGION,
        "resources": [arn],
        "detail": {
            "alarmName": message["AlarmName"], "state": reason,
            "previousState": {"value": message["OldStateValue"], "timestamp": iso(0)[:-1] + "+0000"},
            "configuration": {"metrics": [{"id": "m1", "returnData": True, "metricStat": {
                "metric": metric, "period": 60, "stat": "Sum"}}]}}, **members}


def alert(name: str, instance: str, status: str = "firing", start: float | None = None,
          end: float | None = None) -> Config:
    start = time.time() - 60 if start is None else start
    return {
        "status": status, "labels": {"alertname": name, "instance": instance, "severity": "critical"},
        "annotations": {"summary": f"{name} on {instance}", "description": "It is down."},
        "startsAt": iso(start), "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else iso(end or time.time()),
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": hashlib.sha256(f"{name} {instance}".encode()).hexdigest()[:16]}


def group(name: str, *alerts: Config, truncated: int = 0, receiver: str = "tocsin") -> Config:
    """An Alertmanager message of the group {alertname=NAME}."""
    firing = any(row["status"] == "firing" for row in alerts)
    return {
        "version": "4", "groupKey": f'{{}}:{{alertname="{name}"}}', "truncatedAlerts": truncated,
        "status": "firing" if firing else "resolved", "receiver": receiver, "groupLabels": {"alertname": name},
        "commonLabels": {"alertname": name, "severity": "critical"},
        "commonAnnotations": {"summary": f"{name} is down"}, "externalURL": "http://alertmanager.example.com",
        "alerts": list(alerts)}


class Scenario(unittest.TestCase):
    """Tests of one class share one sandbox and one Tocsin; each sends alarms with names of its own."""

    store = ""  # see World
    world: World
    box: Sandbox
    app: Tocsin
    topic: Topic
    env: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World(cls.store))
        cls.box = cls.world.sandbox(*cls.sandbox_options())
        cls.topic = Topic(cls.world.folder)
        cls.env = dict(SECRETS)
        config = base_config(cls.topic.cert, cls.box.urls)
        cls.configure(config)
        cls.app = cls.world.tocsin(config, cls.env)

    @classmethod
    def sandbox_options(cls) -> typing.Sequence[str]:
        """A class names options of the sandbox here."""
        return ()

    @classmethod
    def configure(cls, config: Config) -> None:
        """A class changes the configuration here."""

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        before = len(result.failures) + len(result.errors) if result else 0
        answer = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.world.show_logs()
        return answer

    # -- alarms in -------------------------------------------------------------------------------

    def cloudwatch(self, name: str, state: str = "ALARM", **more: typing.Any) -> Response:
        """A CloudWatch alarm through SNS, signed."""
        return self.sns(self.topic.notification(alarm(name, state, **more)))

    def sns(self, body: Config, source: str = "cloudwatch") -> Response:
        return http("POST", f"{self.app.url}/sources/{source}", body, {
            "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": body["Type"]})

    def eventbridge(self, body: Config) -> Response:
        return http("POST", f"{self.app.url}/sources/events", body, {"X-Api-Key": API_KEY})

    def prom(self, body: Config) -> Response:
        return self.app.alarm("prom", body)

    def opened(self, answer: Response) -> str:
        """The id of the one incident that an accepted delivery is about."""
        self.assertIn(answer.status, (200, 202), answer.body)
        found = answer.json()["incidents"]
        self.assertEqual(1, len(found), answer.body)
        return str(found[0])

    def open_one(self, word: str = "alarm") -> tuple[str, str]:
        """(name, id) of a fresh incident."""
        name = fresh(word)
        return name, self.opened(self.cloudwatch(name))

    # -- what came of them -----------------------------------------------------------------------

    def tickets(self, name: str, status_class: str = "", vendors: typing.Sequence[str] = VENDORS,
                timeout: float = 30, only: typing.Sequence[str] = VENDORS) -> dict[str, Config]:
        """Waits for exactly one ticket a vendor with that name in its title (and that status class); looks at the
        vendors in only."""
        def ready() -> dict[str, Config]:
            rows = [row for row in self.box.tickets(name) if row["vendor"] in only]
            found = {row["vendor"]: row for row in rows}
            if len(found) != len(rows):
                raise RuntimeError(f"a ticket exists twice: {rows}")
            wrong = {row["vendor"]: row["status"] for row in rows if status_class not in ("", row["status_class"])}
            if sorted(found) != sorted(vendors) or wrong:
                raise Failure(f"tickets of {sorted(found)}, not {status_class or 'there'}: {wrong}")
            return found
        return typing.cast(dict[str, Config], eventually(f"tickets of {name} {status_class}", ready, timeout))

    def mail(self, name: str, timeout: float = 20) -> Config:
        return typing.cast(Config, eventually(f"mail about {name}", lambda: self.box.mails(name), timeout)[0])

    def types(self, ident: str) -> list[str]:
        """The types of the timeline's events, in order."""
        return [row["type"] for row in self.app.incident(ident)["timeline"]]

    def texts(self, ident: str) -> str:
        return "\n".join(str(row["text"]) for row in self.app.incident(ident)["timeline"])

    def linked(self, ident: str, vendors: typing.Sequence[str] = VENDORS, timeout: float = 30) -> dict[str, Config]:
        """Waits until every link of the incident has its record and nothing is due."""
        def ready() -> dict[str, Config] | None:
            links = {row["connector"]: row for row in self.app.incident(ident)["links"]}
            if sorted(links) != sorted(vendors):
                raise Failure(f"links: {sorted(links)}")
            return links if all(row["state"] == "LINKED" for row in links.values()) else None
        return typing.cast(dict[str, Config], eventually(f"links of {ident}", ready, timeout))


def changed(config: Config, *path: str, **members: typing.Any) -> Config:
    """A copy with the object at `path` changed."""
    whole = copy.deepcopy(config)
    at = whole
    for name in path:
        at = at[name]
    at.update(members)
    return whole
