"""Payments in SQL."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Iterator, Sequence
from datetime import datetime

from points_engine.adapters.sql_parts import SqlPartBooks
from points_engine.adapters.sql_statements import Row, moment_or_none
from points_engine.amounts import Amount, Asset
from points_engine.audit_ports import AuditedPayment
from points_engine.change_ports import Change
from points_engine.contract import CanceledBy, PaymentState, Refusal
from points_engine.ledger import microseconds, moment
from points_engine.ports import PaymentRow

_PAYMENT_WITHOUT_ID = """
    order_id, till, cashier, code_key, asset, units, account, clearing, state, refusal, canceled_by, balance_units,
    challenge_expires_at_us, pin_free_day, opened_at_us, at_us, is_split,
    paid_day, pay_from, total_asset, total_units, reference
"""
_PAYMENT = f"id, {_PAYMENT_WITHOUT_ID}"
_PAYMENT_BY_ORDER = f"SELECT {_PAYMENT} FROM payment WHERE order_id = ?"
_OPEN_PAYMENTS = f"""
    SELECT {_PAYMENT} FROM payment
    WHERE state = 'requires_action' AND challenge_expires_at_us <= ? ORDER BY id
"""
_OPEN_PAYMENTS_OF = f"""
    SELECT {_PAYMENT} FROM payment
    WHERE state = 'requires_action' AND account = ? AND challenge_expires_at_us <= ? ORDER BY id
"""
_OPEN_PAYMENTS_OF_MEMBER = f"""
    SELECT {_PAYMENT} FROM payment
    WHERE state = 'requires_action' AND challenge_expires_at_us <= ?2
        AND account IN (SELECT id FROM account WHERE owner = ?1 AND kind = 'customer')
    ORDER BY id
"""
_ADD_PAYMENT = f"""
    INSERT INTO payment ({_PAYMENT_WITHOUT_ID}) VALUES (?{", ?" * 21})
"""

_EVERY_PAYMENT = """
    SELECT id, asset, units, account, clearing, state, pin_free_day, paid_day, is_split FROM payment ORDER BY id
"""

# A dict is faster than calling the enum.
_ASSETS = {str(asset): asset for asset in Asset}
_STATES = {str(state): state for state in PaymentState}
_REFUSALS = {refusal.code: refusal for refusal in Refusal}


def _payment(row: Row) -> PaymentRow:
    number, order_id, till, cashier, code_key, asset, units, account, clearing = row[:9]
    state, refusal, canceled_by, balance, due_us, pin_free_day, opened_at_us, at_us, is_split = row[9:18]
    paid_day, pay_from, total_asset, total_units, reference = row[18:]
    return PaymentRow(
        id=number,
        order_id=order_id,
        till=till,
        cashier=cashier,
        code_key=code_key,
        asset=_ASSETS[asset],
        units=units,
        account_id=account,
        clearing_id=clearing,
        state=_STATES[state],
        refusal=None if refusal is None else _REFUSALS[refusal],
        canceled_by=None if canceled_by is None else CanceledBy(canceled_by),
        balance_units=balance,
        challenge_expires_at=moment_or_none(due_us),
        pin_free_day=pin_free_day,
        opened_at=moment(opened_at_us),
        at=moment(at_us),
        is_split=bool(is_split),
        paid_day=paid_day,
        pay_from=tuple(map(Asset, pay_from.split(","))) if pay_from else (),
        order_total=None if total_asset is None else Amount(Asset(total_asset), total_units),
        reference=reference or "",
    )


class SqlPaymentBooks(SqlPartBooks):
    """The part of the books that payments are in, on one connection."""

    def payment(self, order_id: str) -> PaymentRow | None:
        row = self._one(_PAYMENT_BY_ORDER, order_id)
        return None if row is None else _payment(row)

    def open_payments(self, due_by: datetime, account_id: int | None = None) -> Sequence[PaymentRow]:
        due_by_us = microseconds(due_by)
        if account_id is None:
            return [_payment(row) for row in self._execute(_OPEN_PAYMENTS, (due_by_us,))]
        return [_payment(row) for row in self._execute(_OPEN_PAYMENTS_OF, (account_id, due_by_us))]

    def open_payments_of(self, member: int, due_by: datetime) -> Sequence[PaymentRow]:
        return [
            _payment(row) for row in self._execute(_OPEN_PAYMENTS_OF_MEMBER, (member, microseconds(due_by)))
        ]

    def add_payment(self, payment: PaymentRow) -> int:
        # Its taker has the answer; they are told of what comes later.
        self.touched.append(Change(payment.order_id, 0, payment.account_id or 0))
        total, due = payment.order_total, payment.challenge_expires_at
        return self._insert(
            _ADD_PAYMENT,
            (
                *payment[1:5],
                str(payment.asset),
                *payment[6:9],
                str(payment.state),
                payment.refusal and payment.refusal.code,
                payment.canceled_by,
                payment.balance_units,
                None if due is None else microseconds(due),
                payment.pin_free_day,
                microseconds(payment.opened_at),
                microseconds(payment.at),
                int(payment.is_split),
                payment.paid_day,
                ",".join(payment.pay_from) or None,
                *((total and (str(total.asset), total.units)) or (None, None)),
                payment.reference or None,
            ),
        )

    def set_payment(self, payment: PaymentRow) -> None:
        self.touched.append(Change(payment.order_id, payment.till, payment.account_id or 0))
        refusal = payment.refusal and payment.refusal.code
        self._execute(
            "UPDATE payment SET state = ?, refusal = ?, canceled_by = ?, balance_units = ?, at_us = ? WHERE id = ?",
            (
                payment.state,
                refusal,
                payment.canceled_by,
                payment.balance_units,
                microseconds(payment.at),
                payment.id,
            ),
        )

    def all_payments(self) -> Iterator[AuditedPayment]:
        for number, asset, units, account, clearing, state, free_day, paid_day, is_split in self._each(
            _EVERY_PAYMENT
        ):
            yield AuditedPayment(
                number,
                _ASSETS[asset],
                units,
                account,
                clearing,
                _STATES[state],
                free_day,
                paid_day,
                bool(is_split),
            )
