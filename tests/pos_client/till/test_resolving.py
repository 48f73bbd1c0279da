"""Learning an unknown outcome, in a running sale and when a till opens."""

import pytest

from points_engine.contract import Charge, PaymentState, Query, Refusal, Reverse
from pos_client.till.effects import Record, Send, StartTimer, Timer
from pos_client.till.events import Confirmed, DigitTyped, Dropped, OpenOrder, Replied, SetAside, Started
from pos_client.till.resolving import may_set_aside
from pos_client.till.state import (
    AwaitingPin,
    Collecting,
    Entering,
    Notice,
    Refusing,
    Resolving,
    Stage,
    Till,
)
from tests.pos_client.till.walking import (
    RULES,
    TILL,
    Happening,
    after,
    answer,
    collecting,
    effects_of,
    fired,
    happen,
    late_answer,
    lost,
    only,
    payment,
    refuse,
    resolving,
    scan,
    walk,
    words,
)

AGAIN = fired(Timer.ASK_AGAIN)
WAIT = "stop:reply_due start:ask_again"
GIVE_BACK = "record:reversal_intent send:Reverse start:reply_due"
ENDED = "stop:reply_due stop:ask_again "
OLD = OpenOrder(order_id="old-2", sale_id="old-1", units=120)
OLDER = OpenOrder(order_id="older-2", sale_id="older-1", units=80)
BACK = OpenOrder(order_id="back-2", sale_id="back-1", units=50, reversing=True)


def asking(failures: int, *, till: Till | None = None) -> Till:
    """The charge's outcome is unknown, and so many attempts had no answer."""
    till = resolving() if till is None else till
    for _ in range(failures):
        till = after(AGAIN, lost, till=till)
    return till


def test_the_same_order_is_sent_then_asked_then_given_back() -> None:
    """Two times the same charge, three questions, then reversals until one is answered; the waits grow."""
    till = resolving()
    sent: list[object] = []
    waits: list[float] = []
    for _ in range(8):
        till, effects = happen(till, AGAIN)
        sent.append(type(only(Send, effects).command))
        till, effects = happen(till, lost)
        waits += [
            effect.seconds
            for effect in effects
            if isinstance(effect, StartTimer) and effect.timer == Timer.ASK_AGAIN
        ]
    assert [Charge, Charge, Query, Query, Query, Reverse, Reverse, Reverse] == sent
    assert [2.0, 3.0, 5.0, 10.0, 10.0, 10.0, 10.0, 10.0] == waits


def test_what_is_sent_again_is_the_same() -> None:
    """The engine can tell that it is one order: nothing in it differs."""
    first = only(Send, effects_of(after(DigitTyped("3")), scan()))
    again = only(Send, effects_of(after(DigitTyped("3"), scan(), lost), AGAIN))
    assert first.command == again.command
    assert first.request_id != again.request_id


def test_the_decision_to_give_back_is_written_once() -> None:
    """Before the first reversal it is durable; later attempts need no further entry."""
    till = asking(5)
    walk(
        (AGAIN, Resolving, GIVE_BACK),
        (lost, Resolving, WAIT),
        (AGAIN, Resolving, "send:Reverse start:reply_due"),
        till=till,
    )


ENDS: list[tuple[Happening, type[object], str]] = [
    (answer(PaymentState.SUCCEEDED), Entering, "stop:challenge_over play:success record:succeeded"),
    (
        answer(PaymentState.FAILED, refusal=Refusal.CODE_EXPIRED),
        Refusing,
        "stop:challenge_over play:failure record:failed",
    ),
    (answer(PaymentState.CANCELED), Refusing, "stop:challenge_over play:failure record:canceled"),
    (answer(PaymentState.REVERSED), Refusing, "stop:challenge_over play:failure record:reversed"),
]


@pytest.mark.parametrize("failures", [0, 1, 2, 4], ids=["first", "second", "question", "last question"])
@pytest.mark.parametrize(
    ("happening", "phase", "effects"), ENDS, ids=["succeeded", "failed", "canceled", "reversed"]
)
def test_an_answer_ends_the_asking(
    failures: int, happening: Happening, phase: type[object], effects: str
) -> None:
    """Whatever the attempt, the engine's word is what happened."""
    walk((happening, phase, ENDED + effects), till=after(AGAIN, till=asking(failures)))


@pytest.mark.parametrize(("happening", "phase", "effects"), ENDS[1:], ids=["failed", "canceled", "reversed"])
def test_a_reversal_ends_when_nothing_is_taken(
    happening: Happening, phase: type[object], effects: str
) -> None:
    """Once the order is being given back, its end is that nothing is taken; the customer may try again."""
    till = walk((happening, phase, ENDED + effects), till=after(AGAIN, till=asking(5)))
    assert isinstance(till.phase, Refusing)
    assert 0 == till.phase.sale.paid_units


@pytest.mark.parametrize("state", [PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION])
def test_a_reversal_is_repeated_until_it_is_done(state: PaymentState) -> None:
    """An older word about the order does not end the giving back, neither as an answer nor late."""
    till = after(AGAIN, till=asking(5))
    assert till == after(late_answer(state), till=till)
    walk((answer(state), Resolving, WAIT), (AGAIN, Resolving, "send:Reverse start:reply_due"), till=till)


def test_a_pin_may_be_asked_for_after_all() -> None:
    """The charge had arrived and waits for the PIN."""
    asked = ENDED + "start:challenge_over play:attention record:waiting_for_pin"
    till = after(AGAIN, till=resolving("800"))
    walk((answer(PaymentState.REQUIRES_ACTION), AwaitingPin, asked), till=till)
    walk((late_answer(PaymentState.REQUIRES_ACTION), AwaitingPin, asked), till=till)


def test_a_late_success_ends_the_waiting_at_once() -> None:
    """The first answer comes after all, between two attempts: the cashier waits no longer."""
    ended = ENDED + "stop:challenge_over play:success record:succeeded"
    walk((late_answer(PaymentState.SUCCEEDED), Entering, ended), till=resolving())
    walk((late_answer(PaymentState.SUCCEEDED), Entering, ended), till=asking(2))


def test_another_orders_answer_is_no_answer() -> None:
    """Only the running order's own end ends it."""
    till = resolving()
    assert till == after(Replied(0, payment(OLD, PaymentState.SUCCEEDED)), till=till)


def test_an_order_the_engine_does_not_know_is_given_back() -> None:
    """The charge may still be on its way: only a reversal keeps it from being carried out later."""
    walk((refuse(Refusal.ORDER_UNKNOWN), Resolving, GIVE_BACK), till=after(AGAIN, till=asking(2)))


def test_an_id_the_engine_knows_for_something_else_took_nothing() -> None:
    """The same order sent again and refused as another's was never carried out."""
    closed = "stop:reply_due stop:challenge_over play:failure record:failed"
    walk((refuse(Refusal.ORDER_MISMATCH), Refusing, closed), till=after(AGAIN, till=resolving()))


@pytest.mark.parametrize(
    "refusal",
    [Refusal.ENGINE_UNAVAILABLE, Refusal.TILL_NOT_ENROLLED, Refusal.NOT_PERMITTED, Refusal.OUTCOME_UNKNOWN],
)
@pytest.mark.parametrize("failures", [0, 2, 5], ids=["sending", "asking", "giving back"])
def test_a_refusal_of_a_later_attempt_says_nothing_of_the_first(refusal: Refusal, failures: int) -> None:
    """The first attempt may have been carried out all the same; the cashier reads what is wrong meanwhile."""
    till = walk((refuse(refusal), Resolving, WAIT), till=after(AGAIN, till=asking(failures)))
    assert isinstance(till.phase, Resolving)
    assert refusal.code == till.phase.refusal_code


def test_asking_waits_for_its_time() -> None:
    """A timer that fires while an answer is due sends nothing, and a second loss counts once."""
    till = after(AGAIN, till=resolving())
    walk((AGAIN, Resolving, ""), till=till)
    walk((fired(Timer.REPLY_DUE), Resolving, WAIT), (fired(Timer.REPLY_DUE), Resolving, ""), till=till)


def test_setting_aside_is_offered_after_the_first_failed_attempt() -> None:
    """Nobody is sent away while the first attempt runs."""
    assert not _offered(resolving())
    assert not _offered(after(AGAIN, till=resolving()))
    assert _offered(asking(1))
    walk((SetAside(), Resolving, "start:notice_over play:notice"), till=resolving())


def _offered(till: Till) -> bool:
    assert isinstance(till.phase, Resolving)
    return may_set_aside(till.phase)


@pytest.mark.parametrize("failures", [1, 4])
def test_set_aside_the_sale_goes_on_in_another_tender(failures: int) -> None:
    """The order is given back in the background, which is written first; the sale is collected otherwise."""
    till = walk(
        (
            SetAside(),
            Collecting,
            (
                "stop:reply_due stop:ask_again stop:challenge_over"
                " record:reversal_intent send:Reverse start:parked_due"
            ),
        ),
        (Confirmed(), Entering, "record:other_tender"),
        till=asking(failures),
    )
    assert ("run-000002", True) == (till.parked[0].open_order.order_id, till.parked[0].open_order.reversing)


def test_set_aside_while_giving_back_needs_no_second_entry() -> None:
    """The decision stands in the journal already."""
    effects = effects_of(asking(6), SetAside())
    assert "send:Reverse" in words(effects)
    assert [] == [effect for effect in effects if isinstance(effect, Record)]


# --- giving up a sale that took points


def test_points_of_a_sale_given_up_go_back_first() -> None:
    """Esc with points taken: the reversal is written, done, and only then is the sale dropped."""
    till = walk(
        (Dropped(), Resolving, GIVE_BACK),
        (
            answer(PaymentState.REVERSED),
            Entering,
            ENDED + "start:notice_over play:success record:reversed record:sale_dropped",
        ),
        till=collecting(),
    )
    assert Notice(key="notice.points_returned", params=(("units", 400),)) == till.notice


def test_points_of_a_sale_given_up_go_back_in_the_background_too() -> None:
    """When the engine does not answer the cashier need not wait; the points still go back."""
    till = walk(
        (Dropped(), Resolving, GIVE_BACK),
        (lost, Resolving, WAIT),
        (
            SetAside(),
            Entering,
            (
                "stop:reply_due stop:ask_again stop:challenge_over"
                " send:Reverse start:parked_due record:sale_dropped"
            ),
        ),
        till=collecting(),
    )
    assert 1 == len(till.parked)


# --- opening


def opened(*orders: OpenOrder) -> Till:
    """A till that starts with open orders."""
    return after(Started(orders))


def test_an_open_order_is_asked_about_first() -> None:
    """Before the first sale, the till learns what became of the last."""
    walk((Started((OLD,)), Resolving, "send:Query start:reply_due"))
    assert Query(order_id="old-2") == only(Send, effects_of(TILL, Started((OLD,)))).command


def test_a_payment_of_before_the_start_is_written_and_told() -> None:
    """Points were taken: the cashier reads it until the next key, and Enter dismisses it."""
    told = ENDED + "record:succeeded play:attention"
    till = walk((answer(PaymentState.SUCCEEDED), Entering, told), till=opened(OLD))
    assert Entering(recovered=(OLD,)) == till.phase
    assert Entering() == after(Confirmed(), till=till).phase
    assert Entering(text="7") == after(DigitTyped("7"), till=till).phase


@pytest.mark.parametrize("state", [PaymentState.FAILED, PaymentState.CANCELED, PaymentState.REVERSED])
def test_an_order_that_took_nothing_is_written_and_no_more(state: PaymentState) -> None:
    """Nothing was taken: nothing for the cashier to do."""
    walk((answer(state), Entering, f"{ENDED}record:{state}"), till=opened(OLD))


@pytest.mark.parametrize(
    "happening",
    [answer(PaymentState.REQUIRES_ACTION), refuse(Refusal.ORDER_UNKNOWN)],
    ids=["waits for a PIN", "unknown"],
)
def test_what_nobody_will_finish_is_given_back(happening: Happening) -> None:
    """The customer of before the start is not waited for, and a charge that may still arrive is kept out."""
    walk(
        (happening, Resolving, GIVE_BACK),
        (answer(PaymentState.REVERSED), Entering, ENDED + "record:reversed"),
        till=opened(OLD),
    )


def test_open_orders_are_asked_about_one_by_one() -> None:
    """Each has its turn, and what was paid adds up."""
    till = walk(
        (Started((OLDER, OLD)), Resolving, "send:Query start:reply_due"),
        (
            answer(PaymentState.SUCCEEDED),
            Resolving,
            ENDED + "record:succeeded send:Query start:reply_due",
        ),
        (answer(PaymentState.SUCCEEDED), Entering, ENDED + "record:succeeded play:attention"),
    )
    assert Entering(recovered=(OLDER, OLD)) == till.phase


def test_before_the_first_sale_the_till_asks_for_as_long_as_it_takes() -> None:
    """Points that may have been earned by goods are never given back but by the cashier's decision."""
    till = asking(20, till=after(lost, till=opened(OLD)))
    assert isinstance(till.phase, Resolving)
    assert Stage.QUERY is till.phase.stage


def test_what_was_being_given_back_goes_on_in_the_background() -> None:
    """A reversal that was decided before the start holds nobody up."""
    till = walk((Started((BACK,)), Entering, "send:Reverse start:parked_due"))
    assert (BACK,) == tuple(parked.open_order for parked in till.parked)
    walk((Started((BACK, OLD)), Resolving, "send:Reverse start:parked_due send:Query start:reply_due"))


def test_no_till_is_stuck_at_its_opening() -> None:
    """When the engine does not answer, all that is open can be set aside at once."""
    till = walk(
        (lost, Resolving, WAIT),
        (
            SetAside(),
            Entering,
            (
                "stop:reply_due stop:ask_again stop:challenge_over record:reversal_intent send:Reverse"
                " record:reversal_intent send:Reverse start:parked_due"
            ),
        ),
        till=opened(OLDER, OLD),
    )
    assert 2 == len(till.parked)
    walk((SetAside(), Resolving, "start:notice_over play:notice"), till=opened(OLD))


def test_the_waits_are_the_rules() -> None:
    """The last wait repeats."""
    assert [1.0, 2.0, 3.0, 5.0, 10.0, 10.0, 10.0] == [RULES.wait_seconds(failed) for failed in range(7)]
