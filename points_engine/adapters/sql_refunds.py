"""Refunds in SQL, and what customers owe after them."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Iterator, Mapping, Sequence

from points_engine.adapters.sql_statements import Row, SqlStatements
from points_engine.amounts import Asset
from points_engine.contract import Refusal, StaffLevel
from points_engine.ledger import microseconds, moment
from points_engine.refund_ports import BackRow, DebtRow, RefundBooks, RefundPartRow, RefundRow

_REFUND_WITHOUT_ID = """
    refund_id, fingerprint, payment, units, before_units, till, actor, level, reason, refusal, balance_units,
    taken_back_units, owed_units, at_us
"""
_REFUND = f"id, {_REFUND_WITHOUT_ID}"
_REFUNDED = """
    SELECT p.asset, CAST(sum(p.units) AS BIGINT), CAST(sum(p.worth_units) AS BIGINT),
        CAST(sum(CASE r.level WHEN 'cashier' THEN p.units ELSE 0 END) AS BIGINT)
    FROM refund r JOIN refund_part p ON p.refund = r.id
    WHERE r.payment = ? AND r.refusal IS NULL GROUP BY p.asset
"""
_REFUSALS = {refusal.code: refusal for refusal in Refusal}


def _refund(row: Row) -> RefundRow:
    number, refund_id, mark, payment, units, before_units, till, actor, level, reason = row[:10]
    refusal, balance_units, taken_back_units, owed_units, at_us = row[10:]
    return RefundRow(
        number, refund_id, mark, payment, units, before_units, till, actor, StaffLevel(level), reason,
        refusal and _REFUSALS[refusal], balance_units, taken_back_units, owed_units, moment(at_us),
    )  # fmt: skip


class SqlRefundBooks(SqlStatements, RefundBooks):
    """The part of the books that only refunds need, on one connection."""

    # --- reads

    def refund(self, refund_id: str) -> RefundRow | None:
        row = self._one(f"SELECT {_REFUND} FROM refund WHERE refund_id = ?", refund_id)
        return None if row is None else _refund(row)

    def refund_parts(self, refund: int) -> Sequence[RefundPartRow]:
        return [
            RefundPartRow(Asset(asset), units, worth_units)
            for asset, units, worth_units in self._execute(
                "SELECT asset, units, worth_units FROM refund_part WHERE refund = ? ORDER BY place", (refund,)
            )
        ]

    def refunded(self, payment_id: int) -> Mapping[Asset, BackRow]:
        return {Asset(asset): BackRow(*rest) for asset, *rest in self._execute(_REFUNDED, (payment_id,))}

    def debt(self, account_id: int) -> DebtRow | None:
        row = self._one("SELECT account, owed, units FROM debt WHERE account = ?", account_id)
        return None if row is None else DebtRow._make(row)

    def expired_units(self, lot_id: int) -> int:
        row = self._one("SELECT expired_units FROM lot WHERE id = ?", lot_id)
        assert row is not None
        return int(row[0])

    # --- writes

    def add_refund(self, row: RefundRow, parts: Sequence[RefundPartRow] = ()) -> None:
        values = (
            *row[1:8], str(row.level), row.reason, row.refusal and row.refusal.code,
            *row[11:14], microseconds(row.at),
        )  # fmt: skip
        number = self._insert(
            f"INSERT INTO refund ({_REFUND_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        for place, part in enumerate(parts):
            self._execute(
                "INSERT INTO refund_part (refund, place, asset, units, worth_units) VALUES (?, ?, ?, ?, ?)",
                (number, place, *part),
            )

    def owed_account(self, member: int, asset: Asset) -> int:
        self._execute(
            "INSERT INTO account (kind, asset, owner) VALUES ('owed', ?, ?) ON CONFLICT DO NOTHING",
            (asset, member),
        )
        row = self._one(
            "SELECT id FROM account WHERE owner = ? AND asset = ? AND kind = 'owed'", member, asset
        )
        assert row is not None
        return int(row[0])

    def set_debt(self, debt: DebtRow) -> None:
        self._execute(
            "INSERT INTO debt (account, owed, units) VALUES (?, ?, ?)"
            " ON CONFLICT (account) DO UPDATE SET units = excluded.units",
            debt,
        )

    def allow_overdraft(self, account_id: int, units: int) -> None:
        self._execute("UPDATE account SET overdraft_units = ? WHERE id = ?", (units, account_id))

    # --- the whole, for verification

    def all_refunds(self) -> Iterator[RefundRow]:
        return map(_refund, self._each(f"SELECT {_REFUND} FROM refund ORDER BY id"))

    def all_refund_parts(self) -> Iterator[tuple[int, RefundPartRow]]:
        for refund, asset, units, worth_units in self._each(
            "SELECT refund, asset, units, worth_units FROM refund_part ORDER BY refund, place"
        ):
            yield refund, RefundPartRow(Asset(asset), units, worth_units)

    def all_debts(self) -> Iterator[DebtRow]:
        return map(DebtRow._make, self._each("SELECT account, owed, units FROM debt ORDER BY account"))
