"""The quickstart as a newcomer runs it: packages, build, story; and words that it refuses before it begins.

Packages are those of stand-ins for dpkg-query and apt-get. The build is configured in earnest, in a folder of its own; that
its commands are there is asked, and then the program under test takes the place of what they would make.
"""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import unittest

from harness import BINARY, ROOT, World

CMAKE = shutil.which("cmake") or "cmake"
PROGRAMS = {
    "cmake": f"""
        echo "$*" >> $HERE/cmake.calls
        case "$1" in
        "$FAILING") exit 1 ;;
        --build) {CMAKE} --build "$2" --target "$4" -- -n > /dev/null && ln -s {BINARY} "$2/$4" ;;
        *) exec {CMAKE} "$@" ;;
        esac""",
    "dpkg-query": """
        case " $MISSING " in *" $3 "*) exit 1 ;; esac
        echo installed""",
    "apt-get": """
        echo "$*" >> $HERE/apt-get.calls
        exit 100""",
    "sudo": """
        exec "$@" """}
BAD_PORTS = ("abc", "", "-1", "8o80", "80", "0x1F90", "08080", "00", "1023", "65536", "99999", "123456", "8080 ", "8080\n8081")


class Quickstart(unittest.TestCase):
    """In a folder that has everything of the repository but what was built."""

    def setUp(self) -> None:
        self.folder = self.enterContext(World()).folder
        self.root, self.bin, self.tmp = self.folder / "tocsin", self.folder / "bin", self.folder / "tmp"
        for folder in (self.root, self.bin, self.tmp):
            folder.mkdir()
        for path in ROOT.iterdir():
            if path.name not in ("build", "data", ".git"):
                (self.root / path.name).symlink_to(path)
        for name, text in PROGRAMS.items():
            (self.bin / name).write_text(f"#!/bin/bash\n{text}\n")
            (self.bin / name).chmod(0o755)

    def run_it(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "HERE": str(self.folder), "TMPDIR": str(self.tmp),
               "FAILING": "nothing", "MISSING": "", **more}
        words = (str(self.root / "examples/quickstart.sh"), *words)
        with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL) as child:
            try:
                out, err = child.communicate(timeout=120)
            except BaseException:
                child.terminate()  # it ends what it began
                raise
        return subprocess.CompletedProcess(words, child.returncode, out, err)

    def calls(self, program: str) -> list[str]:
        path: pathlib.Path = self.folder / f"{program}.calls"
        return path.read_text().splitlines() if path.exists() else []

    def check_nothing_left(self) -> None:
        self.assertEqual([], [*self.tmp.iterdir()])
        self.assertFalse((self.root / "data").exists())


class Words(Quickstart):
    def test_ports(self) -> None:
        told = 'quickstart: --port takes a number from 1024 to 65535, or 0 for a free port, not "%s"\n'
        for port in BAD_PORTS:
            with self.subTest(port):
                done = self.run_it("--once", "--port", port)
                self.assertEqual((2, "", told % port), (done.returncode, done.stdout, done.stderr))
        done = self.run_it("--once", "--port")
        self.assertEqual((2, told % ""), (done.returncode, done.stderr))
        self.assertEqual([], self.calls("cmake"))
        self.check_nothing_left()

    def test_what_is_not_known(self) -> None:
        done = self.run_it("--prot", "8080")
        self.assertEqual(2, done.returncode)
        self.assertIn("--port N", done.stdout)
        self.check_nothing_left()


class Build(Quickstart):
    def test_packages_build_story(self) -> None:
        done = self.run_it("--once", "--port", "0")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"packages \(build run sandbox\): all \d+ are there\n(.*\n)*built in \d+ s\n")
        self.assertIn("three tickets resolved", done.stdout)
        self.assertEqual(["--preset release -DBUILD_TESTING=OFF", f"--build {self.root}/build/release --target tocsin"],
                         self.calls("cmake"))
        self.assertEqual([], self.calls("apt-get"))
        self.check_nothing_left()

    def test_packages_that_are_missing(self) -> None:
        """One list tells which; what apt-get says is shown, and nothing is built without them."""
        done = self.run_it("--once", MISSING="ninja-build python3-aiosmtpd")
        self.assertEqual(1, done.returncode)
        self.assertIn("packages (build run sandbox): installing ninja-build python3-aiosmtpd\n", done.stdout)
        self.assertIn("quickstart: packages are missing; see above", done.stderr)
        self.assertEqual(["update -q"], self.calls("apt-get"))
        self.assertEqual([], self.calls("cmake"))
        self.check_nothing_left()

    def test_a_build_that_fails(self) -> None:
        for failing, words in (("--preset", f"cmake failed; try: cd {self.root} && cmake --preset release"),
                               ("--build", "the build failed; see above")):
            with self.subTest(failing):
                done = self.run_it("--once", FAILING=failing)
                self.assertEqual(1, done.returncode)
                self.assertIn(f"quickstart: {words}", done.stderr)
                self.check_nothing_left()


if __name__ == "__main__":
    unittest.main()
