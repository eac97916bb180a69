"""Those who use the nodes while the judge torments them: senders of alarms, and people who acknowledge. They go to any
node, again and again, as behind a load balancer, and keep what they were told."""
from __future__ import annotations

import http.client
import json
import random
import threading
import time
import typing
from urllib.parse import urlsplit

from harness import SOURCE_TOKEN, TOKENS, Sandbox
from judge_history import FAILED, OK, UNKNOWN, Row, name_of
from worlds import alert, fresh, group

PACE_S, TRIES, TRY_AGAIN_S, TIMEOUT_S = (0.15, 0.45), 12, (0.05, 0.5), 2.5
CHANGES_MAX = 3  # of an alarm: more would be flapping
NEXT_PAGES_S = 3.0
JSON = {"Content-Type": "application/json"}


class Change(typing.NamedTuple):
    number: int
    state: str
    since: float


class Alarm:
    """One name: fires, is repeated, ends, fires again."""

    def __init__(self, owner: int) -> None:
        self.name, self.incident, self.born_s = fresh(f"judge{owner}"), "", time.monotonic()
        self.now = Change(0, "firing", time.time() - 60)  # read and replaced as a whole: others repeat it

    def turn(self) -> None:
        """Ends, or fires once more."""
        number, state, since = self.now
        self.now = Change(number + 1, *(("resolved", since) if state == "firing" else ("firing", time.time())))

    def body(self, change: "Change") -> bytes:
        return json.dumps(group(self.name, alert(self.name, "a", change.state, change.since))).encode()


def is_undecided(row: Row) -> bool:
    """It was told to ask again, and that what was asked for may be done."""
    return row["status"] == 503 and ('"undecided"' in row["answer"] or "is not known yet" in row["answer"])


class Caller(threading.Thread):
    def __init__(self, seed: str, ports: typing.Sequence[int], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.random, self.ports, self.stop = random.Random(seed), ports, stop
        self.wrong = ""  # an answer that nobody may get

    def ask(self, path: str, body: bytes, headers: dict[str, str], known: typing.Mapping[int, str],
            node: int | None = None) -> Row:
        """One try at one node, any unless told: {t0, t1, node, result, status, answer}. What was never sent, or is
        answered as `known` says, is known; all else may have happened."""
        node = self.random.randrange(len(self.ports)) if node is None else node
        row: Row = {"node": node, "t0": time.monotonic() * 1000, "result": UNKNOWN, "status": 0, "answer": ""}
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[node], timeout=TIMEOUT_S)
        try:
            connection.connect()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            row |= {"answer": answer.read().decode(errors="replace"), "status": answer.status}
            if answer.status in known:
                row["result"] = UNKNOWN if is_undecided(row) else known[answer.status]
            else:
                self.wrong = f"{path}: {answer.status} {row['answer'][:300]}"
        except ConnectionRefusedError:
            row["result"] = FAILED
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        return row | {"t1": time.monotonic() * 1000}


class Sender(Caller):
    """Of `pool`, which all senders share, it repeats anybody's alarms and changes its own."""

    def __init__(self, number: int, seed: str, ports: typing.Sequence[int], stop: threading.Event, pool: list[Alarm],
                 history: list[Row]) -> None:
        super().__init__(f"{seed}/sender/{number}", ports, stop)
        self.number, self.pool, self.history, self.own = number, pool, history, list[Alarm]()

    def run(self) -> None:
        while not self.stop.is_set() and not self.wrong:
            what = self.random.random()
            old = [alarm for alarm in self.own if alarm.now.number < CHANGES_MAX]
            if what < 0.2 and self.pool:
                self.deliver(self.random.choice(self.pool[-20:]))
            elif what < 0.4 and old:
                alarm = self.random.choice(old)
                alarm.turn()
                self.deliver(alarm)
            else:
                self.deliver(self.begin())
            self.stop.wait(self.random.uniform(*PACE_S))

    def begin(self) -> Alarm:
        alarm = Alarm(self.number)
        self.pool.append(alarm)  # others may repeat it at once, by other nodes
        self.own.append(alarm)
        return alarm

    def try_at(self, node: int) -> None:
        """A new alarm to this node, once."""
        self.deliver(self.begin(), 1, node)

    def deliver(self, alarm: Alarm, tries: int = TRIES, node: int | None = None) -> None:
        """Until it is answered 2xx, or the sender gives up."""
        now = alarm.now
        body = alarm.body(now)
        for _ in range(tries):
            row = self.ask("/sources/prom", body, {**JSON, "Authorization": f"Bearer {SOURCE_TOKEN}"},
                           {200: OK, 202: OK, 503: FAILED}, node)
            row |= {"name": alarm.name, "state": now.state, "change": now.number, "incident": "",
                    "who": f"sender{self.number}"}
            if row["result"] == OK:
                (row["incident"],) = json.loads(row["answer"])["incidents"] or [""]
                alarm.incident = row["incident"]
            self.history.append(row)
            if row["result"] == OK or self.stop.wait(self.random.uniform(*TRY_AGAIN_S)):
                return


class People(Caller):
    """Acknowledge some of what is open, by the API or by the link of a mail; the link's path works at any node."""

    def __init__(self, seed: str, ports: typing.Sequence[int], stop: threading.Event, pool: list[Alarm],
                 history: list[Row], box: Sandbox) -> None:
        super().__init__(f"{seed}/people", ports, stop)
        self.pool, self.history, self.box = pool, history, box
        self.links: dict[str, str] = {}
        self.last_mail = 0

    def run(self) -> None:
        turn = 0
        while not self.stop.wait(self.random.uniform(*PACE_S)) and not self.wrong:
            turn += 1
            if turn % 5 == 0:
                self.read_mails()
            open_ = [alarm for alarm in self.whom_to_answer() if alarm.incident]
            if open_:
                self.acknowledge(self.random.choice(open_))

    def whom_to_answer(self) -> list[Alarm]:
        """The latest; or those that are a minute old: the next pages of their plans are due, or have just left."""
        if self.random.random() < 0.7:
            return self.pool[-60:]
        old = time.monotonic() - 60
        return [alarm for alarm in self.pool if abs(alarm.born_s - old) < NEXT_PAGES_S]

    def read_mails(self) -> None:
        for mail in self.box.admin("GET", f"/mails?after={self.last_mail}")["mails"]:
            self.last_mail = mail["id"]
            self.links[name_of(mail["subject"])] = urlsplit(mail["links"][0]).path

    def acknowledge(self, alarm: Alarm) -> None:
        link = self.links.get(alarm.name) if self.random.random() < 0.5 else None
        if link:
            row = self.ask(link, b"", {}, {200: OK, 503: FAILED}) | {"way": "link"}
        else:
            row = self.ask(f"/v1/incidents/{alarm.incident}/acknowledge", b"{}",
                           {**JSON, "Authorization": f"Bearer {TOKENS['responder']}"},
                           {200: OK, 409: FAILED, 503: FAILED}) | {"way": "api"}
        self.history.append(row | {"name": alarm.name, "incident": alarm.incident})
