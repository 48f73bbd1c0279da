"""A gun in keyboard mode on Linux, read past the windows: per device, by its keys' places, and heard by nobody else.

Paths: `evdev:05e0:1200`, `evdev:/dev/input/by-id/usb-…-event-kbd`.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
)
from drivers.input_nodes import EvdevNodes, InputEvent, InputHandle, InputNode, InputNodes
from drivers.key_codes import LAYOUTS
from drivers.key_presses import FRAME_MODES, KeyPressParser, event_frame
from drivers.remedies import Remedy
from drivers.repeats import RepeatFilter
from drivers.scan import Scan

READ_TIMEOUT_SECONDS = 0.05
"""How long a read waits: often enough to notice a label's end by silence and a wish to stop."""

RULES_FILE = "resources/udev/70-points-till.rules"

_IDS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)
_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO}


@dataclass(frozen=True, slots=True)
class EvdevAddress:
    """Which keyboard: by its node or a link to it, or by its ids and perhaps its serial number."""

    node: str | None = None
    vendor_id: int | None = None
    product_id: int | None = None
    serial: str | None = None

    def is_at(self, found: InputNode) -> bool:
        """Whether this is a keyboard's address."""
        if self.node is not None:
            return found.node == str(Path(self.node).resolve())
        return (
            found.is_keyboard
            and (self.vendor_id, self.product_id) == (found.vendor_id, found.product_id)
            and self.serial in (None, found.serial)
        )


def parse_address(text: str, serial: str | None = None) -> EvdevAddress:
    """The address of an `evdev:` path. ValueError for neither two ids of four hexadecimal digits nor a path."""
    match = _IDS.fullmatch(text)
    if match is not None:
        return EvdevAddress(None, int(match[1], 16), int(match[2], 16), serial)
    if not text.startswith("/"):
        raise ValueError("neither ids nor a path")
    return EvdevAddress(node=text, serial=serial)


class EvdevGun(ThreadedDevice):
    """Device `evdev:`. Nothing it types reaches a window, an input method or a shortcut; layouts do not matter."""

    transport: ClassVar[str] = "evdev"

    def __init__(
        self,
        path: str,
        address: EvdevAddress,
        *,
        parser: Callable[[], KeyPressParser] = KeyPressParser,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        nodes: InputNodes | None = None,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._address = address
        self._new_parser = parser
        self._read_timeout_seconds = read_timeout_seconds
        self._nodes = nodes or EvdevNodes()
        self._found: InputNode | None = None
        self._handle: InputHandle | None = None
        self._parser = parser()

    def _open(self) -> None:
        found = self._find()
        try:
            self._handle = self._nodes.open(found.node)
        except OSError as error:
            raise explain(found, error) from error
        self._found = found
        self._parser = self._new_parser()

    def _find(self) -> InputNode:
        there = [found for found in self._nodes.nodes() if self._address.is_at(found)]
        known = self._found
        there.sort(key=lambda found: known is None or found.serial != known.serial)
        if not there:
            raise DeviceAbsent(self.path)
        if not there[0].is_keyboard:
            raise DeviceUnusable(
                f"{there[0].name} has no keys that a gun presses",
                Remedy("Choose the node of its keyboard (…-event-kbd), or the gun's ids."),
            )
        return there[0]

    def _read(self) -> Reading:
        handle = self._handle
        if handle is None:
            raise DeviceLost(self.path)
        try:
            events = handle.read(self._read_timeout_seconds)
        except (OSError, ValueError) as error:
            raise DeviceLost(self.path) from error
        at = self._clock()
        scans: list[Scan] = []
        if not events:
            scans += self._parser.idle(at)
        for event in events:
            scans += self._take_event(event, at - max(0.0, events[-1].seconds - event.seconds))
        return Reading(scans, self._parser.take_misreads())

    def _take_event(self, event: InputEvent, at: float) -> list[Scan]:
        frame = event_frame(event.type, event.code, event.value)
        self._heard(frame, at)
        return self._parser.feed(frame, at)

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _identity(self) -> str | None:
        found = self._found
        return None if found is None else f"{found.ids}:{found.serial}"


def list_keyboards(nodes: InputNodes | None = None) -> list[InputNode]:
    """The keyboards that are attached now, guns and others: nothing but its maker tells one from the other."""
    return [found for found in (nodes or EvdevNodes()).nodes() if found.is_keyboard]


def explain(found: InputNode, error: OSError) -> DeviceUnavailable:
    """What an error of opening a node means, with its remedy."""
    if error.errno in _ABSENT:
        return DeviceAbsent(found.node)
    if error.errno == errno.EBUSY:
        return DeviceBusy(found.node, None)
    if error.errno in (errno.EACCES, errno.EPERM):
        return DevicePermission(
            f"This user may not open {found.node}",
            Remedy(
                "Install the rule that the till brings: sudo cp {rules} /etc/udev/rules.d/ && "
                "sudo udevadm control --reload && sudo udevadm trigger; for a gun of another maker add its ids "
                "({ids}) to it. Or add the user to the group input (sudo usermod -aG input $USER), which may then "
                "read every keyboard, and sign out and in again.",
                rules=RULES_FILE,
                ids=found.ids,
            ),
        )
    return DeviceUnusable(f"{found.node} cannot be used as a keyboard gun", Remedy("Choose another device."))


def _one_of(words: Mapping[str, object]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("none of the known words")
        return text

    return read


def _keys(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no key makes this")
    return text


def _silence(text: str) -> float:
    value = float(text)
    if not 0 < value <= 10:
        raise ValueError("no such silence")
    return value


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "serial": (str, "the serial number of the gun"),
    "layout": (_one_of(LAYOUTS), f"one of {', '.join(LAYOUTS)}"),
    "end": (_one_of(FRAME_MODES), f"one of {', '.join(FRAME_MODES)}"),
    "prefix": (_keys, "characters that keys make"),
    "suffix": (_keys, "characters that keys make"),
    "silence_seconds": (_silence, "a number of seconds above 0, 10 at most"),
}
"""The options of an `evdev:` path: the serial number and the parameters of `KeyPressParser`, and what each may be.

The readers raise ValueError.
"""
