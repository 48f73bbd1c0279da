"""The device set-up as a till opens it: real devices on pseudo-terminals, a real settings file, a real window."""

from collections.abc import Callable
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pytestqt.qtbot import QtBot

from drivers.calibration_run import CalibrationRun
from pos_client.device_setup import Attached
from pos_client.gun_calibrator import GunCalibrator
from pos_client.hardware import Hardware
from pos_client.inbox import QueueInbox
from pos_client.screens.device_setup_window import DeviceSetupWindow
from pos_client.screens.wording import Wording
from pos_client.till.events import Scanned
from pos_client.till_devices import TillDevices
from tests.fakes.clock import HandClock

LEAST = 'till_id = "T1"\nshop_name = "Shop"\ncashier = "Lin"\n'


class ListedDevices(TillDevices):
    """The till's devices on a machine whose list of attached devices is given."""

    def __init__(self, hardware: Hardware, settings_file: Path | None, attached: Attached) -> None:
        super().__init__(hardware, settings_file)
        self.attached = attached
        self.looks = 0

    def look(self) -> Attached:
        self.looks += 1
        return self.attached


class Till:
    """A till's devices at `paths` with the set-up window over them. `make_run` makes what calibrates a gun."""

    def __init__(
        self,
        folder: Path,
        paths: list[str],
        attached: Attached,
        wording: Wording,
        *,
        make_run: Callable[..., CalibrationRun] = CalibrationRun,
    ) -> None:
        self.inbox = QueueInbox()
        self._sold: list[str] = []
        self.file = folder / "till.toml"
        self.file.write_text(LEAST, encoding="utf-8")
        self.hardware = Hardware(paths, self.inbox)
        self.devices = ListedDevices(self.hardware, self.file, attached)
        self.used = 0
        self.window = DeviceSetupWindow(
            self.devices,
            wording,
            clock=HandClock(),
            zone=ZoneInfo("Asia/Shanghai"),
            on_used=self._note,
            calibrator=GunCalibrator(self.hardware, make_run=make_run),
        )
        self.hardware.start()

    def _note(self) -> None:
        self.used += 1

    def open(self, qtbot: QtBot) -> DeviceSetupWindow:
        """Show the window and wait until it is the active one and has looked once."""
        qtbot.addWidget(self.window, before_close_func=lambda _window: self.window.close_workers())
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(lambda: self.window.isActiveWindow() and self.is_listed())
        return self.window

    def is_listed(self) -> bool:
        """Whether what is attached is in the table."""
        listed = {row.path for row in self.window.model.rows}
        return self.devices.looks > 0 and listed >= {found.path for found in self.devices.attached.found}

    def sold(self) -> list[str]:
        """The texts of what has reached the sale by now: a gun counts a scan a moment before it hands it over."""
        while (event := self.inbox.get(0.0)) is not None:
            if isinstance(event, Scanned):
                self._sold.append(event.text.reveal())
        return list(self._sold)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.window.close_workers()
        self.hardware.stop()
