"""The table of devices: names, figures, and a selection that stays with its device."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from drivers.device import Health, State, Statistics
from pos_client.device_setup import DeviceRow
from pos_client.screens.device_model import DeviceColumn, DeviceModel, passed, whole_row
from pos_client.screens.device_table import DeviceTable
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Language, Wording

NOW = 1000.0
NOTHING = Statistics()


def used(path: str, /, state: State = State.ENABLED, counts: Statistics = NOTHING) -> DeviceRow:
    """A device of the till's."""
    return DeviceRow(path, "", Health(path, state, None, None, counts))


@pytest.fixture
def model(wording: Wording) -> DeviceModel:
    return DeviceModel(wording, lambda: NOW)


def texts(model: DeviceModel, column: DeviceColumn) -> list[str]:
    """What a column shows."""
    return [str(model.index(row, column).data()) for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (-0.5, "0 毫秒", "0 ms"),
        (0.0421, "42 毫秒", "42 ms"),
        (1.0, "1 秒", "1 s"),
        (59.9, "59 秒", "59 s"),
        (60.0, "1 分钟", "1 min"),
        (3599.0, "59 分钟", "59 min"),
        (7200.0, "2 小时", "2 h"),
    ],
)
def test_how_long_ago(wording: Wording, seconds: float, chinese: str, english: str) -> None:
    """In the largest unit that fits."""
    said = passed(wording, seconds)
    wording.set_language(Language.EN)
    assert (said, passed(wording, seconds)) == (chinese, english)


def test_devices_people_call_the_same_are_numbered(model: DeviceModel) -> None:
    """Guns are guns, whichever way they are read; what is not used has no number."""
    model.show_rows(
        (used("hid:"), used("serial:A"), used("wedge:"), used("telescope:"), DeviceRow("serial:B", "Zebra"))
    )
    assert texts(model, DeviceColumn.DEVICE) == ["扫码枪 1", "扫码枪 2", "键盘扫码枪", "设备", "扫码枪"]


def test_figures_are_those_of_the_device(model: DeviceModel) -> None:
    """Grouped, and empty where there is nothing to count."""
    counts = Statistics(12_345, 1, 2, 3, NOW - 4)
    model.show_rows((used("sim:", counts=counts), used("wedge:"), DeviceRow("serial:B", "Zebra")))
    figures = [texts(model, column) for column in DeviceColumn if column >= DeviceColumn.SCANS]
    assert figures == [
        ["12,345", "0", ""],
        ["1", "0", ""],
        ["2", "0", ""],
        ["3", "0", ""],
        ["4 秒", "", ""],
    ]
    assert texts(model, DeviceColumn.STATE) == ["就绪", "就绪", "未使用"]


def test_the_selection_stays_while_figures_change(qtbot: QtBot, model: DeviceModel, wording: Wording) -> None:
    """A table that is refreshed twice a second leaves who reads it in peace; another list is another table."""
    table = DeviceTable(model)
    qtbot.addWidget(table)
    model.show_rows((used("sim:"), used("wedge:")))
    table.selectRow(1)
    model.show_rows((used("sim:", counts=Statistics(1)), used("wedge:", counts=Statistics(1))))
    wording.set_language(Language.EN)
    assert [index.row() for index in table.selectionModel().selectedRows()] == [1]
    model.show_rows((used("wedge:"),))
    assert (table.selectionModel().selectedRows(), model.row_of("wedge:"), model.row_of("sim:")) == (
        [],
        0,
        None,
    )


def test_a_row_is_painted_with_its_lamp(qtbot: QtBot, model: DeviceModel) -> None:
    """Icon, two lines and the lamp in its colour; what is not used has none."""
    table = DeviceTable(model)
    qtbot.addWidget(table)
    table.resize(900, 300)
    model.show_rows((used("sim:"), used("telescope:", State.LOST), DeviceRow("camera:0", "USB camera")))
    table.show()
    picture = table.viewport().grab().toImage()

    def has(row: int, column: DeviceColumn, color: str) -> bool:
        place = table.visualRect(model.index(row, column))
        wanted = QColor(color).rgb()
        part: QImage = picture.copy(place)
        return any(part.pixel(x, y) == wanted for x in range(part.width()) for y in range(part.height()))

    assert has(0, DeviceColumn.STATE, PALETTE.ready)
    assert has(1, DeviceColumn.STATE, PALETTE.searching)
    assert not has(2, DeviceColumn.STATE, PALETTE.ready)
    assert all(has(row, DeviceColumn.DEVICE, PALETTE.ink) for row in (0, 1))
    assert has(2, DeviceColumn.DEVICE, PALETTE.ink_off)


def test_the_model_keeps_qts_rules(model: DeviceModel) -> None:
    """Qt's own tester watches it being filled, shortened and emptied."""
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_rows((used("sim:"), DeviceRow("serial:B", "Zebra")))
    assert tester.model() is model
    assert whole_row(model.index(1, 0)) == DeviceRow("serial:B", "Zebra")
    assert model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole) == "Zebra\nserial:B"
    model.show_rows((used("sim:"),))
    model.show_rows(())
    assert model.rowCount() == 0
    with pytest.raises(TypeError):
        whole_row(QModelIndex())
