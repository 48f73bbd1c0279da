"""The shift log: what the till did, searchable, with its figures, and as a file."""

from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from points_engine.contract import Refusal
from pos_client.ports import Clock, JournalRow, LogFilter, ShiftLog
from pos_client.screens.background import Background
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.shift_log_csv import CSV_COLUMNS, write_csv
from pos_client.screens.shift_log_model import PROBLEM_KINDS, Column, ShiftLogModel, reason_words
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.totals_bar import TotalsBar
from pos_client.screens.wording import Wording
from pos_client.till.effects import EntryKind
from pos_client.till.shift import Totals
from pos_client.till.view import JOURNAL_FAULTS


class PrintsAgain(Protocol):
    """Who prints a payment once more."""

    @property
    def has_printer(self) -> bool:
        """Whether there is anything to print on."""

    def print_again(self, row: JournalRow) -> bool:
        """Print it, marked as a copy; whether a printer took it."""


_TYPING_PAUSE_MS = 250
_REFRESH_MS = 1000


class ShiftLogWindow(QWidget):
    """Reads a ShiftLog off the windows' thread. While it can be seen it follows what the till writes.

    `export_folder` is where the file dialog starts; `receipts` prints a payment once more, where there is a printer.
    Call `close_reader` when the till ends.
    """

    def __init__(
        self,
        log: ShiftLog,
        wording: Wording,
        *,
        clock: Clock,
        zone: ZoneInfo,
        export_folder: Path,
        receipts: PrintsAgain | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._log = log
        self._wording = wording
        self._clock = clock
        self._zone = zone
        self._export_folder = export_folder
        self._receipts = receipts
        self._background = Background("shift-log", self)
        self.model = ShiftLogModel(log, self._background, wording, zone)
        self.setObjectName("shiftLogWindow")
        self.setMinimumSize(1000, 600)
        self.resize(1366, 768)
        self.totals = TotalsBar(wording)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.shift = QComboBox()
        self.kind = QComboBox()
        self.only_problems = QCheckBox()
        self.export = TillButton(ButtonRole.PLAIN, largest=18, smallest=14, least_height=48)
        self.export.set_icon(TintedIcon(Icon.SAVE, PALETTE.ink))
        self.print_again = TillButton(ButtonRole.PLAIN, largest=18, smallest=14, least_height=48)
        self.print_again.set_icon(TintedIcon(Icon.PRINTER, PALETTE.ink))
        self.table = QTableView()
        self.empty = FittingLabel(24, 16)
        self.status = FittingLabel(16, 12, elide=True)
        # What the status says, to be said anew in another language.
        self._told: tuple[str, dict[str, str | int]] | None = None
        self.dialog: QFileDialog | None = None
        self._dress_table()
        self._lay_out()
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._refresh = QTimer(self, interval=_REFRESH_MS)
        self._connect()
        self._retranslate()

    # --- how it is made ---------------------------------------------------------------------------------------

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(40)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column, width in _WIDTHS.items():
            table.setColumnWidth(column, width)
        header.setSectionResizeMode(Column.REASON, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        tinted(self.empty, PALETTE.ink_soft)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tinted(self.status, PALETTE.ink_soft)
        self.status.setFixedHeight(28)
        self._shift_caption, self._kind_caption = QLabel(), QLabel()
        filters = QHBoxLayout()
        filters.setSpacing(10)
        filters.addWidget(self.search, 1)
        for widget in (self._shift_caption, self.shift, self._kind_caption, self.kind, self.only_problems):
            filters.addWidget(widget)
        filters.addWidget(self.print_again)
        filters.addWidget(self.export)
        for box in (self.shift, self.kind):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for field in (self.search, self.shift, self.kind, self.only_problems):
            field.setMinimumHeight(48)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 10)
        column.setSpacing(12)
        column.addWidget(self.totals)
        column.addLayout(filters)
        column.addWidget(self.table, 1)
        column.addWidget(self.status)
        inside = QVBoxLayout(self.table.viewport())
        inside.addWidget(self.empty)

    def _connect(self) -> None:
        self._pause.timeout.connect(self._apply)
        self._refresh.timeout.connect(self.model.refresh)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.shift.activated.connect(self._apply)
        self.kind.activated.connect(self._apply)
        self.only_problems.toggled.connect(self._toggled)
        self.export.clicked.connect(self._ask_for_file)
        self.print_again.clicked.connect(self._print_again)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._offer_print())
        self.model.counted.connect(self._counted)
        self.model.failed.connect(self._failed)
        self._wording.changed.connect(self._retranslate)

    # --- what it does -----------------------------------------------------------------------------------------

    def which(self) -> LogFilter:
        """The filter as it is set."""
        kind = self.kind.currentData()
        kinds: tuple[EntryKind, ...] = PROBLEM_KINDS if self.only_problems.isChecked() else ()
        if kind is not None:
            kinds = (EntryKind(kind),)
        return LogFilter(shift_id=self.shift.currentData(), kinds=kinds, text=self.search.text().strip())

    def export_to(self, target: Path) -> None:
        """Write all rows of the filter to a CSV file, off the windows' thread; the status line tells."""
        say, which, log, zone = self._wording.say, self.which(), self._log, self._zone
        headers = {column: say(f"csv.{column}") for column in CSV_COLUMNS}
        kinds = {kind.value: say(f"kind.{kind.value}") for kind in EntryKind}
        codes = [refusal.code for refusal in Refusal] + [f"journal_{fault}" for fault in JOURNAL_FAULTS]
        reasons = {code: reason_words(self._wording, code) for code in codes}

        def work() -> int:
            return write_csv(
                target, log.rows(which), headers=headers, kinds=kinds, reasons=reasons, zone=zone
            )

        self.export.setEnabled(False)
        self._background.run(work, partial(self._exported, target), self._export_failed)

    def chosen_row(self) -> JournalRow | None:
        """The row that is selected, when it is one alone."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if len(rows) == 1 else None

    @Slot()
    def _print_again(self) -> None:
        row = self.chosen_row()
        if self._receipts is not None and row is not None:
            if self._receipts.print_again(row):
                self._say_status("log.printed_again", order=row.order_id or "")
            else:
                self._say_status("log.not_printed")

    def _offer_print(self) -> None:
        """Where there is a printer: what a customer got a receipt of may be printed once more."""
        row = self.chosen_row()
        self.print_again.setVisible(self._receipts is not None and self._receipts.has_printer)
        self.print_again.setEnabled(row is not None and row.kind in {EntryKind.SUCCEEDED, EntryKind.REVERSED})

    def close_reader(self) -> None:
        """Stop reading for good."""
        self._refresh.stop()
        self._background.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Read anew and follow the till."""
        super().showEvent(event)
        self._background.run(self._log.shift_ids, self._take_shifts, self._failed)
        self._offer_print()
        self._apply()
        self._refresh.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        self._refresh.stop()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and F9 put the log away."""
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_F9}:
            event.accept()
            self.hide()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _apply(self) -> None:
        self._pause.stop()
        self.model.show_which(self.which())

    @Slot(bool)
    def _toggled(self, is_on: bool) -> None:
        if is_on:
            self.kind.setCurrentIndex(0)
        self.kind.setEnabled(not is_on)
        self._apply()

    @Slot()
    def _ask_for_file(self) -> None:
        say = self._wording.say
        name = f"{say('log.file_name')}_{self._clock.now().astimezone(self._zone):%Y%m%d_%H%M}.csv"
        dialog = QFileDialog(self, say("log.export_title"), str(self._export_folder), "CSV (*.csv)")
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(name)
        for label, key in _DIALOG_LABELS.items():
            dialog.setLabelText(label, say(key))
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        dialog.destroyed.connect(self._dialog_gone)
        dialog.open()

    @Slot()
    def _dialog_gone(self) -> None:
        self.dialog = None

    def _exported(self, target: Path, count: int) -> None:
        self.export.setEnabled(True)
        self._say_status("log.exported", count=count, path=str(target))

    def _export_failed(self, error: Exception) -> None:
        self.export.setEnabled(True)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        self._say_status("log.export_failed", reason=reason)

    def _take_shifts(self, shift_ids: tuple[str, ...]) -> None:
        chosen = self.shift.currentData()
        self.shift.clear()
        self.shift.addItem(self._wording.say("log.all_shifts"), None)
        for shift_id in shift_ids:
            self.shift.addItem(shift_id, shift_id)
        self.shift.setCurrentIndex(max(0, self.shift.findData(chosen)))

    @Slot(int, object)
    def _counted(self, count: int, totals: Totals) -> None:
        self.totals.show_totals(totals)
        self.empty.setText("" if count else self._wording.say("log.empty"))
        self._say_status("log.count", count=count)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._say_status("log.unreadable", reason=type(error).__name__)

    def _say_status(self, key: str, **params: str | int) -> None:
        self._told = key, params
        self.status.setText(self._wording.say(key, **params))

    @Slot()
    def _retranslate(self) -> None:
        say = self._wording.say
        self.setWindowTitle(say("log.title"))
        self.search.setPlaceholderText(say("log.search"))
        self.search.setToolTip(say("log.search_tip"))
        self.search.setAccessibleName(say("log.search_tip"))
        self._shift_caption.setText(say("log.shift"))
        self._kind_caption.setText(say("log.kind"))
        self.only_problems.setText(say("log.only_problems"))
        self.export.setText(say("log.export"))
        self.print_again.setText(say("log.print_again"))
        chosen = self.kind.currentData()
        self.kind.clear()
        self.kind.addItem(say("log.all_kinds"), None)
        for kind in EntryKind:
            self.kind.addItem(say(f"kind.{kind.value}"), kind.value)
        self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))
        if self.shift.count():
            self.shift.setItemText(0, say("log.all_shifts"))
        else:
            self.shift.addItem(say("log.all_shifts"), None)
        self.empty.setText(say("log.empty") if self.empty.whole_text() else "")
        if self._told is not None:
            key, params = self._told
            self.status.setText(say(key, **params))


_WIDTHS = {
    Column.TIME: 150,
    Column.KIND: 185,
    Column.UNITS: 100,
    Column.MONEY: 110,
    Column.MEMBER: 100,
    Column.CASHIER: 90,
    Column.SALE: 160,
    Column.ORDER: 160,
}

_DIALOG_LABELS = {
    QFileDialog.DialogLabel.LookIn: "dialog.look_in",
    QFileDialog.DialogLabel.FileName: "dialog.file_name",
    QFileDialog.DialogLabel.FileType: "dialog.file_type",
    QFileDialog.DialogLabel.Accept: "dialog.save",
    QFileDialog.DialogLabel.Reject: "dialog.cancel",
}
