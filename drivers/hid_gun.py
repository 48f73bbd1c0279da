"""A gun in HID POS mode, through hidapi. Paths: `hid:05e0:2100`, `hid:05e0:2100?serial=S1`, `hid:` for any such gun."""

from __future__ import annotations

import logging
import os
import queue
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceError,
    DeviceLost,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
)
from drivers.gun_commands import HONEYWELL_VENDORS, GunCommands, commands_of
from drivers.hid_library import HidHandle, HidInfo, HidLibrary, shared_library
from drivers.hid_reports import HidPosParser
from drivers.remedies import Remedy
from drivers.repeats import RepeatFilter
from drivers.report_descriptor import Descriptor, DescriptorInvalid, ReportKind, parse

_log = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS = 0.05
"""How long a read waits: often enough to notice an unfinished label, a wish to stop, and something to tell the gun."""

STALE_SECONDS = 0.25
"""Reports that come this soon after opening were queued while nobody read (mgaffigan/Itp.HidBarcodeScanner)."""

GUN_VENDORS = frozenset({0x05E0, 0x0C2E, 0x0536, 0x05F9, 0x1EAB, 0x065A})
"""Makers of nothing but scanners: Zebra, Honeywell, Hand Held Products, Datalogic, Newland, Opticon."""

RULES_FILE = "resources/udev/70-points-till.rules"

_POS_PAGE, _KEYBOARD = 0x8C, (0x01, 0x06)
_KEYBOARD_USAGE = 0x00010006
_SWITCH_REPORT_ID = 0xFE
_SWITCH_ON = bytes([_SWITCH_REPORT_ID, 1])
_ADDRESS = re.compile(r"(?:([0-9a-f]{4}):([0-9a-f]{4}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HidAddress:
    """Which gun: by its ids, and by its serial number if one is given; without ids, any."""

    vendor_id: int | None = None
    product_id: int | None = None
    serial: str | None = None

    def is_at(self, info: HidInfo) -> bool:
        """Whether this is a gun's address."""
        return (
            self.vendor_id in (None, info.vendor_id)
            and self.product_id in (None, info.product_id)
            and self.serial in (None, info.serial)
        )


def parse_address(text: str, serial: str | None = None) -> HidAddress:
    """The address of a `hid:` path. ValueError for anything but nothing or two ids of four hexadecimal digits."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("no vendor and product id")
    if match[1] is None:
        return HidAddress(serial=serial)
    return HidAddress(int(match[1], 16), int(match[2], 16), serial)


class HidGun(ThreadedDevice):
    """Device `hid:`. Its library is owned by one thread for all guns; reports are read on this gun's own.

    A gun is the same again when its ids and its serial number are; without a serial number any gun of these ids is, for
    no system gives it a lasting name. `hid:` takes whatever gun is there, the one it had before first.
    """

    transport: ClassVar[str] = "hid"

    def __init__(
        self,
        path: str,
        address: HidAddress,
        *,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        library: HidLibrary | None = None,
        lock_node: Callable[[str], int | None] | None = None,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._address = address
        self._read_timeout_seconds = read_timeout_seconds
        self._library = library or shared_library()
        self._lock_node = lock_node or lock_hidraw
        self._info: HidInfo | None = None
        self._handle: HidHandle | None = None
        self._node_lock: int | None = None
        self._descriptor: bytes | None = None
        self._parser = HidPosParser(None)
        self._quiet_until = 0.0
        self._commands = GunCommands()
        self._outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    @property
    def descriptor(self) -> bytes | None:
        """The report descriptor of the gun that was opened last; None when it tells none."""
        return self._descriptor

    def accept(self) -> bool:
        """Beep that the scan was taken; False when no gun that can is at hand."""
        return self._tell(self._commands.accept)

    def reject(self) -> bool:
        """Beep that the scan was not taken; False when no gun that can is at hand."""
        return self._tell(self._commands.reject)

    def trigger(self, on: bool) -> bool:
        """Pull the trigger, or let it go; False when no gun that can is at hand."""
        return self._tell(self._commands.trigger_on if on else self._commands.trigger_off)

    def _tell(self, reports: Sequence[bytes]) -> bool:
        for report in reports:
            self._outbox.put(report)
        return bool(reports)

    def _open(self) -> None:
        error: DeviceError | None = None
        for info in self._candidates():
            try:
                self._claim(info)
            except DeviceUnavailable as unavailable:
                self._close()
                error = error or unavailable
            else:
                return
        raise error or DeviceAbsent(self.path)

    def _candidates(self) -> list[HidInfo]:
        """Where the gun may be: where it was before all others. DeviceUnusable when it is there as a keyboard."""
        found = self._library.devices()
        there = [info for info in found if self._address.is_at(info)]
        guns = {info.path: info for info in there if info.usage_page == _POS_PAGE or self._may_be_gun(info)}
        if not guns and (keyboard := self._keyboard_among(found)) is not None:
            raise in_keyboard_mode(keyboard)
        known = self._info
        return sorted(
            guns.values(),
            key=lambda info: (known is None or info.ids + info.serial != known.ids + known.serial, info.path),
        )

    def _may_be_gun(self, info: HidInfo) -> bool:
        """Where the system names no usages, the makers' own devices are opened to see; nobody's mouse is."""
        is_meant = self._address.vendor_id is not None or info.vendor_id in GUN_VENDORS
        return info.usage_page == 0 and is_meant

    def _keyboard_among(self, found: Sequence[HidInfo]) -> HidInfo | None:
        """The gun as a keyboard: the ids change with the mode, the vendor and the serial number do not."""
        vendors = GUN_VENDORS if self._address.vendor_id is None else {self._address.vendor_id}
        return next(
            (
                info
                for info in found
                if (info.usage_page, info.usage) == _KEYBOARD
                and info.vendor_id in vendors
                and self._address.serial in (None, info.serial)
            ),
            None,
        )

    def _claim(self, info: HidInfo) -> None:
        node = os.fsdecode(info.path)
        try:
            self._node_lock = self._lock_node(node)
        except BlockingIOError:
            raise DeviceBusy(node, None) from None
        except PermissionError as error:
            raise no_permission(info) from error
        except OSError as error:
            raise DeviceAbsent(node) from error  # it went between the listing and now
        try:
            self._handle = handle = self._library.open(info.path)
        except OSError as error:
            raise explain(info, error) from error
        words = handle.descriptor()
        descriptor = _parsed(words)
        if descriptor is not None and info.usage_page != _POS_PAGE:
            _check_application(descriptor, info)
        self._switch_on(handle, info, descriptor)
        self._info = info
        self._descriptor = words
        self._parser = HidPosParser(words)
        self._commands = commands_of(descriptor, info.vendor_id)
        self._quiet_until = self._clock() + STALE_SECONDS

    def _switch_on(self, handle: HidHandle, info: HidInfo, descriptor: Descriptor | None) -> None:
        """Honeywell's guns may be in this mode and yet send their labels elsewhere."""
        if descriptor is None:
            has_switch = info.vendor_id in HONEYWELL_VENDORS
        else:
            has_switch = (ReportKind.FEATURE, _SWITCH_REPORT_ID) in descriptor.sizes
        if has_switch:
            try:
                handle.send_feature(_SWITCH_ON)
            except OSError as error:
                if descriptor is not None:
                    raise DeviceLost(self.path) from error

    def _read(self) -> Reading:
        handle = self._handle
        if handle is None:
            raise DeviceLost(self.path)
        self._send(handle)
        try:
            report = handle.read(self._read_timeout_seconds)
        except (OSError, ValueError) as error:
            raise DeviceLost(self.path) from error
        at = self._clock()
        if not report:
            self._parser.expire(at)
            return Reading(misreads=self._parser.take_misreads())
        self._heard(report, at)
        # Read in the quiet time too, or the second half of a label that began in it would pass for a whole one.
        scan = self._parser.feed(report, at)
        if scan is not None and at < self._quiet_until:
            return Reading(misreads=1)  # an old label or a new one: whoever waits for it is told
        return Reading(() if scan is None else (scan,), self._parser.take_misreads())

    def _send(self, handle: HidHandle) -> None:
        while not self._outbox.empty():
            try:
                handle.write(self._outbox.get())
            except OSError as error:
                # A beep is not worth a gun: if it has gone, the next read says so.
                _log.info("%s: a command was not taken: %s", self.path, type(error).__name__)

    def _close(self) -> None:
        self._commands = GunCommands()
        while not self._outbox.empty():
            self._outbox.get()
        handle, self._handle = self._handle, None
        node_lock, self._node_lock = self._node_lock, None
        try:
            if handle is not None:
                handle.close()
        finally:
            if node_lock is not None:
                os.close(node_lock)

    def _identity(self) -> str | None:
        if self._info is None or self._address.vendor_id is None:
            return None
        return f"{self._info.ids}:{self._info.serial}"


def list_guns(library: HidLibrary | None = None) -> list[HidInfo]:
    """The guns in HID POS mode that are attached now. Raises DriverMissing."""
    found = (library or shared_library()).devices()
    return list({info.path: info for info in found if info.usage_page == _POS_PAGE}.values())


def in_keyboard_mode(info: HidInfo) -> DeviceUnusable:
    """The error of a gun that is there, but types."""
    return DeviceUnusable(
        f"The gun {info.title} is in keyboard mode",
        Remedy(
            'It is not in HID POS mode: scan the label "USB HID POS" of the gun\'s manual and it is found by itself, '
            "or choose it as the keyboard gun evdev:{ids} (Linux) or wedge: (elsewhere).",
            ids=info.ids,
        ),
    )


def no_permission(info: HidInfo) -> DevicePermission:
    """The error of a gun this user may not open."""
    if sys.platform == "darwin":
        return DevicePermission(
            f"This user may not open {info.title}",
            Remedy(
                "Close other programs that use it; if there are none, allow the till under System Settings, "
                "Privacy & Security, Input Monitoring, then start it again."
            ),
        )
    return DevicePermission(
        f"This user may not open {info.title}",
        Remedy(
            "Install the rule that the till brings: sudo cp {rules} /etc/udev/rules.d/ && "
            "sudo udevadm control --reload && sudo udevadm trigger, then plug the gun in again.",
            rules=RULES_FILE,
        ),
    )


def explain(info: HidInfo, error: OSError) -> DeviceUnavailable:
    """What a failed opening means: hidapi says "open failed" for everything, so the system is asked."""
    node = os.fsdecode(info.path)
    if sys.platform == "win32":
        return DeviceBusy(info.title, None)
    if sys.platform == "darwin" or isinstance(error, PermissionError):
        return no_permission(info)
    if not node.startswith("/"):  # libusb's own name for a device, whose node is elsewhere
        return no_permission(info)
    if not os.access(node, os.F_OK):
        return DeviceAbsent(node)
    if not os.access(node, os.R_OK | os.W_OK):
        return no_permission(info)
    return DeviceUnusable(f"{node} cannot be opened", Remedy("Plug the gun in again."))


def lock_hidraw(node: str) -> int | None:
    """Keep other tills off the node: each of them would get every scan too. A descriptor to close; None elsewhere.

    Raises BlockingIOError when another till has it, and OSError when the node cannot be opened.
    """
    if not (sys.platform.startswith("linux") and node.startswith("/dev/")):
        return None
    import fcntl  # noqa: PLC0415  # Windows has none

    descriptor = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _parsed(words: bytes | None) -> Descriptor | None:
    try:
        return parse(words) if words else None
    except DescriptorInvalid:
        return None


def _check_application(descriptor: Descriptor, info: HidInfo) -> None:
    """Raises DeviceUnusable for a device that is no scanner, by its own words."""
    if any(usage >> 16 == _POS_PAGE for usage in descriptor.applications):
        return
    if _KEYBOARD_USAGE in descriptor.applications:
        raise in_keyboard_mode(info)
    raise DeviceUnusable(f"{info.title} is no gun in HID POS mode", Remedy("Choose another device."))


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "serial": (str, "the serial number of the gun"),
}
"""The options of a `hid:` path, how to read each, and what it may be."""
