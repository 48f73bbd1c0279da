"""From a stored payment to what the till is told about it."""

from points_engine.amounts import Amount
from points_engine.challenge import Tries
from points_engine.contract import Challenge, ChallengeKind, Payment, PaymentState, Refusal, Refused
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Holder, PaymentRow

CHALLENGE_KINDS = (ChallengeKind.PIN,)
"""What a customer may be asked for."""


def name_shown(name: str) -> str | None:
    """A member's name as a till may show it: its first character and a star (王*)."""
    return f"{name[0]}*" if name else None


def tries_of(holder: Holder, scheme: Scheme) -> Tries:
    """The tries of a member's PIN."""
    return Tries(scheme.pin_tries, holder.pin_failures, holder.is_pin_locked)


def payment_reply(row: PaymentRow, holder: Holder | None, scheme: Scheme) -> Payment:
    """What `row` looks like from a till; `holder` is the one behind it, None when the code led to nobody."""
    challenge = None
    if row.state is PaymentState.REQUIRES_ACTION and row.challenge_expires_at and holder:
        challenge = Challenge(
            kinds=CHALLENGE_KINDS,
            tries_left=tries_of(holder, scheme).left,
            expires_at=row.challenge_expires_at,
        )
    balance = None
    if scheme.shows_balance and row.balance_units is not None:
        balance = Amount(row.asset, row.balance_units)
    return Payment(
        order_id=row.order_id,
        state=row.state,
        amount=Amount(row.asset, row.units),
        at=row.at,
        member=name_shown(holder.member_name) if holder else None,
        challenge=challenge,
        refused=_refused(row, balance) if row.refusal else None,
        balance=balance,
    )


def _refused(row: PaymentRow, available: Amount | None) -> Refused:
    assert row.refusal is not None
    return Refused(
        refusal=row.refusal,
        tries_left=0 if row.refusal is Refusal.PIN_LOCKED else None,
        available=available if row.refusal is Refusal.BALANCE_TOO_LOW else None,
    )


def stored_reply(books: Books, row: PaymentRow, scheme: Scheme) -> Payment:
    """`payment_reply` for a payment whose holder is not at hand."""
    return payment_reply(row, None if row.account_id is None else books.holder(row.account_id), scheme)
