"""What kinds of labels are called by the guns that read them. Pure.

The AIM identifiers' letters (ISO/IEC 15424) are in `drivers.scan`; here are the vendors' own marks beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.scan import symbology_of

CODE_IDS: Mapping[str, str] = {
    "a": "Codabar",
    "b": "Code 39",
    "c": "UPC-A",
    "d": "EAN-13",
    "D": "EAN-8",
    "e": "Interleaved 2 of 5",
    "E": "UPC-E",
    "f": "Straight 2 of 5",
    "g": "MSI",
    "h": "Code 11",
    "H": "Han Xin",
    "i": "Code 93",
    "I": "GS1-128",
    "j": "Code 128",
    "l": "Code 49",
    "r": "PDF417",
    "R": "MicroPDF417",
    "s": "QR Code",
    "V": "Codablock A",
    "q": "Codablock F",
    "w": "Data Matrix",
    "x": "MaxiCode",
    "y": "GS1 DataBar",
    "z": "Aztec Code",
}
"""Code ids of Honeywell's guns, by the character; Zebra's guns in HID POS mode send the same ones.

Sources: the symbology chart of Honeywell's user's guides; captures of 05e0:2100 and 0c2e:1007 (`c` UPC-A, `s` QR Code).
"""

SSI_TYPES: Mapping[int, str] = {
    0x01: "Code 39",
    0x02: "Codabar",
    0x03: "Code 128",
    0x04: "Discrete 2 of 5",
    0x05: "Straight 2 of 5",
    0x06: "Interleaved 2 of 5",
    0x07: "Code 93",
    0x08: "UPC-A",
    0x09: "UPC-E",
    0x0A: "EAN-8",
    0x0B: "EAN-13",
    0x0C: "Code 11",
    0x0D: "Code 49",
    0x0E: "MSI",
    0x0F: "GS1-128",
    0x11: "PDF417",
    0x1A: "MicroPDF417",
    0x1B: "Data Matrix",
    0x1C: "QR Code",
    0x25: "MaxiCode",
    0x2C: "Micro QR Code",
    0x2D: "Aztec Code",
    0x30: "GS1 DataBar",
}
"""The bar code type of an SSI decode packet (Zebra, Simple Serial Interface Programmer's Guide, 72E-40451)."""


def symbology(aim_id: str | None, code_id: str | None = None) -> str | None:
    """The symbology of a label with this AIM identifier and this vendor's code id.

    `]X` says no more than "none of the others", and guns put modifiers of their own behind it (`]Xg`): there the
    vendor's code id decides, as it does without an AIM identifier; unknown ids are None.
    """
    if aim_id is not None and aim_id[1] != "X":
        return symbology_of(aim_id)
    return None if code_id is None else CODE_IDS.get(code_id)
