"""The cashier's window: paints a CashierView and puts what the cashier does into the inbox."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pos_client.camera_view import Cameras
from pos_client.ports import Clock, Inbox
from pos_client.screens.action_bar import ActionBar
from pos_client.screens.amount_panel import AmountPanel
from pos_client.screens.camera_glance import CameraGlance
from pos_client.screens.icons import Icon
from pos_client.screens.lamps import FaultLine
from pos_client.screens.notice_bar import NoticeBar
from pos_client.screens.status_band import StatusBand
from pos_client.screens.top_bar import Place, TopBar
from pos_client.screens.touch_pad import TouchPad
from pos_client.screens.wording import Wording
from pos_client.till.events import (
    Confirmed,
    DigitTyped,
    Dropped,
    Erased,
    Event,
    OtherTenderTaken,
    PartWanted,
    SetAside,
)
from pos_client.till.view import Action, CashierView, Message, View

ACTION_EVENTS: dict[Action, Event] = {
    Action.CONFIRM: Confirmed(),
    Action.PART: PartWanted(),
    Action.OTHER_TENDER: OtherTenderTaken(),
    Action.SET_ASIDE: SetAside(),
    Action.DROP: Dropped(),
}
"""What pressing an action tells the till."""

ACTION_KEYS: dict[int, Action] = {
    Qt.Key.Key_Plus: Action.PART,
    Qt.Key.Key_F2: Action.PART,
    Qt.Key.Key_F4: Action.OTHER_TENDER,
    Qt.Key.Key_F8: Action.SET_ASIDE,
    Qt.Key.Key_Escape: Action.DROP,
}
"""The keys of the actions; Enter is that of whichever the view names."""


class CashierWindow(QWidget):
    """All the cashier sees and does. Knows nothing of the till but the views it is given.

    An action's key works only while the view on the screen offers the action: what the cashier saw is what
    is asked for, even when the till has moved on meanwhile.
    """

    closed = Signal()
    """The cashier closed the window: the till goes home."""

    def __init__(
        self,
        inbox: Inbox,
        wording: Wording,
        *,
        clock: Clock,
        place: Place,
        open_shift_log: Callable[[], None],
        open_device_setup: Callable[[], None],
        cameras: Cameras | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._inbox = inbox
        self._wording = wording
        self._open_shift_log = open_shift_log
        self._open_device_setup = open_device_setup
        self._view: CashierView | None = None
        self.setObjectName("cashierWindow")
        self.setMinimumSize(1024, 700)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.top = TopBar(wording, clock, place, open_shift_log, open_device_setup)
        self.fault_line = FaultLine(wording)
        self.status = StatusBand()
        self.camera = None if cameras is None else CameraGlance(cameras)
        self.amount = AmountPanel(wording, clock)
        self.notice = NoticeBar()
        self.pad = TouchPad(
            wording,
            lambda digits: inbox.put(DigitTyped(digits)),
            lambda: inbox.put(Erased()),
        )
        self.action_bar = ActionBar(wording, self._act_if_offered)
        self._lay_out()
        wording.changed.connect(self._paint)
        self._retitle()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(12)
        if self.camera is None:
            left.addWidget(self.status, 4)
        else:
            above = QHBoxLayout()
            above.setSpacing(12)
            above.addWidget(self.status, 1)
            above.addWidget(self.camera)
            left.addLayout(above, 4)
        left.addWidget(self.amount, 6)
        left.addWidget(self.notice)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addLayout(left, 1)
        middle.addWidget(self.pad)
        work = QVBoxLayout()
        work.setContentsMargins(24, 16, 24, 16)
        work.setSpacing(12)
        work.addLayout(middle, 1)
        work.addWidget(self.action_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(self.fault_line)
        column.addLayout(work, 1)
        self.pad.setFixedWidth(340)
        self.action_bar.setFixedHeight(80)

    @property
    def view(self) -> CashierView | None:
        """What is shown."""
        return self._view

    def show_view(self, view: View) -> None:
        """Paint the cashier's half of a view."""
        if view.cashier != self._view:
            self._view = view.cashier
            self._paint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a larger screen the words are larger, not the gaps."""
        super().resizeEvent(event)
        scale = min(max(1.0, min(self.width() / 1366, self.height() / 768)), 1.6)
        self.status.set_scale(scale)
        self.amount.set_scale(scale)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Whatever runs is in the journal and is resolved at the next opening."""
        super().closeEvent(event)
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, Backspace, Enter, Esc and the actions' keys; holding a key down repeats Backspace only."""
        command = self._command(event)
        if command is None:
            super().keyPressEvent(event)
            return
        event.accept()
        if not event.isAutoRepeat() or event.key() == Qt.Key.Key_Backspace:
            command()

    def _command(self, event: QKeyEvent) -> Callable[[], None] | None:
        key = event.key()
        if Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
            return partial(self._inbox.put, DigitTyped(chr(key)))
        if key == Qt.Key.Key_Backspace:
            return partial(self._inbox.put, Erased())
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            return self._enter
        if key == Qt.Key.Key_F9:
            return self._open_shift_log
        if key == Qt.Key.Key_F10:
            return self.top.switch_language
        if key == Qt.Key.Key_F11:
            return self._open_device_setup
        action = ACTION_KEYS.get(key)
        return None if action is None else partial(self._act_if_offered, action)

    def _enter(self) -> None:
        """Confirm, where the screen says what that would be; an Enter pressed into a wait means nothing."""
        if self._view is not None and (self._view.enter is not None or self._view.entering):
            self._inbox.put(Confirmed())

    def _act_if_offered(self, action: Action) -> None:
        if self._view is not None and action in self._view.actions:
            self._inbox.put(ACTION_EVENTS[action])

    def _paint(self) -> None:
        self._retitle()
        view = self._view
        if view is None:
            return
        self.status.show_words(
            view.tone,
            self._said(view.headline),
            self._said(view.detail),
            self._said(view.next_step),
            calm=Icon.KEYS if view.entering else Icon.SCAN,
        )
        self.amount.show_view(view)
        self.notice.show_notice(self._said(view.notice))
        self.pad.setEnabled(view.entering)
        self.action_bar.show_view(view)
        self.top.show_view(view)
        self.fault_line.show_states(view.lamps)
        if self.camera is not None:
            self.camera.show_states(view.lamps)

    def _said(self, message: Message | None) -> str:
        return "" if message is None else self._wording.text(message)

    def _retitle(self) -> None:
        self.setWindowTitle(self._wording.say("cashier.title"))
