"""Mutes and maintenance windows hold alarms back and lose none; heartbeats tell of a source that is gone."""
from __future__ import annotations

import datetime
import signal
import time
import unittest

from harness import Failure, Response, eventually
from worlds import Config, Scenario, alarm, alert, event, fresh, group

MISSING_S = 10


def window(name: str, service: str, until: str = "2099-01-01T00:00:00Z") -> Config:
    """At any time: of every day, as long as the longest."""
    return {"name": name, "owner": "ana", "comment": "a test", "match": {"service": service}, "time_zone": "Europe/Berlin",
            "start": "00:00", "duration": "7d", "until": until}


class Quiet(Scenario):
    def labelled(self, name: str, service: str, status: str = "firing", start: float | None = None) -> Response:
        body = group(name, alert(name, "a", status, start))
        body["commonLabels"]["service"] = service
        return self.prom(body)

    def mute(self, match: Config, seconds: int = 600, **more: str) -> str:
        answer = self.app.api("POST", "/v1/mutes", {
            "match": match, "comment": "a test", "duration": f"{seconds}s", **more}, role="responder")
        self.assertEqual(201, answer.status, answer.body)
        return str(answer.json()["id"])

    def muted(self, name: str) -> Config | None:
        rows: list[Config] = self.app.api("GET", "/v1/muted?limit=100").json()["items"]
        return next((row for row in rows if name in str(row["key"]) + str(row["title"])), None)

    def incident_of(self, name: str) -> str:
        def found() -> str | None:
            rows = [row for row in self.app.incidents() if name in row["title"]]
            if len(rows) > 1:
                raise RuntimeError(f"{name} has {len(rows)} incidents")
            return str(rows[0]["id"]) if rows else None
        return str(eventually(f"the incident of {name}", found))

    def held(self, name: str, answer: Response) -> Config:
        self.assertEqual(202, answer.status, answer.body)
        self.assertEqual([], answer.json()["incidents"])
        row = self.muted(name)
        self.assertIsNotNone(row)
        assert row
        return row


class Mutes(Quiet):
    def test_opens_when_it_is_over(self) -> None:
        name = fresh("muted")
        self.mute({"service": [f"{name}*"]}, 4, owner="ben")
        row = self.held(name, self.labelled(name, f"{name}-1"))
        self.assertIn("(ben)", row["muted"])
        self.assertEqual([], [i for i in self.app.incidents() if name in i["title"]])
        ident = self.incident_of(name)
        self.assertIn("was muted by the mute", self.texts(ident))
        self.mail(name)
        self.tickets(name)
        self.assertIsNone(self.muted(name))

    def test_ended_early(self) -> None:
        name = fresh("early")
        mute = self.mute({"service": name})
        self.held(name, self.labelled(name, name))
        self.assertEqual(200, self.app.api("POST", f"/v1/mutes/{mute}/end").status)
        self.incident_of(name)
        self.assertEqual(404, self.app.api("POST", f"/v1/mutes/{mute}/end").status)

    def test_over_before_the_mute_is(self) -> None:
        name, start = fresh("over"), time.time()
        mute = self.mute({"service": name})
        self.held(name, self.labelled(name, name, start=start))
        self.assertEqual(202, self.labelled(name, name, "resolved", start).status)
        self.app.api("POST", f"/v1/mutes/{mute}/end")
        eventually("it is forgotten", lambda: self.muted(name) is None)
        self.assertEqual([], [i for i in self.app.incidents() if name in i["title"]])

    def test_survives_kill(self) -> None:
        name = fresh("killed")
        mute = self.mute({"service": name})
        self.held(name, self.labelled(name, name))
        self.app.kill()
        self.app.start()
        self.assertIsNotNone(self.muted(name))
        other = fresh("beside")
        self.held(other, self.labelled(other, name))
        self.assertEqual(200, self.app.api("POST", f"/v1/mutes/{mute}/end").status)
        self.incident_of(name)
        self.incident_of(other)

    def test_what_is_refused(self) -> None:
        past = datetime.datetime.now(datetime.timezone.utc).isoformat()
        good = {"match": {"a": "b"}, "comment": "c", "duration": "1h"}
        for field, bad in [("match", {"match": {}}), ("match", {"match": {"a": []}}), ("match", {"match": {"a": 1}}),
                           ("comment", {"comment": ""}), ("duration", {"duration": "400d"}),
                           ("duration", {"duration": "-1h"}), ("ends_at", {"duration": None, "ends_at": past}),
                           ("ends_at", {"ends_at": past}), ("ends_at", {"duration": None}),
                           ("starts_at", {"starts_at": "now"}), ("until", {"until": past})]:
            body = {key: value for key, value in {**good, **bad}.items() if value is not None}
            with self.subTest(bad):
                answer = self.app.api("POST", "/v1/mutes", body)
                self.assertEqual(400, answer.status, answer.body)
                self.assertEqual(field, answer.json()["error"]["field"])
        rows = self.app.api("GET", "/v1/mutes").json()["items"]
        self.assertEqual([], [row for row in rows if row["comment"] == "c"])


class Windows(Quiet):
    config: Config

    @classmethod
    def configure(cls, config: Config) -> None:
        config["resources"]["maintenance_windows"] = [window("backup", "db*"), window("old", "*", "2020-01-01T00:00:00Z")]
        cls.config = config

    def test_window_that_is_taken_away(self) -> None:
        name, other = fresh("window"), fresh("open")
        row = self.held(name, self.labelled(name, "db-1"))
        self.assertIn("by the maintenance window backup (ana) until 2", row["muted"])
        self.opened(self.labelled(other, "web"))
        windows = {row["name"]: row["state"] for row in self.app.api("GET", "/v1/mutes").json()["maintenance_windows"]}
        self.assertEqual({"backup": "ACTIVE", "old": "ENDED"}, windows)
        self.config["resources"]["maintenance_windows"] = []
        self.app.write_config(self.config)
        self.app.child.send_signal(signal.SIGHUP)
        self.incident_of(name)


class Heartbeats(Quiet):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["sources"]["prom"]["heartbeats"] = [
            {"name": "watchdog", "match": {"alertname": "Watchdog*"}, "missing_after": f"{MISSING_S}s", "impact": 1}]
        config["sources"]["events"]["heartbeats"] = [{"name": "anything", "missing_after": "366d"}]

    def states(self) -> dict[str, str]:
        return {row["name"]: row["state"] for row in self.app.api("GET", "/v1/heartbeats").json()["items"]}

    def beat(self, status: str = "firing") -> Response:
        return self.prom(group("Watchdog-1", alert("Watchdog-1", "a", status)))

    def missing(self) -> Config | None:
        rows = [row for row in self.app.incidents("?status=OPEN") if "No sign of life: watchdog" in row["title"]]
        self.assertLessEqual(len(rows), 1)
        return rows[0] if rows else None

    def test_missing_and_back(self) -> None:
        start = time.monotonic()
        self.assertEqual([], self.beat().json()["incidents"])
        self.assertEqual("ALIVE", self.states()["watchdog"])
        found = eventually("it is missing", self.missing, 4 * MISSING_S)
        self.assertGreaterEqual(time.monotonic() - start, MISSING_S)
        self.assertEqual(1, found["impact"])
        self.mail("No sign of life: watchdog")
        self.assertEqual("MISSING", self.states()["watchdog"])
        self.beat("resolved")  # that Prometheus ends it is no sign
        self.assertIsNotNone(self.missing())
        self.beat()
        self.assertEqual("RESOLVED", self.app.incident(found["id"])["status"])
        if self.states()["watchdog"] != "ALIVE":
            raise Failure("a sign of life was not noted")

    def test_whatever_a_source_sends(self) -> None:
        self.assertEqual("NEVER_SEEN", self.states()["anything"])
        answer = self.eventbridge(event(alarm(fresh("fine"), "OK")))
        self.assertEqual(202, answer.status, answer.body)
        self.assertEqual("ALIVE", self.states()["anything"])


if __name__ == "__main__":
    unittest.main()
