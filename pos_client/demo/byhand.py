"""The demo for a person: the till's two windows and a phone, the simulated gun between them."""

import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from drivers.simulated_gun import SimulatedGun
from points_engine.contract import Secret
from pos_client.bootstrap import TillApplication
from pos_client.demo.shop import load_shop
from pos_client.demo.stage import Stage
from pos_client.screens.assets import resources_folder
from pos_client.till.view import Tone, View

GUN = "sim:"
FRAME, TITLE = 8, 40
"""About what a desktop puts around a window, in pixels."""


def run(folder: Path | None = None, language: str = "zh_CN") -> int:
    """Open the demo shop and play until the cashier's window is closed; returns the exit code.

    Without a `folder` the shop is new each time; with one it is kept there, so that a till that was killed
    can be seen to find its way.
    """
    app = QApplication(["points-till"])
    kept = folder is not None
    place = folder if folder is not None else Path(tempfile.mkdtemp(prefix="points-till-demo-"))
    try:
        stage = Stage(
            app,
            load_shop(resources_folder()),
            place,
            gun_path=GUN,
            hold_under_gun=_pull_trigger,
            language=language,
        )
        # The phone belongs to the customer: touching it must not take the keyboard from the cashier.
        stage.phone.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        stage.till.shown.connect(lambda view: _turn_to(stage, view))
        _stand_beside(stage)
        stage.start(fills_screen=False)
        _stand_beside(stage)
        code = app.exec()
        stage.close()
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)
    return code


def _pull_trigger(till: TillApplication, code: Secret) -> None:
    gun = till.hardware.device(GUN)
    if isinstance(gun, SimulatedGun):
        gun.trigger(code.reveal())


def _turn_to(stage: Stage, view: View) -> None:
    """On a small screen the windows overlap: the one that is wanted now comes to the front."""
    if stage.till.customer.screen() is not stage.till.cashier.screen():
        return
    if view.customer.pin_for is not None:
        stage.till.customer.raise_()
    elif view.cashier.tone is not Tone.BUSY:
        stage.till.cashier.raise_()
        stage.phone.raise_()


def _stand_beside(stage: Stage) -> None:
    """Put the three windows where all can be seen at once, as far as the screen has room."""
    screen = QGuiApplication.primaryScreen().availableGeometry()
    cashier, customer, phone = stage.till.cashier, stage.till.customer, stage.phone
    cashier.move(screen.topLeft())
    phone.move(screen.right() - phone.width() - FRAME, screen.top())
    customer.move(
        max(screen.left(), phone.x() - customer.width() - FRAME),
        max(screen.top(), screen.bottom() - customer.height() - TITLE - FRAME),
    )
