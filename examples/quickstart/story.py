#!/usr/bin/python3
"""Tells the story of the quickstart: an alarm arrives, people and tickets follow, it is acknowledged and resolved.

    story.py FOLDER NAME PACE_S

FOLDER is what quickstart.sh made: env.json says where everything listens. Each line is printed when its event is
seen, with the time since the alarm was sent; PACE_S is how long a person gets to read before the next act. Ends with
1 and a reason when a step does not happen in time.
"""
from __future__ import annotations

import json
import pathlib
import sys
import time
import typing
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from cloudwatch import Topic, alarm, deliver

PATIENCE_S = 60.0
LOOK_S = 0.05
VENDORS = ("servicenow", "jira", "pagerduty")
PAGED = "alarm sent -> first page in the mail box"
Json = dict[str, typing.Any]


class Stuck(Exception):
    """A step that did not happen; the text is for the person in front of the terminal."""


def ask(url: str, token: str = "", method: str = "GET", body: bytes | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return typing.cast(bytes, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise Stuck(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:300]}") from None
    except OSError as error:
        raise Stuck(f"{method} {url}: {error}") from None


class Story:
    def __init__(self, folder: pathlib.Path, name: str, pace_s: float) -> None:
        self.env: Json = json.loads((folder / "env.json").read_text())
        self.token = (folder / "secrets/api-token").read_text().strip()
        self.topic, self.name, self.pace_s = Topic(folder / "keys"), name, pace_s
        self.began = time.monotonic()
        self.incident = ""
        self.told: set[str] = set()
        self.figures: dict[str, float] = {}

    # -- telling ---------------------------------------------------------------------------------

    def tell(self, what: str, text: str) -> None:
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.localtime(now)) + f".{int(now * 1000) % 1000:03d}"
        print(f"  {clock} {time.monotonic() - self.began:+8.3f} s  {what:<10} {text}", flush=True)

    def once(self, key: str, what: str, text: str, figure: str = "") -> bool:
        """Tells it when it was not told yet; the first time of a figure is kept."""
        if key in self.told:
            return False
        self.told.add(key)
        if figure:
            self.figures.setdefault(figure, time.monotonic() - self.began)
        self.tell(what, text)
        return True

    # -- looking ---------------------------------------------------------------------------------

    def api(self, path: str) -> Json:
        return typing.cast(Json, json.loads(ask(self.env["tocsin"] + path, self.token)))

    def sandbox(self, path: str) -> Json:
        return typing.cast(Json, json.loads(ask(self.env["admin"] + path)))

    def mails(self) -> list[Json]:
        return [row for row in self.sandbox("/mails")["mails"] if self.name in row["subject"] + row["text"]]

    def tickets(self) -> list[Json]:
        return [row for row in self.sandbox("/tickets")["tickets"] if self.name in row["title"]]

    def look(self) -> None:
        """Tells everything that is new: timeline, mails, tickets."""
        for event in self.api(f"/v1/incidents/{self.incident}")["timeline"]:
            text = event["type"] + (f": {event['text']}" if event["text"] else "")
            self.once("event " + event["id"], "timeline", text.replace("\n", " ")[:100])
        for mail in self.mails():
            if self.once(f"mail {mail['id']}", "mail", f"to {', '.join(mail['to'])}: {mail['subject']}", PAGED):
                print("".join(f"{'':>38}| {line}\n" for line in mail["text"].strip().splitlines()), end="", flush=True)
        for row in self.tickets():
            self.once(f"{row['vendor']} {row['id']} {row['status']}", "ticket",
                      f"{row['vendor']} {row['key']}: {row['status']}")
            for n, comment in enumerate(row["comments"]):
                self.once(f"{row['vendor']} {row['id']} {n}", "note",
                          f"in {row['vendor']} {row['key']}: {comment['text']}".replace("\n", " ")[:100])

    def wait(self, what: str, done: typing.Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done():
            self.look()
            if time.monotonic() > end:
                raise Stuck(f"{what} did not happen within {PATIENCE_S:.0f} s")
            time.sleep(LOOK_S)
        self.look()

    def all_tickets(self, status_class: str) -> bool:
        rows = self.tickets()
        if len({row["vendor"] for row in rows}) < len(rows):
            raise Stuck("a ticket system has two tickets for one incident")
        return len(rows) == len(VENDORS) and all(row["status_class"] == status_class for row in rows)

    # -- the story -------------------------------------------------------------------------------

    def act(self, title: str) -> None:
        """A heading, and time to read what came before it; what happens meanwhile is told."""
        end = time.monotonic() + (self.pace_s if self.incident else 0)
        while time.monotonic() < end:
            self.look()
            time.sleep(LOOK_S)
        print(f"\n-- {title}", flush=True)

    def send(self, state: str, text: str) -> None:
        url = self.env["tocsin"] + "/sources/cloudwatch"
        body = self.topic.notification(alarm(self.name, state, description="More than 5 errors a minute."))
        began = time.monotonic()
        if not self.incident:
            self.began = began
        try:
            status, answer = deliver(url, body)
        except OSError as error:
            raise Stuck(f"POST {url}: {error}") from None
        took_ms = (time.monotonic() - began) * 1000
        if status not in (200, 202):
            raise Stuck(f"POST {url}: {status} {answer}")
        self.figures.setdefault("alarm sent -> answered, durable", took_ms / 1000)
        (self.incident,) = json.loads(answer)["incidents"]
        self.tell("alarm", f"{text}; answered {status} in {took_ms:.0f} ms: it is durable")

    def open(self) -> None:
        self.act("an alarm arrives")
        self.send("ALARM", f"CloudWatch \"{self.name}\" is in ALARM, signed as SNS signs")
        row = self.api(f"/v1/incidents/{self.incident}")
        self.tell("incident", f"{self.incident}: {row['title']}, impact {row['impact']}, "
                              f"by response plan {row['response_plan']}")
        for engagement in row["engagements"]:
            self.tell("engaged", f"{engagement['contact']}, because response plan {row['response_plan']} engages it")
            for page in engagement["pages"]:
                self.tell("engaged", f"{page['contact']} by {page['channel']}: first stage of {engagement['contact']}")
        self.wait("the mail and three tickets", lambda: bool(self.mails()) and self.all_tickets("OPEN"))
        self.figures["alarm sent -> three tickets exist"] = time.monotonic() - self.began

    def acknowledge(self) -> None:
        self.act("Alice acknowledges by the link in her mail")
        links = [link for link in self.mails()[0]["links"] if urlsplit(link).path.startswith("/ack/")]
        if not links:
            raise Stuck("the mail has no link to acknowledge")
        if b"<form" not in ask(links[0]):
            raise Stuck(f"{links[0]} shows no button")
        self.tell("alice", "opens the link (nothing happens: mail scanners do that, too) and presses the button")
        began = time.monotonic()
        ask(links[0], method="POST", body=b"")
        self.wait("the acknowledgement in three tickets", lambda: self.all_tickets("ACKED"))
        self.figures["button pressed -> three tickets acknowledged"] = time.monotonic() - began

    def resolve(self) -> None:
        self.act("the alarm is over")
        began = time.monotonic()
        self.send("OK", f"CloudWatch \"{self.name}\" is OK again")
        self.wait("three resolved tickets", lambda: self.all_tickets("RESOLVED"))
        self.figures["OK sent -> three tickets resolved"] = time.monotonic() - began
        row = self.api(f"/v1/incidents/{self.incident}")
        if row["status"] != "RESOLVED":
            raise Stuck(f"the incident is {row['status']}")
        self.tell("incident", "RESOLVED here and in three ticket systems: one page, three tickets, none twice")

    def tell_figures(self) -> None:
        print("\n-- times")
        for name, seconds in self.figures.items():
            print(f"  {name:<48} {seconds:8.3f} s")


def main() -> int:
    story = Story(pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
    try:
        story.open()
        story.acknowledge()
        story.resolve()
    except Stuck as stuck:
        print(f"\nquickstart: {stuck}", file=sys.stderr)
        return 1
    story.tell_figures()
    return 0


if __name__ == "__main__":
    sys.exit(main())
