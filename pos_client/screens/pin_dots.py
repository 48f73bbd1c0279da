"""Six places that fill while a PIN is typed: how many, never which."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pos_client.screens.style import PALETTE

PIN_LENGTH = 6
"""Digits of a PIN (contract.SetPin)."""


class PinDots(QWidget):
    """Draws `count` filled dots of six; `diameter` in pixels."""

    def __init__(self, diameter: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._diameter = diameter
        self._count = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(self.sizeHint())

    @property
    def count(self) -> int:
        """How many are filled."""
        return self._count

    def show_count(self, count: int) -> None:
        """Fill so many, at most six."""
        count = max(0, min(count, PIN_LENGTH))
        if count != self._count:
            self._count = count
            self.update()

    def sizeHint(self) -> QSize:
        """Six dots with as much room between them as they are wide, less a little."""
        return QSize(self._diameter * (2 * PIN_LENGTH - 1) + 4, self._diameter + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place in range(PIN_LENGTH):
            filled = place < self._count
            painter.setPen(QPen(QColor(PALETTE.accent if filled else PALETTE.edge), 2))
            painter.setBrush(QColor(PALETTE.accent if filled else PALETTE.card))
            painter.drawEllipse(QRectF(2 + 2 * place * self._diameter, 2, self._diameter, self._diameter))
        painter.end()
        event.accept()
