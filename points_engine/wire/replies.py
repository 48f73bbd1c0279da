"""Replies as HTTP responses, and responses as replies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Union, get_args

import msgspec

from points_engine.contract import Refused, Reply
from points_engine.wire.commands import JSON
from points_engine.wire.problems import MEDIA_TYPE, Problem, decode_problem, encode_problem, problem_of
from points_engine.wire.shapes import Shape, shape_of
from points_engine.wire.texts import read, written

REPLIES: tuple[type[Reply], ...] = tuple(kind for kind in get_args(Reply) if kind is not Refused)
"""Every reply that is no problem."""


class ResponseInvalid(ValueError):
    """A response that is neither a reply nor problem details: what became of the command is not known."""


@dataclass(frozen=True, slots=True)
class Response:
    """A reply on its way."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


@cache
def shape_of_reply(kind: Any) -> Shape:
    """What is in a reply's JSON; its field `object` says which reply it is."""
    return shape_of(kind, tag=_word(kind))


def _word(kind: type) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)[1:]


@cache
def _shapes() -> Mapping[type, Shape]:
    kinds: tuple[Any, ...] = REPLIES
    return MappingProxyType({kind: shape_of_reply(kind) for kind in kinds})


@cache
def _shapes_of_structs() -> Mapping[type, Shape]:
    return MappingProxyType({shape.struct: shape for shape in _shapes().values()})


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    every: Any = Union[tuple(_shapes_of_structs())]  # noqa: UP007 -- known when this runs
    return msgspec.json.Decoder(every, dec_hook=read)


_ENCODER = msgspec.json.Encoder(enc_hook=written)


def encode_reply(reply: Reply, request_id: str | None = None) -> Response:
    """The response for a reply: 200, or for a refusal its own status and problem details."""
    if isinstance(reply, Refused):
        problem = problem_of(reply, request_id)
        return Response(problem.status, MEDIA_TYPE, encode_problem(problem))
    return Response(200, JSON, _ENCODER.encode(_shapes()[type(reply)].pack(reply)))


def decode_reply(status: int, body: bytes) -> Reply | Problem:
    """The reply in a response; a Problem when it is neither a reply nor a refusal. Raises ResponseInvalid."""
    if status != 200:
        try:
            problem = decode_problem(body)
        except ValueError:
            raise ResponseInvalid(f"HTTP status {status} without problem details") from None
        return problem.refused or problem
    try:
        struct = _decoder().decode(body)
        reply: Reply = _shapes_of_structs()[type(struct)].unpack(struct)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise ResponseInvalid("a response that is no reply") from None
    return reply
