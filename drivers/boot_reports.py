"""Boot keyboard reports of a gun that types -> scans. Pure: no device, no clock; times are parameters.

A report is 8 bytes (HID 1.11, appendix B.1): modifiers, one reserved, and the usages of the keys that are down now.
They become the key events that Linux would make of them (drivers/hid/hid-input.c), and `drivers.key_presses` reads
those: layouts, prefix and suffix, the end of a label and what spoils one are the same.
"""

from __future__ import annotations

from drivers.key_presses import KeyPressParser, event_frame
from drivers.scan import Scan

REPORT_BYTES = 8

_SYN, _KEY, _DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1
_ROLL_OVER = 0x01
"""In place of every key when more are down than a report can hold."""

_FIRST_USAGE = 0x04
_CODES = (
    30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44,  # A to Z
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,  # 1 to 9, 0
    28, 1, 14, 15, 57, 12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53, 58,  # Enter to Caps Lock
    59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88, 99, 70, 119, 110, 102, 104, 111, 107, 109, 106, 105, 108, 103,
    69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83, 86,  # the keypad, from NumLock on
)  # fmt: skip
_MODIFIER_CODES = (29, 42, 56, 125, 97, 54, 100, 126)


class BootReportParser:
    """Compares each report with the one before, and hands what went down and up to a KeyPressParser."""

    def __init__(self, keys: KeyPressParser | None = None) -> None:
        self._keys = keys or KeyPressParser()
        self._modifiers = 0
        self._down: tuple[int, ...] = ()

    def take_misreads(self) -> int:
        """How many labels could not be read since the last call."""
        return self._keys.take_misreads()

    def feed(self, report: bytes, at: float) -> list[Scan]:
        """Take a report that came at `at`; the scans it completes. One that is none spoils the label at hand."""
        usages = report[2:REPORT_BYTES]
        if len(report) < REPORT_BYTES or any(report[REPORT_BYTES:]) or _ROLL_OVER in usages:
            self._modifiers, self._down = 0, ()
            return self._keys.feed(event_frame(_SYN, _DROPPED, 0), at)
        now = tuple(usage for usage in usages if usage)
        events = [(_code(usage), _UP) for usage in self._down if usage not in now]
        events += self._modified(report[0])
        events += [(_code(usage), _DOWN) for usage in now if usage not in self._down]
        self._down = now
        return self._keys.feed(b"".join(event_frame(_KEY, code, value) for code, value in events), at)

    def idle(self, at: float) -> list[Scan]:
        """Say that nothing has come up to `at`; the scan that this silence ends, if any."""
        return self._keys.idle(at)

    def _modified(self, modifiers: int) -> list[tuple[int, int]]:
        changed, self._modifiers = self._modifiers ^ modifiers, modifiers
        return [
            (code, modifiers >> bit & 1) for bit, code in enumerate(_MODIFIER_CODES) if changed >> bit & 1
        ]


def _code(usage: int) -> int:
    """Linux' code of a key; 0, which no label has, for a usage that is none."""
    place = usage - _FIRST_USAGE
    return _CODES[place] if 0 <= place < len(_CODES) else 0
