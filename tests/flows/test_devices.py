"""Devices set up while the till sells: a PIN keypad on the counter, a gun exchanged, a gun tried out."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from points_engine.contract import Refusal
from pos_client.demo.desk import Until
from pos_client.demo.pty_gun import PtyGun
from pos_client.demo.scenarios import WANG, WRONG_PIN
from pos_client.screens.device_setup_window import DeviceCommand, DeviceSetupWindow, Page
from pos_client.till.effects import EntryKind
from pos_client.till.events import DeviceLamp
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.pty_line import PtyLine
from tests.flows.conftest import Shop

OVER_LIMIT = "800"
PROMPT = b"\r\nPIN: "
CLOSED = b"\r\n"


def set_up(shop: Shop) -> DeviceSetupWindow:
    """Press F11 at the cashier's window."""
    QTest.keyClick(shop.desk.cashier, Qt.Key.Key_F11)
    window = shop.stage.till.device_setup
    assert window is not None
    return window


def lamp(shop: Shop, path: str) -> DeviceLamp | None:
    """What the cashier's window shows of a device."""
    view = shop.desk.cashier.view
    lamps = () if view is None else view.lamps
    return next((lamp for each, lamp, _ in lamps if each == path), None)


def use(shop: Shop, path: str) -> None:
    """Add a device in the set-up window, put the window away, and wait until the device is ready."""
    window = set_up(shop)
    window.path.setText(path)
    QTest.mouseClick(window.commands[DeviceCommand.ADD], Qt.MouseButton.LeftButton)
    shop.wait(Until(f"{path} is ready", lambda: lamp(shop, path) is DeviceLamp.READY))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    shop.desk.cashier.activateWindow()  # as every desktop does when the window in front goes


def ask_pin(shop: Shop) -> None:
    """Up to the PIN."""
    shop.desk.key_in(OVER_LIMIT)
    shop.desk.enter()
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(shop.desk.pin_asked())


@pytest.fixture
def line() -> Iterator[PtyLine]:
    """The serial line of a PIN keypad on the counter; there before the shop opens, and until it is closed."""
    pair = PtyLine()
    yield pair
    pair.close()


@pytest.fixture
def shop_with_keypad(line: PtyLine, shop: Shop) -> Shop:
    """A shop whose PIN keypad was just set up."""
    use(shop, f"keypad:serial:{line.port}?profile=simulated")
    assert line.receive(len(CLOSED)) == CLOSED
    return shop


def test_a_pin_on_the_counters_keypad_pays(shop_with_keypad: Shop, line: PtyLine) -> None:
    """It asks when the till asks; the dots are on both screens; the right PIN pays, and the keypad closes."""
    shop, desk = shop_with_keypad, shop_with_keypad.desk
    ask_pin(shop)
    assert line.receive(len(PROMPT)) == PROMPT
    pin = desk.pin_of(WANG).encode()
    line.send(pin[:3])
    shop.wait(Until("dots on the customer's screen", lambda: desk.customer.dots.count == 3))
    view = desk.cashier.view
    assert view is not None
    assert view.dots == 3
    line.send(pin[3:] + b"\r")
    shop.wait(desk.paid(int(OVER_LIMIT)))
    assert line.receive(len(pin + CLOSED)) == b"******" + CLOSED
    kinds = [row.kind for row in shop.journal_rows()]
    assert kinds == [EntryKind.INTENT, EntryKind.WAITING_FOR_PIN, EntryKind.SUCCEEDED]


def test_either_keypad_may_be_used_and_a_wrong_pin_is_asked_again_on_both(
    shop_with_keypad: Shop, line: PtyLine
) -> None:
    """A wrong PIN on the device, the right one on the screen: one try is lost, and what was half typed is gone."""
    shop, desk = shop_with_keypad, shop_with_keypad.desk
    ask_pin(shop)
    assert line.receive(len(PROMPT)) == PROMPT
    line.send(WRONG_PIN.encode() + b"\r")
    shop.wait(Until("a try is lost", lambda: shows_tries(shop) == 2))
    assert line.receive(len(WRONG_PIN + "\r\n")) == b"******" + CLOSED
    assert line.receive(len(PROMPT)) == PROMPT
    line.send(b"12")
    shop.wait(Until("two dots", lambda: desk.customer.dots.count == 2))
    desk.tap_pin(desk.pin_of(WANG))
    shop.wait(desk.paid(int(OVER_LIMIT)))
    assert line.receive(len(b"**" + CLOSED)) == b"**" + CLOSED
    refused = [row for row in shop.journal_rows() if row.kind is EntryKind.PIN_REFUSED]
    assert len(refused) == 1


def test_the_keypads_cancel_ends_the_payment(shop_with_keypad: Shop, line: PtyLine) -> None:
    """As the button on the customer's screen does: nothing is taken, and the cashier reads why."""
    shop = shop_with_keypad
    before = shop.stage.balances()
    ask_pin(shop)
    assert line.receive(len(PROMPT)) == PROMPT
    line.send(b"12\x1b")
    shop.wait(shop.desk.refused(Refusal.PAYMENT_CANCELED))
    assert before == shop.stage.balances()


def test_a_keypad_removed_while_it_asks_leaves_the_screens(shop_with_keypad: Shop, line: PtyLine) -> None:
    """The customer goes on at the screen."""
    shop, desk = shop_with_keypad, shop_with_keypad.desk
    ask_pin(shop)
    assert line.receive(len(PROMPT)) == PROMPT
    window = set_up(shop)
    path = f"keypad:serial:{line.port}?profile=simulated"
    window.select(path)
    QTest.mouseClick(window.commands[DeviceCommand.REMOVE], Qt.MouseButton.LeftButton)
    shop.wait(Until("its lamp is gone", lambda: lamp(shop, path) is None))
    desk.tap_pin(desk.pin_of(WANG))
    shop.wait(desk.paid(int(OVER_LIMIT)))


@pytest.fixture
def second_gun() -> Iterator[PtyGun]:
    """Another gun on a real line; there before the shop opens, and until it is closed."""
    with PtyGun() as gun:
        yield gun


def test_a_gun_added_in_the_middle_of_a_sale_sells(second_gun: PtyGun, shop: Shop) -> None:
    """The amount stands while the gun is set up, and its first scan is the payment; a test scan before is none."""
    desk = shop.desk
    desk.key_in("30")
    desk.enter()
    shop.wait(desk.ready())
    use(shop, second_gun.path)
    window = set_up(shop)
    window.show_page(Page.TRIAL)
    shop.wait(Until("the trial listens", lambda: window.trial.is_listening))
    shop.wait(desk.phone_shows(WANG))
    code = desk.phone.code
    assert code is not None
    second_gun.scan("a label")
    shop.wait(Until("the label is shown", lambda: window.trial.facts is not None))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert [] == shop.journal_rows()
    second_gun.scan(code.code.reveal())
    shop.wait(desk.paid(30))


def shows_tries(shop: Shop) -> int | None:
    """How many tries the customer is told."""
    view = shop.desk.customer.view
    return None if view is None else view.tries_left


@pytest.fixture
def printer() -> Iterator[NetworkPrinter]:
    """A printer on the network; there before the shop opens, and until it is closed."""
    made = NetworkPrinter()
    yield made
    made.switch_off()


def test_a_receipt_comes_out_of_the_printer(printer: NetworkPrinter, shop: Shop) -> None:
    """A printer set up while the till sells: the next payment is on its paper, with the order as a QR code."""
    use(shop, f"printer:tcp:127.0.0.1:{printer.port}?columns=32")
    shop.desk.key_in("7")
    shop.desk.enter()
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(Until("the receipt is out", lambda: bool(printer.paper.pieces)))
    paid = [row for row in shop.journal_rows() if row.kind is EntryKind.SUCCEEDED]
    assert [row.order_id for row in paid] == printer.paper.pieces[0].codes
    set_up(shop).close()
    QTest.keyClick(shop.desk.cashier, Qt.Key.Key_F9)
    log = shop.stage.till.shift_log
    assert log is not None
    shop.wait(Until("the log is read", lambda: bool(log.model.rows)))
    log.table.selectRow([row.kind for row in log.model.rows].index(EntryKind.SUCCEEDED))
    QTest.mouseClick(log.print_again, Qt.MouseButton.LeftButton)
    shop.wait(Until("the copy is out", lambda: len(printer.paper.pieces) == 2))
    assert "重印" in printer.paper.pieces[1].lines[0]
