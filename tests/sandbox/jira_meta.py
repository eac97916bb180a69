"""Jira's calls about the site rather than about an issue: who am I, create metadata, choices."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jira_issue as model
from jira_wire import API, error
from jira_workflow import WORKFLOWS
from vendor import utc_now
from wire import Request, Response, json_response

if TYPE_CHECKING:
    from jira import Jira

SCHEMAS: dict[str, dict[str, Any]] = {
    "project": {"type": "project", "system": "project"},
    "issuetype": {"type": "issuetype", "system": "issuetype"},
    "summary": {"type": "string", "system": "summary"},
    "description": {"type": "string", "system": "description"},
    "environment": {"type": "string", "system": "environment"},
    "priority": {"type": "priority", "system": "priority"},
    "labels": {"type": "array", "items": "string", "system": "labels"},
    "assignee": {"type": "user", "system": "assignee"},
    "reporter": {"type": "user", "system": "reporter"},
    "duedate": {"type": "date", "system": "duedate"},
    model.SELECT: {"type": "option", "customId": 10050,
                   "custom": "com.atlassian.jira.plugin.system.customfieldtypes:select"},
    model.TEXT: {"type": "string", "customId": 10060,
                 "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"},
}


def _allowed(name: str) -> list[dict[str, Any]] | None:
    if name == "priority":
        return [{"id": key, "name": text} for key, text in model.PRIORITIES.items()]
    if name == model.SELECT:
        return [{"id": key, "value": text} for key, text in model.ENVIRONMENTS.items()]
    return None


def field_metadata(name: str, required: frozenset[str]) -> dict[str, Any]:
    row = {"fieldId": name, "key": name, "name": model.NAMES[name], "hasDefaultValue": False,
           "required": name in required, "schema": SCHEMAS[name],
           "operations": ["add", "set", "remove"] if name == "labels" else ["set"]}
    allowed = _allowed(name)
    return row | ({"allowedValues": allowed} if allowed else {})


def _clock() -> str:
    return utc_now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Meta:
    def __init__(self, jira: Jira) -> None:
        self.jira = jira
        types = API + "/issue/createmeta/{project}/issuetypes"
        jira.router.add("GET", API + "/myself", self._myself)
        jira.router.add("GET", API + "/serverInfo", self._server_info)
        jira.router.add("GET", API + "/priority", self._priorities)
        jira.router.add("GET", API + "/mypermissions", self._permissions)
        jira.router.add("GET", API + "/project/{project}/statuses", self._statuses)
        jira.router.add("GET", types, self._issue_types)
        jira.router.add("GET", types + "/{issue_type}", self._create_fields)

    def _myself(self, _request: Request) -> Response:
        user = self.jira.show.user(model.BOT[0]) or {}
        return json_response(200, user | {"locale": "en_US",
                                          "timeZone": self.jira.settings.user_time_zone})

    def _server_info(self, _request: Request) -> Response:
        return json_response(200, {
            "baseUrl": self.jira.base_url, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0],
            "deploymentType": self.jira.settings.deployment, "buildNumber": 100281, "serverTitle": "Jira",
            "buildDate": "2026-01-15T00:00:00.000+0000", "serverTime": _clock()})

    def _issue_types(self, _request: Request, project: str) -> Response:
        if project not in (model.PROJECT["key"], model.PROJECT["id"]):
            return error(404, f"No project could be found with key or id '{project}'.")
        rows = [{"self": f"{self.jira.base_url}{API}/issuetype/{key}", "id": key, "name": name,
                 "subtask": False, "description": ""} for key, name in model.ISSUE_TYPES.items()]
        return json_response(200, {"startAt": 0, "maxResults": 50, "total": len(rows),
                                   "issueTypes": rows})

    def _create_fields(self, _request: Request, project: str, issue_type: str) -> Response:
        known = project in (model.PROJECT["key"], model.PROJECT["id"])
        if not known or issue_type not in model.ISSUE_TYPES:
            return error(404, "No such project or issue type.")
        required = frozenset(model.REQUIRED) | set(self.jira.settings.required)
        rows = [field_metadata(name, required) for name in sorted(self.jira.create_screen)]
        return json_response(200, {"startAt": 0, "maxResults": 50, "total": len(rows),
                                   "fields": rows})

    def _statuses(self, _request: Request, project: str) -> Response:
        if project not in (model.PROJECT["key"], model.PROJECT["id"]):
            return error(404, f"No project could be found with key or id '{project}'.")
        shown = [self.jira.show.status(key) for key in WORKFLOWS[self.jira.settings.workflow]]
        return json_response(200, [{"self": f"{self.jira.base_url}{API}/issuetype/{key}", "id": key, "name": name,
                                    "subtask": False, "statuses": shown} for key, name in model.ISSUE_TYPES.items()])

    def _permissions(self, request: Request) -> Response:
        if request.arg("projectKey", model.PROJECT["key"]) != model.PROJECT["key"]:
            return error(404, "No project could be found.")
        wanted = [key for key in request.arg("permissions").split(",") if key]
        if not wanted:
            return error(400, "The permissions query parameter is required.")
        return json_response(200, {"permissions": {key: {
            "id": str(n), "key": key, "name": key.replace("_", " ").capitalize(), "type": "PROJECT", "description": "",
            "havePermission": key not in self.jira.settings.missing_permissions} for n, key in enumerate(wanted, 10)}})

    def _priorities(self, _request: Request) -> Response:
        rows = [{"self": f"{self.jira.base_url}{API}/priority/{key}", "id": key, "name": name,
                 "description": "", "statusColor": "#2a6ee6"}
                for key, name in model.PRIORITIES.items()]
        return json_response(200, rows)
