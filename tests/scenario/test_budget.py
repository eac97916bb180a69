"""The page budget of a person: what is too much at once waits, and comes as one mail; nothing of it is lost."""
from __future__ import annotations

import itertools
import json
import subprocess
import typing
import unittest
from urllib.parse import urlsplit

from harness import BINARY, SOURCE_TOKEN, eventually, http
from worlds import Config, Scenario, alert, contact, fresh, group, mail_channel

PEOPLE = ("flora", "karl", "uma", "slow", "rosa", "nora")
LATE = "Tocsin itself: what is due does not happen"
DIGEST = "incidents wait for you"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WORDS = {1: "critical", 3: "warning"}


class Budget(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        resources, source = config["resources"], config["sources"]["prom"]
        config["auditor"] = {"response_plan": "web"}
        config["connectors"]["mail"] |= {"rate_per_minute": 60000, "timeout": "60s"}
        for name in PEOPLE:
            person = contact(name, "mail") | {"PageBudget": {"Pages": 3, "PerMinutes": 1}}
            resources["contacts"].append(person)
            resources["contact_channels"].append(mail_channel(name))
            resources["response_plans"].append({"name": name, "incidentTemplate": {"title": "Alarm", "impact": 3},
                                                "engagements": [name]})
            config["sources"][name] = source | {"response_plan": name}

    # -- what arrives ----------------------------------------------------------------------------

    def warning(self, word: str, impact: int = 3) -> tuple[str, Config]:
        name = fresh(word)
        row = alert(name, "a")
        row["labels"]["severity"] = WORDS[impact]
        body = group(name, row)
        body["commonLabels"]["severity"] = WORDS[impact]
        return name, body

    def alarm(self, person: str, word: str, impact: int = 3) -> tuple[str, str]:
        """(name, id) of a fresh incident of that person."""
        name, body = self.warning(word, impact)
        return name, self.opened(self.app.alarm(person, body))

    def alarms(self, person: str, word: str, n: int) -> dict[str, str]:
        """name -> id"""
        return dict(self.alarm(person, word) for _ in range(n))

    def mails(self, person: str) -> list[Config]:
        return [mail for mail in self.box.mails() if mail["to"] == [f"{person}@example.com"]]

    def digests(self, person: str) -> list[Config]:
        return [mail for mail in self.mails(person) if DIGEST in mail["subject"]]

    def arrived(self, person: str, n: int, timeout: float = 40) -> list[Config]:
        eventually(f"{n} mails to {person}", lambda: len(self.mails(person)) >= n, timeout)
        return self.mails(person)

    def receipts(self, ident: str) -> list[str]:
        return [row["type"] for one in self.app.incident(ident)["engagements"] for page in one["pages"]
                for row in page["receipts"]]

    def is_sent(self, idents: typing.Iterable[str]) -> None:
        """Each page has left, once."""
        for ident in idents:
            self.assertEqual(["SENT"], eventually(f"a receipt of {ident}", lambda: self.receipts(ident)))

    def acknowledges(self, mail: Config, ident_of: dict[str, str]) -> None:
        """Each link of the mail is of one incident, and answers it."""
        links = [link for link in mail["links"] if urlsplit(link).path.startswith("/ack/")]
        self.assertEqual(len(ident_of), len(links))
        for link in links:
            self.assertEqual(200, http("POST", link, b"", FORM).status)
        for ident in ident_of.values():
            self.assertTrue(self.app.incident(ident)["acknowledged"], ident)

    def explain(self, ident: str) -> str:
        return subprocess.run([str(BINARY), "explain", ident, "--config", str(self.app.config_file), "--data",
                               str(self.app.folder / "data")], capture_output=True, text=True, timeout=60,
                              env=self.env, check=True).stdout

    # -- tests -----------------------------------------------------------------------------------

    def test_twenty_at_once(self) -> None:
        ident_of = self.alarms("flora", "flood", 20)
        first = self.arrived("flora", 3)
        alone = {name for name in ident_of for mail in first if name in mail["subject"]}
        self.assertEqual((3, 3), (len(first), len(alone)), [mail["subject"] for mail in first])
        held = {name: ident for name, ident in ident_of.items() if name not in alone}
        some = next(iter(held.values()))
        self.assertRegex(self.explain(some), r"(?m)^\d.* will page flora by mail: waits for flora's budget of 3 pages in 1 min$")
        urgent, ident = self.alarm("flora", "urgent", impact=1)
        eventually("what is urgent passes at once", lambda: self.box.mails(urgent), 5)
        self.assertEqual([], self.digests("flora"))

        digest = self.arrived("flora", 5)[-1]
        self.assertEqual(5, len(self.mails("flora")))
        self.assertTrue(digest["subject"].startswith(f"17 {DIGEST}, the most severe: [3] "), digest["subject"])
        for name in ident_of:
            self.assertEqual(name in held, name in digest["text"], name)
        self.assertEqual("", digest["html"])
        self.is_sent([*ident_of.values(), ident])
        told = self.app.incident(some)
        said = "held back by flora's budget of 3 pages in 1 min, sent with 16 others"
        self.assertEqual(1, self.texts(some).count(f"page of flora by mail: {said}"))
        self.assertEqual(said, told["engagements"][0]["pages"][0]["receipts"][0]["note"])
        self.assertIn(said, self.explain(some))
        self.assertNotIn("budget", self.texts(ident))
        self.acknowledges(digest, held)
        self.assertNotIn(LATE, [row["title"] for row in self.app.incidents("?limit=200")], "it was not late, but held back")

    def test_killed_while_they_wait_and_in_flight(self) -> None:
        ident_of = self.alarms("karl", "killed", 8)
        first = self.arrived("karl", 3)
        self.app.kill()
        self.app.start()
        self.box.fault(vendor="smtp", action="delay", method="RCPT", path_re="^karl", ms=30000)
        eventually("the digest is on its way", lambda: self.world.store.rows(
            "SELECT id FROM sends WHERE contact = 'karl' AND state = 2 AND is_paid = 1")[4:], 40)
        self.app.kill()
        self.box.no_faults()
        self.app.start()
        mails = self.arrived("karl", 4, 15)  # its token was taken before the kill
        self.assertEqual(4, len(mails))
        alone = {name for name in ident_of for mail in first if name in mail["subject"]}
        held = {name: ident for name, ident in ident_of.items() if name not in alone}
        self.assertEqual(5, len(held))
        self.assertIn(f"5 {DIGEST}", mails[-1]["subject"])
        self.is_sent(ident_of.values())
        self.acknowledges(mails[-1], held)

    def test_what_is_answered_meanwhile_is_not_sent(self) -> None:
        ident_of = self.alarms("uma", "answered", 6)
        first = self.arrived("uma", 3)
        held = {name: ident for name, ident in ident_of.items() if not any(name in mail["subject"] for mail in first)}
        answered, *rest = held
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{held[answered]}/acknowledge").status)
        digest = self.arrived("uma", 4)[-1]
        self.assertIn(f"2 {DIGEST}", digest["subject"])
        self.assertNotIn(answered, digest["text"])
        self.acknowledges(digest, {name: held[name] for name in rest})
        self.assertEqual([], self.receipts(held[answered]))

    def test_what_becomes_urgent_waits_no_longer(self) -> None:
        ident_of = self.alarms("rosa", "worse", 4)
        first = self.arrived("rosa", 3)
        (name,) = [name for name in ident_of if not any(name in mail["subject"] for mail in first)]
        row = alert(name, "b")
        body = group(name, alert(name, "a"), row)
        self.opened(self.app.alarm("rosa", body))
        self.assertEqual(1, self.app.incident(ident_of[name])["impact"])
        self.assertIn("[1] ", eventually("it passes", lambda: self.box.mails(name), 5)[0]["subject"])

    def test_two_nodes(self) -> None:
        """They share the budget, and make one digest."""
        if not self.world.database:
            self.skipTest("SQLite has one")
        folder = self.world.folder / "other"
        folder.mkdir()
        config = json.loads(self.app.config_file.read_text()) | {"node": "other"}
        other = self.world.tocsin(config, self.env, folder=folder, store=self.world.store_url)
        nodes = itertools.cycle((self.app.url, other.url))
        ident_of = {}
        for _ in range(20):
            name, body = self.warning("shared")
            ident_of[name] = self.opened(http("POST", f"{next(nodes)}/sources/nora", body, {
                "Authorization": f"Bearer {SOURCE_TOKEN}"}))
        mails = self.arrived("nora", 4)
        self.is_sent(ident_of.values())
        self.assertEqual(4, len(self.mails("nora")))
        self.assertIn(f"17 {DIGEST}", mails[-1]["subject"])
        self.assertEqual("", other.end())

    def test_a_server_that_refuses_costs_no_tokens(self) -> None:
        """What does not leave gives its token back: three are tried in turn, and all go when the server takes them."""
        self.box.fault(vendor="smtp", action="status", method="RCPT", path_re="^slow", status=451, times=6)
        ident_of = self.alarms("slow", "refused", 3)
        self.assertEqual(3, len(self.arrived("slow", 3, 15)))
        self.is_sent(ident_of.values())


class ByChannel(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["channels"]["EMAIL"]["budget"] = {"pages": 1, "per_seconds": 4}
        resources = config["resources"]
        resources["contacts"].append(contact("olga", "mail") | {"PageBudget": {"Pages": 9, "PerMinutes": 1}})
        resources["contact_channels"].append(mail_channel("olga"))
        resources["response_plans"].append({"name": "olga", "incidentTemplate": {"title": "Own", "impact": 3}, "engagements": ["olga"]})

    def start(self, plan: str, impact: int = 3) -> str:
        body = {"response_plan": plan, "title": fresh("channel"), "impact": impact}
        return str(self.app.api("POST", "/v1/incidents", body).json()["id"])

    def note(self, ident: str) -> str:
        """Of the page's receipt."""
        def receipts() -> list[Config]:
            return typing.cast(list[Config], self.app.incident(ident)["engagements"][0]["pages"][0]["receipts"])
        return str(eventually(f"a receipt of {ident}", receipts, 20)[0]["note"])

    def test_what_is_too_much_by_a_channel_waits(self) -> None:
        first, second = self.start("web"), self.start("web")
        urgent = self.start("web", impact=1)
        own = [self.start("olga") for _ in range(3)]
        self.assertNotIn("held back", self.note(first))
        self.assertIn("held back by alice's budget of 1 page in 4 s", self.note(second))
        for ident in (urgent, *own):
            self.assertNotIn("held back", self.note(ident))


if __name__ == "__main__":
    unittest.main()
