"""How much slower a charge over HTTP is on PostgreSQL when a million accounts and ten million rows lie behind it."""

import os
import statistics

from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder
from benchmarks.postgres_books import durable_server, fresh_database, write_postgres_books
from benchmarks.service_shop import Node, ServedShop

GOAL = Goal(
    name="service_growth",
    what="a charge over HTTP, one client, median, PostgreSQL, 1,000,000 accounts and 10,000,000 rows of history",
    yardstick="at 1,000 accounts and no history",
    words="<= 1.15 x",
    limits=(Limit("ratio", "at most", 1.15),),
)

MEMBERS, FEW_MEMBERS = 333_334, 334
HISTORY = int(os.environ.get("BENCH_HISTORY_ROWS", "10000000"))
"""Writing them takes some minutes; with fewer the note says so."""
CHARGES_PER_ROUND = 200
ROUNDS = 15


def run() -> Figure:
    """One client at either node, in turn; members are far apart, so that their pages are cold."""
    with scratch_folder("service_growth") as folder, durable_server() as server:
        shops = []
        for name, members, history in (("many", MEMBERS, HISTORY), ("few", FEW_MEMBERS, 0)):
            url = fresh_database(server, name)
            write_postgres_books(url, members, history)
            shops.append(ServedShop(folder / name, members, database=url))
        many, few = shops

        def median_ms(shop: ServedShop, node: Node) -> float:
            return statistics.median(shop.load(node, shop.charges(CHARGES_PER_ROUND), 1).ms)

        with many.node() as many_node, few.node() as few_node:
            rounds = interleave(lambda: median_ms(many, many_node), lambda: median_ms(few, few_node), ROUNDS)
        for shop in shops:
            shop.close()
    return GOAL.figure(
        value=rounds.value, unit="ms", yardstick=rounds.yardstick_value,
        note=f"{HISTORY:,} rows of history; {rounds.spread}",
    )  # fmt: skip
