"""The till's devices: what they read becomes Scanned, how they are becomes DeviceChanged, all through the inbox."""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from drivers import registry
from drivers.camera import Camera
from drivers.device import Device, Health, State, Statistics
from drivers.errors import DeviceError
from drivers.scan import Scan
from drivers.shared_repeats import SharedRepeats
from points_engine.contract import Secret
from pos_client.device_setup import lamp_of
from pos_client.ports import Inbox
from pos_client.till.events import (
    DeviceChanged,
    DeviceLamp,
    DeviceRemoved,
    Hindrance,
    NotScanned,
    Scanned,
)

logger = logging.getLogger(__name__)


class Hardware:
    """Opens the devices at `paths` and keeps them open; one that cannot be opened is a lamp, never an obstacle.

    What a path says of passwords is kept here: everybody else knows the device by its public path. Of two texts that
    are both a `is_payment_code`, in view of one camera, neither is taken.
    """

    def __init__(
        self,
        paths: Sequence[str],
        inbox: Inbox,
        *,
        open_device: Callable[..., Device] = registry.open_device,
        is_payment_code: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._inbox = inbox
        self._open_device = open_device
        self._is_payment_code = is_payment_code
        self._private: dict[str, str] = {}
        # Device threads, the windows' and whoever reconfigures meet here; held for a moment only.
        self._lock = threading.Lock()
        self._change = threading.Lock()
        self._devices: dict[str, Device] = {}
        self._broken: dict[str, DeviceError] = {}
        self._shown: dict[str, tuple[DeviceLamp, str | None]] = {}
        self._misreads: dict[str, int] = {}
        self._order: tuple[str, ...] = self._known_as(paths)
        self._listener: Callable[[Scan], None] | None = None
        self._is_started = self._is_stopped = False
        self._repeats = _ToldRepeats(SharedRepeats(), self._told_again)
        for path in self._order:
            self._make(path)

    @property
    def paths(self) -> tuple[str, ...]:
        """The public paths of the till's devices, in their order."""
        return self._order

    def private_path(self, path: str) -> str:
        """The path of one of the till's devices as it is written into the settings: with its passwords."""
        return self._private.get(path, path)

    def device(self, path: str) -> Device | None:
        """The device at this path, for whom it needs besides its reader: the window's key filter, the demo."""
        return self._devices.get(path)

    def devices(self) -> tuple[Device, ...]:
        """All that could be made of the paths, in their order."""
        with self._lock:
            return tuple(self._devices[path] for path in self._order if path in self._devices)

    def healths(self) -> tuple[Health, ...]:
        """How every device is, in their order; what could not even be made is lost, with its error."""
        with self._lock:
            known = [(path, self._devices.get(path), self._broken.get(path)) for path in self._order]
        return tuple(
            device.health() if device is not None else _broken_health(path, error)
            for path, device, error in known
        )

    def start(self) -> None:
        """Begin to read. Returns at once."""
        self._is_started = True
        for path in self._order:
            self._start(path)

    def reconfigure(self, paths: Sequence[str]) -> None:
        """Use these devices from now on, in this order. Waits until those left out are closed.

        A device whose path stays is not touched, so nothing it reads meanwhile is lost. Raises PathInvalid for a
        path that cannot be understood; then nothing has changed.
        """
        for path in paths:
            registry.parse_path(path)
        with self._change:
            if self._is_stopped:
                return
            before = {path: self.private_path(path) for path in self._order}
            wanted = self._known_as(paths)
            staying = [path for path in wanted if before.get(path) == self.private_path(path)]
            removed = [path for path in self._order if path not in staying]
            added = [path for path in wanted if path not in staying]
            with self._lock:
                self._order = wanted
                leaving = [self._devices.pop(path) for path in removed if path in self._devices]
                for path in removed:
                    self._broken.pop(path, None)
            for device in leaving:
                device.stop()
            self._take_lamps_down()
            for path in added:
                self._make(path)
            if self._is_started:
                for path in wanted:
                    begin = self._start if path in added else self._show_again
                    begin(path)

    def lend(self, path: str) -> None:
        """Close one of the till's devices, so that somebody else may open it, until `take_back`. Waits for it."""
        with self._change:
            with self._lock:
                device = self._devices.pop(path, None)
            if device is not None:
                device.stop()
            self._show(path, DeviceLamp.SEARCHING, None)

    def take_back(self, path: str) -> None:
        """Read a device again that was lent; nothing if it is not the till's any more, or was not lent."""
        with self._change:
            if self._is_stopped or path not in self._order or path in self._devices | self._broken:
                return
            self._make(path)
            if self._is_started:
                self._start(path)

    def stop(self) -> None:
        """Close all devices; nothing is read afterwards."""
        with self._change:
            self._is_stopped = True
            for device in self.devices():
                device.stop()

    def listen(self, on_scan: Callable[[Scan], None]) -> None:
        """Scans go here instead of into the inbox, on the devices' threads, until `stop_listening`."""
        with self._lock:
            self._listener = on_scan

    def stop_listening(self) -> None:
        """Scans go into the inbox again."""
        with self._lock:
            self._listener = None

    def _known_as(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The public paths, each once. The private ones are kept, also of devices that leave: they may come back."""
        public = []
        for path in paths:
            private = registry.private_path(path, self._private.values())
            public.append(registry.public_path(private))
            self._private[public[-1]] = private
        return tuple(dict.fromkeys(public))

    def _make(self, path: str) -> None:
        try:
            device = self._open_device(self.private_path(path), repeats=self._repeats)
            if isinstance(device, Camera):
                device.refuse_several(self._is_payment_code, self._told_of_two)
        except DeviceError as error:
            logger.warning("%s: %s", path, error)
            with self._lock:
                self._broken[path] = error
        else:
            with self._lock:
                self._devices[path] = device

    def _start(self, path: str) -> None:
        device = self._devices.get(path)
        if device is None:
            self._show(path, DeviceLamp.FAULT, self._broken[path].remedy)
        else:
            self._show(path, DeviceLamp.SEARCHING, None)
            device.start(self._scanned, partial(self._changed, path))

    def _scanned(self, scan: Scan) -> None:
        with self._lock:
            listener = self._listener
        if listener is None:
            self._inbox.put(Scanned(Secret(scan.text), scan.source))
        else:
            listener(scan)

    def _told_again(self, scan: Scan) -> None:
        """Who waits for a scan learns that this label counts as the one before."""
        self._tell(NotScanned(Hindrance.SAME_AGAIN, scan.source))

    def _tell(self, event: NotScanned) -> None:
        with self._lock:
            is_test = self._listener is not None
        if not is_test:
            self._inbox.put(event)

    def _told_of_two(self, path: str) -> None:
        """Who waits for a scan learns that two codes are in view."""
        self._tell(NotScanned(Hindrance.TWO_CODES, path))

    def _changed(self, path: str, health: Health) -> None:
        """Called on the device's own thread."""
        if health.state is State.CLOSED:
            return
        self._show(path, lamp_of(health), health.error_remedy)
        with self._lock:
            before, self._misreads[path] = self._misreads.get(path, 0), health.statistics.misreads
        if health.statistics.misreads > before:
            self._tell(NotScanned(Hindrance.UNREADABLE, path))

    def _show(self, path: str, lamp: DeviceLamp, remedy: str | None) -> None:
        with self._lock:
            self._show_locked(path, lamp, remedy)

    def _show_locked(self, path: str, lamp: DeviceLamp, remedy: str | None) -> None:
        if path in self._order and self._shown.get(path) != (lamp, remedy):
            self._shown[path] = (lamp, remedy)
            self._inbox.put(DeviceChanged(path, lamp, remedy))

    def _take_lamps_down(self) -> None:
        with self._lock:
            for path in self._shown:
                self._inbox.put(DeviceRemoved(path))
            self._shown.clear()

    def _show_again(self, path: str) -> None:
        """Put the lamp of a device that stays where the new order wants it."""
        with self._lock:  # what the device tells from now on comes after this
            device, error = self._devices.get(path), self._broken.get(path)
            health = device.health() if device is not None else _broken_health(path, error)
            self._show_locked(path, lamp_of(health), health.error_remedy)


class _ToldRepeats:
    """Tells of every scan that is held to be a repeat."""

    def __init__(self, repeats: SharedRepeats, on_repeat: Callable[[Scan], None]) -> None:
        self._repeats = repeats
        self._on_repeat = on_repeat

    def set_window(self, source: str, seconds: float) -> None:
        """Of one gun's path."""
        self._repeats.set_window(source, seconds)

    def is_repeat(self, scan: Scan) -> bool:
        """As the shared window says."""
        is_repeat = self._repeats.is_repeat(scan)
        if is_repeat:
            self._on_repeat(scan)
        return is_repeat


def _broken_health(path: str, error: DeviceError | None) -> Health:
    kind, remedy = (None, None) if error is None else (error.kind, error.remedy)
    return Health(path, State.LOST, kind, remedy, Statistics())
