"""tocsin db: a backup under load, a restore that sends nothing by itself, a move to PostgreSQL and back."""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import stat
import subprocess
import threading
import time
import typing
import unittest

from harness import BINARY, Failure, Tocsin, eventually, http, of_sqlite, postgres
from stores import HOUR_MS, Postgres, Sqlite, Store, age, incidents_of
from worlds import VENDORS, Config, Scenario, alert, believe_searches, contact, fresh, group


def run(app: Tocsin, *words: str, data: pathlib.Path | None = None, code: int = 0) -> str:
    """tocsin db WORDS; what it said."""
    argv = [str(BINARY), "db", *words]
    if words[0] != "copy":
        argv += ["--config", str(app.config_file), "--data", str(data or app.folder / "data")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **app.env})
    if done.returncode != code:
        raise Failure(f"{argv} ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Load:
    """Alarms, one after the other, for the time of a with block; ids of the incidents that were accepted. Not as fast as it
    goes: all of them are copied and compared, and a slower machine had the more of them."""

    PAUSE_S = 0.02

    def __init__(self, app: Tocsin) -> None:
        self.app, self.ids = app, list[str]()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.send)

    def send(self) -> None:
        while not self.is_over.wait(self.PAUSE_S):
            name = fresh("load")
            with contextlib.suppress(OSError):
                answer = self.app.alarm("load", group(name, alert(name, "a")))
                if answer.status == 202:
                    self.ids += answer.json()["incidents"]

    def __enter__(self) -> "Load":
        self.thread.start()
        self.at_least(5)
        return self

    def at_least(self, more: int) -> list[str]:
        """Waits for so many more; all that are known to be durable then."""
        wanted = len(self.ids) + more
        eventually("alarms are accepted", lambda: len(self.ids) >= wanted, 60)
        return list(self.ids)

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()


def config_of(app: Tocsin) -> Config:
    return typing.cast(Config, json.loads(app.config_file.read_text()))


def keys(ids: typing.Iterable[str]) -> set[str]:
    return {ident.replace("-", "") for ident in ids}


class Loaded(Scenario):
    """With a source for load: its alarms leave the mail box and the ticket systems to the others."""

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)
        config["resources"]["contacts"] = [contact("alice", "mail", retry=3)]  # so that there is a next step
        config["sources"]["load"] = {**config["sources"]["prom"], "response_plan": "load"}
        config["resources"]["response_plans"].append({
            "name": "load", "incidentTemplate": {"title": "Load", "impact": 4}})


@of_sqlite
class Backup(Loaded):
    """PostgreSQL has tools of its own for that."""

    def backup(self) -> pathlib.Path:
        path = self.world.folder / fresh("backup")
        self.assertIn("good", run(self.app, "backup", "--to", str(path)))
        return path

    def test_a_backup_under_load_has_all_that_was_accepted(self) -> None:
        with Load(self.app) as load:
            for _ in range(3):
                known = load.at_least(20)
                path = self.backup()
                self.assertLessEqual(keys(known), incidents_of(Sqlite(path)))
                self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))
            self.assertIn("good", run(self.app, "check"))
        self.assertEqual([], list(self.world.folder.glob("*.part*")))

    def test_a_backup_overwrites_nothing(self) -> None:
        path = self.backup()
        before = path.read_bytes()
        self.assertIn("exists", run(self.app, "backup", "--to", str(path), code=1))
        self.assertEqual(before, path.read_bytes())
        self.assertIn("No such file", run(self.app, "backup", "--to", str(self.world.folder / "none/x"), code=1))

    def test_restore_refuses_what_would_lose_something(self) -> None:
        path = self.backup()
        self.assertIn("--replace", run(self.app, "restore", "--from", str(path), code=1))
        self.assertIn("a running tocsin uses", run(self.app, "restore", "--from", str(path), "--replace", code=1))
        broken = self.world.folder / fresh("broken")
        whole = path.read_bytes()
        broken.write_bytes(whole[:len(whole) // 2])
        data = self.world.folder / fresh("data")
        self.assertIn("damaged", run(self.app, "restore", "--from", str(broken), data=data, code=1))
        self.assertEqual([], list(data.iterdir()))
        self.assertEqual(200, http("GET", self.app.url + "/readyz").status)

    def test_restore_into_a_fresh_folder(self) -> None:
        name, ident = self.open_one("fresh")
        self.tickets(name, "OPEN")
        path, folder = self.backup(), self.world.folder / fresh("app")
        folder.mkdir()
        run(self.app, "restore", "--from", str(path), data=folder / "data")
        self.app.kill(signal.SIGTERM)
        other = Tocsin(folder, config_of(self.app), self.env)
        try:
            self.assertIn(name, other.incident(ident)["title"])
            self.assertIn("good", run(other, "check"))
        finally:
            self.assertEqual("", other.end())
            self.app.start()

    def test_restore_keeps_what_it_replaces(self) -> None:
        path = self.backup()
        _, ident = self.open_one("kept")
        self.app.kill(signal.SIGKILL)
        said = run(self.app, "restore", "--from", str(path), "--replace")
        kept = pathlib.Path(said.split("kept as ")[1].splitlines()[0])
        self.assertIn(ident.replace("-", ""), incidents_of(Sqlite(kept)))
        self.assertNotIn(ident.replace("-", ""), incidents_of(self.world.store))
        self.app.start()


class Restored(Loaded):
    """From a backup of Tocsin's, or from one of PostgreSQL's with `tocsin db hold` after it."""

    def backup(self) -> Store:
        database = self.world.database
        if isinstance(database, postgres.Database):
            copy = database.copy()
            self.addCleanup(copy.end)
            return Postgres(copy)
        path = self.world.folder / fresh("backup")
        run(self.app, "backup", "--to", str(path))
        return Sqlite(path)

    def restore(self, backup: Store) -> None:
        if isinstance(backup, Sqlite):
            run(self.app, "restore", "--from", str(backup.path), "--replace")
            return
        here, there = self.world.database, backup.database
        assert isinstance(here, postgres.Database) and isinstance(there, postgres.Database)
        here.become(there)
        run(self.app, "hold")

    def faults(self) -> None:
        """Nothing reaches anybody."""
        self.addCleanup(self.box.no_faults)
        for vendor in VENDORS:
            self.box.fault(vendor=vendor, action="status", status=503, times=0)
        self.box.fault(vendor="smtp", method="MAIL", action="status", status=451, times=0)

    def held_metrics(self) -> dict[str, int]:
        lines = http("GET", self.app.url + "/metrics").body.decode().splitlines()
        return {line.split('"')[1]: int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("tocsin_held{")}

    def undone(self, word: str) -> tuple[str, str, Store]:
        """An incident whose page and tickets had not got through an hour ago, when the backup was made; meanwhile they
        have."""
        self.faults()
        name, ident = self.open_one(word)
        backup = self.backup()
        self.box.no_faults()
        self.tickets(name, "OPEN", timeout=60)
        self.mail(name, 60)
        age(backup)
        return name, ident, backup

    def restored(self, backup: Store) -> None:
        """Kills the server, restores, starts."""
        self.app.kill(signal.SIGKILL)
        self.restore(backup)
        self.start_restored()

    def start_restored(self) -> None:
        self.app.log.write_text("")
        self.app.start()
        eventually("it warns", lambda: "the store was restored" in self.app.tail(200))

    def test_restored_pages_wait_until_they_are_released(self) -> None:
        name, ident, backup = self.undone("held")
        self.restored(backup)
        listed = run(self.app, "held")
        self.assertRegex(listed, rf"page .*{ident}  alice mail .*{name}")
        self.assertRegex(listed, rf"step .*{ident} ")
        for vendor in VENDORS:
            self.assertRegex(listed, rf"ticket .*{ident}  {vendor} ")
        self.assertGreaterEqual(self.held_metrics()["tickets"], 3)
        # What comes now is done as always.
        other, _ = self.open_one("later")
        self.mail(other)
        self.tickets(other, "OPEN")
        self.assertEqual(1, len(self.box.mails(name)), "a held page was sent")
        self.assertRegex(run(self.app, "check"), r"Held: \d+ pages, ")
        self.assertIn("Done.", run(self.app, "release", "--all"))
        eventually("the page is sent", lambda: len(self.box.mails(name)) >= 2)
        self.linked(ident, timeout=60)
        self.tickets(name, "OPEN")
        self.assertIn("What was due before the restore is done now.", self.texts(ident))
        self.assertIn("Nothing is held.", run(self.app, "held"))
        self.assertEqual({"pages": 0, "steps": 0, "tickets": 0, "notices": 0}, self.held_metrics())
        self.assertFalse(any(self.box.admin("GET", "/counts")["duplicates"].values()))

    def test_what_is_dropped_is_never_sent(self) -> None:
        name, ident, backup = self.undone("dropped")
        self.restored(backup)
        self.app.kill(signal.SIGKILL)  # held is held after any number of starts
        self.app.start()
        run(self.app, "release", "--drop-pages-older-than", "2h")
        self.assertIn(f"{ident}  alice", run(self.app, "held"))
        run(self.app, "release", "--drop-pages-older-than", "30m", "--drop-tickets", "--all")
        self.assertIn("Nothing is held.", run(self.app, "held"))
        other, _ = self.open_one("after")
        self.mail(other)
        self.tickets(other, "OPEN")
        self.assertEqual(1, len(self.box.mails(name)), "a dropped page was sent")
        self.assertIn("nobody is paged for it any more", self.texts(ident))
        # The incident's next change finds its tickets again and writes to them.
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/resolve", {}).status)
        self.tickets(name, "RESOLVED", timeout=60)

    def test_what_was_due_later_is_done_and_brings_nothing_old(self) -> None:
        name, ident, backup = self.undone("due-later")
        self.app.kill(signal.SIGKILL)
        self.restore(backup)
        # As a page that was to be tried again later than the restore; the incident's next step was due long ago.
        self.world.store.change(f"UPDATE sends SET due_ms = {int(time.time() * 1000) + 1000} WHERE state IN (1, 2)")
        self.start_restored()
        eventually("it is sent", lambda: len(self.box.mails(name)) == 2)
        other, _ = self.open_one("later")
        self.mail(other)
        self.assertRegex(run(self.app, "held"), rf"step .*{ident} ")
        self.assertEqual(2, len(self.box.mails(name)), "an old step was done")
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        run(self.app, "release", "--all")

    def test_an_answer_ends_what_is_held(self) -> None:
        name, ident, backup = self.undone("answered")
        self.restored(backup)
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        self.assertNotRegex(run(self.app, "held"), f"(page|step) .*{ident}")
        run(self.app, "release", "--all")
        self.tickets(name, "ACKED", timeout=60)
        self.assertEqual(1, len(self.box.mails(name)))

    def test_a_release_without_a_server_is_done_at_the_next_start(self) -> None:
        name, _, backup = self.undone("offline")
        self.app.kill(signal.SIGTERM)
        self.restore(backup)
        # The request outlives the command.
        self.assertIn("next start", run(self.app, "release", "--all"))
        self.app.start()
        eventually("the page is sent", lambda: len(self.box.mails(name)) >= 2)

    def test_check_tells_what_is_wrong(self) -> None:
        _, ident = self.open_one("wrong")
        backup = self.backup()
        backup.change(f"DELETE FROM events WHERE {backup.hexed('incident')} = '{ident.replace('-', '')}' AND seq = 1")
        self.assertRegex(run_with(self.app, backup.url, "check", code=1), f"{ident}: its timeline has a gap")

    def test_what_is_due_is_held_without_a_backup(self) -> None:
        """As after a restore by other means."""
        self.addCleanup(self.box.no_faults)
        self.box.fault(vendor="smtp", method="MAIL", action="status", status=451, times=0)
        name, ident = self.open_one("by-hand")
        self.tickets(name, "OPEN")
        self.assertIn("another tocsin uses", run(self.app, "hold", code=1))
        self.app.kill(signal.SIGTERM)
        self.box.no_faults()
        self.world.store.change(f"UPDATE sends SET due_ms = due_ms - {HOUR_MS}", f"UPDATE timers SET due_ms = due_ms - {HOUR_MS}")
        run(self.app, "hold")
        self.app.start()
        self.assertRegex(run(self.app, "held"), rf"page .*{ident}  alice mail")
        other, _ = self.open_one("later")
        self.mail(other)
        self.assertEqual([], self.box.mails(name))
        self.assertIn("Done.", run(self.app, "release", "--all"))
        self.mail(name)
        self.assertIn("good", run(self.app, "check"))


@of_sqlite  # both kinds are in it
class Move(Loaded):
    """From SQLite to PostgreSQL and back."""

    server: postgres.Server

    @classmethod
    def setUpClass(cls) -> None:
        if not postgres.binaries():
            raise unittest.SkipTest("PostgreSQL is not installed")
        super().setUpClass()
        cls.server = cls.enterClassContext(postgres.Server())

    def copy(self, source: str, target: str, *words: str, code: int = 0) -> str:
        return run(self.app, "copy", "--from", source, "--to", target, *words, code=code)

    def cut_off(self, source: str, target: str, copied: typing.Callable[[], int]) -> None:
        """Kills a copy as soon as it has written something."""
        argv = [str(BINARY), "db", "copy", "--from", source, "--to", target]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as child:
            eventually("it copies", lambda: child.poll() is not None or copied() > 0)
            child.kill()

    def copied(self) -> int:
        try:
            return int(self.server.psql("SELECT COUNT(*) FROM incidents"))
        except RuntimeError:
            return 0  # no table yet

    def switch(self, store: str) -> None:
        self.app.write_config({**config_of(self.app), "store": store})
        self.app.start()

    def known(self, ids: typing.Iterable[str]) -> list[Config]:
        """What the API says of them, but for what goes on."""
        return [{key: value for key, value in self.app.incident(ident).items() if key in (
            "id", "title", "status", "dedupe", "created_at", "impact", "response_plan")} for ident in ids]

    def test_there_under_load_and_back(self) -> None:
        name, ident = self.open_one("moved")
        self.linked(ident)
        self.mail(name)
        here, there = f"sqlite:{self.app.folder}/data/tocsin.db", self.server.url()
        with Load(self.app) as load:
            load.at_least(200)
            for _ in range(3):
                self.cut_off(here, there, self.copied)
            self.assertIn("The copy is near", self.copy(here, there))
            load.at_least(20)
            self.assertIn("no server may run", self.copy(here, there, "--final", code=1))
            self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.assertEqual(0, len(incidents_of(self.world.store) ^ keys([ident, *load.ids])))
        said = self.copy(here, there, "--final")
        self.assertIn("Everything is equal", said)
        self.assertEqual(27, said.count("on both sides"))
        self.app.start(wait=False)
        self.assertEqual(1, self.app.child.wait(30), "nothing starts on the old store")
        self.assertIn("tocsin db reclaim", self.app.tail())
        self.assertRegex(run(self.app, "check"), "good.*\nIt is no longer the store: it was moved to postgresql:.*nothing starts on it")
        self.switch(there)
        self.assertIn("good", run(self.app, "check"))
        before = self.known([ident, *load.ids])
        self.assertEqual(len(load.ids) + 1, self.copied())
        # It goes on there: the incident's tickets are the ones that were made before.
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {}).status)
        self.tickets(name, "ACKED", timeout=60)
        other, later = self.open_one("there")
        self.mail(other)
        self.assertEqual(1, len(self.box.mails(name)))
        self.back(there, before, later)

    def back(self, there: str, before: list[Config], later: str) -> None:
        file = self.app.folder / "data/back.db"
        here = f"sqlite:{file}"
        self.assertIn("is a store already", self.copy(there, f"sqlite:{self.app.folder}/data/tocsin.db", code=1))
        with Load(self.app) as load:
            for _ in range(3):
                self.cut_off(there, here, lambda: copied_to(file))
            self.assertIn("The copy is near", self.copy(there, here))
            load.at_least(20)
            self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.assertIn("Everything is equal", self.copy(there, here, "--final"))
        self.assertEqual(set(), incidents_of(Sqlite(file)) ^ keys([later, *load.ids, *(row["id"] for row in before)]))
        self.switch(here)
        self.assertIn("good", run(self.app, "check"))
        self.assertEqual(before, self.known(row["id"] for row in before))
        self.assertEqual(len(load.ids), len(self.known(load.ids)))
        self.assertEqual("OPEN", self.app.incident(later)["status"])
        self.assertRegex(run_with(self.app, there, "reclaim", code=0), "must not run.\nHeld, because it was due before: ")
        self.assertRegex(run_with(self.app, there, "check", code=0), "good(.|\n)*Held: ")
        self.assertIn("pg_dump", run_with(self.app, there, "backup", "--to", "/tmp/never", code=2))
        self.assertIn("pg_restore", run_with(self.app, there, "restore", "--from", "/tmp/never", code=2))

    def test_an_unfinished_copy_does_not_start(self) -> None:
        here, half = f"sqlite:{self.app.folder}/data/tocsin.db", f"sqlite:{self.app.folder}/half.db"
        if config_of(self.app)["store"].startswith("sqlite:/"):
            here = config_of(self.app)["store"]
        self.copy(here, half)
        config = self.app.folder / "half.json"
        config.write_text(json.dumps({"listen": "127.0.0.1:0", "store": half}))
        done = subprocess.run([str(BINARY), "serve", "--config", str(config)], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("unfinished copy", done.stderr)


def copied_to(file: pathlib.Path) -> int:
    """Incidents; 0: there is no file, or no table yet."""
    if not file.exists():
        return 0
    with contextlib.suppress(sqlite3.OperationalError):
        return len(incidents_of(Sqlite(file)))
    return 0


def run_with(app: Tocsin, store: str, *words: str, code: int) -> str:
    """As if the store were that one."""
    before = config_of(app)
    app.write_config({**before, "store": store})
    try:
        return run(app, *words, code=code)
    finally:
        app.write_config(before)


if __name__ == "__main__":
    unittest.main()
