"""Where in a picture a code may be: the patches that are full of edges.

The structure tensor (Bigün & Granlund 1987) sums up the gradients of a cell of some pixels. In a bar code all of them
point one way, along the line that a gun's beam would take; in a QR code they point two ways and are many. So the
tensor's size finds both, and its coherence tells them apart, whatever blur, noise or turn a picture has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.vision.pixels import Corners, Pixels, Plane

_WORK_SIDE = 400
"""The larger side to which a picture is shrunk, about, before its gradients are taken."""

_CELL_PX = 5
_MOST_EACH = 3


@dataclass(frozen=True, slots=True)
class Bars:
    """A patch that looks like a bar code: its corners, the first two along the beam, with room for the quiet zone."""

    corners: Corners

    @property
    def length_px(self) -> float:
        """How long the beam's way through it is."""
        left, right = (self.corners[0] + self.corners[3]) / 2, (self.corners[1] + self.corners[2]) / 2
        return float(np.hypot(*(right - left)))

    @property
    def height_px(self) -> float:
        """How long the bars are."""
        top, bottom = (self.corners[0] + self.corners[1]) / 2, (self.corners[2] + self.corners[3]) / 2
        return float(np.hypot(*(bottom - top)))


@dataclass(frozen=True, slots=True)
class Patch:
    """A box, in pixels, that looks like a QR code, without its quiet zone."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def side_px(self) -> float:
        """Its larger side."""
        return max(self.right - self.left, self.bottom - self.top)

    def overlap(self, other: Patch) -> float:
        """The shared area over the area of both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(0.0, width) * max(0.0, height)
        return shared / (self._area() + other._area() - shared)

    def _area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Regions:
    """What was found, the likeliest first."""

    bars: list[Bars]
    patches: list[Patch]


@dataclass(frozen=True, slots=True)
class _Texture:
    """The tensor of each cell, and how many pixels a cell is wide and high."""

    xx: Plane
    yy: Plane
    xy: Plane
    energy: Plane
    coherence: Plane
    cell_width: float
    cell_height: float


def find_regions(grey: Pixels) -> Regions:
    """Up to three patches of each kind in a picture of at least 40 pixels a side; none in a smaller one."""
    if min(grey.shape) < 40:
        return Regions([], [])
    texture = _texture(grey)
    return Regions(_bars(texture), _patches(texture))


def _texture(grey: Pixels) -> _Texture:
    height, width = grey.shape
    factor = max(1, round(max(height, width) / _WORK_SIDE))
    small = cv2.resize(grey, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    x = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    y = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    cells = (small.shape[1] // _CELL_PX, small.shape[0] // _CELL_PX)
    xx, yy, xy = (
        cv2.blur(cv2.resize(product, cells, interpolation=cv2.INTER_AREA), (3, 3)).astype(np.float32)
        for product in (x * x, y * y, x * y)
    )
    energy = xx + yy
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (energy + 1e-3)
    return _Texture(xx, yy, xy, energy, coherence, width / cells[0], height / cells[1])


def _bars(texture: _Texture) -> list[Bars]:
    likely = texture.energy * np.clip((texture.coherence - 0.5) / 0.3, 0, 1)
    bars = (_bars_of(texture, likely, mask) for mask, _ in _components(likely, 0.15, 6)[:_MOST_EACH])
    return [found for found in bars if found.length_px >= 40]


def _bars_of(texture: _Texture, weight: Plane, mask: NDArray[np.bool_]) -> Bars:
    """The quadrangle of a component: its beam's direction, how the bars fan out along it, and how far it reaches."""
    rows, columns = np.nonzero(mask)
    w = weight[mask].astype(np.float64)
    xx, yy, xy = texture.xx[mask], texture.yy[mask], texture.xy[mask]
    beam = 0.5 * math.atan2(2 * float((xy * w).sum()), float(((xx - yy) * w).sum()))
    along, across = np.array([math.cos(beam), math.sin(beam)]), np.array([-math.sin(beam), math.cos(beam)])
    places = np.stack([(columns + 0.5) * texture.cell_width, (rows + 0.5) * texture.cell_height], axis=1)
    u, v = places @ along, places @ across
    middle = float(np.average(u, weights=w))
    # A tilted phone's code is no rectangle: its middle line slopes, and its bars fan out.
    slope, level = _line(u - middle, v, w)
    turn = np.angle(np.exp(2j * (0.5 * np.arctan2(2 * xy, xx - yy) - beam))) / 2
    fan, _ = _line(u - middle, turn, w)
    cell = (texture.cell_width + texture.cell_height) / 2
    spread = v - level - slope * (u - middle)
    half_height = max(cell / 2, 0.85 * math.sqrt(3 * float(np.average(spread**2, weights=w))))
    start, end = float(u.min()) - cell / 2, float(u.max()) + cell / 2
    room = 0.12 * (end - start)
    corners = []
    for reach, side in ((start - room, -1), (end + room, -1), (end + room, 1), (start - room, 1)):
        offset = reach - middle
        lean = max(-0.6, min(0.6, fan * offset))
        point = (reach - side * half_height * math.tan(lean)) * along
        corners.append(point + (level + slope * offset + side * half_height) * across)
    return Bars(np.array(corners, np.float32))


def _line(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and level of the line through weighted points; x has the mean 0."""
    level = float(np.average(y, weights=weight))
    spread = float(np.average(x * x, weights=weight))
    return (float(np.average(x * (y - level), weights=weight)) / spread if spread > 1e-6 else 0.0), level


def _patches(texture: _Texture) -> list[Patch]:
    both_ways = np.sqrt(texture.energy) * np.clip((0.9 - texture.coherence) / 0.4, 0, 1)
    likely = cv2.blur(both_ways, (3, 3)).astype(np.float32)
    found: list[Patch] = []
    for share in (0.45, 0.25):
        for _, (column, row, columns, rows) in _components(likely, share, 9)[:2]:
            patch = Patch(
                column * texture.cell_width,
                row * texture.cell_height,
                (column + columns) * texture.cell_width,
                (row + rows) * texture.cell_height,
            )
            is_squarish = max(columns, rows) <= 2.6 * min(columns, rows)
            if is_squarish and all(patch.overlap(other) < 0.7 for other in found):
                found.append(patch)
    return found[:_MOST_EACH]


def _components(
    likely: Plane, share: float, least_cells: int
) -> list[tuple[NDArray[np.bool_], tuple[int, int, int, int]]]:
    """What hangs together above a share of the maximum, weightiest first: cells, and (column, row, columns, rows)."""
    above = (likely > share * float(likely.max())).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    weights = np.bincount(labels.ravel(), weights=likely.ravel(), minlength=count)
    large = [number for number in range(1, count) if boxes[number, cv2.CC_STAT_AREA] >= least_cells]
    large.sort(key=lambda number: -weights[number])
    found = []
    for number in large[:_MOST_EACH]:
        column, row, columns, rows = (int(side) for side in boxes[number, :4])
        found.append((np.asarray(labels == number), (column, row, columns, rows)))
    return found
