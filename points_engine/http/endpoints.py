"""What is offered under one method and path."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from points_engine.contract import Refusal
from points_engine.http.answers import Answer
from points_engine.http.incoming import Incoming
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Trouble
from points_engine.wire.routes import Route

Handler = Callable[[Incoming, Caller | None], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the API's document says of an endpoint that is no command's.

    `reply` is a msgspec type, `media_type` what it is sent as; `query` a struct of the names that may be asked with.
    `problems` are those besides the ones every endpoint may have.
    """

    name: str
    summary: str
    reply: Any = None
    media_type: str = "application/json"
    query: Any = None
    problems: tuple[Refusal | Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`answer` is called in the event loop and must not block it.

    `path` is a template: {name} stands for one part of it. Without `callers` anybody may call, and `answer` is given no
    caller. `is_logged` is False for what is asked every second. `about` is a command's route, or what to say instead;
    without either the document of the API is silent about it.
    """

    method: str
    path: str
    answer: Handler
    callers: frozenset[CallerKind] = frozenset()
    is_logged: bool = True
    about: Route | About | None = None
