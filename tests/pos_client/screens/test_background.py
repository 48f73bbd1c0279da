"""Work is done off the windows' thread and its outcome comes back on it, in order, never after the end."""

import threading

from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from pos_client.screens.background import Background


def no_failure(error: Exception) -> None:
    """For work that must succeed."""
    raise error


def test_work_is_done_elsewhere_and_comes_home(qtbot: QtBot) -> None:
    """The work runs in another thread, the outcome arrives in this one."""
    background = Background("test")
    came: list[tuple[bool, bool]] = []
    background.run(QThread.isMainThread, lambda main: came.append((main, QThread.isMainThread())), no_failure)
    qtbot.waitUntil(lambda: bool(came))
    background.close()

    assert came == [(False, True)]


def test_a_failure_comes_home_as_a_failure(qtbot: QtBot) -> None:
    """The work's exception is handed to `on_failed`."""
    background = Background("test")
    failures: list[Exception] = []
    fault = OSError("disk")

    def work() -> None:
        raise fault

    background.run(work, lambda _result: None, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    background.close()

    assert failures == [fault]


def test_outcomes_keep_the_order_of_the_work(qtbot: QtBot) -> None:
    """A hundred pieces of work come home as they were given."""
    background = Background("test")
    came: list[int] = []
    for number in range(100):
        background.run(lambda it=number: it, came.append, no_failure)  # type: ignore[misc]  # mypy cannot type the default
    qtbot.waitUntil(lambda: len(came) == 100)
    background.close()

    assert came == list(range(100))


def test_nothing_comes_after_the_end(qtbot: QtBot) -> None:
    """What runs at the time of `close` is forgotten, what waits is never begun, and nothing new is taken."""
    background = Background("test")
    gate, running = threading.Event(), threading.Event()
    came: list[str] = []
    begun: list[str] = []

    def work(name: str) -> str:
        begun.append(name)
        running.set()
        gate.wait(10)
        return name

    background.run(lambda: work("first"), came.append, no_failure)
    background.run(lambda: work("second"), came.append, no_failure)
    assert running.wait(10)
    background.close()
    background.run(lambda: work("third"), came.append, no_failure)
    gate.set()
    background._executor.shutdown(wait=True)
    qtbot.wait(20)

    assert (begun, came) == (["first"], [])
