"""The ring shows the time that is left and rests when nobody looks."""

from datetime import timedelta

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pos_client.screens.countdown import Countdown
from pos_client.screens.fitting_label import text_extent
from pos_client.screens.style import PALETTE
from tests.fakes.clock import START, HandClock


@pytest.fixture
def ring(qtbot: QtBot, styled: QApplication, clock: HandClock) -> Countdown:
    assert styled is not None
    made = Countdown(clock, 80)
    qtbot.addWidget(made)
    made.show()
    return made


def colored(ring: Countdown, color: str) -> int:
    """How many pixels of the ring have this colour."""
    image = ring.grab().toImage()
    wanted = QColor(color)
    return sum(image.pixelColor(x, y) == wanted for x in range(80) for y in range(80))


@pytest.mark.parametrize(
    ("passed_seconds", "text"),
    [(0, "1:00"), (0.5, "1:00"), (1, "0:59"), (59.9, "0:01"), (60, "0:00"), (99, "0:00")],
)
def test_a_begun_second_counts(ring: Countdown, clock: HandClock, passed_seconds: float, text: str) -> None:
    """0:00 means over, and it never goes below."""
    ring.run_until(START + timedelta(seconds=60))
    clock.advance(passed_seconds)

    assert ring.text() == text


def test_the_ring_empties_and_hurries(ring: Countdown, clock: HandClock) -> None:
    """Less and less of it is drawn, and in the last ten seconds in another colour."""
    ring.run_until(START + timedelta(seconds=60))
    drawn = []
    for _ in range(3):
        drawn.append(colored(ring, PALETTE.accent))
        clock.advance(20)
    clock.advance(-5)

    assert drawn[0] > drawn[1] > drawn[2] > 0
    assert (colored(ring, PALETTE.accent), colored(ring, PALETTE.fault) > 0) == (0, True)


def test_nothing_ticks_that_nobody_sees(ring: Countdown) -> None:
    """Hidden, or without an end, no timer runs; shown again, it does."""
    seen = [ring._timer.isActive()]
    ring.run_until(START + timedelta(seconds=60))
    seen.append(ring._timer.isActive())
    ring.hide()
    seen.append(ring._timer.isActive())
    ring.show()
    seen.append(ring._timer.isActive())
    ring.run_until(None)
    seen.append(ring._timer.isActive())

    assert (seen, ring.text()) == ([False, True, False, True, False], "")


def test_the_time_fits_the_ring(ring: Countdown) -> None:
    """Ten minutes, the longest there is, fit between the ring's sides."""
    font = ring.font()
    font.setPixelSize(80 // 4)
    font.setBold(True)

    assert text_extent("10:00", font, 0, wrap=False).width() < 80 - 4 * (80 // 12)
