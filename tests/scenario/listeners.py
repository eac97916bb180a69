"""What listens where Tocsin must not, or may, call: every connection and every byte of it is remembered."""
from __future__ import annotations

import socket
import ssl
import threading
import warnings

from certs import Pair

MANY = 1000  # bytes, lines, connections that a test may cause


def server_context(pair: Pair, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    if newest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():  # of an old version, which is the point
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = newest
    return context


class Listener:
    """On every address of this machine, IPv4 and IPv6, at one port, a free one by default; in TLS when it has a context."""

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.context = context
        self.reached: list[str] = []  # the address that was called, a connection
        self.heard: list[bytes] = []  # what was said to us, after a handshake if there is one
        self.socket = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def close(self) -> None:
        """Ends the thread, too."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def run(self) -> None:
        for _ in range(MANY):
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.reached.append(str(link.getsockname()[0]).removeprefix("::ffff:"))
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link: socket.socket) -> None:
        link.settimeout(20)
        try:
            if self.context:
                link = self.context.wrap_socket(link, server_side=True)
            self.talk(link)
        except OSError:  # a handshake that the client broke off, too
            pass
        finally:
            link.close()

    def talk(self, link: socket.socket) -> None:
        """HTTP: a request is heard and answered with an error."""
        self.heard.append(link.recv(65536))
        link.sendall(self.answer())

    def answer(self) -> bytes:
        return b"HTTP/1.1 500 Not here\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class RedirectListener(Listener):
    """Sends every request elsewhere."""

    def __init__(self, status: int, url: str) -> None:
        self.head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {url}\r\n"
        super().__init__()

    def answer(self) -> bytes:
        return self.head.encode() + b"Content-Length: 0\r\nConnection: close\r\n\r\n"


class MailListener(Listener):
    """A mail server that takes everything and offers no STARTTLS."""

    def talk(self, link: socket.socket) -> None:
        link.sendall(b"220 mail ESMTP\r\n")
        with link.makefile("rb") as lines:
            for line in lines:
                self.heard.append(line)
                link.sendall(b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")
