"""A desk for tests: the command line as a person or a program uses it, without a process of its own."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from points_engine.back_office.command_line import main
from tests.fakes.manual_clock import ManualClock


class Said(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The JSON of what it complained about."""
        return json.loads(self.err)


class Desk:
    """`points-engine` on the engine in `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = dict(environment or {})
        self.clock = ManualClock()

    def say(self, *words: object) -> Said:
        """Run a command for a person."""
        out, err = io.StringIO(), io.StringIO()
        arguments = [str(word) for word in ("--folder", self.folder, *words)]
        code = main(arguments, out, err, self.environment, self.clock)
        return Said(code, out.getvalue(), err.getvalue())

    def ask(self, *words: object) -> Any:
        """Run a command for a program, which comes through; its data."""
        said = self.say(*words, "--json")
        assert (0, "") == (said.code, said.err), said
        return said.data

    def fail(self, *words: object) -> Any:
        """Run a command for a program, which does not come through; its exit code and what it complained about."""
        said = self.say(*words, "--json")
        assert said.code != 0
        return {"code": said.code, **(said.error if said.err else {})}
