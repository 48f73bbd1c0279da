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


class WaitingRow(QWidget):
    """Dots as the customer types, and the time left."""

    def __init__(self, wording: Wording, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self.words = FittingLabel(22, 15)
        self.dots = PinDots(20)
        self.countdown = Countdown(clock, 76)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addWidget(self.words, 1)
        row.addWidget(self.dots, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.countdown)
        self.setFixedHeight(84)

    def show_view(self, view: CashierView) -> None:
        """Show how far the customer is."""
        self.setVisible(view.dots is not None or view.expires_at is not None)
        self.words.setText(self._wording.say("cashier.waiting_for_customer"))
        self.dots.setVisible(view.dots is not None)
        self.dots.show_count(view.dots or 0)
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
        self.amount = FittingLabel(132, 44, bold=True, wrap=False)
        self.worth = FittingLabel(40, 20, wrap=False)
        self.worth.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tinted(self.worth, PALETTE.ink_soft)
        self.part = FittingLabel(24, 15)
        self.rest = FittingLabel(30, 17, bold=True)
        self.rest.setObjectName("rest")
        self.rest.setContentsMargins(16, 6, 16, 6)
        tinted(self.rest, PALETTE.notice_ink)
        self._member_icon = IconView(26)
        self._member_icon.show_icon(TintedIcon(Icon.MEMBER, PALETTE.ink_soft))
        self.member = FittingLabel(24, 16, elide=True)
        self.waiting = WaitingRow(wording, clock)
        self._lay_out()
        wording.changed.connect(self._paint)

    def _lay_out(self) -> None:
        numbers = QHBoxLayout()
        numbers.setSpacing(16)
        numbers.addWidget(self.amount, 3)
        numbers.addWidget(self.worth, 2)
        member_row = QHBoxLayout()
        member_row.setSpacing(8)
        member_row.addWidget(self._member_icon)
        member_row.addWidget(self.member, 1)
        self.caption.setFixedHeight(30)
        self.part.setFixedHeight(34)
        self.rest.setFixedHeight(56)
        self.member.setFixedHeight(34)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 14)
        column.setSpacing(6)
        column.addWidget(self.caption)
        column.addLayout(numbers, 1)
        column.addWidget(self.part)
        column.addWidget(self.rest)
        column.addLayout(member_row)
        column.addWidget(self.waiting)

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
        self.amount.setText(grouped(view.amount_units))
        self.worth.setText(say("cashier.worth", worth=money(view.amount_money_minor)))
        self.part.setVisible(view.part_of_units is not None)
        self.part.setText(say("cashier.part_of", whole_units=view.part_of_units or 0))
        has_rest = view.rest_units is not None or view.rest_money_minor is not None
        self.rest.setVisible(has_rest)
        self.rest.setText(
            say("cashier.rest", rest_units=view.rest_units or 0, rest_money_minor=view.rest_money_minor or 0)
        )
        for widget in (self._member_icon, self.member):
            widget.setVisible(view.member is not None)
        self.member.setText(view.member or "")
        self.waiting.show_view(view)
