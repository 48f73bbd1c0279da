"""When the journal takes no more: what was not sent stays unsent, what happened is shown and written later."""

from dataclasses import replace

from pos_client.till import charging, parked, resolving
from pos_client.till.effects import Effect, EntryKind, Record, Send, Sound, StartTimer, StopTimer, Timer
from pos_client.till.events import Event, JournalFailed
from pos_client.till.moves import Step, say
from pos_client.till.state import Charging, Collecting, Phase, Refusing, Resolving, Till

INTENTS = (EntryKind.INTENT, EntryKind.REVERSAL_INTENT)
"""Entries that only make sense before what they announce: never written later."""


def failed(till: Till, phase: Phase, event: JournalFailed) -> Step:
    """A step was cut short at an entry: undo what was not sent, do the rest, keep what must still be written."""
    records = tuple(effect for effect in event.undone if isinstance(effect, Record))
    sends = tuple(effect.request_id for effect in event.undone if isinstance(effect, Send))
    again = any(_is_again(effect) for effect in event.undone)
    keep = tuple(record for record in records if record.kind not in INTENTS)
    lost = tuple(record.order_id for record in records if record.kind is EntryKind.REVERSAL_INTENT)
    till = replace(till, unwritten=till.unwritten + keep)
    effects: tuple[Effect, ...] = tuple(effect for effect in event.undone if _can_be_done(effect, sends))
    till, unsent = _unsent(till, phase, event.fault, sends, lost)
    effects += unsent
    if till.unwritten:
        effects += (StartTimer(Timer.JOURNAL_AGAIN, till.rules.journal_again_seconds),)
    # A charge that was not sent is a refusal of its own; a further failure to write the same is no news.
    if not again and not isinstance(till.phase, Refusing):
        till, word = say(till, f"refusal.journal_{event.fault}", sound=Sound.FAILURE)
        effects += word
    return till, effects


def _is_again(effect: Effect) -> bool:
    return isinstance(effect, StartTimer | StopTimer) and effect.timer is Timer.JOURNAL_AGAIN


def _can_be_done(effect: Effect, sends: tuple[int, ...]) -> bool:
    """What a failing entry need not keep from being done; nobody waits for the answer to what was not sent."""
    if isinstance(effect, StartTimer):
        return not _is_again(effect) and not (sends and effect.timer is Timer.REPLY_DUE)
    return isinstance(effect, StopTimer) and not _is_again(effect)


def _unsent(
    till: Till, phase: Phase, fault: str, sends: tuple[int, ...], lost: tuple[str | None, ...]
) -> Step:
    set_aside = [waiting for waiting in till.parked if waiting.request_id in sends]
    for waiting in set_aside:
        intent_lost = waiting.open_order.order_id in lost
        till = parked.unsent(till, waiting.request_id or 0, intent_lost=intent_lost)
    if isinstance(phase, Charging) and phase.request_id in sends:
        return charging.unsent(till, phase, fault)
    if isinstance(phase, Resolving) and phase.request_id in sends:
        return resolving.unsent(till, phase, intent_lost=phase.open_order.order_id in lost)
    if isinstance(phase, Collecting) and set_aside:
        return resolving.not_set_aside(till, phase)
    return till, ()


def write_again(till: Till, _phase: Phase, _event: Event) -> Step:
    """JOURNAL_AGAIN: one entry at a time, so that a failing one takes no other with it."""
    if not till.unwritten:
        return till, ()
    first, *rest = till.unwritten
    again = StartTimer(Timer.JOURNAL_AGAIN, 0.0) if rest else StopTimer(Timer.JOURNAL_AGAIN)
    return replace(till, unwritten=tuple(rest)), (first, again)
