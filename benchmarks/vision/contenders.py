"""Who reads the set: each library alone, as its maker means it to be used, and the till's own room.

OpenCV reads QR codes; of bar codes it knows EAN and UPC alone, so it is not asked for Code 128.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import cv2
import zxingcpp
from pyzbar import pyzbar

from benchmarks.vision.symbols import Picture8, Symbology
from drivers.decoding import decode

Contender = Callable[[Picture8, Symbology], list[str]]
"""Reads the codes of a symbology in a BGR picture."""

OURS = "till"
"""The name of the contender that is measured against the others."""

# Not QRCode: that includes Micro QR, which 3.1 sees in noise.
_ZXING_FORMATS = {
    Symbology.QR: zxingcpp.BarcodeFormat.QRCodeModel2,
    Symbology.CODE_128: zxingcpp.BarcodeFormat.Code128,
}
_ZXING_BOTH = zxingcpp.BarcodeFormats(list(_ZXING_FORMATS.values()))
_ZBAR_BOTH = [pyzbar.ZBarSymbol.QRCODE, pyzbar.ZBarSymbol.CODE128]


def read_by_zxing(picture: Picture8, _symbology: Symbology) -> list[str]:
    """zxing-cpp with its defaults, looking for both kinds as a till does."""
    plain = zxingcpp.TextMode.Plain
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=_ZXING_BOTH, text_mode=plain)]


def read_by_zbar(picture: Picture8, _symbology: Symbology) -> list[str]:
    """zbar, through pyzbar, looking for both kinds."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return [code.data.decode("ascii", "replace") for code in pyzbar.decode(grey, symbols=_ZBAR_BOTH)]


def read_by_opencv(picture: Picture8, symbology: Symbology) -> list[str]:
    """OpenCV's QR code detector; of its three ways the one that reads most."""
    if symbology is not Symbology.QR:
        return []
    try:
        text, _, _ = _detector().detectAndDecode(picture)
    except (cv2.error, UnicodeDecodeError):
        return []  # it stumbles on what it takes for a code
    return [text] if text else []


def read_by_till(picture: Picture8, _symbology: Symbology) -> list[str]:
    """The till's own room, all attempts allowed."""
    return [scan.text for scan in decode(picture)]


@cache
def _detector() -> Any:
    return cv2.QRCodeDetector()


CONTENDERS: Mapping[str, Contender] = {
    "zxing-cpp": read_by_zxing,
    "pyzbar": read_by_zbar,
    "OpenCV": read_by_opencv,
    OURS: read_by_till,
}
"""By name, in the order of a table's columns."""
