"""The schema's versions in a SQLite file: `PRAGMA user_version` says which it has."""

import sqlite3
from collections.abc import Sequence

from points_engine.adapters.migrations import Migration, migrations_of
from points_engine.adapters.schema_words import Dialect
from points_engine.ports import StoreUnavailable

__all__ = ["APPLICATION_ID", "MIGRATIONS", "Migration", "migrate", "version_of"]

APPLICATION_ID = 0x50544C31
"""Marks a file as ours ("PTL1"): SQLite's `PRAGMA application_id`."""

MIGRATIONS: Sequence[Migration] = migrations_of(Dialect.SQLITE)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a database to the newest version, one transaction a migration; return that version.

    A fresh file becomes one of ours; safe when two processes do it at once. Raises StoreUnavailable for a file that
    is not ours or that a newer engine has written.
    """
    newest = len(migrations)
    # Looked at first: where nothing is to be done nobody waits for those who write.
    while version_of(connection, newest) < newest:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection, newest)
            # Somebody else may have been first.
            if version < newest:
                for statement in migrations[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return newest


def version_of(connection: sqlite3.Connection, newest: int) -> int:
    """A database's version, 0 for an empty one. Raises StoreUnavailable when it is not ours or newer than `newest`."""
    # Of one state of the file: somebody may be making its tables just now.
    connection.execute("SAVEPOINT seen")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    finally:
        connection.execute("RELEASE seen")
    if tables and application_id != APPLICATION_ID:
        raise StoreUnavailable(
            "The database file belongs to another program",
            "Choose another folder for the engine, or move that file away.",
        )
    if version > newest:
        raise StoreUnavailable(
            f"The database has version {version}, this engine knows versions up to {newest}",
            "Start the newer engine that wrote it.",
        )
    return version
