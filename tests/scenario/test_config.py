"""Configuration, start and stop: every mistake is told with its place and what to do; no secret is ever told."""
from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import time
import typing
import unittest

from harness import BINARY, TOKENS, Tocsin, World, eventually, http
from worlds import SECRETS, Config, Scenario, Topic, alert, base_config, fresh, group

STOP_S = 6.0
NOWHERE = {name: "http://127.0.0.1:9" for name in ("servicenow", "jira", "pagerduty", "pagerduty_events")}
NOWHERE["smtp"] = "smtp://127.0.0.1:9"

# A change that makes one mistake, and what the line about it must say.
Mistake = tuple[typing.Callable[[Config], typing.Any], str]
MISTAKES: list[Mistake] = [
    (lambda c: c.update(limit={}), r"\$\.limit: .*not known.*limits"),
    (lambda c: c.update(account_id="123"), r"\$\.account_id: .*12 digits"),
    (lambda c: c.update(listen="8080"), r"\$\.listen: .*HOST:PORT"),
    (lambda c: c.update(store="mysql:tocsin"), r"\$\.store: .*sqlite:PATH"),
    (lambda c: c["log"].update(level="loud"), r"\$\.log\.level: .*loud.*(debug|info)"),
    (lambda c: c["tokens"][0].update(role="boss"), r"\$\.tokens\[0\]\.role: .*boss.*viewer"),
    (lambda c: c["connectors"]["jira"].update(projekt="OPS"), r"\$\.connectors\.jira\.projekt: .*project"),
    (lambda c: c["connectors"]["servicenow"].update(password="hunter2-hunter2"),
     r"\$\.connectors\.servicenow\.password: .*never in the file"),
    (lambda c: c["resources"]["response_plans"][0]["connectors"].append("jiira"),
     r"\$\.resources\.response_plans\[0\]: .*jiira.*jira"),
    (lambda c: c["connectors"]["mail"].update(form="tocsin@example.com"), r"\$\.connectors\.mail\.form: .*from"),
    (lambda c: c["sources"]["prom"].update(response_plan="wbe"), r"\$\.sources\.prom: .*wbe"),
]


def check(config: pathlib.Path, env: dict[str, str], command: str = "check", *words: str) -> tuple[int, str]:
    done = subprocess.run([str(BINARY), command, "--config", str(config), *words], env={**os.environ, **env},
                          capture_output=True, text=True, timeout=60, cwd=config.parent)
    return done.returncode, done.stdout + done.stderr


class Check(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(World()).folder
        self.config = base_config(Topic(self.folder).cert, NOWHERE)

    def write(self, config: typing.Any) -> pathlib.Path:
        path = self.folder / "tocsin.json"
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
        return path

    def test_a_good_one(self) -> None:
        status, text = check(self.write(self.config), SECRETS)
        self.assertEqual(0, status, text)
        self.assertIn("good", text)

    def test_every_mistake_is_a_line(self) -> None:
        for spoil, _ in MISTAKES:
            spoil(self.config)
        path = self.write(self.config)
        status, text = check(path, SECRETS)
        lines = text.splitlines()
        self.assertEqual(1, status)
        self.assertEqual(len(MISTAKES), len(lines), text)
        for _, wanted in MISTAKES:
            found = [line for line in lines if re.search(wanted, line)]
            self.assertEqual(1, len(found), f"{wanted}\n{text}")
        written = path.read_text().splitlines()
        for line in lines:
            place = re.match(rf"{re.escape(str(path))}:(\d+): \$", line)
            self.assertIsNotNone(place, line)
        jira = next(line for line in lines if "projekt" in line)
        number = int(jira.split(":")[1])
        self.assertIn("projekt", written[number - 1])
        self.assertNotIn("hunter2", text)

    def test_each_mistake_alone(self) -> None:
        for spoil, wanted in MISTAKES:
            with self.subTest(wanted):
                config = base_config(Topic(self.folder).cert, NOWHERE)
                spoil(config)
                status, text = check(self.write(config), SECRETS)
                self.assertEqual((1, 1), (status, len(text.splitlines())), text)
                self.assertRegex(text, wanted)

    def test_files_that_are_no_configuration(self) -> None:
        for content, wanted in (("", "JSON|empty"), ("{", r":1:|JSON"), ("[]", "one JSON object"), ("\ufeff{}", "."),
                                ('{"listen": "a:1", "listen": "b:2"}', "listen|twice|duplicate")):
            with self.subTest(content):
                status, text = check(self.write(content), SECRETS)
                self.assertEqual(1, status, text)
                self.assertRegex(text, wanted)
        status, text = check(self.folder / "missing.json", SECRETS)
        self.assertEqual(1, status)
        self.assertIn("missing.json", text)

    def test_secrets_that_cannot_be_had(self) -> None:
        env = {key: value for key, value in SECRETS.items() if key != "PD_KEY"}
        status, text = check(self.write(self.config), env)
        self.assertEqual(1, status)
        self.assertRegex(text, r"\$\.connectors\.pagerduty\.token: .*PD_KEY is not set")
        exposed = self.folder / "token"
        exposed.write_text("0123456789abcdef")
        exposed.chmod(0o644)
        self.config["connectors"]["jira"]["token"] = {"file": str(exposed)}
        status, text = check(self.write(self.config), SECRETS)
        self.assertEqual(1, status)
        self.assertIn("chmod 0400", text)

    def test_serve_tells_the_same(self) -> None:
        self.config["listen"] = "8080"
        status, text = check(self.write(self.config), SECRETS, "serve", "--data", str(self.folder / "data"))
        self.assertEqual(1, status)
        self.assertRegex(text, r"tocsin\.json:\d+: \$\.listen: ")

    def test_wrong_words(self) -> None:
        for words in ([], ["srve"], ["check"], ["serve", "--port", "1"], ["serve", "--config"]):
            with self.subTest(words):
                done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=60)
                self.assertEqual(2, done.returncode)
                self.assertTrue(done.stderr)
        done = subprocess.run([str(BINARY), "version"], capture_output=True, text=True, timeout=60)
        self.assertRegex(done.stdout, r"^tocsin \d+\.\d+\.\d+")


class Process(unittest.TestCase):
    """Start and stop, without ticket systems: nothing listens where they should be."""

    def setUp(self) -> None:
        self.world = self.enterContext(World())
        self.folder = self.world.folder
        self.config = base_config(Topic(self.folder).cert, NOWHERE)

    def start(self) -> Tocsin:
        return self.world.tocsin(self.config, dict(SECRETS))

    def refused(self, data: pathlib.Path, *words: str) -> str:
        """What a second serve says before it ends with 1."""
        path = self.folder / "second.json"
        path.write_text(json.dumps({**self.config, "listen": "127.0.0.1:0"}))
        status, text = check(path, SECRETS, "serve", "--data", str(data), *words)
        self.assertEqual(1, status, text)
        self.assertIn("cannot start", text)
        return text

    def test_sigterm(self) -> None:
        app = self.start()
        with socket.create_connection(("127.0.0.1", app.port)) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(idle.recv(1000).startswith(b"HTTP/1.1 200"))
            began = time.monotonic()
            self.assertEqual(0, app.kill(signal.SIGTERM), app.tail())
            self.assertLess(time.monotonic() - began, STOP_S)

    def test_sigint_is_the_same(self) -> None:
        app = self.start()
        self.assertEqual(0, app.kill(signal.SIGINT), app.tail())

    def test_restart_keeps_everything(self) -> None:
        app = self.start()
        ident = self.open_by_prom(app)
        before = app.incident(ident)
        self.assertEqual(0, app.kill(signal.SIGTERM))
        app.start()
        after = app.incident(ident)
        for member in ("title", "arn", "created_at", "dedupe"):
            self.assertEqual(before[member], after[member])
        self.assertGreater(app.api("GET", "/v1/nodes").json()["items"][0]["epoch"], 1)

    def open_by_prom(self, app: Tocsin) -> str:
        name = fresh("Kept")
        answer = app.alarm("prom", group(name, alert(name, "a")))
        self.assertEqual(202, answer.status, answer.body)
        return str(answer.json()["incidents"][0])

    def test_sighup_with_a_mistake_keeps_the_old(self) -> None:
        app = self.start()
        good = app.config_file.read_text()
        app.config_file.write_text(good.replace('"prom"', '"prom!"'))
        app.child.send_signal(signal.SIGHUP)
        eventually("it says so", lambda: "not reloaded" in app.log.read_text())
        self.assertIn("prom!", app.log.read_text())
        self.open_by_prom(app)
        app.config_file.write_text(good.replace('"prom"', '"prom-two"'))
        app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: "configuration reloaded" in app.log.read_text())
        self.assertEqual(404, app.alarm("prom", {}).status)
        self.assertIn(app.alarm("prom-two", b"no alarm").status, (400,))

    def test_a_second_process_on_the_same_data(self) -> None:
        app = self.start()
        self.assertIn("another tocsin uses", self.refused(self.folder / "data"))
        self.assertEqual(200, http("GET", app.url + "/readyz").status)

    def test_a_port_that_is_taken(self) -> None:
        app = self.start()
        text = self.refused(self.folder / "other", "--listen", f"127.0.0.1:{app.port}")
        self.assertRegex(text, rf"127\.0\.0\.1:{app.port}.*in use")

    def test_an_address_that_is_not_ours(self) -> None:
        self.assertRegex(self.refused(self.folder / "other", "--listen", "192.0.2.7:8080"), r"192\.0\.2\.7")

    def test_a_folder_that_cannot_be_written(self) -> None:
        blocked = self.folder / "file"
        blocked.write_text("in the way")
        for data in (blocked, blocked / "data", pathlib.Path("/proc/tocsin")):
            with self.subTest(data=str(data)):
                self.assertIn(str(data), self.refused(data))

    def test_a_newer_schema(self) -> None:
        app = self.start()
        self.assertEqual(0, app.kill(signal.SIGTERM))
        with sqlite3.connect(self.folder / "data/tocsin.db") as db:
            db.execute("INSERT INTO schema_version (version, oldest, applied_ms) VALUES (9999, 9999, 0)")
        db.close()
        text = self.refused(self.folder / "data")
        self.assertRegex(text, "9999.*newer")

    def test_a_file_that_is_no_store(self) -> None:
        data = self.folder / "data"
        data.mkdir()
        (data / "tocsin.db").write_bytes(b"this is a letter to my mother\n" * 1000)
        self.assertIn("tocsin.db", self.refused(data))

    def test_modes(self) -> None:
        """What is kept is for the owner alone."""
        app = self.start()
        self.open_by_prom(app)
        for path in [self.folder / "data", *(self.folder / "data").iterdir()]:
            self.assertEqual(0, path.stat().st_mode & 0o077, path)


class Canaries(Scenario):
    """Secrets that are looked for everywhere afterwards."""

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.env.update({name: f"canary-{name.lower()}-5f2c9a" for name in SECRETS})
        config["connectors"]["mail"] |= {"user": "tocsin", "password": {"env": "SMTP_PASSWORD"}}
        for role in TOKENS:
            cls.env[f"TOKEN_{role.upper()}"] = TOKENS[role]
        cls.env["SNOW_PASSWORD"] = SECRETS["SNOW_PASSWORD"]

    def places(self) -> dict[str, bytes]:
        """Everything that people, logs and backups get to see."""
        found = {"log": self.app.log.read_bytes(),
                 "argv": pathlib.Path(f"/proc/{self.app.child.pid}/cmdline").read_bytes(),
                 "metrics": http("GET", self.app.url + "/metrics").body}
        for path in ("incidents", "links", "deadletters", "quarantine", "sources", "connectors", "nodes"):
            found[path] = self.app.api("GET", f"/v1/{path}?limit=200" if path != "nodes" else "/v1/nodes").body
        for row in self.app.incidents():
            found[f"incident {row['id']}"] = self.app.api("GET", f"/v1/incidents/{row['id']}").body
        for path in (self.app.folder / "data").iterdir():
            found[path.name] = path.read_bytes()
        found["tickets"] = json.dumps(self.box.tickets()).encode()
        found["mails"] = json.dumps(self.box.mails()).encode()
        return found

    def test_no_secret_gets_out(self) -> None:
        secrets = {name: value for name, value in self.env.items() if name in SECRETS}
        # A ticket system that repeats what it was sent, as some do in their errors.
        password = self.env["SNOW_PASSWORD"]
        self.box.fault(vendor="servicenow", action="body", method="POST", path_re="/table/", status=400, times=0,
                       body={"error": {"message": f"cannot log in with {password}", "detail": None},
                             "status": "failure"})
        self.cloudwatch(fresh("canary"))
        http("POST", self.app.url + "/sources/prom", b"{}", {"Authorization": "Bearer " + self.env["SOURCE_TOKEN"]})
        http("POST", self.app.url + "/sources/prom", b"{", {"Authorization": "Bearer " + self.env["SOURCE_TOKEN"]})
        eventually("a dead letter", lambda: self.app.api("GET", "/v1/deadletters").json()["items"], 40)
        self.app.config_file.write_text("{broken")
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it says so", lambda: "not reloaded" in self.app.log.read_text())
        letters = self.app.api("GET", "/v1/deadletters").body
        self.assertIn(b"[secret password]", letters, "the place of a secret is marked")
        for place, content in self.places().items():
            for name, value in secrets.items():
                with self.subTest(place=place, secret=name):
                    self.assertNotIn(value.encode(), content)


if __name__ == "__main__":
    unittest.main()
