"""A payment code as QR and as Code 128: modules from the libraries, painted here in whole device pixels.

A module that is 2.5 pixels wide is drawn as 2 or 3, and guns stop reading; so a module is always a whole number of
device pixels, and the picture starts on one.
"""

import enum
import math
from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from points_engine.contract import Secret

Modules = Sequence[Sequence[bool]]
"""Rows of dark (True) and light modules, the quiet zone included."""

QR_QUIET = 4
"""Light modules around a QR code (ISO/IEC 18004)."""
BAR_QUIET = 10
"""Light modules left and right of a Code 128 (ISO/IEC 15417)."""


class Symbology(enum.Enum):
    """Which of the two a picture is."""

    QR = enum.auto()
    CODE_128 = enum.auto()


def qr_modules(text: str) -> Modules:
    """The modules of a QR code, error correction M: a screen is clean, and fewer modules are larger ones."""
    import qrcode  # noqa: PLC0415 40 ms that a start needs not pay

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=QR_QUIET)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def code128_modules(text: str) -> Modules:
    """The modules of a Code 128: one row, set C from the first symbol when `text` is digits in pairs."""
    from barcode.codex import Code128  # noqa: PLC0415 as above

    class SetC(Code128):  # type: ignore[misc]  # the library carries no types
        """The library shortens a change of set right after the start and takes the pair 99 for one: never here."""

        def _try_to_optimize(self, encoded: list[int]) -> list[int]:
            return encoded

    quiet = [False] * BAR_QUIET
    return [[*quiet, *(module == "1" for module in SetC(text).build()[0]), *quiet]]


class CodePicture(QWidget):
    """Paints one code black on white, as large as whole device pixels allow; `faded` when it is worth nothing.

    The code is not in any property or text of the widget.
    """

    def __init__(self, symbology: Symbology, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._symbology = symbology
        self._modules: Modules = ()
        self._is_faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_code(self, code: Secret | None) -> None:
        """Show this code, or an empty field."""
        make = qr_modules if self._symbology is Symbology.QR else code128_modules
        self._modules = () if code is None else make(code.reveal())
        self.update()

    def set_faded(self, faded: bool) -> None:
        """Grey it, because its time is over."""
        if faded != self._is_faded:
            self._is_faded = faded
            self.update()

    def sizeHint(self) -> QSize:
        """Room for two pixels a module, and for the quiet zones."""
        return QSize(260, 260) if self._symbology is Symbology.QR else QSize(330, 90)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the modules."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#ffffff"))
        if self._modules:
            self._paint_modules(painter)
        painter.end()
        event.accept()

    def _paint_modules(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        to_device = painter.deviceTransform()
        origin = to_device.map(QPoint(0, 0).toPointF())
        left, top = math.ceil(origin.x() - 1e-6), math.ceil(origin.y() - 1e-6)
        right = math.floor(origin.x() + self.width() * ratio)
        bottom = math.floor(origin.y() + self.height() * ratio)
        columns, rows = len(self._modules[0]), len(self._modules)
        side = (right - left) // columns
        if self._symbology is Symbology.QR:
            side = min(side, (bottom - top) // rows)
        height = side if self._symbology is Symbology.QR else bottom - top
        x = left + (right - left - side * columns) // 2
        y = top + (bottom - top - height * rows) // 2
        back, _ = to_device.inverted()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setTransform(QTransform(back), True)
        painter.setPen(Qt.PenStyle.NoPen)
        ink = QColor("#b8c0c8" if self._is_faded else "#000000")
        for row, modules in enumerate(self._modules):
            for column, dark in enumerate(modules):
                if dark:
                    painter.fillRect(QRect(x + column * side, y + row * height, side, height), ink)
