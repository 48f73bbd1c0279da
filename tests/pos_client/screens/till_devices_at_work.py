"""The device set-up as a till opens it: real devices on pseudo-terminals, a real settings file, a real window."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pytestqt.qtbot import QtBot

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
    """A till's devices at `paths` with the set-up window over them."""

    def __init__(self, folder: Path, paths: list[str], attached: Attached, wording: Wording) -> None:
        self.inbox = QueueInbox()
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
            calibrator=GunCalibrator(self.hardware),
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
        """The texts of what has reached the sale."""
        texts = []
        while (event := self.inbox.get(0.0)) is not None:
            if isinstance(event, Scanned):
                texts.append(event.text.reveal())
        return texts

    def close(self) -> None:
        """End."""
        self.window.close_workers()
        self.hardware.stop()
