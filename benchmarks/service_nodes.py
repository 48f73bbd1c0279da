"""Two nodes on one PostgreSQL beside one: what another node brings, where there are processors for it."""

import os
import statistics
from concurrent.futures import ThreadPoolExecutor

from benchmarks.harness import Figure, Goal, interleave_all, scratch_folder
from benchmarks.postgres_books import durable_server, fresh_database, write_postgres_books
from benchmarks.service_load import write_requests
from benchmarks.service_shop import Node, ServedShop, run_load

GOAL = Goal(
    name="service_nodes",
    what="charges/s over HTTP, two nodes on one PostgreSQL, 32 connections to each",
    yardstick="one node, 32 connections",
    words="none: it shows the machine's processors as much as the engine",
    limits=(),
)

MEMBERS = 33_334
CONNECTIONS = 32
CHARGES_PER_ROUND = 2_000


def run() -> Figure:
    """Load one node, then both at once, in turn."""
    with scratch_folder("service_nodes") as folder, durable_server() as server:
        url = fresh_database(server, "points")
        write_postgres_books(url, MEMBERS)
        shop = ServedShop(folder / "engine", MEMBERS, database=url)

        def rate(*nodes: Node) -> float:
            files = [folder / f"requests-{place}" for place in range(len(nodes))]
            for file in files:
                write_requests(file, shop.charges(CHARGES_PER_ROUND))
            with ThreadPoolExecutor(len(nodes)) as threads:
                loads = [
                    threads.submit(run_load, node, file, CONNECTIONS, 0)
                    for node, file in zip(nodes, files, strict=True)
                ]
            outcomes = [load.result() for load in loads]
            assert all(outcome.outcomes == {"paid": CHARGES_PER_ROUND} for outcome in outcomes)
            return len(nodes) * CHARGES_PER_ROUND / max(outcome.seconds for outcome in outcomes)

        with shop.node() as one, shop.node() as other:
            rounds = interleave_all({"two": lambda: rate(one, other), "one": lambda: rate(one)})
        shop.close()
    return GOAL.figure(
        value=statistics.median(rounds["two"]),
        unit="/s",
        yardstick=statistics.median(rounds["one"]),
        note=f"{os.cpu_count()} processors for the nodes, the database and the load together",
    )
