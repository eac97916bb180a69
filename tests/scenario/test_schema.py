"""The JSON Schema of mapping files says what the loader knows: the same members and words, whatever the loader takes
validates, and typical mistakes are refused by both."""
from __future__ import annotations

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import unittest

from harness import BINARY, ROOT, SKIPPED

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed; run tests/install-packages.sh test")
    sys.exit(SKIPPED)

Json = dict[str, typing.Any]
LOADER = ROOT / "core/mapping"
SCHEMA: Json = json.loads((ROOT / "mappings/mapping-1.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


# ---- what the loader knows, from its sources ----

LIST = re.compile(r"static const char \*const (\w+)\[\] = \{(.*?)\};", re.DOTALL)
FUNCTION = re.compile(r"^[a-z][^\n;={}]*?(\w+)\([^;{}]*\)\n\{", re.MULTILINE)
FORM = re.compile(r'^    \{"(\w+)", \{([^}]*)\}, compile_\w+\}', re.MULTILINE)
WORD = re.compile(r'"([^"]*)"')


def loader_lists() -> dict[str, list[str]]:
    """{"load_source.c:event_keys": names, "load_connector.c:load_find:keys": names}"""
    lists = {}
    for path in sorted(LOADER.glob("*.c")):
        text = path.read_text()
        for match in LIST.finditer(text):
            inside = [f for f in FUNCTION.finditer(text, 0, match.start()) if "\n}" not in text[f.end():match.start()]]
            place = f"{inside[-1].group(1)}:" if inside else ""
            lists[f"{path.name}:{place}{match.group(1)}"] = WORD.findall(match.group(2))
    return lists


def forms() -> dict[str, list[str]]:
    return {key: WORD.findall(options) for key, options in FORM.findall((LOADER / "compile.c").read_text())}


# ---- the same in the schema ----

def definition(name: str) -> Json:
    return typing.cast(Json, SCHEMA["definitions"][name])


def members(name: str) -> list[str]:
    return list(definition(name)["properties"])


def words(schema: Json) -> list[str]:
    return [word for word in schema["enum"] if word is not None]


def word_of(name: str, member: str) -> list[str]:
    return words(definition(name)["properties"][member])


def literals(name: str) -> list[str]:
    return words(definition(name)["allOf"][1]["then"])


def of_kind(kind: str) -> list[str]:
    return words(definition(kind)["propertyNames"])


def test_of_kind(kind: str) -> list[str]:
    return words(definition(kind)["properties"]["tests"]["items"]["propertyNames"])


SAME: dict[str, typing.Callable[[], list[str]]] = {
    "load.c:kinds": lambda: words(SCHEMA["properties"]["kind"]),
    "load.c:source_keys": lambda: of_kind("source"),
    "load.c:connector_keys": lambda: of_kind("connector"),
    "load_source.c:event_keys": lambda: members("event"),
    "load_source.c:state_keys": lambda: members("state"),
    "load_source.c:item_keys": lambda: members("item"),
    "load_source.c:related_keys": lambda: members("related_item"),
    "load_source.c:actions": lambda: literals("action"),
    "load_source.c:related_kinds": lambda: literals("related_kind"),
    "load_source.c:load_rules:keys": lambda: members("rule"),
    "load_connector.c:load_field:keys": lambda: members("field"),
    "load_connector.c:direction_names": lambda: word_of("field", "direction"),
    "load_connector.c:on_names": lambda: word_of("field", "on"),
    "load_connector.c:conflict_names": lambda: word_of("field", "conflict"),
    "load_connector.c:load_find:keys": lambda: members("find"),
    "load_connector.c:load_inbound:keys": lambda: members("inbound"),
    "load_connector.c:load_links:keys": lambda: members("links"),
    "load_connector.c:load_poll:keys": lambda: members("poll"),
    "load_status.c:locals": lambda: words(definition("locals")["propertyNames"]),
    "load_status.c:direction_names": lambda: word_of("status", "direction"),
    "load_status.c:by_names": lambda: word_of("status", "by"),
    "load_status.c:tcn_load_status:keys": lambda: members("status"),
    "load_status.c:load_notes_out:keys": lambda: members("notes_out"),
    "load_status.c:load_notes_out:formats": lambda: word_of("notes_out", "format"),
    "load_status.c:load_notes_in:keys": lambda: members("notes_in"),
    "load_status.c:tcn_load_notes:keys": lambda: members("notes"),
    "compile.c:compile_branch:names": lambda: members("branch"),
    "compile.c:compile_hash:algorithms": lambda: word_of("form_hash", "alg"),
    "compile_cond.c:test_names": lambda: members("condition"),
    "table.c:tcn_table_compile:names": lambda: members("table"),
    "table.c:compile_class:names": lambda: members("class"),
    "setting.c:types": lambda: word_of("setting", "type"),
    "selftest.c:source_keys": lambda: test_of_kind("source"),
    "selftest.c:connector_keys": lambda: test_of_kind("connector"),
    "selftest.c:sections": lambda: word_of("test", "section"),
}
# Together they are the members of a setting.
SETTING = {f"setting.c:{name}_keys" for name in ("choice", "typed", "duration", "unsaid", "option", "sync")}
# Words that the schema tells in a description, since a pattern may stand there too.
TOLD = {"moment.c:names": ("form_time", "formats"), "moment.c:written": ("form_time", "out")}
# No members and no words of a mapping file: what is looked for in bodies, printed, or set by a configuration.
OTHER = {
    "adf_read.c:only_holds:names", "adf_read.c:say_other:names", "alarm_json.c:action_names", "alarm_json.c:status_names", "compile_path.c:env_names", "connector.c:tcn_mapping_note_sources:none",
    "eval_lists.c:tcn_pair_of:keys", "eval_lists.c:tcn_pair_of:values", "explain.c:kept_names", "filter.c:html:entity",
    "filter.c:arn_parts", "setting.c:auto_resolve", "setting.c:while_firing", "setting.c:short_lived", "setting.c:when_lost", "sink.c:set_action:words",
    "sink_items.c:kind_of:kinds", "status.c:locals",
}


class Members(unittest.TestCase):
    """A member that is added to one of the two alone fails here."""

    def test_it_is_a_schema(self) -> None:
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_every_list_of_the_loader(self) -> None:
        lists = loader_lists()
        self.assertEqual(set(lists), set(SAME) | SETTING | set(TOLD) | OTHER,
                         "a new list of names: give it its place in the schema, or say that it is none of members")
        for name, place in SAME.items():
            with self.subTest(name):
                self.assertCountEqual(lists[name], place())

    def test_settings(self) -> None:
        lists = loader_lists()
        self.assertEqual(set(members("setting")), {key for name in SETTING for key in lists[name]})

    def test_words_that_are_told(self) -> None:
        lists = loader_lists()
        for name, (of, member) in TOLD.items():
            text = definition(of)["properties"][member]["description"]
            for word in lists[name]:
                self.assertIn(f"{word},", text)

    def test_forms(self) -> None:
        known = forms()
        self.assertGreater(len(known), 10)
        self.assertEqual(list(known), members("expression"))
        self.assertEqual([{"required": [key]} for key in known], definition("plain_object")["not"]["anyOf"])
        chosen = [(row["if"]["required"], row["then"]["$ref"]) for row in definition("expression")["allOf"] if "required" in row["if"]]
        self.assertEqual([([key], f"#/definitions/form_{key}") for key in known], chosen)
        for key, options in known.items():
            with self.subTest(key):
                self.assertCountEqual(options, members(f"form_{key}"))

    def test_the_whole_file_is_the_two_kinds(self) -> None:
        self.assertEqual(set(SCHEMA["properties"]), set(of_kind("source")) | set(of_kind("connector")))
        self.assertEqual(set(members("test")), set(test_of_kind("source")) | set(test_of_kind("connector")))

    def test_every_member_is_described(self) -> None:
        places = [("root", SCHEMA["properties"])]
        places += [(name, row["properties"]) for name, row in SCHEMA["definitions"].items()
                   if "properties" in row and name not in ("source", "connector", "whole", "event_lists")]
        for place, rows in places:
            for member, row in rows.items():
                self.assertRegex(row.get("description", ""), r"\w{2}.*\.$", f"{place}.{member}")

    def test_every_reference_leads_somewhere(self) -> None:
        used = set(re.findall(r'"#/definitions/(\w+)"', json.dumps(SCHEMA)))
        self.assertEqual(used, set(SCHEMA["definitions"]))


# ---- files ----

LITERAL = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+')
EXTENDING: Json = {
    "a zone": {"extends": "builtin/zabbix", "name": "z", "event": {"state": {"since": {"tz": "Europe/Berlin"}}}},
    "another default": {"extends": "builtin/alertmanager", "name": "a", "settings": {"identity": {"default": "alert"}}},
    "members taken out": {"extends": "builtin/alertmanager", "name": "a", "event": {"summary": None, "related": None}, "when": None},
    "a part of a form": {"extends": "builtin/alertmanager", "name": "a", "event": {"items": {"max": 20}}},
    "a test and another": {"extends": "builtin/alertmanager", "name": "a", "match": {"and": None, "has": {"path": "alerts"}}},
    "a connector": {"extends": "builtin/jira", "kind": "connector", "name": "j", "fields": {"title": {"direction": "out"}}, "tests": []},
    "names in the order of the alphabet": {"extends": "builtin/alertmanager", "name": "a", "var": {"x": {
        "as": "x", "each": {"path": "alerts"}, "max": 5, "value": "{{x.status}}"}, "y": {"max": 5, "each": {"path": "alerts"}, "value": 1}}},
    "a schema": {"$schema": "../mapping-1.schema.json", "extends": "builtin/smtp", "name": "s"},
}


def of_c(path: pathlib.Path) -> typing.Iterator[str]:
    """Texts of string literals that are a mapping file whole."""
    for match in LITERAL.finditer(path.read_text()):
        text = "".join(json.loads(part) for part in re.findall(r'"(?:[^"\\\n]|\\["\\/bfnrtu])*"', match.group()))
        if '"mapping"' in text or '"extends"' in text:
            yield text


def texts() -> typing.Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "mappings").glob("*s/*.json")):
        if path.parent.name != "fixtures":
            yield str(path.relative_to(ROOT)), path.read_text()
    for path in sorted((ROOT / "tests/fuzz/corpus/mapping").iterdir()):
        yield str(path.relative_to(ROOT)), path.read_bytes().split(b"\0")[0].decode()
    for path in sorted((ROOT / "examples").glob("**/*.md")):
        for text in re.findall(r"```json mapping\n(.*?)```", path.read_text(), re.DOTALL):
            yield str(path.relative_to(ROOT)), text
    for path in sorted((ROOT / "tests/unit").glob("*/*.[ch]")):
        for text in of_c(path):
            yield str(path.relative_to(ROOT)), text
    for name, row in EXTENDING.items():
        yield name, json.dumps(row)


def whole(text: str) -> Json | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "mapping.json"

    def load(self, row: object) -> str | None:
        """What the loader says; None when it takes the file, whatever its tests do."""
        self.path.write_text(json.dumps(row))
        result = subprocess.run([BINARY, "map", "test", "--mapping", self.path], capture_output=True, text=True,
                                timeout=60, check=False)
        return None if re.search(r"\d tests, \d+ failed$", result.stdout) else result.stderr

    def test_whatever_is_loaded_validates(self) -> None:
        taken: dict[str, int] = {}
        for place, text in texts():
            row = whole(text)
            if row is None or self.load(row) is not None:
                continue
            with self.subTest(place, text=text[:200]):
                errors = [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in VALIDATOR.iter_errors(row)]
                self.assertEqual([], errors)
            kind = place.split("/")[0] if "/" in place else "extending"
            taken[kind] = taken.get(kind, 0) + 1
        print(f"validated: {taken}", flush=True)
        self.assertGreaterEqual(taken["mappings"], 10)
        self.assertGreaterEqual(taken["tests"], 15)
        self.assertEqual((len(EXTENDING), 2), (taken["extending"], taken["examples"]))

    SOURCE: Json = {"mapping": 1, "kind": "source", "name": "s", "match": {"has": {"path": "a"}}, "event": {
        "dedupe_key": "k", "action": "fire", "impact": 3, "state": {"since": {"time": {"path": "a"}, "tz": "+02:00"}},
        "items": [{"key": "i", "status": "firing"}], "related": [{"kind": "url", "value": "http://a"}]},
        "tests": [{"name": "t", "in": {"a": 1}, "want": {"action": "fire"}}]}
    CONNECTOR: Json = {"mapping": 1, "kind": "connector", "name": "c", "driver": "d",
                       "status": {"remote": "s", "class": {"OPEN": ["1"], "RESOLVED": ["2"]}},
                       "fields": {"title": {"remote": "t", "direction": "out", "out": "{{env.title}}"}}}
    MISTAKES: list[tuple[str, Json, typing.Callable[[Json], object], str]] = [
        ("a misspelt section", SOURCE, lambda f: f.update(tabels={}), "tabels"),
        ("a section of the other kind", SOURCE, lambda f: f.update(fields={}), "fields"),
        ("another kind", SOURCE, lambda f: f.update(kind="sink"), "kind"),
        ("another version", SOURCE, lambda f: f.update(mapping=2), "mapping"),
        ("no name", SOURCE, lambda f: f.pop("name"), "name"),
        ("a name with capitals", SOURCE, lambda f: f.update(name="My Mapping"), "name"),
        ("no event", SOURCE, lambda f: f.pop("event"), "event"),
        ("a misspelt member of the event", SOURCE, lambda f: f["event"].update(titel="x"), "titel"),
        ("no key", SOURCE, lambda f: f["event"].pop("dedupe_key"), "dedupe_key"),
        ("no such action", SOURCE, lambda f: f["event"].update(action="alarm"), "action"),
        ("an impact beyond 5", SOURCE, lambda f: f["event"].update(impact=9), "impact"),
        ("a misspelt member of an item", SOURCE, lambda f: f["event"]["items"][0].update(titel="x"), "titel"),
        ("no such kind of link", SOURCE, lambda f: f["event"]["related"][0].update(kind="link"), "kind"),
        ("an option of another form", SOURCE, lambda f: f["event"]["state"]["since"].update(format=["rfc3339"]), "format"),
        ("an offset without a colon", SOURCE, lambda f: f["event"]["state"]["since"].update(tz="+0200"), "tz"),
        ("a zone without an area", SOURCE, lambda f: f["event"]["state"]["since"].update(tz="CET"), "tz"),
        ("two forms in one", SOURCE, lambda f: f["event"].update(title={"path": "a", "const": 1}), "const"),
        ("a table without its argument", SOURCE, lambda f: f.update(tables={"t": {"map": {}}}, var={"x": {"table": "t"}}), "of"),
        ("no such test", SOURCE, lambda f: f.update(match={"equals": ["a", "b"]}), "equals"),
        ("two tests in one condition", SOURCE, lambda f: f.update(match={"has": "a", "eq": ["a", "b"]}), "match"),
        ("a test of one value", SOURCE, lambda f: f.update(match={"eq": ["a"]}), "eq"),
        ("a branch without a value", SOURCE, lambda f: f["event"].update(title={"case": [{"if": {"has": "a"}}]}), "then"),
        ("a test without a name", SOURCE, lambda f: f["tests"][0].pop("name"), "name"),
        ("a misspelt member of a test", SOURCE, lambda f: f["tests"][0].update(wants={}), "wants"),
        ("no driver", CONNECTOR, lambda f: f.pop("driver"), "driver"),
        ("no remote name", CONNECTOR, lambda f: f["fields"]["title"].pop("remote"), "remote"),
        ("no such direction", CONNECTOR, lambda f: f["fields"]["title"].update(direction="up"), "direction"),
        ("no such state", CONNECTOR, lambda f: f["status"]["class"].update(CLOSED=["3"]), "CLOSED"),
        ("a section of a source", CONNECTOR, lambda f: f.update(rules={}), "rules"),
    ]

    def test_mistakes_are_refused_by_both(self) -> None:
        for right in (self.SOURCE, self.CONNECTOR):
            self.assertIsNone(self.load(right))
            VALIDATOR.validate(right)
        for name, right, change, told in self.MISTAKES:
            with self.subTest(name):
                row = copy.deepcopy(right)
                change(row)
                self.assertIn(told, self.load(row) or "")
                self.assertFalse(VALIDATOR.is_valid(row))


if __name__ == "__main__":
    unittest.main()
