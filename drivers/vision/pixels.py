"""The pictures that are read, and the part of them that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A grey picture, (height, width), C-contiguous."""

Plane = NDArray[np.float32]
"""A grey picture with fractions, (height, width)."""

Matrix = NDArray[np.float64]
"""A projective map, (3, 3), of column vectors (x, y, 1)."""

Corners = NDArray[np.float32]
"""The corners of a code, (4, 2), x and y in pixels of the picture: its own top left, top right, bottom right, bottom
left, as far as the reader that found it knows which way up it is."""

_LARGEST_SIDE = 32_767
"""What OpenCV's maps can address."""

# ITU-R BT.601, in 1/256.
_BLUE, _GREEN, _RED = 29, 150, 77


@dataclass(frozen=True, slots=True)
class Roi:
    """The region of interest, in shares of a picture's width and height: 0 is left or top, 1 right or bottom.

    Raises ValueError when it is empty or reaches out of the picture.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError(
                "a region of interest lies inside the picture: 0 <= left < right <= 1, and so down"
            )

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Its first and behind-last column, first and behind-last row, in a picture of this size."""
        return (
            int(self.left * width),
            max(int(self.left * width) + 1, round(self.right * width)),
            int(self.top * height),
            max(int(self.top * height) + 1, round(self.bottom * height)),
        )


def grey_of(image: NDArray[Any], roi: Roi | None = None) -> tuple[Pixels, tuple[int, int]]:
    """The grey picture of what is looked at, and the (x, y) of its first pixel in `image`.

    `image` is uint8, grey (height, width) or BGR (height, width, 3), of any strides; it is never changed. Raises
    TypeError for something that is no such array, ValueError for another shape, or a side above 32,767 pixels.
    """
    if not isinstance(image, np.ndarray):
        raise TypeError(f"a picture is a numpy array, not {type(image).__name__}")
    if image.dtype != np.uint8:
        raise TypeError(f"a picture's values are uint8, not {image.dtype}")
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] == 3):
        raise ValueError(f"a picture is (height, width) or (height, width, 3), not {image.shape}")
    height, width = image.shape[:2]
    if max(height, width) > _LARGEST_SIDE:
        raise ValueError(f"a picture's side has {_LARGEST_SIDE} pixels at most, not {max(height, width)}")
    if min(height, width) == 0:
        return np.zeros((0, 0), np.uint8), (0, 0)
    left, right, top, bottom = (roi or Roi()).box(width, height)
    seen = np.asarray(image)[top:bottom, left:right]
    return (np.ascontiguousarray(seen) if seen.ndim == 2 else _grey(seen)), (left, top)


def _grey(bgr: NDArray[np.uint8]) -> Pixels:
    try:
        import cv2  # noqa: PLC0415  # without it the readers still read
    except ImportError:
        weights = np.array([_BLUE, _GREEN, _RED], np.uint16)
        return np.asarray(np.sum(bgr * weights, axis=2, dtype=np.uint16) >> 8, np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(bgr), cv2.COLOR_BGR2GRAY), np.uint8)
