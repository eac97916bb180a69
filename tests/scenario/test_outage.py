"""Pages that reach nobody: a mail server that is away for longer than every plan, and an address that was wrong."""
from __future__ import annotations

import signal
import sys
import unittest
from urllib.parse import urlsplit

from harness import ROOT, eventually, free_port
from worlds import Config, Scenario, changed, contact

sys.path.insert(0, str(ROOT / "tests/sandbox"))
from calls import CallLog  # noqa: E402
from faults import FaultScript  # noqa: E402
from mail import Mailbox  # noqa: E402


class Outage(Scenario):
    def receipts(self, ident: str) -> list[list[str]]:
        return [[row["type"] for row in page["receipts"]]
                for page in self.app.incident(ident)["engagements"][0]["pages"]]

    def letters(self, ident: str) -> list[Config]:
        rows = self.app.api("GET", "/v1/deadletters?limit=200").json()["items"]
        return [row for row in rows if row["incident"] == ident]


class Away(Outage):
    port: int

    @classmethod
    def configure(cls, config: Config) -> None:
        """Both stages of the plan are over after a minute. Nobody listens at the port."""
        cls.port = free_port()
        config["connectors"]["mail"]["url"] = f"smtp://127.0.0.1:{cls.port}"
        stage = {"Targets": [{"ChannelTargetInfo": {"ContactChannelId": "mail"}}]}
        config["resources"]["contacts"] = [
            {**contact("alice"), "Plan": {"Stages": [{"DurationInMinutes": 0, **stage}, {"DurationInMinutes": 1, **stage}]}}]
        config["resources"]["response_plans"][0]["connectors"] = []

    def start_server(self) -> Mailbox:
        box = Mailbox(FaultScript(), CallLog())
        box.start(self.port)
        self.addCleanup(box.stop)
        return box

    def test_the_page_goes_out_when_it_is_back(self) -> None:
        name, ident = self.open_one("away")
        eventually("it is told", lambda: "nobody is reached: no page got through" in self.texts(ident), 60)
        eventually("it goes on", lambda: "tried again in a minute, later every 5" in self.texts(ident), 90)
        eventually("both are given up", lambda: self.receipts(ident) == [["ERROR"], ["ERROR"]], 20)
        box = self.start_server()
        eventually("a mail", lambda: box.list(word=name), 90)
        eventually("it is told too", lambda: "alice is reached by mail after all" in self.texts(ident), 20)
        self.assertEqual(1, len(box.list()), "one of the two pages that were missed")
        self.assertEqual([["ERROR"], ["ERROR", "SENT"]], self.receipts(ident))
        texts = self.texts(ident)
        for once in ("tried again", "nobody is reached", "after all"):
            self.assertEqual(1, texts.count(once), texts)
        self.assertEqual(1, len(self.letters(ident)), "only the page that the later one replaced")
        ack = next(link for link in box.list()[0]["links"] if "/ack/" in link)
        self.assertEqual(urlsplit(self.app.url).port, urlsplit(ack).port)


class WrongAddress(Outage):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["resources"]["response_plans"][0]["connectors"] = []
        config["resources"]["contacts"] = [contact("alice", "mail", retry=0)]
        cls.config = config

    config: Config

    def test_the_address_is_mended(self) -> None:
        """What is refused for good is not tried again by itself: the contact is mended, then its dead letter is retried."""
        self.box.fault(vendor="smtp", action="status", method="RCPT", path_re="^alice@", status=550, times=0)
        name, ident = self.open_one("wrong")
        eventually("it is told", lambda: "nobody is reached: no page got through" in self.texts(ident), 20)
        self.assertNotIn("tried again", self.texts(ident))
        letter, = self.letters(ident)
        channel = {**self.config["resources"]["contact_channels"][0],
                   "DeliveryAddress": {"SimpleAddress": "alice.new@example.com"}}
        self.app.write_config(changed(self.config, "resources", contact_channels=[channel]))
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it was read", lambda: "configuration reloaded" in self.app.log.read_text(), 10)
        answer = self.app.api("POST", f"/v1/deadletters/{letter['id']}/retry", role="manager")
        self.assertEqual(200, answer.status, answer.body)
        self.assertEqual(["alice.new@example.com"], self.mail(name)["to"])
        eventually("it is told too", lambda: "alice is reached by mail after all" in self.texts(ident), 20)
        self.assertEqual([["ERROR", "SENT"]], self.receipts(ident))
        eventually("nothing is left", lambda: not self.letters(ident), 10)

    def test_nobody_is_paged_for_what_is_answered(self) -> None:
        self.box.fault(vendor="smtp", action="status", method="RCPT", path_re="^alice", status=550, times=0)
        for command, why in (("acknowledge", "it is acknowledged"), ("resolve", "it is resolved")):
            name, ident = self.open_one(command)
            letter, = eventually("a dead letter", lambda: self.letters(ident), 20)
            self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/{command}", {}).status)
            answer = self.app.api("POST", f"/v1/deadletters/{letter['id']}/retry", role="manager")
            self.assertEqual(409, answer.status, answer.body)
            self.assertIn(why, answer.body.decode())
            self.assertEqual([letter["id"]], [row["id"] for row in self.letters(ident)])
            self.assertEqual([], self.box.mails(name))
        self.box.no_faults()


class Slow(Outage):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["resources"]["response_plans"][0]["connectors"] = []
        config["resources"]["contacts"] = [contact("alice", "mail", retry=0)]
        config["connectors"]["mail"].update(timeout="1s", concurrency=1)

    def test_an_answer_to_the_text_is_waited_for(self) -> None:
        """The mail is kept, then scanned for longer than the timeout: one mail, of which nothing untrue is told."""
        self.box.fault(vendor="smtp", action="delay", method="DATA", ms=9000, apply=True)
        name, ident = self.open_one("scanned")
        eventually("it is told", lambda: "alice by mail may have arrived: it is not answered yet" in self.texts(ident), 20)
        self.assertNotIn("not sent again", self.texts(ident))
        eventually("it is answered", lambda: self.receipts(ident) == [["SENT"]], 20)
        self.assertEqual(1, len(self.box.mails(name)))
        for untrue in ("could not page", "nobody"):
            self.assertNotIn(untrue, self.texts(ident))

    def test_other_pages_do_not_wait_for_it(self) -> None:
        self.box.fault(vendor="smtp", action="delay", method="DATA", ms=20000, apply=True)
        _, slow = self.open_one("slow")
        name, ident = self.open_one("other")
        eventually("it is sent", lambda: self.receipts(ident) == [["SENT"]], 15)
        self.assertEqual([[]], self.receipts(slow), "its answer is waited for")
        self.assertEqual(1, len(self.box.mails(name)))
        eventually("it is answered", lambda: self.receipts(slow) == [["SENT"]], 30)

    def test_what_may_have_arrived_is_sent_twice_at_most(self) -> None:
        self.box.fault(vendor="smtp", action="drop_after_apply", method="DATA", times=0)
        name, ident = self.open_one("dropped")
        eventually("it is told", lambda: "nobody is known to be reached: a page may have arrived" in self.texts(ident), 20)
        texts = self.texts(ident)
        self.assertIn("alice by mail may have arrived: sent, but the answer was lost", texts)
        self.assertEqual(1, texts.count("not sent again"), texts)
        self.assertNotIn("could not page", texts)
        self.assertEqual(2, len(self.box.mails(name)))
        self.assertEqual([[]], self.receipts(ident))
        self.assertEqual(1, len(self.letters(ident)), "for whoever wants it sent once more")


if __name__ == "__main__":
    unittest.main()
