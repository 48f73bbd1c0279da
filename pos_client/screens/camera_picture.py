"""What a camera sees, with the codes it found covered and outlined, and the region it looks at, drawn by hand."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from pos_client.camera_view import Region
from pos_client.screens.style import PALETTE

Outline = Sequence[tuple[float, float]]
"""The corners of a code, x and y in pixels of the picture."""

_LEAST_SHARE = 0.08
"""A region smaller than this part of a side was a click that slipped, not a region."""


class CameraPicture(QWidget):
    """Shows frames as large as there is room for. Dragging draws a region: `on_region` gets it when the mouse lets go.

    A code that was found is filled, so that nobody can photograph a payment code from this screen.
    """

    def __init__(self, on_region: Callable[[Region], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on_region = on_region
        self._frame = QImage()
        self._outlines: Sequence[Outline] = ()
        self._region = Region()
        self._drag_from: QPointF | None = None
        self._dragged: QRectF | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 160)

    def show_frame(self, frame: QImage, outlines: Sequence[Outline]) -> None:
        """Show this frame, which must own its pixels, with the codes that were found in it."""
        self._frame = frame
        self._outlines = outlines
        self.update()

    def show_nothing(self) -> None:
        """Show an empty field: there is no camera, or nobody looks."""
        self._frame = QImage()
        self._outlines = ()
        self.update()

    def show_region(self, region: Region) -> None:
        """Draw this region."""
        self._region = region
        self.update()

    @property
    def has_frame(self) -> bool:
        """Whether there is anything to see."""
        return not self._frame.isNull()

    @property
    def region(self) -> Region:
        """The region that is drawn."""
        return self._region

    def picture_rect(self) -> QRectF:
        """Where the frame is painted."""
        if self._frame.isNull():
            return QRectF()
        size = self._frame.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - size.width()) / 2,
            (self.height() - size.height()) / 2,
            size.width(),
            size.height(),
        )

    def sizeHint(self) -> QSize:
        """Room for a small picture of the usual shape."""
        return QSize(344, 258)

    # --- the region -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A corner of the region."""
        if event.button() == Qt.MouseButton.LeftButton and self.has_frame:
            self._drag_from = self._within(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The opposite corner, for now."""
        if self._drag_from is not None:
            self._dragged = QRectF(self._drag_from, self._within(event.position())).normalized()
            self.update()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The region is drawn, unless it was but a click."""
        dragged, self._drag_from, self._dragged = self._dragged, None, None
        if dragged is not None:
            region = self._region_of(dragged)
            if min(region.right - region.left, region.bottom - region.top) >= _LEAST_SHARE:
                self.show_region(region)
                self._on_region(region)
        self.update()
        event.accept()

    def _within(self, point: QPointF) -> QPointF:
        picture = self.picture_rect()
        return QPointF(
            min(max(point.x(), picture.left()), picture.right()),
            min(max(point.y(), picture.top()), picture.bottom()),
        )

    def _region_of(self, dragged: QRectF) -> Region:
        picture = self.picture_rect()

        def share(value: float, whole: float) -> float:
            return round(min(max(value / whole, 0.0), 1.0), 2)

        return Region(
            share(dragged.left() - picture.left(), picture.width()),
            share(dragged.top() - picture.top(), picture.height()),
            share(dragged.right() - picture.left(), picture.width()),
            share(dragged.bottom() - picture.top(), picture.height()),
        )

    # --- painting ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, the codes and the region."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(PALETTE.ink))
        if not self._frame.isNull():
            picture = self.picture_rect()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(picture, self._frame)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for outline in self._outlines:
                self._paint_code(painter, picture, outline)
            self._paint_region(painter, picture)
        painter.end()
        event.accept()

    def _paint_code(self, painter: QPainter, picture: QRectF, outline: Outline) -> None:
        across, down = picture.width() / self._frame.width(), picture.height() / self._frame.height()
        corners = [QPointF(picture.left() + x * across, picture.top() + y * down) for x, y in outline]
        painter.setPen(QPen(QColor(PALETTE.card), 3))
        painter.setBrush(QColor(PALETTE.ready))
        painter.drawPolygon(QPolygonF(corners))

    def _paint_region(self, painter: QPainter, picture: QRectF) -> None:
        region = self._region
        looked_at = self._dragged or QRectF(
            picture.left() + region.left * picture.width(),
            picture.top() + region.top * picture.height(),
            (region.right - region.left) * picture.width(),
            (region.bottom - region.top) * picture.height(),
        )
        if looked_at == picture:
            return
        shade = QColor(PALETTE.ink)
        shade.setAlphaF(0.55)
        for left_out in (
            QRectF(picture.topLeft(), QPointF(picture.right(), looked_at.top())),
            QRectF(QPointF(picture.left(), looked_at.bottom()), picture.bottomRight()),
            QRectF(picture.left(), looked_at.top(), looked_at.left() - picture.left(), looked_at.height()),
            QRectF(
                looked_at.right(), looked_at.top(), picture.right() - looked_at.right(), looked_at.height()
            ),
        ):
            painter.fillRect(left_out, shade)
        painter.setPen(QPen(QColor(PALETTE.card), 2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(looked_at)
