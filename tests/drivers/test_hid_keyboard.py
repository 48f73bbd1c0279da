"""A gun in keyboard mode through hidapi: found, kept from other tills, read through every loss of its cable."""

import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.device import Device, State
from drivers.hid_gun import parse_address
from drivers.hid_keyboard import HidKeyboardGun, keyboards, list_keyboards
from drivers.key_presses import KeyPressParser
from drivers.recording import End, Opened, Recording, frame_of
from drivers.registry import open_device
from drivers.replaying import replay
from tests.drivers.boot_keyboard import reports
from tests.drivers.keyboard_gun import label
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary

CODE = "660123456789012345"
KEYBOARD = replace(GUN, product_id=0x1200, usage_page=1, usage=6)
Start = Callable[[Device], None]


def gun_on(library: FakeHidLibrary, **other: object) -> HidKeyboardGun:
    """A gun that looks for its device every millisecond and needs no node; for it no time passes within a label."""
    settings = {
        "clock": lambda: 5.0,
        "retry_seconds": 0.001,
        "read_timeout_seconds": 0.005,
        "lock_node": lambda node: None,
        "platform": "linux",
        **other,
    }
    return HidKeyboardGun("hidkeys:05e0:1200", parse_address("05e0:1200"), library=library, **settings)  # type: ignore[arg-type]  # a table of mixed settings


def test_labels_are_read_through_a_pulled_cable(watcher: Watcher, started: Start) -> None:
    """Each once, set to AZERTY; a label that the cable cut is not glued to the next."""
    device = FakeHidDevice(KEYBOARD)
    library = FakeHidLibrary(device)
    gun = gun_on(library, keys=lambda: KeyPressParser(layout="fr"))
    started(gun)
    for round_number in range(3):
        watcher.until_state(State.ENABLED, round_number + 1)
        device.send(*reports(label(f"{CODE}{round_number}", "fr")))
        watcher.until_scans(round_number + 1)
        device.send(*[*reports(label(CODE, "fr"))][:9])
        library.unplug(device)
        watcher.until_state(State.LOST, round_number + 1)
        library.plug(device, b"/dev/hidraw%d" % (5 + round_number))
    assert [f"{CODE}{round_number}" for round_number in range(3)] == watcher.texts
    assert ("hidkeys:05e0:1200", "hidkeys") == (watcher.scans[0].source, watcher.scans[0].transport)


@pytest.mark.parametrize(
    ("lock_error", "open_error", "kind"),
    [
        (BlockingIOError(), None, "device_busy"),
        (PermissionError(errno.EACCES, "denied"), None, "device_permission"),
        (FileNotFoundError(), None, "device_absent"),
        (None, PermissionError(errno.EACCES, "denied"), "device_permission"),
    ],
)
def test_what_keeps_it_from_being_opened(
    lock_error: OSError | None, open_error: OSError | None, kind: str, watcher: Watcher, started: Start
) -> None:
    """Another till, a missing permission, a cable pulled meanwhile: each is told apart."""

    def lock(node: str) -> int | None:
        if lock_error is not None:
            raise lock_error
        return None

    device = FakeHidDevice(KEYBOARD, open_error=open_error)
    started(gun_on(FakeHidLibrary(device), lock_node=lock))
    watcher.until_error(kind)


def test_windows_keeps_its_keyboards(watcher: Watcher, started: Start) -> None:
    """There the way out is named."""
    started(gun_on(FakeHidLibrary(FakeHidDevice(KEYBOARD)), platform="win32"))
    assert "HID POS or serial mode" in (watcher.until_error("device_unusable").error_remedy or "")


def test_only_keyboards_are_keyboards() -> None:
    """Guns in HID POS mode and mice are left out; guns' makers come first."""
    library = FakeHidLibrary(
        FakeHidDevice(GUN),
        FakeHidDevice(replace(KEYBOARD, path=b"1", vendor_id=0x046D)),
        FakeHidDevice(replace(KEYBOARD, path=b"2")),
        FakeHidDevice(replace(KEYBOARD, path=b"3", usage=2)),
    )
    assert [b"2", b"1"] == [info.path for info in keyboards(library)]
    assert [b"2", b"1"] == [info.path for info in list_keyboards(library, "darwin")]
    assert [] == list_keyboards(library, "linux")


def test_a_path_opens_it_and_its_recording_is_replayed() -> None:
    """`hidkeys:` with the options of a keyboard gun; what was recorded gives the same again."""
    device = open_device("hidkeys:05e0:1200?layout=fr&repeat_seconds=1")
    assert isinstance(device, HidKeyboardGun)
    options = {"layout": "fr", "repeat_seconds": 1.0}
    events = [frame_of(1.0 + place / 1000, report) for place, report in enumerate(reports(label(CODE, "fr")))]
    recorded = Recording("hidkeys:05e0:1200", (Opened(0.0), *events, End(9.0)))
    assert [CODE] == [scan.text for scan in replay(recorded, "hidkeys", options).scans]
