"""Orders set aside: reversed in the background until the engine has answered, while the till goes on."""

from collections.abc import Iterable
from dataclasses import replace

from points_engine.contract import Payment, Reverse
from pos_client.till.effects import Effect, EntryKind, Send, StartTimer, StopTimer, Timer
from pos_client.till.events import Event, NoReply, OpenOrder, Replied
from pos_client.till.moves import Step, entry, numbered
from pos_client.till.outcome import CLOSES, NOTHING_TAKEN
from pos_client.till.state import Parked, Phase, Till


def park(till: Till, orders: Iterable[OpenOrder]) -> Step:
    """Set orders aside: from now on they only reverse."""
    effects: tuple[Effect, ...] = ()
    for order in orders:
        till = replace(till, parked=(*till.parked, Parked(open_order=order)))
        till, sent = _reverse(till, till.parked[-1])
        effects += sent
    return till, (*effects, _due(till)) if effects else ()


def try_again(till: Till, _phase: Phase, _event: Event) -> Step:
    """PARKED_DUE: ask once more for each that was not answered."""
    effects: tuple[Effect, ...] = ()
    for parked in till.parked:
        till, sent = _reverse(till, parked)
        effects += sent
    return till, (*effects, _due(till)) if effects else ()


def _reverse(till: Till, parked: Parked) -> Step:
    till, request_id = numbered(till)
    order = parked.open_order
    intent = () if order.reversing else (entry(EntryKind.REVERSAL_INTENT, order),)
    sent = replace(
        parked,
        open_order=replace(order, reversing=True),
        attempt=parked.attempt + 1,
        request_id=request_id,
    )
    reverse = Reverse(order_id=order.order_id, till_id=till.rules.till_id)
    return _put(till, parked, sent), (*intent, Send(request_id, reverse))


def _put(till: Till, old: Parked, new: Parked) -> Till:
    return replace(till, parked=tuple(new if parked is old else parked for parked in till.parked))


def _due(till: Till) -> StartTimer:
    """The next attempt, when the current one has had its time to be answered."""
    attempts = max(parked.attempt for parked in till.parked)
    wait_seconds = till.rules.wait_seconds(attempts - 1)
    return StartTimer(Timer.PARKED_DUE, max(wait_seconds, till.rules.reply_due_seconds))


def concerned(till: Till, event: Replied | NoReply) -> Parked | None:
    """The order set aside that an answer is about, be it an early or a late one."""
    reply = event.reply if isinstance(event, Replied) else None
    for parked in till.parked:
        if isinstance(reply, Payment) and reply.order_id == parked.open_order.order_id:
            return parked
    return None


def answered(till: Till, parked: Parked, event: Replied | NoReply) -> Step:
    """Close an order set aside when the engine says that nothing is taken for it; anything else is tried again."""
    reply = event.reply if isinstance(event, Replied) else None
    if not isinstance(reply, Payment) or reply.state not in NOTHING_TAKEN:
        return till, ()
    left = tuple(other for other in till.parked if other is not parked)
    stop = () if left else (StopTimer(Timer.PARKED_DUE),)
    record = entry(CLOSES[reply.state], parked.open_order, refused=reply.refused)
    return replace(till, parked=left), (*stop, record)


def unsent(till: Till, request_id: int, *, intent_lost: bool) -> Till:
    """The reversal with this number was not sent, because an entry could not be written: it keeps its turn."""
    for parked in till.parked:
        if parked.request_id == request_id:
            order = replace(parked.open_order, reversing=parked.open_order.reversing and not intent_lost)
            return _put(till, parked, replace(parked, open_order=order, request_id=None))
    return till


def take_back(till: Till, sale_id: str) -> tuple[Till, OpenOrder | None]:
    """Set aside no longer what is open of a sale, as its reversal could not be announced."""
    for parked in till.parked:
        if parked.open_order.sale_id == sale_id and not parked.open_order.reversing:
            left = tuple(other for other in till.parked if other is not parked)
            return replace(till, parked=left), parked.open_order
    return till, None
