"""Lots, earnings and statements in SQL."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Iterator, Sequence
from datetime import datetime

from points_engine.adapters.sql_statements import Row, SqlStatements, microseconds_or_none, moment_or_none
from points_engine.ledger import TransferKind, microseconds, moment
from points_engine.lot_ports import EarningRow, EntryRow, Expired, LotBooks, LotRow, UseRow
from points_engine.lots import Lot, Terms, Use

_EARNING_WITHOUT_ID = """
    order_id, command_id, till, account, spend_minor, units, lot, expires_at_us, taken_back_units, at_us
"""
_EARNING = f"id, {_EARNING_WITHOUT_ID}"
_SETTLE = """
    UPDATE account SET next_expiry_us = (SELECT min(expires_at_us) FROM lot WHERE account = ?1 AND left_units > 0)
    WHERE id = ?1 RETURNING next_expiry_us
"""
_DUE = """
    SELECT count(*), CAST(coalesce(sum(left_units), 0) AS BIGINT) FROM lot
    WHERE account = ? AND left_units > 0 AND expires_at_us <= ?
"""
_EXPIRE = """
    UPDATE lot SET expired_units = expired_units + left_units, left_units = 0
    WHERE account = ? AND left_units > 0 AND expires_at_us <= ?
"""
# The shop is that of the payment, or of the order that something was earned on.
_ENTRY = """
    SELECT t.id, t.at_us, t.kind, CASE WHEN t.credit = t.customer THEN t.units ELSE -t.units END, t.balance_units,
        coalesce(p.order_id, e.order_id), s.shop_id, t.reason
    FROM transfer t
    LEFT JOIN payment p ON p.id = t.payment
    LEFT JOIN earning e ON e.command_id = t.command_id AND t.kind = 'earn'
    LEFT JOIN till i ON i.id = coalesce(p.till, e.till)
    LEFT JOIN account c ON c.id = p.clearing
    LEFT JOIN shop s ON s.id = coalesce(c.owner, i.shop)
    WHERE t.customer = ? AND t.id >= ? AND t.id < ?
"""
BEYOND_ALL = 2**62
"""A number that no transfer reaches."""


def _earning(row: Row) -> EarningRow:
    return EarningRow._make((*row[:8], moment_or_none(row[8]), row[9], moment(row[10])))


class SqlLotBooks(SqlStatements, LotBooks):
    """The part of the books that only lots, earnings and statements need, on one connection."""

    # --- lots

    def live_lots(self, account_id: int) -> Sequence[Lot]:
        rows = self._execute(
            "SELECT id, left_units, expires_at_us FROM lot WHERE account = ? AND left_units > 0"
            " ORDER BY expires_at_us, id",
            (account_id,),
        )
        return [Lot(number, left, moment(at_us)) for number, left, at_us in rows]

    def add_lot(self, account_id: int, units: int, expires_at: datetime, terms: Terms) -> int:
        self._execute("INSERT INTO lot_terms (grace_days, zone) VALUES (?, ?) ON CONFLICT DO NOTHING", terms)
        return self._insert(
            "INSERT INTO lot (account, units, left_units, expires_at_us, terms)"
            " SELECT ?1, ?2, ?2, ?3, id FROM lot_terms WHERE grace_days = ?4 AND zone = ?5",
            (account_id, units, microseconds(expires_at), *terms),
        )

    def terms_of(self, lot_id: int) -> Terms:
        row = self._one(
            "SELECT t.grace_days, t.zone FROM lot l JOIN lot_terms t ON t.id = l.terms WHERE l.id = ?", lot_id
        )
        assert row is not None
        return Terms._make(row)

    def move_lot(self, lot_id: int, *, left: int = 0, expired: int = 0, withdrawn: int = 0) -> None:
        self._execute(
            "UPDATE lot SET left_units = left_units + ?, expired_units = expired_units + ?,"
            " withdrawn_units = withdrawn_units + ? WHERE id = ?",
            (left, expired, withdrawn, lot_id),
        )

    def expire_lots(self, account_id: int, now: datetime) -> Expired:
        due = (account_id, microseconds(now))
        row = self._one(_DUE, *due)
        assert row is not None
        self._execute(_EXPIRE, due)
        return Expired._make(row)

    def settle_next_expiry(self, account_id: int) -> datetime | None:
        row = self._one(_SETTLE, account_id)
        assert row is not None
        return moment_or_none(row[0])

    def accounts_due(self, now: datetime, most: int) -> Sequence[int]:
        rows = self._execute(
            "SELECT id FROM account WHERE next_expiry_us <= ? ORDER BY next_expiry_us LIMIT ?",
            (microseconds(now), most),
        )
        return [row[0] for row in rows]

    def lots_due(self, now: datetime) -> int:
        row = self._one(
            "SELECT count(*) FROM account a "
            "JOIN lot l ON l.account = a.id AND l.left_units > 0 AND l.expires_at_us <= ?1"
            " WHERE a.next_expiry_us <= ?1",
            microseconds(now),
        )
        assert row is not None
        return int(row[0])

    # --- what payments took

    def add_use(self, use: UseRow) -> None:
        self._execute("INSERT INTO lot_use (payment, account, lot, units) VALUES (?, ?, ?, ?)", use)

    def uses(self, payment_id: int, account_id: int) -> Sequence[Use]:
        rows = self._execute(
            "SELECT u.id, u.lot, u.units, l.expires_at_us FROM lot_use u LEFT JOIN lot l ON l.id = u.lot"
            " WHERE u.payment = ? AND u.account = ? ORDER BY u.id",
            (payment_id, account_id),
        )
        return [Use(number, lot, units, moment_or_none(at_us)) for number, lot, units, at_us in rows]

    def lower_use(self, use_id: int, units: int) -> None:
        self._execute("UPDATE lot_use SET units = units - ? WHERE id = ?", (units, use_id))

    # --- what orders earned

    def earning(self, order_id: str) -> EarningRow | None:
        row = self._one(f"SELECT {_EARNING} FROM earning WHERE order_id = ?", order_id)
        return None if row is None else _earning(row)

    def add_earning(self, earning: EarningRow) -> None:
        self._execute(
            f"INSERT INTO earning ({_EARNING_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *earning[1:8],
                microseconds_or_none(earning.expires_at),
                earning.taken_back_units,
                microseconds(earning.at),
            ),
        )

    def set_taken_back(self, order_id: str, units: int) -> None:
        self._execute("UPDATE earning SET taken_back_units = ? WHERE order_id = ?", (units, order_id))

    # --- statements

    def entry_bounds(
        self, account_id: int, since: datetime | None, until: datetime | None
    ) -> tuple[int, int]:
        first = 0 if since is None else self._first_entry(account_id, 0, since)
        beyond = BEYOND_ALL if until is None else self._first_entry(account_id, first, until)
        return first, beyond

    def _first_entry(self, account_id: int, beyond: int, at: datetime) -> int:
        row = self._one(
            "SELECT id FROM transfer WHERE customer = ? AND id >= ? AND at_us >= ? ORDER BY id LIMIT 1",
            account_id, beyond, microseconds(at),
        )  # fmt: skip
        return BEYOND_ALL if row is None else int(row[0])

    def balance_before(self, account_id: int, number: int) -> int:
        row = self._one(
            "SELECT balance_units FROM transfer WHERE customer = ? AND id < ? ORDER BY id DESC LIMIT 1",
            account_id, number,
        )  # fmt: skip
        return 0 if row is None else int(row[0])

    def entries(
        self, account_id: int, first: int, beyond: int, most: int, *, newest_first: bool
    ) -> Sequence[EntryRow]:
        order = "DESC" if newest_first else "ASC"
        rows = self._execute(f"{_ENTRY} ORDER BY t.id {order} LIMIT ?", (account_id, first, beyond, most))
        return [EntryRow(row[0], moment(row[1]), TransferKind(row[2]), *row[3:]) for row in rows]

    # --- the whole, for verification

    def all_lots(self) -> Iterator[LotRow]:
        for row in self._each(
            "SELECT id, account, units, left_units, expired_units, withdrawn_units, expires_at_us FROM lot ORDER BY id"
        ):
            yield LotRow._make((*row[:6], moment(row[6])))

    def all_uses(self) -> Iterator[UseRow]:
        return map(UseRow._make, self._each("SELECT payment, account, lot, units FROM lot_use ORDER BY id"))

    def all_earnings(self) -> Iterator[EarningRow]:
        return map(_earning, self._each(f"SELECT {_EARNING} FROM earning ORDER BY id"))

    def next_expiries(self) -> Iterator[tuple[int, datetime]]:
        for number, at_us in self._each(
            "SELECT id, next_expiry_us FROM account WHERE next_expiry_us IS NOT NULL ORDER BY id"
        ):
            yield number, moment(at_us)
