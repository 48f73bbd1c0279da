"""Hands at the real windows: what a cashier, a customer and the customer's phone do, as key events and clicks.

A scenario calls these hands and yields an `Until` for what it waits for. Nothing here waits by itself, and
nothing reaches behind the windows: the hands type, click and hold codes under the gun.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from points_engine.contract import CodeIssued, Command, Refusal, Secret
from pos_client.demo.shop import DemoShop
from pos_client.screens.cashier_window import CashierWindow
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.phone_window import PhoneWindow
from pos_client.till.view import Action, CashierView

REPEAT_WINDOW = timedelta(seconds=2.5)
"""A gun's second reading of one label within this time is taken for the same scan."""


@dataclass(frozen=True, slots=True)
class Until:
    """Something that is waited for: words for a person, and whether it has come."""

    what: str
    has_come: Callable[[], bool]


class Gun(Protocol):
    """A barcode gun in the hand."""

    def scan(self, text: str) -> None:
        """Read a label with this text."""


class Time(Protocol):
    """The demo's time, which can be helped along."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def advance(self, by: timedelta) -> None:
        """Let the engine's and the till's clock jump ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The windows of one till, the phone in front of it, the gun beside it."""

    cashier: CashierWindow
    customer: CustomerWindow
    phone: PhoneWindow
    gun: Gun
    time: Time
    shop: DemoShop
    lose_next: Callable[[type[Command]], None]
    photographs: list[Secret]

    # --- hands

    def key_in(self, digits: str) -> None:
        """The cashier types digits."""
        QTest.keyClicks(self.cashier, digits)

    def enter(self) -> None:
        """The cashier presses Enter."""
        QTest.keyClick(self.cashier, Qt.Key.Key_Return)

    def escape(self) -> None:
        """The cashier presses Esc."""
        QTest.keyClick(self.cashier, Qt.Key.Key_Escape)

    def part(self) -> None:
        """The cashier takes only a part in points."""
        QTest.keyClick(self.cashier, Qt.Key.Key_Plus)

    def set_aside(self) -> None:
        """The cashier will not wait for an unknown outcome any longer."""
        QTest.keyClick(self.cashier, Qt.Key.Key_F8)

    def tap_pin(self, pin: str) -> None:
        """The customer taps a PIN on their screen."""
        keypad = self.customer.keypad
        for digit in pin:
            place: QPoint = keypad.key_rect(digit).center().toPoint()
            QTest.mouseClick(keypad, Qt.MouseButton.LeftButton, pos=place)

    def tap_cancel(self) -> None:
        """The customer taps cancel."""
        QTest.mouseClick(self.customer.cancel, Qt.MouseButton.LeftButton)

    def hold_phone(self) -> None:
        """The customer's phone is held under the gun."""
        QTest.mouseClick(self.phone.hold, Qt.MouseButton.LeftButton)

    def photograph(self) -> None:
        """Keep a picture of the code on the phone."""
        code = self.phone.code
        if code is None:
            raise RuntimeError("there is no code on the phone to photograph")
        self.photographs.append(code.code)

    def hold_photograph(self) -> None:
        """Hold the last picture taken under the gun instead of the phone."""
        self.gun.scan(self.photographs.pop().reveal())

    def scan_label(self, text: str) -> None:
        """Scan something that is no phone."""
        self.gun.scan(text)

    def let_a_minute_pass(self) -> None:
        """A little more than a code's lifetime."""
        self.time.advance(timedelta(seconds=61))

    def lose_next_answer(self, kind: type[Command]) -> None:
        """The engine's answer to the next command of this kind will not be heard."""
        self.lose_next(kind)

    def pin_of(self, member_no: str) -> str:
        """The PIN this member knows by heart."""
        pins = {member.member_no: member.pin for member in self.shop.members}
        pin = pins[member_no]
        if pin is None:
            raise RuntimeError("this member has no PIN")
        return pin

    # --- what is waited for

    @property
    def _seen(self) -> CashierView:
        view = self.cashier.view
        if view is None:
            raise RuntimeError("the till has not shown anything yet")
        return view

    def phone_shows(self, member_no: str) -> Until:
        """Take this member's phone in the hand and ask for a fresh code."""
        before = self.phone.code
        self.phone.choose(member_no)

        def has_come() -> bool:
            code: CodeIssued | None = self.phone.code
            return code is not None and code is not before and self.phone.member_no == member_no

        return Until("a fresh code on the phone", has_come)

    def entered(self, units: int) -> Until:
        """The amount stands on the screen."""
        return Until(f"{units} typed", lambda: self._seen.entering and self._seen.amount_units == units)

    def empty(self) -> Until:
        """The till waits for the next amount."""
        return Until("an empty till", lambda: self._shows("cashier.enter_amount"))

    def ready(self) -> Until:
        """The till waits for the customer's code."""
        return Until("ready for the code", lambda: self._shows("cashier.scan_code"))

    def pin_asked(self) -> Until:
        """The customer's keypad is open; it closes by itself with the sixth digit."""
        return Until("the PIN is asked", lambda: self.customer.keypad.is_open)

    def paid(self, units: int) -> Until:
        """The result: paid, so many points."""

        def has_come() -> bool:
            headline = self._seen.headline
            return headline.key.startswith("cashier.paid") and ("units", units) in headline.params

        return Until(f"{units} paid", has_come)

    def refused(self, refusal: Refusal) -> Until:
        """The result: refused, for this reason."""
        return Until(f"refused: {refusal.code}", lambda: self._shows(f"refusal.{refusal.code}"))

    def collecting(self, rest_units: int) -> Until:
        """So much is left for another tender."""
        return Until(f"{rest_units} left", lambda: self._seen.rest_units == rest_units)

    def outcome_unknown(self) -> Until:
        """The till says that it does not know yet."""
        return Until(
            "the outcome is not known", lambda: self._shows(f"refusal.{Refusal.OUTCOME_UNKNOWN.code}")
        )

    def may_set_aside(self) -> Until:
        """The till offers another way out of an unknown outcome."""
        return Until("setting aside is offered", lambda: Action.SET_ASIDE in self._seen.actions)

    def repeat_window_over(self) -> Until:
        """Long enough that the same label is a new scan."""
        end = self.time.monotonic() + REPEAT_WINDOW.total_seconds() + 0.1
        return Until("the gun's repeat window is over", lambda: self.time.monotonic() >= end)

    def _shows(self, key: str) -> bool:
        return self._seen.headline.key == key
