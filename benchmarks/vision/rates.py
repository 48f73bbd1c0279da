"""How many pictures of the set each contender reads, cell by cell: kind, level, symbology and size."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2

from benchmarks.vision.contenders import CONTENDERS, OURS
from benchmarks.vision.distortions import Kind
from benchmarks.vision.pictures import Case, cases, draw
from benchmarks.vision.symbols import Symbology

SEED = 20_301
"""The set that is reported. The room was made on other seeds."""

PER_LEVEL = 4

# Enough that the workers never wait, few enough that they end together.
_PICTURES_AT_ONCE = 8


class Cell(NamedTuple):
    """One place in the table."""

    symbology: Symbology
    size: tuple[int, int]
    kind: Kind
    level: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one picture: who read its code, and who read something else in it."""

    cell: Cell
    right: frozenset[str]
    wrong: frozenset[str]


@dataclass
class Rates:
    """The counts of all cells: `pictures[cell]`, `right[cell, contender]` and `wrong[cell, contender]`."""

    pictures: Counter[Cell] = field(default_factory=Counter)
    right: Counter[tuple[Cell, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[Cell, str]] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        """Count one picture."""
        self.pictures[verdict.cell] += 1
        self.right.update((verdict.cell, name) for name in verdict.right)
        self.wrong.update((verdict.cell, name) for name in verdict.wrong)

    def cells(self, symbology: Symbology | None = None, size: tuple[int, int] | None = None) -> list[Cell]:
        """The cells of a symbology and a size, or of all of them."""
        return [
            cell
            for cell in self.pictures
            if symbology in {None, cell.symbology} and size in {None, cell.size}
        ]

    def share(self, name: str, cells: Iterable[Cell]) -> float:
        """How many of the pictures of some cells a contender read, in per cent."""
        chosen = list(cells)
        read = sum(self.right[cell, name] for cell in chosen)
        return 100.0 * read / sum(self.pictures[cell] for cell in chosen)

    def best_alone(self, cell: Cell) -> int:
        """How many pictures of a cell the best single library read."""
        return max(self.right[cell, name] for name in CONTENDERS if name != OURS)

    def best_share(self, cells: Iterable[Cell]) -> float:
        """What one would read who always knew which library to ask, in per cent."""
        chosen = list(cells)
        read = sum(self.best_alone(cell) for cell in chosen)
        return 100.0 * read / sum(self.pictures[cell] for cell in chosen)

    def cells_below_the_best(self) -> list[Cell]:
        """Where a single library read more than the till."""
        return [cell for cell in self.pictures if self.right[cell, OURS] < self.best_alone(cell)]

    def wrong_texts(self, name: str) -> int:
        """In how many pictures a contender read a text that is not there."""
        return sum(count for (_, who), count in self.wrong.items() if who == name)


def judge(case: Case) -> Verdict:
    """Draw a picture and let everybody read it."""
    sample = draw(case)
    texts = {name: read(sample.picture, case.symbology) for name, read in CONTENDERS.items()}
    return Verdict(
        Cell(case.symbology, case.size, case.kind, case.level),
        right=frozenset(name for name, seen in texts.items() if sample.text in seen),
        wrong=frozenset(name for name, seen in texts.items() if set(seen) - {sample.text}),
    )


def measure(chosen: Sequence[Case]) -> Rates:
    """Judge pictures on all processors; who reads what does not depend on how long it takes."""
    rates = Rates()
    for verdict in _verdicts(chosen):
        rates.add(verdict)
    return rates


def measure_set(seed: int = SEED, per_level: int = PER_LEVEL) -> Rates:
    """Judge the whole set."""
    return measure(list(cases(seed, per_level)))


def _verdicts(chosen: Sequence[Case]) -> Iterator[Verdict]:
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count() or 1, cv2.setNumThreads, (1,)) as pool:
        yield from pool.imap(judge, chosen, _PICTURES_AT_ONCE)
