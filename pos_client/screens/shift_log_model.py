"""The journal as a table: the newest rows first, read a page at a time off the windows' thread."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from pos_client.ports import JournalRow, LogFilter, ShiftLog
from pos_client.screens.background import Background
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording, grouped, money
from pos_client.till.effects import EntryKind
from pos_client.till.shift import Totals

PAGE_ROWS = 200

PROBLEM_KINDS = (
    EntryKind.PIN_REFUSED,
    EntryKind.OUTCOME_UNKNOWN,
    EntryKind.REVERSAL_INTENT,
    EntryKind.FAILED,
    EntryKind.REVERSED,
    EntryKind.SCAN_REFUSED,
)
"""What a manager looks for when asked what went wrong; a cancel is a wish, not a problem."""

_INK = {
    EntryKind.SUCCEEDED: PALETTE.ready,
    EntryKind.OUTCOME_UNKNOWN: PALETTE.searching,
    EntryKind.REVERSAL_INTENT: PALETTE.searching,
    EntryKind.REVERSED: PALETTE.searching,
    EntryKind.FAILED: PALETTE.fault,
    EntryKind.PIN_REFUSED: PALETTE.fault,
    EntryKind.SCAN_REFUSED: PALETTE.fault,
}

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """The table's columns, from the left."""

    TIME = 0
    KIND = 1
    UNITS = 2
    MONEY = 3
    MEMBER = 4
    REASON = 5
    CASHIER = 6
    SALE = 7
    ORDER = 8


_NUMBERS = {Column.UNITS, Column.MONEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the reader said: rows, and how many match and what they come to, unless only older rows were wanted."""

    rows: tuple[JournalRow, ...]
    whole: tuple[int, Totals] | None = None


def _newest(log: ShiftLog, which: LogFilter, count: int) -> _Answer:
    """The first page with its figures. Rows written meanwhile are in the next reading."""
    return _Answer(rows=log.page(which, offset=0, limit=PAGE_ROWS), whole=(count, log.totals(which)))


class ShiftLogModel(QAbstractTableModel):
    """Rows of the journal that match a filter. Rows already shown never change: the journal only grows.

    `counted(count, totals)` after each reading; `failed(error)` when the journal could not be read.
    """

    counted = Signal(int, object)
    failed = Signal(object)

    def __init__(self, log: ShiftLog, background: Background, wording: Wording, zone: ZoneInfo) -> None:
        super().__init__()
        self._log = log
        self._background = background
        self._wording = wording
        self._zone = zone
        self._which = LogFilter()
        self._rows: list[JournalRow] = []
        self._whole = (0, Totals())
        self._asking = 0
        self._is_fetching = False
        self._is_fetching_more = False
        self._wants_more = False
        self._has_failed = False
        wording.changed.connect(self._retranslate)

    @property
    def which(self) -> LogFilter:
        """The filter."""
        return self._which

    @property
    def rows(self) -> tuple[JournalRow, ...]:
        """The rows read so far."""
        return tuple(self._rows)

    def show_which(self, which: LogFilter) -> None:
        """Show the rows that match this; answers to earlier filters are dropped."""
        self._which = which
        self._wants_more = False
        log = self._log

        def work() -> _Answer:
            return _newest(log, which, log.count(which))

        self._ask(work, self._take_all)

    def refresh(self) -> None:
        """Look for what the till wrote since; nothing more is read when there is nothing."""
        if self._is_fetching:
            return
        log, which, known = self._log, self._which, self._whole[0]

        def work() -> _Answer | None:
            count = log.count(which)
            if count == known:
                return None
            return _newest(log, which, count)

        self._ask(work, self._take_news)

    def _ask(
        self, work: Callable[[], _Answer | None], take: Callable[[_Answer], None], *, is_more: bool = False
    ) -> None:
        self._asking += 1
        asking = self._asking
        self._is_fetching, self._is_fetching_more = True, is_more

        def done(answer: _Answer | None) -> None:
            if asking != self._asking:
                return
            self._is_fetching = False
            if answer is not None:
                take(answer)
                if answer.whole is not None:
                    self._whole = answer.whole
                    self.counted.emit(*answer.whole)
            elif self._has_failed:
                self.counted.emit(*self._whole)
            self._has_failed = False
            wants_more, self._wants_more = self._wants_more, False
            if wants_more:
                self.fetchMore(QModelIndex())

        def failed(error: Exception) -> None:
            if asking == self._asking:
                self._is_fetching = False
                self._has_failed = True
                self.failed.emit(error)

        self._background.run(work, done, failed)

    def _take_all(self, answer: _Answer) -> None:
        self.beginResetModel()
        self._rows = list(answer.rows)
        self.endResetModel()

    def _take_news(self, answer: _Answer) -> None:
        newest = self._rows[0].seq if self._rows else -1
        news = [row for row in answer.rows if row.seq > newest]
        if len(news) == len(answer.rows) and self._rows:
            self._take_all(answer)  # more came than a page holds: no gap may stay in the middle
        elif news:
            self.beginInsertRows(QModelIndex(), 0, len(news) - 1)
            self._rows[:0] = news
            self.endInsertRows()

    def _take_more(self, answer: _Answer) -> None:
        oldest = self._rows[-1].seq if self._rows else None
        more = [row for row in answer.rows if oldest is None or row.seq < oldest]
        if more:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(more) - 1)
            self._rows += more
            self.endInsertRows()

    def _retranslate(self) -> None:
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        if self._rows:
            corner = self.index(len(self._rows) - 1, len(Column) - 1)
            self.dataChanged.emit(self.index(0, 0), corner)

    # --- what Qt asks -----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """Rows read so far."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """All columns."""
        return 0 if parent.isValid() else len(Column)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether older rows wait."""
        return not parent.isValid() and len(self._rows) < self._whole[0]

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page; it arrives later, after what is being read already."""
        if not self.canFetchMore(parent):
            return
        self._wants_more = self._is_fetching and not self._is_fetching_more
        if self._is_fetching:
            return
        log, which, offset = self._log, self._which, len(self._rows)

        def work() -> _Answer:
            return _Answer(rows=log.page(which, offset=offset, limit=PAGE_ROWS))

        self._ask(work, self._take_more, is_more=True)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The column's name."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._wording.say(f"log.{column.name.lower()}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, alignment, colour, or its whole text as a tooltip."""
        row, column = self._rows[index.row()], Column(index.column())
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column is Column.KIND and row.kind in _INK:
            return QColor(_INK[row.kind])
        return None

    def _text(self, row: JournalRow, column: Column) -> str:
        match column:
            case Column.TIME:
                return f"{row.at.astimezone(self._zone):%m-%d %H:%M:%S}"
            case Column.KIND:
                return self._wording.say(f"kind.{row.kind.value}")
            case Column.UNITS:
                return grouped(row.units) if row.units else ""
            case Column.MONEY:
                return "" if row.money_minor is None else money(row.money_minor)
            case Column.MEMBER:
                return row.member or ""
            case Column.REASON:
                return reason_words(self._wording, row.refusal)
            case Column.CASHIER:
                return row.cashier
            case Column.SALE:
                return row.sale_id
            case Column.ORDER:
                return row.order_id or ""


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def reason_words(wording: Wording, refusal: str | None) -> str:
    """A refusal's code in words, for a list: without the counts that only mattered at the time."""
    return "" if refusal is None else wording.say_without_counts(f"refusal.{refusal}")
