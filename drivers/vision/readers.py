"""The two libraries that read codes, made alike: bytes and their text, or nothing.

zxing-cpp is asked for QR codes of model 2 alone, for its "QR code" includes Micro QR, which it sees in noise; and for
bytes, because its text is a guess where a code does not say its character set: that is taken only where the bytes are
no UTF-8. zbar, through pyzbar, has no bytes: it turns what it reads into UTF-8 by guessing, and leaves out FNC4, with
which Code 128 writes letters beyond ASCII ("é" comes as "i"). So of zbar ASCII is taken from a QR code, and digits from
Code 128.

A QR code's Reed-Solomon check lets no wrong text through; Code 128 has one check character of 103, so a line that
crosses glare can make another code of it. Both libraries look along many lines: what only one of them saw is not
believed, nor what a few saw where many saw something else.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

import numpy as np

from drivers.errors import DriverMissing
from drivers.vision.pixels import Corners, Pixels, Plane

_log = logging.getLogger(__name__)

# ISO/IEC 15424: the modifiers of a QR code that says its character set (an ECI).
_SAYS_CHARSET = {"]Q2", "]Q4", "]Q6"}

_ASCII = re.compile(r"[ -~\t\r\n]+")
_DIGITS = re.compile(r"[0-9]+")

# What ends a field of a GS1-128 label, which has several (GS1 General Specifications, 7.8.4).
_GROUP_SEPARATOR = "\x1d"

# Of 1,588 Code 128 that zbar read in the generated set, two were wrong, seen along 1 and 7 lines; 1,452 of the right
# ones were seen along 10 or more. zxing-cpp asks for two lines of its own accord, and was never wrong.
_LEAST_LINES = 10

# Misread beside read codes were 4 to 40 times lower than these.
_LOWER = 2


class Format(StrEnum):
    """The symbologies that are looked for, by the names that a Scan gives them."""

    QR = "QR Code"
    CODE_128 = "Code 128"


FORMATS = frozenset(Format)
"""All of them."""


@dataclass(frozen=True, slots=True, repr=False)
class Read:
    """One code that was read; `raw` are the symbol's own bytes. It may be a payment code: `repr` does not show it."""

    raw: bytes
    text: str
    symbology: Format
    aim_id: str
    corners: Corners

    def __repr__(self) -> str:
        return f"Read({len(self.text)} characters, {self.symbology!r}, {self.aim_id!r})"


class Reader(Protocol):
    """A library that reads codes. Neither method raises for anything in the pixels."""

    def read(self, grey: Pixels, formats: Collection[Format]) -> list[Read]:
        """Every code in a picture, whichever way it is turned."""

    def read_upright(self, grey: Pixels, symbology: Format) -> list[Read]:
        """Every code in a picture that was made to show it dark on light, evenly lit and the right way up; faster."""

    def read_modules(self, grey: Pixels) -> list[Read]:
        """The QR code in a picture that holds nothing but its modules, four pixels each, and a quiet zone."""

    def draw_bars(self, text: str, /) -> Plane | None:
        """The modules of a Code 128 with this text, (n,), 0 for a bar and 1 for a gap; None from who cannot draw."""


class Zxing:
    """zxing-cpp."""

    def __init__(self, library: Any) -> None:
        self._library = library
        kinds = library.BarcodeFormat
        self._kinds = {Format.QR: kinds.QRCodeModel2, Format.CODE_128: kinds.Code128}
        self._qr_of_any_model = kinds.QRCode

    def read(self, grey: Pixels, formats: Collection[Format]) -> list[Read]:
        """Every code of these formats, turned or not."""
        kinds = self._library.BarcodeFormats([self._kinds[symbology] for symbology in formats])
        return self._read(grey, formats=kinds)

    def read_upright(self, grey: Pixels, symbology: Format) -> list[Read]:
        """Without the second look at the turned, the shrunk and the inverted picture, or at how it is lit."""
        return self._read(
            grey,
            formats=self._kinds[symbology],
            binarizer=self._library.Binarizer.FixedThreshold,
            try_rotate=False,
            try_downscale=False,
            try_invert=False,
        )

    def read_modules(self, grey: Pixels) -> list[Read]:
        """Straight from the modules, without a search for finder patterns."""
        # Asked for model 2 alone, 3.1 finds nothing in a pure picture; a Micro QR code has fewer modules than these.
        return self._read(
            grey,
            formats=self._qr_of_any_model,
            is_pure=True,
            try_rotate=False,
            try_downscale=False,
            try_invert=False,
        )

    def draw_bars(self, text: str, /) -> Plane | None:
        """As the library itself writes the text, which need not be how the reader's code was written."""
        try:
            barcode = self._library.create_barcode(text, self._kinds[Format.CODE_128])
        except ValueError:
            return None
        drawn = np.asarray(barcode.to_image(scale=1, add_quiet_zones=False))
        return np.asarray(drawn[0] > 127, np.float32)

    def _read(self, grey: Pixels, **how: Any) -> list[Read]:
        plain = self._library.TextMode.Plain
        found = self._library.read_barcodes(grey, text_mode=plain, **how)
        reads = (self._accept(barcode) for barcode in found if barcode.valid)
        return uncontradicted([read for read in reads if read is not None])

    def _accept(self, barcode: Any) -> Read | None:
        raw, aim_id = bytes(barcode.bytes), str(barcode.symbology_identifier)
        symbology = Format.CODE_128 if aim_id[:2] == "]C" else Format.QR
        text = _bars_text(raw) if symbology is Format.CODE_128 else self._modules_text(raw, aim_id, barcode)
        if not raw or not text:
            return None
        place = barcode.position
        corners = [
            (at.x, at.y) for at in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        ]
        return Read(raw, text, symbology, aim_id, np.array(corners, np.float32))

    def _modules_text(self, raw: bytes, aim_id: str, barcode: Any) -> str:
        """A QR code's text: as it says itself, or UTF-8, or what the library takes it for; "" where it holds none.

        A code without an ECI is in whatever its maker used. That is UTF-8 as a rule, which other character sets' bytes
        do not pass for; a guess among the others never makes a payment code of them, and whoever holds such a code up
        hears that it is none.
        """
        kinds = self._library.ContentType
        if barcode.content_type in (kinds.Binary, kinds.UnknownECI):
            return ""
        if aim_id in _SAYS_CHARSET:
            return str(barcode.text)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return str(barcode.text)


class Zbar:
    """zbar, through pyzbar. It says nothing of modifiers, so its AIM identifiers are those of plain codes."""

    def __init__(self, library: Any) -> None:
        self._library = library
        kinds = library.ZBarSymbol
        self._kinds = {Format.QR: kinds.QRCODE, Format.CODE_128: kinds.CODE128}
        self._accepted = {
            "QRCODE": (Format.QR, "]Q1", _ASCII),
            "CODE128": (Format.CODE_128, "]C0", _DIGITS),
        }

    def read(self, grey: Pixels, formats: Collection[Format]) -> list[Read]:
        """Every code of these formats that is dark on light."""
        kinds = [self._kinds[symbology] for symbology in formats]
        try:
            found = self._library.decode(grey, symbols=kinds)
        except Exception as error:  # noqa: BLE001  # it raises what it stumbles on: a code that is one part of several
            _log.debug("zbar failed inside: %s", type(error).__name__)
            return []
        reads = (self._accept(barcode) for barcode in found)
        return uncontradicted([read for read in reads if read is not None])

    def read_upright(self, grey: Pixels, symbology: Format) -> list[Read]:
        """As any picture."""
        return self.read(grey, [symbology])

    def read_modules(self, grey: Pixels) -> list[Read]:
        """As any picture."""
        return self.read(grey, [Format.QR])

    def draw_bars(self, _text: str, /) -> Plane | None:
        """It cannot draw."""
        return None

    def _accept(self, barcode: Any) -> Read | None:
        symbology, aim_id, alphabet = self._accepted.get(barcode.type, (None, "", _ASCII))
        text = barcode.data.decode("ascii", "replace")
        if symbology is None or not alphabet.fullmatch(text):
            return None
        if symbology is Format.CODE_128 and barcode.quality < _LEAST_LINES:
            return None
        return Read(barcode.data, text, symbology, aim_id, _corners_round(barcode.polygon))


def uncontradicted(reads: list[Read]) -> list[Read]:
    """The reads without those Code 128 that a few lines show where many lines show another."""
    bars = [read for read in reads if read.symbology is Format.CODE_128]
    return [read for read in reads if not any(_overrules(other, read) for other in bars)]


def _overrules(one: Read, other: Read) -> bool:
    """Whether `one` is another text at the place of `other`, a bar code too, seen over more than twice the height."""
    if other.symbology is not Format.CODE_128 or one.text == other.text:
        return False
    start, end = (one.corners[0] + one.corners[3]) / 2, (one.corners[1] + one.corners[2]) / 2
    length = max(1.0, math.dist(start, end))
    height = _height_px(one)
    if height <= _LOWER * _height_px(other):
        return False
    along = (end - start) / length
    way = other.corners.mean(axis=0) - (start + end) / 2
    # Near counts: glare on a code's rim is where such lines are.
    return bool(
        abs(along @ way) < length / 2
        and abs(along[0] * way[1] - along[1] * way[0]) < height / 2 + length / 10
    )


def _height_px(bars: Read) -> float:
    """How far apart the first and the last line are that showed it."""
    top, bottom = (bars.corners[0] + bars.corners[1]) / 2, (bars.corners[2] + bars.corners[3]) / 2
    return math.dist(top, bottom)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads first, and who is asked when the first reads nothing."""

    first: Reader
    second: Reader | None


@cache
def load_readers() -> Readers:
    """The readers of this machine, imported at the first call. Raises DriverMissing when there is none."""
    found = [reader for reader in (_load_zxing(), _load_zbar()) if reader is not None]
    if not found:
        raise DriverMissing("zxing-cpp")
    return Readers(found[0], found[1] if len(found) > 1 else None)


def _load_zxing() -> Reader | None:
    try:
        import zxingcpp  # noqa: PLC0415  # a till without a camera starts without it
    except ImportError:
        return None
    return Zxing(zxingcpp)


def _load_zbar() -> Reader | None:
    try:
        from pyzbar import pyzbar  # noqa: PLC0415  # as above; it fails here too when libzbar is missing
    except ImportError as error:
        _log.info("pyzbar gives no second opinion: %s", error)
        return None
    return Zbar(pyzbar)


def _bars_text(raw: bytes) -> str:
    """The text of a Code 128, which is ISO 8859-1 (ISO/IEC 15417); "" where a misread has left control characters."""
    text = raw.decode("latin-1")
    return text if text.replace(_GROUP_SEPARATOR, "").isprintable() else ""


def _corners_round(polygon: Collection[Any]) -> Corners:
    """The corners of zbar's polygon: a QR code's own four, or the box round the points where a bar code was crossed."""
    points = np.array([(point.x, point.y) for point in polygon], np.float32)
    if len(points) == 4:
        return points
    if len(points) == 0:
        return np.zeros((4, 2), np.float32)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
