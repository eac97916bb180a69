"""ServiceNow by OAuth: tokens are asked for, kept, renewed and never shown, whatever their endpoint does."""
from __future__ import annotations

import unittest

from harness import eventually
from worlds import Config, Scenario, secret

VENDOR = ("servicenow",)
ENDPOINT = "/oauth_token.do"
CLIENT, CLIENT_SECRET = "0c1ee74c00000000sandbox000000000", "sandbox-client-secret"
SOON_S = 45  # some tries that fail, with the pauses between them


class Client(Scenario):
    """An application with a user of its own."""

    SIGN_IN: Config = {"auth": "client_credentials", "user": "", "password": None}

    @classmethod
    def configure(cls, config: Config) -> None:
        cls.env["SNOW_CLIENT"] = CLIENT_SECRET
        snow = config["connectors"]["servicenow"]
        snow |= {"client_id": CLIENT, "client_secret": secret("SNOW_CLIENT"), "timeout": "1s", **cls.SIGN_IN}
        config["connectors"]["servicenow"] = {name: value for name, value in snow.items() if value is not None}
        config["resources"]["response_plans"][0]["connectors"] = list(VENDOR)

    def setUp(self) -> None:
        self.box.no_faults()

    def asked(self) -> int:
        return len(self.box.calls("servicenow", path=ENDPOINT))

    def follow(self, word: str) -> str:
        """An incident whose one ticket follows an acknowledgement; its name."""
        name, ident = self.open_one(word)
        self.tickets(name, "OPEN", vendors=VENDOR, timeout=SOON_S)
        self.assertEqual(200, self.app.api("POST", f"/v1/incidents/{ident}/acknowledge").status)
        self.tickets(name, "ACKED", vendors=VENDOR, timeout=SOON_S)
        return name

    def tearDown(self) -> None:
        """Nothing that anybody is shown has a secret or a token."""
        said = self.app.log.read_text() + str(self.app.api("GET", "/v1/deadletters").json()) \
            + str(self.app.api("GET", "/v1/connectors").json()) + str(self.app.api("GET", "/v1/links").json())
        for word in ("sandbox-token-", CLIENT_SECRET, "sandbox-password"):
            self.assertNotIn(word, said)

    def test_one_token_serves_many_tickets(self) -> None:
        self.follow("first")
        before = self.asked()
        for _ in range(3):
            self.follow("more")
        self.assertEqual(before, self.asked())


class Trouble(Client):
    def test_tokens_that_are_taken_back(self) -> None:
        self.follow("before")
        before = self.asked()
        self.box.settings(servicenow={"tokens": 1})
        self.follow("after")
        self.assertEqual(before + 1, self.asked())
        self.assertEqual([], self.app.api("GET", "/v1/deadletters").json()["items"])

    def test_an_endpoint_that_fails(self) -> None:
        for number, rule in enumerate(({"action": "hang"}, {"action": "html"}, {"action": "status", "status": 503})):
            with self.subTest(**rule):
                self.box.fault(vendor="servicenow", method="POST", path_re=ENDPOINT, **rule)
                self.box.settings(servicenow={"tokens": 10 + number})
                before = self.asked()
                self.follow("later")
                self.assertEqual(before + 2, self.asked())
                self.box.no_faults()

    def test_an_application_that_is_refused_holds_its_tickets(self) -> None:
        self.follow("good")
        self.box.settings(servicenow={"client_credentials": False, "tokens": 2})
        name, _ = self.open_one("held")
        eventually("it is told that the credentials are refused", lambda: "server_error, access_denied" in self.app.log.read_text())
        rows = {row["name"]: row for row in self.app.api("GET", "/v1/connectors").json()["items"]}
        self.assertIn("no access token: the remote answered 401", str(rows["servicenow"]))
        self.assertEqual([], self.box.tickets(name, "servicenow"))
        self.box.settings(servicenow={"client_credentials": True})
        self.app.kill()  # a probe of the credentials comes 10 s after the refusal, and is no other way to a token
        self.app.start()
        self.tickets(name, "OPEN", vendors=VENDOR, timeout=SOON_S)
        self.assertEqual([], self.app.api("GET", "/v1/deadletters").json()["items"])


class User(Client):
    """An application, and the user that it acts for: older releases know nothing else."""

    SIGN_IN = {"auth": "password"}

    @classmethod
    def configure(cls, config: Config) -> None:
        super().configure(config)
        cls.box.settings(servicenow={"client_credentials": False})


if __name__ == "__main__":
    unittest.main()
