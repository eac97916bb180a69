"""Whom Tocsin calls: addresses that are not public are never contacted unless allowed, redirects are not followed,
TLS that proves nothing gets no byte. What is refused is told where people look."""
from __future__ import annotations

import json
import pathlib
import re
import socket
import ssl
import subprocess
import typing
import unittest

from certs import Authority, openssl, self_signed
from harness import OWN_NAMESPACES, Failure, Tocsin, World, eventually, in_namespaces, of_no_store
from listeners import Listener, MailListener, RedirectListener, server_context
from test_config import NOWHERE, check
from worlds import SECRETS, Config, Topic, alert, base_config, bearer, fresh, group, secret

L = typing.TypeVar("L", bound=Listener)
PLAN_CONNECTORS = 16
NOT_PUBLIC = "the address is not a public one"

# Ways to write an address of this machine.
LOOPBACK = (
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1",
    "0177.0.0.1", "017700000001", "0x7F.1", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "localhost", "LOCALHOST", "localhost.", "0.0.0.0", "0", "[::]")
# Given to the loopback interface of a network namespace of our own, so that a call would arrive, and go nowhere else;
# with ways to write them.
OURS = {
    "10.1.2.3": ("10.1.2.3", "167838211", "0x0a.1.2.3", "[::ffff:10.1.2.3]"),
    "172.16.0.1": ("172.16.0.1",), "192.168.0.1": ("192.168.0.1", "192.168.1"), "100.64.0.1": ("100.64.0.1",),
    "169.254.169.254": ("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
                        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "metadata.test"),
    "168.63.129.16": ("168.63.129.16",), "192.0.0.192": ("192.0.0.192",), "198.18.0.1": ("198.18.0.1",),
    "fd12::1": ("[fd12::1]",), "fd00:ec2::254": ("[fd00:ec2::254]",), "64:ff9b::7f00:1": ("[64:ff9b::7f00:1]",),
    "2002:7f00:1::1": ("[2002:7f00:1::1]",), "::127.0.0.1": ("[::127.0.0.1]",)}
PUBLIC = ("8.8.8.8", "2606:4700:4700::1111")
HOSTS = {"127.0.0.1": "localhost rebound.test", "::1": "localhost", "10.1.2.3": "corp.test mail.test",
         "169.254.169.254": "metadata.test"}
# Refused when the configuration is read.
NEVER_READ = {
    "https://jira.example.com@127.0.0.1/": "user", "https://:x@127.0.0.1/": "user", "https://@127.0.0.1/": "user",
    "http://10.1.2.3/": "https", "http://169.254.169.254/": "https", "http://jira.example.com/": "https",
    "ftp://127.0.0.1/": "https", "file:///etc/passwd": "https", "gopher://127.0.0.1/": "https",
    "https://\u2460\u2461\u2466.0.0.1/": "encoding", "https://127.0.0.1#.example.com/": "fragment",
    "https://example.com\\@127.0.0.1/": "well formed", "//127.0.0.1/": "https"}


def own(cls: type[unittest.TestCase]) -> type[unittest.TestCase]:
    return unittest.skipUnless(OWN_NAMESPACES, "needs a network of its own; run as root")(cls)


def desk(url: str, **more: typing.Any) -> Config:
    """A ticket system there."""
    return {"connector": "servicenow", "url": url, "user": "tocsin.integration", "password": secret("SNOW_PASSWORD"),
            **more}


def name_of(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


class Desks(unittest.TestCase):
    """Any number of ticket systems, each with a name; an alarm goes to all of them."""

    app: Tocsin

    def setUp(self) -> None:
        self.world = self.enterContext(World())

    def start(self, desks: dict[str, Config]) -> None:
        config = base_config(Topic(self.world.folder).cert, NOWHERE)
        names = list(desks)
        chunks = [names[at:at + PLAN_CONNECTORS] for at in range(0, len(names), PLAN_CONNECTORS)]
        config["sources"] = {f"s{n}": {"kind": "alertmanager", "response_plan": f"p{n}", "auth": bearer()}
                             for n in range(len(chunks))}
        config["connectors"] = {**desks, "mail": {"connector": "smtp", "url": NOWHERE["smtp"], "allow": ["localhost"],
                                                  "from": "tocsin@example.com"}}
        config["resources"]["response_plans"] = [
            {"name": f"p{n}", "incidentTemplate": {"title": "Web", "impact": 2}, "connectors": chunk}
            for n, chunk in enumerate(chunks)]
        self.serve(config)
        for n in range(len(chunks)):
            self.send(f"s{n}")

    def serve(self, config: Config) -> None:
        self.app = self.world.tocsin(config, dict(SECRETS))

    def send(self, source: str) -> None:
        name = fresh("outbound")
        answer = self.app.alarm(source, group(name, alert(name, "a")))
        self.assertEqual(202, answer.status, answer.body)

    def listener(self, context: ssl.SSLContext | None = None) -> Listener:
        return self.closed_at_end(Listener(context))

    def closed_at_end(self, listener: L) -> L:
        self.addCleanup(listener.close)
        return listener

    def failed_page(self, config: Config) -> str:
        """What the log says of a page by mail that cannot go out."""
        config["resources"]["response_plans"][0]["connectors"] = []
        self.serve(config)
        self.send("prom")
        return str(eventually("it says so", lambda: next(
            (line for line in self.app.log.read_text().splitlines() if "page not sent" in line), None)))

    def told(self, name: str, words: str, timeout: float = 40) -> None:
        """The link says why it is stuck, the connector what failed last, the log both."""
        def reason() -> str:
            links = self.app.api("GET", "/v1/links?limit=200").json()["items"]
            blocked = next(row["blocked"] for row in links if row["connector"] == name) or ""
            if not re.search(words, blocked):
                raise Failure(f"{name}: {blocked!r}")
            return str(blocked)
        blocked = eventually(f"the link of {name} says {words}", reason, timeout)
        rows = self.app.api("GET", "/v1/connectors").json()["items"]
        row = next(row for row in rows if row["name"] == name)
        self.assertRegex(str(row), words)
        self.assertIn(blocked, re.sub(r"\\(.)", r"\1", self.app.log.read_text()))
        self.assertRegex(self.app.log.read_text(), rf"instance={re.escape(name)} ")


class Spellings(Desks):
    def test_this_machine(self) -> None:
        listener, allowed = self.listener(), self.listener()
        hosts = {name_of(host) + f"-{n}": host for n, host in enumerate(LOOPBACK)}
        self.start({name: desk(f"https://{host}:{listener.port}") for name, host in hosts.items()}
                   | {"plain": desk(f"http://127.0.0.1:{listener.port}"),
                      "named-otherwise": desk(f"https://127.0.0.1:{listener.port}", allow=["jira.example.com"]),
                      "another-of-us": desk(f"https://127.0.0.2:{listener.port}", allow=["127.0.0.1"]),
                      "allowed": desk(f"https://127.0.0.2:{allowed.port}", allow=["127.0.0.2"])})
        for name in [*hosts, "plain", "named-otherwise", "another-of-us"]:
            with self.subTest(name):
                # Not every resolver takes a name with the dot of the root.
                self.told(name, f"{NOT_PUBLIC}|resolve host: localhost\\." if name in hosts else NOT_PUBLIC)
        eventually("an allowed call arrives", lambda: allowed.reached)
        self.assertEqual({"127.0.0.2"}, set(allowed.reached))
        self.assertEqual([], listener.reached)

    @of_no_store
    def test_what_is_never_read(self) -> None:
        config = base_config(Topic(self.world.folder).cert, NOWHERE)
        for url, words in NEVER_READ.items():
            with self.subTest(url):
                config["connectors"]["servicenow"] = desk(url)
                path = self.world.folder / "wrong.json"
                path.write_text(json.dumps(config, indent=2))
                status, text = check(path, SECRETS)
                self.assertEqual(1, status, text)
                self.assertRegex(text, rf"\$\.connectors\.servicenow\.url: .*{words}")


@own
class Network(Desks):
    """Private networks, metadata services and public addresses, all of them on our own loopback interface."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for address in (*OURS, *PUBLIC):
            place = [f"{address}/{128 if ':' in address else 32}", "dev", "lo"]
            subprocess.run(["ip", "address", "add", *place, *(["nodad"] if ":" in address else [])], check=True)
            cls.addClassCleanup(subprocess.run, ["ip", "address", "del", *place], check=True)
        hosts = cls.enterClassContext(World()).folder / "hosts"
        hosts.write_text("".join(f"{address} {names}\n" for address, names in HOSTS.items()))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)

    def setUp(self) -> None:
        super().setUp()
        self.hole = self.listener()

    def url(self, host: str) -> str:
        return f"https://{host}:{self.hole.port}"

    def test_only_public_addresses_are_called(self) -> None:
        for address in (*OURS, *PUBLIC):
            socket.create_connection((address, self.hole.port), timeout=5).close()
        eventually("a call of each of them would arrive", lambda: len(self.hole.reached) == len(OURS) + len(PUBLIC))
        self.hole.reached.clear()
        hosts = {f"{name_of(host)}-{n}": host
                 for n, host in enumerate(host for hosts in OURS.values() for host in hosts)}
        desks = {name: desk(self.url(host)) for name, host in hosts.items()}
        public = {"public-4": desk(self.url(PUBLIC[0])), "public-6": desk(self.url(f"[{PUBLIC[1]}]"))}
        self.start({**desks, **public})
        for name in desks:
            with self.subTest(name):
                self.told(name, NOT_PUBLIC)
        eventually("public ones are called", lambda: set(self.hole.reached) == set(PUBLIC))

    def test_what_an_allow_list_opens(self) -> None:
        opened = {
            "a-host": desk(self.url("corp.test"), allow=["corp.test"]),
            "a-block": desk(self.url("192.168.0.1"), allow=["192.168.0.0/16"]),
            "an-address": desk(self.url("[fd12::1]"), allow=["fd12::1"])}
        closed = {
            "rebound": desk(self.url("rebound.test"), allow=["rebound.test"]),
            "rebound-beside": desk(self.url("rebound.test"), allow=["rebound.test", "localhost"]),
            "metadata": desk(self.url("metadata.test"), allow=["metadata.test"]),
            "another-host": desk(self.url("corp.test"), allow=["corp2.test"]),
            "another-block": desk(self.url("172.16.0.1"), allow=["172.17.0.0/16"]),
            "mapped": desk(self.url("[::ffff:10.1.2.3]"), allow=["10.0.0.0/8"])}
        self.start({**opened, **closed})
        for name in closed:
            with self.subTest(name):
                self.told(name, NOT_PUBLIC)
        eventually("those that are allowed are called",
                   lambda: set(self.hole.reached) == {"10.1.2.3", "192.168.0.1", "fd12::1"})

    def test_mail_without_tls_stays_on_this_machine(self) -> None:
        """A server that offers no STARTTLS, or somebody on the way who took the offer out, gets no mail."""
        server = self.closed_at_end(MailListener())
        config = base_config(Topic(self.world.folder).cert, NOWHERE)
        config["connectors"]["mail"] = {
            "connector": "smtp", "url": f"smtp://mail.test:{server.port}", "from": "tocsin@example.com",
            "user": "tocsin", "password": secret("SMTP_PASSWORD"), "allow": ["mail.test"]}
        line = self.failed_page(config)
        self.assertRegex(line, "instance=mail .*(?i:tls|ssl)")
        self.assertEqual([], [heard for heard in server.heard if not heard.startswith((b"EHLO", b"QUIT", b"STARTTLS"))])
        self.assertTrue(server.heard)


class Redirects(Desks):
    def test_they_are_not_followed(self) -> None:
        hole = self.listener()
        doors = {f"moved-{status}": self.closed_at_end(RedirectListener(
            status, f"http://127.0.0.1:{hole.port}/latest/meta-data/")) for status in (301, 302, 303, 307, 308)}
        self.start({name: desk(f"http://127.0.0.1:{door.port}", allow=["localhost"]) for name, door in doors.items()})
        for name, door in doors.items():
            with self.subTest(name):
                self.told(name, "redirects are not followed")
                self.assertTrue(door.heard)
        self.assertEqual([], hole.reached)


class Trust(Desks):
    """Servers whose certificate or version of TLS proves nothing: not a byte of a request, and the reason is told."""

    def test_what_fails_closed(self) -> None:
        folder = self.world.folder
        ca, stranger = Authority(folder), Authority(folder, "stranger-ca")
        servers = {
            "self-signed": (server_context(self_signed(folder, "self-signed")), "self.signed"),
            "stranger": (server_context(stranger.issue("stranger")), "unable to get local issuer"),
            "wrong-host": (server_context(ca.issue("wrong", alt="DNS:jira.example.com")), "subject name|not match"),
            "expired": (server_context(ca.issue("expired", days=-1)), "expired"),
            "clients-only": (server_context(ca.issue("clients-only", usage="clientAuth")), "purpose"),
            "old": (server_context(ca.issue("old"), ssl.TLSVersion.TLSv1_1), "(?i)protocol.version"),
            "good": (server_context(ca.issue("good")), "500")}
        doors = {name: self.listener(context) for name, (context, _) in servers.items()}
        self.start({name: desk(f"https://localhost:{door.port}", allow=["localhost"], ca_file=str(ca.pair.cert))
                    for name, door in doors.items()})
        for name, (_, words) in servers.items():
            with self.subTest(name):
                self.told(name, words)
                self.assertTrue(doors[name].reached)
                self.assertEqual(name == "good", any(doors[name].heard), doors[name].heard)

    def test_mail_fails_closed_too(self) -> None:
        context = server_context(self_signed(self.world.folder, "mail-self-signed"))
        server = self.closed_at_end(MailListener(context))
        config = base_config(Topic(self.world.folder).cert, NOWHERE)
        config["connectors"]["mail"] |= {"url": f"smtps://localhost:{server.port}", "user": "tocsin",
                                         "password": secret("SMTP_PASSWORD")}
        line = self.failed_page(config)
        self.assertRegex(line, "instance=mail .*self.signed")
        self.assertEqual([], server.heard)


@own
class SystemTrust(Desks):
    """A ca_file stands in place of the system's certificates, not beside them."""

    def test_a_ca_file_is_all_that_is_trusted(self) -> None:
        folder = self.world.folder
        system, private = Authority(folder, "system"), Authority(folder, "private")
        subprocess.run(["mount", "-t", "tmpfs", "tocsin-test", "/etc/ssl/certs"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/ssl/certs"], check=True)
        for path in ("ca-certificates.crt", "system.pem"):
            pathlib.Path("/etc/ssl/certs", path).write_bytes(system.pair.cert.read_bytes())
        openssl("rehash", "/etc/ssl/certs")
        by_system, by_private = (server_context(ca.issue(f"{ca.name}-server")) for ca in (system, private))
        pin = {"ca_file": str(private.pair.cert)}
        cases = {"by-the-system": (by_system, {}, "500"), "pinned": (by_private, pin, "500"),
                 "pinned-elsewhere": (by_system, pin, "unable to get local issuer")}
        doors = {name: self.listener(context) for name, (context, _, _) in cases.items()}
        self.start({name: desk(f"https://localhost:{doors[name].port}", allow=["localhost"], **more)
                    for name, (_, more, _) in cases.items()})
        for name, (_, _, words) in cases.items():
            with self.subTest(name):
                self.told(name, words)
        self.assertEqual([], doors["pinned-elsewhere"].heard)


if __name__ == "__main__":
    in_namespaces("--mount", "--net")
    if OWN_NAMESPACES:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    unittest.main()
