"""Guns in HID POS mode under the kernel's own HID core, read through hidapi and /dev/hidraw."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.device import Device, State
from drivers.hid_gun import HidGun
from drivers.registry import list_devices, open_device
from drivers.scan import Scan
from tests.devices.guest.timed import SETTLED_SECONDS, TimedWatcher, percentile, spread
from tests.devices.guest.virtual_hid import VirtualHid
from tests.drivers.hid_pos_gun import (
    EMULATOR,
    EMULATOR_DESCRIPTOR,
    HONEYWELL,
    KEYBOARD_DESCRIPTOR,
    ODD,
    ZEBRA,
)
from tests.drivers.watcher import Watcher

Start = Callable[[Device], None]
Settled = Callable[[int], None]
Plug = Callable[[VirtualHid], VirtualHid]

SCANS = 1000
GUNS = {
    "honeywell": (HONEYWELL, HONEYWELL.descriptor, 0x0C2E, 0x1007),
    "zebra": (ZEBRA, ZEBRA.descriptor, 0x05E0, 0x2100),
    "emulator": (EMULATOR, EMULATOR_DESCRIPTOR, 0x1A2B, 0x0001),
    "odd": (ODD, ODD.descriptor, 0x1A2B, 0x0002),
}


def label_of(number: int) -> str:
    """A payment code; every 50th label is long, and takes several reports."""
    return f"66{number:016d}" * (9 if number % 50 == 7 else 1)


class BareReader:
    """What a thread that only reads the node sees."""

    def __init__(self, node: Path) -> None:
        self._came: queue.SimpleQueue[float] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=[os.open(node, os.O_RDONLY)], daemon=True).start()

    def next_at(self) -> float:
        """When the next report came."""
        return self._came.get(timeout=20)

    def _run(self, file: int) -> None:
        with contextlib.suppress(OSError):
            while os.read(file, 64):
                self._came.put(time.monotonic())


@pytest.mark.parametrize("name", GUNS)
def test_a_thousand_scans_through_an_unplugging(
    name: str,
    watcher: Watcher,
    started: Start,
    settled: Settled,
    plugged: Plug,
    note: Callable[[str], None],
) -> None:
    """Every label once and in order; in the middle the gun is pulled out within a label and comes back."""
    gun, descriptor, vendor_id, product_id = GUNS[name]
    device = plugged(VirtualHid(descriptor, vendor_id, product_id))
    driver = open_device(f"hid:{vendor_id:04x}:{product_id:04x}", retry_seconds=0.05)
    started(driver)
    settled(1)
    seconds = []
    for number in range(SCANS):
        if number == SCANS // 2:
            device.send(gun.reports(label_of(7).encode())[0])
            device.unplug()
            watcher.until_state(State.LOST)
            device = plugged(VirtualHid(descriptor, vendor_id, product_id))
            settled(2)
        start = time.monotonic()
        device.send(*gun.reports(label_of(number).encode()))
        watcher.until_scans(number + 1)
        seconds.append(time.monotonic() - start)
    assert [label_of(number) for number in range(SCANS)] == watcher.texts
    statistics = driver.health().statistics
    assert (SCANS, 0, 1) == (statistics.scans, statistics.misreads, statistics.reconnects)
    note(f"hid {name}: {SCANS} scans, device to receiver: {spread(seconds)}")


def test_bursts_into_a_cable_that_is_pulled(
    watcher: Watcher, started: Start, settled: Settled, plugged: Plug
) -> None:
    """Labels without a pause, and the cable goes at any moment: none twice, none invented, none out of order."""
    driver = open_device("hid:05e0:2100", retry_seconds=0.02)
    started(driver)
    sent = []
    for round_number in range(20):
        device = plugged(VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100))
        settled(round_number + 1)
        for number in range(20):
            sent.append(label_of(1000 * round_number + number))
            device.send(*ZEBRA.reports(sent[-1].encode()))
        if round_number % 2:
            watcher.until(lambda: watcher.texts[-1:] == sent[-1:])
        device.unplug()
        watcher.until_state(State.LOST, round_number + 1)
    rest = iter(sent)
    assert all(text in rest for text in watcher.texts)
    assert len(watcher.texts) >= len(sent) // 2


def test_three_guns_while_the_list_is_looked_at(watcher: Watcher, started: Start, plugged: Plug) -> None:
    """Guns are read while others look what is attached, from any thread."""
    models = [GUNS[name] for name in ("honeywell", "zebra", "emulator")]
    devices = [
        plugged(VirtualHid(words, vendor_id, product_id)) for _, words, vendor_id, product_id in models
    ]
    paths = {f"hid:{vendor_id:04x}:{product_id:04x}" for _, _, vendor_id, product_id in models}
    drivers = [open_device(path) for path in paths]
    for driver in drivers:
        started(driver)
    watcher.until(lambda: all(driver.health().state is State.ENABLED for driver in drivers))
    threading.Event().wait(SETTLED_SECONDS)
    is_over = threading.Event()
    looks: list[bool] = []

    def look() -> None:
        while not is_over.is_set():
            looks.append(paths <= {found.path for found in list_devices()})

    lookers = [threading.Thread(target=look, daemon=True) for _ in range(3)]
    for looker in lookers:
        looker.start()
    for number in range(200):
        for device, (gun, _, _, _) in zip(devices, models, strict=True):
            device.send(*gun.reports(label_of(number).encode()))
        watcher.until_scans(3 * (number + 1))
    is_over.set()
    for looker in lookers:
        looker.join()
    assert [label_of(number) for number in range(200) for _ in models] == watcher.texts
    assert all(looks)
    assert len(looks) > 10


def test_latency_beside_a_bare_read(
    watcher: TimedWatcher, started: Start, settled: Settled, note: Callable[[str], None]
) -> None:
    """From the report to the scan takes 5 ms at most, or twice what a bare read takes where that is more."""
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100) as device:
        started(open_device("hid:05e0:2100"))
        settled(1)
        (node,) = Path("/dev").glob("hidraw*")
        bare = BareReader(node)
        mine: list[float] = []
        theirs: list[float] = []
        for number in range(SCANS):
            (report,) = ZEBRA.reports(f"66{number:016d}".encode())
            start = time.monotonic()
            device.send(report)
            watcher.until_scans(number + 1)
            mine.append(watcher.received_at[-1] - start)
            theirs.append(bare.next_at() - start)
    note(f"hid: report to receiver {spread(mine)}; a bare read in a thread beside it {spread(theirs)}")
    assert percentile(mine, 99) <= max(2 * percentile(theirs, 99), 0.005)


def test_a_gun_is_switched_on_and_told(watcher: Watcher, started: Start, settled: Settled) -> None:
    """Honeywell's feature report arrives, and beeps and trigger do."""
    with VirtualHid(HONEYWELL.descriptor, 0x0C2E, 0x1007) as device:
        gun = open_device("hid:0c2e:1007")
        assert isinstance(gun, HidGun)
        started(gun)
        settled(1)
        assert [b"\xfe\x01"] == device.features
        assert (True, True, True) == (gun.accept(), gun.reject(), gun.trigger(on=True))
        assert [b"\x04\x40", b"\x04\x20", b"\x04\x04"] == device.until_told(3)


def test_a_gun_in_keyboard_mode_says_how_to_change_it(watcher: Watcher, started: Start) -> None:
    """The same maker's keyboard is not a gun in HID POS mode, but tells that there is one; then it is."""
    started(open_device("hid:05e0:2100", retry_seconds=0.05))
    watcher.until_error("device_absent")
    with VirtualHid(KEYBOARD_DESCRIPTOR, 0x05E0, 0x1200):
        remedy = watcher.until_error("device_unusable").error_remedy or ""
        assert "not in HID POS mode" in remedy
        assert "evdev:05e0:1200" in remedy
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100):
        watcher.until_state(State.ENABLED)


def test_two_tills_do_not_share_a_gun(watcher: Watcher, started: Start, settled: Settled) -> None:
    """The second one hears that the gun is busy, and gets it when the first has let go."""
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100):
        first, second = Watcher(), watcher
        holder = open_device("hid:05e0:2100")
        holder.start(first.on_scan, first.on_health)
        first.until_state(State.ENABLED)
        started(open_device("hid:05e0:2100", retry_seconds=0.05))
        second.until_error("device_busy")
        holder.stop()
        settled(1)


def test_the_twin_with_another_serial_number_is_not_taken(
    watcher: Watcher, started: Start, plugged: Plug
) -> None:
    """A gun is known by its serial number; with the right one it goes on."""
    device = plugged(VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100, serial="A"))
    started(open_device("hid:05e0:2100", retry_seconds=0.05))
    watcher.until_state(State.ENABLED)
    device.unplug()
    watcher.until_state(State.LOST)
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100, serial="B"):
        watcher.until_error("device_changed")
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100, serial="A"):
        watcher.until_state(State.ENABLED, 2)


def test_a_scan_has_the_gun_s_words(watcher: Watcher, started: Start, settled: Settled) -> None:
    """Path, kind of connection, AIM identifier and symbology come along."""
    with VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100) as device:
        started(open_device("hid:"))
        settled(1)
        device.send(*ZEBRA.reports(b"306030209223", "]Xg", "c"))
        watcher.until_scans(1)
    scan: Scan = watcher.scans[0]
    assert ("hid:", "hid", "]Xg", "UPC-A", "306030209223") == (
        scan.source,
        scan.transport,
        scan.aim_id,
        scan.symbology,
        scan.text,
    )
