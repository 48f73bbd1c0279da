"""Charges a second over HTTP, one node on SQLite, beside what its disk could do at most and beside no gathering."""

import statistics
import time

from benchmarks.embedded_books import write_books
from benchmarks.embedded_yardsticks import DiskSync
from benchmarks.harness import Figure, Goal, Limit, interleave_all, scratch_folder
from benchmarks.service_shop import Node, ServedShop
from points_engine.amounts import Asset

GOAL = Goal(
    name="service_sqlite",
    what="charges/s over HTTP, one node, SQLite, 32 connections, 100,000 accounts",
    yardstick="L: 8 page writes and an fdatasync on the same disk",
    words=">= 0.75 x; >= 2 x one commit per request",
    limits=(Limit("ratio", "at least", 0.75), Limit("/ one commit per request", "at least", 2.0)),
)

ACCOUNTS = 100_000
CONNECTIONS = 32
CHARGES_PER_ROUND = 2_000
ALONE_PER_ROUND = 1_000
WRITES_PER_ROUND = 1_000


def run() -> Figure:
    """Load a node that lets charges share a commit, one that does not, and the disk, in turn."""
    with scratch_folder("service_sqlite") as folder:
        write_books(folder / "engine", ACCOUNTS)
        shop = ServedShop(folder / "engine", ACCOUNTS // len(Asset))
        disk = DiskSync(folder / "disk")

        def rate(node: Node, count: int) -> float:
            outcome = shop.load(node, shop.charges(count), CONNECTIONS)
            return count / outcome.seconds

        with shop.node() as together, shop.node({"POINTS_ENGINE_SERVICE_CHARGES_TOGETHER": "1"}) as alone:
            rounds = interleave_all(
                {
                    "together": lambda: rate(together, CHARGES_PER_ROUND),
                    "alone": lambda: rate(alone, ALONE_PER_ROUND),
                    "L": lambda: writes_a_second(disk, WRITES_PER_ROUND),
                }
            )
        shop.close()
        disk.close()
    value, alone_value, yardstick = (statistics.median(rounds[name]) for name in ("together", "alone", "L"))
    return GOAL.figure(
        value=value,
        unit="/s",
        yardstick=yardstick,
        seen={"/ one commit per request": value / alone_value},
    )


def writes_a_second(disk: DiskSync, count: int) -> float:
    """L's rate."""
    start = time.perf_counter()
    for number in range(count):
        disk.write(number)
    return count / (time.perf_counter() - start)
