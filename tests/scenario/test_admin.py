"""The listener for operators: what it serves, what the public one leaves to it, and that a flood on the public one does
not reach it."""
from __future__ import annotations

import contextlib
import json
import signal
import ssl
import typing
import unittest

from certs import Authority
from harness import TOKENS, Response, Tocsin, World, eventually, free_port, http
from test_config import NOWHERE, check
from test_http import Line
from worlds import SECRETS, Topic, alert, base_config, fresh, group

CAP, ADMIN_CAP = 12, 4
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
STALLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"  # it has 15 s
BEARER = {"Authorization": f"Bearer {TOKENS['admin']}"}

# The statuses on the public listener, and on that for operators, when metrics alone are kept there.
SERVED = {
    "GET /healthz": (200, 200), "GET /readyz": (200, 200), "GET /metrics": (404, 200), "GET /v1/incidents": (200, 200),
    "GET /v1/nodes": (200, 200), "GET /ack/guessed": (404, 404), "POST /sources/prom": (401, 404)}
# What the public one answers instead, by only_here.
KEPT: dict[tuple[str, ...], dict[str, int]] = {
    (): {"GET /metrics": 200},
    ("health",): {"GET /metrics": 200, "GET /healthz": 404, "GET /readyz": 404},
    ("api", "metrics"): {"GET /v1/incidents": 404, "GET /v1/nodes": 404},
    ("metrics", "health", "api"): {"GET /healthz": 404, "GET /readyz": 404, "GET /v1/incidents": 404, "GET /v1/nodes": 404}}


def ask(words: str, url: str, context: ssl.SSLContext | None = None) -> Response:
    method, path = words.split()
    return http(method, url + path, b"{}" if method == "POST" else None, {} if "/sources/" in path else BEARER,
                context=context)


class Admin(unittest.TestCase):
    def setUp(self) -> None:
        self.world = self.enterContext(World())
        self.config = base_config(Topic(self.world.folder).cert, NOWHERE)
        del self.config["connectors"], self.config["channels"]
        self.config["resources"] = {
            "response_plans": [{"name": "web", "incidentTemplate": {"title": "Web", "impact": 2}}]}
        self.config["limits"]["max_connections"] = CAP
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = "http://" + self.address

    def start(self, **members: typing.Any) -> Tocsin:
        """With those members of "admin"."""
        config = {**self.config, "admin": {"listen": self.address, **members}}
        return self.world.tocsin(config, dict(SECRETS), ready_at=self.url)

    def fill(self, stack: contextlib.ExitStack, app: Tocsin, n: int, port: int) -> Line:
        """Takes all connections of a listener; somebody who gets none."""
        for _ in range(n):
            stack.enter_context(Line(app, port=port)).send(STALLED)
        late = stack.enter_context(Line(app, port=port))
        late.send(GET)
        self.assertFalse(late.read(0.3), late.got)
        return late

    def test_a_flood_keeps_nobody_out(self) -> None:
        app = self.start()
        name = fresh("flooded")
        ident = app.alarm("prom", group(name, alert(name, "a"))).json()["incidents"][0]
        with contextlib.ExitStack() as stack:
            late = self.fill(stack, app, CAP, app.port)
            self.assertEqual(200, ask("GET /readyz", self.url).status)
            done = ask(f"POST /v1/incidents/{ident}/acknowledge", self.url)
            self.assertEqual(200, done.status, done.body)
            self.assertRegex(ask("GET /metrics", self.url).body.decode(), rf"(?m)^tocsin_connections_open {CAP + 1}$")
            self.assertFalse(late.read(0), "the public one was full all the time")
        self.assertEqual("token:admin", ask(f"GET /v1/incidents/{ident}", self.url).json()["acknowledged"]["by"])
        eventually("the public one serves again", lambda: ask("GET /readyz", app.url).status == 200)

    def test_operators_keep_nobody_out(self) -> None:
        app = self.start(max_connections=ADMIN_CAP)
        with contextlib.ExitStack() as stack:
            late = self.fill(stack, app, ADMIN_CAP, self.port)
            self.assertEqual(200, ask("GET /readyz", app.url).status)
            self.assertFalse(late.read(0))

    def test_what_is_served_where(self) -> None:
        app = self.start()
        self.check_served(app, {})
        self.assertEqual(401, http("GET", self.url + "/v1/incidents").status, "without a token")
        for url in (app.url, self.url):
            self.assertIn(b"<html", ask("GET /ack/guessed", url).body, "the page about links")

    def test_what_is_kept_there(self) -> None:
        app = self.start()
        for only_here, public in KEPT.items():
            with self.subTest(only_here):
                app.write_config({**self.config, "admin": {"listen": self.address, "only_here": only_here}})
                self.assertEqual(0, app.kill(signal.SIGTERM))
                app.start()
                self.check_served(app, public)

    def check_served(self, app: Tocsin, public: dict[str, int]) -> None:
        for words, (status, there) in SERVED.items():
            self.assertEqual((public.get(words, status), there),
                             (ask(words, app.url).status, ask(words, self.url).status), words)

    def test_a_change_waits_for_a_restart(self) -> None:
        app = self.start()
        stays = f"$.admin: {self.address}, 32 connections, without TLS, only here: metrics stays in force, "
        for config, wanted in (
                ({**self.config, "admin": {"listen": self.address, "only_here": []}}, "only here: nothing needs a restart"),
                (self.config, f"{stays}none needs a restart")):
            app.write_config(config)
            app.child.send_signal(signal.SIGHUP)
            eventually("it is told", lambda wanted=wanted: wanted in app.log.read_text())
            self.check_served(app, {})

    def test_a_port_that_is_taken(self) -> None:
        app = self.start()
        path = app.folder / "other.json"
        path.write_text(json.dumps({"store": app.store, **self.config, "listen": "127.0.0.1:0",
                                    "admin": {"listen": self.address}}))
        status, text = check(path, SECRETS, "serve", "--data", str(app.folder / "other"))
        self.assertEqual(1, status)
        self.assertRegex(text, rf"{self.address}.*in use")
        name = fresh("untouched")
        self.assertEqual(202, app.alarm("prom", group(name, alert(name, "a"))).status)

    def test_tls_as_the_public_one_or_none(self) -> None:
        authority = Authority(self.world.folder)
        pair = authority.issue("server")
        self.config["tls"] = {"cert_file": str(pair.cert), "key_file": str(pair.key)}
        context = ssl.create_default_context(cafile=str(authority.pair.cert))
        config = {**self.config, "admin": {"listen": self.address}}
        app = self.world.tocsin(config, dict(SECRETS), context)
        self.assertEqual(200, ask("GET /metrics", f"https://{self.address}", context).status)
        self.assertEqual(400, ask("GET /metrics", self.url).status)
        app.write_config({**config, "admin": {"listen": self.address, "tls": False}})
        self.assertEqual(0, app.kill(signal.SIGTERM))
        app.start()
        self.assertEqual(200, ask("GET /metrics", self.url).status)
        self.assertEqual(200, ask("GET /healthz", app.url, context).status)


if __name__ == "__main__":
    unittest.main()
