"""The PIN: asked, checked, canceled, and never kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from points_engine.contract import (
    AnswerChallenge,
    Cancel,
    CanceledBy,
    PaymentState,
    Query,
    Refusal,
    Secret,
)
from pos_client.till.effects import EntryKind, Record, Send, StartTimer, Timer
from pos_client.till.events import CustomerCanceled, Dropped, PinEntered, PinTyping, Replied
from pos_client.till.state import (
    AwaitingPin,
    Canceling,
    CheckingPin,
    Entering,
    Refusing,
    Resolving,
    Stage,
    Till,
)
from tests.pos_client.till.walking import (
    LIFETIME,
    PIN,
    Happening,
    after,
    answer,
    awaiting_pin,
    charging,
    effects_of,
    fired,
    happen,
    late_answer,
    lost,
    only,
    order_of,
    payment,
    pin,
    refuse,
    running,
    walk,
    words,
)

CHECK = "send:AnswerChallenge start:reply_due"
SUCCEEDED = "stop:reply_due stop:challenge_over play:success record:succeeded"
WRONG = "stop:reply_due play:failure record:pin_refused"
UNKNOWN = "stop:reply_due start:ask_again play:attention record:outcome_unknown"
CANCEL = "stop:challenge_over send:Cancel start:reply_due"
GIVE_BACK = "record:reversal_intent send:Reverse start:reply_due"


def test_the_right_pin_pays() -> None:
    """Dots, then the check, then the result."""
    typing = walk((PinTyping(3), AwaitingPin, ""), till=awaiting_pin())
    assert isinstance(typing.phase, AwaitingPin)
    assert 3 == typing.phase.dots
    walk(
        (PinTyping(6), AwaitingPin, ""),
        (pin(), CheckingPin, CHECK),
        (answer(PaymentState.SUCCEEDED), Entering, SUCCEEDED),
        till=typing,
    )


def test_the_pin_goes_to_the_engine_and_nowhere_else() -> None:
    """What the customer typed is in the command, and neither in the state nor in any text."""
    sent = only(Send, effects_of(awaiting_pin(), pin()))
    assert isinstance(sent.command, AnswerChallenge)
    assert Secret(PIN) == sent.command.answer
    checking = after(pin(), till=awaiting_pin())
    assert PIN not in repr((sent, checking))
    assert isinstance(checking.phase, CheckingPin)
    assert 0 == checking.phase.waiting.dots


@pytest.mark.parametrize("pin_for", ["another/0", "", None, "this"])
def test_a_pin_of_an_asking_that_is_over_is_no_try(pin_for: str | None) -> None:
    """The slower one of two keypads finds its question gone; a PIN of this asking, or of none, is tried."""
    before = awaiting_pin()
    assert isinstance(before.phase, AwaitingPin)
    asked = before.phase.pin_for if pin_for == "this" else pin_for
    meant = pin_for in ("this", None)
    till, effects = happen(before, PinEntered(Secret(PIN), asked))
    assert meant == isinstance(till.phase, CheckingPin)
    assert (CHECK if meant else "") == words(effects)


def test_a_wrong_pin_is_asked_again() -> None:
    """The customer is told, hears it, and starts with an empty keypad; the time left is what it was."""
    before = awaiting_pin()
    till = walk(
        (pin("000000"), CheckingPin, CHECK),
        (refuse(Refusal.PIN_WRONG, tries_left=2), AwaitingPin, WRONG),
        till=before,
    )
    assert isinstance(before.phase, AwaitingPin)
    assert isinstance(till.phase, AwaitingPin)
    assert (2, True, 0) == (till.phase.tries_left, till.phase.wrong_before, till.phase.dots)
    assert before.phase.asking != till.phase.asking
    assert before.phase.expires_at == till.phase.expires_at
    walk(
        (pin(), CheckingPin, CHECK),
        (answer(PaymentState.SUCCEEDED), Entering, SUCCEEDED),
        till=till,
    )


def test_each_answer_has_its_own_id() -> None:
    """Two tries are two answers to the engine, never one repeated."""
    first = only(Send, effects_of(awaiting_pin(), pin()))
    wrong = after(pin(), refuse(Refusal.PIN_WRONG, tries_left=2), till=awaiting_pin())
    second = only(Send, effects_of(wrong, pin()))
    assert first.command.answer_id != second.command.answer_id


def test_the_last_wrong_pin_locks() -> None:
    """With the tries used up the payment is over, for this reason."""
    till = after(pin(), answer(PaymentState.FAILED, refusal=Refusal.PIN_LOCKED), till=awaiting_pin())
    assert isinstance(till.phase, Refusing)
    assert (Refusal.PIN_LOCKED.code, None) == (till.phase.refusal_code, till.phase.code)


@pytest.mark.parametrize(
    ("event", "by"), [(CustomerCanceled(), CanceledBy.CUSTOMER), (Dropped(), CanceledBy.TILL)]
)
def test_either_side_may_cancel(event: CustomerCanceled | Dropped, by: CanceledBy) -> None:
    """The engine hears who canceled; the sale stands and may be paid another way."""
    sent = only(Send, effects_of(awaiting_pin(), event))
    assert Cancel(order_id="run-000002", by=by) == sent.command
    till = walk(
        (event, Canceling, CANCEL),
        (
            answer(PaymentState.CANCELED, refusal=Refusal.PAYMENT_CANCELED),
            Refusing,
            "stop:reply_due stop:challenge_over play:failure record:canceled",
        ),
        till=awaiting_pin(),
    )
    assert isinstance(till.phase, Refusing)
    assert Refusal.PAYMENT_CANCELED.code == till.phase.refusal_code


@pytest.mark.parametrize("state", [PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION])
def test_what_was_taken_in_spite_of_a_cancel_goes_back(state: PaymentState) -> None:
    """A customer who canceled keeps the points, even when the PIN had gone through."""
    till = walk(
        (CustomerCanceled(), Canceling, CANCEL),
        (answer(state), Resolving, GIVE_BACK),
        till=awaiting_pin(),
    )
    till = after(answer(PaymentState.REVERSED), till=till)
    assert isinstance(till.phase, Refusing)


@pytest.mark.parametrize("refusal", [Refusal.ENGINE_UNAVAILABLE, Refusal.ORDER_UNKNOWN])
def test_a_cancel_that_was_refused_becomes_a_reversal(refusal: Refusal) -> None:
    """When the engine would not cancel, the till gives the order back."""
    walk((Dropped(), Canceling, CANCEL), (refuse(refusal), Resolving, GIVE_BACK), till=awaiting_pin())


@pytest.mark.parametrize("happening", [lost, fired(Timer.REPLY_DUE)], ids=["lost", "due"])
def test_a_cancel_without_an_answer_becomes_a_reversal(happening: Happening) -> None:
    """No answer to a cancel: a reversal ends it for sure."""
    till = walk(
        (CustomerCanceled(), Canceling, CANCEL),
        (happening, Resolving, UNKNOWN),
        (fired(Timer.ASK_AGAIN), Resolving, GIVE_BACK),
        till=awaiting_pin(),
    )
    assert isinstance(till.phase, Resolving)
    assert Stage.REVERSE is till.phase.stage


@pytest.mark.parametrize(
    "happening",
    [lost, fired(Timer.REPLY_DUE), refuse(Refusal.ENGINE_UNAVAILABLE), refuse(Refusal.PAYMENT_EXPIRED)],
    ids=["lost", "due", "unavailable", "expired"],
)
def test_an_unanswered_pin_is_never_sent_again(happening: Happening) -> None:
    """The outcome is asked for; if the PIN did not arrive, the customer types it again."""
    till = walk(
        (pin(), CheckingPin, CHECK),
        (happening, Resolving, UNKNOWN),
        (fired(Timer.ASK_AGAIN), Resolving, "send:Query start:reply_due"),
        (
            answer(PaymentState.REQUIRES_ACTION, tries_left=2),
            AwaitingPin,
            "stop:reply_due stop:ask_again start:challenge_over play:attention record:waiting_for_pin",
        ),
        till=awaiting_pin(),
    )
    assert isinstance(till.phase, AwaitingPin)
    assert (2, 0) == (till.phase.tries_left, till.phase.dots)


def test_the_customers_time_is_the_engines() -> None:
    """The timer runs for what the engine gave, plus a grace: the till's own clock has no say in it."""
    effects = effects_of(charging("800"), answer(PaymentState.REQUIRES_ACTION))
    (timer,) = (effect for effect in effects if isinstance(effect, StartTimer))
    assert StartTimer(Timer.CHALLENGE_OVER, LIFETIME / timedelta(seconds=1) + 2.0) == timer


def test_when_the_time_is_over_the_engine_decides() -> None:
    """The till asks; the engine says expired, or that there is time yet."""
    asked = after(fired(Timer.CHALLENGE_OVER), till=awaiting_pin())
    assert (
        Query(order_id="run-000002")
        == only(Send, effects_of(awaiting_pin(), fired(Timer.CHALLENGE_OVER))).command
    )
    walk(
        (
            answer(PaymentState.CANCELED, refusal=Refusal.PAYMENT_EXPIRED),
            Refusing,
            "stop:reply_due stop:challenge_over play:failure record:canceled",
        ),
        till=asked,
    )
    till = walk(
        (answer(PaymentState.REQUIRES_ACTION), AwaitingPin, "stop:reply_due start:challenge_over"), till=asked
    )
    assert awaiting_pin().phase == till.phase


def test_the_time_may_end_while_a_pin_is_checked() -> None:
    """The timer is set again, so that the customer is not waited for without end."""
    walk(
        (fired(Timer.CHALLENGE_OVER), CheckingPin, "start:challenge_over"),
        till=after(pin(), till=awaiting_pin()),
    )


@pytest.mark.parametrize(
    "till",
    [
        awaiting_pin(),
        after(pin(), till=awaiting_pin()),
        after(pin(), lost, till=awaiting_pin()),
        after(pin(), lost, fired(Timer.ASK_AGAIN), till=awaiting_pin()),
    ],
    ids=["asked again", "checking", "unknown", "asking"],
)
def test_a_success_heard_late_is_a_success(till: Till) -> None:
    """A check that took longer than the till waited for still ends the payment when it is heard of."""
    paid = after(late_answer(PaymentState.SUCCEEDED), till=till)
    assert isinstance(paid.phase, Entering)
    assert paid.phase.paid is not None


def test_a_success_heard_late_after_a_cancel_goes_back() -> None:
    """The customer had canceled: the points return."""
    canceling = after(CustomerCanceled(), till=awaiting_pin())
    walk((late_answer(PaymentState.SUCCEEDED), Resolving, GIVE_BACK), till=canceling)


def test_a_pin_asking_is_written_with_its_member() -> None:
    """The journal names who was asked, as a till may show it."""
    record = only(Record, effects_of(charging("800"), answer(PaymentState.REQUIRES_ACTION)))
    assert (EntryKind.WAITING_FOR_PIN, "王*", 800) == (record.kind, record.member, record.units)


def test_a_payment_that_waits_for_nothing_is_a_bug() -> None:
    """The engine never asks for action without a challenge; should it, the state does not move."""
    till = charging("800")
    bare = replace(payment(order_of(till), PaymentState.REQUIRES_ACTION), challenge=None)
    with pytest.raises(ValueError, match="says which"):
        after(Replied(running(till), bare), till=till)
