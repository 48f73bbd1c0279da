"""When the journal takes no more."""

import pytest

from points_engine.contract import PaymentState, Refusal
from pos_client.till.effects import EntryKind, Record, Timer
from pos_client.till.events import (
    Confirmed,
    Dropped,
    JournalFailed,
    OpenOrder,
    OtherTenderTaken,
    PartWanted,
    SetAside,
    Started,
)
from pos_client.till.session import step
from pos_client.till.state import (
    AwaitingPin,
    Collecting,
    Entering,
    Notice,
    Phase,
    Refusing,
    Resolving,
    Stage,
    Till,
)
from tests.pos_client.till.walking import (
    Happening,
    after,
    amount,
    answer,
    aside,
    awaiting_pin,
    charging,
    collecting,
    effects_of,
    fired,
    happen,
    journal_fails,
    lost,
    parked_answer,
    pin,
    refuse,
    refusing,
    resolving,
    scan,
    walk,
    words,
)

AGAIN = fired(Timer.JOURNAL_AGAIN)
TOLD = "start:journal_again start:notice_over play:failure"
OLD = OpenOrder(order_id="old-2", sale_id="old-1", units=120)


@pytest.mark.parametrize(
    ("till", "happening", "phase", "kinds"),
    [
        (charging(), answer(PaymentState.SUCCEEDED), Entering, ["succeeded"]),
        (charging(), answer(PaymentState.FAILED, refusal=Refusal.CODE_USED), Refusing, ["failed"]),
        (charging("800"), answer(PaymentState.REQUIRES_ACTION), AwaitingPin, ["waiting_for_pin"]),
        (after(pin(), till=awaiting_pin()), refuse(Refusal.PIN_WRONG), AwaitingPin, ["pin_refused"]),
        (charging(), lost, Resolving, ["outcome_unknown"]),
        (collecting(), OtherTenderTaken(), Entering, ["other_tender"]),
        (refusing(Refusal.CODE_USED), Dropped(), Entering, ["sale_dropped"]),
        (
            after(Dropped(), till=collecting()),
            answer(PaymentState.REVERSED),
            Entering,
            ["reversed", "sale_dropped"],
        ),
        (after(Started((OLD,))), answer(PaymentState.SUCCEEDED), Entering, ["succeeded"]),
    ],
    ids=["success", "refusal", "pin", "wrong pin", "unknown", "tender", "dropped", "given back", "recovered"],
)
def test_a_result_that_cannot_be_written_is_shown_all_the_same(
    till: Till, happening: Happening, phase: type[Phase], kinds: list[str]
) -> None:
    """What happened has happened: people see it, are warned, and the entries are kept for later."""
    shown = after(happening, till=till)
    failed, effects = journal_fails(till, happening)
    assert isinstance(failed.phase, phase)
    assert shown.phase == failed.phase
    assert kinds == [record.kind.value for record in failed.unwritten]
    assert "start:journal_again" in words(effects)


def test_what_stands_after_a_failing_entry_is_done_all_the_same() -> None:
    """Timers behind the entry are not lost with it."""
    till, effects = journal_fails(charging(), lost)
    assert TOLD == words(effects)
    step_effects = effects_of(charging(), lost)
    assert "stop:reply_due start:ask_again play:attention record:outcome_unknown" == words(step_effects)
    shuffled = JournalFailed(
        "disk_full", (step_effects[3], step_effects[1], step_effects[0], step_effects[2])
    )
    _, effects = step(after(lost, till=charging()), shuffled)
    assert "start:ask_again stop:reply_due " + TOLD == words(effects)
    assert Notice(key="refusal.journal_disk_full") == till.notice


def test_entries_are_written_later_one_by_one() -> None:
    """By the timer, until none is left; each failing attempt is quiet and comes again."""
    till, _ = journal_fails(after(Dropped(), till=collecting()), answer(PaymentState.REVERSED))
    till, effects = journal_fails(till, AGAIN)
    assert "start:journal_again" == words(effects)
    assert ["sale_dropped", "reversed"] == [record.kind.value for record in till.unwritten]
    till = walk(
        (AGAIN, Entering, "record:sale_dropped start:journal_again"),
        (AGAIN, Entering, "record:reversed stop:journal_again"),
        (AGAIN, Entering, ""),
        till=till,
    )
    assert () == till.unwritten


def test_the_last_entry_too_is_kept_when_it_fails_again() -> None:
    """Nothing is lost between attempts."""
    till, _ = journal_fails(charging(), answer(PaymentState.SUCCEEDED))
    again, _ = journal_fails(till, AGAIN)
    assert till.unwritten == again.unwritten


def test_a_reversal_that_cannot_be_announced_is_not_sent() -> None:
    """The till asks on and tries again; the announcement is then made anew."""
    till = resolving()
    for _ in range(5):
        till = after(fired(Timer.ASK_AGAIN), lost, till=till)
    failed, effects = journal_fails(till, fired(Timer.ASK_AGAIN))
    assert isinstance(failed.phase, Resolving)
    assert (Stage.REVERSE, False, None) == (
        failed.phase.stage, failed.phase.open_order.reversing, failed.phase.request_id
    )  # fmt: skip
    assert "stop:reply_due start:ask_again start:notice_over play:failure" == words(effects)
    assert () == failed.unwritten
    walk(
        (fired(Timer.ASK_AGAIN), Resolving, "record:reversal_intent send:Reverse start:reply_due"),
        till=failed,
    )


def test_points_that_cannot_be_given_back_in_writing_are_not_given_up() -> None:
    """Esc with points taken, and no journal: the sale is still there, with its rest."""
    failed, _ = journal_fails(collecting(), Dropped())
    assert collecting().phase == failed.phase
    assert Notice(key="refusal.journal_disk_full") == failed.notice
    walk((Confirmed(), Entering, "record:other_tender"), till=failed)


def test_an_unwritten_success_is_written_before_its_reversal() -> None:
    """The journal never hears of a reversal before the success it reverses."""
    part = after(*amount("1000"), PartWanted(), *amount("400"), scan())
    till, _ = journal_fails(part, answer(PaymentState.SUCCEEDED))
    assert isinstance(till.phase, Collecting)
    dropped, effects = happen(till, Dropped())
    assert "record:succeeded record:reversal_intent send:Reverse start:reply_due" == words(effects)
    assert () == dropped.unwritten
    again, _ = journal_fails(till, Dropped())
    assert (till.phase, till.unwritten) == (again.phase, again.unwritten)
    half, _ = journal_fails(till, Dropped(), at=1)
    assert (till.phase, ()) == (half.phase, half.unwritten)


def test_setting_aside_without_a_journal_is_not_done() -> None:
    """The decision would be lost with the power: the till asks on, and the sale waits."""
    till = after(fired(Timer.ASK_AGAIN), lost, till=resolving())
    failed, effects = journal_fails(till, SetAside())
    assert isinstance(failed.phase, Resolving)
    assert isinstance(till.phase, Resolving)
    assert (till.phase.sale, Stage.REVERSE, False) == (
        failed.phase.sale, failed.phase.stage, failed.phase.open_order.reversing
    )  # fmt: skip
    assert () == failed.parked
    assert "start:ask_again" in words(effects)
    ended = after(fired(Timer.ASK_AGAIN), answer(PaymentState.REVERSED), till=failed)
    assert isinstance(ended.phase, Refusing)


def test_setting_aside_at_the_opening_keeps_its_turn() -> None:
    """Before the first sale there is nothing to lose by waiting in the background."""
    till = after(lost, till=after(Started((OLD,))))
    failed, effects = journal_fails(till, SetAside())
    assert isinstance(failed.phase, Entering)
    assert [(False, None)] == [(p.open_order.reversing, p.request_id) for p in failed.parked]
    assert "start:parked_due" in words(effects)
    walk(
        (fired(Timer.PARKED_DUE), Entering, "record:reversal_intent send:Reverse start:parked_due"),
        till=failed,
    )
    again, _ = journal_fails(failed, fired(Timer.PARKED_DUE))
    assert failed.parked[0].open_order == again.parked[0].open_order


def test_an_order_set_aside_is_closed_later_when_it_cannot_be_now() -> None:
    """Its end is kept like any other."""
    failed, _ = journal_fails(aside(), parked_answer(PaymentState.REVERSED))
    assert ((), [EntryKind.REVERSED]) == (failed.parked, [record.kind for record in failed.unwritten])
    assert isinstance(failed.phase, Collecting)


def test_the_next_question_at_the_opening_waits_for_its_turn() -> None:
    """When the end of one old order cannot be written the next is asked about a little later."""
    other = OpenOrder(order_id="old-4", sale_id="old-3", units=50)
    till = after(Started((OLD, other)))
    failed, effects = journal_fails(till, answer(PaymentState.FAILED))
    assert isinstance(failed.phase, Resolving)
    assert ("old-4", None) == (failed.phase.open_order.order_id, failed.phase.request_id)
    assert "start:ask_again" in words(effects)
    assert [EntryKind.FAILED] == [record.kind for record in failed.unwritten]
    walk((fired(Timer.ASK_AGAIN), Resolving, "send:Query start:reply_due"), till=failed)


def test_what_was_never_sent_is_never_written() -> None:
    """An intent that failed is gone: it announced something that did not happen."""
    failed, _ = journal_fails(after(*amount("300")), scan())
    assert () == failed.unwritten
    assert [] == [effect for effect in effects_of(failed, AGAIN) if isinstance(effect, Record)]
