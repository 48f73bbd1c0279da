"""The server that other tests lean on does what it says."""

import psycopg
import pytest

from tests.postgres_server import PostgresServer


def test_every_test_has_a_database_of_its_own(postgres_server: PostgresServer) -> None:
    """What is written into one fresh database is not in the next."""
    urls = [postgres_server.fresh() for _ in range(2)]
    postgres_server.execute("CREATE TABLE seen ()", urls[0].partition("?")[0].rpartition("/")[2])
    found = []
    for url in urls:
        with psycopg.connect(url) as connection:
            found.append(connection.execute("SELECT to_regclass('seen') IS NOT NULL").fetchone())
        postgres_server.drop(url)
    assert [(True,), (False,)] == found


def test_a_dropped_database_is_gone(postgres_server: PostgresServer) -> None:
    """Whoever was still in it is thrown out."""
    url = postgres_server.fresh()
    with psycopg.connect(url) as connection:
        postgres_server.drop(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_it_comes_back_after_a_crash() -> None:
    """What was committed on a durable server is there after it was killed."""
    with PostgresServer(is_durable=True) as server:
        server.execute("CREATE TABLE kept AS SELECT 1 AS number")
        server.kill()
        server.start()
        with psycopg.connect(server.url("postgres")) as connection:
            assert (1,) == connection.execute("SELECT number FROM kept").fetchone()
