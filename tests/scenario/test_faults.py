"""Ticket systems and mail servers that fail: one ticket whatever happens, and nobody else waits for it."""
from __future__ import annotations

import json
import pathlib
import re
import signal
import unittest

from certs import sandbox_certificates
from harness import Failure, eventually, http
from worlds import (VENDORS, Config, Scenario, alert, believe_searches, changed, contact, fresh, group, mail_channel,
                    secret)

CREATE = {"servicenow": ("POST", "/table/incident$"), "jira": ("POST", "/rest/api/3/issue$"),
          "pagerduty": ("POST", "/incidents$")}
BOMB_MIB = 64  # the sandbox needs half a second to pack it; no answer of more than 4 MiB is read
MEND = 'have that certificate mended, or correct "url" or "ca_file"'
WRITE = {"servicenow": ("PATCH", "/table/incident/"), "jira": ("POST", "/transitions$"),
         "pagerduty": ("PUT", "/incidents")}


class Faults(Scenario):
    def tearDown(self) -> None:
        self.box.no_faults()

    def on_create(self, vendor: str, action: str, **more: object) -> None:
        method, path = CREATE[vendor]
        self.box.fault(vendor=vendor, action=action, method=method, path_re=path, **more)

    def creates(self, vendor: str, name: str) -> list[Config]:
        method, path = CREATE[vendor]
        return [call for call in self.box.calls(vendor, method, path.rstrip("$")) if name in str(call["body"])]

    def check_once(self, action: str, **more: object) -> None:
        """Each vendor in turn fails its create in that way; in the end there is one ticket each."""
        for vendor in VENDORS:
            with self.subTest(vendor=vendor, action=action):
                self.box.no_faults()
                self.on_create(vendor, action, **more)
                name, ident = self.open_one(action.replace("_", "-"))
                self.tickets(name, timeout=60)
                self.linked(ident)
                self.assertEqual([1], [row["struck"] for row in self.box.admin("GET", "/faults")["faults"]])


class Lost(Faults):
    """What was done, and not told."""

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def test_the_answer_is_lost(self) -> None:
        self.check_once("drop_after_apply")

    def test_the_answer_is_cut(self) -> None:
        self.check_once("truncate")

    def test_a_proxy_gives_up_after_the_work_was_done(self) -> None:
        self.check_once("status", status=504, apply=True)

    def test_a_page_in_place_of_the_answer(self) -> None:
        """A sleeping instance answers 200 and a page; whether it did the work is unknown."""
        self.check_once("html", status=200, apply=True)

    def test_a_lost_answer_is_looked_up_before_anything_is_created_again(self) -> None:
        self.on_create("servicenow", "drop_after_apply")
        name, ident = self.open_one("lookup")
        self.linked(ident, timeout=60)
        self.assertEqual(1, len(self.creates("servicenow", name)))
        finds = [call for call in self.box.calls("servicenow", "GET", "/table/incident")
                 if ident in str(call["query"])]
        self.assertTrue(finds)


class Creates(Faults):
    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def test_the_answer_is_garbage(self) -> None:
        self.check_once("garbage")

    def test_credentials_are_refused_once(self) -> None:
        """A vendor whose sign-in stumbles refuses good credentials: that costs seconds, not minutes."""
        self.on_create("jira", "status", status=401)
        name, ident = self.open_one("stumble")
        self.tickets(name, timeout=40)
        self.linked(ident)
        self.assertEqual([401], [call["status"] for call in self.box.calls("jira") if call["status"] == 401])

    def test_the_connection_is_reset(self) -> None:
        self.check_once("reset")

    def memory_mib(self) -> int:
        """The most that it ever had."""
        status = pathlib.Path(f"/proc/{self.app.child.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) >> 10

    def test_the_answer_would_fill_the_memory(self) -> None:
        """Compressed, though nobody asked for that: it stays as it is, and what it says is unknown."""
        before = self.memory_mib()
        self.check_once("gzipbomb", size_bytes=BOMB_MIB << 20)
        self.assertLess(self.memory_mib() - before, BOMB_MIB // 2)

    def test_the_answers_come_in_another_order(self) -> None:
        """Of two tickets that are made at a time each incident has its own."""
        for vendor in VENDORS:
            with self.subTest(vendor):
                self.box.no_faults()
                self.on_create(vendor, "reorder", ms=10_000)
                both = [self.open_one("order") for _ in range(2)]
                for name, ident in both:
                    self.assertEqual(self.tickets(name)[vendor]["id"], self.linked(ident)[vendor]["remote_id"])
                self.assertTrue(self.box.admin("GET", "/faults")["faults"][0]["overtaken"])

    def test_a_proxy_asks_twice(self) -> None:
        """The second time PagerDuty says that the key is taken: by ours. The others make two tickets, and when no
        answer arrives, both are found; the older one is kept in step, which is told."""
        for vendor, action in (("pagerduty", "dup"), ("servicenow", "drop_after_apply"), ("jira", "drop_after_apply")):
            with self.subTest(vendor):
                self.box.no_faults()
                self.on_create(vendor, action, copies=2)
                name, ident = self.open_one("twice")
                link = self.linked(ident, timeout=60)[vendor]
                rows = [row["id"] for row in self.box.tickets(name, vendor)]
                self.assertEqual(1 if vendor == "pagerduty" else 2, len(rows))
                self.assertEqual((1, rows[0]), (len(self.creates(vendor, name)), link["remote_id"]))
                others = ", ".join(row["key"] for row in self.box.tickets(name, vendor)[1:])
                told = (f"2 records of {vendor} carry this incident's mark; {link['remote_key']}, the oldest, is kept in "
                        f"step, and nothing is written to {others}")
                self.assertEqual(len(rows) - 1, self.texts(ident).count(told))
                self.assertIn(f'tocsin_duplicate_remote_total{{connector="{vendor}"}} {len(rows) - 1}\n',
                              http("GET", self.app.url + "/metrics").body.decode())


class Interim(Faults):
    """Answers 100 that nobody asked for; they say nothing about the work."""

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)
        for vendor in VENDORS:
            config["connectors"][vendor]["timeout"] = "3s"

    def test_interim_answers_before_the_true_one(self) -> None:
        for vendor in VENDORS:
            with self.subTest(vendor):
                self.box.no_faults()
                self.on_create(vendor, "100-continue", interims=3)
                name, ident = self.open_one("interim")
                self.linked(ident)
                self.assertEqual([201], [call["status"] for call in self.creates(vendor, name)])
                self.assertIn("Created", self.texts(ident))
                self.assertNotIn("Found", self.texts(ident))

    def test_nothing_comes_after_an_interim_answer(self) -> None:
        self.check_once("100-hang", ms=60_000, apply=True)

    def test_the_connection_ends_after_an_interim_answer(self) -> None:
        self.check_once("100-hang", ms=10, apply=True, interims=2)


class Lag(Faults):
    def test_the_index_lags(self) -> None:
        """Jira's search does not show what was created a moment ago: Tocsin waits before it creates again."""
        self.box.settings(jira={"index_lag_ms": 3000})
        try:
            self.on_create("jira", "drop_after_apply")
            name, ident = self.open_one("lag")
            self.tickets(name, timeout=150)
            self.assertEqual(1, len(self.creates("jira", name)))
        finally:
            self.box.settings(jira={"index_lag_ms": 0})


class Later(Faults):
    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def gap_s(self, vendor: str, name: str) -> float:
        """Seconds between the first and the second create of that alarm."""
        first, second, *_ = self.creates(vendor, name)
        return (float(second["t_ms"]) - float(first["t_ms"])) / 1000

    def test_retry_after(self) -> None:
        for vendor in VENDORS:
            with self.subTest(vendor):
                self.on_create(vendor, "status", status=429, retry_after=3)
                name, _ = self.open_one("limited")
                self.tickets(name, timeout=60)
                self.assertEqual(2, len(self.creates(vendor, name)))
                self.assertGreaterEqual(self.gap_s(vendor, name), 3.0)
                self.box.no_faults()

    def test_maintenance(self) -> None:
        """503 with a page, a few times: nobody sees more than that it came late."""
        self.on_create("servicenow", "html", status=503, times=3)
        name, ident = self.open_one("maintenance")
        self.tickets(name, timeout=90)
        self.assertEqual("LINKED", self.linked(ident)["servicenow"]["state"])
        self.assertEqual([], [row for row in self.app.api("GET", "/v1/deadletters").json()["items"]
                              if row["incident"] == ident])

    def test_redirects_are_not_followed(self) -> None:
        self.on_create("jira", "redirect", url=self.box.urls["servicenow"] + "/stolen")
        name, ident = self.open_one("redirect")
        self.tickets(name, timeout=60)
        self.assertEqual([], self.box.calls("servicenow", path="/stolen"))
        self.assertIn("Not synced to jira yet: the remote answered 302: redirects are not followed, check the URL; "
                      "tried again after 20", self.texts(ident))
        self.assertEqual(1, self.texts(ident).count("Not synced"))
        self.assertTrue(self.logged("level=error", "redirected: redirects are not followed", "instance=jira"))

    def test_a_long_wait_is_told(self) -> None:
        """Who looks at the incident learns why the ticket is not there, and when it is tried again; the log too."""
        self.on_create("servicenow", "status", status=429, retry_after=12)
        name, ident = self.open_one("quota")
        eventually("it is told", lambda: "Not synced to servicenow yet: ServiceNow answered 429" in self.texts(ident)
                   or "Not synced to servicenow yet: the remote answered 429" in self.texts(ident), 20)
        self.assertTrue(self.logged("level=warn", "asked to come again later", "instance=servicenow", "not_before=20"))
        self.tickets(name, timeout=60)
        self.assertEqual(1, self.texts(ident).count("Not synced"))

    def logged(self, *words: str) -> list[str]:
        return [line for line in self.app.log.read_text().splitlines() if all(word in line for word in words)]

    def test_the_others_go_on_while_one_hangs(self) -> None:
        self.box.fault(vendor="jira", action="hang", ms=8000, times=0)
        name, _ = self.open_one("hang")
        self.tickets(name, vendors=("pagerduty", "servicenow"), timeout=7)
        self.mail(name, 7)
        self.box.no_faults()
        self.tickets(name, timeout=90)

    def test_resolve_never_overtakes_create(self) -> None:
        """The alarm is over before the ticket exists: the ticket is created and resolved, or never made at all."""
        self.on_create("pagerduty", "status", status=503, times=2)
        name, ident = self.open_one("short")
        self.tickets(name, vendors=("jira", "servicenow"), timeout=30)
        self.cloudwatch(name, "OK")
        self.tickets(name, "RESOLVED", vendors=("jira", "servicenow"), timeout=60)

        def settled() -> bool:
            link = next(row for row in self.app.incident(ident)["links"] if row["connector"] == "pagerduty")
            rows = self.box.tickets(name, "pagerduty")
            return link["due_at"] is None and all(row["status_class"] == "RESOLVED" for row in rows)
        eventually("PagerDuty is in step", settled, 90)
        calls = self.box.calls("pagerduty", "PUT", "/incidents")
        self.assertFalse([call for call in calls if call["status"] == 404], "nothing was written before it existed")


class Writes(Faults):
    def test_a_lost_answer_of_a_write(self) -> None:
        """What did arrive is found to be there, and no dead letter is left."""
        for vendor in VENDORS:
            for state in ("ACKED", "RESOLVED"):
                with self.subTest(vendor=vendor, state=state):
                    name, ident = self.open_one("write")
                    self.tickets(name, "OPEN")
                    self.linked(ident)
                    self.lose_write(vendor)
                    self.bring(name, ident, state)
                    self.assertEqual([], [row for row in self.app.api("GET", "/v1/deadletters").json()["items"]
                                          if row["incident"] == ident])
                    self.box.no_faults()

    def test_a_proxy_writes_twice(self) -> None:
        """What was done the first time is refused the second, of a step in a workflow: it is there, no dead letter."""
        name, ident = self.open_one("twice")
        self.linked(ident)
        for state in ("ACKED", "RESOLVED"):
            self.box.no_faults()
            for vendor in VENDORS:
                self.box.fault(vendor=vendor, action="dup", method=WRITE[vendor][0], path_re=WRITE[vendor][1])
            self.bring(name, ident, state)
            self.assertEqual([1, 1, 1], [row["struck"] for row in self.box.admin("GET", "/faults")["faults"]])
        self.assertEqual([], [row for row in self.app.api("GET", "/v1/deadletters").json()["items"]
                              if row["incident"] == ident])

    def bring(self, name: str, ident: str, state: str) -> None:
        """The incident gets there, and every ticket with it."""
        if state == "ACKED":
            self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        else:
            self.cloudwatch(name, "OK")
        self.tickets(name, state, timeout=60)
        eventually("nothing is due", lambda: not self.due(ident), 60)

    def lose_write(self, vendor: str) -> None:
        method, path = WRITE[vendor]
        self.box.fault(vendor=vendor, action="drop_after_apply", method=method, path_re=path)

    def due(self, ident: str) -> list[Config]:
        return [row for row in self.app.incident(ident)["links"] if row["due_at"] is not None]

    def test_a_lost_answer_of_a_note(self) -> None:
        """A note may be there once or not at all until it was looked up; never twice."""
        name, ident = self.open_one("note")
        self.linked(ident)
        self.box.fault(vendor="jira", action="drop_after_apply", method="POST", path_re="/comment$")
        self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": f"only once {name}"})

        def arrived() -> bool:
            rows = self.box.tickets(name)
            return all(f"only once {name}" in str(row["comments"]) for row in rows)
        eventually("the note is in every ticket", arrived, 90)
        for row in self.box.tickets(name):
            self.assertEqual(1, str(row["comments"]).count(f"only once {name}"), row["vendor"])


class Mail(Faults):
    def test_sigterm_waits_for_the_answer(self) -> None:
        self.box.fault(vendor="smtp", action="delay", method="DATA", ms=1000, times=1)
        name, _ = self.open_one("leaving")
        eventually("the mail server has it", lambda: self.box.admin("GET", "/faults")["faults"][0]["struck"], 10)
        self.assertEqual(0, self.app.kill(signal.SIGTERM))
        self.app.start()
        self.tickets(name, "OPEN")
        after = fresh("after")
        self.opened(self.prom(group(after, alert(after, "a"))))
        self.mail(after)  # what was due before it has gone before it
        self.assertEqual(1, len(self.box.mails(name)), "nobody is paged twice")

    def test_a_server_that_is_busy(self) -> None:
        self.box.fault(vendor="smtp", action="status", method="RCPT", status=451)
        name, _ = self.open_one("busy")
        self.mail(name, 60)
        self.assertEqual(1, len(self.box.mails(name)))

    def test_a_server_that_refuses(self) -> None:
        """550 is for good: said on the timeline and in a receipt; the tickets do not suffer."""
        self.box.fault(vendor="smtp", action="status", method="RCPT", status=550, times=0)
        name, ident = self.open_one("refuse")

        def receipts() -> list[str]:
            return [row["type"] for engagement in self.app.incident(ident)["engagements"]
                    for page in engagement["pages"] for row in page["receipts"]]
        eventually("an ERROR receipt", lambda: "ERROR" in receipts(), 30)
        self.tickets(name)
        self.assertEqual([], self.box.mails(name))


class Unreachable(Faults):
    """A page that does not get through brings the next channel, then the next person, before their time: all stages here
    are minutes apart."""

    @classmethod
    def configure(cls, config: Config) -> None:
        def stage(*targets: Config) -> Config:
            return {"DurationInMinutes": 5, "Targets": list(targets)}

        def person(alias: str, *names: str) -> Config:
            return {**contact(alias), "Plan": {"Stages": [
                stage({"ChannelTargetInfo": {"ContactChannelId": name}}) for name in names]}}

        def channel(alias: str, name: str) -> Config:
            return {**mail_channel(alias, name), "DeliveryAddress": {"SimpleAddress": f"{alias}-{name}@example.com"}}

        plan = {"Stages": [stage({"ContactTargetInfo": {"ContactId": alias, "IsEssential": True}})
                           for alias in ("ann", "bob")]}
        config["resources"]["contacts"] = [person("ann", "home", "work"), person("bob", "home"),
                                           {"Alias": "esc", "DisplayName": "Esc", "Type": "ESCALATION", "Plan": plan}]
        config["resources"]["contact_channels"] = [channel("ann", "home"), channel("ann", "work"), channel("bob", "home")]
        config["resources"]["response_plans"][0] |= {"engagements": ["esc"], "connectors": []}

    def refuse(self, recipients: str, status: int) -> None:
        self.box.fault(vendor="smtp", action="status", method="RCPT", path_re=recipients, status=status, times=0)

    def to(self, name: str, address: str, timeout: float = 10) -> None:
        def came() -> list[Config]:
            return [row for row in self.box.mails(name) if row["to"] == [address + "@example.com"]]
        eventually(f"mail to {address}", came, timeout)

    def tries(self, address: str) -> int:
        return len(self.box.calls("smtp", "RCPT", address))

    def check_letters(self, ident: str) -> None:
        """Who may read dead letters must not be able to acknowledge as the person that a page was for."""
        letters = [row for row in self.app.api("GET", "/v1/deadletters", role="viewer").json()["items"]
                   if row["incident"] == ident]
        self.assertTrue(letters)
        self.assertNotIn("/ack/", json.dumps(letters))

    def test_an_address_that_is_refused(self) -> None:
        self.refuse("^ann-home@", 550)
        name, ident = self.open_one("address")
        self.to(name, "ann-work")
        texts = self.texts(ident)
        self.assertIn("could not page ann by home", texts)
        self.assertIn("ann is not reached: stage 2 of the plan begins now", texts)
        pages = self.app.incident(ident)["engagements"][0]["pages"]
        self.assertEqual(["home", "work"], [page["channel"] for page in pages])
        self.check_letters(ident)
        eventually("the second is sent", lambda: [["ERROR"], ["SENT"]] == [
            [row["type"] for row in page["receipts"]]
            for page in self.app.incident(ident)["engagements"][0]["pages"]], 10)
        self.assertEqual(1, len(self.box.mails(name)), "bob's turn comes in five minutes")

    def test_a_person_who_cannot_be_reached(self) -> None:
        self.refuse("^ann-", 550)
        name, ident = self.open_one("person")
        self.to(name, "bob-home")
        self.assertIn("nobody of esc is reached: its stage 2 begins now", self.texts(ident))

    def unreached(self) -> float:
        text = http("GET", self.app.url + "/metrics").body.decode()
        return float(text.split("\ntocsin_nobody_reached_total ")[1].split("\n")[0])

    def test_nobody_at_all(self) -> None:
        """Whoever runs it hears of it: in the log and by a counter, once an incident; and the page's line says whose it was."""
        before = self.unreached()
        self.refuse("^(ann|bob)-", 550)
        name, ident = self.open_one("nobody")
        eventually("it is told", lambda: "nobody is reached: no page got through" in self.texts(ident), 10)
        lines = eventually("it is logged", lambda: [
            line for line in self.app.log.read_text().splitlines()
            if "nobody is reached" in line and f"incident={ident}" in line], 5)
        self.assertEqual(1, len(lines))
        self.assertIn("level=error", lines[0])
        self.assertIn(f"title={name} plan=web", lines[0])
        self.assertEqual(before + 1, self.unreached())
        for who, channel in (("ann", "home"), ("ann", "work"), ("bob", "home")):
            line = next(row for row in self.app.log.read_text().splitlines() if "page not sent" in row
                        and f"incident={ident} contact={who} channel={channel} attempt=1 outcome=rejected" in row)
            self.assertNotIn("@example.com", line)
            self.assertNotIn("/ack/", line)

    def test_an_answer_that_came_first(self) -> None:
        """What she acknowledged before the refusal came back stays quiet."""
        self.box.fault(vendor="smtp", action="delay", method="MAIL", ms=3000, times=1)
        self.refuse("^ann-home@", 550)
        name, ident = self.open_one("first")
        eventually("the mail server has it", lambda: self.box.admin("GET", "/faults")["faults"][0]["struck"], 10)
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge", {})
        eventually("it was refused", lambda: "could not page ann by home" in self.texts(ident), 20)
        self.assertEqual(1, len(self.app.incident(ident)["engagements"][0]["pages"]))
        self.assertEqual([], self.box.mails(name))

    def test_a_server_that_takes_nothing_for_her(self) -> None:
        """Half a minute is waited; the first message is tried on beside the second, and arrives when it can."""
        self.refuse("^ann-home@", 451)
        name, ident = self.open_one("busy")
        eventually("a second try", lambda: self.tries("ann-home@") >= 2, 20)
        self.assertEqual(1, len(self.app.incident(ident)["engagements"][0]["pages"]), "one try is no loss")
        self.to(name, "ann-work", 45)
        self.assertNotIn("could not page", self.texts(ident))
        self.box.no_faults()
        self.to(name, "ann-home", 30)
        self.assertEqual(2, len(self.box.mails(name)))


class Credentials(Faults):
    """Wrong credentials hold the queue of that connector and no other."""

    @classmethod
    def configure(cls, config: Config) -> None:
        config["connectors"]["jira"]["token"] = secret("ROTATED")
        cls.env["ROTATED"] = "expired-token-0123456789"

    def test_only_that_connector_waits(self) -> None:
        name, ident = self.open_one("auth")
        self.tickets(name, vendors=("pagerduty", "servicenow"))
        eventually("jira is held", lambda: self.is_held("jira"))
        self.assertFalse(self.is_held("servicenow"))
        second, _ = self.open_one("auth")
        self.tickets(second, vendors=("pagerduty", "servicenow"))
        calls = [call for call in self.box.calls("jira") if call["status"] == 401]
        self.assertLess(len(calls), 5, "refused credentials are not tried again and again: accounts get locked")
        self.app.kill(15)
        self.app.env["ROTATED"] = "sandbox-token"
        self.app.start()
        self.tickets(name, timeout=60)
        self.tickets(second, timeout=60)

    def is_held(self, name: str) -> bool:
        rows = self.app.api("GET", "/v1/connectors").json()["items"]
        return next(bool(row["auth_failed"]) for row in rows if row["name"] == name)


class Late(Faults):
    """ServiceNow works on a request after its sender has given up."""

    @classmethod
    def configure(cls, config: Config) -> None:
        config["connectors"] = changed(config["connectors"], "servicenow", timeout="2s")

    def test_a_create_that_arrives_late(self) -> None:
        self.on_create("servicenow", "hold", ms=12_000)
        name, ident = self.open_one("late")
        self.tickets(name, timeout=60)
        self.linked(ident)
        self.assertEqual(1, len(self.creates("servicenow", name)))


class Removed(Faults):
    """A connector is taken out of the configuration while a ticket waits for it."""

    @classmethod
    def configure(cls, config: Config) -> None:
        believe_searches(config, cls.world.folder)

    def reload(self, config: Config) -> None:
        self.app.config_file.write_text(json.dumps(config))
        before = self.said("configuration reloaded")
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: self.said("configuration reloaded") > before)

    def said(self, words: str) -> int:
        return self.app.log.read_text().count(words)

    def test_what_waits_is_told(self) -> None:
        with_jira = json.loads(self.app.config_file.read_text())
        without = json.loads(self.app.config_file.read_text())
        del without["connectors"]["jira"]
        without["resources"]["response_plans"][0]["connectors"].remove("jira")
        warning = 'connector=jira tickets=1 do="configure it again'
        self.box.fault(vendor="jira", action="status", status=503, times=0)
        name, ident = self.open_one("removed")
        self.tickets(name, vendors=("pagerduty", "servicenow"))
        self.reload(without)
        eventually("it is told", lambda: self.said(warning) == 1)
        self.app.kill(15)
        self.app.start()
        eventually("it is told again", lambda: self.said(warning) == 2)
        self.box.no_faults()
        self.reload(with_jira)
        self.tickets(name, timeout=60)
        self.linked(ident)
        self.assertEqual(2, self.said("tickets wait for a connector"))


class Down(Faults):
    @classmethod
    def configure(cls, config: Config) -> None:
        """Nothing listens where ServiceNow should be."""
        config["connectors"] = changed(config["connectors"], "servicenow", url="http://127.0.0.1:9")

    def test_the_others_work(self) -> None:
        name, ident = self.open_one("down")
        self.tickets(name, vendors=("jira", "pagerduty"))
        self.mail(name)

        def tried() -> bool:
            link = next(row for row in self.app.incident(ident)["links"] if row["connector"] == "servicenow")
            return link["failures"] > 0 and link["due_at"] is not None
        eventually("ServiceNow is tried again", tried)
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.tickets(name, "ACKED", vendors=("jira", "pagerduty"))
        self.cloudwatch(name, "OK")
        self.tickets(name, "RESOLVED", vendors=("jira", "pagerduty"))


class Doors(Faults):
    """Nobody listens, or who does proves nothing: what is to be done waits and is done once; not a byte is said before."""

    ca: pathlib.Path

    @classmethod
    def sandbox_options(cls) -> tuple[str, str]:
        cls.ca = sandbox_certificates(cls.world.folder)
        return "--tls", str(cls.world.folder)

    @classmethod
    def configure(cls, config: Config) -> None:
        for vendor in VENDORS:
            row = config["connectors"][vendor]
            row |= {"url": row["url"].replace("http://127.0.0.1", "https://localhost"), "ca_file": str(cls.ca)}

    def told(self, ident: str, vendor: str, words: str) -> None:
        def reason() -> str:
            links = {row["connector"]: str(row["blocked"]) for row in self.app.incident(ident)["links"]}
            if not re.search(words, links[vendor]):
                raise Failure(f"{vendor}: {links[vendor]!r}")
            return links[vendor]
        text = eventually(f"{vendor} says {words}", reason)
        log = re.sub(r"\\(.)", r"\1", self.app.log.read_text())
        self.assertRegex(log, f'instance={vendor} .*reason="{re.escape(text)}')

    def check_waits(self, faults: dict[str, Config], words: dict[str, str]) -> None:
        """Nothing is said to a vendor that is shut, its link says why; afterwards there is one ticket, made at once."""
        for vendor, fault in faults.items():
            self.box.fault(vendor=vendor, **fault)
        name, ident = self.open_one("door")
        for vendor in faults:
            self.told(ident, vendor, words[vendor])
            self.assertEqual([], self.creates(vendor, name))
        self.box.no_faults()
        self.tickets(name, timeout=60)
        self.linked(ident)
        self.assertEqual([1] * len(VENDORS), [len(self.creates(vendor, name)) for vendor in VENDORS])
        self.assertFalse(self.look_ups(ident), "what was not sent need not be looked up")

    def look_ups(self, ident: str) -> list[Config]:
        return [call for vendor in ("pagerduty", "servicenow") for call in self.box.calls(vendor, "GET")
                if ident in str(call["query"])]

    def test_nobody_listens(self) -> None:
        refuse = {"action": "refuse", "ms": 0}
        self.check_waits({vendor: refuse for vendor in VENDORS}, {vendor: "not sent: .*connect to" for vendor in VENDORS})

    def test_certificates_that_prove_nothing(self) -> None:
        kinds = {"jira": "expired", "pagerduty": "wronghost", "servicenow": "selfsigned"}
        self.check_waits({vendor: {"action": "tls", "kind": kind, "times": 0} for vendor, kind in kinds.items()},
                         {"jira": f"certificate has expired; {MEND}", "pagerduty": f"subject name .*'localhost'; {MEND}",
                          "servicenow": f"self.signed certificate; {MEND}"})

    def test_an_old_version_of_tls(self) -> None:
        old = {"action": "tls", "kind": "v1.0", "times": 0}
        self.check_waits({"jira": old}, {"jira": "(?i)protocol.version; TLS 1.2 or 1.3 must be spoken there"})


if __name__ == "__main__":
    unittest.main()
