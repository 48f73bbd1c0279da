"""A ring that empties while time runs out, with minutes and seconds in its middle."""

import math
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pos_client.ports import Clock
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import time_left

_TICK_MS = 250
_HURRY_SECONDS = 10


class Countdown(QWidget):
    """Shows the time up to `until`; decides nothing: what follows is the till's business.

    The ring is full at the moment an end was first shown. It ticks only while it can be seen.
    """

    def __init__(self, clock: Clock, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._side = side
        self._until: datetime | None = None
        self._full_seconds = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(side, side)

    def run_until(self, until: datetime | None) -> None:
        """Count down to this moment (aware); None shows nothing."""
        if until == self._until:
            return
        self._until = until
        self._full_seconds = self.seconds_left()
        self._tick_if_needed()
        self.update()

    def seconds_left(self) -> float:
        """Seconds to go, never below 0."""
        if self._until is None:
            return 0.0
        return max(0.0, (self._until - self._clock.now()).total_seconds())

    def text(self) -> str:
        """What stands in the middle. A begun second counts as a whole one, so 0:00 means over."""
        return "" if self._until is None else time_left(math.ceil(self.seconds_left()))

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._side, self._side)

    def showEvent(self, event: QShowEvent) -> None:
        """Tick again."""
        super().showEvent(event)
        self._tick_if_needed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring and the time."""
        if self._until is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_ring(painter)
            painter.end()
        event.accept()

    def _tick_if_needed(self) -> None:
        if self._until is not None and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _paint_ring(self, painter: QPainter) -> None:
        left = self.seconds_left()
        color = QColor(PALETTE.fault if left <= _HURRY_SECONDS else PALETTE.accent)
        thick = max(4, self._side // 12)
        ring = QRectF(self.rect()).adjusted(thick, thick, -thick, -thick)
        painter.setPen(QPen(QColor(PALETTE.line), thick))
        painter.drawEllipse(ring)
        if self._full_seconds > 0:
            share = min(1.0, left / self._full_seconds)
            painter.setPen(QPen(color, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(ring, 90 * 16, round(share * 360 * 16))
        font = painter.font()
        font.setPixelSize(self._side // 4)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
