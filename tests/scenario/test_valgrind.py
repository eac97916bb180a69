"""Hostile bytes and some honest work under memcheck of Debian's valgrind, which finds what no sanitizer looks for: reads
of memory that nobody wrote, in our code and in that of the libraries."""
from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import typing
import unittest

from harness import ROOT, SKIPPED, Tocsin, World, http
from test_config import NOWHERE
from test_http import ANSWERED, REFUSED, Line, delivery
from worlds import SECRETS, Config, Topic, alert, base_config, fresh, group

ERRORS = 99  # exit status: memcheck found some
MEMCHECK = ("valgrind", "--tool=memcheck", f"--suppressions={ROOT}/tests/scenario/valgrind.supp", f"--error-exitcode={ERRORS}", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--num-callers=20")
CLOSED_S = 20.0  # memcheck is slow
SUMMARY = re.compile(r"ERROR SUMMARY: (\d+) errors")


class Watched(Tocsin):
    run_by = MEMCHECK


class Hostile(typing.NamedTuple):
    name: str
    data: bytes
    answers: int  # at most


def of_fuzzer() -> list[Hostile]:
    """The inputs that the fuzzer of the reader begins with."""
    folder = ROOT / "tests/fuzz/corpus/http1"
    return [Hostile(path.name, path.read_bytes(), sys.maxsize) for path in sorted(folder.iterdir())]


def recorded() -> list[Hostile]:
    """Byte strings with what a strict reader says to them."""
    folder = os.environ.get("TOCSIN_HTTP_HOSTILE")
    if not folder:
        print("TOCSIN_HTTP_HOSTILE is not set: without the recorded bytes")
        return []
    rows: list[Config] = json.loads(pathlib.Path(folder, "index.json").read_text())
    return [Hostile(row["name"], pathlib.Path(folder, row["file"]).read_bytes(),
                    row["with_tap"].count("200") + row["name"].startswith("pipelining valid") + 1)
            for row in rows if row["file"]]


class Memcheck(unittest.TestCase):
    def setUp(self) -> None:
        self.world = self.enterContext(World())
        config = base_config(Topic(self.world.folder).cert, NOWHERE)
        del config["connectors"], config["channels"]
        config["resources"] = {"response_plans": [{"name": "web", "incidentTemplate": {"title": "Web", "impact": 2}}]}
        config["trusted_proxies"] = ["127.0.0.2"]
        self.app = Watched(self.world.folder, config, dict(SECRETS), store=self.world.store_url)
        self.addCleanup(self.app.kill)

    def send(self, case: Hostile, in_two: bool) -> None:
        """Whole, or cut in the middle; then no more comes."""
        half = len(case.data) // 2 if in_two else 0
        with Line(self.app, "127.0.0.2" if in_two else "127.0.0.1") as line:
            line.send(case.data[:half])
            line.send(case.data[half:])
            try:
                line.socket.shutdown(socket.SHUT_WR)
            except OSError:  # it was refused and closed already
                pass
            line.wait_closed(CLOSED_S)
            self.assertLessEqual(len(line.statuses()), case.answers, f"{case.name}: {line.got!r}")

    def work(self) -> None:
        """What is honest: alarms in, questions, commands."""
        name = fresh("watched")
        answer = self.app.alarm("prom", group(name, alert(name, "a")), {"X-Forwarded-For": "192.0.2.7"})
        ident = answer.json()["incidents"][0]
        self.assertEqual(202, self.app.alarm("prom", {"nonsense": name}).status)
        for method, path, body in (
                ("POST", f"/v1/incidents/{ident}/acknowledge", {"note": "seen"}), ("GET", f"/v1/incidents/{ident}", None),
                ("POST", f"/v1/incidents/{ident}/resolve", {}), ("GET", "/v1/quarantine", None),
                ("GET", "/v1/incidents?limit=1", None), ("GET", "/v1/nodes", None), ("GET", "/metrics", None)):
            self.assertEqual(200, self.app.api(method, path, body).status, path)
        self.assertEqual(401, http("GET", self.app.url + "/v1/incidents").status)

    def test_no_error_is_found(self) -> None:
        cases = [*of_fuzzer(), *recorded()]
        cases += [Hostile(name, data + delivery(fresh("hidden")), 1) for name, (data, _) in REFUSED.items()]
        cases += [Hostile(name, data, 1) for name, data in ANSWERED.items()]
        for case in cases:
            for in_two in (False, True):
                self.send(case, in_two)
        self.work()
        self.assertEqual(200, http("GET", self.app.url + "/readyz").status)
        status = self.app.kill(signal.SIGTERM)
        said = self.app.log.read_text(errors="replace")
        self.assertEqual(["0"], SUMMARY.findall(said), said[-20000:])
        self.assertEqual(0, status, said[-4000:])
        print(f"{2 * len(cases)} requests")


if __name__ == "__main__":
    if not shutil.which("valgrind"):
        print("SKIP: valgrind is not installed")
        sys.exit(SKIPPED)
    unittest.main()
