"""From what was written to frozen dataclasses, checked by their own rules; every error says where it was written."""

import dataclasses
import difflib
import pkgutil
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Never, get_origin

import msgspec

from points_engine.configuration import fields
from points_engine.configuration.fields import KIND, Path, Setting, dotted
from points_engine.configuration.sources import Text, Written, unknown
from points_engine.settings import SettingsInvalid


class Builder:
    """Builds one tree of dataclasses from what was written. Raises SettingsInvalid."""

    def __init__(self, written: Written, everywhere: Sequence[Setting]) -> None:
        self._written = written
        self._everywhere = everywhere

    def build(self, hint: Any, value: Any, path: Path, base: Any) -> Any:
        """A value of a type; `base` is what holds where nothing was written."""
        if value is False and fields.may_be_none(hint) and fields.without_none(hint) is not bool:
            return None
        inner = fields.without_none(hint)
        item = fields.item_of(inner)
        if isinstance(value, Text):
            if fields.may_be_none(hint) and value.lower() == "false" and inner is not bool:
                return None
            if item is not None:
                value = [Text(part.strip()) for part in value.split(",") if part.strip()]
        classes = fields.classes_of(inner)
        if classes:
            return self._table(classes, self._checked_table(value, path), path, base)
        if fields.mapping_of(inner) is not None:
            return self._mapping(inner, self._checked_table(value, path), path, base)
        if item is not None and isinstance(value, list):
            return self._list(inner, item, value, path)
        if fields.is_function(fields.bare(inner)):
            return self._function(value, path)
        return self._leaf(inner, value, path)

    # --- kinds of settings

    def _table(self, classes: Mapping[str, type], values: Mapping[str, Any], path: Path, base: Any) -> Any:
        kind = self._kind(classes, values, path)
        names = [field.name for field in dataclasses.fields(kind) if field.init]
        hints, given = fields.hints_of(kind), {}
        for name in values:
            if name == KIND and len(classes) > 1:
                continue
            if name not in names:
                self._fail((*path, name), unknown((*path, name), names, self._everywhere))
        same = type(base) is kind
        for name in names:
            before = getattr(base, name) if same else _default_of(kind, name)
            if name in values:
                given[name] = self.build(hints[name], values[name], (*path, name), before)
            elif same:
                given[name] = before
            elif before is dataclasses.MISSING:
                self._fail(path, f"{dotted((*path, name))} is missing")
        try:
            return kind(**given)
        except (ValueError, TypeError) as error:
            self._fail_of_rule(error, [(*path, name) for name in names if name in values], path)

    def _kind(self, classes: Mapping[str, type], values: Mapping[str, Any], path: Path) -> type:
        if len(classes) == 1:
            return next(iter(classes.values()))
        word, words = values.get(KIND), ", ".join(classes)
        if word is None:
            self._fail(path, f"{dotted((*path, KIND))} is missing; it says which of {words} is meant")
        if not isinstance(word, str) or word not in classes:
            near = difflib.get_close_matches(str(word), list(classes), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self._fail((*path, KIND), f"{dotted((*path, KIND))} must be one of {words}{hint}")
        return classes[word]

    def _mapping(self, hint: Any, values: Mapping[str, Any], path: Path, base: Any) -> Mapping[Any, Any]:
        key_hint, value_hint = fields.mapping_of(hint) or (str, Any)
        names, is_open = fields.children(hint), fields.is_open(hint)
        found = dict(base) if isinstance(base, Mapping) else {}
        for name, value in values.items():
            if not is_open and name not in names:
                self._fail((*path, name), unknown((*path, name), names, self._everywhere))
            key = self._leaf(key_hint, name, (*path, name))
            if value is False:
                found.pop(key, None)
            else:
                found[key] = self.build(value_hint, value, (*path, name), found.get(key))
        return MappingProxyType(found)

    def _list(self, hint: Any, item: Any, values: Sequence[Any], path: Path) -> Any:
        built = [
            self.build(item, value, (*path, str(place)), None) for place, value in enumerate(values, start=1)
        ]
        kind = get_origin(hint)
        return kind(built) if kind in {list, set, frozenset} else tuple(built)

    def _function(self, value: Any, path: Path) -> Any:
        if not isinstance(value, str) or ":" not in value:
            self._fail(path, f"{dotted(path)} must name a function as package.module:function")
        try:
            found = pkgutil.resolve_name(value)
        except (ImportError, AttributeError, ValueError) as error:
            self._fail(path, f"{dotted(path)}: {value} is not there ({error})")
        if not callable(found):
            self._fail(path, f"{dotted(path)}: {value} is no function")
        return found

    def _leaf(self, hint: Any, value: Any, path: Path) -> Any:
        is_text = isinstance(value, Text)
        try:
            return msgspec.convert(str(value) if is_text else value, hint, strict=not is_text)
        except msgspec.ValidationError as error:
            words = fields.words_of(hint)
            what = str(error).partition(" - at ")[0]
            told = f"must be one of {', '.join(words)}" if words else f"{what[:1].lower()}{what[1:]}"
            self._fail(path, f"{dotted(path)}: {told}")

    # --- errors

    def _checked_table(self, value: Any, path: Path) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._fail(path, f"{dotted(path)} is a table: write [{dotted(path)}] and its settings under it")
        return value

    def _fail_of_rule(self, error: Exception, given: Sequence[Path], path: Path) -> Never:
        """A rule of the dataclass itself: the setting it names was written somewhere, or else the table was."""
        told = str(error)
        named = [each for each in given if each[-1] in told] or list(given)
        where = named[0] if named else path
        inside = f"{dotted(path)}: " if path and dotted(path) not in told else ""
        self._fail(where, f"{inside}{told}")

    def _fail(self, path: Path, told: str) -> Never:
        place = self._written.place_of(path) or (self._written.file and str(self._written.file))
        raise SettingsInvalid(f"{place}: {told}" if place else told)


def _default_of(kind: type, name: str) -> Any:
    field = next(each for each in dataclasses.fields(kind) if each.name == name)
    if field.default is not dataclasses.MISSING:
        return field.default
    return dataclasses.MISSING if field.default_factory is dataclasses.MISSING else field.default_factory()
