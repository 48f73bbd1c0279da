"""What the device set-up window is about: the till's devices, what is attached besides, and the port to change them."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.device import Health, State
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceLost
from drivers.libraries import MissingLibrary
from drivers.registry import Found
from drivers.scan import Scan
from pos_client.till.events import DeviceLamp

PASSING = {DeviceAbsent.kind, DeviceBusy.kind, DeviceLost.kind}
"""What mends itself once a cable or another program is dealt with: the till is searching. The rest is a fault."""

HIDDEN_KINDS = {"sim"}
"""Kinds that are always there and no shop needs: listed only where they are in use."""


_NAMED_BY_US = {"wedge", "sim"}
"""Kinds that are no devices of the system's: their titles are English words of ours, the window has its own."""


class NotSaved(Exception):
    """The devices are in use and could not be written down. The text is a sentence for whoever set them up."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What this machine has: devices that could be opened, and libraries it lacks."""

    found: tuple[Found, ...] = ()
    missing: tuple[MissingLibrary, ...] = ()


class DeviceSetup(ABC):
    """What the set-up window needs of the till. `look` and `use` may take seconds: not for the windows' thread."""

    @abstractmethod
    def healths(self) -> Sequence[Health]:
        """How the till's devices are, in their order; at once."""

    @abstractmethod
    def look(self) -> Attached:
        """What could be opened now, and what is missing for more."""

    @abstractmethod
    def use(self, paths: Sequence[str]) -> None:
        """Use these devices from now on, in this order, and write them down.

        Devices whose path is among the old ones are left alone. Raises PathInvalid when nothing was changed, and
        NotSaved when they are in use and are forgotten when the till ends.
        """

    @abstractmethod
    def listen(self, on_scan: Callable[[Scan], None]) -> None:
        """Scans go here instead of to the sale, on the devices' threads, until `stop_listening`."""

    @abstractmethod
    def stop_listening(self) -> None:
        """Scans go to the sale again."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device of the window: its `health` when it is one of the till's, None when it is only attached.

    `title` is the system's name for it, empty when the system does not list it now.
    """

    path: str
    title: str
    health: Health | None = None

    @property
    def lamp(self) -> DeviceLamp | None:
        """How it looks from the desk; None while it is not used."""
        return None if self.health is None else lamp_of(self.health)


def lamp_of(health: Health) -> DeviceLamp:
    """What a device's health looks like from the desk."""
    if health.state is State.ENABLED:
        return DeviceLamp.READY
    if health.error_kind is None or health.error_kind in PASSING:
        return DeviceLamp.SEARCHING
    return DeviceLamp.FAULT


def device_rows(healths: Sequence[Health], found: Sequence[Found]) -> tuple[DeviceRow, ...]:
    """The till's devices in their order, then what is attached and could be added."""
    places = {_place(each.path): each for each in found}
    used = [DeviceRow(health.path, _title(health.path, places), health) for health in healths]
    taken = {_place(health.path) for health in healths}
    kinds_taken_whole = {kind for kind, address in taken if not address}
    free = [
        DeviceRow(each.path, _title(each.path, places))
        for place, each in places.items()
        if place not in taken and place[0] not in kinds_taken_whole | HIDDEN_KINDS
    ]
    return (*used, *free)


def moved(paths: Sequence[str], path: str, by: int) -> tuple[str, ...]:
    """The paths with one of them `by` places further down (up: negative), as far as there are places."""
    order = list(paths)
    place = order.index(path)
    order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
    return tuple(order)


def _title(path: str, places: dict[tuple[str, str], Found]) -> str:
    found = places.get(_place(path))
    return "" if found is None or path.partition(":")[0] in _NAMED_BY_US else found.title


def _place(path: str) -> tuple[str, str]:
    """What two paths of one device have in common: the kind, and the address without options and links."""
    kind, _, rest = path.partition(":")
    address = rest.partition("?")[0]
    if kind == "camera" and address.isdigit() and sys.platform.startswith("linux"):
        address = f"/dev/video{address}"
    return kind, os.path.realpath(address) if address.startswith("/") else address.lower()
