"""How many pictures a second become scans, from the capture on, beside capture and zxing-cpp in a bare loop."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder
from benchmarks.vision.contenders import read_by_zxing
from benchmarks.vision.distortions import Kind
from benchmarks.vision.pictures import Sample, cases, draw
from drivers.camera import Camera
from drivers.device import Health, State
from drivers.registry import open_device

GOAL = Goal(
    name="camera_fps",
    what="capture -> decode -> Scan at 1280 x 720 on one core",
    yardstick="capture and zxing-cpp alone in a loop",
    words=">= 30 fps, >= 0.8 x",
    limits=(Limit("ratio", "at least", 0.8), Limit("fps", "at least", 30.0)),
)

SEED = 20_261_123
PHONES = 8
"""Of each symbology; a cashier sees one after the other."""
FRAMES_EACH = 10
SIZE = (1280, 720)
ROUNDS = 7
WAIT_SECONDS = 60.0


def phones() -> list[Sample]:
    """Plain pictures of phones that zxing-cpp reads."""
    samples = (draw(case) for case in cases(SEED, PHONES, kinds=(Kind.PLAIN,), sizes=(SIZE,)))
    return [each for each in samples if read_by_zxing(each.picture, each.case.symbology) == [each.text]]


def film(file: Path, samples: list[Sample]) -> None:
    """Write the phones as a video: JPEG after JPEG, as a USB camera sends them."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 30, SIZE)
    for sample in samples:
        for _ in range(FRAMES_EACH):
            writer.write(sample.picture)
    writer.release()


@contextmanager
def one_core() -> Iterator[None]:
    """Keep all threads of this process to one core, where the system lets us."""
    cv2.setNumThreads(1)
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def by_driver(file: Path, samples: list[Sample]) -> Callable[[], float]:
    """Measure a round: the device plays the film, every picture of it, and delivers each phone once."""
    count = len(samples) * FRAMES_EACH

    def measure() -> float:
        texts: list[str] = []
        ends: queue.SimpleQueue[Health] = queue.SimpleQueue()
        device = open_device(f"camera:{file}?pace=every")
        if not isinstance(device, Camera):
            raise TypeError("the path is not a camera's")
        # The film shows the next phone where the last one was, with no moment between them.
        device.refuse_several(lambda _: False, texts.append)
        begun = time.perf_counter()
        device.start(
            lambda scan: texts.append(scan.text),
            lambda health: ends.put(health) if health.state is State.LOST else None,
        )
        ends.get(timeout=WAIT_SECONDS)
        took = time.perf_counter() - begun
        device.stop()
        if texts != [sample.text for sample in samples]:
            raise RuntimeError(f"{len(texts)} scans of {len(samples)} phones came, or not those")
        return count / took

    return measure


def barely(file: Path, samples: list[Sample]) -> Callable[[], float]:
    """Measure a round: read a picture, let zxing-cpp look at it, and again."""

    def measure() -> float:
        begun = time.perf_counter()
        capture = cv2.VideoCapture(str(file), cv2.CAP_FFMPEG)
        count = 0
        while True:
            is_read, picture = capture.read()
            if not is_read:
                break
            read_by_zxing(picture, samples[0].case.symbology)  # type: ignore[arg-type]  # OpenCV's type is wider
            count += 1
        capture.release()
        return count / (time.perf_counter() - begun)

    return measure


def run() -> Figure:
    """Measure the camera's device and the bare loop over the same film."""
    samples = phones()
    with scratch_folder("camera_fps") as folder, one_core():
        file = folder / "film.avi"
        film(file, samples)
        rounds = interleave(by_driver(file, samples), barely(file, samples), ROUNDS)
    return GOAL.figure(
        value=rounds.value,
        unit="fps",
        yardstick=rounds.yardstick_value,
        seen={"fps": rounds.value},
        note=f"{len(samples)} phones; {rounds.spread}",
    )
