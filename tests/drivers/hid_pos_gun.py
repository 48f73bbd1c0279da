"""Guns in HID POS mode made of software: what they say of their reports, and the reports they send."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drivers.hid_reports import (
    BYTE_COUNT,
    CODE_ID,
    DECODE_DATA_CONTINUED,
    DECODED_DATA,
    SYMBOLOGY_IDENTIFIERS,
)

INPUT, COLLECTION, END_COLLECTION, FEATURE, OUTPUT = 0x80, 0xA0, 0xC0, 0xB0, 0x90
USAGE_PAGE, LOGICAL_MAXIMUM, REPORT_SIZE, REPORT_ID, REPORT_COUNT, PUSH, POP = (
    0x04, 0x24, 0x74, 0x84, 0x94, 0xA4, 0xB4,
)  # fmt: skip
USAGE, USAGE_MINIMUM, USAGE_MAXIMUM = 0x08, 0x18, 0x28
DATA_VARIABLE, CONSTANT = 0x02, 0x03

COUNT, AIM_1, AIM_2, AIM_3, DATA, FLAG, CODE, PAD = (
    "count",
    "aim 1",
    "aim 2",
    "aim 3",
    "data",
    "flag",
    "code",
    "pad",
)
USAGES = {
    COUNT: BYTE_COUNT,
    **dict(zip((AIM_1, AIM_2, AIM_3), SYMBOLOGY_IDENTIFIERS, strict=True)),
    DATA: DECODED_DATA,
    FLAG: DECODE_DATA_CONTINUED,
    CODE: CODE_ID,
}


def item(tag: int, value: int, least_bytes: int = 0) -> bytes:
    """A short item in the least number of bytes, or in more."""
    size = next(size for size in (0, 1, 2, 4) if size >= least_bytes and value < 1 << 8 * size)
    return bytes([tag | (0, 1, 2, 4).index(size)]) + value.to_bytes(size, "little")


@dataclass(frozen=True)
class Piece:
    """A stretch of a label report: `count` elements of `bits` each, which hold one thing."""

    holds: str
    bits: int = 8
    count: int = 1

    def declared(self, page: int, *, least_bytes: int = 1, is_nested: bool = False) -> bytes:
        """The items that declare it; `page` is the usage page in force before."""
        usage = USAGES.get(self.holds)
        items = b""
        if usage is None:
            flags = CONSTANT
        else:
            flags = DATA_VARIABLE
            if usage >> 16 != page:
                items += item(USAGE_PAGE, usage >> 16, least_bytes)
            items += item(USAGE, usage & 0xFFFF, least_bytes)
        items += item(REPORT_SIZE, self.bits, least_bytes) + item(REPORT_COUNT, self.count, least_bytes)
        items += item(INPUT, flags, least_bytes)
        return item(COLLECTION, 2, 1) + items + item(END_COLLECTION, 0) if is_nested else items


@dataclass(frozen=True)
class HidPosGun:
    """A gun with label reports of these pieces, under this report id (0: reports without one)."""

    pieces: Sequence[Piece]
    report_id: int = 2
    least_bytes: int = 1
    is_nested: bool = False
    before: bytes = b""
    after: bytes = b""

    @property
    def descriptor(self) -> bytes:
        """What it says of its reports; `before` and `after` are other items of its application collection."""
        items = item(USAGE_PAGE, 0x8C) + item(USAGE, 0x02) + item(COLLECTION, 1, 1) + self.before
        items += item(REPORT_ID, self.report_id) if self.report_id else b""
        items += item(USAGE_PAGE, 0x8C) + item(USAGE, 0x12) + item(COLLECTION, 2, 1)
        page = 0x8C
        for piece in self.pieces:
            items += piece.declared(page, least_bytes=self.least_bytes, is_nested=self.is_nested)
            page = USAGES.get(piece.holds, page << 16) >> 16
        return items + item(END_COLLECTION, 0) + self.after + item(END_COLLECTION, 0)

    @property
    def capacity_bytes(self) -> int:
        """How many bytes of a label fit into one report."""
        return sum(piece.count for piece in self.pieces if piece.holds == DATA)

    def reports(self, label: bytes, aim_id: str = "]Q1", code_id: str = "s") -> list[bytes]:
        """The reports of a label, in order."""
        size = self.capacity_bytes
        parts = [label[start : start + size] for start in range(0, len(label), size)] or [b""]
        return [
            self.report(part, aim_id, code_id, goes_on=place < len(parts) - 1)
            for place, part in enumerate(parts)
        ]

    def report(self, part: bytes, aim_id: str, code_id: str, *, goes_on: bool) -> bytes:
        """One report."""
        aim = aim_id.encode() or bytes(3)
        held = {
            COUNT: len(part),
            AIM_1: aim[0],
            AIM_2: aim[1],
            AIM_3: aim[2],
            FLAG: int(goes_on),
            CODE: ord(code_id),
        }
        rest = part.ljust(self.capacity_bytes, b"\0")
        value = place = 0
        for piece in self.pieces:
            for position in range(piece.count):
                if piece.holds == DATA:
                    element, rest = rest[0], rest[1:]
                else:
                    element = held.get(piece.holds, 0) if position == 0 else 0
                value |= element << place
                place += piece.bits
        report = value.to_bytes((place + 7) // 8, "little")
        return bytes([self.report_id]) + report if self.report_id else report


def aim_pieces() -> Iterator[Piece]:
    """The AIM identifier as three bytes."""
    yield from (Piece(AIM_1), Piece(AIM_2), Piece(AIM_3))


# Its trigger report, its switch and its commands: report ids 4, FE and FD (Honeywell 0c2e:1007 and its kin).
_HONEYWELL_OUTPUTS = bytes.fromhex(
    "058c0914a102850415002501750195080900095f096009000900098509869186c0"
    "0666ff750826ff000903a10285fe95010903b28201c00901a10285fd950109219102953e0922928201c0"
)

HONEYWELL = HidPosGun(
    (Piece(COUNT), *aim_pieces(), Piece(DATA, 8, 56), Piece(CODE), Piece(PAD), Piece(FLAG, 1, 8)),
    after=_HONEYWELL_OUTPUTS,
)
"""The layout of 0c2e:1007: 64 bytes, the flag in eight bits of one usage; the vendor's modifier is padding here."""

ZEBRA = HidPosGun(
    (Piece(COUNT, 16), *aim_pieces(), Piece(DATA, 8, 56), Piece(CODE), Piece(FLAG, 1), Piece(PAD, 7))
)
"""The layout of 05e0:2100: a count of two bytes."""

EMULATOR_DESCRIPTOR = bytes.fromhex(
    "058c0902a10185020912a102150026ff00750895010501093b81029503058c09fb09fc09fd8102953809fe8202"
    "0125017501950109ff810275078103c0c0"
)
"""An emulator's own words for the layout without vendor fields, `EMULATOR`."""

EMULATOR = HidPosGun((Piece(COUNT), *aim_pieces(), Piece(DATA, 8, 56), Piece(FLAG, 1), Piece(PAD, 7)))

ODD = HidPosGun(
    (Piece(PAD, 3), Piece(FLAG, 1), Piece(DATA, 8, 20), Piece(PAD, 5), *aim_pieces(), Piece(COUNT, 7)),
    report_id=17,
    is_nested=True,
)
"""A layout nobody has: another report id, off the bytes' borders, the flag first and the count last."""

KEYBOARD_DESCRIPTOR = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503"
    "910395067508150025650507190029658100c0"
)
"""A boot keyboard (HID 1.11, appendix B.1)."""
