"""The ledger with its names, in SQL: for webhooks and exports."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from points_engine.adapters.sql_statements import Row, SqlStatements
from points_engine.amounts import Asset
from points_engine.contract import Channel
from points_engine.ledger import TransferKind, moment
from points_engine.ledger_ports import AccountLine, LedgerBooks, LedgerLine, PaymentLine

_LINES = """
    SELECT t.id, t.kind, d.asset, t.units, t.balance_units, m.member_no, s.shop_id, p.order_id, k.till_id,
        k.channel, t.command_id, t.reason, t.actor, t.at_us
    FROM {sealed} t
    JOIN account d ON d.id = t.debit
    JOIN account c ON c.id = t.credit
    LEFT JOIN payment p ON p.id = t.payment
    LEFT JOIN account a ON a.id = p.account
    LEFT JOIN till k ON k.id = p.till
    LEFT JOIN member m ON m.id = CASE
        WHEN d.kind IN ('customer', 'owed') THEN d.owner
        WHEN c.kind IN ('customer', 'owed') THEN c.owner
        ELSE a.owner END
    LEFT JOIN shop s ON s.id = CASE
        WHEN d.kind IN ('clearing', 'settled') THEN d.owner
        WHEN c.kind IN ('clearing', 'settled') THEN c.owner
        ELSE k.shop END
    WHERE t.id > ? ORDER BY t.id LIMIT ?
"""
_PAYMENTS = """
    SELECT p.id, p.order_id, p.state, p.asset, p.units,
        CAST(COALESCE((SELECT sum(r.units) FROM refund r WHERE r.payment = p.id AND r.refusal IS NULL), 0) AS BIGINT),
        p.refusal, m.member_no, s.shop_id, k.till_id, k.channel, p.cashier, COALESCE(p.reference, ''), p.opened_at_us,
        p.at_us
    FROM payment p
    JOIN till k ON k.id = p.till
    JOIN shop s ON s.id = k.shop
    LEFT JOIN account a ON a.id = p.account
    LEFT JOIN member m ON m.id = a.owner
    WHERE p.id > ? ORDER BY p.id LIMIT ?
"""
_ACCOUNTS = """
    SELECT a.id, m.member_no, a.asset, a.balance_units, m.is_frozen
    FROM account a JOIN member m ON m.id = a.owner
    WHERE a.kind = 'customer' AND a.id > ? ORDER BY a.id LIMIT ?
"""


def _line(row: Row) -> LedgerLine:
    position, kind, asset, units, balance, member_no, shop_id, order_id, taker_id = row[:9]
    channel, command_id, reason, actor, at_us = row[9:]
    return LedgerLine(
        position, TransferKind(kind), Asset(asset), units, balance, member_no, shop_id, order_id, taker_id,
        None if channel is None else Channel(channel), command_id, reason, actor, moment(at_us),
    )  # fmt: skip


def _payment(row: Row) -> PaymentLine:
    number, order_id, state, asset, units, refunded, refusal, member_no, shop_id, taker_id = row[:10]
    channel, cashier, reference, opened_at_us, at_us = row[10:]
    return PaymentLine(
        number, order_id, state, Asset(asset), units, refunded, refusal, member_no, shop_id, taker_id,
        Channel(channel), cashier, reference, moment(opened_at_us), moment(at_us),
    )  # fmt: skip


class SqlLedgerBooks(SqlStatements, LedgerBooks):
    """The part of the books that tells of the ledger elsewhere, on one connection."""

    def ledger_head(self) -> int:
        row = self._one(f"SELECT COALESCE(max(id), 0) FROM {self._SEALED}")
        assert row is not None
        return int(row[0])

    def ledger_lines(self, after: int, most: int) -> Sequence[LedgerLine]:
        return [
            _line(row) for row in self._execute(_LINES.format(sealed=self._SEALED), (after, most)).fetchall()
        ]

    def payment_lines(self, after: int, opened_by: datetime, most: int) -> Sequence[PaymentLine]:
        found = map(_payment, self._execute(_PAYMENTS, (after, most)).fetchall())
        return list(takewhile(lambda line: line.opened_at <= opened_by, found))

    def account_lines(self, after: int, most: int) -> Sequence[AccountLine]:
        return [
            AccountLine(row[0], row[1], Asset(row[2]), row[3], bool(row[4]))
            for row in self._execute(_ACCOUNTS, (after, most)).fetchall()
        ]
