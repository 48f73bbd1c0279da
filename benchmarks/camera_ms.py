"""How long a frame takes that can be read as it is, beside zxing-cpp alone on the same frames."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import cv2

from benchmarks.harness import Figure, Goal, Limit, interleave, percentile, time_each_ms
from benchmarks.vision.contenders import Contender, read_by_till, read_by_zxing
from benchmarks.vision.pictures import SIZES, Sample, cases, draw
from benchmarks.vision.rates import SEED

GOAL = Goal(
    name="camera_ms",
    what="median ms of a readable frame, 640 x 480",
    yardstick="zxing-cpp alone on the same frames",
    words="<= 1.3 x",
    limits=(Limit("ratio", "at most", 1.3),),
)

PER_LEVEL = 1
ROUNDS = 11


def readable_frames() -> tuple[list[Sample], list[Sample]]:
    """The pictures of the set, 640 x 480, that zxing-cpp reads alone, and the ones that nobody here reads."""
    samples = [draw(case) for case in cases(SEED, PER_LEVEL, sizes=SIZES[:1])]
    readable = [each for each in samples if each.text in read_by_zxing(each.picture, each.case.symbology)]
    lost = [each for each in samples if not read_by_till(each.picture, each.case.symbology)]
    return readable, lost


def median_ms(read: Contender, samples: Sequence[Sample]) -> Callable[[], float]:
    """Measure a round: every frame once."""

    def read_one(number: int) -> None:
        read(samples[number].picture, samples[number].case.symbology)

    return lambda: statistics.median(time_each_ms(read_one, len(samples)))


def run() -> Figure:
    """Measure the till's room and zxing-cpp; both get the frame in colour, as a camera gives it, and one processor."""
    cv2.setNumThreads(1)
    readable, lost = readable_frames()
    rounds = interleave(median_ms(read_by_till, readable), median_ms(read_by_zxing, readable), ROUNDS)
    lost_ms = time_each_ms(
        lambda number: read_by_till(lost[number].picture, lost[number].case.symbology), len(lost)
    )
    note = f"{len(readable)} frames; {rounds.spread}"
    if lost_ms:
        note += f"; of {len(lost)} that nobody read {percentile(lost_ms, 1.0):.0f} ms at most"
    return GOAL.figure(value=rounds.value, unit="ms", yardstick=rounds.yardstick_value, note=note)
