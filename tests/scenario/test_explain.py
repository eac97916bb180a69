"""tocsin explain: why each page of an incident was sent, or was not, beside a running server and from the API."""
from __future__ import annotations

import subprocess
import time
import unittest

from harness import BINARY, of_sqlite
from worlds import Config, Scenario, contact, fresh, iso, mail_channel


class Explain(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        resources = config["resources"]
        resources["contacts"] += [
            contact("ida", "mail"), contact("jan", "mail"),
            {"Alias": "late", "Type": "ESCALATION", "Plan": {"Stages": [
                {"DurationInMinutes": 30, "Targets": [{"ContactTargetInfo": {"ContactId": "ida", "IsEssential": True}}]},
                {"DurationInMinutes": 30, "Targets": [{"ContactTargetInfo": {"ContactId": "jan", "IsEssential": True}}]}]}}]
        resources["contact_channels"] += [mail_channel("ida"), mail_channel("jan")]
        resources["response_plans"].append({"name": "quiet", "incidentTemplate": {"title": "No tickets", "impact": 3}})
        for plan in resources["response_plans"]:
            plan["engagements"] = ["late"]

    def command(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BINARY), "explain", *argv], capture_output=True, text=True, timeout=60, env=self.env)

    def explain(self, ident: str) -> str:
        done = self.command(ident, "--config", str(self.app.config_file), "--data", str(self.app.folder / "data"),
                            "--tz", "Europe/Berlin")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return done.stdout

    def test_before_and_after_an_answer(self) -> None:
        name, ident = self.open_one("explained")
        self.mail(name)
        before = self.explain(ident)
        self.assertEqual(f"{name} (times in Europe/Berlin)", before.splitlines()[0])
        self.assertRegex(before, r"; left at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        self.assertNotRegex(before, r"\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
        arn = self.app.incident(ident)["arn"]
        self.assertIn("paged ida by mail", self.explain(arn))
        self.assertIn("paged ida by mail", self.explain(ident.upper()))
        self.assertRegex(before, r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  paged ida by mail: late, stage 1 > ida, stage 1 of 1")
        self.assertRegex(before, r"(?m)^\d.* will page jan: late, stage 2, unless it is answered before$")
        self.assertIn("incident opened", before)
        page = self.app.incident(ident)["engagements"][0]["pages"][0]
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge").status)
        lines = self.app.api("GET", f"/v1/incidents/{ident}/explain", role="viewer").json()["lines"]
        self.assertEqual(["ida"], [row["contact"] for row in lines if row["what"] == "PAGED"])
        why = [row["why"] for row in lines if row["what"] == "NOT_PAGED"]
        self.assertEqual(1, len(why))
        self.assertIn("answered for the incident before stage 2 of late", why[0])
        self.assertIn("did not page jan: ", self.explain(ident))
        self.assertEqual(sorted(row["at"] for row in lines), [row["at"] for row in lines])
        self.assertTrue(page)

    def write(self, path: str, body: Config) -> str:
        answer = self.app.api("POST", f"/v1/incidents/{path}", body)
        self.assertIn(answer.status, (200, 201), answer.body)
        return str(answer.json()["id"])

    def test_lines_are_by_the_times_that_they_show(self) -> None:
        """Of what people write that is when they wrote, or changed, it; not the time that it is about."""
        name = fresh("quiet")
        ident = str(self.app.api("POST", "/v1/incidents", {"response_plan": "quiet", "title": name}).json()["id"])
        self.mail(name)
        first = self.write(f"{ident}/events", {"type": "Custom Event", "at": iso(time.time() - 3600), "data": "the disk was full"})
        self.in_order(ident, ["the disk was full"])
        self.write(f"{ident}/events", {"type": "Custom Event", "data": "it is emptied"})
        self.write(f"{ident}/events/{first}/update", {"data": "the disk was full by then"})
        self.in_order(ident, ["it is emptied", "the disk was full by then"])

    def in_order(self, ident: str, last: list[str]) -> None:
        lines = self.app.api("GET", f"/v1/incidents/{ident}/explain", role="viewer").json()["lines"]
        self.assertEqual(sorted(row["at"] for row in lines), [row["at"] for row in lines])
        happened = [row for row in lines if row["what"] != "WILL_PAGE"]
        self.assertIn("PAGED", [row["what"] for row in happened])
        told = [row["why"] for row in happened if row["why"] in last]
        self.assertEqual(last, told)

    def test_what_is_wrong(self) -> None:
        config = ("--config", str(self.app.config_file), "--data", str(self.app.folder / "data"))
        for argv, status, says in [((), 2, "INCIDENT is missing"), (("x", *config), 2, "no id of an incident"),
                                   (("00000000-0000-4000-8000-000000000000",), 2, "--config FILE is missing"),
                                   (("00000000-0000-4000-8000-000000000000", *config), 1, "no incident with this id"),
                                   (("arn:aws:iam::1:role/00000000-0000-4000-8000-000000000000", *config), 2, "no id of an incident"),
                                   (("00000000-0000-4000-8000-000000000000", *config, "--tz", "Mars"), 2, "--tz")]:
            with self.subTest(argv):
                done = self.command(*argv)
                self.assertEqual(status, done.returncode, done.stderr)
                self.assertIn(says, done.stderr)

    @of_sqlite
    def test_there_is_no_store(self) -> None:
        done = self.command("00000000-0000-4000-8000-000000000000", "--config", str(self.app.config_file),
                            "--data", str(self.app.folder / "none"))
        self.assertEqual(1, done.returncode)
        self.assertIn("there is no store at", done.stderr)


if __name__ == "__main__":
    unittest.main()
