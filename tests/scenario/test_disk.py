"""A full disk from outside: senders are told to come back, what was accepted goes on, room is enough to be well."""
from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

from harness import SKIPPED, Failure, Response, eventually, http, in_namespaces
from worlds import VENDORS, Config, Scenario, believe_searches, fresh

DISK_BYTES = 64 << 20
RESERVE_BYTES, FREE_BYTES = 8 << 20, 8 << 20  # of a small store
STORM_BYTES = 17 << 18  # for some dozen alarms
MANY = 5000  # alarms that no disk of that size takes
FULL, WELL = "the disk is full: ", "the disk has room again"


class Disk(Scenario):
    """A Tocsin whose data folder is a small file system of its own; each test begins and ends with room on it."""

    data: pathlib.Path

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)
        cls.data = cls.world.folder / "data"
        cls.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tocsin-test", cls.data],
                       check=True)
        # Lazily, since the process that lives there ends after this.
        cls.addClassCleanup(subprocess.run, ["umount", "--lazy", cls.data], check=True)

    def setUp(self) -> None:
        self.refused: list[str] = []  # names of the alarms that were answered 503
        self.accepted: dict[str, str] = {}  # name -> incident
        self.said = len(self.log())

    def tearDown(self) -> None:
        self.box.no_faults()
        self.make_room()
        if self.app.child.poll() is None:
            eventually("it is well", lambda: self.ready().status == 200)

    # -- the disk --------------------------------------------------------------------------------

    def fill(self, but: int = 0) -> None:
        """Takes every block that is left, but so many bytes."""
        with (self.data / "filler").open("ab", buffering=0) as file:
            try:
                while self.free() > but:
                    file.write(bytes(4096))
            except OSError:
                return

    def free(self) -> int:
        found = os.statvfs(self.data)
        return found.f_bavail * found.f_frsize

    def make_room(self) -> None:
        (self.data / "filler").unlink(missing_ok=True)

    # -- what the outside sees -------------------------------------------------------------------

    def log(self) -> str:
        return self.app.log.read_text(errors="replace")

    def count_said(self, words: str) -> int:
        """Lines of the log of this test."""
        return self.log()[self.said:].count(words)

    def ready(self) -> Response:
        return http("GET", self.app.url + "/readyz")

    def metric(self) -> str:
        lines = http("GET", self.app.url + "/metrics").body.decode().splitlines()
        return next(line.split()[1] for line in lines if line.startswith("tocsin_disk_full "))

    def send(self, name: str = "") -> Response:
        """One alarm; remembers what became of it."""
        name = name or fresh("disk")
        answer = self.cloudwatch(name)
        if answer.status == 503:
            self.refused.append(name)
        else:
            self.accepted[name] = self.opened(answer)
        return answer

    def send_until_refused(self) -> Response:
        """The log has room of its own for a while: alarms are taken as long as they can be kept."""
        for _ in range(MANY):
            answer = self.send()
            if answer.status == 503:
                return answer
        raise Failure(f"{MANY} alarms fitted on {DISK_BYTES} bytes")

    def storm_until_refused(self) -> None:
        """Eight senders, each until it is told to come back."""
        threads = [threading.Thread(target=self.send_until_refused) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def become_full(self) -> Response:
        self.fill()
        return self.send_until_refused()

    def check_told(self, answer: Response) -> None:
        self.assertEqual(503, answer.status, answer.body)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertIn("disk is full", answer.json()["error"]["message"])

    def check_kept(self) -> None:
        """Every alarm that was answered 2xx is there once, and nothing of those that were refused."""
        found: dict[str, list[str]] = {}
        token: str | None = ""
        while token is not None:
            page = self.app.api("GET", f"/v1/incidents?limit=100&next={token}" if token
                                else "/v1/incidents?limit=100").json()
            for row in page["items"]:
                found.setdefault(row["title"], []).append(row["id"])
            token = page["next"]
        for name, ident in self.accepted.items():
            self.assertEqual([ident], found.get(name), name)
        for name in self.refused:
            self.assertNotIn(name, found)

    def hold_remotes(self) -> None:
        """Nobody takes a ticket or a mail, so that accepted work waits."""
        for vendor in VENDORS:
            self.box.fault(vendor=vendor, action="status", status=503, times=0)
        self.box.fault(vendor="smtp", method="MAIL", action="status", status=451, times=0)

    def check_served(self, name: str) -> None:
        self.tickets(name, timeout=120)
        self.mail(name, timeout=120)


class Running(Disk):
    def test_senders_and_probes_are_told(self) -> None:
        self.check_told(self.become_full())
        for _ in range(20):
            self.check_told(self.send())
        self.check_told(self.ready())
        self.assertEqual(200, http("GET", self.app.url + "/healthz").status)
        self.assertEqual("1", self.metric())
        self.assertEqual((1, 0), (self.count_said(FULL), self.count_said(WELL)))
        self.assertIn(str(self.data), self.log()[self.said:].split(FULL)[1].splitlines()[0])
        self.check_kept()

    def test_it_is_well_by_itself(self) -> None:
        self.become_full()
        self.make_room()
        eventually("it is well", lambda: self.ready().status == 200)
        again, self.refused = self.refused, []
        for name in again:
            self.assertEqual(202, self.send(name).status)
        self.assertEqual("0", self.metric())
        self.assertEqual((1, 1), (self.count_said(FULL), self.count_said(WELL)))
        self.check_kept()
        self.check_served(again[0])

    def test_accepted_work_goes_on(self) -> None:
        self.hold_remotes()
        name, ident = self.open_one("waits")
        self.check_told(self.become_full())
        self.box.no_faults()
        self.check_served(name)
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        self.tickets(name, "ACKED", timeout=120)
        self.check_told(self.send())
        self.check_told(self.ready())
        self.check_kept()

    def test_a_storm_is_served_on_the_full_disk(self) -> None:
        """Whatever was answered 2xx is mailed, has its tickets and can be acknowledged and resolved, while others hold
        the rest of the disk."""
        self.fill(FREE_BYTES + STORM_BYTES)
        self.storm_until_refused()
        self.fill()
        self.check_told(self.ready())
        self.assertGreater(len(self.accepted), 20)
        for name in self.accepted:
            self.check_served(name)
        for ident in self.accepted.values():
            self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        for name in self.accepted:
            self.tickets(name, "ACKED", timeout=120)
        for ident in self.accepted.values():
            self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/resolve", {}).status)
        self.check_told(self.ready())
        self.assertEqual((1, 0), (self.count_said(FULL), self.count_said(WELL)))
        self.assertEqual(0, self.count_said("store job failed"))
        self.check_kept()

    def test_somebody_else_takes_the_room_too(self) -> None:
        """What cannot be written down waits; with room all of it is done."""
        self.hold_remotes()
        name, self.accepted[name] = self.open_one("late")
        self.check_told(self.become_full())
        self.fill()
        self.box.no_faults()
        self.check_told(self.ready())
        self.assertEqual(200, http("GET", self.app.url + "/healthz").status)
        self.make_room()
        eventually("it is well", lambda: self.ready().status == 200)
        self.check_served(name)
        self.check_kept()


class Restart(Disk):
    def start_full(self) -> None:
        self.app.start(wait=False)
        eventually("it serves", lambda: http("GET", self.app.url + "/healthz").status == 200)
        self.check_told(self.ready())
        self.check_told(self.send())

    def check_recovers(self) -> None:
        self.make_room()
        eventually("it is well", lambda: self.ready().status == 200)
        self.assertEqual(202, self.send().status)
        self.check_kept()

    def test_on_the_reserve_of_the_run_before(self) -> None:
        """The disk filled up while Tocsin was down: nothing but the reserve is left for its own writes."""
        self.hold_remotes()
        name, self.accepted[name] = self.open_one("reserve")
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.assertEqual(RESERVE_BYTES, (self.data / "tocsin.db.reserve").stat().st_size)
        self.fill()
        self.start_full()
        eventually("it says so", lambda: self.count_said(FULL) == 1)
        self.box.no_faults()
        self.check_served(name)
        self.check_recovers()
        self.assertEqual(1, self.count_said(WELL))

    def test_after_kill_on_the_full_disk(self) -> None:
        self.hold_remotes()
        name, self.accepted[name] = self.open_one("killed")
        self.check_told(self.become_full())
        self.app.kill()
        self.start_full()
        self.box.no_faults()
        self.check_served(name)
        self.check_recovers()

    def test_with_nothing_left(self) -> None:
        """No reserve and no room: it ends and says what to do, and leaves everything as it was."""
        self.assertEqual(202, self.send().status)
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        (self.data / "tocsin.db.reserve").unlink()
        self.fill()
        self.app.start(wait=False)
        self.app.child.wait(timeout=60)
        self.assertEqual(1, self.app.kill())
        line = self.log()[self.said:].split("cannot start")[1].splitlines()[0]
        for words in (str(self.data / "tocsin.db"), "no space left", "make room", "start again"):
            self.assertIn(words, line)
        self.make_room()
        self.app.start()
        self.assertEqual(202, self.send().status)
        self.check_kept()


if __name__ == "__main__":
    if not in_namespaces("--mount"):
        print("skipped: no right to mount a file system; run as root")
        sys.exit(SKIPPED)
    unittest.main()
