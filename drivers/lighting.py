"""How a picture is lit: whether a code could be read in it at all."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEP = 8
"""Every eighth pixel of every eighth row is looked at: 14,400 of 1280 x 720."""

_DARK = 70
"""Black and white of a code are less than this apart where the brightest hundredth of a picture is darker."""

_WHITE = 250
_MOST_WHITE = 0.5
"""Where more than this share is white, what was there is lost; a white counter in good light stays below it."""


_COARSE_PX = 24
"""Larger than the modules of any code that a camera can read."""


class Light(StrEnum):
    """What makes a picture hard to read."""

    NORMAL = "normal"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"


def light_of(image: NDArray[Any]) -> Light:
    """How a picture, uint8 and grey (height, width) or BGR (height, width, 3), is lit."""
    seen = sampled(image)
    if seen.size == 0:
        return Light.NORMAL
    if float(np.percentile(seen, 99)) < _DARK:
        return Light.TOO_DARK
    return Light.TOO_BRIGHT if float(np.mean(seen >= _WHITE)) > _MOST_WHITE else Light.NORMAL


def sampled(image: NDArray[Any]) -> NDArray[np.uint8]:
    """A few of a picture's pixels, grey: green stands for all three colours, being most of what is bright."""
    few = image[::_STEP, ::_STEP]
    return np.asarray(few if few.ndim == 2 else few[:, :, 1], np.uint8)


def coarse_outside(image: NDArray[Any], region: tuple[float, float, float, float]) -> NDArray[Any]:
    """The picture, with squares of one colour outside a region (left, top, right, bottom, in shares)."""
    left, top, right, bottom = region
    if (left, top, right, bottom) == (0, 0, 1, 1):
        return image
    height, width = image.shape[:2]
    rows, columns = np.arange(height) // _COARSE_PX * _COARSE_PX, np.arange(width) // _COARSE_PX * _COARSE_PX
    coarse = image[rows][:, columns]
    inside = np.s_[int(top * height) : round(bottom * height), int(left * width) : round(right * width)]
    coarse[inside] = image[inside]
    return np.asarray(coarse)


class Stillness:
    """Says whether a picture shows what the one before showed."""

    _MOST_CHANGED = 2.0
    """Grey steps, in the mean: what a camera's noise does and a hand does not."""

    def __init__(self) -> None:
        self._before: NDArray[np.int16] | None = None

    def is_still(self, image: NDArray[Any]) -> bool:
        """Whether nothing has moved since the last call; remembers this picture."""
        now, before = sampled(image).astype(np.int16), self._before
        self._before = now
        if before is None or before.shape != now.shape:
            return False
        return float(np.mean(np.abs(now - before))) < self._MOST_CHANGED
