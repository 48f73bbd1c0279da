"""A points server that kills itself (SIGKILL) at a chosen durable step; run as a process of its own.

Usage: doomed_service.py FOLDER PORT STEP. The folder's engine is served; it says "listening", counts steps from when it
is told to by a line, and says "armed".
"""

import dataclasses
import os
import signal
import sys
from pathlib import Path

from points_engine.bootstrap import open_engine
from points_engine.http.gatekeeper import Gatekeeper
from tests.flows.mortal_service import LASTING
from tests.points_engine.http.running_service import QUICK, RunningService
from tests.points_engine.shop import CHEAP, Shop


class Doom:
    """Counts durable steps once armed, and kills at the chosen one."""

    def __init__(self, step: int) -> None:
        self._left = step
        self.is_armed = False

    def hear(self, _name: str) -> None:
        """A durable step is about to be, or has been, taken."""
        if not self.is_armed:
            return
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def main() -> None:
    """Serve, and die on the way."""
    folder, port, doom = Path(sys.argv[1]), int(sys.argv[2]), Doom(int(sys.argv[3]))
    engine = open_engine(folder, LASTING, pin_cost=CHEAP, sweep_every_seconds=None, on_durable_step=doom.hear)
    shop = Shop(folder, engine=engine)
    settings = dataclasses.replace(QUICK, port=port)
    with (
        Gatekeeper(engine.gate, LASTING.rates) as gatekeeper,
        RunningService(folder, settings, shop=shop, authenticator=gatekeeper),
    ):
        _say("listening")
        sys.stdin.readline()
        doom.is_armed = True
        _say("armed")
        sys.stdin.read()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
