"""How long a charge takes through the engine's front door, beside the same rows written by bare SQLite."""

import shutil
import statistics

from benchmarks.embedded_books import ChargingEngine
from benchmarks.embedded_yardsticks import BareCharges
from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder, time_each_ms

GOAL = Goal(
    name="embedded_charge",
    what="charge on SQLite, durable, median",
    yardstick="bare sqlite3: the same rows and indexes, one durable transaction",
    words="<= 1.5 x",
    limits=(Limit("ratio", "at most", 1.5),),
)

ACCOUNTS = 10_000
CHARGES_PER_ROUND = 100
ROUNDS = 41


def run() -> Figure:
    """Charge in turn through the engine and barely, on two copies of the same books."""
    with scratch_folder("embedded_charge") as folder:
        engine = ChargingEngine(folder / "engine", ACCOUNTS)
        engine.engine.close()
        shutil.copytree(folder / "engine", folder / "bare")
        engine.open()
        engine.warm_up()
        bare = BareCharges(folder / "bare", ACCOUNTS)

        def charge() -> float:
            ready = engine.prepare(CHARGES_PER_ROUND)
            return statistics.median(time_each_ms(lambda number: engine.charge(ready[number]), len(ready)))

        def charge_barely() -> float:
            keys = bare.prepare(CHARGES_PER_ROUND)
            return statistics.median(time_each_ms(lambda number: bare.charge(keys[number]), len(keys)))

        rounds = interleave(charge, charge_barely, ROUNDS)
        engine.engine.close()
        bare.close()
    return GOAL.figure(
        value=rounds.value,
        unit="ms",
        yardstick=rounds.yardstick_value,
        note=f"{ROUNDS} rounds of {CHARGES_PER_ROUND}; {rounds.spread}",
    )
