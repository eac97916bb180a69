"""The vendors' API documents, made ready for prism: corrected where a document is wrong, cut to the
paths in use (the whole ones take 10 s to load), with the server's path moved into the routes.

A document is read from the folder in TOCSIN_OPENAPI and never kept in this repository.  Every
correction says why and must change something: a stale one fails the test.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

Json = Any

FILES = {
    "servicenow": "servicenow-table-handwritten.yaml",
    "jira": "jira-cloud-platform-v3-fixed-examples.json",
    "pagerduty": "pagerduty-rest-openapiv3.json",
    "pagerduty_events": "pagerduty-events-v2-openapiv3.json",
}
V3, ISSUE = "/rest/api/3", "/rest/api/3/issue/{issueIdOrKey}"
META = V3 + "/issue/createmeta/{projectIdOrKey}/issuetypes"
# Calls to other paths are reported: add the path here when a connector starts to use it.
PATHS: dict[str, tuple[str, ...]] = {
    "jira": (
        V3 + "/myself", V3 + "/serverInfo", V3 + "/mypermissions", V3 + "/project/{projectIdOrKey}/statuses", V3 + "/priority", V3 + "/issue", ISSUE,
        ISSUE + "/transitions", ISSUE + "/comment", ISSUE + "/properties/{propertyKey}",
        ISSUE + "/remotelink", V3 + "/comment/list", V3 + "/search/jql", V3 + "/issue/bulkfetch",
        V3 + "/changelog/bulkfetch", META, META + "/{issueTypeId}"),
    "pagerduty": (
        "/incidents", "/incidents/{id}", "/incidents/{id}/notes", "/incidents/{id}/alerts",
        "/incidents/{id}/log_entries", "/log_entries", "/priorities", "/services",
        "/services/{id}", "/users", "/users/me", "/abilities"),
    "pagerduty_events": ("/v2/enqueue",),
}


def walk(node: Json) -> Iterator[dict[str, Json]]:
    """Every object in a document."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
        if isinstance(node, (dict, list)):
            stack += node.values() if isinstance(node, dict) else node


def schema(document: Json, name: str) -> dict[str, Json]:
    found: dict[str, Json] = document["components"]["schemas"][name]
    return found


# -- corrections ----------------------------------------------------------------------------------


def drop_url_format(document: Json) -> None:
    for node in walk(document):
        if node.get("format") == "url":
            del node["format"]


def free_media_headers(document: Json) -> None:
    for node in walk(document):
        if node.get("in") == "header" and node.get("name") in ("Accept", "Content-Type"):
            node["required"] = False


def free_channel(document: Json) -> None:
    del schema(document, "Channel")["oneOf"]


def any_log_entry(document: Json) -> None:
    for node in walk(document):
        entries = node.get("log_entries")
        if isinstance(entries, dict) and "oneOf" in entries.get("items", {}):
            entries["items"] = {"$ref": "#/components/schemas/LogEntry"}


def free_details(document: Json) -> None:
    del schema(document, "IncidentBody")["properties"]["details"]["type"]


def empty_204(document: Json) -> None:
    for node in walk(document["paths"]):
        if isinstance(node.get("204"), dict):
            node["204"].pop("content", None)


def list_of_links(document: Json) -> None:
    answer = document["paths"][ISSUE + "/remotelink"]["get"]["responses"]["200"]
    media = answer["content"]["application/json"]
    media["schema"] = {"type": "array", "items": media["schema"]}


def null_changes(document: Json) -> None:
    for name in ("from", "fromString", "to", "toString"):
        schema(document, "ChangeDetails")["properties"][name]["nullable"] = True


def whole_incidents(document: Json) -> None:
    entry = schema(document, "LogEntry")["allOf"][1]["properties"]
    entry["incident"] = {"anyOf": [entry["incident"], {"$ref": "#/components/schemas/Incident"}]}


@dataclass(frozen=True)
class Correction:
    vendor: str
    why: str
    apply: Callable[[Json], None]


CORRECTIONS = (
    Correction("jira", "a 204 has no body and so no media type", empty_204),
    Correction("jira", "without globalId the answer is a list, as the document's own example is",
               list_of_links),
    Correction("jira", "a field that was or becomes empty has null in the changelog, as the "
               "vendor's recorded payloads show", null_changes),
    Correction("pagerduty", "include[]=incidents puts the whole incident in a log entry",
               whole_incidents),
    Correction("pagerduty", "details is typed as an object, the document's own example is a text",
               free_details),
    Correction("pagerduty", "the validator's format 'url' refuses loopback and private addresses, "
               "which the document means to allow in self and html_url", drop_url_format),
    Correction("pagerduty_events", "the same format in client_url and links", drop_url_format),
    Correction("pagerduty", "header parameters named Accept and Content-Type are to be ignored "
               "(OpenAPI 3.0.2, Parameter Object); a GET has no Content-Type", free_media_headers),
    Correction("pagerduty", "Channel must match exactly one of five schemas that every channel "
               "matches: nothing is valid", free_channel),
    Correction("pagerduty", "the union of log entries names the type acknowledgement_log_entry and "
               "lacks field_value_change_log_entry; LogEntry itself has both right", any_log_entry),
)


def correct(vendor: str, document: Json) -> None:
    for correction in CORRECTIONS:
        if correction.vendor == vendor:
            before = json.dumps(document)
            correction.apply(document)
            if json.dumps(document) == before:
                raise AssertionError(f"this correction of {vendor} is no longer needed: "
                                     f"{correction.why}")


# -- cutting ----------------------------------------------------------------------------------------


def _pieces(pointer: str) -> list[str]:
    return [unquote(part).replace("~1", "/").replace("~0", "~") for part in pointer[2:].split("/")]


def _keep(document: Json, kept: Json, pieces: list[str]) -> Json | None:
    """Copies the path item or component that a reference leads into; None if it is there already."""
    depth = 3 if pieces[0] == "components" else 2
    source, target = document, kept
    for name in pieces[:depth - 1]:
        source, target = source[name], target.setdefault(name, {})
    name = pieces[depth - 1]
    if name in target:
        return None
    target[name] = source[name]
    return source[name]


def cut(document: Json, paths: tuple[str, ...]) -> Json:
    """The document with these paths and what they refer to."""
    kept = {name: value for name, value in document.items() if name not in ("paths", "components")}
    kept["components"] = {"securitySchemes": document.get("components", {}).get("securitySchemes", {})}
    kept["paths"] = {}
    todo = [["paths", path] for path in paths]
    while todo:
        piece = _keep(document, kept, todo.pop())
        todo += [_pieces(node["$ref"]) for node in walk(piece)
                 if isinstance(node.get("$ref"), str)]
    return kept


def move_server_path(document: Json) -> None:
    """prism ignores the path of a server: put it before every route."""
    path = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    if path:
        document["paths"] = {path + name: item for name, item in document["paths"].items()}
        document["servers"] = [{"url": "/"}]


def prepare(folder: Path, vendor: str, out: Path) -> Path:
    """Where prism finds the document of `vendor`: as it is, or corrected and cut in `out`."""
    source = folder / FILES[vendor]
    if source.suffix != ".json":
        return source
    document = json.loads(source.read_text(encoding="utf-8"))
    move_server_path(document)
    correct(vendor, document)
    target = out / f"{vendor}.json"
    target.write_text(json.dumps(cut(document, PATHS[vendor])), encoding="utf-8")
    return target
