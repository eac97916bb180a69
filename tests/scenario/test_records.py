"""Records of ticket systems that end: full of notes."""
from __future__ import annotations

import json
import unittest

from harness import eventually
from worlds import Config, Scenario, fresh

MAX_NOTES = 3


class Full(Scenario):
    """PagerDuty takes no more notes than MAX_NOTES, and answers 400 to one more."""

    @classmethod
    def configure(cls, config: Config) -> None:
        mapping = cls.world.folder / "brief.json"
        mapping.write_text(json.dumps({"mapping": 1, "kind": "connector", "name": "brief", "extends": "connectors/pagerduty",
                                       "notes": {"out": {"max": MAX_NOTES}}}))
        config["connectors"]["pagerduty"]["mapping"] = str(mapping)
        config["resources"]["response_plans"][0]["connectors"] = ["jira", "pagerduty"]
        cls.box.settings(pagerduty={"max_notes": MAX_NOTES})

    def comments(self, name: str, vendor: str) -> list[str]:
        rows = self.box.tickets(name, vendor)
        return [comment["text"] for row in rows for comment in row["comments"]]

    def say(self, name: str, ident: str) -> str:
        """A note of a person; it has arrived in Jira, where there is room, and PagerDuty has nothing to do."""
        word = fresh("word")
        self.app.api("POST", f"/v1/incidents/{ident}/notes", {"text": word})

        def is_over() -> bool:
            links = self.app.incident(ident)["links"]
            return word in str(self.comments(name, "jira")) and all(row["due_at"] is None for row in links)
        eventually(f"{word} is in Jira", is_over, 60)
        return word

    def test_the_last_note_leads_to_the_incident(self) -> None:
        name, ident = self.open_one("full")
        self.linked(ident, ("jira", "pagerduty"))
        words = []
        while len(self.comments(name, "pagerduty")) < MAX_NOTES:
            words.append(self.say(name, ident))
            self.assertLessEqual(len(words), MAX_NOTES)
        written = self.comments(name, "pagerduty")
        self.assertIn(f"(Note {MAX_NOTES}, the last one here. What follows is at "
                      f"{self.app.url}/v1/incidents/{ident})", written[-1])
        self.assertNotIn("the last one here", "".join(written[:-1]))
        self.assertEqual([1] * len(words), [str(written).count(word) for word in words], "what is in it is in it once")
        self.say(name, ident)
        self.app.kill()
        self.app.start()
        self.say(name, ident)
        self.assertEqual(written, self.comments(name, "pagerduty"))
        self.assertEqual(1, self.texts(ident).count(f"has {MAX_NOTES} notes of this incident, and no more are written"))
        self.assertEqual([], self.app.api("GET", "/v1/deadletters").json()["items"])
        self.app.api("POST", f"/v1/incidents/{ident}/acknowledge")
        self.tickets(name, "ACKED", vendors=("jira", "pagerduty"))


if __name__ == "__main__":
    unittest.main()
