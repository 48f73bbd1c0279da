"""The till's devices as the set-up window changes them: in use at once, and written into the settings."""

from collections.abc import Callable, Sequence
from pathlib import Path

from drivers import registry
from drivers.device import Health
from drivers.libraries import missing_libraries
from drivers.scan import Scan
from pos_client.device_setup import Attached, DeviceSetup, NotSaved
from pos_client.hardware import Hardware
from pos_client.settings import KEYPAD_KIND, SettingsInvalid, save_devices


class TillDevices(DeviceSetup):
    """Changes `hardware`, and the settings at `settings_file` (None: a till whose devices are not kept)."""

    def __init__(self, hardware: Hardware, settings_file: Path | None) -> None:
        self._hardware = hardware
        self._settings_file = settings_file

    def healths(self) -> Sequence[Health]:
        return self._hardware.healths()

    def look(self) -> Attached:
        return Attached(tuple(registry.list_devices()), tuple(missing_libraries()))

    def use(self, paths: Sequence[str]) -> None:
        self._hardware.reconfigure(paths)
        if self._settings_file is None:
            return
        written = [self._hardware.private_path(path) for path in self._hardware.paths]
        keypads = [path for path in written if path.partition(":")[0] == KEYPAD_KIND]
        devices = [path for path in written if path not in keypads]
        try:
            save_devices(self._settings_file, devices, keypads)
        except SettingsInvalid as error:
            raise NotSaved(str(error)) from None

    def listen(self, on_scan: Callable[[Scan], None]) -> None:
        self._hardware.listen(on_scan)

    def stop_listening(self) -> None:
        self._hardware.stop_listening()
