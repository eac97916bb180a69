"""A real SMTP server on loopback that keeps every mail and can fail by the fault script.

AUTH (PLAIN, LOGIN) is offered and checked, but not required unless `auth_required` is set.
"""
from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import re
import threading
import time
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from calls import CallLog
from faults import FaultScript, Rule
from vendor import PASSWORD, SMTP_USER, apply_settings
from wire import Request

# Asking for AUTH without TLS is this program's purpose; the library's log repeats each command.
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

MAX_MAIL_BYTES = 4 << 20
KEPT_MAILS = 20_000
LINK = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass
class Mail:
    id: int
    sender: str  # of the envelope
    to: list[str]  # of the envelope
    raw: str
    t_ms: float
    begun_ms: float  # when its sender began with it
    user: str  # who logged in, "" for nobody
    fault: str  # that its sender saw instead of an answer, or before it; "" for none
    parsed: EmailMessage = field(repr=False)

    def text(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        if not isinstance(part, EmailMessage):
            return ""
        return str(part.get_content()).replace("\r\n", "\n")

    def shown(self) -> dict[str, Any]:
        plain, html = self.text("plain"), self.text("html")
        links = list(dict.fromkeys(LINK.findall(plain) + LINK.findall(html)))
        header = self.parsed
        return {"id": self.id, "from": self.sender, "to": self.to, "user": self.user,
                "fault": self.fault,
                "header_from": str(header["From"] or ""), "header_to": str(header["To"] or ""),
                "subject": str(header["Subject"] or ""), "date": str(header["Date"] or ""),
                "message_id": str(header["Message-ID"] or ""), "text": plain, "html": html,
                "links": links, "raw": self.raw, "t_ms": round(self.t_ms, 3), "begun_ms": round(self.begun_ms, 3)}


@dataclass
class Settings:
    auth_required: bool = False


class Mailbox:
    """Starts its event loop in a thread; `url` is known after start()."""

    name = "smtp"

    def __init__(self, faults: FaultScript, calls: CallLog) -> None:
        self.faults = faults
        self.calls = calls
        self.lock = threading.Lock()
        self.mails: list[Mail] = []
        self.count = 0
        self.settings = Settings()
        self.connections: set[Connection] = set()
        self.loop = asyncio.new_event_loop()
        self.url = ""

    def start(self, port: int) -> None:
        self.server = self.loop.run_until_complete(
            self.loop.create_server(self._protocol, "127.0.0.1", port))
        self.url = f"smtp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.run_until_complete(self._close())
        self.loop.close()

    async def _close(self) -> None:
        """Ends the listener and every session that is still open."""
        self.server.close()
        for connection in list(self.connections):
            if connection.transport:
                connection.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.server.wait_closed()
        await asyncio.sleep(0)  # aborted sockets are closed in the loop's next round

    def reset(self) -> None:
        with self.lock:
            self.mails.clear()
            self.count = 0
            self.settings = Settings()

    def configure(self, wanted: dict[str, Any]) -> None:
        with self.lock:
            apply_settings(self.settings, wanted)

    def list(self, after: int = 0, word: str = "") -> list[dict[str, Any]]:
        """Those after that id, with that word in the subject."""
        with self.lock:
            mails = [mail for mail in self.mails if mail.id > after]
        return [mail.shown() for mail in mails if word in str(mail.parsed["Subject"] or "")]

    def _protocol(self) -> "Connection":
        return Connection(
            Handler(self), hostname="mail.sandbox.example", ident="Sandbox mail", timeout=60,
            loop=self.loop, auth_require_tls=False, authenticator=_authenticate,
            auth_required=self.settings.auth_required, data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True)

    def keep(self, envelope: Envelope, user: str, fault: str) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage), "that policy makes no other"
        with self.lock:
            self.count += 1
            self.mails.append(Mail(
                self.count, envelope.mail_from or "", list(envelope.rcpt_tos),
                raw.decode("utf-8", "replace"), time.monotonic() * 1000, envelope.begun_ms,  # type: ignore[attr-defined]
                user, fault, parsed))
            del self.mails[:-KEPT_MAILS]


class Connection(SMTP):
    """One client; known to the mail box while it is there, so that stop() can end it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.box.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.box.connections.discard(self)
        super().connection_lost(error)


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str,
                  data: Any) -> AuthResult:
    right = LoginPassword(SMTP_USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == right, handled=False, auth_data=SMTP_USER)


Apply = Callable[[str], Awaitable[str]]  # carries a command out, under a fault or none, and returns the reply


class Handler:
    """The hooks of one connection; each returns the reply line."""

    def __init__(self, box: Mailbox) -> None:
        self.box = box

    async def handle_MAIL(self, server: SMTP, _session: Session, envelope: Envelope, address: str,
                          _options: list[str]) -> str:
        envelope.begun_ms = time.monotonic() * 1000  # type: ignore[attr-defined]

        async def apply(_fault: str) -> str:
            envelope.mail_from = address  # type: ignore[assignment]
            return "250 2.1.0 sender ok"
        return await self._answer(server, "MAIL", address, apply)

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str,
                          _options: list[str]) -> str:
        async def apply(_fault: str) -> str:
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 recipient ok"
        return await self._answer(server, "RCPT", address, apply)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        async def apply(fault: str) -> str:
            self.box.keep(envelope, str(session.auth_data or ""), fault)
            return "250 2.0.0 kept"
        return await self._answer(server, "DATA", ",".join(envelope.rcpt_tos), apply)

    async def _answer(self, server: SMTP, command: str, path: str, apply: Apply) -> str:
        request = Request(command, path, path, {}, {}, b"")
        rule = self.box.faults.pick("smtp", command, path)
        reply = await (self._fault(server, rule, apply) if rule else apply(""))
        self.box.calls.add("smtp", request, int(reply[:3]), rule.action if rule else "")
        return reply

    async def _fault(self, server: SMTP, rule: Rule, apply: Apply) -> str:
        if rule.action == "status":
            retry = 4 if rule.status < 500 else 5
            return f"{rule.status} {retry}.0.0 scripted"
        if rule.action in ("delay", "drop_after_apply"):
            reply = await apply(rule.action)
        if rule.action in ("delay", "hang"):
            await asyncio.sleep(rule.ms / 1000)
        if rule.action == "delay":
            return reply
        assert server.transport is not None, "a hook runs on an open connection"
        if rule.action == "reset":
            server.transport.abort()
        server.transport.close()
        return "000 the client sees a closed connection"
