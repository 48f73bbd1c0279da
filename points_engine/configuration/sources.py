"""Where a setting was written: a line of the file, or a variable."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from points_engine.configuration import fields
from points_engine.configuration.fields import Setting, dotted
from points_engine.settings import SettingsInvalid

PREFIX = "POINTS_ENGINE_"
RESERVED = frozenset({"POINTS_ENGINE_FOLDER", "POINTS_ENGINE_SETTINGS"})
"""Variables that say where the engine is, not how it is."""


@dataclass(frozen=True, slots=True)
class Written:
    """All that was written: nested tables of values, and whence they are.

    `file` and `text` are the settings file; `variables` names the variable of each path that the environment gave.
    """

    values: Mapping[str, Any] = field(repr=False)
    file: Path | None = None
    text: str = field(default="", repr=False)
    variables: Mapping[fields.Path, str] = field(default_factory=dict)

    def place_of(self, path: fields.Path) -> str | None:
        """Where a setting, the table around it or something in it was written; None for a default."""
        inside = (name for each, name in self.variables.items() if each[: len(path)] == path)
        return self.variable_of(path) or self._line_of(path) or next(inside, None)

    def variable_of(self, path: fields.Path) -> str | None:
        """The variable that gave a setting, or the table around it."""
        found = (self.variables.get(path[:length]) for length in range(len(path), 0, -1))
        return next((name for name in found if name), None)

    def _line_of(self, path: fields.Path) -> str | None:
        if self.file is None:
            return None
        if not holds(tomllib.loads(self.text), path):
            return None
        number = line_of(self.text, path)
        return f"{self.file}, line {number}" if number else str(self.file)


def line_of(text: str, path: fields.Path) -> int | None:
    """The line of a TOML text at which a setting begins, from 1.

    It is the first line after the longest beginning that is TOML by itself and does not hold the setting: true for
    tables, dotted keys, texts of many lines, and whatever else TOML allows.
    """
    lines = text.splitlines(keepends=True)
    first = next((number for number, line in enumerate(lines) if path[-1] in line), 0)
    before = 0
    for count in range(first, len(lines) + 1):
        try:
            values = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        if holds(values, path):
            return before + 1
        before = count
    return None


def holds(values: Any, path: fields.Path) -> bool:
    """Whether nested tables have such an entry."""
    for name in path:
        if not isinstance(values, Mapping) or name not in values:
            return False
        values = values[name]
    return True


def read_file(file: Path, *, must_exist: bool) -> tuple[str, dict[str, Any]]:
    """A settings file's text and its tables. Raises SettingsInvalid."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        # What `splitlines` takes for a line's end has to be one for TOML too.
        return text, tomllib.loads(text)
    except FileNotFoundError:
        if must_exist:
            raise SettingsInvalid(f"{file}: there is no such settings file") from None
        return "", {}
    except OSError as error:
        raise SettingsInvalid(f"{file}: the settings file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{file}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsInvalid(f"{file}: no TOML: {error}") from None


class Text(str):
    """A value as the environment gives it: numbers, lists and yes or no are texts there."""

    __slots__ = ()


def read_environment(
    settings: Iterable[Setting], environment: Mapping[str, str]
) -> dict[fields.Path, tuple[str, Any]]:
    """What the environment sets: by path, the variable and its value. Raises SettingsInvalid for an unknown one."""
    known = {variable_name(setting.path): setting for setting in settings}
    found: dict[fields.Path, tuple[str, Any]] = {}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        if name not in known:
            raise SettingsInvalid(f"{name}: no such setting{_meant(name, known)}")
        found[known[name].path] = (name, _value_of(known[name], name, environment[name].strip()))
    return found


def _value_of(setting: Setting, name: str, text: str) -> Any:
    """A table is written as TOML writes it in one line, and so may a list be; all else is read by its type."""
    if setting.is_table and text.lower() == "false":
        return False
    if not setting.is_table and not (fields.item_of(setting.hint) is not None and text.startswith("[")):
        return Text(text)
    try:
        return tomllib.loads(f"value = {text}\n")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        example = "{ name = value }" if setting.is_table else '["one", "two"]'
        raise SettingsInvalid(f"{name}: must be written as TOML writes it, e.g. {example}") from None


def variable_name(path: fields.Path) -> str:
    """The variable of a setting."""
    return PREFIX + "_".join(path).upper()


def unknown(path: fields.Path, siblings: Iterable[str], everywhere: Iterable[Setting]) -> str:
    """The sentence about a name nobody knows, with what may have been meant."""
    near = difflib.get_close_matches(path[-1], list(siblings), n=1)
    if near:
        return f"{dotted(path)} is no setting; did you mean {dotted((*path[:-1], near[0]))}?"
    same = [setting.name for setting in everywhere if setting.path[-1] == path[-1]]
    if same:
        return f"{dotted(path)} is no setting; did you mean {same[0]}?"
    return f"{dotted(path)} is no setting; there are: {', '.join(sorted(siblings)) or 'none'}"


def _meant(name: str, known: Mapping[str, Setting]) -> str:
    rest = {each.removeprefix(PREFIX): each for each in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), list(rest), n=1)
    return f"; did you mean {rest[near[0]]}?" if near else ". `points-engine settings` lists those there are."
