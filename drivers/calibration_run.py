"""One calibration at work: a gun is listened to on its own thread, and what it says is judged on another.

The gun must be open nowhere else; a keyboard gun in the windows is lent by whoever feeds it (`WedgeGun.lend`).
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from drivers import registry
from drivers.calibration import LEARNABLE, Calibration, Stage
from drivers.device import Clock, Device, Health, ThreadedDevice
from drivers.keystrokes import Key
from drivers.registry import DevicePath
from drivers.scan import Scan
from drivers.serial_listener import SerialListener
from drivers.serial_port import LineSettings
from drivers.wedge import WedgeGun

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.05
"""How often silence is noticed."""

JOIN_SECONDS = 2.0

_DEFAULT_BAUD = 9600

OnProgress = Callable[[Stage, str | None], None]
"""Hears a stage, and with LEARNT the path that reads the gun as it is set."""


class CalibrationRun:
    """Learns the gun at `path` from `start` to `stop`. `on_progress` is called on the run's thread.

    `lent` is the open gun of a `wedge:` path, which is fed by its window and cannot be opened twice.
    ValueError for a path of whose gun there is nothing to learn; PathInvalid as `registry.parse_path`.
    """

    def __init__(
        self,
        path: str,
        on_progress: OnProgress,
        *,
        lent: WedgeGun | None = None,
        open_device: Callable[[DevicePath], ThreadedDevice] | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._path = registry.parse_path(path)
        self._calibration = Calibration(self._path.kind)
        self._on_progress = on_progress
        self._lent = lent
        self._clock = clock
        self._device: ThreadedDevice | None = None
        if lent is None:
            self._device = (open_device or open_listener)(self._path)
        self._heard: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._told: Stage | None = None
        self._judged = 0
        self._thread = threading.Thread(target=self._run, name=f"calibration {path}", daemon=True)

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._thread.start()
        if self._lent is not None:
            self._lent.lend(self._hear_key)
        if self._device is not None:
            self._device.tap(self._hear)
            self._device.start(_drop_scan, _drop_health)

    def stop(self) -> None:
        """Let the gun go. Nothing is told afterwards, unless this was called from `on_progress`. Safe to call again."""
        if self._lent is not None:
            self._lent.lend(None)
        if self._device is not None:
            self._device.stop()
        self._heard.put(None)
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(JOIN_SECONDS)

    def _hear(self, frame: bytes, at: float) -> None:
        self._heard.put(lambda: self._calibration.hear(frame, at))

    def _hear_key(self, key: Key, at: float, is_press: bool) -> None:
        self._heard.put(lambda: self._calibration.hear_key(key, at, is_press=is_press))

    def _run(self) -> None:
        while True:
            try:
                hear = self._heard.get(timeout=TICK_SECONDS)
            except queue.Empty:
                self._calibration.idle(self._clock())
            else:
                if hear is None:
                    return
                hear()
            self._tell()

    def _tell(self) -> None:
        """Say how far it is, once for each label or what was none."""
        stage, judged = self._calibration.stage, self._calibration.judged
        if judged == self._judged or self._told is Stage.LEARNT:
            return
        self._judged, self._told = judged, stage
        try:
            self._on_progress(stage, str(self._learnt_path()) if stage is Stage.LEARNT else None)
        except Exception as error:  # noqa: BLE001  # a receiver's fault must not end the listening
            _log.error("%s: the receiver failed: %s", self._path, type(error).__name__)

    def _learnt_path(self) -> DevicePath:
        options = self._calibration.options(self._path.options)
        device = self._device
        if isinstance(device, SerialListener):
            options.pop("baud", None)
            if device.rate != _DEFAULT_BAUD:
                options["baud"] = str(device.rate)
        return DevicePath(self._path.kind, self._path.address, options)


def can_calibrate(path: str) -> bool:
    """Whether there is anything to learn of the gun at a path."""
    return path.partition(":")[0] in LEARNABLE


def open_listener(path: DevicePath) -> ThreadedDevice:
    """Make what listens to the gun at a path. ValueError where nothing can be heard but by its window."""
    options = registry.read_options(path)
    if path.kind == "serial":
        line = LineSettings(
            path.address,
            options.get("baud") or _DEFAULT_BAUD,
            options.get("bytesize", 8),
            options.get("parity", "N"),
            options.get("stopbits", 1),
        )
        return SerialListener(str(path), line)
    device: Device = registry.open_device(path)
    if not isinstance(device, ThreadedDevice):
        raise ValueError("this gun is heard through its window alone")
    return device


def _drop_scan(_: Scan) -> None:
    """What a gun is being calibrated with is sold to nobody."""


def _drop_health(_: Health) -> None:
    """How it is shows in what is heard."""
