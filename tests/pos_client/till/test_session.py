"""The session's table: complete, and its missing entries are errors."""

from typing import Any, get_args

import pytest

from points_engine.contract import PaymentState, Refusal
from pos_client.till import events, state
from pos_client.till.effects import Timer
from pos_client.till.events import (
    ENGINE_PATH,
    Confirmed,
    CustomerCanceled,
    DeviceChanged,
    DeviceLamp,
    DeviceRemoved,
    DigitTyped,
    Dropped,
    Erased,
    Hindrance,
    NoReply,
    NotScanned,
    OtherTenderTaken,
    PartWanted,
    PinTyping,
    SetAside,
    Started,
    TimerFired,
)
from pos_client.till.session import PHASES, TABLE, TIMERS, MoveMissing, step
from tests.pos_client.till.walking import (
    TILL,
    after,
    amount,
    answer,
    awaiting_pin,
    charging,
    collecting,
    late_answer,
    pin,
    refusing,
    resolving,
    scan,
    words,
)

IMPOSSIBLE = {(phase, Started) for phase in PHASES if phase is not state.Entering}
"""A till starts once, before anything else."""

REACHED = {
    state.Entering: after(Started(())),
    state.Ready: after(*amount("300"), Confirmed()),
    state.Charging: charging(),
    state.AwaitingPin: awaiting_pin(),
    state.CheckingPin: after(pin(), till=awaiting_pin()),
    state.Canceling: after(Dropped(), till=awaiting_pin()),
    state.Resolving: resolving(),
    state.Collecting: collecting(),
    state.Refusing: refusing(Refusal.CODE_EXPIRED),
}
"""Each phase, as it is come to."""

BUSY = (state.Charging, state.AwaitingPin, state.CheckingPin, state.Canceling, state.Resolving)


def test_phases_are_complete() -> None:
    """The table's phases are the state's phases, and each can be reached."""
    assert set(PHASES) == set(get_args(state.Phase)) == set(REACHED)
    assert {phase: phase for phase in REACHED} == {phase: type(till.phase) for phase, till in REACHED.items()}


def test_every_pair_has_a_row_or_is_impossible() -> None:
    """Every event has a move in every phase, but for those that cannot happen."""
    pairs = {(phase, event) for phase in PHASES for event in get_args(events.Event)}
    assert pairs - IMPOSSIBLE == set(TABLE)


def test_every_timer_has_a_row() -> None:
    """Every timer has a move in every phase."""
    assert {(phase, timer) for phase in PHASES for timer in Timer} == set(TIMERS)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase is not state.Entering])
def test_a_missing_row_names_both(phase: type[Any]) -> None:
    """What has no row is an error that names the phase and the event."""
    with pytest.raises(MoveMissing, match=f"{phase.__name__} has no move for Started"):
        step(REACHED[phase], Started(()))


@pytest.mark.parametrize("phase", BUSY)
def test_a_scan_while_a_payment_runs_is_answered(phase: type[Any]) -> None:
    """A scan that cannot be taken now is neither taken nor lost silently."""
    till, effects = step(REACHED[phase], scan())
    assert till.phase == REACHED[phase].phase
    assert till.notice == state.Notice(key="notice.scan_not_taken")
    assert words(effects) == "start:notice_over play:notice"


@pytest.mark.parametrize(
    "event",
    [DigitTyped("5"), Erased(), Confirmed(), PartWanted(), Dropped(), OtherTenderTaken(), SetAside()],
    ids=lambda event: type(event).__name__,
)
@pytest.mark.parametrize("phase", [state.Charging, state.CheckingPin, state.Canceling, state.Resolving])
def test_a_key_while_a_payment_runs_is_answered(phase: type[Any], event: Any) -> None:
    """Nothing the cashier presses while a payment runs changes the payment, and it is said so."""
    till, effects = step(REACHED[phase], event)
    assert till.phase == REACHED[phase].phase
    assert till.notice == state.Notice(key="notice.busy")
    assert words(effects) == "start:notice_over play:notice"


@pytest.mark.parametrize("event", [DigitTyped("5"), Erased(), Confirmed(), PartWanted(), OtherTenderTaken()])
def test_no_key_but_esc_ends_the_waiting_for_a_pin(event: Any) -> None:
    """A stray Enter, a gun's or a person's, gives nothing up."""
    till, effects = step(REACHED[state.AwaitingPin], event)
    assert till.phase == REACHED[state.AwaitingPin].phase
    assert words(effects) == "start:notice_over play:notice"


@pytest.mark.parametrize("event", [PinTyping(3), pin(), CustomerCanceled()], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase is not state.AwaitingPin])
def test_a_customers_key_out_of_turn_does_nothing(phase: type[Any], event: Any) -> None:
    """What the customer typed when no PIN was asked changes nothing and is kept nowhere."""
    assert (REACHED[phase], ()) == step(REACHED[phase], event)


@pytest.mark.parametrize("phase", PHASES)
def test_a_late_answer_changes_nothing(phase: type[Any]) -> None:
    """An answer to a request that nobody waits for any more is without consequence."""
    assert (REACHED[phase], ()) == step(REACHED[phase], NoReply(999_999))


@pytest.mark.parametrize("phase", [state.AwaitingPin, state.CheckingPin, state.Canceling, state.Resolving])
@pytest.mark.parametrize("said", [PaymentState.FAILED, PaymentState.CANCELED, PaymentState.REVERSED])
def test_a_late_end_ends_the_running_order(phase: type[Any], said: PaymentState) -> None:
    """An end of the running order is an end, whichever request it answers."""
    till = after(late_answer(said), till=REACHED[phase])
    assert isinstance(till.phase, state.Refusing)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("timer", [each for each in Timer if each is not Timer.NOTICE_OVER])
def test_a_timer_without_its_object_does_nothing(phase: type[Any], timer: Timer) -> None:
    """A timer may fire in any phase; only where it is meant does it do something."""
    meant = {
        (state.Charging, Timer.REPLY_DUE),
        (state.CheckingPin, Timer.REPLY_DUE),
        (state.Canceling, Timer.REPLY_DUE),
        (state.Resolving, Timer.ASK_AGAIN),
        (state.AwaitingPin, Timer.CHALLENGE_OVER),
        (state.CheckingPin, Timer.CHALLENGE_OVER),
    }
    assert ((phase, timer) in meant) == (step(REACHED[phase], TimerFired(timer)) != (REACHED[phase], ()))


@pytest.mark.parametrize("phase", PHASES)
def test_a_lamp_changes_in_every_phase(phase: type[Any]) -> None:
    """A device may come or go at any time; it keeps its place among the lamps."""
    till = after(
        DeviceChanged("sim:", DeviceLamp.SEARCHING),
        DeviceChanged("wedge:", DeviceLamp.READY),
        DeviceChanged("sim:", DeviceLamp.FAULT, "Plug it in."),
        till=REACHED[phase],
    )
    assert till.lamps == (("sim:", DeviceLamp.FAULT, "Plug it in."), ("wedge:", DeviceLamp.READY, None))
    assert till.phase == REACHED[phase].phase


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("lamp", [DeviceLamp.SEARCHING, DeviceLamp.FAULT])
@pytest.mark.parametrize(("path", "key"), [("sim:", "device_away"), (ENGINE_PATH, "engine_away")])
def test_a_device_that_goes_is_told_once(phase: type[Any], lamp: DeviceLamp, path: str, key: str) -> None:
    """Whoever pulls a trigger in vain hears why; that it is back, or was never there, is for the lamp to show."""
    ready = after(DeviceChanged(path, DeviceLamp.SEARCHING), till=REACHED[phase])
    assert ready.notice == REACHED[phase].notice
    ready, effects = step(ready, DeviceChanged(path, DeviceLamp.READY))
    assert (ready.notice, effects) == (REACHED[phase].notice, ())
    away, effects = step(ready, DeviceChanged(path, lamp, "Plug it in."))
    assert away.notice == state.Notice(key=f"notice.{key}")
    assert words(effects) == "start:notice_over play:notice"
    assert step(away, DeviceChanged(path, DeviceLamp.SEARCHING, "Wait."))[1] == ()


@pytest.mark.parametrize("phase", PHASES)
def test_a_removed_device_has_no_lamp(phase: type[Any]) -> None:
    """A device may be taken out of the settings at any time; the others keep their lamps."""
    till = after(
        DeviceChanged("sim:", DeviceLamp.READY),
        DeviceChanged("wedge:", DeviceLamp.READY),
        DeviceRemoved("sim:"),
        DeviceRemoved("serial:/dev/unknown"),
        till=REACHED[phase],
    )
    assert till.lamps == (("wedge:", DeviceLamp.READY, None),)
    assert till.phase == REACHED[phase].phase


TOLD = {
    (state.Entering, Hindrance.TWO_CODES),
    (state.Ready, Hindrance.TWO_CODES),
    (state.Ready, Hindrance.SAME_AGAIN),
    (state.Collecting, Hindrance.TWO_CODES),
    (state.Refusing, Hindrance.TWO_CODES),
    (state.Ready, Hindrance.UNREADABLE),
    (state.Collecting, Hindrance.UNREADABLE),
    (state.Refusing, Hindrance.UNREADABLE),
}


@pytest.mark.parametrize("why", Hindrance)
@pytest.mark.parametrize("phase", PHASES)
def test_who_waits_for_a_scan_hears_once_why_there_is_none(phase: type[Any], why: Hindrance) -> None:
    """Two codes in view, or the same label within a moment: nothing is taken, and who waits is told once."""
    till, effects = step(REACHED[phase], NotScanned(why, "camera:0"))
    again = step(till, NotScanned(why, "camera:0"))

    assert till.phase == REACHED[phase].phase
    assert again == (till, ())
    assert words(effects) == ("start:notice_over play:notice" if (phase, why) in TOLD else "")
    assert till.notice == (
        state.Notice(key=f"notice.{why}") if (phase, why) in TOLD else REACHED[phase].notice
    )


@pytest.mark.parametrize("phase", PHASES)
def test_a_notice_passes(phase: type[Any]) -> None:
    """A passing word goes when its time is over."""
    till = after(SetAside(), till=REACHED[phase])
    assert till.notice is not None
    assert after(TimerFired(Timer.NOTICE_OVER), till=till).notice is None


def test_a_till_starts_empty() -> None:
    """Without open orders the first sale can begin at once."""
    assert (TILL, ()) == step(TILL, Started(()))


def test_ids_are_unique_and_tell_the_run() -> None:
    """Sales and orders are numbered within the run's own name."""
    till = after(*amount("3"), scan(), answer(PaymentState.SUCCEEDED), *amount("4"), scan())
    assert isinstance(till.phase, state.Charging)
    assert ("run-000004", "run-000005", 6) == (
        till.phase.sale.sale_id,
        till.phase.order.order_id,
        till.phase.request_id,
    )
