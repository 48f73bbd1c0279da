"""Moves of a payment together with the money they move: the only place where the two tables meet the books."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from points_engine import challenge, ledger, lots, payment
from points_engine.challenge import ChallengeEvent, ChallengeState
from points_engine.contract import CanceledBy, PaymentState, Refusal
from points_engine.engine import lots_kept
from points_engine.ledger import AccountKind, TransferKind
from points_engine.limits import DayUse
from points_engine.lot_ports import Expired
from points_engine.part_ports import PartRow
from points_engine.payment import Booking, PaymentEvent
from points_engine.ports import Books, Holder, PaymentRow

_KIND: dict[Booking, TransferKind] = {booking: TransferKind(booking.value) for booking in Booking}


_ENDS = {
    ChallengeState.PASSED: (PaymentEvent.RIGHT_ANSWER, None),
    ChallengeState.EXHAUSTED: (PaymentEvent.TRIES_USED_UP, Refusal.PIN_LOCKED),
    ChallengeState.EXPIRED: (PaymentEvent.TIME_IS_UP, Refusal.PAYMENT_EXPIRED),
    ChallengeState.DECLINED: (PaymentEvent.CANCEL, Refusal.PAYMENT_CANCELED),
    ChallengeState.VOID: (PaymentEvent.CANCEL, Refusal.PAYMENT_CANCELED),
}
"""What the end of a challenge means for its payment."""


FOREVER = datetime.max.replace(tzinfo=UTC)
"""Every challenge has expired by then."""


class BooksWrong(AssertionError):
    """The books contradict themselves: a bug, or a file edited by hand. Nothing was changed."""


class Take(NamedTuple):
    """A part that is about to be taken, from whom; `use` is their use of the day with it."""

    part: PartRow
    holder: Holder
    use: DayUse


def parts_of(books: Books, row: PaymentRow) -> Sequence[PartRow]:
    """What a payment takes, or took, from which account, in order: of several assets, or the one obvious part.

    A payment that never had a payer has no parts. The parts do not say whether money moved: the state does.
    """
    if row.is_split:
        return books.parts(row.id)
    if row.account_id is None:
        return ()
    return (PartRow(row.asset, row.units, row.units, row.account_id, row.clearing_id),)


def transfer(
    books: Books,
    kind: TransferKind,
    holder: Holder,
    units: int,
    at: datetime,
    *,
    clearing_id: int = 0,
    use: DayUse | None = None,
    payment_id: int | None = None,
    command_id: str | None = None,
    reason: str | None = None,
    actor: str | None = None,
    first_lot_id: int | None = None,
) -> int:
    """Book one transfer of `kind` between the holder and whom the kind names; return the holder's balance after it.

    The holder's lots go with it: those whose time is up expire first, what goes is taken out of the others (the lot
    `first_lot_id` before all), and what a payment gives back goes to where it took it from, or expires at once if that
    is too late. Raises BooksWrong when the balance would fall below zero: the caller has to have looked, after
    `expire_lots_if_due`.
    """
    holder = expire_lots_if_due(books, holder, at)
    balance_units = ledger.balance_after(kind, holder.balance_units, units)
    debit, credit = ledger.SIDES[kind]
    if balance_units < 0 and debit is AccountKind.CUSTOMER and kind is not TransferKind.CLAW_BACK:
        raise BooksWrong(f"a {kind} would leave account {holder.account_id} below zero")
    books.add_transfer(
        kind, _account(books, debit, holder, clearing_id), _account(books, credit, holder, clearing_id), units,
        balance_units, at, payment_id=payment_id, command_id=command_id, reason=reason, actor=actor,
    )  # fmt: skip
    if balance_units != holder.balance_units:
        books.set_balance(holder.account_id, balance_units, use or holder.day_use)
    if debit is AccountKind.CUSTOMER:
        is_payment = kind in lots_kept.TAKEN_BY_PAYMENTS
        lots_kept.take(books, holder, units, payment_id if is_payment else None, first_lot_id)
    elif kind in lots_kept.GIVEN_BACK and payment_id is not None:
        overdue_units = lots_kept.give_back(books, payment_id, holder, units, at)
        if overdue_units:
            return _expire(books, books.holder(holder.account_id), overdue_units, at)
    return balance_units


def expire_lots_if_due(books: Books, holder: Holder, now: datetime) -> Holder:
    """The holder once lots whose time is up have expired; whoever looks first sees to it."""
    return expire_lots(books, holder, now)[0] if lots.is_due(holder.next_expiry_at, now) else holder


def expire_lots(books: Books, holder: Holder, now: datetime) -> tuple[Holder, Expired]:
    """Expire a holder's lots whose time is up, of which there is one; the holder after it, and what expired."""
    expired = books.expire_lots(holder.account_id, now)
    next_expiry_at = books.settle_next_expiry(holder.account_id)
    balance_units = _expire(books, holder, expired.units, now)
    return holder._replace(balance_units=balance_units, next_expiry_at=next_expiry_at), expired


def _expire(books: Books, holder: Holder, units: int, at: datetime) -> int:
    """Book what expired and is in no lot any more; return the balance after it."""
    kind = TransferKind.EXPIRE
    balance_units = ledger.balance_after(kind, holder.balance_units, units)
    expired_id = books.scheme_account(AccountKind.EXPIRED, holder.asset)
    books.add_transfer(kind, holder.account_id, expired_id, units, balance_units, at)
    books.set_balance(holder.account_id, balance_units, holder.day_use)
    return balance_units


def _account(books: Books, kind: AccountKind, holder: Holder, clearing_id: int) -> int:
    if kind is AccountKind.CUSTOMER:
        return holder.account_id
    if kind is AccountKind.OWED:
        return books.owed_account(holder.member, holder.asset)
    return clearing_id if kind is AccountKind.CLEARING else books.scheme_account(kind, holder.asset)


def open_payment(
    books: Books, fresh: PaymentRow, event: PaymentEvent, takes: Sequence[Take] = ()
) -> PaymentRow:
    """Move a payment out of NEW and append it, with what it takes.

    `fresh.balance_units` is what is left of the payment's own asset once all is taken.
    """
    step = payment.move(PaymentState.NEW, event)
    after = fresh._replace(state=step.state, is_split=not _is_obvious(fresh, takes))
    after = after._replace(id=books.add_payment(after))
    if after.is_split:
        books.add_parts(after.id, [take.part for take in takes])
    if step.booking is not None:
        for part, holder, use in takes:
            transfer(
                books, _KIND[step.booking], holder, part.units, after.at,
                clearing_id=part.clearing_id, use=use, payment_id=after.id,
            )  # fmt: skip
    return after


def _is_obvious(fresh: PaymentRow, takes: Sequence[Take]) -> bool:
    """Whether the row says all about what is taken."""
    return not takes or (len(takes) == 1 and takes[0].part.asset is fresh.asset)


def advance(
    books: Books,
    before: PaymentRow,
    event: PaymentEvent,
    at: datetime,
    refusal: Refusal | None = None,
    canceled_by: CanceledBy | None = None,
) -> PaymentRow:
    """Move a stored payment on, with the transfers of its parts.

    A move that leads nowhere and moves nothing writes nothing. What was refunded is not given back again.
    """
    step = payment.move(before.state, event)
    if step == (before.state, None):
        return before
    after = before._replace(state=step.state, refusal=refusal, canceled_by=canceled_by, at=at)
    if step.booking is not None:
        back = books.refunded(before.id) if step.booking is Booking.REVERSAL else {}
        for part in parts_of(books, before):
            holder = books.holder(part.account_id)
            gives_back = step.booking in {Booking.VOID, Booking.REVERSAL}
            use = holder.day_use.less(part.units, before.paid_day) if gives_back else None
            balance_units, units = holder.balance_units, part.units
            if part.asset in back:
                units -= back[part.asset].units
            if units:
                balance_units = transfer(
                    books, _KIND[step.booking], holder, units, at,
                    clearing_id=part.clearing_id, use=use, payment_id=before.id,
                )  # fmt: skip
            elif use is not None:
                books.set_balance(holder.account_id, balance_units, use)
            if part.account_id == before.account_id:
                after = after._replace(balance_units=balance_units)
    books.set_payment(after)
    return after


def end_challenge(
    books: Books, before: PaymentRow, end: ChallengeState, at: datetime, canceled_by: CanceledBy | None = None
) -> PaymentRow:
    """Move an open payment to where the end of its challenge leads."""
    event, refusal = _ENDS[end]
    return advance(books, before, event, at, refusal, canceled_by)


def is_due(row: PaymentRow, now: datetime) -> bool:
    """Whether an open payment's time is up and somebody has to end it."""
    due = row.challenge_expires_at
    return row.state is PaymentState.REQUIRES_ACTION and due is not None and now >= due


def expire_if_due(books: Books, before: PaymentRow, now: datetime) -> PaymentRow:
    """End an open payment whose time is up; whoever looks first does it. Others are returned as they are."""
    if not is_due(before, now):
        return before
    return end_challenge(books, before, challenge.move(ChallengeState.OPEN, ChallengeEvent.TIME_IS_UP), now)


def still_waiting(books: Books, row: PaymentRow, now: datetime) -> tuple[PaymentRow, Holder | None]:
    """A payment as it stands now, and its payer while it waits for their proof; None when it does not any more.

    A payer who was frozen meanwhile proves nothing: nothing may be taken, and the hold is given back.
    """
    row = expire_if_due(books, row, now)
    if row.state is not PaymentState.REQUIRES_ACTION or row.account_id is None:
        return row, None
    holder = books.holder(row.account_id)
    if holder.is_frozen:
        return advance(books, row, PaymentEvent.CANCEL, now, Refusal.ACCOUNT_FROZEN), None
    return row, holder
