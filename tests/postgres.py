#!/usr/bin/python3
"""A private PostgreSQL server for tests: its own folder, a Unix socket and no port, gone whatever happens.

    tests/postgres.py [--durable] COMMAND [ARGUMENT...]

runs COMMAND with TOCSIN_POSTGRES (the superuser's URL of an empty database; --durable: that of a role that owns the database
and is nothing more, and a server that syncs what it commits) and TOCSIN_POSTGRES_DIR (the server's
folder, with its postmaster.pid) in its environment and ends as COMMAND ends; 77 when Debian's PostgreSQL is not
installed. A server that COMMAND kills is started again."""
from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing

USER = "postgres"  # of the system: initdb refuses root
SUPERUSER = "postgres"
ROLE = "tocsin"  # owns its database and is nothing more, so that the policies of its tables hold for it
NEW_ROLE, NEW_DATABASE = f"CREATE ROLE {ROLE} LOGIN", f"CREATE DATABASE {{}} OWNER {ROLE}"
# A folder that all servers of a test run are copies of, their system identifier included, instead of an initdb each; the
# first one makes it. "": none.
TEMPLATE = os.environ.get("TOCSIN_POSTGRES_TEMPLATE", "")
# What was written before a crash of the server (not of the machine) survives without fsync. A worker of autovacuum is a tenth
# of a second of a processor, whether there is something to do or not.
SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "40",
            "shared_buffers": "32MB", "logging_collector": "off", "log_min_messages": "warning",
            "max_wal_size": "512MB", "autovacuum_naptime": "10s"}
# As one would run it: what was committed is on the disk.
DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "max_wal_size": "2GB",
           "autovacuum_naptime": "10s"}
# Of a pair: no commit is answered before the standby has it, whoever of the two is primary and whether there is a
# standby or not. When each was committed is kept.
REPLICATED = {"synchronous_standby_names": "*", "track_commit_timestamp": "on", "wal_receiver_status_interval": "1s",
              "wal_retrieve_retry_interval": "100ms"}


def binaries() -> pathlib.Path | None:
    """Debian's newest; others may be on the PATH."""
    found = [folder for folder in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), default=None)


def as_user(argv: list[str], *options: str) -> list[str]:
    """With options of setpriv(1)."""
    who = [f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, *options, "--", *argv] if who or options else argv


def copy(data: pathlib.Path, to: pathlib.Path) -> None:
    subprocess.run(["cp", "-a", "--reflink=auto", str(data), str(to)], check=True)


def offer(data: pathlib.Path, template: pathlib.Path) -> None:
    """Whole or not at all; another one may have been quicker."""
    made = pathlib.Path(tempfile.mkdtemp(dir=template.parent)) / "data"
    copy(data, made)
    with contextlib.suppress(OSError):
        made.rename(template)
    shutil.rmtree(made.parent)


class Server:
    """Starts with the with block and ends with it, or with this process."""

    def __init__(self, **settings: str) -> None:
        self.settings = {**SETTINGS, **settings}
        self.bin = binaries()
        if not self.bin:
            raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        try:
            self.init()
            self.start()
            self.create()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def hand_over(self) -> None:
        """The folder becomes that of the user who runs the server."""
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)

    def init(self) -> None:
        self.hand_over()
        template = pathlib.Path(TEMPLATE) if TEMPLATE else None
        if template and template.exists():
            copy(template, self.data)
            return
        # A collation that is not that of bytes, as most databases have.
        self.tool("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                  "--locale-provider=icu", "--icu-locale=en", "--no-instructions", "-D", str(self.data))
        if template:
            offer(self.data, template)

    def tool(self, name: str, *argv: str, text: str = "") -> str:
        """What it prints when it reads text."""
        done = subprocess.run(as_user([f"{self.bin}/{name}", *argv]), input=text, capture_output=True, text=True, cwd="/",
                              check=False)
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, wait: bool = True) -> None:
        settings = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        argv = [f"{self.bin}/postgres", "-D", str(self.data), "-k", str(self.folder), *settings]
        with self.log.open("ab") as out:
            # SIGQUIT ends a server at once, with its children.
            self.child = subprocess.Popen(as_user(argv, "--pdeathsig", "QUIT"), stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, cwd="/")
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """As pg_ctl(1) sees it, in its file: a client and the process that serves it cost ten times as much as a look."""
        end = time.monotonic() + 60
        while not self.is_ready():
            if time.monotonic() > end or (self.child and self.child.poll() is not None):
                raise RuntimeError(f"the server does not start:\n{self.tail()}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        assert self.child
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready"

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:]) if self.log.exists() else ""

    def url(self, role: str = ROLE, **query: str) -> str:
        more = "".join(f"&{key}={value}" for key, value in query.items())
        return f"postgresql://{role}@/tocsin?host={self.folder}{more}"

    def create(self) -> None:
        self.tool(*self.client("postgres"), "-c", NEW_ROLE, "-c", NEW_DATABASE.format("tocsin"))

    def create_role(self) -> None:
        self.psql(NEW_ROLE, "postgres")

    def create_database(self, name: str) -> None:
        self.psql(NEW_DATABASE.format(name), "postgres")

    def process(self, name: str) -> int:
        """Of its processes that with this name; 0: there is none."""
        assert self.child
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.child.pid and f"postgres: {name}" in (folder / "cmdline").read_text():
                    return int(folder.name)
        return 0

    def dump(self, *options: str, database: str = "tocsin") -> str:
        """What pg_dump prints."""
        return self.tool("pg_dump", "-h", str(self.folder), "-U", SUPERUSER, "-d", database, *options)

    def client(self, database: str = "tocsin") -> list[str]:
        """The command of the superuser's client."""
        return ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres", "-d",
                database]

    def psql(self, sql: str, database: str = "tocsin") -> str:
        return self.tool(*self.client(database), "-c", sql).strip()

    @contextlib.contextmanager
    def holding(self, sql: str) -> typing.Iterator[None]:
        """A transaction that did sql, and is rolled back at the end of the with block."""
        name, *argv = self.client()
        with subprocess.Popen(as_user([f"{self.bin}/{name}", *argv]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, cwd="/") as child:
            assert child.stdin and child.stdout
            child.stdin.write(f"BEGIN; {sql};\n\\echo held\n")
            child.stdin.flush()
            if child.stdout.readline() != "held\n":
                raise RuntimeError(f"cannot hold: {sql}")
            yield

    def stop(self, sig: int = signal.SIGQUIT) -> None:
        """SIGQUIT: as pg_ctl -m immediate; SIGINT: fast."""
        if self.child:
            if self.child.poll() is None:
                self.child.send_signal(sig)
            self.child.wait(timeout=60)
            self.child = None

    def end(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def shared() -> Server:
    """One for all of this program; what its users make in it are databases."""
    server = Server()
    atexit.register(server.end)
    server.init()
    server.start()
    server.create_role()
    return server


_numbers = itertools.count(1)


class Database:
    """In the shared server, from the beginning of the with block to its end: a server takes ten times as long."""

    def __enter__(self) -> "Database":
        self.server, self.name = shared(), f"tocsin{next(_numbers)}"
        self.server.create_database(self.name)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def url(self, role: str = ROLE) -> str:
        return f"postgresql://{role}@/{self.name}?host={self.server.folder}"

    def psql(self, sql: str) -> str:
        return self.server.psql(sql, self.name)

    def dump(self, *options: str) -> str:
        return self.server.dump(*options, database=self.name)

    def copy(self) -> "Database":
        """A new one, from what pg_dump says of this one."""
        made = Database().__enter__()
        name, *argv = self.server.client(made.name)
        self.server.tool(name, *argv, "-1", text=self.dump())
        return made

    def become(self, other: "Database") -> None:
        """As the other one is now."""
        self.end()
        self.server.psql(f"CREATE DATABASE {self.name} OWNER {ROLE} TEMPLATE {other.name}", "postgres")

    def tail(self) -> str:
        return self.server.tail()

    def end(self) -> None:
        """Autovacuum would go on looking at it."""
        self.server.psql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)", "postgres")


class Pair:
    """A primary and a synchronous standby, each with a folder that it keeps: promote() exchanges them. While there is
    no standby commits wait, so a promotion loses nothing that was answered; not so with an asynchronous one."""

    def __init__(self, is_synchronous: bool = True) -> None:
        self.state = "sync" if is_synchronous else "async"
        settings = REPLICATED if is_synchronous else {**REPLICATED, "synchronous_standby_names": ""}
        self.servers = (Server(**settings), Server(**settings))
        self.primary, self.standby = self.servers

    def __enter__(self) -> "Pair":
        try:
            self.primary.init()
            self.primary.start()
            self.attach()
            self.primary.create()
            self.wait_for_database()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def attach(self) -> None:
        """Makes the standby, of what the primary has, and waits until the primary sends to it."""
        self.standby.hand_over()
        shutil.rmtree(self.standby.data, ignore_errors=True)
        self.standby.tool("pg_basebackup", "-h", str(self.primary.folder), "-U", "postgres", "-D",
                          str(self.standby.data), "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self.standby.start()
        end = time.monotonic() + 60
        while self.primary.psql("SELECT sync_state FROM pg_stat_replication", "postgres") != self.state:
            if time.monotonic() > end:
                raise RuntimeError(f"the standby does not follow:\n{self.tail()}")
            time.sleep(0.05)

    def wait_for_database(self) -> None:
        """The standby has replayed what made it."""
        end = time.monotonic() + 60
        while self.standby.psql("SELECT count(*) FROM pg_database WHERE datname = 'tocsin'", "postgres") != "1":
            if time.monotonic() > end:
                raise RuntimeError(f"the database does not come to the standby:\n{self.tail()}")
            time.sleep(0.05)

    def promote(self) -> None:
        """The primary dies; the standby takes its place. Commits wait until attach() has made another one."""
        self.primary.stop()
        self.primary, self.standby = self.standby, self.primary
        self.primary.tool("pg_ctl", "promote", "-D", str(self.primary.data), "-w", "-t", "60")

    def restart(self) -> None:
        """The primary, as with pg_ctl -m immediate."""
        self.primary.stop()
        self.primary.start()

    def psql(self, sql: str) -> str:
        return self.primary.psql(sql)

    def url(self, **query: str) -> str:
        return self.servers[0].url(**query).replace(
            f"host={self.servers[0].folder}", "host=" + ",".join(str(server.folder) for server in self.servers))

    def tail(self) -> str:
        return "\n".join(f"{server.log}:\n{server.tail()}" for server in self.servers)

    def end(self) -> None:
        for server in self.servers:
            server.end()


def supervise(server: Server, command: subprocess.Popen[bytes]) -> int:
    """Until the command ends; a server that it killed comes back."""
    while command.poll() is None:
        if server.child and server.child.poll() is not None:
            server.start(wait=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(0.05)
    return command.returncode


def main() -> int:
    is_durable = sys.argv[1:2] == ["--durable"]
    argv = sys.argv[2 if is_durable else 1:]
    if not argv:
        print(__doc__, file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if not binaries():
        print("SKIP: PostgreSQL is not installed")
        return 77
    with Server(**DURABLE if is_durable else {}) as server:
        env = {**os.environ, "TOCSIN_POSTGRES": server.url(ROLE if is_durable else SUPERUSER),
               "TOCSIN_POSTGRES_DIR": str(server.data)}
        with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], env=env) as command:
            try:
                code = supervise(server, command)
            finally:
                command.kill()
        if code:
            print(f"--- {server.log}\n{server.tail()}", file=sys.stderr)
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
