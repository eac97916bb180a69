#!/usr/bin/python3
"""What two-way sync costs and how soon it is: the figures of a site with ServiceNow, Jira and PagerDuty (the sandbox).

    tests/bench/sync.py [--build build/release] [--only changes,polls,sweep,outage,fanout] [--rounds 3] [--smoke]

changes  a person changes a record, its system sends the webhook: from then until GET /v1/incidents/ID shows the change
polls    the same without webhooks: from the change on
sweep    all records of open incidents are compared after a start: bulk calls, and how long it takes
outage   how soon the records of new incidents are linked in Jira and PagerDuty while ServiceNow works, hangs or refuses
fanout   calls through the connector host a second (bench_fanout)"""
from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time
import typing
from datetime import datetime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from sync_site import QUIET, Client, Failure, Site, eventually, paced  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENDORS = ("jira", "pagerduty", "servicenow")
STEPS: tuple[tuple[dict[str, str], typing.Callable[[typing.Any], bool]], ...] = (
    ({"servicenow": "In Progress", "jira": "In Progress", "pagerduty": "acknowledged"}, lambda row: bool(row["acknowledged"])),
    ({"servicenow": "Resolved", "jira": "Done", "pagerduty": "resolved"}, lambda row: row["status"] == "RESOLVED"),
    ({"servicenow": "New", "jira": "To Do", "pagerduty": "triggered"}, lambda row: row["status"] == "OPEN"))
OFTEN = {"rate_per_minute": 6000}
BULK = {"jira": ("POST", "/rest/api/3/issue/bulkfetch", 100), "servicenow": ("GET", "/api/now/table/incident", 50)}
Rows = dict[str, list[float]]


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def told(what: str, seen: float, form: str, wanted: float, met: bool) -> None:
    print(f"{what:62} {form.format(seen):>9}  goal <= {form.format(wanted)}  {'pass' if met else 'MISS'}", flush=True)


def ms_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def print_rows(rows: Rows) -> None:
    for name, values in rows.items():
        print(f"  {name:24} {len(values):5} times  p50 {statistics.median(values):6.0f} ms  p99 {quantile(values, 0.99):6.0f} ms  "
              f"most {max(values):6.0f} ms")


# -- changes ----------------------------------------------------------------------------------------------------------

class Alarms(threading.Thread):
    """New incidents without tickets beside it, as many a second."""

    def __init__(self, site: Site, rate: float) -> None:
        super().__init__(daemon=True)
        self.site, self.rate, self.ended, self.count = site, rate, threading.Event(), 0

    def run(self) -> None:
        client = Client(self.site.app)
        while not self.ended.wait(1 / self.rate):
            client.open(f"beside-{self.count}", QUIET)
            self.count += 1
        client.close()


def change(site: Site, vendor: str, ident: str, record: str, step: int, by_webhook: bool, timeout: float) -> tuple[str, float]:
    status, is_there = STEPS[step][0][vendor], STEPS[step][1]
    site.person(vendor, record, status)
    begun = time.monotonic()
    if by_webhook:
        site.webhook(vendor, record)
    return vendor, (site.await_change(ident, is_there, timeout) - begun) * 1000


def change_all(site: Site, number: int, rate: float, by_webhook: bool, timeout: float) -> Rows:
    """Each incident is taken up, resolved and reopened, each time in another system."""
    idents = site.open_many([f"sync-{n}" for n in range(number)])
    ret: Rows = {vendor: [] for vendor in VENDORS}
    for step in range(len(STEPS)):
        records = site.records(number)
        calls = []
        for n, ident in enumerate(idents):
            vendor = VENDORS[(n + step) % len(VENDORS)]
            calls.append(functools.partial(change, site, vendor, ident, records[vendor][ident], step, by_webhook, timeout))
        for vendor, ms in paced(calls, rate):
            ret[vendor].append(ms)
    return ret


def settle(options: argparse.Namespace) -> str:
    """How long changes are gathered before they are written: the default, but in a test."""
    return "100ms" if options.smoke else ""


def measure_changes(options: argparse.Namespace) -> None:
    number, rate, beside = (4, 8.0, 20.0) if options.smoke else (options.incidents, options.rate, 50.0)
    with Site(options.build, settle=settle(options), **OFTEN) as site:
        alarms = Alarms(site, beside)
        alarms.start()
        rows = change_all(site, number, rate, True, 30)
        alarms.ended.set()
        alarms.join()
    seen = [ms for values in rows.values() for ms in values]
    if len(seen) != number * len(STEPS) or not alarms.count:
        raise Failure(f"{len(seen)} changes of {number * len(STEPS)}, {alarms.count} incidents beside them")
    print(f"changes: {rate:.0f} a second by people in three systems, each written to the two others; {beside:.0f} new incidents a second "
          f"beside them; {OFTEN['rate_per_minute']} calls a minute and system allowed")
    if not options.smoke:
        print_rows(rows)
        told("from the webhook to the incident, p99, ms", quantile(seen, 0.99), "{:.0f}", 250, quantile(seen, 0.99) <= 250)


def measure_polls(options: argparse.Namespace) -> None:
    number, interval = (2, 1) if options.smoke else (options.incidents // 2, 5)
    draw = random.Random(options.seed)
    with Site(options.build, poll=f"{interval}s", settle=settle(options), **OFTEN) as site:
        rows = change_all(site, number, 3 + draw.random(), False, 60)
    seen = [ms for values in rows.values() for ms in values]
    if len(seen) != number * len(STEPS):
        raise Failure(f"{len(seen)} changes of {number * len(STEPS)}")
    print(f"polls: the same without webhooks, each system asked every {interval} s")
    if not options.smoke:
        wanted = (interval + 1) * 1000
        print_rows(rows)
        told("from the change to the incident, p99, ms", quantile(seen, 0.99), "{:.0f}", wanted, quantile(seen, 0.99) <= wanted)


# -- sweep ------------------------------------------------------------------------------------------------------------

def asked(call: typing.Any, vendor: str) -> list[str]:
    """The records that a bulk call asks for; none: it is another call."""
    if vendor == "jira":
        return [str(ident) for ident in call["body"]["issueIdsOrKeys"]]
    query = "".join(call["query"].get("sysparm_query", []))
    return query.split("sys_idIN")[1].split("^")[0].split(",") if "sys_idIN" in query else []


def bulk(site: Site, vendor: str, since_ms: float) -> list[typing.Any]:
    method, path, _ = BULK[vendor]
    return [call for call in site.boxes[vendor].calls(vendor, method, path)
            if call["path"] == path and call["t_ms"] > since_ms and asked(call, vendor)]


def are_swept(site: Site, since_s: float) -> bool:
    rows = {row["name"]: row["feed"] or {} for row in site.client.ask("GET", "/v1/connectors")["items"]}
    if any(not row.get("swept_at") or ms_of(row["swept_at"]) < since_s * 1000 for row in rows.values()):
        raise Failure(f"{rows}")
    return True


def swept(site: Site, records: dict[str, dict[str, str]], **options: typing.Any) -> dict[str, tuple[int, float]]:
    """A start with everything to compare; vendor -> calls, seconds from the start to the end of the last."""
    begun_ms, begun_s = time.monotonic() * 1000, time.time()
    site.restart(**options)
    eventually("all is swept", lambda: are_swept(site, begun_s), 600)
    ret = {}
    for vendor in BULK:
        calls = bulk(site, vendor, begun_ms)
        idents = [ident for call in calls for ident in asked(call, vendor)]
        if sorted(idents) != sorted(records[vendor].values()):
            raise Failure(f"{vendor}: {len(idents)} records were asked for, {len(records[vendor])} are known")
        known = set(idents)
        single = [call for call in site.boxes[vendor].calls(vendor, "GET") if call["t_ms"] > begun_ms
                  and call["path"].rsplit("/", 1)[-1] in known]
        if single:
            raise Failure(f"{vendor}: nothing had changed, and {len(single)} records were read one by one")
        ret[vendor] = len(calls), (max(call["end_ms"] for call in calls) - begun_ms) / 1000
    return ret


def measure_sweep(options: argparse.Namespace) -> None:
    number = 120 if options.smoke else options.links
    with Site(options.build, vendors=tuple(BULK), concurrency=16, rate_per_minute=60000) as site:
        begun = time.monotonic()
        site.open_many([f"sweep-{n}" for n in range(number)])
        records = site.records(number, timeout=1800)
        print(f"sweep: {number} open incidents, linked in {' and '.join(BULK)} within {time.monotonic() - begun:.0f} s")
        for limit in (60000,) if options.smoke else (60000, 600):
            for vendor, (calls, seconds) in swept(site, records, rate_per_minute=limit).items():
                least = -(-number // BULK[vendor][2])
                print(f"  {vendor:10} {limit:5} calls a minute allowed: {number} links compared by {calls} bulk calls (least: {least}), "
                      f"{seconds:.1f} s after the start of the process")
                if calls != least:
                    raise Failure(f"{vendor}: {calls} bulk calls for {number} links, {least} are enough")


# -- outage -----------------------------------------------------------------------------------------------------------

OTHERS = ("jira", "pagerduty")
MODES: dict[str, dict[str, typing.Any]] = {
    "works": {}, "hangs": {"action": "hang", "ms": 60_000, "times": 0}, "refuses": {"action": "refuse", "ms": 0}}


def linked_ms(row: typing.Any) -> dict[str, float]:
    """By system: from the incident to the line that says that it has a record there."""
    return {vendor: ms_of(event["at"]) - ms_of(row["created_at"]) for event in row["timeline"] for vendor in OTHERS
            if event["actor"] == f"connector:{vendor}" and event["text"].startswith("Created ")}


def measure_mode(options: argparse.Namespace, mode: str, number: int, rate: float) -> list[float]:
    with Site(options.build, rate_per_minute=60000) as site:
        if MODES[mode]:
            site.boxes["servicenow"].fault(vendor="servicenow", **MODES[mode])
        calls = [functools.partial(site.open_many, [f"outage-{n}"], 1) for n in range(number)]
        idents = [ident for result in paced(calls, rate) for ident in result]
        site.records(number, but=() if mode == "works" else ("servicenow",))
        rows = [linked_ms(site.client.incident(ident)) for ident in idents]
        if any(set(row) != set(OTHERS) for row in rows):
            raise Failure(f"no line of a record: {rows}")
        made = len(site.boxes["servicenow"].tickets())
        if made != (number if mode == "works" else 0):
            raise Failure(f"ServiceNow {mode} and has {made} records")
        return [ms for row in rows for ms in row.values()]


def measure_outage(options: argparse.Namespace) -> None:
    number, rate, rounds = (6, 20.0, 1) if options.smoke else (options.creates, 20.0, options.rounds)
    seen: dict[str, list[list[float]]] = {mode: [] for mode in MODES}
    for _, mode in itertools.product(range(rounds), MODES):
        seen[mode].append(measure_mode(options, mode, number, rate))
    print(f"outage: {rate:.0f} new incidents a second with records in three systems, {number} a measurement, {rounds} rounds in turn; from "
          "the incident to the link in Jira and PagerDuty while ServiceNow")
    if options.smoke:
        return
    print_rows({mode: [ms for one in results for ms in one] for mode, results in seen.items()})
    for mode, results in seen.items():
        print(f"  {mode:24} p99 of each round, ms: {', '.join(f'{quantile(one, 0.99):.0f}' for one in results)}")
    for mode in ("hangs", "refuses"):
        ratio = statistics.median(quantile(bad, 0.99) / quantile(good, 0.99) for bad, good in zip(seen[mode], seen["works"]))
        told(f"p99 of the others while ServiceNow {mode}, of that while it works", ratio, "{:.2f}", 1.1, ratio <= 1.1)


# -- fan-out ----------------------------------------------------------------------------------------------------------

def measure_fanout(options: argparse.Namespace) -> None:
    words = ["--requests", "200", "--rounds", "1"] if options.smoke else ["--rounds", str(2 * options.rounds + 1)]
    print("fanout: calls to a sink on loopback, one thread, CPU of the caller alone", flush=True)
    subprocess.run([options.build / "tests/bench/bench_fanout", *words], check=True)


MEASURES: dict[str, typing.Callable[[argparse.Namespace], None]] = {
    "changes": measure_changes, "polls": measure_polls, "sweep": measure_sweep, "outage": measure_outage, "fanout": measure_fanout}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--incidents", type=int, default=120, help="of changes; half of them of polls")
    parser.add_argument("--rate", type=float, default=10.0, help="changes a second")
    parser.add_argument("--links", type=int, default=10_000, help="of each system, of a sweep")
    parser.add_argument("--creates", type=int, default=400, help="incidents of a measurement of an outage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="a few of each, as a test: counts, no times")
    options = parser.parse_args()
    if not options.smoke:
        print(f"Tocsin, the sandbox of each system (Python) and this program on the same {os.cpu_count()} processors; load of the "
              f"machine {os.getloadavg()[0]:.1f}", flush=True)
    for name in options.only.split(","):
        MEASURES[name](options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
