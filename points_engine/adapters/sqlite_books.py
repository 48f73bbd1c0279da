"""The books in SQLite: what this database says in its own way, and the chain, which is written with the transfer."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from points_engine.adapters.sql_register import Given
from points_engine.adapters.sql_statements import Row
from points_engine.adapters.sqlite_plain import SqlitePlainBooks
from points_engine.change_ports import Change
from points_engine.ledger import GENESIS, Transfer, TransferKind, chain_after, microseconds
from points_engine.limits import DayUse

_ADD_TRANSFER = """
    INSERT INTO transfer
        (id, kind, debit, credit, units, balance_units, payment, command_id, reason, at_us, actor, chain)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_CREDIT = """
    INSERT INTO transfer (id, kind, debit, credit, units, balance_units, command_id, reason, at_us, chain)
    VALUES (?, 'credit', ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SET_BALANCE = """
    UPDATE account SET balance_units = ?1, overdraft_units = min(overdraft_units, max(0, -?1)),
    use_day = ?, pin_free_count = ?, pin_free_units = ?, paid_count = ?, paid_units = ?
    WHERE id = ?
"""


class SqliteBooks(SqlitePlainBooks):
    """Reads and writes on one connection; serves one transaction after the other."""

    _SEALED: ClassVar[str] = "transfer"

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._execute = connection.execute
        self._executemany = connection.executemany
        # The newest transfer's id and link, as far as this connection knows.
        self._head: tuple[int, bytes] | None = None

    def forget(self) -> None:
        """What was written since the transaction began is not there after all."""
        self._head = None

    # --- the dialect

    def _insert(self, statement: str, values: Sequence[Any]) -> int:
        number: int = self._execute(statement, values).lastrowid
        return number

    def _insert_all(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        places = ", ".join("?" for _ in columns.split(","))
        self._executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608 -- our own names

    def _each(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        rows: Iterator[Row] = self._execute(statement, values)
        return rows

    def _free_ids(self, table: str, count: int) -> Sequence[int]:
        first = self._execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]  # noqa: S608 -- our own
        return range(first, first + count)

    # --- transfers

    def set_balance(self, account_id: int, balance_units: int, use: DayUse) -> None:
        self.touched.append(Change("", 0, account_id))
        self._execute(_SET_BALANCE, (balance_units, *use, account_id))

    def add_transfer(
        self,
        kind: TransferKind,
        debit_id: int,
        credit_id: int,
        units: int,
        balance_units: int,
        at: datetime,
        *,
        payment_id: int | None = None,
        command_id: str | None = None,
        reason: str | None = None,
        actor: str | None = None,
    ) -> None:
        known = self._head or self._read_head()
        moved = (kind, debit_id, credit_id, units, balance_units, payment_id, command_id, reason, at, actor)
        try:
            self._head = self._append(known, moved)
        except sqlite3.IntegrityError:
            # Transfers are only ever added, so if another process added some, the next id is taken.
            self._head = self._read_head()
            if self._head == known:
                raise
            self._head = self._append(self._head, moved)

    def _read_head(self) -> tuple[int, bytes]:
        row = self._one("SELECT id, chain FROM transfer ORDER BY id DESC LIMIT 1")
        return (0, GENESIS) if row is None else (row[0], row[1])

    def _append(self, head: tuple[int, bytes], moved: Row) -> tuple[int, bytes]:
        number = head[0] + 1
        transfer = Transfer(number, *moved)
        link = chain_after(head[1], transfer)
        at_us = microseconds(transfer.at)
        self._execute(
            _ADD_TRANSFER, (number, str(transfer.kind), *transfer[2:9], at_us, transfer.actor, link)
        )
        return number, link

    def _add_credits(self, given: Sequence[Given], reason: str, at: datetime) -> None:
        self._executemany(_ADD_CREDIT, self._credits(given, reason, at))

    def _credits(self, given: Sequence[Given], reason: str, at: datetime) -> Iterator[Row]:
        """Everything that was given as transfers, chained to the newest there is."""
        (number, link), issued, at_us = self._read_head(), self._issued_accounts(), microseconds(at)
        for account, asset, units, member_no, _ in given:
            number += 1
            command_id = f"import-{member_no}"
            transfer = Transfer(
                number,
                TransferKind.CREDIT,
                issued[asset],
                account,
                units,
                units,
                None,
                command_id,
                reason,
                at,
            )
            link = chain_after(link, transfer)
            yield number, issued[asset], account, units, units, command_id, reason, at_us, link
