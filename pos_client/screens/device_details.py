"""What is to be known of one device: how it is, what is wrong, and what to do; and which libraries are missing."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from drivers.device import Health
from drivers.libraries import MissingLibrary
from pos_client.device_setup import DeviceRow
from pos_client.screens.device_model import DeviceModel, passed, state_words
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.lamps import LAMP_SIGNS, device_kind
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Language, Wording

_CARD_PIXELS = 180

TROUBLES = (
    "path_invalid",
    "profile_invalid",
    "driver_missing",
    "device_unavailable",
    "device_absent",
    "device_busy",
    "device_permission",
    "device_unusable",
    "device_changed",
    "device_lost",
    "printer_not_ready",
    "printer_out_of_paper",
    "printer_cover_open",
)
"""The `DeviceError.kind`s that have words of their own: "trouble.<kind>" and "remedy.<kind>"."""

NAMES_ITS_REMEDY = frozenset(
    (
        "path_invalid",
        "profile_invalid",
        "driver_missing",
        "device_busy",
        "device_permission",
        "device_unusable",
    )
)
"""Kinds whose English remedy names a command, a program or a value: it is shown beside the translated one."""


class DeviceDetails(QWidget):
    """One device on the left, missing libraries on the right."""

    def __init__(self, wording: Wording, model: DeviceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._model = model
        self._row: DeviceRow | None = None
        self._missing: tuple[MissingLibrary, ...] = ()
        self._lamps = {lamp: TintedIcon(*sign) for lamp, sign in LAMP_SIGNS.items()}
        self._free = TintedIcon(Icon.ADD, PALETTE.ink_soft)
        self._sign = IconView(28)
        self.headline = FittingLabel(24, 16, bold=True, elide=True)
        self.trouble = FittingLabel(19, 14, wrap=False)
        self.remedy = FittingLabel(19, 12)
        self.figures = FittingLabel(16, 13, elide=True)
        self.missing_title = FittingLabel(19, 14, bold=True)
        self.missing = FittingLabel(16, 12)
        tinted(self.figures, PALETTE.ink_soft)
        for label in (self.missing_title, self.missing):
            tinted(label, PALETTE.notice_ink)
        for label in (self.remedy, self.missing):
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.setFixedHeight(30)
        self._lay_out()
        wording.changed.connect(self._paint)
        self._paint()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._sign)
        head.addWidget(self.headline, 1)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addLayout(head)
        left.addWidget(self.trouble)
        left.addWidget(self.remedy, 1)
        left.addWidget(self.figures)
        self._library_card = QFrame()
        self._library_card.setObjectName("libraryCard")
        right = QVBoxLayout(self._library_card)
        right.setContentsMargins(14, 10, 14, 10)
        right.setSpacing(4)
        right.addWidget(self.missing_title)
        right.addWidget(self.missing, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(16)
        row.addLayout(left, 3)
        row.addWidget(self._library_card, 2, Qt.AlignmentFlag.AlignTop)
        self._library_card.setFixedHeight(_CARD_PIXELS)

    def show_row(self, row: DeviceRow | None) -> None:
        """Show this device, or none."""
        if row != self._row:
            self._row = row
            self._paint()

    def show_missing(self, missing: tuple[MissingLibrary, ...]) -> None:
        """Name the libraries that are not there."""
        self._missing = missing
        self._paint()

    def _paint(self) -> None:
        self._paint_missing()
        row, say = self._row, self._wording.say
        for label in (self.headline, self.trouble, self.remedy, self.figures):
            label.setText("")
        if row is None:
            self._sign.show_icon(None)
            self.trouble.setText(say("devices.none"))
            return
        self._sign.show_icon(self._free if row.lamp is None else self._lamps[row.lamp])
        self.headline.setText(
            say("devices.headline", device=self._model.name(row), state=state_words(self._wording, row))
        )
        if row.health is None:
            self.trouble.setText(say("devices.free_hint"))
            if device_kind(row.path) in {"evdev", "hidkeys"}:
                self.remedy.setText(say("devices.keyboard_hint"))
            return
        self._paint_health(row.health)

    def _paint_health(self, health: Health) -> None:
        say, kind = self._wording.say, health.error_kind
        if kind is None:
            self.trouble.setText(say("devices.nothing_wrong"))
        elif kind in TROUBLES:
            self.trouble.setText(say(f"trouble.{kind}"))
            self._paint_remedy(kind, health.error_remedy or "")
        else:
            self.trouble.setText(say("trouble.other"))
            self.remedy.setText(self._wording.remedy(health.error_remedy or ""))
        last = health.statistics.last_scan_at
        if last is not None:
            self.figures.setText(say("devices.last_scan", ago=passed(self._wording, self._model.now - last)))

    def _paint_remedy(self, kind: str, english: str) -> None:
        """The drivers' own remedy knows the particulars; without words for it, ours comes first and theirs second."""
        own = self._wording.remedy(english)
        if english and (self._wording.language is Language.EN or own != english):
            self.remedy.setText(own)
            return
        words = [self._wording.say(f"remedy.{kind}"), english if kind in NAMES_ITS_REMEDY else ""]
        self.remedy.setText("\n".join(filter(None, words)))

    def _paint_missing(self) -> None:
        say = self._wording.say
        self._library_card.setVisible(bool(self._missing))
        self.missing_title.setText(say("devices.missing"))
        self.missing.setText(
            "\n".join(
                say(
                    "devices.library",
                    library=each.name,
                    device=say(f"device.{device_kind(f'{each.serves}:')}"),
                    command=each.command,
                )
                for each in self._missing
            )
        )
