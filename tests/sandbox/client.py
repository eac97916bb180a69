"""For Python tests: runs the sandbox as a process, calls the vendors and the admin port.

    with Process() as box:
        box.admin("POST", "/faults", [{"vendor": "jira", "action": "reset"}])
        answer = call("GET", box.url["jira"] + "/rest/api/3/myself", auth=JIRA_AUTH)
"""
from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from vendor import JIRA_TOKEN, JIRA_USER, PASSWORD, PD_FROM, PD_KEY, USER

T = TypeVar("T")
PROGRAM = Path(__file__).with_name("sandbox.py")
START_S, STOP_S = 20.0, 10.0


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


SNOW_AUTH = basic(USER, PASSWORD)
JIRA_AUTH = basic(JIRA_USER, JIRA_TOKEN)
PD_AUTH = f"Token token={PD_KEY}"
PD_HEADERS = {"From": PD_FROM}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def call(method: str, url: str, body: Any = None, *, auth: str = "",
         headers: dict[str, str] | None = None, timeout: float = 10.0) -> Answer:
    """One HTTP call; a body that is no bytes goes out as JSON."""
    parts = urlsplit(url)
    sent = {"Accept": "application/json"} | (headers or {})
    if auth:
        sent["Authorization"] = auth
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""),
                           data, sent)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    finally:
        connection.close()


def eventually(probe: Callable[[], T], seconds: float = 10.0) -> T:
    """Asks `probe` until it says something true; AssertionError when it never does."""
    end = time.monotonic() + seconds
    while not (value := probe()):
        if time.monotonic() > end:
            raise AssertionError(f"nothing came within {seconds} s")
        time.sleep(0.01)
    return value


class Process:
    """The sandbox as a process of its own; leaving the block stops it and fails on its bugs."""

    def __init__(self, *options: str) -> None:
        self.options = options
        self.url: dict[str, str] = {}

    def __enter__(self) -> "Process":
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-W", "error", str(PROGRAM), *self.options],
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(STOP_S)
            raise RuntimeError(f"the sandbox did not start: {self.stderr()}")
        self.url = json.loads(line)
        return self

    def __exit__(self, kind: type[BaseException] | None, _value: BaseException | None,
                 _trace: TracebackType | None) -> None:
        status = self.stop()
        errors = self.stderr()
        self.errors.close()
        if kind is None and (status or "Traceback" in errors):
            raise AssertionError(f"the sandbox ended with {status}: {errors}")

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -9
        finally:
            if self.process.stdout:
                self.process.stdout.close()

    def stderr(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the admin port; AssertionError unless it answers 2xx."""
        answer = call(method, self.url["admin"] + path, body)
        if answer.status // 100 != 2:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body!r}")
        return answer.json() if answer.body else None

    def tickets(self, vendor: str = "") -> list[dict[str, Any]]:
        return self.admin("GET", f"/tickets?vendor={vendor}")["tickets"]

    def calls(self, vendor: str = "") -> list[dict[str, Any]]:
        return self.admin("GET", f"/calls?vendor={vendor}")["calls"]

    def mails(self) -> list[dict[str, Any]]:
        return self.admin("GET", "/mails")["mails"]

    def reset(self) -> None:
        self.admin("POST", "/reset")
