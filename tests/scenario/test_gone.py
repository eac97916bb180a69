"""The database is taken away under the running process: senders and probes are told, and it does not come back as
ready by itself; what was accepted goes on from the open file, from which it can be saved."""
from __future__ import annotations

import os
import pathlib
import shutil
import signal
import unittest

from harness import Response, eventually, http
from worlds import VENDORS, Config, Scenario, believe_searches, fresh


class Gone(Scenario):
    """Each test has a process with a fresh data folder."""

    name: str
    data: pathlib.Path
    said: int

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def setUp(self) -> None:
        self.data = self.app.folder / "data"
        self.app.kill()
        shutil.rmtree(self.data, ignore_errors=True)
        self.said = len(self.app.log.read_text())
        self.app.start()

    def log(self) -> str:
        return self.app.log.read_text(errors="replace")[self.said:]

    def ready(self) -> Response:
        return http("GET", self.app.url + "/readyz")

    def check_refuses(self) -> None:
        """A known repeat is no exception: what it repeats would be lost."""
        eventually("it is not ready", lambda: self.ready().status == 503)
        self.assertIn("removed or replaced", self.ready().json()["error"]["message"])
        for name in (fresh("gone"), self.name):
            answer = self.cloudwatch(name)
            self.assertEqual(503, answer.status, answer.body)
            self.assertIn("removed or replaced", answer.json()["error"]["message"])
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertEqual(200, http("GET", self.app.url + "/healthz").status)
        self.assertIn("tocsin_database_gone 1\n", http("GET", self.app.url + "/metrics").body.decode())
        line = next(row for row in self.log().splitlines() if "the database was taken away" in row)
        for words in ("level=error", str(self.data / "tocsin.db"), "tocsin db restore", "start again"):
            self.assertIn(words, line)

    def hold_mail(self) -> None:
        self.box.fault(vendor="smtp", method="MAIL", action="status", status=451, times=0)

    def open_held(self) -> str:
        """An alarm that nobody could be told of yet."""
        self.hold_mail()
        self.name, ident = self.open_one("held")
        self.tickets(self.name)
        return ident

    def test_folder_removed(self) -> None:
        ident = self.open_held()
        shutil.rmtree(self.data, ignore_errors=True)
        self.check_refuses()
        self.box.no_faults()
        self.mail(self.name, timeout=60)
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        self.tickets(self.name, "ACKED", timeout=60)
        self.assertEqual(503, self.ready().status)
        self.assertEqual(1, self.log().count("the database was taken away"))

    def test_another_file_in_its_place(self) -> None:
        self.name, _ = self.open_one("replaced")
        path = self.data / "tocsin.db"
        other = self.data / "other"
        other.write_bytes(b"nobody's")
        os.replace(other, path)
        self.check_refuses()
        self.assertEqual(b"nobody's", path.read_bytes())
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.assertEqual(b"nobody's", path.read_bytes())

    def test_log_removed(self) -> None:
        """Without its log the file lacks what was accepted last."""
        self.name, _ = self.open_one("log")
        (self.data / "tocsin.db-wal").unlink()
        self.check_refuses()

    def test_saved_from_the_open_file(self) -> None:
        ident = self.open_held()
        shutil.rmtree(self.data, ignore_errors=True)
        self.check_refuses()
        self.box.no_faults()
        self.save()
        self.app.start()
        self.assertEqual("OPEN", self.app.incident(ident)["status"])
        self.mail(self.name, timeout=60)
        self.tickets(self.name)

    def save(self) -> None:
        """As README.md says."""
        pid = self.app.child.pid
        os.kill(pid, signal.SIGSTOP)
        self.data.mkdir(mode=0o700)
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            name = pathlib.Path(os.readlink(fd).removesuffix(" (deleted)")).name
            if name in ("tocsin.db", "tocsin.db-wal"):
                shutil.copyfile(fd, self.data / name)
        self.app.kill()


if __name__ == "__main__":
    unittest.main()
