"""Measure every figure, or the named ones: ``python -m benchmarks [NAME ...]``.

Each benchmark runs in a process of its own, so that none warms or burdens the next one. What it saw is printed as a
table and merged into ``benchmarks/results.json``. A figure that falls short is printed as such and is no error; a
benchmark that breaks is one, and the rest still run.
"""

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.harness import Figure, Goal, Results

BENCHMARKS = (
    "camera_fps",
    "camera_ms",
    "camera_rate",
    "embedded_charge",
    "embedded_charge_sync",
    "embedded_charges_16",
    "embedded_growth",
    "expiry_run",
    "import_members",
    "pin_check",
    "push_ms",
    "scan_latency",
    "scan_to_result",
    "service_growth",
    "service_http",
    "service_latency",
    "service_nodes",
    "service_postgres",
    "service_sqlite",
    "service_tail",
    "till_start",
    "verify_ledger",
)
"""Every benchmark, in the order they run: ``name`` is the module ``benchmarks.<name>``."""

RESULTS_PATH = Path(__file__).parent / "results.json"

# Narrower than this, a table of seven columns breaks in the middle of numbers.
TABLE_WIDTH = 150


class Benchmark(Protocol):
    """What a module ``benchmarks/<name>.py`` offers."""

    GOAL: Goal

    def run(self) -> Figure:
        """Measure subject and yardstick, interleaved, and judge them by the goal."""


def load(name: str) -> Benchmark:
    """Import the module of a listed benchmark."""
    return cast(Benchmark, importlib.import_module(f"benchmarks.{name}"))


def measure_here(name: str, results: Results) -> None:
    """Run one benchmark in this process and store its figure."""
    results.merge(name, load(name).run())


def measure_apart(name: str) -> bool:
    """Run one benchmark in a process of its own, without a display; say whether it came through."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    command = [sys.executable, "-m", "benchmarks", "--here", name]
    return subprocess.run(command, env=environment, check=False).returncode == 0


def draw_table(figures: Mapping[str, tuple[Goal, Figure]], broken: Sequence[str]) -> Table:
    """Lay out the figures, one row each; a benchmark that broke has a row that says so."""
    table = Table(title="Figures")
    for column in ("name", "what", "value", "yardstick", "ratio", "goal", "met", "note"):
        table.add_column(column, no_wrap=column in {"name", "value", "yardstick", "ratio"})
    for name, (goal, figure) in figures.items():
        table.add_row(
            name,
            Text.assemble(goal.what, "\n", (f"against {goal.yardstick}", "dim")),
            f"{figure.value:.4g} {figure.unit}",
            f"{figure.yardstick:.4g} {figure.unit}",
            f"{figure.ratio:.2f} x",
            Text(figure.goal),
            Text("yes", "green") if figure.met else Text("NO, falls short", "bold red"),
            Text(figure.note),
        )
    for name in broken:
        table.add_row(name, "", "", "", "", "", Text("BROKE", "bold red"), "see the traceback above")
    return table


def main(arguments: Sequence[str]) -> int:
    """Measure, print and store; return 0, 1 when a benchmark broke, or 2 for a name nobody knows."""
    here, names = arguments[:1] == ["--here"], [name for name in arguments if name != "--here"]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}\n")
        return 2
    results = Results(RESULTS_PATH)
    if here:
        for name in names:
            measure_here(name, results)
        return 0
    chosen = [name for name in BENCHMARKS if not names or name in names]
    broken = []
    for name in chosen:
        sys.stderr.write(f"measuring {name} ...\n")
        if not measure_apart(name):
            broken.append(name)
    stored = results.read()
    console = Console(width=None if sys.stdout.isatty() else TABLE_WIDTH)
    measured = {name: (load(name).GOAL, stored[name]) for name in chosen if name not in broken}
    console.print(draw_table(measured, broken))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
