"""The device set-up: what is attached and what is used, how each device is, and ways to try it out and set it."""

import enum
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, QItemSelection, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from drivers.errors import DeviceError
from drivers.registry import public_path
from pos_client.calibrating import Calibrator
from pos_client.camera_view import Cameras, Region
from pos_client.device_setup import Attached, DeviceRow, DeviceSetup, NotSaved, device_rows, moved
from pos_client.ports import Clock
from pos_client.screens.background import Background
from pos_client.screens.calibration_page import CalibrationPage
from pos_client.screens.camera_page import CameraPage
from pos_client.screens.device_details import DeviceDetails
from pos_client.screens.device_model import DeviceModel
from pos_client.screens.device_table import DeviceTable
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.lamps import device_kind
from pos_client.screens.scan_trial import ScanTrial
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.typed_field import TypedField
from pos_client.screens.wording import Language, Wording

_REFRESH_MS = 500
_LOOK_MS = 3000
"""hidapi tells of no plugging in: what is attached is listed anew this often while somebody looks."""
_PAGE_PIXELS = 268


class Page(enum.StrEnum):
    """What the lower half shows; the buttons' words are "page.<page>"."""

    DETAILS = "details"
    TRIAL = "trial"
    CALIBRATION = "calibration"
    CAMERA = "camera"


class DeviceCommand(enum.StrEnum):
    """What can be done with the selected device; the buttons' words are "devices.<command>"."""

    ADD = "add"
    REMOVE = "remove"
    UP = "up"
    LOWER = "lower"


_COMMAND_ICONS = {
    DeviceCommand.ADD: Icon.ADD,
    DeviceCommand.REMOVE: Icon.REMOVE,
    DeviceCommand.UP: Icon.UP,
    DeviceCommand.LOWER: Icon.LOWER,
}


class DeviceSetupWindow(QWidget):
    """Shows and changes the till's devices through a DeviceSetup, whatever may wait off the windows' thread.

    `on_used` is called in the windows' thread when other devices are in use. The pages for calibration and camera are
    there with who does it. Call `close_workers` when the till ends.
    """

    def __init__(
        self,
        devices: DeviceSetup,
        wording: Wording,
        *,
        clock: Clock,
        zone: ZoneInfo,
        on_used: Callable[[], None],
        calibrator: Calibrator | None = None,
        cameras: Cameras | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._devices = devices
        self._wording = wording
        self._on_used = on_used
        self._looker = Background("device-look", self)
        self._changer = Background("device-use", self)
        self._attached = Attached()
        self._is_looking = self._is_changing = False
        self._turn_to: str | None = None
        self._status: tuple[str, Mapping[str, str | int]] | None = None
        self.setObjectName("deviceSetupWindow")
        self.setMinimumSize(1000, 680)
        self.resize(1366, 768)
        self.model = DeviceModel(wording, clock.monotonic)
        self.table = DeviceTable(self.model)
        self.details = DeviceDetails(wording, self.model)
        self.trial = ScanTrial(devices, wording, clock=clock, zone=zone, name_of=self._name_of)
        self.pages: dict[Page, QWidget] = {Page.DETAILS: self.details, Page.TRIAL: self.trial}
        self.calibration: CalibrationPage | None = None
        if calibrator is not None:
            self.calibration = self.pages[Page.CALIBRATION] = CalibrationPage(
                calibrator, wording, clock=clock, worker=self._changer, on_learnt=self._exchange
            )
        self.camera: CameraPage | None = None
        if cameras is not None:
            self._cameras = cameras
            self.camera = self.pages[Page.CAMERA] = CameraPage(cameras, wording, on_region=self._look_at)
        self.stack = QStackedWidget()
        self._make_controls()
        self._lay_out()
        self._refresh = QTimer(self, interval=_REFRESH_MS)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._connect()
        self._retranslate()
        self.show_page(Page.DETAILS)

    # --- how it is made ---------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.title = FittingLabel(26, 18, bold=True)
        self.status = FittingLabel(16, 12)
        tinted(self.status, PALETTE.ink_soft)
        self.close_button = TillButton(ButtonRole.QUIET, largest=17, smallest=14, least_height=48)
        self.close_button.set_hint("Esc")
        self.path = TypedField()
        self.path.setMinimumHeight(48)
        self.commands = {command: self._button(icon) for command, icon in _COMMAND_ICONS.items()}
        self.page_buttons = {page: self._button(None) for page in self.pages}
        for page, button in self.page_buttons.items():
            button.clicked.connect(lambda _checked=False, it=page: self.show_page(it))
        for command, button in self.commands.items():
            button.clicked.connect(lambda _checked=False, it=command: self._do(it))

    def _button(self, icon: Icon | None) -> TillButton:
        button = TillButton(ButtonRole.PLAIN, largest=18, smallest=14, least_height=48)
        if icon is not None:
            button.set_icon(TintedIcon(icon, PALETTE.ink))
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.title, 2)
        head.addWidget(self.status, 5)
        head.addWidget(self.close_button)
        actions = QHBoxLayout()
        actions.setSpacing(10)
        actions.addWidget(self.path, 4)
        for button in self.commands.values():
            actions.addWidget(button, 1)
        tabs = QHBoxLayout()
        tabs.setSpacing(10)
        for page, button in self.page_buttons.items():
            tabs.addWidget(button, 1)
            self.stack.addWidget(self.pages[page])
        tabs.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addLayout(actions)
        column.addLayout(tabs)
        column.addWidget(self.stack)
        self.stack.setFixedHeight(_PAGE_PIXELS)

    def _connect(self) -> None:
        self._refresh.timeout.connect(self.refresh)
        self._look.timeout.connect(self.look_again)
        self.close_button.clicked.connect(self.hide)
        self.path.textChanged.connect(lambda _text: self._enable())
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self._wording.changed.connect(self._retranslate)

    # --- what is shown ----------------------------------------------------------------------------------------

    @property
    def page(self) -> Page:
        """The page in the lower half."""
        return next(page for page, widget in self.pages.items() if widget is self.stack.currentWidget())

    def show_page(self, page: Page) -> None:
        """Turn to a page."""
        self.stack.setCurrentWidget(self.pages[page])
        for each, button in self.page_buttons.items():
            button.set_role(ButtonRole.PRIMARY if each is page else ButtonRole.PLAIN)

    @property
    def selected(self) -> DeviceRow | None:
        """The device the page and the buttons are about."""
        indexes = self.table.selectionModel().selectedRows()
        return self.model.rows[indexes[0].row()] if indexes else None

    def select(self, path: str) -> None:
        """Turn to this device, if it is listed."""
        place = self.model.row_of(path)
        if place is not None:
            self.table.selectRow(place)

    @Slot()
    def refresh(self) -> None:
        """Show how the devices are now."""
        before = self.selected
        self.model.show_rows(device_rows(self._devices.healths(), self._attached.found))
        if self.selected is None and self.model.rows:
            self.select(self.model.rows[0].path if before is None else before.path)
            if self.selected is None:
                self.table.selectRow(0)
        self._show_selected()
        self._enable()

    @Slot()
    def look_again(self) -> None:
        """List what is attached anew; the table follows when it is known."""
        if not self._is_looking:
            self._is_looking = True
            self._looker.run(self._devices.look, self._looked, self._look_failed)

    def _looked(self, attached: Attached) -> None:
        self._is_looking = False
        self._attached = attached
        self.details.show_missing(attached.missing)
        self.refresh()

    def _look_failed(self, error: Exception) -> None:
        self._is_looking = False
        self._say("devices.look_failed", reason=type(error).__name__)

    # --- what is changed --------------------------------------------------------------------------------------

    def use(self, paths: tuple[str, ...]) -> None:
        """Let the till use these devices, in this order; what came of it is said above the table."""
        if self._is_changing:
            return
        self._is_changing = True
        self._enable()
        self._say("devices.changing")
        self._changer.run(lambda: self._devices.use(paths), lambda _none: self._used(), self._use_failed)

    def _used(self) -> None:
        self._end_change()
        self._say("devices.saved")

    def _use_failed(self, error: Exception) -> None:
        self._end_change()
        if isinstance(error, NotSaved):
            self._say("devices.not_saved", reason=str(error))
        else:
            self._say("devices.refused", reason=self._reason(error))

    def _reason(self, error: Exception) -> str:
        """An error as a sentence: all of it in English, what to do in other languages."""
        is_english = self._wording.language is Language.EN
        return (
            self._wording.remedy(error.remedy)
            if isinstance(error, DeviceError) and not is_english
            else str(error)
        )

    def _end_change(self) -> None:
        self._is_changing = False
        self._on_used()
        self.refresh()
        turn_to, self._turn_to = self._turn_to, None
        if turn_to is not None:
            self.select(turn_to)

    def _exchange(self, old: str, new: str) -> None:
        """Use a device under another path, in its old place; it stays the selected one."""
        self._turn_to = new
        self.use(tuple(new if path == old else path for path in self._used_paths()))

    def _look_at(self, path: str, region: Region) -> None:
        self._exchange(path, self._cameras.with_region(path, region))

    def _do(self, command: DeviceCommand) -> None:
        used = self._used_paths()
        path = self.path.text().strip()
        if command is DeviceCommand.ADD:
            self._turn_to = public_path(path)
            self.use((*used, path))
        elif path in used:
            changes = {
                DeviceCommand.REMOVE: lambda: tuple(each for each in used if each != path),
                DeviceCommand.UP: lambda: moved(used, path, -1),
                DeviceCommand.LOWER: lambda: moved(used, path, 1),
            }
            self.use(changes[command]())

    def _used_paths(self) -> tuple[str, ...]:
        return tuple(row.path for row in self.model.rows if row.health is not None)

    def _enable(self) -> None:
        """Offer what can be done with the path in the field."""
        used, path = self._used_paths(), self.path.text().strip()
        can = {
            DeviceCommand.ADD: bool(path) and path not in used,
            DeviceCommand.REMOVE: path in used,
            DeviceCommand.UP: path in used[1:],
            DeviceCommand.LOWER: path in used[:-1],
        }
        for command, button in self.commands.items():
            button.setEnabled(can[command] and not self._is_changing)

    @Slot(QItemSelection, QItemSelection)
    def _selected(self, _now: QItemSelection, _before: QItemSelection) -> None:
        row = self.selected
        if row is not None:
            self.path.setText(row.path)
            self.path.setCursorPosition(0)
            self._show_selected()

    def _show_selected(self) -> None:
        """Turn every page to the selected device."""
        row = self.selected
        self.details.show_row(row)
        path = None if row is None or row.health is None else row.path
        if self.calibration is not None:
            self.calibration.show_device(path)
        if self.camera is not None:
            self.camera.show_camera(path if path is not None and device_kind(path) == "camera" else None)

    # --- the window itself ------------------------------------------------------------------------------------

    def close_workers(self) -> None:
        """Stop looking and changing for good."""
        self._refresh.stop()
        self._look.stop()
        self._looker.close()
        self._changer.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the devices from now on."""
        super().showEvent(event)
        self.refresh()
        self.look_again()
        self._refresh.start()
        self._look.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        self._refresh.stop()
        self._look.stop()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Scans are tried out only while this window is the active one."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            self.trial.follow_window(is_active=self.isActiveWindow())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and F11 put the window away, F5 looks again."""
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_F11}:
            event.accept()
            self.hide()
        elif event.key() == Qt.Key.Key_F5:
            event.accept()
            self.look_again()
        else:
            super().keyPressEvent(event)

    def _name_of(self, path: str) -> str:
        place = self.model.row_of(path)
        return path if place is None else f"{self.model.name(self.model.rows[place])} · {path}"

    def _say(self, key: str, **params: str | int) -> None:
        self._status = (key, params)
        self.status.setText(self._wording.say(key, **params))

    @Slot()
    def _retranslate(self) -> None:
        say = self._wording.say
        self.setWindowTitle(say("devices.title"))
        self.title.setText(say("devices.title"))
        self.close_button.setText(say("devices.close"))
        self.path.setPlaceholderText(say("devices.path"))
        self.path.setAccessibleName(say("devices.path"))
        for command, button in self.commands.items():
            button.setText(say(f"devices.{command.value}"))
        for page, button in self.page_buttons.items():
            button.setText(say(f"page.{page.value}"))
        if self._status is not None:
            self.status.setText(say(self._status[0], **self._status[1]))
