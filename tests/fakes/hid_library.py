"""HID devices that are attached, detached and heard by the test."""

import queue
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from drivers.errors import DriverMissing
from drivers.hid_library import HidHandle, HidInfo, HidLibrary

GUN = HidInfo(b"/dev/hidraw0", 0x05E0, 0x2100, "S1", "DS9308", "Zebra", 0x8C, 0x02)
"""A gun in HID POS mode."""


@dataclass
class FakeHidDevice:
    """One device: its reports come from `send`, what it is sent is kept."""

    info: HidInfo = GUN
    words: bytes | None = None
    is_plugged: bool = True
    open_error: OSError | None = None
    write_error: OSError | None = None
    written: list[bytes] = field(default_factory=list)
    features: list[bytes] = field(default_factory=list)
    reports: "queue.SimpleQueue[Sequence[bytes] | None]" = field(default_factory=queue.SimpleQueue)

    def send(self, *reports: bytes) -> None:
        """Send input reports, one right after the other: nobody who reads them finds a pause between two."""
        self.reports.put(reports)


class FakeHandle(HidHandle):
    """An open device."""

    def __init__(self, device: FakeHidDevice) -> None:
        self._device = device
        self._unread: deque[bytes] = deque()
        self.is_closed = False

    def read(self, timeout_seconds: float) -> bytes:
        if self.is_closed or not self._device.is_plugged:
            raise OSError("read error")
        if not self._unread:
            try:
                reports = self._device.reports.get(timeout=timeout_seconds)
            except queue.Empty:
                return b""
            if reports is None:
                raise OSError("read error")
            self._unread.extend(reports)
        return self._unread.popleft()

    def write(self, report: bytes) -> None:
        if self._device.write_error is not None:
            raise self._device.write_error
        self._device.written.append(report)

    def send_feature(self, report: bytes) -> None:
        if self._device.write_error is not None:
            raise self._device.write_error
        self._device.features.append(report)

    def descriptor(self) -> bytes | None:
        return self._device.words

    def close(self) -> None:
        self.is_closed = True


class FakeHidLibrary(HidLibrary):
    """What is plugged in now."""

    def __init__(self, *devices: FakeHidDevice) -> None:
        self._lock = threading.Lock()
        self._devices = list(devices)
        self.opened: list[bytes] = []
        self.handles: list[FakeHandle] = []
        self.is_installed = True

    def devices(self) -> Sequence[HidInfo]:
        if not self.is_installed:
            raise DriverMissing("hidapi")
        with self._lock:
            return [device.info for device in self._devices]

    def open(self, path: bytes) -> HidHandle:
        with self._lock:
            device = next((device for device in self._devices if device.info.path == path), None)
            if device is None:
                raise OSError("open failed")
            self.opened.append(path)
            if device.open_error is not None:
                raise device.open_error
            self.handles.append(FakeHandle(device))
            return self.handles[-1]

    def plug(self, device: FakeHidDevice, path: bytes | None = None) -> None:
        """Attach a device, perhaps under another name than before."""
        with self._lock:
            device.info = replace(device.info, path=path or device.info.path)
            device.is_plugged = True
            device.reports = queue.SimpleQueue()
            self._devices.append(device)

    def unplug(self, device: FakeHidDevice) -> None:
        """Pull its cable: what it had sent is still read."""
        with self._lock:
            self._devices.remove(device)
        device.reports.put(None)
