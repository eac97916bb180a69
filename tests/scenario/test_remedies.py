"""What PostgreSQL refuses, and what is not as it should be there: what it is, where, and what to do, in one sentence."""
from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import typing
import unittest

from harness import BINARY, TOKENS, Tocsin, World, eventually, free_port, http, postgres
from worlds import fresh

PASSWORD = "not-to-be-told-0123456789"
Store = typing.Any


class OnServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World("postgres"))
        cls.server = typing.cast(postgres.Server, cls.world.database)

    def url(self, user: str = postgres.ROLE, database: str = "tocsin", **query: str) -> str:
        return self.server.url(**query).replace(f"{postgres.ROLE}@/tocsin", f"{user}@/{database}")

    def config(self, store: Store) -> pathlib.Path:
        file = self.world.folder / f"{fresh('config')}.json"
        file.write_text(json.dumps({"listen": "127.0.0.1:0", "store": store}))
        return file

    def run_tocsin(self, *words: str, code: int, **env: str) -> str:
        done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **env})
        said = done.stdout + done.stderr
        self.assertEqual(code, done.returncode, said)
        self.assertNotIn(PASSWORD, said)
        return said

    def on_store(self, store: Store, *words: str, code: int, **env: str) -> str:
        return self.run_tocsin(*words, "--config", str(self.config(store)), "--data",
                               str(self.world.folder / fresh("data")), code=code, **env)

    def made(self, schema: str, role: str = postgres.ROLE) -> str:
        """A store in a schema of its own; its URL."""
        url = self.url(role, options=f"-csearch_path%3D{schema}")
        self.server.psql(f"CREATE SCHEMA {schema} AUTHORIZATION {role}")
        self.assertEqual("", Tocsin(self.folder(), {"store": url}, {}).end())
        return url

    def folder(self) -> pathlib.Path:
        folder = self.world.folder / fresh("app")
        folder.mkdir()
        return folder


class Refusals(OnServer):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server.psql(f"CREATE ROLE secretive LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE unlisted LOGIN; "
                        "CREATE ROLE closed NOLOGIN; CREATE ROLE reader LOGIN; CREATE ROLE outside LOGIN; "
                        "ALTER ROLE reader SET default_transaction_read_only = on")
        cls.server.psql("CREATE DATABASE private")
        cls.server.psql("REVOKE CONNECT ON DATABASE private FROM PUBLIC")
        (cls.server.data / "pg_hba.conf").write_text(
            "local all secretive scram-sha-256\nlocal all postgres,tocsin,nobody,closed,reader,outside trust\n")
        cls.server.psql("SELECT pg_reload_conf()")

    def test_the_way_there(self) -> None:
        port = free_port()
        here = re.escape(str(self.server.folder))
        secretive, env = self.url("secretive"), {"PW": "wrong"}
        cases: list[tuple[Store, str]] = [
            (f"postgresql://tocsin@127.0.0.1:{port}/tocsin?sslmode=disable",
             rf"PostgreSQL at 127\.0\.0\.1 port {port}, database tocsin, role tocsin: Connection refused; nothing listens"),
            (self.url(port=str(port)), f"at the socket in {here} port {port}, .*No such file.*check the folder .host="),
            ("postgresql://tocsin@nowhere.invalid/tocsin?sslmode=disable",
             r"at nowhere\.invalid port 5432, .*; no such name is known here: check the host in the URL"),
            (self.url(database="nothing"),
             r'at the socket in .* database nothing, role tocsin: database .?"nothing.?" does not exist \(3D000\); make .*createdb'),
            (self.url("nobody"), r'role .?"nobody.?" does not exist \(28000\); make the role there \(createuser'),
            (self.url("nobody").replace(f"host={self.server.folder}", f"host={self.server.folder},{self.server.folder}/none"),
             rf'role .?"nobody.?" does not exist \(28000\); make the role there .*; and {here}/none:5432: No such file'),
            (self.url("closed"), r"not permitted to log in \(28000\); ALTER ROLE"),
            (self.url("unlisted"), r"no pg_hba\.conf entry .*\(28000\); let this role in: a line for it"),
            (self.url("outside", "private"), r"permission denied for database .*\(42501\); GRANT CONNECT"),
            (self.url("reader"), r"session is read-only; this server takes no writes: it is a standby, or default_tr"),
            (secretive, r"no password supplied; the server asks for a password: name it, as .?\"password"),
            ({"url": secretive, "password": {"env": "PW"}},
             r"role secretive: password authentication failed .*\(28P01\); the password is not this role's"),
            (self.url(options="-csearch_path%3Dnone"), r"\(3F000\); the schema of the role's search_path is not there"),
        ]
        for store, told in cases:
            with self.subTest(told=told):
                self.assertRegex(self.on_store(store, "serve", code=1, **env), told)
                if "3F000" not in told:  # there is no store to look into
                    self.assertRegex(self.on_store(store, "db", "check", code=1, **env), told)

    def test_a_command_that_has_no_configuration(self) -> None:
        """The copy looks for a password in libpq's places, and says of which side it tells."""
        there, here = self.url("secretive"), f"sqlite:{self.world.folder}/{fresh('copy')}.db"
        self.assertEqual("", Tocsin(self.folder(), {"store": here}, {}).end())
        said = self.run_tocsin("db", "copy", "--from", here, "--to", there, code=1)
        self.assertRegex(said, "role secretive: .*no password supplied; the server asks for a password.*PGPASSWORD")
        said = self.run_tocsin("db", "copy", "--from", there, "--to", f"{here}.other", code=1, PGPASSWORD="wrong")
        self.assertRegex(said, "password authentication failed.*28P01.*the password is not this role's")
        said = self.run_tocsin("db", "copy", "--from", here, "--to", self.url(f"secretive:{PASSWORD}"), code=1)
        self.assertIn("has a password inside", said)
        passes = self.world.folder / fresh("passfile")
        passes.write_text(f"*:*:*:secretive:{PASSWORD}\n")
        passes.chmod(0o600)
        self.server.psql("CREATE SCHEMA AUTHORIZATION secretive")
        own = self.url("secretive", options="-csearch_path%3Dsecretive")
        for env in ({"PGPASSWORD": PASSWORD}, {"PGPASSFILE": str(passes)}):
            self.assertIn("The copy is near", self.run_tocsin("db", "copy", "--from", here, "--to", own, code=0, **env))
        passes.write_text("*:*:*:secretive:wrong\n")
        said = self.run_tocsin("db", "copy", "--from", here, "--to", own, code=1, PGPASSFILE=str(passes))
        self.assertIn(f'password retrieved from file "{passes}" (28P01)', said)

    def test_misspelt_parameters(self) -> None:
        for more, told in (({"sslmod": "require"}, r'parameter .?"sslmod.?", which libpq does not know; did you mean .?"sslmode'),
                           ({"conect_timeout": "1"}, r'"connect_timeout'),
                           ({PASSWORD: "x"}, "a parameter behind its . that libpq does not know")):
            with self.subTest(told):
                for words in (("check",), ("serve",), ("db", "check")):
                    self.assertRegex(self.on_store(self.url(**more), *words, code=1), told)

    def test_values_that_no_connection_can_have(self) -> None:
        """Of a copy there is no line of a file to name; what a variable says is known at the connection only."""
        here = f"sqlite:{self.world.folder}/{fresh('copy')}.db"
        for url, told in (
                (self.url(sslmode="verify-ful"), "sslmode=verify-ful: use one of disable, .*verify-full"),
                ("postgresql://tocsin@db1:99999/tocsin", "port=99999: use 1 to 65535"),
                (f"postgresql://tocsin:{PASSWORD}/tocsin", "a wrong port, not repeated here"),
                ("postgresql://tocsin@db1,db2/tocsin?port=5432,abc", "port=abc: use 1 to 65535"),
                (self.url(connect_timeout="soon"), "connect_timeout=soon: use a whole number of seconds")):
            with self.subTest(told):
                for words in (("check",), ("serve",), ("db", "check")):
                    for store, path in ((url, r"\$\.store"), ({"url": url}, r"\$\.store\.url")):
                        self.assertRegex(self.on_store(store, *words, code=1), rf"\.json:1: {path}: the store's URL .*{told}")
                self.assertRegex(self.run_tocsin("db", "copy", "--from", url, "--to", here, code=1), told)
        said = self.on_store(self.url(), "db", "check", code=1, PGSSLMODE="verify-ful")
        self.assertRegex(said, r'invalid sslmode value.*; correct that variable \(PG\.\.\.\)')

    def test_tables_of_another_program(self) -> None:
        for name, makes, told in (
                ("theirs", "CREATE TABLE {0}.incidents (a int)", r"\(42P07\); what tocsin makes is there already"),
                ("theirs_too", "CREATE TABLE {0}.schema_version (version text, oldest text); "
                 "INSERT INTO {0}.schema_version VALUES ('twenty-two point one', '1')", r"\(22P02\); the tables are not as tocsin"),
                ("other", "CREATE TABLE {0}.schema_version (installed_rank int)", r"\(42703\); the tables are not as tocsin")):
            with self.subTest(name):
                self.server.psql(f"CREATE SCHEMA {name} AUTHORIZATION tocsin; " + makes.format(name))
                self.server.psql(f"GRANT ALL ON ALL TABLES IN SCHEMA {name} TO tocsin")
                url = self.url(options=f"-csearch_path%3D{name}")
                self.assertRegex(self.on_store(url, "serve", code=1), "database tocsin, role tocsin.*" + told)

    def test_a_damaged_schema(self) -> None:
        for name, breaks, told in (
                ("forgotten", "DELETE FROM {0}.schema_version", r"\(42P07\); what tocsin makes is there already"),
                ("odd", "UPDATE {0}.schema_version SET oldest = 0", "schema_version is damaged.*name an empty database"),
                ("dropped", "DROP TABLE {0}.epochs CASCADE", "there is no table epochs: restore a backup")):
            with self.subTest(name):
                url = self.made(name)
                self.server.psql(breaks.format(name))
                self.assertRegex(self.on_store(url, "serve", code=1), told)

    def test_the_line_of_a_process_that_ends_itself(self) -> None:
        """It is one of the log, like the others."""
        self.server.psql("CREATE SCHEMA twice AUTHORIZATION tocsin")
        config = {"store": self.url(options="-csearch_path%3Dtwice"), "node": "one"}
        first = Tocsin(self.folder(), config, {})
        self.addCleanup(first.kill)
        first.child.send_signal(signal.SIGSTOP)
        self.addCleanup(Tocsin(self.folder(), config, {}).kill)
        first.child.send_signal(signal.SIGCONT)
        self.assertEqual(70, first.child.wait(10))
        self.assertRegex(first.log.read_text().splitlines()[-1],
                         r'^time=\S+ level=error part=store msg="another tocsin took .*" exit=70$')


class Checked(OnServer):
    """tocsin db check says good only of what is."""

    def check(self, store: str, code: int) -> str:
        return self.on_store(store, "db", "check", code=code)

    def test_a_database_that_is_empty(self) -> None:
        self.server.psql(f"CREATE SCHEMA hollow AUTHORIZATION tocsin; ALTER ROLE tocsin PASSWORD '{PASSWORD}'")
        store = {"url": self.url(options="-csearch_path%3Dhollow"), "password": {"env": "PW"}}
        here = re.escape(str(self.server.folder))
        for words in (("check",), ("held",)):
            said = self.on_store(store, "db", *words, code=1, PW=PASSWORD)
            self.assertRegex(said, rf"at the socket in {here} port 5432, database tocsin, role tocsin: there is no store of "
                             r"tocsin in it yet: tocsin serve makes one.*search_path%3DNAME")

    def test_a_role_that_lacks_rights(self) -> None:
        url = self.made("mine")
        self.assertIn("good.", self.check(url, 0))
        self.server.psql("CREATE ROLE looks LOGIN; GRANT USAGE ON SCHEMA mine TO looks; "
                         "GRANT SELECT ON ALL TABLES IN SCHEMA mine TO looks")
        other = self.url("looks", options="-csearch_path%3Dmine")
        said = self.check(other, 1)
        self.assertEqual(27, said.count("the role lacks INSERT, UPDATE, DELETE on the table "), said)
        self.assertIn("27 things are not as tocsin needs it", said)
        self.assertIn("its rows are good", said)
        self.assertNotIn(": good.", said)
        self.server.psql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mine TO looks; "
                         "REVOKE DELETE ON mine.timers FROM looks")
        self.assertIn("the role lacks DELETE on the table timers", self.check(other, 1))
        self.server.psql("REVOKE SELECT ON mine.pages FROM looks; GRANT DELETE ON mine.timers TO looks")
        said = self.check(other, 1)
        self.assertIn("the role lacks SELECT on the table pages", said)
        self.assertIn("its rows were not looked at", said)
        self.server.psql("GRANT SELECT ON mine.pages TO looks")
        self.assertIn("good.", self.check(other, 0))

    def test_a_start_without_rights(self) -> None:
        self.made("theirs_all")
        self.server.psql("CREATE ROLE starts LOGIN; GRANT USAGE ON SCHEMA theirs_all TO starts; "
                         "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA theirs_all TO starts; "
                         "REVOKE INSERT ON theirs_all.pages, theirs_all.links FROM starts")
        url = self.url("starts", options="-csearch_path%3Dtheirs_all")
        said = self.on_store(url, "serve", code=1)
        self.assertRegex(said, r"the role lacks INSERT on the table links: its owner may GRANT .* \(and 1 more tables")
        self.assertNotIn("msg=ready", said)
        self.server.psql("GRANT INSERT ON theirs_all.pages, theirs_all.links TO starts")
        self.assertEqual("", Tocsin(self.folder(), {"store": url}, {}).end())

    def test_accounts_that_are_not_kept_apart(self) -> None:
        url = self.made("open_to_all")
        self.server.psql("ALTER TABLE open_to_all.lanes DISABLE ROW LEVEL SECURITY")
        self.server.psql("ALTER TABLE open_to_all.pages NO FORCE ROW LEVEL SECURITY")
        told = r"row-level security is off for 2 of the tables .lanes., .*ENABLE ROW LEVEL SECURITY, FORCE ROW"
        self.assertRegex(self.check(url, 1), told)
        app = Tocsin(self.folder(), {"store": url}, {})
        self.assertRegex(app.log.read_text(), f"level=warn .*{told}")
        self.assertEqual("", app.end())

    def test_a_node_of_another_account(self) -> None:
        url = self.made("shared")
        nodes = [Tocsin(self.folder(), {"store": url, "node": name, "account_id": account}, {})
                 for name, account in (("one", "111111111111"), ("two", "111111111111"), ("odd", "222222222222"))]
        told = "level=warn .*nodes of another account work on this database"
        for node in nodes[:2]:
            self.assertNotRegex(node.log.read_text(), told)
        self.assertRegex(nodes[2].log.read_text(), f'{told}.*account_id=222222222222 other=111111111111 node=two')
        for node in nodes:
            self.assertEqual("", node.end())

    def test_a_node_of_the_same_name(self) -> None:
        url = self.made("twins")
        told = "level=warn .*a process with this node's name is still connected"
        first = Tocsin(self.folder(), {"store": url, "node": "one"}, {})
        first.kill(signal.SIGKILL)
        first.start()
        self.assertNotRegex(first.log.read_text(), told, "what was killed leaves nothing")
        second = Tocsin(self.folder(), {"store": url, "node": "one"}, {}, wait=False)
        self.assertEqual(1, second.child.wait(30), second.tail())
        self.assertRegex(second.tail(), r'name \(.*node.*one.*\) is at work, connected to the database from the same machine')
        self.assertEqual(200, http("GET", first.url + "/readyz").status)
        second.kill()
        first.child.send_signal(signal.SIGSTOP)
        second.start()
        self.assertRegex(second.log.read_text(), f"{told}.*node=one from=\"the same machine\" do=")
        first.child.send_signal(signal.SIGCONT)
        self.assertEqual(70, first.child.wait(30))
        self.assertIn("a second one has its name", first.tail())
        self.assertEqual("", second.end())

    def test_a_start_waits_for_a_process_that_is_ending(self) -> None:
        url = self.made("ending")
        first = Tocsin(self.folder(), {"store": url, "node": "one"}, {})
        second = Tocsin(self.folder(), {"store": url, "node": "one"}, {}, wait=False)
        eventually("the second has looked", lambda: "1" == self.server.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin/one' AND query LIKE '%the same machine%'"))
        self.assertEqual(0, first.kill(signal.SIGTERM))
        second.wait_ready()
        self.assertEqual("", second.end())

    def test_which_server_was_asked(self) -> None:
        url = self.made("asked")
        self.assertRegex(self.check(url, 0), rf"Asked: {self.server.folder}:5432 .primary, timeline 1.. 0 nodes at work")
        folder = self.folder()
        app = Tocsin(folder, {"store": url}, {})
        both = url.replace(f"host={self.server.folder}", f"host={folder},{self.server.folder}")
        for said in (self.check(both, 0), self.on_store(both, "db", "held", code=0)):
            self.assertRegex(said, rf"Not asked: {folder}:5432 does not answer \(PostgreSQL at .*left behind")
            self.assertRegex(said, r"\n1 nodes at work on it, last contact 20..-")
        self.assertEqual("", app.end())

    def test_a_clock_that_differs(self) -> None:
        self.made("late")
        self.server.psql("CREATE SCHEMA shifted; GRANT USAGE ON SCHEMA shifted TO PUBLIC; "
                         "CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                         "$$ SELECT pg_catalog.clock_timestamp() + interval '5 s' $$")
        said = self.check(self.url(options="-csearch_path%3Dshifted,pg_catalog,late"), 1)
        self.assertRegex(said, r"clock is [45]\.\d s behind the database's.*NTP")
        self.assertIn("1 thing is not as tocsin needs it", said)

    def test_an_unfinished_copy(self) -> None:
        here = f"sqlite:{self.world.folder}/{fresh('source')}.db"
        folder = self.world.folder / fresh("app")
        folder.mkdir()
        self.assertEqual("", Tocsin(folder, {"store": here}, {}).end())
        self.server.psql("CREATE SCHEMA half AUTHORIZATION tocsin")
        there = self.url(options="-csearch_path%3Dhalf")
        self.run_tocsin("db", "copy", "--from", here, "--to", there, code=0)
        for words in (("check",), ("held",), ("hold",), ("release", "--all"), ("reclaim",)):
            with self.subTest(words):
                self.assertRegex(self.on_store(there, "db", *words, code=1), "unfinished copy.*db copy --final, or drop it")

    def test_damage(self) -> None:
        """What it advises is what there is."""
        url = self.made("broken")
        self.server.psql("INSERT INTO broken.timers (incident, due_ms, account_id, epoch) VALUES "
                         "('\\x000102030405060708090a0b0c0d0e0f', 1, '000000000000', 1)")
        said = self.check(url, 1)
        self.assertRegex(said, "a row of timers belongs to incident")
        self.assertRegex(said, "stop the server .every node.*pg_restore.*tocsin db hold")
        self.assertNotIn("db restore", said)

    def test_check_points_to_it(self) -> None:
        said = self.on_store(self.url(), "check", code=0)
        self.assertRegex(said, r"The database was not asked: tocsin db check --config \S+ does that\.")
        self.assertNotIn("was not asked", self.on_store("sqlite:t.db", "check", code=0))


class Limited(OnServer):
    """A node has two connections: where a limit leaves it one it does not start, and says what has the limit."""

    NEEDS = "a node needs 2 connections, and up to 3 more for moments"

    def narrow(self, limit: int, role: str) -> None:
        self.server.psql(f"ALTER ROLE {role} CONNECTION LIMIT {limit}")

    def store_of(self, role: str) -> str:
        self.server.psql(f"CREATE ROLE {role} LOGIN")
        return self.made(f"of_{role}", role)

    def test_of_a_role(self) -> None:
        url = self.store_of("narrow")
        told = r'PostgreSQL at .* database tocsin, role narrow: too many connections for role .{1,2}narrow.{1,2} \(53300\); ' + \
               f"ALTER ROLE ... CONNECTION LIMIT n: {self.NEEDS}"
        self.narrow(1, "narrow")
        said = self.on_store(url, "serve", code=1)
        self.assertRegex(said, told)
        self.assertNotIn("msg=ready", said)
        said = self.on_store(url, "db", "check", code=1)
        self.assertRegex(said, told)
        self.assertRegex(said, "1 thing is not as tocsin needs it on .*; its rows are good")
        self.narrow(0, "narrow")
        self.assertRegex(self.on_store(url, "serve", code=1), told)
        self.narrow(2, "narrow")
        self.assertIn("good.", self.on_store(url, "db", "check", code=0))

    def test_another_node_has_the_rest(self) -> None:
        url = self.store_of("counted")
        app = Tocsin(self.folder(), {"store": url, "node": "one"}, {})
        self.addCleanup(app.kill)
        self.narrow(2, "counted")
        self.assertRegex(self.on_store(url, "serve", code=1), rf"\(53300\); ALTER ROLE .*{self.NEEDS}")
        self.narrow(3, "counted")
        two = Tocsin(self.folder(), {"store": url, "node": "two"}, {})
        for node in (two, app):
            self.assertEqual("", node.end())

    def test_of_a_database(self) -> None:
        self.server.psql("CREATE DATABASE cramped OWNER tocsin ENCODING 'UTF8' TEMPLATE template0 CONNECTION LIMIT 1")
        self.assertRegex(self.on_store(self.url(database="cramped"), "serve", code=1),
                         r"too many connections for database .{1,2}cramped.{1,2} \(53300\); ALTER DATABASE ... CONNECTION "
                         f"LIMIT n: {self.NEEDS}")

    def test_of_a_server(self) -> None:
        """Full for the moment, as far as one can tell: alarms are taken all the same."""
        told = rf"slots are reserved .*\(53300\); raise max_connections there, .*{self.NEEDS}"
        with postgres.Server(max_connections="4", superuser_reserved_connections="3") as server:
            app = Tocsin(self.folder(), {"store": server.url()}, {})
            self.assertRegex(app.log.read_text(), f"level=warn .*second connection.*{told}")
            self.assertEqual(200, http("GET", app.url + "/readyz").status)
            self.assertEqual("", app.end())
            self.assertRegex(self.on_store(server.url(), "db", "check", code=1), told)


class Dumped(OnServer):
    """The commands that tocsin db backup tells, as it tells them."""

    def rows(self, database: str) -> str:
        return self.server.psql("SELECT count(*) || ' ' || max(epoch) FROM epochs", database)

    def restored(self, dump: str) -> None:
        name = fresh("again").replace("-", "_")
        self.server.tool("createdb", "-h", str(self.server.folder), "-U", "postgres", "-O", "tocsin", "-E", "UTF8", "-T",
                         "template0", name)
        self.server.tool("pg_restore", "--exit-on-error", "--single-transaction", "-d", self.url("postgres", name), dump)
        self.assertEqual(self.rows("tocsin"), self.rows(name))
        there = self.url(database=name)
        self.assertIn("Held, because it was due before", self.on_store(there, "db", "hold", code=0))
        first = re.findall("Held since .*?Z", self.on_store(there, "db", "held", code=0))
        self.on_store(there, "db", "hold", code=0)
        self.assertEqual(first, re.findall("Held since .*?Z", self.on_store(there, "db", "held", code=0)))
        self.assertEqual(1, len(first))
        self.assertIn("good.", self.on_store(there, "db", "check", code=0))

    def test_as_superuser_and_as_owner(self) -> None:
        folder = self.world.folder / fresh("app")
        folder.mkdir()
        self.assertEqual("", Tocsin(folder, {"store": self.url()}, {}).end())
        said = self.on_store(self.url(), "db", "backup", "--to", "/nonexistent", code=2)
        self.assertIn("pg_dump -Fc -f tocsin.dump", said)
        dump = str(self.server.folder / "tocsin.dump")
        self.server.tool("pg_dump", "-Fc", "-f", dump, self.url("postgres"))
        self.restored(dump)
        with self.assertRaisesRegex(RuntimeError, "row-level security"):
            self.server.tool("pg_dump", "-Fc", "-f", dump, self.url())
        owner = ["env", "PGOPTIONS=-c tocsin.account_id=*", f"{self.server.bin}/pg_dump", "-Fc", "--enable-row-security"]
        self.assertIn("PGOPTIONS='-c tocsin.account_id=*' pg_dump -Fc --enable-row-security", said)
        subprocess.run(postgres.as_user([*owner, "-f", dump, self.url()]), check=True, cwd="/")
        self.restored(dump)


class Agree(OnServer):
    """Nodes that have different configurations are told of it, and when they have one again."""

    def node(self, name: str, region: str = "eu-west-1") -> Tocsin:
        folder = self.world.folder / fresh("node")
        folder.mkdir()
        app = Tocsin(folder, self.of(name, region), {"TOKEN": TOKENS["admin"]})
        self.addCleanup(app.kill)
        return app

    def of(self, name: str, region: str) -> dict[str, typing.Any]:
        return {"store": self.url(), "node": name, "region": region,
                "tokens": [{"name": "admin", "role": "admin", "token": {"env": "TOKEN"}}]}

    def lines(self, app: Tocsin, words: str) -> list[str]:
        return [line for line in app.log.read_text().splitlines() if words in line]

    def configs(self, app: Tocsin) -> dict[str, str]:
        return {row["name"]: row["config"] for row in app.api("GET", "/v1/nodes").json()["items"]}

    def differing(self, app: Tocsin) -> int:
        found = re.search(r"^tocsin_nodes_config_differs (\d+)$", http("GET", app.url + "/metrics").body.decode(), re.M)
        return int(found[1]) if found else -1

    def test_another_region_and_the_same_again(self) -> None:
        one, two = self.node("one"), self.node("two", "eu-central-1")
        shown = self.configs(one)
        self.assertRegex(shown["one"], "^[0-9a-f]{12}$")
        self.assertNotEqual(shown["one"], shown["two"])
        eventually("it is counted", lambda: self.differing(one) == self.differing(two) == 1, 10)
        self.assertEqual([], self.lines(one, "different configurations"), "one after the other may get another one")
        for app, other, region in ((one, "two", "eu-central-1"), (two, "one", "eu-west-1")):
            told = eventually(f"{other} is named", lambda: self.lines(app, "different configurations"), 60)
            self.assertRegex(told[0], rf"level=warn .*others=\"{other} \({shown[other]}, {region}\)\"")
        two.write_config(self.of("two", "eu-west-1"))
        two.child.send_signal(1)  # SIGHUP
        for app in (one, two):
            eventually("it is told that they agree", lambda: self.lines(app, "the same configuration again"), 20)
            self.assertEqual(1, len(self.lines(app, "different configurations")))
            eventually("none is counted", lambda: self.differing(app) == 0, 10)
        self.assertEqual(shown["one"], self.configs(two)["two"])


if __name__ == "__main__":
    unittest.main()
