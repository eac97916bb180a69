"""kill -9 again and again while alarms arrive: nothing that was answered is lost, nothing exists twice."""
from __future__ import annotations

import bisect
import http.client
import json
import os
import random
import re
import signal
import threading
import time
import unittest
from collections import Counter
from urllib.parse import urlsplit

from harness import SOURCE_TOKEN, STORE, Failure, eventually, is_sanitized
from worlds import Config, Scenario, alert, believe_searches, fresh, group

USUAL = 50 if STORE == "sqlite" else 25  # test_nodes.py kills more on PostgreSQL
ROUNDS = int(os.environ.get("TOCSIN_KILLS", 400 if os.environ.get("TOCSIN_DEEP") else USUAL))
SEED = int(os.environ.get("TOCSIN_SEED", str(random.SystemRandom().randrange(1 << 32))))
SENDERS, KILL_MS, PAUSE_MS = 4, 400, (80, 240)
DRAIN_S = 240.0
# Jira answers after a moment, and its search shows an issue seconds later: a look-up after a restart does not see it.
JIRA_ANSWERS_MS, JIRA_LAG_MS, JIRA_BELIEVED = 150, 2000, "4s"
# A send whose result was not durable when the process died is repeated; this long its commit may take.
IN_FLIGHT_MS, LATE_MS = 1500.0, 500.0


class Sender(threading.Thread):
    """Sends alarms one by one; each until it is answered 2xx, as a real sender does."""

    def __init__(self, number: int, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number, self.port, self.stop = number, port, stop
        self.random = random.Random(SEED + 1 + number)
        self.accepted: dict[str, str] = {}  # name -> incident
        self.attempts = self.lost = 0

    def run(self) -> None:
        while not self.stop.is_set():
            name = fresh(f"kill{self.number}")
            self.deliver(name, json.dumps(group(name, alert(name, "a"))).encode())
            time.sleep(self.random.uniform(*PAUSE_MS) / 1000)  # the pace of the sender, awaited by nobody

    def deliver(self, name: str, body: bytes) -> None:
        while name not in self.accepted:
            self.attempts += 1
            try:
                status, answer = self.post(body)
            except (OSError, http.client.HTTPException):
                self.lost += 1
                if self.stop.wait(0.05):
                    return
                continue
            if status in (200, 202):
                (self.accepted[name],) = json.loads(answer)["incidents"]
            elif status != 503:
                raise AssertionError(f"{name}: {status} {answer!r}")

    def post(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/sources/prom", body, {
                "Authorization": f"Bearer {SOURCE_TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Kill(Scenario):
    kills_ms: list[float]

    @classmethod
    def configure(cls, config: Config) -> None:
        for connector in config["connectors"].values():
            connector |= {"concurrency": 16, "rate_per_minute": 60000}
        believe_searches(config, cls.world.folder, jira=JIRA_BELIEVED)
        cls.box.settings(jira={"index_lag_ms": JIRA_LAG_MS})
        cls.box.fault(vendor="jira", action="delay", method="POST", path_re="/issue$", ms=JIRA_ANSWERS_MS, times=0)

    def storm(self) -> dict[str, str]:
        """Kills and starts again while the senders work; what was answered 2xx."""
        stop, rng, self.kills_ms = threading.Event(), random.Random(SEED), []
        senders = [Sender(n, urlsplit(self.app.url).port or 0, stop) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        for _ in range(ROUNDS):
            time.sleep(rng.uniform(0, KILL_MS) / 1000)  # the moment of the kill is what is random
            self.app.kill(signal.SIGKILL)
            self.kills_ms.append(time.monotonic() * 1000)
            self.app.start()
        eventually("every sender got an answer", lambda: all(s.accepted for s in senders))
        stop.set()
        for sender in senders:
            sender.join(60)
            self.assertFalse(sender.is_alive())
        accepted = {name: ident for sender in senders for name, ident in sender.accepted.items()}
        print(f"{ROUNDS} kills, {len(accepted)} alarms answered, {sum(s.lost for s in senders)} connections lost")
        return accepted

    def all_incidents(self) -> list[Config]:
        rows, token = [], ""
        while token is not None:
            answer = self.app.api("GET", "/v1/incidents?limit=200" + (f"&next={token}" if token else "")).json()
            rows += answer["items"]
            token = answer["next"]
        return rows

    def name_of(self, title: str) -> str:
        return title.split(" ")[0]

    def check_incidents(self, accepted: dict[str, str]) -> dict[str, str]:
        """One incident an alarm; name and id of all that exist, also of those whose answer was lost."""
        rows = self.all_incidents()
        found = {self.name_of(row["title"]): row["id"] for row in rows}
        self.assertEqual(len(rows), len(found), "an alarm has two incidents")
        for name, ident in accepted.items():
            self.assertEqual(ident, found.get(name), f"{name} was answered 2xx")
        return found

    def check_tickets(self, names: dict[str, str]) -> None:
        def complete() -> bool:
            counts = self.box.admin("GET", "/counts")
            if any(counts["duplicates"].values()):
                raise RuntimeError(f"tickets exist twice: {counts['duplicates']}")
            wanted = {vendor: len(names) for vendor in counts["tickets"]}
            if counts["tickets"] != wanted:
                raise Failure(f"{counts['tickets']} tickets, wanted are {wanted}")
            return True
        eventually("three tickets an incident", complete, DRAIN_S)
        seen = Counter((row["vendor"], self.name_of(row["title"])) for row in self.box.tickets())
        self.assertEqual({1}, set(seen.values()))
        self.assertEqual(3 * len(names), len(seen))

    def check_look_ups(self) -> None:
        """Some searches came when the issue was there and the index did not show it yet."""
        calls = self.box.calls("jira", "POST", "/rest/api/3/")
        made = {label: call["t_ms"] for call in calls if call["path"].endswith("/issue")
                for label in call["body"]["fields"]["labels"]}
        ages = [call["t_ms"] - made.get(label, call["t_ms"]) for call in calls if call["path"].endswith("/search/jql")
                for label in re.findall('labels = "([^"]+)"', call["body"]["jql"])]
        blind = sum(0 < age < JIRA_LAG_MS for age in ages)
        print(f"{len(ages)} look-ups at Jira, {blind} of them too early to see the issue that was there")
        if not is_sanitized(self.app):  # which may start too late for any
            self.assertTrue(blind)

    def was_in_flight(self, mail: Config) -> bool:
        """Whether a kill came before the result of that mail can have been durable. The mail box may take a mail of a
        process that is dead already."""
        after = bisect.bisect_left(self.kills_ms, mail["t_ms"] - LATE_MS)
        return after < len(self.kills_ms) and self.kills_ms[after] < mail["t_ms"] + IN_FLIGHT_MS

    def check_receipts(self, names: dict[str, str]) -> None:
        """Tocsin knows of one send each: a repeat was of one whose result it never learned."""
        for name, ident in names.items():
            (page,) = (page for row in self.app.incident(ident)["engagements"] for page in row["pages"])
            sent = [row for row in page["receipts"] if row["type"] == "SENT"]
            self.assertEqual((1, 1), (page["sends"], len(sent)), f"{name}: {page}")

    def check_mails(self, names: dict[str, str]) -> None:
        by_name: dict[str, list[Config]] = {}

        def every() -> bool:
            by_name.clear()
            for mail in self.box.mails():
                for name in names_in(mail["subject"]):
                    by_name.setdefault(name, []).append(mail)
            missing = set(names) - set(by_name)
            if missing:
                raise Failure(f"{len(missing)} were not paged, such as {sorted(missing)[0]}")
            return True
        eventually("everybody was paged", every, DRAIN_S)
        twice = 0
        for name, mails in by_name.items():
            twice += len(mails) - 1
            self.assertTrue(all(map(self.was_in_flight, mails[:-1])), f"{name} was paged twice, and no kill was near")
            self.assertEqual(1, len({mail["message_id"] for mail in mails}), f"repeats of {name} are told apart")
        print(f"{len(by_name)} paged, {twice} times once more: the process died while the mail was on its way")

    def test_nothing_is_lost_and_nothing_is_twice(self) -> None:
        print(f"TOCSIN_SEED={SEED} TOCSIN_KILLS={ROUNDS}")
        accepted = self.storm()
        names = self.check_incidents(accepted)
        self.check_tickets(names)
        self.check_look_ups()
        self.check_mails(names)
        self.check_receipts(names)


def names_in(subject: str) -> list[str]:
    return [word for word in subject.split() if word.startswith("kill") and word.count("-") == 2]


if __name__ == "__main__":
    unittest.main()
