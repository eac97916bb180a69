"""A store that answers nothing, or no: a PostgreSQL that hangs, whose only synchronous standby is lost, that refuses what an alarm
writes; a disk that stalls. Who asks is answered in seconds, with the reason; nothing is lost by that, and nothing is there twice."""
from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import re
import signal
import threading
import time
import typing
import unittest
from urllib.parse import urlsplit

from harness import SOURCE_TOKEN, Failure, Response, Tocsin, World, eventually, http, of_sqlite, postgres
from test_config import NOWHERE
from worlds import SECRETS, Scenario, Topic, alert, base_config, fresh, group

SHIM = os.environ.get("TOCSIN_STALLED_DISK", "")
AT_ONCE_S = 1.0
SOON_S = 6.0
UNREADY_S = 4.5  # 2.5 s, and what a machine at work takes


def timed(ask: typing.Callable[[], Response]) -> tuple[float, Response]:
    begun = time.monotonic()
    answer = ask()
    return time.monotonic() - begun, answer


class Stalled(unittest.TestCase):
    app: Tocsin

    def send(self, name: str) -> Response:
        return http("POST", self.app.url + "/sources/prom", group(name, alert(name, "a")),
                    {"Authorization": f"Bearer {SOURCE_TOKEN}"}, timeout=120)

    def get(self, path: str) -> Response:
        return http("GET", self.app.url + path, timeout=120)

    def at_once(self, path: str) -> Response:
        took, answer = timed(lambda: self.get(path))
        self.assertLess(took, AT_ONCE_S, path)
        return answer

    def says(self, path: str, words: str) -> Response | None:
        """Asked again and again, it always answers at once."""
        answer = self.at_once(path)
        return answer if re.search(words, answer.body.decode()) else None

    def metric(self, name: str) -> float:
        return float(re.findall(rf"^{name} (\S+)$", self.at_once("/metrics").body.decode(), re.MULTILINE)[0])

    def turned_away(self, words: str) -> str:
        """An alarm that comes while nothing answers: its name."""
        name = fresh("stalled")
        took, answer = timed(lambda: self.send(name))
        self.assertLess(took, SOON_S)
        self.assertEqual(503, answer.status, answer.body)
        self.assertRegex(answer.json()["error"]["message"], words + ".*(nothing was accepted|whether .* is not known)")
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        return name

    def while_it_stalls(self, words: str) -> list[str]:
        """Names of alarms that were told to come again."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            first = [pool.submit(self.turned_away, "database") for _ in range(3)]
            eventually("it is not ready, and says why", lambda: self.says("/readyz", words), 15)
            names = [answer.result() for answer in first]
        self.assertGreater(self.metric("tocsin_database_stalled_seconds") + self.metric("tocsin_database_away"), 0)
        name = fresh("stalled")
        took, answer = timed(lambda: self.send(name))
        self.assertLess(took, AT_ONCE_S, "it is known by now")
        self.assertEqual(503, answer.status)
        self.assertRegex(answer.json()["error"]["message"], words + ".*nothing was accepted")
        return [*names, name]

    def goes_on(self, names: list[str]) -> None:
        eventually("it is ready", lambda: self.at_once("/readyz").status == 200, 60)
        for name in names:
            answer = eventually("it is accepted", lambda name=name: self.accepted(name), 30)
            self.assertEqual(1, len(answer.json()["incidents"]))
        rows = [row["title"] for row in self.app.incidents("?limit=200")]
        for name in names:
            self.assertEqual(1, len([title for title in rows if name in title]), name)

    def accepted(self, name: str) -> Response:
        answer = self.send(name)
        if answer.status not in (200, 202):
            raise Failure(answer.body)
        return answer


class Standby(Stalled):
    """The only standby that every commit waits for is lost."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.pair = postgres.Pair()
        cls.world = cls.enterClassContext(World("postgres", cls.pair))
        cls.app = cls.world.tocsin(base_config(Topic(cls.world.folder).cert, NOWHERE), dict(SECRETS))

    def test_senders_and_probes_are_answered(self) -> None:
        self.pair.standby.stop()
        names = self.while_it_stalls("commits wait for a synchronous standby")
        self.assertRegex(self.app.tail(), "does not answer.*synchronous standby.*ALTER SYSTEM")
        end = time.monotonic() + 45  # past the end of the patience with one answer
        while time.monotonic() < end:
            self.assertEqual(503, self.at_once("/readyz").status)
            self.assertTrue(self.says("/readyz", "commits wait for a synchronous standby"), self.get("/readyz").body)
            self.at_once("/metrics")
            time.sleep(0.5)
        self.assertRegex(self.app.log.read_text(), f"PostgreSQL: {self.pair.primary.folder}:5432 does not answer: its commits wait")
        self.pair.standby.start()
        self.goes_on(names)


@contextlib.contextmanager
def standing_still(server: postgres.Server) -> typing.Iterator[None]:
    """Every process of it."""
    assert server.child
    pids = [server.child.pid]
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == server.child.pid:
                pids.append(int(folder.name))
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Hangs(Stalled):
    """Every process of the server stands still."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = postgres.Server()
        cls.world = cls.enterClassContext(World("postgres", cls.server))
        cls.app = cls.world.tocsin(base_config(Topic(cls.world.folder).cert, NOWHERE), dict(SECRETS))

    def test_senders_and_probes_are_answered(self) -> None:
        name = fresh("known")
        for _ in range(3):
            self.accepted(name)
        with concurrent.futures.ThreadPoolExecutor(1) as pool, standing_still(self.server):
            aside = pool.submit(timed, lambda: self.send(name))  # it is asked for over the connection that reads
            names = self.while_it_stalls("the database (does not answer|is away).*last answer was [0-9]+ s ago")
            for took, answer in (aside.result(), timed(lambda: self.send(name))):
                self.assertEqual(503, answer.status)
                self.assertLess(took, SOON_S)
        self.goes_on([*names, name])
        eventually("its end is told, too", lambda: re.search(
            "the database does not answer: senders are told(.|\n)*the database (answers again|is back)", self.app.log.read_text()))


class HangsBesideStandby(Stalled):
    """The primary stands still; the standby, which the URL has first, is well and takes no writes."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.pair = postgres.Pair(is_synchronous=False)
        cls.world = cls.enterClassContext(World("postgres", cls.pair))
        first, second = cls.pair.primary.folder, cls.pair.standby.folder
        url = cls.pair.url().replace(f"host={first},{second}", f"host={second},{first}")
        cls.app = cls.world.tocsin(base_config(Topic(cls.world.folder).cert, NOWHERE), dict(SECRETS), store=url)

    def test_the_one_that_hangs_is_told(self) -> None:
        said: list[str] = []

        def cannot_be_reached() -> bool:
            said.append(self.at_once("/readyz").body.decode())
            return "cannot be reached" in said[-1]
        with standing_still(self.pair.primary):
            eventually("it is told", cannot_be_reached, 60)
            self.assertNotIn("standby", "".join(said))
            eventually("its log says more", lambda: re.search(
                f"database is away.*why=.PostgreSQL at the socket in {self.pair.primary.folder} .*no answer; .*"
                f"; and {self.pair.standby.folder}:5432: session is read-only", self.app.log.read_text()), 30)
            first = next(line for line in self.app.log.read_text().splitlines() if "database is away" in line)
            self.assertRegex(first, f"{self.pair.primary.folder}:5432: no answer yet")
        self.goes_on([])


class TakesNoWrites(Stalled):
    """A setting of the database; the other host of the URL is down."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = postgres.Server()
        cls.world = cls.enterClassContext(World("postgres", cls.server))
        url = cls.server.url().replace(f"host={cls.server.folder}", f"host={cls.server.folder},{cls.server.folder}/none")
        cls.app = cls.world.tocsin(base_config(Topic(cls.world.folder).cert, NOWHERE), dict(SECRETS), store=url)

    def test_it_is_told(self) -> None:
        version = int(self.server.psql("SHOW server_version_num"))
        if version < 140000:
            self.skipTest("it does not say whether it is a standby")
        self.server.psql("ALTER DATABASE tocsin SET default_transaction_read_only = on", "postgres")
        self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tocsin'", "postgres")
        eventually("it is told", lambda: self.says(
            "/readyz", "is away: its server takes no writes from this node's role or database"), 30)
        eventually("its log says more", lambda: re.search(
            f"database is away.*session is read-only; .*default_transaction_read_only.*; and {self.server.folder}/none:5432",
            self.app.log.read_text()), 30)
        self.server.psql("ALTER DATABASE tocsin RESET default_transaction_read_only", "postgres")
        self.goes_on([])


class Refuses(Scenario):
    """It answers, and takes no alarm."""
    store = "postgres"

    @property
    def server(self) -> postgres.Server:
        return typing.cast(postgres.Server, self.world.database)

    def ready(self) -> Response:
        return http("GET", self.app.url + "/readyz")

    def refuses(self, words: str) -> None:
        answer = eventually("it is not ready", lambda: self.refusal(words), 20)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertNotIn(str(self.server.folder), answer.body.decode(), "anybody may ask")
        self.assertIn("tocsin_database_refuses 1\n", http("GET", self.app.url + "/metrics").body.decode())
        name = fresh("refused")
        self.assertEqual(503, self.prom(group(name, alert(name, "a"))).status)

    def refusal(self, words: str) -> Response | None:
        answer = self.ready()
        return answer if answer.status == 503 and re.search(words, answer.body.decode()) else None

    def takes_again(self) -> None:
        eventually("it is ready by itself", lambda: self.ready().status == 200, 20)
        self.assertIn("tocsin_database_refuses 0\n", http("GET", self.app.url + "/metrics").body.decode())
        name = fresh("again")
        self.opened(self.prom(group(name, alert(name, "a"))))

    def test_rights_were_taken_away(self) -> None:
        self.server.psql(f"REVOKE INSERT ON links FROM {postgres.ROLE}")
        self.refuses("lacks INSERT on the table links: its owner may GRANT SELECT, INSERT")
        self.server.psql(f"GRANT INSERT ON links TO {postgres.ROLE}")
        self.takes_again()

    def test_a_table_is_locked(self) -> None:
        with self.server.holding("LOCK TABLE links IN ACCESS EXCLUSIVE MODE"):
            self.refuses("lock.*links")
            answer = self.prom(group("told", alert("told", "a")))
            self.assertEqual(503, answer.status)
            self.assertRegex(answer.json()["error"]["message"], "refuses it: .*lock.*pg_blocking_pids.*nothing was accepted")
        self.takes_again()

    def test_an_alarm_waits_for_a_lock(self) -> None:
        """Which each alarm meets for itself, one after the other."""
        is_over, names = threading.Event(), [fresh("waits")]

        def send() -> None:
            while not is_over.is_set():
                if self.prom(group(names[-1], alert(names[-1], "a"))).status == 202:
                    names.append(fresh("waits"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            sender = pool.submit(send)
            try:
                eventually("one is accepted", lambda: len(names) > 1)
                with self.server.holding("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"):
                    begun, n = time.monotonic(), len(names)
                    self.assertEqual(200, self.ready().status, "it is merely slow")
                    eventually("it is not ready", lambda: self.refusal("lock"), 20)
                    self.assertLess(time.monotonic() - begun, UNREADY_S)
                    eventually("nor when one was turned away", lambda: self.refusal("pg_blocking_pids|others keep .*locked"), 20)
                eventually("it is ready by itself", lambda: self.ready().status == 200, 20)
                eventually("the sender's next try is accepted", lambda: len(names) > n, 20)
            finally:
                is_over.set()
            sender.result()
        self.takes_again()

    def test_what_only_a_row_meets(self) -> None:
        """Nothing that can be asked for shows it."""
        self.server.psql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room here'; END $$; "
                         "CREATE TRIGGER refuse BEFORE INSERT ON incidents FOR EACH ROW EXECUTE FUNCTION refuse()")

        def refused() -> Response | None:
            name = fresh("trigger")
            self.assertEqual(503, self.prom(group(name, alert(name, "a"))).status)
            return self.refusal("no room here")
        eventually("it is not ready", refused, 20)
        self.server.psql("DROP TRIGGER refuse ON incidents")
        self.takes_again()


@unittest.skipUnless(SHIM, "there is no library that makes a disk stall")
@of_sqlite
class Disk(Stalled):
    """What is written does not become durable."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World())
        cls.gate = cls.world.folder / "gate"
        cls.gate.touch()
        cls.app = cls.world.tocsin(base_config(Topic(cls.world.folder).cert, NOWHERE),
                                   {**SECRETS, "LD_PRELOAD": SHIM, "STALLED_DISK": str(cls.gate)})

    def test_it_is_told(self) -> None:
        name = fresh("stalled")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with self.gate.open("rb") as gate:
                fcntl.flock(gate, fcntl.LOCK_EX)
                sender = pool.submit(self.send, name)
                self.assertEqual(200, self.at_once("/readyz").status, "it is merely slow")
                answer = eventually("it is not ready", lambda: self.says("/readyz", "the disk .*no alarm was answered for [0-9]+ s"), 15)
                self.assertEqual(503, answer.status)
                self.assertGreater(int(answer.headers["Retry-After"]), 0)
                self.assertFalse(sender.done(), "it may be accepted yet")
            self.assertEqual(202, sender.result().status)
        self.assertEqual(200, self.at_once("/readyz").status, "as soon as it is answered")
        self.goes_on([name])
        self.assertRegex(self.app.log.read_text(), "level=error .*this node is not ready.*disk(.|\n)*takes alarms again")


class Link(Scenario):
    """Whoever follows the link of a mail during an outage is a person."""
    store = "postgres"

    def test_it_is_a_page(self) -> None:
        server = typing.cast(postgres.Server, self.world.database)
        name = fresh("link")
        ident = self.opened(self.prom(group(name, alert(name, "a"))))
        url = self.app.url + urlsplit(self.mail(name)["links"][0]).path
        server.stop()
        eventually("it is away", lambda: "tocsin_database_away 1\n" in http("GET", self.app.url + "/metrics").body.decode())
        for method, words in (("GET", "Nothing is lost"), ("POST", "was not taken")):
            answer = http(method, url)
            text = answer.body.decode()
            self.assertEqual((503, "text/html; charset=utf-8"), (answer.status, answer.headers["Content-Type"]), text)
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
            self.assertRegex(text, f"<!doctype html>.*<h1>.*{words}.*Try again")
            self.assertIn("form-action 'self'", answer.headers["Content-Security-Policy"])
        server.start()
        self.app.wait_ready()
        self.assertIn("Acknowledged", http("POST", url).body.decode())
        self.assertTrue(self.app.incident(ident)["acknowledged"])


if __name__ == "__main__":
    unittest.main()
