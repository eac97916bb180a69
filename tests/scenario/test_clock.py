"""Three nodes on one database, one of them with a clock that is set to and fro: no page is early or late, and no time that
the store has of others moves."""
from __future__ import annotations

import os
import struct
import time
import unittest

from harness import Tocsin, World, eventually, http
from worlds import SECRETS, Config, Topic, alert, base_config, contact, fresh, group

SHIM = os.environ.get("TOCSIN_WRONG_CLOCK", "")
RETRY_S, SLACK_S = 60, 3
MOMENT_S = 3  # for what a node does wrong by a clock that was set: its looks are half a second apart
DIFFER, AGREE = "clock and the database's differ", "clock and the database's agree again"


@unittest.skipUnless(SHIM, "there is no library that sets a program's clock")
class Clock(unittest.TestCase):
    def setUp(self) -> None:
        self.world = World("postgres")
        self.world.__enter__()
        self.addCleanup(self.world.__exit__, None, None, None)
        self.clock = self.world.folder / "clock"
        self.set_clock(0)
        self.box = self.world.sandbox()

    def set_clock(self, seconds: int) -> None:
        with open(self.clock, "r+b" if self.clock.exists() else "w+b") as file:
            file.write(struct.pack("=q", seconds))

    def node(self, name: str, **env: str) -> Tocsin:
        folder = self.world.folder / name
        folder.mkdir()
        config: Config = base_config(Topic(folder).cert, self.box.urls)
        config["connectors"] = {"mail": config["connectors"]["mail"]}
        config["resources"]["response_plans"][0]["connectors"] = []
        config["resources"]["contacts"] = [contact("alice", "mail", retry=RETRY_S // 60)]
        config["node"] = name
        return self.world.tocsin(config, {**SECRETS, **env}, folder=folder)

    def ask(self, sql: str) -> list[int]:
        assert self.world.database
        return [int(word) for word in self.world.database.psql(sql).split()]

    def mails_ms(self, word: str) -> list[int]:
        return sorted(int(mail["t_ms"]) for mail in self.box.mails(word))

    def page(self, node: Tocsin) -> str:
        name = fresh("clock")
        self.assertEqual(202, node.alarm("prom", group(name, alert(name, "x"))).status)
        eventually("the first page", lambda: self.mails_ms(name))
        return name

    def stays(self, seconds: float, due: list[int]) -> None:
        """While a mistake would have been made."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.assertEqual(due, self.ask("SELECT due_ms FROM timers ORDER BY due_ms"))

    def told(self, node: Tocsin, what: str, times: int) -> None:
        eventually(f"{times} times: {what}", lambda: node.log.read_text().count(what) == times)

    def ahead_s(self, node: Tocsin) -> float:
        lines = http("GET", node.url + "/metrics").body.decode().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("tocsin_clock_ahead_seconds ")))

    def test_one_wrong_clock_moves_nothing(self) -> None:
        right, wrong = self.node("a"), self.node("b", LD_PRELOAD=SHIM, WRONG_CLOCK=str(self.clock))
        self.node("c")
        first = self.page(right)
        due = self.ask("SELECT due_ms FROM timers ORDER BY due_ms")
        self.assertEqual(1, len(due))
        for times, seconds in enumerate((200, -120, 60), 1):
            self.set_clock(seconds)
            self.told(wrong, DIFFER, times)
            self.assertAlmostEqual(seconds, self.ahead_s(wrong), delta=1)
            self.stays(MOMENT_S, due)
            if seconds == 200:
                self.page(wrong)
                due += self.ask("SELECT MAX(due_ms) FROM timers")
                self.assertAlmostEqual(RETRY_S, due[-1] / 1000 - time.time(), delta=SLACK_S)
            self.set_clock(0)
            self.told(wrong, AGREE, times)
        right.kill()
        right.start()
        self.stays(MOMENT_S, due)
        self.assertEqual(1, len(self.mails_ms(first)), "a page was early")
        eventually("it is paged again", lambda: len(self.mails_ms(first)) > 1, RETRY_S)
        one, two = self.mails_ms(first)
        self.assertTrue(RETRY_S <= (two - one) / 1000 + 0.5 and (two - one) / 1000 < RETRY_S + SLACK_S, (one, two))



if __name__ == "__main__":
    unittest.main()
