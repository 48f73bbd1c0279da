"""A label whose text always fits: it takes the largest size at which nothing is cut."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

_FAR = 100_000
_REMEMBERED = 200
"""How many fits a label keeps: a till says the same few sentences all day, and measuring one is as slow as painting."""


def text_extent(text: str, font: QFont, width: int, *, wrap: bool) -> QSize:
    """How much room a text takes in a font, in pixels, when lines may be at most `width` wide."""
    flags = Qt.TextFlag.TextWordWrap if wrap else Qt.TextFlag.TextSingleLine
    bounds = QFontMetrics(font).boundingRect(QRect(0, 0, width if wrap else _FAR, _FAR), flags, text)
    return bounds.size()


class FittingLabel(QLabel):
    """Plain text between `smallest` and `largest` pixels high, as large as its rectangle allows.

    With `elide` (for names, whose length nobody knows) a text too long for one line at the smallest size ends
    in "…" and is whole in the tooltip; sentences of ours are never elided.
    """

    def __init__(
        self,
        largest: int,
        smallest: int,
        *,
        bold: bool = False,
        wrap: bool = True,
        elide: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._largest = largest
        self._smallest = smallest
        self._whole = ""
        self._known: dict[tuple[str, int, int, int], int] = {}
        self._elide = elide
        self._wrap = wrap and not elide
        self._family = self.font().family()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(self._wrap)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        font = self.font()
        font.setBold(bold)
        font.setPixelSize(largest)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Show a text, at the size it needs."""
        if text != self._whole:
            self._whole = text
            self._fit()

    def set_largest(self, largest: int) -> None:
        """Be at most so many pixels high from now on."""
        if largest != self._largest:
            self._largest = largest
            self._fit()

    def whole_text(self) -> str:
        """The text, also where only its beginning fits."""
        return self._whole

    def sizeHint(self) -> QSize:
        """One line at the smallest size: layouts share out the room by their stretch, not by the words of the day."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """One line at the smallest size."""
        return QSize(0, self._line_height(self._smallest))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again."""
        super().resizeEvent(event)
        self._fit()

    def _line_height(self, pixels: int) -> int:
        margins = self.contentsMargins()
        return QFontMetrics(self._sized(pixels)).height() + margins.top() + margins.bottom()

    def _sized(self, pixels: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        return font

    def _fits(self, pixels: int) -> bool:
        room = self.contentsRect()
        need = text_extent(self._whole, self._sized(pixels), room.width(), wrap=self._wrap)
        return need.width() <= room.width() and need.height() <= room.height()

    def changeEvent(self, event: QEvent) -> None:
        """Another face takes other room."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.font().family() != self._family:
            self._family = self.font().family()
            self._known.clear()

    def _fit(self) -> None:
        room = self.contentsRect()
        asked = (self._whole, room.width(), room.height(), self._largest)
        pixels = self._known.get(asked)
        if pixels is None:
            if len(self._known) == _REMEMBERED:
                self._known.clear()
            pixels = self._known[asked] = self._largest_fitting()
        if self.font().pixelSize() != pixels:
            self.setFont(self._sized(pixels))
        shown = self._whole
        if self._elide:
            width = max(self.contentsRect().width(), 0)
            shown = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, width)
            self.setToolTip("" if shown == self._whole else self._whole)
            self.setAccessibleName(self._whole)
        super().setText(shown)

    def _largest_fitting(self) -> int:
        low, high = self._smallest, self._largest
        if low < high and self._fits(high):
            return high
        while low < high:
            middle = (low + high) // 2
            if self._fits(middle + 1):
                low = middle + 1
            else:
                high = middle
        return low
