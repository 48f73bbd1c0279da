"""What the cashier can do now, as large buttons; the one Enter amounts to stands out."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording
from pos_client.till.view import Action, CashierView

ACTION_HINTS = {
    Action.CONFIRM: "Enter",
    Action.PART: "+",
    Action.OTHER_TENDER: "F4",
    Action.SET_ASIDE: "F8",
    Action.DROP: "Esc",
}
"""The key written on each action's button, unless it is what Enter amounts to."""


class ActionBar(QWidget):
    """Shows the actions of a view, in a fixed order from left to right; calls `on_action` when one is pressed.

    The order never changes, so a hand finds its button blind: giving up leftmost, going on rightmost.
    """

    _ORDER = (Action.DROP, Action.SET_ASIDE, Action.PART, Action.OTHER_TENDER, Action.CONFIRM)

    def __init__(
        self, wording: Wording, on_action: Callable[[Action], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._view: CashierView | None = None
        self.buttons: dict[Action, TillButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for action in self._ORDER:
            button = TillButton(ButtonRole.PLAIN, largest=26, smallest=16, least_height=76)
            button.clicked.connect(lambda _checked=False, it=action: on_action(it))
            button.hide()
            self.buttons[action] = button
            button.setMaximumWidth(340)
            row.addWidget(button, 1)
            if action is Action.DROP:
                row.addStretch(0)
        wording.changed.connect(self._retranslate)
        self._retranslate()

    def show_view(self, view: CashierView) -> None:
        """Offer a view's actions and nothing else."""
        self._view = view
        for action, button in self.buttons.items():
            is_enter = action is view.enter
            button.set_role(ButtonRole.PRIMARY if is_enter else ButtonRole.PLAIN)
            button.set_hint("Enter" if is_enter else ACTION_HINTS[action])
            button.setVisible(action in view.actions)
        self._retranslate()

    def _retranslate(self) -> None:
        for action, button in self.buttons.items():
            button.setText(self._label(action))

    def _label(self, action: Action) -> str:
        """What pressing it comes to: confirming is going on when nothing is typed, and a rest has its price."""
        view = self._view
        if action is Action.CONFIRM and view is not None and not view.entering:
            return self._wording.say("action.go_on")
        if action is Action.OTHER_TENDER and view is not None and view.rest_money_minor is not None:
            return self._wording.say("action.rest_received", rest_money_minor=view.rest_money_minor)
        return self._wording.say(f"action.{action.value}")
