"""The cashier's window says what the view says and asks for what the cashier saw."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pos_client.screens.cashier_window import ACTION_EVENTS, ACTION_KEYS, CashierWindow
from pos_client.screens.samples import READY_LAMPS, WORST_LAMPS, sample_views
from pos_client.screens.till_button import ButtonRole
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import Language, Wording
from pos_client.till.events import Confirmed, DeviceLamp, DigitTyped, Erased, Event
from pos_client.till.view import Action, CashierView, CustomerView, Message, Tone, View
from tests.fakes.clock import START, HandClock
from tests.fakes.inbox import TickingInbox

SAMPLES = {sample.name: sample.view for sample in sample_views(START)}
OFFERS = {
    (view.cashier.actions, view.cashier.enter, view.cashier.entering): name for name, view in SAMPLES.items()
}
"""One state for each set of actions a cashier can be offered."""


@pytest.fixture
def opened_logs() -> list[bool]:
    return []


@pytest.fixture
def opened_set_ups() -> list[bool]:
    return []


@pytest.fixture
def window(
    qtbot: QtBot,
    inbox: TickingInbox,
    wording: Wording,
    clock: HandClock,
    place: Place,
    opened_logs: list[bool],
    opened_set_ups: list[bool],
) -> CashierWindow:
    made = CashierWindow(
        inbox,
        wording,
        clock=clock,
        place=place,
        open_shift_log=lambda: opened_logs.append(True),
        open_device_setup=lambda: opened_set_ups.append(True),
    )
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    return made


def cashier_view(**fields: object) -> View:
    """A view of the cashier's half alone."""
    said = Message("cashier.enter_amount")
    shown = {"tone": Tone.NEUTRAL, "headline": said, **fields}
    return View(cashier=CashierView(**shown), customer=CustomerView(tone=Tone.NEUTRAL, headline=said))  # type: ignore[arg-type]  # a table of fields


def taken(inbox: TickingInbox) -> list[Event]:
    """What came in since the last look."""
    events = list(inbox.events)
    inbox.events.clear()
    return events


@pytest.mark.parametrize("digit", "0123456789")
def test_digits_come_from_keys_and_from_the_pad(
    window: CashierWindow, inbox: TickingInbox, digit: str
) -> None:
    """A digit's key and its place on the pad say the same."""
    window.show_view(SAMPLES["empty"])
    QTest.keyClick(window, Qt.Key(ord(digit)))
    QTest.keyClick(window, Qt.Key(ord(digit)), Qt.KeyboardModifier.KeypadModifier)
    QTest.mouseClick(window.pad.keys[digit], Qt.MouseButton.LeftButton)

    assert taken(inbox) == [DigitTyped(digit)] * 3


def test_the_pad_has_double_zero_and_erase(window: CashierWindow, inbox: TickingInbox) -> None:
    """00 is one event; erase is Backspace."""
    window.show_view(SAMPLES["typing"])
    QTest.mouseClick(window.pad.keys["00"], Qt.MouseButton.LeftButton)
    QTest.mouseClick(window.pad.erase, Qt.MouseButton.LeftButton)
    QTest.keyClick(window, Qt.Key.Key_Backspace)

    assert taken(inbox) == [DigitTyped("00"), Erased(), Erased()]


def test_the_pad_rests_while_nothing_can_be_typed(window: CashierWindow, inbox: TickingInbox) -> None:
    """While the engine is asked, a finger on the pad does nothing."""
    window.show_view(SAMPLES["charging"])
    QTest.mouseClick(window.pad.keys["5"], Qt.MouseButton.LeftButton)

    assert (taken(inbox), window.pad.isEnabled()) == ([], False)


@pytest.mark.parametrize("name", OFFERS.values())
def test_only_what_is_offered_can_be_asked_for(window: CashierWindow, inbox: TickingInbox, name: str) -> None:
    """In every state each action's key and button work while it is offered, and not otherwise."""
    window.show_view(SAMPLES[name])
    offered = SAMPLES[name].cashier.actions
    for key, action in ACTION_KEYS.items():
        QTest.keyClick(window, Qt.Key(key))
        assert taken(inbox) == ([ACTION_EVENTS[action]] if action in offered else []), action
    for action, button in window.action_bar.buttons.items():
        assert button.isVisible() == (action in offered)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert taken(inbox) == ([ACTION_EVENTS[action]] if action in offered else []), action


@pytest.mark.parametrize("name", OFFERS.values())
def test_enter_does_what_stands_out(window: CashierWindow, inbox: TickingInbox, name: str) -> None:
    """Enter confirms where the view names what that is, or while typing; the button that it presses says so."""
    view = SAMPLES[name].cashier
    window.show_view(SAMPLES[name])
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.keyClick(window, Qt.Key.Key_Enter)
    marked = [
        action
        for action, button in window.action_bar.buttons.items()
        if button.isVisible() and button.role is ButtonRole.PRIMARY
    ]

    assert taken(inbox) == ([Confirmed()] * 2 if view.enter is not None or view.entering else [])
    assert marked == ([] if view.enter is None else [view.enter])


def test_a_key_held_down_counts_once(window: CashierWindow, inbox: TickingInbox) -> None:
    """Keys repeat only where people mean it: Backspace."""
    window.show_view(SAMPLES["typing"])
    for key in (Qt.Key.Key_5, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Backspace):
        event = QKeyEvent(QEvent.Type.KeyPress, key.value, Qt.KeyboardModifier.NoModifier, "", True)
        QApplication.sendEvent(window, event)

    assert taken(inbox) == [Erased()]


def test_enter_never_presses_a_focused_button(
    window: CashierWindow, inbox: TickingInbox, opened_logs: list[bool]
) -> None:
    """With the focus on a button Enter still confirms, and Space presses it."""
    window.show_view(SAMPLES["typing"])
    QTest.keyClick(window.top.shift_log, Qt.Key.Key_Return)
    assert (taken(inbox), opened_logs) == ([Confirmed()], [])

    QTest.keyClick(window.top.shift_log, Qt.Key.Key_Space)
    assert opened_logs == [True]


def test_the_shift_log_is_a_key_and_a_button_away(window: CashierWindow, opened_logs: list[bool]) -> None:
    """F9 and the button open it."""
    QTest.keyClick(window, Qt.Key.Key_F9)
    QTest.mouseClick(window.top.shift_log, Qt.MouseButton.LeftButton)

    assert opened_logs == [True, True]


def test_the_devices_are_a_key_and_a_button_away(window: CashierWindow, opened_set_ups: list[bool]) -> None:
    """F11 and the button beside the lamps open the set-up; a screen reader says what it is."""
    QTest.keyClick(window, Qt.Key.Key_F11)
    QTest.mouseClick(window.top.devices, Qt.MouseButton.LeftButton)

    assert opened_set_ups == [True, True]
    assert window.top.devices.accessibleName() == window.top.devices.toolTip() == "设备"


def test_the_language_can_be_switched_at_any_time(window: CashierWindow, wording: Wording) -> None:
    """Everything on the screen follows, in the middle of a payment."""
    window.show_view(SAMPLES["pin"])
    chinese = (
        window.windowTitle(),
        window.status.headline.whole_text(),
        window.top.lamps.lamps[0].words.text(),
    )
    QTest.mouseClick(window.top.language, Qt.MouseButton.LeftButton)
    english = (
        window.windowTitle(),
        window.status.headline.whole_text(),
        window.top.lamps.lamps[0].words.text(),
    )
    QTest.keyClick(window, Qt.Key.Key_F10)

    assert chinese == ("积分收银", "请顾客在客屏输入密码", "扫码枪 就绪")
    assert english == ("Points till", "Customer enters the PIN", "Scanner ready")
    assert wording.language is Language.ZH_CN


@pytest.mark.parametrize(
    ("name", "amount", "worth", "rest", "other_tender"),
    [
        ("typing-large", "1,000,000", "合 ¥10,000.00", None, None),
        ("collect-rest", "1,200", "合 ¥12.00", "其余另收 ¥8.00  (800 积分)", "已收 ¥8.00"),
        ("ready", "1,200", "合 ¥12.00", None, "其他方式已收款"),
    ],
)
def test_amounts_are_shown_in_points_and_money(
    window: CashierWindow, name: str, amount: str, worth: str, rest: str | None, other_tender: str | None
) -> None:
    """Points grouped, money with two decimals, the rest on the button that takes it."""
    window.show_view(SAMPLES[name])
    panel, button = window.amount, window.action_bar.buttons[Action.OTHER_TENDER]

    assert (panel.amount.whole_text(), panel.worth.whole_text()) == (amount, worth)
    assert (panel.rest.whole_text() if panel.rest.isVisible() else None) == rest
    assert (button.text() if button.isVisible() else None) == other_tender


def test_the_customers_typing_is_seen_as_dots(window: CashierWindow, clock: HandClock) -> None:
    """As many dots as digits, whose points, and the time that is left as it passes."""
    window.show_view(SAMPLES["pin"])
    who = window.amount.who
    seen = [who.countdown.text()]
    clock.advance(50.5)
    seen.append(who.countdown.text())
    clock.advance(60)
    seen.append(who.countdown.text())

    assert (who.dots.count, who.member.whole_text(), seen) == (3, "王*明", ["0:58", "0:08", "0:00"])


def test_lamps_show_who_needs_help_first(window: CashierWindow) -> None:
    """Faults stand first and their remedy has a line of its own; devices of a kind are numbered."""
    window.show_view(cashier_view(lamps=WORST_LAMPS))
    lamps = [lamp.words.text() for lamp in window.top.lamps.lamps if lamp.isVisible()]

    assert lamps[:3] == ["扫码枪 2 故障", "扬声器 故障", "扫码枪 1 连接中"]
    assert window.fault_line.isVisible()
    assert "dialout" in window.fault_line.words.whole_text()
    assert "dialout" in window.top.lamps.lamps[0].toolTip()


def test_without_a_fault_the_remedy_line_is_gone(window: CashierWindow) -> None:
    """When the device is well again nothing is left of its fault."""
    window.show_view(cashier_view(lamps=WORST_LAMPS))
    window.show_view(cashier_view(lamps=READY_LAMPS))

    assert not window.fault_line.isVisible()


def test_an_unknown_device_has_a_lamp_too(window: CashierWindow) -> None:
    """A kind of device without a name of its own is a device."""
    window.show_view(cashier_view(lamps=(("scale:1", DeviceLamp.READY, None),)))

    assert window.top.lamps.lamps[0].words.text() == "设备 就绪"


def test_notices_and_parked_orders_come_and_go(window: CashierWindow) -> None:
    """Both are shown while there are any."""
    window.show_view(cashier_view(notice=Message("notice.amount_first"), parked_count=2))
    shown = (window.notice.words.whole_text(), window.top.parked.isVisible(), window.top.parked.words.text())
    window.show_view(cashier_view())

    assert shown == ("请先输入金额, 再扫码", True, "待退回 2 笔")
    assert (window.notice.words.whole_text(), window.top.parked.isVisible()) == ("", False)


def test_the_clock_shows_the_shops_time(window: CashierWindow, clock: HandClock) -> None:
    """The shop's zone, minute by minute."""
    before = window.top.time.text()
    clock.advance(3600)
    window.top._tick()

    assert (before, window.top.time.text()) == ("17:30", "18:30")


def test_a_name_is_no_markup(window: CashierWindow) -> None:
    """A member's name is shown as it is written, whatever it looks like."""
    window.show_view(cashier_view(member="<b>王</b>"))

    assert window.amount.who.member.text() == "<b>王</b>"
    assert window.amount.who.member.textFormat() is Qt.TextFormat.PlainText
