"""A till that renews its key and kills itself (SIGKILL) after a chosen step; run as a process of its own.

Usage: doomed_renewal.py FOLDER URL TILL STEP.
"""

import os
import signal
import sys
from pathlib import Path

from tests.pos_client.engine_client.renewing_till import RenewingTill


def main() -> None:
    """Renew, and die on the way; whoever lives says so by its end."""
    folder, url, till_id, step = sys.argv[1:]

    def hear(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with RenewingTill(Path(folder), url, till_id, on_step=hear) as till:
        for _ in range(3):
            till.beat()


if __name__ == "__main__":
    main()
