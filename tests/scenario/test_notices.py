"""Topics of incidents: each is told what happens, in order, at least once and with the same id, whatever its receiver does."""
from __future__ import annotations

import http.server
import json
import re
import signal
import threading
import typing
import unittest

from harness import SOURCE_TOKEN, STORE, eventually
from worlds import ACCOUNT, REGION, Config, Scenario, alert, fresh, group, secret

OPS, CHAT, SPARE, LATE, HIDDEN, UNKNOWN = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
                                           for name in ("ops", "chat", "spare", "late", "hidden", "unknown"))
TRIGGER, START, UPDATE = "SSM Incident Trigger", "SSM Incident Start", "SSM Incident Record Update"
PAGE, ANSWER, NOTE, CUSTOM = ("SSM Contacts Page for Incident", "SSM Contacts Page Acknowledgement for Incident", "Note",
                              "Custom Event")


class Post(typing.NamedTuple):
    topic: str
    ident: str
    token: str
    body: Config
    status: int  # 0: it was not answered

    @property
    def incident(self) -> str:
        return str(self.body["resources"][0]).rsplit("/", 1)[1]


class Sink(http.server.ThreadingHTTPServer):
    """A receiver that remembers every post. answers: what to say next to an incident of that title, in turn; 0: to hang up without
    a word, None: nothing until released."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.posts: list[Post] = []
        self.retry_after = 1
        self.paths: list[str] = []
        self.answers: dict[str, list[int | None]] = {}
        self.lock, self.released = threading.Lock(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_address[1]}/in"

    def next_answer(self, body: Config) -> int | None:
        with self.lock:
            rest = self.answers.get(body["detail"]["incidentTitle"], [])
            return rest.pop(0) if rest else 202

    def of(self, ident: str, topic: str = OPS) -> list[Post]:
        with self.lock:
            return [post for post in self.posts if post.incident == ident and post.topic == topic]

    def taken(self, ident: str, topic: str = OPS) -> list[Config]:
        return [post.body for post in self.of(ident, topic) if 200 <= post.status < 300]

    def types(self, ident: str, topic: str = OPS) -> list[str]:
        return [body["detail-type"] for body in self.taken(ident, topic)]


class Receiver(http.server.BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.next_answer(body)
        post = Post(self.headers["X-Tocsin-Topic"], self.headers["X-Tocsin-Id"], self.headers.get("Authorization", ""), body,
                    status or 0)
        with self.server.lock:
            self.server.posts.append(post)
            self.server.paths.append(self.path)
        if status is None:
            self.server.released.wait(60)
        self.close_connection = True
        if status:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            echo = f"Cannot POST {self.path}".encode() if status == 404 else b""
            self.send_header("Content-Length", str(len(echo)))
            if status in (429, 503):
                self.send_header("Retry-After", str(self.server.retry_after))
            self.end_headers()
            self.wfile.write(echo)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Notices(Scenario):
    sink: Sink
    config: Config

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.sink = Sink()
        cls.addClassCleanup(cls.sink.server_close)
        cls.addClassCleanup(cls.sink.shutdown)
        cls.env["HOOK_TOKEN"] = "test-hook-0123456789"
        config["connectors"]["hook"] = {"connector": "webhook", "url": cls.sink.url, "token": secret("HOOK_TOKEN"),
                                        "allow": ["localhost"]}
        config["connectors"]["slow"] = config["connectors"]["hook"] | {}
        cls.env["HOOK_URL"] = cls.sink.url + "/s3cret-path?key=s3cret-key"
        config["connectors"]["hidden"] = {"connector": "webhook", "secret_url": secret("HOOK_URL"), "allow": ["localhost"]}
        config["topics"] = {arn: {"connectors": ["hook"]} for arn in (OPS, CHAT, SPARE)} | {
            LATE: {"connectors": ["slow"]}, HIDDEN: {"connectors": ["hidden"]}}
        target = {"notificationTargets": [{"snsTopicArn": OPS}]}
        config["resources"]["response_plans"] += [
            {"name": "told", "engagements": ["alice"], "chatChannel": {"chatbotSns": [CHAT]}, "incidentTemplate": {
                "title": "Told", "impact": 3, "notificationTargets": [{"snsTopicArn": OPS}, {"snsTopicArn": UNKNOWN}]}},
            {"name": "once", "incidentTemplate": {"title": "Once", "impact": 4, "dedupeString": "once", **target}},
            {"name": "quiet", "incidentTemplate": {"title": "Quiet", "impact": 4, **target}},
            {"name": "late", "incidentTemplate": {"title": "Late", "impact": 4, "notificationTargets": [{"snsTopicArn": LATE}]}},
            {"name": "hidden", "incidentTemplate": {"title": "Hidden", "impact": 4,
                                                    "notificationTargets": [{"snsTopicArn": HIDDEN}]}}]
        config["node"] = "one"
        cls.config = config
        config["sources"]["told"] = config["sources"]["prom"] | {"response_plan": "told"}

    def setUp(self) -> None:
        self.sink.released.clear()
        self.addCleanup(self.sink.released.set)

    def post(self, ident: str, what: str, body: Config) -> None:
        answer = self.app.api("POST", f"/v1/incidents/{ident}/{what}", body)
        self.assertIn(answer.status, (200, 201), answer.body)

    def quiet(self, *answers: int | None, plan: str = "quiet") -> str:
        """An incident that pages nobody; what is said to its first messages."""
        title = fresh("quiet")
        self.sink.answers[title] = list(answers)
        answer = self.app.api("POST", "/v1/incidents", {"response_plan": plan, "title": title})
        self.assertEqual(201, answer.status, answer.body)
        return str(answer.json()["id"])

    def told(self, ident: str, *types: str, topic: str = OPS, timeout: float = 30) -> list[Config]:
        """Waits for them, in that order, each once."""
        eventually(f"{len(types)} messages of {ident}", lambda: len(self.sink.taken(ident, topic)) >= len(types), timeout)
        self.assertEqual(list(types), self.sink.types(ident, topic))
        return self.sink.taken(ident, topic)

    def same_ids(self, ident: str) -> None:
        """The header and the body name the event of the timeline; a repeat is word for word the same."""
        of_timeline = [row["id"] for row in self.app.incident(ident)["timeline"]]
        seen: dict[str, Config] = {}
        for post in self.sink.of(ident):
            self.assertEqual(post.body["id"], post.ident)
            self.assertIn(post.ident, of_timeline)
            self.assertEqual(post.body, seen.setdefault(post.ident, post.body))
        places = [of_timeline.index(body["id"]) for body in self.sink.taken(ident)]
        self.assertEqual(sorted(places), places)

    # -- the story -------------------------------------------------------------------------------

    def test_what_happens_is_told_in_order(self) -> None:
        name = fresh("told")
        ident = self.opened(self.app.alarm("told", group(name, alert(name, "a"))))
        self.mail(name)
        for topic in (OPS, CHAT):
            self.told(ident, TRIGGER, START, PAGE, topic=topic)
        self.post(ident, "acknowledge", {"note": "on it"})
        self.post(ident, "update", {"title": "Another title", "impact": 2})
        self.post(ident, "notes", {"text": "It was the disk."})
        self.post(ident, "events", {"type": CUSTOM, "at": "2026-01-01T00:00:00Z", "data": "free text"})
        self.assertEqual(ident, self.opened(self.app.alarm("told", group(name, alert(name, "a", "resolved")))))
        for topic in (OPS, CHAT):
            found = self.told(ident, TRIGGER, START, PAGE, "Tocsin Event", UPDATE, NOTE, CUSTOM, UPDATE, topic=topic)
        self.assertEqual([], self.sink.of(ident, UNKNOWN))
        self.same_ids(ident)
        self.envelopes(ident, found)

    def envelopes(self, ident: str, found: list[Config]) -> None:
        record = self.app.incident(ident)
        for body in found:
            self.assertEqual(["account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version"],
                             sorted(body))
            self.assertEqual(("0", "aws.ssm-incidents", ACCOUNT, REGION, [record["arn"]]),
                             tuple(body[key] for key in ("version", "source", "account", "region", "resources")))
            self.assertRegex(body["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertTrue(body["detail"]["incidentTitle"])
        details = [body["detail"] for body in found]
        self.assertIs(True, details[0]["createdIncident"])
        self.assertEqual("alice", details[2]["contactName"])
        self.assertRegex(details[3]["text"], "^acknowledged by .*: on it$")
        self.assertTrue(all(detail["actor"] for detail in details[3:]))
        self.assertEqual([{"attributeName": "title", "newValue": "Another title"}, {"attributeName": "impact", "newValue": "2"}],
                         details[4]["modifiedAttributes"])
        self.assertEqual("It was the disk.", details[5]["text"])
        self.assertEqual("\"free text\"", details[6]["eventData"])
        self.assertEqual("2026-01-01T00:00:00.000Z", found[6]["time"])
        self.assertEqual([{"attributeName": "status", "newValue": "RESOLVED"}], details[7]["modifiedAttributes"])
        self.assertNotIn(SOURCE_TOKEN, json.dumps(found))

    def test_the_token_is_sent_and_nowhere_written(self) -> None:
        ident = self.quiet()
        self.told(ident, TRIGGER, START)
        self.assertEqual({"Bearer test-hook-0123456789"}, {post.token for post in self.sink.of(ident)})
        self.assertNotIn("test-hook", self.app.log.read_text())

    def test_a_url_that_is_a_secret(self) -> None:
        """It is called as it is, and nobody reads it: also not what its receiver says of it."""
        ident = self.quiet(404, plan="hidden")
        self.told(ident, START, topic=HIDDEN)
        self.assertEqual({"/in/s3cret-path?key=s3cret-key"}, {path for path in self.sink.paths if path != "/in"})
        letters = json.dumps(self.letters(ident))
        self.assertIn("[secret secret_url]", letters)
        self.assertIn("Cannot POST [secret secret_url]", letters)
        for text in (letters, self.app.log.read_text(), self.texts(ident),
                     self.app.api("GET", "/v1/connectors").body.decode(), self.app.api("GET", "/metrics").body.decode()):
            self.assertNotIn("s3cret", text)

    def test_what_repeats_is_not_told(self) -> None:
        ident, again = (self.app.api("POST", "/v1/incidents", {"response_plan": "once"}).json()["id"] for _ in range(2))
        self.assertEqual(ident, again)
        self.assertEqual(2, self.types(ident).count(TRIGGER))
        self.post(ident, "notes", {"text": "the next that is told"})
        self.told(ident, TRIGGER, START, NOTE)

    # -- topics change ---------------------------------------------------------------------------

    def test_another_topic_is_told_from_then_on(self) -> None:
        ident = self.quiet()
        self.told(ident, TRIGGER, START)
        self.post(ident, "update", {"notification_targets": [SPARE], "chat_channel": [CHAT]})
        changed = self.told(ident, UPDATE, topic=SPARE)[0]["detail"]["modifiedAttributes"]
        self.assertEqual(["notificationTargets", "chatChannel"], [row["attributeName"] for row in changed])
        self.assertEqual([{"snsTopicArn": SPARE}], json.loads(changed[0]["newValue"]))
        self.assertEqual({"chatbotSns": [CHAT]}, json.loads(changed[1]["newValue"]))
        self.post(ident, "notes", {"text": "not for ops"})
        self.told(ident, UPDATE, NOTE, topic=SPARE)
        self.told(ident, UPDATE, NOTE, topic=CHAT)
        self.post(ident, "update", {"notification_targets": [OPS], "chat_channel": []})
        self.told(ident, TRIGGER, START, UPDATE)
        record = self.app.incident(ident)
        self.assertEqual(([OPS], []), (record["notification_targets"], record["chat_channel"]))
        self.post(ident, "resolve", {})
        self.told(ident, TRIGGER, START, UPDATE, UPDATE)
        self.told(ident, UPDATE, NOTE, topic=SPARE)

    # -- receivers that fail ---------------------------------------------------------------------

    def test_a_receiver_that_is_away_misses_nothing(self) -> None:
        ident = self.quiet(503, 0, 429, 500, 200)
        self.post(ident, "notes", {"text": "first"})
        self.post(ident, "update", {"impact": 2})
        self.post(ident, "resolve", {})
        self.told(ident, TRIGGER, START, NOTE, UPDATE, UPDATE, timeout=60)
        self.assertEqual(1, len({post.ident for post in self.sink.of(ident)[:5]}))
        self.assertEqual(9, len(self.sink.of(ident)))
        self.same_ids(ident)

    def test_credentials_that_are_refused(self) -> None:
        ident = self.quiet(401)
        self.told(ident, TRIGGER, START)
        self.assertIn("credentials refused: topics are tried all the same", self.app.log.read_text())

    def test_killed_while_it_tells(self) -> None:
        ident = self.quiet(None)
        self.post(ident, "notes", {"text": "while it waits"})
        eventually("the receiver has it", lambda: self.sink.of(ident))
        self.app.kill()
        self.sink.released.set()
        self.app.start()
        self.post(ident, "resolve", {})
        self.told(ident, TRIGGER, START, NOTE, UPDATE)
        self.assertEqual(2, sum(post.body["detail-type"] == TRIGGER for post in self.sink.of(ident)))
        self.same_ids(ident)

    @unittest.skipUnless(STORE == "postgres", "a file has one process")
    def test_another_node_goes_on(self) -> None:
        ident = self.quiet(None)
        eventually("the receiver has it", lambda: self.sink.of(ident))
        folder = self.world.folder / "two"
        folder.mkdir()
        other = self.world.tocsin(self.config | {"node": "two"}, self.env, folder=folder)
        self.app.kill()
        self.told(ident, TRIGGER, START, timeout=60)
        self.assertEqual(2, sum(post.body["detail-type"] == TRIGGER for post in self.sink.of(ident)))
        self.assertEqual("", other.end())
        self.sink.released.set()
        self.app.start()
        self.post(ident, "resolve", {})
        self.told(ident, TRIGGER, START, UPDATE)
        self.same_ids(ident)

    def test_stopped_while_it_tells(self) -> None:
        ident = self.quiet(None)
        eventually("the receiver has it", lambda: self.sink.of(ident))
        self.assertEqual("", self.app.end())
        self.sink.released.set()
        self.app.start()
        self.told(ident, TRIGGER, START)
        self.same_ids(ident)

    def test_what_is_refused_is_given_up(self) -> None:
        ident = self.quiet(200, 400)
        self.post(ident, "notes", {"text": "after it"})
        self.told(ident, TRIGGER, NOTE)
        self.assertRegex(self.texts(ident), re.escape(OPS) + f' was not told of "{START}" of 20.* by hook: .*400')
        rows = [row for row in self.app.api("GET", "/v1/deadletters").json()["items"] if row["incident"] == ident]
        self.assertEqual([("notify", "hook")], [(row["operation"], row["connector"]) for row in rows])
        self.assertNotIn("test-hook", json.dumps(rows))
        path = f"/v1/deadletters/{rows[0]['id']}"
        answer = self.app.api("POST", path + "/retry", {})
        self.assertEqual(409, answer.status)
        self.assertIn("was told what came later", answer.json()["error"]["message"])
        answer = self.app.api("POST", path + "/drop", {})
        self.assertEqual((200, "its topic stays untold"), (answer.status, answer.json()["message"]))
        self.post(ident, "resolve", {})
        self.told(ident, TRIGGER, NOTE, UPDATE)

    def letters(self, ident: str) -> list[Config]:
        """The newest first."""
        return [row for row in self.app.api("GET", "/v1/deadletters").json()["items"] if row["incident"] == ident]

    def test_what_was_given_up_is_told_again(self) -> None:
        """The receiver refuses all for a while: its operator mends it, and asks for what was missed, from one event on."""
        ident = self.quiet(200, 400, 404, 400)
        self.post(ident, "notes", {"text": "first"})
        self.post(ident, "notes", {"text": "second"})
        eventually("they are given up", lambda: len(self.letters(ident)) == 3)
        self.assertEqual([TRIGGER], self.sink.types(ident))
        oldest = self.letters(ident)[-1]
        answer = self.app.api("POST", f"/v1/deadletters/{oldest['id']}/retry", {})
        self.assertEqual((200, "retrying"), (answer.status, answer.json()["status"]))
        self.told(ident, TRIGGER, START, NOTE, NOTE)
        self.assertEqual([], self.letters(ident))
        self.same_ids(ident)

    def test_a_reload_in_between(self) -> None:
        ident = self.quiet(None)
        eventually("the receiver has it", lambda: self.sink.of(ident))
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: "configuration reloaded" in self.app.log.read_text())
        self.post(ident, "notes", {"text": "after the reload"})
        self.sink.released.set()
        self.told(ident, TRIGGER, START, NOTE)

    def reload(self, config: Config) -> None:
        before = self.app.log.read_text().count("configuration reloaded")
        self.app.config_file.write_text(json.dumps(config))
        self.app.child.send_signal(signal.SIGHUP)
        eventually("it is reloaded", lambda: self.app.log.read_text().count("configuration reloaded") > before)

    def test_a_pair_that_is_taken_out(self) -> None:
        """What waits for it is told to nobody, and people read that; once it is back, it is told what happens from then on."""
        ident = self.quiet(None)
        eventually("the receiver has it", lambda: self.sink.of(ident))
        whole, without = (json.loads(self.app.config_file.read_text()) for _ in range(2))
        del without["topics"][OPS]
        self.reload(without)
        self.post(ident, "notes", {"text": "meanwhile"})
        self.sink.released.set()
        eventually("it is told no more", lambda: f"{OPS} is not told by hook any more" in self.texts(ident))
        self.assertRegex(self.texts(ident), f'\\$.topics does not name .*: what happened from "{TRIGGER}" of 20.* on is not told')
        self.reload(whole)
        self.post(ident, "notes", {"text": "back again"})
        self.assertEqual("back again", self.told(ident, NOTE)[0]["detail"]["text"])

    def test_a_topic_that_is_cleared_while_it_waits(self) -> None:
        ident = self.quiet(None)
        eventually("the receiver has it", lambda: self.sink.of(ident))
        self.post(ident, "update", {"notification_targets": []})
        self.sink.released.set()
        eventually("it is told no more", lambda: f"{OPS} is not told by hook any more" in self.texts(ident))
        self.assertIn("the incident does not name this topic any more", self.texts(ident))
        self.post(ident, "update", {"notification_targets": [OPS]})
        self.told(ident, UPDATE)
        self.assertEqual([0, 202], [post.status for post in self.sink.of(ident)])

    def test_a_connector_that_is_taken_out(self) -> None:
        """What waits for it is a line of the log, and is told when it is there again."""
        ident = self.quiet(503)
        eventually("it is refused once", lambda: self.sink.of(ident))
        whole, without = (json.loads(self.app.config_file.read_text()) for _ in range(2))
        del without["connectors"]["hook"], without["connectors"]["slow"], without["topics"]
        without["resources"]["response_plans"] = [
            plan for plan in without["resources"]["response_plans"] if plan["name"] not in ("told", "once", "quiet", "late", "hidden")]
        del without["sources"]["told"]
        self.reload(without)
        warning = 'topics wait for a connector that is not configured" connector=hook notices=1'
        eventually("it is told", lambda: warning in self.app.log.read_text())
        self.reload(whole)
        self.told(ident, TRIGGER, START)

    def test_what_waits_is_seen(self) -> None:
        """A receiver that asks for more than a minute: the incident says so, the API and the metrics say what waits."""
        self.sink.retry_after = 90
        self.addCleanup(setattr, self.sink, "retry_after", 1)
        def gauge(name: str) -> float:
            lines = self.app.api("GET", "/metrics").body.decode().splitlines()
            return next(float(line.split()[1]) for line in lines if line.startswith(f'tocsin_notices_{name}{{connector="slow"}} '))

        ident = self.quiet(503, plan="late")
        eventually("it is late", lambda: f'{LATE} is not told of "{TRIGGER}" of 20' in self.texts(ident))
        self.post(ident, "notes", {"text": "behind it"})
        self.assertRegex(self.texts(ident), "by slow yet: .*503.*; it is tried again by itself")
        row = {row["name"]: row for row in self.app.api("GET", "/v1/connectors").json()["items"]}["slow"]
        self.assertEqual(1, row["notices_waiting"])
        self.assertRegex(row["notices_waiting_since"], r"^20\d\d-")
        self.assertEqual(1, gauge("waiting"))
        first = gauge("oldest_seconds")
        eventually("it gets older", lambda: gauge("oldest_seconds") > first)
        self.assertEqual(1, self.texts(ident).count("by slow yet"))

    def test_health(self) -> None:
        self.told(self.quiet(), TRIGGER, START)
        rows = {row["name"]: row for row in self.app.api("GET", "/v1/connectors").json()["items"]}
        self.assertEqual(("webhook", False), (rows["hook"]["connector"], rows["hook"]["tickets"]))
        self.assertGreaterEqual(rows["hook"]["calls"], 2)
        self.assertEqual((0, None), (rows["mail"]["notices_waiting"], rows["mail"]["notices_waiting_since"]))


if __name__ == "__main__":
    unittest.main()
