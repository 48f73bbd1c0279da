"""A database on a server as a whole: one state of it held for a dump, and a dump brought into an empty one.

What is restored is no engine's database until its row of the version is there, which `pg_restore` leaves out: engines
that come meanwhile are turned away. That row is written in the transaction in which the books were looked through.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg

from points_engine.adapters.postgres_books import PostgresBooks
from points_engine.adapters.postgres_connections import Connection, PostgresConnections
from points_engine.adapters.postgres_faults import told
from points_engine.adapters.postgres_programs import PostgresPrograms
from points_engine.adapters.postgres_schema import MIGRATIONS, PROGRAM, migrate, version_of
from points_engine.ports import Books, StoreUnavailable

_PATIENTLY = b"SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
_FREEZE = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + _PATIENTLY
_FINGERPRINT = "SELECT value FROM engine_fact WHERE name = 'key_fingerprint'"
_VERSION = "INSERT INTO engine_schema (program, version) VALUES ($1, $2)"

# All that is in a database and neither the server's own, nor an extension's, nor a part of another thing; each as the
# statement that removes it.
_THINGS = """
    WITH ours AS (
        SELECT oid FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    ), parts AS (
        SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype IN ('e', 'i')
    )
    SELECT format(
        'DROP %s IF EXISTS %s CASCADE',
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
        oid::regclass
    )
    FROM pg_catalog.pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace IN (SELECT oid FROM ours)
        AND ('pg_catalog.pg_class'::regclass, oid) NOT IN (SELECT classid, objid FROM parts)
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
    FROM pg_catalog.pg_proc
    WHERE pronamespace IN (SELECT oid FROM ours)
        AND ('pg_catalog.pg_proc'::regclass, oid) NOT IN (SELECT classid, objid FROM parts)
"""
_LEFT_OUT = re.compile(r"^\d+; \d+ \d+ (EXTENSION |COMMENT - EXTENSION |TABLE DATA \S+ engine_schema )")
"""What is not restored: what the server has of its own, and the version."""


class Frozen(NamedTuple):
    """One state of a database: its exported name, its server's major version, the key it is bound to, its books."""

    snapshot: str
    major: int
    fingerprint: str | None
    books: Books


class DumpFacts(NamedTuple):
    """What a dump says of the engine in it: its version, and the key it is bound to. None: there is no engine in it."""

    version: int | None
    fingerprint: str | None


@contextmanager
def frozen(url: str) -> Iterator[Frozen]:
    """A database as it is at one moment, for as long as this lasts, while others go on. Raises StoreUnavailable."""
    with _alone(url) as connection:
        version = version_of(connection, len(MIGRATIONS))
        if version < len(MIGRATIONS):
            raise StoreUnavailable(
                f"The database has version {version}, this engine works on version {len(MIGRATIONS)}",
                "Use the engine that wrote it, or lead it to this version first: `points-engine verify` does.",
            )
        connection.execute(_FREEZE, prepare=False)
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        bound = connection.execute(_FINGERPRINT).fetchone()
        assert row is not None
        yield Frozen(
            row[0], _major(connection), bound and bound[0], PostgresBooks(connection, {}, writes=False)
        )


def major_of_empty(url: str) -> int | None:
    """The major version of a database's server; None when there is something in the database already."""
    with _alone(url) as connection:
        return None if _things(connection) else _major(connection)


def facts_of(programs: PostgresPrograms, dump: Path) -> DumpFacts:
    """What a dump says of itself, read from its beginning to its end. Raises DumpDamaged or StoreUnavailable."""
    programs.read(dump)
    versions = [row for row in programs.rows(dump, "engine_schema") if len(row) == 2 and row[0] == PROGRAM]
    facts = {row[0]: row[1] for row in programs.rows(dump, "engine_fact") if len(row) == 2}
    if not versions:
        return DumpFacts(None, None)
    version = int(versions[0][1])
    if version > len(MIGRATIONS):
        raise StoreUnavailable(
            f"The backup has version {version}, this engine knows versions up to {len(MIGRATIONS)}",
            "Restore it with the newer engine that made it.",
        )
    return DumpFacts(version, facts.get("key_fingerprint"))


def bring_in(
    url: str,
    programs: PostgresPrograms,
    dump: Path,
    contents: Path,
    version: int,
    look_through: Callable[[Books], None],
) -> None:
    """Restore a dump into an empty database and lead it to this engine's version.

    `contents` is a file of ours for the list of what is restored. `look_through` is given the books, and whatever it
    raises leaves the database as empty as it was. Raises StoreUnavailable or DumpDamaged.
    """
    kept = [line for line in programs.contents(dump).splitlines() if not _LEFT_OUT.match(line)]
    contents.write_text("\n".join(kept), encoding="utf-8")
    programs.restore(dump, contents)
    try:
        with _alone(url) as connection, connection.transaction():
            connection.execute(_PATIENTLY, prepare=False)
            connection.execute(_VERSION, (PROGRAM, version))
            migrate(connection)
            look_through(PostgresBooks(connection, {}, writes=False))
    except BaseException:
        _empty(url)
        raise


def measure(url: str) -> None:
    """Let the server know how large the tables are that came in; where that fails it finds out by itself."""
    with suppress(StoreUnavailable), _alone(url) as connection:
        connection.execute("ANALYZE")


def _empty(url: str) -> None:
    with _alone(url) as connection, connection.transaction():
        for statement in _things(connection):
            connection.execute(statement.encode())


def _things(connection: Connection) -> Sequence[str]:
    return [str(row[0]) for row in connection.execute(_THINGS.encode())]


def _major(connection: Connection) -> int:
    return connection.info.server_version // 10_000


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """A connection of one's own, closed afterwards. Raises StoreUnavailable."""
    connection = PostgresConnections(url, 1).open()
    try:
        yield connection
    except psycopg.Error as error:
        raise told(error) from None
    finally:
        connection.close()
