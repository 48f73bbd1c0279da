"""The schema's versions in a PostgreSQL database: the one row of `engine_schema` says which it has.

That row is also the lock: of several nodes that start at once one carries a migration out, the others wait for it and
find it done. It is a row like any other, so that a pooler or a replica in between makes no difference.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors

from points_engine.adapters.migrations import Migration, migrations_of
from points_engine.adapters.schema_words import Dialect
from points_engine.ports import StoreUnavailable

MIGRATIONS: Sequence[Migration] = migrations_of(Dialect.POSTGRES)

PROGRAM = "points till"
"""Marks a database as ours."""

Connection = psycopg.Connection[Any]

_VERSIONS = """
    CREATE TABLE engine_schema (
        program text PRIMARY KEY,
        version bigint NOT NULL CHECK (version >= 0)
    )
"""
_VERSION_0 = f"INSERT INTO engine_schema (program, version) VALUES ('{PROGRAM}', 0)"  # noqa: S608 -- our own name
_OURS = "SELECT to_regclass('engine_schema') IS NOT NULL"
_ANYTHING = """
    SELECT count(*) FROM pg_catalog.pg_class
    WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())
        AND relname IN ('account', 'member', 'payment', 'transfer')
"""


def migrate(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a database to the newest version, one transaction a migration; return that version.

    An empty database becomes one of ours; safe when several nodes do it at once. The connection is in autocommit mode
    and in no transaction. Raises StoreUnavailable for a database that is not ours or that a newer engine has written.
    """
    if version_of(connection, len(migrations)) == len(migrations):
        return len(migrations)
    _make_versions(connection)
    while True:
        with connection.transaction():
            row = connection.execute("SELECT version FROM engine_schema FOR UPDATE").fetchone()
            assert row is not None
            version = int(row[0])
            if version >= len(migrations):
                break
            for statement in migrations[version]:
                connection.execute(statement.encode())
            connection.execute(f"UPDATE engine_schema SET version = {version + 1}".encode())  # noqa: S608 -- a number
    return version_of(connection, len(migrations))


def version_of(connection: Connection, newest: int) -> int:
    """A database's version, 0 for an empty one. Raises StoreUnavailable when it is not ours or newer than `newest`."""
    is_ours = connection.execute(_OURS).fetchone()
    if is_ours != (True,):
        if connection.execute(_ANYTHING).fetchone() != (0,):
            raise _another_programs()
        return 0
    row = connection.execute("SELECT program, version FROM engine_schema").fetchone()
    if row is None or row[0] != PROGRAM:
        raise _another_programs()
    version = int(row[1])
    if version > newest:
        raise StoreUnavailable(
            f"The database has version {version}, this engine knows versions up to {newest}",
            "Start the newer engine that wrote it.",
        )
    return version


def _make_versions(connection: Connection) -> None:
    """Make the row of versions, if nobody else was first."""
    try:
        with connection.transaction():
            connection.execute(_VERSIONS.encode())
            connection.execute(_VERSION_0.encode())
    except (errors.DuplicateTable, errors.DuplicateObject, errors.UniqueViolation):
        # Two at once may both find it missing; the second learns so from one of the catalogue's indexes.
        return


def _another_programs() -> StoreUnavailable:
    return StoreUnavailable(
        "The database belongs to another program", "Give the engine a database of its own."
    )
