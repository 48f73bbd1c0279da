"""The way from the cashier loop's thread to the windows' thread."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance, Slot

from pos_client.ports import Screen
from pos_client.till.effects import Sound
from pos_client.till.view import View

BLINK_MS = 60
"""Below a tenth of a second a change counts as immediate; a view that passes sooner would only flicker."""


class _Bridge(QObject):
    """Lives in the windows' thread; `wake` crosses to it."""

    wake = Signal()
    shown = Signal(object)

    def __init__(self, take: Callable[[], View | None]) -> None:
        super().__init__()
        self._take = take
        self._held: View | None = None
        self._blink = QTimer(self, singleShot=True, interval=BLINK_MS)
        self._blink.timeout.connect(self._show_held)
        self.wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _deliver(self) -> None:
        view = self._take()
        if view is None:
            return
        self._held = view
        if not view.is_passing:
            self._blink.stop()
            self._show_held()
        elif not self._blink.isActive():
            self._blink.start()

    @Slot()
    def _show_held(self) -> None:
        view, self._held = self._held, None
        if view is not None:
            self.shown.emit(view)


class QtScreen(Screen):
    """Takes views from any thread and hands the newest to the windows; never blocks.

    Make it in the windows' thread. While a view waits for that thread a newer one takes its place, so a busy
    window skips what nobody could have seen; a view that is passing is held back for a blink, in case what it
    waits for is there at once. `play` gets every sound, in the caller's thread, and must not block.
    """

    def __init__(self, play: Callable[[Sound], None]) -> None:
        self._play = play
        self._lock = threading.Lock()
        self._waiting: View | None = None
        self._bridge = _Bridge(self._take)

    @property
    def shown(self) -> SignalInstance:
        """Emitted in the windows' thread with the View to paint: connect the windows' `show_view`."""
        return self._bridge.shown

    def show(self, view: View) -> None:
        """Show this from now on; returns at once."""
        with self._lock:
            asleep = self._waiting is None
            self._waiting = view
        if asleep:
            self._bridge.wake.emit()

    def play(self, sound: Sound) -> None:
        """Let a sound be heard; returns at once."""
        self._play(sound)

    def _take(self) -> View | None:
        with self._lock:
            view, self._waiting = self._waiting, None
        return view
