"""The README, the changelog and the ADRs speak of what is there, and the program of its own version."""

import re
import subprocess
import tomllib

import pytest

from pos_client.__main__ import VERSION
from tests.architecture.project_files import ROOT, own_paths

DOCUMENTS = [path for path in own_paths() if path.suffix == ".md"]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_command_named_is_a_target(path: object) -> None:
    """Every ``make x`` that a document names is one that the Makefile has."""
    text = (ROOT / str(path)).read_text(encoding="utf-8")
    assert set() == set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) - TARGETS


def test_every_room_on_the_map_exists() -> None:
    """The README's table of rooms names folders that are there, and all of the program's."""
    named = set(
        re.findall(r"^\| `([\w/]+)/` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {"drivers", "points_engine", "pos_client", "resources", "tests", "benchmarks"} <= named
    assert [] == sorted(name for name in named if not (ROOT / name).is_dir())


def test_the_build_server_runs_the_command_of_the_readme() -> None:
    """``.ci/run`` ends in ``make test``, which checks the source before it runs pytest."""
    assert "make --no-print-directory test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    planned = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert ["setup test", "ruff check", "ruff format", "mypy", "lint_imports", "pytest"] == [
        step
        for line in planned
        for step in ("setup test", "ruff check", "ruff format", "mypy", "lint_imports", "pytest")
        if step in line
    ]
    assert " -m pytest" in planned[-1]


def test_the_program_knows_its_version() -> None:
    """What ``--version`` says is what the project is released as."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
