"""A gun in keyboard mode that waits for its driver, as a real one does by being slow."""

import threading
from collections.abc import Callable, Sequence

from drivers.device import Device, ThreadedDevice
from tests.devices.guest.virtual_hid import VirtualHid
from tests.drivers.boot_keyboard import reports

AT_ONCE = 16
"""Strokes sent before the driver is waited for: the kernel's queue holds 64 events, and a CPU in software is slow."""


class Flow:
    """Counts the key events a driver has read, so that a gun does not run away from a slow machine."""

    def __init__(self, driver: Device) -> None:
        assert isinstance(driver, ThreadedDevice)
        driver.tap(self._count)
        self._news = threading.Condition()
        self._read = self._sent = 0

    def pull_trigger(self, gun: VirtualHid, keys: Sequence[tuple[int, int]]) -> None:
        """Press the keys."""
        self.send(keys, lambda some: gun.send(*reports(some)))

    def send(
        self, keys: Sequence[tuple[int, int]], press: Callable[[Sequence[tuple[int, int]]], None]
    ) -> None:
        """Press some keys after the other."""
        for place in range(0, len(keys), AT_ONCE):
            some = keys[place : place + AT_ONCE]
            self._sent += len(some)
            press(some)
            with self._news:
                assert self._news.wait_for(lambda: self._read >= self._sent, 20), "keys were lost"

    def _count(self, frame: bytes, at: float) -> None:
        with self._news:
            self._read += frame[:1] == b"\x01"
            self._news.notify_all()
