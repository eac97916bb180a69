"""Resources that commands make beside the file's: they page at once, outlive a start, and are known to every node."""
from __future__ import annotations

import json
import re
import signal
import subprocess
import typing
import unittest
import urllib.parse

from harness import BINARY, STORE, Response, eventually
from worlds import Config, Scenario, contact, fresh, mail_channel


class Resources(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        config["node"] = "first"
        config["resources"]["contacts"].append({"Alias": "leaver", "Type": "PERSONAL", "Plan": {}})
        cls.config = config

    def put(self, kind: str, body: Config, status: int = 201) -> Response:
        answer = self.app.api("POST", f"/v1/resources/{kind}", body, role="manager")
        self.assertEqual(status, answer.status, answer.body)
        return answer

    def drop(self, kind: str, name: str, status: int = 200) -> Response:
        answer = self.app.api("POST", f"/v1/resources/{kind}/{urllib.parse.quote(name, safe='')}/delete", {}, role="manager")
        self.assertEqual(status, answer.status, answer.body)
        return answer

    def names(self, kind: str) -> list[str]:
        return [str(row["name"]) for row in self.app.api("GET", f"/v1/resources/{kind}", role="viewer").json()["items"]]

    def make(self, person: str) -> None:
        """A person with a plan, and a response plan of that name that engages the person."""
        self.put("contacts", {"Alias": person, "Type": "PERSONAL", "Plan": {}})
        self.put("contact_channels", mail_channel(person))
        self.put("contacts", contact(person, "mail"), 200)
        self.put("response_plans", {"name": person, "incidentTemplate": {"title": "made", "impact": 2}, "engagements": [person]})

    def paged(self, person: str) -> None:
        title = fresh("made")
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": person, "title": title}, role="responder")
        self.assertEqual(201, answer.status, answer.body)
        self.assertEqual([f"{person}@example.com"], self.mail(title)["to"])

    def test_made_by_commands_alone_they_page(self) -> None:
        person = fresh("p")
        self.make(person)
        self.paged(person)
        self.put("contact_channels", {**mail_channel(person), "DeliveryAddress": {"SimpleAddress": "new@example.com"}}, 200)
        title = fresh("moved")
        self.app.api("POST", "/v1/incidents", {"response_plan": person, "title": title}, role="responder")
        self.assertEqual(["new@example.com"], self.mail(title)["to"])
        self.assertRegex(self.app.log.read_text(), rf'msg="a resource was changed" .*kind=contacts name={person} by=token:manager')

    def test_a_code_that_comes_to_the_address_activates_it(self) -> None:
        person = fresh("p")
        self.put("contacts", {"Alias": person, "Type": "PERSONAL", "Plan": {"Stages": []}})
        self.put("contact_channels", {**mail_channel(person), "DeferActivation": True})
        self.put("contacts", contact(person, "mail"), 200)
        self.put("response_plans", {"name": person, "incidentTemplate": {"title": "made", "impact": 2}, "engagements": [person]})
        channel = f"/v1/resources/contact_channels/{person}:mail"
        self.assertEqual(202, self.app.api("POST", f"{channel}/activation-code", {}, role="manager").status)
        mail = self.mail("Code to activate")
        self.assertEqual([f"{person}@example.com"], mail["to"])
        code = typing.cast("re.Match[str]", re.search(r"Code: (\d{6})", str(mail))).group(1)
        answer = self.app.api("POST", f"{channel}/activate", {"code": code}, role="responder")
        self.assertEqual((200, True), (answer.status, answer.json()["activated"]))
        self.paged(person)
        self.assertNotIn(code, self.app.log.read_text())
        done = subprocess.run([str(BINARY), "db", "check", "--config", str(self.app.config_file), "--data", str(self.app.folder / "data")],
                              capture_output=True, text=True, timeout=60, check=False, env=self.app.env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_a_rotation_without_a_start_begins_at_once_and_keeps_it(self) -> None:
        person, rotation, schedule = fresh("p"), fresh("rotation"), fresh("s")
        self.make(person)
        body = {"Name": rotation, "ContactIds": [person], "TimeZoneId": "UTC", "Recurrence": {
            "DailySettings": [{"HourOfDay": 9, "MinuteOfHour": 0}], "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1}}
        made = self.put("rotations", body).json()
        start = made["resource"]["StartTime"]
        self.assertEqual(made["created_at"][:19] + ".000Z", start)
        self.put("contacts", {"Alias": schedule, "Type": "ONCALL_SCHEDULE", "Plan": {"RotationIds": [rotation]}})
        on_call = {row["schedule"]: row["people"] for row in self.app.api("GET", "/v1/oncall", role="viewer").json()["items"]}
        self.assertEqual([person], [row["contact"] for row in on_call[schedule]])
        self.app.kill()
        self.app.start()
        self.assertEqual(start, self.put("rotations", body, 200).json()["resource"]["StartTime"])

    def checked(self, *options: str) -> str:
        done = subprocess.run([str(BINARY), "check", "--config", str(self.app.config_file), "--data", str(self.app.folder / "data"), *options],
                              capture_output=True, text=True, timeout=60, check=False, env=self.app.env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def coverage(self, rotation: str, schedule: str) -> tuple[int, list[str]]:
        """For how many seconds of a year nobody is on call, and what is wrong with the rotation."""
        answer = self.app.api("GET", f"/v1/coverage?rotation={rotation}&schedule={schedule}", role="viewer")
        self.assertEqual(200, answer.status, answer.body)
        of_schedule, of_rotation = answer.json()["items"]
        self.assertEqual((schedule, rotation), (of_schedule["schedule"], of_rotation["rotation"]))
        return of_schedule["gaps"]["seconds"], [flaw["field"] for flaw in of_rotation["flaws"]]

    def reload(self, config: Config) -> None:
        self.app.config_file.write_text(json.dumps(config))
        before = self.app.log.read_text().count("configuration reloaded")
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: self.app.log.read_text().count("configuration reloaded") > before)

    def test_whoever_the_file_drops_is_on_call_nowhere(self) -> None:
        """The turns stay, and are nobody's: the shifts say so as who is on call does."""
        rotation, schedule = fresh("rotation"), fresh("s")
        self.put("rotations", {"Name": rotation, "ContactIds": ["leaver"], "TimeZoneId": "UTC", "Recurrence": {
            "WeeklySettings": [{"DayOfWeek": "MON", "HandOffTime": {"HourOfDay": 9, "MinuteOfHour": 0}}],
            "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1}})
        self.put("contacts", {"Alias": schedule, "Type": "ONCALL_SCHEDULE", "Plan": {"RotationIds": [rotation]}})

        def named() -> tuple[list[str], set[str]]:
            on_call = {row["schedule"]: row["people"] for row in self.app.api("GET", "/v1/oncall", role="viewer").json()["items"]}
            shifts = self.app.api("GET", f"/v1/shifts?rotation={rotation}", role="viewer").json()["items"]
            self.assertGreaterEqual(len(shifts), 2)
            return [row["contact"] for row in on_call[schedule]], {name for row in shifts for name in row["contacts"]}
        self.assertEqual((["leaver"], {"leaver"}), named())
        self.assertEqual((0, []), self.coverage(rotation, schedule))
        whole = json.loads(self.app.config_file.read_text())
        self.addCleanup(self.reload, whole)
        contacts = [row for row in whole["resources"]["contacts"] if row["Alias"] != "leaver"]
        self.reload({**whole, "resources": {**whole["resources"], "contacts": contacts}})
        self.assertEqual(([], set()), named())
        self.assertEqual((365 * 86400, ["ContactIds[0]"]), self.coverage(rotation, schedule))
        self.assertIn(f"on call: {schedule}: nobody 1 times in 365 days", self.checked("--in-force"))
        self.assertNotIn(schedule, self.checked())

    def test_the_file_and_commands_refer_to_each_other_in_one_way(self) -> None:
        """What a command makes may engage whom the file declares, who is changed in the file alone."""
        team = fresh("team")
        self.put("contacts", {"Alias": team, "Type": "ESCALATION", "Plan": {"Stages": [{"DurationInMinutes": 5, "Targets": [
            {"ContactTargetInfo": {"ContactId": "alice", "IsEssential": True}}]}]}})
        error = self.put("contacts", contact("alice", "mail"), 409).json()["error"]
        self.assertEqual("declared", error["code"])
        self.assertIn(self.app.config_file.name, error["message"])
        self.assertIn("alice", self.names("contacts"))
        self.assertIn(team, self.names("contacts"))

    def test_what_is_wrong_changes_nothing(self) -> None:
        before = self.names("contacts")
        error = self.put("contacts", {"Alias": "x", "Type": "ONCALL_SCHEDULE", "Plan": {"RotationIds": ["none"]}}, 400).json()["error"]
        self.assertEqual("Plan.RotationIds[0]", error["field"])
        self.assertEqual(before, self.names("contacts"))
        self.put("teams", {}, 404)

    def test_what_nothing_can_send_to_is_refused_as_in_the_file(self) -> None:
        person = fresh("p")
        self.put("contacts", {"Alias": person, "Type": "PERSONAL", "Plan": {"Stages": []}})
        for address in ("", "a", "a@b@c", "a b@x.example", "a@x.example, b@x.example"):
            error = self.put("contact_channels", {**mail_channel(person), "DeliveryAddress": {"SimpleAddress": address}}, 400).json()["error"]
            self.assertEqual("DeliveryAddress.SimpleAddress", error["field"], address)
        error = self.put("contact_channels", {"ContactId": person, "Name": "sms", "Type": "SMS",
                                              "DeliveryAddress": {"SimpleAddress": "+4915112345678"}}, 400).json()["error"]
        self.assertEqual("Type", error["field"])

    def test_who_is_needed_is_not_deleted(self) -> None:
        person = fresh("p")
        self.make(person)
        error = self.drop("contacts", person, 409).json()["error"]
        self.assertEqual([{"kind": "response_plans", "name": person}], error["used_by"])
        self.drop("response_plans", person)
        self.drop("contacts", person)
        self.assertNotIn(f"{person}:mail", self.names("contact_channels"))
        self.drop("contacts", person, 404)

    def test_they_outlive_a_kill(self) -> None:
        person = fresh("p")
        self.make(person)
        self.app.kill()
        self.app.start()
        self.paged(person)

    @unittest.skipIf(STORE != "postgres", "one process has an SQLite database to itself")
    def test_another_node_that_is_asked_knows_them_at_once(self) -> None:
        folder = self.world.folder / "second"
        folder.mkdir()
        second = self.world.tocsin({**self.config, "node": "second"}, self.env, folder=folder)
        person = fresh("p")
        self.make(person)
        title = fresh("elsewhere")
        answer = second.api("POST", "/v1/incidents", {"response_plan": person, "title": title}, role="responder")
        self.assertEqual(201, answer.status, answer.body)
        self.assertEqual([f"{person}@example.com"], self.mail(title)["to"])
        second.end()


if __name__ == "__main__":
    unittest.main()
