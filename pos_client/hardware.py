"""The till's devices: what they read becomes Scanned, how they are becomes DeviceChanged, all through the inbox."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from drivers import registry
from drivers.device import Device, Health, State
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceError, DeviceLost
from drivers.scan import Scan
from points_engine.contract import Secret
from pos_client.ports import Inbox
from pos_client.till.events import DeviceChanged, DeviceLamp, Scanned

logger = logging.getLogger(__name__)

PASSING = {DeviceAbsent.kind, DeviceBusy.kind, DeviceLost.kind}
"""What mends itself once a cable or another program is dealt with: the till is searching. The rest is a fault."""


class Hardware:
    """Opens the devices at `paths` and keeps them open; one that cannot be opened is a lamp, never an obstacle."""

    def __init__(
        self, paths: Sequence[str], inbox: Inbox, *, open_device: Callable[..., Device] = registry.open_device
    ) -> None:
        self._inbox = inbox
        self._devices: dict[str, Device] = {}
        self._shown: dict[str, tuple[DeviceLamp, str | None]] = {}
        self._broken: list[DeviceChanged] = []
        # One label read by two guns is one scan.
        repeats = registry.SharedRepeats()
        for path in dict.fromkeys(paths):
            try:
                self._devices[path] = open_device(path, repeats=repeats)
            except DeviceError as error:
                logger.warning("%s: %s", path, error)
                self._broken.append(DeviceChanged(path, DeviceLamp.FAULT, error.remedy))

    def device(self, path: str) -> Device | None:
        """The device at this path, for whom it needs besides its reader: the window's key filter, the demo."""
        return self._devices.get(path)

    def start(self) -> None:
        """Begin to read. Returns at once."""
        for change in self._broken:
            self._inbox.put(change)
        for path, device in self._devices.items():
            self._show(path, DeviceLamp.SEARCHING, None)
            device.start(self._scanned, partial(self._changed, path))

    def stop(self) -> None:
        """Close all devices; nothing is read afterwards."""
        for device in self._devices.values():
            device.stop()

    def _scanned(self, scan: Scan) -> None:
        self._inbox.put(Scanned(Secret(scan.text), scan.source))

    def _changed(self, path: str, health: Health) -> None:
        """Called on the device's own thread."""
        if health.state is not State.CLOSED:
            self._show(path, lamp_of(health), health.error_remedy)

    def _show(self, path: str, lamp: DeviceLamp, remedy: str | None) -> None:
        if self._shown.get(path) != (lamp, remedy):
            self._shown[path] = (lamp, remedy)
            self._inbox.put(DeviceChanged(path, lamp, remedy))


def lamp_of(health: Health) -> DeviceLamp:
    """What a device's health looks like from the desk."""
    if health.state is State.ENABLED:
        return DeviceLamp.READY
    if health.error_kind is None or health.error_kind in PASSING:
        return DeviceLamp.SEARCHING
    return DeviceLamp.FAULT
