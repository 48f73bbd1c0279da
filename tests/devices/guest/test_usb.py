"""One gun with three interfaces on a USB bus: HID POS reports, keys and a line, each read through a pulled cable."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from serial.tools.list_ports import comports

from drivers.device import Device, State
from drivers.registry import list_devices, open_device
from tests.devices.guest.flow import Flow
from tests.devices.guest.timed import TimedWatcher, spread
from tests.devices.guest.usb_gun import PRODUCT_ID, SERIAL_NUMBER, VENDOR_ID, UsbGun
from tests.drivers.boot_keyboard import reports
from tests.drivers.hid_pos_gun import ZEBRA
from tests.drivers.keyboard_gun import label

Start = Callable[[Device], None]
Settled = Callable[[int], None]

SCANS = 1000
PATHS = {"hid": "hid:05e0:2100", "evdev": "evdev:05e0:2100", "serial": "serial:/dev/ttyACM0"}


@pytest.fixture
def gun() -> Iterator[UsbGun]:
    """A gun that is plugged in."""
    with UsbGun() as usb:
        usb.plug()
        yield usb


def code_of(number: int) -> str:
    """A payment code."""
    return f"66{number:016d}"


def scan(gun: UsbGun, kind: str, text: str, flow: Flow) -> None:
    """Pull the trigger: the label comes over one of the interfaces."""
    if kind == "hid":
        gun.scanned(*ZEBRA.reports(text.encode()))
    elif kind == "evdev":
        flow.send(label(text), lambda some: gun.pressed(*reports(some)))
    else:
        gun.said(text.encode() + b"\r")


def begin(gun: UsbGun, kind: str, text: str, flow: Flow) -> None:
    """Send the beginning of a label."""
    if kind == "hid":
        gun.scanned(ZEBRA.reports(text.encode() * 9)[0])
    elif kind == "evdev":
        flow.send(label(text)[:20], lambda some: gun.pressed(*reports(some)))
    else:
        gun.said(text.encode()[:9])


@pytest.mark.parametrize("kind", PATHS)
def test_a_thousand_scans_through_an_unplugging(
    kind: str,
    gun: UsbGun,
    watcher: TimedWatcher,
    started: Start,
    settled: Settled,
    note: Callable[[str], None],
) -> None:
    """Every label once and in order; in the middle the cable is pulled within a label and put back."""
    driver = open_device(PATHS[kind], retry_seconds=0.05)
    flow = Flow(driver)
    started(driver)
    settled(1)
    seconds: list[float] = []
    for number in range(SCANS):
        if number == SCANS // 2:
            begin(gun, kind, code_of(number), flow)
            gun.unplug()
            assert watcher.until(lambda: watcher.states[-1] is State.LOST)
            gun.plug()
            settled(2)
        start = time.monotonic()
        scan(gun, kind, code_of(number), flow)
        watcher.until_scans(number + 1)
        seconds.append(watcher.received_at[-1] - start)
    assert [code_of(number) for number in range(SCANS)] == watcher.texts
    statistics = driver.health().statistics
    assert (SCANS, 0, 1) == (statistics.scans, statistics.misreads, statistics.reconnects)
    note(f"usb {kind} (dummy_hcd): {SCANS} scans, first byte to receiver: {spread(seconds)}")


def test_all_three_at_once(gun: UsbGun, watcher: TimedWatcher, started: Start, settled: Settled) -> None:
    """Three drivers on three interfaces of one plug: each comes back by itself, and no label goes astray."""
    drivers = {kind: open_device(path, retry_seconds=0.05) for kind, path in PATHS.items()}
    flow = Flow(drivers["evdev"])
    for driver in drivers.values():
        started(driver)
    settled_all(watcher, 1, settled)
    for round_number in range(3):
        for number, kind in enumerate(PATHS):
            scan(gun, kind, code_of(10 * round_number + number), flow)
            watcher.until_scans(3 * round_number + number + 1)
        if round_number < 2:
            gun.unplug()
            assert watcher.until(lambda: not any(state is State.ENABLED for state in now(watcher).values()))
            gun.plug()
            settled_all(watcher, 1, settled)
    sources = [scan.source for scan in watcher.scans]
    assert [*PATHS.values()] * 3 == sources


def now(watcher: TimedWatcher) -> dict[str, State]:
    """How each device is."""
    return {health.path: health.state for health in watcher.healths}


def settled_all(watcher: TimedWatcher, times: int, settled: Settled) -> None:
    """Wait until all three are read."""
    assert watcher.until(lambda: [*now(watcher).values()].count(State.ENABLED) == len(PATHS))
    settled(times)


def test_what_is_attached_is_named(gun: UsbGun) -> None:
    """The list has all three ways to use the gun; its ids and serial number are those of its plug."""
    found: dict[str, str] = {}
    wanted: Sequence[str] = [*PATHS.values()]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not set(wanted) <= set(found):
        found = {device.path: device.title for device in list_devices()}
    assert [] == [path for path in wanted if path not in found]
    assert "Symbol Bar Code Scanner" == found["hid:05e0:2100"]
    (port,) = [port for port in comports() if port.device == "/dev/ttyACM0"]
    assert (VENDOR_ID, PRODUCT_ID, SERIAL_NUMBER) == (port.vid, port.pid, port.serial_number)
    assert Path("/dev/ttyACM0").exists()
