"""The phone in front of the till's camera: where it is, what is behind it, and the picture before the lens blurs it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.vision.phones import Phone
from benchmarks.vision.symbols import Picture8

# The picture is drawn this many times larger and averaged down, as a pixel of a sensor averages what falls on it.
_OVERSAMPLING = 2
# Focal length over the picture's width: a webcam's 65 degrees.
_FOCAL_SHARE = 0.8

Light = NDArray[np.float32]
"""What falls on the sensor: (height, width, 3), BGR, linear in the screen's values, 255 is white."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How the phone is held: `module_px` is the size of a module in the middle of the code, in the camera's pixels.

    The code is turned by `rotation_degrees` in the picture, then tilted away by `tilt_degrees` round an axis that
    lies at `axis_degrees` in the picture. `centre` is where its middle is, in shares of width and height.
    """

    module_px: float
    rotation_degrees: float = 0.0
    tilt_degrees: float = 0.0
    axis_degrees: float = 0.0
    centre: tuple[float, float] = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Shot:
    """The scene as light on the sensor, and the map from the phone's picture to the camera's (3, 3).

    `phone_share` (height, width, 1) says how much of a pixel the phone covers, 0 to 1; `code_corners` are as a Phone's.
    """

    light: Light
    phone_share: Light
    phone_to_camera: NDArray[np.float64]
    code_corners: NDArray[np.float64]
    module_px: float


def take(rng: np.random.Generator, phone: Phone, pose: Pose, size: tuple[int, int]) -> Shot:
    """The phone in this pose before some background, at a camera's `size` (width, height)."""
    to_camera = _homography(phone, pose, size)
    grown = np.diag([_OVERSAMPLING, _OVERSAMPLING, 1.0]) @ to_camera
    big = (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING)
    screen = cv2.warpPerspective(phone.picture, grown, big, flags=cv2.INTER_LINEAR)
    covered = cv2.warpPerspective(np.full(phone.picture.shape[:2], 255, np.uint8), grown, big)
    picture = _shrunk(np.asarray(screen, np.uint8), size)
    share = _shrunk(np.asarray(covered, np.uint8), size)[..., np.newaxis] / 255.0
    light = (picture * 1.0 + _background(rng, size).astype(np.float32) * (1.0 - share)).astype(np.float32)
    corners = cv2.perspectiveTransform(phone.corners[np.newaxis], to_camera)[0]
    return Shot(light, share.astype(np.float32), to_camera, corners, pose.module_px)


def _shrunk(picture: Picture8, size: tuple[int, int]) -> NDArray[np.float32]:
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _homography(phone: Phone, pose: Pose, size: tuple[int, int]) -> NDArray[np.float64]:
    """From the phone's pixels to the camera's: centre on the code, scale, turn, tilt, project, put in its place."""
    width, height = size
    focal = _FOCAL_SHARE * width
    centre = phone.corners.mean(axis=0)
    scale = pose.module_px / phone.module_px
    turn = _rotation_2d(pose.rotation_degrees)
    axis = _rotation_2d(pose.axis_degrees)
    tilt = math.radians(pose.tilt_degrees)
    # A tilt round x after turning the axis there: y shrinks by cos, and depth grows with y by sin.
    depth = np.array([[1, 0, 0], [0, math.cos(tilt), 0], [0, math.sin(tilt) / focal, 1]])
    place = np.array([[1, 0, width * pose.centre[0]], [0, 1, height * pose.centre[1]], [0, 0, 1]])
    flat = np.diag([scale, scale, 1.0]) @ np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
    result: NDArray[np.float64] = place @ axis @ depth @ axis.T @ turn @ flat
    return result


def _rotation_2d(degrees: float) -> NDArray[np.float64]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _background(rng: np.random.Generator, size: tuple[int, int]) -> Picture8:
    """A counter with things on it: a gradient, patches, edges, stripes like a price rail, and some print."""
    width, height = size
    low, high = np.sort(rng.uniform(20, 220, 2))
    ramp = np.linspace(low, high, width if rng.random() < 0.5 else height)
    grey = np.tile(ramp, (height, 1)) if len(ramp) == width else np.tile(ramp[:, np.newaxis], (1, width))
    tint = rng.uniform(0.75, 1.0, 3)
    picture = np.clip(grey[..., np.newaxis] * tint, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(3, 9))):
        ink = tuple(int(value) for value in rng.integers(0, 255, 3))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        w, h = int(rng.integers(20, width // 3)), int(rng.integers(20, height // 3))
        shape = rng.integers(4)
        if shape == 0:
            cv2.rectangle(picture, (x, y), (x + w, y + h), ink, -1)
        elif shape == 1:
            cv2.ellipse(picture, (x, y), (w // 2, h // 2), float(rng.uniform(0, 180)), 0, 360, ink, -1)
        elif shape == 2:
            for step in range(0, w, 12):
                cv2.line(picture, (x + step, y), (x + step, y + h), ink, int(rng.integers(2, 7)))
        else:
            cv2.putText(picture, "SALE 29.90 kg", (x, y), cv2.FONT_HERSHEY_SIMPLEX, h / 60, ink, 2)
    return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 3.0))).astype(np.uint8)
