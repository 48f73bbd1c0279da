"""The cashier's touch pad: digits in a till's order, 00 and erase."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording

_ROWS = ("789", "456", "123")


class TouchPad(QWidget):
    """Calls `on_digits` with "0" to "9" or "00", and `on_erase`."""

    def __init__(
        self,
        wording: Wording,
        on_digits: Callable[[str], None],
        on_erase: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._on_digits = on_digits
        self._on_erase = on_erase
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(10)
        self.keys: dict[str, TillButton] = {}
        for row, digits in enumerate(_ROWS):
            for column, digit in enumerate(digits):
                grid.addWidget(self._key(digit), row, column)
        grid.addWidget(self._key("00"), 3, 0)
        grid.addWidget(self._key("0"), 3, 1)
        self.erase = TillButton(ButtonRole.KEY, largest=30, least_height=64)
        self.erase.set_icon(TintedIcon(Icon.ERASE, PALETTE.ink))
        self.erase.clicked.connect(self._erase)
        self.erase.setAutoRepeat(True)
        grid.addWidget(self.erase, 3, 2)
        for button in (*self.keys.values(), self.erase):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        wording.changed.connect(self._retranslate)
        self._retranslate()

    def _key(self, digits: str) -> TillButton:
        button = TillButton(ButtonRole.KEY, largest=34, least_height=64)
        button.setText(digits)
        button.clicked.connect(lambda: self._on_digits(digits))
        self.keys[digits] = button
        return button

    @Slot()
    def _erase(self) -> None:
        self._on_erase()

    def _retranslate(self) -> None:
        self.erase.setToolTip(self._wording.say("pad.erase"))
        self.erase.setAccessibleName(self._wording.say("pad.erase"))
