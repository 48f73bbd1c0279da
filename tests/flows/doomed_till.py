"""A till that kills itself (SIGKILL) at a chosen durable step of a scenario; run as a process of its own.

Usage: doomed_till.py FOLDER SCENARIO STEP. The steps are counted from the moment the shop is open; with STEP -1
the till lives and prints their names, one a line.
"""

import os
import signal
import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from pos_client.demo.player import Outcome, Player
from pos_client.demo.pty_gun import PtyGun
from pos_client.demo.scenarios import SCENARIOS
from pos_client.demo.selfplay import books_of, desk_of
from pos_client.demo.shop import load_shop
from pos_client.demo.stage import Stage
from pos_client.screens.assets import resources_folder


class Doom:
    """Counts durable steps once armed, and kills at the chosen one."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._armed = False
        self.names: list[str] = []

    def arm(self) -> None:
        """From now on steps count."""
        self._armed = True

    def hear(self, name: str) -> None:
        """A durable step is about to be, or has been, taken."""
        if not self._armed:
            return
        if len(self.names) == self._step:
            os.kill(os.getpid(), signal.SIGKILL)
        self.names.append(name)


def main() -> None:
    """Play one scenario and die on the way, or tell its steps."""
    folder, name, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    app = QApplication(["points-till"])
    doom = Doom(step)
    with PtyGun() as gun:
        stage = Stage(
            app,
            load_shop(resources_folder()),
            folder,
            gun_path=gun.path,
            hold_under_gun=lambda _till, code: gun.scan(code.reveal()),
            reply_due_seconds=600.0,
            on_durable_step=doom.hear,
            sweeps=False,
        )
        stage.start(fills_screen=True)

        def note(outcome: Outcome) -> None:
            if outcome.faults:
                sys.stderr.write("\n".join(outcome.faults) + "\n")

        player = Player(
            desk_of(stage, gun), books_of(stage), [scenario], folder, on_outcome=note, on_end=app.quit
        )
        begin = QTimer(interval=10)

        def begin_when_open() -> None:
            if stage.till.cashier.view is not None and stage.phone.code is not None:
                begin.stop()
                doom.arm()
                player.start()

        begin.timeout.connect(partial(begin_when_open))
        begin.start()
        app.exec()
        stage.close()
    sys.stdout.write("\n".join(doom.names) + "\n")


if __name__ == "__main__":
    main()
