"""Every trouble a device can have has words and a remedy in the reader's language."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from drivers import errors
from drivers.device import Health, State, Statistics
from pos_client.device_setup import DeviceRow
from pos_client.screens.device_details import NAMES_ITS_REMEDY, TROUBLES, DeviceDetails
from pos_client.screens.device_model import DeviceModel
from pos_client.screens.wording import Language, Wording

ENGLISH = "Do this with /dev/x."


@pytest.fixture
def details(qtbot: QtBot, wording: Wording) -> DeviceDetails:
    made = DeviceDetails(wording, DeviceModel(wording, lambda: 100.0))
    qtbot.addWidget(made)
    made.resize(900, 268)
    made.show()
    return made


def kinds(error: type[errors.DeviceError]) -> Iterator[str]:
    """The kinds of an error and all below it."""
    yield error.kind
    for below in error.__subclasses__():
        yield from kinds(below)


def lost(kind: str, last_scan_at: float | None = None) -> DeviceRow:
    """A device with this trouble."""
    counts = Statistics(last_scan_at=last_scan_at)
    return DeviceRow("serial:COM3", "", Health("serial:COM3", State.LOST, kind, ENGLISH, counts))


def test_every_trouble_of_the_drivers_has_words() -> None:
    """But for the tree's root, which nobody raises, and for our bugs."""
    never_met = {errors.DeviceError.kind, errors.DeviceStateError.kind}
    assert set(TROUBLES) == set(kinds(errors.DeviceError)) - never_met
    assert set(TROUBLES) >= NAMES_ITS_REMEDY


@pytest.mark.parametrize("kind", TROUBLES)
def test_the_remedy_is_in_the_readers_language(details: DeviceDetails, wording: Wording, kind: str) -> None:
    """In Chinese ours comes first, with the driver's where it names a command; in English the driver's alone."""
    details.show_row(lost(kind))
    chinese = details.remedy.whole_text().splitlines()
    wording.set_language(Language.EN)

    assert chinese[1:] == ([ENGLISH] if kind in NAMES_ITS_REMEDY else [])
    assert not chinese[0].isascii()
    assert (details.remedy.whole_text(), details.trouble.whole_text().isascii()) == (ENGLISH, True)


def test_a_trouble_nobody_has_words_for_shows_the_drivers(details: DeviceDetails) -> None:
    """A remedy in English is better than none."""
    details.show_row(lost("device_on_fire"))
    assert (details.trouble.whole_text(), details.remedy.whole_text()) == ("设备现在不能使用。", ENGLISH)


def test_nothing_of_the_device_before_stays(details: DeviceDetails) -> None:
    """From a trouble to a device that works, to none at all."""
    details.show_row(lost("device_busy", last_scan_at=40.0))
    figures = details.figures.whole_text()
    details.show_row(DeviceRow("wedge:", "", Health("wedge:", State.ENABLED, None, None, Statistics())))
    works = (details.trouble.whole_text(), details.remedy.whole_text(), details.figures.whole_text())
    details.show_row(None)

    assert figures == "上次扫码: 0 毫秒前"
    assert works == ("工作正常, 不需要处理。", "", "")
    assert details.headline.whole_text() == ""
