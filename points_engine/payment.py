"""The life of a payment. All that moves it is TABLE: a missing entry is the error, a failed move changes nothing.

The diagram in docs/engine.md is drawn from TABLE (scripts/draw_engine_page.py).
"""

import enum
from typing import NamedTuple

from points_engine.contract import PaymentState


class PaymentEvent(enum.StrEnum):
    """What can happen to a payment."""

    CHARGE_WITHIN_LIMIT = "charge_within_limit"
    CHARGE_OVER_LIMIT = "charge_over_limit"
    REFUSE = "refuse"
    RIGHT_ANSWER = "right_answer"
    TRIES_USED_UP = "tries_used_up"
    CANCEL = "cancel"
    TIME_IS_UP = "time_is_up"
    REVERSE = "reverse"
    REFUND = "refund"


class Booking(enum.StrEnum):
    """What a move asks of the ledger; the names are those of the ledger's transfer kinds."""

    CHARGE = "charge"
    HOLD = "hold"
    POST = "post"
    VOID = "void"
    REVERSAL = "reversal"
    REFUND = "refund"


class Step(NamedTuple):
    """Where a move leads, and the transfer that goes with it (None: no money moves)."""

    state: PaymentState
    booking: Booking | None


class MoveNotAllowed(AssertionError):
    """A move that TABLE does not have: a bug in the caller."""


_S, _E = PaymentState, PaymentEvent

TABLE: dict[tuple[PaymentState, PaymentEvent], Step] = {
    (_S.NEW, _E.CHARGE_WITHIN_LIMIT): Step(_S.SUCCEEDED, Booking.CHARGE),
    (_S.NEW, _E.CHARGE_OVER_LIMIT): Step(_S.REQUIRES_ACTION, Booking.HOLD),
    (_S.NEW, _E.REFUSE): Step(_S.FAILED, None),
    # A reversal that overtakes its charge: the order is closed before it arrives.
    (_S.NEW, _E.REVERSE): Step(_S.REVERSED, None),
    (_S.REQUIRES_ACTION, _E.RIGHT_ANSWER): Step(_S.SUCCEEDED, Booking.POST),
    (_S.REQUIRES_ACTION, _E.TRIES_USED_UP): Step(_S.FAILED, Booking.VOID),
    (_S.REQUIRES_ACTION, _E.CANCEL): Step(_S.CANCELED, Booking.VOID),
    (_S.REQUIRES_ACTION, _E.TIME_IS_UP): Step(_S.CANCELED, Booking.VOID),
    (_S.REQUIRES_ACTION, _E.REVERSE): Step(_S.REVERSED, Booking.VOID),
    (_S.SUCCEEDED, _E.REVERSE): Step(_S.REVERSED, Booking.REVERSAL),
    # A part given back: the payment stays what it was.
    (_S.SUCCEEDED, _E.REFUND): Step(_S.SUCCEEDED, Booking.REFUND),
    # Nothing was taken, or it is back already: a reversal is content and leaves it as it is.
    (_S.FAILED, _E.REVERSE): Step(_S.FAILED, None),
    (_S.CANCELED, _E.REVERSE): Step(_S.CANCELED, None),
    (_S.REVERSED, _E.REVERSE): Step(_S.REVERSED, None),
}


def move(state: PaymentState, event: PaymentEvent) -> Step:
    """Where `event` leads from `state`. Raises MoveNotAllowed when TABLE has no such move."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise MoveNotAllowed(f"a payment that is {state} cannot take {event}") from None
