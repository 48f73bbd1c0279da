"""The customer's screen: the amount before the PIN, the PIN for the engine alone, the result for everybody."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from points_engine.contract import Secret
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.samples import sample_views
from pos_client.screens.wording import Language, Wording
from pos_client.till.events import CustomerCanceled, PinEntered, PinTyping
from pos_client.till.view import Tone
from tests.fakes.clock import START, HandClock
from tests.fakes.inbox import TickingInbox

SAMPLES = {sample.name: sample.view for sample in sample_views(START)}
PIN = "908172"


@pytest.fixture
def window(qtbot: QtBot, inbox: TickingInbox, wording: Wording, clock: HandClock) -> CustomerWindow:
    made = CustomerWindow(inbox, wording, clock=clock, on_key=lambda: None)
    qtbot.addWidget(made)
    made.show()
    return made


def tap(window: CustomerWindow, digits: str) -> None:
    """Touch keys of the keypad."""
    for digit in digits:
        place = window.keypad.key_rect(digit).center().toPoint()
        QTest.mouseClick(window.keypad, Qt.MouseButton.LeftButton, pos=place)


def test_a_pin_goes_to_the_till_as_one_secret(window: CustomerWindow, inbox: TickingInbox) -> None:
    """Counts while it is typed, then the PIN; six dots stay until the till says more."""
    window.show_view(SAMPLES["pin"])
    tap(window, PIN)

    asking = SAMPLES["pin"].customer.pin_for
    typed = [PinTyping(count) for count in range(1, 7)]
    assert list(inbox.events) == [*typed, PinEntered(Secret(PIN), asking)]
    assert (window.dots.count, window.keypad.is_open) == (6, False)
    assert PIN not in repr(list(inbox.events))


def test_typing_goes_on_while_the_view_is_painted(window: CustomerWindow) -> None:
    """The till paints anew at each digit; what was typed stays until another PIN is asked."""
    window.show_view(SAMPLES["pin"])
    tap(window, "90")
    window.show_view(SAMPLES["pin-last-try"])
    same = (window.dots.count, window.keypad.count)
    window.show_view(SAMPLES["pin-wrong"])

    assert (same, window.dots.count, window.keypad.count) == ((2, 2), 0, 0)


def test_a_keypad_of_its_own_fills_the_same_dots(window: CustomerWindow) -> None:
    """What is typed on a device is seen in the dots, and never takes back what was typed here."""
    pin = SAMPLES["pin"]
    window.show_view(replace(pin, customer=replace(pin.customer, dots=2)))
    device = window.dots.count
    tap(window, "908")
    window.show_view(replace(pin, customer=replace(pin.customer, dots=1)))

    assert (device, window.dots.count) == (2, 3)


def test_the_customer_can_cancel(window: CustomerWindow, inbox: TickingInbox) -> None:
    """Cancel wipes what was typed and tells the till once, however often it is pressed."""
    window.show_view(SAMPLES["pin"])
    tap(window, "908")
    inbox.events.clear()
    QTest.mouseClick(window.cancel, Qt.MouseButton.LeftButton)
    window.show_view(SAMPLES["pin-last-try"])
    tap(window, "172")
    QTest.mouseClick(window.cancel, Qt.MouseButton.LeftButton)

    assert list(inbox.events) == [CustomerCanceled()]
    assert (window.keypad.count, window.dots.count) == (0, 0)


@pytest.mark.parametrize("name", [name for name, view in SAMPLES.items() if view.customer.pin_for is None])
def test_there_is_a_keypad_only_while_a_pin_is_asked(window: CustomerWindow, name: str) -> None:
    """In no other state is there a keypad or anything to cancel."""
    window.show_view(SAMPLES["pin"])
    window.show_view(SAMPLES[name])

    assert (window.keypad.isVisible(), window.keypad.is_open, window.cancel.isVisible()) == (
        False,
        False,
        False,
    )


def test_shop_and_amount_are_shown_before_the_pin(window: CustomerWindow) -> None:
    """What you see is what you sign: shop, points and money stand above the keypad's question."""
    window.show_view(SAMPLES["pin"])

    assert window.shop.whole_text() == "和平路便利店"
    assert (window.amount.whole_text(), window.worth.whole_text()) == ("1,200 积分", "合 ¥12.00")
    assert window.amount.mapTo(window, window.amount.rect().topLeft()).y() < window.status.y()


@pytest.mark.parametrize(
    ("name", "headline", "detail"),
    [
        ("pin", "请输入支付密码", ""),
        ("pin-wrong", "密码不正确\n还可再试 2 次", ""),
        ("pin-last-try", "请输入支付密码", "还可再试 1 次"),
        ("empty", "欢迎光临", "和平路便利店"),
        ("paid", "已支付 2,000 积分", "剩余 1,200 积分"),
    ],
)
def test_tries_are_told_once_and_in_time(
    window: CustomerWindow, name: str, headline: str, detail: str
) -> None:
    """A warning before the last tries, no count where there is nothing to fear, never the same twice."""
    window.show_view(SAMPLES[name])

    assert (window.status.headline.whole_text(), window.status.detail.whole_text()) == (headline, detail)


def test_the_result_has_a_mark_and_a_tone(window: CustomerWindow) -> None:
    """Success and failure differ in colour, icon and words."""
    tones = []
    for name in ("paid", "refused-balance-too-low"):
        window.show_view(SAMPLES[name])
        tones.append(window.status.tone)

    assert tones == [Tone.GOOD, Tone.BAD]


def test_the_time_left_is_shown(window: CustomerWindow, clock: HandClock) -> None:
    """The ring counts down to the engine's end of the challenge."""
    window.show_view(SAMPLES["pin"])
    clock.advance(30)

    assert (window.countdown.text(), window.countdown.seconds_left()) == ("0:28", 28.0)


def test_one_keyboard_stays_with_the_cashier(window: CustomerWindow) -> None:
    """With a shared keyboard the window never accepts the keyboard focus, nor does any part of it."""
    assert window.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    policies = {each.focusPolicy() for each in (window, *window.findChildren(QWidget))}
    assert policies == {Qt.FocusPolicy.NoFocus}


def test_keys_count_only_while_this_window_is_active(
    qtbot: QtBot, inbox: TickingInbox, wording: Wording, clock: HandClock
) -> None:
    """A keyboard of the customer's own types the PIN, and Esc cancels; in another window's time nothing does."""
    window = CustomerWindow(inbox, wording, clock=clock, on_key=lambda: None, shares_keyboard=False)
    other = QWidget()
    for each in (window, other):
        qtbot.addWidget(each)
    window.show_view(SAMPLES["pin"])
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClicks(window, "90")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    window.show_view(SAMPLES["paid"])
    window.show_view(SAMPLES["pin"])
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    QTest.keyClicks(window, "81")

    assert list(inbox.events) == [PinTyping(1), PinTyping(2), CustomerCanceled()]


def test_the_language_follows(window: CustomerWindow, wording: Wording) -> None:
    """The customer's words change with the cashier's."""
    window.show_view(SAMPLES["pin"])
    wording.set_language(Language.EN)

    assert (window.status.headline.whole_text(), window.cancel.text()) == (
        "Enter your PIN",
        "Cancel payment",
    )


@pytest.mark.parametrize(("width", "is_beside"), [(100, True), (700, False)])
def test_without_a_second_screen_it_stands_beside(
    window: CustomerWindow, qtbot: QtBot, width: int, is_beside: bool
) -> None:
    """Beside the cashier's window where there is room, else over it, but always where it can be seen."""
    cashier = QWidget()
    qtbot.addWidget(cashier)
    cashier.setGeometry(0, 20, width, 200)
    cashier.show()
    screen = cashier.screen().availableGeometry()
    window.setMinimumSize(600, 400)
    window.place_on(None, cashier)

    assert screen.contains(window.geometry())
    assert (window.frameGeometry().left() > cashier.frameGeometry().right()) == is_beside


def test_a_second_screen_is_filled_and_its_loss_survived(tmp_path: Path) -> None:
    """On two screens the window fills the second; without it, it stands beside; plugged in again, it goes back."""
    screens = [
        {"name": "cashier", "x": 0, "y": 0, "width": 1366, "height": 768},
        {"name": "customer", "x": 1366, "y": 0, "width": 800, "height": 480},
    ]
    for screen in screens:
        screen.update({"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1})
    config = tmp_path / "screens.json"
    config.write_text(json.dumps({"screens": screens}), encoding="utf-8")
    environment = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={config}"}

    told = subprocess.run(
        [sys.executable, "-m", "tests.pos_client.screens.two_screens"],
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    ).stdout.splitlines()

    assert told == ["own 1366 800x480 True", "removed 566 800x480 False", "added 1366 800x480 True"]
