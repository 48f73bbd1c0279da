"""The database file as a whole: copied while it is in use, checked, kept for oneself."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from points_engine.adapters.sqlite_faults import fault_of
from points_engine.adapters.sqlite_schema import MIGRATIONS, version_of
from points_engine.ports import StoreUnavailable

_PAGES_AT_ONCE = 1_000
_LOGS = ("-wal", "-shm", "-journal")


class StoreInUse(StoreUnavailable):
    """Somebody has the database open who must not."""


def bound_fingerprint(database: Path) -> str | None:
    """The fingerprint of the key a database belongs to; None when it has none yet. Raises StoreUnavailable."""
    with _told(), closing(_open(database)) as connection:
        if version_of(connection, len(MIGRATIONS)) == 0:
            return None
        row = connection.execute("SELECT value FROM engine_fact WHERE name = 'key_fingerprint'").fetchone()
        return None if row is None else str(row[0])


def copy_database(source: Path, target: Path, on_progress: Callable[[int, int], None]) -> None:
    """Copy a database as it is at one moment into a new file, while others go on writing. Raises StoreUnavailable.

    `on_progress` is told the pages copied and all there are. The copy is on the disk when this returns.
    """
    with _told(), closing(_open(source)) as connection, closing(sqlite3.connect(target)) as copy:
        # One reading for all of it: else SQLite would begin anew whenever somebody writes between two steps.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.backup(
            copy, pages=_PAGES_AT_ONCE, progress=lambda _, left, pages: on_progress(pages - left, pages)
        )
        connection.execute("ROLLBACK")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def damage_of(database: Path) -> str | None:
    """What SQLite itself finds wrong with a file; None when nothing."""
    with _told(), closing(_open(database)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        found += [
            f"row {row[1]} of {row[0]} refers to nothing"
            for row in connection.execute("PRAGMA foreign_key_check")
        ]
    return None if found == ["ok"] else "; ".join(each for each in found if each != "ok")


@contextmanager
def to_oneself(database: Path) -> Iterator[sqlite3.Connection]:
    """The database with nobody else in it, and its log worked in. Raises StoreInUse when somebody is.

    Whoever comes while this lasts waits for its end.
    """
    with _told(), closing(_open(database)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            # Only the last who has it open may leave the log; in the rollback mode one file is all there is.
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise _in_use() from error
        if mode != "delete":
            raise _in_use()
        try:
            connection.execute("BEGIN EXCLUSIVE")
            yield connection
        finally:
            # The log comes back when an engine opens the file: here it would lie beside whatever took its place.
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def remove_database(database: Path) -> None:
    """Remove a database's file, and what stands beside it."""
    for suffix in ("", *_LOGS):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def remove_logs(database: Path) -> None:
    """Remove the logs of a database whose file is about to be replaced: they belong to the old one."""
    for suffix in _LOGS:
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _open(database: Path) -> sqlite3.Connection:
    # mode=rw: a mistyped name is an error and no new file.
    address = f"file:{_quoted(database)}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=1.0, isolation_level=None)


def _quoted(path: Path) -> str:
    from urllib.parse import quote  # noqa: PLC0415 -- for the back office alone: a till starts without it

    return quote(str(path.absolute()).replace("\\", "/"))


def _in_use() -> StoreInUse:
    return StoreInUse(
        "Another program has the database open", "Close the till and whatever else uses it, and try again."
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise fault_of(error) or error from error
