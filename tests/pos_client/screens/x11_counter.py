"""A program for a real X server: the till's windows with a keyboard gun, telling on its output what happens to them.

Run as `python -m tests.pos_client.screens.x11_counter cashier|pair|dialog|field`. Each line is a word and a text.
"""

import sys
from zoneinfo import ZoneInfo

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from drivers.keystrokes import KeystrokeParser
from drivers.wedge import WedgeGun
from pos_client.ports import Inbox
from pos_client.screens.cashier_window import CashierWindow
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.key_filter import KeyFilter
from pos_client.screens.samples import sample_views
from pos_client.screens.style import apply_style
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import load_wording
from pos_client.till.events import DigitTyped, Event
from tests.fakes.clock import HandClock


def tell(word: str, text: object = "") -> None:
    """Say what happened."""
    sys.stdout.write(f"{word} {text}\n")
    sys.stdout.flush()


class TellingInbox(Inbox):
    """Tells each event."""

    def put(self, event: Event) -> None:
        tell("event", event.digits if isinstance(event, DigitTyped) else type(event).__name__)

    def get(self, timeout_seconds: float | None) -> Event | None:
        raise AssertionError("no loop runs here")

    def close(self) -> None:
        raise AssertionError("nobody closes it")

    @property
    def closed(self) -> bool:
        return False


def cashier() -> QWidget:
    """The cashier's window with an amount typed; a button in it has the focus."""
    clock = HandClock()
    place = Place(shop_name="店", till_id="1", cashier="小林", zone=ZoneInfo("Asia/Shanghai"))
    window = CashierWindow(
        TellingInbox(),
        load_wording(strict=True),
        clock=clock,
        place=place,
        open_shift_log=lambda: tell("pressed"),
        open_device_setup=lambda: tell("pressed"),
    )
    window.show_view({sample.name: sample.view for sample in sample_views(clock.now())}["typing"])
    window.resize(1024, 700)
    window.top.shift_log.setFocus()
    return window


def pair() -> QWidget:
    """The cashier's window and, beside it, the customer's asking for a PIN; tells where to touch key 5 and close."""
    window = cashier()
    clock = HandClock()
    customer = CustomerWindow(TellingInbox(), load_wording(strict=True), clock=clock, on_key=lambda: None)
    customer.show_view({sample.name: sample.view for sample in sample_views(clock.now())}["pin"])
    customer.move(1200, 100)
    window.setProperty("waits", True)
    customer.show()

    def look() -> None:
        if customer.windowHandle().isExposed() and customer.frameGeometry().top() < customer.geometry().top():
            timer.stop()
            window.setProperty("waits", False)
            place = customer.keypad.mapToGlobal(customer.keypad.key_rect("5").center().toPoint())
            frame = customer.frameGeometry()
            tell("key", f"{place.x()} {place.y()} {frame.right() - 10} {frame.top() + 10}")

    timer = QTimer(window, interval=20)
    timer.timeout.connect(look)
    timer.start()
    window.destroyed.connect(customer.deleteLater)
    return window


def dialog() -> QWidget:
    """A dialog that its default button closes."""
    window = QDialog()
    button = QPushButton("OK")
    button.setDefault(True)
    button.clicked.connect(lambda: tell("pressed"))
    button.clicked.connect(window.accept)
    window.finished.connect(lambda: tell("closed"))
    QVBoxLayout(window).addWidget(button)
    button.setFocus()
    return window


def field() -> QWidget:
    """A dialog with a field in which somebody types."""
    window = dialog()
    edit = QLineEdit()
    edit.textChanged.connect(lambda text: tell("typed", text))
    layout = window.layout()
    assert layout is not None
    layout.addWidget(edit)
    edit.setFocus()
    return window


def main(which: str) -> int:
    """Show a window and tell until the program is ended from outside."""
    app = QApplication([])
    apply_style(app)
    # Longer than in a shop: xdotool's keys come late when the machine is busy, and are a gun's all the same.
    parser = KeystrokeParser(gap_seconds=0.6, late_suffix_seconds=0.6, gun_dwell_seconds=0.3)
    gun = WedgeGun(parser=parser)
    gun.start(lambda scan: tell("scan", scan.text), lambda _health: None)
    key_filter = KeyFilter(app, gun)
    window = {"cashier": cashier, "pair": pair, "dialog": dialog, "field": field}[which]()
    told: list[bool] = []

    def look() -> None:
        if window.isActiveWindow() and not window.property("waits") and not told:
            told.append(True)
            tell("ready", app.platformName())

    timer = QTimer(interval=20)
    timer.timeout.connect(look)
    timer.start()
    window.show()
    window.activateWindow()
    code = app.exec()
    key_filter.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
