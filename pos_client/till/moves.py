"""The shape of a move of the session, and the moves that every phase shares."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from points_engine.contract import Refusal, Refused
from pos_client.till.effects import Effect, EntryKind, Play, Record, Sound, StartTimer, StopTimer, Timer
from pos_client.till.events import (
    ENGINE_PATH,
    DeviceChanged,
    DeviceLamp,
    DeviceRemoved,
    Event,
    NotScanned,
    OpenOrder,
)
from pos_client.till.state import Notice, Phase, Sale, Till

Step = tuple[Till, tuple[Effect, ...]]
"""The state afterwards, and what is to be done, in order."""

Move = Callable[[Till, Any, Any], Step]
"""What a phase does with an event: (till, its phase, the event). The table gives each move its own types."""


def to(till: Till, phase: Phase, *effects: Effect) -> Step:
    """Go to a phase."""
    return replace(till, phase=phase), effects


def stay(till: Till, _phase: Phase, _event: Event) -> Step:
    """Nothing to do: a late answer, a timer that lost its object, a key that means nothing here."""
    return till, ()


def say(till: Till, key: str, *, sound: Sound | None = Sound.NOTICE, **params: str | int) -> Step:
    """Show a passing word to the cashier, with a sound of its own."""
    effects: tuple[Effect, ...] = (StartTimer(Timer.NOTICE_OVER, till.rules.notice_seconds),)
    if sound is not None:
        effects += (Play(sound),)
    return replace(till, notice=Notice(key=key, params=tuple(params.items()))), effects


def saying(key: str) -> Move:
    """The move that only says something, and takes nothing."""

    def move(till: Till, _phase: Phase, _event: Event) -> Step:
        return say(till, key)

    return move


def silence(till: Till, _phase: Phase, _event: Event) -> Step:
    """Take the passing word away."""
    return replace(till, notice=None), ()


def lamp_changed(till: Till, _phase: Phase, event: DeviceChanged) -> Step:
    """Keep a device's lamp; a device keeps its place in the row. Whoever would scan in vain hears that one has gone."""
    lamps = {path: (path, lamp, remedy) for path, lamp, remedy in till.lamps}
    before = lamps.get(event.path)
    lamps[event.path] = (event.path, event.lamp, event.remedy)
    till = replace(till, lamps=tuple(lamps.values()))
    if before is None or before[1] is not DeviceLamp.READY or event.lamp is DeviceLamp.READY:
        return till, ()
    return say(till, "notice.engine_away" if event.path == ENGINE_PATH else "notice.device_away")


def lamp_removed(till: Till, _phase: Phase, event: DeviceRemoved) -> Step:
    """Forget a device's lamp."""
    return replace(till, lamps=tuple(lamp for lamp in till.lamps if lamp[0] != event.path)), ()


def not_scanned(till: Till, _phase: Phase, event: NotScanned) -> Step:
    """Tell the cashier who waits for a scan, once: a camera sees the same many times a second."""
    key = f"notice.{event.why}"
    if till.notice is not None and till.notice.key == key:
        return till, ()
    return say(till, key)


def numbered(till: Till) -> tuple[Till, int]:
    """Draw the next number."""
    return replace(till, serial=till.serial + 1), till.serial + 1


def named(till: Till) -> tuple[Till, str]:
    """Draw the next number as the id of a sale, an order or an answer: unique beyond this run."""
    till, serial = numbered(till)
    return till, f"{till.run_id}-{serial:06d}"


def reply_due(till: Till) -> StartTimer:
    """The wait for the answer to what was just sent."""
    return StartTimer(Timer.REPLY_DUE, till.rules.reply_due_seconds)


REPLY_CAME = StopTimer(Timer.REPLY_DUE)
"""The wait is over."""


def entry(
    kind: EntryKind, opened: OpenOrder, *, refused: Refused | None = None, member: str | None = None
) -> Record:
    """A journal entry about an order."""
    return Record(
        kind=kind,
        sale_id=opened.sale_id,
        order_id=opened.order_id,
        units=opened.units,
        refusal=refused.refusal.code if refused else None,
        member=member,
    )


def sale_dropped(sale: Sale) -> Record:
    """The journal entry of a sale that was given up."""
    return Record(kind=EntryKind.SALE_DROPPED, sale_id=sale.sale_id, units=sale.total_units)


CANCELED = Refused(refusal=Refusal.PAYMENT_CANCELED)
"""What is said when an order ended without a reason of its own."""
