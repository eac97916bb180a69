"""Starts real processes on loopback for scenario tests: Tocsin, the sandbox, a clean end for all of them."""
from __future__ import annotations

import base64
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import typing
import unittest
import urllib.error
import urllib.request
from urllib.parse import urlencode

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import postgres  # noqa: E402
import stores  # noqa: E402
from ports import free_port  # noqa: E402

BINARY = pathlib.Path(os.environ.get("TOCSIN_BINARY", ROOT / "build/dev/tocsin"))
TOKENS = {role: f"test-{role}-0123456789abcdef" for role in ("viewer", "responder", "manager", "admin")}
NAMESPACES_MARK = "TOCSIN_TEST_NAMESPACES"
OWN_NAMESPACES = NAMESPACES_MARK in os.environ
SKIPPED = 77  # CTest's SKIP_RETURN_CODE
SOURCE_TOKEN = "test-source-0123456789abcdef"
# sqlite, or postgres: a scenario is the same on both.
STORE = os.environ.get("TOCSIN_TEST_STORE", "sqlite")
SQLITE = "sqlite:tocsin.db"
# Of a class or a method that has nothing to repeat on PostgreSQL.
of_sqlite = unittest.skipIf(STORE == "postgres", "it is about SQLite's file")
of_no_store = unittest.skipIf(STORE == "postgres", "no store is opened: it ran already")


class Failure(AssertionError):
    """A condition that did not become true, with what was seen last."""


def in_namespaces(*kinds: str) -> bool:
    """Runs this program again in namespaces of its own (words of unshare(1)), so that no mount and no address outlives
    it, however it ends. True in that second run; False when there is no right to it."""
    if OWN_NAMESPACES:
        return True
    words = ["unshare", *kinds]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        return False
    os.environ[NAMESPACES_MARK] = "1"
    os.execvp(words[0], [*words, sys.executable, *sys.orig_argv[1:]])


def eventually(what: str, check: typing.Callable[[], typing.Any], timeout: float = 20.0) -> typing.Any:
    """Asks until check() is true; its last value or error is part of the failure."""
    end = time.monotonic() + timeout
    seen: typing.Any = None
    pause = 0.01
    while time.monotonic() < end:
        try:
            seen = check()
            if seen:
                return seen
        except (OSError, KeyError, IndexError, Failure) as error:
            seen = error
        time.sleep(pause)
        pause = min(pause * 1.2, 0.1)  # a question is work for all three: the test, the sandbox and Tocsin
    raise Failure(f"{what}: not within {timeout:.0f} s; last seen: {seen!r}")


class Response(typing.NamedTuple):
    status: int
    headers: typing.Mapping[str, str]
    body: bytes

    def json(self) -> typing.Any:
        return json.loads(self.body)


def http(method: str, url: str, body: typing.Any = None, headers: dict[str, str] | None = None,
         timeout: float = 10.0, context: ssl.SSLContext | None = None) -> Response:
    """One request; any HTTP status is an answer, only a broken connection raises OSError."""
    raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=raw, method=method, headers=headers or {})
    if raw is not None and "Content-type" not in request.headers:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            return Response(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, error.headers, error.read())


class Process:
    """A child that is killed by its id at the end, and by the kernel when this program ends first; its errors are
    in a file."""

    def __init__(self, argv: list[str], log: pathlib.Path, env: dict[str, str] | None = None,
                 cwd: pathlib.Path | None = None) -> None:
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], stdout=subprocess.PIPE,
                                          stderr=out, cwd=cwd, env={**os.environ, **(env or {})},
                                          stdin=subprocess.DEVNULL)

    def ready_line(self) -> str:
        line = self.child.stdout.readline().decode() if self.child.stdout else ""
        if not line:
            raise Failure(f"process ended early:\n{self.tail()}")
        return line

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self, sig: int = signal.SIGKILL) -> int:
        if self.child.poll() is None:
            self.child.send_signal(sig)
        code = self.child.wait(timeout=30)
        if self.child.stdout:
            self.child.stdout.close()
        return code


    def end(self) -> str:
        """Ends it; what was wrong with that, "" for nothing."""
        self.kill()
        return ""


class Sandbox(Process):
    """The stateful ServiceNow, Jira, PagerDuty and mail box."""

    def __init__(self, folder: pathlib.Path, *options: str) -> None:
        super().__init__(["/usr/bin/python3", str(ROOT / "tests/sandbox/sandbox.py"), "--port-base", "0", *options],
                         folder / "sandbox.log")
        self.urls: dict[str, str] = json.loads(self.ready_line())

    def admin(self, method: str, path: str, body: typing.Any = None) -> typing.Any:
        answer = http(method, self.urls["admin"] + path, body)
        if answer.status >= 300:
            raise Failure(f"sandbox {method} {path}: {answer.status} {answer.body!r}")
        return answer.json() if answer.body else None

    def tickets(self, word: str = "", vendor: str = "") -> list[dict[str, typing.Any]]:
        """All tickets, or those of a vendor or with that word in the title."""
        return self.admin("GET", "/tickets?" + urlencode({"vendor": vendor, "word": word}))["tickets"]

    def mails(self, word: str = "") -> list[dict[str, typing.Any]]:
        """All mails, or those with that word in the subject."""
        return self.admin("GET", "/mails?" + urlencode({"word": word}))["mails"]

    def calls(self, vendor: str, method: str = "", path: str = "") -> list[dict[str, typing.Any]]:
        wanted = {"vendor": vendor, "method": method, "path": path}
        return self.admin("GET", "/calls?" + urlencode(wanted))["calls"]

    def fault(self, **rule: typing.Any) -> None:
        self.admin("POST", "/faults", [rule])

    def no_faults(self) -> None:
        self.admin("DELETE", "/faults")

    def settings(self, **wanted: dict[str, typing.Any]) -> None:
        self.admin("POST", "/settings", wanted)


class Tocsin(Process):
    """One tocsin serve with a data folder of its own; restart keeps the folder. With a context it is spoken to in
    TLS. ready_at: where it is asked whether it is ready, when not at its public listener. store: the one of every
    configuration that names none."""

    run_by: tuple[str, ...] = ()  # the words of a program that watches it, before its own

    def __init__(self, folder: pathlib.Path, config: dict[str, typing.Any], env: dict[str, str],
                 context: ssl.SSLContext | None = None, ready_at: str = "", store: str = SQLITE,
                 wait: bool = True) -> None:
        self.folder, self.port, self.store = folder, free_port(), store
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.port}"
        self.ready_at = ready_at or self.url
        self.env, self.context = env, context
        self.config_file = folder / "tocsin.json"
        self.write_config(config)
        self.start(wait)

    def write_config(self, config: dict[str, typing.Any]) -> None:
        whole = {"store": self.store, **config, "listen": f"127.0.0.1:{self.port}", "public_url": self.url}
        self.config_file.write_text(json.dumps(whole, indent=2))

    def start(self, wait: bool = True) -> None:
        super().__init__([*self.run_by, str(BINARY), "serve", "--config", str(self.config_file), "--data",
                          str(self.folder / "data")], self.folder / "tocsin.log", self.env)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        def ready() -> bool:
            if self.child.poll() is not None:
                raise RuntimeError(f"tocsin ended with {self.child.returncode}:\n{self.tail()}")
            return http("GET", self.ready_at + "/readyz", context=self.context).status == 200
        eventually("tocsin is ready", ready)

    def end(self) -> str:
        """Ends it cleanly, so that a sanitizer can look for leaks, and looks for what it said."""
        code = self.kill(signal.SIGTERM) if self.child.poll() is None else 0
        text = self.log.read_text(errors="replace")
        found = [word for word in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
                                   "runtime error:", "Assertion") if word in text]
        return f"tocsin ended with {code} and said {found}:\n{self.tail(100)}" if code or found else ""

    def api(self, method: str, path: str, body: typing.Any = None, role: str = "admin") -> Response:
        return http(method, self.url + path, body, {"Authorization": f"Bearer {TOKENS[role]}"}, context=self.context)

    def alarm(self, source: str, body: typing.Any, headers: dict[str, str] | None = None) -> Response:
        return http("POST", f"{self.url}/sources/{source}", body,
                    {"Authorization": f"Bearer {SOURCE_TOKEN}", **(headers or {})}, context=self.context)

    def incidents(self, query: str = "") -> list[dict[str, typing.Any]]:
        answer = self.api("GET", "/v1/incidents" + query)
        if answer.status != 200:
            raise Failure(f"GET /v1/incidents: {answer.status} {answer.body!r}")
        return answer.json()["items"]

    def incident(self, ident: str) -> dict[str, typing.Any]:
        return self.api("GET", f"/v1/incidents/{ident}").json()


def is_sanitized(app: Tocsin) -> bool:
    """The shadow memory of the sanitizers is larger than any machine; freed memory is kept there for a while."""
    with open(f"/proc/{app.child.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") > 1 << 40


class World:
    """A temporary folder with a sandbox and a Tocsin in it, and a database when the scenario is to run on PostgreSQL;
    everything ends with the with block. store: that one, on a server of its own; otherwise that of the run, in a
    server that worlds share."""

    def __init__(self, store: str = "", database: postgres.Server | postgres.Pair | None = None) -> None:
        if (store or STORE) == "postgres" and not postgres.binaries():
            print("SKIP: PostgreSQL is not installed")
            sys.exit(SKIPPED)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-test-"))
        self.processes: list[Process] = []
        self.database: postgres.Server | postgres.Pair | postgres.Database | None = database
        if not database and (store or STORE) == "postgres":
            self.database = postgres.Server() if store else postgres.Database()

    def __enter__(self) -> "World":
        if self.database:
            self.database.__enter__()
        return self

    @property
    def store_url(self) -> str:
        """What a configuration calls the store."""
        return self.database.url() if self.database else SQLITE

    @property
    def store(self) -> stores.Store:
        """To look into, and to change while nobody else does."""
        if not self.database:
            return stores.Sqlite(self.folder / "data/tocsin.db")
        assert not isinstance(self.database, postgres.Pair)
        return stores.Postgres(self.database)

    def __exit__(self, kind: typing.Any, *_: typing.Any) -> None:
        try:
            ends = [process.end() for process in reversed(self.processes)]
            if kind:
                self.show_logs()
            elif any(ends):
                raise Failure("\n".join(filter(None, ends)))
        finally:
            for process in self.processes:
                process.kill()
            if self.database:
                self.database.end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self) -> None:
        for process in self.processes:
            print(f"--- {process.log.name}\n{process.tail()}", file=sys.stderr)
        if self.database:
            print(f"--- PostgreSQL\n{self.database.tail()}", file=sys.stderr)

    def sandbox(self, *options: str) -> Sandbox:
        self.processes.append(Sandbox(self.folder, *options))
        return typing.cast(Sandbox, self.processes[-1])

    def tocsin(self, config: dict[str, typing.Any], env: dict[str, str],
               context: ssl.SSLContext | None = None, folder: pathlib.Path | None = None,
               store: str | dict[str, typing.Any] | None = None, ready_at: str = "") -> Tocsin:
        """store: another way to the database than the straight one."""
        url = store or self.store_url
        if self.database:
            config = {**config, "store": url}
        self.processes.append(Tocsin(folder or self.folder, config, env, context, ready_at, url))
        return typing.cast(Tocsin, self.processes[-1])


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
