"""What goes back for a request."""

from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

import msgspec

from points_engine.contract import Refused, Reply
from points_engine.signing import BEARER, SCHEME
from points_engine.wire.problems import MEDIA_TYPE, Problem, Trouble, encode_problem, problem_of, trouble
from points_engine.wire.replies import encode_reply

JSON = b"application/json"
PROBLEM = MEDIA_TYPE.encode()
RETRY_AFTER_SECONDS = 1
"""How long a client waits that is told of a fault, when nothing better is known."""

_CHALLENGE = ((b"www-authenticate", f"{SCHEME}, {BEARER}".encode()),)


class Answer(NamedTuple):
    """A response. `code` is its problem's, empty when all is well; a `stream` is sent as it comes, after `body`."""

    status: int
    media_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    code: str = ""
    stream: AsyncGenerator[bytes] | None = None


def of_value(value: Any, status: int = 200) -> Answer:
    """A value as JSON."""
    return Answer(status, JSON, msgspec.json.encode(value))


def of_reply(reply: Reply, request_id: str) -> Answer:
    """A reply of the engine, or its refusal."""
    if isinstance(reply, Refused):
        return of_problem(problem_of(reply, request_id))
    return Answer(200, JSON, encode_reply(reply).body)


def of_problem(problem: Problem) -> Answer:
    """Problem details."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if problem.status == 401:
        headers = _CHALLENGE
    elif problem.wait_seconds is not None:
        headers = ((b"retry-after", b"%d" % problem.wait_seconds),)
    elif problem.status == 503:
        headers = ((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),)
    return Answer(problem.status, PROBLEM, encode_problem(problem), headers, problem.code)


def of_trouble(kind: Trouble, request_id: str, detail: str | None = None) -> Answer:
    """Problem details of what is no refusal."""
    return of_problem(trouble(kind, detail, request_id))
