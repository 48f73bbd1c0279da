"""Orders set aside: given back in the background until the engine has answered."""

import pytest

from points_engine.contract import PaymentState, Refusal, Refused, Reverse
from pos_client.till.effects import EntryKind, Record, Send, StartTimer, Timer
from pos_client.till.events import Confirmed, NoReply, OpenOrder, Replied, Started
from pos_client.till.state import Charging, Entering
from tests.pos_client.till.walking import (
    TILL,
    after,
    amount,
    aside,
    charging,
    effects_of,
    fired,
    only,
    parked_answer,
    payment,
    scan,
    walk,
    words,
)

DUE = fired(Timer.PARKED_DUE)
ORDERS = tuple(
    OpenOrder(order_id=f"old-{number}", sale_id=f"sale-{number}", units=10 * number, reversing=True)
    for number in (1, 2, 3)
)


@pytest.mark.parametrize("state", [PaymentState.REVERSED, PaymentState.FAILED, PaymentState.CANCELED])
def test_an_order_set_aside_is_closed_when_nothing_is_taken(state: PaymentState) -> None:
    """Reversed, or never taken: the journal says which, and the timer stops with the last one."""
    till = aside()
    effects = effects_of(till, parked_answer(state))
    assert f"stop:parked_due record:{state}" == words(effects)
    assert ("run-000002", 300) == (only(Record, effects).order_id, only(Record, effects).units)
    assert () == after(parked_answer(state), till=till).parked


@pytest.mark.parametrize("state", [PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION])
def test_an_order_set_aside_is_not_closed_by_an_older_word(state: PaymentState) -> None:
    """That it succeeded before is what the reversal is for."""
    till = aside()
    assert till == after(parked_answer(state), till=till)
    late = Replied(1, payment(till.parked[0].open_order, state))
    assert till == after(late, till=till)


@pytest.mark.parametrize("refusal", [Refusal.ENGINE_UNAVAILABLE, Refusal.NOT_PERMITTED])
def test_an_unanswered_reversal_is_repeated(refusal: Refusal) -> None:
    """No answer, or a refusal: the next attempt comes by its timer, with a request of its own."""
    till = aside()
    request_id = till.parked[0].request_id
    assert request_id is not None
    assert till == after(NoReply(request_id), till=till)
    assert till == after(Replied(request_id, Refused(refusal=refusal)), till=till)
    effects = effects_of(till, DUE)
    assert "send:Reverse start:parked_due" == words(effects)
    sent = only(Send, effects)
    assert Reverse(order_id="run-000002", till_id="T1") == sent.command
    assert request_id != sent.request_id


def test_the_attempts_grow_apart_but_never_overtake_an_answer() -> None:
    """The waits are those of asking, and at least as long as an answer may take."""
    till = aside()
    waits = []
    for _ in range(6):
        waits.append(only(StartTimer, effects_of(till, DUE)).seconds)
        till = after(DUE, till=till)
    assert [5.0, 5.0, 5.0, 10.0, 10.0, 10.0] == waits


def test_the_till_goes_on_meanwhile() -> None:
    """The next customer pays while an old order is given back, and each answer finds its own."""
    till = after(Confirmed(), *amount("50"), scan(), till=aside())
    walk((parked_answer(PaymentState.REVERSED), Charging, "stop:parked_due record:reversed"), till=till)
    running = till.phase
    assert isinstance(running, Charging)
    assert running == after(parked_answer(PaymentState.REVERSED), till=till).phase


def test_several_are_given_back_side_by_side() -> None:
    """One timer serves all; each is closed by its own answer, in any order."""
    till = after(Started(ORDERS))
    assert "send:Reverse send:Reverse send:Reverse start:parked_due" == words(effects_of(till, DUE))
    till = after(parked_answer(PaymentState.REVERSED, place=1), till=till)
    assert [ORDERS[0], ORDERS[2]] == [parked.open_order for parked in till.parked]
    walk((parked_answer(PaymentState.REVERSED, place=1), Entering, "record:reversed"), till=till)


def test_a_late_reversal_counts() -> None:
    """The answer to an earlier attempt closes the order as well."""
    till = after(DUE, DUE, till=aside())
    late = Replied(1, payment(till.parked[0].open_order, PaymentState.REVERSED))
    record = only(Record, effects_of(till, late))
    assert EntryKind.REVERSED is record.kind


def test_without_orders_set_aside_the_timer_means_nothing() -> None:
    """A timer that outlived its orders does nothing."""
    walk((DUE, Entering, ""), till=TILL)
    walk((DUE, Charging, ""), till=charging())
