"""The till's session: one table of moves, and `step`.

Every event that a person, a device, the engine or a timer can raise has a row for every phase; a pair without
a row is a bug and raises MoveMissing. A move gives a new state and changes nothing else.
"""

from collections.abc import Mapping
from typing import Any

from pos_client.till import (
    challenge,
    charging,
    collecting,
    entering,
    parked,
    refusing,
    resolving,
    unwritten,
)
from pos_client.till.effects import Timer
from pos_client.till.events import (
    Confirmed,
    CustomerCanceled,
    DeviceChanged,
    DeviceRemoved,
    DigitTyped,
    Dropped,
    Erased,
    Event,
    Hindrance,
    JournalFailed,
    NoReply,
    NotScanned,
    OtherTenderTaken,
    PartWanted,
    PinEntered,
    PinTyping,
    Replied,
    Scanned,
    SetAside,
    Started,
    TimerFired,
)
from pos_client.till.moves import Move, Step, lamp_changed, lamp_removed, not_scanned, saying, silence, stay
from pos_client.till.state import (
    AwaitingPin,
    Canceling,
    Charging,
    CheckingPin,
    Collecting,
    Entering,
    Phase,
    Ready,
    Refusing,
    Resolving,
    Till,
)


class MoveMissing(LookupError):
    """A phase met an event that the table has no row for: a bug."""

    def __init__(self, phase: type[Any], event: type[Any]) -> None:
        super().__init__(f"{phase.__name__} has no move for {event.__name__}")


PHASES: tuple[type[Any], ...] = (
    Entering, Ready, Charging, AwaitingPin, CheckingPin, Canceling, Resolving, Collecting, Refusing
)  # fmt: skip

busy = saying("notice.busy")
not_now = saying("notice.not_now")
scan_not_taken = saying("notice.scan_not_taken")


def step(till: Till, event: Event) -> Step:
    """Take an event: the state afterwards and what is to be done, in order. Raises MoveMissing."""
    move = TABLE.get((type(till.phase), type(event)))
    if move is None:
        raise MoveMissing(type(till.phase), type(event))
    return move(till, till.phase, event)


def _timer(till: Till, phase: Phase, event: TimerFired) -> Step:
    return TIMERS[type(phase), event.timer](till, phase, event)


def _hindered(till: Till, phase: Phase, event: NotScanned) -> Step:
    return HINDRANCES.get((type(phase), event.why), stay)(till, phase, event)


def _answer(running: Move, late: Move = stay) -> Move:
    """Give an answer to whom it concerns: an order set aside, the running request, or (a late one) the order."""

    def move(till: Till, phase: Phase, event: Replied | NoReply) -> Step:
        waiting = parked.concerned(till, event)
        if waiting is not None:
            return parked.answered(till, waiting, event)
        if event.request_id == getattr(phase, "request_id", None):
            return running(till, phase, event)
        return late(till, phase, event)

    return move


def _row(phase: type[Any], moves: Mapping[type[Any], Move]) -> dict[tuple[type[Any], type[Any]], Move]:
    """A phase's row of the table: what is its own, then what is the same for all."""
    same: dict[type[Any], Move] = {
        PinTyping: stay,
        PinEntered: stay,
        CustomerCanceled: stay,
        Replied: _answer(stay),
        NoReply: _answer(stay),
        TimerFired: _timer,
        JournalFailed: unwritten.failed,
        NotScanned: _hindered,
        DeviceChanged: lamp_changed,
        DeviceRemoved: lamp_removed,
    }
    return {(phase, event): move for event, move in {**same, **moves}.items()}


HANDS_OFF: Mapping[type[Any], Move] = {
    DigitTyped: busy,
    Erased: busy,
    Confirmed: busy,
    PartWanted: busy,
    Dropped: busy,
    OtherTenderTaken: busy,
    SetAside: busy,
    Scanned: scan_not_taken,
}
"""While a payment runs: whatever the cashier or a gun does is answered, never lost silently."""

TABLE: Mapping[tuple[type[Any], type[Any]], Move] = {
    **_row(
        Entering,
        {
            Started: resolving.started,
            DigitTyped: entering.digit_typed,
            Erased: entering.erased,
            Confirmed: entering.confirmed,
            PartWanted: entering.part_wanted,
            Dropped: entering.dropped,
            OtherTenderTaken: not_now,
            SetAside: not_now,
            Scanned: entering.scanned,
        },
    ),
    **_row(
        Ready,
        {
            DigitTyped: saying("notice.amount_stands"),
            Erased: entering.ready_erased,
            Confirmed: stay,  # a second Enter, or a gun's: the code is awaited already
            PartWanted: entering.ready_part_wanted,
            Dropped: entering.ready_dropped,
            OtherTenderTaken: entering.ready_other_tender,
            SetAside: not_now,
            Scanned: entering.ready_scanned,
        },
    ),
    **_row(
        Charging,
        {
            **HANDS_OFF,
            Replied: _answer(charging.replied),
            NoReply: _answer(charging.no_answer),
        },
    ),
    **_row(
        AwaitingPin,
        {
            **HANDS_OFF,
            Dropped: challenge.canceled_by_cashier,
            PinTyping: challenge.pin_typing,
            PinEntered: challenge.pin_entered,
            CustomerCanceled: challenge.canceled_by_customer,
            Replied: _answer(stay, challenge.late),
        },
    ),
    **_row(
        CheckingPin,
        {
            **HANDS_OFF,
            Replied: _answer(challenge.checked, challenge.late),
            NoReply: _answer(challenge.no_answer),
        },
    ),
    **_row(
        Canceling,
        {
            **HANDS_OFF,
            Replied: _answer(challenge.canceled, challenge.late),
            NoReply: _answer(challenge.end_unknown),
        },
    ),
    **_row(
        Resolving,
        {
            **HANDS_OFF,
            SetAside: resolving.set_aside,
            Replied: _answer(resolving.answered, resolving.late),
            NoReply: _answer(resolving.no_answer),
        },
    ),
    **_row(
        Collecting,
        {
            DigitTyped: saying("notice.collect_first"),
            Erased: saying("notice.collect_first"),
            Confirmed: collecting.taken,
            PartWanted: not_now,
            Dropped: collecting.dropped,
            OtherTenderTaken: collecting.taken,
            SetAside: not_now,
            Scanned: collecting.scanned,
        },
    ),
    **_row(
        Refusing,
        {
            DigitTyped: saying("notice.amount_stands"),
            Erased: saying("notice.amount_stands"),
            Confirmed: refusing.confirmed,
            PartWanted: refusing.part_wanted,
            Dropped: refusing.dropped,
            OtherTenderTaken: refusing.other_tender,
            SetAside: not_now,
            Scanned: refusing.scanned,
        },
    ),
}
"""(phase, event) -> move: the whole of the till's behaviour."""

TIMERS: Mapping[tuple[type[Any], Timer], Move] = {
    **{(phase, timer): stay for phase in PHASES for timer in Timer},
    **{(phase, Timer.NOTICE_OVER): silence for phase in PHASES},
    **{(phase, Timer.PARKED_DUE): parked.try_again for phase in PHASES},
    **{(phase, Timer.JOURNAL_AGAIN): unwritten.write_again for phase in PHASES},
    (Charging, Timer.REPLY_DUE): charging.no_answer,
    (CheckingPin, Timer.REPLY_DUE): challenge.no_answer,
    (Canceling, Timer.REPLY_DUE): challenge.end_unknown,
    (Resolving, Timer.REPLY_DUE): resolving.no_answer,
    (Resolving, Timer.ASK_AGAIN): resolving.ask_again,
    (AwaitingPin, Timer.CHALLENGE_OVER): challenge.time_over,
    (CheckingPin, Timer.CHALLENGE_OVER): challenge.time_over_while_checking,
}
"""(phase, timer) -> move; a timer whose object is gone does nothing."""

HINDRANCES: Mapping[tuple[type[Any], Hindrance], Move] = {
    **{(phase, Hindrance.TWO_CODES): not_scanned for phase in (Entering, Ready, Collecting, Refusing)},
    (Ready, Hindrance.SAME_AGAIN): not_scanned,
    **{(phase, Hindrance.UNREADABLE): not_scanned for phase in (Ready, Collecting, Refusing)},
}
"""(phase, why a label is no scan) -> move; elsewhere nobody waits for a scan.

The same label again matters only to who waits for it: a code that came before the amount, and is shown again within
the moment in which it counts as the same scan. A finger that pulls the trigger twice needs no word.
"""
