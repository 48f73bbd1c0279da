"""The demo for a person: the till's two windows and a phone, the simulated gun between them."""

import shutil
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QApplication

from drivers.simulated_gun import SimulatedGun
from points_engine.contract import Secret
from pos_client.bootstrap import TillApplication
from pos_client.demo.shop import load_shop
from pos_client.demo.stage import Stage
from pos_client.screens.assets import resources_folder

GUN = "sim:"


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


def _stand_beside(stage: Stage) -> None:
    """Put the three windows where all can be seen at once, as far as the screen has room."""
    screen = stage.till.cashier.screen().availableGeometry()
    cashier, customer, phone = stage.till.cashier, stage.till.customer, stage.phone
    phone.move(screen.right() - phone.width(), screen.top())
    cashier.move(screen.topLeft())
    if customer.screen() is cashier.screen():
        customer.move(
            max(screen.left(), phone.x() - customer.width() - 12),
            max(screen.top(), screen.bottom() - customer.height()),
        )
