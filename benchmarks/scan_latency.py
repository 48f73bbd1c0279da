"""How long a label takes from the gun's last byte, report or key to the receiver's queue, beside a bare thread.

Each kind of gun has its own yardstick: a thread that reads the same kind of channel and does nothing else.
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from benchmarks.harness import Figure, Goal, Limit, Rounds, interleave_all, percentile
from benchmarks.scan_channels import (
    WAIT_SECONDS,
    Arrivals,
    BareReader,
    Channel,
    DriverReader,
    HidChannel,
    KeyChannel,
    SerialChannel,
)

GOAL = Goal(
    name="scan_latency",
    what="gun's last byte, report or key -> Scan in the queue, p99, the worst kind",
    yardstick="bare blocking read in a thread, the same channel",
    words="p99 <= 5 ms, <= 2 x, each kind",
    limits=(Limit("ratio", "at most", 2.0), Limit("p99 ms", "at most", 5.0)),
)

SCANS_PER_ROUND = 300
ROUNDS = 21
PAUSE_SECONDS = 0.002
"""Before each last part. A label meets a till at rest: both threads sleep, and so may the processor."""

KINDS: Mapping[str, Callable[[], Channel]] = {
    "serial": SerialChannel,
    "HID": HidChannel,
    "keyboard": KeyChannel,
}


def p99_ms(channel: Channel, arrivals: Arrivals) -> Callable[[], float]:
    """Measure a round: labels sent one after the other has arrived, no two the same."""
    numbers = itertools.count(660_000_000_000_000_000)
    pause = threading.Event()

    def measure() -> float:
        took_ms = []
        for number in itertools.islice(numbers, SCANS_PER_ROUND):
            text = str(number)
            channel.begin(text)
            pause.wait(PAUSE_SECONDS)
            start = time.perf_counter_ns()
            channel.finish(text)
            took_ms.append((arrivals.get(timeout=WAIT_SECONDS) - start) / 1e6)
        return percentile(took_ms, 0.99)

    return measure


def measure_kind(new_channel: Callable[[], Channel]) -> Rounds:
    """Measure a kind's driver and its bare thread, each on a channel of its own."""
    with ExitStack() as stack:
        mine, bare = new_channel(), new_channel()
        stack.callback(mine.close)
        stack.callback(bare.close)
        driver = DriverReader(mine)
        stack.callback(driver.stop)
        thread = BareReader(bare)
        stack.callback(thread.stop)
        seen = interleave_all(
            {"driver": p99_ms(mine, driver.arrivals), "bare": p99_ms(bare, thread.arrivals)},
            ROUNDS,
        )
    return Rounds(seen["driver"], seen["bare"])


def run() -> Figure:
    """Measure the kinds one after the other, and judge the one that is furthest from its yardstick."""
    kinds = {name: measure_kind(kind) for name, kind in KINDS.items()}
    worst = max(kinds.values(), key=lambda rounds: rounds.value / rounds.yardstick_value)
    each = (
        f"{name} {rounds.value:.3f} / {rounds.yardstick_value:.3f} ms = "
        f"{rounds.value / rounds.yardstick_value:.2f} x ({rounds.spread})"
        for name, rounds in kinds.items()
    )
    return GOAL.figure(
        value=worst.value,
        unit="ms",
        yardstick=worst.yardstick_value,
        seen={"p99 ms": max(rounds.value for rounds in kinds.values())},
        note=f"{'; '.join(each)}; all over ptys: HID and evdev nodes are replaced, drivers whole",
    )
