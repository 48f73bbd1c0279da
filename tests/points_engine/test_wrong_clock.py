"""A node whose clock is wrong: it says so, sweeps nothing away, and is given no work."""

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from points_engine.bootstrap import Settings, open_engine
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP, Shop
from tests.waiting import PATIENCE_SECONDS

HOUR = 3600.0


class RunningClock(ManualClock):
    """This machine's clock, which goes on by itself; set wrong by what it is advanced."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._begun)


@pytest.mark.parametrize(
    ("seconds", "is_right"), [(0, True), (10, True), (-10, True), (HOUR, False), (-HOUR, False)]
)
def test_a_clock_is_held_against_the_databases(
    tmp_path: Path, postgres_url: str, seconds: float, is_right: bool
) -> None:
    """A few seconds are nothing; an hour, either way, is seen."""
    clock = RunningClock()
    clock.advance(seconds)
    with Shop(tmp_path, database=postgres_url, clock=clock) as shop:
        assert is_right is shop.engine.clock_is_right()


def test_books_on_this_machine_have_its_clock(tmp_path: Path) -> None:
    """With SQLite there is no other clock to be wrong against."""
    with Shop(tmp_path) as shop:
        assert shop.engine.clock_is_right()


def test_a_clock_that_jumps_ends_no_payment_and_no_code(
    tmp_path: Path, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine an hour ahead does not sweep away what is good, and goes on when its clock is right again."""
    caplog.set_level(logging.ERROR)
    clock = RunningClock()
    settings = replace(Settings(), database=postgres_url)
    asked, swept = threading.Semaphore(0), threading.Event()
    with open_engine(tmp_path, settings, clock=clock, pin_cost=CHEAP, sweep_every_seconds=0.01) as engine:
        clock_is_right, sweep = engine.clock_is_right, engine.sweep

        def asking() -> bool:
            answer = clock_is_right()
            if not answer:
                asked.release()
            return answer

        def sweeping() -> object:
            swept.set()
            return sweep()

        vars(engine).update(clock_is_right=asking, sweep=sweeping)
        assert swept.wait(PATIENCE_SECONDS)
        clock.advance(HOUR)
        assert asked.acquire(timeout=PATIENCE_SECONDS)
        swept.clear()
        assert asked.acquire(timeout=PATIENCE_SECONDS)
        assert not swept.is_set()
        assert "clock is off" in caplog.text
        clock.advance(-HOUR)
        assert swept.wait(PATIENCE_SECONDS)
