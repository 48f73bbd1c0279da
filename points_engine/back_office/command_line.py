"""The back office's command line: `points-engine COMMAND …`, with one exit code and one way to complain for all."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import platformdirs
from rich.console import Console

from points_engine.back_office import (
    caller_keys,
    care,
    enrolment,
    exporting,
    ledger_reports,
    member_accounts,
    member_files,
    money_back,
    seeding,
    serving,
    settings_listing,
    webhooks,
)
from points_engine.back_office.answers import DONE, FAULT, WRONG_USE, Answer, Failed
from points_engine.back_office.office import Office
from points_engine.contract import CommandInvalid, EngineFault
from points_engine.ports import Clock
from points_engine.settings import SettingsInvalid

INTERRUPTED = 130
"""What a shell says when Ctrl-C ended a command: 128 + SIGINT."""

_EPILOG = """\
The engine's folder is --folder, else POINTS_ENGINE_FOLDER, else the till's own. Its settings are --settings, else
POINTS_ENGINE_SETTINGS, else engine.toml in that folder; a variable POINTS_ENGINE_<NAME> goes before the file.

Exit codes: 0 done; 1 refused, or something was found wrong; 2 the command or a setting is wrong; 3 the disk, the
database or the key fails.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs/back-office.md is held against it."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--folder", type=Path, metavar="FOLDER", default=argparse.SUPPRESS, help="the engine's folder"
    )
    shared.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the engine's settings (TOML)",
    )
    shared.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON, for programs"
    )
    whole = argparse.ArgumentParser(
        prog="points-engine",
        description="Run a points scheme from a terminal.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
        allow_abbrev=False,
    )
    verbs = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (
        settings_listing,
        care,
        enrolment,
        caller_keys,
        member_files,
        member_accounts,
        money_back,
        ledger_reports,
        webhooks,
        exporting,
        serving,
        seeding,
    ):
        room.add_commands(verbs, shared)
    return whole


def main(
    arguments: Sequence[str] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> int:
    """Run one command; its exit code. Nothing but a bug raises."""
    out, err = out or sys.stdout, err or sys.stderr
    environment = os.environ if environment is None else environment
    given = parser().parse_args(arguments)
    as_json = getattr(given, "json", False)
    office = Office(
        folder=_folder(given, environment),
        settings_file=getattr(given, "settings", None),
        environment=environment,
        screen=err if err.isatty() and not as_json else None,
        clock=clock,
        announce=lambda answer: _announce(answer, out, as_json=as_json),
    )
    try:
        answer: Answer = given.run(office, given)
    except (Failed, EngineFault, SettingsInvalid, CommandInvalid) as error:
        return _complain(error, err, as_json=as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    _show(answer, out, as_json=as_json)
    return answer.code


def _folder(given: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    named: Path | None = getattr(given, "folder", None)
    if named is not None:
        return named
    if environment.get("POINTS_ENGINE_FOLDER"):
        return Path(environment["POINTS_ENGINE_FOLDER"]).expanduser()
    # Where a till keeps its own engine when nobody says otherwise.
    return platformdirs.user_data_path("points-till", appauthor=False) / "engine"


def _show(answer: Answer, out: TextIO, *, as_json: bool) -> None:
    try:
        if as_json:
            out.write(json.dumps(answer.data, ensure_ascii=False, indent=2) + "\n")
        else:
            # A pipe has no width: what reads it shall not get words broken in the middle.
            width = None if out.isatty() else 200
            Console(file=out, width=width, highlight=False).print(answer.shown)
        out.flush()
    except BrokenPipeError:
        # `points-engine … | head` has what it wanted; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _announce(answer: Answer, out: TextIO, *, as_json: bool) -> None:
    """Say something while a command goes on: a line, whoever reads it."""
    if as_json:
        out.write(json.dumps(answer.data, ensure_ascii=False) + "\n")
        out.flush()
    else:
        _show(answer, out, as_json=False)


def _complain(error: Exception, err: TextIO, *, as_json: bool) -> int:
    if isinstance(error, Failed):
        code, word, problem, remedy = error.code, error.word, error.problem, error.remedy
    elif isinstance(error, EngineFault):
        code, word, problem, remedy = FAULT, "fault", error.problem, error.remedy
    elif isinstance(error, SettingsInvalid):
        code, word, problem, remedy = WRONG_USE, "settings_invalid", str(error), "Put it right and try again."
    else:
        code, word, problem, remedy = WRONG_USE, "command_invalid", str(error), "Nothing was changed."
    if as_json:
        told = {"error": word, "problem": problem, "remedy": remedy}
        err.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        err.write(f"{problem}{'' if problem.endswith(('?', '.')) else '.'} {remedy}\n")
    return code


def run() -> int:
    """The installed command: log warnings of the engine in one line each."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    return main()


__all__ = ["DONE", "main", "parser", "run"]
