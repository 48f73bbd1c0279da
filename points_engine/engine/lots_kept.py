"""Lots in the books: filled, taken out of, given back to and emptied, together with the transfers that move the money.

`bookings.transfer` calls this for every transfer that touches a customer; nobody else has to. Sums are kept: what is
left in an account's lots is never more than its balance.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from points_engine import lots
from points_engine.ledger import TransferKind
from points_engine.lot_ports import UseRow
from points_engine.lots import Return, Terms
from points_engine.ports import Books, Holder

TAKEN_BY_PAYMENTS = frozenset({TransferKind.CHARGE, TransferKind.HOLD})
"""What these take is written down, so that it can be given back to where it came from."""

GIVEN_BACK = frozenset({TransferKind.VOID, TransferKind.REVERSAL, TransferKind.REFUND})
"""What comes with these was taken by the same payment before."""


def add(
    books: Books, holder: Holder, units: int, balance_units: int, expires_at: datetime, terms: Terms
) -> int | None:
    """Keep `units` that were just given, after which the balance is `balance_units`, as a lot; returns its id.

    What is given to somebody below zero fills that up first: only what can be spent goes into the lot, and if that is
    nothing there is none.
    """
    kept = min(units, balance_units)
    if kept <= 0:
        return None
    lot_id = books.add_lot(holder.account_id, kept, expires_at, terms)
    books.settle_next_expiry(holder.account_id)
    return lot_id


def take(
    books: Books, holder: Holder, units: int, payment_id: int | None = None, first_id: int | None = None
) -> None:
    """Take `units` out of a holder's lots, oldest expiry first, the lot `first_id` before all others.

    With a payment it is kept what was taken from where; without one it is gone for good. Lots whose time is up were
    expired before.
    """
    if holder.next_expiry_at is None:
        return
    live = books.live_lots(holder.account_id)
    left = {lot.id: lot.left_units for lot in live}
    emptied = False
    for lot_id, part in lots.take(live, units, first_id):
        if lot_id is not None:
            books.move_lot(lot_id, left=-part, withdrawn=0 if payment_id else part)
            emptied = emptied or part == left[lot_id]
        if payment_id is not None:
            books.add_use(UseRow(payment_id, holder.account_id, lot_id, part))
    if emptied:
        books.settle_next_expiry(holder.account_id)


def give_back(books: Books, payment_id: int, holder: Holder, units: int, at: datetime) -> int:
    """Give `units` back to the lots that a payment took them out of; returns how many of them expire at once.

    What was taken last comes back first. What is too late goes by its terms: into a fresh lot, or it expires. A payment
    that took nothing out of lots gives nothing back to any. A balance below zero (`holder` is as it was before) is
    filled up first: that much comes back to no lot.
    """
    uses = books.uses(payment_id, holder.account_id)
    if not uses:
        return 0
    overdue, fill = 0, min(units, max(0, -holder.balance_units))
    for given in lots.give_back(uses, units, at):
        books.lower_use(given.use.id, given.units)
        lot_id, filled = given.use.lot_id, min(fill, given.units)
        fill -= filled
        returned = given._replace(units=given.units - filled)
        if lot_id is None:
            continue
        if filled:
            books.move_lot(lot_id, withdrawn=filled)
        if not returned.units:
            continue
        if returned.is_late:
            overdue += _give_back_late(books, holder, lot_id, returned, at)
        else:
            books.move_lot(lot_id, left=returned.units)
    books.settle_next_expiry(holder.account_id)
    return overdue


def _give_back_late(books: Books, holder: Holder, lot_id: int, returned: Return, at: datetime) -> int:
    terms = books.terms_of(lot_id)
    expires_at = lots.renewed_until(at, terms.grace_days, ZoneInfo(terms.zone))
    if expires_at is None:
        books.move_lot(lot_id, expired=returned.units)
        return returned.units
    books.move_lot(lot_id, withdrawn=returned.units)
    books.add_lot(holder.account_id, returned.units, expires_at, terms)
    return 0
