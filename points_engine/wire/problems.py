"""What is no reply: RFC 9457 problem details, for refusals, for requests that make no sense, and for faults."""

import enum
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from points_engine.amounts import Amount
from points_engine.contract import NextAction, Refusal, Refused
from points_engine.wire.shapes import REFUSALS

MEDIA_TYPE = "application/problem+json"
_URN = "urn:points-till"


class Trouble(enum.Enum):
    """Why a request was not carried out when that is no refusal: `urn` and `status` are the problem's.

    `nothing_changed` is False where the command may have been carried out all the same: then only a query, or the same
    request again, tells.
    """

    REQUEST_INVALID = ("request", "invalid", 400, "The request is not one of those described", True)
    KEY_MISSING = ("request", "idempotency_key_missing", 400, "An Idempotency-Key is needed", True)
    NOT_SIGNED_IN = ("request", "not_signed_in", 401, "No valid credential", True)
    CLOCK_WRONG = (
        "request",
        "clock_wrong",
        401,
        "The request was signed at another time than the engine's",
        True,
    )
    NOT_FOUND = ("request", "not_found", 404, "There is nothing under this path", True)
    METHOD_NOT_ALLOWED = ("request", "method_not_allowed", 405, "This path has no such method", True)
    TIMED_OUT = ("request", "timed_out", 408, "The request did not come in time", True)
    IN_FLIGHT = ("request", "in_flight", 409, "The same request is being carried out", False)
    TOO_LARGE = ("request", "too_large", 413, "The request is too large", True)
    NOT_JSON = ("request", "not_json", 415, "The body must be JSON", True)
    TOO_MANY = ("request", "too_many", 429, "Too many requests", True)
    HEADERS_TOO_LARGE = ("request", "headers_too_large", 431, "The headers are too large", True)
    BUG = ("fault", "bug", 500, "The engine has a bug", False)
    OVERLOADED = ("fault", "overloaded", 503, "Too much waits already", True)
    SHUTTING_DOWN = ("fault", "shutting_down", 503, "This node is shutting down", True)
    UNAVAILABLE = ("fault", "unavailable", 503, "The engine's surroundings fail", True)
    OUTCOME_UNKNOWN = ("fault", "interrupted", 503, "The engine's surroundings failed in between", False)
    LATE = ("fault", "late", 504, "No outcome in time", False)

    def __init__(self, family: str, code: str, status: int, title: str, nothing_changed: bool) -> None:
        self.code = code
        self.urn = f"{_URN}:{family}:{code}"
        self.status = status
        self.title = title
        self.nothing_changed = nothing_changed

    def __repr__(self) -> str:
        return f"Trouble.{self.name}"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details.

    `code` is the last part of `type`. `nothing_changed` says that the command was surely not carried out; where it is
    False only a query, or the same request again, tells. `request_id` finds the request in the service's log. A refusal
    also says whether a retry may help, what the cashier does next, and its particulars. Where there is no good
    credential, `server_time` is the engine's: whoever signs learns how far their clock is off.
    """

    type: str
    title: str
    status: int
    code: str
    nothing_changed: bool
    detail: str | None = None
    request_id: str | None = None
    retry_helps: bool | None = None
    next_action: NextAction | None = None
    tries_left: int | None = None
    available: Amount | None = None
    wait_seconds: int | None = None
    server_time: datetime | None = None

    @property
    def refused(self) -> Refused | None:
        """The refusal that it tells of; None when it tells of something else."""
        refusal = REFUSALS.get(self.code)
        if refusal is None or self.type != urn_of(refusal):
            return None
        return Refused(
            refusal=refusal,
            tries_left=self.tries_left,
            available=self.available,
            wait_seconds=self.wait_seconds,
        )


def urn_of(refusal: Refusal) -> str:
    """The problem type of a refusal."""
    return f"{_URN}:refusal:{refusal.code}"


def problem_of(reply: Refused, request_id: str | None = None) -> Problem:
    """A refusal as problem details."""
    refusal = reply.refusal
    told = refusal.en.format(
        tries_left=reply.tries_left, wait_seconds=reply.wait_seconds, available=reply.available
    )
    return Problem(
        type=urn_of(refusal),
        title=_title_of(refusal),
        status=refusal.http_status,
        code=refusal.code,
        nothing_changed=True,
        detail=told,
        request_id=request_id,
        retry_helps=refusal.retry_helps,
        next_action=refusal.next_action,
        tries_left=reply.tries_left,
        available=reply.available,
        wait_seconds=reply.wait_seconds,
    )


def trouble(kind: Trouble, detail: str | None = None, request_id: str | None = None) -> Problem:
    """Problem details for what is no refusal. `detail` must not tell what was in the request."""
    return Problem(
        type=kind.urn,
        title=kind.title,
        status=kind.status,
        code=kind.code,
        nothing_changed=kind.nothing_changed,
        detail=detail,
        request_id=request_id,
    )


@cache
def _title_of(refusal: Refusal) -> str:
    # The same for every occurrence, as RFC 9457 wants it: a sentence with numbers in it is the detail.
    return refusal.code.replace("_", " ").capitalize() if "{" in refusal.en else refusal.en


def encode_problem(problem: Problem) -> bytes:
    """Problem details as JSON."""
    return _ENCODER.encode(problem)


def decode_problem(body: bytes) -> Problem:
    """Problem details from JSON. Raises ValueError when it is none."""
    try:
        problem: Problem = _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise ValueError("no problem details") from None
    return problem


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Problem)
