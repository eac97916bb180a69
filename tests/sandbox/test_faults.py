"""Every fault action, the counting of rules, the log of calls, and the HTTP reader itself."""
from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
import unittest
from typing import Any
from urllib.parse import urlsplit

from client import JIRA_AUTH, SNOW_AUTH, Answer, Process, call, eventually

BOX = Process()
INCIDENT = {"short_description": "web-cpu-high", "correlation_id": "tocsin:inc-1"}


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def create() -> Answer:
    return call("POST", BOX.url["servicenow"] + "/api/now/table/incident", INCIDENT,
                auth=SNOW_AUTH, timeout=5)


def fault(action: str, **more: Any) -> None:
    BOX.admin("POST", "/faults", [{"vendor": "servicenow", "method": "POST",
                                   "path_re": "/incident$", "action": action} | more])


class Actions(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()

    def assert_tickets(self, count: int) -> None:
        self.assertEqual(count, BOX.admin("GET", "/tickets")["counts"]["servicenow"])

    def test_drop_before_applies_nothing(self) -> None:
        fault("drop_before")
        with self.assertRaises(http.client.RemoteDisconnected):
            create()
        self.assert_tickets(0)

    def test_drop_after_apply_makes_the_ticket_and_loses_the_answer(self) -> None:
        fault("drop_after_apply")
        with self.assertRaises(http.client.RemoteDisconnected):
            create()
        self.assert_tickets(1)
        self.assertEqual([0], [row["status"] for row in BOX.calls("servicenow")])

    def test_reset_sends_rst(self) -> None:
        for apply, tickets in ((False, 0), (True, 1)):
            with self.subTest(apply=apply):
                fault("reset", apply=apply)
                with self.assertRaises(ConnectionResetError):
                    create()
                self.assert_tickets(tickets)

    def test_status_is_in_the_vendors_shape(self) -> None:
        fault("status", status=429, retry_after=2)
        answer = create()
        self.assertEqual(429, answer.status)
        self.assertEqual("2", answer.headers["retry-after"])
        self.assertIn("x-ratelimit-reset", answer.headers)
        self.assertEqual("failure", answer.json()["status"])
        self.assert_tickets(0)

    def test_status_after_apply(self) -> None:
        fault("status", status=500, apply=True)
        answer = create()
        self.assertEqual(500, answer.status)
        self.assertNotIn("retry-after", answer.headers)
        self.assert_tickets(1)

    def test_delay_holds_the_answer(self) -> None:
        fault("delay", ms=150)
        start = time.monotonic()
        self.assertEqual(201, create().status)
        self.assertGreaterEqual(time.monotonic() - start, 0.15)
        self.assert_tickets(1)

    def test_hold_is_carried_out_after_the_client_has_gone(self) -> None:
        fault("hold", ms=300)
        with self.assertRaises(TimeoutError):
            call("POST", BOX.url["servicenow"] + "/api/now/table/incident", INCIDENT,
                 auth=SNOW_AUTH, timeout=0.1)
        self.assert_tickets(0)
        until = time.monotonic() + 10
        while not BOX.admin("GET", "/tickets")["counts"]["servicenow"] and time.monotonic() < until:
            time.sleep(0.01)
        self.assert_tickets(1)

    def test_hang_never_answers_and_ends_with_the_client(self) -> None:
        fault("hang", ms=60_000)
        with self.assertRaises(TimeoutError):
            call("POST", BOX.url["servicenow"] + "/api/now/table/incident", INCIDENT,
                 auth=SNOW_AUTH, timeout=0.2)
        self.assert_tickets(0)

    def test_hang_closes_after_its_time(self) -> None:
        fault("hang", ms=50)
        with self.assertRaises(http.client.RemoteDisconnected):
            create()

    def test_interim_answers_come_before_the_true_one(self) -> None:
        for interims in (1, 3):
            with self.subTest(interims):
                BOX.reset()
                fault("100-continue", interims=interims)
                with self.connection() as sock:
                    sock.sendall(raw_create())
                    heads = sock.makefile("rb")
                    for _ in range(interims):
                        self.assertEqual([b"HTTP/1.1 100 Continue\r\n", b"\r\n"],
                                         [heads.readline(), heads.readline()])
                    self.assertEqual(b"HTTP/1.1 201 Created\r\n", heads.readline())
                    heads.close()
                self.assert_tickets(1)
                self.assertEqual([201], [row["status"] for row in BOX.calls("servicenow")])

    def test_nothing_comes_after_the_interim_answer(self) -> None:
        for apply, tickets in ((False, 0), (True, 1)):
            with self.subTest(apply=apply):
                fault("100-hang", ms=50, apply=apply)
                with self.connection() as sock:
                    sock.sendall(raw_create())
                    heads = sock.makefile("rb")
                    self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", heads.read(), "then it is closed")
                    heads.close()
                self.assert_tickets(tickets)
        self.assertEqual([0, 0], [row["status"] for row in BOX.calls("servicenow")])

    def test_garbage_is_no_json_under_the_true_status(self) -> None:
        fault("garbage")
        answer = create()
        self.assertEqual(201, answer.status)
        with self.assertRaises(ValueError):
            answer.json()
        self.assert_tickets(1)

    def test_html_page(self) -> None:
        for status in (200, 503):
            with self.subTest(status=status):
                fault("html", status=status)
                answer = create()
                self.assertEqual(status, answer.status)
                self.assertTrue(answer.headers["content-type"].startswith("text/html"))
        self.assert_tickets(0)

    def test_body_says_what_the_script_says(self) -> None:
        fault("body", status=200, body={"result": [], "error": {"message": "cancelled"}})
        self.assertEqual("cancelled", create().json()["error"]["message"])

    def test_slow_drip_arrives_whole_but_slowly(self) -> None:
        fault("slow_drip", ms=1)
        start = time.monotonic()
        answer = create()
        self.assertEqual("web-cpu-high", answer.json()["result"]["short_description"])
        self.assertGreater(time.monotonic() - start, 0.2)

    def test_truncate_ends_before_the_promised_length(self) -> None:
        fault("truncate")
        with self.assertRaises(http.client.IncompleteRead):
            create()
        self.assert_tickets(1)

    def test_hugeheaders(self) -> None:
        fault("hugeheaders", size_bytes=300_000)
        with self.connection() as sock:
            sock.sendall(raw_create())
            got = 0
            while got < 300_000:
                block = sock.recv(65536)
                self.assertTrue(block, "closed early")
                got += len(block)
        self.assert_tickets(1)

    def test_redirect(self) -> None:
        fault("redirect", url="http://127.0.0.1:9/elsewhere")
        answer = create()
        self.assertEqual((302, "http://127.0.0.1:9/elsewhere"),
                         (answer.status, answer.headers["location"]))
        self.assert_tickets(0)

    def test_gzipbomb_is_small_on_the_wire(self) -> None:
        fault("gzipbomb", size_bytes=8 << 20)
        answer = create()
        self.assertEqual((201, "gzip"), (answer.status, answer.headers["content-encoding"]))
        self.assertLess(len(answer.body), 16 << 10)
        inside = gzip.decompress(answer.body)
        self.assertGreaterEqual(len(inside), 8 << 20)
        self.assertEqual("web-cpu-high", json.loads(inside)["result"]["short_description"])
        self.assert_tickets(1)

    def test_dup_carries_the_call_out_again(self) -> None:
        for copies, more in ((2, {}), (3, {"copies": 3})):
            with self.subTest(copies):
                BOX.reset()
                fault("dup", **more)
                number = create().json()["result"]["number"]
                self.assert_tickets(copies)
                self.assertEqual(number, BOX.tickets("servicenow")[-1]["key"], "the last one is answered")
                self.assertEqual(1, len(BOX.calls("servicenow")), "it was one call")

    def test_copies_whose_answer_is_lost(self) -> None:
        fault("drop_after_apply", copies=2)
        with self.assertRaises(http.client.RemoteDisconnected):
            create()
        self.assert_tickets(2)

    def titled(self, title: str) -> threading.Thread:
        thread = threading.Thread(target=call, kwargs={
            "method": "POST", "url": BOX.url["servicenow"] + "/api/now/table/incident",
            "body": INCIDENT | {"short_description": title}, "auth": SNOW_AUTH})
        thread.start()
        return thread

    def seen(self, count: int) -> bool:
        return bool(BOX.admin("GET", "/faults")["faults"][0]["seen"] == count)

    def test_reorder_lets_the_next_call_overtake(self) -> None:
        fault("reorder", ms=60_000)
        first = self.titled("first")
        eventually(lambda: self.seen(1))
        self.assert_tickets(0)
        second = self.titled("second")
        for thread in (first, second):
            thread.join(5)
            self.assertFalse(thread.is_alive())
        self.assertEqual(["second", "first"], [row["title"] for row in BOX.tickets("servicenow")])
        self.assertEqual(["second", "first"], [row["body"]["short_description"]
                                               for row in BOX.calls("servicenow")])

    def test_reorder_does_not_wait_for_ever(self) -> None:
        fault("reorder", ms=50)
        self.assertEqual(201, create().status)
        fault("reorder", ms=60_000, nth=1)
        held = self.titled("held")
        eventually(lambda: BOX.admin("GET", "/faults")["faults"][1]["seen"])
        BOX.admin("DELETE", "/faults")
        held.join(5)
        self.assertFalse(held.is_alive())
        self.assert_tickets(2)

    def connection(self) -> socket.socket:
        parts = urlsplit(BOX.url["servicenow"])
        return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)


def raw_create() -> bytes:
    body = b'{"short_description": "raw"}'
    return (b"POST /api/now/table/incident HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: " + SNOW_AUTH.encode() + b"\r\nContent-Length: "
            + str(len(body)).encode() + b"\r\n\r\n" + body)


class Rules(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()

    def test_nth_and_times(self) -> None:
        fault("status", nth=2, times=2, status=503)
        self.assertEqual([201, 503, 503, 201], [create().status for _ in range(4)])
        rule, = BOX.admin("GET", "/faults")["faults"]
        self.assertEqual((4, 2), (rule["seen"], rule["struck"]))

    def test_a_share_of_the_calls_is_drawn_from_the_seed(self) -> None:
        def struck(seed: int) -> list[bool]:
            BOX.reset()
            fault("status", times=0, percent=30, seed=seed)
            return [create().status == 503 for _ in range(200)]
        once = struck(7)
        self.assertTrue(35 <= sum(once) <= 85, sum(once))
        self.assertEqual(once, struck(7))
        self.assertNotEqual(once, struck(8))

    def test_times_zero_is_for_ever_and_delete_ends_it(self) -> None:
        fault("status", times=0)
        self.assertEqual([503] * 5, [create().status for _ in range(5)])
        BOX.admin("DELETE", "/faults")
        self.assertEqual(201, create().status)

    def test_vendor_method_and_path_choose(self) -> None:
        BOX.admin("POST", "/faults", [
            {"vendor": "jira", "path_re": "/myself$", "action": "status", "status": 500},
            {"vendor": "servicenow", "method": "PATCH", "action": "drop_before"}])
        self.assertEqual(201, create().status)
        base = BOX.url["jira"] + "/rest/api/3"
        self.assertEqual(200, call("GET", base + "/serverInfo", auth=JIRA_AUTH).status)
        self.assertEqual(500, call("GET", base + "/myself", auth=JIRA_AUTH).status)
        self.assertEqual(200, call("GET", base + "/myself", auth=JIRA_AUTH).status)

    def test_first_rule_that_strikes_wins_and_all_count(self) -> None:
        fault("status", status=500)
        fault("status", status=502, times=2)
        self.assertEqual([500, 502, 201], [create().status for _ in range(3)])

    def test_bad_scripts_are_refused_whole(self) -> None:
        good = {"vendor": "jira", "action": "reset"}
        for name, bad in (
            ("no list", good), ("unknown vendor", [good, good | {"vendor": "zendesk"}]),
            ("unknown action", [good | {"action": "explode"}]),
            ("unknown member", [good | {"when": "now"}]), ("nth 0", [good | {"nth": 0}]),
            ("percent 0", [good | {"percent": 0}]),
            ("no interim", [good | {"action": "100-continue", "interims": 0}]),
            ("type", [good | {"times": "2"}]), ("regex", [good | {"path_re": "("}]),
            ("no HTTP fault for SMTP", [{"vendor": "smtp", "action": "html"}]),
            ("no doors of SMTP", [{"vendor": "smtp", "action": "refuse"}]),
            ("too many copies", [good | {"action": "dup", "copies": 1000}]),
        ):
            with self.subTest(name):
                answer = call("POST", BOX.url["admin"] + "/faults", bad)
                self.assertEqual(400, answer.status)
                self.assertTrue(answer.json()["error"])
        self.assertEqual([], BOX.admin("GET", "/faults")["faults"])


class Calls(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()

    def test_log_has_method_path_status_time_and_body(self) -> None:
        fault("status", nth=2)
        create(), create()
        first, second = BOX.calls("servicenow")
        self.assertEqual(("POST", "/api/now/table/incident", 201, "", INCIDENT),
                         tuple(first[n] for n in ("method", "path", "status", "fault", "body")))
        self.assertEqual((503, "status"), (second["status"], second["fault"]))
        self.assertLess(first["t_ms"], second["t_ms"])
        self.assertEqual([], BOX.calls("jira"))

    def test_no_secret_in_the_log(self) -> None:
        create()
        self.assertNotIn(SNOW_AUTH.split()[1], str(BOX.calls()))


class Reader(unittest.TestCase):
    """The HTTP reader, over a raw socket."""

    def setUp(self) -> None:
        BOX.reset()
        parts = urlsplit(BOX.url["servicenow"])
        self.sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)
        self.addCleanup(self.sock.close)
        self.file = self.sock.makefile("rb")
        self.addCleanup(self.file.close)

    def answer(self) -> tuple[int, bytes]:
        status = int(self.file.readline().split()[1])
        length = 0
        while (line := self.file.readline().strip()):
            name, value = line.split(b":", 1)
            length = int(value) if name.lower() == b"content-length" else length
        return status, self.file.read(length)

    def test_keep_alive_and_pipelining(self) -> None:
        self.sock.sendall(raw_create() * 3)
        self.assertEqual([201] * 3, [self.answer()[0] for _ in range(3)])

    def test_chunked_body(self) -> None:
        head = raw_create().split(b"\r\n\r\n")[0].replace(b"Content-Length: 28",
                                                          b"Transfer-Encoding: chunked")
        self.sock.sendall(head + b'\r\n\r\n8\r\n{"short_\r\n14\r\ndescription": "raw"}\r\n0\r\n\r\n')
        self.assertEqual(201, self.answer()[0])

    def test_expect_continue(self) -> None:
        head, body = raw_create().split(b"\r\n\r\n")
        self.sock.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(100, int(self.file.readline().split()[1]))
        self.file.readline()
        self.sock.sendall(body)
        self.assertEqual(201, self.answer()[0])

    def test_bad_requests_are_400_and_closed(self) -> None:
        self.sock.sendall(b"what is this\r\nHost: x\r\n\r\n")
        self.assertEqual(400, self.answer()[0])
        self.assertEqual(b"", self.file.read())


if __name__ == "__main__":
    unittest.main()
