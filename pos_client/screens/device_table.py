"""The table of the set-up window: kind, name and path, the lamp with its word, and what was counted."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from pos_client.device_setup import DeviceRow
from pos_client.screens.device_model import DeviceColumn, DeviceModel, whole_row
from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.lamps import LAMP_SIGNS, device_kind
from pos_client.screens.style import PALETTE

KIND_ICONS = {
    "serial": Icon.GUN,
    "hid": Icon.GUN,
    "sim": Icon.GUN,
    "evdev": Icon.KEYS,
    "hidkeys": Icon.KEYS,
    "wedge": Icon.KEYS,
    "camera": Icon.CAMERA,
    "keypad": Icon.LOCK,
    "printer": Icon.PRINTER,
}
"""What each kind of device is shown as; all others as what they do."""

ROW_PIXELS = 52
_WIDTHS = {
    DeviceColumn.STATE: 130,
    DeviceColumn.SCANS: 76,
    DeviceColumn.MISREADS: 92,
    DeviceColumn.REPEATS: 84,
    DeviceColumn.RECONNECTS: 100,
    DeviceColumn.LAST: 104,
}
_PADDING = 10


class DeviceDelegate(QStyledItemDelegate):
    """Draws a device's icon with two lines, and its lamp with its word."""

    def __init__(self, model: DeviceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        kinds = {*KIND_ICONS.values(), Icon.SCAN}
        self._used = {icon: TintedIcon(icon, PALETTE.ink) for icon in kinds}
        self._free = {icon: TintedIcon(icon, PALETTE.ink_off) for icon in kinds}
        self._lamps = {lamp: TintedIcon(*sign) for lamp, sign in LAMP_SIGNS.items()}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a cell."""
        row = whole_row(index)
        column = index.column()
        if column not in {DeviceColumn.DEVICE, DeviceColumn.STATE}:
            option.state &= ~QStyle.StateFlag.State_HasFocus
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        option.state &= ~QStyle.StateFlag.State_HasFocus
        widget: QWidget = option.widget
        rect: QRect = option.rect
        font: QFont = option.font
        widget.style().drawControl(widget.style().ControlElement.CE_ItemViewItem, option, painter, widget)
        painter.save()
        painter.setFont(font)
        if column == DeviceColumn.DEVICE:
            self._paint_device(painter, rect, row, font)
        else:
            self._paint_state(painter, rect, row, str(index.data()))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All rows are alike."""
        return QSize(super().sizeHint(option, index).width(), ROW_PIXELS)

    def _paint_device(self, painter: QPainter, rect: QRect, row: DeviceRow, font: QFont) -> None:
        icons = self._free if row.health is None else self._used
        icon = KIND_ICONS.get(device_kind(row.path), Icon.SCAN)
        icons[icon].paint(painter, QRectF(rect.left() + _PADDING, rect.center().y() - 13, 26, 26))
        room = rect.adjusted(2 * _PADDING + 26, 5, -_PADDING, -5)
        small = QFont(font)
        small.setPixelSize(13)
        _line(painter, room, Qt.AlignmentFlag.AlignTop, font, PALETTE.ink, self._model.name(row))
        words = " · ".join(filter(None, (row.title, row.path)))
        _line(painter, room, Qt.AlignmentFlag.AlignBottom, small, PALETTE.ink_soft, words)

    def _paint_state(self, painter: QPainter, rect: QRect, row: DeviceRow, words: str) -> None:
        room = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        color = PALETTE.ink_soft
        if row.lamp is not None:
            self._lamps[row.lamp].paint(painter, QRectF(room.left(), room.center().y() - 10, 20, 20))
            color = LAMP_SIGNS[row.lamp][1]
            room.adjust(28, 0, 0, 0)
        _line(painter, room, Qt.AlignmentFlag.AlignVCenter, painter.font(), color, words)


class DeviceTable(QTableView):
    """One device a row; one is selected at a time."""

    def __init__(self, model: DeviceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(DeviceDelegate(model, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PIXELS)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(DeviceColumn.DEVICE, QHeaderView.ResizeMode.Stretch)


def _line(
    painter: QPainter, room: QRect, where: Qt.AlignmentFlag, font: QFont, color: str, words: str
) -> None:
    painter.setFont(font)
    painter.setPen(QColor(color))
    shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, where | Qt.AlignmentFlag.AlignLeft, shown)
