"""Pictures of every window are taken while the event loop runs, each when its window is ready."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from pos_client.screens.pictures import Gallery, Photographer
from pos_client.screens.samples import sample_rows
from pos_client.screens.wording import Language, Wording
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox
from tests.fakes.memory_shift_log import MemoryShiftLog


@pytest.fixture
def gallery(
    qtbot: QtBot, inbox: TickingInbox, wording: Wording, clock: HandClock, zone: ZoneInfo, tmp_path: Path
) -> Gallery:
    log = MemoryShiftLog(sample_rows(clock.now()))
    made = Gallery(inbox, wording, clock=clock, zone=zone, log=log, folder=tmp_path)
    for window in (made.cashier, made.customer, made.shift_log, made.device_setup, made.phone):
        qtbot.addWidget(window, before_close_func=lambda _window: made.stop_workers())
    return made


def test_every_window_is_taken_in_every_language(gallery: Gallery, qtbot: QtBot, tmp_path: Path) -> None:
    """Two screens, shift log and phone, in both languages, none empty, and the two languages differ."""
    taken: list[tuple[Path, ...]] = []
    photographer = Photographer(gallery.pictures(["paid"]), tmp_path / "pictures", taken.append)
    photographer.start()
    qtbot.waitUntil(lambda: bool(taken))
    names = [
        "cashier-paid",
        "customer-paid",
        "shift-log",
        "phone",
        "devices",
        "devices-trial",
        "devices-calibration",
    ]

    assert [file.name for file in taken[0]] == [
        f"{name}-{language}.png" for language in Language for name in names
    ]
    for name in names:
        one, other = (QImage(str(tmp_path / "pictures" / f"{name}-{language}.png")) for language in Language)
        assert one.width() >= 400
        assert one != other


def test_a_picture_that_cannot_be_written_is_a_fault(gallery: Gallery, qtbot: QtBot, tmp_path: Path) -> None:
    """A folder in whose place a file stands is named, and no picture is claimed."""
    (tmp_path / "pictures").write_text("in the way", encoding="utf-8")
    photographer = Photographer(gallery.pictures(["paid"]), tmp_path / "pictures", lambda _files: None)

    with pytest.raises(FileExistsError):
        photographer.start()
    assert qtbot is not None
