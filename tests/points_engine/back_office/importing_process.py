"""A process that imports a sheet and dies in the middle: `python importing_process.py FOLDER FILE STEP AT`.

With STEP and AT it kills itself with SIGKILL when that durable step of the store comes for the AT-th time.
"""

import os
import signal
import sys
from datetime import date
from pathlib import Path

from points_engine.back_office.member_files import import_sheet
from points_engine.back_office.member_rows import Sheet
from points_engine.back_office.office import Office

BATCH_ROWS = 50


def import_and_die(folder: Path, file: Path, step: str, at: int) -> None:
    """The whole work of this process."""
    seen = 0

    def on_durable_step(name: str) -> None:
        nonlocal seen
        seen += name == step
        if seen == at and name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    office = Office(folder, None, {}, on_durable_step=on_durable_step)
    sheet = Sheet(file.read_text(encoding="utf-8"), today=date(2026, 3, 2))
    import_sheet(office, sheet, BATCH_ROWS, is_dry_run=False)


if __name__ == "__main__":
    import_and_die(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
