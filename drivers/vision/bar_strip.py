"""A bar code that cannot be read as it is: straightened into a strip, summed along its bars, and sharpened.

What spoils a bar code works on lines, and a bar code is one line drawn many times. Sixteen bands, each the mean of
several rows, lose noise, moiré and JPEG's blocks; what blur is left is undone along the line by a Wiener filter for
each of a few guesses of what the blur was. Two bands have to agree before a reader believes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.vision.pixels import Pixels, Plane
from drivers.vision.regions import Bars

_BANDS = 16
_MODULES = 134 * 1.24
"""Modules along a strip: those of 18 digits in set C (start, nine pairs, check, stop), and the room beside them."""

Spectrum = NDArray[np.float64]
"""What is left of each frequency, from 0 to half a cycle a pixel; real, for a blur that is the same both ways."""


def straighten(grey: Pixels, bars: Bars) -> Plane:
    """The strip of a bar code: (16, about twice its length), its beam's way from left to right."""
    width = int(np.clip(2 * bars.length_px, 600, 1800))
    height = int(np.clip(bars.height_px, _BANDS, 120))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    place = cv2.getPerspectiveTransform(bars.corners, target)
    strip = cv2.warpPerspective(
        grey, place, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.resize(strip, (width, _BANDS), interpolation=cv2.INTER_AREA).astype(np.float32)


def plain_strips(strip: Plane) -> Iterator[Pixels]:
    """The strip with full contrast, then evened out, each dark on light and light on dark."""
    for pixels in (_stretched(strip), _evened(strip, strip.shape[1] / _MODULES)):
        yield pixels
        yield 255 - pixels


def sharpened_strips(strip: Plane) -> Iterator[Pixels]:
    """The strip with each guessed blur undone and evened out, dark on light as far as its ends tell."""
    module_px = strip.shape[1] / _MODULES
    dark_on_light = _dark_on_light(strip)
    padded = cv2.copyMakeBorder(dark_on_light, 0, 0, 64, 64, cv2.BORDER_REPLICATE)
    frequencies = np.fft.rfft(padded, axis=1)
    for name, modules, noise in _BLURS:
        spectrum = _spectrum(name, padded.shape[1], modules * module_px)
        undone = np.fft.irfft(frequencies * (spectrum / (spectrum**2 + noise)), n=padded.shape[1], axis=1)
        yield _evened(undone[:, 64:-64].astype(np.float32), module_px)


def likeness(strip: Plane, bars: Plane, start: float, end: float) -> float:
    """How much of a strip's light and dark between two columns a code's modules explain: 1 all, 0 nothing.

    The blur is not known, so that one which explains the strip best is fitted: the modules, and what is up to three to
    either side of them, in half modules. With the wrong code no blur does. `start` is where the code begins, which is
    to the right of `end` when it stands on its head.
    """
    if end < start:
        start, end, bars = end, start, bars[::-1]
    if end - start < len(bars):
        return 0.0
    module_px = (end - start) / len(bars)
    seen = _evened(strip, module_px).mean(axis=0)
    columns = np.arange(max(0, int(start)), min(len(seen), int(end)))
    seen = seen[columns] - seen[columns].mean()
    share = (columns + 0.5 - start) / (end - start)
    spread = float((seen**2).sum()) + 1e-6
    best = 0.0
    for bend in _BENDS:
        # A tilted code's modules shrink along it.
        at = share * (1 + bend) / (1 + bend * share) * len(bars) - 0.5
        shifts = [_gaps_at(bars, at + shift) for shift in _SHIFTS_MODULES]
        table = np.column_stack([*shifts, np.ones(len(at))])
        rest = seen - table @ np.linalg.lstsq(table, seen, rcond=None)[0]
        best = max(best, 1 - float((rest**2).sum()) / spread)
    return best


_BENDS = (0.0, -0.1, 0.1, -0.25, 0.25)
_SHIFTS_MODULES = np.arange(-6, 7) / 2


def _gaps_at(bars: Plane, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The modules at places between them, where 0 is the middle of the first; outside it is light."""
    return np.asarray(np.interp(at, np.arange(-1, len(bars) + 1), np.pad(bars, 1, constant_values=1)))


def _dark_on_light(strip: Plane) -> Plane:
    """The strip as it is where the ends, which are quiet zone and paper, are lighter than the rest; or inverted."""
    width = strip.shape[1]
    ends = np.concatenate(
        [strip[:, width // 20 : width // 11], strip[:, -width // 11 : -width // 20]], axis=1
    )
    is_lighter = float(np.median(ends)) >= float(np.mean(strip[:, width // 5 : -width // 5]))
    return strip if is_lighter else 255 - strip


def _stretched(strip: Plane) -> Pixels:
    low, high = float(strip.min()), float(strip.max())
    return np.asarray(np.clip((strip - low) * (255 / max(1.0, high - low)), 0, 255), np.uint8)


def _evened(strip: Plane, module_px: float) -> Pixels:
    """The strip with the same mean and contrast everywhere, over two characters' width."""
    reach = (int(22 * module_px) | 1, 1)
    rest = strip - cv2.blur(strip, reach)
    contrast = np.sqrt(np.maximum(cv2.blur(rest * rest, reach), 0)) + 2
    return np.asarray(np.clip(127 + rest / contrast * 70, 0, 255), np.uint8)


def _gaussian(frequency: Spectrum, sigma_px: float) -> Spectrum:
    return np.asarray(np.exp(-2 * (np.pi * sigma_px * frequency) ** 2))


def _disc(frequency: Spectrum, radius_px: float) -> Spectrum:
    """A lens out of focus spreads a point into a disc; along one line that is a half circle."""
    x = np.arange(-int(radius_px) - 1, int(radius_px) + 2)
    half_circle = np.sqrt(np.clip(radius_px**2 - x * x, 0, None))
    half_circle /= half_circle.sum()
    return np.asarray((half_circle * np.cos(2 * np.pi * frequency[:, np.newaxis] * x)).sum(axis=1))


_SHAPES: dict[str, Callable[[Spectrum, float], Spectrum]] = {
    "gaussian": _gaussian,
    "disc": _disc,
}

# Shape, size in modules, and how much noise the filter reckons with; in the order in which they paid.
_BLURS = (
    ("gaussian", 0.65, 0.02),
    ("disc", 1.1, 0.005),
    ("gaussian", 0.35, 0.01),
    ("disc", 1.3, 0.005),
    ("gaussian", 0.65, 0.003),
)


@cache
def _frequencies(width: int) -> Spectrum:
    return np.asarray(np.fft.rfftfreq(width))


def _spectrum(shape: str, width: int, size_px: float) -> Spectrum:
    return _SHAPES[shape](_frequencies(width), size_px)
