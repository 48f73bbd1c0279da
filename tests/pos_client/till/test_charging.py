"""The charge is on its way, and what its answer leads to."""

import pytest

from points_engine.contract import PaymentState, Refusal
from pos_client.till.effects import EntryKind, Record, Timer
from pos_client.till.events import DigitTyped
from pos_client.till.state import AwaitingPin, Charging, Entering, Refusing, Resolving
from tests.pos_client.till.walking import (
    Happening,
    after,
    answer,
    charging,
    effects_of,
    fired,
    journal_fails,
    lost,
    only,
    refuse,
    scan,
    walk,
    words,
)

SENT = "record:intent send:Charge start:reply_due"
CLOSED = "stop:reply_due stop:challenge_over play:failure record:failed"


def test_success_is_heard_written_and_shown() -> None:
    """Within the limit: one scan, one sound, ready for the next customer."""
    walk(
        (DigitTyped("3"), Entering, ""),
        (scan(), Charging, SENT),
        (
            answer(PaymentState.SUCCEEDED),
            Entering,
            "stop:reply_due stop:challenge_over play:success record:succeeded",
        ),
        (DigitTyped("3"), Entering, ""),
    )
    record = only(Record, effects_of(charging(), answer(PaymentState.SUCCEEDED)))
    assert Record(
        kind=EntryKind.SUCCEEDED, sale_id="run-000001", order_id="run-000002", units=300, member="王*"
    ) == record  # fmt: skip


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_of_the_payment_closes_the_order(refusal: Refusal) -> None:
    """Whatever the engine's reason, the order is closed with it and the sale stands."""
    till = walk((answer(PaymentState.FAILED, refusal=refusal), Refusing, CLOSED), till=charging())
    assert isinstance(till.phase, Refusing)
    assert refusal.code == till.phase.refusal_code
    record = only(Record, effects_of(charging(), answer(PaymentState.FAILED, refusal=refusal)))
    assert (EntryKind.FAILED, refusal.code) == (record.kind, record.refusal)


@pytest.mark.parametrize("refusal", [each for each in Refusal if each is not Refusal.OUTCOME_UNKNOWN])
def test_every_refusal_of_the_command_closes_the_order(refusal: Refusal) -> None:
    """A refused command says that nothing was taken."""
    till = walk((refuse(refusal), Refusing, CLOSED), till=charging())
    assert isinstance(till.phase, Refusing)
    assert refusal.code == till.phase.refusal_code


@pytest.mark.parametrize("state", [PaymentState.CANCELED, PaymentState.REVERSED])
def test_an_end_without_a_reason_reads_as_canceled(state: PaymentState) -> None:
    """An order that ended on its way took nothing; the journal says how it ended."""
    till = after(answer(state), till=charging())
    assert isinstance(till.phase, Refusing)
    assert Refusal.PAYMENT_CANCELED.code == till.phase.refusal_code
    assert EntryKind(state.value) == only(Record, effects_of(charging(), answer(state))).kind


def test_over_the_limit_the_pin_is_asked() -> None:
    """The amount is on hold; the customer is called by a sound of its own and has a time for it."""
    asked = "stop:reply_due start:challenge_over play:attention record:waiting_for_pin"
    walk((answer(PaymentState.REQUIRES_ACTION), AwaitingPin, asked), till=charging("800"))


@pytest.mark.parametrize(
    "happening",
    [lost, fired(Timer.REPLY_DUE), refuse(Refusal.OUTCOME_UNKNOWN)],
    ids=["lost", "due", "unknown"],
)
def test_no_answer_is_not_a_refusal(happening: Happening) -> None:
    """Lost, too late, or lost further on: the outcome is unknown, which is written once, and asked for."""
    unknown = "stop:reply_due start:ask_again play:attention record:outcome_unknown"
    walk((happening, Resolving, unknown), till=charging())


def test_a_charge_whose_intent_cannot_be_written_is_not_sent() -> None:
    """Nothing was sent: the sale stands with the reason, and Enter tries again with the code in hand."""
    typed = after(DigitTyped("3"))
    till, effects = journal_fails(typed, scan())
    assert isinstance(till.phase, Refusing)
    assert ("journal_disk_full", "play:failure") == (till.phase.refusal_code, words(effects))
    assert till.unwritten == ()
    again = after(lambda _: scan(), till=till)
    assert isinstance(again.phase, Charging)
    assert again.phase.sale == till.phase.sale
