"""Several nodes on one database: any of them dies or stands still at any moment, and nothing is lost or done twice."""
from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
import unittest
from urllib.parse import urlsplit

import test_kill
from harness import STORE, Failure, Tocsin, eventually
from test_kill import SEED, Sender, fresh
from worlds import Config, alert, believe_searches, group

NODES = 3
ROUNDS = int(os.environ.get("TOCSIN_KILLS", "300" if os.environ.get("TOCSIN_DEEP") else "24"))
TAKE_OVERS = 20 if os.environ.get("TOCSIN_DEEP") else 6
NOT_OURS = 70  # the exit status of a node that was taken for dead
PACE_S, STILL_S = 0.8, 8.0
TAKE_OVER_S = 5.0


class Wanderer(Sender):
    """Goes to another node when one does not answer, as a load balancer would."""

    def __init__(self, number: int, ports: list[int], stop: threading.Event) -> None:
        super().__init__(number, ports[0], stop)
        self.ports = ports

    def post(self, body: bytes) -> tuple[int, bytes]:
        self.port = self.random.choice(self.ports)
        return super().post(body)


class Nodes(test_kill.Kill):
    config: Config
    nodes: list[Tocsin]
    disturbed_ms: list[float]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.nodes = [cls.app]
        for number in range(1, NODES):
            folder = cls.world.folder / f"node{number}"
            folder.mkdir()
            cls.nodes.append(cls.world.tocsin({**cls.config, "node": f"node{number}"}, cls.env, folder=folder))

    @classmethod
    def configure(cls, config: Config) -> None:
        super().configure(config)
        believe_searches(config, cls.world.folder, "3s")  # a busy machine may let a request of the dead lie that long
        config["node"] = "node0"
        cls.config = config

    # -- what happens to nodes ----------------------------------------------------------------------------------------

    def note(self) -> None:
        self.disturbed_ms.append(time.monotonic() * 1000)

    def revive(self, node: Tocsin) -> None:
        """What a supervisor does with a process that ended: taken for dead, or started while there was no database."""
        if node.child.poll() is not None:
            may_end = NOT_OURS if "cannot start" not in node.tail(3) else 1
            self.assertEqual(may_end, node.child.returncode, node.tail())
            node.kill()
            self.note()
            node.start(wait=False)

    def kill_one(self, node: Tocsin) -> None:
        node.kill(signal.SIGKILL)
        self.note()
        node.start(wait=False)

    def still(self, node: Tocsin, seconds: float) -> None:
        node.child.send_signal(signal.SIGSTOP)
        self.note()
        time.sleep(seconds)  # how long it stands still is what is random
        node.child.send_signal(signal.SIGCONT)
        self.note()

    def cut(self, name: str) -> None:
        self.world.database.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 f" WHERE application_name = 'tocsin/{name}'")
        self.note()

    def restart_database(self) -> None:
        """As pg_ctl -m immediate."""
        self.world.database.stop()
        self.note()
        self.world.database.start()
        self.note()

    def storm(self) -> dict[str, str]:
        stop, rng, self.disturbed_ms = threading.Event(), random.Random(SEED), []
        ports = [urlsplit(node.url).port or 0 for node in self.nodes]
        senders = [Wanderer(n, ports, stop) for n in range(test_kill.SENDERS)]
        for sender in senders:
            sender.start()
        for _ in range(ROUNDS):
            time.sleep(rng.uniform(0, PACE_S))
            node = rng.choice(self.nodes)
            self.revive(node)
            what = rng.choices(("kill", "still", "cut", "restart"), (45, 30, 15, 10))[0]
            if what == "kill":
                self.kill_one(node)
            elif what == "still":
                self.still(node, rng.choice((rng.uniform(0, 1), rng.uniform(0, STILL_S))))
            elif what == "cut":
                self.cut(f"node{self.nodes.index(node)}")
            else:
                self.restart_database()
        stop.set()
        for sender in senders:
            sender.join(60)
            self.assertFalse(sender.is_alive())
        self.settle()
        accepted = {name: ident for sender in senders for name, ident in sender.accepted.items()}
        self.assertGreater(len(accepted), ROUNDS)
        print(f"{ROUNDS} rounds, {len(accepted)} alarms answered, {sum(s.lost for s in senders)} connections lost")
        return accepted

    def settle(self) -> None:
        """Every node runs and has come back."""
        def ready() -> bool:
            for node in self.nodes:
                self.revive(node)
                if not node_is_ready(node):
                    return False
            return True
        eventually("every node is ready", ready, 60)

    # -- what must hold -----------------------------------------------------------------------------------------------

    def was_disturbed(self, mails: list[Config]) -> bool:
        first, last = mails[0]["t_ms"] - test_kill.IN_FLIGHT_MS, mails[-1]["t_ms"] + test_kill.LATE_MS
        return any(first <= moment <= last for moment in self.disturbed_ms)

    def check_mails(self, names: dict[str, str]) -> None:
        by_name: dict[str, list[Config]] = {}

        def every() -> bool:
            by_name.clear()
            for mail in self.box.mails():
                for name in test_kill.names_in(mail["subject"]):
                    by_name.setdefault(name, []).append(mail)
            if missing := set(names) - set(by_name):
                raise Failure(f"{len(missing)} were not paged, such as {sorted(missing)[0]}")
            return True
        eventually("everybody was paged", every, test_kill.DRAIN_S)
        twice = {name: mails for name, mails in by_name.items() if len(mails) > 1}
        for name, mails in twice.items():
            self.assertTrue(self.was_disturbed(mails), f"{name} was paged twice, and no node was disturbed")
            self.assertEqual(1, len({mail["message_id"] for mail in mails}), f"repeats of {name} are told apart")
        print(f"{len(by_name)} paged, {len(twice)} of them more than once: a node ended with the mail on its way")

    def test_take_over(self) -> None:
        """The page of an alarm whose node dies with it goes out within seconds."""
        print(f"TOCSIN_SEED={SEED}")
        self.disturbed_ms, took = [], []
        for _ in range(TAKE_OVERS):
            self.settle()
            name = fresh("kill9")
            victim = random.Random(SEED).choice(self.nodes)
            self.assertIn(victim.alarm("prom", group(name, alert(name, "a"))).status, (200, 202))
            victim.kill(signal.SIGKILL)
            died_ms = time.monotonic() * 1000
            mail = eventually(f"{name} was paged", lambda name=name: self.box.mails(name), 30)[0]
            took.append(max(0.0, mail["t_ms"] - died_ms) / 1000)
            victim.start(wait=False)
        self.settle()
        print("page after the node's death, s:", " ".join(f"{t:.1f}" for t in sorted(took)))
        self.assertLess(max(took), TAKE_OVER_S)


def node_is_ready(node: Tocsin) -> bool:
    try:
        return node.api("GET", "/readyz").status == 200
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    if STORE != "postgres":
        print("SKIP: one process has SQLite to itself")
        raise SystemExit(77)
    unittest.main()
