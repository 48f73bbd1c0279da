"""What docs/back-office.md has drawn: every command of `points-engine`, out of its own parser."""

# ruff: noqa: SLF001 -- argparse shows its arguments nowhere else

import argparse
from collections.abc import Callable, Iterator

from points_engine.back_office.command_line import parser
from points_engine.bootstrap import Settings
from points_engine.configuration.reading import Loaded
from points_engine.configuration.sources import Written

_SHARED = {"--help", "--folder", "--settings", "--json"}
"""Said once, above all commands."""


def leaves(
    whole: argparse.ArgumentParser, words: tuple[str, ...] = (), told: str = ""
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser, str]]:
    """Every command that can be run, with its words and what its help says."""
    steps = [action for action in whole._actions if isinstance(action, argparse._SubParsersAction)]
    if not steps:
        yield words, whole, whole.description or told
    for step in steps:
        helps = {choice.dest: choice.help or "" for choice in step._choices_actions}
        for word, inner in step.choices.items():
            yield from leaves(inner, (*words, word), helps.get(word, ""))


def commands() -> str:
    """Every command: what it does, what it wants, what it takes."""
    return "\n\n".join(_drawn(*each) for each in leaves(parser()))


def _drawn(words: tuple[str, ...], command: argparse.ArgumentParser, told: str) -> str:
    named = [action for action in command._actions if not action.option_strings]
    options = [
        action
        for action in command._actions
        if not set(action.option_strings) & _SHARED and action.help != argparse.SUPPRESS
    ]
    heading = " ".join([*words, *(_placeholder(action) for action in named)])
    lines = [f"### `{heading}`", f"{told[:1].upper()}{told[1:]}{'' if told.endswith('.') else '.'}"]
    rows = [
        f"| `{_shown(action)}` | {_told(action)} |"
        for action in options
        if action.option_strings or action.help
    ]
    if rows:
        lines.append("\n".join(["| | |", "| --- | --- |", *rows]))
    return "\n\n".join(lines)


def _placeholder(action: argparse.Action) -> str:
    return str(action.metavar or action.dest.upper())


def _shown(action: argparse.Action) -> str:
    if not action.option_strings:
        return _placeholder(action)
    takes = (
        ""
        if action.nargs == 0
        else f" {'/'.join(action.choices) if action.choices else _placeholder(action)}"
    )
    return f"{action.option_strings[-1]}{takes}"


def _told(action: argparse.Action) -> str:
    return "; ".join(
        filter(None, [action.help or "", "needed" if action.option_strings and action.required else ""])
    )


_OTHER_ASSETS = (".wallet.", ".stored_value.")
"""Their settings are those of points under another name."""


def settings() -> str:
    """Every setting that has a value unless it is written, and that value."""
    rows = [
        f"| `{each.name}` | {_value(each.value)} |"
        for each in Loaded(Settings(), Written({})).effective()
        if not any(other in each.name for other in _OTHER_ASSETS)
    ]
    return "\n".join(["| setting | unless written |", "| --- | --- |", *rows])


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


DRAWN: dict[str, Callable[[], str]] = {"commands": commands, "settings": settings}
