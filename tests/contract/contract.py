"""Contract tests: the sandbox behind prism, which checks each request and each answer.

    client -> recorder -> prism proxy --errors -> sandbox

prism answers 422 to a request that breaks the vendor's document and 500 when the sandbox's answer
does.  The recorder before it keeps every such answer and runs the checks of own_checks.py, so that a
client which knows nothing of prism (the tocsin binary) can be tested too:

    with Proxies(openapi_folder()) as proxies:
        drive(proxies.url["jira"], ...)      # leaving the block fails on any violation

An answer that the sandbox drops, prism turns into a 500 of its own; the recorder drops it again.
"""
from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sandbox"))

from client import Process, eventually  # noqa: E402
from own_checks import check  # noqa: E402
from wire import Exchange, HttpServer, Peer, Request, Response  # noqa: E402
from documents import FILES, prepare  # noqa: E402

PRISM = HERE / "node_modules" / ".bin" / "prism"
PRISM_ERRORS = "https://stoplight.io/prism/errors#"
NO_ANSWER = b'{"type":"FetchError"'  # how prism's answer begins when its upstream gave none
LISTENING = re.compile(r"Prism is listening on (http://\S+)")
START_S, STOP_S = 90.0, 10.0
SKIPPED = 77  # CTest's SKIP_RETURN_CODE
HOP_BY_HOP = ("connection", "content-length", "host", "keep-alive", "transfer-encoding")


def missing() -> str:
    """"" when the contract tests can run, else what to do."""
    folder = os.environ.get("TOCSIN_OPENAPI", "")
    if not folder:
        return "set TOCSIN_OPENAPI to the folder with the vendors' OpenAPI documents"
    absent = [name for name in FILES.values() if not (Path(folder) / name).is_file()]
    if absent:
        return f"TOCSIN_OPENAPI has no {', '.join(absent)}"
    if not PRISM.exists():
        return "run 'npm ci' in tests/contract"
    return ""


def skip_if_missing() -> None:
    """Ends the program as skipped when something is missing."""
    if reason := missing():
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)


def openapi_folder() -> Path:
    return Path(os.environ["TOCSIN_OPENAPI"])


@dataclass
class Violation:
    vendor: str
    method: str
    target: str
    what: str  # prism's title, or "own check"
    details: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.vendor}: {self.method} {self.target}: {self.what}", *self.details]
        return "\n    ".join(lines)


class Prism:
    """One `prism proxy --errors`; start several, then wait for each."""

    def __init__(self, document: Path, upstream: str, log: Path) -> None:
        self.log = log
        environment = {k: v for k, v in os.environ.items() if k != "NODE_ENV"}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [str(PRISM), "proxy", "-h", "127.0.0.1", "-p", "0", "--errors", str(document),
                 upstream], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment, cwd=HERE)

    def _address(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        if self.process.poll() is not None:
            raise RuntimeError(f"prism ended: {text}")
        match = LISTENING.search(text)
        return match[1] if match else ""

    def wait(self) -> str:
        """Its address."""
        return eventually(self._address, START_S)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def forward(request: Request, base: str) -> Response:
    """The answer of the server at `base` to the same request."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        headers = {n: v for n, v in request.headers.items() if n not in HOP_BY_HOP}
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        body = answer.read()
        kept = {n: v for n, v in answer.getheaders()
                if n.lower() not in (*HOP_BY_HOP, "content-type")}
        return Response(answer.status, body, answer.getheader("Content-Type") or "", kept)
    finally:
        connection.close()


def prism_details(response: Response) -> tuple[str, list[str]]:
    """(title, violations) when prism itself answered, else ("", [])."""
    if response.status < 400 or PRISM_ERRORS.encode() not in response.body:
        return "", []
    problem: dict[str, Any] = json.loads(response.body)
    rows = problem.get("validation") or []
    details = [f"{'.'.join(map(str, row['location']))}: {row['message']}" for row in rows]
    return str(problem.get("title", "")), details or [str(problem.get("detail", ""))]


class Proxies:
    """The sandbox (`box`) and one recorded prism per vendor (`url`)."""

    def __init__(self, openapi: Path) -> None:
        self.openapi = openapi
        self.box = Process()
        self.url: dict[str, str] = {}
        self.violations: list[Violation] = []
        self.requests: list[tuple[str, Request]] = []  # (vendor, request)
        self.lock = threading.Lock()
        self.prisms: dict[str, Prism] = {}
        self.recorders: list[HttpServer] = []

    def __enter__(self) -> "Proxies":
        self.folder = tempfile.TemporaryDirectory(prefix="tocsin-contract-")
        try:
            self._start()
        except BaseException:
            self._stop()
            if self.box.url:
                self.box.stop()
            raise
        return self

    def _start(self) -> None:
        out = Path(self.folder.name)
        self.box.__enter__()
        for vendor in FILES:
            document = prepare(self.openapi, vendor, out)
            self.prisms[vendor] = Prism(document, self.box.url[vendor], out / f"{vendor}.log")
        for vendor, prism in self.prisms.items():
            recorder = HttpServer(self._recorder(vendor, prism.wait()))
            recorder.start()
            self.recorders.append(recorder)
            self.url[vendor] = recorder.url

    def _stop(self) -> None:
        for recorder in self.recorders:
            recorder.stop()
        for prism in self.prisms.values():
            prism.stop()
        self.folder.cleanup()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stop()
        self.box.__exit__(kind, value, trace)
        if kind is None:
            self.check()

    def check(self) -> None:
        """AssertionError with every violation since the start or the last take()."""
        if found := self.take():
            raise AssertionError("\n".join(map(str, found)))

    def take(self) -> list[Violation]:
        with self.lock:
            found, self.violations = self.violations, []
        return found

    def _recorder(self, vendor: str, prism: str) -> Exchange:
        def exchange(request: Request, peer: Peer) -> bool:
            wrong = check(vendor, request)
            response = forward(request, prism)
            title, details = prism_details(response)
            with self.lock:
                self.requests.append((vendor, request))
                for what, rows in (("own check", wrong), (title, details)):
                    if rows:
                        self.violations.append(Violation(vendor, request.method, request.target,
                                                         what, rows))
            if response.status == 500 and response.body.startswith(NO_ANSWER):
                return False
            peer.send(response.render())
            return True

        return exchange
