"""OpenCV's own QR code reader, as a last opinion: it finds codes in glare that the others lose.

It gives a text and no bytes, and takes what it stumbles on for a code, so only plain ASCII is taken from it.
"""

from __future__ import annotations

import cv2
import numpy as np

from drivers.vision.pixels import Pixels
from drivers.vision.readers import Format, Read


def read_by_opencv(grey: Pixels) -> list[Read]:
    """The QR code in a picture, if OpenCV reads one; raises nothing for anything in the pixels."""
    try:
        text, corners, _ = cv2.QRCodeDetector().detectAndDecode(grey)
    except (cv2.error, UnicodeDecodeError):
        return []  # on what only looks like a code
    if not text or not text.isascii() or not text.isprintable():
        return []
    place = np.asarray(corners, np.float32).reshape(4, 2)
    return [Read(text.encode("ascii"), text, Format.QR, "]Q1", place)]
