"""A passing word to the cashier, in a place of its own so that nothing else moves."""

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.status_band import rounded, tinted
from pos_client.screens.style import PALETTE


class NoticeBar(QFrame):
    """Shows a notice; keeps its room when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_picture = TintedIcon(Icon.NOTICE, PALETTE.notice_ink)
        self._icon = IconView(24)
        self.words = FittingLabel(20, 14)
        tinted(self.words, PALETTE.notice_ink)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        self._is_empty = True
        self.setFixedHeight(48)
        self.show_notice("")

    def show_notice(self, text: str) -> None:
        """Show this, or nothing."""
        self._is_empty = not text
        self.update()
        self._icon.show_icon(self._icon_picture if text else None)
        self.words.setText(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, unless there is nothing to say."""
        if not self._is_empty:
            painter = QPainter(self)
            rounded(painter, self, PALETTE.notice, 8)
            painter.end()
        event.accept()
