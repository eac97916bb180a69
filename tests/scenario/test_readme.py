"""The commands of the README work: its blocks marked `sh run` are run, in order, beside a quickstart that is up.

A line of a `text` block right after such a block is what it prints; "..." in it stands for anything.
"""
from __future__ import annotations

import re
import signal
import subprocess
import unittest

from harness import BINARY, ROOT, Process, World, eventually

BLOCK = re.compile(r"^```sh run\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.M | re.S)


def matches(wanted: str, text: str) -> bool:
    """Whether every wanted line appears, in order."""
    pattern = ".*".join(".*".join(map(re.escape, line.strip().split("...")))
                        for line in wanted.splitlines() if line.strip())
    return re.search(pattern, text, re.S) is not None


class Readme(unittest.TestCase):
    def setUp(self) -> None:
        world = self.enterContext(World())
        self.folder, self.processes = world.folder, world.processes
        for name in ("examples", "tests", "mappings", "README.md"):
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "build/release").mkdir(parents=True)
        (self.folder / "build/release/tocsin").symlink_to(BINARY)

    def quickstart(self) -> Process:
        """As a person left it who ran it in another terminal."""
        out = self.folder / "quickstart.log"
        words = f"--port 0 --program {BINARY} --folder {self.folder}/data/quickstart"
        script = f"exec {ROOT}/examples/quickstart.sh {words} > {out}"
        process = Process(["bash", "-c", script], self.folder / "quickstart.err")
        self.processes.append(process)

        def up() -> bool:
            if process.child.poll() is not None:
                raise RuntimeError(process.tail() + out.read_text())
            return "it stays up" in out.read_text()
        eventually("the quickstart is up", up, 120)
        return process

    def second_run(self) -> None:
        """Told at once, before anything is built, and without the words of the first one's logs."""
        done = subprocess.run([str(ROOT / "examples/quickstart.sh"), "--folder", f"{self.folder}/data/quickstart"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, r"^\nquickstart: a quickstart runs in .*; press Ctrl-C in its terminal.*\n$")

    def run_block(self, text: str) -> str:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(0, done.returncode, f"{text}\n{done.stdout}")
        return done.stdout

    def test_matches(self) -> None:
        self.assertTrue(matches("a ... c\nd", "x a b c\ny\nd\n"))
        self.assertFalse(matches("d\na", "a\nd\n"))
        self.assertFalse(matches("a.c", "abc"))

    def test_every_marked_block(self) -> None:
        found = BLOCK.findall((ROOT / "README.md").read_text())
        self.assertGreaterEqual(len(found), 6)
        quickstart = self.quickstart()
        self.second_run()
        for text, wanted in found:
            with self.subTest(text):
                printed = self.run_block(text)
                self.assertTrue(matches(wanted, printed), f"wanted:\n{wanted}\nprinted:\n{printed}")
        self.assertEqual(143, quickstart.kill(signal.SIGTERM))
        pids = subprocess.run(["pgrep", "-f", str(self.folder)], capture_output=True, text=True).stdout.split()
        self.assertEqual([], pids, "processes are left")


if __name__ == "__main__":
    unittest.main()
