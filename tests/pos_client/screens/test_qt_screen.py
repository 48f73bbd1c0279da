"""Views cross to the windows' thread once, the newest wins, and the loop never waits."""

import threading
from dataclasses import replace

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pos_client.screens.qt_screen import QtScreen
from pos_client.till.effects import Sound
from pos_client.till.view import CashierView, CustomerView, Message, Tone, View
from tests.waiting import PATIENCE_SECONDS


def numbered_view(number: int) -> View:
    """A view that can be told from others."""
    said = Message("cashier.paid", (("units", number),))
    return View(
        cashier=CashierView(tone=Tone.GOOD, headline=said),
        customer=CustomerView(tone=Tone.GOOD, headline=said),
    )


def test_the_newest_view_wins(qtbot: QtBot) -> None:
    """Of a thousand views shown while the windows' thread is busy, only the last is painted, in that thread."""
    screen = QtScreen(lambda _sound: None)
    painted: list[tuple[View, bool]] = []
    screen.shown.connect(lambda view: painted.append((view, QThread.isMainThread())))

    def show_all() -> None:
        for number in range(1000):
            screen.show(numbered_view(number))

    loop = threading.Thread(target=show_all)
    loop.start()
    loop.join(PATIENCE_SECONDS)  # this thread is busy meanwhile
    qtbot.waitUntil(lambda: bool(painted))

    assert painted == [(numbered_view(999), True)]


def test_each_view_comes_when_there_is_time(qtbot: QtBot) -> None:
    """A view that was painted does not keep the next one from coming."""
    screen = QtScreen(lambda _sound: None)
    painted: list[View] = []
    screen.shown.connect(painted.append)
    for number in range(3):
        screen.show(numbered_view(number))
        qtbot.waitUntil(lambda: len(painted) == number + 1)  # noqa: B023 it is waited for within the turn

    assert painted == [numbered_view(number) for number in range(3)]


def test_what_passes_at_once_is_not_shown(qtbot: QtBot) -> None:
    """A passing view whose answer comes within a blink is skipped; one that stays is shown."""
    screen = QtScreen(lambda _sound: None)
    painted: list[View] = []
    screen.shown.connect(painted.append)
    passing = replace(numbered_view(1), is_passing=True)
    screen.show(passing)
    screen._bridge._deliver()
    screen.show(numbered_view(2))
    qtbot.waitUntil(lambda: bool(painted))
    screen.show(passing)
    qtbot.waitUntil(lambda: len(painted) == 2)

    assert painted == [numbered_view(2), passing]


def test_showing_never_waits_for_the_windows(qapp: QApplication) -> None:
    """A loop's thread gets through a hundred views while no event is processed at all."""
    assert qapp is not None
    screen = QtScreen(lambda _sound: None)
    done = threading.Event()

    def loop() -> None:
        for number in range(100):
            screen.show(numbered_view(number))
        done.set()

    threading.Thread(target=loop).start()

    assert done.wait(PATIENCE_SECONDS)


def test_sounds_go_straight_to_the_player() -> None:
    """A sound does not wait for the windows' thread either."""
    heard: list[Sound] = []
    QtScreen(heard.append).play(Sound.SUCCESS)

    assert heard == [Sound.SUCCESS]
