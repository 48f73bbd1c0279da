"""What is tried on a picture that could not be read as it is, in the order in which it pays.

Three families: bar codes, QR codes, and the others' opinions, the second reader's and OpenCV's own. Each attempt is
short; whoever runs them stops when one has read something, or when the time is up. Which attempts there are and why
is in docs/adr/0040-how-a-picture-is-read.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from drivers.vision.bar_strip import likeness, plain_strips, sharpened_strips, straighten
from drivers.vision.opencv_qr import read_by_opencv
from drivers.vision.pixels import Corners, Pixels, Plane
from drivers.vision.qr_grid import MODULE_PX, cleared, find_grids
from drivers.vision.readers import Format, Read, Reader, Readers
from drivers.vision.regions import Bars, Patch, find_regions

_LARGEST_SIDE = 2000
_ROOM = 0.3
_PATCH_PX = 21 * MODULE_PX

_LEAST_LIKENESS = 0.6


def attempts(
    grey: Pixels, readers: Readers, formats: Collection[Format], *, turn: int = 0
) -> Iterator[list[Read]]:
    """What each attempt read, mostly nothing; `turn` says which family begins, for the pictures of a stream."""
    scale = max(1.0, max(grey.shape) / _LARGEST_SIDE)
    small = _resized(grey, 1 / scale) if scale > 1 else grey
    regions = find_regions(small)
    yield []
    strips = [(bars, straighten(small, bars)) for bars in regions.bars if Format.CODE_128 in formats]
    crops = [_Crop.of(small, patch) for patch in regions.patches if Format.QR in formats]
    easy = [_plain_bars(strips, readers.first), _enhanced_patches(crops, readers.first)]
    hard = [_sharpened_bars(strips, readers.first), _cleared_patches(crops, readers.first)]
    hard.append(_other_opinions(small, readers.second, formats))
    start = turn % len(hard)
    for family in easy + hard[start:] + hard[:start]:
        for reads in family:
            yield [replace(read, corners=read.corners * np.float32(scale)) for read in reads]


@dataclass(frozen=True, slots=True)
class _Crop:
    """A patch with room round it, enlarged or shrunk to about `MODULE_PX` a module, and where it was."""

    pixels: Pixels
    left: float
    top: float
    scale: float

    @classmethod
    def of(cls, grey: Pixels, patch: Patch) -> _Crop:
        """Cut a patch out of a picture."""
        height, width = grey.shape
        room = _ROOM * patch.side_px
        left, top = max(0, int(patch.left - room)), max(0, int(patch.top - room))
        right, bottom = min(width, int(patch.right + room)), min(height, int(patch.bottom + room))
        scale = _PATCH_PX / patch.side_px
        return cls(_resized(grey[top:bottom, left:right], scale), left, top, scale)

    def place(self, corners: Corners) -> Corners:
        """Corners in the crop, in the picture it was cut from."""
        return np.asarray(corners / self.scale + (self.left, self.top), np.float32)


def _plain_bars(strips: list[tuple[Bars, Plane]], reader: Reader) -> Iterator[list[Read]]:
    for bars, strip in strips:
        for pixels in plain_strips(strip):
            yield _in_bars(reader.read_upright(pixels, Format.CODE_128), bars)


def _sharpened_bars(strips: list[tuple[Bars, Plane]], reader: Reader) -> Iterator[list[Read]]:
    for bars, strip in strips:
        for pixels in sharpened_strips(strip):
            reads = reader.read_upright(pixels, Format.CODE_128)
            yield _in_bars([read for read in reads if _is_borne_out(read, strip, reader)], bars)


def _is_borne_out(read: Read, strip: Plane, reader: Reader) -> bool:
    """Whether the code that was read, drawn again and blurred, looks like the strip before it was sharpened.

    A filter that is wrong can make another code of a blurred one, and one in a hundred of those passes the check.
    """
    bars = reader.draw_bars(read.text)
    left, right = read.corners[[0, 3], 0].mean(), read.corners[[1, 2], 0].mean()
    return bars is not None and likeness(strip, bars, float(left), float(right)) >= _LEAST_LIKENESS


def _enhanced_patches(crops: list[_Crop], reader: Reader) -> Iterator[list[Read]]:
    for crop in crops:
        full = cv2.normalize(crop.pixels, crop.pixels.copy(), 0, 255, cv2.NORM_MINMAX)
        soft = cv2.GaussianBlur(full, (0, 0), 0.65 * MODULE_PX)
        for pixels in (full, cv2.addWeighted(full, 5, soft, -4, 0)):
            reads = reader.read(np.asarray(pixels, np.uint8), [Format.QR])
            yield [replace(read, corners=crop.place(read.corners)) for read in reads]


def _cleared_patches(crops: list[_Crop], reader: Reader) -> Iterator[list[Read]]:
    for crop in crops:
        for grid in find_grids(crop.pixels):
            for pixels in cleared(crop.pixels, grid):
                reads = reader.read_modules(pixels)
                yield [replace(read, corners=crop.place(grid.corners)) for read in reads]


def _other_opinions(grey: Pixels, second: Reader | None, formats: Collection[Format]) -> Iterator[list[Read]]:
    if second is not None:
        yield second.read(grey, formats)
    if Format.QR in formats:
        yield read_by_opencv(grey)


def _in_bars(reads: list[Read], bars: Bars) -> list[Read]:
    return [replace(read, corners=bars.corners) for read in reads]


def _resized(grey: Pixels, scale: float) -> Pixels:
    height, width = grey.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)
