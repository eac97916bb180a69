"""Certificates for tests, made by the openssl command and thrown away with their folder."""
from __future__ import annotations

import pathlib
import subprocess
import typing

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-newkey", "rsa:2048")
LOCAL = "DNS:localhost,IP:127.0.0.1"


def openssl(*words: str | pathlib.Path) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")
    return done.stdout


class Pair(typing.NamedTuple):
    cert: pathlib.Path
    key: pathlib.Path

    def copy_to(self, other: "Pair") -> None:
        """In place of the other, as a renewal does it."""
        for mine, others in zip(self, other):
            others.write_bytes(mine.read_bytes())


def pair_in(folder: pathlib.Path, name: str) -> Pair:
    return Pair(folder / f"{name}.pem", folder / f"{name}-key.pem")


class Authority:
    """A certificate authority; its own certificate is `pair.cert`."""

    def __init__(self, folder: pathlib.Path, name: str = "ca") -> None:
        self.folder, self.name, self.pair = folder, name, pair_in(folder, name)
        openssl("req", "-x509", *EC, "-noenc", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.pair.key,
                "-out", self.pair.cert, "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, name: str, *, alt: str = LOCAL, usage: str = "serverAuth", days: int = 2,
              kind: tuple[str, ...] = EC) -> Pair:
        """Negative days: it has expired."""
        pair, request = pair_in(self.folder, name), self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"basicConstraints=CA:FALSE\nsubjectAltName={alt}\nextendedKeyUsage={usage}\n")
        openssl("req", "-new", *kind, "-noenc", "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.pair.cert, "-CAkey", self.pair.key, "-CAcreateserial",
                "-days", str(days), "-extfile", extensions, "-out", pair.cert)
        return pair


def self_signed(folder: pathlib.Path, name: str, alt: str = LOCAL) -> Pair:
    """What a machine makes for itself on its first day."""
    pair = pair_in(folder, name)
    openssl("req", "-x509", *EC, "-noenc", "-days", "2", "-subj", f"/CN={name}", "-keyout", pair.key,
            "-out", pair.cert, "-addext", f"subjectAltName={alt}")
    return pair


def sandbox_certificates(folder: pathlib.Path) -> pathlib.Path:
    """Those that the sandbox wants for its option --tls, in `folder`; the certificate of who vouches for them."""
    ca = Authority(folder)
    ca.issue("good")
    ca.issue("expired", days=-1)
    ca.issue("wronghost", alt="DNS:jira.example.com")
    self_signed(folder, "selfsigned")
    return ca.pair.cert
