"""How guns on a serial port speak, and are spoken to. Pure.

`plain`: bytes of labels, nothing else. `honeywell`: the same, and the gun takes serial commands, which it answers by
single bytes (06 ACK, 05 ENQ, 15 NAK) that belong to no label. `acknak`: as `honeywell`, and every label waits for its
answer, 06 or 15, and comes again after the latter (Honeywell, "ACK/NAK" of its user's guides). `ssi`: Zebra's packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from drivers.affixes import Affixes
from drivers.framing import FrameMode, Framer
from drivers.gun_commands import SERIAL_BEEP, SERIAL_TRIGGER_OFF, SERIAL_TRIGGER_ON, GunCommands
from drivers.scan import Scan
from drivers.ssi import BAD_BEEP, GOOD_BEEP, TRIGGER_OFF, TRIGGER_ON, SsiParser

_TAKEN, _SAY_AGAIN = b"\x06", b"\x15"
_ANSWERS = b"\x05\x06\x15"


class SerialProtocol(StrEnum):
    """The values of the `protocol` option of a `serial:` path."""

    PLAIN = "plain"
    HONEYWELL = "honeywell"
    ACKNAK = "acknak"
    SSI = "ssi"


class SerialParser(Protocol):
    """What makes scans of a gun's bytes, and answers."""

    def feed(self, frame: bytes, at: float) -> Sequence[Scan]:
        """Take bytes that arrived at `at`; the scans they complete, oldest first."""

    def idle(self, at: float) -> Sequence[Scan]:
        """Say that nothing has come up to `at`; the scan that this silence ends, if any."""

    def take_misreads(self) -> int:
        """How many frames could not be read since the last call."""

    def take_replies(self) -> bytes:
        """What to send to the gun since the last call."""


class LabelParser:
    """Labels as bytes; with `has_answers` a gun that is told things, with `is_answered` one that waits for answers."""

    def __init__(
        self, framer: Framer, affixes: Affixes, *, has_answers: bool = False, is_answered: bool = False
    ) -> None:
        self._framer = framer
        self._affixes = affixes
        self._has_answers = has_answers
        self._is_answered = is_answered
        self._replies = b""
        self._misreads = 0

    def feed(self, frame: bytes, at: float) -> Sequence[Scan]:
        """Take bytes that arrived at `at`."""
        data = frame.translate(None, _ANSWERS) if self._has_answers else frame
        return self._judge(self._framer.feed(data, at))

    def idle(self, at: float) -> Sequence[Scan]:
        """Say that nothing has come up to `at`."""
        return self._judge(self._framer.idle(at))

    def take_misreads(self) -> int:
        """How many frames could not be read since the last call."""
        misreads, self._misreads = self._misreads, 0
        return misreads

    def take_replies(self) -> bytes:
        """What to send to the gun since the last call."""
        replies, self._replies = self._replies, b""
        return replies

    def _judge(self, scans: Sequence[Scan]) -> Sequence[Scan]:
        labels = [label for scan in scans if (label := self._affixes.cut(scan)) is not None]
        misreads = self._framer.take_misreads()
        if self._is_answered:
            # What lacks its affixes is another setting's fault, not the line's: sent again it would be the same.
            self._replies += _SAY_AGAIN * misreads + _TAKEN * len(scans)
        self._misreads += misreads + len(scans) - len(labels)
        return labels


def parser_of(
    protocol: SerialProtocol,
    *,
    frame: FrameMode = FrameMode.AUTO,
    silence_seconds: float = 0.3,
    prefix: str = "",
    suffix: str = "",
) -> SerialParser:
    """The parser of a gun that speaks like this. `frame` and `silence_seconds` are for all but packets."""
    affixes = Affixes(prefix, suffix)
    if protocol is SerialProtocol.SSI:
        return SsiParser(affixes)
    return LabelParser(
        Framer(frame, silence_seconds=silence_seconds),
        affixes,
        has_answers=protocol is not SerialProtocol.PLAIN,
        is_answered=protocol is SerialProtocol.ACKNAK,
    )


_HONEYWELL = GunCommands(
    accept=(SERIAL_BEEP,),
    reject=(SERIAL_BEEP, SERIAL_BEEP),
    trigger_on=(SERIAL_TRIGGER_ON,),
    trigger_off=(SERIAL_TRIGGER_OFF,),
)

COMMANDS = {
    SerialProtocol.PLAIN: GunCommands(),
    SerialProtocol.HONEYWELL: _HONEYWELL,
    SerialProtocol.ACKNAK: _HONEYWELL,
    SerialProtocol.SSI: GunCommands((GOOD_BEEP,), (BAD_BEEP,), (TRIGGER_ON,), (TRIGGER_OFF,)),
}
"""What a gun can be told, by how it speaks."""
