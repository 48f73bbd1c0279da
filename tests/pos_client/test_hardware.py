"""Devices: what they read and how they are comes through the inbox."""

import logging
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from drivers.device import Health, State, Statistics
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnusable,
    DriverMissing,
)
from drivers.simulated_gun import SimulatedGun
from points_engine.contract import Secret
from pos_client.hardware import Hardware, lamp_of
from pos_client.inbox import QueueInbox
from pos_client.till.events import DeviceChanged, DeviceLamp, Event, Scanned
from tests.pos_client.till.walking import CODE, OTHER_CODE

PATIENCE_SECONDS = 10.0


@pytest.fixture
def inbox() -> QueueInbox:
    return QueueInbox()


@pytest.fixture
def running(inbox: QueueInbox) -> Iterator[Callable[..., Hardware]]:
    """Starts devices at paths, and stops them in the end."""
    started: list[Hardware] = []

    def start(*paths: str) -> Hardware:
        hardware = Hardware(paths, inbox)
        started.append(hardware)
        hardware.start()
        return hardware

    yield start
    for hardware in started:
        hardware.stop()


def until(inbox: QueueInbox, wanted: Callable[[Event], bool]) -> list[Event]:
    """What comes out of the inbox, up to what was waited for."""
    seen: list[Event] = []
    for _ in count():
        event = inbox.get(PATIENCE_SECONDS)
        assert event is not None, f"waited in vain after {seen}"
        seen.append(event)
        if wanted(event):
            break
    return seen


def is_ready(event: Event) -> bool:
    """A device is being read."""
    return isinstance(event, DeviceChanged) and event.lamp is DeviceLamp.READY


def gun_of(hardware: Hardware, path: str) -> SimulatedGun:
    """The gun in the hand."""
    gun = hardware.device(path)
    assert isinstance(gun, SimulatedGun)
    return gun


def test_a_scan_comes_as_a_secret_with_its_source(
    inbox: QueueInbox, running: Callable[..., Hardware], caplog: pytest.LogCaptureFixture
) -> None:
    """A label's text is in the event alone: neither in its text nor in the log."""
    with caplog.at_level(logging.DEBUG):
        hardware = running("sim:")
        until(inbox, is_ready)
        gun_of(hardware, "sim:").trigger(CODE)
        (scan,) = until(inbox, lambda event: isinstance(event, Scanned))
    assert Scanned(Secret(CODE), "sim:") == scan
    assert CODE not in repr(scan) + caplog.text


def test_a_lamp_goes_from_searching_to_ready(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """The cashier sees the gun from the start, and when it can be used."""
    running("sim:")
    assert [
        DeviceChanged("sim:", DeviceLamp.SEARCHING),
        DeviceChanged("sim:", DeviceLamp.READY),
    ] == until(inbox, is_ready)


def test_an_unplugged_gun_comes_back_by_itself(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """The lamp shows it, with what to do, and then shows it ready again."""
    gun = gun_of(running("sim:"), "sim:")
    until(inbox, is_ready)
    gun.unplug()
    searching = until(inbox, lambda event: isinstance(event, DeviceChanged))[-1]
    assert isinstance(searching, DeviceChanged)
    assert (DeviceLamp.SEARCHING, True) == (searching.lamp, bool(searching.remedy))
    gun.replug()
    until(inbox, is_ready)
    gun.trigger(CODE)
    until(inbox, lambda event: isinstance(event, Scanned))


def test_one_label_under_two_guns_is_one_scan(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """The second gun's reading of the same code is a repeat; another code is not."""
    hardware = running("sim:1", "sim:2")
    until(inbox, is_ready)
    until(inbox, is_ready)
    gun_of(hardware, "sim:1").trigger(CODE)
    until(inbox, lambda event: isinstance(event, Scanned))
    gun_of(hardware, "sim:2").trigger(CODE)
    gun_of(hardware, "sim:2").trigger(OTHER_CODE)
    (second,) = until(inbox, lambda event: isinstance(event, Scanned))
    assert Scanned(Secret(OTHER_CODE), "sim:2") == second


def test_a_device_that_cannot_be_opened_is_a_lamp(
    inbox: QueueInbox, running: Callable[..., Hardware]
) -> None:
    """A path nobody understands holds no other device up, and its remedy is shown."""
    running("telescope:", "sim:")
    seen = until(inbox, is_ready)
    faults = [event for event in seen if isinstance(event, DeviceChanged) and event.lamp is DeviceLamp.FAULT]
    assert ["telescope:"] == [fault.path for fault in faults]
    assert faults[0].remedy


def test_a_path_given_twice_is_one_device(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """Nobody fights over a port with themselves."""
    running("sim:", "sim:")
    until(inbox, is_ready)
    assert inbox.get(0.0) is None


def test_a_device_nobody_asked_for_is_not_there(running: Callable[..., Hardware]) -> None:
    """Only what was set up is open."""
    assert running("sim:").device("wedge:") is None


def health(state: State, error_kind: str | None = None) -> Health:
    """How a device is."""
    return Health("sim:", state, error_kind, "Do something." if error_kind else None, Statistics())


@pytest.mark.parametrize(
    ("seen", "lamp"),
    [
        (health(State.DISCOVERED), DeviceLamp.SEARCHING),
        (health(State.CLAIMED), DeviceLamp.SEARCHING),
        (health(State.ENABLED), DeviceLamp.READY),
        (health(State.LOST), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceAbsent.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceBusy.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceLost.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DevicePermission.kind), DeviceLamp.FAULT),
        (health(State.LOST, DeviceUnusable.kind), DeviceLamp.FAULT),
        (health(State.LOST, DriverMissing.kind), DeviceLamp.FAULT),
    ],
)
def test_the_lamp_of_a_health(seen: Health, lamp: DeviceLamp) -> None:
    """What mends itself is searched for; what somebody must mend is a fault."""
    assert lamp == lamp_of(seen)


def test_a_closed_device_changes_no_lamp(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """Ending the program is no fault of the gun."""
    hardware = running("sim:")
    until(inbox, is_ready)
    hardware.stop()
    assert inbox.get(0.0) is None
