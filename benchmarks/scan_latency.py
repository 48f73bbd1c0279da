"""How long a label takes from the gun's last byte to the receiver's queue, beside a bare thread that reads bytes."""

import itertools
import os
import queue
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.harness import Figure, Goal, Limit, interleave, percentile
from drivers.device import Health, State
from drivers.registry import open_device
from drivers.scan import Scan

GOAL = Goal(
    name="scan_latency",
    what="serial gun's last byte -> Scan in the queue, p99",
    yardstick="bare blocking read in a thread",
    words="p99 <= 5 ms, <= 2 x",
    limits=(Limit("ratio", "at most", 2.0), Limit("p99 ms", "at most", 5.0)),
)

SCANS_PER_ROUND = 1000
ROUNDS = 31
WAIT_SECONDS = 10.0

Arrivals = queue.SimpleQueue[int]
"""When each label was handed over, in nanoseconds of the performance counter."""


@contextmanager
def pty_pair() -> Iterator[tuple[int, int]]:
    """Give a pseudo-terminal pair as descriptors: the gun's end and the till's."""
    gun, till = os.openpty()
    tty.setraw(till)
    try:
        yield gun, till
    finally:
        os.close(gun)
        os.close(till)


@contextmanager
def read_by_driver(till: int, arrivals: Arrivals) -> Iterator[None]:
    """Read the line by the serial gun's driver, as the till does."""
    is_enabled = threading.Event()

    def on_scan(_: Scan) -> None:
        arrivals.put(time.perf_counter_ns())

    def on_health(health: Health) -> None:
        if health.state is State.ENABLED:
            is_enabled.set()

    device = open_device(f"serial:{os.ttyname(till)}?baud=9600")
    device.start(on_scan, on_health)
    try:
        if not is_enabled.wait(WAIT_SECONDS):
            raise TimeoutError(f"the gun did not start: {device.health()}")
        yield
    finally:
        device.stop()


@contextmanager
def read_barely(gun: int, till: int, arrivals: Arrivals) -> Iterator[None]:
    """Read the line by a thread that does nothing else."""
    last = b"\x04"

    def read() -> None:
        while os.read(till, 4096) != last:
            arrivals.put(time.perf_counter_ns())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(gun, last)
        thread.join(WAIT_SECONDS)


def p99_ms(gun: int, arrivals: Arrivals) -> Callable[[], float]:
    """Measure a round: labels sent one after the other has arrived, no two the same."""
    numbers = itertools.count(660_000_000_000_000_000)

    def measure() -> float:
        took_ms = []
        for number in itertools.islice(numbers, SCANS_PER_ROUND):
            label = b"%d\r" % number
            start = time.perf_counter_ns()
            os.write(gun, label)
            took_ms.append((arrivals.get(timeout=WAIT_SECONDS) - start) / 1e6)
        return percentile(took_ms, 0.99)

    return measure


def run() -> Figure:
    """Measure the driver and the bare thread, each on a line of its own."""
    mine, bare = Arrivals(), Arrivals()
    with (
        pty_pair() as (gun, till),
        pty_pair() as (bare_gun, bare_till),
        read_by_driver(till, mine),
        read_barely(bare_gun, bare_till, bare),
    ):
        rounds = interleave(p99_ms(gun, mine), p99_ms(bare_gun, bare), ROUNDS)
    return GOAL.figure(
        value=rounds.value,
        unit="ms",
        yardstick=rounds.yardstick_value,
        seen={"p99 ms": rounds.value},
        note=f"{SCANS_PER_ROUND} labels a round; {rounds.spread}",
    )
