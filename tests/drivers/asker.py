"""Whoever asks a keypad for a PIN."""

import threading

from drivers.keypad import Keypad
from drivers.pin_entry import Pin
from tests.drivers.watcher import LONG_SECONDS


class Asker:
    """Whoever asked: what the keypad told, in order, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[int | str] = []
        self._news = threading.Condition()

    def ask(self, keypad: Keypad) -> None:
        """Ask for a PIN."""
        keypad.ask(self.on_count, self.on_pin, self.on_cancel)

    def on_count(self, count: int) -> None:
        """So many dots."""
        self._tell(count)

    def on_pin(self, pin: Pin) -> None:
        """The end."""
        self._tell(pin.reveal())

    def on_cancel(self) -> None:
        """The other end."""
        self._tell("canceled")

    def until(self, *told: int | str) -> None:
        """Wait until exactly this was told."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= len(told), LONG_SECONDS), f"{self.told} came"
        assert [*told] == self.told

    def _tell(self, what: int | str) -> None:
        with self._news:
            self.told.append(what)
            self._news.notify_all()
