"""What one charge costs where, for `benchmarks.scale_sim`: from measured figures where they are, else as said here."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.harness import Figure

BENCH_CORES = 2
"""Cores of the machine that the figures come from; caller, node and database share them there."""

DEFAULT_CHARGES_PER_SECOND = 2400.0
"""`service_postgres` where it was not measured: one node, 32 connections, durable, two cores for everything.

On a machine that does nothing else pgbench reaches 2,750 with our charge; the service was seen at 0.86 of pgbench.
"""
DEFAULT_COMMIT_MS = 0.4
"""The yardstick of `service_latency` where it was not measured: pages written and synced on the machine's disk."""
DEFAULT_ALONE_SHARE = 0.4
"""Charges that do not wait for each other reach this share of the rate (measured: 1,400 of 3,600 a second)."""
DEFAULT_HTTP_CPU_US = 100.0
"""`service_http` where it was not measured: CPU of the cheapest real route."""

_NODE_SHARE = 0.55
"""How much of a charge's CPU is the node's (HTTP, signature, JSON) and the caller's; the rest is PostgreSQL's."""
_BATCH_NODE_SHARE = 0.35
"""How much of a batch's own CPU is the node's (psycopg, the event loop); the rest is PostgreSQL's."""
_USUAL_BATCH = 16
"""Charges that went together when the rate was measured: half of the connections."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds. A charge takes `node_cpu` of a node's core and `database_cpu` of a database's core.

    A batch takes `batch_node_cpu` and `batch_database_cpu` besides, however many charges are in it, and all of them
    wait for one `commit`: the database's disk. `standby` is what the synchronous standby adds
    to it. `source` says where the numbers are from.
    """

    node_cpu: float
    database_cpu: float
    batch_node_cpu: float
    batch_database_cpu: float
    commit: float
    standby: float
    source: str


def costs_of(figures: Mapping[str, Figure], *, standby_seconds: float) -> Costs:
    """The costs that follow from figures by their names in ``results.json``; defaults stand in for missing ones.

    With all cores busy, cores / rate is what a charge costs of them altogether, with its part of a batch; what a charge
    alone costs more is the batch's. A commit is what the disk takes.
    """
    measured = [name for name in ("service_postgres", "service_latency", "service_http") if name in figures]
    rate = figures["service_postgres"].value if "service_postgres" in measured else DEFAULT_CHARGES_PER_SECOND
    commit_ms = figures["service_latency"].yardstick if "service_latency" in measured else DEFAULT_COMMIT_MS
    http_us = figures["service_http"].value if "service_http" in measured else DEFAULT_HTTP_CPU_US
    together, alone = BENCH_CORES / rate, BENCH_CORES / rate / DEFAULT_ALONE_SHARE
    batch = (alone - together) * _USUAL_BATCH / (_USUAL_BATCH - 1)
    charge = alone - batch
    node = min(max(http_us / 1e6, _NODE_SHARE * charge), 0.9 * charge)
    return Costs(
        node_cpu=node,
        database_cpu=charge - node,
        batch_node_cpu=_BATCH_NODE_SHARE * batch,
        batch_database_cpu=(1 - _BATCH_NODE_SHARE) * batch,
        commit=commit_ms / 1e3,
        standby=standby_seconds,
        source=f"measured here: {', '.join(measured)}" if measured else "documented defaults",
    )
