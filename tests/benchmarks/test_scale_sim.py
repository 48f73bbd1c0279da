"""The simulation of many shards: what goes in comes out, nothing exceeds what the cores can do, the seed decides."""

import io

import pytest
from rich.console import Console

from benchmarks.harness import Figure
from benchmarks.scale_costs import BENCH_CORES, Costs, costs_of
from benchmarks.scale_sim import BATCH_MOST, DATABASE_CORES, LAYOUTS, Layout, Simulation, highest, table_of

COSTS = Costs(
    node_cpu=0.0002, database_cpu=0.0001, batch_node_cpu=0.0003, batch_database_cpu=0.0006, commit=0.001,
    standby=0.0005, source="a test",
)  # fmt: skip
CHARGES = 4_000


def figure(value: float, yardstick: float = 1.0) -> Figure:
    """A measured figure of which only the value and the yardstick count."""
    return Figure(value=value, unit="", yardstick=yardstick, ratio=value, goal="", met=True, note="")


def test_the_same_seed_sees_the_same() -> None:
    """Two runs of one seed are equal; another seed differs."""
    layout = Layout(2, 4)
    first, again, other = (Simulation(layout, COSTS, seed).run(2_000, CHARGES) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("layout", [Layout(1, 2), Layout(2, 8), Layout(2, 8, is_apart=True)])
def test_a_calm_load_is_answered_as_it_comes(layout: Layout) -> None:
    """Well below its highest rate a layout answers what is offered, and no charge is faster than its parts."""
    outcome = Simulation(layout, COSTS, 1).run(0.3 * highest(layout, COSTS, 1, CHARGES), CHARGES)
    assert outcome.answered == pytest.approx(outcome.offered, rel=0.05)
    parts = COSTS.node_cpu + COSTS.database_cpu + COSTS.batch_node_cpu + COSTS.batch_database_cpu
    assert outcome.p50_ms > parts * 1e3
    assert outcome.p99_ms >= outcome.p50_ms


@pytest.mark.parametrize("layout", [Layout(1, 2), Layout(1, 16), Layout(4, 16), Layout(4, 16, is_apart=True)])
def test_a_flood_is_answered_as_fast_as_the_cores_can(layout: Layout) -> None:
    """Offered far too much, no layout answers more than its cores can, and none wastes most of them."""
    answered = highest(layout, COSTS, 1, CHARGES * layout.shards)
    assert 0.4 * layout.bound(COSTS) < answered <= layout.bound(COSTS) * 1.001


def test_what_waits_goes_together() -> None:
    """The busier, the more charges share a commit."""
    layout = Layout(1, 2)
    calm, busy = (Simulation(layout, COSTS, 1).run(rate, CHARGES) for rate in (50, 5_000))
    assert calm.charges_per_commit < 1.1
    assert busy.charges_per_commit > 2


def test_nodes_that_keep_to_one_shard_gather_more() -> None:
    """Spread over all shards, the same nodes' charges wait for each other less, and each commit carries fewer."""
    apart, spread = (
        Simulation(Layout(8, 32, is_apart), COSTS, 1).run(30_000, CHARGES) for is_apart in (True, False)
    )
    assert apart.charges_per_commit > spread.charges_per_commit


@pytest.mark.parametrize(
    ("layout", "bound"),
    [
        (Layout(1, 2), 2 / (COSTS.node_cpu + COSTS.batch_node_cpu / BATCH_MOST)),
        (Layout(1, 1_000), DATABASE_CORES / (COSTS.database_cpu + COSTS.batch_database_cpu / BATCH_MOST)),
        (Layout(3, 1_000), 3 * DATABASE_CORES / (COSTS.database_cpu + COSTS.batch_database_cpu / BATCH_MOST)),
    ],
)
def test_the_narrower_side_is_the_bound(layout: Layout, bound: float) -> None:
    """Few nodes are limited by their own cores, many by the databases'."""
    assert bound == pytest.approx(layout.bound(COSTS))


def test_measured_figures_decide_the_costs() -> None:
    """What was measured is used: all cores' time at the highest rate, and what the disk takes."""
    costs = costs_of(
        {"service_postgres": figure(4_000), "service_latency": figure(2.0, 0.3), "service_http": figure(120)},
        standby_seconds=0.001,
    )
    charge, batch = costs.node_cpu + costs.database_cpu, costs.batch_node_cpu + costs.batch_database_cpu
    assert charge + batch / 16 == pytest.approx(BENCH_CORES / 4_000)
    assert costs.node_cpu >= 120e-6
    assert costs.commit == pytest.approx(0.0003)
    assert costs.standby == 0.001
    assert "service_postgres" in costs.source


def test_without_figures_the_defaults_are_named() -> None:
    """Nobody takes the defaults for measurements."""
    assert costs_of({}, standby_seconds=0.0).source == "documented defaults"


def test_the_table_has_a_row_for_every_layout() -> None:
    """All of it can be printed, in a moment."""
    out = io.StringIO()
    Console(file=out, width=140).print(table_of(COSTS, 1, 300))
    assert all(f" {nodes} " in out.getvalue() for _, nodes, _ in LAYOUTS)
