"""The camera in the cashier's window: there while a camera is ready, its codes covered, and asked for nothing else."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from pos_client.screens.camera_glance import CameraGlance
from pos_client.screens.cashier_window import CashierWindow
from pos_client.screens.device_samples import SampleCameras
from pos_client.screens.lamps import LampState
from pos_client.screens.samples import sample_views
from pos_client.screens.style import PALETTE
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import Language, Wording
from pos_client.till.events import DeviceLamp
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox
from tests.pos_client.screens.fitting import misfits
from tests.pos_client.screens.test_camera_page import frame

GUN: LampState = ("serial:/dev/ttyACM0", DeviceLamp.READY, None)
READY: LampState = ("camera:0", DeviceLamp.READY, None)
LOST: LampState = ("camera:0", DeviceLamp.SEARCHING, None)


@pytest.fixture
def cameras() -> SampleCameras:
    return SampleCameras()


@pytest.fixture
def glance(qtbot: QtBot, cameras: SampleCameras) -> Iterator[CameraGlance]:
    window = QWidget()
    made = CameraGlance(cameras)
    QVBoxLayout(window).addWidget(made)
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.show()
    yield made
    window.hide()


def test_a_camera_that_is_ready_is_seen(glance: CameraGlance, cameras: SampleCameras, qtbot: QtBot) -> None:
    """Its newest frame, and what it found is filled: nobody photographs a payment code from this screen."""
    cameras.seen = frame(1, finds=True)
    glance.show_states((GUN, READY))
    qtbot.waitUntil(lambda: glance.picture.has_frame)
    picture = glance.picture.grab().toImage()
    middle = picture.pixelColor(glance.picture.picture_rect().center().toPoint())
    assert QColor(PALETTE.ready) == middle
    cameras.seen = None
    qtbot.waitUntil(lambda: not glance.picture.has_frame)


@pytest.mark.parametrize("states", [(), (GUN,), (LOST,)])
def test_without_a_camera_there_is_no_field(
    glance: CameraGlance, cameras: SampleCameras, qtbot: QtBot, states: tuple[LampState, ...]
) -> None:
    """Nor when it is lost; and then nobody watches it."""
    glance.show_states(states)
    assert glance.isHidden()
    cameras.seen = frame(1)
    glance.show_states((READY,))
    qtbot.waitUntil(lambda: glance.picture.has_frame)
    assert 1 == cameras.watchers
    glance.show_states(states)
    assert glance.isHidden()
    assert (0, False) == (cameras.watchers, glance.picture.has_frame)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", [QSize(1366, 768), QSize(1024, 768)], ids=str)
def test_every_word_still_fits_beside_it(
    qtbot: QtBot, styled: QApplication, inbox: TickingInbox, wording: Wording, clock: HandClock, place: Place,
    language: Language, size: QSize,
) -> None:  # fmt: skip
    """The largest words give way, and none is cut."""
    assert styled is not None
    wording.set_language(language)
    window = CashierWindow(
        inbox, wording, clock=clock, place=place, open_shift_log=lambda: None, open_device_setup=lambda: None,
        cameras=SampleCameras(),
    )  # fmt: skip
    qtbot.addWidget(window)
    window.resize(size)
    window.show()
    assert window.camera is not None
    faults = {}
    for sample in sample_views(clock.now()):
        window.show_view(sample.view)
        window.camera.show_states((READY,))
        for _ in range(3):
            styled.processEvents()
        faults[sample.name] = misfits(window)
    assert {name: found for name, found in faults.items() if found} == {}
