"""What the service on PostgreSQL is held against: pgbench, sixteen clients on the same server, without any HTTP."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import psycopg

from points_engine.amounts import Asset
from points_engine.limits import AssetLimits
from tests.postgres_server import PostgresServer, program

CLIENTS = 16
TPCB_SCALE = 10
_RATE = re.compile(r"tps = ([0-9.]+) \(without")
_DAY = 739_000
_NOW_US = 10**15
_MOST_UNITS = 10**12

_CODES = """
    INSERT INTO payment_code (code_key, member, state, expires_at_us)
    SELECT {first} + n, (n::bigint * 7919) % {members} + 1, 'live', {now} + 1
    FROM generate_series(0, {count} - 1) AS n
"""
# The engine's own statement, with one charge.
_CHARGE = r"""
\set n :n + 1
\set code {first} + :client_id * {each} + :n
SELECT place, account, balance_units, member_name FROM charge_plainly(
    json_build_array(json_build_object(
        'place', 0, 'order_id', 'pgbench-' || :code, 'taker_id', 'till-1', 'channel', 'till', 'cashier', 'lin',
        'code_key', :code, 'asset', 'points', 'units', 7, 'reference', ''
    )),
    '{rules}', {now}, {day}
);
"""


class PgbenchCharges:
    """Our own charge as pgbench's script: the same function on the same books, a charge each time."""

    def __init__(self, server: PostgresServer, database: str, folder: Path, members: int) -> None:
        self._server = server
        self._database = database
        self._script = folder / "charge.sql"
        self._members = members
        # Beside the codes that the engine issues, which are numbers of 63 bits.
        self._first = itertools.count(1, 10**9)
        limits = AssetLimits(pin_free_daily_count=_MOST_UNITS, pin_free_daily_units=_MOST_UNITS)
        self._rules = json.dumps([{"asset": str(Asset.POINTS)} | {
            name: getattr(limits, name)
            for name in (
                "pin_free_units", "pin_free_ceiling_units", "pin_free_daily_count", "pin_free_daily_units",
                "daily_count", "daily_units",
            )
        }])  # fmt: skip

    def run(self, charges: int) -> float:
        """Charges a second, of about so many."""
        each = charges // CLIENTS
        first = next(self._first)
        with psycopg.connect(self._server.url(self._database), autocommit=True) as connection:
            connection.execute(
                _CODES.format(
                    first=first, members=self._members, now=_NOW_US, count=charges + CLIENTS
                ).encode()
            )
        self._script.write_text(
            _CHARGE.format(first=first, each=each, rules=self._rules, now=_NOW_US, day=_DAY), encoding="utf-8"
        )
        return pgbench(
            self._server, self._database, "-n", "-D", "n=-1", "-f", str(self._script), "-t", str(each)
        )


class PgbenchTpcb:
    """pgbench's own script, TPC-B-like, in a database of its own."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        server.execute("CREATE DATABASE tpcb")
        _pgbench(server, "tpcb", "-i", "-q", "-s", str(TPCB_SCALE))

    def run(self, transactions: int) -> float:
        """Transactions a second, of about so many."""
        return pgbench(self._server, "tpcb", "-n", "-t", str(transactions // CLIENTS))


def pgbench(server: PostgresServer, database: str, *arguments: str) -> float:
    """Transactions a second of sixteen clients, without the time to connect. Raises AssertionError when one failed."""
    said = _pgbench(server, database, "-c", str(CLIENTS), "-j", "2", *arguments)
    assert "number of failed transactions: 0 " in said, said
    found = _RATE.search(said)
    assert found, said
    return float(found[1])


def _pgbench(server: PostgresServer, database: str, *arguments: str) -> str:
    done = subprocess.run(
        [program("pgbench"), "-h", str(server.folder), "-U", "postgres", *arguments, database],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
