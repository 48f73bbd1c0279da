"""The line above the work: who, where, the devices, what is set aside, and the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from pos_client.ports import Clock
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.lamps import LampBar, LampState
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording
from pos_client.till.view import CashierView

_LEAST_FOR_NAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and who: names as people read them, and the shop's time zone."""

    shop_name: str
    till_id: str
    cashier: str
    zone: ZoneInfo


class ParkedBadge(QFrame):
    """How many orders were set aside and are being given back; hidden when there are none."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._count = 0
        icon = IconView(20)
        icon.show_icon(TintedIcon(Icon.PARKED, PALETTE.notice_ink))
        self.words = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(6)
        row.addWidget(icon)
        row.addWidget(self.words)
        self.setObjectName("parkedBadge")
        self.hide()
        wording.changed.connect(self._paint)

    def show_count(self, count: int) -> None:
        """Show how many."""
        if count != self._count:
            self._count = count
            self._paint()

    def _paint(self) -> None:
        self.words.setText(self._wording.say("top.parked", count=self._count))
        self.setToolTip(self._wording.say("top.parked_tip"))
        self.setVisible(self._count > 0)


class TopBar(QFrame):
    """Shop, till and cashier on the left; lamps, devices, badge, shift log, language and clock on the right."""

    def __init__(
        self,
        wording: Wording,
        clock: Clock,
        place: Place,
        open_shift_log: Callable[[], None],
        open_device_setup: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._clock = clock
        self._place = place
        self._open_shift_log = open_shift_log
        self._open_device_setup = open_device_setup
        self._shown: tuple[int, tuple[LampState, ...]] | None = None
        self.setObjectName("topBar")
        self.setFixedHeight(64)
        self.place_words = FittingLabel(19, 15, bold=True, elide=True)
        self.lamps = LampBar(wording)
        self.parked = ParkedBadge(wording)
        self.devices = TillButton(ButtonRole.QUIET, largest=17, smallest=14, least_height=44)
        self.devices.set_icon(TintedIcon(Icon.DEVICES, PALETTE.ink))
        self.devices.clicked.connect(self._open_devices)
        self.devices.set_hint("F11")
        self.shift_log = TillButton(ButtonRole.QUIET, largest=17, smallest=14, least_height=44)
        self.shift_log.set_icon(TintedIcon(Icon.LOG, PALETTE.ink))
        self.shift_log.clicked.connect(self._open_log)
        self.shift_log.set_hint("F9")
        self.language = TillButton(ButtonRole.QUIET, largest=17, smallest=14, least_height=44)
        self.language.set_icon(TintedIcon(Icon.LANGUAGE, PALETTE.ink))
        self.language.set_hint("F10")
        self.language.clicked.connect(self.switch_language)
        self.time = QLabel()
        self.time.setObjectName("clock")
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 6, 24, 6)
        row.setSpacing(16)
        row.addWidget(self.place_words, 1)
        for widget in (self.parked, self.lamps, self.devices, self.shift_log, self.language, self.time):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        wording.changed.connect(self._retranslate)
        self._retranslate()

    @Slot()
    def _open_log(self) -> None:
        self._open_shift_log()

    @Slot()
    def _open_devices(self) -> None:
        self._open_device_setup()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room out anew."""
        super().resizeEvent(event)
        self._share_room()

    def show_view(self, view: CashierView) -> None:
        """Show the devices and what is set aside."""
        if (view.parked_count, view.lamps) != self._shown:
            self._shown = (view.parked_count, view.lamps)
            self.parked.show_count(view.parked_count)
            self.lamps.show_states(view.lamps)
            self._share_room()

    def _share_room(self) -> None:
        """The lamps get what the names do not need at least."""
        others = [self.devices, self.shift_log, self.language, self.time]
        if not self.parked.isHidden():
            others.append(self.parked)
        taken = sum(widget.sizeHint().width() + 16 for widget in others)
        self.lamps.use_room(self.width() - taken - _LEAST_FOR_NAMES - 64)

    @Slot()
    def switch_language(self) -> None:
        """Speak the other language, on every screen."""
        self._wording.set_language(self._wording.language.other)

    def _tick(self) -> None:
        self.time.setText(f"{self._clock.now().astimezone(self._place.zone):%H:%M}")

    def _retranslate(self) -> None:
        place = self._place
        self.place_words.setText(
            self._wording.say("top.place", shop=place.shop_name, till=place.till_id, cashier=place.cashier)
        )
        self.devices.setToolTip(self._wording.say("devices.title"))
        self.devices.setAccessibleName(self._wording.say("devices.title"))
        self.shift_log.setText(self._wording.say("top.shift_log"))
        self.language.setText(self._wording.say("top.other_language"))
        self._share_room()
        self._tick()
