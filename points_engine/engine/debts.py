"""What is taken back of earned points: from the balance, then by the scheme's rule; and how a debt is paid back."""

from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Amount
from points_engine.contract import ClawBackRule
from points_engine.engine import bookings
from points_engine.ledger import TransferKind
from points_engine.lot_ports import EarningRow
from points_engine.ports import Books, Holder, PaymentRow
from points_engine.refund_ports import DebtRow
from points_engine.refunding import earned_on


class TakenBack(NamedTuple):
    """What was taken back of what an order earned, and how much of that is owed since."""

    units: int = 0
    owed_units: int = 0


def take_back(
    books: Books,
    row: PaymentRow,
    back_units: int,
    rule: ClawBackRule,
    at: datetime,
    command_id: str | None,
    reason: str,
) -> TakenBack:
    """Take back what the order of a payment earned on the `back_units` of it that are given back by now.

    What has expired meanwhile is gone already and is not taken a second time.
    """
    earning = books.earning(row.order_id)
    if earning is None or not row.units:
        return TakenBack()
    # First: a lot that nobody has looked at since its time was up has expired all the same.
    holder = bookings.expire_lots_if_due(books, books.holder(earning.account_id), at)
    expired_units = 0 if earning.lot_id is None else books.expired_units(earning.lot_id)
    most = earning.units - earning.taken_back_units - expired_units
    due = earned_on(earning.units, row.units, 0, back_units) - earning.taken_back_units
    units = max(0, min(due, most))
    if not units:
        return TakenBack()
    books.set_taken_back(row.order_id, earning.taken_back_units + units)
    owed_units = 0
    if rule is ClawBackRule.OWED:
        owed_units = units - min(units, max(0, holder.balance_units))
    elif units > holder.balance_units:
        books.allow_overdraft(holder.account_id, units - holder.balance_units)
    if units > owed_units:
        _book(books, TransferKind.CLAW_BACK, holder, units - owed_units, at, row, command_id, reason, earning)
    if owed_units:
        holder = books.holder(holder.account_id)
        _book(books, TransferKind.DEBT, holder, owed_units, at, row, command_id, reason, earning)
        before = _debt_of(books, holder)
        books.set_debt(before._replace(units=before.units + owed_units))
    return TakenBack(units, owed_units)


def _book(
    books: Books, kind: TransferKind, holder: Holder, units: int, at: datetime, row: PaymentRow,
    command_id: str | None, reason: str, earning: EarningRow,
) -> None:  # fmt: skip
    bookings.transfer(
        books, kind, holder, units, at,
        payment_id=row.id, command_id=command_id, reason=reason, first_lot_id=earning.lot_id,
    )  # fmt: skip


def _debt_of(books: Books, holder: Holder) -> DebtRow:
    known = books.debt(holder.account_id)
    return known or DebtRow(holder.account_id, books.owed_account(holder.member, holder.asset), 0)


def owed(books: Books, holder: Holder) -> Amount | None:
    """What a customer account owes: below zero, or written down; None when that is nothing."""
    debt = books.debt(holder.account_id)
    units = max(0, -holder.balance_units) + (debt.units if debt else 0)
    return Amount(holder.asset, units) if units else None


def recover(books: Books, account_id: int, at: datetime, command_id: str, lot_id: int | None = None) -> int:
    """Take what is owed out of what has just come in (the lot `lot_id` first); return the balance after it."""
    debt = books.debt(account_id)
    holder = books.holder(account_id)
    if debt is None or not debt.units or holder.balance_units <= 0:
        return holder.balance_units
    units = min(debt.units, holder.balance_units)
    books.set_debt(debt._replace(units=debt.units - units))
    return bookings.transfer(
        books, TransferKind.RECOVERY, holder, units, at, command_id=command_id, first_lot_id=lot_id
    )
