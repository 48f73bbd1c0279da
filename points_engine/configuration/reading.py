"""Reading an engine's settings: defaults, over them the file, over that the environment.

The file is `engine.toml` in the engine's folder, so that whoever opens the engine (a till, the back office) opens it
with the same settings. A variable POINTS_ENGINE_<PATH> goes before the file: POINTS_ENGINE_PIN_TRIES=5,
POINTS_ENGINE_LIMITS_POINTS_CAP_UNITS=200. A list has commas there, a table is written as TOML writes it in one line.
In a table of entries (`limits`, `sms.texts`) what is written goes over the defaults entry by entry, and `false` in the
place of an entry takes it away.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from points_engine.configuration import fields
from points_engine.configuration.building import Builder
from points_engine.configuration.fields import Setting, settings_of
from points_engine.configuration.sources import Written, holds, read_environment, read_file
from points_engine.settings import Settings

FILE_NAME = "engine.toml"
MASKED = "•••"
DEFAULT = "default"


class Effective(NamedTuple):
    """A setting as it holds: its dotted name, its value (masked when secret; JSON's types), and whence it is."""

    name: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """An engine's settings, and where each of them was written."""

    settings: Settings
    written: Written

    def effective(self) -> list[Effective]:
        """Every setting that holds, in the order of the types."""
        return [
            Effective(fields.dotted(path), value, self._source_of(path))
            for path, value in _values(self.settings, ())
        ]

    def _source_of(self, path: fields.Path) -> str:
        return (holds(self.written.values, path) and self.written.place_of(path)) or DEFAULT


@cache
def known_settings() -> tuple[Setting, ...]:
    """Everything there is to set."""
    return tuple(settings_of(Settings))


def load_settings(
    folder: Path, file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Loaded:
    """The settings of the engine in `folder`, from `file` (which must then exist) or the one in the folder.

    `environment` is the process's own when it is not given. Raises SettingsInvalid, which names the file and line, or
    the variable.
    """
    environment = os.environ if environment is None else environment
    named = file or (
        Path(environment["POINTS_ENGINE_SETTINGS"]) if environment.get("POINTS_ENGINE_SETTINGS") else None
    )
    place = named or folder / FILE_NAME
    text, values = read_file(place, must_exist=named is not None)
    variables = {}
    for path, (name, given) in sorted(read_environment(known_settings(), environment).items()):
        variables[path] = name
        _lay_over(values, path, given)
    written = Written(values, place if text else None, text, variables)
    settings = Builder(written, known_settings()).build(Settings, values, (), Settings())
    return Loaded(settings, written)


def _lay_over(values: dict[str, Any], path: fields.Path, given: Any) -> None:
    for name in path[:-1]:
        inner = values.get(name)
        if not isinstance(inner, dict):
            values[name] = inner = {}
        values = inner
    values[path[-1]] = given


def _values(value: Any, path: fields.Path) -> Iterator[tuple[fields.Path, Any]]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in dataclass_fields(value):
            inner = getattr(value, field.name)
            classes = fields.classes_of(fields.without_none(fields.hints_of(type(value))[field.name]))
            if len(classes) > 1 and inner is not None:
                word = next(word for word, kind in classes.items() if isinstance(inner, kind))
                yield (*path, field.name, fields.KIND), word
            if fields.is_secret(type(value), field.name):
                yield (*path, field.name), MASKED if inner else None
            else:
                yield from _values(inner, (*path, field.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(inner, (*path, str(key)))
    else:
        yield path, msgspec.to_builtins(value, enc_hook=str)
