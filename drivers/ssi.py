"""Zebra's Simple Serial Interface: packets of a gun -> scans, and what to answer. Pure; times are monotonic seconds.

A packet is its length (the checksum not counted), an opcode, who sends it (00 the gun, 04 the host), a status, data,
and a checksum of 16 bits, the higher byte first, which is what is missing from the sum of all bytes before it to zero.
Every label is acknowledged; one that is not, or is refused, comes again with bit 0 of its status set. Bit 1 says that
the label goes on in the next packet.

Source: Zebra, Simple Serial Interface Programmer's Guide, 72E-40451.
"""

from __future__ import annotations

from drivers.affixes import Affixes
from drivers.scan import Scan, split_aim_id, symbology_of
from drivers.symbology import SSI_TYPES

DECODE_DATA, EVENT = 0xF3, 0xF6
_ACKNOWLEDGE, _REFUSE = 0xD0, 0xD1
_START_SESSION, _STOP_SESSION, _BEEP = 0xE4, 0xE5, 0xE6
_FROM_HOST = 0x04
_RESEND = 0x01
_RETRANSMITTED, _GOES_ON = 0x01, 0x02
_HEAD_BYTES, _CHECKSUM_BYTES = 4, 2
_SHORT_HIGH_BEEP, _TWO_LONG_LOW_BEEPS = 0x00, 0x10

_SAME_SECONDS = 10.0
"""A gun without an answer sends again after 2 s ("serial response time-out"), and of these some may be lost as well."""

SILENCE_SECONDS = 0.2
"""A packet whose next byte does not come within this is a cut one ("host character time-out")."""

DEFAULT_CAP_BYTES = 8192


def packet(opcode: int, data: bytes = b"", *, source: int = _FROM_HOST, status: int = 0) -> bytes:
    """A packet with its length and its checksum. ValueError for more data than a packet holds (251 bytes)."""
    body = bytes([_HEAD_BYTES + len(data), opcode, source, status]) + data
    return body + (-sum(body) & 0xFFFF).to_bytes(_CHECKSUM_BYTES, "big")


ACKNOWLEDGEMENT = packet(_ACKNOWLEDGE)
REFUSAL = packet(_REFUSE, bytes([_RESEND]))
TRIGGER_ON, TRIGGER_OFF = packet(_START_SESSION), packet(_STOP_SESSION)
GOOD_BEEP, BAD_BEEP = packet(_BEEP, bytes([_SHORT_HIGH_BEEP])), packet(_BEEP, bytes([_TWO_LONG_LOW_BEEPS]))


class SsiParser:
    """Makes scans of packets. After each `feed` and `idle`, `take_replies` is what to send to the gun at once.

    A label is a scan exactly once, however often the gun repeats it for want of an answer.
    """

    def __init__(self, affixes: Affixes | None = None, *, cap_bytes: int = DEFAULT_CAP_BYTES) -> None:
        self._affixes = affixes or Affixes()
        self._cap_bytes = cap_bytes
        self._buffer = bytearray()
        self._last_at = 0.0
        self._replies = bytearray()
        self._misreads = 0
        self._joined = bytearray()
        self._type: int | None = None
        self._accepted = b""
        self._sent_at = 0.0  # when the gun last sent a packet, good or not
        self._is_doubtful = False

    def take_misreads(self) -> int:
        """How many packets and labels could not be read since the last call."""
        misreads, self._misreads = self._misreads, 0
        return misreads

    def take_replies(self) -> bytes:
        """What to answer since the last call."""
        replies, self._replies = bytes(self._replies), bytearray()
        return replies

    def feed(self, data: bytes, at: float) -> list[Scan]:
        """Take bytes that arrived at `at`; the scans they complete, oldest first."""
        self.idle(at)
        if not data:
            return []
        self._last_at = at
        self._buffer += data
        scans = []
        while (body := self._next_packet()) is not None:
            scan = self._take(body, at)
            if scan is not None:
                scans.append(scan)
        return scans

    def idle(self, at: float) -> list[Scan]:
        """Say that nothing has come up to `at`: a packet that was cut is asked for again. Never a scan."""
        if self._buffer and at - self._last_at >= SILENCE_SECONDS:
            self._ask_again()
        return []

    def _next_packet(self) -> bytes | None:
        """The next packet without its checksum; None when none is complete."""
        while self._buffer[:1] == b"\0":  # what wakes a gun that sleeps
            del self._buffer[0]
        if not self._buffer:
            return None
        length = self._buffer[0]
        if length < _HEAD_BYTES:
            self._ask_again()
            return None
        if len(self._buffer) < length + _CHECKSUM_BYTES:
            return None
        body, checksum = bytes(self._buffer[:length]), self._buffer[length : length + _CHECKSUM_BYTES]
        if (sum(body) + int.from_bytes(checksum, "big")) & 0xFFFF:
            self._ask_again()
            return None
        del self._buffer[: length + _CHECKSUM_BYTES]
        return body

    def _ask_again(self) -> None:
        """Refuse what is in the buffer, all of it: until it is answered a gun sends nothing else."""
        self._buffer.clear()
        self._misreads += 1
        # Broken, it may be the same label once more; long after that was sent, it is one scanned anew.
        self._is_doubtful = self._is_doubtful or self._last_at - self._sent_at >= _SAME_SECONDS
        self._sent_at = self._last_at
        self._replies += REFUSAL

    def _take(self, body: bytes, at: float) -> Scan | None:
        _, opcode, _, status = body[:_HEAD_BYTES]
        if opcode == EVENT:
            self._replies += ACKNOWLEDGEMENT
        if opcode != DECODE_DATA or len(body) == _HEAD_BYTES:
            return None
        self._replies += ACKNOWLEDGEMENT
        content = body[_HEAD_BYTES:]
        is_known = bool(status & _RETRANSMITTED) and content == self._accepted
        is_scanned_anew, self._is_doubtful = self._is_doubtful, False
        self._accepted, self._sent_at = content, at
        if is_known and not is_scanned_anew:
            return None  # the acknowledgement was lost
        return self._join(content[0], content[1:], goes_on=bool(status & _GOES_ON), at=at)

    def _join(self, bar_code_type: int, data: bytes, *, goes_on: bool, at: float) -> Scan | None:
        if self._type not in (None, bar_code_type):
            self._misreads += 1  # the end of the label before was lost
            self._joined.clear()
        self._type = bar_code_type
        # One byte over the cap is enough to know that it is over.
        self._joined += data[: self._cap_bytes + 1 - len(self._joined)]
        if goes_on:
            return None
        label = bytes(self._joined).rstrip(b"\r\n\t")
        is_overlong = len(self._joined) > self._cap_bytes
        self._joined.clear()
        self._type = None
        scan = None if is_overlong else self._scan_of(label, bar_code_type, at)
        if scan is None:
            self._misreads += 1
        return scan

    def _scan_of(self, label: bytes, bar_code_type: int, at: float) -> Scan | None:
        try:
            labelled = label.decode("utf-8")
        except UnicodeDecodeError:
            return None
        aim_id, text = split_aim_id(labelled)
        if not text or not text.isprintable():
            return None
        symbology = symbology_of(aim_id) or SSI_TYPES.get(bar_code_type)
        return self._affixes.cut(Scan(label, text, symbology, aim_id, at=at))
