"""The way to a vendor: what can be wrong before a call is heard.

A door is the listener of a vendor.  It can refuse connections, and with certificates at hand it takes
TLS beside plain HTTP, at the same port: good TLS, or one that a client must not accept.
"""
from __future__ import annotations

import ssl
import warnings
from pathlib import Path

from wire import HttpServer

GOOD, OLD = "", "v1.0"
TLS_KINDS = ("expired", "wronghost", "selfsigned", OLD)


class Certificates:
    """Of a folder with NAME.pem and NAME-key.pem: `good` and each of TLS_KINDS but OLD, which is the good one in an
    old version of TLS."""

    def __init__(self, folder: Path) -> None:
        self.contexts = {kind: _context(folder, "good" if kind in (GOOD, OLD) else kind)
                         for kind in (GOOD, *TLS_KINDS)}
        old = self.contexts[OLD]
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():  # of an old version, which is the point
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1


def _context(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}-key.pem")
    return context


class Doors:
    def __init__(self, certificates: Certificates | None = None) -> None:
        self.certificates = certificates
        self.servers: dict[str, HttpServer] = {}

    def check(self, action: str) -> None:
        """ValueError when a fault needs what is not there."""
        if action == "tls" and not self.certificates:
            raise ValueError("tls needs certificates: start the sandbox with --tls FOLDER")

    def refuse(self, vendor: str, seconds: float) -> None:
        self.servers[vendor].refuse(seconds)

    def hang_up(self, vendor: str) -> None:
        self.servers[vendor].hang_up()

    def listen(self) -> None:
        """Everybody listens again."""
        for server in self.servers.values():
            server.listen()
