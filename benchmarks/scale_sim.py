"""From one shop to a country, simulated: ``python -m benchmarks.scale_sim [--seed N] [--charges N]``.

A seeded discrete-event simulation of charges that come at random, nodes that gather what waits, and database clusters
that each own a share of the accounts. It takes its costs from the figures in ``benchmarks/results.json``, where they
were measured (`benchmarks.scale_costs`), and says so. It knows nothing of hot accounts, failures and networks between
continents: docs/scaling.md does.
"""

import argparse
import heapq
import random
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness import Results, percentile
from benchmarks.scale_costs import Costs, costs_of

RESULTS_PATH = Path(__file__).parent / "results.json"

BATCH_MOST = 64
DATABASE_CORES = 8
"""Of each cluster's primary. A node is one process and uses one core."""
LAYOUTS = (
    (1, 1, False), (1, 2, False), (1, 8, False), (4, 32, False), (4, 32, True), (16, 128, False), (16, 128, True),
)  # fmt: skip
"""Shards, nodes, and whether each node serves one shard alone."""
_COMMIT_SPREAD = 0.35
"""Sigma of the log-normal spread of a commit's time: p99 / median is then 2.3, as measured on disks."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How many database clusters share the accounts, and how many nodes the charges."""

    shards: int
    nodes: int
    is_apart: bool = False
    """Whether each node serves one shard alone, so that more charges wait together."""

    def bound(self, costs: Costs) -> float:
        """Charges a second that no load can exceed: all nodes' or all databases' cores are busy, all batches full."""
        node = costs.node_cpu + costs.batch_node_cpu / BATCH_MOST
        database = costs.database_cpu + costs.batch_database_cpu / BATCH_MOST
        return min(self.nodes / node, self.shards * DATABASE_CORES / database)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated load saw: charges a second that were answered, and milliseconds each took."""

    offered: float
    answered: float
    p50_ms: float
    p99_ms: float
    charges_per_commit: float


@dataclass(slots=True)
class _Lane:
    """One node's connection to one shard: one batch on its way, and who waits for the next."""

    node: int
    shard: int
    waiting: deque[float] = field(default_factory=deque)
    is_busy: bool = False


class Simulation:
    """One load on one layout, from the first charge to the last answer."""

    def __init__(self, layout: Layout, costs: Costs, seed: int) -> None:
        self._layout = layout
        self._costs = costs
        self._chance = random.Random(seed)
        self._node_free_at = [0.0] * layout.nodes
        self._cores_free_at = [[0.0] * DATABASE_CORES for _ in range(layout.shards)]
        self._lanes = [[_Lane(node, shard) for shard in range(layout.shards)] for node in range(layout.nodes)]
        self._events: list[tuple[float, int, _Lane, tuple[float, ...]]] = []
        self._serial = 0
        self._batches = 0

    def run(self, rate: float, charges: int) -> Outcome:
        """Offer `charges` at `rate` a second, at random moments, and wait for all answers."""
        latencies: list[float] = []
        came, last_answer = 0.0, 0.0
        left = charges
        next_at = self._chance.expovariate(rate)
        while left or self._events:
            if left and (not self._events or next_at <= self._events[0][0]):
                came = next_at
                self._arrive(came)
                left -= 1
                next_at += self._chance.expovariate(rate)
                continue
            now, _, lane, batch = heapq.heappop(self._events)
            if len(batch) == 1 and batch[0] < 0:
                lane.waiting.append(-batch[0])
            else:
                latencies += [now - began for began in batch]
                last_answer = now
                lane.is_busy = False
            self._commit_next(now, lane)
        return Outcome(
            offered=charges / came,
            answered=charges / last_answer,
            p50_ms=percentile(latencies, 0.5) * 1e3,
            p99_ms=percentile(latencies, 0.99) * 1e3,
            charges_per_commit=charges / self._batches,
        )

    def _arrive(self, now: float) -> None:
        node = self._chance.randrange(self._layout.nodes)
        shard = node if self._layout.is_apart else self._chance.randrange(self._layout.shards)
        shard %= self._layout.shards
        done = max(now, self._node_free_at[node]) + self._costs.node_cpu
        self._node_free_at[node] = done
        # Not a batch but a charge that the node has read by then: its time of arrival, below zero.
        self._push(done, self._lanes[node][shard], (-now,))

    def _commit_next(self, now: float, lane: _Lane) -> None:
        if lane.is_busy or not lane.waiting:
            return
        lane.is_busy = True
        batch = tuple(lane.waiting.popleft() for _ in range(min(BATCH_MOST, len(lane.waiting))))
        # A batch goes before the requests that nobody has read yet; those wait for as long.
        sent = now + self._costs.batch_node_cpu
        self._node_free_at[lane.node] = max(now, self._node_free_at[lane.node]) + self._costs.batch_node_cpu
        cores = self._cores_free_at[lane.shard]
        work = self._costs.batch_database_cpu + len(batch) * self._costs.database_cpu
        executed = max(sent, cores[0]) + work
        heapq.heapreplace(cores, executed)
        spread = self._chance.lognormvariate(0.0, _COMMIT_SPREAD)
        self._batches += 1
        self._push(executed + (self._costs.commit + self._costs.standby) * spread, lane, batch)

    def _push(self, at: float, lane: _Lane, batch: tuple[float, ...]) -> None:
        self._serial += 1
        heapq.heappush(self._events, (at, self._serial, lane, batch))


def highest(layout: Layout, costs: Costs, seed: int, charges: int) -> float:
    """Charges a second that a layout answers while far more are offered."""
    return Simulation(layout, costs, seed).run(2 * layout.bound(costs), charges).answered


def table_of(costs: Costs, seed: int, charges: int) -> Table:
    """Flood every layout, then offer it 70 % of what it answered; a row each."""
    table = Table(
        title=f"Charges by shards and nodes ({costs.source}; {DATABASE_CORES} cores a primary, one a node)",
        caption=(
            f"CPU a charge: node {costs.node_cpu * 1e6:.0f} us, database {costs.database_cpu * 1e6:.0f} us; "
            f"a batch: node {costs.batch_node_cpu * 1e6:.0f} us, database {costs.batch_database_cpu * 1e6:.0f} us; "
            f"commit {costs.commit * 1e3:.2f} ms, standby {costs.standby * 1e3:.2f} ms"
        ),
    )
    for column in (
        "shards",
        "nodes",
        "a node serves",
        "highest /s",
        "at 70 %: p50 ms",
        "p99 ms",
        "charges a commit",
    ):
        table.add_column(column, justify="right")
    for shards, nodes, is_apart in LAYOUTS:
        layout = Layout(shards, nodes, is_apart)
        most = highest(layout, costs, seed, charges)
        calm = Simulation(layout, costs, seed).run(0.7 * most, charges)
        table.add_row(
            str(shards),
            str(nodes),
            "one shard" if is_apart or shards == 1 else "all shards",
            f"{most:,.0f}",
            f"{calm.p50_ms:.1f}",
            f"{calm.p99_ms:.1f}",
            f"{calm.charges_per_commit:.1f}",
        )
    return table


def main(arguments: Sequence[str]) -> int:
    """Print the table; return 0, or 2 for arguments nobody knows."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale_sim", description="Charges by shards and nodes."
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--charges", type=int, default=40_000, help="simulated at each load (40,000)")
    parser.add_argument(
        "--standby-ms", type=float, default=0.5, help="what the synchronous standby adds (0.5)"
    )
    wanted = parser.parse_args(arguments)
    costs = costs_of(Results(RESULTS_PATH).read(), standby_seconds=wanted.standby_ms / 1e3)
    Console(width=None if sys.stdout.isatty() else 120).print(table_of(costs, wanted.seed, wanted.charges))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
