"""The rows of the set-up window's table: the till's devices in their order, then what is attached besides."""

import enum
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from drivers.device import Statistics
from pos_client.device_setup import DeviceRow
from pos_client.screens.lamps import device_kind, named_alike
from pos_client.screens.wording import Wording, grouped

Index = QModelIndex | QPersistentModelIndex

_WHOLE_ROW = Qt.ItemDataRole.UserRole


class DeviceColumn(enum.IntEnum):
    """The columns, from the left; their captions are the wording's "devices.<column>"."""

    DEVICE = 0
    STATE = 1
    SCANS = 2
    MISREADS = 3
    REPEATS = 4
    RECONNECTS = 5
    LAST = 6


def passed(wording: Wording, seconds: float) -> str:
    """How long ago something was, in the largest unit that fits."""
    if seconds < 1:
        return wording.say("ago.milliseconds", count=max(0, round(seconds * 1000)))
    if seconds < 60:
        return wording.say("ago.seconds", count=int(seconds))
    if seconds < 3600:
        return wording.say("ago.minutes", count=int(seconds / 60))
    return wording.say("ago.hours", count=int(seconds / 3600))


def state_words(wording: Wording, row: DeviceRow) -> str:
    """How a device is, in a word or two."""
    return wording.say(f"devices.{'free' if row.lamp is None else row.lamp.value}")


class DeviceModel(QAbstractTableModel):
    """Shows rows; `monotonic` is the drivers' clock, for how long ago a scan was."""

    def __init__(self, wording: Wording, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._wording = wording
        self._monotonic = monotonic
        self._rows: tuple[DeviceRow, ...] = ()
        self._now = 0.0
        wording.changed.connect(self._retranslate)

    @property
    def rows(self) -> tuple[DeviceRow, ...]:
        """What is shown."""
        return self._rows

    @property
    def now(self) -> float:
        """The drivers' time at which the rows were taken."""
        return self._now

    def row_of(self, path: str) -> int | None:
        """Where a device stands, if it does."""
        return next((place for place, row in enumerate(self._rows) if row.path == path), None)

    def show_rows(self, rows: tuple[DeviceRow, ...]) -> None:
        """Show these; the selection stays where the devices are the same."""
        self._now = self._monotonic()
        if [row.path for row in rows] == [row.path for row in self._rows]:
            self._rows = rows
            if rows:
                corner = self.index(len(rows) - 1, len(DeviceColumn) - 1)
                self.dataChanged.emit(self.index(0, 0), corner)
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _retranslate(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(DeviceColumn) - 1)
        self.show_rows(self._rows)

    # --- what Qt asks -----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """All rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """All columns."""
        return 0 if parent.isValid() else len(DeviceColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The column's name."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = DeviceColumn(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._wording.say(f"devices.{column.name.lower()}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text and alignment; the whole row for the delegate."""
        row, column = self._rows[index.row()], DeviceColumn(index.column())
        if role == _WHOLE_ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (row.title, row.path)))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def _text(self, row: DeviceRow, column: DeviceColumn) -> str:
        if column is DeviceColumn.DEVICE:
            return self.name(row)
        if column is DeviceColumn.STATE:
            return state_words(self._wording, row)
        return "" if row.health is None else self._figure(row.health.statistics, column)

    def name(self, row: DeviceRow) -> str:
        """What people call the device, numbered where there are several of its kind in use."""
        name = self._wording.say(f"device.{device_kind(row.path)}")
        same = [each.path for each in self._rows if each.health and _are_alike(each, row)]
        return f"{name} {same.index(row.path) + 1}" if len(same) > 1 and row.path in same else name

    def _figure(self, counts: Statistics, column: DeviceColumn) -> str:
        if column is DeviceColumn.LAST:
            last = counts.last_scan_at
            return "" if last is None else passed(self._wording, self._now - last)
        figures = {
            DeviceColumn.SCANS: counts.scans,
            DeviceColumn.MISREADS: counts.misreads,
            DeviceColumn.REPEATS: counts.repeats,
            DeviceColumn.RECONNECTS: counts.reconnects,
        }
        return grouped(figures[column])


def whole_row(index: Index) -> DeviceRow:
    """The row an index belongs to."""
    row = index.data(_WHOLE_ROW)
    if not isinstance(row, DeviceRow):
        raise TypeError("the index belongs to no device")
    return row


def _are_alike(one: DeviceRow, other: DeviceRow) -> bool:
    return named_alike(one.path) == named_alike(other.path)


def _alignment(column: DeviceColumn) -> Qt.AlignmentFlag:
    is_number = column >= DeviceColumn.SCANS
    side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
