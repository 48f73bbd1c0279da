"""Learning an unknown outcome: send again, ask, give back, until the engine has answered.

No reply is not a refusal. The same order is sent again (same id, same content: it is never paid twice), then
queried, then reversed; the waits grow. The cashier may set it aside once the first attempt was not answered.
"""

from dataclasses import replace

from points_engine.contract import Command, Payment, PaymentState, Query, Refusal, Refused, Reverse
from pos_client.till import orders, outcome, parked
from pos_client.till.effects import Effect, EntryKind, Play, Send, Sound, StartTimer, StopTimer, Timer
from pos_client.till.events import Event, OpenOrder, Replied, SetAside, Started
from pos_client.till.moves import REPLY_CAME, Step, entry, numbered, reply_due, sale_dropped, say, to
from pos_client.till.outcome import CLOSES, NOTHING_TAKEN
from pos_client.till.state import Collecting, Entering, Order, Resolving, Sale, Stage, Till


def learn(till: Till, sale: Sale, order: Order, stage: Stage) -> Step:
    """No answer came about a running order: say so once, and begin to ask."""
    opened = orders.opened(order)
    phase = Resolving(open_order=opened, stage=stage, attempt=0, request_id=None, sale=sale, order=order)
    return to(
        till,
        phase,
        REPLY_CAME,
        StartTimer(Timer.ASK_AGAIN, till.rules.wait_seconds(0)),
        Play(Sound.ATTENTION),
        entry(EntryKind.OUTCOME_UNKNOWN, opened),
    )


def give_back(
    till: Till,
    sale: Sale,
    opened: OpenOrder,
    *,
    order: Order | None = None,
    given_up: Collecting | None = None,
) -> Step:
    """The order shall take nothing, whatever became of it."""
    phase = Resolving(
        open_order=opened, stage=Stage.REVERSE, attempt=0, request_id=None,
        sale=sale, order=order, given_up=given_up,
    )  # fmt: skip
    # What could not be written of it yet goes first: a success must not follow its own reversal.
    overdue = tuple(record for record in till.unwritten if record.order_id == opened.order_id)
    others = tuple(record for record in till.unwritten if record.order_id != opened.order_id)
    till, effects = _ask(replace(till, unwritten=others), phase)
    return till, overdue + effects


def started(till: Till, _phase: Entering, event: Started) -> Step:
    """Open with what is open: orders being given back go on in the background, the others are asked about first."""
    till, effects = parked.park(till, (order for order in event.open_orders if order.reversing))
    till, asking = _open(till, tuple(order for order in event.open_orders if not order.reversing), ())
    return till, effects + asking


def _open(till: Till, later: tuple[OpenOrder, ...], recovered: tuple[OpenOrder, ...]) -> Step:
    """The next order of before the start, or, when all is known, the first sale."""
    if not later:
        sound = (Play(Sound.ATTENTION),) if recovered else ()
        return to(till, Entering(recovered=recovered), *sound)
    phase = Resolving(
        open_order=later[0],
        stage=Stage.QUERY,
        attempt=0,
        request_id=None,
        later=later[1:],
        recovered=recovered,
    )
    return _ask(till, phase)


def ask_again(till: Till, phase: Resolving, _event: Event) -> Step:
    """ASK_AGAIN: the next attempt."""
    return _ask(till, phase) if phase.request_id is None else (till, ())


def _ask(till: Till, phase: Resolving) -> Step:
    stage, attempt = _turn(till, phase)
    opened = phase.open_order
    intent: tuple[Effect, ...] = ()
    if stage is Stage.REVERSE and not opened.reversing:
        intent = (entry(EntryKind.REVERSAL_INTENT, opened),)
        opened = replace(opened, reversing=True)
    till, request_id = numbered(till)
    asking = replace(phase, open_order=opened, stage=stage, attempt=attempt + 1, request_id=request_id)
    return to(till, asking, *intent, Send(request_id, _question(till, asking)), reply_due(till))


def _turn(till: Till, phase: Resolving) -> tuple[Stage, int]:
    """Which stage is next, and how many attempts of it were made.

    Before the first sale the till asks for as long as it takes: whoever was charged before a crash has most
    likely left with the goods, so only the cashier may decide to give points back unasked.
    """
    stage, attempt = phase.stage, phase.attempt
    if stage is Stage.RESEND and (phase.order is None or attempt >= till.rules.resends):
        stage, attempt = Stage.QUERY, 0
    if stage is Stage.QUERY and phase.sale is not None and attempt >= till.rules.queries:
        stage, attempt = Stage.REVERSE, 0
    return stage, attempt


def _question(till: Till, phase: Resolving) -> Command:
    order_id = phase.open_order.order_id
    if phase.stage is Stage.RESEND and phase.order is not None:
        return orders.command(till, phase.order)
    if phase.stage is Stage.REVERSE:
        return Reverse(order_id=order_id, till_id=till.rules.till_id)
    return Query(order_id=order_id)


def no_answer(till: Till, phase: Resolving, _event: Event) -> Step:
    """NoReply or REPLY_DUE: wait a little longer, then ask again."""
    if phase.request_id is None:
        return till, ()
    return _wait(till, phase)


def _wait(till: Till, phase: Resolving, *, refusal_code: str | None = None) -> Step:
    failed = phase.failed + 1
    waiting = replace(phase, request_id=None, failed=failed, refusal_code=refusal_code)
    return to(till, waiting, REPLY_CAME, StartTimer(Timer.ASK_AGAIN, till.rules.wait_seconds(failed)))


def answered(till: Till, phase: Resolving, event: Replied) -> Step:
    """The engine's answer to the running attempt."""
    reply = event.reply
    if isinstance(reply, Payment) and _is_end(phase, reply):
        return _ended(till, phase, reply)
    if isinstance(reply, Payment) and phase.stage is not Stage.REVERSE:
        return _reverse_now(till, phase)
    if isinstance(reply, Refused) and phase.stage is Stage.QUERY and reply.refusal is Refusal.ORDER_UNKNOWN:
        # The charge may still be on its way: the reversal keeps it from being carried out later.
        return _reverse_now(till, phase)
    if isinstance(reply, Refused) and _never_ours(phase, reply) and phase.sale is not None:
        till, effects = outcome.refused(till, phase.sale, phase.open_order, reply)
        return till, (REPLY_CAME, *effects)
    return _wait(till, phase, refusal_code=reply.refusal.code if isinstance(reply, Refused) else None)


def late(till: Till, phase: Resolving, event: Replied) -> Step:
    """An answer to an earlier attempt: an end is an end whenever it is heard of."""
    reply = event.reply
    if isinstance(reply, Payment) and reply.order_id == phase.open_order.order_id and _is_end(phase, reply):
        return _ended(till, phase, reply)
    return till, ()


def _never_ours(phase: Resolving, why: Refused) -> bool:
    """Whether the engine knows this id for something else: what was sent under it was never carried out."""
    return phase.stage is Stage.RESEND and why.refusal is Refusal.ORDER_MISMATCH


def _is_end(phase: Resolving, payment: Payment) -> bool:
    """Whether the engine's word ends the asking.

    Once the till gives an order back, an older word that it succeeded counts for nothing. A PIN can be
    asked for again only in a sale that is going on.
    """
    if phase.stage is Stage.REVERSE:
        return payment.state in NOTHING_TAKEN
    if payment.state is PaymentState.REQUIRES_ACTION:
        return phase.sale is not None
    return payment.state in CLOSES


def _reverse_now(till: Till, phase: Resolving) -> Step:
    return _ask(till, replace(phase, stage=Stage.REVERSE, attempt=0, request_id=None))


def _ended(till: Till, phase: Resolving, payment: Payment) -> Step:
    stops: tuple[Effect, ...] = (REPLY_CAME, StopTimer(Timer.ASK_AGAIN))
    if phase.given_up is not None:
        till, effects = _given_back(till, phase.given_up, phase.open_order, payment)
    elif phase.sale is None:
        till, effects = _recovered(till, phase, payment)
    elif phase.order is None or payment.state in NOTHING_TAKEN:
        code = phase.order.code if phase.order else None
        till, effects = outcome.refused(till, phase.sale, phase.open_order, payment, code=code)
    else:
        till, effects = outcome.settle(till, phase.sale, phase.order, payment)
    return till, stops + effects


def _given_back(till: Till, given_up: Collecting, opened: OpenOrder, payment: Payment) -> Step:
    """The points of a sale that was given up are with the customer again."""
    till, word = say(till, "notice.points_returned", sound=Sound.SUCCESS, units=opened.units)
    closing = entry(CLOSES[payment.state], opened, refused=payment.refused, member=given_up.member)
    return to(till, Entering(), *word, closing, sale_dropped(given_up.sale))


def _recovered(till: Till, phase: Resolving, payment: Payment) -> Step:
    """The end of an order of before the start is known; the cashier is told only when points were taken."""
    opened = phase.open_order
    closing = entry(CLOSES[payment.state], opened, refused=payment.refused, member=payment.member)
    paid = (opened,) if payment.state is PaymentState.SUCCEEDED else ()
    till, effects = _open(till, phase.later, phase.recovered + paid)
    return till, (closing, *effects)


def may_set_aside(phase: Resolving) -> bool:
    """Whether the cashier is offered to go on without the outcome: an attempt was not answered."""
    return phase.failed > 0


def set_aside(till: Till, phase: Resolving, _event: SetAside) -> Step:
    """Give it back in the background; the sale goes on in another tender."""
    if not may_set_aside(phase):
        return say(till, "notice.busy")
    stops: tuple[Effect, ...] = (REPLY_CAME, StopTimer(Timer.ASK_AGAIN), StopTimer(Timer.CHALLENGE_OVER))
    till, effects = parked.park(till, (phase.open_order, *phase.later))
    if phase.sale is None:
        return to(till, Entering(recovered=phase.recovered), *stops, *effects)
    if phase.given_up is not None:
        return to(till, Entering(), *stops, *effects, sale_dropped(phase.sale))
    return to(till, Collecting(sale=phase.sale), *stops, *effects)


def unsent(till: Till, phase: Resolving, *, intent_lost: bool) -> Step:
    """The attempt was not sent, because an entry before it could not be written.

    A sale that was about to be given up is still there; anything else is tried again.
    """
    if intent_lost and phase.given_up is not None:
        return to(till, phase.given_up)
    order = replace(phase.open_order, reversing=phase.open_order.reversing and not intent_lost)
    return _wait(till, replace(phase, open_order=order))


def not_set_aside(till: Till, phase: Collecting) -> Step:
    """The decision to give back could not be written, so it was not taken: the till asks on."""
    till, order = parked.take_back(till, phase.sale.sale_id)
    if order is None:
        return till, ()
    resolving = Resolving(open_order=order, stage=Stage.REVERSE, attempt=0, request_id=None, sale=phase.sale)
    return _wait(till, resolving)
