#!/usr/bin/python3
"""Exactly one ticket an incident and ticket system, whatever is lost and whoever dies.

    tests/torture/creates.py --kill-point FILE [--incidents 200] [--kills 16] [--seed N]

Alarms arrive while Tocsin is killed again and again, half of the times at a labelled point of a create (kill_point.c), the
others at any moment. Meanwhile 30 % of the answers to creates are lost after the ticket system has done what they say, and
Jira's search lags behind its issues. In the end each incident has one record in each system, counted in three ways: by the
marks of the records, by the creates that were carried out, and by what the links say. A failure prints the seed."""
from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from harness import BINARY, SOURCE_TOKEN, STORE, Failure, Sandbox, Tocsin, World, eventually, http as ask  # noqa: E402
from judge_history import bytea, incident_of  # noqa: E402
from worlds import SECRETS, VENDORS, Config, Topic, alert, base_config, believe_searches, group  # noqa: E402

CREATES = {"servicenow": "/api/now/table/incident", "jira": "/rest/api/3/issue", "pagerduty": "/incidents"}
LOST_PERCENT = 30
LAG_MS, BELIEVED = 300, "1s"  # of Jira's index, and when a search that finds nothing is believed
# Of the store there is a sync only where Tocsin has a file.
SYNCS = ("before-sync", "after-sync", "before-result", "after-result")
LABELS = (*(SYNCS if STORE == "sqlite" else ()), "before-create", "after-create", "before-answer", "after-answer")
SENDERS, RANDOM_MS, DIES_S = 8, 400, 60.0


class Torture:
    def __init__(self, world: World, options: argparse.Namespace) -> None:
        self.world, self.options, self.random = world, options, random.Random(options.seed)
        calls = world.folder / "calls"
        self.box: Sandbox = world.sandbox("--calls-log", str(calls))
        self.log, self.rest = calls.open(encoding="utf-8"), ""
        self.made, self.lost = Counter[str](), Counter[str]()
        self.app: Tocsin = world.tocsin(self.config(), dict(SECRETS))
        self.unsent = [f"create-{number}" for number in range(options.incidents)]
        self.accepted: dict[str, str] = {}  # incident -> name
        self.died: Counter[str] = Counter()

    def close(self) -> None:
        self.log.close()

    def config(self) -> Config:
        config = base_config(Topic(self.world.folder).cert, self.box.urls)
        config["resources"]["response_plans"][0]["engagements"] = []
        for vendor in VENDORS:
            config["connectors"][vendor] |= {"concurrency": 16, "rate_per_minute": 60000}
            self.box.fault(vendor=vendor, action="drop_after_apply", method="POST", path_re=CREATES[vendor] + "$", times=0,
                           percent=LOST_PERCENT, seed=self.random.randrange(1 << 32))
        believe_searches(config, self.world.folder, BELIEVED)
        self.box.settings(jira={"index_lag_ms": LAG_MS})
        return config

    # -- alarms in ---------------------------------------------------------------------------------------------------

    def post(self, name: str) -> bool:
        """Whether it was accepted: durable, so never to be sent again."""
        connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)
        try:
            connection.request("POST", "/sources/prom", json.dumps(group(name, alert(name, "a"))), {
                "Authorization": f"Bearer {SOURCE_TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if answer.status not in (200, 202, 503):
            raise Failure(f"{name}: {answer.status} {body!r}")
        if answer.status == 503:
            return False
        self.accepted[json.loads(body)["incidents"][0]] = name
        return True

    def send(self, count: int) -> None:
        """The next of them at once; what is not answered is sent again in another life."""
        batch, self.unsent = self.unsent[:count], self.unsent[count:]
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
            self.unsent += [name for name, taken in zip(batch, pool.map(self.post, batch)) if not taken]

    # -- deaths ------------------------------------------------------------------------------------------------------

    def life(self, label: str, count: int) -> None:
        """One that ends by a kill. At a label: before the creates of its alarms are through, so that it is reached."""
        if label:
            self.app.env["KILL_POINT"] = f"{label}:{self.random.randint(1, max(1, min(count, 24) // 2))}"
            self.app.env["LD_PRELOAD"] = str(self.options.kill_point)
        self.app.start(wait=False)
        self.app.env.pop("KILL_POINT", None), self.app.env.pop("LD_PRELOAD", None)
        self.await_ready_or_dead()
        self.send(count)
        if label:
            eventually(f"it dies at {label}", lambda: self.app.child.poll() is not None, DIES_S)
            if self.app.child.returncode != -signal.SIGKILL:
                raise Failure(f"{label}: it ended with {self.app.child.returncode}:\n{self.app.tail()}")
        else:
            time.sleep(self.random.uniform(0, RANDOM_MS) / 1000)  # the moment of the kill is what is random
        self.app.kill(signal.SIGKILL)
        self.died[label or "any moment"] += 1

    def await_ready_or_dead(self) -> None:
        """What was left by the life before may bring it to its point at once."""
        try:
            self.app.wait_ready()
        except RuntimeError:
            if self.app.child.returncode != -signal.SIGKILL:
                raise

    def lives(self) -> None:
        self.app.kill(signal.SIGKILL)
        kills = self.options.kills
        count = -(-self.options.incidents // (kills + 1))
        for number in range(kills):
            self.life("" if number % 2 else LABELS[number // 2 % len(LABELS)], count)
        self.app.start()
        while self.unsent:
            self.send(len(self.unsent))

    # -- the end -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        wanted = self.options.incidents
        if len(self.accepted) != wanted:
            raise Failure(f"{wanted} alarms opened {len(self.accepted)} incidents")
        eventually("every incident has its tickets", self.is_made, 60 + wanted / 8)
        eventually("every link has its record", self.is_linked, 60 + wanted / 50)
        counts = self.box.admin("GET", "/counts")
        if counts["tickets"] != {vendor: wanted for vendor in VENDORS} or any(counts["duplicates"].values()):
            raise Failure(f"there are other than {wanted} tickets: {counts}")
        self.check_marks()
        self.check_calls()

    def read_calls(self) -> None:
        """Counts the creates since the last time: those that were carried out, and whose answer was lost."""
        for line in iter(self.log.readline, ""):
            self.rest += line
            if not line.endswith("\n"):
                return
            call, self.rest = json.loads(self.rest), ""
            if (call["method"], call["path"]) == ("POST", CREATES.get(call["vendor"])):
                is_lost = call["fault"] == "drop_after_apply"
                self.lost[call["vendor"]] += is_lost
                self.made[call["vendor"]] += is_lost or call["status"] == 201

    def is_made(self) -> bool:
        """By the log alone: to look at all tickets would be work for the sandbox, again and again."""
        self.read_calls()
        if any(self.made[vendor] > self.options.incidents for vendor in VENDORS):
            raise RuntimeError(f"tickets exist twice: {self.box.admin('GET', '/counts')}")
        if any(self.made[vendor] < self.options.incidents for vendor in VENDORS):
            raise Failure(f"{dict(self.made)}")
        return True

    def links(self) -> list[Config]:
        rows, token = [], ""
        while token is not None:
            answer = self.app.api("GET", "/v1/links?limit=200" + (f"&next={token}" if token else "")).json()
            rows += answer["items"]
            token = answer["next"]
        return rows

    def is_linked(self) -> bool:
        states = Counter(row["state"] for row in self.links())
        if states != {"LINKED": len(VENDORS) * self.options.incidents}:
            raise Failure(f"links: {dict(states)}")
        return True

    def check_marks(self) -> None:
        """Each incident's mark is on one record of each system, and that is the one that its link names."""
        tickets = ask("GET", self.box.urls["admin"] + "/tickets", timeout=120).json()["tickets"]
        marked = {(row["vendor"], incident_of(row["marker"])): row["id"] for row in tickets}
        linked = {(row["connector"], bytea(row["incident"])): row["remote_id"] for row in self.links()}
        if marked != linked or {key for _, key in linked} != set(map(bytea, self.accepted)):
            raise Failure(f"links and records differ: {sorted(set(marked.items()) ^ set(linked.items()))[:6]}")

    def check_calls(self) -> None:
        """No create was carried out since, and enough answers were lost."""
        self.read_calls()
        wanted, least = self.options.incidents, self.options.incidents * LOST_PERCENT / 200
        if self.made != {vendor: wanted for vendor in VENDORS}:
            raise Failure(f"{wanted} incidents, creates that were carried out: {dict(self.made)}")
        if any(self.lost[vendor] < least for vendor in VENDORS):
            raise Failure(f"too few answers were lost: {dict(self.lost)}")
        print(f"{wanted} incidents, {sum(self.made.values())} creates carried out: {dict(self.made)}; answers lost: "
              f"{dict(self.lost)}; killed {sum(self.died.values())} times: {dict(self.died)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kill-point", type=pathlib.Path, required=True, help="the library of kill_point.c")
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--kills", type=int, default=16)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TOCSIN_SEED", random.SystemRandom().randrange(1 << 32))))
    options = parser.parse_args()
    print(f"TOCSIN_SEED={options.seed} {options.incidents} incidents, {options.kills} kills, {STORE}", flush=True)
    begun = time.monotonic()
    with World() as world, contextlib.closing(Torture(world, options)) as torture:
        torture.lives()
        print(f"{time.monotonic() - begun:.1f} s until the last kill and every alarm accepted", flush=True)
        torture.check()
    print(f"{time.monotonic() - begun:.1f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
