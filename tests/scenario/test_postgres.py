"""The store in PostgreSQL: a server that goes away and comes back, secrets, and what keeps Tocsin from starting."""
from __future__ import annotations

import concurrent.futures
import json
import re
import signal
import subprocess
import time
import typing
import unittest

from harness import BINARY, TOKENS, Failure, Tocsin, World, eventually, http, postgres
from worlds import Config, Scenario, alert, fresh, group

PASSWORD = "not-to-be-told-0123456789"
Store = typing.Any


class Away(Scenario):
    store = "postgres"

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    def stop_server(self) -> None:
        self.server.stop()
        eventually("it says that it is not ready", lambda: http("GET", self.app.url + "/readyz").status == 503, 30)

    def start_server(self) -> None:
        self.server.start()
        self.app.wait_ready()

    def tearDown(self) -> None:
        if not self.server.child:
            self.start_server()

    def test_it_tells_the_truth_and_goes_on_afterwards(self) -> None:
        known = fresh("known")
        repeat = group(known, alert(known, "a"))
        for _ in range(3):
            self.opened(self.prom(repeat))
        self.stop_server()
        eventually("work in hand was given up, and why is told", lambda: re.search(
            "is away.*why=.*the socket in", self.app.tail()))
        self.assertEqual(200, http("GET", self.app.url + "/healthz").status)
        self.assertIn("tocsin_database_away 1\n", http("GET", self.app.url + "/metrics").body.decode())
        name = fresh("away")
        refused = self.prom(group(name, alert(name, "a")))
        self.assertEqual(503, refused.status)
        self.assertIn("database is away: its server cannot be reached", refused.body.decode())
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertEqual(503, self.prom(repeat).status)
        self.assertEqual(503, self.app.api("GET", "/v1/incidents").status)
        nodes = self.app.api("GET", "/v1/nodes").json()
        self.assertRegex(nodes["trouble"], "database is away: its server cannot be reached")
        self.assertEqual(["alive"], [row["state"] for row in nodes["items"]])
        self.assertEqual("primary", nodes["database"]["role"])
        self.start_server()
        self.assertIn("tocsin_database_away 0\n", http("GET", self.app.url + "/metrics").body.decode())
        self.assertLess(nodes["as_of"], self.app.api("GET", "/v1/nodes").json()["as_of"])
        self.assertIsNone(self.app.api("GET", "/v1/nodes").json()["trouble"])
        self.opened(self.prom(group(name, alert(name, "a"))))
        self.tickets(name, "OPEN")
        self.assertEqual(1, len([row for row in self.app.incidents() if name in row["title"]]))

    def test_another_reason_is_told(self) -> None:
        self.stop_server()
        eventually("it is told", lambda: re.search("is away.*why=.*No such file", self.app.tail()))
        rules = self.server.data / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text("local all postgres trust\n")
        self.server.start()
        eventually("the reason is another one", lambda: re.search("is away.*why=.*28000.*let this role in", self.app.tail()), 30)
        answer = http("GET", self.app.url + "/readyz")
        self.assertEqual(503, answer.status)
        self.assertIn("database is away: its server does not let this node in", answer.body.decode())
        self.assertNotIn("tocsin@", answer.body.decode())
        rules.write_text(before)
        self.server.psql("SELECT pg_reload_conf()")
        self.app.wait_ready()

    def test_what_was_accepted_is_done_when_it_is_back(self) -> None:
        names = [fresh("kept") for _ in range(5)]
        for name in names:
            self.opened(self.prom(group(name, alert(name, "a"))))
        self.stop_server()
        self.start_server()
        for name in names:
            self.tickets(name, "OPEN")
            self.mail(name)
            self.assertEqual(1, len(self.box.mails(name)), "nobody is paged twice")
        self.assertFalse(any(self.box.admin("GET", "/counts")["duplicates"].values()))

    def test_a_restart_of_the_server_is_not_seen_by_senders(self) -> None:
        for _ in range(3):
            self.server.stop()
            self.server.start()
            name = fresh("restart")
            self.opened(eventually("it is accepted", lambda: self.accepted(name), 30))

    def accepted(self, name: str) -> typing.Any:
        answer = self.prom(group(name, alert(name, "a")))
        if answer.status == 503:
            raise Failure(answer.body)
        return answer

    def test_sigterm_does_not_wait_for_it(self) -> None:
        self.stop_server()
        begun = time.monotonic()
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.assertLess(time.monotonic() - begun, 10)
        self.server.start()
        self.app.start()


class Repeats(Scenario):
    """What one node knows of a repeat holds for as long as no other node was told something else."""
    store = "postgres"
    config: Config
    other: Tocsin

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.config = config
        config["node"] = "one"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        folder = cls.world.folder / "two"
        folder.mkdir()
        cls.other = cls.world.tocsin(cls.config | {"node": "two"}, cls.env, folder=folder)

    def answers(self, app: Tocsin, body: Config) -> tuple[str, list[str]]:
        answer = app.alarm("prom", body)
        self.assertIn(answer.status, (200, 202), answer.body)
        return answer.json()["status"], answer.json()["incidents"]

    def test_two_connections_are_what_a_node_has(self) -> None:
        """What people are told to leave room for (postgres_remedy.c)."""
        name = fresh("counted")
        firing = group(name, alert(name, "a"))
        self.opened(self.prom(firing))
        server = typing.cast(postgres.Server, self.world.database)
        for app, node in ((self.app, "one"), (self.other, "two")):
            self.answers(app, firing)
            self.assertEqual("unchanged", self.answers(app, firing)[0])
            count = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin/{node}' " \
                    "AND datname = current_database()"
            eventually("who writes and who reads", lambda count=count: server.psql(count).strip() == "2", 10)

    def test_the_end_came_to_another_node(self) -> None:
        name = fresh("ended")
        firing = group(name, alert(name, "a"))
        ident = self.opened(self.prom(firing))
        for app in (self.app, self.app, self.app, self.other, self.other, self.other):
            self.assertEqual(("unchanged", [ident]), self.answers(app, firing))
        ended = group(name, alert(name, "a", "resolved", time.time() - 60))
        self.assertEqual(("accepted", [ident]), self.answers(self.other, ended))
        self.assertEqual("RESOLVED", self.app.incident(ident)["status"])
        self.assertEqual(("accepted", [ident]), self.answers(self.app, firing), "held back: an echo, or true")

    def test_many_at_once(self) -> None:
        """Repeats that arrive together are asked for together; each gets its own answer."""
        names = [fresh("many") for _ in range(40)]
        bodies = {name: group(name, alert(name, "a")) for name in names}
        idents = {name: self.opened(self.prom(bodies[name])) for name in names}
        ends = {name: group(name, alert(name, "a", "resolved", time.time() - 60)) for name in names[::2]}
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for _ in range(3):
                for name, answer in zip(names, pool.map(lambda name: self.answers(self.app, bodies[name]), names)):
                    self.assertEqual(("unchanged", [idents[name]]), answer)
            for name, body in ends.items():
                self.assertEqual(("accepted", [idents[name]]), self.answers(self.other, body))
            for name, answer in zip(names, pool.map(lambda name: self.answers(self.app, bodies[name]), names)):
                self.assertEqual(("accepted" if name in ends else "unchanged", [idents[name]]), answer)


class Aside(Scenario):
    """A repeat changes nothing, and does not wait for what does."""
    store = "postgres"

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    def repeat(self) -> tuple[str, Config]:
        name = fresh("repeat")
        body = group(name, alert(name, "a"))
        ident = self.opened(self.prom(body))
        for _ in range(2):
            self.unchanged(ident, body)
        return ident, body

    def unchanged(self, ident: str, body: Config) -> None:
        answer = self.prom(body)
        self.assertEqual((200, "unchanged", [ident]), (answer.status, answer.json()["status"], answer.json()["incidents"]))

    def test_it_waits_for_no_commit(self) -> None:
        ident, body = self.repeat()
        name = fresh("slow")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with self.server.holding("LOCK TABLE incidents IN SHARE MODE"):
                slow = pool.submit(self.prom, group(name, alert(name, "a")))
                eventually("a new alarm waits for the lock", lambda: self.server.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1")
                for _ in range(5):
                    self.unchanged(ident, body)
                self.assertFalse(slow.done())
            self.opened(slow.result())

    def test_its_connection_is_cut(self) -> None:
        ident, body = self.repeat()
        for _ in range(3):
            self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tocsin'")
            self.unchanged(ident, body)


class Full(Scenario):
    """The server's disk, not ours."""
    store = "postgres"

    def test_whose_disk_it_is(self) -> None:
        server = typing.cast(postgres.Server, self.world.database)
        server.psql("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$")
        server.psql("CREATE TRIGGER no_room BEFORE INSERT ON inbox EXECUTE FUNCTION no_room()")
        name = fresh("full")
        self.assertEqual(503, self.prom(group(name, alert(name, "a"))).status)
        eventually("it is told", lambda: re.search("level=warn .*disk of the database's server is full.*"
                                                   f"host={server.folder}:5432", self.app.tail()))
        self.assertNotIn("this file system", self.app.log.read_text())
        server.psql("DROP TRIGGER no_room ON inbox")
        self.opened(eventually("it is accepted", lambda: answer if (answer := self.prom(
            group(name, alert(name, "a")))).status == 202 else None, 30))


class Growth(Scenario):
    """What a turn reads does not grow with what is open, whatever the server believes of its tables: here that they are
    empty, which it believes until it analyzes them again; nor with what was removed, until it vacuums them."""
    store = "postgres"
    MEASURED, MEANWHILE = 40, 200  # alarms; those opened between the two measurements
    MORE = 160  # index entries an alarm reads more then, at most: a walk past all that is open reads 240 more

    def test_reads_do_not_grow(self) -> None:
        self.server = typing.cast(postgres.Server, self.world.database)
        for sql in ("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", "ANALYZE"):
            self.server.psql(sql)
        before = self.read_while(self.MEASURED)
        self.work_off(self.MEANWHILE)
        of_start, after = self.read_while(0), self.read_while(self.MEASURED)
        self.assertGreater(before["incidents"], 0)
        more = {table: (n - of_start[table] - before[table]) // self.MEASURED for table, n in after.items()}
        del more["epochs"]  # one row, read with every commit: how many there are is a matter of time
        self.assertEqual({}, {table: n for table, n in more.items() if n > self.MORE})

    def read_while(self, alarms: int) -> dict[str, int]:
        """Index entries of each table in a run of the program; the server knows of a session's when that has ended."""
        self.app.kill(signal.SIGTERM)
        self.server.psql("SELECT pg_stat_reset()")
        self.app.start()
        self.work_off(alarms)
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        rows = self.server.psql("SELECT relname, sum(idx_tup_read) FROM pg_stat_user_indexes GROUP BY relname")
        self.app.start()
        return {table: int(count) for table, count in (row.split("|") for row in rows.splitlines())}

    def work_off(self, alarms: int) -> None:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self.worked_off, [fresh("grown") for _ in range(alarms)]))

    def worked_off(self, name: str) -> None:
        """Until then no other: what is in flight at once is as much on a slow machine."""
        self.opened(self.prom(group(name, alert(name, "a"))))
        self.mail(name)
        self.tickets(name, "OPEN", timeout=60)


class GrowthOfStart(Scenario):
    """What a start reads to find sources that are not configured any more grows as what is open does, and no faster, where the
    server believes that there is one alarm, which it does until it analyzes the tables again."""
    store = "postgres"
    SIZE = 500  # open incidents at first; then twice as many, of which a walk for each would read four times as much
    CLONE = ("INSERT INTO {0} SELECT (jsonb_populate_record(NULL::{0}, to_jsonb(one) || jsonb_build_object({1}))).* "
             "FROM (SELECT * FROM {0} LIMIT 1) one")
    MANY = CLONE + ", generate_series({2}, {3}) n"
    ID = r"'\x' || lpad(to_hex(n), 32, '0')"
    TOLD = "incidents wait for a source that is not configured"

    def test_reads_grow_as_what_is_open(self) -> None:
        self.server = typing.cast(postgres.Server, self.world.database)
        name = fresh("grown")
        self.opened(self.prom(group(name, alert(name, "a"))))
        self.app.kill(signal.SIGTERM)
        for sql in ("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()", "ANALYZE",
                    self.CLONE.format("lanes", r"'no', 0, 'source', 'gone', 'dedupe_key', 'gone/a', 'key_hash', '\\x' || md5('gone')")):
            self.server.psql(sql)
        reads = [self.reads_of_start(self.SIZE, 2 * self.SIZE - 1), self.reads_of_start(2 * self.SIZE, 3 * self.SIZE - 1)]
        self.assertGreater(reads[0], self.SIZE)
        self.assertLess(reads[1], 3 * reads[0])

    def reads_of_start(self, first: int, last: int) -> int:
        """Entries of the indexes of alarms and incidents, with so many more of those."""
        self.server.psql(self.MANY.format("incidents", f"'id', {self.ID}, 'dedupe_hash', '\\x' || md5(n::text)", first, last))
        self.server.psql(self.MANY.format("lanes", f"'no', n, 'incident', {self.ID}, 'source', 'prom', 'dedupe_key', 'prom/' || n, "
                                          "'key_hash', '\\x' || md5(n::text)", first, last))
        self.server.psql("SELECT pg_stat_reset()")
        said = self.app.log.read_text().count(self.TOLD)
        self.app.start()
        eventually("it has looked", lambda: self.app.log.read_text().count(self.TOLD) > said, 120)
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        return int(self.server.psql("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ('lanes', 'incidents')"))

class Start(unittest.TestCase):
    """What is wrong and what to do, in one sentence, and nothing is started; or it starts."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World("postgres"))
        cls.server = typing.cast(postgres.Server, cls.world.database)
        cls.server.psql(f"CREATE ROLE worker LOGIN; CREATE ROLE secretive LOGIN PASSWORD '{PASSWORD}'")
        cls.server.psql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' "
                        "TEMPLATE template0")
        rules = cls.server.data / "pg_hba.conf"
        rules.write_text("local all secretive scram-sha-256\n" + rules.read_text())
        cls.server.psql("SELECT pg_reload_conf(); CREATE SCHEMA AUTHORIZATION secretive")
        cls.world.tocsin({}, {}).kill(signal.SIGTERM)  # makes the schema

    def url(self, user: str = "postgres", database: str = "tocsin", **query: str) -> str:
        return self.server.url(**query).replace(f"{postgres.ROLE}@/tocsin", f"{user}@/{database}")

    def refused(self, store: Store, node: str = "refused", **env: str) -> str:
        """What a start says that must not be one."""
        app = self.world.folder / "tocsin.json"
        app.write_text(json.dumps({"listen": "127.0.0.1:0", "store": store, "node": node}))
        done = subprocess.run([str(BINARY), "serve", "--config", str(app), "--data", str(self.world.folder)],
                              capture_output=True, text=True, timeout=60, check=False, env=env)
        said = done.stderr + done.stdout
        self.assertEqual(1, done.returncode, said)
        self.assertNotIn(PASSWORD, said)
        return said

    def starts(self, store: Store, node: str = "", **env: str) -> str:
        """Its log."""
        folder = self.world.folder / fresh("app")
        folder.mkdir()
        app = Tocsin(folder, {"store": store, **({"node": node} if node else {})}, env)
        try:
            self.assertEqual(200, http("GET", app.url + "/readyz").status)
            self.assertNotIn(PASSWORD, app.tail())
        finally:
            self.assertEqual("", app.end())
        return app.log.read_text()

    def test_mistakes(self) -> None:
        wrong = {"url": self.url("secretive"), "password": {"env": "PW"}}
        for store, told in (
                (self.url(host="/nonexistent").replace(f"host={self.server.folder}&", ""), "/nonexistent"),
                (self.url(database="nothing"), '"nothing.?" does not exist'),
                (self.url("nobody"), '"nobody.?" does not exist'),
                (self.url(database="ascii"), "create one in UTF8"),
                (self.url(f"secretive:{PASSWORD}"), "has a password inside"),
                (self.url("secretive", password=PASSWORD), "has a password inside"),
                (self.url("secretive"), "no password supplied"),
                (self.url(target_session_attrs="any"), "may take no writes .*attrs=any.*leave that out"),
                (self.url(target_session_attrs="prefer-standby"), "may take no writes"),
                (wrong, "password authentication failed"),
                ({"url": self.url(), "pasword": {"env": "PW"}}, 'did you mean \\"?password'),
                ({"url": "sqlite:tocsin.db", "password": {"env": "PW"}}, "SQLite has no password"),
                (self.url(postgres.ROLE, options="-crow_security%3Doff"), "row-level security.*take row_security=off back"),
                ("postgresql:///?service=none", "PostgreSQL: definition of service .*none.* not found.*; define it in"),
                (self.url("worker", options="-csearch_path%3Dpg_catalog"), "may create tables in this schema"),
                ("postgresql://[::1/tocsin", "no connection URI")):
            with self.subTest(told=told):
                self.assertRegex(self.refused(store, PW="wrong"), told)

    def test_passwords(self) -> None:
        secret = self.world.folder / "password"
        secret.write_text(PASSWORD + "\n")
        passes = self.world.folder / "passfile"
        passes.write_text(f"*:*:*:secretive:{PASSWORD}\n")
        for path in (secret, passes):
            path.chmod(0o600)
        own = {"options": "-csearch_path%3Dsecretive"}
        self.starts({"url": self.url("secretive", **own), "password": {"env": "PW"}}, PW=PASSWORD)
        self.starts({"url": self.url("secretive", **own), "password": {"file": str(secret)}})
        self.starts(self.url("secretive", passfile=str(passes), **own))

    def test_a_role_that_may_not_change_the_schema(self) -> None:
        self.assertRegex(self.refused(self.url("worker")), "permission denied.*GRANT SELECT, INSERT, UPDATE, DELETE")
        self.server.psql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker")
        self.starts(self.url("worker"))

    def test_an_older_schema(self) -> None:
        """Its owner brings it up at a start; another role is told whom to ask."""
        self.server.psql("CREATE ROLE old LOGIN; CREATE SCHEMA old AUTHORIZATION old")
        own, other = (self.url(user, options="-csearch_path%3Dold") for user in ("old", "worker"))
        self.starts(own)
        grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA old TO worker; "
        self.server.psql("GRANT USAGE ON SCHEMA old TO worker; " + grant + "SET search_path = old; "
                         "DELETE FROM schema_version WHERE version >= (SELECT MAX(version) FROM schema_version) - 7; "
                         "DROP TABLE feeds, conflicts, entries; ALTER TABLE links DROP COLUMN heard; "
                         "DROP INDEX links_record; ALTER TABLE links DROP COLUMN hints, DROP COLUMN hints_seen; "
                         "DROP INDEX incidents_bare, engagements_id, engagements_start, engagements_text; "
                         "ALTER TABLE incidents DROP COLUMN is_bare; "
                         "ALTER TABLE engagements DROP COLUMN sender, DROP COLUMN subject, DROP COLUMN content, "
                         "DROP COLUMN public_subject, DROP COLUMN public_content, DROP COLUMN incident_text; "
                         "ALTER TABLE incidents DROP COLUMN notification_targets, DROP COLUMN chat_channel; "
                         "DROP TABLE notices, resources, channel_states; DROP INDEX incidents_impact, incidents_creator; "
                         "DROP TABLE budgets; ALTER TABLE sends DROP COLUMN held_ms, DROP COLUMN is_paid")
        self.assertRegex(self.refused(other), "permission denied for schema old.*start once with a role that may create tables")
        self.starts(own)
        self.server.psql(grant)
        self.starts(other)

    def test_a_second_process(self) -> None:
        app = self.world.tocsin({"node": "first"}, {})
        self.starts(self.url(), node="second")
        self.assertEqual(200, http("GET", app.url + "/readyz").status)
        self.assertIn("is at work", self.refused(self.url(), node="first"))
        self.assertEqual(200, http("GET", app.url + "/readyz").status)

    def test_a_clock_that_differs(self) -> None:
        """The server's is the one that is shifted."""
        self.server.psql("CREATE SCHEMA shifted; CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE "
                         "sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '5 s' $$")
        for way, sign in (("behind", "+"), ("ahead of", "-")):
            self.server.psql("CREATE OR REPLACE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                             f"$$ SELECT pg_catalog.clock_timestamp() {sign} interval '5 s' $$")
            said = self.refused(self.url(options="-csearch_path%3Dshifted,pg_catalog"))
            self.assertRegex(said, rf"clock is [45]\.\d s {way} the database's.*NTP")
        self.assertEqual("0", self.server.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'shifted'"))

    def test_a_role_that_is_under_no_policy(self) -> None:
        self.server.psql("CREATE ROLE modest LOGIN; CREATE SCHEMA modest AUTHORIZATION modest")
        for url, is_told in ((self.url(), True), (self.url("modest", options="-csearch_path%3Dmodest"), False)):
            self.assertEqual(is_told, "BYPASSRLS" in self.starts(url))

    def test_every_node_is_told(self) -> None:
        one = self.node("one", "eu-west-1")
        two = self.node("two", "eu-central-1")
        self.told(one, "a node joined", "node=two region=eu-central-1 .*last_contact=20..-")
        self.assertRegex(one.log.read_text(), rf"msg=ready .*database=primary host={self.server.folder}")
        self.assertEqual({"one": ("alive", "eu-west-1", False), "two": ("alive", "eu-central-1", True)}, nodes(two))
        self.assertIn("tocsin_nodes_alive 2\n", http("GET", two.url + "/metrics").body.decode())
        database = two.api("GET", "/v1/nodes").json()["database"]
        self.assertEqual(("postgresql", "primary", 1), tuple(database[name] for name in ("engine", "role", "timeline")))
        self.assertEqual(str(database["schema"]), self.server.psql("SELECT max(version) FROM nodes.schema_version"))
        self.assertEqual(0, two.kill(signal.SIGTERM))
        self.told(one, "a node stopped", "node=two")
        self.assertEqual(("stopped", "eu-central-1", False), nodes(one)["two"])
        self.assertEqual([], [line for line in one.log.read_text().splitlines() if "different configurations" in line])
        two.start()
        two.kill(signal.SIGKILL)
        self.told(one, "a node was taken over", "node=two .*by=one last_contact=20.* sends_in_flight=0 links_held=0")
        self.assertEqual(("taken over", "eu-central-1", False), nodes(one)["two"])
        row = next(row for row in one.api("GET", "/v1/nodes").json()["items"] if row["name"] == "two")
        self.assertEqual("one", row["taken_over_by"])
        self.assertLess(row["started_at"], row["last_contact_at"])
        self.assertLess(row["last_contact_at"], row["ended_at"])
        self.assertIn("tocsin_nodes_taken_over_total 1\n", http("GET", one.url + "/metrics").body.decode())
        self.assertEqual(0, one.kill(signal.SIGTERM))

    def node(self, name: str, region: str) -> Tocsin:
        folder = self.world.folder / fresh("node")
        folder.mkdir()
        self.server.psql("CREATE SCHEMA IF NOT EXISTS nodes")
        tokens = [{"name": "viewer", "role": "admin", "token": {"env": "TOKEN"}}]
        app = Tocsin(folder, {"store": self.url(options="-csearch_path%3Dnodes"), "node": name, "node_region": region,
                              "tokens": tokens}, {"TOKEN": TOKENS["admin"]})
        self.addCleanup(app.kill)
        return app

    def told(self, app: Tocsin, event: str, more: str) -> None:
        def is_told() -> bool:
            return any(event in line and re.search(more, line) for line in app.log.read_text().splitlines())
        eventually(f"{event} {more}", is_told, 30)

    def test_a_newer_schema(self) -> None:
        self.server.psql("INSERT INTO schema_version VALUES (9999, 9999, 0)")
        try:
            self.assertRegex(self.refused(self.url()), "9999.*newer")
        finally:
            self.server.psql("DELETE FROM schema_version WHERE version = 9999")


def nodes(app: Tocsin) -> dict[str, tuple[str, str, bool]]:
    rows = app.api("GET", "/v1/nodes").json()["items"]
    return {row["name"]: (row["state"], row["region"], row["answered"]) for row in rows if row["region"] != "us-east-1"}


if __name__ == "__main__":
    unittest.main()
