"""The paper of a receipt printer: ESC/POS bytes -> what a person then holds in their hands."""

from collections.abc import Callable
from dataclasses import dataclass, field

LengthOf = Callable[[bytearray], int]

# How many bytes follow a command, besides those with lengths of their own. From Epson's ESC/POS reference.
_ARGUMENTS = {
    b"\x1b@": 0, b"\x1ba": 1, b"\x1bd": 1, b"\x1bE": 1, b"\x1bp": 3, b"\x1bt": 1, b"\x1dr": 1, b"\x1dV": 1, b"\x1d!": 1,
    b"\x1c&": 0, b"\x1c!": 1,
}  # fmt: skip


@dataclass
class Piece:
    """One piece of paper, from cut to cut."""

    lines: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    pictures: int = 0


class Interpreter:
    """What a printer makes of a stream of bytes; like a real one it keeps a command that has only begun."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.kicks: list[int] = []
        self.questions = 0
        self.is_chinese = False
        self._begun = bytearray()
        self._line = bytearray()
        self._stored = ""
        self._piece = Piece()

    @property
    def torn(self) -> Piece:
        """What hangs out of the printer: printed and not cut."""
        return self._piece

    def feed(self, data: bytes) -> None:
        """Print."""
        self._begun += data
        while self._begun and self._step():
            pass

    def _step(self) -> bool:
        if self._begun[0] not in (0x1B, 0x1C, 0x1D):
            self._put(self._begun.pop(0))
            return True
        head = bytes(self._begun[:2])
        if len(head) < 2:
            return False
        if head[1] == 0:  # no command: dropped
            return self._counted(2, lambda at: 0)
        if head == b"\x1d(":
            return self._counted(5, lambda at: at[3] + 256 * at[4])
        if head == b"\x1dv":
            return self._counted(8, lambda at: (at[4] + 256 * at[5]) * (at[6] + 256 * at[7]))
        assert head in _ARGUMENTS, f"the printer does not know {head!r}"
        return self._counted(2, lambda at: _ARGUMENTS[head])

    def _counted(self, header: int, length_of: LengthOf) -> bool:
        if len(self._begun) < header:
            return False
        length = length_of(self._begun)
        if len(self._begun) < header + length:
            return False
        command, arguments = bytes(self._begun[:header]), bytes(self._begun[header : header + length])
        del self._begun[: header + length]
        self._act(command, arguments)
        return True

    def _put(self, byte: int) -> None:
        if byte == 0x0A:
            self._piece.lines.append(self._line.decode("gb18030"))
            self._line.clear()
        elif byte:
            self._line.append(byte)

    def _act(self, command: bytes, arguments: bytes) -> None:
        head = command[:2]
        if head == b"\x1b@":
            self.is_chinese = False
            self._line.clear()
        elif head == b"\x1c&":
            self.is_chinese = True
        elif head == b"\x1dV":
            self.pieces.append(self._piece)
            self._piece = Piece()
        elif head == b"\x1bp":
            self.kicks.append(arguments[0])
        elif head == b"\x1dr":
            self.questions += 1
        elif head == b"\x1dv":
            self._piece.pictures += 1
        elif head == b"\x1d(" and arguments[:2] == b"1P":
            self._stored = arguments[3:].decode()
        elif head == b"\x1d(" and arguments[:2] == b"1Q":
            self._piece.codes.append(self._stored)
