"""The big number: how many points, what they are worth, what is left to take otherwise, and from whom."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from pos_client.ports import Clock
from pos_client.screens.countdown import Countdown
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, IconView, TintedIcon
from pos_client.screens.pin_dots import PinDots
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording, grouped, money
from pos_client.till.view import CashierView


class WhoRow(QWidget):
    """Whose points, the dots of the PIN as the customer types, and the time left."""

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconView(26)
        self._icon.show_icon(TintedIcon(Icon.MEMBER, PALETTE.ink_soft))
        self.member = FittingLabel(24, 16, elide=True)
        self.dots = PinDots(20)
        self.countdown = Countdown(clock, 76)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.member, 1)
        row.addWidget(self.dots, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(10)
        row.addWidget(self.countdown)

    def show_view(self, view: CashierView) -> None:
        """Show how far the customer is."""
        is_waiting = view.dots is not None or view.expires_at is not None
        self.setVisible(is_waiting or view.member is not None)
        self.setFixedHeight(80 if is_waiting else 36)
        self._icon.setVisible(view.member is not None)
        self.member.setText(view.member or "")
        self.dots.setVisible(view.dots is not None)
        self.dots.show_count(view.dots or 0)
        self.countdown.setVisible(view.expires_at is not None)
        self.countdown.run_until(view.expires_at)


class AmountPanel(QFrame):
    """Amount and worth, part and rest, member, and what the customer is doing."""

    def __init__(self, wording: Wording, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._view: CashierView | None = None
        self.setObjectName("amountPanel")
        self.caption = FittingLabel(20, 15)
        tinted(self.caption, PALETTE.ink_soft)
        self.amount = FittingLabel(132, 44, wrap=False)
        self.worth = FittingLabel(40, 20, wrap=False)
        self.worth.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tinted(self.worth, PALETTE.ink_soft)
        self.part = FittingLabel(24, 15)
        self.part.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.rest = FittingLabel(30, 17, bold=True)
        self.rest.setObjectName("rest")
        self.rest.setContentsMargins(16, 6, 16, 6)
        tinted(self.rest, PALETTE.notice_ink)
        self.who = WhoRow(clock)
        self._lay_out()
        wording.changed.connect(self._paint)

    def _lay_out(self) -> None:
        self.caption.setFixedHeight(30)
        self.worth.setFixedHeight(54)
        self.part.setFixedHeight(36)
        self.rest.setFixedHeight(56)
        beside = QVBoxLayout()
        beside.setSpacing(0)
        beside.addStretch(1)
        beside.addWidget(self.worth)
        beside.addWidget(self.part)
        beside.addStretch(1)
        numbers = QHBoxLayout()
        numbers.setSpacing(16)
        numbers.addWidget(self.amount, 3)
        numbers.addLayout(beside, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 14)
        column.setSpacing(6)
        column.addWidget(self.caption)
        column.addLayout(numbers, 1)
        column.addWidget(self.rest)
        column.addWidget(self.who)

    def set_scale(self, scale: float) -> None:
        """Let the numbers grow with the window; 1.0 is what they are made for."""
        self.amount.set_largest(round(132 * scale))
        self.worth.set_largest(round(40 * scale))
        self.worth.setFixedHeight(round(54 * scale))
        self.part.set_largest(round(24 * scale))
        self.part.setFixedHeight(round(36 * scale))

    def show_view(self, view: CashierView) -> None:
        """Show a view's numbers."""
        if view != self._view:
            self._view = view
            self._paint()

    def _paint(self) -> None:
        view = self._view
        if view is None:
            return
        say = self._wording.say
        self.caption.setText(say("cashier.amount_caption"))
        tinted(self.amount, PALETTE.ink if view.amount_units else PALETTE.ink_off)
        self.amount.setText(grouped(view.amount_units))
        self.worth.setText(say("cashier.worth", worth=money(view.amount_money_minor)))
        self.worth.setVisible(view.amount_units > 0)
        self.part.setVisible(view.part_of_units is not None)
        self.part.setText(say("cashier.part_of", whole_units=view.part_of_units or 0))
        has_rest = view.rest_units is not None or view.rest_money_minor is not None
        self.rest.setVisible(has_rest)
        self.rest.setText(
            say("cashier.rest", rest_units=view.rest_units or 0, rest_money_minor=view.rest_money_minor or 0)
        )
        self.who.show_view(view)
