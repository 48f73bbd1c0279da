"""Fixtures of the drivers' tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.device import Device, ThreadedDevice
from tests.drivers.asker import Asker
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.printing import Receiver
from tests.drivers.pty_line import PluggedLine, PtyLine
from tests.drivers.watcher import LONG_SECONDS, Watcher


@pytest.fixture
def watcher() -> Watcher:
    """A fresh receiver."""
    return Watcher()


@pytest.fixture
def started(watcher: Watcher) -> Iterator[Callable[[Device], None]]:
    """Start a device with `watcher` as its receiver; it is stopped after the test."""
    with ExitStack() as stack:

        def start(device: Device) -> None:
            if isinstance(device, ThreadedDevice):
                device._join_seconds = LONG_SECONDS  # its thread ends with the test, however busy the machine
            stack.callback(device.stop)
            device.start(watcher.on_scan, watcher.on_health)

        yield start


@pytest.fixture
def asker() -> Asker:
    """Somebody who asks for a PIN."""
    return Asker()


@pytest.fixture
def line() -> Iterator[PtyLine]:
    """A serial line."""
    pair = PtyLine()
    yield pair
    pair.close()


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[PluggedLine]:
    """A serial line that can be unplugged and plugged in again under the same name."""
    cable = PluggedLine(tmp_path / "gun")
    yield cable
    cable.unplug()


@pytest.fixture
def network() -> Iterator[NetworkPrinter]:
    """A printer on the network."""
    printer = NetworkPrinter()
    yield printer
    printer.switch_off()


@pytest.fixture
def told() -> Receiver:
    """A receiver of progress."""
    return Receiver()
