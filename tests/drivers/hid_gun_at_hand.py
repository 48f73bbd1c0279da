"""HID guns for tests: the driver on a library that is replaced, and a Zebra gun to plug into it."""

import itertools
from collections.abc import Callable
from dataclasses import replace

from drivers.device import Device
from drivers.hid_gun import HidGun, parse_address
from drivers.hid_library import HidLibrary
from tests.drivers.hid_pos_gun import ZEBRA
from tests.fakes.hid_library import GUN, FakeHidDevice

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
