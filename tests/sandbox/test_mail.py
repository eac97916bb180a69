"""The mail box: what it keeps, AUTH, and its faults."""
from __future__ import annotations

import smtplib
import time
import unittest
from email.message import EmailMessage
from urllib.parse import urlsplit

from client import Process
from vendor import PASSWORD, SMTP_USER

BOX = Process()


def setUpModule() -> None:
    unittest.enterModuleContext(BOX)


def connect() -> smtplib.SMTP:
    parts = urlsplit(BOX.url["smtp"])
    return smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=5)


def letter(to: str = "alice@example.com", subject: str = "Überlast on web") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "tocsin@example.com", to, subject
    mail["Message-ID"] = "<page-1@tocsin.example>"
    mail.set_content("CPU is high.\nAcknowledge: http://127.0.0.1:8080/ack?t=abc\n.\nend\n")
    mail.add_alternative('<p>CPU <a href="http://127.0.0.1:8080/console">console</a></p>',
                         subtype="html")
    return mail


class Base(unittest.TestCase):
    def setUp(self) -> None:
        BOX.reset()


class Keeps(Base):
    def test_mail_is_parsed(self) -> None:
        with connect() as smtp:
            smtp.send_message(letter(), to_addrs=["alice@example.com", "bob@example.com"])
        mail, = BOX.mails()
        self.assertEqual("tocsin@example.com", mail["from"])
        self.assertEqual(["alice@example.com", "bob@example.com"], mail["to"])
        self.assertEqual("Überlast on web", mail["subject"])
        self.assertIn("CPU is high.\n", mail["text"])
        self.assertEqual(["http://127.0.0.1:8080/ack?t=abc", "http://127.0.0.1:8080/console"],
                         mail["links"])
        self.assertEqual("<page-1@tocsin.example>", mail["message_id"])
        self.assertIn("\r\n", mail["raw"])
        self.assertEqual("", mail["fault"])

    def test_several_mails_on_one_connection(self) -> None:
        with connect() as smtp:
            for n in range(3):
                smtp.send_message(letter(subject=f"page {n}"))
        self.assertEqual(["page 0", "page 1", "page 2"], [m["subject"] for m in BOX.mails()])
        later = BOX.admin("GET", f"/mails?after={BOX.mails()[1]['id']}")["mails"]
        self.assertEqual(["page 2"], [m["subject"] for m in later])
        found = BOX.admin("GET", "/mails?word=age+1")["mails"]
        self.assertEqual(["page 1"], [m["subject"] for m in found])

    def test_auth_is_optional_but_checked(self) -> None:
        with connect() as smtp:
            smtp.login(SMTP_USER, PASSWORD)
            smtp.send_message(letter())
        self.assertEqual(SMTP_USER, BOX.mails()[0]["user"])
        with connect() as smtp, self.assertRaises(smtplib.SMTPAuthenticationError):
            smtp.login(SMTP_USER, "wrong")

    def test_auth_required(self) -> None:
        BOX.admin("POST", "/settings", {"smtp": {"auth_required": True}})
        with connect() as smtp, self.assertRaises(smtplib.SMTPException):
            smtp.send_message(letter())
        self.assertEqual([], BOX.mails())


class Stop(unittest.TestCase):
    def test_stop_with_an_open_connection_leaves_nothing(self) -> None:
        for commands in ((), ("EHLO x", "MAIL FROM:<a@b>")):
            with self.subTest(commands), Process() as box:
                parts = urlsplit(box.url["smtp"])
                with smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=5) as smtp:
                    for command in commands:
                        smtp.docmd(command)
                    self.assertEqual((0, ""), (box.stop(), box.stderr()))
                    smtp.close()


class Faults(Base):
    def fault(self, action: str, **more: object) -> None:
        BOX.admin("POST", "/faults", [{"vendor": "smtp", "action": action} | more])

    def test_status_of_one_recipient(self) -> None:
        self.fault("status", method="RCPT", path_re="^bob@", status=550)
        with connect() as smtp:
            refused = smtp.send_message(letter(), to_addrs=["alice@example.com", "bob@example.com"])
        self.assertEqual([("bob@example.com", 550)], [(a, r[0]) for a, r in refused.items()])
        self.assertEqual(["alice@example.com"], BOX.mails()[0]["to"])

    def test_status_of_the_mail(self) -> None:
        self.fault("status", method="DATA", status=451)
        with connect() as smtp, self.assertRaises(smtplib.SMTPDataError):
            smtp.send_message(letter())
        self.assertEqual([], BOX.mails())
        self.assertEqual([250, 250, 451], [row["status"] for row in BOX.calls("smtp")])

    def test_drops(self) -> None:
        for action, kept in (("drop_before", 0), ("reset", 0), ("drop_after_apply", 1)):
            with self.subTest(action):
                BOX.reset()
                self.fault(action, method="DATA")
                smtp = connect()
                with self.assertRaises((smtplib.SMTPServerDisconnected, ConnectionError)):
                    smtp.send_message(letter())
                smtp.close()
                self.assertEqual([action] * kept, [mail["fault"] for mail in BOX.mails()])

    def test_delay_and_hang(self) -> None:
        self.fault("delay", method="MAIL", ms=120)
        start = time.monotonic()
        with connect() as smtp:
            smtp.send_message(letter())
        self.assertGreaterEqual(time.monotonic() - start, 0.12)
        self.assertGreaterEqual(BOX.mails()[0]["t_ms"] - BOX.mails()[0]["begun_ms"], 120)
        self.fault("hang", method="DATA", ms=50)
        smtp = connect()
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            smtp.send_message(letter())
        smtp.close()
        self.assertEqual(1, len(BOX.mails()))


if __name__ == "__main__":
    unittest.main()
