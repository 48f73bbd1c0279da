"""The schema's versions in PostgreSQL: from nothing, by several nodes at once, never back."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from points_engine.adapters.postgres_schema import MIGRATIONS, Connection, migrate, version_of
from points_engine.ports import StoreUnavailable
from tests.postgres_server import PostgresServer

NEWEST = len(MIGRATIONS)
NEXT = (*MIGRATIONS, ("CREATE TABLE later (id bigint)", "INSERT INTO later SELECT 1 FROM member"))


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    url = postgres_server.fresh("template0")
    yield url
    postgres_server.drop(url)


def opened(url: str) -> Connection:
    """A connection as `migrate` wants it."""
    return psycopg.connect(url, autocommit=True)


def test_nodes_that_start_at_once_make_one_database(empty_url: str) -> None:
    """Every node finds the newest version, and the ledger's own accounts are there once."""
    versions: list[int] = []

    def start() -> None:
        with opened(empty_url) as connection:
            versions.append(migrate(connection))

    nodes = [threading.Thread(target=start) for _ in range(6)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert [NEWEST] * 6 == versions
    with opened(empty_url) as connection:
        assert (12,) == connection.execute("SELECT count(*) FROM account").fetchone()


def test_a_migration_meets_data_once(postgres_url: str) -> None:
    """Of two nodes that bring the next version to a database in use one does it."""
    with opened(postgres_url) as connection:
        connection.execute("INSERT INTO member (member_no, name) VALUES ('m1', 'n')")
    versions: list[int] = []

    def start() -> None:
        with opened(postgres_url) as connection:
            versions.append(migrate(connection, NEXT))

    nodes = [threading.Thread(target=start) for _ in range(2)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert [NEWEST + 1] * 2 == versions
    with opened(postgres_url) as connection:
        assert [(1,)] == connection.execute("SELECT id FROM later").fetchall()


def test_a_migration_that_fails_changes_nothing(postgres_url: str) -> None:
    """All of a migration is there, or none of it."""
    failing = (*MIGRATIONS, ("CREATE TABLE half (id bigint)", "SELECT 1 / 0"))
    with opened(postgres_url) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(connection, failing)
        assert (None,) == connection.execute("SELECT to_regclass('half')").fetchone()
        assert NEWEST == version_of(connection, NEWEST)


def test_a_newer_database_is_left_alone(postgres_url: str) -> None:
    """An engine that does not know a version says who does."""
    with opened(postgres_url) as connection:
        migrate(connection, NEXT)
        with pytest.raises(StoreUnavailable, match=f"version {NEWEST + 1}") as fault:
            migrate(connection)
    assert "Start the newer engine that wrote it." == fault.value.remedy


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE account (id bigint)", "CREATE TABLE engine_schema AS SELECT 'x' AS program, 1 AS version"],
    ids=["its tables have our names", "even that of the versions"],
)
def test_another_programs_database_is_left_alone(empty_url: str, statement: str) -> None:
    """Nothing is made in it."""
    with opened(empty_url) as connection:
        connection.execute(statement.encode())
        with pytest.raises(StoreUnavailable, match="belongs to another program"):
            migrate(connection)
        assert (None,) == connection.execute("SELECT to_regclass('transfer')").fetchone()
