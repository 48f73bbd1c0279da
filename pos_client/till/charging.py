"""The charge is on its way: what its answer, or none, leads to."""

from points_engine.contract import Payment, Refusal, Refused
from pos_client.till import outcome, resolving
from pos_client.till.effects import Play, Sound
from pos_client.till.events import Event, Replied
from pos_client.till.moves import REPLY_CAME, Step, to
from pos_client.till.orders import opened
from pos_client.till.state import Charging, Refusing, Stage, Till


def replied(till: Till, phase: Charging, event: Replied) -> Step:
    """The engine's answer to the charge. A refusal of the command itself says that nothing was taken."""
    reply = event.reply
    if isinstance(reply, Payment):
        till, effects = outcome.settle(till, phase.sale, phase.order, reply)
        return till, (REPLY_CAME, *effects)
    if isinstance(reply, Refused) and reply.refusal is not Refusal.OUTCOME_UNKNOWN:
        order = opened(phase.order)
        till, effects = outcome.refused(till, phase.sale, order, reply, code=phase.order.code)
        return till, (REPLY_CAME, *effects)
    return no_answer(till, phase, event)


def no_answer(till: Till, phase: Charging, _event: Event) -> Step:
    """Nobody knows whether it was carried out: ask, beginning with the same charge once more."""
    return resolving.learn(till, phase.sale, phase.order, Stage.RESEND)


def unsent(till: Till, phase: Charging, fault: str) -> Step:
    """The intent could not be written, so the charge was not sent: the sale stands, and so does the code."""
    refusal_code = f"journal_{fault}"
    refusing = Refusing(sale=phase.sale, refusal_code=refusal_code, code=phase.order.code)
    return to(till, refusing, Play(Sound.FAILURE))
