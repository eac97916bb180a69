#!/usr/bin/python3
"""The memory of a node beside the number of incidents that are open: what it holds of them is in its caches, which are capped.

    tests/bench/memory.py [--build build/release] [--steps 1000,20000,100000] [--smoke]

On SQLite and on Debian's PostgreSQL. Flat: from the second step to the last it grows by less than a tenth and 4 MB."""
from __future__ import annotations

import argparse
import contextlib
import pathlib
import sys

import cluster
import intake
import postgres  # of tests, which cluster makes known

GROWTH, SLACK_MB = 1.1, 4.0


def fill(node: intake.Tocsin, done: int, upto: int) -> None:
    result = intake.load(node, "new", 16, seconds=600, count=upto - done, first=done + 1)
    if result["errors"]:
        raise RuntimeError(f"{result}")


def measure(who: str, node: intake.Tocsin, steps: list[int]) -> list[float]:
    seen, done = list[float](), 0
    for upto in steps:
        fill(node, done, upto)
        done = upto
        seen.append(node.rss_mb())
        print(f"{who:10} {upto:9} open incidents {seen[-1]:7.1f} MB", flush=True)
    return seen


def is_flat(seen: list[float]) -> bool:
    return seen[-1] <= seen[1] * GROWTH + SLACK_MB


def nodes(build: pathlib.Path, stack: contextlib.ExitStack) -> dict[str, intake.Tocsin]:
    found: dict[str, intake.Tocsin] = {"SQLite": stack.enter_context(intake.Tocsin(build))}
    if postgres.binaries():
        server = stack.enter_context(postgres.Server())
        database = stack.enter_context(cluster.Database(server))
        found["PostgreSQL"] = stack.enter_context(cluster.Node(build, database.url(), "node", 0))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=intake.ROOT / "build/release")
    parser.add_argument("--steps", default="1000,20000,100000")
    parser.add_argument("--smoke", action="store_true", help="a few incidents only, as a test")
    options = parser.parse_args()
    steps = [50, 100, 200] if options.smoke else [int(step) for step in options.steps.split(",")]
    with contextlib.ExitStack() as stack:
        found = {who: measure(who, node, steps) for who, node in nodes(options.build, stack).items()}
    if options.smoke:
        return 0
    for who, seen in found.items():
        print(f"{who:10} goal: flat  {'pass' if is_flat(seen) else 'MISS'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
