"""JSON schemas of all that travels, for the API's document: the wire's structs, with the engine's bounds."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from points_engine.amounts import MAX_UNITS
from points_engine.contract import PhoneNumber, Secret
from points_engine.wire.texts import Answer, LastDay

REF = "#/components/schemas/"
TEXT_LENGTH_MAX = 200

_TEXT: Mapping[str, Any] = MappingProxyType(
    {"minLength": 1, "maxLength": TEXT_LENGTH_MAX, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
)
_MAY_BE_EMPTY = frozenset({"name", "reason", "cashier", "reference"})
_SECRET = MappingProxyType(
    {"type": "string", "format": "password", "description": "Travels in bodies alone, and is never logged."}
)
_DAY_OR_RULE = MappingProxyType(
    {
        "description": "The last day it is good, in the shop's zone, or the rule for it.",
        "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "enum": ["by_scheme", "never"]}],
    }
)
_ANSWER = MappingProxyType(
    {
        "description": "What was typed, or the box that the keypad sealed it in (HPKE, RFC 9180).",
        "anyOf": [
            _SECRET,
            {
                "type": "object",
                "properties": {"sealed": {"type": "string", "contentEncoding": "base64"}},
                "required": ["sealed"],
                "additionalProperties": False,
            },
        ],
    }
)
_TEXTS: Mapping[Any, Mapping[str, Any]] = MappingProxyType(
    {
        Secret: _SECRET,
        PhoneNumber: {"type": "string", "description": 'International: "+", then 8 to 15 digits.'},
        LastDay: _DAY_OR_RULE,
        Answer: _ANSWER,
    }
)
_BOUNDS: Mapping[tuple[str, str], Mapping[str, int]] = MappingProxyType(
    {
        ("AccumulateInput", "spend_minor"): {"minimum": 0, "maximum": MAX_UNITS},
        ("AdjustInput", "units"): {"minimum": -MAX_UNITS, "maximum": MAX_UNITS},
        ("ShowStatementInput", "most"): {"minimum": 1, "maximum": 500},
        ("ShowExpiringInput", "most"): {"minimum": 1, "maximum": 500},
    }
)


def text_of(name: str) -> dict[str, Any]:
    """The schema of an id, name or reason, as the engine takes it."""
    schema = {"type": "string", **_TEXT}
    if name in _MAY_BE_EMPTY:
        del schema["minLength"]
    return schema


class Schemas:
    """The schemas of msgspec types: `components` has the named ones, the rest refers to them."""

    def __init__(self, types: Sequence[Any]) -> None:
        found, components = msgspec.json.schema_components(
            types, schema_hook=lambda kind: dict(_TEXTS[kind]), ref_template=f"{REF}{{name}}"
        )
        # A type that is reached by two modules is the same type here.
        self.components: dict[str, Any] = {
            name.rpartition(".")[2]: _short(schema) for name, schema in components.items()
        }
        for name, schema in self.components.items():
            self._bound(name, schema)
        self._of_types = {kind: _short(schema) for kind, schema in zip(types, found, strict=True)}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of one of the types."""
        return dict(self._of_types[kind])

    def resolved(self, kind: Any) -> dict[str, Any]:
        """The schema of one of the types, where it is spelled out."""
        name = self._of_types[kind].get("$ref", "").removeprefix(REF)
        schema: dict[str, Any] = self.components[name] if name else self._of_types[kind]
        return schema

    def _bound(self, name: str, schema: dict[str, Any]) -> None:
        if not name.endswith("Input"):
            return
        for field, of_field in schema.get("properties", {}).items():
            if of_field.get("type") == "string" and not {"format", "enum", "contentEncoding"} & set(of_field):
                of_field.update(text_of(field))
            of_field.update(_BOUNDS.get((name, field), {}))
            if field == "pay_from":
                of_field["uniqueItems"] = True


def _short(schema: Any) -> Any:
    """A schema whose references name a type without its module."""
    if isinstance(schema, Mapping):
        return {
            key: f"{REF}{value.removeprefix(REF).rpartition('.')[2]}" if key == "$ref" else _short(value)
            for key, value in schema.items()
        }
    return [_short(each) for each in schema] if isinstance(schema, list | tuple) else schema
