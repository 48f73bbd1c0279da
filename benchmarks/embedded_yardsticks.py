"""What the engine's charge is held against: bare SQLite on the same tables, and the disk itself."""

import itertools
import os
import sqlite3
from pathlib import Path

from benchmarks.embedded_books import START, TILL, UNITS
from points_engine.amounts import Asset
from points_engine.bootstrap import DATABASE_NAME
from points_engine.ledger import microseconds

PAGE_BYTES = 4096
PAGES = 8
"""A charge writes 5 to 10 pages into the log; this many are the least that is worth comparing with."""

AT_US = microseconds(START)


class BareCharges:
    """The same charge by hand: the same tables and indexes, one durable transaction, and no rule at all.

    Six statements with what they need already known: neither limits, PINs, repetitions nor foreign keys are looked at,
    and the chain's link is any 32 bytes.
    """

    def __init__(self, folder: Path, accounts: int) -> None:
        self._connection = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
        for pragma in ("synchronous = FULL", "wal_autocheckpoint = 0"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._members = -(-accounts // len(Asset))
        self._next_member = itertools.count(1, 7_919)
        self._numbers = itertools.count(1)
        self._clearing = self._id_of("clearing")
        self._next_transfer = self._connection.execute("SELECT max(id) + 1 FROM transfer").fetchone()[0]

    def _id_of(self, kind: str) -> int:
        row = self._connection.execute(
            "SELECT id FROM account WHERE kind = ? AND asset = 'points'", (kind,)
        ).fetchone()
        return int(row[0])

    def prepare(self, count: int) -> list[int]:
        """Issue so many codes, without durability; returns their keys."""
        keys = [int.from_bytes(os.urandom(8)) >> 1 for _ in range(count)]
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO payment_code VALUES (?, ?, 'live', ?)",
            ((key, next(self._next_member) % self._members + 1, AT_US) for key in keys),
        )
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        return keys

    def charge(self, code_key: int) -> None:
        """One charge."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        account, balance = execute(
            "SELECT a.id, a.balance_units FROM payment_code c JOIN account a"
            " ON a.owner = c.member AND a.asset = 'points' AND a.kind = 'customer' WHERE c.code_key = ?",
            (code_key,),
        ).fetchone()
        order_id = f"{TILL}-2027{10**9 + next(self._numbers)}{os.urandom(3).hex()}"
        payment = execute(
            "INSERT INTO payment (order_id, till, cashier, code_key, asset, units, account, clearing, state,"
            " balance_units, pin_free_day, opened_at_us, at_us, paid_day)"
            " VALUES (?, 1, 'lin', ?, 'points', ?, ?, ?, 'succeeded', ?, 739677, ?, ?, 739677)",
            (order_id, code_key, UNITS, account, self._clearing, balance - UNITS, AT_US, AT_US),
        ).lastrowid
        execute("UPDATE payment_code SET state = 'used' WHERE code_key = ?", (code_key,))
        execute(
            "UPDATE account SET balance_units = ?, use_day = ?, pin_free_count = ?, pin_free_units = ?,"
            " paid_count = ?, paid_units = ? WHERE id = ?",
            (balance - UNITS, 739677, 1, UNITS, 1, UNITS, account),
        )
        execute(
            "INSERT INTO transfer (id, kind, debit, credit, units, balance_units, payment, at_us, chain)"
            " VALUES (?, 'charge', ?, ?, ?, ?, ?, ?, ?)",
            (
                self._next_transfer, account, self._clearing, UNITS, balance - UNITS, payment, AT_US,
                bytes(32),
            ),
        )  # fmt: skip
        execute("COMMIT")
        self._next_transfer += 1

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class DiskSync:
    """L: eight pages written, one by one as a log's are, and one fdatasync, over a file that is there already."""

    def __init__(self, path: Path, length_pages: int = 4096) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(self._file, bytes(length_pages * PAGE_BYTES), 0)
        os.fsync(self._file)
        self._page = os.urandom(PAGE_BYTES)
        self._length_bytes = length_pages * PAGE_BYTES
        self._offset = 0

    def write(self, _number: int) -> None:
        """One L."""
        for _ in range(PAGES):
            os.pwrite(self._file, self._page, self._offset)
            self._offset += PAGE_BYTES
        self._offset %= self._length_bytes
        os.fdatasync(self._file)

    def write_at_once(self, _number: int) -> None:
        """The same in a single write, as no log can do it."""
        os.pwrite(self._file, self._page * PAGES, self._offset)
        self._offset = (self._offset + PAGES * PAGE_BYTES) % self._length_bytes
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
