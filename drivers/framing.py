"""A stream of bytes -> scans. Pure: no port, no clock; times are parameters, in monotonic seconds.

Serial guns end a label with CR, LF, CR LF, put it between STX and ETX (02, 03), or send nothing but a pause.
In every mode but `SILENCE` a pause inside a frame means that its end was lost: the stale part is dropped and counted as
a misread, so a cut label is never glued to the next one.

`AUTO` starts without an opinion: a terminator, STX..ETX or a pause ends a frame. With the first good frame that had a
terminator or STX..ETX it has learned the gun's way and keeps to it: from then on an unterminated rest is a cut label.

A frame is a scan when it is UTF-8 text of printable characters; anything else in it makes it a misread as a whole.
"""

from __future__ import annotations

import re
from enum import StrEnum

from drivers.scan import Scan, split_aim_id, symbology_of

_STX, _ETX, _CR, _LF = 0x02, 0x03, 0x0D, 0x0A
_MARK = re.compile(rb"[\x02\x03\r\n]")

DEFAULT_CAP_BYTES = 8192
"""The longest frame: the largest QR code holds 7089 digits (ISO/IEC 18004)."""


class FrameMode(StrEnum):
    """How a gun marks the end of a label; the values are those of the `frame` option of a path."""

    CR = "cr"
    LF = "lf"
    CR_LF = "crlf"
    STX_ETX = "stx"
    SILENCE = "silence"
    AUTO = "auto"


_LINE_ENDS: dict[FrameMode, frozenset[int]] = {
    FrameMode.CR: frozenset({_CR}),
    FrameMode.LF: frozenset({_LF}),
    FrameMode.CR_LF: frozenset({_LF}),
    FrameMode.AUTO: frozenset({_CR, _LF}),
}


class Framer:
    """Cuts a gun's bytes into scans; however the stream is split into reads, the scans are the same.

    A frame longer than `cap_bytes` is discarded up to its end and counted as one misread.
    """

    def __init__(
        self,
        mode: FrameMode = FrameMode.AUTO,
        *,
        silence_seconds: float = 0.3,
        cap_bytes: int = DEFAULT_CAP_BYTES,
    ) -> None:
        if silence_seconds <= 0 or cap_bytes < 1:
            raise ValueError("the silence is longer than 0 s and the cap at least 1 byte")
        self._mode = mode
        self._silence_seconds = silence_seconds
        self._cap_bytes = cap_bytes
        self._line_ends = _LINE_ENDS.get(mode, frozenset())
        self._frames_by_stx = mode in (FrameMode.STX_ETX, FrameMode.AUTO)
        self._is_learning = mode is FrameMode.AUTO
        self._misreads = 0
        self._last_at = 0.0
        self._buffer = b""
        self._is_inside = False  # between STX and ETX
        self._is_overlong = False

    def take_misreads(self) -> int:
        """How many frames could not be read since the last call."""
        misreads, self._misreads = self._misreads, 0
        return misreads

    def feed(self, data: bytes, at: float) -> list[Scan]:
        """Take bytes that arrived at `at`; the scans they complete, oldest first."""
        scans = self.idle(at)
        if not data:
            return scans
        self._last_at = at
        start = 0
        for mark in _MARK.finditer(data):
            place = mark.start()
            self._append(data[start:place])
            start = place + 1
            scan = self._accept(data[place])
            if scan is not None:
                scans.append(scan)
        self._append(data[start:])
        return scans

    def idle(self, at: float) -> list[Scan]:
        """Say that nothing has come up to `at`; the scan that this silence ends, if any."""
        if not (self._buffer or self._is_inside) or at - self._last_at < self._silence_seconds:
            return []
        if self._mode is FrameMode.SILENCE or (self._is_learning and not self._is_inside):
            scan = self._end_frame()
            return [] if scan is None else [scan]
        self._drop_unfinished()
        return []

    def _append(self, data: bytes) -> None:
        if not data:
            return
        if self._mode is FrameMode.CR_LF and self._buffer.endswith(b"\r"):
            self._drop_unfinished()  # the LF of the one before was lost
        self._buffer += data
        if len(self._buffer) > self._cap_bytes + 1:  # one more: the CR of CR LF
            self._is_overlong = True
            self._buffer = self._buffer[-1:]

    def _accept(self, mark: int) -> Scan | None:
        """Take a byte that may be the beginning or the end of a frame."""
        if mark in (_STX, _ETX):
            if self._frames_by_stx:
                return self._begin_or_end(mark)
        elif not self._is_inside:
            if not self._buffer and self._mode is not FrameMode.SILENCE:
                return None  # the rest of a terminator
            if mark in self._line_ends:
                return self._end_line()
        self._append(bytes((mark,)))
        return None

    def _begin_or_end(self, mark: int) -> Scan | None:
        if mark == _STX:
            self._drop_unfinished()  # the ETX of the one before was lost
            self._is_inside = True
            return None
        if not self._is_inside:
            self._drop_unfinished()  # its STX was lost, and who knows what else
            return None
        scan = self._end_frame()
        if scan is not None and self._is_learning:
            self._line_ends, self._is_learning = frozenset(), False
        return scan

    def _end_line(self) -> Scan | None:
        if self._mode in (FrameMode.LF, FrameMode.CR_LF) and self._buffer.endswith(b"\r"):
            self._buffer = self._buffer[:-1]
        elif self._mode is FrameMode.CR_LF:
            self._drop_unfinished()  # its CR was lost, and who knows what else
            return None
        scan = self._end_frame()
        if scan is not None and self._is_learning:
            self._frames_by_stx = self._is_learning = False
        return scan

    def _drop_unfinished(self) -> None:
        if self._buffer or self._is_inside:
            self._misreads += 1
        self._begin_frame()

    def _begin_frame(self) -> None:
        self._buffer = b""
        self._is_inside = self._is_overlong = False

    def _end_frame(self) -> Scan | None:
        """Read what is in the buffer, and begin anew."""
        # Some guns put their terminator before ETX.
        raw = self._buffer.rstrip(b"\r\n") if self._is_inside else self._buffer
        is_empty = not raw and not self._is_overlong
        is_overlong = self._is_overlong or len(raw) > self._cap_bytes
        self._begin_frame()
        if is_empty:
            return None
        scan = None if is_overlong else self._scan_of(raw)
        self._misreads += scan is None
        return scan

    def _scan_of(self, raw: bytes) -> Scan | None:
        try:
            labelled = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
        aim_id, text = split_aim_id(labelled)
        if not text or not text.isprintable():
            return None
        return Scan(raw, text, symbology_of(aim_id), aim_id, at=self._last_at)
