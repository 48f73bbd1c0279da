"""The systemd units: systemd itself finds nothing wrong, they give little away, and they start what is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from points_engine.service_settings import ServiceSettings
from tests.architecture.project_files import ROOT

FOLDER = ROOT / "resources" / "systemd"
SERVICES = ["points-engine.service", "points-engine-nightly.service"]
PROGRAM = "/opt/points-till/.venv/bin/python"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is on systems with systemd"
)


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    """Ask systemd-analyze."""
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


@needs_systemd
@pytest.mark.parametrize("name", [*SERVICES, "points-engine-nightly.timer"])
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say, once the program is where this machine has a Python."""
    here = '"' + sys.executable.replace("%", "%%") + '"'  # there may be a space in it
    for each in FOLDER.glob("*.service"):
        text = each.read_text(encoding="utf-8").replace(PROGRAM, here)
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    shutil.copy(FOLDER / "points-engine-nightly.timer", tmp_path)
    done = analyze("verify", "--man=no", str(tmp_path / name))
    about_us = [line for line in done.stderr.splitlines() if "points-engine" in line]
    assert (0, []) == (done.returncode, about_us)


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_little_is_exposed(name: str) -> None:
    """`systemd-analyze security` calls the exposure at most 2 of 10."""
    done = analyze("security", "--offline=true", "--no-pager", "--threshold=20", str(FOLDER / name))
    assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.parametrize("name", SERVICES)
def test_they_start_what_the_program_has(name: str) -> None:
    """Every ExecStart is a command that `python -m points_engine` knows."""
    known = subprocess.run(
        [sys.executable, "-m", "points_engine", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = re.findall(
        rf"^ExecStart={PROGRAM} -m points_engine (?:--json )?(\w+)$",
        (FOLDER / name).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert commands
    assert [] == [word for word in commands if not re.search(rf"^    {word}\s", known, re.MULTILINE)]


def test_there_is_time_to_finish() -> None:
    """The unit is given longer to end than a node takes to say so and finish."""
    settings = ServiceSettings()
    waits = re.search(
        r"^TimeoutStopSec=(\d+)$", (FOLDER / SERVICES[0]).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert waits
    assert int(waits[1]) > settings.drain_seconds + settings.finish_seconds
