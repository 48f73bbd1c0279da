"""What goes wrong between a phone's screen and a picture's file: the kinds, and six levels of each.

The lengths are in pixels at a width of 640 and grow with the picture, as a lens's faults do. The strengths were set
once, from the first level that a careful eye notices to one that leaves hardly anything, before any reader was tuned.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from benchmarks.vision.scene import Light, Shot
from benchmarks.vision.symbols import Picture8, Symbology

LEVELS = 6


class Kind(StrEnum):
    """What is wrong with a picture. Every picture has a little noise, softness, turn and tilt beside it."""

    PLAIN = "plain"
    BLUR = "blur"
    MOTION = "motion"
    GLARE = "glare"
    MOIRE = "moire"
    ROTATION = "rotation"
    PERSPECTIVE = "perspective"
    DISTANCE = "distance"
    LOW_LIGHT = "low light"
    LOW_CONTRAST = "low contrast"
    JPEG = "jpeg"
    DARK_MODE = "dark mode"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that happens to one picture. The defaults are a good camera in a good light."""

    module_px: float  # at a width of 640
    rotation_degrees: float = 0.0
    tilt_degrees: float = 0.0
    is_dark: bool = False
    blur_sigma_px: float = 0.45
    is_out_of_focus: bool = False
    motion_px: float = 0.0
    glare: float = 0.0
    moire: float = 0.0
    white_level: float = 235.0
    black_level: float = 18.0
    full_electrons: float = 9000.0
    jpeg_quality: int = 92


Step = Callable[[np.random.Generator, Conditions, int, Symbology], Conditions]

_MODULE_PX = {Symbology.QR: (4.5, 8.5), Symbology.CODE_128: (2.2, 3.1)}
_FAR_MODULE_PX = {
    Symbology.QR: (4.0, 3.2, 2.6, 2.2, 1.9, 1.6),
    Symbology.CODE_128: (2.1, 1.9, 1.7, 1.5, 1.35, 1.2),
}


def conditions(rng: np.random.Generator, kind: Kind, level: int, symbology: Symbology) -> Conditions:
    """What a picture of this kind and level (1 to 6) goes through."""
    plain = Conditions(
        module_px=float(rng.uniform(*_MODULE_PX[symbology])),
        rotation_degrees=float(rng.normal(0, 3)),
        tilt_degrees=float(abs(rng.normal(0, 5))),
        blur_sigma_px=float(rng.uniform(0.35, 0.6)),
        white_level=float(rng.uniform(185, 250)),
        black_level=float(rng.uniform(5, 40)),
        full_electrons=float(rng.uniform(4000, 12000)),
        jpeg_quality=int(rng.integers(85, 96)),
    )
    return STEPS[kind](rng, plain, level, symbology)


def _plain(_rng: np.random.Generator, plain: Conditions, _level: int, _symbology: Symbology) -> Conditions:
    return plain


def _blur(rng: np.random.Generator, plain: Conditions, level: int, symbology: Symbology) -> Conditions:
    # In modules, for a code twice as large bears twice the blur: 0.25 is soft, 0.7 leaves grey waves.
    sigma = (0.25, 0.34, 0.42, 0.5, 0.58, 0.68)[level - 1] * plain.module_px
    if symbology is Symbology.QR:
        sigma *= 1.15
    return replace(plain, blur_sigma_px=sigma, is_out_of_focus=bool(rng.random() < 0.5))


def _motion(rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    length = (0.6, 0.9, 1.2, 1.5, 1.9, 2.4)[level - 1] * plain.module_px
    return replace(plain, motion_px=length * float(rng.uniform(0.9, 1.1)))


def _glare(rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    return replace(plain, glare=(level / LEVELS) * float(rng.uniform(0.9, 1.1)))


def _moire(_rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    return replace(plain, moire=(0.12, 0.22, 0.32, 0.44, 0.56, 0.7)[level - 1])


def _rotation(rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    low, high = ((6, 14), (14, 22), (22, 32), (32, 45), (45, 68), (68, 112))[level - 1]
    return replace(plain, rotation_degrees=float(rng.uniform(low, high) * rng.choice([-1, 1])))


def _perspective(
    rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology
) -> Conditions:
    return replace(plain, tilt_degrees=(18, 27, 36, 44, 52, 60)[level - 1] + float(rng.uniform(-3, 3)))


def _distance(_rng: np.random.Generator, plain: Conditions, level: int, symbology: Symbology) -> Conditions:
    return replace(plain, module_px=_FAR_MODULE_PX[symbology][level - 1])


def _low_light(rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    electrons = (700, 350, 180, 90, 50, 28)[level - 1]
    return replace(plain, full_electrons=electrons, white_level=float(rng.uniform(70, 200)), black_level=8.0)


def _low_contrast(
    rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology
) -> Conditions:
    middle, span = float(rng.uniform(70, 190)), (110, 75, 50, 34, 22, 14)[level - 1]
    return replace(plain, white_level=middle + span / 2, black_level=middle - span / 2)


def _jpeg(_rng: np.random.Generator, plain: Conditions, level: int, _symbology: Symbology) -> Conditions:
    return replace(plain, jpeg_quality=(40, 25, 16, 11, 8, 5)[level - 1])


def _dark_mode(_rng: np.random.Generator, plain: Conditions, level: int, symbology: Symbology) -> Conditions:
    softness = (0.0, 0.2, 0.28, 0.36, 0.44, 0.52)[level - 1] * plain.module_px
    turned = replace(plain, is_dark=True, rotation_degrees=plain.rotation_degrees * (1 + level / 2))
    return replace(
        turned, blur_sigma_px=max(plain.blur_sigma_px, softness * (symbology is Symbology.QR or 0.8))
    )


def _mixed(rng: np.random.Generator, plain: Conditions, level: int, symbology: Symbology) -> Conditions:
    """Three faults at once, each of about half the level."""
    kinds = [kind for kind in STEPS if kind not in (Kind.PLAIN, Kind.MIXED)]
    both = plain
    for index in rng.choice(len(kinds), 3, replace=False):
        part = max(1, min(LEVELS, math.ceil(level / 2 + rng.uniform(-0.5, 0.5))))
        both = STEPS[kinds[index]](rng, both, part, symbology)
    return both


STEPS: Mapping[Kind, Step] = {
    Kind.PLAIN: _plain,
    Kind.BLUR: _blur,
    Kind.MOTION: _motion,
    Kind.GLARE: _glare,
    Kind.MOIRE: _moire,
    Kind.ROTATION: _rotation,
    Kind.PERSPECTIVE: _perspective,
    Kind.DISTANCE: _distance,
    Kind.LOW_LIGHT: _low_light,
    Kind.LOW_CONTRAST: _low_contrast,
    Kind.JPEG: _jpeg,
    Kind.DARK_MODE: _dark_mode,
    Kind.MIXED: _mixed,
}
"""How each kind changes the plain conditions."""


def expose(rng: np.random.Generator, shot: Shot, under: Conditions) -> Picture8:
    """The BGR picture a camera makes of a shot: screen, glass, lens, shake, sensor, file, in this order."""
    height, width = shot.light.shape[:2]
    scale = width / 640
    light = under.black_level + shot.light * ((under.white_level - under.black_level) / 255.0)
    if under.moire:
        light = light * _screen_grid(rng, shot, under.moire)
    if under.glare:
        light = light + _reflections(rng, shot, under.glare)
    light = _defocus(light.astype(np.float32), under, scale)
    if under.motion_px:
        light = _filtered(light, _motion_kernel(under.motion_px * scale, float(rng.uniform(0, 180))))
    picture = _sensor(rng, light * _vignette(width, height), under)
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, under.jpeg_quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)


def _screen_grid(rng: np.random.Generator, shot: Shot, strength: float) -> Light:
    """The screen's own pixels, as the sensor samples them: near one line a pixel they beat, and that is moiré.

    The grid's lines per phone pixel are chosen so that about one falls on each pixel of the camera, as happens at the
    distance where it shows; tilt and turn make its bands bend and run, and the colours of a screen shift them.
    """
    height, width = shot.light.shape[:2]
    back = np.linalg.inv(shot.phone_to_camera)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    w = back[2, 0] * x + back[2, 1] * y + back[2, 2]
    u = (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / w
    v = (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / w
    # A lens bends straight lines a little; the beat magnifies it into curves.
    bend = 1 + rng.uniform(-0.02, 0.02) * (((x / width - 0.5) ** 2) + ((y / height - 0.5) ** 2))
    pixels_per_unit = math.sqrt(abs(np.linalg.det(shot.phone_to_camera[:2, :2])))
    frequency = pixels_per_unit * float(rng.uniform(0.9, 1.1) * rng.choice([0.5, 1.0, 1.0]))
    grid = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        phase = 2 * math.pi * channel / 3
        columns = np.cos(2 * math.pi * frequency * u * bend + phase)
        rows = np.cos(2 * math.pi * frequency * v * bend)
        grid[..., channel] = 1 + strength * (0.65 * columns + 0.35 * rows)
    refresh = 1 + 0.35 * strength * np.sin(2 * math.pi * (y / height * rng.uniform(1, 6) + rng.random()))
    return np.asarray(1 + (grid * refresh[..., np.newaxis] - 1) * shot.phone_share, np.float32)


def _reflections(rng: np.random.Generator, shot: Shot, strength: float) -> Light:
    """Lamps and windows in the glass, near or on the code, and a veil over everything."""
    height, width = shot.light.shape[:2]
    code = shot.code_corners
    span = float(np.linalg.norm(code[0] - code[2]))
    layer = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = code.mean(axis=0) + rng.normal(0, span / 4, 2)
        long, short = span * strength * rng.uniform(0.15, 0.5), span * strength * rng.uniform(0.06, 0.25)
        patch = np.zeros_like(layer)
        box = cv2.boxPoints(((float(x), float(y)), (float(long), float(short)), float(rng.uniform(0, 180))))
        if rng.random() < 0.5:
            cv2.fillConvexPoly(patch, np.rint(box).astype(np.int32), 1.0)
        else:
            cv2.ellipse(
                patch, (int(x), int(y)), (int(long / 2) + 1, int(short / 2) + 1), 0.0, 0, 360, 1.0, -1
            )
        layer += cv2.GaussianBlur(patch, (0, 0), max(1.0, span * rng.uniform(0.02, 0.09)))
    veil = strength * rng.uniform(5, 45)
    tint = np.array([1.0, rng.uniform(0.92, 1.0), rng.uniform(0.85, 1.0)], np.float32)
    return ((layer * rng.uniform(120, 320) + veil)[..., np.newaxis] * tint).astype(np.float32)


def _defocus(light: Light, under: Conditions, scale: float) -> Light:
    sigma = under.blur_sigma_px * scale
    if not under.is_out_of_focus:
        return cv2.GaussianBlur(light, (0, 0), sigma).astype(np.float32)
    # A disc as soft as the Gaussian of this sigma has twice its radius; its edge is a little soft itself.
    reach = math.ceil(2 * sigma) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(2 * sigma + 0.5 - np.hypot(x, y), 0, 1)
    return _filtered(light, np.asarray(disc / disc.sum(), np.float32))


def _filtered(light: Light, kernel: Light) -> Light:
    return np.asarray(cv2.filter2D(light, -1, kernel), np.float32)


def _motion_kernel(length_px: float, degrees: float) -> Light:
    """A line of this length, drawn on a grid eight times finer."""
    side = 2 * math.ceil(length_px / 2 + 1) + 1
    fine = np.zeros((side * 8, side * 8), np.float32)
    middle = side * 4
    dx, dy = (
        math.cos(math.radians(degrees)) * length_px * 4,
        math.sin(math.radians(degrees)) * length_px * 4,
    )
    ends = [(round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy))]
    cv2.line(fine, ends[0], ends[1], 1.0, 8)
    kernel = cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _vignette(width: int, height: int) -> Light:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray((1 - 0.12 * (x**2 + y**2))[..., np.newaxis], np.float32)


def _sensor(rng: np.random.Generator, light: Light, under: Conditions) -> Picture8:
    """Shot noise of so many electrons at white, read noise of three, and a camera's own smoothing when it is dark."""
    electrons = np.clip(light, 0, 255) / 255.0 * under.full_electrons
    counted = rng.poisson(electrons) + rng.normal(0, 3.0, electrons.shape)
    picture = np.clip(counted / under.full_electrons * 255.0, 0, 255).astype(np.uint8)
    if under.full_electrons < 1000:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 0.9))).astype(np.uint8)
    return picture
