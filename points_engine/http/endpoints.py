"""What is offered under one method and path."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from points_engine.http.answers import Answer
from points_engine.http.incoming import Incoming
from points_engine.wire.callers import Caller, CallerKind

Handler = Callable[[Incoming, Caller | None], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`answer` is called in the event loop and must not block it.

    `path` is a template: {name} stands for one part of it. Without `callers` anybody may call, and `answer` is given no
    caller. `is_logged` is False for what is asked every second.
    """

    method: str
    path: str
    answer: Handler
    callers: frozenset[CallerKind] = frozenset()
    is_logged: bool = True
