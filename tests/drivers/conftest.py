"""Fixtures of the drivers' tests."""

from collections.abc import Callable, Iterator

import pytest

from drivers.device import Device
from tests.drivers.watcher import Watcher


@pytest.fixture
def watcher() -> Watcher:
    """A fresh receiver."""
    return Watcher()


@pytest.fixture
def started(watcher: Watcher) -> Iterator[Callable[[Device], None]]:
    """Start a device with `watcher` as its receiver; it is stopped after the test."""
    devices: list[Device] = []

    def start(device: Device) -> None:
        devices.append(device)
        device.start(watcher.on_scan, watcher.on_health)

    yield start
    for device in devices:
        device.stop()
