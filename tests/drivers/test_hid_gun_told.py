"""What a HID POS gun is told: the switch into its mode, beeps and trigger."""

import logging
from dataclasses import replace

import pytest

from drivers.device import State
from tests.drivers.hid_gun_at_hand import CODE, OTHER, Start, hid_gun
from tests.drivers.hid_pos_gun import EMULATOR_DESCRIPTOR, HONEYWELL, ZEBRA
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary


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
