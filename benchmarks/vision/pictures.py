"""The set: for every kind, level, symbology and size so many pictures, each from a seed of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.vision.distortions import LEVELS, Kind, conditions, expose
from benchmarks.vision.phones import Look, draw_phone
from benchmarks.vision.scene import Pose, take
from benchmarks.vision.symbols import Picture8, Symbology

SIZES = ((640, 480), (1280, 720))
"""Width and height of the cameras' pictures."""

# How much of a picture's width and height a code and its phone may wander from the middle.
_WANDER = 0.06


@dataclass(frozen=True, slots=True)
class Case:
    """One picture's place in the set; `seed` and `number` choose its accidents."""

    kind: Kind
    level: int
    symbology: Symbology
    size: tuple[int, int]
    number: int
    seed: int

    def rng(self) -> np.random.Generator:
        """The generator of this picture alone: it does not matter which others are drawn, nor when."""
        words = f"{self.kind}/{self.level}/{self.symbology}/{self.size}/{self.number}/{self.seed}"
        return np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]))


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture, BGR, and the text that its code holds."""

    case: Case
    text: str
    picture: Picture8


def cases(
    seed: int,
    per_level: int,
    *,
    kinds: Sequence[Kind] = tuple(Kind),
    sizes: Sequence[tuple[int, int]] = SIZES,
    symbologies: Sequence[Symbology] = tuple(Symbology),
) -> Iterator[Case]:
    """Every case of the set with this seed. A plain picture has one level, the other kinds have six."""
    for size in sizes:
        for symbology in symbologies:
            for kind in kinds:
                for level in range(1, 2 if kind is Kind.PLAIN else LEVELS + 1):
                    for number in range(per_level):
                        yield Case(kind, level, symbology, size, number, seed)


def draw(case: Case) -> Sample:
    """The picture of a case: the same for the same case, on every machine with the same libraries."""
    rng = case.rng()
    # Not from 99 on: python-barcode takes a first pair 99 for the switch to set C, and leaves it out.
    text = f"{rng.integers(0, 99 * 10**16):018d}"
    under = conditions(rng, case.kind, case.level, case.symbology)
    phone = draw_phone(rng, text, case.symbology, Look.any(rng, is_dark=under.is_dark))
    pose = Pose(
        module_px=under.module_px * case.size[0] / 640 * (1.0 if case.size[0] == 640 else 0.8),
        rotation_degrees=under.rotation_degrees,
        tilt_degrees=under.tilt_degrees,
        axis_degrees=float(rng.uniform(0, 180)),
        centre=(0.5 + float(rng.uniform(-_WANDER, _WANDER)), 0.5 + float(rng.uniform(-_WANDER, _WANDER))),
    )
    return Sample(case, text, expose(rng, take(rng, phone, pose, case.size), under))
