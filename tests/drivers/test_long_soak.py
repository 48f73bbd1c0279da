"""A day at a busy counter in fast time, with each kind of device: scans, replugs, PINs and receipts, and nothing grows.

What a process holds on to can only be told when nobody else is at work in it. So each file of days runs in a process of
its own, not in that of the tests before it, whose services may still live.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drivers.soak import MOST_MORE_BLOCKS, MOST_MORE_BYTES, SOAK_SECONDS, Held

DAYS = sorted(Path(__file__).parent.glob("days_*.py"))


@pytest.mark.timeout(SOAK_SECONDS)
@pytest.mark.parametrize("days", DAYS, ids=lambda file: file.stem)
def test_nothing_grows_in_a_day(days: Path) -> None:
    """Every day in the file is lived through in a process where nothing else is going on."""
    of_this_run = {name for name in os.environ if name.startswith("PYTEST_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rP", "-p", "no:cacheprovider", "-p", "no:xdist", days],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name not in of_this_run},
        capture_output=True,
        text=True,
        timeout=SOAK_SECONDS,
        check=False,
    )
    sys.stdout.write(run.stdout)
    assert (0, "") == (run.returncode, run.stderr)


@pytest.mark.parametrize(
    "grown",
    [
        Held(2, 3, 1000),
        Held(1, 4, 1000),
        Held(1, 3, 1000 + MOST_MORE_BLOCKS),
        Held(1, 3, 1000, MOST_MORE_BYTES),
    ],
)
def test_growth_is_noticed(grown: Held) -> None:
    """One thread, one file, or the memory of one object a round more is a failure."""
    with pytest.raises(AssertionError):
        grown.assert_no_more_than(Held(1, 3, 1000))
