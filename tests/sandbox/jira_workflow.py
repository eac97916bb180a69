"""Jira's statuses and the workflows that the sandbox can run."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TO_DO, IN_PROGRESS, DONE, WAITING = "10000", "3", "10002", "10003"
STATUSES = {TO_DO: ("To Do", "new"), IN_PROGRESS: ("In Progress", "indeterminate"),
            DONE: ("Done", "done"), WAITING: ("Waiting for CAB", "indeterminate")}
# key -> (id, name, colour)
CATEGORIES = {"new": (2, "To Do", "blue-gray"), "indeterminate": (4, "In Progress", "yellow"),
              "done": (3, "Done", "green")}


@dataclass(frozen=True)
class Transition:
    id: str
    name: str
    to: str
    resolution: str = ""  # "required" or "optional": the transition's screen shows the resolution

    def fields(self, allowed: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.resolution:
            return {}
        return {"resolution": {
            "required": self.resolution == "required", "name": "Resolution", "key": "resolution",
            "schema": {"type": "resolution", "system": "resolution"}, "operations": ["set"],
            "allowedValues": allowed}}


START = Transition("21", "Start progress", IN_PROGRESS)
STOP = Transition("41", "Stop progress", TO_DO)
RESOLVE = Transition("31", "Resolve", DONE, "required")
REOPEN = Transition("51", "Reopen", TO_DO, "optional")
TO_CAB = Transition("61", "Ask the board", WAITING)

# name -> {status -> transitions}; "cab" has a status that no transition leaves
WORKFLOWS: dict[str, dict[str, tuple[Transition, ...]]] = {
    "stepwise": {TO_DO: (START,), IN_PROGRESS: (RESOLVE, STOP), DONE: (REOPEN,), WAITING: ()},
    "direct": {TO_DO: (START, RESOLVE), IN_PROGRESS: (RESOLVE, STOP), DONE: (REOPEN,),
               WAITING: ()},
    "cab": {TO_DO: (START,), IN_PROGRESS: (TO_CAB,), DONE: (REOPEN,), WAITING: ()},
}
