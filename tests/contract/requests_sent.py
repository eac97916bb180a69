"""Every request that a connector can send, and whether it was seen.

The list is held to the sources: a call of TOCSIN_REQUEST whose method and path no row has fails the test.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_plus

from wire import Request

CONNECTORS = Path(__file__).resolve().parents[2] / "connectors"
OF_NO_DOCUMENT = "/rest/api/2/"  # Jira Data Center: prism has no document of it
OF_NO_VENDOR = {"webhook"}  # the receiver is the user's own: nobody publishes a document of it
CALL = re.compile(r'TOCSIN_REQUEST\(\s*[^,]+,\s*rq,\s*"(\w+)",\s*[^,]+,([^;]*?)\)\s*(?:<|;)')


class Wanted(NamedTuple):
    vendor: str
    what: str
    method: str
    path: str  # a regular expression of the whole path
    says: str = ""  # searched in the decoded query and the body

    def is_met(self, vendor: str, request: Request) -> bool:
        said = unquote_plus(request.target.partition("?")[2]) + request.body.decode("utf-8", "replace")
        return (self.vendor == vendor and self.is_to(request.method, request.path)
                and re.search(self.says, said) is not None)

    def is_to(self, method: str, path: str) -> bool:
        return method == self.method and re.fullmatch(self.path, path) is not None


def _rows(vendor: str, *rows: tuple[str, ...]) -> tuple[Wanted, ...]:
    return tuple(Wanted(vendor, *row) for row in rows)


TABLE = "/api/now/table/"
RECORD = TABLE + "incident/[^/]+"
ISSUE = "/rest/api/3/issue/[^/]+"
CREATE_META = "/rest/api/3/issue/createmeta/[^/]+/issuetypes"
WANTED = (
    *_rows("servicenow",
           ("who it is", "GET", TABLE + "sys_user", "gs.getUserName"),
           ("the fields of its table", "GET", TABLE + "incident", "sysparm_limit=1&.*sysparm_fields=sys_id,correlation_id,state"),
           ("the choice lists", "GET", TABLE + "sys_choice", "elementINstate,close_code"),
           ("the fields of a record", "GET", TABLE + "incident", "sysparm_query=ORDERBYDESCsys_created_on&sysparm_limit=1"),
           ("whether the journal may be read", "GET", TABLE + "sys_journal_field", "element=work_notes"),
           ("the look-up of a record", "GET", TABLE + "incident", "sysparm_query=correlation_id="),
           ("what changed", "GET", TABLE + "incident", "STARTSWITHtocsin:.sys_updated_on>=javascript:gs.dateGenerate"),
           ("the versions of many records", "GET", TABLE + "incident", "sysparm_query=sys_idIN"),
           ("a record", "GET", RECORD, "sysparm_display_value=all"),
           ("a create", "POST", TABLE + "incident", "short_description"),
           ("a write", "PATCH", RECORD, "sysparm_display_value=all"),
           ("a note", "PATCH", RECORD, "sysparm_fields=sys_id,sys_mod_count.*work_notes"),
           ("the look-up of a note in the journal", "GET", TABLE + "sys_journal_field", "element_id="),
           ("the look-up of a note in the record", "GET", RECORD, "sysparm_display_value=true&sysparm_fields=work_notes$"),
           ("what was said", "GET", TABLE + "sys_journal_field", "elementINwork_notes,comments"),
           ("whether anything was said", "GET", RECORD, "sysparm_fields=work_notes,comments")),
    *_rows("jira",
           ("who it is", "GET", "/rest/api/3/myself"),
           ("what the site is", "GET", "/rest/api/3/serverInfo"),
           ("the issue types of the project", "GET", CREATE_META),
           ("the create screen", "GET", CREATE_META + "/[^/]+"),
           ("the statuses of the project", "GET", "/rest/api/3/project/[^/]+/statuses"),
           ("what the account may do", "GET", "/rest/api/3/mypermissions", "TRANSITION_ISSUES"),
           ("the look-up of an issue", "POST", "/rest/api/3/search/jql", "currentUser"),
           ("what changed", "POST", "/rest/api/3/search/jql", "updated >= -"),
           ("the versions of many issues", "POST", "/rest/api/3/issue/bulkfetch", '"updated"'),
           ("an issue", "GET", ISSUE, r"fields=\*all"),
           ("a create", "POST", "/rest/api/3/issue", "tocsin.link"),
           ("changed fields", "PUT", ISSUE, "returnIssue=true"),
           ("the transitions", "GET", ISSUE + "/transitions", "expand=transitions.fields"),
           ("a transition", "POST", ISSUE + "/transitions", '"transition"'),
           ("a note", "POST", ISSUE + "/comment", "tocsin.event"),
           ("the look-up of a note, and what was said", "GET", ISSUE + "/comment", "startAt=0"),
           ("the look-up of a note among many", "GET", ISSUE + "/comment", "startAt=100")),
    *_rows("pagerduty",
           ("its service", "GET", "/services/[^/]+"),
           ("the user who writes", "GET", "/users", "query="),
           ("the look-up of an incident", "GET", "/incidents", "incident_key="),
           ("what changed", "GET", "/log_entries", r"since=.*until=.*include\[\]=incidents"),
           ("an incident", "GET", "/incidents/[^/]+"),
           ("a create", "POST", "/incidents", "incident_key"),
           ("the priorities", "GET", "/priorities"),
           ("a write", "PUT", "/incidents/[^/]+"),
           ("a note", "POST", "/incidents/[^/]+/notes"),
           ("the look-up of a note, and what was said", "GET", "/incidents/[^/]+/notes")),
    *_rows("pagerduty_events",
           ("a trigger", "POST", "/v2/enqueue", '"trigger"'),
           ("an acknowledgement", "POST", "/v2/enqueue", '"acknowledge"'),
           ("an end", "POST", "/v2/enqueue", '"resolve"'),
           ("a probe", "POST", "/v2/enqueue", '"tocsin-check"')))


def unseen(requests: list[tuple[str, Request]]) -> list[str]:
    """Those of WANTED that no request was."""
    return [f"{row.vendor}: {row.what} ({row.method} {row.path} {row.says})" for row in WANTED
            if not any(row.is_met(vendor, request) for vendor, request in requests)]


def _defines(text: str) -> dict[str, str]:
    return dict(re.findall(r'#define (\w+) "([^"]*)"', text))


def _path(words: str, defines: dict[str, str]) -> str:
    """A path as the call makes it: its template with what it puts in, a stand-in for what is only known when it runs."""
    template, *values = re.split(r",\s*", words)
    parts = re.findall(r'"([^"]*)"|(\w+)', template)
    path = "".join(text if not name else defines[name] for text, name in parts)
    for value in values:
        known = {"s->table": "incident", "j->api": "3"}.get(value, "some-id")
        path = path.replace("{}", value.strip('"') if value.startswith('"') else known, 1)
    return path


def in_sources() -> Iterator[tuple[str, str, str]]:
    """(connector, method, path) of each call of TOCSIN_REQUEST."""
    for folder in sorted(path for path in CONNECTORS.iterdir() if path.is_dir() and path.name not in OF_NO_VENDOR):
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.[ch]"))]
        defines = {name: value for text in texts for name, value in _defines(text).items()}
        for text in texts:
            calls = text.count("TOCSIN_REQUEST(")
            found = CALL.findall(text)
            if calls != len(found):
                raise AssertionError(f"{calls - len(found)} calls of TOCSIN_REQUEST in {folder.name} are written in a new way")
            for method, words in found:
                yield folder.name, method, _path(words.strip(), defines)


def unlisted() -> list[str]:
    """Requests of the sources that no row of WANTED is about."""
    return [f"{name}: {method} {path}" for name, method, path in in_sources()
            if not path.startswith(OF_NO_DOCUMENT)
            and not any(row.vendor.startswith(name) and row.is_to(method, path) for row in WANTED)]
