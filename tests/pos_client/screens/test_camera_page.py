"""The camera's page: the newest frame while one looks, codes covered, and a region drawn by hand."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pos_client.camera_view import CameraView, Hint, Region
from pos_client.screens.camera_page import POLL_MS, CameraPage, image_of
from pos_client.screens.device_samples import SampleCameras
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone

CODE = ((200.0, 120.0), (440.0, 120.0), (440.0, 360.0), (200.0, 360.0))


def frame(number: int, *, finds: bool = False, hint: Hint = Hint.NOTHING) -> CameraView:
    """A red picture of 640 x 480, with a code in its middle."""
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, :, 2] = 200
    return CameraView(number, image, (CODE,) if finds else (), hint)


@pytest.fixture
def cameras() -> SampleCameras:
    return SampleCameras()


@pytest.fixture
def drawn() -> list[tuple[str, Region]]:
    return []


@pytest.fixture
def page(
    qtbot: QtBot, wording: Wording, cameras: SampleCameras, drawn: list[tuple[str, Region]]
) -> Iterator[CameraPage]:
    made = CameraPage(cameras, wording, on_region=lambda path, region: drawn.append((path, region)))
    qtbot.addWidget(made)
    made.resize(960, 268)
    made.show()
    yield made
    made.hide()


def shows(page: CameraPage, qtbot: QtBot, view: CameraView) -> None:
    """Wait until the page has taken this frame."""
    qtbot.waitUntil(lambda: page.shown is view)


def test_the_newest_frame_is_shown_and_its_code_covered(
    page: CameraPage, cameras: SampleCameras, qtbot: QtBot
) -> None:
    """What is found is filled, so that a payment code cannot be photographed from this screen; the rest is seen."""
    cameras.seen = frame(1, finds=True)
    page.show_camera("camera:0")
    shows(page, qtbot, cameras.seen)
    place = page.picture.picture_rect()
    picture = page.picture.grab().toImage()
    middle = picture.pixelColor(place.center().toPoint())
    corner = picture.pixelColor((place.topLeft() + QPointF(5, 5)).toPoint())

    assert (middle, corner) == (QColor(PALETTE.ready), QColor(200, 0, 0))
    assert (page.band.tone, page.band.headline.whole_text()) == (Tone.GOOD, "已找到码")


@pytest.mark.parametrize("hint", [Hint.TOO_DARK, Hint.TOO_BRIGHT, Hint.TWO_CODES])
def test_what_makes_it_hard_to_read_is_said(
    page: CameraPage, cameras: SampleCameras, qtbot: QtBot, hint: Hint
) -> None:
    """With what to do about it, also where a code was found; then all is well again."""
    cameras.seen = frame(1, finds=True, hint=hint)
    page.show_camera("camera:0")
    shows(page, qtbot, cameras.seen)
    warned = (page.band.tone, bool(page.band.detail.whole_text()))
    cameras.seen = frame(2)
    shows(page, qtbot, cameras.seen)

    assert warned == (Tone.WARN, True)
    assert page.band.headline.whole_text() == "请把码对准摄像头"


def test_a_camera_that_goes_leaves_no_old_picture(
    page: CameraPage, cameras: SampleCameras, qtbot: QtBot
) -> None:
    """A frozen picture would look like a camera that sees nothing new; and the next frame is shown again."""
    cameras.seen = frame(1)
    page.show_camera("camera:0")
    shows(page, qtbot, cameras.seen)
    cameras.seen = None
    qtbot.waitUntil(lambda: not page.picture.has_frame)
    assert page.band.headline.whole_text() == "正在等待摄像头…"
    cameras.seen = frame(1)
    shows(page, qtbot, cameras.seen)


def test_a_camera_is_watched_only_while_one_looks(page: CameraPage, cameras: SampleCameras) -> None:
    """Hidden, or turned to another device, it only reads codes; and never more than fifteen times a second."""
    page.show_camera("camera:0")
    page.show_camera("camera:0")
    watched = [cameras.watchers]
    for path in ("camera:1", "serial:COM3", "camera:0", None):
        page.show_camera(path)
        watched.append(cameras.watchers)
    page.show_camera("camera:0")
    page.hide()
    watched.append(cameras.watchers)
    page.show()
    watched.append(cameras.watchers)

    assert watched == [1, 1, 0, 1, 0, 0, 1]
    assert 1000 / POLL_MS <= 15


def test_a_region_is_drawn_by_hand(
    page: CameraPage, cameras: SampleCameras, qtbot: QtBot, drawn: list[tuple[str, Region]]
) -> None:
    """From any corner to the one opposite, not beyond the picture; a click is none; the whole is a button away."""
    cameras.seen = frame(1)
    page.show_camera("camera:0")
    shows(page, qtbot, cameras.seen)
    place = page.picture.picture_rect()

    def at(across: float, down: float) -> QPoint:
        return (place.topLeft() + QPointF(across * place.width(), down * place.height())).toPoint()

    def drag(start: QPoint, end: QPoint) -> None:
        QTest.mousePress(page.picture, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(page.picture, end)
        QTest.mouseRelease(page.picture, Qt.MouseButton.LeftButton, pos=end)

    QTest.mouseClick(page.picture, Qt.MouseButton.LeftButton, pos=at(0.5, 0.5))
    drag(at(0.5, 0.5), at(0.52, 0.52))
    assert drawn == []
    drag(at(0.75, 0.75), at(0.25, 0.5))
    ((path, region),) = drawn
    assert path == "camera:0"
    assert (region.left, region.top, region.right, region.bottom) == pytest.approx(
        (0.25, 0.5, 0.75, 0.75), abs=0.011
    )
    drag(at(0.5, 0.5), at(3.0, 3.0))
    assert (drawn[-1][1].right, drawn[-1][1].bottom) == (1.0, 1.0)
    assert page.whole.isEnabled()
    QTest.mouseClick(page.whole, Qt.MouseButton.LeftButton)
    assert (drawn[-1], page.whole.isEnabled()) == (("camera:0", Region()), False)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((3, 5), 77, np.uint8), QColor(77, 77, 77)),
        (np.full((3, 5, 3), (10, 20, 30), np.uint8), QColor(30, 20, 10)),
        (np.full((6, 10, 3), (10, 20, 30), np.uint8)[::2, ::2], QColor(30, 20, 10)),
    ],
    ids=["grey", "BGR", "strided"],
)
def test_a_frame_becomes_a_picture(image: np.ndarray, expected: QColor) -> None:
    """Grey or BGR, whatever lies between its rows, and with pixels of its own."""
    picture = image_of(CameraView(1, image))
    image[...] = 0
    assert (picture.width(), picture.height()) == (5, 3)
    assert picture.pixelColor(4, 2) == expected
