"""The slowest charges in a hundred beside the usual one, when requests come at 70 % of what the node can take."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.embedded_books import write_books
from benchmarks.harness import LEAST_ROUNDS, Figure, Goal, Limit, percentile, scratch_folder
from benchmarks.postgres_books import durable_server, fresh_database, write_postgres_books
from benchmarks.service_shop import ServedShop

GOAL = Goal(
    name="service_tail",
    what="p99 of a charge over HTTP at 70 % of the highest load, SQLite",
    yardstick="p50 of the same charges",
    words="<= 4 x; PostgreSQL <= 4 x",
    limits=(Limit("ratio", "at most", 4.0), Limit("PostgreSQL p99 / p50", "at most", 4.0)),
)

MEMBERS = 33_334
CONNECTIONS = 32
SHARE = 0.7
CHARGES_PER_ROUND = 2_000


def run() -> Figure:
    """Find each node's highest rate, then let charges come at 70 % of it, whether or not the node keeps up."""
    with scratch_folder("service_tail") as folder:
        with _on_sqlite(folder) as shop:
            near = _measured(shop)
        with _on_postgres(folder) as shop:
            far = _measured(shop)
    return GOAL.figure(
        value=near[1],
        unit="ms",
        yardstick=near[0],
        seen={"PostgreSQL p99 / p50": far[1] / far[0]},
        note=f"PostgreSQL {far[0]:.2f} and {far[1]:.2f} ms",
    )


@contextmanager
def _on_sqlite(folder: Path) -> Iterator[ServedShop]:
    write_books(folder / "sqlite", 3 * MEMBERS)
    shop = ServedShop(folder / "sqlite", MEMBERS)
    yield shop
    shop.close()


@contextmanager
def _on_postgres(folder: Path) -> Iterator[ServedShop]:
    with durable_server() as server:
        url = fresh_database(server, "points")
        write_postgres_books(url, MEMBERS)
        shop = ServedShop(folder / "postgres", MEMBERS, database=url)
        yield shop
        shop.close()


def _measured(shop: ServedShop) -> tuple[float, float]:
    """p50 and p99 in ms, the medians of the rounds."""
    seen = []
    with shop.node() as node:
        shop.load(node, shop.charges(CHARGES_PER_ROUND), CONNECTIONS)
        for _ in range(LEAST_ROUNDS):
            highest = (
                CHARGES_PER_ROUND / shop.load(node, shop.charges(CHARGES_PER_ROUND), CONNECTIONS).seconds
            )
            charges = shop.charges(CHARGES_PER_ROUND)
            ms = shop.load(node, charges, CONNECTIONS, rate=SHARE * highest).ms
            seen.append((percentile(ms, 0.5), percentile(ms, 0.99)))
    return statistics.median(p50 for p50, _ in seen), statistics.median(p99 for _, p99 in seen)
