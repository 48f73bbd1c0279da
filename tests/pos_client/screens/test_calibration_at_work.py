"""A gun is calibrated at the till: real lines, real keys of a window, and the settings of the next start."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from drivers.calibration_labels import LABELS
from drivers.calibration_run import CalibrationRun
from drivers.device import State
from drivers.wedge import WedgeGun
from pos_client.calibrating import Stage
from pos_client.device_setup import Attached
from pos_client.screens.calibration_page import CalibrationPage
from pos_client.screens.device_setup_window import Page
from pos_client.screens.key_filter import KeyFilter
from pos_client.screens.wording import Wording
from pos_client.settings import load_settings
from tests.drivers.gun_at_speed import GunAtSpeed
from tests.drivers.pty_line import PtyLine
from tests.drivers.test_calibration_keys import shown
from tests.pos_client.screens.till_devices_at_work import Till
from tests.pos_client.till.walking import CODE


@pytest.fixture
def line() -> Iterator[PtyLine]:
    """A serial line."""
    pair = PtyLine()
    yield pair
    pair.close()


def opened(till: Till, qtbot: QtBot) -> CalibrationPage:
    """The page of the first device, with the calibration begun."""
    window = till.open(qtbot)
    window.show_page(Page.CALIBRATION)
    window.select(till.hardware.paths[0])
    page = window.calibration
    assert page is not None
    page._over.setInterval(600_000)  # here it takes as long as it takes
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.is_running)
    return page


def is_read(till: Till) -> bool:
    """Whether the first device is being read."""
    return till.hardware.healths()[0].state is State.ENABLED


def test_a_serial_gun_is_read_at_once_and_after_the_next_start(
    qtbot: QtBot, wording: Wording, tmp_path: Path, line: PtyLine
) -> None:
    """At another speed, with a prefix and between STX and ETX: nothing it says meanwhile is sold, the next code is."""
    old = f"serial:{line.port}"
    with Till(tmp_path, [old], Attached(), wording) as till:
        page = opened(till, qtbot)
        with closing(GunAtSpeed(line, 115200, b"\x02~%s\x03")) as gun:
            qtbot.waitUntil(lambda: gun.till_rate() == 9600 and till.hardware.device(old) is None)

            def asked() -> str:
                return LABELS[1] if page._words == Stage.SECOND else LABELS[0]

            sold_meanwhile: list[str] = []

            def is_learnt() -> bool:
                sold = till.sold()
                if till.hardware.paths == (old,):
                    sold_meanwhile[:] = sold
                return till.hardware.paths != (old,)

            gun.repeat(asked, 0.6)
            qtbot.waitUntil(is_learnt)
        assert [] == sold_meanwhile
        new = f"{old}?frame=stx&prefix=~&baud=115200"
        assert (new,) == till.hardware.paths
        qtbot.waitUntil(lambda: load_settings(till.file, {}).devices == (new,))
        qtbot.waitUntil(lambda: is_read(till))
        gun.say(CODE)
        qtbot.waitUntil(lambda: CODE in till.sold())
        # A label it said when the calibration was over already is a scan like any other.
        assert [CODE] == [text for text in till.sold() if text not in LABELS]
        assert "校准完成" == page.band.headline.whole_text()


def says(page: CalibrationPage, words: str) -> bool:
    """Whether the page has this headline."""
    return page.band.headline.whole_text() == words


class Hand:
    """Lets a gun press keys in a time of their own: a machine that stands still for a moment tears no label apart."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> float:
        """The time of the keys."""
        return self.seconds

    def pause(self) -> None:
        """Nothing is pressed for a while."""
        self.seconds += 1.0

    def press(self, page: CalibrationPage, text: str, gun: str, system: str) -> None:
        """A gun's keys come through the window, and Enter."""
        handle = page.window().windowHandle()
        kinds = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        none = Qt.KeyboardModifier.NoModifier
        events = [
            QKeyEvent(kind, 0, none, key.code, 0, 0, key.char or "")
            for key in shown(text, gun, system, by_place=False)
            for kind in kinds
        ]
        events += [QKeyEvent(kind, Qt.Key.Key_Return.value, none, 36, 0, 0, "\r") for kind in kinds]
        for event in events:
            QApplication.sendEvent(handle, event)
            self.seconds += 0.0005


def wedge_of(till: Till, hand: Hand) -> WedgeGun:
    """The till's keyboard gun, in the time of this hand."""
    gun = till.hardware.device(till.hardware.paths[0])
    assert isinstance(gun, WedgeGun)
    gun._clock = hand.clock
    return gun


def test_a_gun_set_to_another_layout_is_read_at_once(
    qtbot: QtBot, qapp: QApplication, wording: Wording, tmp_path: Path
) -> None:
    """Its keys come through the page's own window; its Enter presses no button, and the next code is right."""
    hand = Hand()
    make_run = partial(CalibrationRun, clock=hand.clock)
    with Till(tmp_path, ["wedge:"], Attached(), wording, make_run=make_run) as till, ExitStack() as stack:
        qtbot.waitUntil(lambda: is_read(till))
        gun = wedge_of(till, hand)
        stack.enter_context(closing(KeyFilter(qapp, gun)))
        page = opened(till, qtbot)
        qtbot.waitUntil(lambda: gun._on_key is not None)
        for label, words in zip(LABELS, ("再扫右边的标签", "校准完成"), strict=True):
            hand.press(page, label, "us", "fr")
            hand.pause()
            qtbot.waitUntil(partial(says, page, words))
        qtbot.waitUntil(lambda: till.hardware.paths[0].startswith("wedge:?layouts=us"))
        qtbot.waitUntil(lambda: load_settings(till.file, {}).devices == till.hardware.paths)
        qtbot.waitUntil(lambda: is_read(till))
        stack.enter_context(closing(KeyFilter(qapp, wedge_of(till, hand))))
        hand.press(page, CODE, "us", "fr")
        qtbot.waitUntil(lambda: till.sold() == [CODE])


def test_leaving_the_window_gives_the_gun_back(
    qtbot: QtBot, wording: Wording, tmp_path: Path, line: PtyLine
) -> None:
    """The window is closed in the middle: the gun sells as before, and nothing is written."""
    with Till(tmp_path, [f"serial:{line.port}"], Attached(), wording) as till:
        opened(till, qtbot)
        qtbot.waitUntil(lambda: till.hardware.device(f"serial:{line.port}") is None)
        till.window.hide()
        qtbot.waitUntil(lambda: is_read(till))
        line.send(CODE.encode() + b"\r")
        qtbot.waitUntil(lambda: till.sold() == [CODE])
        assert () == load_settings(till.file, {}).devices[1:]
