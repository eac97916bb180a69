"""Tocsin tells of itself: pages that are due and do not leave are an incident of their own."""
from __future__ import annotations

import json
import socket
import subprocess
import typing
import unittest

from harness import BINARY, eventually, postgres
from worlds import Config, Scenario, changed, contact, mail_channel


class Auditor(Scenario):
    """A mail server that takes connections and never says a word; one mail at a time waits for it."""

    silent: socket.socket

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.silent = socket.create_server(("127.0.0.1", 0), backlog=16)
        cls.addClassCleanup(cls.silent.close)
        config["connectors"]["mail"].update(url=f"smtp://127.0.0.1:{cls.silent.getsockname()[1]}", concurrency=1, timeout="60s")
        config["auditor"] = {"response_plan": "web"}
        config["resources"]["contacts"].append(contact("zoe", "mail"))
        config["resources"]["contact_channels"].append(mail_channel("zoe"))
        for plan in config["resources"]["response_plans"]:
            plan["engagements"] = ["zoe"]
        cls.config = config

    config: Config

    def test_pages_that_do_not_leave(self) -> None:
        for _ in range(3):
            self.open_one("stuck")

        def told() -> Config | None:
            rows = [row for row in self.app.incidents("?status=OPEN") if row["title"].startswith("Tocsin itself")]
            return rows[0] if rows else None
        found = eventually("an incident about itself", told, 60)
        self.assertEqual(1, found["impact"])
        self.assertRegex(self.app.incident(found["id"])["summary"], r"\d+ pages are due since .* and were not given")
        self.assertIn("what is due does not happen", self.app.log.read_text())

    def test_what_is_refused(self) -> None:
        for bad, says in [({"auditor": {"response_plan": "none"}}, "none"), ({"auditor": {}}, "response_plan"),
                          ({"auditor": {"response_plan": "web", "x": 1}}, "$.auditor.x"),
                          ({"sources": {**self.config["sources"], "tocsin": self.config["sources"]["prom"]}},
                           "$.sources.tocsin")]:
            with self.subTest(says):
                path = self.app.folder / "bad.json"
                path.write_text(json.dumps(changed({**self.config, "listen": "127.0.0.1:1"}, **bad)))
                done = subprocess.run([str(BINARY), "check", "--config", str(path)], capture_output=True, text=True,
                                      timeout=60, env=self.env)
                self.assertEqual(1, done.returncode, done.stderr)
                self.assertIn(says, done.stderr)


class Rows(Scenario):
    """Somebody removes from the database what would make the next page go out."""
    store = "postgres"

    @classmethod
    def configure(cls, config: Config) -> None:
        config["auditor"] = {"response_plan": "web"}
        config["resources"]["contacts"] = [contact("alice", "mail", retry=1)]

    def test_a_timer_that_is_lost(self) -> None:
        name, ident = self.open_one("robbed")
        self.mail(name)
        self.linked(ident)
        server = typing.cast(postgres.Server, self.world.database)
        eventually("what is sent is noted, which sets the timer", lambda: server.psql(
            "SELECT count(*) FROM sends WHERE state IN (1, 2)") == "0")
        robbed = server.psql(f"DELETE FROM timers WHERE encode(incident, 'hex') = '{ident.replace('-', '')}' RETURNING 1")
        self.assertEqual("1", robbed)

        def told() -> Config | None:
            rows = [row for row in self.app.incidents() if row["title"].startswith("Tocsin itself: the store lacks")]
            return rows[0] if rows else None
        found = eventually("an incident about itself", told, 60)
        self.assertRegex(self.app.incident(found["id"])["summary"], "1 incidents had no timer.*It is set now")
        eventually("a walk that finds nothing ends it", lambda: self.app.incident(found["id"])["status"] == "RESOLVED", 60)
        self.assertEqual("1", server.psql("SELECT count(*) FROM timers"))


if __name__ == "__main__":
    unittest.main()
