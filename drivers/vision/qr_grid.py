"""A QR code that cannot be read as it is: its grid found by what all QR codes show alike, then cleared by module.

Three steps, each on what the standard (ISO/IEC 18004) puts into every symbol: the three finder patterns, the timing
patterns, the quiet zone, from version 2 on an alignment pattern. Together they are half of the small symbols that hold
a payment code.

1. Finder patterns are looked for with a soft template, which blur hardly changes; three in a right angle are a symbol.
2. The projective map from modules to pixels is refined until the known modules fit (Gauss-Newton, as in
   Lucas & Kanade 1981), the blur's width and the brightness being fitted along with it.
3. The known modules are the training sequence of a linear equaliser (ridge regression over the samples round a module,
   as a modem undoes its line's echoes): it learns what this picture's blur or shake did, and undoes it for the modules
   that are not known. It then learns from its own clear answers too, and with them takes away what the neighbours of a
   module spill into it (decision feedback).

What comes out is a clean symbol for a reader, whose Reed-Solomon check has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.vision.pixels import Corners, Matrix, Pixels, Plane

MODULE_PX = 5
"""Pixels of a module, about, in the picture that `find_grids` is given."""

_SIDES = (21, 25)
"""Modules of a side of versions 1 and 2: 18 digits fit into them at every level of correction."""

_TEMPLATE_MODULE_PX = (4.3, 5.6)
_MOST_PEAKS = 6
_LEAST_LIKENESS = 0.4
_MOST_TRIPLES = 2
_LEAST_FIT = 0.5
_SOFT_PX = 1.2
_ROUGH_STEPS, _FINE_STEPS = 4, 8
_LEAST_ROUGH_FIT = 0.3

_SAMPLES = 2
_MARGIN_MODULES = 3
_REACH = 3
_RIDGE = 0.002
_LEAST_PASSES, _PASSES = 3, 5

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """A symbol's map from modules (its top left corner is (0, 0)) to pixels, and how well it fits, 1 at best."""

    side: int
    is_dark_on_light: bool
    to_pixels: Matrix
    fit: float

    @property
    def corners(self) -> Corners:
        """The symbol's corners in pixels."""
        side = float(self.side)
        square = np.array([[(0, 0), (side, 0), (side, side), (0, side)]], np.float64)
        return np.asarray(cv2.perspectiveTransform(square, self.to_pixels)[0], np.float32)


@dataclass(frozen=True, slots=True)
class _Triple:
    """Three finder patterns: the middle of the top left one, and the ways to the top right and the bottom left one."""

    likeness: float
    sign: int
    corner: _Floats
    right: _Floats
    down: _Floats


def find_grids(grey: Pixels) -> list[Grid]:
    """The grids of version 1 and 2 symbols in a picture of one, `MODULE_PX` a module, the best fitting first."""
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _SOFT_PX)
    slopes = (cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8))
    picture = np.dstack([soft, *slopes])
    guesses = [_first_guess(triple, side) for triple in _triples(grey) for side in _SIDES]
    rough = [_refined(picture, guess, _ROUGH_STEPS) for guess in guesses]
    rough.sort(key=lambda grid: -grid.fit)
    grids = [_refined(picture, grid, _FINE_STEPS) for grid in rough[:2] if grid.fit >= _LEAST_ROUGH_FIT]
    return sorted((grid for grid in grids if grid.fit >= _LEAST_FIT), key=lambda grid: -grid.fit)


def cleared(grey: Pixels, grid: Grid) -> Iterator[Pixels]:
    """Clean pictures of the symbol, four pixels a module, from the likeliest on."""
    samples = _samples(grey, grid)
    known = _known(grid.side).ravel()
    is_known = known >= 0
    always = np.where(known > 0, 1.0, -1.0)
    target, trust, inputs = always, is_known.astype(float), samples
    before = np.zeros(len(known))
    for number in range(_PASSES):
        weighted = inputs * trust[:, np.newaxis]
        normal = weighted.T @ inputs
        normal[np.diag_indices_from(normal)] += _RIDGE * np.trace(normal) / len(normal)
        answer = np.where(is_known, always, inputs @ np.linalg.solve(normal, weighted.T @ target))
        target = np.sign(answer)
        if np.array_equal(target, before):
            if number >= _LEAST_PASSES:
                return
        else:
            yield _drawn(target, grid.side)
        before = target
        trust = np.where(is_known, 1.0, 0.7 * np.clip(np.abs(answer), 0, 1))
        if number >= 1:
            inputs = np.hstack([samples, 0.5 * _neighbours(np.tanh(2 * answer), grid.side)])


def _triples(grey: Pixels) -> list[_Triple]:
    found: list[_Triple] = []
    picture = grey.astype(np.float32)
    for module_px in _TEMPLATE_MODULE_PX:
        template = _finder(module_px)
        reach = template.shape[0] // 2
        padded = cv2.copyMakeBorder(picture, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
        likeness = np.asarray(cv2.matchTemplate(padded, template, cv2.TM_CCOEFF_NORMED), np.float32)
        for sign in (1, -1):
            found += _right_angles(_peaks(likeness * sign, 3 * module_px), sign, module_px)
    found.sort(key=lambda triple: -triple.likeness)
    apart: list[_Triple] = []
    for triple in found:
        if all(_distance(triple, other) > MODULE_PX for other in apart):
            apart.append(triple)
        if len(apart) == _MOST_TRIPLES:
            break
    return apart


def _peaks(likeness: Plane, radius_px: float) -> list[tuple[float, int, int]]:
    rest = likeness.copy()
    peaks = []
    for _ in range(_MOST_PEAKS):
        _, value, _, (x, y) = cv2.minMaxLoc(rest)
        if value < _LEAST_LIKENESS:
            break
        peaks.append((value, x, y))
        cv2.circle(rest, (x, y), int(radius_px), -1.0, -1)
    return peaks


def _right_angles(peaks: list[tuple[float, int, int]], sign: int, module_px: float) -> list[_Triple]:
    """Every three peaks that can be a symbol's: about as long as wide, at about a right angle, none mirrored."""
    if len(peaks) < 3:
        return []
    table = np.array(peaks, float)
    triples = permutations(range(len(peaks)), 3)
    corner, right_end, down_end = (table[list(column)] for column in zip(*triples, strict=True))
    right, down = right_end[:, 1:] - corner[:, 1:], down_end[:, 1:] - corner[:, 1:]
    width, height = np.hypot(*right.T), np.hypot(*down.T)
    shorter, longer = np.minimum(width, height), np.maximum(width, height)
    sine = (right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]) / (width * height)
    # Finder patterns are 14 modules apart in version 1, 18 in version 2.
    can_be = (shorter > 8 * module_px) & (longer < 26 * module_px) & (shorter > 0.5 * longer) & (sine > 0.7)
    likeness = corner[:, 0] + right_end[:, 0] + down_end[:, 0] + 0.6 * sine + 0.6 * shorter / longer
    return [
        _Triple(float(likeness[i]), sign, corner[i, 1:], right[i], down[i]) for i in np.flatnonzero(can_be)
    ]


def _distance(one: _Triple, other: _Triple) -> float:
    return float(
        max(
            np.abs(one.corner - other.corner).max(),
            np.abs(one.right - other.right).max(),
            np.abs(one.down - other.down).max(),
        )
    )


@cache
def _finder(module_px: float) -> Plane:
    """A finder pattern with its quiet ring, half square and half round, for it may be turned; softened."""
    reach = int(np.ceil(4.5 * module_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] / module_px
    square, round_ = np.maximum(np.abs(x), np.abs(y)), np.hypot(x, y) / 1.06
    light = sum(np.where((ring < 1.5) | ((ring > 2.5) & (ring < 3.5)), 0.0, 0.5) for ring in (square, round_))
    return np.asarray(cv2.GaussianBlur(np.asarray(light, np.float32), (0, 0), 0.55 * module_px), np.float32)


@cache
def _known(side: int) -> NDArray[np.int8]:
    """Of each module of a symbol, 0 when it is always dark, 1 when always light, -1 when it carries data or format."""
    known = np.full((side, side), -1, np.int8)
    rows, columns = np.mgrid[0:side, 0:side]
    for row, column in ((3, 3), (3, side - 4), (side - 4, 3)):
        ring = np.maximum(np.abs(rows - row), np.abs(columns - column))
        known[ring <= 4] = np.isin(ring[ring <= 4], (2, 4))
    known[6, 8:-8] = known[8:-8, 6] = np.arange(8, side - 8) % 2
    known[side - 8, 8] = 0
    if side > 21:
        ring = np.maximum(np.abs(rows - (side - 7)), np.abs(columns - (side - 7)))
        known[ring <= 2] = ring[ring <= 2] == 1
    return known


@cache
def _template(side: int) -> tuple[_Floats, _Floats, _Floats]:
    """Points in the known modules and the ring round the symbol: (n,) x, (n,) y in modules, (n, 3) their brightness.

    The brightness comes sharp and soft, and as a constant: a mixture of the three is any blur, contrast and level.
    """
    known = np.pad(_known(side), 1, constant_values=1)
    fine = 6
    framed = np.pad(known, 1, constant_values=1)
    light = np.kron(np.where(framed < 0, 0.5, framed), np.ones((fine, fine)))
    at = (np.arange(2 * (side + 2)) + 0.5) / 2
    x, y = np.meshgrid(at, at)
    is_known = np.kron(known >= 0, np.ones((2, 2), bool))
    place = ((x + 1) * fine - 0.5).astype(np.float32), ((y + 1) * fine - 0.5).astype(np.float32)
    soft = [cv2.GaussianBlur(light.astype(np.float32), (0, 0), sigma * fine) for sigma in (0.35, 0.7)]
    seen = [cv2.remap(plane, *place, cv2.INTER_LINEAR)[is_known] for plane in soft]
    return (
        (x - 1)[is_known],
        (y - 1)[is_known],
        np.stack([*seen, np.ones_like(seen[0])], axis=1).astype(float),
    )


def _first_guess(triple: _Triple, side: int) -> Grid:
    right, down = triple.right / (side - 7), triple.down / (side - 7)
    corner = triple.corner - 3.5 * (right + down)
    to_pixels = np.array([[right[0], down[0], corner[0]], [right[1], down[1], corner[1]], [0, 0, 1.0]])
    return Grid(side, triple.sign > 0, to_pixels, 0.0)


def _refined(picture: NDArray[np.float32], guess: Grid, steps: int) -> Grid:
    """The grid that fits best near a guess; `picture` is (height, width, 3): brightness, its slopes along x and y."""
    side = guess.side
    x, y, light = _template(side)
    # Round the symbol's middle, so that the eight numbers hardly depend on each other.
    x, y = x - side / 2, y - side / 2
    to_pixels = guess.to_pixels @ np.array([[1, 0, side / 2], [0, 1, side / 2], [0, 0, 1.0]])
    to_pixels /= to_pixels[2, 2]
    for _ in range(steps):
        at_x, at_y, depth = _projected(to_pixels, x, y)
        seen = _seen(picture, at_x, at_y)
        slope_x, slope_y = seen[:, 1] / depth, seen[:, 2] / depth
        inward = -(slope_x * at_x + slope_y * at_y)
        moves = [slope_x * x, slope_x * y, slope_x, slope_y * x, slope_y * y, slope_y, inward * x, inward * y]
        columns = np.column_stack([*moves, -light])
        scale = np.sqrt((columns**2).sum(axis=0)) + 1e-6
        columns /= scale
        normal = columns.T @ columns
        normal[np.diag_indices_from(normal)] += [0.02] * 8 + [1e-4] * 3
        step = np.linalg.solve(normal, columns.T @ -seen[:, 0]) / scale
        to_pixels = to_pixels + np.append(step[:8], 0.0).reshape(3, 3)
        if abs(step[2]) + abs(step[5]) < 0.02:
            break
    at_x, at_y, _ = _projected(to_pixels, x, y)
    seen = _seen(picture, at_x, at_y)[:, 0]
    mixture = np.linalg.lstsq(light, seen, rcond=None)[0]
    rest = float(((seen - light @ mixture) ** 2).sum()) / (float(((seen - seen.mean()) ** 2).sum()) + 1e-6)
    is_right = (mixture[0] + mixture[1] > 0) == guess.is_dark_on_light
    to_middle = np.array([[1, 0, -side / 2], [0, 1, -side / 2], [0, 0, 1.0]])
    return Grid(side, guess.is_dark_on_light, to_pixels @ to_middle, 1 - rest if is_right else 0.0)


def _projected(to_pixels: Matrix, x: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    depth = to_pixels[2, 0] * x + to_pixels[2, 1] * y + 1
    depth = np.where(np.abs(depth) < 1e-3, 1e-3, depth)
    at_x = (to_pixels[0, 0] * x + to_pixels[0, 1] * y + to_pixels[0, 2]) / depth
    at_y = (to_pixels[1, 0] * x + to_pixels[1, 1] * y + to_pixels[1, 2]) / depth
    return at_x, at_y, depth


def _seen(picture: NDArray[np.float32], x: _Floats, y: _Floats) -> _Floats:
    place = x.astype(np.float32)[:, np.newaxis], y.astype(np.float32)[:, np.newaxis]
    seen = cv2.remap(picture, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen[:, 0], float)


def _samples(grey: Pixels, grid: Grid) -> _Floats:
    """What is seen round each module, (side * side, 65): 8 by 8 samples half a module apart, and a constant."""
    count = (grid.side + 2 * _MARGIN_MODULES) * _SAMPLES
    at = (np.arange(count) + 0.5) / _SAMPLES - _MARGIN_MODULES
    x, y = np.meshgrid(at, at)
    shifted = grid.to_pixels / grid.to_pixels[2, 2]
    at_x, at_y, _ = _projected(shifted, x, y)
    seen = cv2.remap(
        grey.astype(np.float32),
        at_x.astype(np.float32),
        at_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    seen = seen if grid.is_dark_on_light else -seen
    # Even out shade and glare, over some modules.
    rest = seen - cv2.GaussianBlur(seen, (0, 0), 4 * _SAMPLES)
    even = rest / (np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), 5 * _SAMPLES)) + 1e-3)
    first = _MARGIN_MODULES * _SAMPLES - _REACH
    windows = np.lib.stride_tricks.sliding_window_view(even, (2 * _REACH + 2, 2 * _REACH + 2))
    chosen = windows[first::_SAMPLES, first::_SAMPLES][: grid.side, : grid.side]
    flat = chosen.reshape(grid.side * grid.side, -1)
    return np.column_stack([flat, np.ones(len(flat))]).astype(float)


def _neighbours(answer: _Floats, side: int) -> _Floats:
    """The answers for the 24 modules round each module, (side * side, 24); outside the symbol it is light."""
    padded = np.pad(answer.reshape(side, side), 2, constant_values=1.0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5)).reshape(side * side, 25)
    return np.delete(windows, 12, axis=1)


def _drawn(target: _Floats, side: int) -> Pixels:
    framed = np.pad(target.reshape(side, side) > 0, 4, constant_values=True)
    return np.asarray(np.kron(np.where(framed, 255, 0), np.ones((4, 4))), np.uint8)
