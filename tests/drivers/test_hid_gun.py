"""The HID POS gun: found by its address, read whatever its cable does, listed, and silent about what it read."""

import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.device import State
from drivers.hid_gun import (
    STALE_SECONDS,
    HidAddress,
    list_guns,
    no_permission,
    parse_address,
)
from tests.drivers.hid_gun_at_hand import CODE, OTHER, Start, hid_gun, scan_with, zebra
from tests.drivers.hid_pos_gun import ZEBRA
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", HidAddress()),
        ("05e0:2100", HidAddress(0x05E0, 0x2100)),
        ("0C2E:0B81", HidAddress(0x0C2E, 0x0B81)),
    ],
)
def test_an_address_is_two_ids_or_none(text: str, address: HidAddress) -> None:
    """Four hexadecimal digits each; without them any gun."""
    assert address == parse_address(text)


@pytest.mark.parametrize("text", ["5e0:2100", "05e0", "05e0:2100:1", "05e0-2100", "zzzz:2100", ":"])
def test_any_other_address_is_refused(text: str) -> None:
    """What is no pair of ids is a ValueError."""
    with pytest.raises(ValueError, match="product id"):
        parse_address(text)


def test_labels_are_read_in_order(watcher: Watcher, started: Start) -> None:
    """Short labels and one in parts arrive once each, with the gun's path, their time and their kind."""
    device = zebra()
    gun = hid_gun(FakeHidLibrary(device))
    started(gun)
    watcher.until_state(State.ENABLED)
    texts = [CODE, "x" * 150, OTHER]
    for text in texts:
        scan_with(device, text)
    watcher.until_scans(3)
    assert texts == watcher.texts
    first = watcher.scans[0]
    assert ("hid:05e0:2100", "hid", "QR Code") == (first.source, first.transport, first.symbology)
    assert first.at is not None
    assert (3, 0) == (gun.health().statistics.scans, gun.health().statistics.misreads)


def test_what_was_queued_before_opening_is_dropped(watcher: Watcher, started: Start) -> None:
    """Reports of the first quarter of a second are old ones; the next one is read."""
    device = zebra()
    seen: list[float] = []
    now = [10.0]

    def clock() -> float:
        seen.append(now[0])
        return now[0]

    gun = hid_gun(FakeHidLibrary(device), clock=clock)
    gun.tap(lambda frame, at: now.__setitem__(0, 10.0 + STALE_SECONDS))
    scan_with(device, OTHER)
    scan_with(device, CODE)
    started(gun)
    watcher.until_scans(1)
    assert [CODE] == watcher.texts
    assert 1 == gun.health().statistics.misreads


def test_the_end_of_a_label_that_was_dropped_is_no_label(watcher: Watcher, started: Start) -> None:
    """A label whose first report came in the quiet time is whole or not there: its rest does not pass for one."""
    device = zebra()
    now = [10.0]
    gun = hid_gun(FakeHidLibrary(device), clock=lambda: now[0])
    gun.tap(lambda frame, at: now.__setitem__(0, now[0] + STALE_SECONDS))
    long = CODE * 9
    device.send(*ZEBRA.reports(long.encode()))
    scan_with(device, OTHER)
    started(gun)
    watcher.until(lambda: watcher.texts[-1:] == [OTHER])
    assert [long, OTHER] == watcher.texts


def test_a_gun_comes_back_under_another_name(watcher: Watcher, started: Start) -> None:
    """Unplugged and plugged in again as another node, it is found by its ids and serial number and read on."""
    device = zebra()
    library = FakeHidLibrary(device)
    gun = hid_gun(library)
    started(gun)
    for round_number in range(5):
        watcher.until_state(State.ENABLED, round_number + 1)
        scan_with(device, f"{CODE}{round_number}")
        watcher.until_scans(round_number + 1)
        library.unplug(device)
        watcher.until_state(State.LOST, round_number + 1)
        library.plug(device, b"/dev/hidraw%d" % (7 + round_number))
    watcher.until_state(State.ENABLED, 6)
    assert [f"{CODE}{round_number}" for round_number in range(5)] == watcher.texts
    assert 5 == gun.health().statistics.reconnects
    assert all(handle.is_closed for handle in library.handles[:-1])


def test_a_label_cut_by_the_cable_is_not_glued_to_the_next(watcher: Watcher, started: Start) -> None:
    """The first parts of a label are forgotten with the connection."""
    device = zebra()
    library = FakeHidLibrary(device)
    started(hid_gun(library))
    watcher.until_state(State.ENABLED)
    device.send(*ZEBRA.reports(b"x" * 150)[:2])
    library.unplug(device)
    watcher.until_state(State.LOST)
    library.plug(device)
    watcher.until_state(State.ENABLED, 2)
    scan_with(device, CODE)
    watcher.until_scans(1)
    assert [CODE] == watcher.texts


def test_an_unfinished_label_is_given_up(watcher: Watcher, started: Start) -> None:
    """When no more reports come, the parts of a label are dropped and counted, and the next label is whole."""
    device = zebra()
    gun = hid_gun(FakeHidLibrary(device))
    started(gun)
    watcher.until_state(State.ENABLED)
    device.send(*ZEBRA.reports(b"x" * 150)[:2])
    assert watcher.until(lambda: watcher.healths[-1].statistics.misreads == 1)
    scan_with(device, CODE)
    watcher.until_scans(1)
    assert [CODE] == watcher.texts


def test_another_gun_at_the_address_is_not_taken(watcher: Watcher, started: Start) -> None:
    """The same model with another serial number is another gun; the first one is read again when it is back."""
    device, impostor = zebra(), zebra(serial="S2")
    library = FakeHidLibrary(device)
    started(hid_gun(library))
    watcher.until_state(State.ENABLED)
    library.unplug(device)
    library.plug(impostor)
    assert "the first one" in (watcher.until_error("device_changed").error_remedy or "")
    library.unplug(impostor)
    library.plug(device)
    watcher.until_state(State.ENABLED, 2)
    scan_with(device, CODE)
    watcher.until_scans(1)


def test_of_two_guns_the_known_one_is_taken(watcher: Watcher, started: Start) -> None:
    """A gun that comes back beside its twin is preferred to it, whatever their names."""
    device, twin = zebra(), zebra(serial="S2", path=b"/dev/hidraw1")
    library = FakeHidLibrary(device)
    started(hid_gun(library))
    watcher.until_state(State.ENABLED)
    library.unplug(device)
    library.plug(device, b"/dev/hidraw5")
    library.plug(twin)
    watcher.until_state(State.ENABLED, 2)
    assert [b"/dev/hidraw0", b"/dev/hidraw5"] == library.opened
    assert "device_changed" not in {health.error_kind for health in watcher.healths}


@pytest.mark.parametrize(
    ("path", "serial", "opened"),
    [
        ("hid:", None, b"/dev/hidraw1"),
        ("hid:0c2e:1007", None, b"/dev/hidraw1"),
        ("hid:05e0:2100", None, b"/dev/hidraw2"),
        ("hid:05e0:2100", "S2", b"/dev/hidraw3"),
        ("hid:", "S2", b"/dev/hidraw3"),
    ],
)
def test_an_address_chooses_the_gun(
    path: str, serial: str | None, opened: bytes, watcher: Watcher, started: Start
) -> None:
    """By ids, by serial number, or any: keyboards and mice are never opened."""
    library = FakeHidLibrary(
        FakeHidDevice(replace(GUN, path=b"/dev/hidraw0", vendor_id=0x046D, usage_page=1, usage=6)),
        FakeHidDevice(replace(GUN, path=b"/dev/hidraw9", vendor_id=0x046D, usage_page=0, usage=0)),
        zebra(path=b"/dev/hidraw1", vendor_id=0x0C2E, product_id=0x1007),
        zebra(path=b"/dev/hidraw2"),
        zebra(path=b"/dev/hidraw3", serial="S2"),
    )
    started(hid_gun(library, path, serial=serial))
    watcher.until_state(State.ENABLED)
    assert [opened] == library.opened


def test_any_gun_may_be_replaced(watcher: Watcher, started: Start) -> None:
    """Where any gun will do, a new one takes the place of a broken one without being chosen."""
    device, new = zebra(), zebra(serial="S2", product_id=0x1701)
    library = FakeHidLibrary(device)
    started(hid_gun(library, "hid:"))
    watcher.until_state(State.ENABLED)
    library.unplug(device)
    library.plug(new)
    watcher.until_state(State.ENABLED, 2)
    scan_with(new, CODE)
    watcher.until_scans(1)


def test_two_guns_take_two_devices(started: Start, watcher: Watcher, tmp_path: Path) -> None:
    """A device that is claimed is left to its owner: the next one takes the other, a third hears that they are busy."""
    nodes = [tmp_path / name for name in ("hidraw0", "hidraw1")]
    for node in nodes:
        node.touch()
    library = FakeHidLibrary(*(zebra(path=str(node).encode()) for node in nodes))
    guns = [hid_gun(library, "hid:", lock_node=lock_any) for _ in range(3)]
    for gun in guns[:2]:
        started(gun)
        assert watcher.until(lambda gun=gun: gun.health().state is State.ENABLED)  # type: ignore[misc]  # no annotation fits
    assert sorted(str(node).encode() for node in nodes) == sorted(library.opened)
    started(guns[2])
    assert "Close another program" in (watcher.until_error("device_busy").error_remedy or "")


def lock_any(node: str) -> int | None:
    """The lock of Linux' nodes, on ordinary files."""
    import fcntl  # noqa: PLC0415  # Windows has none

    descriptor = os.open(node, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def test_only_guns_in_hid_pos_mode_are_listed() -> None:
    """Each gun once, whatever else it is; no keyboards."""
    library = FakeHidLibrary(
        zebra(),
        zebra(usage=3),
        zebra(path=b"/dev/hidraw1", usage_page=1, usage=6),
        zebra(path=b"2", serial=""),
    )
    assert [b"/dev/hidraw0", b"2"] == [info.path for info in list_guns(library)]
    assert ("05e0:2100", "Zebra DS9308") == (GUN.ids, GUN.title)
    assert "05e0:2100" == replace(GUN, product="", manufacturer="").title
    assert "udev" in no_permission(GUN).remedy or not sys.platform.startswith("linux")


def test_no_text_is_shown_or_logged(
    watcher: Watcher, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A label in the gun, in its parser and in its errors shows nowhere."""
    secret = "ZQXJKVWYPGHBZQXJKV"
    device = zebra()
    library = FakeHidLibrary(device)
    gun = hid_gun(library)
    with caplog.at_level(logging.DEBUG):
        started(gun)
        watcher.until_state(State.ENABLED)
        scan_with(device, secret)
        device.send(ZEBRA.reports(secret.encode())[0][:40], *ZEBRA.reports(secret.encode() * 9)[:2])
        watcher.until_scans(1)
        library.unplug(device)
        watcher.until_state(State.LOST)
        gun.stop()
    shown = caplog.text + repr(
        [gun, gun.health(), *watcher.scans, *watcher.healths, gun._parser, library.handles]
    )
    assert secret[:4] not in shown
    assert secret[:4].encode().hex() not in shown
