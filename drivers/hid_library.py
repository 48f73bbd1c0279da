"""The port to HID devices, and hidapi behind it with the one thread that owns it.

hidapi keeps state of the whole process: its list of devices, its last error, on macOS the run loop of the thread that
came first. Listing, opening and closing therefore happen on one thread for all guns, whoever asks: a lock is not enough
(trezor/cython-hidapi#148 crashes with one). An open device is read and written by the one thread of its gun, which is
what hidapi's maintainers call safe (libusb/hidapi#45).
"""

from __future__ import annotations

import contextlib
import functools
import queue
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from drivers.errors import DriverMissing

_T = TypeVar("_T")

_LONGEST_REPORT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class HidInfo:
    """One collection of one HID device, as the system lists it. Usage page 0: the system does not say."""

    path: bytes
    vendor_id: int
    product_id: int
    serial: str = ""
    product: str = ""
    manufacturer: str = ""
    usage_page: int = 0
    usage: int = 0

    @property
    def ids(self) -> str:
        """Vendor and product as in a device's path: `05e0:2100`."""
        return f"{self.vendor_id:04x}:{self.product_id:04x}"

    @property
    def title(self) -> str:
        """What to call it on a screen."""
        return " ".join(filter(None, (self.manufacturer, self.product))) or self.ids


class HidHandle(ABC):
    """An open device; every call but `close` on the one thread that reads it. All raise OSError when it has gone."""

    @abstractmethod
    def read(self, timeout_seconds: float) -> bytes:
        """Wait for one input report, the id first where reports have ids; empty when none came in time."""

    @abstractmethod
    def write(self, report: bytes) -> None:
        """Send an output report, the id (0 for none) first."""

    @abstractmethod
    def send_feature(self, report: bytes) -> None:
        """Send a feature report, the id first."""

    @abstractmethod
    def descriptor(self) -> bytes | None:
        """Its report descriptor; None where the system does not give it."""

    @abstractmethod
    def close(self) -> None:
        """Close it; safe to call again."""


class HidLibrary(ABC):
    """The HID devices of this machine; safe from any thread. Both raise DriverMissing without the library."""

    @abstractmethod
    def devices(self) -> Sequence[HidInfo]:
        """What is attached now. Takes some milliseconds, on some systems a second."""

    @abstractmethod
    def open(self, path: bytes) -> HidHandle:
        """Open the device at a listed path. Raises OSError; why it cannot be opened is not always said."""


class _OwnerThread:
    """Runs calls one after the other on a thread of its own, started by the first."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._starting = threading.Lock()

    def call(self, function: Callable[[], _T]) -> _T:
        """Run `function` there and return what it returns, or raise what it raises."""
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()
        future: Future[_T] = Future()
        self._calls.put((function, future))
        return future.result()

    def _run(self) -> None:
        while True:
            function, future = self._calls.get()
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001  # it is raised again where the call came from
                future.set_exception(error)


class HidApi(HidLibrary):
    """hidapi, through the modules of its wheel.

    On Linux `hidraw` talks to the kernel's driver; `hid` is the libusb one there, which sees neither Bluetooth nor
    usages and takes a keyboard away from everybody. Elsewhere `hid` is the system's own.
    """

    def __init__(self, load: Callable[[], Any] | None = None) -> None:
        self._owner = _OwnerThread("hidapi")
        self._load = functools.cache(load or load_hidapi)

    def devices(self) -> Sequence[HidInfo]:
        return self._owner.call(lambda: [_info(entry) for entry in self._load().enumerate()])

    def open(self, path: bytes) -> HidHandle:
        return self._owner.call(lambda: self._open_here(path))

    def _open_here(self, path: bytes) -> HidHandle:
        device = self._load().device()
        device.open_path(path)
        return _Handle(device, self._owner)


class _Handle(HidHandle):
    def __init__(self, device: Any, owner: _OwnerThread) -> None:
        self._device = device
        self._owner = owner

    def read(self, timeout_seconds: float) -> bytes:
        # A time-out of 0 ms would wait for ever.
        return bytes(self._device.read(_LONGEST_REPORT_BYTES, max(1, round(timeout_seconds * 1000))))

    def write(self, report: bytes) -> None:
        if self._device.write(report) < 0:
            raise OSError("the report was not taken")

    def send_feature(self, report: bytes) -> None:
        if self._device.send_feature_report(report) < 0:
            raise OSError("the report was not taken")

    def descriptor(self) -> bytes | None:
        try:
            return bytes(self._device.get_report_descriptor())
        except (AttributeError, OSError):  # hidapi before 0.14 has no such call
            return None

    def close(self) -> None:
        self._owner.call(self._device.close)


def load_hidapi(platform: str = sys.platform) -> Any:
    """The module to use on this system. Raises DriverMissing when there is none."""
    # Imported here and by name: a till without such a gun starts without it, and the packer still finds both.
    if platform.startswith("linux"):
        with contextlib.suppress(ImportError):
            import hidraw  # noqa: PLC0415  # as above

            return hidraw
    try:
        import hid  # noqa: PLC0415  # as above
    except ImportError:
        raise DriverMissing("hidapi") from None
    return hid


@functools.cache
def shared_library() -> HidLibrary:
    """The one hidapi of this process: what it keeps to itself is the process's too."""
    return HidApi()


def _info(entry: dict[str, Any]) -> HidInfo:
    return HidInfo(
        path=bytes(entry["path"]),
        vendor_id=int(entry["vendor_id"]),
        product_id=int(entry["product_id"]),
        serial=entry.get("serial_number") or "",
        product=entry.get("product_string") or "",
        manufacturer=entry.get("manufacturer_string") or "",
        usage_page=int(entry.get("usage_page") or 0),
        usage=int(entry.get("usage") or 0),
    )
