"""Jira's issue: what it holds, how its fields are checked on a write and shown on a read."""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from jira_adf import MAX_TEXT, adf_error, plain_text
from jira_workflow import CATEGORIES, STATUSES

PROJECT = {"id": "10000", "key": "OPS", "name": "Operations"}
ISSUE_TYPES = {"10004": "[System] Incident", "10001": "Task", "10002": "Bug"}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
PRIORITY_NAMES = tuple(PRIORITIES.values())
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate",
               "10003": "Cannot Reproduce"}
ENVIRONMENTS = {"10100": "prod", "10101": "stage", "10102": "dev"}
BOT = ("712020:5a0c6d1e-70c5-4b0e-9d9c-0000007ac511", "Tocsin", "app")
PERSON = ("5b10a2844c20165700ede21g", "Mia Krystof", "atlassian")
PEOPLE = {person[0]: person for person in (BOT, PERSON)}
LOGINS = {BOT[0]: "tocsin", PERSON[0]: "mia"}  # their names in a Jira Data Center

SELECT, TEXT = "customfield_10050", "customfield_10060"
NAMES = {
    "project": "Project", "issuetype": "Issue Type", "summary": "Summary",
    "description": "Description", "priority": "Priority", "labels": "Labels",
    "assignee": "Assignee", "reporter": "Reporter", "environment": "Environment",
    "duedate": "Due date", SELECT: "Environment tier", TEXT: "Runbook",
}
EDIT_SCREEN = frozenset(NAMES) - {"project", "issuetype"}
CREATE_SCREEN = frozenset(NAMES)
REQUIRED = ("project", "issuetype", "summary")
MAX_PROPERTY = 32_768
OFF_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


def name_priorities(names: list[str]) -> None:
    """The priorities of the site, the most severe first; "3" is what issues have that are made without one."""
    if len(names) < 3:
        raise ValueError("priorities takes three names or more")
    PRIORITIES.clear()
    PRIORITIES.update({str(n): name for n, name in enumerate(names, 1)})


class FieldError(ValueError):
    """Its text stands under the field's name in errors{}."""


@dataclass
class IssueComment:
    id: str
    author: str
    body: Any  # a document; in a Jira Data Center a text
    created_ms: int
    properties: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Issue:
    id: int
    key: str
    creator: str
    created_ms: int
    updated_ms: int
    issue_type: str = "10004"
    status: str = "10000"
    values: dict[str, Any] = field(default_factory=dict)  # field id -> stored value
    resolution: str = ""
    resolved_ms: int = 0
    properties: dict[str, Any] = field(default_factory=dict)
    comments: list[IssueComment] = field(default_factory=list)
    histories: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)

    def snapshot(self) -> "Issue":
        return dataclasses.replace(self, values=dict(self.values), comments=list(self.comments),
                                   properties=dict(self.properties), links=list(self.links),
                                   histories=list(self.histories))


def jira_time(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


# -- checks on a write ------------------------------------------------------------------------


def _choice(value: Any, known: dict[str, str], label: str) -> str:
    """The id of {"id"} or {"name"} (select lists: {"value"})."""
    if isinstance(value, dict):
        if str(value.get("id", "")) in known:
            return str(value["id"])
        wanted = value.get("name", value.get("value"))
        for key, name in known.items():
            if name == wanted:
                return key
    raise FieldError(f"Specify a valid 'id' or 'name' for {label}")


def _summary(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FieldError("You must specify a summary of the issue.")
    if len(value) > 255:
        raise FieldError("Summary can't exceed 255 characters.")
    if "\n" in value or "\r" in value:
        raise FieldError("The summary is invalid because it contains newline characters.")
    return value.strip()


def _document(value: Any) -> Any:
    if value is None:
        return None
    if adf_error(value):
        raise FieldError("Operation value must be an Atlassian Document "
                         "(see the Atlassian Document Format)")
    if len(plain_text(value)) > MAX_TEXT:
        raise FieldError("The entered text is too long. "
                         "It exceeds the allowed limit of 32,767 characters.")
    return value


def _labels(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise FieldError("data was not an array of strings")
    for label in value:
        if any(c.isspace() for c in label):
            raise FieldError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise FieldError(f"The label '{label}' exceeds the maximum length of 255 characters.")
    return list(dict.fromkeys(value))


def _user(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("accountId", value.get("id")) not in PEOPLE:
        raise FieldError("User does not exist or does not have permission.")
    return value.get("accountId", value.get("id"))


def _line(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > 255):
        raise FieldError("Operation value must be a string")
    return value


def _date(value: Any) -> str | None:
    try:
        return None if value is None else datetime.strptime(value, "%Y-%m-%d").date().isoformat()
    except (ValueError, TypeError) as exc:
        raise FieldError("Error parsing date string.") from exc


def _project(value: Any) -> str:
    if not isinstance(value, dict) or (value.get("key") != PROJECT["key"]
                                       and str(value.get("id")) != PROJECT["id"]):
        raise FieldError("Specify a valid project ID or key")
    return PROJECT["id"]


CHECKS: dict[str, Callable[[Any], Any]] = {
    "project": _project, "summary": _summary, "description": _document, "environment": _document,
    "labels": _labels, "assignee": _user, "reporter": _user, "duedate": _date, TEXT: _line,
    "issuetype": lambda v: _choice(v, ISSUE_TYPES, "issue type"),
    "priority": lambda v: _choice(v, PRIORITIES, "priority"),
    "resolution": lambda v: "" if v is None else _choice(v, RESOLUTIONS, "Resolution"),
    SELECT: lambda v: None if v is None else _choice(v, ENVIRONMENTS, NAMES[SELECT]),
}


def check_fields(fields: Any, screen: frozenset[str],
                 checks: dict[str, Callable[[Any], Any]] = CHECKS) -> tuple[dict[str, Any], dict[str, str]]:
    """(values to store, errors{}) of a fields object against what is on the screen."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    if not isinstance(fields or {}, dict):
        return {}, {"fields": "fields takes an object"}
    for name, value in (fields or {}).items():
        if name not in screen:
            errors[name] = OFF_SCREEN.format(name)
            continue
        try:
            values[name] = checks[name](value)
        except FieldError as exc:
            errors[name] = str(exc)
    return values, errors


def label_operations(operations: Any, labels: list[str]) -> list[str]:
    """update.labels: a list of {"add"|"remove"|"set": ...}."""
    for operation in operations if isinstance(operations, list) else [None]:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise FieldError("an operation is an object with one of add, remove, set")
        (verb, value), = operation.items()
        if verb == "set":
            labels = _labels(value)
        elif verb == "add":
            labels = _labels([*labels, value])
        elif verb == "remove":
            labels = [label for label in labels if label != value]
        else:
            raise FieldError(f"The operation '{verb}' is not supported.")
    return labels


def property_error(key: Any, value: Any) -> str:
    """"" for an entity property that Jira takes."""
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        return "The property key is invalid."
    if len(json.dumps(value, ensure_ascii=False)) > MAX_PROPERTY:
        return f"The property value's length exceeds {MAX_PROPERTY} characters."
    return ""


def properties_error(rows: Any) -> str:
    """"" for a list of {"key", "value"} that Jira takes."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return "properties takes a list of objects with key and value"
    return next((w for row in rows if (w := property_error(row.get("key"), row.get("value")))), "")


# -- values on the wire -------------------------------------------------------------------------


class Shower:
    """Renders issues with links to `base_url`."""

    def __init__(self, base_url: str, is_server: bool = False) -> None:
        self.is_server = is_server
        self.api = f"{base_url}/rest/api/{2 if is_server else 3}"

    def user(self, account: str | None) -> dict[str, Any] | None:
        if account is None:
            return None
        if self.is_server:
            login = LOGINS[account]
            return {"self": f"{self.api}/user?username={login}", "name": login, "key": f"JIRAUSER{len(login)}",
                    "displayName": PEOPLE[account][1], "emailAddress": f"{login}@example.com", "active": True,
                    "timeZone": "Etc/UTC"}
        _, name, kind = PEOPLE[account]
        return {"self": f"{self.api}/user?accountId={account}", "accountId": account,
                "displayName": name, "active": True, "timeZone": "Etc/UTC", "accountType": kind}

    def named(self, kind: str, key: str | None, names: dict[str, str]) -> dict[str, Any] | None:
        if not key:
            return None
        return {"self": f"{self.api}/{kind}/{key}", "id": key, "name": names[key]}

    def status(self, key: str) -> dict[str, Any]:
        name, category = STATUSES[key]
        number, label, color = CATEGORIES[category]
        return {"self": f"{self.api}/status/{key}", "description": "", "name": name, "id": key,
                "statusCategory": {"self": f"{self.api}/statuscategory/{number}", "id": number,
                                   "key": category, "colorName": color, "name": label}}

    def comment(self, issue: Issue, row: IssueComment, expand: str) -> dict[str, Any]:
        author, at = self.user(row.author), jira_time(row.created_ms)
        shown = {"self": f"{self.api}/issue/{issue.id}/comment/{row.id}", "id": row.id,
                 "author": author, "body": row.body, "updateAuthor": author, "created": at,
                 "updated": at} | ({} if self.is_server else {"jsdPublic": not is_internal(row)})
        return shown | ({"properties": row.properties} if "properties" in expand else {})

    def fields(self, issue: Issue) -> dict[str, Any]:
        values = issue.values
        select = values.get(SELECT)
        return {
            "summary": values.get("summary"), "description": values.get("description"),
            "environment": values.get("environment"), "labels": values.get("labels", []),
            "project": {"self": f"{self.api}/project/{PROJECT['id']}", **PROJECT,
                        "projectTypeKey": "service_desk", "simplified": False},
            "issuetype": self.named("issuetype", issue.issue_type, ISSUE_TYPES),
            "status": self.status(issue.status),
            "priority": self.named("priority", values.get("priority", "3"), PRIORITIES),
            "resolution": self.named("resolution", issue.resolution, RESOLUTIONS),
            "resolutiondate": jira_time(issue.resolved_ms) if issue.resolved_ms else None,
            "assignee": self.user(values.get("assignee")),
            "reporter": self.user(values.get("reporter", issue.creator)),
            "creator": self.user(issue.creator), "duedate": values.get("duedate"),
            "created": jira_time(issue.created_ms), "updated": jira_time(issue.updated_ms),
            SELECT: {"id": select, "value": ENVIRONMENTS[select]} if select else None,
            TEXT: values.get(TEXT),
            "comment": {"comments": [self.comment(issue, row, "") for row in issue.comments],
                        "maxResults": len(issue.comments), "total": len(issue.comments),
                        "startAt": 0},
        }

    def issue(self, issue: Issue, wanted: list[str], properties: list[str]) -> dict[str, Any]:
        """An IssueBean with the wanted fields ("*all", "*navigable", "-name" as Jira reads them)."""
        shown: dict[str, Any] = {
            "id": str(issue.id), "key": issue.key, "self": f"{self.api}/issue/{issue.id}",
            "expand": "renderedFields,names,schema,operations,editmeta,changelog"}
        if wanted != ["id"]:
            shown["fields"] = _select(self.fields(issue), wanted)
        if properties:
            shown["properties"] = {k: v for k, v in issue.properties.items()
                                   if k in properties or "*all" in properties}
        return shown


def is_internal(comment: IssueComment) -> bool:
    """In a service project it is for agents."""
    return any(row["key"] == "sd.public.comment" and (row["value"] or {}).get("internal") is True
               for row in comment.properties)


def _select(fields: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    minus = {name[1:] for name in wanted if name.startswith("-")}
    plus = {name for name in wanted if not name.startswith("-")}
    everything = not plus or plus & {"*all", "*navigable"}
    return {name: value for name, value in fields.items()
            if name not in minus and (everything or name in plus)}


def _status_spellings(issue: Issue) -> list[str]:
    return [issue.status, STATUSES[issue.status][0]]


def _category_spellings(issue: Issue) -> list[str]:
    category = STATUSES[issue.status][1]
    number, label, _ = CATEGORIES[category]
    return [category, label, str(number)]


def _spellings(key: str, names: dict[str, str]) -> list[str]:
    return [key, names[key]] if key else []


# what JQL compares with; a list stands for several spellings of one value
SEARCHED: dict[str, Callable[[Issue], Any]] = {
    "project": lambda i: list(PROJECT.values()), "labels": lambda i: i.values.get("labels", []),
    "creator": lambda i: i.creator, "reporter": lambda i: i.values.get("reporter", i.creator),
    "assignee": lambda i: i.values.get("assignee"), "status": _status_spellings,
    "statuscategory": _category_spellings,
    "resolution": lambda i: _spellings(i.resolution, RESOLUTIONS),
    "issuetype": lambda i: _spellings(i.issue_type, ISSUE_TYPES),
    "priority": lambda i: _spellings(i.values.get("priority", "3"), PRIORITIES),
    "key": lambda i: [i.key, str(i.id)], "id": lambda i: [str(i.id), i.key],
    "updated": lambda i: i.updated_ms, "created": lambda i: i.created_ms,
    "summary": lambda i: i.values.get("summary", ""),
}


class SearchValues:
    """An issue as JQL reads it, field by field."""

    def __init__(self, issue: Issue) -> None:
        self.issue = issue

    def __getitem__(self, name: str) -> Any:
        return SEARCHED[name](self.issue)
