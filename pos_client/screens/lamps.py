"""Lamps: how each device is, by shape, colour and word, with the remedy of a fault."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording
from pos_client.till.events import DeviceLamp

LampState = tuple[str, DeviceLamp, str | None]
"""Path of the device, its lamp, and what to do about a fault (`CashierView.lamps`)."""

DEVICE_KINDS = (
    "serial",
    "hid",
    "hidkeys",
    "evdev",
    "wedge",
    "sim",
    "camera",
    "keypad",
    "printer",
    "engine",
    "clock",
    "key",
    "sound",
    "other",
)
"""Kinds of devices that have a name in the wording tables; all others are "other"."""

LAMP_SIGNS = {
    DeviceLamp.READY: (Icon.READY, PALETTE.ready),
    DeviceLamp.SEARCHING: (Icon.SEARCHING, PALETTE.searching),
    DeviceLamp.FAULT: (Icon.FAULT, PALETTE.fault),
}
"""The shape and colour of each lamp."""


def device_kind(path: str) -> str:
    """The kind before the colon of a device's path, as far as the wording tables know it."""
    kind = path.partition(":")[0]
    return kind if kind in DEVICE_KINDS else "other"


class Lamp(QWidget):
    """One device: sign, name and state."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._signs = {lamp: TintedIcon(*sign) for lamp, sign in LAMP_SIGNS.items()}
        self._sign = IconView(22)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._sign)
        row.addWidget(self.words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, state: LampState, number: int) -> None:
        """Show a device; `number` tells apart several of a kind (0: the only one)."""
        path, lamp, remedy = state
        name = device_name(self._wording, path, number)
        words = self._wording.say(f"lamp.{lamp.value}", device=name)
        self._sign.show_icon(self._signs[lamp])
        self.words.setText(words)
        palette = self.words.palette()
        palette.setColor(self.words.foregroundRole(), LAMP_SIGNS[lamp][1])
        self.words.setPalette(palette)
        advice = None if remedy is None else self._wording.remedy(remedy)
        self.setToolTip("\n".join(filter(None, (path, words, advice))))


def device_name(wording: Wording, path: str, number: int) -> str:
    """What people call a device, numbered where there are several of its kind."""
    name = wording.say(f"device.{device_kind(path)}")
    return f"{name} {number}" if number else name


_SAME_NAME = {"hid": "serial", "evdev": "wedge", "hidkeys": "wedge"}


def named_alike(path: str) -> str:
    """What two devices have in common that people call the same: a gun is a gun, whichever way it is read."""
    kind = device_kind(path)
    return _SAME_NAME.get(kind, kind)


def numbered(states: tuple[LampState, ...]) -> list[tuple[LampState, int]]:
    """Each device with its number among those of its name, from 1; 0 where it is the only one."""
    kinds = [named_alike(path) for path, _, _ in states]
    return [
        (state, kinds[: place + 1].count(kinds[place]) if kinds.count(kinds[place]) > 1 else 0)
        for place, state in enumerate(states)
    ]


class LampBar(QWidget):
    """The lamps of all devices, those in need first; what has no room in the given width is only counted."""

    _MOST = 4
    _SPACING = 16

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._states: tuple[LampState, ...] = ()
        self._room = 0
        self.lamps = [Lamp(wording) for _ in range(self._MOST)]
        self.more = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._SPACING)
        for widget in (*self.lamps, self.more):
            row.addWidget(widget)
            widget.hide()
        wording.changed.connect(self._paint)

    def show_states(self, states: tuple[LampState, ...]) -> None:
        """Show these devices."""
        if states != self._states:
            self._states = states
            self._paint()

    def use_room(self, width: int) -> None:
        """Take at most so many pixels from now on."""
        if width != self._room:
            self._room = width
            self._paint()

    def _paint(self) -> None:
        order = (DeviceLamp.FAULT, DeviceLamp.SEARCHING, DeviceLamp.READY)
        ranked = sorted(numbered(self._states), key=lambda item: order.index(item[0][1]))
        self.more.setText(self._wording.say("lamp.more", count=len(ranked)))
        left = self._room
        shown = 0
        for lamp, (state, number) in zip(self.lamps, ranked, strict=False):
            lamp.show_state(state, number)
            left -= lamp.sizeHint().width() + self._SPACING
            is_last = shown + 1 == len(ranked)
            if shown and left < (0 if is_last else self.more.sizeHint().width()):
                break
            shown += 1
        for place, lamp in enumerate(self.lamps):
            lamp.setVisible(place < shown)
        self.more.setText(self._wording.say("lamp.more", count=len(ranked) - shown))
        self.more.setVisible(shown < len(ranked))


class FaultLine(QWidget):
    """The first fault's remedy in a line of its own, so that nobody needs to find a tooltip."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._states: tuple[LampState, ...] = ()
        sign = IconView(20)
        sign.show_icon(TintedIcon(Icon.FAULT, PALETTE.fault))
        self.words = FittingLabel(17, 13, wrap=False, elide=True)
        tinted(self.words, PALETTE.fault)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 4, 24, 4)
        row.setSpacing(8)
        row.addWidget(sign)
        row.addWidget(self.words, 1)
        self.setFixedHeight(34)
        self.hide()
        wording.changed.connect(self._paint)

    def show_states(self, states: tuple[LampState, ...]) -> None:
        """Look for a fault among these devices."""
        if states != self._states:
            self._states = states
            self._paint()

    def _paint(self) -> None:
        for (path, lamp, remedy), number in numbered(self._states):
            if lamp is DeviceLamp.FAULT:
                words = self._wording.say("lamp.fault", device=device_name(self._wording, path, number))
                self.words.setText(f"{words}: {self._wording.remedy(remedy)}" if remedy else words)
                self.show()
                return
        self.hide()
