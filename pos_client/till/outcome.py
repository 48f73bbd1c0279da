"""What an order's end means for its sale: the engine's Payment becomes a phase, an entry and a sound."""

from dataclasses import replace

from points_engine.contract import Payment, PaymentState, Refusal, Refused, Secret
from pos_client.till.effects import EntryKind, Play, Sound, StartTimer, StopTimer, Timer
from pos_client.till.events import OpenOrder
from pos_client.till.moves import CANCELED, Step, entry, numbered, to
from pos_client.till.orders import opened
from pos_client.till.state import (
    AwaitingPin,
    Collecting,
    Entering,
    Order,
    PaidSummary,
    Refusing,
    Sale,
    Till,
)

CODE_STILL_GOOD = {Refusal.BALANCE_TOO_LOW, Refusal.ENGINE_UNAVAILABLE}
"""After these a smaller part, or the same again, may be charged with the code that was scanned: never an amount
that may be larger than the one the customer saw."""

CLOSES = {
    PaymentState.SUCCEEDED: EntryKind.SUCCEEDED,
    PaymentState.FAILED: EntryKind.FAILED,
    PaymentState.CANCELED: EntryKind.CANCELED,
    PaymentState.REVERSED: EntryKind.REVERSED,
}
"""The states that end an order, and the entry that closes it in the journal."""

NOTHING_TAKEN = {PaymentState.FAILED, PaymentState.CANCELED, PaymentState.REVERSED}
"""The ends after which the customer has all their points."""


def settle(till: Till, sale: Sale, order: Order, payment: Payment) -> Step:
    """Go where the engine's answer about a running order leads: a state that ends it, or the PIN."""
    if payment.state is PaymentState.SUCCEEDED:
        return _succeeded(till, sale, order, payment)
    if payment.state is PaymentState.REQUIRES_ACTION:
        return _ask_for_pin(till, sale, order, payment)
    return refused(till, sale, opened(order), payment, code=order.code)


def refused(
    till: Till, sale: Sale, order: OpenOrder, answer: Payment | Refused, *, code: Secret | None = None
) -> Step:
    """Close an order that took nothing, and say why. The code is kept only while it may be of use."""
    if isinstance(answer, Payment):
        why, closed_by = answer.refused or CANCELED, CLOSES[answer.state]
    else:
        why, closed_by = answer, EntryKind.FAILED
    return to(
        till,
        Refusing(
            sale=sale,
            refusal_code=why.refusal.code,
            tries_left=why.tries_left,
            available_units=why.available.units if why.available else None,
            wait_seconds=why.wait_seconds,
            code=code if why.refusal in CODE_STILL_GOOD else None,
        ),
        StopTimer(Timer.CHALLENGE_OVER),
        Play(Sound.FAILURE),
        entry(closed_by, order, refused=why),
    )


def _succeeded(till: Till, sale: Sale, order: Order, payment: Payment) -> Step:
    paid = replace(sale, paid_units=sale.paid_units + order.units)
    balance_units = payment.balance.units if payment.balance else None
    return to(
        till,
        _after_points(paid, order.order_id, payment.member, balance_units),
        StopTimer(Timer.CHALLENGE_OVER),
        Play(Sound.SUCCESS),
        entry(EntryKind.SUCCEEDED, opened(order), member=payment.member),
    )


def _after_points(
    sale: Sale, order_id: str, member: str | None, balance_units: int | None
) -> Entering | Collecting:
    if sale.rest_units:
        return Collecting(sale=sale, order_id=order_id, member=member, balance_units=balance_units)
    return Entering(paid=PaidSummary(sale=sale, money_minor=0, member=member, balance_units=balance_units))


def _ask_for_pin(till: Till, sale: Sale, order: Order, payment: Payment) -> Step:
    challenge = payment.challenge
    if challenge is None:
        raise ValueError("a payment that requires action says which")
    till, asking = numbered(till)
    waiting = AwaitingPin(
        sale=sale,
        order=order,
        tries_left=challenge.tries_left,
        expires_at=challenge.expires_at,
        asking=asking,
        member=payment.member,
    )
    # Both times are the engine's, so the till's own clock may be as wrong as it likes.
    left_seconds = max(0.0, (challenge.expires_at - payment.at).total_seconds())
    return to(
        till,
        waiting,
        StartTimer(Timer.CHALLENGE_OVER, left_seconds + till.rules.challenge_grace_seconds),
        Play(Sound.ATTENTION),
        entry(EntryKind.WAITING_FOR_PIN, opened(order), member=payment.member),
    )
