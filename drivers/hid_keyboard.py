"""A gun in keyboard mode, its boot keyboard reports read through hidapi. Path: `hidkeys:05e0:1200`.

For systems that let a program read a keyboard this way: Linux, where `evdev:` is better, for it takes the keys away
from the windows as well; and macOS with the permission for Input Monitoring, where hidapi does take them away.
Windows keeps its keyboards to itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import ClassVar

from drivers.boot_reports import BootReportParser
from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceLost, DeviceUnusable
from drivers.hid_gun import GUN_VENDORS, HidAddress, explain, lock_hidraw, no_permission
from drivers.hid_library import HidHandle, HidInfo, HidLibrary, shared_library
from drivers.key_presses import KeyPressParser
from drivers.remedies import Remedy
from drivers.repeats import RepeatFilter

READ_TIMEOUT_SECONDS = 0.05

_KEYBOARD = (0x01, 0x06)


class HidKeyboardGun(ThreadedDevice):
    """Device `hidkeys:`. Labels are read by the keys' places, so neither the system's layout nor its locks matter."""

    transport: ClassVar[str] = "hidkeys"

    def __init__(
        self,
        path: str,
        address: HidAddress,
        *,
        keys: Callable[[], KeyPressParser] = KeyPressParser,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        library: HidLibrary | None = None,
        lock_node: Callable[[str], int | None] = lock_hidraw,
        platform: str = sys.platform,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._address = address
        self._new_keys = keys
        self._read_timeout_seconds = read_timeout_seconds
        self._library = library or shared_library()
        self._lock_node = lock_node
        self._platform = platform
        self._info: HidInfo | None = None
        self._handle: HidHandle | None = None
        self._node_lock: int | None = None
        self._parser = BootReportParser(keys())

    def _open(self) -> None:
        if self._platform == "win32":
            raise DeviceUnusable(
                "Windows keeps its keyboards to itself",
                Remedy("Set the gun to HID POS or serial mode, or choose it as wedge:."),
            )
        info = self._find()
        node = info.path.decode(errors="surrogateescape")
        try:
            self._node_lock = self._lock_node(node)
        except BlockingIOError:
            raise DeviceBusy(node, None) from None
        except PermissionError as error:
            raise no_permission(info) from error
        except OSError as error:
            raise DeviceAbsent(node) from error
        try:
            self._handle = self._library.open(info.path)
        except OSError as error:
            raise explain(info, error) from error
        self._info = info
        self._parser = BootReportParser(self._new_keys())

    def _find(self) -> HidInfo:
        there = [info for info in keyboards(self._library) if self._address.is_at(info)]
        known = self._info
        there.sort(key=lambda info: (known is None or info.serial != known.serial, info.path))
        if not there:
            raise DeviceAbsent(self.path)
        return there[0]

    def _read(self) -> Reading:
        handle = self._handle
        if handle is None:
            raise DeviceLost(self.path)
        try:
            report = handle.read(self._read_timeout_seconds)
        except (OSError, ValueError) as error:
            raise DeviceLost(self.path) from error
        at = self._clock()
        self._heard(report, at)
        scans = self._parser.feed(report, at) if report else self._parser.idle(at)
        return Reading(scans, self._parser.take_misreads())

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        node_lock, self._node_lock = self._node_lock, None
        try:
            if handle is not None:
                handle.close()
        finally:
            if node_lock is not None:
                os.close(node_lock)

    def _identity(self) -> str | None:
        return None if self._info is None else f"{self._info.ids}:{self._info.serial}"


def keyboards(library: HidLibrary | None = None) -> list[HidInfo]:
    """The keyboards that hidapi lists, guns' makers first; nobody else's is one to read. Raises DriverMissing."""
    found = (library or shared_library()).devices()
    typing = {info.path: info for info in found if (info.usage_page, info.usage) == _KEYBOARD}
    return sorted(typing.values(), key=lambda info: info.vendor_id not in GUN_VENDORS)


def list_keyboards(library: HidLibrary | None = None, platform: str = sys.platform) -> list[HidInfo]:
    """Those worth offering: on macOS all, elsewhere none, for there is a better way to them. Raises DriverMissing."""
    return keyboards(library) if platform == "darwin" else []
