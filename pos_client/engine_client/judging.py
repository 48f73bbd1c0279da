"""What an answer over HTTP says about a command: the engine's reply, or why there is none and what to do next."""

from dataclasses import dataclass
from datetime import datetime

from points_engine.contract import Command, Payment, Refusal, Refused, Reply
from points_engine.wire.problems import Problem
from points_engine.wire.problems import Trouble as Told
from points_engine.wire.replies import ResponseInvalid, decode_reply
from points_engine.wire.routes import ROUTE_OF
from pos_client.engine_client.http_line import Answer
from pos_client.engine_client.troubles import Trouble

LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """No reply in an answer.

    `maybe_done` is False where the server says that nothing changed. `helps` says whether to ask again,
    `elsewhere` whether another node should be asked, `wait_seconds` how long to wait first, if the server said so.
    `server_time` is its own, where it refuses who asks.
    """

    trouble: Trouble
    maybe_done: bool
    helps: bool = True
    elsewhere: bool = False
    wait_seconds: float | None = None
    server_time: datetime | None = None


def judge(command: Command, answer: Answer) -> Reply | NotDone:
    """The engine's reply to the command, or NotDone."""
    try:
        said = decode_reply(answer.status, answer.body)
    except ResponseInvalid:
        return _no_engine(answer.status)
    if isinstance(said, Problem):
        return _not_done(said, answer)
    return (
        said if _answers(command, said) else NotDone(trouble=Trouble.NONSENSE, maybe_done=True, helps=False)
    )


def _no_engine(status: int) -> NotDone:
    """Something in between answered, such as a balancer whose nodes are away; nobody knows how far it got."""
    if status in {502, 503, 504}:
        return NotDone(trouble=Trouble.OUT_OF_ORDER, maybe_done=True, elsewhere=True)
    return NotDone(trouble=Trouble.NONSENSE, maybe_done=True, elsewhere=True)


def _answers(command: Command, reply: Reply) -> bool:
    """Whether this is a reply to this command at all: a payment is the one that was asked about."""
    if isinstance(reply, Payment) and reply.order_id != getattr(command, "order_id", reply.order_id):
        return False
    return isinstance(reply, (Refused, *ROUTE_OF[type(command)].replies))


_TROUBLES = {
    Told.NOT_SIGNED_IN.urn: Trouble.NOT_ENROLLED,
    Told.CLOCK_WRONG.urn: Trouble.CLOCK_OFF,
    Told.IN_FLIGHT.urn: Trouble.BUSY,
    Told.TOO_MANY.urn: Trouble.BUSY,
    Told.OVERLOADED.urn: Trouble.BUSY,
    Told.TIMED_OUT.urn: Trouble.CUT_OFF,
    Told.LATE.urn: Trouble.NO_ANSWER,
}
"""What a server's trouble is to the till; a fault that is not named here puts the server out of order."""

_ELSEWHERE = {
    Told.OVERLOADED.urn,
    Told.SHUTTING_DOWN.urn,
    Told.UNAVAILABLE.urn,
    Told.OUTCOME_UNKNOWN.urn,
    Told.LATE.urn,
}


def _not_done(problem: Problem, answer: Answer) -> NotDone:
    trouble = _TROUBLES.get(problem.type)
    if trouble is None:
        trouble = Trouble.OUT_OF_ORDER if answer.status >= 500 else Trouble.NONSENSE
    return NotDone(
        trouble=trouble,
        maybe_done=not problem.nothing_changed,
        helps=trouble not in {Trouble.NONSENSE, Trouble.NOT_ENROLLED, Trouble.CLOCK_OFF},
        elsewhere=problem.type in _ELSEWHERE,
        wait_seconds=_wait_seconds(problem, answer),
        server_time=problem.server_time,
    )


def _wait_seconds(problem: Problem, answer: Answer) -> float | None:
    if problem.wait_seconds is not None:
        return min(float(problem.wait_seconds), LONGEST_WAIT_SECONDS)
    text = answer.headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT_SECONDS) if text.isascii() and text.isdigit() else None


REFUSALS_OF_THE_ASKING = frozenset({Refusal.TILL_NOT_ENROLLED, Refusal.NOT_PERMITTED})
"""Refusals of the one who asks, whatever is asked."""
