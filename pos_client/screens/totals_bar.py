"""The figures of what the shift log shows: points apart from money."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording, grouped, money
from pos_client.till.shift import Totals

FIGURES = ("payments", "points_taken", "points_returned", "points_net", "other_tender", "refused", "unknown")
"""The figures, from the left; their captions are the wording's "totals.<figure>"."""


class TotalsBar(QWidget):
    """One card per figure."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._totals = Totals()
        self.captions: dict[str, FittingLabel] = {}
        self.numbers: dict[str, FittingLabel] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for figure in FIGURES:
            row.addWidget(self._card(figure), 1)
        self.setFixedHeight(84)
        wording.changed.connect(self._paint)
        self._paint()

    def show_totals(self, totals: Totals) -> None:
        """Show these figures."""
        self._totals = totals
        self._paint()

    def _card(self, figure: str) -> QFrame:
        card = QFrame()
        card.setObjectName("figure")
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(0)
        caption = self.captions[figure] = FittingLabel(15, 11)
        tinted(caption, PALETTE.ink_soft)
        number = self.numbers[figure] = FittingLabel(26, 13, bold=True, wrap=False)
        column.addWidget(caption, 2)
        column.addWidget(number, 3)
        return card

    def _paint(self) -> None:
        totals = self._totals
        texts = {
            "payments": grouped(totals.payments),
            "points_taken": grouped(totals.points_taken),
            "points_returned": grouped(totals.points_returned),
            "points_net": grouped(totals.points_net),
            "other_tender": money(totals.other_tender_minor),
            "refused": grouped(totals.refused_count),
            "unknown": grouped(totals.outcomes_unknown),
        }
        for figure in FIGURES:
            self.captions[figure].setText(self._wording.say(f"totals.{figure}"))
            self.numbers[figure].setText(texts[figure])
