"""What there is to set, read off the types of the settings' frozen dataclasses: no list is kept by hand.

A setting is a path of names, such as `limits.points.cap_units`. A dataclass is a table of its fields; a mapping a table
of its keys; a choice of several dataclasses a table whose `kind` says which; everything else is a leaf.
"""

import dataclasses
import enum
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

KIND = "kind"
"""The key of a table that says which of several kinds it is, e.g. `kind = "http"`."""

Path = tuple[str, ...]

_SEQUENCES = (tuple, list, frozenset, set, Sequence)


class Setting(NamedTuple):
    """One thing to set. `hint` is its type; `is_table` when it has settings of its own."""

    path: Path
    hint: Any
    is_table: bool

    @property
    def name(self) -> str:
        """The path as it is written: names with dots between."""
        return dotted(self.path)


def dotted(path: Path) -> str:
    """A path as it is written: names with dots between."""
    return ".".join(path)


def settings_of(hint: Any, path: Path = ()) -> Iterator[Setting]:
    """Every setting of a type, tables before what is in them."""
    inner = without_none(hint)
    is_table = bool(classes_of(inner)) or mapping_of(inner) is not None
    if path:
        yield Setting(path, hint, is_table)
    if is_table:
        for name, child in children(inner).items():
            yield from settings_of(child, (*path, name))


def children(hint: Any) -> Mapping[str, Any]:
    """The names in a table, with their types; none for a mapping whose keys may be any text."""
    classes = classes_of(hint)
    found: dict[str, Any] = {KIND: str} if len(classes) > 1 else {}
    for each in classes.values():
        hints = hints_of(each)
        found |= {field.name: hints[field.name] for field in dataclasses.fields(each) if field.init}
    mapping = mapping_of(hint)
    if mapping is not None and _is_enum(mapping[0]):
        found |= {str(key.value): mapping[1] for key in mapping[0]}
    return found


def is_open(hint: Any) -> bool:
    """Whether a table takes any name."""
    mapping = mapping_of(without_none(hint))
    return mapping is not None and not _is_enum(mapping[0])


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields."""
    return get_type_hints(kind, include_extras=True)


def without_none(hint: Any) -> Any:
    """A type without the None it may be, and without what is only noted beside it."""
    if not _is_union(hint):
        return hint
    rest = tuple(part for part in get_args(hint) if part is not type(None))
    return rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007 -- the parts are known when this runs


def may_be_none(hint: Any) -> bool:
    """Whether a setting may be nothing at all."""
    return _is_union(hint) and type(None) in get_args(hint)


def classes_of(hint: Any) -> Mapping[str, type]:
    """The dataclasses a table may become, by the word for `kind`; none when it is no such table."""
    parts = get_args(hint) if _is_union(hint) else (hint,)
    if not parts or not all(isinstance(part, type) and dataclasses.is_dataclass(part) for part in parts):
        return {}
    return dict(zip(_words([part.__name__ for part in parts]), parts, strict=True))


def mapping_of(hint: Any) -> tuple[Any, Any] | None:
    """The types of a mapping's keys and values; None when it is none."""
    if get_origin(hint) not in {Mapping, dict}:
        return None
    key, value = get_args(hint)
    return key, value


def item_of(hint: Any) -> Any | None:
    """The type of a list's items; None when it is none."""
    if get_origin(hint) not in _SEQUENCES:
        return None
    return get_args(hint)[0]


def words_of(hint: Any) -> list[str]:
    """The words a leaf may be, when only some may."""
    return [str(each.value) for each in hint] if _is_enum(hint) else []


def is_function(hint: Any) -> bool:
    """Whether a setting is a function, named as `package.module:function`."""
    return hint is Callable or get_origin(hint) is Callable


def is_secret(kind: type, name: str) -> bool:
    """Whether a field is never to be shown: those a dataclass leaves out of its own `repr`."""
    return any(field.name == name and not field.repr for field in dataclasses.fields(kind))


def _words(names: Sequence[str]) -> list[str]:
    """Class names without the end they share, in lower case: HttpGateway and AppriseGateway are http and apprise."""
    parts = [re.findall(r"[A-Z][a-z0-9]*", name) or [name] for name in names]
    while len(parts) > 1 and all(len(each) > 1 and each[-1] == parts[0][-1] for each in parts):
        parts = [each[:-1] for each in parts]
    return ["_".join(each).lower() for each in parts]


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in {Union, types.UnionType}


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def bare(hint: Any) -> Any:
    """A type without what is noted beside it."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
