"""One reading of one label: the only thing that leaves this package besides health."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# ISO/IEC 15424: `]`, a letter for the symbology, a modifier character. Some guns send letters of their own (`]X`).
_AIM_ID = re.compile(r"\][A-Za-z][0-9A-Za-z]")

# The code characters of ISO/IEC 15424 (case matters).
_SYMBOLOGY_BY_AIM_LETTER = {
    "A": "Code 39",
    "B": "Telepen",
    "C": "Code 128",
    "D": "Code One",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "H": "Code 11",
    "I": "Interleaved 2 of 5",
    "K": "Code 16K",
    "L": "PDF417",
    "M": "MSI",
    "N": "Anker",
    "O": "Codablock",
    "P": "Plessey",
    "Q": "QR Code",
    "R": "Straight 2 of 5",
    "S": "Straight 2 of 5",
    "U": "MaxiCode",
    "X": "other",
    "d": "Data Matrix",
    "e": "GS1 DataBar",
    "z": "Aztec Code",
}


def split_aim_id(text: str) -> tuple[str | None, str]:
    """Split a leading AIM identifier off: `"]Q1123"` is `("]Q1", "123")`; without one, `(None, text)`."""
    if _AIM_ID.match(text) and text[1] in _SYMBOLOGY_BY_AIM_LETTER:
        return text[:3], text[3:]
    return None, text


def symbology_of(aim_id: str | None) -> str | None:
    """The symbology an AIM identifier names (`"]Q1"` is `"QR Code"`), or None when there is none."""
    return None if aim_id is None else _SYMBOLOGY_BY_AIM_LETTER.get(aim_id[1])


@dataclass(frozen=True, slots=True, repr=False)
class Scan:
    """What a gun read.

    `raw` is the frame as it came, without its terminator but with its AIM identifier; `text` is the label's own text.
    `source` is the path of the device, `transport` the kind of its connection ("serial", "wedge", "sim").
    `at` is in monotonic seconds, the moment the last byte or key came; None until somebody with a clock has said.
    A text may be a payment code, so neither `repr` nor an error of this class shows `raw` or `text`.

    Raises TypeError or ValueError when built from something that is no reading.
    """

    raw: bytes
    text: str
    symbology: str | None = None
    aim_id: str | None = None
    source: str = ""
    transport: str = ""
    at: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.raw, bytes):
            raise TypeError(f"raw is {type(self.raw).__name__}, not bytes")
        if not isinstance(self.text, str):
            raise TypeError(f"text is {type(self.text).__name__}, not str")
        if not self.raw or not self.text:
            raise ValueError("a scan holds at least one byte and one character")
        if self.aim_id is not None and not _AIM_ID.fullmatch(self.aim_id):
            raise ValueError("an AIM identifier is ']', a letter and a modifier")
        if self.at is not None and not math.isfinite(self.at):
            raise ValueError("the time of a scan is a finite number of seconds")

    def __repr__(self) -> str:
        return (
            f"Scan({len(self.text)} characters, {len(self.raw)} bytes, symbology={self.symbology!r}, "
            f"aim_id={self.aim_id!r}, source={self.source!r}, transport={self.transport!r}, at={self.at!r})"
        )
