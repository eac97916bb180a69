#!/usr/bin/python3
"""How soon a node is there again that has many open incidents: until it is ready, and until it has accepted an alarm.

    tests/bench/restart.py [--build build/release] [--open 1000000] [--rounds 3] [--smoke]

On SQLite, after SIGTERM and after SIGKILL. Every incident has a page that waits for its repetition, so a timer."""
from __future__ import annotations

import argparse
import pathlib
import signal
import statistics
import sys
import time

import intake

READY_GOAL_S = 2.0
AT_ONCE = 50_000  # of one run of the load generator


class Node(intake.Tocsin):
    """Somebody is engaged; nothing sends his mail before the day is over."""

    def config(self) -> intake.Config:
        config = super().config()
        resources = config["resources"]
        resources["contacts"] = [{"Alias": "ana", "Type": "PERSONAL", "Plan": {"Stages": [
            {"DurationInMinutes": 30, "Targets": []},
            {"DurationInMinutes": 30, "Targets": [{"ChannelTargetInfo": {"ContactChannelId": "mail"}}]}]}}]
        resources["contact_channels"] = [
            {"ContactId": "ana", "Name": "mail", "Type": "EMAIL", "DeliveryAddress": {"SimpleAddress": "ana@example.com"}}]
        resources["response_plans"][0]["engagements"] = ["ana"]
        config["connectors"] = {"mail": {"connector": "smtp", "url": "smtp://127.0.0.1:9", "from": "tocsin@example.com",
                                         "allow": ["127.0.0.1"]}}
        config["channels"] = {"EMAIL": {"connector": "mail"}}
        return config


def fill(node: Node, number: int) -> None:
    done = 0
    while done < number:
        some = min(AT_ONCE, number - done)
        result = intake.load(node, "new", 16, seconds=600, count=some, first=done + 1)
        if result["errors"]:
            raise RuntimeError(f"{result}")
        done += some


def end(node: Node, how: signal.Signals) -> None:
    assert node.child
    node.child.send_signal(how)
    node.child.wait(60)


def restart(node: Node, how: signal.Signals, first: int) -> tuple[float, float]:
    """Seconds until it is ready, and until an alarm that is new has its answer."""
    end(node, how)
    node.start()
    begin = time.monotonic()
    intake.load(node, "new", 1, seconds=60, count=1, first=first)
    return node.ready_ms / 1000, node.ready_ms / 1000 + time.monotonic() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=intake.ROOT / "build/release")
    parser.add_argument("--open", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="a few incidents only, as a test")
    options = parser.parse_args()
    number, rounds = (200, 1) if options.smoke else (options.open, options.rounds)
    worst = 0.0
    with Node(options.build) as node:
        fill(node, number)
        for how in (signal.SIGTERM, signal.SIGKILL):
            seen = [restart(node, how, number + 1 + 10 * int(how) + i) for i in range(rounds)]
            ready, accepted = (statistics.median(row[k] for row in seen) for k in (0, 1))
            worst = max(worst, *(row[0] for row in seen))
            print(f"{how.name:8} {number:9} open incidents: ready after {ready:.2f} s, an alarm accepted after {accepted:.2f} s",
                  flush=True)
    if not options.smoke:
        print(f"goal: ready within {READY_GOAL_S} s  {'pass' if worst <= READY_GOAL_S else 'MISS'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
