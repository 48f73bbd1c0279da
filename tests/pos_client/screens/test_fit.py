"""No word is ever cut: every sample of every window, in both languages, at the sizes the till is made for."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from drivers.scan import Scan
from pos_client.camera_view import CameraView, Hint
from pos_client.scan_facts import TRIAL_LABEL, Verdict
from pos_client.screens import fitting_label
from pos_client.screens.calibration_page import CALIBRATION_WORDS
from pos_client.screens.device_samples import SAMPLE_HEALTHS
from pos_client.screens.device_setup_window import Page
from pos_client.screens.fitting_label import FittingLabel, text_extent
from pos_client.screens.pictures import Gallery
from pos_client.screens.samples import LONG_SHOP_NAME, SAMPLE_MEMBERS, sample_rows, sample_views
from pos_client.screens.wording import Language, Wording
from pos_client.till.view import Tone
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox
from tests.fakes.memory_shift_log import MemoryShiftLog
from tests.pos_client.screens.fitting import misfits, small_targets

VERDICTS = {
    Verdict.RIGHT: TRIAL_LABEL,
    Verdict.CASE: TRIAL_LABEL.swapcase(),
    Verdict.AFFIXES: f"*{TRIAL_LABEL}*",
    Verdict.LAYOUT: "QWay-0189",
    Verdict.OTHER_LABEL: "https://example.com/a-label-of-some-length?that=is,still,one,line",
    Verdict.HIDDEN: "84" * 12,
}
"""A label for each verdict of a test scan."""


@pytest.fixture
def gallery(
    qtbot: QtBot, inbox: TickingInbox, wording: Wording, clock: HandClock, zone: ZoneInfo, tmp_path: Path
) -> Gallery:
    log = MemoryShiftLog(sample_rows(clock.now()))
    made = Gallery(inbox, wording, clock=clock, zone=zone, log=log, folder=tmp_path)
    for window in (made.cashier, made.customer, made.shift_log, made.device_setup, made.phone):
        qtbot.addWidget(window, before_close_func=lambda _window: made.stop_workers())
    return made


def settle(app: QApplication) -> None:
    """Layouts pass a change on from child to parent, one round of events each."""
    for _ in range(3):
        app.processEvents()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [QSize(1366, 768), QSize(1024, 768), QSize(1920, 1080)], ids=str)
def test_the_cashier_reads_every_word(
    gallery: Gallery,
    styled: QApplication,
    wording: Wording,
    clock: HandClock,
    language: Language,
    size: QSize,
) -> None:
    """Every state of the till fits the cashier's window, and every button can be hit."""
    wording.set_language(language)
    gallery.cashier.resize(size)
    gallery.cashier.show()
    faults = {}
    for sample in sample_views(clock.now()):
        gallery.cashier.show_view(sample.view)
        settle(styled)
        faults[sample.name] = misfits(gallery.cashier) + small_targets(gallery.cashier, 44)

    assert {name: found for name, found in faults.items() if found} == {}
    assert small_targets(gallery.cashier.action_bar, 56) + small_targets(gallery.cashier.pad, 56) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [QSize(800, 480), QSize(1280, 800)], ids=str)
def test_the_customer_reads_every_word(
    gallery: Gallery,
    styled: QApplication,
    wording: Wording,
    clock: HandClock,
    language: Language,
    size: QSize,
) -> None:
    """Every state of the till fits the customer's screen, and no key of the keypad is below 64 pixels."""
    wording.set_language(language)
    gallery.customer.resize(size)
    gallery.customer.show()
    faults = {}
    for sample in sample_views(clock.now()):
        gallery.customer.show_view(sample.view)
        settle(styled)
        faults[sample.name] = misfits(gallery.customer) + small_targets(gallery.customer, 64)
        key = gallery.customer.keypad.key_rect("5")
        if gallery.customer.keypad.isVisible() and min(key.width(), key.height()) < 64:
            faults[sample.name].append(f"keys of {key.width()} x {key.height()}")

    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [QSize(1366, 768), QSize(1024, 700)], ids=str)
def test_the_manager_reads_every_word(
    gallery: Gallery, styled: QApplication, qtbot: QtBot, wording: Wording, language: Language, size: QSize
) -> None:
    """The shift log's figures, filters and buttons fit."""
    wording.set_language(language)
    gallery.shift_log.resize(size)
    gallery.shift_log.show()
    qtbot.waitUntil(lambda: gallery.shift_log.model.rowCount() > 0)
    settle(styled)

    assert misfits(gallery.shift_log) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [QSize(1366, 768), QSize(1024, 768)], ids=str)
def test_who_sets_the_devices_up_reads_every_word(
    gallery: Gallery, styled: QApplication, qtbot: QtBot, wording: Wording, language: Language, size: QSize
) -> None:
    """Devices in every state, every page, and whatever came of a scan fit the device set-up."""
    window = gallery.device_setup
    wording.set_language(language)
    window.resize(size)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.model.rowCount() > len(SAMPLE_HEALTHS))
    faults = {}
    for row in window.model.rows:
        window.select(row.path)
        settle(styled)
        faults[row.path] = misfits(window) + small_targets(window, 44)
    for page in Page:
        window.show_page(page)
        settle(styled)
        faults[page] = misfits(window) + small_targets(window, 44)
    assert window.calibration is not None
    window.select("wedge:")
    for words in CALIBRATION_WORDS:
        window.show_page(Page.CALIBRATION)
        window.calibration._say(words, Tone.BUSY)
        settle(styled)
        faults[f"calibration {words}"] = misfits(window) + small_targets(window, 44)
    window.select("camera:0")
    window.show_page(Page.CAMERA)
    assert window.camera is not None
    for number, hint in enumerate(Hint):
        gallery.cameras.seen = CameraView(number, np.full((480, 640), 90, np.uint8), (), hint)
        qtbot.waitUntil(lambda: window.camera is not None and window.camera.shown is gallery.cameras.seen)
        settle(styled)
        faults[f"camera {hint}"] = misfits(window) + small_targets(window, 44)
    window.show_page(Page.TRIAL)
    for verdict, text in VERDICTS.items():
        assert gallery.devices.scan(Scan(text.encode(), text, "QR Code", "]Q1", window.model.rows[1].path))
        qtbot.waitUntil(lambda: window.trial.facts is not None and window.trial.facts.verdict is verdict)  # noqa: B023  # waited for here
        settle(styled)
        faults[verdict] = misfits(window)

    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("member_no", [member.member_no for member in SAMPLE_MEMBERS])
def test_the_phone_can_be_read(
    gallery: Gallery, styled: QApplication, qtbot: QtBot, wording: Wording, language: Language, member_no: str
) -> None:
    """Every member's facts fit the phone."""
    wording.set_language(language)
    gallery.phone.show()
    gallery.phone.choose(member_no)
    qtbot.waitUntil(lambda: gallery.phone.code is not None)
    settle(styled)

    assert misfits(gallery.phone) == []


def test_the_walk_finds_what_is_cut(qtbot: QtBot, styled: QApplication) -> None:
    """A text too long for its smallest size, a text outside the window, and two texts over each other are found."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(200, 100)
    cut = FittingLabel(30, 20, parent=window)
    cut.setText("收款" * 40)
    cut.setGeometry(0, 0, 100, 30)
    outside = FittingLabel(20, 10, parent=window)
    outside.setText("x")
    outside.setGeometry(190, 60, 30, 20)
    over = FittingLabel(20, 10, parent=window)
    over.setText("y")
    over.setGeometry(10, 10, 30, 20)
    window.show()
    settle(styled)

    found = misfits(window)

    assert [fault.split("'")[2][:6] for fault in found if "lies over" not in fault] == [": need", ": PySi"]
    assert sum("lies over" in fault for fault in found) == 1


def test_a_name_too_long_is_whole_in_its_tooltip(qtbot: QtBot, styled: QApplication) -> None:
    """Names end in an ellipsis where there is no room, and can still be read whole."""
    assert styled is not None
    label = FittingLabel(20, 15, elide=True)
    qtbot.addWidget(label)
    label.resize(120, 30)
    label.show()
    label.setText(LONG_SHOP_NAME)

    assert (label.text()[-1], label.toolTip(), label.font().pixelSize()) == ("…", LONG_SHOP_NAME, 15)


def test_a_short_text_grows_again(qtbot: QtBot, styled: QApplication) -> None:
    """After a long text a short one takes the largest size."""
    assert styled is not None
    label = FittingLabel(40, 10)
    qtbot.addWidget(label)
    label.resize(200, 60)
    label.show()
    sizes = []
    for text in ("短", "很长的一句话" * 6, "短"):
        label.setText(text)
        sizes.append(QFont(label.font()).pixelSize())

    assert sizes[0] == sizes[2] == 40
    assert sizes[1] < 40


def test_a_text_is_measured_once_in_a_room_and_face(
    qtbot: QtBot, styled: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The few sentences of a day are not measured at every sale; in another room, or another face, they are."""
    assert styled is not None
    label = FittingLabel(40, 10)
    qtbot.addWidget(label)
    label.resize(200, 60)
    label.show()
    measured: list[str] = []

    def extent(text: str, font: QFont, width: int, *, wrap: bool) -> QSize:
        measured.append(text)
        return text_extent(text, font, width, wrap=wrap)

    monkeypatch.setattr(fitting_label, "text_extent", extent)

    def measures(text: str) -> bool:
        measured.clear()
        label.setText(text)
        return bool(measured)

    assert [True, True, False, False] == [measures(text) for text in ("收款", "完成", "收款", "完成")]
    label.resize(120, 60)
    assert measures("收款")
    font = QFont(label.font())
    font.setFamily("Another Face")
    label.setFont(font)
    assert measures("完成")
