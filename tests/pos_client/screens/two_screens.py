"""A program for a Qt with two screens: places the customer's window, takes its screen away, and tells where it is.

Run as `python -m tests.pos_client.screens.two_screens`. Each line is a moment and the window's place and state.
"""

import sys

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.wording import load_wording
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox


def main() -> None:
    """Place, lose, find again."""
    app = QApplication([])
    clock = HandClock()
    cashier = QWidget()
    cashier.setGeometry(0, 0, 1366, 768)
    cashier.show()
    window = CustomerWindow(TickingInbox(clock), load_wording(), clock=clock, on_key=lambda: None)
    own = QGuiApplication.screens()[1]

    def tell(moment: str) -> None:
        app.processEvents()
        place = window.geometry()
        sys.stdout.write(f"{moment} {place.x()} {place.width()}x{place.height()} {window.isFullScreen()}\n")

    window.place_on(own, cashier)
    tell("own")
    app.screenRemoved.emit(own)
    tell("removed")
    app.screenAdded.emit(own)
    tell("added")


if __name__ == "__main__":
    main()
