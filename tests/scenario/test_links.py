"""What both an incident and its ticket have changed is there to be seen, with both values and who won; tocsin sync tells it and
makes both equal."""
from __future__ import annotations

import json
import subprocess
import typing
import unittest

from harness import BINARY, TOKENS, basic, eventually, http
from worlds import VENDORS, Config, Scenario, fresh


class Told(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        held = cls.world.folder / "held.json"
        held.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": "held", "extends": "connectors/servicenow",
                                    "fields": {"title": {"conflict": "hold"}}}))
        config["connectors"]["servicenow"]["mapping"] = str(held)
        for vendor in VENDORS:  # longer than a test needs to change both sides
            config["connectors"][vendor]["settings"]["settle"] = "1s"
        config["resources"]["response_plans"].append(
            {"name": "tracked", "incidentTemplate": {"title": "Tracked", "impact": 3}, "connectors": ["servicenow", "jira"]})

    def sync(self, *argv: str, role: str = "manager") -> subprocess.CompletedProcess[str]:
        env = {**self.env, "TOCSIN_URL": self.app.url, "TOCSIN_TOKEN": TOKENS[role]}
        return subprocess.run([str(BINARY), "sync", *argv], capture_output=True, text=True, timeout=90, env=env)

    def start(self) -> tuple[str, str, dict[str, Config]]:
        title = fresh("tracked")
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": "tracked", "title": title})
        self.assertEqual(201, answer.status, answer.body)
        ident = str(answer.json()["id"])
        self.linked(ident, ("jira", "servicenow"))
        return title, ident, self.at_rest(ident)

    def at_rest(self, ident: str) -> dict[str, Config]:
        return self.at_rest_but(ident)

    def at_rest_but(self, ident: str, *but: str) -> dict[str, Config]:
        def ready() -> dict[str, Config] | None:
            rows = [self.link(row["id"]) for row in self.app.incident(ident)["links"] if row["connector"] not in but]
            resting = all(row["pending"]["waits_for"] in ("nothing", "person") and row["pending"]["hints"] == 0 for row in rows)
            return {row["connector"]: row for row in rows} if resting else None
        return typing.cast(dict[str, Config], eventually("its lanes rest", ready))

    def link(self, ident: str) -> Config:
        answer = self.app.api("GET", f"/v1/links/{ident}", role="viewer")
        self.assertEqual(200, answer.status, answer.body)
        return typing.cast(Config, answer.json())

    def edit(self, vendor: str, link: Config, title: str) -> None:
        """A person changes the title over there."""
        path, body, user = {
            "jira": (f"/rest/api/3/issue/{link['remote_id']}", {"fields": {"summary": title}}, ("tocsin@example.com", "JIRA_TOKEN")),
            "servicenow": (f"/api/now/table/incident/{link['remote_id']}", {"short_description": title},
                           ("tocsin.integration", "SNOW_PASSWORD"))}[vendor]
        answer = http("PUT", self.box.urls[vendor] + path, body, {"Authorization": basic(user[0], self.env[user[1]])})
        self.assertIn(answer.status, (200, 204), answer.body)

    def update(self, ident: str, title: str) -> None:
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/update", {"title": title}).status)

    def won(self, connector: str, winner: str) -> int:
        text = http("GET", self.app.url + "/metrics").body.decode()
        line = f'tocsin_sync_conflicts_total{{connector="{connector}",winner="{winner}"}} '
        return int(next(row for row in text.splitlines() if row.startswith(line)).rsplit(" ", 1)[1])

    def field(self, link: Config, name: str) -> Config:
        return next(row for row in link["fields"] if row["field"] == name)


class Links(Told):
    def test_who_won(self) -> None:
        title, ident, links = self.start()
        self.assertEqual(("nothing", None, 0, []), (links["jira"]["pending"]["waits_for"], links["jira"]["pending"]["why"],
                                                    links["jira"]["conflicts_count"], links["jira"]["resting"]))
        self.assertEqual(0, self.sync("diff", ident, role="viewer").returncode)
        before = self.won("jira", "local")
        self.edit("jira", links["jira"], f"{title} theirs")
        self.update(ident, f"{title} ours")
        self.app.api("POST", f"/v1/links/{links['jira']['id']}/read")
        link = self.at_rest(ident)["jira"]
        self.assertEqual([("title", title, f"{title} ours", f"{title} theirs", "local")],
                         [tuple(row[name] for name in ("field", "base", "local", "remote", "winner")) for row in link["conflicts"]])
        self.assertEqual((1, before + 1), (link["conflicts_count"], self.won("jira", "local")))
        self.assertEqual({"field": "title", "direction": "both", "conflict": "newest", "local": f"{title} ours", "base": f"{title} ours",
                          "differs": False}, self.field(link, "title"))
        self.assertEqual(1, self.texts(ident).count(f"both changed title: ours was written. Lost is: {title} theirs"))
        (listed,) = [row for row in self.app.api("GET", "/v1/links?connector=jira&limit=1").json()["items"]]
        self.assertEqual(link, listed | {"fields": link["fields"], "conflicts": link["conflicts"]})
        told = self.sync("diff", link["id"], role="viewer")
        self.assertEqual((0, ""), (told.returncode, told.stderr))
        self.assertIn(f'title was "{title}", here "{title} ours", there "{title} theirs": ours was written', told.stdout)

    def test_a_person_decides(self) -> None:
        title, ident, links = self.start()
        self.assertEqual(0, self.sync("status").returncode)
        self.edit("servicenow", links["servicenow"], f"{title} theirs")
        self.update(ident, f"{title} ours")
        self.app.api("POST", f"/v1/links/{links['servicenow']['id']}/read")
        link = self.at_rest(ident)["servicenow"]
        self.assertEqual(("BLOCKED", "person", link["blocked"]), (link["state"], link["pending"]["waits_for"], link["pending"]["why"]))
        self.assertEqual(["none"], [row["winner"] for row in link["conflicts"]])
        for query in ("blocked=true", "state=BLOCKED", "state=BLOCKED&blocked=true&connector=servicenow"):
            self.assertEqual([link["id"]], [row["id"] for row in self.app.api("GET", f"/v1/links?{query}").json()["items"]])
        self.assertEqual([], self.app.api("GET", "/v1/links?blocked=true&connector=jira").json()["items"])
        status = self.sync("status", "--connector", "servicenow", role="viewer")
        self.assertEqual(1, status.returncode, status.stderr)
        self.assertRegex(status.stdout, r"(?m)^servicenow +\d+ +0 +1 +0 +0 .*look at it$")
        told = self.sync("diff", link["id"])
        self.assertEqual(1, told.returncode, told.stderr)
        self.assertRegex(told.stdout, rf'(?m)^\* title +here "{title} ours", there "{title}"  \[both, a person decides\]$')
        self.edit("servicenow", links["servicenow"], f"{title} ours")
        again = self.sync("retry", "--connector", "servicenow")
        self.assertEqual((0, ""), (again.returncode, again.stderr))
        self.assertIn("1 of servicenow are tried again", again.stdout)
        link = self.at_rest(ident)["servicenow"]
        self.assertEqual(("LINKED", None, 1), (link["state"], link["blocked"], link["conflicts_count"]))
        status = self.sync("status")
        self.assertEqual(0, status.returncode, status.stdout)
        self.assertRegex(status.stdout, r"(?m)^servicenow .*well$")

    def test_repair(self) -> None:
        """No webhook tells of it, and nobody waits for a poll."""
        title, ident, links = self.start()
        self.edit("jira", links["jira"], f"{title} there")
        done = self.sync("repair", ident, role="responder")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn(f'title here: "{title}" -> "{title} there"', done.stdout)
        self.assertEqual(f"{title} there", self.app.incident(ident)["title"])
        self.at_rest(ident)
        self.edit("servicenow", links["servicenow"], f"{title} swept")
        done = self.sync("repair", "--connector", "servicenow")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Swept", done.stdout)
        eventually("the change is taken", lambda: self.app.incident(ident)["title"] == f"{title} swept")
        (feed,) = [row["feed"] for row in self.app.api("GET", "/v1/connectors").json()["items"] if row["name"] == "servicenow"]
        self.assertEqual((None, 0), (feed["failing"], feed["failures"]))
        self.assertIsNotNone(feed["swept_at"])

    def test_repair_waits_while_the_connector_is_asked(self) -> None:
        self.start()
        self.addCleanup(self.box.no_faults)
        self.box.fault(vendor="servicenow", method="GET", path_re=r"^/api/now/table/incident(\?|$)", action="delay", ms=3000, apply=True)
        sweep = "/v1/connectors/servicenow/sweep"
        self.assertEqual(200, self.app.api("POST", sweep).status)
        eventually("it is asked", lambda: self.app.api("POST", sweep).status == 409)
        done = self.sync("repair", "--connector", "servicenow")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Swept", done.stdout)

    def test_what_is_said_when_it_cannot_be_done(self) -> None:
        _, _, links = self.start()
        link = links["jira"]["id"]
        for argv, status, says in (
                (["diff"], 2, "LINK|INCIDENT is missing"), (["diff", "x"], 2, "is no id of a link or an incident"),
                (["diff", link, "--connector", "jira"], 2, "--connector is not known here"), (["retry"], 2, "say which"), (["stauts"], 2, 'did you mean "status"'),
                (["diff", link[:-4] + "ffff"], 1, "no link and no incident"), (["status", "--connector", "jirra"], 1, "named jirra"),
                (["repair", "--connector", "jirra"], 1, "no connector is configured under this name"),
                (["status", "--url", "ftp://x"], 1, "no URL of a server"), (["status", "--url", "http://127.0.0.1:1"], 1, "does not answer")):
            done = self.sync(*argv)
            self.assertEqual(status, done.returncode, f"{argv}: {done.stdout} {done.stderr}")
            self.assertIn(says, done.stderr, argv)
        refused = self.sync("retry", link, role="viewer")
        self.assertEqual(1, refused.returncode)
        self.assertIn("needs the role manager", refused.stderr)
        nobody = subprocess.run([str(BINARY), "sync", "status"], capture_output=True, text=True, timeout=60,
                                env={"TOCSIN_URL": self.app.url})
        self.assertEqual(1, nobody.returncode)
        self.assertIn("set TOCSIN_TOKEN", nobody.stderr)


class Refused(Told):
    def test_a_connector_that_is_not_called(self) -> None:
        title, ident, links = self.start()
        link = links["jira"]["id"]
        self.box.fault(vendor="jira", action="status", status=401, times=0)
        self.update(ident, f"{title} ours")
        pending = eventually("it waits for its connector",
                             lambda: row if (row := self.link(link)["pending"])["waits_for"] == "connector" else None)
        self.assertIn("its credentials are refused", pending["why"])
        self.assertEqual("nothing", self.at_rest_but(ident, "jira")["servicenow"]["pending"]["waits_for"])
        status = self.sync("status", role="viewer")
        self.assertEqual(1, status.returncode, status.stdout)
        self.assertRegex(status.stdout, r"(?m)^jira +1 +1 +0 +0 +0 .*its credentials are refused$")
        self.assertRegex(status.stdout, r"(?m)^servicenow .*well$")
        done = self.sync("repair", link)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("not read yet: its credentials are refused", done.stdout)
        told = self.sync("diff", link)
        self.assertEqual(1, told.returncode)
        self.assertRegex(told.stdout, r"(?m)^  waits for the connector: its credentials are refused")
        self.assertRegex(told.stdout, rf'(?m)^\* title +here "{title} ours", there "{title}"')


if __name__ == "__main__":
    unittest.main()
