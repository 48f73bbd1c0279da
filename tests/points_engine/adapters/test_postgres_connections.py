"""What a connection to PostgreSQL asks of the server it gets."""

import psycopg
import pytest

from points_engine.adapters.postgres_connections import PostgresConnections
from points_engine.ports import StoreUnavailable

URL = "postgresql://points@db.example/points"


@pytest.mark.parametrize(
    ("keeps_statements", "asks_for"),
    [(True, "read-write"), (False, "any")],
    ids=["directly", "behind PgBouncer"],
)
def test_behind_a_pool_nobody_asks_whether_a_server_writes(
    monkeypatch: pytest.MonkeyPatch, keeps_statements: bool, asks_for: str
) -> None:
    """PgBouncer remembers what a server said before it was promoted; believed, nobody would get in again."""
    asked: dict[str, object] = {}

    def connect(**parameters: object) -> None:
        asked.update(parameters)
        raise psycopg.OperationalError("no server here")

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(StoreUnavailable):
        PostgresConnections(URL, keeps_statements=keeps_statements).open()
    assert asks_for == asked["target_session_attrs"]
