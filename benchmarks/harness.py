"""The frame of all figures: what a benchmark is, how it is measured against its yardstick, how it is judged.

A benchmark is a module ``benchmarks/<name>.py`` with a ``GOAL`` and a ``run() -> Figure``. It measures its subject
and its yardstick in the same process, in interleaved rounds, and reports medians: a machine that slows down for a
moment slows both. Only the ratios travel from one machine to another.
"""

import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

LEAST_ROUNDS = 5

OUT_FOLDER = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound a figure is held to, such as ``Limit("p99 / median", "at most", 3.0)``.

    ``measure`` is the name under which `Goal.figure` is told what was seen; ``"ratio"`` is value / yardstick.
    """

    measure: str
    sense: Literal["at most", "at least"]
    bound: float

    def holds(self, seen: float) -> bool:
        """Say whether a measured number keeps to the bound."""
        return seen <= self.bound if self.sense == "at most" else seen >= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run of a benchmark saw: ``value`` and ``yardstick`` in ``unit``, and whether the goal was met."""

    value: float
    unit: str
    yardstick: float
    ratio: float
    goal: str
    met: bool
    note: str


@dataclass(frozen=True, slots=True)
class Goal:
    """What a benchmark promises: ``what`` against ``yardstick``, in ``words`` and as checked ``limits``."""

    name: str
    what: str
    yardstick: str
    words: str
    limits: tuple[Limit, ...]

    def figure(
        self,
        *,
        value: float,
        unit: str,
        yardstick: float,
        seen: Mapping[str, float] | None = None,
        note: str = "",
    ) -> Figure:
        """Judge a measurement: the goal is met when every limit holds.

        ``seen`` gives the measures other than ``"ratio"`` that the limits name; they are put into the note too.
        Raises ValueError when a limit's measure is missing, or when a measure is given that no limit names.
        """
        ratio = value / yardstick
        measures = {"ratio": ratio, **(seen or {})}
        named = {limit.measure for limit in self.limits}
        if missing := named - measures.keys():
            raise ValueError(f"{self.name}: nothing was measured for {sorted(missing)}")
        if unknown := measures.keys() - named - {"ratio"}:
            raise ValueError(f"{self.name}: no limit names {sorted(unknown)}")
        extra = [f"{measure} {number:.3g}" for measure, number in (seen or {}).items()]
        return Figure(
            value=value,
            unit=unit,
            yardstick=yardstick,
            ratio=ratio,
            goal=self.words,
            met=all(limit.holds(measures[limit.measure]) for limit in self.limits),
            note="; ".join(filter(None, [*extra, note])),
        )


@dataclass(frozen=True, slots=True)
class Rounds:
    """What interleaved rounds of a subject and its yardstick returned, in the order they ran."""

    subject: tuple[float, ...]
    yardstick: tuple[float, ...]

    @property
    def value(self) -> float:
        """The subject's median over the rounds."""
        return statistics.median(self.subject)

    @property
    def yardstick_value(self) -> float:
        """The yardstick's median over the rounds."""
        return statistics.median(self.yardstick)

    @property
    def spread(self) -> str:
        """The lowest and highest ratio of a single round, for a figure's note."""
        ratios = [mine / theirs for mine, theirs in zip(self.subject, self.yardstick, strict=True)]
        return f"rounds {min(ratios):.2f}-{max(ratios):.2f} x"


def interleave(
    subject: Callable[[], float], yardstick: Callable[[], float], rounds: int = LEAST_ROUNDS
) -> Rounds:
    """Measure a subject and its yardstick in turn; each call measures one round and returns its number.

    One round of each is run first and thrown away: it fills the caches.
    """
    seen = interleave_all({"subject": subject, "yardstick": yardstick}, rounds)
    return Rounds(seen["subject"], seen["yardstick"])


def interleave_all(
    contenders: Mapping[str, Callable[[], float]], rounds: int = LEAST_ROUNDS
) -> dict[str, tuple[float, ...]]:
    """Measure several contenders in turn, the order turned round every other round, after one round thrown away.

    Raises ValueError for fewer than five rounds.
    """
    if rounds < LEAST_ROUNDS:
        raise ValueError(f"a figure takes at least {LEAST_ROUNDS} rounds, not {rounds}")
    order = list(contenders)
    seen: dict[str, list[float]] = {name: [] for name in order}
    for name in order:
        contenders[name]()
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            seen[name].append(contenders[name]())
    return {name: tuple(numbers) for name, numbers in seen.items()}


def time_each_ms(action: Callable[[int], object], count: int) -> list[float]:
    """Call ``action(0)`` to ``action(count - 1)`` and return the milliseconds each call took."""
    durations_ms = []
    for number in range(count):
        start = time.perf_counter_ns()
        action(number)
        durations_ms.append((time.perf_counter_ns() - start) / 1e6)
    return durations_ms


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least ``share`` (0 < share <= 1) of the samples do not exceed."""
    if not samples:
        raise ValueError("no samples, no percentile")
    if not 0 < share <= 1:
        raise ValueError(f"a percentile's share lies above 0 and up to 1, not {share}")
    ordered = sorted(samples)
    # Rounded before the ceiling: 0.07 * 100 is a little over 7 in binary.
    return ordered[math.ceil(round(share * len(ordered), 6)) - 1]


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """Give a fresh folder on the checkout's own disk and remove it afterwards.

    Not the system's temporary folder: where that is in memory, a durable write costs nothing and means nothing.
    """
    OUT_FOLDER.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=OUT_FOLDER))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Results:
    """The file in which the figures travel: one object per benchmark, in alphabetical order."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Figure]:
        """Return the stored figures by name; none when there is no file yet.

        Raises ValueError, naming the file, when it does not hold figures.
        """
        if not self._path.exists():
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Figure])
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"{self._path} does not hold figures ({error}); remove it and measure again"
            ) from error

    def merge(self, name: str, figure: Figure) -> None:
        """Store one figure and leave the others as they are; a crash leaves the old file or the new one."""
        figures = {**self.read(), name: figure}
        text = msgspec.json.format(msgspec.json.encode(dict(sorted(figures.items()))), indent=2)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(text + b"\n")
        fresh.replace(self._path)
