#!/usr/bin/python3
"""The sandbox: ServiceNow, Jira Cloud, PagerDuty (REST and Events v2) and a mail box on loopback.

One process.  Prints one line of JSON with its addresses when it is ready, stops on SIGTERM or SIGINT.
See README.md for credentials, the fault script and the admin port.
"""
from __future__ import annotations

import argparse
import json
import signal
import ssl
import sys
import time
import traceback
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import IO, Any

from admin import Admin
from calls import CallLog
from doors import Certificates, Doors
from faults import FaultScript, Rule, enact
from jira import Jira
from mail import Mailbox
from pagerduty import PagerDuty
from pagerduty_events import PagerDutyEvents
from servicenow import ServiceNow
from vendor import Vendor
from wire import Exchange, HttpServer, Peer, Request, Response


ENDING = {signal.SIGTERM, signal.SIGINT}


class Sandbox:
    def __init__(self, port_base: int = 0, calls_file: IO[str] | None = None,
                 certificates: Certificates | None = None) -> None:
        self.calls = CallLog(calls_file)
        self.certificates = certificates
        self.doors = Doors(certificates)
        self.faults = FaultScript(self.doors)
        self.mail = Mailbox(self.faults, self.calls)
        self.account = PagerDuty()
        played: list[Vendor] = [ServiceNow(), Jira(), self.account, PagerDutyEvents(self.account)]
        self.vendors = {vendor.name: vendor for vendor in played}
        self.port_base = port_base
        self.servers: list[HttpServer] = []
        self.urls: dict[str, str] = {}

    def _port(self, n: int) -> int:
        return self.port_base + n if self.port_base else 0

    def start(self) -> None:
        """Opens every port, then serves."""
        fronts = {name: self._front(vendor) for name, vendor in self.vendors.items()}
        fronts["admin"] = Admin(self).exchange
        for n, (name, exchange) in enumerate(fronts.items()):
            server = HttpServer(exchange, self._port(n), self._tls(name))
            self.urls[name] = server.url
            self.servers.append(server)
            if name in self.vendors:
                self.doors.servers[name] = server
        self.mail.start(self._port(len(fronts)))
        self.urls["smtp"] = self.mail.url
        for name, vendor in self.vendors.items():
            vendor.base_url = self.urls[name]
            vendor.page_url = self.urls["admin"] + "/"
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        for server in self.servers:
            server.stop()
        self.mail.stop()

    def reset(self) -> None:
        self.faults.clear()
        for vendor in self.vendors.values():
            vendor.reset()
        self.mail.reset()
        self.calls.reset()

    def configurable(self) -> dict[str, Any]:
        parts: dict[str, Any] = dict(self.vendors) | {"smtp": self.mail}
        del parts["pagerduty_events"]  # its settings are the account's
        return parts

    def _tls(self, name: str) -> Callable[[], ssl.SSLContext] | None:
        """Chooses what a vendor shows to a client that begins with TLS; None: it speaks none."""
        if not self.certificates or name not in self.vendors:
            return None
        contexts = self.certificates.contexts
        return lambda: contexts[self.faults.pick_tls(name)]

    def _front(self, vendor: Vendor) -> Exchange:
        """Answers a vendor's calls: by the fault script where it strikes, and logs them."""

        def exchange(request: Request, peer: Peer) -> bool:
            rule = self.faults.pick(vendor.name, request.method, request.path)
            try:
                return struck(rule, request, peer) if rule else answered(request, peer)
            finally:
                self.faults.was_answered(vendor.name, request.method, request.path)

        def struck(rule: Rule, request: Request, peer: Peer) -> bool:
            if rule.action == "reorder":
                self.faults.await_overtaking(rule)
            return enact(rule, vendor, request, peer, lambda status: self.calls.add(
                vendor.name, request, status, rule.action))

        def answered(request: Request, peer: Peer) -> bool:
            response = _handled(vendor, request)
            self.calls.add(vendor.name, request, response.status)  # before the client can ask
            peer.send(response.render())
            return True

        return exchange


def _handled(vendor: Vendor, request: Request) -> Response:
    try:
        response = vendor.handle(request)
        if ahead := getattr(vendor.settings, "clock_ahead_s", 0):
            response.headers["Date"] = formatdate(time.time() + ahead, usegmt=True)
        return response
    except Exception:  # a bug of the sandbox: Process (client.py) fails the test that meets it
        traceback.print_exc(file=sys.stderr)
        return vendor.failure(500, None, "")


def certificates(folder: str) -> Certificates:
    try:
        return Certificates(Path(folder))
    except OSError as exc:
        raise argparse.ArgumentTypeError(f"no certificates in {folder}: {exc}") from exc


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port-base", type=int, default=0,
                        help="first of six ports in a row (default 0: free ones)")
    parser.add_argument("--calls-log", help="append every call to this file, one JSON object a line")
    parser.add_argument("--tls", type=certificates, metavar="FOLDER",
                        help="vendors speak TLS beside HTTP, with the certificates of that folder")
    options = parser.parse_args()
    log = open(options.calls_log, "a", encoding="utf-8") if options.calls_log else None
    # Blocked before the first thread starts, taken by sigwait: a handler could run unnoticed
    # between the main thread's last look at it and its sleep.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    box = Sandbox(options.port_base, log, options.tls)
    try:
        box.start()
    except OSError as exc:
        print(f"sandbox: cannot listen: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(box.urls), flush=True)
    signal.sigwait(ENDING)
    box.stop()
    if log:
        log.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
