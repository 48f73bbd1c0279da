"""The HID POS gun: found, claimed, told apart from a keyboard, read whatever its cable does, and told things."""

import errno
import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.device import Device, State
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceError, DevicePermission, DeviceUnusable
from drivers.hid_gun import (
    STALE_SECONDS,
    HidAddress,
    HidGun,
    explain,
    in_keyboard_mode,
    list_guns,
    lock_hidraw,
    no_permission,
    parse_address,
)
from drivers.hid_library import HidLibrary
from tests.architecture.project_files import ROOT
from tests.drivers.hid_pos_gun import EMULATOR_DESCRIPTOR, HONEYWELL, KEYBOARD_DESCRIPTOR, ZEBRA
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary

CODE = "660123456789012345"
OTHER = "661111111111111111"
Start = Callable[[Device], None]


class FastClock:
    """Every look at it is a second later than the one before: nothing is ever stale."""

    def __init__(self) -> None:
        self._seconds = itertools.count(100)

    def __call__(self) -> float:
        return float(next(self._seconds))


def hid_gun(library: HidLibrary, path: str = "hid:05e0:2100", **other: object) -> HidGun:
    """A gun at an address that looks for its device every millisecond and needs no node."""
    serial = other.pop("serial", None)
    settings = {"clock": FastClock(), "retry_seconds": 0.001, "read_timeout_seconds": 0.005, **other}
    settings.setdefault("lock_node", lambda node: None)
    address = parse_address(path.removeprefix("hid:"), serial)  # type: ignore[arg-type]  # a table of mixed settings
    return HidGun(path, address, library=library, **settings)  # type: ignore[arg-type]  # the same


def zebra(**info: object) -> FakeHidDevice:
    """A Zebra gun."""
    return FakeHidDevice(replace(GUN, **info), ZEBRA.descriptor)  # type: ignore[arg-type]  # a table of mixed fields


def scan_with(device: FakeHidDevice, text: str) -> None:
    """Pull the trigger of a Zebra gun."""
    device.send(*ZEBRA.reports(text.encode()))


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
    import os  # noqa: PLC0415  # the same

    descriptor = os.open(node, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@pytest.mark.parametrize(
    ("path", "info"),
    [
        # The ids change with the mode, the vendor stays.
        ("hid:05e0:2100", replace(GUN, product_id=0x1200, usage_page=1, usage=6)),
        ("hid:05e0:2100", replace(GUN, usage_page=1, usage=6)),
        ("hid:", replace(GUN, product_id=0x1200, usage_page=1, usage=6)),
        # A system that does not tell usages: the gun's own words do.
        ("hid:05e0:2100", replace(GUN, usage_page=0, usage=0)),
        ("hid:", replace(GUN, usage_page=0, usage=0)),
    ],
)
def test_a_gun_in_keyboard_mode_is_told_apart(
    path: str, info: object, watcher: Watcher, started: Start
) -> None:
    """A gun that types is reported with both ways out, and read as soon as it is in HID POS mode."""
    typing = FakeHidDevice(info, KEYBOARD_DESCRIPTOR)  # type: ignore[arg-type]  # a table of infos
    library = FakeHidLibrary(typing)
    started(hid_gun(library, path))
    health = watcher.until_error("device_unusable")
    assert State.LOST is health.state
    remedy = health.error_remedy or ""
    assert "not in HID POS mode" in remedy
    assert f"evdev:{typing.info.ids}" in remedy
    library.unplug(typing)
    library.plug(zebra())
    watcher.until_state(State.ENABLED)


@pytest.mark.parametrize(
    "info",
    [
        replace(GUN, vendor_id=0x046D, usage_page=1, usage=6),
        replace(GUN, product_id=0x1200, usage_page=1, usage=2),
        replace(GUN, product_id=0x1200, serial="S9", usage_page=1, usage=6),
    ],
)
def test_other_devices_are_no_guns_in_keyboard_mode(info: object, watcher: Watcher, started: Start) -> None:
    """Somebody's keyboard, a maker's mouse or another gun's keyboard: the gun is simply not there."""
    started(hid_gun(FakeHidLibrary(FakeHidDevice(info)), serial="S1"))  # type: ignore[arg-type]  # a table of infos
    watcher.until_error("device_absent")


def test_a_device_of_no_use_is_named(watcher: Watcher, started: Start) -> None:
    """A device with the right ids that is no scanner, by its own words, is not read."""
    mouse = bytes.fromhex("05010902a10105090901750195018102c0")
    started(hid_gun(FakeHidLibrary(FakeHidDevice(replace(GUN, usage_page=0), mouse))))
    watcher.until_error("device_unusable")


def test_a_missing_library_is_named(watcher: Watcher, started: Start) -> None:
    """Without hidapi the gun says which package to install, and is read once that is done."""
    device = zebra()
    library = FakeHidLibrary(device)
    library.is_installed = False
    started(hid_gun(library))
    assert (
        "Install it with: python -m pip install hidapi" == watcher.until_error("driver_missing").error_remedy
    )
    library.is_installed = True
    watcher.until_state(State.ENABLED)


def test_a_denied_gun_names_the_rule(watcher: Watcher, started: Start) -> None:
    """No permission: the remedy is the command that installs the rule, and the rule is there."""

    def denied(node: str) -> int | None:
        raise PermissionError(errno.EACCES, "Permission denied", node)

    started(hid_gun(FakeHidLibrary(zebra()), lock_node=denied))
    remedy = watcher.until_error("device_permission").error_remedy or ""
    if sys.platform.startswith("linux"):
        assert "sudo cp resources/udev/70-points-till.rules /etc/udev/rules.d/" in remedy
    assert (ROOT / "resources/udev/70-points-till.rules").is_file()


def test_a_gun_that_cannot_be_opened(watcher: Watcher, started: Start) -> None:
    """A failure has no reason: a node that is gone is absent, any other unusable; once it opens, it is read."""
    device = zebra(path=b"/dev/hidraw-nobody-has")
    device.open_error = OSError("open failed")
    library = FakeHidLibrary(device)
    started(hid_gun(library))
    watcher.until_error("device_absent")
    device.open_error = None
    watcher.until_state(State.ENABLED)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what Linux says of its nodes")
@pytest.mark.parametrize(
    ("path", "error", "kind"),
    [
        (b"/dev/null", OSError("open failed"), DeviceUnusable),
        (b"/dev/hidraw-nobody-has", OSError("open failed"), DeviceAbsent),
        (b"1-2:1.0", OSError("open failed"), DevicePermission),
        (b"/dev/null", PermissionError(errno.EACCES, "denied"), DevicePermission),
    ],
)
def test_what_a_failed_opening_means(path: bytes, error: OSError, kind: type[DeviceError]) -> None:
    """The system is asked what hidapi does not say."""
    assert kind is type(explain(replace(GUN, path=path), error))


@pytest.mark.parametrize(
    ("platform", "kind", "words"),
    [
        ("linux", DevicePermission, "70-points-till.rules"),
        ("darwin", DevicePermission, "Input Monitoring"),
        ("win32", DeviceBusy, "Close another program"),
    ],
)
def test_each_system_has_its_own_remedy(
    platform: str, kind: type[DeviceError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same failure is another thing on each system."""
    monkeypatch.setattr(sys, "platform", platform)
    error = explain(replace(GUN, path=b"1-2:1.0"), OSError("open failed"))
    assert kind is type(error)
    assert words in error.remedy
    assert "wedge:" in in_keyboard_mode(GUN).remedy


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nodes of Linux")
def test_a_node_is_locked_once() -> None:
    """Two tills on one node would both get every scan: the second one is told. Other paths have no lock."""
    import os  # noqa: PLC0415  # only here

    held = lock_hidraw("/dev/null")
    assert held is not None
    with pytest.raises(BlockingIOError):
        lock_hidraw("/dev/null")
    os.close(held)
    again = lock_hidraw("/dev/null")
    assert again is not None
    os.close(again)
    assert lock_hidraw("1-2:1.0") is None


# ---- what a gun is told


@pytest.mark.parametrize(
    ("words", "vendor_id", "features"),
    [
        (HONEYWELL.descriptor, 0x0C2E, [b"\xfe\x01"]),
        (None, 0x0C2E, [b"\xfe\x01"]),
        (ZEBRA.descriptor, 0x05E0, []),
        (None, 0x05E0, []),
    ],
)
def test_honeywells_guns_are_switched_on(
    words: bytes | None, vendor_id: int, features: list[bytes], watcher: Watcher, started: Start
) -> None:
    """The feature report FE goes to guns that have it, and to no other."""
    device = FakeHidDevice(replace(GUN, vendor_id=vendor_id), words)
    started(hid_gun(FakeHidLibrary(device), "hid:"))
    watcher.until_state(State.ENABLED)
    assert features == device.features


def test_a_switch_that_is_refused_by_a_gun_that_names_none_is_no_fault(
    watcher: Watcher, started: Start
) -> None:
    """Where the switch was only guessed at, the gun is read all the same."""
    device = FakeHidDevice(replace(GUN, vendor_id=0x0C2E), None, write_error=OSError("no such report"))
    started(hid_gun(FakeHidLibrary(device), "hid:"))
    watcher.until_state(State.ENABLED)


def read_two_more(device: FakeHidDevice, watcher: Watcher) -> None:
    """Two labels, one after the other: before the second is read, what was to be sent has been."""
    for count, text in enumerate((CODE, OTHER), 1):
        device.send(*HONEYWELL.reports(text.encode()))
        watcher.until_scans(count)


def test_a_gun_is_told(watcher: Watcher, started: Start) -> None:
    """Beeps and trigger go out as the gun's own reports, in order, while it is read."""
    device = FakeHidDevice(GUN, HONEYWELL.descriptor)
    gun = hid_gun(FakeHidLibrary(device))
    assert not gun.accept()
    started(gun)
    watcher.until_state(State.ENABLED)
    assert (True, True, True, True) == (
        gun.accept(),
        gun.reject(),
        gun.trigger(on=True),
        gun.trigger(on=False),
    )
    read_two_more(device, watcher)
    gun.stop()
    assert [b"\x04\x40", b"\x04\x20", b"\x04\x04", b"\x04\x00"] == device.written
    assert not gun.accept()


def test_a_gun_that_cannot_be_told_says_so(watcher: Watcher, started: Start) -> None:
    """Without output reports nothing is sent."""
    device = FakeHidDevice(GUN, EMULATOR_DESCRIPTOR)
    gun = hid_gun(FakeHidLibrary(device))
    started(gun)
    watcher.until_state(State.ENABLED)
    assert (False, False, False) == (gun.accept(), gun.reject(), gun.trigger(on=True))
    assert [] == device.written


def test_a_beep_that_is_refused_loses_nothing(
    watcher: Watcher, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A command that fails is logged, and the gun is read on."""
    device = FakeHidDevice(GUN, HONEYWELL.descriptor)
    gun = hid_gun(FakeHidLibrary(device))
    with caplog.at_level(logging.INFO):
        started(gun)
        watcher.until_state(State.ENABLED)
        device.write_error = OSError("the report was not taken")
        gun.accept()
        read_two_more(device, watcher)
    assert [State.CLAIMED, State.ENABLED] == watcher.states
    assert "a command was not taken: OSError" in caplog.text


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
