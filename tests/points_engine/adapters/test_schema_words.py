"""The schema's words say the same in both dialects."""

import sqlite3

import psycopg
import pytest

from points_engine.adapters.schema_words import (
    FORBID,
    Column,
    Dialect,
    Guard,
    Kept,
    Only,
    Part,
    Table,
    Unchanging,
    one_of,
    rendered,
)

PARTS: tuple[Part, ...] = (
    Only(Dialect.POSTGRES, (FORBID,)),
    Table("shelf", "id IDENTITY, name TEXT NOT NULL UNIQUE"),
    Table(
        "thing",
        f"""
        id    IDENTITY,
        shelf WHOLE NOT NULL POINTS AT shelf,
        @sqlite kind  TEXT NOT NULL DEFAULT 'sqlite',
        @postgres kind  TEXT NOT NULL DEFAULT 'postgres',
        units WHOLE NOT NULL CHECK (units > 0),
        twice WHOLE GENERATED ALWAYS AS (2 * units) COMPUTED,
        size  TEXT NOT NULL DEFAULT 'small' CHECK ({one_of("size", ("small", "large"))})
        """,
    ),
    Column("thing", "is_red FLAG NOT NULL DEFAULT 0"),
    "CREATE INDEX thing_on_shelf ON thing (shelf)",
    Unchanging("thing", "a thing is never edited", "a thing is never deleted"),
    Kept(("shelf",)),
    Guard("thing_is_never_heavy", "thing", "NEW.units > 100", "a thing that is too heavy"),
)
ROWS = (
    "INSERT INTO shelf (name) VALUES ('b'), ('B'), ('a')",
    "INSERT INTO thing (shelf, units) VALUES (1, 21)",
)
WRONG = (
    ("UPDATE thing SET units = 5", "a thing is never edited"),
    ("DELETE FROM thing", "a thing is never deleted"),
    ("INSERT INTO thing (shelf, units) VALUES (1, 101)", "a thing that is too heavy"),
    ("INSERT INTO thing (shelf, units) VALUES (1, 0)", None),
    ("INSERT INTO thing (shelf, units, size) VALUES (1, 1, 'huge')", None),
    ("DELETE FROM shelf WHERE id = 1", None),
)
SEEN = "SELECT shelf, units, twice, is_red FROM thing"
ORDERED = "SELECT name FROM shelf ORDER BY name"


def test_sqlite_keeps_what_the_words_say() -> None:
    """Keys, computed columns, triggers and the order of texts."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for part in PARTS:
            for statement in rendered(part, Dialect.SQLITE):
                connection.execute(statement)
        for row in ROWS:
            connection.execute(row)
        assert [(1, 21, 42, 0)] == connection.execute(SEEN).fetchall()
        assert [("B",), ("a",), ("b",)] == connection.execute(ORDERED).fetchall()
        assert [("sqlite",)] == connection.execute("SELECT kind FROM thing").fetchall()
        for statement, why in WRONG:
            with pytest.raises(sqlite3.IntegrityError, match=why):
                connection.execute(statement)


def test_postgresql_keeps_what_the_words_say(postgres_url: str) -> None:
    """The same, and a table that never loses a row is not emptied either."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA trial")
        connection.execute("SET search_path = trial")
        for part in PARTS:
            for statement in rendered(part, Dialect.POSTGRES):
                connection.execute(statement.encode())
        for row in ROWS:
            connection.execute(row.encode())
        assert [(1, 21, 42, 0)] == connection.execute(SEEN).fetchall()
        assert [("B",), ("a",), ("b",)] == connection.execute(ORDERED).fetchall()
        assert [("postgres",)] == connection.execute("SELECT kind FROM thing").fetchall()
        for statement, why in (
            *WRONG,
            ("TRUNCATE thing", "a thing is never deleted"),
            ("TRUNCATE shelf", None),
        ):
            with pytest.raises(psycopg.IntegrityError, match=why):
                connection.execute(statement.encode())
