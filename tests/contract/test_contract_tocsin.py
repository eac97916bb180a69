"""The program's own requests obey the vendors' documents, and so does what they are answered.

The real binary calls the sandbox through prism: create, acknowledge, note, resolve and reopen on ServiceNow, Jira and
PagerDuty (REST and Events v2), what it looks up after lost answers, and its probes. No violation is allowed, on either
side; when all tests were run, every request that a connector can send was among them (requests_sent.py).
"""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing
import unittest

from contract import HERE, Proxies, openapi_folder, skip_if_missing
from requests_sent import unlisted, unseen

sys.path.insert(0, str(HERE.parent / "scenario"))

from harness import BINARY, Failure, Tocsin, World, eventually, http  # noqa: E402
from worlds import (SECRETS, VENDORS, Config, Topic, alert, base_config, believe_searches, bearer,  # noqa: E402
                    fresh, group, secret)

SLOW_S = 90.0  # prism takes its time over Jira's document
EVENTS = "events"  # PagerDuty by the Events API v2, of the source and the plan of that name
CREATES = {"servicenow": ("POST", "/table/incident$"), "jira": ("POST", "/rest/api/3/issue$"),
           "pagerduty": ("POST", "/incidents$")}
NOTES = {"servicenow": ("PATCH", "/table/incident/"), "jira": ("POST", "/comment$"), "pagerduty": ("POST", "/notes$")}
COMMENT_PAGE = 100  # that many comments of Jira are looked through in one request


def setUpModule() -> None:
    Calls.proxies = unittest.enterModuleContext(Proxies(openapi_folder()))
    world = unittest.enterModuleContext(World())
    urls = {**Calls.proxies.url, "smtp": Calls.proxies.box.url["smtp"]}
    config = base_config(Topic(world.folder).cert, urls)
    believe_searches(config, world.folder)
    ask_often(config)
    config["connectors"][EVENTS] = {
        "connector": "pagerduty", "mode": "events", "allow": ["localhost"],
        "events_url": urls["pagerduty_events"], "routing_key": secret("PD_ROUTING")}
    config["sources"][EVENTS] = {**config["sources"]["prom"], "response_plan": EVENTS, "auth": bearer()}
    config["resources"]["response_plans"].append({
        "name": EVENTS, "incidentTemplate": {"title": "Web alarm", "impact": 2}, "connectors": [EVENTS]})
    Calls.app = world.tocsin(config, dict(SECRETS))


def ask_often(config: Config) -> None:
    """What people did in a ticket system is found out within seconds."""
    for vendor in VENDORS:
        path = pathlib.Path(config["connectors"][vendor]["mapping"])
        path.write_text(json.dumps({**json.loads(path.read_text()), "poll": {"active": "4s", "idle": "4s"}}))


def tearDownModule() -> None:
    every = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    if Calls.ran == every.countTestCases() and (left := unseen(Calls.proxies.requests)):
        raise AssertionError("\n".join(["requests that no test makes a connector send:", *left]))


class Calls(unittest.TestCase):
    proxies: Proxies
    app: Tocsin
    ran = 0

    def setUp(self) -> None:
        Calls.ran += 1
        self.proxies.take()

    def tearDown(self) -> None:
        self.proxies.box.admin("DELETE", "/faults")
        self.proxies.check()

    def send(self, name: str, source: str = "prom", severity: str = "critical") -> str:
        """The id of the incident that the alarm belongs to."""
        body = group(name, alert(name, "a"))
        body["commonLabels"]["severity"] = body["alerts"][0]["labels"]["severity"] = severity
        answer = self.app.alarm(source, body)
        self.assertEqual(202, answer.status, answer.body)
        return str(answer.json()["incidents"][0])

    def open_one(self, source: str = "prom") -> tuple[str, str]:
        name = fresh("Contract")
        return name, self.send(name, source)

    def rows(self, name: str) -> list[Config]:
        found = http("GET", self.proxies.box.url["admin"] + f"/tickets?word={name}").json()["tickets"]
        return typing.cast(list[Config], found)

    def tickets(self, name: str, status_class: str, vendors: typing.Sequence[str] = VENDORS) -> dict[str, Config]:
        """One of each vendor, in that status."""
        def ready() -> dict[str, Config]:
            if found := self.proxies.take():
                raise AssertionError("\n".join(map(str, found)))
            rows = self.rows(name)
            wanted = [(vendor, status_class) for vendor in sorted(vendors)]
            if sorted((row["vendor"], row["status_class"]) for row in rows) != wanted:
                raise Failure(str([(row["vendor"], row["status"]) for row in rows]))
            return {row["vendor"]: row for row in rows}
        return typing.cast(dict[str, Config], eventually(f"tickets of {name} {status_class}", ready, SLOW_S))

    def in_step(self, ident: str) -> None:
        def ready() -> bool:
            links = self.app.incident(ident)["links"]
            return all(row["state"] == "LINKED" and row["due_at"] is None for row in links)
        eventually(f"nothing is due of {ident}", ready, SLOW_S)

    def noted(self, name: str, text: str) -> None:
        def ready() -> bool:
            rows = self.rows(name)
            return len(rows) == len(VENDORS) and all(text in str(row["comments"]) for row in rows)
        eventually(f"the note in the tickets of {name}", ready, SLOW_S)

    def command(self, ident: str, verb: str, body: Config | None = None) -> None:
        answer = self.app.api("POST", f"/v1/incidents/{ident}/{verb}", body)
        self.assertEqual(200, answer.status, answer.body)

    def fault(self, **rule: typing.Any) -> None:
        self.proxies.box.admin("POST", "/faults", [rule])

    def struck(self) -> list[int]:
        return [row["struck"] for row in self.proxies.box.admin("GET", "/faults")["faults"]]


class Tickets(Calls):
    def test_life(self) -> None:
        name, ident = self.open_one()
        self.tickets(name, "OPEN")
        self.command(ident, "acknowledge", {"note": "looking"})
        self.tickets(name, "ACKED")
        text = "the load balancer was restarted: <b>\"näxt\"</b>\n- one\n- two"
        self.command(ident, "notes", {"text": text})
        self.noted(name, "load balancer")
        self.command(ident, "resolve", {"notes": "rolled back"})
        self.tickets(name, "RESOLVED")

    def test_reopen(self) -> None:
        name, ident = self.open_one()
        self.tickets(name, "OPEN")
        self.command(ident, "resolve")
        self.tickets(name, "RESOLVED")
        self.command(ident, "reopen")

        def followed() -> bool:
            classes = {row["vendor"]: row["status_class"] for row in self.rows(name)}
            return classes["servicenow"] != "RESOLVED" and classes["jira"] != "RESOLVED"
        eventually("tickets are open again", followed, SLOW_S)

    def test_fields_that_change(self) -> None:
        name = fresh("Contract")
        ident = self.send(name, severity="warning")
        self.tickets(name, "OPEN")
        self.in_step(ident)
        self.send(name, severity="critical")
        eventually("Jira has the other priority", lambda: [
            row for row in self.rows(name) if row["vendor"] == "jira" and "Highest" in str(row["fields"])], SLOW_S)

    def test_look_up_after_a_lost_answer(self) -> None:
        for vendor, (method, path) in CREATES.items():
            self.fault(vendor=vendor, action="drop_after_apply", method=method, path_re=path)
        name, ident = self.open_one()
        self.tickets(name, "OPEN")
        self.in_step(ident)
        self.assertEqual([1, 1, 1], self.struck())


class Notes(Calls):
    """A note whose answer was lost is looked for before it is written again."""

    def lose_note(self, action: str) -> tuple[str, dict[str, Config]]:
        """(text, the tickets, which have it once)."""
        name, ident = self.open_one()
        tickets = self.tickets(name, "OPEN")
        self.in_step(ident)
        self.prepare(tickets)
        for vendor, (method, path) in NOTES.items():
            self.fault(vendor=vendor, action=action, method=method, path_re=path)
        text = f"only once {name}"
        self.command(ident, "notes", {"text": text})
        self.noted(name, text)
        self.in_step(ident)
        self.assertEqual([1, 1, 1], self.struck())
        return text, self.tickets(name, "OPEN")

    def prepare(self, tickets: dict[str, Config]) -> None:
        """What a test wants of the vendors before the note."""

    def check_once(self, action: str) -> None:
        text, tickets = self.lose_note(action)
        self.assertEqual([1, 1, 1], [str(row["comments"]).count(text) for row in tickets.values()])

    def test_the_answer_is_lost(self) -> None:
        self.check_once("drop_after_apply")

    def test_it_never_arrived(self) -> None:
        self.check_once("drop_before")


class NotesElsewhere(Notes):
    """The same where ServiceNow shows no journal to the account, and Jira has more comments than come at once."""

    def prepare(self, tickets: dict[str, Config]) -> None:
        box = self.proxies.box
        self.addCleanup(box.admin, "POST", "/settings", {"servicenow": {"journal_hidden": False}})
        box.admin("POST", "/settings", {"servicenow": {"journal_hidden": True}})
        for n in range(COMMENT_PAGE):
            box.admin("POST", f"/tickets/jira/{tickets['jira']['id']}/note", {"text": f"talk {n}"})


class People(Calls):
    """What they do in the ticket systems is asked for: what changed, what it is now, what was said."""

    def person(self, ticket: Config, verb: str, **body: str) -> None:
        self.proxies.box.admin("POST", f"/tickets/{ticket['vendor']}/{ticket['id']}/{verb}", body)

    def test_work_and_words(self) -> None:
        name, ident = self.open_one()
        tickets = self.tickets(name, "OPEN")
        self.in_step(ident)
        self.person(tickets["servicenow"], "status", status="In Progress")  # before anything is said there
        self.tickets(name, "ACKED")
        self.in_step(ident)
        for vendor, ticket in tickets.items():
            self.person(ticket, "note", text=f"said in {vendor}, {name}")

        def are_heard() -> bool:
            texts = [str(row["text"]) for row in self.app.incident(ident)["timeline"]]
            return all(any(f"said in {vendor}, {name}" in text for text in texts) for vendor in VENDORS)
        eventually("what was said is on the timeline", are_heard, SLOW_S)
        for vendor in VENDORS:
            self.noted(name, f"said in {vendor}, {name}")


class Sweeps(Calls):
    """All records are compared, many at once, when somebody asks for it."""

    def test_those_that_can(self) -> None:
        _, ident = self.open_one()
        self.in_step(ident)
        for vendor in ("jira", "servicenow"):
            eventually("it is begun", lambda: self.app.api("POST", f"/v1/connectors/{vendor}/sweep").status == 200, SLOW_S)
            eventually("they are asked for", lambda: not any(row.startswith(f"{vendor}: the versions of many")
                                                            for row in unseen(self.proxies.requests)), SLOW_S)


class Probes(Calls):
    """What an instance is like, asked by `tocsin connector probe`."""

    def test_each_system(self) -> None:
        self.open_one()  # a record to look at
        for vendor in VENDORS:
            done = subprocess.run([str(BINARY), "connector", "probe", vendor, "--config", str(self.app.config_file)],
                                  env={**os.environ, **SECRETS}, capture_output=True, text=True, timeout=SLOW_S)
            self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)
            self.assertIn("URL and credentials work", done.stdout)


class Checks(Calls):
    """A remote that fails again and again is left alone, then asked by CHECK."""

    FAILING = 12

    def breakers(self) -> set[str]:
        rows = self.app.api("GET", "/v1/connectors").json()["items"]
        return {row["breaker"] for row in rows if row["name"] in (*VENDORS, EVENTS)}

    def test_probes(self) -> None:
        for vendor in (*VENDORS, "pagerduty_events"):
            self.fault(vendor=vendor, action="status", status=503, method="POST", times=0)
        names = [self.open_one()[0] for _ in range(self.FAILING)]
        events = [self.open_one(EVENTS)[0] for _ in range(self.FAILING)]
        eventually("every breaker is open", lambda: "closed" not in self.breakers(), SLOW_S)
        self.proxies.box.admin("DELETE", "/faults")
        eventually("every breaker is closed", lambda: self.breakers() == {"closed"}, SLOW_S)
        self.tickets(names[-1], "OPEN")
        self.tickets(events[-1], "OPEN", ("pagerduty",))


class Events(Calls):
    """PagerDuty by the Events API v2."""

    def test_life(self) -> None:
        name, ident = self.open_one(EVENTS)
        self.tickets(name, "OPEN", ("pagerduty",))
        self.command(ident, "acknowledge")
        self.tickets(name, "ACKED", ("pagerduty",))
        self.command(ident, "resolve")
        self.tickets(name, "RESOLVED", ("pagerduty",))


class Sources(Calls):
    def test_every_request_is_listed(self) -> None:
        self.assertEqual([], unlisted(), "add a row to requests_sent.py, and a test that makes a connector send it")


if __name__ == "__main__":
    skip_if_missing()
    unittest.main()
