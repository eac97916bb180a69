"""What is turned away: the right status, counted, told in the log once, nothing changed, and words that help."""
from __future__ import annotations

import json
import re
import socket
import time
import typing
import unittest

from harness import SOURCE_TOKEN, TOKENS, Response, eventually, http
from worlds import API_KEY, Config, Scenario, fresh, secret

SENDER = {"Authorization": f"Bearer {SOURCE_TOKEN}"}
NOBODY = "00000000-0000-4000-8000-000000000000"
GUESS = "Z3Vlc3NlZC1saW5rLW9mLW5vYm9keS1hdC1hbGwtMDEyMzQ"  # as long as a real one
POST = "POST {} HTTP/1.1\r\nHost: a\r\n"


def role(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


class Case(typing.NamedTuple):
    status: int
    reason: str
    route: str  # "": refused before a route was known
    method: str
    path: str
    body: typing.Any = None
    headers: dict[str, str] = {}
    says: str = ""  # a part of the answer's message


CASES = {
    "no credentials": Case(401, "unauthorized", "/sources/prom", "POST", "/sources/prom", b"{}", {}, ": bearer"),
    "wrong credentials": Case(401, "unauthorized", "/sources/prom", "POST", "/sources/prom", b"{}",
                              {"Authorization": "Bearer not-the-secret-0123"}, "not those of this source"),
    "no key, no scheme for a 401": Case(403, "forbidden", "/sources/events", "POST", "/sources/events", b"{}", {},
                                        ": header X-Api-Key"),
    "no signature": Case(403, "forbidden", "/sources/hmac", "POST", "/sources/hmac", b"{}", {}, ": hmac in X-Signature"),
    "a signature that is none": Case(400, "malformed", "/sources/hmac", "POST", "/sources/hmac", b"{}",
                                     {"X-Signature": "sha256=7"}, "X-Signature is sha256= and 64 hex digits"),
    "a wrong signature": Case(403, "forbidden", "/sources/hmac", "POST", "/sources/hmac", b"{}",
                              {"X-Signature": "sha256=" + "0" * 64}, "the signature in X-Signature does not fit"),
    "no JSON": Case(400, "malformed", "/sources/prom", "POST", "/sources/prom", b"alarm!", SENDER, "cannot be read as JSON: line 1"),
    "too many values": Case(413, "too_large", "/sources/prom", "POST", "/sources/prom",
                            b"[" + b"0," * 90_000 + b"0]", SENDER, "more than 80000 values"),
    "unsigned": Case(400, "malformed", "/sources/cloudwatch", "POST", "/sources/cloudwatch", {"Type": "Notification"}),
    "a source that is none": Case(404, "unknown_source", "/sources/{name}", "POST", "/sources/prmo-hunter2", b"{}",
                                  SENDER, "/sources/NAME"),
    "a guessed link": Case(404, "unknown_link", "/ack/{token}", "GET", f"/ack/{GUESS}"),
    "API, no token": Case(401, "unauthorized", "/v1/incidents", "GET", "/v1/incidents", None, {},
                          "send Authorization: Bearer TOKEN"),
    "API, a wrong token": Case(401, "unauthorized", "/v1/links", "GET", "/v1/links", None,
                               {"Authorization": "Bearer not-a-token-0123456789"}, "in the configuration"),
    "API, role": Case(403, "forbidden", "/v1/incidents/{id}/resolve", "POST", f"/v1/incidents/{NOBODY}/resolve", b"",
                      role("viewer"), "needs the role responder"),
    "API, unknown": Case(404, "not_found", "/v1/incidents/{id}", "GET", f"/v1/incidents/{NOBODY}", None,
                         role("viewer"), "no incident with this id"),
    "API, no JSON": Case(400, "bad_request", "/v1/incidents/{id}/notes", "POST", f"/v1/incidents/{NOBODY}/notes",
                         b"text", role("admin"), "cannot be read as JSON: line 1"),
    "API, too many values": Case(413, "too_large", "/v1/incidents/{id}/notes", "POST",
                                 f"/v1/incidents/{NOBODY}/notes", b"[" + b"0," * 30_000 + b"0]", role("admin"),
                                 "more than 20000 values"),
    "API, a misspelled filter": Case(400, "bad_request", "/v1/incidents", "GET", "/v1/incidents?stauts=OPEN", None,
                                     role("viewer"), 'did you mean "status"?'),
    "no such path": Case(404, "no_route", "", "GET", "/v2/incidents"),
    "a method": Case(405, "wrong_method", "/sources/prom", "PUT", "/sources/prom", b"{}", SENDER, "; it takes POST"),
    "too large": Case(413, "body_too_large", "/v1/incidents/{id}/notes", "POST", f"/v1/incidents/{NOBODY}/notes",
                      b"x" * (300 << 10), role("admin"), "; it takes 262144 bytes"),
    "too large for a source": Case(413, "body_too_large", "/sources/prom", "POST", "/sources/prom",
                                   b"x" * (1100 << 10), SENDER, "; it takes 1048576 bytes"),
    "compressed": Case(415, "content_coding", "/sources/prom", "POST", "/sources/prom", b"{}",
                       {**SENDER, "Content-Encoding": "gzip"}, "without Content-Encoding"),
    "compressed, for a name that is none": Case(415, "content_coding", "/sources/{name}", "POST",
                                                "/sources/hunter2", b"{}", {"Content-Encoding": "gzip"}),
}
# What no client library sends: bytes, status, reason, route
RAW = {
    "line feeds alone": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400, "bare_lf", "/healthz"),
    "two lengths": (POST.format("/sources/prom").encode() + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400,
                    "many_lengths", "/sources/prom"),
    "a huge head": (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431, "head_too_large",
                    "/healthz"),
    "a huge path": (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "target_too_long", ""),
    "a method of its own": (b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unknown_method", ""),
    "a source without a length": (POST.format("/sources/prom").encode() + b"\r\n", 411, "length_required",
                                  "/sources/prom"),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "tls_hello", ""),
    "a bad chunk": (POST.format("/sources/prom?x=1").encode() + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
                    "bad_chunk_size", "/sources/prom"),
}


class Refused(Scenario):
    @classmethod
    def configure(cls, config: Config) -> None:
        """No ticket systems: other files are about them."""
        config["connectors"] = {"mail": config["connectors"]["mail"]}
        config["resources"]["response_plans"][0]["connectors"] = []
        config["sources"]["hmac"] = {"kind": "alertmanager", "response_plan": "web",
                                     "auth": {"kind": "hmac", "header": "X-Signature", "prefix": "sha256=",
                                              "secret": secret("HMAC_KEY")}}

    def raw(self, text: bytes) -> Response:
        """The only answer to these bytes; the server must close the connection after it."""
        with socket.create_connection(("127.0.0.1", self.app.port), 10) as s:
            s.sendall(text)
            got = b"".join(iter(lambda: s.recv(65536), b""))
        head, _, body = got.partition(b"\r\n\r\n")
        self.assertEqual(1, got.count(b"HTTP/1.1 "), got)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        return Response(int(head.split()[1]), fields, body)

    def metric(self, route: str, reason: str) -> int:
        text = http("GET", self.app.url + "/metrics").body.decode()
        labels = (f'route="{route}",' if route else "") + f'reason="{reason}"'
        found = re.search("^" + re.escape(f"tocsin_refused_total{{{labels}}}") + r" (\d+)$", text, re.M)
        return int(found[1]) if found else 0

    def lines(self, route: str, reason: str) -> list[str]:
        words = f" route={route or '-'} reason={reason} "
        return [line for line in self.app.log.read_text().splitlines() if words in line]

    def state(self) -> typing.Any:
        return [self.app.api("GET", path).json() for path in ("/v1/incidents", "/v1/quarantine", "/v1/deadletters")]


class Counted(Refused):
    def test_requests(self) -> None:
        self.open_one("untouched")
        before = self.state()
        for why, case in CASES.items():
            with self.subTest(why):
                count = self.metric(case.route, case.reason)
                answer = http(case.method, self.app.url + case.path, case.body, dict(case.headers))
                self.assertEqual(case.status, answer.status, answer.body)
                self.assertEqual(count + 1, self.metric(case.route, case.reason))
                eventually("it is told", lambda: self.lines(case.route, case.reason), 5)
                if case.says:
                    self.assertIn(case.says, answer.json()["error"]["message"])
        self.assertEqual(before, self.state(), "nothing changed")
        text = self.app.log.read_text()
        for secret in (SOURCE_TOKEN, GUESS, "not-the-secret", "not-a-token", "hunter2", *TOKENS.values()):
            self.assertNotIn(secret, text)

    def test_bytes(self) -> None:
        before = self.state()
        for why, (text, status, reason, route) in RAW.items():
            with self.subTest(why):
                count = self.metric(route, reason)
                self.assertEqual(status, self.raw(text).status)
                self.assertEqual(count + 1, self.metric(route, reason))
                eventually("it is told", lambda: self.lines(route, reason), 5)
        self.assertEqual(before, self.state(), "nothing changed")

    def test_a_delivery_is_counted_once(self) -> None:
        def results() -> list[str]:
            text = http("GET", self.app.url + "/metrics").body.decode()
            return re.findall(r'^tocsin_deliveries_total\{source="events",result="\w+"\} \d+$', text, re.M)
        self.assertEqual(403, http("POST", self.app.url + "/sources/events", b"{}").status)
        self.assertEqual(1, len(results()), "forbidden, and not unauthorized as well")

    def test_a_name_that_is_nearly_a_source(self) -> None:
        """The log names the source that was probably meant; the answer, which anybody may ask for, does not."""
        answer = http("POST", self.app.url + "/sources/prmo", b"{}")
        self.assertNotIn("prom", answer.json()["error"]["message"].replace("/sources/prmo", ""))

        def told() -> bool:
            http("POST", self.app.url + "/sources/prmo", b"{}")
            return "the nearest is prom" in self.app.log.read_text()
        eventually("it is told", told, 5)

    def test_a_loop_fills_no_disk_and_hides_nobody(self) -> None:
        wrong = {"Authorization": "Bearer another-wrong-secret"}
        count, n, began = self.metric("/sources/prom", "unauthorized"), 150, time.monotonic()
        lines = len(self.lines("/sources/prom", "unauthorized"))
        for _ in range(n):
            http("POST", self.app.url + "/sources/prom", b"{}", wrong)
        http("POST", self.app.url + "/sources/prom", b"{", SENDER)
        took = time.monotonic() - began
        self.assertEqual(count + n, self.metric("/sources/prom", "unauthorized"))
        self.assertLessEqual(len(self.lines("/sources/prom", "unauthorized")) - lines, took + 2)
        eventually("the other one is told", lambda: self.lines("/sources/prom", "malformed"), 5)

        def summed_up() -> bool:
            http("POST", self.app.url + "/sources/prom", b"{}", wrong)
            return any(" suppressed=" in line for line in self.lines("/sources/prom", "unauthorized"))
        eventually("what was left out is told", summed_up, 10)


    def test_a_topic_that_no_rule_knows_fills_no_log(self) -> None:
        """Every body is kept; a line a second says so, and how many it speaks for."""
        n, began, before = 120, time.monotonic(), self.app.log.read_text().count("delivery kept unread")

        def post() -> None:
            answer = http("POST", self.app.url + "/sources/prom", {"my": fresh("payload")}, SENDER)
            self.assertEqual(202, answer.status)
        for _ in range(n):
            post()
        took = time.monotonic() - began
        self.assertLessEqual(self.app.log.read_text().count("delivery kept unread") - before, took + 2)

        def summed_up() -> bool:
            post()
            return re.search(r"delivery kept unread.* suppressed=\d+", self.app.log.read_text()) is not None
        eventually("what was left out is told", summed_up, 10)


class Words(Refused):
    def test_a_key_that_is_there_twice(self) -> None:
        """Two proxies that each add it: neither is believed, and the answer says what to mend."""
        text = (POST.format("/sources/events") + f"X-Api-Key: {API_KEY}\r\nx-api-key: {API_KEY}\r\n"
                "Content-Length: 2\r\n\r\n{}").encode()
        with socket.create_connection(("127.0.0.1", self.app.port), 10) as s:
            s.sendall(text)
            got = s.recv(65536).decode()
        self.assertTrue(got.startswith("HTTP/1.1 400 "), got)
        self.assertIn("the header X-Api-Key is there more than once; send it once", got)
        self.assertNotIn(API_KEY, self.app.log.read_text())

    def test_nesting_is_no_question_of_size(self) -> None:
        answer = self.app.alarm("prom", b'{"a":' * 65 + b"1" + b"}" * 65)
        self.assertEqual(400, answer.status)
        self.assertIn("more than 64 levels of nesting", answer.json()["error"]["message"])

    def test_members_of_a_query(self) -> None:
        """A filter with a mistake lists nothing, rather than everything."""
        for path, field, says in (
                ("/v1/incidents?stauts=OPEN", "stauts", 'did you mean "status"?'),
                ("/v1/incidents?status=OPEN&status=RESOLVED", "status", "more than once"),
                ("/v1/incidents?status", "status", "write status=VALUE"),
                ("/v1/incidents?dedupe=" + "x" * 5000, "dedupe", "at most 4096 bytes"),
                ("/v1/links?conector=jira", "conector", 'did you mean "connector"?'),
                ("/v1/deadletters?page=x", "page", "use limit"),
                ("/v1/deadletters?next=x", "next", 'the "next" of an earlier answer'),
                ("/v1/quarantine?source=prom", "source", "use limit"),
                ("/v1/sources?limit=1", "limit", "leave it out"), ("/v1/nodes?x", "x", "leave it out"),
                (f"/v1/incidents/{NOBODY}?expand=1", "expand", "leave it out")):
            with self.subTest(path[:60]):
                answer = self.app.api("GET", path)
                self.assertEqual(400, answer.status, answer.body)
                error = answer.json()["error"]
                self.assertEqual(("bad_request", field), (error["code"], error["field"]))
                self.assertIn(says, error["message"])

    def test_a_command_takes_no_query(self) -> None:
        _, ident = self.open_one("query")
        answer = self.app.api("POST", f"/v1/incidents/{ident}/resolve?code=fixed")
        self.assertEqual((400, "code"), (answer.status, answer.json()["error"]["field"]))
        self.assertEqual("OPEN", self.app.incident(ident)["status"])

    def test_a_command_without_a_body(self) -> None:
        """curl -X POST sends no length at all."""
        _, ident = self.open_one("curl")
        head = POST.format(f"/v1/incidents/{ident}/acknowledge") + f"Authorization: Bearer {TOKENS['responder']}\r\n"
        for more in ("Content-Type: application/json\r\n\r\n", "\r\n{}"):
            answer = self.raw((head + more).encode())
            self.assertEqual(411, answer.status, "a body may be on its way")
            self.assertIn("curl -d ''", json.loads(answer.body)["error"]["message"])
        self.assertIsNone(self.app.incident(ident)["acknowledged"])
        answer = self.raw((head + "\r\n").encode())
        self.assertEqual((200, "close"), (answer.status, answer.headers["Connection"]))
        self.assertIsNotNone(self.app.incident(ident)["acknowledged"])

    def test_place_and_method_before_length(self) -> None:
        for path, status in (("/nowhere", 404), ("/v1/links", 405), ("/sources/prom", 411)):
            with self.subTest(path):
                self.assertEqual(status, self.raw((POST.format(path) + "\r\n").encode()).status)


if __name__ == "__main__":
    unittest.main()
