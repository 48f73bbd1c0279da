"""Work is done off the windows' thread and its outcome comes back on it, in order, never after the end."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from pos_client.screens.background import Background
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    assert qtbot is not None
    made = Background("test")
    yield made
    made.close()


def no_failure(error: Exception) -> None:
    """For work that must succeed."""
    raise error


def test_work_is_done_elsewhere_and_comes_home(qtbot: QtBot, background: Background) -> None:
    """The work runs in another thread, the outcome arrives in this one."""
    came: list[tuple[bool, bool]] = []
    background.run(QThread.isMainThread, lambda main: came.append((main, QThread.isMainThread())), no_failure)
    qtbot.waitUntil(lambda: bool(came))

    assert came == [(False, True)]


def test_a_failure_comes_home_as_a_failure(qtbot: QtBot, background: Background) -> None:
    """The work's exception is handed to `on_failed`."""
    failures: list[Exception] = []
    fault = OSError("disk")

    def work() -> None:
        raise fault

    background.run(work, lambda _result: None, failures.append)
    qtbot.waitUntil(lambda: bool(failures))

    assert failures == [fault]


def test_outcomes_keep_the_order_of_the_work(qtbot: QtBot, background: Background) -> None:
    """A hundred pieces of work come home as they were given."""
    came: list[int] = []
    for number in range(100):
        background.run(lambda it=number: it, came.append, no_failure)  # type: ignore[misc]  # mypy cannot type the default
    qtbot.waitUntil(lambda: len(came) == 100)

    assert came == list(range(100))


def test_nothing_comes_after_the_end(qtbot: QtBot, background: Background) -> None:
    """What runs at the time of `close` is forgotten, what waits is never begun, and nothing new is taken."""
    gate, running = threading.Event(), threading.Event()
    came: list[str] = []
    begun: list[str] = []

    def work(name: str) -> str:
        begun.append(name)
        running.set()
        gate.wait(PATIENCE_SECONDS)
        return name

    background.run(lambda: work("first"), came.append, no_failure)
    background.run(lambda: work("second"), came.append, no_failure)
    assert running.wait(PATIENCE_SECONDS)
    background.close()
    background.run(lambda: work("third"), came.append, no_failure)
    gate.set()
    background._executor.shutdown(wait=True)
    qtbot.wait(20)

    assert (begun, came) == (["first"], [])
