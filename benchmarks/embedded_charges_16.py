"""How many charges a second sixteen callers get who come at once, beside one commit for each, and beside the disk."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.embedded_books import ChargingEngine
from benchmarks.embedded_yardsticks import DiskSync
from benchmarks.harness import Figure, Goal, Limit, interleave_all, scratch_folder

T = TypeVar("T")

GOAL = Goal(
    name="embedded_charges_16",
    what="charges/s on SQLite, durable, 16 callers at once, 100,000 accounts",
    yardstick="L: 8 page writes and an fdatasync on the same disk; and one commit per charge",
    words=">= 1.4 x; >= 2.2 x one commit per charge",
    limits=(Limit("ratio", "at least", 1.4), Limit("one commit per charge", "at least", 2.2)),
)

ACCOUNTS = 100_000
CALLERS = 16
CHARGES_PER_CALLER = 50
ROUNDS = 21


def run() -> Figure:
    """Charge together, charge one after the other, and write to the disk, in turn on the same books."""
    with scratch_folder("embedded_charges_16") as folder:
        engine = ChargingEngine(folder / "engine", ACCOUNTS)
        engine.warm_up()
        disk = DiskSync(folder / "disk")
        count = CALLERS * CHARGES_PER_CALLER

        def together() -> float:
            ready = engine.prepare(count)
            return count / seconds_of_callers(
                [ready[place::CALLERS] for place in range(CALLERS)],
                engine.charge,
            )

        def one_by_one() -> float:
            ready = engine.prepare(count)
            return count / seconds_of(lambda number: engine.charge(ready[number]), count)

        rounds = interleave_all(
            {
                "together": together,
                "one by one": one_by_one,
                "L": lambda: count / seconds_of(disk.write, count),
            },
            ROUNDS,
        )
        engine.engine.close()
        disk.close()
    value, alone, yardstick = (statistics.median(rounds[name]) for name in ("together", "one by one", "L"))
    return GOAL.figure(
        value=value,
        unit="charges/s",
        yardstick=yardstick,
        seen={"one commit per charge": value / alone},
        note=f"{alone:,.0f} charges/s with a commit each",
    )


def seconds_of(action: Callable[[int], None], count: int) -> float:
    """How long ``action(0)`` to ``action(count - 1)`` take, one after the other."""
    start = time.perf_counter()
    for number in range(count):
        action(number)
    return time.perf_counter() - start


def seconds_of_callers(shares: Sequence[Sequence[T]], action: Callable[[T], None]) -> float:
    """How long it takes as many threads as there are shares, each doing its own in order, until all are done."""
    gate = threading.Barrier(len(shares) + 1)

    def call(share: Sequence[T]) -> None:
        gate.wait()
        for each in share:
            action(each)

    callers = [threading.Thread(target=call, args=(share,)) for share in shares]
    for caller in callers:
        caller.start()
    gate.wait()
    start = time.perf_counter()
    for caller in callers:
        caller.join()
    return time.perf_counter() - start
