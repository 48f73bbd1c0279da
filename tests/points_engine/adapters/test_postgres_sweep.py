"""The sweep of expired payment codes on PostgreSQL: by an index, and only those."""

from contextlib import closing

import psycopg

from points_engine.adapters.postgres_books import DROP_CODES
from points_engine.adapters.postgres_statements import translated
from points_engine.adapters.postgres_store import PostgresStore
from points_engine.ledger import moment

CODES = 20_000


def test_expired_codes_are_found_by_their_index(postgres_url: str) -> None:
    """Of many codes those that expired are forgotten, and the others are not read."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("INSERT INTO member (member_no, name) VALUES ('m-1', 'n')")
        connection.execute(
            "INSERT INTO payment_code (code_key, member, state, expires_at_us)"
            " SELECT n, 1, CASE WHEN n %% 2 = 0 THEN 'live' ELSE 'used' END, n FROM generate_series(1, %s) n",
            [CODES],
        )
        connection.execute("ANALYZE payment_code")
        statement = translated(DROP_CODES).replace("$1", "100")
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {statement}".encode()))
        assert "payment_code_expires" in plan, plan
        assert "Seq Scan" not in plan
        with closing(PostgresStore(postgres_url, "f" * 16)) as store:
            assert 100 == store.transact(lambda books: books.drop_codes(moment(100)))
        assert (101, CODES - 100) == connection.execute(
            "SELECT min(expires_at_us), count(*) FROM payment_code"
        ).fetchone()
