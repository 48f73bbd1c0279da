"""How many members of a spreadsheet are enrolled a second, beside the same rows put into the tables barely."""

# ruff: noqa: S608 -- what is put into statements are names of the engine's own tables and columns

import csv
import io
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder
from points_engine.back_office.member_files import BATCH_ROWS, import_sheet
from points_engine.back_office.member_rows import Sheet
from points_engine.back_office.office import Office
from points_engine.bootstrap import DATABASE_NAME, open_engine

GOAL = Goal(
    name="import_members",
    what="`members import`, rows/s, 100,000 members",
    yardstick="bare executemany of the same rows",
    words=">= 0.5 x",
    limits=(Limit("ratio", "at least", 0.5),),
)

MEMBERS = 100_000
TABLES = ("member", "account", "transfer", "lot_terms", "lot")
"""Every table an import writes into, in the order their rows need each other."""


def spreadsheet(members: int) -> str:
    """A chain's members: each has a phone and a birthday, every third has points to begin with."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(("member_no", "name", "phone", "birthday", "points"))
    rows.writerows(
        (
            f"m-{number}", "王小明", f"138{number:08}", f"19{60 + number % 40}-{1 + number % 12:02}-15",
            "" if number % 3 else 100 + number % 900,
        )
        for number in range(members)
    )  # fmt: skip
    return text.getvalue()


def empty_engine(folder: Path) -> None:
    """An engine nobody is enrolled in; closed, its log is empty."""
    open_engine(folder, sweep_every_seconds=None).close()


def import_them(folder: Path, text: str) -> float:
    """Read the sheet and import it, in the batches of the command; returns members per second."""
    office = Office(folder, None, {})
    start = time.perf_counter()
    sheet = Sheet(text, today=date(2026, 11, 1))
    tally = import_sheet(office, sheet, BATCH_ROWS, is_dry_run=False)
    rate = tally.added / (time.perf_counter() - start)
    assert not tally.bad
    return rate


class Rows(NamedTuple):
    """The rows of a table, and the statement that inserts one."""

    insert: str
    rows: Sequence[tuple[object, ...]]


def rows_of(folder: Path) -> Sequence[Rows]:
    """What an import wrote: every row of its tables but the accounts of the scheme itself."""
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        return [_rows_of(connection, table) for table in TABLES]


def _rows_of(connection: sqlite3.Connection, table: str) -> Rows:
    # The generated columns are not among these.
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    columns, places = ", ".join(names), ", ".join("?" * len(names))
    only = "WHERE kind = 'customer'" if table == "account" else ""
    rows = connection.execute(f"SELECT {columns} FROM {table} {only} ORDER BY rowid").fetchall()
    return Rows(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def insert_barely(folder: Path, tables: Sequence[Rows]) -> float:
    """Put the same rows into the same tables, one statement a table, one durable commit; members per second."""
    with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as connection:
        for pragma in ("synchronous = FULL", "wal_autocheckpoint = 0", "cache_size = -32768"):
            connection.execute(f"PRAGMA {pragma}")
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            connection.executemany(table.insert, table.rows)
        connection.execute("COMMIT")
        return len(tables[0].rows) / (time.perf_counter() - start)


def run() -> Figure:
    """Import the sheet and insert its rows in turn, each time into an engine nobody is enrolled in."""
    text = spreadsheet(MEMBERS)
    with scratch_folder("import_members") as folder:
        empty_engine(folder / "empty")

        def fresh(name: str) -> Path:
            shutil.rmtree(folder / name, ignore_errors=True)
            shutil.copytree(folder / "empty", folder / name)
            return folder / name

        import_them(fresh("engine"), text)
        tables = rows_of(folder / "engine")
        rounds = interleave(
            lambda: import_them(fresh("engine"), text), lambda: insert_barely(fresh("bare"), tables)
        )
    return GOAL.figure(
        value=rounds.value,
        unit="members/s",
        yardstick=rounds.yardstick_value,
        note=f"{rounds.spread}; the sheet is read and checked, and every {BATCH_ROWS} rows are durable",
    )
