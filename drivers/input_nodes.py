"""The port to Linux' input devices, and python-evdev behind it. To list them none is opened: sysfs tells."""

from __future__ import annotations

import array
import contextlib
import platform
import select
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import DriverMissing

if TYPE_CHECKING:
    import evdev

_SYSTEM_NODES = Path("/sys/class/input")
_DEVICE_NODES = Path("/dev/input")
_LONG_BITS = 8 * struct.calcsize("L")

_KEYS_OF_A_GUN = (*range(2, 12), 28)
"""The digits' row and Enter."""

_CAPS_LAMP = 1

_SET_MASK = 0x40104593
"""EVIOCSMASK of `linux/input.h`: _IOW('E', 0x93, struct input_mask)."""

_EV_MSC, _EV_LED = 4, 17


@dataclass(frozen=True, slots=True)
class InputNode:
    """One input device: its node (`/dev/input/event3`), and what it says of itself. Ids 0: it says nothing."""

    node: str
    name: str
    vendor_id: int
    product_id: int
    serial: str
    is_keyboard: bool

    @property
    def ids(self) -> str:
        """Vendor and product as in a device's path: `05e0:1200`."""
        return f"{self.vendor_id:04x}:{self.product_id:04x}"


@dataclass(frozen=True, slots=True, repr=False)
class InputEvent:
    """One event of the kernel's; `seconds` is when it happened, by a clock of its own. Its `repr` shows no key."""

    type: int
    code: int
    value: int
    seconds: float

    def __repr__(self) -> str:
        return "InputEvent()"


class InputHandle(ABC):
    """A device that is open and heard by nobody else. Both raise OSError when it has gone."""

    @abstractmethod
    def read(self, timeout_seconds: float) -> Sequence[InputEvent]:
        """Wait for events, oldest first; none when none came in time."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it; safe to call again."""


class InputNodes(ABC):
    """The input devices of this machine; safe from any thread."""

    @abstractmethod
    def nodes(self) -> Sequence[InputNode]:
        """What is attached now, permitted or not; nothing where the system is not Linux."""

    @abstractmethod
    def open(self, node: str) -> InputHandle:
        """Open a node and take it away from everybody else. Raises OSError (EBUSY: it is taken), and DriverMissing."""


class EvdevNodes(InputNodes):
    """The kernel's, through sysfs and python-evdev."""

    def __init__(self, system_nodes: Path = _SYSTEM_NODES, device_nodes: Path = _DEVICE_NODES) -> None:
        self._system_nodes = system_nodes
        self._device_nodes = device_nodes

    def nodes(self) -> Sequence[InputNode]:
        found = []
        for entry in sorted(
            self._system_nodes.glob("event*"), key=lambda entry: (len(entry.name), entry.name)
        ):
            with contextlib.suppress(OSError, ValueError):  # it went while it was read
                found.append(_node_of(entry / "device", self._device_nodes / entry.name))
        return found

    def open(self, node: str) -> InputHandle:
        try:
            import evdev  # noqa: PLC0415  # a till without a keyboard gun, or not on Linux, starts without it
        except ImportError:
            raise DriverMissing(evdev_package()) from None
        device = evdev.InputDevice(node)
        try:
            device.grab()
            _leave_out_scan_codes(device.fd)
            _put_out_caps_lamp(device)
        except BaseException:
            device.close()
            raise
        return EvdevHandle(device)


class EvdevHandle(InputHandle):
    """A device of python-evdev's that has been grabbed."""

    def __init__(self, device: evdev.InputDevice[str]) -> None:
        self._device = device
        self._poll = select.poll()
        self._poll.register(device.fd, select.POLLIN)

    def read(self, timeout_seconds: float) -> Sequence[InputEvent]:
        if self._device.fd < 0:
            raise OSError("the device is closed")
        if not self._poll.poll(timeout_seconds * 1000):
            return ()
        events = [
            InputEvent(event.type, event.code, event.value, event.timestamp())
            for event in self._device.read()
        ]
        if any((event.type, event.code, event.value) == (_EV_LED, _CAPS_LAMP, 1) for event in events):
            _put_out_caps_lamp(self._device)
        return events

    def close(self) -> None:
        self._device.close()


def _put_out_caps_lamp(device: evdev.InputDevice[str]) -> None:
    """A gun that sees this lamp lit types with Shift turned round; window systems light it on every keyboard."""
    with contextlib.suppress(OSError):
        device.set_led(_CAPS_LAMP, 0)


def _leave_out_scan_codes(file: int) -> None:
    """Have the kernel not queue what is not read: its queue of 64 events holds 16 strokes then instead of 10."""
    import fcntl  # noqa: PLC0415  # Windows has none

    none = array.array("B", [0])
    address, _ = none.buffer_info()
    with contextlib.suppress(OSError):  # before Linux 4.4
        fcntl.ioctl(file, _SET_MASK, struct.pack("IIQ", _EV_MSC, len(none), address))


def evdev_package() -> str:
    """What to install for this machine: the wheels are for x86-64 only, elsewhere it is built from source."""
    return "evdev-binary" if platform.machine() in ("x86_64", "AMD64") else "evdev"


def stable_name(node: str, links: Iterable[Path]) -> str | None:
    """The name udev gives a device for good, among its links; None when it gave none."""
    target = Path(node).resolve()
    return next((str(link) for link in sorted(links) if link.resolve() == target), None)


def _node_of(device: Path, node: Path) -> InputNode:
    return InputNode(
        node=str(node),
        name=_text(device / "name"),
        vendor_id=int(_text(device / "id" / "vendor"), 16),
        product_id=int(_text(device / "id" / "product"), 16),
        serial=_text(device / "uniq"),
        is_keyboard=_has_keys(_text(device / "capabilities" / "key"), _KEYS_OF_A_GUN),
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").strip()


def _has_keys(words: str, keys: Iterable[int]) -> bool:
    """Whether a bit map in sysfs' way (words of the kernel's size, the highest first) has all these bits."""
    bits = 0
    for word in words.split():
        bits = bits << _LONG_BITS | int(word, 16)
    return all(bits >> key & 1 for key in keys)
