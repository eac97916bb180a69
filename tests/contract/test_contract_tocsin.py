"""The program's own requests obey the vendors' documents, and so does what they are answered.

The real binary calls the sandbox through prism: create, acknowledge, note, resolve and reopen on ServiceNow, Jira and
PagerDuty (REST and Events v2), and the look-ups after a lost answer. No violation is allowed, on either side.
"""
from __future__ import annotations

import sys
import typing
import unittest

from contract import HERE, Proxies, openapi_folder, skip_if_missing

sys.path.insert(0, str(HERE.parent / "scenario"))

from harness import Failure, Tocsin, World, eventually, http  # noqa: E402
from worlds import (SECRETS, VENDORS, Config, Topic, alert, base_config, believe_searches, fresh,  # noqa: E402
                    group, secret)

SLOW_S = 90.0  # prism takes its time over Jira's document


class Calls(unittest.TestCase):
    proxies: Proxies
    app: Tocsin

    @classmethod
    def setUpClass(cls) -> None:
        cls.proxies = cls.enterClassContext(Proxies(openapi_folder()))
        world = cls.enterClassContext(World())
        urls = {**cls.proxies.url, "smtp": cls.proxies.box.url["smtp"]}
        config = base_config(Topic(world.folder).cert, urls)
        believe_searches(config, world.folder)
        cls.configure(config)
        cls.app = world.tocsin(config, dict(SECRETS))

    @classmethod
    def configure(cls, config: Config) -> None:
        """A class changes the configuration here."""

    def setUp(self) -> None:
        self.proxies.take()

    def tearDown(self) -> None:
        self.proxies.box.admin("DELETE", "/faults")
        self.proxies.check()

    def open_one(self) -> tuple[str, str]:
        name = fresh("Contract")
        answer = self.app.alarm("prom", group(name, alert(name, "a")))
        self.assertEqual(202, answer.status, answer.body)
        return name, str(answer.json()["incidents"][0])

    def tickets(self, name: str, status_class: str, vendors: typing.Sequence[str] = VENDORS) -> list[Config]:
        def ready() -> list[Config]:
            if found := self.proxies.take():
                raise AssertionError("\n".join(map(str, found)))
            rows = [row for row in http("GET", self.proxies.box.url["admin"] + "/tickets").json()["tickets"]
                    if name in row["title"]]
            wanted = [(vendor, status_class) for vendor in sorted(vendors)]
            if sorted((row["vendor"], row["status_class"]) for row in rows) != wanted:
                raise Failure(str([(row["vendor"], row["status"]) for row in rows]))
            return rows
        return typing.cast(list[Config], eventually(f"tickets of {name} {status_class}", ready, SLOW_S))

    def noted(self, name: str, text: str, vendors: typing.Sequence[str]) -> None:
        def ready() -> bool:
            rows = [row for row in http("GET", self.proxies.box.url["admin"] + "/tickets").json()["tickets"]
                    if name in row["title"]]
            return len(rows) == len(vendors) and all(text in str(row["comments"]) for row in rows)
        eventually(f"the note in the tickets of {name}", ready, SLOW_S)

    def command(self, ident: str, verb: str, body: Config | None = None) -> None:
        answer = self.app.api("POST", f"/v1/incidents/{ident}/{verb}", body)
        self.assertEqual(200, answer.status, answer.body)

    def fault(self, **rule: typing.Any) -> None:
        self.proxies.box.admin("POST", "/faults", [rule])


class Tickets(Calls):
    def test_life(self) -> None:
        name, ident = self.open_one()
        self.tickets(name, "OPEN")
        self.command(ident, "acknowledge", {"note": "looking"})
        self.tickets(name, "ACKED")
        text = "the load balancer was restarted: <b>\"näxt\"</b>\n- one\n- two"
        self.command(ident, "notes", {"text": text})
        self.noted(name, "load balancer", VENDORS)
        self.command(ident, "resolve", {"notes": "rolled back"})
        self.tickets(name, "RESOLVED")
        calls = self.proxies.requests
        self.assertGreater(calls, 10, "the calls went through the proxies")

    def test_reopen(self) -> None:
        name, ident = self.open_one()
        self.tickets(name, "OPEN")
        self.command(ident, "resolve")
        self.tickets(name, "RESOLVED")
        self.command(ident, "reopen")

        def followed() -> bool:
            rows = http("GET", self.proxies.box.url["admin"] + "/tickets").json()["tickets"]
            classes = {row["vendor"]: row["status_class"] for row in rows if name in row["title"]}
            return classes["servicenow"] != "RESOLVED" and classes["jira"] != "RESOLVED"
        eventually("tickets are open again", followed, SLOW_S)

    def test_look_up_after_a_lost_answer(self) -> None:
        for vendor, path in (("servicenow", "/table/incident$"), ("jira", "/rest/api/3/issue$"),
                             ("pagerduty", "/incidents$")):
            self.fault(vendor=vendor, action="status", status=504, apply=True, method="POST", path_re=path)
        name, _ = self.open_one()
        self.tickets(name, "OPEN")


class Checks(Calls):
    """A remote that fails again and again is left alone, then asked by CHECK."""

    FAILING = 12

    def breakers(self) -> set[str]:
        rows = self.app.api("GET", "/v1/connectors").json()["items"]
        return {row["breaker"] for row in rows if row["name"] in VENDORS}

    def test_probes(self) -> None:
        for vendor in VENDORS:
            self.fault(vendor=vendor, action="status", status=503, method="POST", times=0)
        names = [self.open_one()[0] for _ in range(self.FAILING)]
        eventually("every breaker is open", lambda: "closed" not in self.breakers(), SLOW_S)
        self.proxies.box.admin("DELETE", "/faults")
        eventually("every breaker is closed", lambda: self.breakers() == {"closed"}, SLOW_S)
        self.tickets(names[-1], "OPEN")


class Events(Calls):
    """PagerDuty by the Events API v2."""

    @classmethod
    def configure(cls, config: Config) -> None:
        config["connectors"]["pagerduty"] = {
            "connector": "pagerduty", "mode": "events", "allow": ["localhost"],
            "events_url": cls.proxies.url["pagerduty_events"], "routing_key": secret("PD_ROUTING")}
        config["resources"]["response_plans"][0]["connectors"] = ["pagerduty"]

    def test_life(self) -> None:
        name, ident = self.open_one()
        self.tickets(name, "OPEN", ("pagerduty",))
        self.command(ident, "acknowledge")
        self.tickets(name, "ACKED", ("pagerduty",))
        self.command(ident, "resolve")
        self.tickets(name, "RESOLVED", ("pagerduty",))


if __name__ == "__main__":
    skip_if_missing()
    unittest.main()
