"""A qtbot that waits as long as everybody else here: what comes, comes at once, and on a busy machine later."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from tests.waiting import PATIENCE_SECONDS


class PatientQtBot(QtBot):
    """`waitUntil` gives up after PATIENCE_SECONDS: a window of a busy machine may be painted after pytest-qt's five."""

    def waitUntil(
        self, callback: Callable[[], bool | None], *, timeout: int = round(PATIENCE_SECONDS * 1000)
    ) -> None:
        """Run the event loop until the callback says yes."""
        super().waitUntil(callback, timeout=timeout)
