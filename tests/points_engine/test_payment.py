"""The life of a payment: the whole table, said a second time."""

import itertools

import pytest

from points_engine import payment
from points_engine.contract import PaymentState as S
from points_engine.payment import TABLE, Booking, MoveNotAllowed, Step
from points_engine.payment import PaymentEvent as E

ALLOWED = {
    (S.NEW, E.CHARGE_WITHIN_LIMIT): (S.SUCCEEDED, Booking.CHARGE),
    (S.NEW, E.CHARGE_OVER_LIMIT): (S.REQUIRES_ACTION, Booking.HOLD),
    (S.NEW, E.REFUSE): (S.FAILED, None),
    (S.NEW, E.REVERSE): (S.REVERSED, None),
    (S.REQUIRES_ACTION, E.RIGHT_ANSWER): (S.SUCCEEDED, Booking.POST),
    (S.REQUIRES_ACTION, E.TRIES_USED_UP): (S.FAILED, Booking.VOID),
    (S.REQUIRES_ACTION, E.CANCEL): (S.CANCELED, Booking.VOID),
    (S.REQUIRES_ACTION, E.TIME_IS_UP): (S.CANCELED, Booking.VOID),
    (S.REQUIRES_ACTION, E.REVERSE): (S.REVERSED, Booking.VOID),
    (S.SUCCEEDED, E.REVERSE): (S.REVERSED, Booking.REVERSAL),
    (S.SUCCEEDED, E.REFUND): (S.SUCCEEDED, Booking.REFUND),
    (S.FAILED, E.REVERSE): (S.FAILED, None),
    (S.CANCELED, E.REVERSE): (S.CANCELED, None),
    (S.REVERSED, E.REVERSE): (S.REVERSED, None),
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_every_state_with_every_event(state: S, event: E) -> None:
    """Each pair leads where it should, or raises."""
    if (state, event) in ALLOWED:
        assert ALLOWED[state, event] == payment.move(state, event)
    else:
        with pytest.raises(MoveNotAllowed, match=f"{state} cannot take {event}"):
            payment.move(state, event)


def test_every_state_can_be_reached_and_left_or_is_the_end() -> None:
    """No state is an island: all but NEW are led to, and a reversal is possible from everywhere."""
    assert set(S) - {S.NEW} == {step.state for step in TABLE.values()}
    assert set(S) == {state for state, event in TABLE if event is E.REVERSE}


def test_money_on_hold_always_comes_off_it() -> None:
    """Every way out of REQUIRES_ACTION posts or voids, and no other move does."""
    for (state, _), step in TABLE.items():
        assert (state is S.REQUIRES_ACTION) == (step.booking in {Booking.POST, Booking.VOID})


def test_steps_are_values() -> None:
    """A step compares by what it holds."""
    assert Step(S.FAILED, None) == TABLE[S.NEW, E.REFUSE]
