"""How much slower a charge is with a million accounts and transfers behind it than with a thousand."""

import statistics

from benchmarks.embedded_books import ChargingEngine
from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder, time_each_ms

GOAL = Goal(
    name="embedded_growth",
    what="charge at 1,000,000 accounts and transfers, median",
    yardstick="at 1,000",
    words="median <= 1.10 x, mean <= 1.15 x",
    limits=(Limit("ratio", "at most", 1.10), Limit("mean", "at most", 1.15)),
)

MANY, FEW = 1_000_000, 1_000
CHARGES_PER_ROUND = 100
ROUNDS = 61


def run() -> Figure:
    """Charge in turn on large and on small books; members are far apart, so that their pages are cold."""
    with scratch_folder("embedded_growth") as folder:
        engines = [ChargingEngine(folder / str(size), size) for size in (MANY, FEW)]
        for engine in engines:
            engine.warm_up()
        seen_ms: tuple[list[float], list[float]] = ([], [])

        def charge(which: int) -> float:
            engine = engines[which]
            ready = engine.prepare(CHARGES_PER_ROUND)
            durations_ms = time_each_ms(lambda number: engine.charge(ready[number]), len(ready))
            seen_ms[which].extend(durations_ms)
            return statistics.median(durations_ms)

        rounds = interleave(lambda: charge(0), lambda: charge(1), ROUNDS)
        for engine in engines:
            engine.engine.close()
    return GOAL.figure(
        value=rounds.value,
        unit="ms",
        yardstick=rounds.yardstick_value,
        seen={"mean": statistics.mean(seen_ms[0]) / statistics.mean(seen_ms[1])},
        note=rounds.spread,
    )
