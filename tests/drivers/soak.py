"""What a soak needs: a day's clock, a count of what comes, and a measure of what the process holds on to.

A day is 100,000 scans and 1,000 replugs on each kind of gun. `make test` plays a tenth of one, `make soak` a whole one;
SOAK_DAYS says otherwise.
"""

import gc
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivers.device import Device, Health, State
from drivers.scan import Scan
from tests.drivers.watcher import LONG_SECONDS

DAYS = float(os.environ.get("SOAK_DAYS", "0.1"))
DAY_SECONDS = 24 * 60 * 60
REPLUGS, SCANS_BETWEEN = round(1000 * DAYS), 100
SOAK_SECONDS = 900
"""The longest that a test of a soak may take."""

MOST_MORE_BLOCKS = 300
"""Of Python's memory. A leak of one object a replug, let alone a scan, is more than this in a day."""

MOST_MORE_BYTES = 24 << 20
"""Of the process's memory, what libraries take included: a leak of 250 bytes a scan is more than this in a day."""


@dataclass(frozen=True)
class Held:
    """What the process holds on to."""

    threads: int
    files: int
    blocks: int
    resident_bytes: int = 0

    @classmethod
    def now(cls) -> "Held":
        """What it holds now, when nothing is left that could be let go."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            threading.active_count(),
            len([*Path("/proc/self/fd").iterdir()]),
            sys.getallocatedblocks(),
            pages * os.sysconf("SC_PAGE_SIZE"),
        )

    def assert_no_more_than(self, before: "Held") -> None:
        """Fail for a thread, a file or a lasting object more than before."""
        assert self.threads <= before.threads
        assert self.files <= before.files  # a test before this one may still have let go of some
        assert self.blocks - before.blocks < MOST_MORE_BLOCKS
        assert self.resident_bytes - before.resident_bytes < MOST_MORE_BYTES


def code_of(number: int) -> str:
    """The payment code of a customer."""
    return f"66{number:016d}"


class Counter:
    """Counts what comes, checks its order (`text_of` says which is which), and keeps nothing."""

    def __init__(self, text_of: Callable[[int], str] = code_of) -> None:
        self._text_of = text_of
        self.count = 0
        self.enabled = 0
        self.lost = 0
        self.is_in_order = True
        self._wanted = 0
        self._news = threading.Condition()

    def on_scan(self, scan: Scan) -> None:
        """One more."""
        with self._news:
            self.is_in_order = self.is_in_order and scan.text == self._text_of(self.count)
            self.count += 1
            if self.count == self._wanted:
                self._news.notify_all()

    def on_health(self, health: Health) -> None:
        """Count how often the gun came and went."""
        with self._news:
            self.enabled += health.state is State.ENABLED
            self.lost += health.error_kind == "device_lost"
            self._news.notify_all()

    def add(self, _: object = None) -> None:
        """One more of something else."""
        with self._news:
            self.count += 1
            self._news.notify_all()

    def until_count(self, wanted: int) -> None:
        """Wait until so many came, and be woken but once."""
        with self._news:
            self._wanted = wanted
            assert self._news.wait_for(lambda: self.count >= wanted, LONG_SECONDS), f"{self.count} came"

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait."""
        with self._news:
            assert self._news.wait_for(condition, LONG_SECONDS), f"{self.count} came"


class Day:
    """The clock of the day: it goes on with every scan, so that 100,000 of them fill 24 hours."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        return self._seconds

    def go_on(self, seconds: float = DAY_SECONDS / 100_000) -> None:
        """To the next customer."""
        self._seconds += seconds


def live(
    device: Device,
    rounds: int,
    play: Callable[[int, Counter], None],
    text_of: Callable[[int], str] = code_of,
) -> Counter:
    """Play rounds with a device and compare what is held after the first fifth with what is held at the end.

    What was seen is written out; pytest shows it with `-rP`.
    """
    counter = Counter(text_of)
    before_all = Held.now()
    device.start(counter.on_scan, counter.on_health)
    counter.until(lambda: counter.enabled == 1)
    warm = before_all
    for number in range(rounds):
        if number == rounds // 5:
            warm = Held.now()
        play(number, counter)
    end = Held.now()
    sys.stdout.write(f"{device.path}: {rounds} rounds, {counter.count} scans; {warm} -> {end}\n")
    end.assert_no_more_than(warm)
    device.stop()
    ended = Held.now()
    assert ended.threads <= before_all.threads
    assert ended.files <= before_all.files
    return counter


def live_with_gun(device: Device, play: Callable[[int, Counter], None]) -> None:
    """A day with a gun: nothing grows, every scan comes once and in order, every replug is one reconnection."""
    counter = live(device, REPLUGS, play)
    counts = device.health().statistics
    assert (REPLUGS * SCANS_BETWEEN, True) == (counter.count, counter.is_in_order)
    assert (REPLUGS * SCANS_BETWEEN, REPLUGS, 0, 0) == (
        counts.scans,
        counts.reconnects,
        counts.misreads,
        counts.repeats,
    )
