"""Books of any size for the engine's figures, and the yardsticks they are held against.

The books are written straight into the engine's own schema, rows as the engine would have written them, with a true
chain: of every three transfers one is a credit and two are charges with their payments; every member has an account
per asset. `Engine.verify` finds nothing wrong with them (tests/benchmarks/test_embedded_books.py).
"""

import itertools
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from points_engine.adapters.sqlite_checkpoints import COMMITS_AT_MOST
from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import DATABASE_NAME, AssetLimits, Engine, Settings, open_engine
from points_engine.contract import Charge, CodeIssued, EnrolTill, IssueCode, Payment, PaymentState, Secret
from points_engine.ledger import GENESIS, Transfer, TransferKind, chain_after, microseconds

TILL = "till-1"
START_UNITS = 10_000_000
UNITS = 7
START = datetime(2026, 1, 1, tzinfo=UTC)
WARM_UP_CHARGES = 100

# Every charge of a figure is PIN-free, however many there are in a day.
SETTINGS = Settings(
    limits={asset: AssetLimits(pin_free_daily_count=10**9, pin_free_daily_units=10**12) for asset in Asset}
)


def order_ids() -> Iterator[str]:
    """Order ids as a till makes them: the till, the second, some chance; they ascend."""
    for number in itertools.count():
        at = START + timedelta(seconds=number)
        yield f"{TILL}-{at:%Y%m%d%H%M%S}{os.urandom(3).hex()}"


def write_books(folder: Path, accounts: int) -> None:
    """Make an engine's folder with at least so many accounts of members, and as many transfers."""
    with open_engine(folder, SETTINGS, sweep_every_seconds=None) as engine:
        engine.execute(EnrolTill(command_id="enrol-till", till_id=TILL, shop_id="shop-1"))
    connection = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    _write_members(connection, -(-accounts // len(Asset)))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


def _write_members(connection: sqlite3.Connection, members: int) -> None:
    def ids(kind: str) -> int:
        row = connection.execute(
            "SELECT id FROM account WHERE kind = ? AND asset = 'points'", (kind,)
        ).fetchone()
        return int(row[0])

    issued, clearing = ids("issued"), ids("clearing")
    first = connection.execute("SELECT max(id) + 1 FROM account").fetchone()[0]
    per_member, balance = len(Asset), START_UNITS - 2 * UNITS
    connection.executemany(
        "INSERT INTO member (id, member_no, name) VALUES (?, ?, ?)",
        ((number, f"m-{number}", "王小明") for number in range(1, members + 1)),
    )
    connection.executemany(
        "INSERT INTO account (id, kind, asset, owner, balance_units) VALUES (?, 'customer', ?, ?, ?)",
        (
            (first + (number - 1) * per_member + place, asset, number, 0 if place else balance)
            for number in range(1, members + 1)
            for place, asset in enumerate(Asset)
        ),
    )
    customers = range(first, first + members * per_member, per_member)
    orders = order_ids()
    # With a PIN once, so that no PIN-free counter has to be true for today.
    payments = [
        (next(orders), customers[number % members], clearing, START_UNITS - (1 + number // members) * UNITS)
        for number in range(2 * members)
    ]
    connection.executemany(
        "INSERT INTO payment (order_id, till, cashier, code_key, asset, units, account, clearing, state,"
        " balance_units, opened_at_us, at_us) VALUES (?, 1, 'lin', 1, 'points', ?, ?, ?, 'succeeded', ?, ?, ?)",
        (
            (order_id, UNITS, account, to, left, microseconds(START), microseconds(START))
            for order_id, account, to, left in payments
        ),
    )
    connection.executemany(
        "INSERT INTO transfer (id, kind, debit, credit, units, balance_units, payment, command_id, reason, at_us,"
        " chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _transfers(customers, issued, clearing),
    )


def _transfers(customers: range, issued: int, clearing: int) -> Iterator[tuple[object, ...]]:
    chain, number = GENESIS, 0
    for turn in range(3):
        for place, customer in enumerate(customers):
            number += 1
            credit = turn == 0
            transfer = Transfer(
                id=number,
                kind=TransferKind.CREDIT if credit else TransferKind.CHARGE,
                debit_id=issued if credit else customer,
                credit_id=customer if credit else clearing,
                units=START_UNITS if credit else UNITS,
                balance_units=START_UNITS - turn * UNITS,
                payment_id=None if credit else (turn - 1) * len(customers) + place + 1,
                command_id=f"credit-{place}" if credit else None,
                reason="gift" if credit else None,
                at=START,
            )
            chain = chain_after(chain, transfer)
            yield (*transfer[:9], microseconds(transfer.at), chain)


@dataclass(frozen=True, slots=True)
class ReadyCharge:
    """A charge whose code was issued beforehand."""

    order_id: str
    member: int
    code: Secret


class ChargingEngine:
    """An engine on such books, charging members far apart, each with a code of their own."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self._folder = folder
        write_books(folder, accounts)
        self.engine = self.open()
        self._members = -(-accounts // len(Asset))
        # A stride that is prime to any round number visits every member before one comes again.
        self._next_member = itertools.count(1, 7_919)
        self._numbers = itertools.count(10**9)

    def open(self) -> Engine:
        """Open the engine, again after it was closed."""
        self.engine = open_engine(self._folder, SETTINGS, sweep_every_seconds=None)
        return self.engine

    def prepare(self, count: int) -> list[ReadyCharge]:
        """Issue codes for so many charges; they are good for a minute."""
        ready = []
        for _ in range(count):
            member = next(self._next_member) % self._members + 1
            issued = self.engine.execute(
                IssueCode(command_id=f"code-{next(self._numbers)}", member_no=f"m-{member}")
            )
            assert isinstance(issued, CodeIssued)
            order_id = f"{TILL}-2027{next(self._numbers)}{os.urandom(3).hex()}"
            ready.append(ReadyCharge(order_id, member, issued.code))
        return ready

    def warm_up(self) -> None:
        """Charge until the log has come round once: from then on it is written over, as in a till that is ever idle."""
        for _ in range(COMMITS_AT_MOST // (2 * WARM_UP_CHARGES) + 1):
            for ready in self.prepare(WARM_UP_CHARGES):
                self.charge(ready)

    def charge(self, ready: ReadyCharge) -> None:
        """One charge through the front door."""
        reply = self.engine.execute(
            Charge(
                order_id=ready.order_id,
                till_id=TILL,
                cashier="lin",
                code=ready.code,
                amount=Amount(Asset.POINTS, UNITS),
            )
        )
        assert isinstance(reply, Payment)
        assert reply.state is PaymentState.SUCCEEDED
