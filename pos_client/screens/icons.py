"""The till's own SVG icons, in any colour and at any pixel density."""

import enum
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from pos_client.screens.assets import resources_folder


class Icon(enum.StrEnum):
    """The icons there are; the value is the name of the file in resources/icons."""

    ADD = "add"
    BAD = "bad"
    BUSY = "busy"
    CAMERA = "camera"
    DEVICES = "devices"
    ERASE = "erase"
    FAULT = "fault"
    GOOD = "good"
    GUN = "gun"
    KEYS = "keys"
    LANGUAGE = "language"
    LOCK = "lock"
    LOG = "log"
    LOWER = "lower"
    MEMBER = "member"
    NEXT = "next"
    NOTICE = "notice"
    PARKED = "parked"
    PHONE = "phone"
    PRINTER = "printer"
    READY = "ready"
    REFRESH = "refresh"
    REMOVE = "remove"
    SAVE = "save"
    SCAN = "scan"
    SEARCHING = "searching"
    SHOP = "shop"
    UP = "up"
    WARN = "warn"


class TintedIcon:
    """One icon in one colour, read once and drawn as often as wanted.

    Raises ValueError when the file is no SVG Qt can draw.
    """

    def __init__(self, icon: Icon, color: str, resources: Path | None = None) -> None:
        folder = resources_folder() if resources is None else resources
        text = (folder / "icons" / f"{icon.value}.svg").read_text(encoding="utf-8")
        self._renderer = QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))
        self._drawn: QPixmap | None = None
        if not self._renderer.isValid():
            raise ValueError(f"{icon.value}.svg cannot be drawn")

    def paint(self, painter: QPainter, rect: QRectF) -> None:
        """Draw the icon into the largest square in the middle of `rect`."""
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(rect.center())
        painter.drawPixmap(square.topLeft(), self._pixels(side, painter.device().devicePixelRatioF()))

    def _pixels(self, side: float, ratio: float) -> QPixmap:
        """The icon as pixels, drawn anew only for another size: a window repaints it with every change."""
        pixels = max(1, round(side * ratio))
        if self._drawn is None or self._drawn.width() != pixels or self._drawn.devicePixelRatio() != ratio:
            self._drawn = QPixmap(pixels, pixels)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._drawn)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._renderer.render(painter, QRectF(0, 0, side, side))
            painter.end()
        return self._drawn


class IconView(QWidget):
    """Shows one icon; decoration beside words, so screen readers skip it."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon: TintedIcon | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_side(side)

    def set_side(self, side: int) -> None:
        """Be so wide and high."""
        self.setFixedSize(side, side)

    def show_icon(self, icon: TintedIcon | None) -> None:
        """Draw this icon from now on, or nothing."""
        if icon is not self._icon:
            self._icon = icon
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon."""
        if self._icon is not None:
            painter = QPainter(self)
            self._icon.paint(painter, QRectF(self.rect()))
            painter.end()
        event.accept()
