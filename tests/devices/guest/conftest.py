"""Fixtures inside the machine, and the figures it prints at the end."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from drivers.device import Device, State
from tests.devices.guest.timed import SETTLED_SECONDS, TimedWatcher
from tests.devices.guest.virtual_hid import VirtualHid

_FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the figures."""
    config.stash[_FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print them."""
    if config.stash[_FIGURES]:
        terminalreporter.section("figures (a kernel in software: compare them with each other only)")
        for line in config.stash[_FIGURES]:
            terminalreporter.write_line(line)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keep a line for the end."""
    return request.config.stash[_FIGURES].append


@pytest.fixture
def watcher() -> TimedWatcher:
    """A fresh receiver."""
    return TimedWatcher()


@pytest.fixture
def started(watcher: TimedWatcher) -> Iterator[Callable[[Device], None]]:
    """Start a device with `watcher` as its receiver; it is stopped after the test."""
    devices: list[Device] = []

    def start(device: Device) -> None:
        devices.append(device)
        device.start(watcher.on_scan, watcher.on_health)

    yield start
    for device in devices:
        device.stop()


@pytest.fixture
def settled(watcher: TimedWatcher) -> Callable[[int], None]:
    """Wait until a device has been enabled so many times, and until nothing it reads is taken for stale."""

    def wait(times: int) -> None:
        watcher.until_state(State.ENABLED, times)
        threading.Event().wait(SETTLED_SECONDS)

    return wait


@pytest.fixture
def plugged() -> Iterator[Callable[[VirtualHid], VirtualHid]]:
    """Keep a device plugged in until the test is over, whatever becomes of it."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context
