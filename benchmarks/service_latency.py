"""How long a charge over HTTP takes when nobody else charges: on SQLite and on PostgreSQL, beside the disk."""

import statistics

from benchmarks.embedded_books import write_books
from benchmarks.embedded_yardsticks import DiskSync
from benchmarks.harness import Figure, Goal, Limit, interleave_all, scratch_folder, time_each_ms
from benchmarks.postgres_books import durable_server, fresh_database, write_postgres_books
from benchmarks.service_shop import Node, ServedShop

GOAL = Goal(
    name="service_latency",
    what="a charge over HTTP, one client, median, SQLite",
    yardstick="L: 8 page writes and an fdatasync on the same disk",
    words="<= 3.2 x; PostgreSQL <= 4 x",
    limits=(Limit("ratio", "at most", 3.2), Limit("PostgreSQL / L", "at most", 4.0)),
)

MEMBERS = 33_334
CHARGES_PER_ROUND = 200
ROUNDS = 7


def run() -> Figure:
    """One client at either node, one charge after the other, and the disk, in turn."""
    with scratch_folder("service_latency") as folder, durable_server() as server:
        write_books(folder / "sqlite", 3 * MEMBERS)
        url = fresh_database(server, "points")
        write_postgres_books(url, MEMBERS)
        embedded, remote = (
            ServedShop(folder / "sqlite", MEMBERS),
            ServedShop(folder / "postgres", MEMBERS, database=url),
        )
        disk = DiskSync(folder / "disk")

        def median_ms(shop: ServedShop, node: Node) -> float:
            return statistics.median(shop.load(node, shop.charges(CHARGES_PER_ROUND), 1).ms)

        with embedded.node() as embedded_node, remote.node() as remote_node:
            rounds = interleave_all(
                {
                    "SQLite": lambda: median_ms(embedded, embedded_node),
                    "PostgreSQL": lambda: median_ms(remote, remote_node),
                    "L": lambda: statistics.median(time_each_ms(disk.write, CHARGES_PER_ROUND)),
                },
                ROUNDS,
            )
        for shop in (embedded, remote):
            shop.close()
        disk.close()
    value, far, yardstick = (statistics.median(rounds[name]) for name in ("SQLite", "PostgreSQL", "L"))
    return GOAL.figure(value=value, unit="ms", yardstick=yardstick, seen={"PostgreSQL / L": far / yardstick})
