"""The examples are true: configurations and the stanzas of recipes pass `tocsin check`, mappings their own tests."""
from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import typing
import unittest

from harness import BINARY, ROOT, World
from worlds import Config, Topic

EXAMPLES = ROOT / "examples"
RECIPES = EXAMPLES / "recipes"
FENCE = re.compile(r"^```(\w+)(?: +(\w+))?\n(.*?)^```$", re.M | re.S)


def blocks(page: pathlib.Path, language: str, mark: str | None = None) -> list[str]:
    """The fenced blocks of a page with that language and mark."""
    return [text for lang, word, text in FENCE.findall(page.read_text()) if lang == language and word == (mark or "")]


def files_of(value: typing.Any) -> typing.Iterator[str]:
    """Every path that a secret or a certificate of a configuration names."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key in ("file", "cert_file") and isinstance(member, str):
                yield member
            else:
                yield from files_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from files_of(member)


class Examples(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(World()).folder

    def check(self, config: Config | str, command: typing.Sequence[str] = ("check", "--config", "tocsin.json")) -> None:
        """With every file that it names, as relative as it is written."""
        text = config if isinstance(config, str) else json.dumps(config)
        for name in files_of(json.loads(text)):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".pem"):
                Topic(path.parent)
            else:
                path.write_text(f"{path.name}-0123456789abcdef0123456789abcdef\n")
                path.chmod(0o600)
        (self.folder / "tocsin.json").write_text(text)
        done = subprocess.run([str(BINARY), *command], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr), text)

    def test_configurations(self) -> None:
        found = sorted(EXAMPLES.glob("*/tocsin.json"))
        self.assertEqual(["cluster", "minimal", "quickstart"], [path.parent.name for path in found])
        for path in found:
            with self.subTest(str(path.relative_to(ROOT))):
                # Its database is on the network of its own containers, which README.md says.
                way = path.parent.name == "cluster"
                text = path.read_text().replace("/run/secrets/", "secrets/")
                self.check(text.replace("@db/tocsin", "@db/tocsin?sslmode=verify-full") if way else text)

    def test_stanzas(self) -> None:
        """Each in the minimal configuration; connectors are named by the response plan."""
        seen = 0
        for page in sorted(RECIPES.glob("*.md")):
            for part in ("sources", "connectors"):
                for stanza in blocks(page, "json", part):
                    with self.subTest(f"{page.name} {part}"):
                        config = json.loads((EXAMPLES / "minimal/tocsin.json").read_text())
                        config[part] |= json.loads(stanza)
                        if part == "connectors":
                            config["resources"]["response_plans"][0]["connectors"] = list(json.loads(stanza))
                        self.check(config)
                        seen += 1
        self.assertGreaterEqual(seen, 7)

    def test_people_who_take_turns(self) -> None:
        (text,) = blocks(RECIPES / "on-call.md", "json", "resources")
        self.check(json.loads((EXAMPLES / "minimal/tocsin.json").read_text()) | {"resources": json.loads(text)})
        (shown,) = re.findall(r"```text\n(.*?)```", (RECIPES / "on-call.md").read_text(), re.S)
        command, *said = [line[2:] for line in shown.rstrip().splitlines()]
        done = subprocess.run([str(BINARY), *command.removeprefix("$ tocsin ").split()], cwd=self.folder, capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((said, ""), (done.stdout.splitlines(), done.stderr))

    def test_notifications(self) -> None:
        (stanza,) = blocks(RECIPES / "notifications.md", "json", "notifications")
        (body,) = blocks(RECIPES / "notifications.md", "json", "body")
        config, more = json.loads((EXAMPLES / "minimal/tocsin.json").read_text()), json.loads(stanza)
        config["connectors"] |= more["connectors"]
        config["topics"] = more["topics"]
        config["resources"]["response_plans"][0] |= more["plan"]
        self.check(config)
        (self.folder / "mappings").mkdir()
        (self.folder / "mappings/chat.json").write_text(body)
        config["connectors"]["hook"]["mapping"] = "mappings/chat.json"
        self.check(config)

    def test_the_mapping_of_a_recipe(self) -> None:
        (text,) = blocks(RECIPES / "any-sender.md", "json", "mapping")
        (stanza,) = blocks(RECIPES / "any-sender.md", "json")
        (self.folder / "mappings").mkdir()
        (self.folder / "mappings/backup.json").write_text(text)
        config = json.loads((EXAMPLES / "minimal/tocsin.json").read_text())
        config["sources"] |= json.loads(stanza)
        self.check(config)
        self.check(config, ("map", "test", "--mapping", "mappings/backup.json"))

    def test_a_mapping_of_jira(self) -> None:
        (text,) = blocks(RECIPES / "jira.md", "json", "mapping")
        mapping = json.loads(text)
        self.assertIn('"out": "{{env.summary|md}}"', (RECIPES / "jira.md").read_text())
        mapping["fields"]["summary"]["out"] = "{{env.summary|md}}"
        mapping["tests"] = [{"name": "in a Data Center it is text", "field": "summary", "env": {"summary": "**a**\n\n- b"},
                             "want_out": {"description": "a\n\n- b"}}]
        for name, body in (("cloud", text), ("datacenter", json.dumps(mapping))):
            (self.folder / f"{name}.json").write_text(body)
            done = subprocess.run([str(BINARY), "map", "test", "--mapping", f"{name}.json"], cwd=self.folder,
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)

    def amtool(self, *words: str) -> str:
        if not shutil.which("amtool"):
            self.skipTest("amtool is not installed; apt-get install prometheus-alertmanager")
        done = subprocess.run(["amtool", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout.strip()

    def test_alertmanager_reads_its_stanza(self) -> None:
        for mark in (None, "heartbeat"):
            (text,) = blocks(RECIPES / "alertmanager.md", "yaml", mark)
            (self.folder / "alertmanager.yml").write_text(text)
            self.amtool("check-config", "alertmanager.yml")

    def test_a_heartbeat_with_a_severity_goes_elsewhere(self) -> None:
        (text,) = blocks(RECIPES / "alertmanager.md", "yaml", "heartbeat")
        (self.folder / "alertmanager.yml").write_text(text)
        for name, receiver in (("Watchdog", "heartbeat"), ("ShopIsDown", "tocsin")):
            self.assertEqual(receiver, self.amtool("config", "routes", "test", "--config.file=alertmanager.yml",
                                                   f"alertname={name}", "severity=critical"))

    def test_the_attributes_of_a_subscription(self) -> None:
        attributes = json.loads((RECIPES / "sns-subscription.json").read_text())
        policy = json.loads(attributes["DeliveryPolicy"])["healthyRetryPolicy"]
        self.assertLessEqual(policy["numRetries"], 100, "the limit of SNS")
        self.assertLessEqual(policy["maxDelayTarget"] * policy["numRetries"], 3600, "SNS tries for an hour at most")
        self.assertTrue(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].startswith("arn:aws:sqs:"))

    def test_every_link_leads_somewhere(self) -> None:
        pages = [ROOT / "README.md", *EXAMPLES.rglob("*.md")]
        for page in pages:
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
                with self.subTest(f"{page.relative_to(ROOT)}: {target}"):
                    self.assertTrue((page.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
