"""A points server that kills itself (SIGKILL) at a chosen durable step; run as a process of its own.

Usage: doomed_service.py FOLDER PORT STEP. The folder's engine is served; the steps are counted from when it listens,
which it says with a line.
"""

import dataclasses
import os
import signal
import sys
from pathlib import Path

from points_engine.bootstrap import open_engine
from tests.points_engine.http.running_service import QUICK, RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, Shop


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
    engine = open_engine(
        folder, EVERY_KIND, pin_cost=CHEAP, sweep_every_seconds=None, on_durable_step=doom.hear
    )
    shop = Shop(folder, engine=engine)
    with RunningService(folder, dataclasses.replace(QUICK, port=port), shop=shop):
        doom.is_armed = True
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
