"""Shops' closed days and their bills in SQL."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from points_engine.adapters.sql_statements import Row, SqlStatements
from points_engine.amounts import Asset
from points_engine.bill import BillKind, BillLine
from points_engine.contract import Channel
from points_engine.ledger import TransferKind, microseconds, moment
from points_engine.settlement import Totals, totals_of
from points_engine.settlement_ports import DayRow, SettlementBooks, SettlementRow

_DAY_WITHOUT_ID = "shop, day, after_transfer, last_transfer, at_us"
_DAY = f"id, {_DAY_WITHOUT_ID}"
_SETTLEMENT = """
    settled_day, asset, number, taken_times, taken_units, reversed_times, reversed_units, refunded_times,
    refunded_units, taken_minor, reversed_minor, refunded_minor, net_minor
"""
# The transfers of a day lie together: they are read by number, without an index on the account.
_MOVED = """
    SELECT kind, count(*), CAST(sum(units) AS BIGINT) FROM {sealed}
    WHERE id > ?1 AND id <= ?2 AND (debit = ?3 OR credit = ?3)
    GROUP BY kind
"""
_BILL = """
    SELECT t.kind, c.asset, t.units, t.at_us, p.order_id, r.refund_id, i.channel,
        CASE WHEN r.id IS NULL THEN i.till_id ELSE ri.till_id END, coalesce(r.actor, p.cashier),
        coalesce(p.reference, ''), t.id
    FROM {sealed} t
    JOIN account c ON c.id IN (t.debit, t.credit) AND c.kind = 'clearing'
    JOIN payment p ON p.id = t.payment
    JOIN till i ON i.id = p.till
    LEFT JOIN refund r ON r.refund_id = t.command_id AND t.kind = 'refund'
    LEFT JOIN till ri ON ri.id = r.till
    WHERE t.id > ? AND t.id <= ? AND c.id IN ({marks})
    ORDER BY t.id
"""
_BILL_KINDS = {
    TransferKind.CHARGE: BillKind.PAYMENT,
    TransferKind.POST: BillKind.PAYMENT,
    TransferKind.REVERSAL: BillKind.REVERSAL,
    TransferKind.REFUND: BillKind.REFUND,
}


def _day(row: Row) -> DayRow:
    number, shop, day, after_transfer, last_transfer, at_us = row
    return DayRow(number, shop, date.fromisoformat(day), after_transfer, last_transfer, moment(at_us))


def _settlement(row: Row) -> SettlementRow:
    return SettlementRow(row[0], Asset(row[1]), row[2], Totals._make(row[3:9]), *row[9:])


class SqlSettlementBooks(SqlStatements, SettlementBooks):
    """The part of the books that only settlement needs, on one connection."""

    # --- reads

    def shop_number(self, shop_id: str) -> int | None:
        row = self._one("SELECT id FROM shop WHERE shop_id = ?", shop_id)
        return None if row is None else int(row[0])

    def clearing_accounts(self, shop: int) -> Mapping[Asset, int]:
        rows = self._execute(
            "SELECT asset, id FROM account WHERE owner = ? AND kind = 'clearing' ORDER BY id", (shop,)
        )
        return {Asset(asset): number for asset, number in rows}

    def settled_day(self, shop: int, day: date) -> DayRow | None:
        row = self._one(f"SELECT {_DAY} FROM settled_day WHERE shop = ? AND day = ?", shop, day.isoformat())
        return None if row is None else _day(row)

    def last_settled_day(self, shop: int) -> DayRow | None:
        row = self._one(f"SELECT {_DAY} FROM settled_day WHERE shop = ? ORDER BY day DESC LIMIT 1", shop)
        return None if row is None else _day(row)

    def settlements(self, settled_day: int) -> Sequence[SettlementRow]:
        rows = self._execute(
            f"SELECT {_SETTLEMENT} FROM settlement WHERE settled_day = ? ORDER BY asset", (settled_day,)
        )
        return [_settlement(row) for row in rows]

    def settlement_count(self, shop: int, asset: Asset) -> int:
        row = self._one(
            "SELECT count(*) FROM settled_day d JOIN settlement s ON s.settled_day = d.id"
            " WHERE d.shop = ? AND s.asset = ?",
            shop, asset,
        )  # fmt: skip
        assert row is not None
        return int(row[0])

    def first_moved_at(self, clearing_ids: Sequence[int]) -> datetime | None:
        marks = ", ".join("?" * len(clearing_ids))
        row = self._one(
            f"SELECT at_us FROM {self._SEALED} WHERE debit IN ({marks}) OR credit IN ({marks}) ORDER BY id LIMIT 1",
            *clearing_ids, *clearing_ids,
        )  # fmt: skip
        return None if row is None else moment(row[0])

    def last_transfer_before(self, after_transfer: int, end: datetime) -> int:
        row = self._one(
            f"SELECT id - 1 FROM {self._SEALED} WHERE id > ? AND at_us >= ? ORDER BY id LIMIT 1",
            after_transfer, microseconds(end),
        ) or self._one(f"SELECT coalesce(max(id), 0) FROM {self._SEALED}")  # fmt: skip
        assert row is not None
        return max(int(row[0]), after_transfer)

    def moved(self, clearing_id: int, after_transfer: int, last_transfer: int) -> Totals:
        rows = self._execute(_MOVED.format(sealed=self._SEALED), (after_transfer, last_transfer, clearing_id))
        return totals_of((TransferKind(kind), times, units) for kind, times, units in rows)

    def bill_lines(
        self, clearing_ids: Sequence[int], after_transfer: int, last_transfer: int
    ) -> Sequence[BillLine]:
        statement = _BILL.format(sealed=self._SEALED, marks=", ".join("?" * len(clearing_ids)))
        return [
            BillLine(
                _BILL_KINDS[TransferKind(kind)], Asset(asset), units, moment(at_us), order_id, refund_id or "",
                Channel(channel), till_id or "", *rest,
            )
            for kind, asset, units, at_us, order_id, refund_id, channel, till_id, *rest in self._execute(
                statement, (after_transfer, last_transfer, *clearing_ids)
            )
        ]  # fmt: skip

    # --- writes

    def settled_account(self, shop: int, asset: Asset) -> int:
        self._execute(
            "INSERT INTO account (kind, asset, owner) VALUES ('settled', ?, ?) ON CONFLICT DO NOTHING",
            (asset, shop),
        )
        row = self._one(
            "SELECT id FROM account WHERE owner = ? AND asset = ? AND kind = 'settled'", shop, asset
        )
        assert row is not None
        return int(row[0])

    def add_settled_day(self, day: DayRow) -> int:
        return self._insert(
            f"INSERT INTO settled_day ({_DAY_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?)",
            (day.shop, day.day.isoformat(), day.after_transfer, day.last_transfer, microseconds(day.at)),
        )

    def add_settlement(self, settlement: SettlementRow) -> None:
        self._execute(
            f"INSERT INTO settlement ({_SETTLEMENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*settlement[:3], *settlement.totals, *settlement[4:]),
        )

    # --- the whole, for verification

    def all_settled_days(self) -> Iterator[DayRow]:
        return map(_day, self._each(f"SELECT {_DAY} FROM settled_day ORDER BY id"))

    def all_settlements(self) -> Iterator[SettlementRow]:
        return map(
            _settlement, self._each(f"SELECT {_SETTLEMENT} FROM settlement ORDER BY settled_day, asset")
        )
