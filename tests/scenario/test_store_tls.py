"""The way to a PostgreSQL server in TLS: what is verified, and what is told of a way that is not."""
from __future__ import annotations

import json
import os
import pathlib
import pwd
import tempfile
import unittest

from certs import Authority, Pair
from harness import Tocsin, World, free_port, http, postgres
from test_config import check
from worlds import fresh

NAME = "db.example.com"  # the server's, wherever its address leads


class Encrypted(postgres.Server):
    """On a port of loopback; who comes that way speaks TLS."""

    def __init__(self, pair: Pair) -> None:
        self.port = str(free_port())
        super().__init__(listen_addresses="127.0.0.1", port=self.port, ssl="on")
        self.pair = pair

    def init(self) -> None:
        super().init()
        for setting, file in (("ssl_cert_file", self.pair.cert), ("ssl_key_file", self.pair.key)):
            own = self.folder / file.name
            own.write_bytes(file.read_bytes())
            own.chmod(0o600)
            if os.geteuid() == 0:
                user = pwd.getpwnam(postgres.USER)
                os.chown(own, user.pw_uid, user.pw_gid)
            self.settings[setting] = str(own)
        (self.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")

    def client(self, database: str = "tocsin") -> list[str]:
        return [*super().client(database), "-p", self.port]

    def over(self, host: str, **query: str) -> str:
        """The URL by that name and the address of loopback."""
        more = "".join(f"&{key}={value}" for key, value in query.items())
        return f"postgresql://{postgres.ROLE}@{host}:{self.port}/tocsin?hostaddr=127.0.0.1{more}"


@unittest.skipUnless(postgres.binaries(), "PostgreSQL is not installed")
class Way(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tocsin-certs-")))
        cls.ca = Authority(folder)
        cls.server = Encrypted(cls.ca.issue("db", alt=f"DNS:{NAME}"))
        cls.world = cls.enterClassContext(World("sqlite"))
        cls.world.database = cls.enterClassContext(cls.server)

    def start(self, store: str) -> Tocsin:
        folder = self.world.folder / fresh("app")
        folder.mkdir()
        return Tocsin(folder, {"store": store}, {})

    def refused(self, store: str) -> str:
        file = self.world.folder / "refused.json"
        file.write_text(json.dumps({"listen": "127.0.0.1:0", "store": store}))
        status, said = check(file, {}, "serve", "--data", str(self.world.folder / "refused"))
        self.assertEqual(1, status, said)
        return said

    def verified(self, host: str = NAME) -> str:
        return self.server.over(host, sslmode="verify-full", sslrootcert=str(self.ca.pair.cert))

    def test_the_right_server(self) -> None:
        app = self.start(self.verified())
        self.assertEqual(200, http("GET", app.url + "/readyz").status)
        self.assertEqual("t", self.server.psql("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                               "WHERE usename = 'tocsin'"))
        self.assertNotIn("level=warn", app.log.read_text())
        self.assertEqual("", app.end())

    def test_another_server(self) -> None:
        said = self.refused(self.verified("other.example.com"))
        self.assertRegex(said, f'server certificate for .*{NAME}.* does not match host name .*other.example.com'
                         ".*; write a name that is in the certificate into the URL")
        self.assertRegex(self.refused(self.server.over(NAME, sslmode="verify-full", sslrootcert="/nonexistent.pem")),
                         "root certificate file .*/nonexistent.pem.* does not exist.*sslrootcert=FILE in the URL")
        with tempfile.TemporaryDirectory() as folder:
            other = Authority(pathlib.Path(folder))
            said = self.refused(self.server.over(NAME, sslmode="verify-full", sslrootcert=str(other.pair.cert)))
        self.assertRegex(said, "certificate verify failed; sslrootcert= in the URL must name the certificate of the authority")

    def test_a_start_warns_of_a_way_that_others_could_be_on(self) -> None:
        app = self.start(self.server.over(NAME, sslmode="require"))
        said = [line for line in app.log.read_text().splitlines() if "level=warn" in line]
        self.assertEqual(1, len(said), said)
        self.assertRegex(said[0], f"on the way to {NAME}.*sslmode=verify-full, with sslrootcert=FILE")
        self.assertEqual("", app.end())

    def test_check_warns_too(self) -> None:
        file = self.world.folder / "check.json"
        good, remote = "sslmode=verify-full", "postgresql://tocsin@db1.example.com"
        for store, told in ((f"{remote}/tocsin", "db1.example.com"),
                            (f"{remote}/tocsin?sslmode=verify-ca", "db1.example.com"),
                            (f"{remote}/tocsin?{good}", ""),
                            ("postgresql://tocsin@localhost,db2.example.com/tocsin", "db2.example.com"),
                            ("postgresql://tocsin@localhost,127.0.0.1,[::1]/tocsin", ""),
                            ("postgresql://tocsin@/tocsin?hostaddr=127.0.0.1,192.0.2.7", "192.0.2.7"),
                            ("postgresql://tocsin@/tocsin?host=/run/postgresql", ""),
                            ("postgresql://tocsin@/tocsin", "")):
            with self.subTest(store=store):
                file.write_text(json.dumps({"store": store}))
                status, said = check(file, {})
                self.assertEqual(0, status, said)
                self.assertEqual(bool(told), "$.store: warning: " in said, said)
                self.assertIn(f"on the way to {told} can" if told else "", said)


if __name__ == "__main__":
    unittest.main()
