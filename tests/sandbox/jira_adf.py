"""The Atlassian Document Format: which documents Jira takes, and their plain text."""
from __future__ import annotations

from typing import Any

MAX_NODES = 20_000
MAX_DEPTH = 40
MAX_TEXT = 32_767

INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})
LISTS = frozenset({"bulletList", "orderedList"})
BLOCKS = LISTS | {"paragraph", "heading", "codeBlock", "blockquote", "rule", "panel", "table",
                  "blockCard", "expand", "taskList", "decisionList", "mediaSingle", "mediaGroup"}
CELL = frozenset({"paragraph", "heading", "codeBlock", "blockquote", "panel", "rule"}) | LISTS
# node -> the children it may have; nodes that are not named have no content
CHILDREN: dict[str, frozenset[str]] = {
    "doc": frozenset(BLOCKS), "paragraph": INLINE, "heading": INLINE,
    "codeBlock": frozenset({"text"}), "blockquote": frozenset({"paragraph", "codeBlock"}) | LISTS,
    "bulletList": frozenset({"listItem"}), "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "codeBlock", "mediaSingle"}) | LISTS,
    "panel": frozenset({"paragraph", "heading"}) | LISTS, "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}), "tableCell": CELL, "tableHeader": CELL,
    "expand": CELL, "taskList": frozenset({"taskItem"}), "taskItem": INLINE,
    "decisionList": frozenset({"decisionItem"}), "decisionItem": INLINE,
    "mediaSingle": frozenset({"media"}), "mediaGroup": frozenset({"media"}),
}
NEEDS_CONTENT = frozenset({"bulletList", "orderedList", "listItem", "table", "tableRow",
                           "blockquote", "panel"})
NODE_ATTRS = {"heading": "level", "panel": "panelType", "mention": "id", "emoji": "shortName",
              "inlineCard": "url", "date": "timestamp"}
MARKS = frozenset({"strong", "em", "code", "strike", "underline", "link", "subsup", "textColor"})
NODE_KEYS = frozenset({"type", "content", "text", "marks", "attrs", "version"})


def adf_error(doc: Any) -> str:
    """"" for a document that Jira takes, else what is wrong with it."""
    if not isinstance(doc, dict):
        return "not an object"
    if doc.get("type") != "doc" or doc.get("version") != 1:
        return "not a doc of version 1"
    if not isinstance(doc.get("content"), list):
        return "doc without content"
    return _walk(doc)


def _walk(doc: dict[str, Any]) -> str:
    stack: list[tuple[dict[str, Any], int]] = [(doc, 0)]
    seen = 0
    while stack:
        node, depth = stack.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            return "too many nodes"
        if wrong := _node_error(node):
            return wrong
        stack += [(child, depth + 1) for child in node.get("content", [])]
    return ""


def _node_error(node: dict[str, Any]) -> str:
    kind = node["type"]
    content = node.get("content", [])
    if stray := set(node) - NODE_KEYS:
        return f"{kind} with unknown member {sorted(stray)[0]}"
    if kind == "text":
        return _text_error(node)
    if not isinstance(content, list) or (kind in NEEDS_CONTENT and not content):
        return f"{kind} without content"
    for child in content:
        if not isinstance(child, dict) or child.get("type") not in CHILDREN.get(kind, frozenset()):
            return f"{kind} must not contain {child.get('type') if isinstance(child, dict) else child!r}"
    return _attrs_error(kind, node.get("attrs", {}))


def _attrs_error(kind: str, attrs: Any) -> str:
    wanted = NODE_ATTRS.get(kind)
    if not isinstance(attrs, dict) or (wanted and wanted not in attrs):
        return f"{kind} without attrs.{wanted}"
    if kind == "heading" and attrs["level"] not in range(1, 7):
        return "heading level outside 1..6"
    return ""


def _text_error(node: dict[str, Any]) -> str:
    if not isinstance(node.get("text"), str) or not node["text"]:
        return "text node without text"
    for mark in node.get("marks", []):
        if not isinstance(mark, dict) or mark.get("type") not in MARKS:
            return f"unknown mark {mark!r}"
        if mark["type"] == "link" and not isinstance(mark.get("attrs", {}).get("href"), str):
            return "link without href"
    return ""


def plain_text(doc: Any) -> str:
    """The text of a valid document, blocks on lines of their own; links as "text (url)"."""
    if not isinstance(doc, dict):
        return doc if isinstance(doc, str) else ""  # of a Jira Data Center
    if doc.get("type") == "text":
        href = next((m["attrs"]["href"] for m in doc.get("marks", []) if m["type"] == "link"), "")
        return f"{doc['text']} ({href})" if href not in ("", doc["text"]) else doc["text"]
    if doc.get("type") == "hardBreak":
        return "\n"
    inner = [plain_text(child) for child in doc.get("content", [])]
    inline = doc.get("type") in ("paragraph", "heading", "codeBlock")
    return ("" if inline else "\n").join(inner)


def paragraph_doc(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}
