"""The HID POS gun that cannot be used: told apart from a keyboard, missing, denied, busy, each with its remedy."""

import errno
import os
import sys
from dataclasses import replace

import pytest

from drivers.device import State
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceError, DevicePermission, DeviceUnusable
from drivers.hid_gun import (
    explain,
    in_keyboard_mode,
    lock_hidraw,
)
from tests.architecture.project_files import ROOT
from tests.drivers.hid_gun_at_hand import Start, hid_gun, zebra
from tests.drivers.hid_pos_gun import KEYBOARD_DESCRIPTOR
from tests.drivers.pty_line import PtyLine
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary


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
def test_a_node_is_locked_once(line: PtyLine) -> None:
    """Two tills on one node would both get every scan: the second one is told. Other paths have no lock."""
    held = lock_hidraw(line.port)  # a node that nobody else locks
    assert held is not None
    with pytest.raises(BlockingIOError):
        lock_hidraw(line.port)
    os.close(held)
    again = lock_hidraw(line.port)
    assert again is not None
    os.close(again)
    assert lock_hidraw("1-2:1.0") is None
