"""The rates as a page: a table for each symbology and size, a row a kind, a column a level."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.vision.contenders import CONTENDERS, OURS
from benchmarks.vision.distortions import LEVELS, Kind
from benchmarks.vision.pictures import SIZES
from benchmarks.vision.rates import Cell, Rates
from benchmarks.vision.symbols import Symbology


def draw_page(rates: Rates, seed: int, per_level: int) -> str:
    """The tables in Markdown, each cell the contenders' counts in the order of the heading."""
    names = ", ".join(f"**{name}**" if name == OURS else name for name in CONTENDERS)
    count = sum(rates.pictures.values())
    heading = (
        f"Seed {seed}, {per_level} pictures a cell, {count} in all. A cell says how many of its pictures were read by "
        f"{names}, in this order. OpenCV reads no Code 128."
    )
    lines = [heading, "", *_totals(rates)]
    for symbology in Symbology:
        for size in SIZES:
            lines += ["", f"### {symbology}, {size[0]} x {size[1]}", "", *_table(rates, symbology, size)]
    return "\n".join(lines) + "\n"


def _totals(rates: Rates) -> Iterator[str]:
    yield f"| | {' | '.join(CONTENDERS)} | the best library of each cell |"
    yield "| --- |" + " ---: |" * (len(CONTENDERS) + 1)
    for symbology in Symbology:
        for size in SIZES:
            cells = rates.cells(symbology, size)
            shares = [f"{rates.share(name, cells):.1f} %" for name in CONTENDERS]
            best = f"{rates.best_share(cells):.1f} %"
            yield f"| {symbology}, {size[0]} x {size[1]} | {' | '.join(shares)} | {best} |"
    wrong = [str(rates.wrong_texts(name)) for name in CONTENDERS]
    yield f"| pictures with a wrong text | {' | '.join(wrong)} | |"


def _table(rates: Rates, symbology: Symbology, size: tuple[int, int]) -> Iterator[str]:
    yield "| |" + "".join(f" {level} |" for level in range(1, LEVELS + 1))
    yield "| --- |" + " --- |" * LEVELS
    for kind in Kind:
        cells = [Cell(symbology, size, kind, level) for level in range(1, LEVELS + 1)]
        counts = (_counts(rates, cell) if cell in rates.pictures else "" for cell in cells)
        yield f"| {kind} | {' | '.join(counts)} |"


def _counts(rates: Rates, cell: Cell) -> str:
    seen = [(name, rates.right[cell, name]) for name in CONTENDERS]
    return " ".join(f"**{count}**" if name == OURS else str(count) for name, count in seen)
