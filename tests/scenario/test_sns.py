"""Subscriptions of SNS: what is confirmed, once; what ends one; and how Tocsin asks SNS. In a network of its own, where
the names of SNS lead to this machine."""
from __future__ import annotations

import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import typing
import unittest

from certs import Authority
from harness import Response, Tocsin, World, eventually, http, in_namespaces
from listeners import Listener, server_context
from test_config import NOWHERE
from worlds import ACCOUNT, SECRETS, Config, Topic, alarm, base_config, fresh, iso

PUBLIC, PRIVATE = "8.8.8.8", "10.1.2.3"  # of the loopback interface here
HOSTS = {PUBLIC: "us-east-1", PRIVATE: "eu-north-1"}  # the names of SNS in all other regions lead nowhere
NOWHERE_REGION = "eu-west-3"
TOKEN = "2336412f37fb687f5d51e6e241d09c80"
CERT_URL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"


def host(region: str) -> str:
    return f"sns.{region}.amazonaws.com"


class Sns(Listener):
    """SNS at its port, with a certificate that Tocsin trusts; `mode` says how it behaves."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.mode, self.elsewhere, self.let_go = "confirm", "", threading.Event()
        super().__init__(context, 443)

    def asked(self) -> list[str]:
        return [heard.split(b" ")[1].decode() for heard in self.heard]

    def answer(self) -> bytes:
        if self.mode == "hang":
            self.let_go.wait(60)
        if self.mode == "redirect":
            return (f"HTTP/1.1 302 Found\r\nLocation: {self.elsewhere}\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n").encode()
        arn = f"arn:aws:sns:us-east-1:{ACCOUNT}:ops-alarms:{len(self.heard):08}-6b5a-4c7d-9e1f-000000000000"
        status, body = ("400 Bad Request", "<Error><Code>InvalidParameter</Code></Error>") if self.mode == "refuse" \
            else ("200 OK", f"<R><SubscriptionArn>{arn}</SubscriptionArn></R>")
        return (f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
                f"Connection: close\r\n\r\n{body}").encode()


class Subscriptions(unittest.TestCase):
    world: World
    app: Tocsin
    sns: Sns

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World())
        folder = cls.world.folder
        cls.be_sns()
        ca = Authority(folder)
        names = ",".join(f"DNS:{host(region)}" for region in HOSTS.values())
        cls.sns = Sns(server_context(ca.issue("sns-server", alt=names)))
        cls.addClassCleanup(cls.sns.close)
        cls.topic = Topic(folder)
        config = base_config(cls.topic.cert, NOWHERE)
        config["tls"] = {"ca_file": str(ca.pair.cert)}
        config["resources"]["response_plans"][0]["connectors"] = []
        sns: Config = {"kind": "sns", "topics": [f"arn:aws:sns:{region}:{ACCOUNT}:ops-*"
                                                 for region in (*HOSTS.values(), NOWHERE_REGION)]}
        plain = {"kind": "cloudwatch-sns", "response_plan": "web"}
        pinned = {**sns, "cert_file": str(cls.topic.cert)}
        config["sources"] = {"cloudwatch": {**plain, "auth": pinned}, "unpinned": {**plain, "auth": sns},
                             "manual": {**plain, "auth": {**pinned, "confirm": "manual"}}}
        cls.app = cls.world.tocsin(config, dict(SECRETS))

    @classmethod
    def be_sns(cls) -> None:
        hosts = cls.world.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {host(region)}\n"
                                                          for address, region in HOSTS.items()))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)
        for address in HOSTS:
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
            cls.addClassCleanup(subprocess.run, ["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)

    def setUp(self) -> None:
        self.sns.mode, self.sns.let_go = "confirm", threading.Event()
        self.addCleanup(self.sns.let_go.set)
        self.said = len(self.log())

    def log(self) -> str:
        return self.app.log.read_text(errors="replace")

    def told(self, words: str, timeout: float = 20) -> str:
        """The first line since the test began."""
        return str(eventually(words, lambda: next(
            (line for line in self.log()[self.said:].splitlines() if re.search(words, line)), None), timeout))

    def post(self, body: Config, source: str = "cloudwatch", **headers: str) -> Response:
        return http("POST", f"{self.app.url}/sources/{source}", body, {"Content-Type": "text/plain", **headers})

    def arn(self, name: str, region: str = "us-east-1") -> str:
        return f"arn:aws:sns:{region}:{ACCOUNT}:{name}"

    def control(self, arn: str, kind: str = "SubscriptionConfirmation", token: str = TOKEN, **more: typing.Any) -> Config:
        return self.topic.signed(kind, "You have chosen", TopicArn=arn, Token=token,
                                 SubscribeURL="https://127.0.0.1/trap", **more)

    def confirm(self, arn: str, **more: typing.Any) -> Config:
        """Asks for it and waits until it is confirmed."""
        body = self.control(arn, **more)
        before = len(self.sns.heard)
        self.assertEqual(202, self.post(body).status)
        self.told(f"subscription confirmed.* topic={arn}")
        self.assertEqual(before + 1, len(self.sns.heard))
        return body

    def results(self, result: str, source: str = "cloudwatch") -> int:
        text = http("GET", self.app.url + "/metrics").body.decode()
        found = re.search(rf'^tocsin_sns_confirmations_total{{source="{source}",result="{result}"}} (\d+)$', text, re.M)
        return int(found[1]) if found else 0

    def state(self, arn: str) -> str:
        rows = self.app.api("GET", "/v1/subscriptions?limit=200", role="viewer").json()["items"]
        return next(str(row["state"]) for row in rows if row["topic"] == arn)

    def settled(self) -> int:
        """How often SNS was asked, after all that was to be asked: a confirmation that comes later was sent, too."""
        self.confirm(self.arn(fresh("ops-last")))
        return len(self.sns.heard) - 1


class Confirmed(Subscriptions):
    def test_once(self) -> None:
        arn = self.arn(fresh("ops-once"))
        asked_at = time.time()
        body = self.confirm(arn)
        path = self.sns.asked()[-1]
        self.assertTrue(path.startswith("/?Action=ConfirmSubscription&"), path)
        self.assertTrue(path.endswith(f"&Token={TOKEN}"), path)
        count, known = len(self.sns.heard), self.results("known")
        again = {
            "a replay": body,
            "the same token in another message": self.control(arn),
            "another call while the first one was pending": self.control(arn, token="b" * 32, Timestamp=iso(asked_at - 1))}
        for why, message in again.items():
            with self.subTest(why):
                self.assertIn(self.post(message).status, (200, 202))
        self.assertEqual(known + len(again), self.results("known"))
        self.assertEqual(count, self.settled())
        self.assertIn("tells nothing new", self.log())
        self.assertNotIn(TOKEN, self.log())

    def test_after_a_restart_it_is_still_known(self) -> None:
        arn, asked_at = self.arn(fresh("ops-restart")), time.time()
        self.confirm(arn)
        eventually("it is durable", lambda: self.state(arn) == "CONFIRMED")
        self.app.kill(signal.SIGKILL)
        self.app.start()
        count = len(self.sns.heard)
        self.post(self.control(arn, token="c" * 32, Timestamp=iso(asked_at - 1)))
        self.assertEqual(count, self.settled())

    def test_one_that_was_made_anew(self) -> None:
        """Its owner deleted it, which SNS tells nobody, and subscribed again: nothing is to be done by hand here."""
        arn = self.arn(fresh("ops-anew"))
        self.confirm(arn)
        self.said = len(self.log())
        self.confirm(arn, token="d" * 32, Timestamp=iso(time.time() + 1))

    def test_one_that_was_on_its_way_when_the_process_died(self) -> None:
        self.sns.mode, count = "hang", len(self.sns.heard)
        arn = self.arn(fresh("ops-died"))
        self.assertEqual(202, self.post(self.control(arn)).status)
        eventually("SNS is asked", lambda: len(self.sns.heard) == count + 1)
        self.app.kill(signal.SIGKILL)
        self.sns.mode = "confirm"
        self.app.start()
        self.told(f"subscription confirmed.* topic={arn}")
        self.assertEqual(count + 2, len(self.sns.heard))

    def test_only_by_a_person(self) -> None:
        count, arn = len(self.sns.heard), self.arn(fresh("ops-manual"))
        self.post(self.control(arn), "manual")
        self.told("waits for a person")
        self.assertEqual(count, self.settled())
        self.assertEqual("PENDING", self.state(arn))
        wanted = {"source": "manual", "topic": arn}
        answer = self.app.api("POST", "/v1/subscriptions/confirm", wanted, role="manager")
        self.assertEqual((200, "AWAITING"), (answer.status, answer.json()["state"]), answer.body)
        eventually("it is confirmed", lambda: self.state(arn) == "CONFIRMED")
        self.assertEqual(409, self.app.api("POST", "/v1/subscriptions/confirm", wanted).status)
        self.assertEqual(404, self.app.api("POST", "/v1/subscriptions/confirm", {**wanted, "topic": "x"}).status)

    def test_a_token_that_sns_refuses(self) -> None:
        self.sns.mode = "refuse"
        self.post(self.control(self.arn(fresh("ops-refused"))))
        self.told("given up; request its confirmation again")
        self.sns.mode = "confirm"

    def test_what_arrives_tells_of_its_subscription(self) -> None:
        """One that a person confirmed, or that is older than this store."""
        arn = self.arn(fresh("ops-manual"))
        for _ in range(2):
            body = self.topic.notification(alarm(fresh("seen"), "ALARM"), TopicArn=arn)
            self.post(body, "manual", **{"x-amz-sns-subscription-arn": arn + ":0001"})
        self.told(f"the topic delivers.* topic={arn} subscription={arn}:0001")
        rows = self.app.api("GET", "/v1/subscriptions?limit=200", role="viewer").json()["items"]
        self.assertIn(("manual", arn, "CONFIRMED", arn + ":0001"),
                      [(row["source"], row["topic"], row["state"], row["arn"]) for row in rows])
        self.assertEqual(1, self.log()[self.said:].count(f"topic={arn} "))
        count, known = len(self.sns.heard), self.results("known", "manual")
        self.post(self.control(arn, Timestamp=iso(time.time() - 60)), "manual")
        self.assertEqual((known + 1, count), (self.results("known", "manual"), self.settled()))


class Ended(Subscriptions):
    def incident(self, arn: str) -> Config | None:
        name = arn.rsplit(":", 1)[1]
        return next((row for row in self.app.incidents() if f"SNS topic {name} was unsubscribed" in row["title"]), None)

    def test_people_are_told_and_nothing_is_asked(self) -> None:
        arn = self.arn(fresh("ops-ended"))
        self.confirm(arn)
        count = len(self.sns.heard)
        end = self.control(arn, "UnsubscribeConfirmation", Timestamp=iso(time.time() + 1))
        answer = self.post(end)
        self.assertEqual(202, answer.status)
        (ident,) = answer.json()["incidents"]
        self.assertEqual((ident, "OPEN"), (self.incident(arn)["id"], self.app.incident(ident)["status"]))
        self.assertIn("subscribe the address of the source to the topic again", self.app.incident(ident)["summary"])
        self.assertTrue(self.app.incident(ident)["engagements"], "alice is paged")
        self.assertEqual(200, self.post(end).status)
        self.assertEqual(count, self.settled())
        with self.subTest("subscribed again"):
            self.said = len(self.log())
            self.confirm(arn, token="e" * 32, Timestamp=iso(time.time() + 2))
            eventually("resolved", lambda: self.app.incident(ident)["status"] == "RESOLVED")

    def test_one_of_before_a_new_subscription_is_old_news(self) -> None:
        arn, began = self.arn(fresh("ops-late")), time.time()
        self.confirm(arn)
        self.assertEqual([], self.post(self.control(arn, "UnsubscribeConfirmation",
                                                    Timestamp=iso(began - 5))).json()["incidents"])
        self.assertIsNone(self.incident(arn))


class Asked(Subscriptions):
    """How the address is asked: nothing but an answer of SNS itself counts, and it must come soon."""

    def failure(self, region: str = "us-east-1", timeout: float = 20) -> str:
        self.post(self.control(self.arn(fresh("ops-failure"), region)))
        line = self.told("subscription not confirmed", timeout)
        self.assertIn(f"host={host(region)} ", line)
        self.assertNotIn(TOKEN, self.log())
        return line

    def test_a_name_that_leads_nowhere(self) -> None:
        self.assertRegex(self.failure(NOWHERE_REGION), "(?i)resolve host")

    def test_an_address_that_is_not_public(self) -> None:
        self.failure("eu-north-1")
        self.assertNotIn(PRIVATE, self.sns.reached)

    def test_no_redirect_is_followed(self) -> None:
        trap = Listener()
        self.addCleanup(trap.close)
        for url in (f"http://{host('us-east-1')}:{trap.port}/", f"https://{host('us-east-1')}/again"):
            with self.subTest(url):
                self.sns.mode, self.sns.elsewhere, count = "redirect", url, len(self.sns.heard)
                self.said = len(self.log())
                self.assertIn("status 302", self.failure())
                self.assertEqual(count + 1, len(self.sns.heard))
                self.assertEqual([], trap.reached)

    def test_no_redirect_to_a_certificate_either(self) -> None:
        self.sns.mode, self.sns.elsewhere = "redirect", f"https://{host('us-east-1')}/again"
        body = self.topic.notification(alarm(fresh("cert"), "ALARM"), SigningCertURL=CERT_URL)
        self.assertIn(self.post(body, "unpinned").status, (403, 503))
        self.assertEqual(CERT_URL.removeprefix("https://" + host("us-east-1")), self.sns.asked()[-1])

    def test_five_seconds_and_no_more(self) -> None:
        self.sns.mode, began = "hang", time.monotonic()
        self.assertRegex(self.failure(timeout=30), "(?i)timeout|timed out")
        took = time.monotonic() - began
        self.assertTrue(4.5 <= took < 15, took)


if __name__ == "__main__":
    if not in_namespaces("--mount", "--net"):
        print("SKIP: needs a network of its own; run as root")
        sys.exit(77)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    unittest.main()
