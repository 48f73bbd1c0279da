"""Charges a second over HTTP, one node on PostgreSQL, beside pgbench with the same charge and with its own."""

import statistics

from benchmarks.harness import Figure, Goal, Limit, interleave_all, scratch_folder
from benchmarks.postgres_books import durable_server, fresh_database, write_postgres_books
from benchmarks.postgres_yardsticks import PgbenchCharges, PgbenchTpcb
from benchmarks.service_shop import ServedShop

GOAL = Goal(
    name="service_postgres",
    what="charges/s over HTTP, one node, PostgreSQL, 32 connections, 100,000 accounts",
    yardstick="pgbench with our own charge, 16 clients on the same server",
    words=">= 1.3 x; >= 1.5 x pgbench's TPC-B-like",
    limits=(Limit("ratio", "at least", 1.3), Limit("/ TPC-B-like", "at least", 1.5)),
)

MEMBERS = 33_334
CONNECTIONS = 32
CHARGES_PER_ROUND = 2_000


def run() -> Figure:
    """Load a node and, in turn, the server directly."""
    with scratch_folder("service_postgres") as folder, durable_server() as server:
        url = fresh_database(server, "points")
        write_postgres_books(url, MEMBERS)
        shop = ServedShop(folder / "engine", MEMBERS, database=url)
        bare, tpcb = PgbenchCharges(server, "points", folder, MEMBERS), PgbenchTpcb(server)

        def rate() -> float:
            outcome = shop.load(node, shop.charges(CHARGES_PER_ROUND), CONNECTIONS)
            return CHARGES_PER_ROUND / outcome.seconds

        with shop.node() as node:
            rounds = interleave_all(
                {
                    "service": rate,
                    "own charge": lambda: bare.run(CHARGES_PER_ROUND),
                    "TPC-B-like": lambda: tpcb.run(CHARGES_PER_ROUND),
                }
            )
        shop.close()
    value, own, standard = (
        statistics.median(rounds[name]) for name in ("service", "own charge", "TPC-B-like")
    )
    return GOAL.figure(value=value, unit="/s", yardstick=own, seen={"/ TPC-B-like": value / standard})
