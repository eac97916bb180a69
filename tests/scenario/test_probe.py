"""tocsin connector probe: what an instance lacks, told before the first incident, and the mapping file that it drafts."""
from __future__ import annotations

import json
import os
import subprocess
import unittest

from harness import BINARY, World, eventually
from worlds import SECRETS, VENDORS, Config, Scenario, base_config, connectors, fresh

Lines = dict[str, list[str]]  # by the first word: wrong, look, fine, mapped, open


class Probed(unittest.TestCase):
    """One sandbox, and no server: a configuration is all that is needed."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World("sqlite"))
        cls.box = cls.world.sandbox()
        cls.config = cls.world.folder / "probe.json"
        cls.write(connectors(cls.box.urls))

    @classmethod
    def write(cls, configured: Config) -> None:
        cls.config.write_text(json.dumps({"account_id": "123456789012", "region": "eu-west-1", "connectors": configured}))

    def setUp(self) -> None:
        self.box.admin("POST", "/reset")

    def run_probe(self, name: str, *more: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BINARY), "connector", "probe", name, "--config", str(self.config), *more],
                              env={**os.environ, **SECRETS, **(env or {})}, capture_output=True, text=True, timeout=60)

    def probe(self, name: str, *more: str, status: int = 0, env: dict[str, str] | None = None) -> Lines:
        """What it printed, by the first word of each line; in the order of severity."""
        done = self.run_probe(name, *more, env=env)
        self.assertEqual((status, ""), (done.returncode, done.stderr), done.stdout)
        self.assertNotIn("sandbox-", done.stdout)  # every secret begins so
        lines: Lines = {}
        for line in done.stdout.splitlines():
            word, _, text = line.partition(" ")
            lines.setdefault(word, []).append(text.strip())
        self.assertEqual(sorted(lines, key=["wrong", "look", "fine"].index) if not more else list(lines), list(lines))
        return lines

    def has(self, lines: Lines, word: str, *parts: str) -> None:
        self.assertTrue(any(all(part in line for part in parts) for line in lines.get(word, [])), f"{parts} in {lines}")

    def changes_nothing(self, vendor: str) -> None:
        self.assertEqual({"GET"}, {call["method"] for call in self.box.calls(vendor)})


class Clean(Probed):
    def test_each_system_as_it_comes_is_fine(self) -> None:
        for name in VENDORS:
            lines = self.probe(name)
            self.assertNotIn("wrong", lines)
            self.has(lines, "fine", "URL and credentials work")
            self.changes_nothing(name)
        self.has(self.probe("jira"), "fine", "it is Jira Cloud")
        self.has(self.probe("pagerduty"), "fine", "API Service", "Default")

    def test_nothing_is_drafted_where_nothing_differs(self) -> None:
        for name in VENDORS:
            out = self.world.folder / f"none-{name}.json"
            self.probe(name, "--mapping", str(out))
            self.assertFalse(out.exists())

    def test_a_data_center_is_asked_by_its_own_version(self) -> None:
        configured = connectors(self.box.urls)
        configured["jira"]["api_type"] = "datacenter"
        self.addCleanup(self.write, connectors(self.box.urls))
        self.write(configured)
        self.box.settings(jira={"deployment": "Server"})
        lines = self.probe("jira")
        self.has(lines, "fine", "it is Jira Server")
        self.has(lines, "fine", "the create screen of OPS / [System] Incident")

    def test_a_mode_that_only_sends_can_be_checked_and_a_mail_server_not(self) -> None:
        self.has(self.probe("mail"), "look", "can be asked nothing")

    def test_a_name_that_is_none(self) -> None:
        done = self.run_probe("jirra")
        self.assertEqual(1, done.returncode)
        self.assertIn('no connector "jirra"; there are: servicenow jira pagerduty mail', done.stderr)
        for words in ([], ["probe"], ["check", "jira"], ["probe", "jira"]):
            self.assertEqual(2, subprocess.run([str(BINARY), "connector", *words], capture_output=True).returncode, words)


class Unreachable(Probed):
    def test_credentials_that_are_refused(self) -> None:
        for name, variable in (("servicenow", "SNOW_PASSWORD"), ("jira", "JIRA_TOKEN"), ("pagerduty", "PD_KEY")):
            lines = self.probe(name, status=1, env={variable: "sandbox_wrong"})
            self.has(lines, "wrong", "the check of URL and credentials", "check the user and the secret")
            self.assertNotIn("fine", lines)

    def test_nobody_there_and_a_page_instead(self) -> None:
        self.box.fault(vendor="jira", action="refuse")
        self.has(self.probe("jira", status=1), "wrong", "check the URL")
        self.box.no_faults()
        self.box.fault(vendor="servicenow", action="html", times=0)
        self.has(self.probe("servicenow", status=1), "wrong", "check the URL")

    def test_what_is_lost_on_the_way_is_told_with_what_was_found(self) -> None:
        self.box.fault(vendor="jira", action="reset", path_re="createmeta", times=0)
        lines = self.probe("jira", status=1)
        self.has(lines, "wrong", "asking further")
        self.has(lines, "fine", "the account is Tocsin")

    def test_what_the_account_may_not_see_is_told(self) -> None:
        refused = {"error": {"message": "Operation Failed", "detail": "ACL Exception"}, "status": "failure"}
        for table in ("sys_choice", "sys_journal_field"):
            self.box.fault(vendor="servicenow", action="body", status=403, path_re=table, times=0, body=refused)
        lines = self.probe("servicenow")
        self.has(lines, "look", "may not read sys_choice", "personalize_choices")
        self.has(lines, "look", "may not read sys_journal_field")


class Different(Probed):
    def test_servicenow(self) -> None:
        self.box.settings(servicenow={"close_codes": ["Solved (Permanently)", "Not solved"], "clock_ahead_s": 95,
                                      "user_time_zone": "Europe/Berlin"})
        lines = self.probe("servicenow", status=1)
        self.has(lines, "wrong", '"Solution provided" as close_code', '"Solved (Permanently)", "Not solved"',
                 "set settings.close_code")
        self.has(lines, "wrong", "time zone is Europe/Berlin", "set it to GMT")
        self.has(lines, "look", "s ahead of ours")

    def test_the_close_code_may_be_set_right(self) -> None:
        configured = connectors(self.box.urls)
        configured["servicenow"]["settings"] = {"close_code": "Not solved"}
        self.addCleanup(self.write, connectors(self.box.urls))
        self.write(configured)
        self.box.settings(servicenow={"close_codes": ["Solved (Permanently)", "Not solved"]})
        self.assertNotIn("wrong", self.probe("servicenow"))

    def test_jira(self) -> None:
        self.box.settings(jira={"priorities": ["Blocker", "Major", "Minor"], "required": ["customfield_10050"],
                                "off_screen": ["description"], "missing_permissions": ["ADD_COMMENTS"]})
        lines = self.probe("jira", status=1)
        self.has(lines, "wrong", '"Highest", "High", "Medium", "Low", "Lowest" as priority', '"Blocker", "Major", "Minor"')
        self.has(lines, "wrong", 'requires "Environment tier" (customfield_10050)')
        self.has(lines, "wrong", "field description", "the create screen of OPS / [System] Incident")
        self.has(lines, "wrong", "may not write notes", "ADD_COMMENTS")
        self.has(lines, "look", 'of "Blocker", "Major", "Minor" the mapping reads nothing')

    def test_an_issue_type_and_a_project_that_are_not_there(self) -> None:
        configured = connectors(self.box.urls)
        self.addCleanup(self.write, connectors(self.box.urls))
        configured["jira"]["issue_type"] = "Outage"
        self.write(configured)
        self.has(self.probe("jira", status=1), "wrong", "no issue type Outage", "[System] Incident, Task, Bug")
        configured["jira"]["project"] = "NOPE"
        self.write(configured)
        self.has(self.probe("jira"), "look", "sees no project of that key")

    def test_pagerduty(self) -> None:
        self.box.settings(pagerduty={"priorities": ["Sev1", "Sev2"], "auto_resolve_s": 14400})
        lines = self.probe("pagerduty")
        self.has(lines, "look", '"P1", "P2", "P3", "P4", "P5" as priority', '"Sev1", "Sev2"', "it is left out then")
        self.has(lines, "look", "resolves incidents by itself after 240 minutes")
        configured = connectors(self.box.urls)
        self.addCleanup(self.write, connectors(self.box.urls))
        configured["pagerduty"]["from"] = "nobody@example.com"
        self.write(configured)
        self.has(self.probe("pagerduty", status=1), "wrong", "no user of the account has the e-mail nobody@example.com")

    def test_what_a_remote_says_is_shown_and_does_nothing(self) -> None:
        """Neither to a terminal nor with a secret that it got."""
        self.box.settings(jira={"priorities": ["\x1b[31mBlocker", "a\nwrong  b", SECRETS["JIRA_TOKEN"]]})
        out = self.world.folder / "said.json"
        lines = self.probe("jira", "--mapping", str(out), status=1)
        self.has(lines, "wrong", " [31mBlocker", "a wrong  b", "[secret token]")
        self.assertNotIn("\x1b", str(lines))
        self.assertNotIn(SECRETS["JIRA_TOKEN"], out.read_text())

    def test_a_file_that_is_there_is_not_written_over(self) -> None:
        self.box.settings(pagerduty={"priorities": ["Sev1", "Sev2"]})
        out = self.world.folder / "kept.json"
        out.write_text("mine")
        done = self.run_probe("pagerduty", "--mapping", str(out))
        self.assertEqual(1, done.returncode)
        self.assertIn("kept.json: File exists; name one that is not there", done.stderr)
        self.assertEqual("mine", out.read_text())


class Drafted(Scenario):
    """The files that it drafts are put in force, and what is written is what each instance has."""

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.box.settings(servicenow={"close_codes": ["Solved (Permanently)", "Not solved"]},
                         jira={"priorities": ["Blocker", "Major", "Minor"], "off_screen": ["description"]},
                         pagerduty={"priorities": ["Sev1", "Sev2", "Sev3", "Sev4", "Sev5", "Sev6"]})
        before = cls.world.folder / "before.json"
        before.write_text(json.dumps(base_config(cls.topic.cert, cls.box.urls)))
        for vendor in VENDORS:
            out = cls.world.folder / f"drafted-{vendor}.json"
            done = subprocess.run([str(BINARY), "connector", "probe", vendor, "--config", str(before), "--mapping", str(out)],
                                  env={**os.environ, **cls.env}, capture_output=True, text=True, timeout=60)
            assert "written; name it" in done.stdout, (done.stdout, done.stderr)
            config["connectors"][vendor]["mapping"] = str(out)
            if vendor == "pagerduty":
                assert 'priority "Sev5": no impact' in json.loads(out.read_text())["description"]

    def test_a_ticket_has_the_values_of_its_instance(self) -> None:
        name, ident = self.open_one("drafted")
        rows = self.tickets(name)
        self.assertEqual("Blocker", rows["jira"]["fields"]["priority"])
        self.assertEqual("Sev2", rows["pagerduty"]["fields"]["priority"])
        self.linked(ident)
        self.app.api("POST", f"/v1/incidents/{ident}/resolve", {"notes": "rolled back"})
        rows = self.tickets(name, "RESOLVED")
        self.assertEqual("Solved (Permanently)", rows["servicenow"]["fields"]["close_code"])
        eventually("nothing is refused", lambda: self.app.api("GET", "/v1/deadletters").json()["items"] == [])

    def test_probing_again_finds_nothing_wrong(self) -> None:
        for vendor in VENDORS:
            done = subprocess.run([str(BINARY), "connector", "probe", vendor, "--config", str(self.app.config_file)],
                                  env={**os.environ, **self.env}, capture_output=True, text=True, timeout=60)
            self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)


if __name__ == "__main__":
    unittest.main()
