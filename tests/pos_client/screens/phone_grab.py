"""Grabs the phone with a code on it: `python -m tests.pos_client.screens.phone_grab CODE FILE`."""

import sys
from datetime import timedelta

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from points_engine.contract import CodeIssued, Secret
from pos_client.screens.phone_window import PhoneWindow
from pos_client.screens.samples import SAMPLE_MEMBERS
from pos_client.screens.style import apply_style
from pos_client.screens.wording import load_wording
from tests.fakes.clock import START, HandClock


def main(code: str, file: str) -> None:
    """Show, wait for the code, grab."""
    app = QApplication([])
    apply_style(app)
    issued = CodeIssued(code=Secret(code), issued_at=START, expires_at=START + timedelta(seconds=60))
    phone = PhoneWindow(
        SAMPLE_MEMBERS,
        load_wording(strict=True),
        clock=HandClock(),
        issue=lambda _member_no, on_code, _on_refused: on_code(issued),
        hold_under_gun=lambda _code: None,
    )
    phone.show()

    def grab() -> None:
        if phone.code is not None:
            phone.grab().save(file)
            app.quit()

    timer = QTimer(interval=20)
    timer.timeout.connect(grab)
    timer.start()
    app.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
