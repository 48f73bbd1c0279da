"""The band that says in very large words what is happening, why, and what to do next."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.style import TONES
from pos_client.till.view import Tone

_ICONS = {
    Tone.NEUTRAL: Icon.SCAN,
    Tone.BUSY: Icon.BUSY,
    Tone.GOOD: Icon.GOOD,
    Tone.WARN: Icon.WARN,
    Tone.BAD: Icon.BAD,
}

_LINE_PIXELS = 26
_BOLD_PIXELS = 64
"""Qt draws larger letters as outlines and gives a face without a bold cut no weight there."""
_CALM_ICONS = (Icon.SCAN, Icon.KEYS, Icon.LOCK, Icon.PHONE, Icon.SHOP)


def tinted(label: FittingLabel, color: str) -> None:
    """Let a label write in this colour."""
    palette = label.palette()
    wanted = QColor(color)
    # Setting a palette lays out and repaints, even when it is the same one.
    if palette.color(QPalette.ColorRole.WindowText) != wanted:
        palette.setColor(QPalette.ColorRole.WindowText, wanted)
        label.setPalette(palette)


def rounded(painter: QPainter, widget: QWidget, ground: str, radius: int) -> None:
    """Fill a widget with this colour, its corners rounded by so many pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(widget.rect(), radius, radius)


class StatusBand(QFrame):
    """Icon, headline, reason and next step on the tone's ground."""

    def __init__(self, *, icon_side: int = 84, largest: int = 56, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone: Tone | None = None
        self._largest = largest
        self._lines: tuple[bool, bool] | None = None
        self._icons = {tone: TintedIcon(icon, TONES[tone].ink) for tone, icon in _ICONS.items()}
        self._calm_icons = {icon: TintedIcon(icon, TONES[Tone.NEUTRAL].ink) for icon in _CALM_ICONS}
        self._arrows = {tone: TintedIcon(Icon.NEXT, TONES[tone].ink) for tone in Tone}
        self._icon = IconView(icon_side)
        self.headline = FittingLabel(largest, largest // 2, bold=True)
        self.detail = FittingLabel(_LINE_PIXELS, 17)
        self.next_step = FittingLabel(_LINE_PIXELS, 17, bold=True)
        self._arrow = IconView(24)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.headline, 5)
        words.addWidget(self.detail, 3)
        self._next_row = QWidget()
        next_layout = QHBoxLayout(self._next_row)
        next_layout.setContentsMargins(0, 0, 0, 0)
        next_layout.setSpacing(10)
        next_layout.addWidget(self._arrow, 0, Qt.AlignmentFlag.AlignVCenter)
        next_layout.addWidget(self.next_step, 1)
        words.addWidget(self._next_row, 3)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 14, 24, 14)
        row.setSpacing(24)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        self.show_words(Tone.NEUTRAL, "")

    def set_scale(self, scale: float) -> None:
        """Let words grow with the window; 1.0 is what they are made for."""
        self.headline.set_largest(min(round(self._largest * scale), _BOLD_PIXELS))
        self.detail.set_largest(round(_LINE_PIXELS * scale))
        self.next_step.set_largest(round(_LINE_PIXELS * scale))

    def set_icon_side(self, side: int) -> None:
        """Draw the icon so large."""
        self._icon.set_side(side)

    @property
    def tone(self) -> Tone | None:
        """The tone shown."""
        return self._tone

    def show_words(
        self, tone: Tone, headline: str, detail: str = "", next_step: str = "", *, calm: Icon = Icon.SCAN
    ) -> None:
        """Show these; empty lines leave their room to the others. `calm` is the icon of the neutral tone."""
        if tone is not self._tone:
            self._tone = tone
            self._take_color(tone)
        self._icon.show_icon(self._calm_icons[calm] if tone is Tone.NEUTRAL else self._icons[tone])
        self._align(bool(detail), bool(next_step))
        self.detail.setVisible(bool(detail))
        self._next_row.setVisible(bool(next_step))
        self.headline.setText(headline)
        self.detail.setText(detail)
        self.next_step.setText(next_step)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tone's ground; a sheet's rule per tone would restyle the whole band at every change."""
        painter = QPainter(self)
        rounded(painter, self, TONES[self._tone or Tone.NEUTRAL].ground, 12)
        painter.end()
        event.accept()

    def _align(self, has_detail: bool, has_next: bool) -> None:
        """Keep the lines together in the middle of the band, however many there are."""
        if (has_detail, has_next) == self._lines:
            return
        self._lines = (has_detail, has_next)
        left, middle = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
        bottom, top = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignTop
        self.headline.setAlignment(left | (bottom if has_detail or has_next else middle))
        self.detail.setAlignment(left | (middle if has_next else top))

    def _take_color(self, tone: Tone) -> None:
        colors = TONES[tone]
        self.update()
        self._arrow.show_icon(self._arrows[tone])
        tinted(self.headline, colors.ink)
        tinted(self.detail, colors.soft)
        tinted(self.next_step, colors.ink)
