"""Keys of a gun that nobody else hears -> scans. Pure: no device, no clock; times are parameters, in monotonic seconds.

Unlike `drivers.keystrokes` nothing here has to be told from a person's typing: every key is the gun's. They come as
frames of Linux' input events, 8 bytes each: type and code (16 bits), value (32 bits, signed), least byte first.

Enter and Tab end a label; without either it is ended by a pause. A key that is no part of any label, or lost events,
spoil the label at hand as a whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from drivers.affixes import Affixes
from drivers.framing import FrameMode, Framer
from drivers.key_codes import (
    CAPS_LOCK,
    CONTROLS,
    ENTER,
    KEYPAD,
    KEYPAD_ENTER,
    LAYOUTS,
    LEFT_ALT,
    METAS,
    MODIFIERS,
    NUM_LOCK,
    RIGHT_ALT,
    SHIFTS,
    TAB,
    keypad_char,
)
from drivers.scan import Scan

_EVENT = struct.Struct("<HHi")
_SYN, _KEY, _DROPPED = 0, 1, 3
_UP, _DOWN = 0, 1

_END, _SPOILT = b"\r", b"\0"
_MOST_KEYPAD_DIGITS = 7

FRAME_MODES = {"auto": FrameMode.AUTO, "key": FrameMode.CR, "silence": FrameMode.SILENCE}
"""How a gun ends a label: it shows by itself; by Enter or Tab; by nothing but a pause."""


def event_frame(event_type: int, code: int, value: int) -> bytes:
    """One input event as a frame."""
    return _EVENT.pack(event_type, code, value)


class KeyPressParser:
    """Makes characters of keys by the layout the gun is set to, and labels of characters.

    ValueError for a layout or an end that is not known, and for a silence of nothing.
    """

    def __init__(
        self,
        *,
        layout: str = "us",
        end: str = "auto",
        prefix: str = "",
        suffix: str = "",
        silence_seconds: float = 0.3,
    ) -> None:
        if layout not in LAYOUTS or end not in FRAME_MODES:
            raise ValueError("no such layout or end")
        self._layout = LAYOUTS[layout]
        self._affixes = Affixes(prefix, suffix)
        self._framer = Framer(FRAME_MODES[end], silence_seconds=silence_seconds)
        self._down: set[int] = set()
        self._has_caps = False
        self._keypad_digits = ""
        self._misreads = 0

    def take_misreads(self) -> int:
        """How many labels could not be read since the last call."""
        misreads, self._misreads = self._misreads + self._framer.take_misreads(), 0
        return misreads

    def feed(self, frame: bytes, at: float) -> list[Scan]:
        """Take input events that happened at `at`; the scans they complete, oldest first."""
        typed = b"".join(self._typed_by(*event) for event in self._events(frame))
        return self._cut(self._framer.feed(typed, at) if typed else self._framer.idle(at))

    def idle(self, at: float) -> list[Scan]:
        """Say that nothing has come up to `at`; the scan that this silence ends, if any."""
        return self._cut(self._framer.idle(at))

    def _cut(self, scans: list[Scan]) -> list[Scan]:
        labels = [label for scan in scans if (label := self._affixes.cut(scan)) is not None]
        self._misreads += len(scans) - len(labels)
        return labels

    def _events(self, frame: bytes) -> Iterator[tuple[int, int, int]]:
        """The events; what is left of one that is not whole spoils the label."""
        whole = len(frame) - len(frame) % _EVENT.size
        yield from _EVENT.iter_unpack(frame[:whole])
        if whole != len(frame):
            yield _SYN, _DROPPED, 0

    def _typed_by(self, event_type: int, code: int, value: int) -> bytes:
        """What an event adds to the label."""
        if event_type == _SYN and code == _DROPPED:
            self._down.clear()  # of keys whose release was lost too
            self._keypad_digits = ""
            return _SPOILT
        if event_type != _KEY:
            return b""
        if code in MODIFIERS:
            return self._modify(code, value)
        return self._press(code) if value == _DOWN else b""

    def _modify(self, code: int, value: int) -> bytes:
        if value == _UP:
            self._down.discard(code)
        else:
            self._down.add(code)
        digits, self._keypad_digits = self._keypad_digits, ""
        if not digits or code != LEFT_ALT or value != _UP:
            return _SPOILT if digits else b""
        char = keypad_char(digits)
        return _SPOILT if char is None else char.encode("utf-8")

    def _press(self, code: int) -> bytes:
        if code in (ENTER, KEYPAD_ENTER, TAB):
            return _END
        if code == CAPS_LOCK:  # the gun's own: the lamp it sees was put out when it was claimed
            self._has_caps = not self._has_caps
            return b""
        if code == NUM_LOCK:
            return b""
        if LEFT_ALT in self._down:
            return self._collect(code)
        if self._down & METAS:
            return _SPOILT
        char = KEYPAD.get(code) or self._layout.char(
            code, is_shifted=bool(self._down & SHIFTS), is_third=RIGHT_ALT in self._down
        )
        if char is None:
            return _SPOILT
        if self._down & CONTROLS:
            return _control(char)
        return (char.swapcase() if self._has_caps else char).encode("utf-8")

    def _collect(self, code: int) -> bytes:
        """A digit of a character's number, typed with Alt held."""
        digit = KEYPAD.get(code, "")
        if not digit.isdecimal() or len(self._keypad_digits) == _MOST_KEYPAD_DIGITS:
            return _SPOILT
        self._keypad_digits += digit
        return b""


def _control(char: str) -> bytes:
    """What Ctrl makes of a character: guns send Ctrl+M, Ctrl+J and Ctrl+I for CR, LF and Tab."""
    return _END if char.lower() in "mji" else _SPOILT
