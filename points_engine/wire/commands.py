"""Commands as requests, and requests as commands.

What a request carries where: the command's id in the Idempotency-Key header, fields of the route's path in the path,
those of a GET in the query, all else in the JSON body. What the caller's credential says is carried nowhere: the server
adds it. Secrets travel in bodies alone.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any, get_type_hints

import msgspec
from msgspec import UNSET

from points_engine.contract import Command, CommandInvalid, Refusal, Refused
from points_engine.wire.addresses import KEY_HEADER, filled, query_of, query_values, quoted
from points_engine.wire.callers import SAID_BY, Caller, CallerKind
from points_engine.wire.routes import ROUTE_OF, Route
from points_engine.wire.shapes import Shape, shape_of
from points_engine.wire.texts import read, written

JSON = "application/json"


class RequestInvalid(ValueError):
    """A request that carries no command. `detail` says where, and never what was there: it may be a secret."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Request:
    """A command on its way: `path` with its query, percent-encoded; `body` is empty for a GET."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a route's fields are; `needed` are those of the body that not every caller's credential says."""

    shape: Shape
    path_kinds: Mapping[str, Any]
    said: Mapping[CallerKind, frozenset[str]]
    needed: tuple[str, ...]
    decoder: msgspec.json.Decoder[Any]


@cache
def shape_of_request(route: Route) -> Shape:
    """What is in a route's body, or in its query when it is a GET."""
    hints = get_type_hints(route.command)
    elsewhere = {*route.path_fields, *([route.id_field] if route.id_field else ())}
    said = [SAID_BY[kind] & set(hints) for kind in route.callers]
    always = frozenset[str]() if not said else frozenset.intersection(*said) - elsewhere
    sometimes = frozenset[str]().union(*said) - elsewhere - always
    command: Any = route.command
    return shape_of(command, without=frozenset(elsewhere | always), optional=sometimes, is_strict=True)


@cache
def _plan_of(route: Route) -> _Plan:
    hints = get_type_hints(route.command)
    shape = shape_of_request(route)
    return _Plan(
        shape,
        MappingProxyType({name: hints[name] for name in route.path_fields}),
        MappingProxyType({kind: SAID_BY[kind] & set(hints) for kind in route.callers}),
        tuple(
            field.name
            for field in fields(route.command)
            if field.name in shape.fields and field.default is MISSING
        ),
        msgspec.json.Decoder(shape.struct, dec_hook=read),
    )


def encode_command(command: Command, caller: CallerKind | None) -> Request:
    """The request of a command, as this kind of caller sends it; None sends without a credential.

    Raises CommandInvalid for an id that no path can carry, and ValueError when such a caller may not send it.
    """
    route = ROUTE_OF[type(command)]
    if caller not in (route.callers or {None}):
        raise ValueError(f"{caller or 'nobody'} may not send {type(command).__name__}")
    plan = _plan_of(route)
    path = filled(route.path, {name: getattr(command, name) for name in route.path_fields})
    headers = {}
    if route.id_field is not None:
        headers[KEY_HEADER] = quoted(route.id_field, getattr(command, route.id_field))
    given = msgspec.to_builtins(plan.shape.pack(command), enc_hook=written)
    for name in plan.said.get(caller, ()) if caller else ():
        given.pop(name, None)
    if route.method == "GET":
        query = query_of(given)
        return Request(route.method, f"{path}?{query}" if query else path, headers)
    try:
        body = msgspec.json.encode(given)
    except UnicodeEncodeError:
        raise CommandInvalid("a text must not hold control characters") from None
    return Request(route.method, path, {**headers, "Content-Type": JSON}, body)


def decode_command(
    route: Route,
    caller: Caller | None,
    path_values: Mapping[str, str],
    key: str | None,
    query: str,
    body: bytes,
) -> Command | Refused:
    """The command in a request, or NOT_PERMITTED when it is about somebody else than its caller.

    `caller` is None, or not looked at, on a route that is anybody's.
    `path_values` and `key` (the Idempotency-Key) are already without percent signs. Raises RequestInvalid.
    """
    plan = _plan_of(route)
    known: dict[str, Any] = {}
    for name, kind in plan.path_kinds.items():
        known[name] = path_values[name] if kind is str else _converted(path_values[name], kind, name)
    if route.id_field is not None:
        known[route.id_field] = key
    if route.method == "GET":
        struct = _from_query(plan, query)
    elif query:
        raise RequestInvalid("The query must be empty: what is asked for is in the body")
    else:
        struct = _from_body(plan, body)
    says = caller.says if caller else {}
    for name in plan.said.get(caller.kind, ()) if caller else ():
        given = known[name] if name in known else getattr(struct, name, UNSET)
        if given is not UNSET and given != says[name]:
            return Refused(refusal=Refusal.NOT_PERMITTED)
        known[name] = says[name]
    if missing := [name for name in plan.needed if name not in known and getattr(struct, name) is UNSET]:
        raise RequestInvalid(f"Missing: {', '.join(missing)}")
    try:
        command: Command = plan.shape.unpack(struct, **known)
    except ValueError as error:
        raise RequestInvalid(str(error)) from None
    return command


def _from_body(plan: _Plan, body: bytes) -> Any:
    try:
        return plan.decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise RequestInvalid(_told(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestInvalid("The body is no JSON in UTF-8") from None


def _from_query(plan: _Plan, query: str) -> Any:
    try:
        pairs = query_values(query)
    except ValueError:
        raise RequestInvalid("The query is not one of names and values") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise RequestInvalid("A name comes twice in the query")
    return _converted(values, plan.shape.struct, "")


def _converted(value: Any, kind: Any, name: str) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=read)
    except msgspec.ValidationError as error:
        told = _told(str(error))
        raise RequestInvalid(f"{told} - at `{name}`" if name else told) from None


def _told(text: str) -> str:
    """What msgspec says is wrong, without what was there."""
    what, at, where = text.partition(" - at ")
    if what.startswith("Invalid enum value"):
        what = "Not one of the words that may be here"
    elif what.startswith("Object contains unknown field"):
        what = "Object contains an unknown field"
    return what + at + where
