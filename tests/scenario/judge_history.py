"""What happened while nodes were tormented: kept by the world around them and by triggers in their database, read
afterwards by judge_checks.py. Times are milliseconds of the machine's monotonic clock, unless they are called wall."""
from __future__ import annotations

import base64
import dataclasses
import json
import re
import time
import typing

Row = dict[str, typing.Any]
OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
# Of the schema and core/model: status of an incident, state of a send.
OPEN, RESOLVED = 1, 2
PENDING, IN_FLIGHT, DONE, GIVEN_UP, DROPPED, DROPPED_IN_FLIGHT = 1, 2, 3, 4, 5, 6
EARLY_MS = 2  # between the clocks of those who tell

# Every write of every table goes into judge.writes by the transaction that made it. Rows of tables that no check reads
# are kept with their epoch only.
AUDIT = """
CREATE SCHEMA judge;
CREATE TABLE judge.writes (no bigserial PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    app text NOT NULL DEFAULT current_setting('application_name'), tab text NOT NULL, op text NOT NULL,
    before jsonb, after jsonb);
CREATE FUNCTION judge.short(tab text, whole jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN tab IN ('epochs', 'incidents', 'events', 'sends', 'links', 'pages')
        THEN whole - ARRAY['tags', 'summary', 'base', 'pushed', 'refs', 'base_version']
        ELSE jsonb_build_object('epoch', whole->'epoch') END $$;
CREATE FUNCTION judge.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO judge.writes (tab, op, before, after) VALUES (TG_TABLE_NAME, TG_OP,
        CASE WHEN TG_OP <> 'INSERT' THEN judge.short(TG_TABLE_NAME, to_jsonb(OLD)) END,
        CASE WHEN TG_OP <> 'DELETE' THEN judge.short(TG_TABLE_NAME, to_jsonb(NEW)) END);
    RETURN NULL; END $$;
DO $$ DECLARE tab text; BEGIN
    FOR tab IN SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'epoch'
    LOOP EXECUTE format('CREATE TRIGGER judge AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW'
        ' EXECUTE FUNCTION judge.note()', tab); END LOOP; END $$;
"""
WRITES = ("SELECT jsonb_build_object('no', no, 'xid', xid::text::bigint, 'app', app, 'tab', tab, 'op', op,"
          " 'before', before, 'after', after,"
          " 'wall_ms', extract(epoch FROM pg_xact_commit_timestamp(xid::text::xid)) * 1000)"
          " FROM judge.writes ORDER BY no")
TABLES = {"incidents": "to_jsonb(t) - 'tags' - 'summary'", "events": "to_jsonb(t) - 'refs'", "sends": "to_jsonb(t)",
          "links": "to_jsonb(t) - 'base' - 'pushed'", "pages": "to_jsonb(t)", "epochs": "to_jsonb(t)"}


@dataclasses.dataclass
class History:
    alarms: list[Row] = dataclasses.field(default_factory=list)  # who, name, state, t0, t1, node, result, incident
    acks: list[Row] = dataclasses.field(default_factory=list)  # name, incident, way, t0, t1, result
    faults: list[Row] = dataclasses.field(default_factory=list)  # round, kind, node, t0, t1, is_alone
    mails: list[Row] = dataclasses.field(default_factory=list)  # t_ms, begun_ms, message_id, subject, to, fault
    tickets: list[Row] = dataclasses.field(default_factory=list)  # vendor, id, marker, title, status_class
    samples: list[Row] = dataclasses.field(default_factory=list)  # t_ms, node, rss_kb, fds, threads, data_kb, log_kb
    writes: list[Row] = dataclasses.field(default_factory=list)  # what AUDIT kept
    tables: dict[str, list[Row]] = dataclasses.field(default_factory=dict)  # at the end, and epochs at the beginning
    wall_minus_mono_ms: float = dataclasses.field(default_factory=lambda: (time.time() - time.monotonic()) * 1000)
    quiet_ms: float = 0.0  # when nothing was due
    quiet_s: float = 0.0  # from the last fault until nothing was due; negative: not within the bound

    def __post_init__(self) -> None:
        self._incidents: dict[str, list[Row]] = {}

    def read_first_epochs(self, psql: typing.Callable[[str], str]) -> None:
        """Those that were given before AUDIT was there."""
        rows = psql("SELECT jsonb_build_object('epoch', epoch, 'node', node) FROM epochs")
        self.tables["first_epochs"] = [json.loads(line) for line in rows.splitlines()]

    def read_database(self, psql: typing.Callable[[str], str]) -> None:
        self.writes = [json.loads(line) for line in psql(WRITES).splitlines()]
        for table, columns in TABLES.items():
            self.tables[table] = [json.loads(line) for line in psql(f"SELECT {columns} FROM {table} t").splitlines()]

    # -- looking things up -------------------------------------------------------------------------------------------

    def mono_ms(self, wall_ms: float) -> float:
        return wall_ms - self.wall_minus_mono_ms

    def of(self, table: str) -> list[Row]:
        """The writes of one table, in order."""
        return [row for row in self.writes if row["tab"] == table]

    def of_each(self, table: str, key: str = "id") -> dict[str, list[Row]]:
        """The writes of one table by the id of the row, or of the incident."""
        found: dict[str, list[Row]] = {}
        for row in self.of(table):
            found.setdefault((row["after"] or row["before"])[key], []).append(row)
        return found

    def of_incident(self, ident: str) -> list[Row]:
        if not self._incidents:
            self._incidents = self.of_each("incidents")
        return self._incidents.get(ident, [])

    def is_before_quiet(self, wall_ms: float) -> bool:
        """What began later may be under way still."""
        return self.mono_ms(wall_ms) <= self.quiet_ms

    def mails_of_sends(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for mail in self.mails:
            found.setdefault(bytea(mail["message_id"].strip("<>").split("@")[0]), []).append(mail)
        return found

    def epochs(self) -> dict[int, str]:
        """Every epoch that was ever given, and its node."""
        rows = [*self.tables["epochs"], *self.tables.get("first_epochs", []),
                *(row["after"] or row["before"] for row in self.of("epochs"))]
        return {row["epoch"]: row["node"] for row in rows}

    def ends(self) -> dict[int, Row]:
        """The write that ended an epoch."""
        return {row["after"]["epoch"]: row for row in self.of("epochs")
                if row["op"] == "UPDATE" and row["after"]["session"] == 0 and row["before"]["session"] != 0}

    def is_disturbed(self, begin_ms: float, end_ms: float) -> bool:
        """Whether a fault was at work between the two, or had ended just before."""
        return any(fault["t0"] <= end_ms and begin_ms <= fault["t1"] + AFTERMATH_MS for fault in self.faults)


# After a fault has ended nodes start, connect, and take over what dead ones had.
AFTERMATH_MS = 10_000


def bytea(uuid: str) -> str:
    """An id as JSON shows it, as the database does."""
    return "\\x" + uuid.replace("-", "")


def incident_of(marker: str) -> str:
    """Of the marker that a ticket carries: a UUID, or base 32 of it where a label may have no colon."""
    if marker.startswith("tocsin:"):
        return bytea(marker.removeprefix("tocsin:"))
    return "\\x" + base64.b32decode(marker.removeprefix("tocsin-").upper() + "======").hex()


def name_of(title: str) -> str:
    """Of the alarm, in a title or a subject."""
    found = re.search(r"\bjudge\d*-\d+-\d+", title)
    return found.group() if found else ""
