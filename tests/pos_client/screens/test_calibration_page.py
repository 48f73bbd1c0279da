"""The calibration page: two labels, half a minute, and the sale gets its gun back however it ends."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pos_client.calibrating import CALIBRATION_SECONDS, Progress, Stage
from pos_client.screens.background import Background
from pos_client.screens.calibration_page import CalibrationPage
from pos_client.screens.device_samples import SampleCalibrator
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone
from tests.fakes.clock import HandClock

GUN = "serial:COM3"


class BrokenCalibrator(SampleCalibrator):
    """Cannot open the device."""

    def begin(self, path: str, on_progress: object) -> None:
        raise OSError(path)


@pytest.fixture
def calibrator(request: pytest.FixtureRequest) -> SampleCalibrator:
    kind: type[SampleCalibrator] = getattr(request, "param", SampleCalibrator)
    return kind()


@pytest.fixture
def learnt() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def page(
    qtbot: QtBot,
    wording: Wording,
    clock: HandClock,
    calibrator: SampleCalibrator,
    learnt: list[tuple[str, str]],
) -> Iterator[CalibrationPage]:
    worker = Background("calibration")
    made = CalibrationPage(
        calibrator,
        wording,
        clock=clock,
        worker=worker,
        on_learnt=lambda old, new: learnt.append((old, new)),
    )
    qtbot.addWidget(made)
    made.resize(960, 268)
    made.show()
    made.show_device(GUN)
    yield made
    worker.close()


def press(page: CalibrationPage) -> None:
    """Press the page's button."""
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)


def begun(page: CalibrationPage, calibrator: SampleCalibrator, qtbot: QtBot) -> None:
    """Begin, and wait until the device is listened to."""
    press(page)
    qtbot.waitUntil(lambda: calibrator.path == GUN)


def tell(calibrator: SampleCalibrator, progress: Progress) -> None:
    """The calibrator tells how far it is."""
    assert calibrator.on_progress is not None
    calibrator.on_progress(progress)


def test_two_labels_teach_the_till_a_gun(
    page: CalibrationPage, calibrator: SampleCalibrator, qtbot: QtBot, learnt: list[tuple[str, str]]
) -> None:
    """The page says which is next; what was learnt is handed on once, and the device is given back before."""
    begun(page, calibrator, qtbot)
    said = [page.band.headline.whole_text()]
    for stage in (Stage.SECOND, Stage.UNCLEAR, Stage.SECOND):
        tell(calibrator, Progress(stage))
        qtbot.waitUntil(lambda: page.band.headline.whole_text() != said[-1])
        said.append(page.band.headline.whole_text())
    tell(calibrator, Progress(Stage.LEARNT, f"{GUN}?baud=115200"))
    qtbot.waitUntil(lambda: bool(learnt) and calibrator.path is None)

    assert said == ["请扫左边的标签", "再扫右边的标签", "没有读到两个标签", "再扫右边的标签"]
    assert learnt == [(GUN, f"{GUN}?baud=115200")]
    assert (page.band.tone, page.is_running) == (Tone.GOOD, False)


def test_only_the_label_that_is_next_can_be_scanned(
    page: CalibrationPage, calibrator: SampleCalibrator, qtbot: QtBot
) -> None:
    """A beam crosses whatever lies in its line; before and after, both are there to see."""

    def painted() -> list[bool]:
        black = QColor("#000000")
        pictures = [label.grab().toImage() for label in page.labels]
        return [
            any(picture.pixelColor(x, picture.height() // 2) == black for x in range(picture.width()))
            for picture in pictures
        ]

    seen = [painted()]
    begun(page, calibrator, qtbot)
    seen.append(painted())
    tell(calibrator, Progress(Stage.SECOND))
    qtbot.waitUntil(lambda: page.band.headline.whole_text() == "再扫右边的标签")
    seen.append(painted())
    press(page)
    seen.append(painted())

    assert seen == [[True, True], [True, False], [False, True], [True, True]]


def test_time_is_half_a_minute(
    page: CalibrationPage, calibrator: SampleCalibrator, qtbot: QtBot, clock: HandClock
) -> None:
    """It is counted down; when it is over the device is read as before, and one may try again."""
    begun(page, calibrator, qtbot)
    assert page.countdown.seconds_left() == CALIBRATION_SECONDS == page._over.interval() / 1000
    page._over.setInterval(1)
    page._over.start()
    qtbot.waitUntil(lambda: not page.is_running and calibrator.path is None)
    assert (page.band.headline.whole_text(), page.countdown.isVisible()) == ("时间到了", False)
    page._over.setInterval(round(CALIBRATION_SECONDS * 1000))
    begun(page, calibrator, qtbot)


@pytest.mark.parametrize("leave", ["stop", "hide"])
def test_leaving_gives_the_device_back(
    page: CalibrationPage, calibrator: SampleCalibrator, qtbot: QtBot, leave: str
) -> None:
    """By its button or by another page; what the device still tells then changes nothing."""
    begun(page, calibrator, qtbot)
    late = calibrator.on_progress
    assert late is not None
    if leave == "stop":
        press(page)
    else:
        page.hide()
    qtbot.waitUntil(lambda: calibrator.path is None)
    late(Progress(Stage.SECOND))
    page.show()
    qtbot.waitUntil(page.isVisible)
    assert (page.is_running, page.band.headline.whole_text()) == (False, "让收银台学会读这台设备")


@pytest.mark.parametrize("calibrator", [BrokenCalibrator], indirect=True)
def test_a_device_that_cannot_be_listened_to_is_told(page: CalibrationPage, qtbot: QtBot) -> None:
    """It is read as before."""
    press(page)
    qtbot.waitUntil(lambda: page.band.tone is Tone.BAD)
    assert not page.is_running


def test_what_says_itself_what_it_sends_needs_none(page: CalibrationPage) -> None:
    """A gun in HID mode, and no gun at all, cannot be calibrated."""
    offered = []
    for path in (GUN, "hid:", None):
        page.show_device(path)
        offered.append(page.button.isEnabled())
    assert offered == [True, False, False]
    assert page.band.headline.whole_text() == "这台设备不需要校准"
