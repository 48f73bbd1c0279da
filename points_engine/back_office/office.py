"""The desk every command works at: which engine, with which settings, and who sits there."""

import getpass
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from points_engine.back_office.answers import WRONG_USE, Answer, Failed, refused
from points_engine.bootstrap import (
    DATABASE_NAME,
    KEY_NAME,
    Engine,
    Loaded,
    Settings,
    load_settings,
    open_engine,
)
from points_engine.change_ports import Changes
from points_engine.contract import Command, CommandInvalid, Refused, Reply
from points_engine.ports import Clock


class Bar:
    """A progress bar, where there is somebody to see it."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total) if progress else None

    def reach(self, done: int) -> None:
        """So much of the total is done."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done)

    def reach_of(self, done: int, total: int) -> None:
        """So much of a total that is known only now."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)


@dataclass
class Office:
    """`folder` is the engine's. `screen` is where a person watches progress; None when nobody does.

    `clock` is the system's unless a test has another; `on_durable_step` hears the names of the store's durable steps.
    `announce` shows what a command says before it is done.
    """

    folder: Path
    settings_file: Path | None
    environment: Mapping[str, str]
    screen: TextIO | None = None
    clock: Clock | None = None
    on_durable_step: Callable[[str], None] | None = None
    announce: Callable[[Answer], None] = lambda _answer: None

    @cached_property
    def loaded(self) -> Loaded:
        """The engine's settings and whence they are. Raises SettingsInvalid."""
        return load_settings(self.folder, self.settings_file, self.environment)

    @property
    def settings(self) -> Settings:
        """The engine's settings."""
        return self.loaded.settings

    @cached_property
    def zone(self) -> tzinfo:
        """The shop's time zone."""
        return self.settings.scheme().zone

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / DATABASE_NAME

    @property
    def key_file(self) -> Path:
        """The key's file."""
        return self.folder / KEY_NAME

    @cached_property
    def who(self) -> str:
        """Who sits here, as the system knows them."""
        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return "back office"

    def check_there(self) -> None:
        """Raises Failed when there is no engine in the folder: a mistyped folder shall not become one."""
        # A server's database is not looked for: whoever has the key beside their settings means that engine.
        there = self.key_file if self.settings.database else self.database
        if not there.exists():
            raise Failed(
                f"There is no engine in {self.folder}",
                "Name its folder with --folder, or make one with `points-engine init`.",
                code=WRONG_USE,
                word="no_engine",
            )

    @contextmanager
    def engine(
        self, sweep_every_seconds: float | None = None, changes: Changes | None = None
    ) -> Iterator[Engine]:
        """The engine of the folder, for as long as a command needs it. A till may be using it at the same time.

        It sweeps itself if it is told how often; `changes` hears what became durable.
        """
        self.check_there()
        with open_engine(
            self.folder,
            self.settings,
            clock=self.clock,
            on_durable_step=self.on_durable_step,
            sweep_every_seconds=sweep_every_seconds,
            changes=changes,
        ) as engine:
            yield engine

    def ask(self, command: Command, about: str) -> Reply:
        """Open the engine and carry one command out. Raises Failed when it is refused or makes no sense."""
        with self.engine() as engine:
            return carried_out(engine, command, about)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Bar]:
        """A bar on the screen while something long goes on."""
        if self.screen is None:
            yield Bar(None, total)
            return
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=self.screen), transient=True) as progress:
            yield Bar(progress, total)


def carried_out(engine: Engine, command: Command, about: str) -> Reply:
    """Carry a command out. Raises Failed when it is refused or makes no sense."""
    try:
        reply = engine.execute(command)
    except CommandInvalid as error:
        raise Failed(
            f"{about}: {error}", "Nothing was changed.", code=WRONG_USE, word="command_invalid"
        ) from None
    if isinstance(reply, Refused):
        raise refused(reply, about)
    return reply


def command_id(given: str | None) -> str:
    """The id of a command: the caller's own, so that it may be repeated, or a fresh one."""
    return given or f"back-office-{secrets.token_hex(8)}"
