"""The customer's screen: shop and amount first, then the keypad, then the result."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from points_engine.contract import Secret
from pos_client.ports import Clock, Inbox
from pos_client.screens.countdown import Countdown
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon
from pos_client.screens.keypad import PinKeypad
from pos_client.screens.pin_dots import PIN_LENGTH, PinDots
from pos_client.screens.status_band import StatusBand, tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording, money
from pos_client.till.events import CustomerCanceled, PinEntered, PinTyping
from pos_client.till.view import CustomerView, Message, View

_FEW_TRIES = 2
"""From here on a customer is told how many tries are left, even before the first."""


def _says_tries(view: CustomerView) -> bool:
    """Whether the words themselves tell how many tries are left."""
    messages = (view.headline, view.detail)
    return any("tries_left" in dict(message.params) for message in messages if message is not None)


def _headline_pixels(view: CustomerView) -> int:
    """How large the headline may get beside what else the view shows."""
    if view.pin_for is not None:
        return 40
    return 64 if view.amount_units is None else 52


def _calm_icon(view: CustomerView) -> Icon:
    """What the customer is to think of: the PIN, the phone, or just the shop."""
    if view.pin_for is not None:
        return Icon.LOCK
    return Icon.SHOP if view.amount_units is None else Icon.PHONE


class CustomerWindow(QWidget):
    """Paints a CustomerView and puts what the customer does into the inbox.

    With `shares_keyboard` (one keyboard for both screens) the window never takes the keyboard focus: touching it
    leaves the cashier's typing where it was, and PINs are typed by touch. Without it, digits, Backspace and Esc
    work while the window is the active one. `on_key` is the keypad's click.
    """

    def __init__(
        self,
        inbox: Inbox,
        wording: Wording,
        *,
        clock: Clock,
        on_key: Callable[[], None],
        shares_keyboard: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._inbox = inbox
        self._wording = wording
        self._view: CustomerView | None = None
        self._beside: QWidget | None = None
        self._own_screen: QScreen | None = None
        self.setObjectName("customerWindow")
        if shares_keyboard:
            self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.shop = FittingLabel(24, 16, elide=True)
        self.amount = FittingLabel(84, 32, wrap=False)
        self.worth = FittingLabel(28, 16, wrap=False)
        self.status = StatusBand(icon_side=64, largest=44)
        self.countdown = Countdown(clock, 72)
        self.dots = PinDots(24)
        self.keypad = PinKeypad(self._typed, self._entered, on_key)
        self.cancel = TillButton(ButtonRole.PLAIN, largest=22, smallest=15, least_height=64)
        self.cancel.clicked.connect(self._cancel)
        self._lay_out()
        self.resize(800, 480)
        self.setMinimumSize(800, 480)
        wording.changed.connect(self._paint)
        self._paint()

    def _lay_out(self) -> None:
        tinted(self.shop, PALETTE.ink_soft)
        tinted(self.worth, PALETTE.ink_soft)
        self.shop.setFixedHeight(34)
        self.worth.setFixedHeight(40)
        self._sum = QFrame()
        self._sum.setObjectName("customerSum")
        sum_column = QVBoxLayout(self._sum)
        sum_column.setContentsMargins(20, 12, 20, 12)
        sum_column.setSpacing(2)
        sum_column.addWidget(self.shop)
        sum_column.addWidget(self.amount, 1)
        sum_column.addWidget(self.worth)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(12)
        foot.addWidget(self.countdown)
        foot.addWidget(self.cancel, 1)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._sum, 4)
        left.addWidget(self.status, 4)
        left.addWidget(self._foot)
        self._pin_side = QWidget()
        right = QVBoxLayout(self._pin_side)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(12)
        right.addWidget(self.dots, 0, Qt.AlignmentFlag.AlignHCenter)
        right.addWidget(self.keypad, 1)
        self._pin_side.setFixedWidth(372)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self._pin_side)

    @property
    def view(self) -> CustomerView | None:
        """What is shown."""
        return self._view

    def place_on(self, screen: QScreen | None, beside: QWidget) -> None:
        """Fill the customer's own screen, or stand beside the cashier's window when there is none.

        From then on it follows the screens: one that is plugged in is taken, and when it is unplugged the window
        goes back beside the cashier's. Where a single screen has no room beside, the two windows overlap, and this
        one comes to the front only while a PIN is asked.
        """
        if self._beside is None:
            app = QGuiApplication.instance()
            if isinstance(app, QGuiApplication):
                app.screenAdded.connect(self._screen_added)
                app.screenRemoved.connect(self._screen_removed)
        self._beside = beside
        self._own_screen = screen
        if screen is None:
            self.showNormal()
            self.setGeometry(self._place_beside(beside))
        else:
            self.hide()  # a window that is shown fills the screen it is on
            self.setScreen(screen)
            self.setGeometry(screen.geometry())
            self.showFullScreen()

    def _place_beside(self, beside: QWidget) -> QRect:
        edge, room = beside.frameGeometry(), beside.screen().availableGeometry()
        place = QRect(edge.right() + 12, edge.top(), self.minimumWidth(), self.minimumHeight())
        if place.right() > room.right():
            place.moveBottomRight(room.bottomRight())
        return place

    def _come_forward(self, is_asked: bool) -> None:
        """Where the windows overlap, be in front while the customer has something to do."""
        beside = self._beside
        if beside is None or self._own_screen is not None:
            return
        if self.frameGeometry().intersects(beside.frameGeometry()):
            if is_asked:
                self.raise_()
            else:
                self.lower()

    @Slot(QScreen)
    def _screen_added(self, screen: QScreen) -> None:
        if self._beside is not None and self._own_screen is None and screen != self._beside.screen():
            self.place_on(screen, self._beside)

    @Slot(QScreen)
    def _screen_removed(self, screen: QScreen) -> None:
        if self._beside is not None and screen == self._own_screen:
            self.place_on(None, self._beside)

    def show_view(self, view: View) -> None:
        """Paint the customer's half of a view."""
        if view.customer != self._view:
            self._view = view.customer
            self._paint()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The till closes this window; nobody in front of it can, because without it no PIN can be typed."""
        if event.spontaneous():
            event.ignore()
        else:
            super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A keyboard of the customer's own: only while this window is the active one."""
        if self.isActiveWindow() and self._key(event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self.keypad.is_open:
            self._cancel()
            return True
        return self.keypad.take_key_event(event)

    def _typed(self, count: int) -> None:
        self.dots.show_count(count)
        self._inbox.put(PinTyping(count))

    def _entered(self, pin: Secret) -> None:
        self.dots.show_count(PIN_LENGTH)
        self._inbox.put(PinEntered(pin, self.keypad.asking))

    @Slot()
    def _cancel(self) -> None:
        self.keypad.give_up()
        self.dots.show_count(0)
        self.cancel.setEnabled(False)
        self._inbox.put(CustomerCanceled())

    def _paint(self) -> None:
        say = self._wording.say
        self.setWindowTitle(say("customer.title"))
        self.keypad.set_words(say("keypad.clear"), say("keypad.name"))
        self.cancel.setText(say("keypad.cancel"))
        view = self._view
        if view is None:
            self._pin_side.hide()
            self._foot.hide()
            return
        self._paint_sum(view)
        self.status.set_icon_side(56 if view.pin_for is not None else 104)
        self.status.headline.set_largest(_headline_pixels(view))
        self.status.show_words(
            view.tone, self._said(view.headline), self._detail(view), calm=_calm_icon(view)
        )
        if self.keypad.ask(view.pin_for):
            self.dots.show_count(0)
            self.cancel.setEnabled(True)
            self._come_forward(view.pin_for is not None)
        if self.keypad.is_open and not self.keypad.count:
            self.dots.show_count(view.dots)  # typed on a keypad of its own
        self._pin_side.setVisible(view.pin_for is not None)
        self.cancel.setVisible(view.pin_for is not None)
        self.countdown.run_until(view.expires_at)
        self._foot.setVisible(view.pin_for is not None or view.expires_at is not None)

    def _paint_sum(self, view: CustomerView) -> None:
        self.shop.setText(view.shop_name)
        self._sum.setVisible(view.amount_units is not None)
        self.amount.setText(self._wording.say("customer.amount", amount_units=view.amount_units or 0))
        self.worth.setText(self._wording.say("customer.worth", worth=money(view.amount_money_minor or 0)))

    def _detail(self, view: CustomerView) -> str:
        lines = [self._said(view.detail)]
        if view.amount_units is None:
            lines.insert(0, view.shop_name)
        if view.tries_left is not None and view.tries_left <= _FEW_TRIES and not _says_tries(view):
            lines.append(self._wording.say("customer.tries_left", tries_left=view.tries_left))
        return "\n".join(filter(None, lines))

    def _said(self, message: Message | None) -> str:
        return "" if message is None else self._wording.text(message)
