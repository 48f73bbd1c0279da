"""The customer's PIN: asked for, checked by the engine, canceled. A PIN is passed on once and never kept."""

from dataclasses import replace

from points_engine.contract import (
    AnswerChallenge,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
)
from pos_client.till import outcome, resolving
from pos_client.till.effects import EntryKind, Play, Send, Sound, StartTimer, StopTimer, Timer
from pos_client.till.events import Event, PinEntered, PinTyping, Replied
from pos_client.till.moves import REPLY_CAME, Step, entry, named, numbered, reply_due, to
from pos_client.till.orders import opened
from pos_client.till.outcome import CLOSES, NOTHING_TAKEN
from pos_client.till.state import AwaitingPin, Canceling, CheckingPin, Order, Stage, Till


def pin_typing(till: Till, phase: AwaitingPin, event: PinTyping) -> Step:
    """The cashier sees dots."""
    return to(till, replace(phase, dots=event.count))


def pin_entered(till: Till, phase: AwaitingPin, event: PinEntered) -> Step:
    """Pass the PIN on. It is not in the state: should no answer come, the customer types it again."""
    if event.pin_for not in (None, phase.pin_for):
        return till, ()
    till, answer_id = named(till)
    till, request_id = numbered(till)
    answer = AnswerChallenge(
        order_id=phase.order.order_id, answer_id=answer_id, kind=ChallengeKind.PIN, answer=event.pin
    )
    checking = CheckingPin(waiting=replace(phase, dots=0), request_id=request_id)
    return to(till, checking, Send(request_id, answer), reply_due(till))


def time_over(till: Till, phase: AwaitingPin, _event: Event) -> Step:
    """CHALLENGE_OVER: the customer's time is over by the till's reckoning; the engine decides."""
    till, request_id = numbered(till)
    checking = CheckingPin(waiting=replace(phase, dots=0), request_id=request_id)
    return to(till, checking, Send(request_id, Query(order_id=phase.order.order_id)), reply_due(till))


def time_over_while_checking(till: Till, _phase: CheckingPin, _event: Event) -> Step:
    """CHALLENGE_OVER while an answer is due: should it be the customer's turn again, ask then."""
    return till, (_a_little_later(till),)


def _a_little_later(till: Till) -> StartTimer:
    return StartTimer(Timer.CHALLENGE_OVER, till.rules.challenge_grace_seconds)


def canceled_by_customer(till: Till, phase: AwaitingPin, _event: Event) -> Step:
    """The customer will not pay like this."""
    return _cancel(till, phase, CanceledBy.CUSTOMER)


def canceled_by_cashier(till: Till, phase: AwaitingPin, _event: Event) -> Step:
    """The cashier ends the waiting; the sale stands."""
    return _cancel(till, phase, CanceledBy.TILL)


def _cancel(till: Till, phase: AwaitingPin, by: CanceledBy) -> Step:
    till, request_id = numbered(till)
    canceling = Canceling(
        sale=phase.sale, order=phase.order, request_id=request_id, by_customer=by is CanceledBy.CUSTOMER
    )
    return to(
        till,
        canceling,
        StopTimer(Timer.CHALLENGE_OVER),
        Send(request_id, Cancel(order_id=phase.order.order_id, by=by)),
        reply_due(till),
    )


def checked(till: Till, phase: CheckingPin, event: Replied) -> Step:
    """The engine's answer to the PIN, or to the question whether the time is over."""
    reply, waiting = event.reply, phase.waiting
    if isinstance(reply, Refused) and reply.refusal is Refusal.PIN_WRONG:
        return _wrong(till, waiting, reply)
    if isinstance(reply, Payment) and reply.state is PaymentState.REQUIRES_ACTION:
        return to(till, waiting, REPLY_CAME, _a_little_later(till))
    if isinstance(reply, Payment) and reply.state in CLOSES:
        till, effects = outcome.settle(till, waiting.sale, waiting.order, reply)
        return till, (REPLY_CAME, *effects)
    return no_answer(till, phase, event)


def _wrong(till: Till, waiting: AwaitingPin, why: Refused) -> Step:
    """The customer types again; the time left is what it was."""
    till, asking = numbered(till)
    tries_left = waiting.tries_left - 1 if why.tries_left is None else why.tries_left
    again = replace(waiting, asking=asking, dots=0, tries_left=tries_left, wrong_before=True)
    refused = entry(EntryKind.PIN_REFUSED, opened(waiting.order), refused=why)
    return to(till, again, REPLY_CAME, Play(Sound.FAILURE), refused)


def no_answer(till: Till, phase: CheckingPin, _event: Event) -> Step:
    """Nobody knows whether the PIN was checked: ask how the order stands."""
    return resolving.learn(till, phase.waiting.sale, phase.waiting.order, Stage.QUERY)


def canceled(till: Till, phase: Canceling, event: Replied) -> Step:
    """The engine's answer to the end. What was taken after all goes back: the customer did not want it."""
    reply = event.reply
    if isinstance(reply, Payment) and reply.state in NOTHING_TAKEN:
        till, effects = outcome.refused(till, phase.sale, opened(phase.order), reply)
        return till, (REPLY_CAME, *effects)
    return resolving.give_back(till, phase.sale, opened(phase.order), order=phase.order)


def end_unknown(till: Till, phase: Canceling, _event: Event) -> Step:
    """No answer to the end: a reversal ends it for sure."""
    return resolving.learn(till, phase.sale, phase.order, Stage.REVERSE)


def late(till: Till, phase: AwaitingPin | CheckingPin | Canceling, event: Replied) -> Step:
    """An answer to an earlier request about this order: an end is an end whenever it is heard of."""
    reply, order = event.reply, _order(phase)
    if not isinstance(reply, Payment) or reply.order_id != order.order_id or reply.state not in CLOSES:
        return till, ()
    if isinstance(phase, Canceling):
        return canceled(till, phase, event)
    waiting = phase.waiting if isinstance(phase, CheckingPin) else phase
    till, effects = outcome.settle(till, waiting.sale, order, reply)
    return till, (REPLY_CAME, *effects)


def _order(phase: AwaitingPin | CheckingPin | Canceling) -> Order:
    return phase.waiting.order if isinstance(phase, CheckingPin) else phase.order
