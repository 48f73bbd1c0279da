"""The three ways a gun is heard, for `scan_latency`: the driver's own read loop on each, and a bare thread beside it.

Serial is a pseudo-terminal, opened by the driver by its name. A machine need have neither hidraw nor uinput, so a HID
gun's reports and a keyboard gun's key events come over pseudo-terminals as well, one report or one key a write: like
the nodes they stand for they are a driver in the kernel that queues what comes and wakes who reads; a pipe or a socket
hands it from thread to thread without. What is left out is hidapi's C code and the
kernel's HID core; all of ours, hidapi's way to return a report and python-evdev's own reader are in.
"""

import errno
import os
import queue
import struct
import termios
import threading
import time
import tty
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from evdev import _input  # type: ignore[attr-defined]  # evdev's own reader, in C; its stubs leave it out
from evdev.events import InputEvent as EvdevEvent

from drivers.device import Device, Health, State, ThreadedDevice
from drivers.evdev_gun import EvdevGun
from drivers.evdev_gun import parse_address as parse_keyboard
from drivers.hid_gun import STALE_SECONDS, HidGun
from drivers.hid_gun import parse_address as parse_hid
from drivers.hid_library import HidApi
from drivers.input_nodes import EvdevHandle, InputHandle, InputNode, InputNodes
from drivers.registry import open_device
from drivers.scan import Scan

WAIT_SECONDS = 10.0

Arrivals = queue.SimpleQueue[int]
"""When each label was handed over, in nanoseconds of the performance counter."""

_KEYS = {str(digit): 2 + (digit - 1) % 10 for digit in range(10)}
_ENTER = 28
_NODE = "/dev/input/event0"
_EVENT = struct.Struct("@llHHi")
_GUN_DESCRIPTOR = bytes.fromhex(
    "058c0902a10185020912a102150026ff00750895010501093b81029503058c09fb09fc09fd8102953809fe8202"
    "0125017501950109ff810275078103c0c0"
)
"""An emulator's: report id, length, AIM identifier, 56 bytes, and the bit that says that the label goes on."""


class Channel(ABC):
    """A way from a gun to the till: `send` lets the gun say a label's end, its beginning being heard already."""

    @abstractmethod
    def device(self) -> ThreadedDevice:
        """The driver on the till's end."""

    @abstractmethod
    def read(self) -> bytes:
        """Wait for what comes, as a bare thread does."""

    @abstractmethod
    def begin(self, text: str) -> None:
        """Say all that comes before the last part of a label."""

    @abstractmethod
    def finish(self, text: str) -> None:
        """Say the last part."""

    @abstractmethod
    def is_end(self, data: bytes) -> bool:
        """Whether what was read holds the last part of a label."""

    @abstractmethod
    def close(self) -> None:
        """Close both ends."""


class SerialChannel(Channel):
    """A line: a label is one write."""

    def __init__(self) -> None:
        self._gun, self._till = _raw_pty()

    def device(self) -> ThreadedDevice:
        return _threaded(open_device(f"serial:{os.ttyname(self._till)}?baud=9600"))

    def read(self) -> bytes:
        return os.read(self._till, 4096)

    def begin(self, text: str) -> None:
        pass

    def finish(self, text: str) -> None:
        os.write(self._gun, text.encode() + b"\r")

    def is_end(self, data: bytes) -> bool:
        return data.endswith(b"\r")

    def close(self) -> None:
        os.close(self._gun)
        os.close(self._till)


class HidChannel(Channel):
    """Reports: a label is one of them."""

    def __init__(self) -> None:
        self._gun, self._till = _raw_pty()

    def device(self) -> ThreadedDevice:
        library = HidApi(lambda: _HidModule(self._till))
        return HidGun("hid:", parse_hid(""), library=library, lock_node=lambda _node: None)

    def read(self) -> bytes:
        return os.read(self._till, 64)

    def begin(self, text: str) -> None:
        pass

    def finish(self, text: str) -> None:
        label = text.encode()
        os.write(self._gun, bytes([2, len(label)]) + b"]Q1" + label.ljust(56, b"\0") + b"\0")

    def is_end(self, data: bytes) -> bool:
        return bool(data)

    def close(self) -> None:
        os.close(self._gun)
        os.close(self._till)


class KeyChannel(Channel):
    """Key events: a label is many, and the till reads while the gun types."""

    def __init__(self) -> None:
        self._gun, self._till = _raw_pty()

    def device(self) -> ThreadedDevice:
        os.set_blocking(self._till, False)
        return EvdevGun("evdev:05e0:1200", parse_keyboard("05e0:1200"), nodes=_PipeNodes(self._till))

    def read(self) -> bytes:
        return os.read(self._till, 64 * _EVENT.size)

    def begin(self, text: str) -> None:
        for code in (_KEYS[char] for char in text):
            os.write(self._gun, _key(code, 1) + _key(code, 0))

    def finish(self, _text: str) -> None:
        os.write(self._gun, _key(_ENTER, 1))

    def is_end(self, data: bytes) -> bool:
        return any(event[2:] == (1, _ENTER, 1) for event in _EVENT.iter_unpack(data))

    def close(self) -> None:
        os.close(self._gun)
        os.close(self._till)


class DriverReader:
    """The till's own driver on a channel."""

    def __init__(self, channel: Channel) -> None:
        self.arrivals = Arrivals()
        self._device = channel.device()
        is_enabled = threading.Event()

        def on_scan(_: Scan) -> None:
            self.arrivals.put(time.perf_counter_ns())

        def on_health(health: Health) -> None:
            if health.state is State.ENABLED:
                is_enabled.set()

        self._device.start(on_scan, on_health)
        if not is_enabled.wait(WAIT_SECONDS):
            raise TimeoutError(f"the gun did not start: {self._device.health()}")
        threading.Event().wait(2 * STALE_SECONDS)  # what a HID gun says before is taken for old

    def stop(self) -> None:
        """Stop the driver."""
        self._device.stop()


class BareReader:
    """A thread on a channel that reads and does nothing else."""

    def __init__(self, channel: Channel) -> None:
        self.arrivals = Arrivals()
        self._channel = channel
        self._is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, by a last label."""
        self._is_over = True
        self._channel.finish("0")
        self._thread.join(WAIT_SECONDS)

    def _run(self) -> None:
        channel, arrivals = self._channel, self.arrivals
        while not self._is_over:
            if channel.is_end(channel.read()):
                arrivals.put(time.perf_counter_ns())


class _HidModule:
    """What hidapi's module offers, over a terminal: reports come as lists of numbers, as from hidapi.

    hidapi waits and reads in one call that leaves Python alone; so does a terminal whose reads have a time-out.
    """

    def __init__(self, till: int) -> None:
        self._till = till
        settings = termios.tcgetattr(till)
        settings[6][termios.VMIN], settings[6][termios.VTIME] = 0, 1  # tenths of a second
        termios.tcsetattr(till, termios.TCSANOW, settings)

    def enumerate(self) -> list[dict[str, Any]]:
        """One gun."""
        ids = {"vendor_id": 0x05E0, "product_id": 0x2100, "serial_number": "S1"}
        return [{"path": b"/dev/hidraw0", "usage_page": 0x8C, "usage": 2, **ids}]

    def device(self) -> "_HidModule":
        """It."""
        return self

    def open_path(self, path: bytes) -> None:
        """It is open."""

    def get_report_descriptor(self) -> list[int]:
        """Its words."""
        return [*_GUN_DESCRIPTOR]

    def read(self, most_bytes: int, timeout_ms: int) -> list[int]:
        """Wait for a report, for the terminal's time-out."""
        return [*os.read(self._till, most_bytes)] if timeout_ms else []

    def close(self) -> None:
        """The channel closes it."""


class _PipeNodes(InputNodes):
    """One keyboard gun, whose events come through a pipe."""

    def __init__(self, file: int) -> None:
        self._file = file

    def nodes(self) -> Sequence[InputNode]:
        return [InputNode(_NODE, "Gun", 0x05E0, 0x1200, "S1", is_keyboard=True)]

    def open(self, node: str) -> InputHandle:
        if node != _NODE:
            raise OSError(errno.ENODEV, node)
        device: Any = _PipeDevice(self._file)  # what the handle uses of an InputDevice
        return EvdevHandle(device)


class _PipeDevice:
    """What python-evdev's InputDevice does with a node, over a pipe."""

    def __init__(self, file: int) -> None:
        self.fd = file

    def read(self) -> Iterator[EvdevEvent]:
        """The events that are there, by evdev's own reader."""
        for event in _input.device_read_many(self.fd):
            yield EvdevEvent(*event)

    def close(self) -> None:
        """The channel closes it."""


def _raw_pty() -> tuple[int, int]:
    """The gun's end and the till's."""
    gun, till = os.openpty()
    tty.setraw(till)
    return gun, till


def _key(code: int, value: int) -> bytes:
    """A key that goes down (1) or up (0), and the kernel's end of report."""
    stamp = divmod(time.time_ns() // 1000, 1_000_000)
    return b"".join(_EVENT.pack(*stamp, *event) for event in ((1, code, value), (0, 0, 0)))


def _threaded(device: Device) -> ThreadedDevice:
    if not isinstance(device, ThreadedDevice):
        raise TypeError("the device has no thread of its own")
    return device
