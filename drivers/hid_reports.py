"""Reports of a gun in HID POS mode -> scans. Pure: no device, no clock; times are parameters, in monotonic seconds.

A gun in this mode speaks usage page 0x8C of the HID Point of Sale Usage Tables 1.02: a label report holds a byte count
(01:3B), an AIM identifier in three characters (8C:FB, FC, FD), the decoded data (8C:FE), and a flag that the label goes
on in the next report (8C:FF). Where these lie is the vendor's affair and is said by the report descriptor. Without a
usable descriptor three layouts are known, and told apart by the bytes.

What is promised, and what a format without a check of its own cannot promise:

- A label comes out exactly or not at all when a report is too short or too long, when its count does not fit, when
  what follows the counted bytes was not there before (so a count that shrank is seen), when the AIM identifier is none,
  when a padding bit of a known layout is set, or when the text is not printable UTF-8. A label one of whose reports is
  broken is given up as a whole.
- A byte of the text itself that changed, a report that was lost from a label, and a first report that was cut before
  its flag: these cannot be told from other labels here. The checksums of USB and Bluetooth guard against all three; the
  check digit of a payment code is the next guard.
- Memory is bounded by `cap_bytes`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from drivers.report_descriptor import Descriptor, DescriptorInvalid, Field, ReportKind, parse
from drivers.scan import Scan
from drivers.symbology import symbology

BAR_CODE_SCANNER = 0x008C0002
BYTE_COUNT = 0x0001003B
SYMBOLOGY_IDENTIFIERS = (0x008C00FB, 0x008C00FC, 0x008C00FD)
DECODED_DATA = 0x008C00FE
DECODE_DATA_CONTINUED = 0x008C00FF
CODE_ID = 0xFF660004
"""Of the page that Honeywell, Zebra and others use for their own."""

DEFAULT_CAP_BYTES = 4096
DEFAULT_TIMEOUT_SECONDS = 0.5
"""The reports of one label follow each other within some 10 ms."""

_PACKET_BYTES = 64
"""The largest packet of an interrupt endpoint at full speed (USB 2.0, 5.7.3)."""

_AIM_LETTERS = frozenset(string.ascii_letters)
_AIM_MODIFIERS = frozenset(string.ascii_letters + string.digits)
_NOT_A_LABEL = "Z"  # ISO/IEC 15424: no bar code data; Honeywell's guns answer commands under this letter


class _Broken(Exception):
    """A label report that cannot be trusted; `goes_on` when it still says that its label does."""

    def __init__(self, *, goes_on: bool) -> None:
        super().__init__()
        self.goes_on = goes_on


@dataclass(frozen=True, slots=True)
class _Part:
    """What one report holds of a label."""

    data: bytes
    aim_id: str | None
    code_id: str | None
    goes_on: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a label report has what. `size` and `longest` are in bytes, the report's id included.

    Windows fills every report up to the device's longest one, some firmware to a whole packet. A guessed layout is
    `strict`: it must fit to the last bit.
    """

    report_id: int
    size: int
    longest: int
    data: tuple[Field, ...]
    aim_id: tuple[Field, ...]
    count: Field | None = None
    goes_on: Field | None = None
    code_id: Field | None = None
    strict: bool = False

    def is_mine(self, report: bytes) -> bool:
        """Whether a report is of this kind, broken or not."""
        return self.report_id == 0 or report[:1] == bytes([self.report_id])

    def fits(self, report: bytes) -> bool:
        """Whether a report is as long as it must be, or filled up with zeros as Windows or the gun's firmware do it."""
        return len(report) == self.size or (
            len(report) > self.size
            and len(report) in (self.longest, _PACKET_BYTES)
            and not any(report[self.size :])
        )

    def data_of(self, report: bytes) -> bytes:
        """All bytes the data field holds, padding included."""
        return b"".join(_bytes_of(found, report) for found in self.data)

    def read(self, report: bytes, held: bytes | None, stale: bytes) -> _Part:
        """Take a report apart. Raises _Broken.

        `held` is what its data field holds, None where it does not fit; `stale` what that of the report before held.
        """
        flags = self._flags_of(report)
        goes_on = flags == (1,) if self.strict else any(flags)
        if held is None:
            raise _Broken(goes_on=goes_on)
        if self.count is None:
            data = held.rstrip(b"\0")
        else:
            count = self.count.first(report)
            if count > len(held) or not _is_padding(held, count, stale):
                raise _Broken(goes_on=goes_on)
            data = held[:count]
        if self.strict and (b"\0" in data or flags not in ((0,), (1,))):
            raise _Broken(goes_on=goes_on)
        return _Part(data, self._aim_id_of(report, goes_on=goes_on), self._code_id_of(report), goes_on)

    def _flags_of(self, report: bytes) -> tuple[int, ...]:
        """The bits of the flag; none where there is no flag, or where the report was cut before it."""
        try:
            return () if self.goes_on is None else self.goes_on.values(report)
        except ValueError:
            return ()

    def _aim_id_of(self, report: bytes, *, goes_on: bool) -> str | None:
        codes = [code for found in self.aim_id for code in found.values(report)]
        if not any(codes) or len(codes) != 3:
            return None
        mark, letter, modifier = (chr(code & 0xFF) for code in codes)
        if mark != "]" or letter not in _AIM_LETTERS or modifier not in _AIM_MODIFIERS:
            raise _Broken(goes_on=goes_on)
        return mark + letter + modifier

    def _code_id_of(self, report: bytes) -> str | None:
        code = 0 if self.code_id is None else self.code_id.first(report)
        return chr(code) if 0x20 < code < 0x7F else None


def _is_padding(held: bytes, count: int, stale: bytes) -> bool:
    """Whether what follows the label in its field is no part of it.

    It is zeros, or what was there before the label was written over it: some guns do not wipe their buffer.
    """
    rest = held[count:]
    return not any(rest) or (rest == stale[count:] and held != stale)


def _bytes_of(found: Field, report: bytes) -> bytes:
    if found.is_bytes:
        return found.bytes_in(report)
    width = (found.bit_size + 7) // 8
    return b"".join(value.to_bytes(width, "little") for value in found.values(report))


def _known_layout(size: int, count_bytes: int, code_id_at: int | None) -> _Layout:
    """A layout of whole bytes: id, count, AIM identifier, 56 bytes of data, perhaps a code id, the flag at the end."""

    def at(byte: int, usage: int, count: int = 1, bit_size: int = 8) -> Field:
        return Field(ReportKind.INPUT, 2, usage, 8 * byte, bit_size, count)

    aim_at = 1 + count_bytes
    return _Layout(
        report_id=2,
        size=size,
        longest=size,
        data=(at(aim_at + 3, DECODED_DATA, 56),),
        aim_id=tuple(at(aim_at + place, usage) for place, usage in enumerate(SYMBOLOGY_IDENTIFIERS)),
        count=at(1, BYTE_COUNT, bit_size=8 * count_bytes),
        goes_on=at(size - 1, DECODE_DATA_CONTINUED),
        code_id=None if code_id_at is None else at(code_id_at, CODE_ID),
        strict=True,
    )


KNOWN_LAYOUTS = (
    _known_layout(64, 1, 61),  # Honeywell 0c2e:1007
    _known_layout(64, 2, 62),  # Zebra 05e0:2100
    _known_layout(62, 1, None),  # the tables' own example: no vendor fields
)
"""What is tried without a descriptor. No report fits two of them: an AIM identifier or a label begins with no zero."""


def layouts_of(descriptor: Descriptor) -> tuple[_Layout, ...]:
    """The label reports a descriptor declares: those with decoded data in whole bytes."""
    longest = descriptor.longest(ReportKind.INPUT)
    inputs = [found for found in descriptor.fields if found.kind is ReportKind.INPUT]
    layouts = []
    for report_id in dict.fromkeys(found.report_id for found in inputs if found.usage == DECODED_DATA):
        own = [found for found in inputs if found.report_id == report_id]
        data = tuple(found for found in own if found.usage == DECODED_DATA)
        if any(found.bit_size > 8 and found.bit_size % 8 for found in data):
            continue
        near = data[0].collection
        aim_id = (_nearest(own, usage, near) for usage in SYMBOLOGY_IDENTIFIERS)
        layouts.append(
            _Layout(
                report_id=report_id,
                size=descriptor.sizes[ReportKind.INPUT, report_id],
                longest=longest,
                data=data,
                aim_id=tuple(found for found in aim_id if found is not None),
                count=_nearest(own, BYTE_COUNT, near),
                goes_on=_nearest(own, DECODE_DATA_CONTINUED, near),
                code_id=_nearest(own, CODE_ID, near),
            )
        )
    return tuple(layouts)


def _nearest(fields: list[Field], usage: int, collection: int) -> Field | None:
    """The first field of a usage, one in the same collection before others."""
    found = [candidate for candidate in fields if candidate.usage == usage]
    return min(found, key=lambda candidate: candidate.collection != collection, default=None)


class HidPosParser:
    """Joins label reports into scans. `descriptor` is the gun's report descriptor, None when it cannot be had.

    A descriptor that is malformed, or that declares no label report, is as good as none.
    """

    def __init__(
        self,
        descriptor: bytes | None,
        *,
        cap_bytes: int = DEFAULT_CAP_BYTES,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        if cap_bytes < 1 or timeout_seconds <= 0:
            raise ValueError("the cap is at least 1 byte and the time-out longer than 0 s")
        self._layouts = _layouts_or_known(descriptor)
        self._cap_bytes = cap_bytes
        self._timeout_seconds = timeout_seconds
        self._stale: dict[int, bytes] = {}
        self._joined = bytearray()
        self._before: _Part | None = None  # the report before, while its label goes on
        self._is_skipping = False
        self._last_at: float | None = None
        self._misreads = 0

    def feed(self, report: bytes, at: float | None = None) -> Scan | None:
        """Take one input report as hidapi gives it (its id first, if reports have ids); the scan it completes, if any.

        `at` becomes the scan's time. It is not compared with the report's before: of a queue that was read late, only
        the reader knows whether there was a silence, and says so by `expire`.
        """
        mine = [layout for layout in self._layouts if layout.is_mine(report)]
        if not mine:
            return None
        self._last_at = at
        try:
            part = self._read(mine, report)
        except _Broken as broken:
            # Too short to hold its flag, it may have been any report of a label that had begun.
            is_cut = not any(layout.fits(report) for layout in mine)
            self._give_up(goes_on=broken.goes_on or (is_cut and self._before is not None))
            return None
        if self._is_skipping:
            self._is_skipping = part.goes_on
            return None
        return self._join(part, at)

    def expire(self, at: float) -> None:
        """Say that nothing has come up to `at`: an unfinished label that has waited long enough is given up."""
        if self._last_at is not None and at - self._last_at < self._timeout_seconds:
            return
        if self._before is not None:
            self._give_up(goes_on=False)
        self._is_skipping = False

    def take_misreads(self) -> int:
        """How many labels could not be read since the last call."""
        misreads, self._misreads = self._misreads, 0
        return misreads

    def _read(self, layouts: list[_Layout], report: bytes) -> _Part:
        """The part, by the first layout that fits it. Raises _Broken."""
        goes_on = False
        for layout in layouts:
            stale = self._stale.get(layout.report_id, b"")
            held = layout.data_of(report) if layout.fits(report) else None
            if held is not None and not layout.strict:
                self._stale[layout.report_id] = held
            try:
                part = layout.read(report, held, stale)
            except _Broken as broken:
                goes_on = goes_on or broken.goes_on
                continue
            self._stale[layout.report_id] = held or b""
            return part
        raise _Broken(goes_on=goes_on)

    def _give_up(self, *, goes_on: bool) -> None:
        """Count the label at hand as a misread, once, and skip what is left of it."""
        if not self._is_skipping:
            self._misreads += 1
        self._joined.clear()
        self._before = None
        self._is_skipping = goes_on

    def _join(self, part: _Part, at: float | None) -> Scan | None:
        before = self._before
        if before is not None and (before.aim_id, before.code_id) != (part.aim_id, part.code_id):
            self._give_up(goes_on=False)  # the end of the label before was lost
        self._joined += part.data
        if len(self._joined) > self._cap_bytes:
            self._give_up(goes_on=part.goes_on)
            return None
        if part.goes_on:
            self._before = part
            return None
        data = bytes(self._joined)
        self._joined.clear()
        self._before = None
        return self._scan_of(data, part, at) if data else None

    def _scan_of(self, data: bytes, part: _Part, at: float | None) -> Scan | None:
        if part.aim_id is not None and part.aim_id[1] == _NOT_A_LABEL:
            return None
        label = data.rstrip(b"\r\n\t")  # a suffix that the gun was given for another mode
        try:
            text = label.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if not text.isprintable() or not text:
            self._misreads += 1
            return None
        raw = (part.aim_id or "").encode() + label
        return Scan(raw, text, symbology(part.aim_id, part.code_id), part.aim_id, at=at)


def _layouts_or_known(descriptor: bytes | None) -> tuple[_Layout, ...]:
    if not descriptor:
        return KNOWN_LAYOUTS
    try:
        return layouts_of(parse(descriptor)) or KNOWN_LAYOUTS
    except DescriptorInvalid:
        return KNOWN_LAYOUTS
