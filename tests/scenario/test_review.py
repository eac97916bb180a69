"""What a reader of the code asked: equal bodies that are separate news, states in header fields, huge groups, hostile
ids, a reload at any moment."""
from __future__ import annotations

import json
import signal
import time
import unittest

from harness import Process, World, eventually
from test_config import NOWHERE
from worlds import SECRETS, Config, Scenario, Topic, alert, base_config, bearer, fresh, group

# A sender without ids and clocks; its state is in the body or in a header field.
DOOR: Config = {
    "mapping": 1, "kind": "source", "name": "door", "event": {
        "dedupe_key": "door:{{door}}", "title": "{{door}} is open",
        "action": {"case": [{"if": {"eq": [{"path": "hdr.x-state"}, "shut"]}, "then": "resolve"},
                            {"if": {"eq": [{"path": "state"}, "shut"]}, "then": "resolve"}], "else": "fire"}}}


class Doors(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        mapping = cls.world.folder / "door.json"
        mapping.write_text(json.dumps(DOOR))
        many = {"response_plan": "web", "storm_new": 1_000_000, "auth": bearer()}
        config["sources"]["door"] = {"mapping": str(mapping), **many}
        config["sources"]["each"] = {"kind": "alertmanager", "settings": {"identity": "alert"}, **many}
        config["sources"]["one"] = {"kind": "alertmanager", "settings": {"identity": "alert"}, **many,
                                    "response_plan": "all"}
        config["resources"]["response_plans"].append(
            {"name": "all", "incidentTemplate": {"title": "All", "impact": 2, "dedupeString": "all"},
             "engagements": ["alice"]})

    def status(self, ident: str) -> str:
        return str(self.app.incident(ident)["status"])

    def test_the_same_words_are_news_again(self) -> None:
        opens, shuts = {"door": fresh("door"), "state": "open"}, {"state": "shut"}
        shuts["door"] = opens["door"]
        ident = self.opened(self.app.alarm("door", opens))
        self.assertEqual("OPEN", self.status(ident))
        self.assertEqual(200, self.app.alarm("door", opens).status)  # a retry
        self.assertEqual(202, self.app.alarm("door", shuts).status)
        self.assertEqual("RESOLVED", self.status(ident))
        self.assertEqual(200, self.app.alarm("door", shuts).status)
        answer = self.app.alarm("door", opens)  # the very bytes of the first time, and it is open again
        self.assertEqual(ident, self.opened(answer))
        self.assertEqual("accepted", answer.json()["status"])
        self.assertEqual("OPEN", self.status(ident))

    def test_a_state_in_a_header_field(self) -> None:
        body = {"door": fresh("door")}
        ident = self.opened(self.app.alarm("door", body, {"X-State": "open"}))
        for _ in range(3):  # known to change nothing
            self.assertEqual("unchanged", self.app.alarm("door", body, {"X-State": "open"}).json()["status"])
        self.assertEqual("accepted", self.app.alarm("door", body, {"X-State": "shut"}).json()["status"])
        self.assertEqual("RESOLVED", self.status(ident))

    def test_a_large_group_of_one_incident(self) -> None:
        name = fresh("rack")
        answer = self.app.alarm("one", group(name, *(alert(name, f"node-{n}") for n in range(800))))
        self.assertEqual(202, answer.status, answer.body)
        self.assertEqual(1, len(set(answer.json()["incidents"])))
        done = group(name, *(alert(name, f"node-{n}", "resolved") for n in range(800)))
        self.assertEqual(202, self.app.alarm("one", done).status)
        self.assertEqual("RESOLVED", self.status(answer.json()["incidents"][0]))

    def test_any_id_in_a_path(self) -> None:
        for ident in ("x" * 600, "%E2%82%AC" * 190, "x" + "%E2%82%AC" * 190, "xx" + "%E2%82%AC" * 190, "%22%5B", "0"):
            answer = self.app.api("GET", f"/v1/incidents/{ident}", role="viewer")
            self.assertEqual(404, answer.status)
            self.assertEqual("not_found", answer.json()["error"]["code"])
        self.assertIsNone(self.app.child.poll())


class Reload(unittest.TestCase):
    """SIGHUP whenever an operator's tool likes."""

    def setUp(self) -> None:
        self.world = self.enterContext(World())
        self.config = base_config(Topic(self.world.folder).cert, NOWHERE)

    def test_while_it_starts(self) -> None:
        app = self.world.tocsin(self.config, SECRETS)
        # Inherited over exec, as from nohup: the signal cannot end it before it listens to it.
        self.addCleanup(signal.signal, signal.SIGHUP, signal.signal(signal.SIGHUP, signal.SIG_IGN))
        for _ in range(5):
            app.kill(signal.SIGTERM)
            app.start(wait=False)
            self.pester(app)
            app.wait_ready()
        eventually("it is ready", lambda: app.api("GET", "/v1/incidents").status == 200)

    @staticmethod
    def pester(app: Process) -> None:
        """Through the whole start, which takes some tens of milliseconds."""
        for _ in range(200):
            app.child.send_signal(signal.SIGHUP)
            time.sleep(0.0005)

    def test_what_cannot_change_while_it_runs(self) -> None:
        app = self.world.tocsin(self.config, SECRETS)
        app.write_config({**self.config, "account_id": "999999999999", "store": "sqlite:other.db"})
        app.child.send_signal(signal.SIGHUP)
        eventually("it says so", lambda: "account_id: cannot change" in app.tail())
        self.assertIn("store: cannot change", app.tail())
        ident = app.alarm("prom", group("a", alert("a", "i"))).json()["incidents"][0]
        self.assertIn(self.config["account_id"], app.incident(ident)["arn"])

    def test_often_with_work_under_way(self) -> None:
        app = self.world.tocsin(self.config, SECRETS)
        for n in range(30):
            self.assertEqual(202, app.alarm("prom", group(f"g{n}", alert(f"g{n}", "i"))).status)
            app.child.send_signal(signal.SIGHUP)
        eventually("the last one", lambda: app.tail(400).count("configuration reloaded") > 0)
        self.assertEqual(30, len(app.incidents("?status=OPEN&limit=100")))


if __name__ == "__main__":
    unittest.main()
