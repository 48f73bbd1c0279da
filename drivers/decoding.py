"""Pixels -> scans: every code in a picture that can be read for sure, and where it is.

zxing-cpp reads first, for it is the fastest and the surest. When it reads nothing, the picture is searched for what
looks like a code, and that is straightened and sharpened; pyzbar, where it is installed, is the second opinion, and
reads alone where zxing-cpp is not (docs/adr/0040-how-a-picture-is-read.md).

The same picture gives the same codes, unless a caller's budget cuts the search short.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.scan import Scan
from drivers.vision.pixels import Corners, Pixels, Roi, grey_of
from drivers.vision.readers import FORMATS, Format, Read, Readers, load_readers

TRANSPORT = "camera"
"""The transport of every scan from a picture."""

_LEAST_SIDE = 16

Budget = Callable[[], bool]
"""Says whether there is time for one more attempt; an attempt that has begun is finished."""


class Seconds:
    """A budget of so many seconds of this thread's own work, from now on; other programs do not use it up."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def __call__(self) -> bool:
        """Whether some of it is left."""
        return self._clock() < self._end


@dataclass(frozen=True, slots=True)
class Found:
    """A code in a picture: what it says, and its corners (4, 2) in the picture's pixels."""

    scan: Scan
    corners: Corners


def decode(
    image: NDArray[Any],
    *,
    formats: Collection[Format] = FORMATS,
    roi: Roi | None = None,
    budget: Budget | None = None,
    turn: int = 0,
) -> list[Scan]:
    """Every code that can be read in a picture; see `locate`, which says where they are too."""
    return [found.scan for found in locate(image, formats=formats, roi=roi, budget=budget, turn=turn)]


def locate(
    image: NDArray[Any],
    *,
    formats: Collection[Format] = FORMATS,
    roi: Roi | None = None,
    budget: Budget | None = None,
    turn: int = 0,
) -> list[Found]:
    """Every code that can be read in a picture, and where: grey (height, width) or BGR (height, width, 3), uint8.

    The readers are asked for `formats` alone, names such as "QR Code" included. Without a `budget` all attempts are
    made; with one the search ends when it says so, and `turn`, a stream's frame number, says which family of the
    dearest attempts begins, so that each has its turn. Codes that hold bytes and no text are left out. A text may have
    lines; one in a character set that its QR code does not name is zxing-cpp's guess, and `raw` has its bytes.

    Raises TypeError or ValueError for what is no picture or no format, DriverMissing where no reader is installed.
    """
    wanted = [Format(name) for name in formats]
    grey, offset = grey_of(image, roi)
    readers = load_readers()
    # No formats would mean all of them to zxing-cpp.
    if not wanted or min(grey.shape) < _LEAST_SIDE:
        return []
    reads = _first_reads(grey, readers, wanted, budget, turn)
    return [Found(_scan_of(read), read.corners + np.array(offset, np.float32)) for read in _distinct(reads)]


def _first_reads(
    grey: Pixels, readers: Readers, formats: Collection[Format], budget: Budget | None, turn: int
) -> list[Read]:
    """What the first attempt that read something read."""
    reads = readers.first.read(grey, formats)
    if reads or (budget is not None and not budget()):
        return reads
    try:
        from drivers.vision.attempts import attempts  # noqa: PLC0415  # OpenCV is slow to import, and may be missing
    except ImportError:
        return readers.second.read(grey, formats) if readers.second is not None else []
    for reads in attempts(grey, readers, formats, turn=turn):
        if reads or (budget is not None and not budget()):
            return reads
    return []


def _distinct(reads: list[Read]) -> list[Read]:
    return list({(read.symbology, read.raw): read for read in reads}.values())


def _scan_of(read: Read) -> Scan:
    return Scan(read.raw, read.text, read.symbology.value, read.aim_id, transport=TRANSPORT)
