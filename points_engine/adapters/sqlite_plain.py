"""Plain charges in SQLite: one look that finds whoever may pay without more ado, then the four writes of any charge.

The rules come to it by many values, ready for whatever may be asked of them; here it is told by little: an enrolled
taker, a live code, a member who is not frozen, none of whose units expire; enough of them, and the limits, which the
rules' own functions look at. That is enough for a charge to go through, and not needed. What is written is what the
rules would write.
"""

from datetime import datetime

from points_engine.adapters.sql_books import SqlBooks
from points_engine.change_ports import Change
from points_engine.express_ports import PlainCharge, PlainPaid
from points_engine.ledger import TransferKind, microseconds
from points_engine.limits import AssetLimits, DayUse, needs_pin

_PAYER = """
    SELECT t.id, s.id, a.id, a.balance_units, a.pin_free_limit_units, m.name,
        a.use_day, a.pin_free_count, a.pin_free_units, a.paid_count, a.paid_units
    FROM payment_code c
    JOIN member m ON m.id = c.member
    JOIN account a ON a.owner = m.id AND a.asset = ?1 AND a.kind = 'customer'
    JOIN till t ON t.till_id = ?2 AND t.channel = ?3
    JOIN account s ON s.owner = t.shop AND s.asset = ?1 AND s.kind = 'clearing'
    WHERE c.code_key = ?4 AND c.state = 'live' AND c.expires_at_us > ?5
        AND m.is_frozen = 0 AND a.next_expiry_us IS NULL
"""
# An order that is there already is the rules' to answer: nothing is added, and nothing was before.
_ADD_PAID = """
    INSERT INTO payment (
        order_id, till, cashier, code_key, asset, units, account, clearing, state, balance_units, pin_free_day,
        opened_at_us, at_us, paid_day, reference
    )
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'succeeded', ?9, ?10, ?11, ?11, ?10, nullif(?12, ''))
    ON CONFLICT (order_id) DO NOTHING
"""


class SqlitePlainBooks(SqlBooks):
    """The part of the books that pays plain charges, on one connection."""

    def pay_plainly(
        self, charge: PlainCharge, limits: AssetLimits, now: datetime, day: int, /
    ) -> PlainPaid | None:
        order_id, (channel, taker_id), cashier, code_key, asset, units, reference = charge
        asset_word, now_us = str(asset), microseconds(now)
        row = self._one(_PAYER, asset_word, taker_id, str(channel), code_key, now_us)
        if row is None:
            return None
        till, clearing, account, balance_units, own_limit, name = row[:6]
        use = DayUse._make(row[6:]).on(day)
        if units > min(balance_units, limits.day_room(use)) or needs_pin(limits, own_limit, use, units):
            return None
        left_units = balance_units - units
        added = self._execute(
            _ADD_PAID,
            (
                order_id, till, cashier, code_key, asset_word, units, account, clearing, left_units, use.day, now_us,
                reference,
            ),
        )  # fmt: skip
        if not added.rowcount:
            return None
        # Its taker has the answer; they are told of what comes later.
        self.touched.append(Change(order_id, 0, account))
        self.use_code(code_key)
        self.add_transfer(
            TransferKind.CHARGE, account, clearing, units, left_units, now, payment_id=added.lastrowid
        )
        self.set_balance(account, left_units, use.plus(units, is_pin_free=True))
        return PlainPaid(name, left_units)
