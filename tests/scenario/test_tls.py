"""The TLS listener from outside: what it speaks, what it refuses, certificates that change under way, client
certificates."""
from __future__ import annotations

import http.client
import json
import signal
import socket
import ssl
import subprocess
import time
import unittest

from certs import RSA, Authority, Pair, openssl
from harness import SOURCE_TOKEN, Tocsin, World, eventually, of_no_store
from test_config import NOWHERE, check
from worlds import SECRETS, Config, Topic, alert, base_config, changed, fresh, group

HELLO_S = 5.0  # the deadline of the threat model for a handshake and a head
AT_ONCE_S = 2.0
STRONG = {"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"}


def trusting(authority: Authority, own: Pair | None = None) -> ssl.SSLContext:
    """A client that knows one authority, and may have a certificate of its own."""
    context = ssl.create_default_context(cafile=str(authority.pair.cert))
    if own:
        context.load_cert_chain(own.cert, own.key)
    return context


class Tls(unittest.TestCase):
    """One Tocsin with a certificate of a private authority; nothing listens where ticket systems should be."""

    world: World
    app: Tocsin
    ca: Authority
    pair: Pair
    config: Config

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World())
        folder = cls.world.folder
        cls.ca = Authority(folder)
        cls.pair = cls.ca.issue("server", kind=RSA)
        files = {"cert_file": str(cls.pair.cert), "key_file": str(cls.pair.key)}
        cls.config = {**base_config(Topic(folder).cert, NOWHERE), "tls": files}
        cls.app = cls.world.tocsin(cls.config, dict(SECRETS), cls.prepare())

    @classmethod
    def prepare(cls) -> ssl.SSLContext:
        """The context of a client that is welcome; a class changes the configuration here."""
        return trusting(cls.ca)

    def setUp(self) -> None:
        self.said = len(self.log())

    def log(self) -> str:
        return self.app.log.read_text(errors="replace")

    def reload(self, verdict: str = "configuration reloaded") -> str:
        """What it says about it."""
        before = self.log().count(verdict)
        self.app.child.send_signal(signal.SIGHUP)
        eventually(verdict, lambda: self.log().count(verdict) > before)
        return self.log()[self.said:]

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.app.port), timeout=3 * HELLO_S)

    def shake(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """A connection after its handshake, or ssl.SSLError; the caller closes it."""
        plain = self.raw()
        try:
            return context.wrap_socket(plain, server_hostname="127.0.0.1")
        except BaseException:
            plain.close()
            raise

    def connect(self, context: ssl.SSLContext | None = None) -> http.client.HTTPSConnection:
        link = http.client.HTTPSConnection("127.0.0.1", self.app.port, timeout=10,
                                           context=context or self.app.context)
        self.addCleanup(link.close)
        link.connect()
        return link

    def post(self, link: http.client.HTTPSConnection) -> int:
        """A fresh alarm on an open connection; the status of the answer."""
        name = fresh("tls")
        link.request("POST", "/sources/prom", json.dumps(group(name, alert(name, "a"))),
                     {"Authorization": f"Bearer {SOURCE_TOKEN}", "Content-Type": "application/json"})
        answer = link.getresponse()
        answer.read()
        return answer.status

    def check_serves(self) -> None:
        name = fresh("tls")
        answer = self.app.alarm("prom", group(name, alert(name, "a")))
        self.assertEqual(202, answer.status, answer.body)


class Listener(Tls):
    def test_intake_works(self) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context = trusting(self.ca)
                context.minimum_version = context.maximum_version = version
                link = self.connect(context)
                self.assertEqual([202, 202], [self.post(link), self.post(link)])
        self.assertEqual(200, self.app.api("GET", "/v1/incidents").status)

    def s_client(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.app.port}", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)

    def test_old_versions_are_refused(self) -> None:
        """Refused by us: the client would speak them at this security level."""
        for version in ("-tls1", "-tls1_1"):
            with self.subTest(version):
                done = self.s_client(version, "-cipher", "ALL:@SECLEVEL=0")
                self.assertNotEqual(0, done.returncode)
                self.assertIn("alert protocol version", done.stderr)
        self.check_serves()

    def test_weak_ciphers_are_refused(self) -> None:
        listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:eNULL:@SECLEVEL=0"],
                                capture_output=True, text=True, check=True).stdout.strip().split(":")
        offered = [name for name in listed if not name.startswith("TLS_")]
        self.assertGreater(len(offered), 50)
        self.assertLessEqual(STRONG, set(offered))
        self.assertEqual(STRONG, {name for name in offered if self.is_spoken(name)})

    def is_spoken(self, cipher: str) -> bool:
        context = trusting(self.ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{cipher}:@SECLEVEL=0")
        try:
            with self.shake(context) as link:
                return link.cipher() is not None
        except ssl.SSLError as error:
            self.assertRegex(str(error), "(?i)handshake.failure")
            return False

    def test_no_session_is_kept_and_nothing_is_compressed(self) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context = trusting(self.ca)
                context.minimum_version = context.maximum_version = version
                with self.shake(context) as first:
                    first.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                    self.assertTrue(first.recv(4096).startswith(b"HTTP/1.1 200"))
                    self.assertIsNone(first.compression())
                    self.assertFalse(first.session and first.session.has_ticket)
                    session = first.session
                with context.wrap_socket(self.raw(), server_hostname="127.0.0.1", session=session) as second:
                    self.assertFalse(second.session_reused)

    def test_only_http_1_1_is_negotiated(self) -> None:
        context = trusting(self.ca)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.shake(context) as link:
            self.assertEqual("http/1.1", link.selected_alpn_protocol())
        context.set_alpn_protocols(["h2"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
            self.shake(context).close()

    def test_no_renegotiation(self) -> None:
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.app.port}", "-tls1_2"],
            input="R\n", capture_output=True, text=True, timeout=30)
        self.assertIn("no renegotiation", done.stderr)

    def end_of(self, link: socket.socket) -> tuple[bytes, float]:
        """All that comes until the other side closes, and after how long that was."""
        began, got = time.monotonic(), b""
        try:
            while piece := link.recv(4096):
                got += piece
        except ConnectionResetError:
            pass
        return got, time.monotonic() - began

    def test_plain_http_is_told_where_to_go(self) -> None:
        with self.raw() as link:
            link.sendall(b"POST /sources/prom HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
            link.shutdown(socket.SHUT_WR)
            got, took = self.end_of(link)
        self.assertTrue(got.startswith(b"HTTP/1.1 400 "), got)
        self.assertIn(b"write https:// in the address", got)
        self.assertLess(took, AT_ONCE_S)
        eventually("it is told", lambda: "reason=plain_http status=400 peer=127.0.0.1" in self.log()[self.said:])
        self.check_serves()

    def test_a_stalled_handshake_has_a_deadline(self) -> None:
        hello = ssl.MemoryBIO()
        client = trusting(self.ca).wrap_bio(ssl.MemoryBIO(), hello, server_hostname="127.0.0.1")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        whole = hello.read()
        for sent in (b"", whole[:3], whole[:len(whole) // 2], whole):
            with self.subTest(sent=len(sent)), self.raw() as link:
                link.sendall(sent)
                _, took = self.end_of(link)
                self.assertLess(took, HELLO_S + AT_ONCE_S)
                self.assertGreater(took, HELLO_S - AT_ONCE_S)
        self.check_serves()

    def test_stalled_handshakes_keep_nobody_out(self) -> None:
        links = [self.raw() for _ in range(200)]
        try:
            for link in links:
                link.sendall(b"\x16\x03\x01")
            began = time.monotonic()
            self.check_serves()
            self.assertLess(time.monotonic() - began, AT_ONCE_S)
        finally:
            for link in links:
                link.close()


class Renewal(Tls):
    def serial(self) -> str:
        with self.shake(trusting(self.ca)) as link:
            return str(link.getpeercert()["serialNumber"])

    def test_new_connections_see_the_new_certificate(self) -> None:
        before, link = self.serial(), self.connect()
        self.assertEqual(202, self.post(link))
        kept = link.sock
        self.ca.issue("renewed").copy_to(self.pair)
        self.assertEqual(before, self.serial(), "files are read when told")
        self.reload()
        self.assertNotEqual(before, self.serial())
        self.assertEqual(202, self.post(link))
        self.assertIs(kept, link.sock, "the open connection stayed")

    def test_wrong_files_keep_the_old_certificate(self) -> None:
        before = self.serial()
        good = [path.read_bytes() for path in self.pair]
        for what, spoil, verdict in (
                ("no certificate", lambda: self.pair.cert.write_text("not a certificate"), "cert_file: certificate "),
                ("another's key", lambda: self.pair.key.write_bytes(self.ca.pair.key.read_bytes()), "key_file: key "),
                ("no file", self.pair.cert.unlink, "cert_file: there is no file")):
            with self.subTest(what):
                spoil()
                said = self.reload("configuration not reloaded")
                self.assertIn(verdict, said)
                self.assertIn(str(self.pair.key if "key" in what else self.pair.cert), said)
                self.assertEqual(before, self.serial())
                for path, content in zip(self.pair, good):
                    path.write_bytes(content)


    def files(self, pair: Pair, **more: str) -> None:
        """A configuration that names other files."""
        tls = {"cert_file": str(pair.cert), "key_file": str(pair.key), **more}
        self.app.write_config({**self.config, "tls": tls})

    def test_files_of_another_name(self) -> None:
        before, other = self.serial(), self.ca.issue("other", kind=RSA)
        self.files(other)
        self.assertNotIn("not_applied", self.reload())
        self.assertNotEqual(before, self.serial())
        self.files(self.pair)
        self.assertNotIn("not_applied", self.reload())
        self.assertEqual(before, self.serial())

    def test_an_authority_of_clients_that_is_new(self) -> None:
        clients = Authority(self.world.folder, "newcomers")
        self.files(self.pair, client_ca_file=str(clients.pair.cert))
        self.reload()
        with self.assertRaises(OSError):
            self.post(self.connect())
        self.assertEqual(202, self.post(self.connect(trusting(self.ca, clients.issue("one", usage="clientAuth")))))
        self.files(self.pair)
        self.reload()
        self.assertEqual(202, self.post(self.connect()))

    def test_without_tls_needs_a_restart(self) -> None:
        self.app.write_config({name: value for name, value in self.config.items() if name != "tls"})
        said = self.reload()
        self.assertIn("$.tls: with a certificate stays in force, without a certificate needs a restart", said)
        self.check_serves()
        self.said = len(self.log())
        self.files(self.pair)
        self.assertNotIn("not_applied", self.reload())

    def test_one_that_has_expired(self) -> None:
        late = self.ca.issue("late", kind=RSA, days=-1)
        self.files(late)
        self.assertRegex(self.reload(), r"cert_file: warning: the certificate has expired at .*; clients will refuse it")
        self.files(self.pair)
        self.reload()


class Clients(Tls):
    """Only clients with a certificate of the second authority are served."""

    clients: Authority
    welcome: Pair

    @classmethod
    def prepare(cls) -> ssl.SSLContext:
        cls.clients = Authority(cls.world.folder, "clients")
        cls.welcome = cls.clients.issue("welcome", usage="clientAuth")
        cls.config["tls"]["client_ca_file"] = str(cls.clients.pair.cert)
        return trusting(cls.ca, cls.welcome)

    def check_refused(self, own: Pair | None, alert_re: str) -> None:
        """In TLS 1.3 a client learns only from its first read that it is not welcome; a request sent before that is
        not served."""
        count = len(self.app.incidents())
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context = trusting(self.ca, own)
                context.minimum_version = context.maximum_version = version
                with self.assertRaisesRegex(ssl.SSLError, alert_re), self.shake(context) as link:
                    link.recv(1)
                with self.assertRaises(OSError):
                    self.post(self.connect(context))
        self.assertEqual(count, len(self.app.incidents()))

    def test_the_right_one(self) -> None:
        self.assertEqual(202, self.post(self.connect()))

    def test_the_right_one_still_needs_credentials(self) -> None:
        link = self.connect()
        link.request("POST", "/sources/prom", b"{}", {"Content-Type": "application/json"})
        self.assertEqual(401, link.getresponse().status)

    def test_none(self) -> None:
        self.check_refused(None, "(?i)certificate.required|handshake.failure")

    def test_of_another_authority(self) -> None:
        other = Authority(self.world.folder, "others")
        self.check_refused(other.issue("stranger", usage="clientAuth"), "(?i)unknown.ca")

    def test_with_the_same_name_from_another_authority(self) -> None:
        folder = self.world.folder / "twin"
        folder.mkdir()
        twin = Authority(folder, "clients")
        self.check_refused(twin.issue("welcome", usage="clientAuth"), "(?i)unknown.ca|decrypt.error")

    def test_expired(self) -> None:
        self.check_refused(self.clients.issue("late", usage="clientAuth", days=-1), "(?i)certificate.expired")

    def test_for_servers_only(self) -> None:
        self.check_refused(self.clients.issue("server-only", usage="serverAuth"),
                           "(?i)unsupported.certificate|certificate.unknown")

    def test_of_the_servers_own_authority(self) -> None:
        self.check_refused(self.pair, "(?i)unknown.ca")


@of_no_store
class Start(unittest.TestCase):
    """Mistakes are told with the file, and a client authority alone does not pass for a check of clients."""

    def setUp(self) -> None:
        self.folder = self.enterContext(World()).folder
        self.pair = Authority(self.folder).issue("server")
        self.files = {"cert_file": str(self.pair.cert), "key_file": str(self.pair.key)}
        self.config = base_config(Topic(self.folder).cert, NOWHERE)

    def told(self, command: str, files: dict[str, str]) -> str:
        path = self.folder / "tocsin.json"
        path.write_text(json.dumps({**changed(self.config, tls=files), "listen": "127.0.0.1:0"}))
        words = ("--data", str(self.folder / "data")) if command == "serve" else ()
        status, text = check(path, SECRETS, command, *words)
        self.assertEqual(1, status, text)
        return text

    def test_files_that_are_wrong(self) -> None:
        absent = str(self.folder / "absent.pem")
        for member in ("cert_file", "key_file", "client_ca_file"):
            with self.subTest(member):
                self.assertIn(absent, self.told("serve", {**self.files, member: absent}))

    def test_check_and_serve_agree(self) -> None:
        other, locked = Authority(self.folder, "other").issue("stranger"), self.folder / "locked-key.pem"
        openssl("pkey", "-in", self.pair.key, "-aes256", "-passout", "pass:secret", "-out", locked)
        nothing = self.folder / "nothing.pem"
        nothing.write_text("not a certificate")
        for member, path, wanted in (
                ("key_file", other.key, rf"\$\.tls\.key_file: key {other.key} does not belong to certificate"),
                ("key_file", locked, rf"\$\.tls\.key_file: key {locked}: "),
                ("cert_file", nothing, rf"\$\.tls\.cert_file: certificate {nothing}: "),
                ("client_ca_file", nothing, rf"\$\.tls\.client_ca_file: client CA {nothing}: "),
                ("ca_file", nothing, rf"\$\.tls\.ca_file: roots {nothing}: ")):
            with self.subTest(f"{member} {path.name}"):
                path.chmod(0o400)
                text = self.told("check", {**self.files, member: str(path)})
                self.assertRegex(text, rf"^\S+tocsin\.json:1: {wanted}.*\n$")
                self.assertEqual(text, self.told("serve", {**self.files, member: str(path)}))

    def test_a_certificate_that_has_expired_is_a_warning(self) -> None:
        late = Authority(self.folder, "other").issue("late", days=-1)
        path = self.folder / "tocsin.json"
        path.write_text(json.dumps(changed(self.config, tls={"cert_file": str(late.cert), "key_file": str(late.key)})))
        status, text = check(path, SECRETS)
        self.assertEqual(0, status, text)
        self.assertRegex(text, r":1: \$\.tls\.cert_file: warning: the certificate has expired at .*; .*renew it\n")
        self.assertIn("good", text)

    def test_a_client_authority_without_a_certificate(self) -> None:
        text = self.told("check", {"client_ca_file": str(self.pair.cert)})
        self.assertRegex(text, r"\$\.tls: .*client_ca_file.*cert_file")


class Names(Tls):
    """Certificates of clients are optional; sources ask for those of certain names, phones for none."""

    clients: Authority

    @classmethod
    def prepare(cls) -> ssl.SSLContext:
        cls.clients = Authority(cls.world.folder, "clients")
        cls.config["tls"] |= {"client_ca_file": str(cls.clients.pair.cert), "client_certificates": "optional"}
        prom = cls.config["sources"]["prom"]
        one = {"kind": "mtls", "names": ["am1.example.org"]}
        for name, auth in (("one", one), ("two", {"kind": "mtls", "names": ["spiffe://example.org/am2"]}),
                           ("both", {**one, "and": prom["auth"]}), ("either", [one, prom["auth"]])):
            cls.config["sources"][name] = {**prom, "auth": auth}
        return trusting(cls.ca)

    def client(self, alt: str) -> ssl.SSLContext:
        return trusting(self.ca, self.clients.issue(fresh("client"), alt=alt, usage="clientAuth"))

    def post_to(self, source: str, context: ssl.SSLContext, token: str = "") -> tuple[int, str]:
        name = fresh("tls")
        link = self.connect(context)
        link.request("POST", f"/sources/{source}", json.dumps(group(name, alert(name, "a"))),
                     {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})})
        answer = link.getresponse()
        body = answer.read().decode()
        self.assertEqual(answer.status == 202, any(name in row["title"] for row in self.app.incidents("?limit=200")))
        return answer.status, body

    def test_the_right_name(self) -> None:
        self.assertEqual(202, self.post_to("one", self.client("DNS:am1.example.org"))[0])
        self.assertEqual(202, self.post_to("two", self.client("DNS:am2,URI:spiffe://example.org/am2"))[0])

    def test_another_name(self) -> None:
        status, body = self.post_to("one", self.client("DNS:am3.example.org"))
        self.assertEqual(403, status)
        self.assertIn("the client certificate is of am3.example.org, and this source takes others", body)
        eventually("it is told", lambda: 'reason=forbidden status=403 peer=127.0.0.1 why="the client certificate is of '
                                         'am3.example.org' in self.log()[self.said:])

    def test_the_name_of_another_source(self) -> None:
        self.assertEqual(403, self.post_to("two", self.client("DNS:am1.example.org"))[0])
        self.assertEqual(403, self.post_to("one", self.client("URI:spiffe://example.org/am2"))[0])
        self.assertEqual(401, self.post_to("prom", self.client("DNS:am1.example.org"))[0])

    def test_no_certificate(self) -> None:
        status, body = self.post_to("one", trusting(self.ca))
        self.assertEqual(403, status)
        self.assertIn("mtls (a client certificate)", body)
        self.assertEqual(403, self.post_to("one", trusting(self.ca), SOURCE_TOKEN)[0])

    def test_a_certificate_of_another_authority(self) -> None:
        stranger = Authority(self.world.folder, "others").issue("stranger", alt="DNS:am1.example.org", usage="clientAuth")
        with self.assertRaisesRegex(ssl.SSLError, "(?i)unknown.ca"), self.shake(trusting(self.ca, stranger)) as link:
            link.recv(1)

    def test_a_secret_beside_it(self) -> None:
        right = self.client("DNS:am1.example.org")
        self.assertEqual(202, self.post_to("both", right, SOURCE_TOKEN)[0])
        self.assertEqual(401, self.post_to("both", right)[0])
        self.assertEqual(401, self.post_to("both", trusting(self.ca), SOURCE_TOKEN)[0])
        self.assertEqual(403, self.post_to("both", self.client("DNS:am2.example.org"), SOURCE_TOKEN)[0])

    def test_a_secret_instead(self) -> None:
        self.assertEqual(202, self.post_to("either", self.client("DNS:am1.example.org"))[0])
        self.assertEqual(202, self.post_to("either", trusting(self.ca), SOURCE_TOKEN)[0])
        self.assertEqual(401, self.post_to("either", trusting(self.ca))[0])

    def test_links_in_mails_need_none(self) -> None:
        link = self.connect(trusting(self.ca))
        for method in ("GET", "POST"):
            link.request(method, "/ack/guessed")
            answer = link.getresponse()
            self.assertEqual((404, True), (answer.status, b"<html" in answer.read()))

    def test_optional_for_nobody(self) -> None:
        path = self.world.folder / "nobody.json"
        path.write_text(json.dumps({**self.config, "sources": {"prom": self.config["sources"]["prom"]}}))
        status, text = check(path, SECRETS)
        self.assertEqual(0, status, text)
        self.assertIn("$.tls.client_certificates: warning: no source has the auth mtls", text)

    def test_required_by_a_reload(self) -> None:
        tls = self.config["tls"]
        self.app.write_config({**self.config, "tls": {**tls, "client_certificates": "required"}})
        self.reload()
        with self.assertRaises(OSError):
            self.post_to("one", trusting(self.ca))
        self.app.write_config(self.config)
        self.reload()
        self.check_serves()


if __name__ == "__main__":
    unittest.main()
