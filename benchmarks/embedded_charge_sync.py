"""How long a charge takes beside the least a durable write can take on the same disk."""

import statistics

from benchmarks.embedded_books import ChargingEngine
from benchmarks.embedded_yardsticks import DiskSync
from benchmarks.harness import (
    Figure,
    Goal,
    Limit,
    interleave_all,
    percentile,
    scratch_folder,
    time_each_ms,
)

GOAL = Goal(
    name="embedded_charge_sync",
    what="charge on SQLite, 100,000 accounts, chain and rules in, median",
    yardstick="L: 8 page writes and an fdatasync on the same disk",
    words="<= 1.9 x; p99 <= 3 x median",
    limits=(Limit("ratio", "at most", 1.9), Limit("p99 / median", "at most", 3.0)),
)

ACCOUNTS = 100_000
CHARGES_PER_ROUND = 100
ROUNDS = 51


def run() -> Figure:
    """Charge and write to the disk in turn; p99 is over all charges, with the log's copying in the background."""
    charges_ms: list[float] = []
    with scratch_folder("embedded_charge_sync") as folder:
        engine = ChargingEngine(folder / "engine", ACCOUNTS)
        engine.warm_up()
        disk = DiskSync(folder / "disk")

        def charge() -> float:
            ready = engine.prepare(CHARGES_PER_ROUND)
            seen = time_each_ms(lambda number: engine.charge(ready[number]), len(ready))
            charges_ms.extend(seen)
            return statistics.median(seen)

        rounds = interleave_all(
            {
                "charge": charge,
                "L": lambda: statistics.median(time_each_ms(disk.write, CHARGES_PER_ROUND)),
                "at once": lambda: statistics.median(time_each_ms(disk.write_at_once, CHARGES_PER_ROUND)),
            },
            ROUNDS,
        )
        engine.engine.close()
        disk.close()
    value, yardstick, at_once = (statistics.median(rounds[name]) for name in ("charge", "L", "at once"))
    return GOAL.figure(
        value=value,
        unit="ms",
        yardstick=yardstick,
        seen={"p99 / median": percentile(charges_ms, 0.99) / statistics.median(charges_ms)},
        note=f"{value / at_once:.2f} x the 8 pages in a single write",
    )
