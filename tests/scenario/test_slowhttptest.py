"""A second opinion on slow clients: slowhttptest of Debian, which others wrote, against the front door. While it runs,
somebody honest is served at once, and nothing of it is left."""
from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
import typing
import unittest

from harness import SKIPPED, Failure
from test_http import GET, HONEST_S, Door, Line

CONNECTIONS, LASTS_S, FOLLOW_UP_S, PROBE_S = 400, 8, 1, 3
COLOURS = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
AVAILABLE = re.compile(r"service available: +(\w+)")

# The words of each attack, and the path that it asks for.
ATTACKS: dict[str, tuple[list[str], str]] = {
    "slow heads": (["-H", "-x", "24"], "/healthz"),
    "slow bodies": (["-B", "-s", "8192", "-x", "10"], "/sources/prom"),
    "thousands of ranges": (["-R", "-a", "5", "-b", "3000"], "/metrics"),
    "slow reading": (["-X", "-w", "1", "-y", "64", "-n", "1", "-z", "8", "-k", "5"], "/metrics")}


class Honest(threading.Thread):
    """Asks again and again; the longest that an answer took, and what went wrong."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door, self.stop, self.longest_s, self.problem, self.asked = door, threading.Event(), 0.0, "", 0

    def run(self) -> None:
        try:
            with Line(self.door.app) as line:
                while not self.stop.wait(0.05):
                    began = time.monotonic()
                    self.door.serves(line)
                    line.got = b""
                    self.longest_s = max(self.longest_s, time.monotonic() - began)
                    self.asked += 1
        except (OSError, Failure, AssertionError) as error:
            self.problem = repr(error)

    def __enter__(self) -> "Honest":
        self.start()
        return self

    def __exit__(self, *_: typing.Any) -> None:
        self.stop.set()
        self.join()


class Stranger(Door):
    limits = {"per_address": 2 * CONNECTIONS}

    def attack(self, words: list[str], path: str) -> str:
        general = ["-c", CONNECTIONS, "-r", CONNECTIONS, "-i", FOLLOW_UP_S, "-l", LASTS_S, "-p", PROBE_S]
        done = subprocess.run(["slowhttptest", *words, *map(str, general), "-u", self.app.url + path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * LASTS_S)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return COLOURS.sub("", done.stdout)

    def test_each_attack(self) -> None:
        for name, (words, path) in ATTACKS.items():
            with self.subTest(name):
                before = self.metric("tocsin_connections_total")
                with Honest(self) as honest:
                    said = self.attack(words, path)
                opened = self.metric("tocsin_connections_total") - before
                self.assertGreater(opened, CONNECTIONS, "it did attack")
                self.assertEqual("", honest.problem)
                self.assertGreater(honest.asked, 5)
                self.assertLess(honest.longest_s, HONEST_S)
                verdicts = AVAILABLE.findall(said)
                self.assertEqual({"YES"}, set(verdicts), said)
                print(f"{name}: {opened} connections, {len(verdicts)} verdicts; honest: {honest.asked} answers, "
                      f"{honest.longest_s:.3f} s at most")
                self.nothing_is_left()


if __name__ == "__main__":
    if not shutil.which("slowhttptest"):
        print("SKIP: slowhttptest is not installed")
        sys.exit(SKIPPED)
    unittest.main()
