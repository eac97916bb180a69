"""The way to a vendor: connections refused, and TLS, good or worth nothing."""
from __future__ import annotations

import http.client
import socket
import ssl
import sys
import tempfile
import time
import unittest
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from client import JIRA_AUTH, Process, call, eventually
from doors import TLS_KINDS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
from certs import sandbox_certificates  # noqa: E402

MYSELF = "/rest/api/3/myself"


def setUpModule() -> None:
    folder = Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="tocsin-doors-")))
    Doors.ca = sandbox_certificates(folder)
    Doors.box = unittest.enterModuleContext(Process("--tls", str(folder)))


class Doors(unittest.TestCase):
    box: Process
    ca: Path

    def setUp(self) -> None:
        self.box.reset()
        parts = urlsplit(self.box.url["jira"])
        self.address = parts.hostname or "", parts.port or 0

    def fault(self, action: str, **more: Any) -> None:
        self.box.admin("POST", "/faults", [{"vendor": "jira", "action": action} | more])

    def ask(self) -> int:
        return call("GET", self.box.url["jira"] + MYSELF, auth=JIRA_AUTH, timeout=5).status

    def struck(self) -> int:
        rule, = self.box.admin("GET", "/faults")["faults"]
        return int(rule["struck"])


class Refuse(Doors):
    def test_until_the_script_is_cleared(self) -> None:
        self.fault("refuse", ms=0)
        for _ in range(3):
            self.assertRaises(ConnectionRefusedError, self.ask)
        self.assertEqual([], self.box.calls("jira"))
        self.box.admin("DELETE", "/faults")
        self.assertEqual(200, self.ask())

    def test_for_a_time(self) -> None:
        began = time.monotonic()
        self.fault("refuse", ms=150)
        self.assertRaises(ConnectionRefusedError, self.ask)
        self.assertEqual(200, eventually(self.answers))
        self.assertGreaterEqual(time.monotonic() - began, 0.15)

    def answers(self) -> int:
        try:
            return self.ask()
        except ConnectionRefusedError:
            return 0

    def test_connections_from_before_are_closed(self) -> None:
        with socket.create_connection(self.address, timeout=5) as sock:
            eventually(lambda: self.ask() == 200)  # the one before it has been accepted
            self.fault("refuse", ms=0)
            self.assertEqual(b"", sock.recv(1))

    def test_the_others_listen(self) -> None:
        self.fault("refuse", ms=0)
        self.assertEqual(401, call("GET", self.box.url["pagerduty"] + "/users/me").status)

    def test_nobody_else_gets_the_port(self) -> None:
        self.fault("refuse", ms=0)
        with socket.socket() as other:
            self.assertRaises(OSError, other.bind, self.address)

    def test_again_and_again(self) -> None:
        for _ in range(20):
            for ms in (0, 60_000):
                self.fault("refuse", ms=ms)
                self.assertRaises(ConnectionRefusedError, self.ask)
            self.box.reset()
            self.assertEqual(200, self.ask())


class Tls(Doors):
    def handshake(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        sock = socket.create_connection(self.address, timeout=5)
        return self.enterContext(context.wrap_socket(sock, server_hostname="localhost"))

    def test_good_beside_plain(self) -> None:
        with self.handshake() as sock:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = sock
            connection.request("GET", MYSELF, headers={"Authorization": JIRA_AUTH, "Accept": "application/json"})
            self.assertEqual(200, connection.getresponse().status)
        self.assertEqual(200, self.ask())
        self.assertEqual([200, 200], [row["status"] for row in self.box.calls("jira")])

    def test_what_a_client_must_not_accept(self) -> None:
        for kind, words in (("expired", "has expired"), ("wronghost", "Hostname mismatch"),
                            ("selfsigned", "self-signed"), ("v1.0", "(?i)version")):
            with self.subTest(kind):
                self.fault("tls", kind=kind)
                with self.assertRaisesRegex(ssl.SSLError, words):
                    self.handshake()
                self.assertEqual(1, self.struck())
                self.handshake().close()
                self.box.reset()
        self.assertEqual(set(TLS_KINDS), {"expired", "wronghost", "selfsigned", "v1.0"})

    def test_the_old_version_is_spoken(self) -> None:
        """Its refusal is the client's."""
        self.fault("tls", kind="v1.0")
        context = ssl.create_default_context(cafile=self.ca)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        with socket.create_connection(self.address, timeout=5) as sock:
            with context.wrap_socket(sock, server_hostname="localhost") as secured:
                self.assertEqual("TLSv1", secured.version())

    def test_connections_from_before_are_closed(self) -> None:
        with self.handshake() as sock:
            self.fault("tls", kind="expired")
            self.assertEqual(b"", sock.recv(1))

    def test_faults_of_calls_strike_within(self) -> None:
        self.fault("reset")
        with self.handshake() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(b"", sock.recv(1))
        self.assertEqual([("reset", 0)], [(row["fault"], row["status"]) for row in self.box.calls("jira")])

    def test_scripts_that_are_refused(self) -> None:
        for row in ({"action": "tls"}, {"action": "tls", "kind": "odd"}, {"action": "tls", "vendor": "smtp"}):
            self.assertEqual(400, call("POST", self.box.url["admin"] + "/faults", [{"vendor": "jira"} | row]).status)


class Without(unittest.TestCase):
    def test_no_certificates(self) -> None:
        with Process() as box:
            answer = call("POST", box.url["admin"] + "/faults", [{"vendor": "jira", "action": "tls", "kind": "expired"}])
            self.assertEqual((400, True), (answer.status, "--tls" in answer.json()["error"]))
        with self.assertRaisesRegex(RuntimeError, "no certificates in /nowhere"):
            Process("--tls", "/nowhere").__enter__()


if __name__ == "__main__":
    unittest.main()
