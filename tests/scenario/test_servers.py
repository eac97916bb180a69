"""Several servers and several versions: which PostgreSQL a start goes to, what a node remembers of it, and what is locked."""
from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import typing
import unittest
import unittest.mock

from harness import BINARY, SOURCE_TOKEN, TOKENS, Response, Tocsin, World, eventually, http, postgres
from test_config import NOWHERE
from worlds import SECRETS, Config, Scenario, Topic, alert, base_config, believe_searches, fresh, group

KNOWN = "postgresql-server"  # the file of a node's folder


class Several(unittest.TestCase):
    """A primary died, its standby was promoted, and it came back as a primary: nobody fenced it."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.pair = postgres.Pair(is_synchronous=False)
        cls.world = cls.enterClassContext(World("postgres", cls.pair))
        cls.old = cls.start("old")
        cls.pair.promote()
        eventually("the node follows", cls.follows, 60)
        cls.pair.standby.start()

    @classmethod
    def follows(cls) -> bool:
        """It ends when the standby lacks what it had committed last; then it is started, as by a supervisor."""
        if cls.old.child.poll() == 70:
            cls.old.kill()
            cls.old.start(wait=False)
        return cls.timeline(cls.old) == 2

    @classmethod
    def start(cls, name: str, folder: pathlib.Path | None = None) -> Tocsin:
        if not folder:
            folder = cls.world.folder / fresh(name)
            folder.mkdir()
        return cls.world.tocsin(cls.config(name), {"TOKEN": TOKENS["admin"]}, folder=folder)

    @classmethod
    def config(cls, name: str) -> Config:
        return {"node": name, "tokens": [{"name": "admin", "role": "admin", "token": {"env": "TOKEN"}}]}

    @staticmethod
    def timeline(app: Tocsin) -> int:
        answer = app.api("GET", "/v1/nodes")
        return typing.cast(int, answer.json()["database"]["timeline"]) if answer.status == 200 else 0

    def refused(self, app: Tocsin, store: str = "") -> str:
        """What a start in the node's folder says that must not be one."""
        file = app.folder / "again.json"
        file.write_text(json.dumps({**self.config("again"), "listen": "127.0.0.1:0", "store": store or self.pair.url()}))
        done = subprocess.run([str(BINARY), "serve", "--config", str(file), "--data", str(app.folder / "data")],
                              capture_output=True, text=True, timeout=60, check=False, env=app.env)
        self.assertEqual(1, done.returncode, done.stderr)
        return done.stderr

    def test_a_new_node_goes_where_the_others_are(self) -> None:
        app = self.start("new")
        self.assertEqual(2, self.timeline(app))
        self.assertEqual({"old", "new"}, {row["name"] for row in app.api("GET", "/v1/nodes").json()["items"]
                                          if row["state"] == "alive"})
        said = next(line for line in app.log.read_text().splitlines() if "two servers" in line)
        self.assertRegex(said, "level=error.*pg_rewind")
        for server, timeline in ((self.pair.primary, 2), (self.pair.standby, 1)):
            self.assertRegex(said, f"{server.folder}:[0-9]+ on timeline {timeline}")
        known = app.folder / "data" / KNOWN
        self.assertRegex(known.read_text(), "^[0-9]+ 2\n$")
        self.assertEqual(0o600, known.stat().st_mode & 0o777)
        self.assertEqual("", app.end())

    def test_a_node_remembers(self) -> None:
        app = self.start("remembers")
        self.assertEqual(0, app.kill(signal.SIGTERM))
        left_behind = self.pair.standby.url()
        said = self.refused(app, left_behind)
        known = app.folder / "data" / KNOWN
        self.assertRegex(said, f"left behind by a promotion .*timeline 1.* to 2.*delete {known}")
        self.pair.primary.stop()  # the right one is only away
        try:
            said = self.refused(app)
        finally:
            self.pair.primary.start()
        self.assertRegex(said, f"left behind by a promotion.*{self.pair.primary.folder}:5432 does not answer, and may be "
                         "the right one: bring it back")
        self.assertNotIn("delete", said)
        # Copies of one template would be one cluster.
        with unittest.mock.patch.object(postgres, "TEMPLATE", ""), postgres.Server() as other:
            other.psql("CREATE SCHEMA IF NOT EXISTS unused")
            self.assertRegex(self.refused(app, other.url()), f"another PostgreSQL cluster.*delete {known}")
        known.write_text("nonsense\n")
        self.assertRegex(self.refused(app), f"{known} is not as tocsin wrote it.*delete it")
        known.unlink()
        again = self.world.tocsin(self.config("meant"), app.env, folder=app.folder, store=left_behind)
        self.assertEqual(1, self.timeline(again))
        self.assertEqual("", again.end())

    def test_servers_that_do_not_tell_which_they_are(self) -> None:
        """As a hardened or managed one may not: the timeline tells the one that was left behind all the same."""
        function = "FUNCTION pg_control_system()"
        for server in self.pair.servers:
            self.enterContext(self.changed(server, f"REVOKE EXECUTE ON {function} FROM PUBLIC", f"GRANT EXECUTE ON {function} TO PUBLIC"))
        app = self.start("untold")
        self.assertEqual(2, self.timeline(app))
        self.assertRegex(app.log.read_text(), f"level=warn .*does not tell this role which one it is.*GRANT EXECUTE ON {re.escape(function)}")
        self.assertIsNone(app.api("GET", "/v1/nodes").json()["database"]["system_identifier"])
        self.assertEqual("0 2\n", (app.folder / "data" / KNOWN).read_text())
        self.assertIn("does not tell this role which server it is", command(app, "check").stdout)
        self.assertEqual(0, app.kill(signal.SIGTERM))
        self.assertRegex(self.refused(app, self.pair.standby.url()), "left behind by a promotion .*timeline 1.* to 2")

    def test_a_question_that_takes_too_long_is_no_answer(self) -> None:
        app = self.start("slow")
        self.assertEqual(0, app.kill(signal.SIGTERM))
        server = self.pair.standby
        slow = ("CREATE SCHEMA slow; GRANT USAGE ON SCHEMA slow TO PUBLIC; CREATE FUNCTION slow.pg_control_system(OUT system_identifier "
                "text) LANGUAGE sql AS $$ SELECT pg_sleep(60)::text $$")
        with self.changed(server, slow, "DROP SCHEMA slow CASCADE"):
            url = server.url(options="-csearch_path%3Dslow,pg_catalog,public%20-cstatement_timeout%3D300")
            self.assertRegex(self.refused(app, url), "statement timeout")

    @staticmethod
    @contextlib.contextmanager
    def changed(server: postgres.Server, sql: str, back: str) -> typing.Iterator[None]:
        server.psql(sql)
        try:
            yield
        finally:
            server.psql(back)

    def test_a_promotion_is_told_by_a_start_after_it(self) -> None:
        app = self.start("late")
        self.assertEqual(0, app.kill(signal.SIGTERM))
        self.assertNotIn("was promoted", app.log.read_text())
        known = app.folder / "data" / KNOWN
        known.write_text(known.read_text().replace(" 2\n", " 1\n"))
        app.start()
        eventually("it is told", lambda: re.search("level=warn .*a standby was promoted.*timeline=2.*tocsin db hold",
                                                   app.log.read_text()))
        self.assertEqual(1, app.log.read_text().count("was promoted"))
        self.assertEqual("", app.end())

    def test_a_server_that_was_not_met_is_told(self) -> None:
        folder, here = self.world.folder / fresh("unmet"), f"host={self.pair.primary.folder}"
        folder.mkdir()
        url = self.pair.primary.url().replace(here, f"{here},{folder}")
        app = self.world.tocsin(self.config("unmet"), {"TOKEN": TOKENS["admin"]}, folder=folder, store=url)
        self.assertRegex(app.log.read_text(), f"level=warn .*was not met at this start.*why=.*{folder}")
        met = self.start("met")
        self.assertNotIn("was not met", met.log.read_text())
        self.assertEqual("", met.end())
        self.assertEqual("", app.end())

    def test_commands_say_that_two_take_writes(self) -> None:
        app = self.start("commands")
        for words, code in ((("db", "check"), 1), (("db", "held"), 0)):
            done = subprocess.run([str(BINARY), *words, "--config", str(app.config_file), "--data", str(app.folder / "data")],
                                  capture_output=True, text=True, timeout=60, check=False, env=app.env)
            self.assertEqual(code, done.returncode, done.stdout + done.stderr)
            self.assertRegex(done.stdout, f"Asked: {self.pair.primary.folder}:5432 .primary, timeline 2.")
            self.assertRegex(done.stdout, f"Left behind: {self.pair.standby.folder}:5432 takes writes, too, on timeline 1.*: "
                             "stop it, and make it a standby")
            self.assertNotIn("does not answer", done.stdout)
        self.assertEqual("", app.end())

    def test_a_folder_that_cannot_be_written(self) -> None:
        """A node goes on without, and says so."""
        folder = self.world.folder / fresh("full")
        (folder / "data" / (KNOWN + ".new") / "in-the-way").mkdir(parents=True)
        app = self.start("full", folder)
        self.assertEqual(200, http("GET", app.url + "/readyz").status)
        self.assertIn("cannot be kept for the next start", app.log.read_text())
        self.assertEqual("", app.end())


class ComesBack(unittest.TestCase):
    """The same, while nodes work: one that had followed the promotion, and one that knows of none since the promoted server was
    away at its start."""
    SURVEY_S = 100.0  # more than the minute between two looks

    @classmethod
    def setUpClass(cls) -> None:
        cls.pair = postgres.Pair(is_synchronous=False)
        cls.world = cls.enterClassContext(World("postgres", cls.pair))

    def start(self, name: str) -> Tocsin:
        folder = self.world.folder / name
        folder.mkdir()
        config = {"node": name, "tokens": [{"name": "admin", "role": "admin", "token": {"env": "TOKEN"}}]}
        return self.world.tocsin(config, {"TOKEN": TOKENS["admin"]}, folder=folder)

    @staticmethod
    def told(app: Tocsin, words: str, n: int = 1) -> None:
        """So often, and no more."""
        def found() -> list[str]:
            return re.findall(words, app.log.read_text())
        eventually(f"{app.folder.name} is told {words}", lambda: len(found()) >= n, ComesBack.SURVEY_S)
        if len(found()) != n:
            raise AssertionError(found())

    @staticmethod
    def metrics(app: Tocsin) -> dict[str, str]:
        rows = re.findall(r"^tocsin_database_(split|servers_unmet) (\S+)$",
                          http("GET", app.url + "/metrics").body.decode(), re.MULTILINE)
        return dict(rows)

    def test_every_node_is_told(self) -> None:
        follows = self.start("follows")
        self.assertEqual({"split": "0", "servers_unmet": "0"}, self.metrics(follows))
        self.pair.primary.stop(signal.SIGINT)
        self.pair.promote()
        eventually("it follows", lambda: self.follows(follows), 60)
        self.told(follows, f"level=warn .*a standby was promoted.*host={self.pair.primary.folder}.* timeline=2")
        self.assertEqual(1, follows.log.read_text().count("msg=ready"), "it was the same process")
        right, left = self.pair.primary, self.pair.standby
        right.stop()
        left.start()
        behind = self.start("behind")
        self.assertRegex(behind.log.read_text(), f"level=warn .*was not met at this start.*{right.folder}")
        self.assertEqual({"split": "0", "servers_unmet": "1"}, self.metrics(behind))
        right.start()
        places = f"{right.folder}:5432 on timeline 2.*left_behind=.*{left.folder}:5432 on timeline 1"
        self.told(behind, f"level=error .*this node writes to a server that a promotion left behind.*stop that.*{places}")
        self.told(behind, f"level=info .*answers again.*{right.folder}")
        eventually("the other one is back", lambda: self.follows(follows), 60)
        self.told(follows, f"level=error .*two servers.*pg_rewind.*used=.*{places}")
        for app in (behind, follows):
            self.assertEqual({"split": "1", "servers_unmet": "0"}, self.metrics(app))
        left.stop()
        self.told(follows, f"level=info .*was left behind takes no writes any more.*{left.folder}.*now=silent")
        self.assertEqual({"split": "0", "servers_unmet": "1"}, self.metrics(follows))
        self.told(follows, "two servers")
        self.assertEqual(70, behind.child.wait(60))
        behind.kill()
        behind.start()
        self.assertEqual(2, Several.timeline(behind))

    def follows(self, app: Tocsin) -> bool:
        if app.child.poll() == 70:
            app.kill()
            app.start(wait=False)
        return Several.timeline(app) == 2


class Twice(unittest.TestCase):
    """A standby became a server of its own without a promotion that anybody could see: two that take writes, on one timeline."""

    def test_commands_refuse_both(self) -> None:
        pair = postgres.Pair(is_synchronous=False)
        world = self.enterClassContext(World("postgres", pair))
        app = world.tocsin({"node": "first"}, {})
        self.assertEqual(0, app.kill(signal.SIGTERM))
        self.assertRegex((app.folder / "data" / KNOWN).read_text(), " 1\n$")
        pair.standby.stop(signal.SIGINT)
        (pair.standby.data / "standby.signal").unlink()
        pair.standby.start()
        for verb in ("check", "held"):
            done = subprocess.run([str(BINARY), "db", verb, "--config", str(app.config_file), "--data",
                                   str(app.folder / "data")], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(1, done.returncode, done.stdout)
            self.assertRegex(done.stderr, "both take writes, on timeline 1: stop one of them, and make it a standby")


class Silent(unittest.TestCase):
    """Hosts that take a connection and say nothing."""
    LONGEST_S = 5.0  # each of them has 3 s

    def test_a_start_waits_for_all_of_them_at_once(self) -> None:
        server = postgres.Server()
        world = self.enterClassContext(World("postgres", server))
        folders = [world.folder / f"silent{n}" for n in range(4)]
        for folder in folders:
            folder.mkdir()
            made = self.enterContext(socket.socket(socket.AF_UNIX))
            made.bind(str(folder / ".s.PGSQL.5432"))
            made.listen(100)
        hosts = ",".join(map(str, [*folders[:2], server.folder, *folders[2:]]))
        world.tocsin({"node": "first"}, {}).kill(signal.SIGTERM)  # makes the schema
        begun = time.monotonic()
        app = world.tocsin({"node": "first"}, {}, store=server.url().replace(f"host={server.folder}", f"host={hosts}"))
        self.assertLess(time.monotonic() - begun, self.LONGEST_S)
        for folder in folders:
            self.assertRegex(app.log.read_text(), f"was not met at this start.*{folder}:5432 does not answer within 3 s")
        self.assertEqual(0, app.kill(signal.SIGTERM))


class Locked(Scenario):
    """Somebody keeps a table locked that every alarm needs."""
    store = "postgres"
    SENDERS = 12
    HELD_S = 8.0

    def test_nodes_stay_alive_and_senders_are_answered(self) -> None:
        server = typing.cast(postgres.Server, self.world.database)
        with concurrent.futures.ThreadPoolExecutor(self.SENDERS) as pool:
            with server.holding("LOCK TABLE links IN ACCESS EXCLUSIVE MODE"):
                answers = [pool.submit(self.send, fresh("locked")) for _ in range(self.SENDERS)]
                late_ms = self.latest_contact(server)
                self.assertTrue(all(answer.done() for answer in answers), "everybody is told something")
            self.assertEqual([503] * self.SENDERS, [answer.result().status for answer in answers])
        self.assertTrue(all(int(answer.result().headers["Retry-After"]) > 0 for answer in answers))
        self.assertLess(late_ms, 4000)
        self.opened(eventually("it is accepted", lambda: self.accepted(fresh("unlocked")), 30))

    def send(self, name: str) -> Response:
        return http("POST", self.app.url + "/sources/prom", group(name, alert(name, "a")),
                    {"Authorization": f"Bearer {SOURCE_TOKEN}"}, timeout=60)

    def accepted(self, name: str) -> Response | None:
        answer = self.send(name)
        return answer if answer.status == 202 else None

    def latest_contact(self, server: postgres.Server) -> int:
        """While the lock is held: for how long the node was not seen at most."""
        end, late = time.monotonic() + self.HELD_S, 0
        while time.monotonic() < end:
            late = max(late, int(server.psql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint - seen_ms "
                                             "FROM epochs WHERE session > 0")))
        return late


class Jobs(Scenario):
    """What nodes on PostgreSQL are for."""
    store = "postgres"

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.config = config
        config["node"] = "before"
        believe_searches(config, cls.world.folder, "3s")  # Jira's index lags by up to 90 s, the sandbox's does not

    def does_its_job(self, app: Tocsin) -> None:
        name = fresh("upgraded")
        self.opened(app.alarm("prom", group(name, alert(name, "a"))))
        self.tickets(name, "OPEN")
        self.mail(name)
        self.opened(app.alarm("prom", group(name, alert(name, "a", "resolved", time.time() - 60))))
        self.tickets(name, "RESOLVED")

    def takes_over(self, one: Tocsin, other: Tocsin) -> None:
        """What one has accepted when it is killed, the other does."""
        names = [fresh("over") for _ in range(5)]
        for name in names:
            self.opened(one.alarm("prom", group(name, alert(name, "a"))))
        one.kill(signal.SIGKILL)
        for name in names:
            self.tickets(name, "OPEN", timeout=120)  # a create that may have got through is looked for a while
            self.mail(name)
        one.start()
        self.assertIsNone(other.child.poll())


class Upgraded(Jobs):
    """A release that this one does not know was started on the database: it added to every table what has a default."""
    MORE = """
        CREATE TABLE later (no bigint PRIMARY KEY, text text);
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'later' LOOP
                EXECUTE format('ALTER TABLE %I ADD COLUMN later bigint NOT NULL DEFAULT 7', name);
                EXECUTE format('CREATE INDEX %I ON %I (later)', name || '_later', name);
            END LOOP;
        END $$;"""

    def is_at(self, version: int, oldest: int) -> None:
        self.server.psql(f"INSERT INTO schema_version (version, oldest, applied_ms) VALUES ({version}, {oldest}, 0)")

    def reads_aside(self, app: Tocsin, name: str) -> None:
        """A repeat is answered over a connection that only reads."""
        body = group(fresh("aside"), alert("aside", "a"))
        for _ in range(3):
            self.opened(app.alarm("prom", body))
        self.assertEqual("2", self.server.psql(
            f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin/{name}'"))

    def test_nodes_of_the_release_before(self) -> None:
        ours = int(self.server.psql("SELECT max(version) FROM schema_version"))
        self.does_its_job(self.app)
        self.server.psql(self.MORE)
        self.is_at(ours + 1, ours)
        folder = self.world.folder / "after"
        folder.mkdir()
        after = self.world.tocsin(self.config | {"node": "after"}, self.env, folder=folder)
        for app, name in ((self.app, "before"), (after, "after")):
            self.does_its_job(app)
            self.reads_aside(app, name)
        self.takes_over(after, self.app)
        self.assertFalse(any(self.box.admin("GET", "/counts")["duplicates"].values()))
        self.excludes(ours + 2, after)

    def excludes(self, newest: int, after: Tocsin) -> None:
        """A change that this release cannot follow."""
        self.is_at(newest, newest)
        self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tocsin'")
        for app in (self.app, after):
            self.assertEqual(70, app.child.wait(30), app.tail())
            self.assertRegex(app.tail(), f"schema {newest}, which this one .* cannot write: start the newer one")
        self.app.kill()
        self.app.start(wait=False)
        self.assertEqual(1, self.app.child.wait(30))
        self.assertRegex(self.app.tail(), f"the store has schema {newest}.*start the newer tocsin")
        for app in (self.app, after):
            app.kill()


class Granted(Jobs):
    """The role of the nodes may use what another role made, and nothing more."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()  # as the owner, who makes the tables
        cls.app.kill(signal.SIGTERM)
        server = typing.cast(postgres.Server, cls.world.database)
        server.psql("REVOKE ALL ON DATABASE tocsin FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE ROLE plain LOGIN; "
                    "GRANT CONNECT ON DATABASE tocsin TO plain; GRANT USAGE ON SCHEMA public TO plain; "
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain")
        cls.url = server.url("plain")
        cls.app.write_config(cls.config | {"store": cls.url})
        cls.app.start()

    def loses_its_connections(self) -> None:
        """In the middle of alarms; a sender that is turned away comes again."""
        names = [fresh("lost") for _ in range(6)]
        for name in names[:3]:
            self.opened(self.app.alarm("prom", group(name, alert(name, "a"))))
        self.assertNotEqual("0", self.server.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                                  "WHERE usename = 'plain'"))
        for name in names[3:]:
            eventually(f"{name} is accepted", lambda name=name: self.app.alarm(
                "prom", group(name, alert(name, "a"))).status in (200, 202))
        for name in names:
            self.tickets(name, "OPEN", timeout=60)
            self.mail(name)

    def test_it_does_the_whole_job(self) -> None:
        self.assertEqual("f|f|0", self.server.psql(
            "SELECT has_schema_privilege('plain', 'public', 'CREATE'), has_database_privilege('plain', 'tocsin', 'CREATE'), "
            "(SELECT count(*) FROM pg_class WHERE relowner = 'plain'::regrole)"))
        folder = self.world.folder / "other"
        folder.mkdir()
        other = self.world.tocsin(self.config | {"node": "other"}, self.env, folder=folder, store=self.url)
        for app in (self.app, other):
            self.does_its_job(app)
        self.loses_its_connections()
        self.takes_over(other, self.app)
        self.assertFalse(any(self.box.admin("GET", "/counts")["duplicates"].values()))
        self.assertEqual("plain", self.server.psql("SELECT DISTINCT usename FROM pg_stat_activity "
                                                   "WHERE application_name LIKE 'tocsin/%'"))
        for app in (self.app, other):
            self.assertNotIn("permission denied", app.log.read_text())


class Alone(unittest.TestCase):
    """Commits wait for a standby that is gone, or hangs."""

    def test_a_start_says_what_it_waits_for(self) -> None:
        pair = postgres.Pair()
        world = self.enterClassContext(World("postgres", pair))
        app = world.tocsin({"node": "alone"}, {})
        self.assertEqual(0, app.kill(signal.SIGTERM))
        with self.standing_still(pair.standby):
            app.start(wait=False)
            eventually("it is told", lambda: re.search("the start waits for the database.*why=.its commits wait for a synch.*do=",
                                                       app.log.read_text()), 20)
        app.wait_ready()
        self.assertEqual(0, app.kill(signal.SIGTERM))
        pair.standby.stop()
        app.start(wait=False)
        eventually("it is told", lambda: re.search("the start waits for a standby.*none is connected.*ALTER SYSTEM",
                                                   app.log.read_text()), 20)
        checked = subprocess.run([str(BINARY), "db", "check", "--config", str(app.config_file), "--data",
                                  str(app.folder / "data")], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(1, checked.returncode)
        self.assertRegex(checked.stdout, "every commit waits for a synchronous standby and none is connected")
        pair.standby.start()
        app.wait_ready()
        self.assertEqual("", app.end())

    @staticmethod
    @contextlib.contextmanager
    def standing_still(server: postgres.Server) -> typing.Iterator[None]:
        assert server.child
        pids = [int(word) for word in
                pathlib.Path(f"/proc/{server.child.pid}/task/{server.child.pid}/children").read_text().split()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


class Restored(Scenario):
    """A dump is restored over a node that runs: what it had answered since is gone."""
    store = "postgres"

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    def accept(self, name: str) -> None:
        self.opened(self.app.alarm("prom", group(name, alert(name, "a"))))

    def ends(self) -> str:
        self.assertEqual(1, self.app.child.wait(30), self.app.tail())
        self.app.kill()
        return self.app.log.read_text().splitlines()[-1]

    def goes_on(self) -> None:
        """In held mode, until that is released."""
        self.assertEqual(0, command(self.app, "hold").returncode)
        self.assertEqual(0, command(self.app, "check").returncode)
        self.app.start()
        self.assertEqual(0, command(self.app, "release", "--all").returncode)
        eventually("all is released", lambda: "Nothing is held" in command(self.app, "held").stdout)

    def test_no_node_goes_on_as_if_nothing_were(self) -> None:
        self.accept(fresh("dumped"))
        dump = self.server.dump("--clean", "--if-exists")
        self.accept(fresh("lost"))
        name, *argv = self.server.client()
        self.server.tool(name, *argv, "-1", text=dump)
        self.assertEqual(70, self.app.child.wait(30), self.app.tail())
        self.assertRegex(self.app.log.read_text().splitlines()[-1], "a backup was restored into it")
        self.app.kill()
        self.app.start(wait=False)
        self.assertRegex(self.ends(), r"cannot start.*lacks what this node had written to it on timeline 1 .*earlier state.*"
                         f"tocsin db hold, then start.*delete {self.app.folder}/data/postgresql-written")
        self.goes_on()
        self.accept(fresh("after"))

    def test_dropped_and_made_again(self) -> None:
        dump = self.server.dump()
        self.server.psql("DROP DATABASE tocsin WITH (FORCE)", "postgres")
        self.server.create_database("tocsin")
        self.assertEqual(70, self.app.child.wait(30), self.app.tail())
        self.assertRegex(self.app.log.read_text().splitlines()[-1], "not as this node has written it.*epochs is not there")
        self.app.kill()
        name, *argv = self.server.client()
        self.server.tool(name, *argv, "-1", text=dump)
        self.goes_on()

    def test_nor_after_a_clean_stop(self) -> None:
        """Its last commit was a moment before."""
        dump = self.server.dump("--clean", "--if-exists")
        self.accept(fresh("lost"))
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        name, *argv = self.server.client()
        self.server.tool(name, *argv, "-1", text=dump)
        checked = command(self.app, "check")
        self.assertEqual(1, checked.returncode, checked.stdout)
        self.assertIn("lacks what this node had written to it", checked.stdout)
        self.app.start(wait=False)
        self.assertIn("lacks what this node had written to it", self.ends())
        self.goes_on()


def command(app: Tocsin, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BINARY), "db", *words, "--config", str(app.config_file), "--data", str(app.folder / "data")],
                          env=app.env, capture_output=True, text=True, check=False)


class Twins(unittest.TestCase):
    """Both servers were promoted, each to the same timeline: only what was written tells them apart."""

    def test_a_node_does_not_go_to_the_other_one(self) -> None:
        pair = postgres.Pair(is_synchronous=False)
        world = self.enterClassContext(World("postgres", pair))
        config = base_config(Topic(world.folder).cert, NOWHERE)
        config["node"] = "follows"
        app = world.tocsin(config, dict(SECRETS))
        pair.primary.stop(signal.SIGINT)
        (pair.primary.data / "standby.signal").touch()
        pair.promote()
        eventually("it follows", lambda: self.follows(app), 60)
        for _ in range(3):
            name = fresh("written")
            self.assertEqual(202, self.send(app, name).status)
        right, twin = pair.primary, pair.standby
        twin.start()
        twin.tool("pg_ctl", "promote", "-D", str(twin.data), "-w", "-t", "60")
        right.stop()  # cut off, as far as the node can tell
        self.assertEqual(70, app.child.wait(60), app.tail())
        app.kill()
        app.start(wait=False)
        self.assertEqual(1, app.child.wait(30), app.tail())
        self.assertRegex(app.log.read_text().splitlines()[-1], "lacks what this node had written to it on timeline 2.*promoted beside")
        app.kill()
        twin.stop()
        right.start()
        app.start()
        self.assertEqual(2, Several.timeline(app))

    @staticmethod
    def send(app: Tocsin, name: str) -> Response:
        return http("POST", app.url + "/sources/prom", group(name, alert(name, "a")), {"Authorization": f"Bearer {SOURCE_TOKEN}"})

    @staticmethod
    def follows(app: Tocsin) -> bool:
        if app.child.poll() == 70:
            app.kill()
            app.start(wait=False)
        return app.child.poll() is None and http("GET", app.url + "/readyz").status == 200


class Lossy(unittest.TestCase):
    """A standby is promoted that lacks what was answered last."""

    def test_what_may_have_been_made_is_looked_up_first(self) -> None:
        pair = postgres.Pair(is_synchronous=False)
        world = self.enterClassContext(World("postgres", pair))
        app = world.tocsin(base_config(Topic(world.folder).cert, NOWHERE), dict(SECRETS))
        self.assertEqual(202, Twins.send(app, fresh("kept")).status)
        receiver = pair.standby.process("walreceiver")
        os.kill(receiver, signal.SIGSTOP)
        self.assertEqual(202, Twins.send(app, fresh("lost")).status)
        pair.primary.stop(signal.SIGQUIT)
        os.kill(receiver, signal.SIGKILL)  # with what it had received and not written
        pair.promote()
        self.assertEqual(70, app.child.wait(60), app.tail())
        self.assertIn("has forgotten commits", app.tail())
        app.kill()
        app.start()
        self.assertRegex(app.log.read_text(), "level=warn .*lacks what this node had written last.*looked up before")
        self.assertEqual("0", pair.psql("SELECT count(*) FROM links WHERE COALESCE(remote_id, '') = '' AND is_uncertain = 0"))
        self.assertEqual("", app.end())


class Cancelled(unittest.TestCase):
    """The standby is away, commits wait for it, and somebody cancels the wait: the primary answers COMMIT, with a warning."""

    def test_an_alarm_that_the_standby_lacks_is_not_answered(self) -> None:
        pair = postgres.Pair()
        world = self.enterClassContext(World("postgres", pair))
        config = base_config(Topic(world.folder).cert, NOWHERE)
        app = world.tocsin(config, dict(SECRETS))
        pair.standby.stop()
        name = fresh("cancelled")
        def send() -> Response:
            return http("POST", app.url + "/sources/prom", group(name, alert(name, "a")),
                        {"Authorization": f"Bearer {SOURCE_TOKEN}"}, 120)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(send)
            eventually("every wait is cancelled", lambda: self.is_undecided(pair), 60)
            self.assertEqual(503, answer.result().status, "none is accepted without a standby")
            self.assertEqual(503, send().status)
            pair.attach()
            eventually("it is accepted", lambda: send().status in (200, 202), 60)
        self.assertEqual(1, len([row for row in app.incidents() if name in row["title"]]))

    @staticmethod
    def is_undecided(pair: postgres.Pair) -> bool:
        """Cancels every wait for the standby but that of the node that asks what became of its commit."""
        asks = pair.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                         "query LIKE '%UPDATE epochs SET session = session + 1%'")
        pair.psql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                  "query NOT LIKE '%UPDATE epochs SET session = session + 1%'")
        return asks != "0"


if __name__ == "__main__":
    unittest.main()
