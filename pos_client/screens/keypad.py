"""The customer's PIN keypad on the screen: the only place in the till's windows where a PIN's digits live.

One widget draws all keys itself and has no child widgets, so that neither a label, an object property nor an
accessibility event ever tells which key was pressed. All keys look and sound the same when they are pressed; the
dots are the answer the customer gets.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QEventPoint,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTouchEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from points_engine.contract import Secret
from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.pin_dots import PIN_LENGTH
from pos_client.screens.style import PALETTE

CLEAR = "clear"
ERASE = "erase"
_ROWS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), (CLEAR, "0", ERASE))
_GAP = 8


class PinKeypad(QWidget):
    """Collects six digits while an asking is open, hands them over as one Secret, and forgets them.

    `on_count(n)` after each key, `on_pin(Secret)` with the sixth digit: no confirming key, a wrong PIN costs a
    try only when all six were typed, and the customer can erase before. `on_key()` is the click, the same for
    every key. The digits are wiped when they were handed over, when the asking changes or ends, and when the
    keypad is hidden.
    """

    def __init__(
        self,
        on_count: Callable[[int], None],
        on_pin: Callable[[Secret], None],
        on_key: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._on_count = on_count
        self._on_pin = on_pin
        self._on_key = on_key
        self._digits = bytearray()
        self._asking: str | None = None
        self._open = False
        self._words = ""
        self._erase_icon = TintedIcon(Icon.ERASE, PALETTE.ink)
        self._erase_icon_off = TintedIcon(Icon.ERASE, PALETTE.ink_off)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(self.minimumSizeHint())

    @property
    def is_open(self) -> bool:
        """Whether keys are taken: a PIN is asked and has not been handed over."""
        return self._open

    @property
    def asking(self) -> str | None:
        """Which asking the digits are for, or were for."""
        return self._asking

    @property
    def count(self) -> int:
        """How many digits were typed."""
        return len(self._digits)

    def set_words(self, clear: str, name: str) -> None:
        """What stands on the clear key, and the name for screen readers."""
        self._words = clear
        self.setAccessibleName(name)
        self.update()

    def ask(self, asking: str | None) -> bool:
        """Open for this asking (`CustomerView.pin_for`), or close; whether it is another than before.

        The same asking again changes nothing: what was typed stays, and what was given up stays closed.
        """
        if asking == self._asking:
            return False
        self._asking = asking
        self._wipe()
        self._open = asking is not None
        self.update()
        return True

    def give_up(self) -> None:
        """Forget what was typed and take no more for this asking."""
        self._wipe()
        self._open = False
        self.update()

    def type_key(self, key: str) -> None:
        """Take one key: a digit, CLEAR or ERASE. Ignored while closed."""
        if not self._open:
            return
        self._on_key()
        if key == CLEAR:
            self._wipe()
        elif key == ERASE:
            self._take_back()
        else:
            self._digits.append(ord(key))
        self._on_count(len(self._digits))
        if len(self._digits) == PIN_LENGTH:
            self._hand_over()

    def key_rect(self, key: str) -> QRectF:
        """Where a key is drawn, in the keypad's own coordinates. Raises KeyError when there is no such key."""
        width = (self.width() - 2 * _GAP) / 3
        height = (self.height() - 3 * _GAP) / 4
        for row, keys in enumerate(_ROWS):
            for column, name in enumerate(keys):
                if name == key:
                    return QRectF(column * (width + _GAP), row * (height + _GAP), width, height)
        raise KeyError(key)

    def take_key_event(self, event: QKeyEvent) -> bool:
        """Take a key of a real keyboard, when it is one of ours; whether it was."""
        if not self._open or event.isAutoRepeat():
            return False
        if Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9:
            self.type_key(chr(event.key()))
        elif event.key() == Qt.Key.Key_Backspace:
            self.type_key(ERASE)
        elif event.key() == Qt.Key.Key_Delete:
            self.type_key(CLEAR)
        else:
            return False
        return True

    def sizeHint(self) -> QSize:
        """Comfortable keys."""
        return QSize(3 * 110 + 2 * _GAP, 4 * 72 + 3 * _GAP)

    def minimumSizeHint(self) -> QSize:
        """No key below 64 pixels either way."""
        return QSize(3 * 64 + 2 * _GAP, 4 * 64 + 3 * _GAP)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press is a key; fast pressing (a double click) is two."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Take each finger as it comes down, so that two thumbs lose nothing."""
        if isinstance(event, QTouchEvent):
            for point in event.points():
                if point.state() == QEventPoint.State.Pressed:
                    self._press(point.position())
            event.accept()
            return True
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Out of sight, out of memory."""
        if self._digits:
            self._wipe()
            self._on_count(0)
        super().hideEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the keys, all alike."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = PALETTE.ink if self._open else PALETTE.ink_off
        for keys in _ROWS:
            for key in keys:
                rect = self.key_rect(key)
                painter.setPen(QPen(QColor(PALETTE.edge if self._open else PALETTE.line), 1))
                painter.setBrush(QColor(PALETTE.card if self._open else PALETTE.ground))
                painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 8, 8)
                painter.setPen(QColor(ink))
                self._paint_label(painter, key, rect)
        painter.end()
        event.accept()

    def _paint_label(self, painter: QPainter, key: str, rect: QRectF) -> None:
        if key == ERASE:
            icon = self._erase_icon if self._open else self._erase_icon_off
            side = 1.2 * self._digit_pixels()
            square = QRectF(0, 0, side, side)
            square.moveCenter(rect.center())
            icon.paint(painter, square)
            return
        font = painter.font()
        font.setPixelSize(round(self._digit_pixels() * (0.6 if key == CLEAR else 1.0)))
        painter.setFont(font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._words if key == CLEAR else key)

    def _digit_pixels(self) -> int:
        """Digits grow with their keys."""
        return max(30, min(64, round(self.key_rect("0").height() * 0.36)))

    def _press(self, position: QPointF) -> None:
        for keys in _ROWS:
            for key in keys:
                if self.key_rect(key).contains(position):
                    self.type_key(key)
                    return

    def _hand_over(self) -> None:
        pin = Secret(self._digits.decode("ascii"))
        self._open = False
        self._wipe()
        self.update()
        self._on_pin(pin)

    def _take_back(self) -> None:
        if self._digits:
            self._digits[-1] = 0
            del self._digits[-1]

    def _wipe(self) -> None:
        for place in range(len(self._digits)):
            self._digits[place] = 0
        self._digits.clear()
