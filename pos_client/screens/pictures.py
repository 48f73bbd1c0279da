"""Photographs of every window in every language, for the handbook and for whoever wants to look.

Nothing here waits: a timer takes the next picture when the window is ready for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, QSize, QTimer, Slot
from PySide6.QtWidgets import QWidget

from points_engine.contract import CodeIssued, Refused, Secret
from pos_client.ports import Clock, Inbox, ShiftLog
from pos_client.screens.cashier_window import CashierWindow
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.device_samples import (
    NOT_PERMITTED,
    SAMPLE_HEALTHS,
    SAMPLE_SCAN,
    ZEBRA,
    ZEBRA_LOST,
    SampleCalibrator,
    SampleCameras,
    SampleClock,
    SampleDevices,
)
from pos_client.screens.device_setup_window import DeviceSetupWindow, Page
from pos_client.screens.phone_window import PhoneWindow
from pos_client.screens.samples import SAMPLE_MEMBERS, SHOP_NAME, Sample, sample_views
from pos_client.screens.shift_log_window import ShiftLogWindow
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import Language, Wording

_TICK_MS = 20
_SETTLING_TICKS = 3
"""Layouts take their new size, and the window system shows it, within these ticks."""

CASHIER_SIZE = QSize(1366, 768)
HANDBOOK = (
    "typing",
    "ready",
    "pin",
    "pin-wrong",
    "paid",
    "collect-rest",
    "refused-balance-too-low",
    "unknown",
)
"""The samples that tell the whole story."""

_SAMPLE_CODE = "290000000000000003"
"""Looks like a payment code and is none: nobody was ever given it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A name for the file, how to bring the window into the state, and whether it shows it yet."""

    name: str
    pose: Callable[[], QWidget]
    is_ready: Callable[[], bool] = lambda: True


class Gallery:
    """The windows, made once, and the pictures that can be taken of them."""

    def __init__(
        self, inbox: Inbox, wording: Wording, *, clock: Clock, zone: ZoneInfo, log: ShiftLog, folder: Path
    ) -> None:
        place = Place(shop_name=SHOP_NAME, till_id="demo-till-1", cashier="小林", zone=zone)
        self._wording = wording
        self._clock = clock
        self.shift_log = ShiftLogWindow(log, wording, clock=clock, zone=zone, export_folder=folder)
        self.devices = SampleDevices()
        self.calibrator = SampleCalibrator()
        self.cameras = SampleCameras()
        self.device_setup = DeviceSetupWindow(
            self.devices,
            wording,
            clock=SampleClock(),
            zone=zone,
            on_used=lambda: None,
            calibrator=self.calibrator,
            cameras=self.cameras,
        )
        self.cashier = CashierWindow(
            inbox,
            wording,
            clock=clock,
            place=place,
            open_shift_log=self.shift_log.show,
            open_device_setup=self.device_setup.show,
        )
        self.cashier.resize(CASHIER_SIZE)
        self.customer = CustomerWindow(inbox, wording, clock=clock, on_key=lambda: None)
        self.phone = PhoneWindow(
            SAMPLE_MEMBERS, wording, clock=clock, issue=self._issue, hold_under_gun=lambda _code: None
        )

    def pictures(self, names: Sequence[str] = HANDBOOK) -> tuple[Picture, ...]:
        """The samples with these names on both screens, and every other window, in every language."""
        samples = {sample.name: sample for sample in sample_views(self._clock.now())}
        pictures: list[Picture] = []
        for language in Language:
            for name in names:
                pictures += self._of_sample(samples[name], language)
            pictures.append(
                Picture(
                    name=f"shift-log-{language.value}",
                    pose=partial(self._posed, self.shift_log, language),
                    is_ready=lambda: self.shift_log.model.rowCount() > 0,
                )
            )
            pictures.append(
                Picture(
                    name=f"phone-{language.value}",
                    pose=partial(self._posed, self.phone, language),
                    is_ready=lambda: self.phone.code is not None,
                )
            )
            pictures += self._of_devices(language)
        return tuple(pictures)

    def stop_workers(self) -> None:
        """Let no thread outlive its window."""
        self.shift_log.close_reader()
        self.device_setup.close_workers()

    def close(self) -> None:
        """Close all windows."""
        self.stop_workers()
        for window in (self.cashier, self.customer, self.shift_log, self.device_setup, self.phone):
            window.close()

    def _of_sample(self, sample: Sample, language: Language) -> list[Picture]:
        def pose(window: CashierWindow | CustomerWindow) -> QWidget:
            window.show_view(sample.view)
            return self._posed(window, language)

        return [
            Picture(name=f"cashier-{sample.name}-{language.value}", pose=lambda: pose(self.cashier)),
            Picture(name=f"customer-{sample.name}-{language.value}", pose=lambda: pose(self.customer)),
        ]

    def _of_devices(self, language: Language) -> list[Picture]:
        def pose(page: Page, path: str) -> QWidget:
            window = self._posed(self.device_setup, language)
            self.device_setup.select(path)
            self.device_setup.show_page(page)
            return window

        def pose_trial() -> QWidget:
            window = pose(Page.TRIAL, ZEBRA)
            window.activateWindow()
            return window

        def pose_calibration() -> QWidget:
            window = pose(Page.CALIBRATION, ZEBRA_LOST)
            page = self.device_setup.calibration
            if page is not None and not page.is_running:
                page.button.click()
            return window

        return [
            Picture(
                name=f"devices-{language.value}",
                pose=partial(pose, Page.DETAILS, NOT_PERMITTED),
                is_ready=lambda: self.device_setup.model.rowCount() > len(SAMPLE_HEALTHS),
            ),
            Picture(
                name=f"devices-trial-{language.value}",
                pose=pose_trial,
                is_ready=lambda: self.devices.scan(SAMPLE_SCAN) and self.device_setup.trial.facts is not None,
            ),
            Picture(
                name=f"devices-calibration-{language.value}",
                pose=pose_calibration,
                is_ready=lambda: self.calibrator.path is not None,
            ),
        ]

    def _posed(self, window: QWidget, language: Language) -> QWidget:
        self._wording.set_language(language)
        window.show()
        return window

    def _issue(
        self, _member_no: str, on_code: Callable[[CodeIssued], None], _on_refused: Callable[[Refused], None]
    ) -> None:
        now = self._clock.now()
        on_code(CodeIssued(code=Secret(_SAMPLE_CODE), issued_at=now, expires_at=now + timedelta(seconds=60)))


class Photographer(QObject):
    """Takes pictures one after the other while the event loop runs; `on_done(files)` after the last.

    A picture that cannot be written raises OSError out of the event loop's slot.
    """

    def __init__(
        self, pictures: Sequence[Picture], folder: Path, on_done: Callable[[tuple[Path, ...]], None]
    ) -> None:
        super().__init__()
        self._waiting = list(pictures)
        self._folder = folder
        self._on_done = on_done
        self._files: list[Path] = []
        self._window: QWidget | None = None
        self._ticks = 0
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        if not self._waiting:
            self._timer.stop()
            self._on_done(tuple(self._files))
            return
        picture = self._waiting[0]
        if self._window is None:
            self._window = picture.pose()
            self._ticks = 0
        self._ticks += 1
        if self._ticks > _SETTLING_TICKS and picture.is_ready():
            self._take(picture, self._window)
            self._window = None
            del self._waiting[0]

    def _take(self, picture: Picture, window: QWidget) -> None:
        file = self._folder / f"{picture.name}.png"
        if not window.grab().save(str(file)):
            raise OSError(f"{file} could not be written")
        self._files.append(file)
