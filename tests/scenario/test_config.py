"""Configuration, start and stop: every mistake is told with its place and what to do; no secret is ever told."""
from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import typing
import unittest

from harness import BINARY, TOKENS, Tocsin, World, eventually, http, of_no_store, of_sqlite
from worlds import SECRETS, Config, Scenario, Topic, alert, base_config, contact, fresh, group, mail_channel

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
     r"\$\.resources\.response_plans\[0\]\.connectors\[3\]: .*jiira.*jira"),
    (lambda c: c["connectors"]["mail"].update(form="tocsin@example.com"), r"\$\.connectors\.mail\.form: .*from"),
    (lambda c: c["sources"]["prom"].update(response_plan="wbe"), r"\$\.sources\.prom\.response_plan: .*wbe.*\"web\""),
]




def person(config: Config) -> Config:
    return typing.cast(Config, config["resources"]["contacts"][0])


def address(config: Config, text: str) -> None:
    config["resources"]["contact_channels"][0]["DeliveryAddress"]["SimpleAddress"] = text


def plan(config: Config) -> Config:
    return typing.cast(Config, config["resources"]["response_plans"][0])


def rename(members: Config, old: str, new: str) -> None:
    members[new] = members.pop(old)


def twice(rows: list[typing.Any]) -> None:
    rows.append(json.loads(json.dumps(rows[0])))


# Ten different mistakes of one file, in its order: the path, what is wrong, what to do.
TEN: list[tuple[typing.Callable[[Config], typing.Any], str]] = [
    (lambda c: c.update(account_id=123456789012), r'\$\.account_id: must be text in double quotes, not a number'),
    (lambda c: c["limits"].update(per_address=0), r"\$\.limits\.per_address: 0 is out of range; use 1 to 100000"),
    (lambda c: c["sources"]["cloudwatch"].update(response_plan="wbe"),
     r'\$\.sources\.cloudwatch\.response_plan: "wbe" is no plan under .*; did you mean "web"\?'),
    (lambda c: rename(c["sources"]["events"], "storm_new", "strom_new"),
     r'\$\.sources\.events\.strom_new: "strom_new" is not known here; did you mean "storm_new"\?'),
    (lambda c: c["sources"]["prom"].update(mapping="alertmanger"),
     r'\$\.sources\.prom\.mapping: "alertmanger" is no mapping in the binary .*; did you mean "alertmanager"\?.*'),
    (lambda c: c["connectors"]["servicenow"].update(password="hunter2-hunter2"),
     r'\$\.connectors\.servicenow\.password: a secret is never in the file itself; write \{"env": "NAME"\} or .*'),
    (lambda c: twice(c["resources"]["contacts"]),
     r'\$\.resources\.contacts\[1\]\.Alias: "alice" is used twice, first on line \d+; rename one'),
    (lambda c: plan(c)["engagements"].append("alise"),
     r'\$\.resources\.response_plans\[0\]\.engagements\[1\]: "alise" is no contact .*; did you mean "alice"\?.*'),
    (lambda c: plan(c)["connectors"].append("jria"),
     r'\$\.resources\.response_plans\[0\]\.connectors\[3\]: "jria" is no connector .*; did you mean "jira"\?.*'),
    (lambda c: c.update(listen="0.0.0.0"), r'\$\.listen: "0\.0\.0\.0" is no address; write HOST:PORT, for example .*'),
]

# As a hasty operator makes them: each is one line, and hides and invents nothing.
HASTY: list[Mistake] = [
    (lambda c: person(c).update(Type="Personal"), r'contacts\[0\]\.Type: "Personal" .*; did you mean "PERSONAL"\?'),
    (lambda c: rename(person(c), "Alias", "alias"), r'contacts\[0\]\.alias: .*; did you mean "Alias"\?'),
    (lambda c: (person(c).pop("Alias"), None)[1], r"contacts\[0\]\.Alias: is missing; add it"),
    (lambda c: (plan(c).pop("name"), None)[1], r"response_plans\[0\]\.name: is missing; add it"),
    (lambda c: person(c).update(Plan=[]), r"contacts\[0\]\.Plan: must be an object, not an array"),
    (lambda c: c["resources"]["contact_channels"][0].update(ContactId="alicia"),
     r'contact_channels\[0\]\.ContactId: "alicia" is no contact .*; did you mean "alice"\?'),
    (lambda c: plan(c).update(engagements="alice"), r"engagements: must be an array, not text"),
    (lambda c: plan(c).update(engagements=["Alice Miller"]),
     r'engagements\[0\]: "Alice Miller" is no contact .*; known is: alice'),
    (lambda c: plan(c)["engagements"].append("alice"),
     r'response_plans\[0\]\.engagements\[1\]: "alice" is there twice, first on line \d+; take one out'),
    (lambda c: plan(c)["connectors"].append("mail"),
     r'connectors\[3\]: "mail" has no tickets, it only sends; take it out here and name it in \$\.channels'),
    (lambda c: c["channels"].update(EMAIL={"connector": "jira"}), r'EMAIL\.connector: "jira" cannot send messages'),
    (lambda c: c["connectors"]["mail"].update(user="tocsin"),
     r'\$\.connectors\.mail\.password: secret "password" is missing, and "user" is of no use without it; write'),
    (lambda c: c["channels"].update(SMS={"connector": "mail"}),
     r'\$\.channels\.SMS\.connector: "mail" sends no SMS, and no kind of connector does yet; take "SMS" out'),
    (lambda c: (c["channels"].pop("EMAIL"), c["resources"]["contact_channels"][0].update(
        Type="SMS", DeliveryAddress={"SimpleAddress": "+4930123456"})),
     r"contact_channels\[0\]\.Type: nothing sends SMS, and no kind of connector does yet; make it a channel of the Type"),
    (lambda c: address(c, "jürgen@example.com"), r'SimpleAddress: "jürgen@example\.com" has signs beyond ASCII, and mail'),
    (lambda c: address(c, "alice@-example.com"), r'"alice@-example\.com" is no mail address: behind the @ goes the name'),
    (lambda c: address(c, "alice@[127.0.0.1]"), r'"alice@\[127\.0\.0\.1\]" is no mail address: behind the @ goes the'),
    (lambda c: address(c, "al..ice@example.com"), r'"al\.\.ice@example\.com" is no mail address: before the @ go letters'),
    (lambda c: address(c, "a" * 65 + "@example.com"), r'@example\.com" is longer than a mail address can be, 64 char'),
    (lambda c: c["channels"].update(EMAIL={"connector": "mial"}), r'EMAIL\.connector: "mial" .*; did you mean "mail"'),
    (lambda c: rename(c["channels"], "EMAIL", "email"), r'\$\.channels\.email: .*; did you mean "EMAIL"\?'),
    (lambda c: c.pop("channels"), r"contact_channels\[0\]\.Type: nothing sends EMAIL; name .* in \$\.channels\.EMAIL"),
    (lambda c: rename(c, "connectors", "conectors"), r'\$\.conectors: .*; did you mean "connectors"\?'),
    (lambda c: rename(c, "resources", "resource"), r'\$\.resource: .*; did you mean "resources"\?'),
    (lambda c: c.update(connectors=[]), r"\$\.connectors: must be an object, not an array"),
    (lambda c: c["connectors"].update(jira="https://acme.atlassian.net"), r"\$\.connectors\.jira: must be an object"),
    (lambda c: c["connectors"]["jira"].update(connector="jirra"),
     r'\$\.connectors\.jira\.connector: "jirra" is no kind of connector; did you mean "jira"\?'),
    (lambda c: (c["connectors"]["jira"].pop("connector"), None)[1], r"\$\.connectors\.jira\.connector: is missing"),
    (lambda c: (c["connectors"]["jira"].pop("url"), None)[1], r'\$\.connectors\.jira\.url: option "url" is missing'),
    (lambda c: c["connectors"]["jira"].update(url="acme.atlassian.net"), r"jira\.url: URL has no scheme: write https:"),
    (lambda c: c["connectors"]["jira"].update(timeout="15 seconds"), r'jira\.timeout: "15 seconds" is no duration'),
    (lambda c: c["connectors"]["jira"].update(ca_file="ca.pem"), r"jira\.ca_file: there is no file ca\.pem"),
    (lambda c: rename(c["connectors"]["jira"], "user", "usr"), r'jira\.usr: .*; did you mean "user"\?'),
    (lambda c: rename(c["sources"], "prom", "My Prom"), r'\$\.sources\["My Prom"\]: name a source with 1-64 of'),
    (lambda c: c["sources"]["prom"].update(kind="prometheus"), r'prom\.kind: "prometheus" .*known are: alertmanager'),
    (lambda c: c["sources"]["prom"]["auth"].update(kind="Bearer"), r'auth\.kind: "Bearer" .*; did you mean "bearer"\?'),
    (lambda c: (c["sources"]["prom"].pop("auth"), None)[1], r"prom\.auth: a source must say who may post to it"),
    (lambda c: c["tokens"].insert(0, "secret"), r"\$\.tokens\[0\]: must be an object, not text"),
    (lambda c: (c["tokens"][0].pop("name"), None)[1], r"\$\.tokens\[0\]\.name: is missing; add it"),
    (lambda c: c["tokens"][1].update(name="viewer"), r'\$\.tokens\[1\]\.name: "viewer" is used twice, first on line'),
    (lambda c: c["limits"].update(trusted_senders=["10.0.0.0/99"]), r'trusted_senders\[0\]: "10\.0\.0\.0/99" is no addr'),
    (lambda c: c.update(trusted_proxies=["10.0.0.0/8", "proxy.example.com"]),
     r'\$\.trusted_proxies\[1\]: "proxy\.example\.com" is no address; write ADDRESS or ADDRESS/BITS'),
    (lambda c: c.update(trusted_proxies=["::1/129"]), r'\$\.trusted_proxies\[0\]: "::1/129" is no address'),
    (lambda c: c.update(trusted_proxies=[""]), r'\$\.trusted_proxies\[0\]: "" is no address'),
    (lambda c: c.update(trusted_proxies="10.0.0.1"), r"\$\.trusted_proxies: must be an array, not text"),
    (lambda c: c.update(trusted_proxies=["10.0.0.1"] * 101), r"\$\.trusted_proxies: 101 entries; at most 100"),
    (lambda c: c["sources"]["prom"].update(auth={"kind": "mtls", "names": ["am1.example.org"]}),
     r"\$\.sources\.prom\.auth: takes client certificates, which nobody is asked for; add client_ca_file to \$\.tls"),
    (lambda c: c.update(tls={"client_certificates": "optional"}), r"client_certificates: needs client_ca_file, which says"),
    (lambda c: c.update(tls={"client_certificates": "maybe"}), r'client_certificates: "maybe" is not one of .*optional'),
    (lambda c: c.update(admin={}), r"\$\.admin\.listen: is missing; add it"),
    (lambda c: c.update(admin="127.0.0.1:9095"), r"\$\.admin: must be an object, not text"),
    (lambda c: c.update(admin={"listen": "9095"}), r'\$\.admin\.listen: "9095" is no address; write HOST:PORT'),
    (lambda c: c.update(admin={"listen": "127.0.0.1:8080"}), r"\$\.admin\.listen: is \$\.listen, too; give it a port of"),
    (lambda c: c.update(admin={"listen": ":9095", "max_connections": 0}), r"max_connections: 0 is out of range; use 4 to 1000"),
    (lambda c: c.update(admin={"listen": ":9095", "tls": True}), r"\$\.admin\.tls: needs a certificate; add cert_file and"),
    (lambda c: c.update(admin={"listen": ":9095", "only_here": ["metric"]}),
     r'\$\.admin\.only_here\[0\]: "metric" is nothing that the admin listener can keep; did you mean "metrics"\?'),
    (lambda c: c.update(admin={"listen": ":9095", "only_here": ["api", 1]}), r'only_here\[1\]: must be text: "metrics", '),
    (lambda c: c.update(admin={"lisen": ":9095"}), r'\$\.admin\.lisen: .*; did you mean "listen"\?'),
    (lambda c: c.update(trusted_proxy=["10.0.0.1"]), r'\$\.trusted_proxy: .* did you mean "trusted_proxies"'),
    (lambda c: c.update(tls={"ca_file": "ca.pem"}), r"\$\.tls\.ca_file: there is no file ca\.pem"),
    (lambda c: c.update(listen="::1:8080"), r'\$\.listen: "::1:8080" is no address; .*\[::\]:8080'),
    (lambda c: c["sources"]["prom"].update(settings={"identity": "allert"}),
     r'\$\.sources\.prom\.settings\.identity: "allert" is not one of the choices; did you mean "alert"\?'),
    (lambda c: c["sources"]["prom"].update(settings={"identiti": "alert"}),
     r'\$\.sources\.prom\.settings\.identiti: "identiti" is not known here; did you mean "identity"\?'),
    (lambda c: c["connectors"]["jira"].update(settings={"auto_resolv": "always"}),
     r'\$\.connectors\.jira\.settings\.auto_resolv: "auto_resolv" is not known here; did you mean "auto_resolve"\?'),
    (lambda c: c["connectors"]["servicenow"].update(settings={"caller": "x"}), r'settings\.caller: .* not known here'),
    (lambda c: c["connectors"]["jira"].update(settings={"url": "https://x"}), r"settings\.url: is an option of the con"),
    (lambda c: c["connectors"]["mail"].update(settings={"auto_resolve": "never"}),
     r"\$\.connectors\.mail\.settings: the mapping smtp has no settings; take them out"),
    (lambda c: c["connectors"]["jira"].update(mapping="servicenow"),
     r"jira\.mapping: servicenow is a mapping for the connector servicenow, not for jira"),
    (lambda c: person(c)["Plan"].update(Stages=[]), r"contacts\[0\]\.Plan\.Stages: pages nobody: no stage has a target, and"),
    (lambda c: c["connectors"]["jira"].update(allow=["localhst"]),
     r'jira\.allow\[0\]: "localhst" is no host of this connector; did you mean "localhost"\?'),
    (lambda c: c["tokens"][2].update(token={"env": "TOKEN_VIEWER"}),
     r'\$\.tokens\[2\]\.token: is the secret of token "viewer", too; give each its own'),
    (lambda c: (c["connectors"]["pagerduty"].pop("from"), None)[1],
     r"\$\.connectors\.pagerduty\.from: connector pagerduty: from takes the e-mail address of a PagerDuty user"),
    (lambda c: (c["connectors"]["mail"].pop("from"), None)[1],
     r'tocsin\.json:\d+: \$\.connectors\.mail\.from: option "from" is missing; add it: the sender of the mails, one that the '
     r"mail server lets you send as, such as tocsin@example\.com"),
    (lambda c: c["connectors"]["mail"].update({"from": "Tocsin <tocsin@example.com>"}),
     r"tocsin\.json:\d+: \$\.connectors\.mail\.from: .*is the sender of the mails: a plain mail address without a name, such as"),
    (lambda c: c.update(listen="300.0.0.1:80"), r'\$\.listen: "300\.0\.0\.1:80" is no address'),
]


# What is good and hardly meant.
WARNINGS: list[Mistake] = [
    (lambda c: c["connectors"]["mail"].update(password={"env": "SNOW_PASSWORD"}),
     r'\$\.connectors\.mail\.password: warning: is of no use without "user"; add that, or take this out'),
    (lambda c: c["tokens"][0].update(token={"env": "SOURCE_TOKEN"}),
     r'\$\.tokens\[0\]\.token: warning: is the secret of source "\w+", too, so that its sender may use the API'),
    (lambda c: person(c)["Plan"]["Stages"][0]["Targets"][0]["ChannelTargetInfo"].update(RetryIntervalInMinutes=5),
     r"RetryIntervalInMinutes: warning: nothing is sent again within the 5 minutes of the stage; use less"),
    (lambda c: c["resources"]["contacts"].append({"Alias": "bob", "Type": "PERSONAL", "Plan": {"Stages": []}}),
     r"\$\.resources\.contacts\[1\]\.Plan\.Stages: warning: pages nobody: no stage has a target; add"),
    (lambda c: c["resources"]["response_plans"].append({"name": "later", "incidentTemplate": {"title": "L", "impact": 3}}),
     r"\$\.resources\.response_plans\[1\]: warning: only who asks the API learns of its incidents; name a contact"),
    (lambda c: plan(c).update(engagements=[], connectors=[]), r"engagements: warning: only who asks the API learns of"),
    (lambda c: plan(c)["incidentTemplate"].update(title=""), r"incidentTemplate\.title: warning: is empty; an alarm"),
    (lambda c: c.update(tokens=[]), r"\$\.tokens: warning: there is none, so that nobody can read or acknowledge"),
    (lambda c: c.pop("tokens"), r"\$\.tokens: warning: there is none"),
    (lambda c: c.update(trusted_proxies=["10.0.0.1", "0.0.0.0/0"]),
     r"\$\.trusted_proxies\[1\]: warning: trusts every address, .*; name the proxies alone"),
    (lambda c: c["connectors"]["jira"].update(allow=["localhost", "jira.corp.example.com"]),
     r'jira\.allow\[1\]: warning: no URL of this connector has the host "jira\.corp\.example\.com"'),
    (lambda c: c["connectors"]["jira"].update(url="https://jira.corp.example.com", allow=["jira.corp.exmple.com"]),
     r'warning: .* "jira\.corp\.exmple\.com".*; did you mean "jira\.corp\.example\.com"\?'),
    (lambda c: c["connectors"]["jira"].update(url="https://jira.example.com", allow=["localhost"]),
     r'jira\.allow\[0\]: warning: no URL .* "localhost", .*; take it out'),
]


def check(config: pathlib.Path, env: dict[str, str], command: str = "check", *words: str) -> tuple[int, str]:
    done = subprocess.run([str(BINARY), command, "--config", str(config), *words], env={**os.environ, **env},
                          capture_output=True, text=True, timeout=60, cwd=config.parent)
    return done.returncode, done.stdout + done.stderr


@of_no_store
class Check(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(World()).folder
        self.cert = Topic(self.folder).cert
        self.config = self.good()

    def good(self) -> Config:
        return base_config(self.cert, NOWHERE)

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
                config = self.good()
                spoil(config)
                status, text = check(self.write(config), SECRETS)
                self.assertEqual((1, 1), (status, len(text.splitlines())), text)
                self.assertRegex(text, wanted)

    def test_ten_mistakes(self) -> None:
        for spoil, _ in TEN:
            spoil(self.config)
        path = self.write(self.config)
        written = path.read_text().splitlines()
        status, text = check(path, SECRETS)
        lines = text.splitlines()
        self.assertEqual((1, 10), (status, len(lines)), text)
        last = 0
        for line, (_, wanted) in zip(lines, TEN):
            self.assertRegex(line, rf"^{re.escape(str(path))}:\d+: {wanted}$")
            number = int(line[len(str(path)) + 1:].split(":")[0])
            self.assertGreater(number, last, text)
            last = number
        for number, word in ((2, "account_id"), (last, "listen")):
            self.assertIn(word, written[number - 1])
        self.assertNotIn("hunter2", text)

    def test_hasty_mistakes(self) -> None:
        for spoil, wanted in HASTY:
            with self.subTest(wanted):
                config = self.good()
                spoil(config)
                status, text = check(self.write(config), SECRETS)
                mistakes = [line for line in text.splitlines() if ": warning: " not in line]
                self.assertEqual((1, 1), (status, len(mistakes)), text)
                self.assertRegex(text, wanted)

    def test_warnings(self) -> None:
        for spoil, wanted in WARNINGS:
            with self.subTest(wanted):
                config = self.good()
                spoil(config)
                path = self.write(config)
                done = subprocess.run([str(BINARY), "check", "--config", str(path)], env={**os.environ, **SECRETS},
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual((0, 1), (done.returncode, len(done.stderr.splitlines())), done.stderr)
                self.assertRegex(done.stderr, rf"^{re.escape(str(path))}:\d+: .*{wanted}")
                self.assertRegex(done.stdout, r"^\S+: good\. 3 sources, .*\n$")
                config["listen"] = "8080"
                status, text = check(self.write(config), SECRETS)
                self.assertEqual((1, 2), (status, len(text.splitlines())), "beside a mistake, too")
                self.assertRegex(text, rf"\$\.listen: .*\n.*{wanted}")

    def test_a_plan_that_reaches_nobody_at_all(self) -> None:
        plan(self.config).update(engagements=[], connectors=[])
        self.config["tokens"] = []
        status, text = check(self.write(self.config), SECRETS)
        self.assertEqual(1, status, text)
        self.assertRegex(text, r"engagements: nobody learns of its incidents, and source \"\w+\" relies on it; name a")

    def test_serve_logs_warnings(self) -> None:
        self.config.update(tokens=[], listen="127.0.0.1:0", store="sqlite:/proc/nothing.db")
        _, text = check(self.write(self.config), SECRETS, "serve", "--data", str(self.folder / "data"))
        self.assertRegex(text, r"level=warn .*the configuration is good, but.*\$\.tokens: warning: there is none")

    def test_two_users_of_a_broken_mapping(self) -> None:
        (self.folder / "own.json").write_text('{"mapping": 1, "kind": "source", "name": "own",\n"event": {"titel": 1}}')
        for name in ("prom", "events"):
            self.config["sources"][name]["mapping"] = str(self.folder / "own.json")
        status, text = check(self.write(self.config), SECRETS)
        self.assertEqual((1, 2), (status, len(text.splitlines())), text)
        self.assertRegex(text, r"own\.json:2: \$\.event\.dedupe_key: .*\n.*own\.json:2: \$\.event\.titel: ")

    def test_the_line_of_a_reference(self) -> None:
        plan(self.config)["engagements"].append("alise")
        path = self.write(self.config)
        number = path.read_text().splitlines().index('          "alise"') + 1
        self.assertIn(f"{path}:{number}: $.resources.response_plans[0].engagements[1]: ", check(path, SECRETS)[1])

    def test_files_that_are_no_configuration(self) -> None:
        for content, wanted in (
                ("", r":1: column 1: the text is empty; write at least \{\}"), ("{", r":1: column \d+: .*a closing \} or"),
                ("[]", r":1: \$: the file must be one JSON object"),
                ('{"listen": "a:1",\n}', ":2: column 1: .*expected.*; take out the comma before it"),
                ('{"listen": "a:1", "listen": "b:2"}', ":1: column .*listen.*; the name stands twice.*: keep one"),
                ("{" + " " * 4_200_000 + "}", r"^tocsin: \S+tocsin.json is larger than 4194304 bytes; .*at most 4 MiB")):
            with self.subTest(content[:20]):
                status, text = check(self.write(content), SECRETS)
                self.assertEqual((1, 1), (status, len(text.splitlines())), text)
                self.assertRegex(text, wanted)
        for name, wanted in (("tocsin.jsn", r"there is no file .*tocsin\.jsn; did you mean .*tocsin\.json\?"),
                             ("", "cannot read .*: Is a directory; name a file in it")):
            status, text = check(self.folder / name, SECRETS)
            self.assertEqual((1, 1), (status, len(text.splitlines())), text)
            self.assertRegex(text, f"^tocsin: {wanted}")

    def test_a_byte_order_mark_is_skipped(self) -> None:
        status, text = check(self.write("\ufeff" + json.dumps(self.config)), SECRETS)
        self.assertEqual(0, status, text)
        status, text = check(self.write("\ufeff{\n]"), SECRETS)
        self.assertRegex(text, ":2: column 1: ")

    def test_secrets_that_cannot_be_had(self) -> None:
        token = self.folder / "token"
        places = (("absent", None, 0, "there is no file"), ("empty", "\n", 0o400, "is empty; put the secret there"),
                  ("exposed", "canary-0123456789", 0o644, "chmod 0400"))
        for name, content, mode, wanted in places:
            with self.subTest(name):
                token.unlink(missing_ok=True)
                if content:
                    token.write_text(content)
                    token.chmod(mode)
                self.config["connectors"]["jira"]["token"] = {"file": str(token)}
                status, text = check(self.write(self.config), SECRETS)
                self.assertEqual((1, 1), (status, len(text.splitlines())), text)
                self.assertRegex(text, rf"\$\.connectors\.jira\.token\.file: .*{wanted}")
                self.assertNotIn("canary", text)
        config = base_config(Topic(self.folder).cert, NOWHERE)
        config["connectors"]["jira"]["token"] = {"env": "JIRA_TOKN"}
        for env, name, wanted in (({}, "JIRA_TOKN", 'did you mean "JIRA_TOKEN"'), ({"JIRA_TOKN": ""}, "JIRA_TOKN", "is empty")):
            status, text = check(self.write(config), {**SECRETS, **env})
            self.assertEqual((1, 1), (status, len(text.splitlines())), text)
            self.assertRegex(text, rf"\$\.connectors\.jira\.token\.env: environment variable {name} .*{wanted}")
            self.assertNotIn(SECRETS["JIRA_TOKEN"], text)

    def test_simulate_waits_for_maintenance(self) -> None:
        self.config["resources"]["maintenance_windows"] = [{
            "name": "backup", "owner": "ana", "match": {"service": "db-*", "source": "prom"}, "time_zone": "UTC", "start": "02:00",
            "duration": "30m", "until": "2099-01-01T00:00:00Z"}]
        path = self.write(self.config)
        for words, status, first in (
                ([], 0, "+0:00  the maintenance window backup (ana) is open until 2026-03-01 02:30, for other alarms"),
                (["--source", "prom", "--tag", "env=live", "--tag", "service=db-1"], 0, "+0:00  held by the maintenance window backup (ana)"),
                (["--source", "prom", "--tag", "service"], 2, 'tocsin simulate: --tag: "service" is no tag; write it as KEY=VALUE')):
            done, text = check(path, SECRETS, "simulate", "--plan", "web", "--at", "2026-03-01T02:10", *words)
            self.assertEqual(status, done, text)
            self.assertIn(first, text.splitlines()[0])

    def test_shifts_of_a_file_that_is_not_in_force(self) -> None:
        self.config["resources"]["contacts"] += [contact("bob", "mail")]
        self.config["resources"]["contact_channels"].append(mail_channel("bob"))
        weekly = {"DayOfWeek": "MON", "HandOffTime": {"HourOfDay": 9, "MinuteOfHour": 0}}
        office = [{"Start": {"HourOfDay": 9, "MinuteOfHour": 0}, "End": {"HourOfDay": 17, "MinuteOfHour": 0}}]
        self.config["resources"]["rotations"] = [
            {"Name": "weeks", "ContactIds": ["alice", "bob"], "TimeZoneId": "Europe/Berlin", "StartTime": "2026-03-16T08:00:00Z",
             "Recurrence": {"WeeklySettings": [weekly], "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1}},
            {"Name": "mondays", "ContactIds": ["bob"], "TimeZoneId": "UTC", "StartTime": "2026-03-16T00:00:00Z",
             "Recurrence": {"WeeklySettings": [weekly], "NumberOfOnCalls": 1, "RecurrenceMultiplier": 1, "ShiftCoverages": {"MON": office}}}]
        self.config["resources"]["rotation_overrides"] = [
            {"RotationId": "weeks", "NewContactIds": ["alice"], "StartTime": "2026-03-25T11:00:00Z", "EndTime": "2026-03-25T17:00:00Z"}]
        path = self.write(self.config)
        self.assertEqual((0, """weeks (times of Europe/Berlin)
  Mon 2026-03-23 09:00 - Wed 2026-03-25 12:00  bob
  Wed 2026-03-25 12:00 - Wed 2026-03-25 18:00  alice, instead of bob
  Wed 2026-03-25 18:00 - Mon 2026-03-30 09:00  bob
  Mon 2026-03-30 09:00 - Mon 2026-04-06 09:00  alice
  Mon 2026-04-06 09:00 - Mon 2026-04-13 09:00  bob
"""), check(path, SECRETS, "shifts", "--rotation", "weeks", "--from", "2026-03-24T00:00"))
        self.assertEqual((0, """mondays (times of Asia/Tokyo)
  Mon 2026-03-23 00:00 - Mon 2026-03-23 18:00  nobody
  Mon 2026-03-23 18:00 - Tue 2026-03-24 02:00  bob
  Tue 2026-03-24 02:00 - Tue 2026-03-24 12:00  nobody
"""), check(path, SECRETS, "shifts", "--rotation", "mondays", "--from", "2026-03-23T00:00", "--for", "36h", "--tz", "Asia/Tokyo"))
        status, text = check(path, SECRETS, "shifts")
        self.assertEqual((0, ["weeks", "mondays"]), (status, [line.split()[0] for line in text.splitlines() if line[0] != " "]))
        for words, told in ((["--rotation", "days"], 'the file has no rotation "days"'), (["--from", "noon"], '"noon" is no time'),
                            (["--for", "401d"], "no duration up to 400d"), (["--tz", "Europe/Berln"], "Europe/Berlin")):
            status, text = check(path, SECRETS, "shifts", *words)
            self.assertEqual(2, status, text)
            self.assertIn(told, text)

    def test_serve_tells_the_same(self) -> None:
        self.config["listen"] = "8080"
        status, text = check(self.write(self.config), SECRETS, "serve", "--data", str(self.folder / "data"))
        self.assertEqual(1, status)
        self.assertRegex(text, r"tocsin\.json:\d+: \$\.listen: ")

    def said(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_wrong_words(self) -> None:
        for words, wanted in (
                ([], "tocsin serve"), (["srve"], 'no command "srve"; did you mean "serve"'),
                (["check"], "tocsin check: --config FILE is missing"), (["check", "x.json"], 'unexpected argument "x.json"'),
                (["check", "--conifg", "x"], 'tocsin check: there is no option "--conifg"; did you mean "--config"'),
                (["serve", "--config"], "tocsin serve: --config needs a value: --config FILE"),
                (["serve", "--config", "--data", "x"], "--config needs a value: --config FILE"),
                (["check", "--config="], "the value of --config is empty"),
                (["serve", "--port=1"], 'there is no option "--port"'), (["map", "rnu"], 'no "rnu"; did you mean "run"'),
                (["map"], "run, test or explain is missing"), (["map", "run"], "--mapping is missing"),
                (["map", "run", "--prety"], 'there is no option "--prety"; did you mean "--pretty"'),
                (["map", "run", "--pretty=1"], "--pretty takes no value"),
                (["map", "--mapping", "x"], "run, test or explain comes first"),
                (["map", "run", "--mapping", "x", "--header", "a"], "a header is written 'NAME: VALUE', not \"a\""),
                (["help", "chekc"], 'no command "chekc"; did you mean "check"')):
            with self.subTest(words):
                status, out, err = self.said(*words)
                self.assertEqual((2, ""), (status, out))
                self.assertIn(wanted, err)
                self.assertRegex(err, r"usage: tocsin|tocsin serve --config FILE")
        self.assertRegex(self.said("version")[1], r"^tocsin \d+\.\d+\.\d+")

    def mapped(self, *words: str, body: str = "{}") -> tuple[int, str, str]:
        done = subprocess.run([str(BINARY), "map", *words], input=body, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_mappings_by_name(self) -> None:
        for name, wanted in (
                ("alertmanger", 'there is no mapping "alertmanger" in the binary; did you mean "alertmanager"? A file'),
                ("builtin/jria", 'there is no mapping "jria" in the binary; did you mean "jira"? A file of yours'),
                ("nothing", 'there is no mapping "nothing" in the binary; a file of yours is named by'),
                ("./nothing.json", "there is no file ./nothing.json")):
            with self.subTest(name):
                status, out, err = self.mapped("run", "--mapping", name)
                self.assertEqual((1, ""), (status, out))
                self.assertRegex(err, rf"^tocsin map: {re.escape(wanted)}")

    def test_settings_of_a_mapping(self) -> None:
        for text, wanted in (
                ('{"identity": "allert"}', r'\$\.identity: "allert" is not one of the choices; did you mean "alert"\?'),
                ('{"identiti": "alert"}', r'\$\.identiti: "identiti" is not known here; did you mean "identity"\?'),
                ('["identity"]', r"\$: must be an object"), ("{", "column 1: ")):
            with self.subTest(text):
                status, out, err = self.mapped("run", "--mapping", "alertmanager", "--settings", text)
                self.assertEqual((2, ""), (status, out))
                self.assertRegex(err, rf"^tocsin map: --settings:1: {wanted}")

    def test_explain_shows_what_run_prints(self) -> None:
        body = json.dumps({"event_id": "1", "event_value": "1", "event_name": " Disk is full \n"})
        status, out, _ = self.mapped("run", "--mapping", "zabbix", body=body)
        title = json.dumps(json.loads(out)["title"])
        self.assertEqual((0, '"Disk is full"'), (status, title))
        status, out, _ = self.mapped("explain", "--mapping", "zabbix", body=body)
        self.assertEqual(0, status)
        self.assertRegex(out, rf'\n  title        {title}\n +given  " Disk is full \\n"\n +from   \$\.')

    def test_help(self) -> None:
        for words, wanted in ((["check", "--help"], "check"), (["serve", "--help"], "serve"), (["map", "--help"], "map"),
                              (["map", "run", "--help"], "map"), (["help", "check"], "check"), (["help", "map"], "map"),
                              (["check", "--config", "x", "-h"], "check")):
            with self.subTest(words):
                status, out, err = self.said(*words)
                self.assertEqual((0, ""), (status, err))
                self.assertRegex(out, rf"^usage: tocsin {wanted} ")
        for words in (["help"], ["--help"], ["help", "help"]):
            self.assertEqual((0, ""), self.said(*words)[::2])


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
        path.write_text(json.dumps({"store": self.world.store_url, **self.config, "listen": "127.0.0.1:0"}))
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

    def test_sighup_before_anybody_listens(self) -> None:
        app = self.start()
        app.kill(signal.SIGTERM)
        known = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
        try:  # the child has the mask of its parent: the signal is there before its first instruction
            app.start(wait=False)
            app.child.send_signal(signal.SIGHUP)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, known)
        eventually("it is reloaded", lambda: "configuration reloaded" in app.log.read_text())
        app.wait_ready()
        self.open_by_prom(app)

    def reloaded(self, app: Tocsin, **members: typing.Any) -> str:
        """What the log says to a SIGHUP with other members."""
        before = len(app.log.read_text())
        app.config_file.write_text(json.dumps({**json.loads(app.config_file.read_text()), **members}))
        app.child.send_signal(signal.SIGHUP)
        eventually("a verdict", lambda: "reloaded" in app.log.read_text()[before:])
        return app.log.read_text()[before:]

    def test_sighup_tells_what_waits_for_a_restart(self) -> None:
        app = self.start()
        first = f"127.0.0.1:{app.port}"
        for members, wanted in (
                ({"listen": "127.0.0.1:1"}, f"$.listen: {first} stays in force, 127.0.0.1:1 needs a restart"),
                ({"limits": {"per_address": 7}}, "$.limits.per_address: 512 stays in force, 7 needs a restart"),
                ({"limits": {"per_address": 512, "trusted_senders": ["10.0.0.0/8"]}},
                 "$.limits.trusted_senders: none stays in force, 10.0.0.0/8 needs a restart"),
                ({"node": "other"}, "stays in force, other needs a restart")):
            with self.subTest(members):
                old = {name: json.loads(app.config_file.read_text()).get(name) for name in members}
                self.assertIn(wanted, self.reloaded(app, **members))
                self.assertIn(wanted, self.reloaded(app), "as long as it waits")
                self.open_by_prom(app)
                if None in old.values():
                    old = {"node": socket.gethostname()}
                said = self.reloaded(app, **old)
                self.assertIn("configuration reloaded", said)
                self.assertNotIn("not_applied", said, "all is as it was")
        self.assertNotEqual("other", app.api("GET", "/v1/nodes").json()["items"][0]["name"])

    def test_sighup_with_other_proxies(self) -> None:
        app = self.start()
        self.assertNotIn("not_applied", self.reloaded(app, trusted_proxies=["127.0.0.0/8", "::1"]))
        for n, (sender, peer) in enumerate((("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("unknown", "127.0.0.1"))):
            with self.subTest(sender):
                body = {"nonsense": fresh("from")}
                self.assertEqual(202, app.alarm("prom", body, {"X-Forwarded-For": sender}).status)
                rows = app.api("GET", "/v1/quarantine").json()["items"]
                self.assertEqual((n + 1, peer), (len(rows), rows[-1]["peer"]))
        before = len(app.log.read_text())
        self.assertEqual(404, app.alarm("none", {}, {"X-Forwarded-For": "192.0.2.7, 192.0.2.8:1234"}).status)
        eventually("it is told", lambda: "peer=192.0.2.8 " in app.log.read_text()[before:])

    def test_sighup_with_another_store_is_refused(self) -> None:
        app = self.start()
        said = self.reloaded(app, store="sqlite:other.db")
        self.assertRegex(said, r"configuration not reloaded.*tocsin\.json:\d+: \$\.store: cannot change while tocsin runs; restart it")
        self.assertIn("configuration reloaded", self.reloaded(app, store=self.world.store_url))

    def test_a_second_process_on_the_same_data(self) -> None:
        app = self.start()
        self.assertIn("another tocsin uses", self.refused(self.folder / "data"))
        self.assertEqual(200, http("GET", app.url + "/readyz").status)

    def test_a_port_that_is_taken(self) -> None:
        app = self.start()
        text = self.refused(self.folder / "other", "--listen", f"127.0.0.1:{app.port}")
        self.assertRegex(text, rf"127\.0\.0\.1:{app.port}.*in use")
        self.open_by_prom(app)  # in PostgreSQL both are the same node, and the newest one takes its work over

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
        self.world.store.change("INSERT INTO schema_version (version, oldest, applied_ms) VALUES (9999, 9999, 0)")
        text = self.refused(self.folder / "data")
        self.assertRegex(text, "9999.*newer")

    @of_sqlite
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


class Links(Scenario):
    def test_links_lead_to_what_is_listened_on(self) -> None:
        """Without a public_url they are made of the address; one that waits for a restart answers nobody."""
        config = json.loads(self.app.config_file.read_text())
        del config["public_url"]
        self.app.config_file.write_text(json.dumps({**config, "listen": "127.0.0.1:1"}))
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: "$.listen: " in self.app.log.read_text())
        name, _ = self.open_one()
        self.assertIn(f"http://127.0.0.1:{self.app.port}/ack/", self.mail(name)["text"])


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
        found |= self.world.store.dump()
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
