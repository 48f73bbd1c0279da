"""The shift log: the journal page by page, filtered, followed live, never read in the windows' thread."""

import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pos_client.ports import JournalRow
from pos_client.screens.samples import sample_rows
from pos_client.screens.shift_log_model import PAGE_ROWS, PROBLEM_KINDS, Column
from pos_client.screens.shift_log_window import ShiftLogWindow
from pos_client.screens.wording import Language, Wording
from pos_client.till.effects import EntryKind
from tests.fakes.clock import START, HandClock
from tests.fakes.memory_shift_log import MemoryShiftLog

ROWS = sample_rows(START, 500)


@pytest.fixture
def log() -> MemoryShiftLog:
    return MemoryShiftLog(ROWS[:60])


@pytest.fixture
def window(
    qtbot: QtBot, log: MemoryShiftLog, wording: Wording, clock: HandClock, zone: ZoneInfo, tmp_path: Path
) -> ShiftLogWindow:
    made = ShiftLogWindow(log, wording, clock=clock, zone=zone, export_folder=tmp_path)
    qtbot.addWidget(made, before_close_func=lambda _window: made.close_reader())
    made.show()
    return made


def shown(window: ShiftLogWindow) -> list[int]:
    """The numbers of the rows in the table, from above."""
    return [row.seq for row in window.model.rows]


def cell(window: ShiftLogWindow, row: int, column: Column) -> str:
    """A cell as it is read."""
    return str(window.model.index(row, column).data())


def newest(count: int) -> list[int]:
    """The numbers of the first so many rows, the newest first."""
    return list(range(count, 0, -1))


def test_the_newest_rows_stand_first(window: ShiftLogWindow, qtbot: QtBot) -> None:
    """All rows, from the newest to the oldest."""
    qtbot.waitUntil(lambda: shown(window) == newest(60))


def test_every_row_says_what_happened(window: ShiftLogWindow, qtbot: QtBot, wording: Wording) -> None:
    """Kinds and reasons in the current language; the counts of that moment are left out."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    row = next(place for place, each in enumerate(window.model.rows) if each.kind is EntryKind.PIN_REFUSED)
    chinese = [cell(window, row, column) for column in (Column.KIND, Column.REASON)]
    wording.set_language(Language.EN)
    english = [cell(window, row, column) for column in (Column.KIND, Column.REASON)]

    assert (chinese, english) == (["密码错误", "密码不正确"], ["PIN wrong", "Wrong PIN"])


def test_the_status_changes_its_language_too(window: ShiftLogWindow, qtbot: QtBot, wording: Wording) -> None:
    """What it says last, at once and not with the next reading."""
    qtbot.waitUntil(lambda: window.status.whole_text() == "共 60 条")
    wording.set_language(Language.EN)
    assert "60 rows" == window.status.whole_text()


def test_times_are_the_shops_and_numbers_are_grouped(window: ShiftLogWindow, qtbot: QtBot) -> None:
    """The newest row was written at 03:45:20 UTC, which is 11:45:20 in Shanghai."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    row = next(place for place, each in enumerate(window.model.rows) if each.units >= 1000)

    assert cell(window, 0, Column.TIME) == "06-01 11:45:20"
    assert cell(window, row, Column.UNITS) == f"{window.model.rows[row].units:,}"


@pytest.mark.parametrize(
    ("text", "kind", "only_problems", "is_meant"),
    [
        ("", None, True, lambda row: row.kind in PROBLEM_KINDS),
        ("", EntryKind.SUCCEEDED, False, lambda row: row.kind is EntryKind.SUCCEEDED),
        ("balance_TOO", None, False, lambda row: row.refusal == "balance_too_low"),
        ("王", EntryKind.SUCCEEDED, False, lambda row: row.kind is EntryKind.SUCCEEDED),
        ("nobody", None, False, lambda _row: False),
    ],
)
def test_filters(
    window: ShiftLogWindow,
    qtbot: QtBot,
    text: str,
    kind: EntryKind | None,
    only_problems: bool,
    is_meant: object,
) -> None:
    """Text, kind and problems narrow rows and figures together; nothing found is said."""
    assert callable(is_meant)
    qtbot.waitUntil(lambda: bool(shown(window)))
    if only_problems:
        QTest.mouseClick(
            window.only_problems, Qt.MouseButton.LeftButton, pos=window.only_problems.rect().center()
        )
    if kind is not None:
        window.kind.setCurrentIndex(window.kind.findData(kind.value))
        window.kind.activated.emit(window.kind.currentIndex())
    window.search.insert(text)
    expected = [row.seq for row in reversed(ROWS[:60]) if is_meant(row)]
    qtbot.waitUntil(lambda: shown(window) == expected and not window._pause.isActive())

    qtbot.waitUntil(lambda: window.status.whole_text() == f"共 {len(expected)} 条")
    assert bool(window.empty.whole_text()) == (not expected)


def test_figures_keep_points_and_money_apart(
    window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog
) -> None:
    """Points are no sales: they have figures of their own beside the other tenders' money."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    points = sum(row.units for row in log.all_rows if row.kind is EntryKind.SUCCEEDED)
    money = sum(row.money_minor or 0 for row in log.all_rows)

    assert window.totals.numbers["points_taken"].whole_text() == f"{points:,}"
    assert window.totals.numbers["other_tender"].whole_text() == f"¥{money / 100:,.2f}"


def test_the_window_follows_the_till(window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog) -> None:
    """What the till writes appears on top by itself; what was shown stays where it was."""
    QAbstractItemModelTester(window.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    qtbot.waitUntil(lambda: bool(shown(window)))
    log.all_rows.extend(ROWS[60:63])

    qtbot.waitUntil(lambda: shown(window) == newest(63))


def test_a_quiet_till_is_not_read_again(window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog) -> None:
    """Looking for news of a journal that did not grow counts its rows and reads none."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    pages_read = log.pages_read
    window.model.refresh()
    qtbot.waitUntil(lambda: not window.model._is_fetching)

    assert log.pages_read == pages_read


def test_older_rows_come_when_they_are_wanted(
    window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog
) -> None:
    """A long journal is read a page at a time, without gaps or repeats, also when new rows come in between."""
    QAbstractItemModelTester(window.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    log.all_rows[:] = ROWS[:450]
    window._apply()
    qtbot.waitUntil(lambda: shown(window) == list(range(450, 450 - PAGE_ROWS, -1)))
    log.all_rows.extend(ROWS[450:460])
    while len(shown(window)) < 460:
        before = len(shown(window))
        window.table.scrollToBottom()
        qtbot.waitUntil(lambda: len(shown(window)) > before)  # noqa: B023 it is waited for within the turn

    assert shown(window) == newest(460)


def test_who_scrolls_down_while_it_is_read_is_not_forgotten(
    window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog
) -> None:
    """A view asks for older rows once, when its bottom is reached: they come after the look for new ones."""
    log.all_rows[:] = ROWS[:450]
    window._apply()
    qtbot.waitUntil(lambda: shown(window) == list(range(450, 450 - PAGE_ROWS, -1)))
    window._refresh.stop()
    qtbot.waitUntil(lambda: not window.model._is_fetching)
    log.gate.clear()
    window.model.refresh()
    window.table.scrollToBottom()
    log.gate.set()

    qtbot.waitUntil(lambda: shown(window)[: 2 * PAGE_ROWS] == list(range(450, 450 - 2 * PAGE_ROWS, -1)))


def test_many_new_rows_leave_no_gap(window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog) -> None:
    """When more was written than a page holds, the table starts anew from the top."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    log.all_rows.extend(ROWS[60:])

    qtbot.waitUntil(lambda: shown(window) == list(range(500, 500 - PAGE_ROWS, -1)))


def test_a_slow_journal_holds_nobody_up(window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog) -> None:
    """While the journal is read the window goes on; an answer to an older filter is dropped."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    log.gate.clear()
    QTest.keyClicks(window.search, "nobody")
    qtbot.waitUntil(lambda: window.model.which.text == "nobody")
    window.search.clear()
    qtbot.waitUntil(lambda: window.model.which.text == "")
    log.gate.set()
    qtbot.waitUntil(lambda: not window.model._is_fetching)

    assert shown(window) == newest(60)
    assert threading.get_ident() not in log.readers


def test_a_journal_that_cannot_be_read_says_so(
    window: ShiftLogWindow, qtbot: QtBot, log: MemoryShiftLog
) -> None:
    """The status line names the fault, and the next reading may be well again."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    log.error = OSError("gone")
    qtbot.waitUntil(lambda: window.status.whole_text() == "流水无法读取: OSError")
    log.error = None

    qtbot.waitUntil(lambda: window.status.whole_text() == "共 60 条")


def test_the_export_is_what_is_shown(window: ShiftLogWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """All rows of the filter, in the journal's order, are in the file, and the status line tells where."""
    qtbot.waitUntil(lambda: bool(shown(window)))
    QTest.mouseClick(
        window.only_problems, Qt.MouseButton.LeftButton, pos=window.only_problems.rect().center()
    )
    target = tmp_path / "log.csv"
    window.export_to(target)
    qtbot.waitUntil(lambda: str(target) in window.status.whole_text())
    lines = target.read_text(encoding="utf-8-sig").splitlines()
    problems = [row for row in ROWS[:60] if row.kind in PROBLEM_KINDS]

    assert [line.split(",")[0] for line in lines[1:]] == [str(row.seq) for row in problems]
    assert window.export.isEnabled()


def test_an_export_that_fails_says_why(window: ShiftLogWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """A folder that is not there is named as the system names it."""
    window.export_to(tmp_path / "nowhere" / "log.csv")

    qtbot.waitUntil(lambda: window.status.whole_text() == "导出失败: No such file or directory")


def test_the_file_is_asked_for_without_stopping_the_till(
    window: ShiftLogWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """The dialog opens beside the running event loop, proposes a name with the shop's date, and its file is written."""
    QTest.mouseClick(window.export, Qt.MouseButton.LeftButton)
    dialog = window.dialog
    assert isinstance(dialog, QFileDialog)
    proposed = Path(dialog.selectedFiles()[0])
    dialog.accept()
    qtbot.waitUntil(proposed.exists)
    qtbot.waitUntil(lambda: window.dialog is None)

    assert proposed == tmp_path / "班次记录_20250601_1730.csv"


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F9])
def test_it_is_put_away_by_a_key(window: ShiftLogWindow, key: Qt.Key) -> None:
    """Esc and F9 lead back to the till, and nothing is read any more."""
    QTest.keyClick(window, key)

    assert (window.isVisible(), window._refresh.isActive()) == (False, False)


class OnePrinter:
    """Prints again what it is given, while it has paper."""

    def __init__(self) -> None:
        self.has_printer = True
        self.has_paper = True
        self.printed: list[JournalRow] = []

    def print_again(self, row: JournalRow) -> bool:
        """Print it."""
        self.printed += [row] if self.has_paper else []
        return self.has_paper


def test_a_payment_is_printed_again(
    qtbot: QtBot, log: MemoryShiftLog, wording: Wording, clock: HandClock, zone: ZoneInfo, tmp_path: Path
) -> None:
    """Only what a customer got a receipt of; and the window says what became of it."""
    printer = OnePrinter()
    window = ShiftLogWindow(log, wording, clock=clock, zone=zone, export_folder=tmp_path, receipts=printer)
    qtbot.addWidget(window, before_close_func=lambda _window: window.close_reader())
    window.show()
    qtbot.waitUntil(lambda: shown(window) == newest(60))
    assert not window.print_again.isEnabled()
    for place, row in enumerate(window.model.rows):
        window.table.selectRow(place)
        assert (row.kind in {EntryKind.SUCCEEDED, EntryKind.REVERSED}) == window.print_again.isEnabled()
    place = next(place for place, row in enumerate(window.model.rows) if row.kind is EntryKind.SUCCEEDED)
    row = window.model.rows[place]
    window.table.selectRow(place)
    QTest.mouseClick(window.print_again, Qt.MouseButton.LeftButton)
    assert [row] == printer.printed
    assert wording.say("log.printed_again", order=row.order_id or "") == window.status.whole_text()
    printer.has_paper = False
    QTest.mouseClick(window.print_again, Qt.MouseButton.LeftButton)
    assert wording.say("log.not_printed") == window.status.whole_text()


def test_without_a_printer_nothing_offers_to_print(window: ShiftLogWindow) -> None:
    """A till without receipts has no button for them."""
    assert window.print_again.isHidden()
