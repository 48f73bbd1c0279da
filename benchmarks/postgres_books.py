"""PostgreSQL for the service's figures: a server that makes durable what it says, and books of any size in it.

The books are written by a few statements, as the engine would have written them: a credit for every member, and of the
history asked for half as many payments as there are rows, each with its transfer. Links of the chain are not made for
them: nobody verifies these books.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from points_engine.adapters.postgres_schema import migrate
from points_engine.amounts import Asset
from tests.postgres_server import PostgresServer

START_UNITS = 10_000_000
UNITS = 7

_SHOP = """
    INSERT INTO shop (shop_id) VALUES ('shop-1');
    INSERT INTO account (kind, asset, owner) SELECT 'clearing', asset, 1 FROM unnest({assets}) AS asset;
    INSERT INTO till (till_id, shop, channel) VALUES ('shop-1', 1, 'online'), ('till-1', 1, 'till');
"""
_MEMBERS = """
    INSERT INTO member (member_no, name) SELECT 'm-' || n, '王小明' FROM generate_series(1, {members}) AS n;
    INSERT INTO account (kind, asset, owner, balance_units)
    SELECT 'customer', asset, n, CASE asset WHEN 'points' THEN {units} ELSE 0 END
    FROM generate_series(1, {members}) AS n, unnest({assets}) AS asset;
    INSERT INTO transfer (kind, debit, credit, units, balance_units, command_id, reason, at_us)
    SELECT 'credit', (SELECT id FROM account WHERE owner = 0 AND asset = 'points' AND kind = 'issued'), id,
        {units}, {units}, 'credit-' || owner, 'gift', 0
    FROM account WHERE kind = 'customer' AND asset = 'points';
    ANALYZE;
"""
_HISTORY = """
    INSERT INTO payment (order_id, till, cashier, code_key, asset, units, account, clearing, state, balance_units,
        opened_at_us, at_us)
    SELECT 'till-1-2025' || lpad(n::text, 12, '0'), 2, 'lin', 1, 'points', {paid}, a.id,
        (SELECT id FROM account WHERE owner = 1 AND asset = 'points' AND kind = 'clearing'), 'succeeded', {units}, n, n
    FROM generate_series(1, {payments}) AS n
    JOIN account a ON a.owner = n % {members} + 1 AND a.asset = 'points' AND a.kind = 'customer';
    INSERT INTO transfer (kind, debit, credit, units, balance_units, payment, at_us)
    SELECT 'charge', account, clearing, units, balance_units, id, at_us FROM payment;
"""
# As if all had been sealed long ago: what comes from now on is.
_SEALED = "UPDATE seal SET swept = (SELECT coalesce(max(id), 0) FROM transfer)"
_ASSETS = "ARRAY[" + ", ".join(f"'{asset}'" for asset in Asset) + "]"


@contextmanager
def durable_server() -> Iterator[PostgresServer]:
    """A server with its usual promises, and room for the books in memory."""
    options = {
        "shared_buffers": "512MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "max_connections": "100",
    }
    with PostgresServer(is_durable=True, options=options) as server:
        yield server


def fresh_database(server: PostgresServer, name: str) -> str:
    """The address of an empty database."""
    server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return server.url(name)


def write_postgres_books(url: str, members: int, history: int = 0) -> None:
    """Make an engine's database with so many members, and so many rows of payments and their transfers."""
    names = {
        "members": members,
        "units": START_UNITS,
        "paid": UNITS,
        "payments": history // 2,
        "assets": _ASSETS,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        migrate(connection)
        connection.execute("SET synchronous_commit = off")
        for statements in (_SHOP, _MEMBERS, _HISTORY if history else "", _SEALED):
            if statements:
                connection.execute(statements.format(**names).encode())
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
