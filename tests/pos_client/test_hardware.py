"""Devices: what they read and how they are comes through the inbox."""

import logging
import queue
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from drivers.device import State
from drivers.errors import PathInvalid
from drivers.scan import Scan
from drivers.simulated_gun import SimulatedGun
from points_engine.contract import Secret
from pos_client.demo.pty_gun import PtyGun
from pos_client.hardware import Hardware
from pos_client.inbox import QueueInbox
from pos_client.till.events import (
    DeviceChanged,
    DeviceLamp,
    DeviceRemoved,
    Event,
    Hindrance,
    NotScanned,
    Scanned,
)
from tests.pos_client.till.walking import CODE, LABEL, OTHER_CODE
from tests.waiting import PATIENCE_SECONDS

LONGEST_WINDOW = "repeat_seconds=60"
"""In it the same text is a repeat: time enough for a busy machine to come to it."""


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


def test_what_could_not_be_read_is_told(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """The gun beeped and the screen stays as it is: whoever waits hears that it was not read, every time."""
    gun = gun_of(running("sim:"), "sim:")
    until(inbox, is_ready)
    for _ in range(2):
        gun.send(b"\xff\xfe\r\n")
        assert (
            NotScanned(Hindrance.UNREADABLE, "sim:")
            == until(inbox, lambda event: isinstance(event, NotScanned))[-1]
        )
    gun.trigger(CODE)
    until(inbox, lambda event: isinstance(event, Scanned))


def test_a_gun_may_have_a_repeat_window_of_its_own(
    inbox: QueueInbox, running: Callable[..., Hardware]
) -> None:
    """Without one, each pull of the trigger is a scan."""
    hardware = running("sim:?repeat_seconds=0")
    until(inbox, is_ready)
    for _ in range(2):
        gun_of(hardware, "sim:?repeat_seconds=0").trigger(CODE)
        assert (
            Scanned(Secret(CODE), "sim:?repeat_seconds=0")
            == until(inbox, lambda event: isinstance(event, Scanned | NotScanned))[-1]
        )


def test_one_label_under_two_guns_is_one_scan(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """The second gun's reading of the same code is a repeat; another code is not."""
    one, other = f"sim:1?{LONGEST_WINDOW}", f"sim:2?{LONGEST_WINDOW}"
    hardware = running(one, other)
    until(inbox, is_ready)
    until(inbox, is_ready)
    gun_of(hardware, one).trigger(CODE)
    until(inbox, lambda event: isinstance(event, Scanned))
    gun_of(hardware, other).trigger(CODE)
    gun_of(hardware, other).trigger(OTHER_CODE)
    again, second = until(inbox, lambda event: isinstance(event, Scanned))
    assert NotScanned(Hindrance.SAME_AGAIN, other) == again
    assert Scanned(Secret(OTHER_CODE), other) == second


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


def test_a_closed_device_changes_no_lamp(inbox: QueueInbox, running: Callable[..., Hardware]) -> None:
    """Ending the program is no fault of the gun."""
    hardware = running("sim:")
    until(inbox, is_ready)
    hardware.stop()
    assert inbox.get(0.0) is None


@pytest.fixture
def guns() -> Iterator[tuple[PtyGun, PtyGun]]:
    """Two serial guns on real lines; asked for before `running`, so that nobody looks for lines that are gone."""
    with PtyGun() as one, PtyGun() as other:
        yield one, other


def scanned(inbox: QueueInbox) -> Scanned:
    """The next scan."""
    event = until(inbox, lambda event: isinstance(event, Scanned))[-1]
    assert isinstance(event, Scanned)
    return event


def lamps_after(events: list[Event]) -> dict[str, DeviceLamp]:
    """The lamps a till shows after these events, in their order."""
    lamps: dict[str, DeviceLamp] = {}
    for event in events:
        if isinstance(event, DeviceChanged):
            lamps[event.path] = event.lamp
        elif isinstance(event, DeviceRemoved):
            lamps.pop(event.path, None)
    return lamps


def test_a_gun_can_be_exchanged_while_the_till_runs(
    inbox: QueueInbox, guns: tuple[PtyGun, PtyGun], running: Callable[..., Hardware]
) -> None:
    """The new gun is read at once, the old one's line is free for others, and its lamp is gone."""
    old, new = guns
    hardware = running(old.path)
    seen = until(inbox, is_ready)
    hardware.reconfigure([new.path])
    seen += until(inbox, lambda event: event == DeviceChanged(new.path, DeviceLamp.READY))
    old.scan(CODE)
    new.scan(OTHER_CODE)

    assert Scanned(Secret(OTHER_CODE), new.path) == scanned(inbox)
    assert {new.path: DeviceLamp.READY} == lamps_after(seen)
    again = running(old.path)
    until(inbox, lambda event: event == DeviceChanged(old.path, DeviceLamp.READY))
    assert [old.path] == [each.path for each in again.healths()]


def test_a_gun_that_stays_is_not_touched(
    inbox: QueueInbox, guns: tuple[PtyGun, PtyGun], running: Callable[..., Hardware]
) -> None:
    """Adding and ordering leaves the other gun open: same device, no reconnect, and its lamp moves."""
    first, second = guns
    hardware = running(first.path)
    seen = until(inbox, is_ready)
    kept = hardware.device(first.path)
    hardware.reconfigure([second.path, first.path])
    seen += until(inbox, lambda event: event == DeviceChanged(second.path, DeviceLamp.READY))
    while (event := inbox.get(0.0)) is not None:
        seen.append(event)
    first.scan(CODE)

    assert Scanned(Secret(CODE), first.path) == scanned(inbox)
    assert kept is hardware.device(first.path)
    assert [second.path, first.path] == list(lamps_after(seen)) == [each.path for each in hardware.healths()]
    assert [0, 0] == [each.statistics.reconnects for each in hardware.healths()]


def test_a_path_nobody_understands_changes_nothing(
    inbox: QueueInbox, guns: tuple[PtyGun, PtyGun], running: Callable[..., Hardware]
) -> None:
    """The till goes on with what it had."""
    hardware = running(guns[0].path)
    until(inbox, is_ready)
    with pytest.raises(PathInvalid):
        hardware.reconfigure([guns[1].path, "telescope:"])
    guns[0].scan(CODE)
    assert Scanned(Secret(CODE), guns[0].path) == scanned(inbox)
    assert (guns[0].path,) == hardware.paths


def test_devices_set_up_before_the_start_or_after_the_end_are_not_read(inbox: QueueInbox) -> None:
    """Only a running till reads; one that has been stopped opens nothing any more."""
    hardware = Hardware(["sim:1"], inbox)
    hardware.reconfigure(["sim:2"])
    assert inbox.get(0.0) is None
    try:
        hardware.start()
        until(inbox, is_ready)
    finally:
        hardware.stop()
    hardware.reconfigure(["sim:3"])
    assert [State.CLOSED] == [each.state for each in hardware.healths()]
    assert ("sim:2",) == hardware.paths


def test_how_a_device_is_that_could_not_be_made(running: Callable[..., Hardware]) -> None:
    """It is lost, with its error, like any other that is away."""
    (broken,) = running("wedge:?prefix=%07").healths()
    assert (State.LOST, "path_invalid") == (broken.state, broken.error_kind)
    assert broken.error_remedy


def test_a_listener_gets_the_scans_instead_of_the_sale(
    inbox: QueueInbox, guns: tuple[PtyGun, PtyGun], running: Callable[..., Hardware]
) -> None:
    """While a gun is tried out nothing is sold; afterwards everything reaches the sale again."""
    heard: queue.SimpleQueue[Scan] = queue.SimpleQueue()
    path = f"{guns[0].path}&{LONGEST_WINDOW}"
    hardware = running(path)
    until(inbox, is_ready)
    hardware.listen(heard.put)
    guns[0].scan(CODE)
    assert CODE == heard.get(timeout=PATIENCE_SECONDS).text
    guns[0].scan(CODE)
    guns[0].scan(LABEL)
    assert LABEL == heard.get(timeout=PATIENCE_SECONDS).text
    hardware.stop_listening()
    guns[0].scan(OTHER_CODE)
    assert [Scanned(Secret(OTHER_CODE), path)] == until(inbox, lambda event: True)
