"""Every field of every dataclass in the settings can be set by file and by environment: none is forgotten."""

import dataclasses
import enum
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from points_engine.configuration import fields
from points_engine.configuration.fields import KIND, Setting
from points_engine.configuration.reading import Loaded, known_settings, load_settings
from points_engine.configuration.sources import RESERVED, variable_name
from points_engine.settings import SettingsInvalid

HTTP = {"sms_gateway": {"kind": "http", "url": "https://sms.example/?to=$phone&text=$text"}}
APPRISE = {"sms_gateway": {"kind": "apprise", "url": "twilio://sid:token@+8610000/$phone"}}
LEAVES = [setting for setting in known_settings() if not setting.is_table]


def candidates(setting: Setting, default: Any) -> Iterator[Any]:
    """Values that such a setting might have, other than its default."""
    hint = fields.bare(fields.without_none(setting.hint))
    item = fields.item_of(hint)
    if item is not None:
        first = list(candidates(Setting(setting.path, item, is_table=False), None))
        yield from ([each] for each in first)
        yield from ([*default, each] for each in first if default)
    elif hint is bool:
        yield not default
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield from (each.value for each in hint if each != default)
    elif get_origin(hint) is Literal:
        yield from (each for each in get_args(hint) if each != default)
    elif hint is int:
        yield from ((default or 0) + step for step in (1, -1, 10, 100, 1_000, 10_000))
    elif hint is float:
        yield (default or 0.0) + 1
    elif fields.is_function(hint):
        yield "json:dumps"
    else:
        yield from (f"{default}!", "UTC", "85", "PUT", "text/plain", "done", "https://a.example/$phone/$text")
        yield from ("apprise://$phone", "10.0.0.0/24", "postgresql://a.example/points")


def toml(value: Any) -> str:
    """A value as TOML writes it; its texts, numbers, lists and truths are JSON's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def at(settings: Any, path: tuple[str, ...]) -> Any:
    """What holds at a path."""
    for name in path:
        settings = (
            settings[name] if name in getattr(settings, "keys", list)() else getattr(settings, name, None)
        )
    return settings


def context(setting: Setting) -> dict[str, Any]:
    """What has to be there besides: a table that is not there by default wants all that has no default in it."""
    parent = setting.path[:-1]
    if parent[:1] == ("sms_gateway",):
        return HTTP
    if parent[:2] == ("lots", "expiry"):
        return with_value({}, (*parent, "kind"), "year_end")
    table = next((each for each in known_settings() if each.path == parent), None)
    classes = fields.classes_of(fields.without_none(table.hint)) if table else {}
    found: dict[str, Any] = {}
    for kind in classes.values():
        hints = fields.hints_of(kind)
        for field in dataclasses.fields(kind):
            if field.default is field.default_factory is dataclasses.MISSING:
                path = (*parent, field.name)
                value = next(candidates(Setting(path, hints[field.name], is_table=False), None))
                found = with_value(found, path, value)
    return found


def written(folder: Path, tables: dict[str, Any]) -> None:
    """The settings file."""
    text = "".join(f"{name} = {toml(value)}\n" for name, value in tables.items())
    (folder / "engine.toml").write_text(text, encoding="utf-8")


def with_value(tables: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The tables with one more entry."""
    inner = tables.get(path[0], {})
    entry = with_value(inner if isinstance(inner, dict) else {}, path[1:], value) if len(path) > 1 else value
    return {**tables, path[0]: entry}


def first_that_holds(folder: Path, setting: Setting, *, by_file: bool) -> tuple[Loaded, Any, Any]:
    """The settings with the first candidate that makes sense, what it was, and what held before."""
    base = context(setting)
    written(folder, base)
    before = at(load_settings(folder, None, {}).settings, setting.path)
    for value in candidates(setting, before):
        environment = {}
        written(folder, with_value(base, setting.path, value) if by_file else base)
        if not by_file:
            is_list = isinstance(value, list)
            text = ",".join(str(each) for each in value) if is_list else str(value)
            environment[variable_name(setting.path)] = text
        try:
            loaded = load_settings(folder, None, environment)
        except SettingsInvalid:
            continue
        if at(loaded.settings, setting.path) != before:
            return loaded, value, before
    raise AssertionError(f"no candidate makes sense for {setting.name}: give one more")


@pytest.mark.parametrize("by_file", [True, False], ids=["file", "environment"])
@pytest.mark.parametrize("setting", LEAVES, ids=lambda setting: setting.name)
def test_a_setting_can_be_written(tmp_path: Path, setting: Setting, by_file: bool) -> None:
    """Written, it holds, it is another than before, and the listing says whence it is."""
    if setting.path[-1] == KIND:
        written(tmp_path, APPRISE if by_file else {})
        loaded = load_settings(
            tmp_path, None, {} if by_file else {"POINTS_ENGINE_SMS_GATEWAY": toml(APPRISE["sms_gateway"])}
        )
        assert "AppriseGateway" == type(loaded.settings.sms_gateway).__name__
        return
    loaded, _, before = first_that_holds(tmp_path, setting, by_file=by_file)
    assert before != at(loaded.settings, setting.path)
    sources = {each.name: each.source for each in loaded.effective()}
    expected = str(tmp_path / "engine.toml") if by_file else variable_name(setting.path)
    assert sources[setting.name].startswith(expected)


def test_no_two_settings_share_a_variable() -> None:
    """Every variable means one setting, and none is taken for where the engine is."""
    names = [variable_name(setting.path) for setting in known_settings()]
    assert len(names) == len(set(names))
    assert set() == RESERVED & set(names)
