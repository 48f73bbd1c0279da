"""Serial guns under the kernel's own USB serial driver, on a plug that is pulled outside the machine."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.device import Device, State, ThreadedDevice
from drivers.registry import list_devices, open_device
from tests.devices.guest.outside import OutsideGun
from tests.devices.guest.timed import TimedWatcher, spread
from tests.drivers.watcher import LONG_SECONDS, Watcher

Start = Callable[[Device], None]

SCANS = 1000
PATH = "serial:/dev/ttyUSB0"


@pytest.fixture
def gun() -> Iterator[OutsideGun]:
    """A gun that is not plugged in yet."""
    with OutsideGun() as outside:
        yield outside


class Heard:
    """Counts the bytes a driver has read."""

    def __init__(self, driver: Device) -> None:
        assert isinstance(driver, ThreadedDevice)
        driver.tap(self._count)
        self._news = threading.Condition()
        self._bytes = 0

    def until(self, count: int) -> None:
        """Wait for so many."""
        with self._news:
            assert self._news.wait_for(lambda: self._bytes >= count, LONG_SECONDS), f"{self._bytes} came"

    def _count(self, frame: bytes, at: float) -> None:
        with self._news:
            self._bytes += len(frame)
            self._news.notify_all()


def code_of(number: int) -> str:
    """A payment code."""
    return f"66{number:016d}"


def test_a_thousand_scans_through_an_unplugging(
    gun: OutsideGun, watcher: TimedWatcher, started: Start, note: Callable[[str], None]
) -> None:
    """Every label once and in order; in the middle the plug is pulled within a label and put back."""
    driver = open_device(PATH, retry_seconds=0.05)
    heard = Heard(driver)
    started(driver)
    watcher.until_error("device_absent")
    start = time.monotonic()
    gun.plug()
    watcher.until_state(State.ENABLED)
    plug_seconds = time.monotonic() - start
    seconds, read_bytes, unplug_seconds = [], 0, 0.0
    for number in range(SCANS):
        if number == SCANS // 2:
            gun.say(code_of(number).encode()[:9])
            read_bytes += 9
            heard.until(read_bytes)
            start = time.monotonic()
            gun.unplug()
            assert watcher.until(lambda: watcher.states[-1] is State.LOST)
            unplug_seconds = time.monotonic() - start
            gun.plug()
            watcher.until_state(State.ENABLED, 2)
        start = time.monotonic()
        label = code_of(number).encode() + b"\r\n"
        gun.say(label)
        read_bytes += len(label)
        watcher.until_scans(number + 1)
        seconds.append(watcher.received_at[-1] - start)
    assert [code_of(number) for number in range(SCANS)] == watcher.texts
    statistics = driver.health().statistics
    assert (SCANS, 0, 1) == (statistics.scans, statistics.misreads, statistics.reconnects)
    note(
        f"serial (usb-serial, QMP): {SCANS} scans, request outside to receiver: {spread(seconds)}; "
        f"plug to enabled {plug_seconds:.2f} s, unplug to lost {1000 * unplug_seconds:.0f} ms"
    )


def test_a_gun_comes_back_under_another_name(gun: OutsideGun, watcher: Watcher, started: Start) -> None:
    """While somebody still holds the old node, the kernel gives the gun another: it is found by its ids and number."""
    gun.plug()
    until_listed(PATH)
    started(open_device(PATH, retry_seconds=0.05))
    watcher.until_state(State.ENABLED)
    holder = os.open("/dev/ttyUSB0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        gun.unplug()
        assert watcher.until(lambda: watcher.states[-1] is State.LOST)
        gun.plug()
        watcher.until_state(State.ENABLED, 2)
        assert Path("/dev/ttyUSB1").exists()
        gun.say(b"660000000000000007\r")
        watcher.until_scans(1)
    finally:
        os.close(holder)
    assert ["660000000000000007"] == watcher.texts


def test_the_port_is_listed_with_its_name(gun: OutsideGun) -> None:
    """What is attached has the adapter's own name beside its node."""
    gun.plug()
    until_listed(PATH)
    (title,) = [found.title for found in list_devices() if found.path == PATH]
    assert "/dev/ttyUSB0" in title
    assert title != "/dev/ttyUSB0"


def test_the_port_is_for_one_program(gun: OutsideGun, watcher: Watcher, started: Start) -> None:
    """A second till hears that the port is busy, and gets it when the first has let go."""
    gun.plug()
    until_listed(PATH)
    first = Watcher()
    holder = open_device(PATH)
    holder.start(first.on_scan, first.on_health)
    with contextlib.ExitStack() as stack:
        stack.callback(holder.stop)
        first.until_state(State.ENABLED)
        started(open_device(PATH, retry_seconds=0.05))
        watcher.until_error("device_busy")
    watcher.until_state(State.ENABLED)


def until_listed(path: str) -> None:
    """Wait until a device is there."""
    for _ in range(2000):
        if path in [found.path for found in list_devices()]:
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come")
