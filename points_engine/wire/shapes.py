"""The contract's dataclasses as msgspec structs: what is in a JSON object, derived field by field.

A few values have a form of their own in JSON: a Refusal is its code, a day or rule of expiry one text, a sealed PIN the
object {"sealed": base64}. Bytes are base64, times UTC in ISO 8601.
"""

import dataclasses
import enum
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from points_engine.amounts import MAX_UNITS, Amount
from points_engine.contract import ExpiresOn, Refusal, SealedPin, Secret
from points_engine.wire.texts import Answer, LastDay

RefusalCode = enum.StrEnum("RefusalCode", {refusal.name: refusal.code for refusal in Refusal})  # type: ignore[misc] # its words are read off the other enum

REFUSALS: Mapping[str, Refusal] = types.MappingProxyType({refusal.code: refusal for refusal in Refusal})
"""Every refusal by its code."""

Units = Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""Any whole number of 64 bits: which of these make sense is the engine's to say."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

_Turn = Callable[[Any], Any]


class _Piece(NamedTuple):
    """A field on its way: its type in JSON, and what is done with its value in each direction, if anything."""

    hint: Any
    pack: _Turn | None = None
    unpack: _Turn | None = None


class Shape(NamedTuple):
    """A dataclass and the struct that JSON has of it; `packs` and `unpacks` are for the fields that need it."""

    kind: type
    struct: type[msgspec.Struct]
    fields: tuple[str, ...]
    packs: Mapping[str, _Turn]
    unpacks: Mapping[str, _Turn]

    def pack(self, value: Any) -> msgspec.Struct:
        """The struct of a value."""
        given = {name: getattr(value, name) for name in self.fields}
        for name, pack in self.packs.items():
            if given[name] is not None:
                given[name] = pack(given[name])
        return self.struct(**given)

    def unpack(self, struct: msgspec.Struct, **more: Any) -> Any:
        """The value of a struct, with the fields that came another way; what is UNSET keeps its default."""
        given = {name: getattr(struct, name) for name in self.fields}
        for name, unpack in self.unpacks.items():
            if given[name] is not None and given[name] is not msgspec.UNSET:
                given[name] = unpack(given[name])
        return self.kind(
            **{name: value for name, value in given.items() if value is not msgspec.UNSET} | more
        )


@cache
def shape_of(
    kind: Any,
    *,
    without: frozenset[str] = frozenset(),
    optional: frozenset[str] = frozenset(),
    tag: str | None = None,
    is_strict: bool = False,
) -> Shape:
    """The shape of a dataclass `without` some fields; `optional` ones need not be there.

    A strict one refuses names it does not know. `tag` is what the field `object` says.
    """
    hints, packs, unpacks = get_type_hints(kind), {}, {}
    members: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in dataclasses.fields(kind):
        if field.name in without:
            continue
        piece = _piece(Units if (kind, field.name) == (Amount, "units") else hints[field.name], is_strict)
        if piece.pack is not None and piece.unpack is not None:
            packs[field.name], unpacks[field.name] = piece.pack, piece.unpack
        if field.name in optional:
            members.append((field.name, Union[piece.hint, msgspec.UnsetType], msgspec.UNSET))  # noqa: UP007 -- known when this runs
        elif field.default is dataclasses.MISSING:
            members.append((field.name, piece.hint))
        else:
            members.append((field.name, piece.hint, _default(piece, field.default)))
    # Each form of a value has a name of its own, by which the API's document tells them apart.
    struct = msgspec.defstruct(
        f"{kind.__name__}{'Input' if is_strict else 'Reply' if tag else ''}",
        members,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=is_strict,
        tag_field="object" if tag else None,
        tag=tag,
        module=__name__,
    )
    struct.__doc__ = kind.__doc__
    return Shape(kind, struct, tuple(member[0] for member in members), packs, unpacks)


def _piece(hint: Any, is_strict: bool) -> _Piece:
    if hint == ExpiresOn:
        return _Piece(LastDay, LastDay, LastDay.value)
    if hint == Secret | SealedPin:
        return _Piece(Answer, Answer, Answer.value)
    if get_origin(hint) in {Union, types.UnionType}:
        (part,) = (part for part in get_args(hint) if part is not type(None))
        inner = _piece(part, is_strict)
        return inner._replace(hint=Union[inner.hint, None])  # noqa: UP007 -- as above
    if get_origin(hint) is tuple:
        inner = _piece(get_args(hint)[0], is_strict)
        hints: Any = (inner.hint, ...)
        return _Piece(tuple[hints], _each(inner.pack), _each(inner.unpack))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        shape = shape_of(hint, is_strict=is_strict)
        return _Piece(shape.struct, shape.pack, shape.unpack)
    if hint is Refusal:
        return _Piece(RefusalCode, _code_of, REFUSALS.__getitem__)
    return _Piece({int: Whole, datetime: Moment}.get(hint, hint))


def _default(piece: _Piece, default: Any) -> Any:
    if piece.pack is None or not default:
        return default
    # Made anew: msgspec would write a default down in a schema, and cannot.
    pack = piece.pack
    return msgspec.field(default_factory=lambda: pack(default))


def _each(turn: _Turn | None) -> _Turn | None:
    return None if turn is None else lambda values: tuple(turn(value) for value in values)


def _code_of(refusal: Refusal) -> RefusalCode:
    return RefusalCode(refusal.code)
