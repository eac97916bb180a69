"""What a test reads and changes in a store behind Tocsin's back, in words that both kinds of store know."""
from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import postgres  # noqa: E402

Row = dict[str, typing.Any]
HOUR_MS = 3_600_000


class Sqlite:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        return f"sqlite:{self.path}"

    def rows(self, sql: str) -> list[Row]:
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql).fetchall()]

    def change(self, *statements: str) -> None:
        """All of them or none."""
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            for sql in statements:
                db.execute(sql)

    def columns(self) -> list[tuple[str, str]]:
        return [(row["table_name"], row["column_name"]) for row in self.rows(
            "SELECT t.name AS table_name, c.name AS column_name FROM sqlite_master t, pragma_table_info(t.name) c "
            "WHERE t.type = 'table'")]

    @staticmethod
    def hexed(column: str) -> str:
        """The expression of an id's digits."""
        return f"lower(hex({column}))"

    def dump(self) -> dict[str, bytes]:
        """All that it wrote anywhere: file -> content."""
        return {path.name: path.read_bytes() for path in self.path.parent.iterdir()}


class Postgres:
    def __init__(self, database: postgres.Server | postgres.Database) -> None:
        self.database = database

    @property
    def url(self) -> str:
        return self.database.url()

    def rows(self, sql: str) -> list[Row]:
        return typing.cast(list[Row], json.loads(self.database.psql(
            f"SELECT coalesce(json_agg(to_json(r)), '[]') FROM ({sql}) r")))

    def change(self, *statements: str) -> None:
        """All of them or none."""
        self.database.psql("; ".join(statements))

    def columns(self) -> list[tuple[str, str]]:
        return [(row["table_name"], row["column_name"]) for row in self.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")]

    @staticmethod
    def hexed(column: str) -> str:
        """The expression of an id's digits."""
        return f"encode({column}, 'hex')"

    def dump(self) -> dict[str, bytes]:
        """All that it wrote anywhere: rows as pg_dump writes them, and the server's log."""
        return {"pg_dump": self.database.dump("--inserts").encode(), "PostgreSQL's log": self.database.tail().encode()}


Store = Sqlite | Postgres


def incidents_of(store: Store) -> set[str]:
    return {row["id"] for row in store.rows(f"SELECT {store.hexed('id')} AS id FROM incidents")}


def _earlier(ring: str, by_ms: int) -> str:
    """What a link remembers of its calls."""
    return json.dumps([{**entry, "at": entry["at"] - by_ms} for entry in json.loads(ring)])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def age(store: Store, by_ms: int = HOUR_MS) -> None:
    """As if everything in it, and the backup, had been made so much earlier."""
    links = store.rows(f"SELECT {store.hexed('id')} AS id, pushed FROM links WHERE pushed IS NOT NULL")
    store.change(
        *(f"UPDATE {table} SET {column} = {column} - {by_ms} WHERE {column} > 0" for table, column in store.columns()
          if column.endswith("_ms") and column != "retry_ms"),
        *(f"UPDATE links SET pushed = {_quoted(_earlier(link['pushed'], by_ms))} "
          f"WHERE {store.hexed('id')} = {_quoted(link['id'])}" for link in links))
