"""What tests/bench/sync.py measures on: one Tocsin, and a sandbox for each ticket system, so that none slows down another."""
from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import sys
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
import harness  # noqa: E402
from harness import TOKENS, Failure, Sandbox, Tocsin, World, eventually  # noqa: E402
from test_inbound import SECRET, SIGN, told  # noqa: E402
from worlds import SECRETS, VENDORS, Config, Topic, base_config, secret  # noqa: E402

PLAN, QUIET = "tracked", "quiet"


class Client:
    """Asks Tocsin over one connection that is kept; for one thread."""

    def __init__(self, app: Tocsin) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=30)

    def ask(self, method: str, path: str, body: Config | None = None) -> typing.Any:
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {"Authorization": f"Bearer {TOKENS['admin']}", "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise Failure(f"{method} {path}: {answer.status} {raw!r}")
        return json.loads(raw)

    def open(self, title: str, plan: str = PLAN) -> str:
        return str(self.ask("POST", "/v1/incidents", {"response_plan": plan, "title": title})["id"])

    def incident(self, ident: str) -> Config:
        return self.ask("GET", f"/v1/incidents/{ident}")

    def links(self) -> list[Config]:
        rows, token = [], ""
        while token is not None:
            answer = self.ask("GET", "/v1/links?limit=200" + (f"&next={token}" if token else ""))
            rows += answer["items"]
            token = answer["next"]
        return rows

    def close(self) -> None:
        self.connection.close()


class Site:
    """A with block: fresh processes, fresh data, the configuration of a newcomer but for what is given."""

    def __init__(self, build: pathlib.Path, vendors: typing.Sequence[str] = VENDORS, poll: str = "", settle: str = "",
                 **options: typing.Any) -> None:
        harness.BINARY = build / "tocsin"
        self.vendors, self.poll, self.settle, self.options = vendors, poll, settle, options
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> "Site":
        with self.stack:
            self.world = self.stack.enter_context(World())
            self.boxes: dict[str, Sandbox] = {vendor: self.world.sandbox() for vendor in self.vendors}
            self.app = self.world.tocsin(self.config(), self.env())
            self.client = self.stack.enter_context(contextlib.closing(Client(self.app)))
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *why: typing.Any) -> None:
        self.stack.__exit__(*why)

    def env(self) -> dict[str, str]:
        return {**SECRETS, **{f"HOOK_{vendor.upper()}": SECRET[vendor] for vendor in VENDORS}}

    def config(self, **options: typing.Any) -> Config:
        box = next(iter(self.boxes.values()))
        urls = {**box.urls, **{vendor: one.urls[vendor] for vendor, one in self.boxes.items()}}
        config = base_config(Topic(self.world.folder).cert, urls)
        config["connectors"] = {vendor: self.connector(vendor, config["connectors"][vendor]) | self.options | options
                                for vendor in self.vendors}
        del config["channels"]
        config["resources"] = {"response_plans": [
            {"name": PLAN, "incidentTemplate": {"title": "Tracked", "impact": 3}, "connectors": list(self.vendors)},
            {"name": QUIET, "incidentTemplate": {"title": "Quiet", "impact": 3}}]}
        for source in config["sources"].values():
            source["response_plan"] = QUIET
        return config

    def connector(self, vendor: str, row: Config) -> Config:
        row = {**row, "webhook_secret": secret(f"HOOK_{vendor.upper()}"), "settings": {"auto_resolve": "always"}}
        if self.settle:
            row["settings"]["settle"] = self.settle
        if self.poll:
            file = self.world.folder / f"often-{vendor}.json"
            file.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": f"often-{vendor}", "extends": f"connectors/{vendor}",
                                        "poll": {"active": self.poll, "idle": self.poll}}))
            row["mapping"] = str(file)
        return row

    def restart(self, **options: typing.Any) -> None:
        self.client.close()
        if wrong := self.app.end():
            raise Failure(wrong)
        self.app.write_config(self.config(**options))
        self.app.start()

    # -- incidents and their records -----------------------------------------------------------------------------------

    def open_many(self, titles: list[str], senders: int = 8) -> list[str]:
        def some(part: list[str]) -> list[str]:
            with contextlib.closing(Client(self.app)) as client:
                return [client.open(title) for title in part]
        with concurrent.futures.ThreadPoolExecutor(senders) as pool:
            parts = pool.map(some, [titles[n::senders] for n in range(senders)])
            return [ident for part in parts for ident in part]

    def records(self, number: int, but: typing.Sequence[str] = (), timeout: float = 60) -> dict[str, dict[str, str]]:
        """Waits until so many incidents have their records and nothing is to be done; vendor -> incident -> record."""
        def ready() -> list[Config]:
            rows = [row for row in self.client.links() if row["connector"] not in but]
            open_ = sum(row["state"] != "LINKED" or row["due_at"] is not None for row in rows)
            wanted = number * (len(self.vendors) - len(but))
            if open_ or len(rows) != wanted:
                raise Failure(f"{len(rows)} links of {wanted}, {open_} at work")
            return rows
        ret: dict[str, dict[str, str]] = {vendor: {} for vendor in self.vendors}
        for row in eventually("every record is there", ready, timeout):
            ret[row["connector"]][row["incident"]] = row["remote_id"]
        return ret

    def person(self, vendor: str, record: str, status: str) -> None:
        self.boxes[vendor].admin("POST", f"/tickets/{vendor}/{record}/status", {"status": status})

    def webhook(self, vendor: str, record: str) -> None:
        body = json.dumps(told(vendor, record)).encode()
        answer = harness.http("POST", f"{self.app.url}/connectors/{vendor}", body,
                              {"Content-Type": "application/json", **SIGN[vendor](body)})
        if answer.status != 202:
            raise Failure(f"webhook of {vendor}: {answer.status} {answer.body!r}")

    def await_change(self, ident: str, is_there: typing.Callable[[Config], bool], timeout: float) -> float:
        """When the incident was seen to have changed, in seconds of the monotonic clock."""
        end = time.monotonic() + timeout
        with contextlib.closing(Client(self.app)) as client:
            while not is_there(client.incident(ident)):
                if time.monotonic() > end:
                    raise Failure(f"{ident} did not change within {timeout} s")
                time.sleep(0.002)  # between two looks at it
        return time.monotonic()


def paced(calls: typing.Sequence[typing.Callable[[], typing.Any]], rate: float) -> list[typing.Any]:
    """Begins so many of them a second, whether those before have ended or not; their results."""
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        results = []
        for number, call in enumerate(calls):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))  # the pace of the load
            results.append(pool.submit(call))
        return [result.result() for result in results]
