"""The till's button: large, touchable, with its key written on it, and deaf to Enter."""

import enum
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from pos_client.screens.fitting_label import text_extent
from pos_client.screens.icons import TintedIcon
from pos_client.screens.style import PALETTE


class ButtonRole(enum.Enum):
    """How much a button asks to be pressed."""

    PRIMARY = enum.auto()
    """What Enter does."""
    PLAIN = enum.auto()
    QUIET = enum.auto()
    """Beside the work: small, without a ground."""
    KEY = enum.auto()
    """A key of a touch pad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    ground: str
    pressed: str
    edge: str
    ink: str
    hint: str


_LOOKS = {
    ButtonRole.PRIMARY: _Look(
        ground=PALETTE.accent,
        pressed=PALETTE.accent_down,
        edge=PALETTE.accent,
        ink=PALETTE.accent_ink,
        hint="#e3effa",
    ),
    ButtonRole.PLAIN: _Look(
        ground=PALETTE.card,
        pressed=PALETTE.pressed,
        edge=PALETTE.edge,
        ink=PALETTE.ink,
        hint=PALETTE.ink_soft,
    ),
    ButtonRole.QUIET: _Look(
        ground=PALETTE.card,
        pressed=PALETTE.pressed,
        edge=PALETTE.line,
        ink=PALETTE.ink,
        hint=PALETTE.ink_soft,
    ),
    ButtonRole.KEY: _Look(
        ground=PALETTE.key, pressed=PALETTE.pressed, edge=PALETTE.line, ink=PALETTE.ink, hint=PALETTE.ink_soft
    ),
}
_OFF = _Look(
    ground=PALETTE.ground,
    pressed=PALETTE.ground,
    edge=PALETTE.line,
    ink=PALETTE.ink_off,
    hint=PALETTE.ink_off,
)
_PADDING = 12
_GAP = 10


class TillButton(QPushButton):
    """A button that draws its label as large as fits (up to `largest` pixels), an icon before it, its key behind.

    It never takes Enter: on some desktops Enter presses the focused button, and at a till Enter belongs to the
    window. Only Space, a finger or a mouse press it.
    """

    def __init__(
        self,
        role: ButtonRole,
        *,
        largest: int = 22,
        smallest: int = 14,
        least_height: int = 56,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._role = role
        self._largest = largest
        self._smallest = smallest
        self._least_height = least_height
        self._hint = ""
        self._icon: TintedIcon | None = None
        self._fitted_for: tuple[object, ...] = ()
        self._fitted = (self.font(), 0)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAutoDefault(False)
        self.setMinimumHeight(least_height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def role(self) -> ButtonRole:
        """How it looks."""
        return self._role

    def set_role(self, role: ButtonRole) -> None:
        """Look so from now on."""
        if role is not self._role:
            self._role = role
            self.update()

    def set_hint(self, hint: str) -> None:
        """The key that does the same, drawn behind the label."""
        if hint != self._hint:
            self._hint = hint
            self.updateGeometry()
            self.update()

    def set_icon(self, icon: TintedIcon) -> None:
        """An icon before the label."""
        self._icon = icon
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for everything at the largest size."""
        label = text_extent(self.text(), self._font(self._largest), 0, wrap=False)
        return QSize(label.width() + self._beside(), max(self._least_height, label.height() + _PADDING))

    def minimumSizeHint(self) -> QSize:
        """Room for everything at the smallest size."""
        label = text_extent(self.text(), self._font(self._smallest), 0, wrap=False)
        return QSize(label.width() + self._beside(), self._least_height)

    def text_overflows(self) -> bool:
        """Whether the label is cut even at the smallest size."""
        font = self._fitting_font()
        need = text_extent(self.text(), font, 0, wrap=False)
        room = self._label_room()
        return need.width() > room.width() or need.height() > room.height()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Enter to the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, edge, icon, label and key."""
        look = _LOOKS[self._role] if self.isEnabled() else _OFF
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(QColor(PALETTE.accent if self.hasFocus() else look.edge), 2 if self.hasFocus() else 1)
        )
        painter.setBrush(QColor(look.pressed if self.isDown() else look.ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        font, label_width = self._fitting()
        x = max(_PADDING, (self.width() - label_width - self._beside() + 2 * _PADDING) // 2)
        if self._icon is not None:
            side = self._icon_side()
            painter.setOpacity(1.0 if self.isEnabled() else 0.4)
            self._icon.paint(painter, QRectF(x, (self.height() - side) / 2, side, side))
            painter.setOpacity(1.0)
            x += side + (_GAP if self.text() else 0)
        painter.setFont(font)
        painter.setPen(QColor(look.ink))
        painter.drawText(
            QRect(x, 0, label_width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text()
        )
        if self._hint:
            self._paint_hint(painter, x + label_width + _GAP, look)
        painter.end()
        event.accept()

    def _paint_hint(self, painter: QPainter, x: int, look: _Look) -> None:
        font = self._hint_font()
        height = QFontMetrics(font).height() + 4
        box = QRectF(x, (self.height() - height) / 2, self._hint_width(), height)
        painter.setPen(QPen(QColor(look.hint), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._hint)

    def _font(self, pixels: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        font.setBold(self._role is ButtonRole.PRIMARY)
        return font

    def _hint_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(13)
        return font

    def _hint_width(self) -> int:
        return QFontMetrics(self._hint_font()).horizontalAdvance(self._hint) + 12

    def _icon_side(self) -> int:
        return min(28, self.height() - _PADDING)

    def _beside(self) -> int:
        """The width of everything but the label."""
        width = 2 * _PADDING
        if self._hint:
            width += self._hint_width() + _GAP
        if self._icon is not None:
            width += 28 + (_GAP if self.text() else 0)
        return width

    def _label_room(self) -> QSize:
        return QSize(max(0, self.width() - self._beside()), self.height() - 4)

    def _fitting(self) -> tuple[QFont, int]:
        """The label's font and width; measured again only when something they depend on has changed."""
        basis = (self.text(), self.size(), self._role, self._hint, self._icon is None, self.font())
        if basis != self._fitted_for:
            font = self._fitting_font()
            self._fitted = (font, text_extent(self.text(), font, 0, wrap=False).width())
            self._fitted_for = basis
        return self._fitted

    def _fitting_font(self) -> QFont:
        room = self._label_room()
        for pixels in range(self._largest, self._smallest, -1):
            font = self._font(pixels)
            need = text_extent(self.text(), font, 0, wrap=False)
            if need.width() <= room.width() and need.height() <= room.height():
                return font
        return self._font(self._smallest)
