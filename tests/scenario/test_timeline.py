"""Incidents as people keep them: events of their own by the time when things happened, related items, lists by filters."""
from __future__ import annotations

import unittest
import urllib.parse

from harness import Response
from worlds import Config, Scenario, fresh

NOBODY = "00000000-0000-4000-8000-000000000000"
ARN = "arn:aws:rds:eu-west-1:123456789012:db:shop"


class Timeline(Scenario):
    def ask(self, method: str, path: str, status: int, body: Config | None = None, role: str = "responder") -> Response:
        answer = self.app.api(method, path, body, role=role)
        self.assertEqual(status, answer.status, answer.body)
        return answer

    def post(self, path: str, body: Config, status: int = 200) -> Config:
        return dict(self.ask("POST", path, status, body).json())

    def refused(self, path: str, body: Config, status: int, field: str | None) -> None:
        self.assertEqual(field, self.post(path, body, status)["error"].get("field"), path)

    def start(self) -> str:
        return str(self.post("/v1/incidents", {"response_plan": "web", "title": fresh("timeline")}, 201)["id"])

    def listed(self, ident: str, **query: object) -> list[Config]:
        words = urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        answer = self.ask("GET", f"/v1/incidents/{ident}/timeline?{words}", 200, role="viewer").json()
        return list(answer["items"])


class Events(Timeline):
    def test_written_changed_deleted(self) -> None:
        ident = self.start()
        events = f"/v1/incidents/{ident}/events"
        made = self.post(events, {"data": {"deploy": 7}, "at": "2026-01-02T03:04:05Z", "references": [{"resource": ARN}]}, 201)
        self.assertEqual(("Custom Event", {"deploy": 7}, "2026-01-02T03:04:05.000Z", "token:responder", [{"resource": ARN}]),
                         (made["type"], made["data"], made["at"], made["actor"], made["references"]))
        path = f"{events}/{made['id']}"
        self.assertEqual(made, self.ask("GET", path, 200, role="viewer").json())
        changed = self.post(f"{path}/update", {"data": "rolled back", "type": "Note", "references": []})
        self.assertEqual(("Note", "rolled back", "rolled back", made["at"], []),
                         (changed["type"], changed["data"], changed["text"], changed["at"], changed["references"]))
        self.assertGreater(changed["updated_at"], made["updated_at"])
        self.assertIn(f"token:responder changed the event {made['id']}: type, data, references", self.texts(ident))
        self.assertEqual("deleted", self.post(f"{path}/delete", {})["status"])
        self.assertEqual("unchanged", self.post(f"{path}/delete", {})["status"])
        self.ask("GET", path, 404, role="viewer")
        self.refused(f"{path}/update", {"data": 1}, 404, "event")
        self.assertIn(f"token:responder deleted the event {made['id']}, a Note of 2026-01-02T03:04:05.000Z by token:responder",
                      self.texts(ident))
        self.assertNotIn("rolled back", str(self.app.incident(ident)["timeline"]))

    def test_a_repeat_is_one(self) -> None:
        ident = self.start()
        events = f"/v1/incidents/{ident}/events"
        body: Config = {"data": "once", "client_token": "retry 1"}
        made = self.post(events, body, 201)
        self.assertEqual(made["id"], self.post(events, body)["id"])
        self.refused(events, {"data": "twice", "client_token": "retry 1"}, 409, "client_token")
        other = self.start()
        self.assertNotEqual(made["id"], self.post(f"/v1/incidents/{other}/events", body, 201)["id"])
        self.app.kill()
        self.app.start()
        self.assertEqual(made["id"], self.post(events, body)["id"])
        self.assertEqual(1, sum(row["text"] == "once" for row in self.app.incident(ident)["timeline"]))

    def test_what_happened_stays(self) -> None:
        ident = self.start()
        events = f"/v1/incidents/{ident}/events"
        for row in self.app.incident(ident)["timeline"]:
            self.refused(f"{events}/{row['id']}/update", {"data": "x"}, 409, "event")
            self.refused(f"{events}/{row['id']}/delete", {}, 409, "event")
        self.refused(events, {"data": "x", "type": "SSM Incident Start"}, 400, "type")
        self.refused(events, {"data": "x", "at": "tomorrow"}, 400, "at")
        self.refused(events, {"data": "x" * 12_000}, 400, "data")
        self.refused(events, {"data": "x", "references": [{"resource": "i-1"}]}, 400, "references")
        self.refused(events, {"data": "x", "references": [{"relatedItemId": "related-item/OTHER/0"}]}, 400, "references")
        self.refused(f"/v1/incidents/{NOBODY}/events", {"data": "x"}, 404, "id")
        self.refused(f"{events}/{NOBODY}/update", {"data": "x"}, 404, "event")

    def test_a_note_is_changed(self) -> None:
        ident = self.start()
        self.post(f"/v1/incidents/{ident}/notes", {"text": "the disk is ful"})
        [note] = self.listed(ident, type="Note")
        self.post(f"/v1/incidents/{ident}/events/{note['id']}/update", {"data": "the disk is full"})
        self.assertEqual(["the disk is full"], [row["text"] for row in self.listed(ident, type="Note")])


class Lists(Timeline):
    def test_by_the_time_when_it_happened(self) -> None:
        ident = self.start()
        for day, kind, arn in ((3, "Custom Event", ARN), (1, "Note", ARN), (2, "Custom Event", ARN + "2"), (4, "Note", "")):
            self.post(f"/v1/incidents/{ident}/events", {
                "data": day, "type": kind, "at": f"2026-01-{day:02}T00:00:00Z",
                "references": [{"resource": arn}] if arn else []}, 201)
        own = {"before": "2026-02-01T00:00:00Z"}

        def days(**query: object) -> list[object]:
            return [row["data"] for row in self.listed(ident, **own, **query)]
        self.assertEqual([4, 3, 2, 1], days())
        self.assertEqual([1, 2, 3, 4], days(order="ASCENDING"))
        self.assertEqual([4, 1], days(type="Note"))
        self.assertEqual([4, 3, 2, 1], days(type="Note,Custom Event"))
        self.assertEqual([3, 1], days(reference=ARN))
        self.assertEqual([3], days(reference=ARN, type="Custom Event"))
        self.assertEqual([3, 2, 1], days(reference=f"{ARN},{ARN}2"))
        self.assertEqual([3, 2], days(reference=f"{ARN},{ARN}2", type="Custom Event"))
        self.assertEqual([4, 3], days(after="2026-01-02T00:00:00Z"))
        self.assertEqual([], days(type="note"))
        self.assertEqual(["SSM Incident Start", "SSM Incident Trigger"],
                         [row["type"] for row in self.listed(ident, type="SSM Incident Trigger,SSM Incident Start")])

    def test_page_by_page(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/timeline?type=Custom%20Event&limit=7"
        for i in range(30):
            at = f"2026-01-01T00:00:{i * 7 % 10:02}Z"
            self.post(f"/v1/incidents/{ident}/events", {"data": i, "at": at}, 201)
        seen: list[Config] = []
        following = ""
        while True:
            answer = self.ask("GET", path + following, 200, role="viewer").json()
            seen += answer["items"]
            if not answer["next"]:
                break
            self.post(f"/v1/incidents/{ident}/events", {"data": "late", "at": "2026-03-01T00:00:00Z"}, 201)
            following = f"&next={answer['next']}"
        self.assertEqual(30, len({row["id"] for row in seen}))
        self.assertEqual(30, len(seen))
        self.assertEqual(sorted((row["at"] for row in seen), reverse=True), [row["at"] for row in seen])

    def test_what_is_refused(self) -> None:
        ident = self.start()
        for query, field in (("order=up", "order"), ("after=now", "after"), ("next=1", "next"), ("kind=Note", "kind"),
                             ("limit=201", "limit")):
            answer = self.ask("GET", f"/v1/incidents/{ident}/timeline?{query}", 400, role="viewer")
            self.assertEqual(field, answer.json()["error"]["field"], query)
        self.ask("GET", f"/v1/incidents/{NOBODY}/timeline", 404, role="viewer")


class Incidents(Timeline):
    def ids(self, **query: object) -> list[str]:
        """Of every page, two a page."""
        words = urllib.parse.urlencode({"limit": 2, **query}, quote_via=urllib.parse.quote)
        found: list[str] = []
        following = ""
        while True:
            answer = self.ask("GET", f"/v1/incidents?{words}{following}", 200, role="viewer").json()
            found += [row["id"] for row in answer["items"]]
            if not answer["next"]:
                return found
            following = f"&next={answer['next']}"

    def test_filters(self) -> None:
        first = self.start()
        begin = self.app.incident(first)["created_at"]
        made = {impact: [str(self.post("/v1/incidents", {"response_plan": "web", "title": fresh("filter"), "impact": impact}, 201)["id"])
                         for _ in range(3)] for impact in (1, 3, 5)}
        last = str(self.ask("POST", "/v1/incidents", 201, {"response_plan": "web", "title": fresh("filter")}, role="manager").json()["id"])
        self.post(f"/v1/incidents/{made[1][1]}/resolve", {})
        since = {"created_after": begin}
        self.assertEqual(made[1][::-1], self.ids(impact=1, **since))
        self.assertEqual([made[1][2], made[1][0]], self.ids(impact=1, status="OPEN", **since))
        self.assertEqual([made[1][1]], self.ids(status="RESOLVED", **since))
        self.assertEqual((made[1] + made[5])[::-1], self.ids(impact="5,1", **since))
        self.assertEqual([last], self.ids(created_by="token:manager", **since))
        self.assertEqual(10, len(self.ids(created_by="token:manager,token:responder", **since)))
        self.assertEqual(made[3][::-1], self.ids(created_by="token:responder", impact=3, **since))
        end = self.app.incident(made[3][1])["created_at"]
        self.assertEqual([made[3][0]], self.ids(created_before=end, impact=3, **since))
        self.assertEqual([], self.ids(created_before=begin, created_after=begin))
        self.assertEqual("token:manager", self.app.incident(last)["created_by"])

    def test_what_is_refused(self) -> None:
        for query, field in (("impact=6", "impact"), ("created_after=now", "created_after"), ("impact=1&dedupe=x", "dedupe"),
                             (f"impact=1&next={NOBODY}", "next"), ("creator=x", "creator")):
            answer = self.ask("GET", f"/v1/incidents?{query}", 400, role="viewer")
            self.assertEqual(field, answer.json()["error"]["field"], query)


class Related(Timeline):
    def items(self, ident: str) -> list[Config]:
        return list(self.ask("GET", f"/v1/incidents/{ident}/related", 200, role="viewer").json()["items"])

    def test_added_and_removed(self) -> None:
        ident = self.start()
        self.linked(ident)
        of_tickets = self.items(ident)
        path = f"/v1/incidents/{ident}/related"
        added = [self.post(path, body, 201) for body in (
            {"type": "OTHER", "url": "https://wiki.example.com/disk", "title": "What to do"},
            {"type": "INVOLVED_RESOURCE", "arn": ARN},
            {"type": "METRIC", "metricDefinition": '{"MetricName":"FreeStorageSpace"}'},
            {"type": "INCIDENT", "pagerDutyIncidentDetail": {"id": "P7", "autoResolve": False}})]
        self.assertEqual(of_tickets + added, self.items(ident))
        self.assertEqual({"id": "P7", "autoResolve": False}, added[3]["value"])
        self.assertIn("token:responder added the related item What to do", self.texts(ident))
        again = self.post(path, {"type": "OTHER", "url": "https://wiki.example.com/disk", "title": "The disk"})
        self.assertEqual((added[0]["id"], "The disk"), (again["id"], again["title"]))
        self.assertEqual("removed", self.post(f"{path}/remove", {"id": added[1]["id"]})["status"])
        self.assertEqual("removed", self.post(f"{path}/remove", {"type": "OTHER", "url": "https://wiki.example.com/disk"})["status"])
        self.assertEqual("unchanged", self.post(f"{path}/remove", {"id": added[0]["id"]})["status"])
        self.assertEqual(of_tickets + added[2:], self.items(ident))
        self.assertIn("token:responder removed the related item The disk", self.texts(ident))
        for row in of_tickets:
            self.refused(f"{path}/remove", {"id": row["id"]}, 409, None)
        self.assertEqual(of_tickets + added[2:], self.app.incident(ident)["related"])

    def test_a_repeat_is_one(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/related"
        body: Config = {"type": "OTHER", "url": "https://a.example.com/", "client_token": "add 1"}
        item = self.post(path, body, 201)
        self.post(f"{path}/remove", {"id": item["id"]})
        self.assertEqual("removed", self.post(path, body)["status"])
        self.assertNotIn(item, self.items(ident))
        self.refused(path, {**body, "url": "https://b.example.com/"}, 409, "client_token")

    def test_an_event_refers_to_one(self) -> None:
        ident = self.start()
        item = self.post(f"/v1/incidents/{ident}/related", {"type": "OTHER", "url": "https://a.example.com/"}, 201)
        event = self.post(f"/v1/incidents/{ident}/events",
                          {"data": "see there", "references": [{"relatedItemId": item["id"]}]}, 201)
        listed = {row["id"] for row in self.listed(ident, reference=item["id"], type="Custom Event")}
        self.assertEqual({event["id"]}, listed)

    def test_what_is_refused(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/related"
        self.refused(path, {"type": "LINK", "url": "https://a.example.com/"}, 400, "type")
        self.refused(path, {"type": "OTHER", "arn": "i-1"}, 400, "arn")
        self.refused(path, {"type": "OTHER"}, 400, "url")
        self.refused(path, {"type": "OTHER", "url": "x" * 1001}, 400, "url")
        self.refused(f"/v1/incidents/{NOBODY}/related", {"type": "OTHER", "url": "https://a.example.com/"}, 404, "id")


class Findings(Timeline):
    def test_there_are_none(self) -> None:
        answer = self.ask("GET", f"/v1/incidents/{self.start()}/findings", 200, role="viewer")
        self.assertEqual({"findings": []}, answer.json())
        self.ask("GET", f"/v1/incidents/{NOBODY}/findings", 404, role="viewer")
        self.ask("GET", "/v1/incidents/x/findings", 404, role="viewer")


class Tags(Timeline):
    def tags(self, ident: str) -> Config:
        return dict(self.app.incident(ident)["tags"])

    def test_set_and_taken_away(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/tags"
        before = self.app.incident(ident)
        self.assertEqual({**before["tags"], "team": "shop", "a b/c": "x:y=z"},
                         self.post(path, {"tags": {"team": "shop", "a b/c": "x:y=z"}})["tags"])
        self.post(path, {"tags": {"team": "pay", "cost": ""}})
        self.app.kill()
        self.app.start()
        self.assertEqual({**before["tags"], "team": "pay", "a b/c": "x:y=z", "cost": ""}, self.tags(ident))
        self.post(f"{path}/remove", {"keys": ["a b/c", "cost", "none", "team"]})
        after = self.app.incident(ident)
        self.assertEqual(before["tags"], after["tags"])
        self.assertEqual(before["modified_at"], after["modified_at"])
        self.assertEqual([], [row for row in after["timeline"] if "tag" in str(row)])

    def test_at_most_fifty(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/tags"
        free = 50 - len(self.tags(ident))
        self.post(path, {"tags": {f"k{i}": "v" for i in range(free)}})
        self.refused(path, {"tags": {"k0": "other", "one": "more"}}, 409, None)
        self.assertEqual("v", self.tags(ident)["k0"])
        self.post(path, {"tags": {"k0": "other"}})
        self.post(f"{path}/remove", {"keys": ["k1"]})
        self.assertEqual("more", self.post(path, {"tags": {"one": "more"}})["tags"]["one"])

    def test_what_is_refused(self) -> None:
        ident = self.start()
        path = f"/v1/incidents/{ident}/tags"
        for tags in ({}, {"aws:x": "y"}, {"": "y"}, {"k" * 129: "y"}, {"k": "y" * 257}, {"k": 7}, {"k": "é"}, {"k!": "y"},
                     {f"k{i}": "v" for i in range(51)}):
            self.refused(path, {"tags": tags}, 400, "tags")
        for keys in ([], ["aws:x"], [7], [""], ["k"] * 51):
            self.refused(f"{path}/remove", {"keys": keys}, 400, "keys")
        self.refused(path, {"tag": {"k": "v"}}, 400, "tag")
        self.refused(f"/v1/incidents/{NOBODY}/tags", {"tags": {"k": "v"}}, 404, "id")
        self.refused(f"/v1/incidents/{NOBODY}/tags/remove", {"keys": ["k"]}, 404, "id")


if __name__ == "__main__":
    unittest.main()
