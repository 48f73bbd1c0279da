"""A printer behind a print queue (CUPS): receipts go to the program `lp`, whose queue sees to the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import ClassVar

from drivers.errors import DeviceAbsent, DeviceLost, DeviceUnusable
from drivers.printer_link import PrinterLink
from drivers.remedies import Remedy

_LP_SECONDS = 10.0
_TITLE = "receipt"
"""What the job is called in the queue: nothing of a receipt's content, for everybody can list the jobs."""


class PrinterQueue(PrinterLink):
    """A link to the queue `name`. The queue keeps and repeats by itself, and says nothing of the paper."""

    is_shared: ClassVar[bool] = True
    answers: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._data = bytearray()

    def open(self) -> None:
        self._data.clear()
        if self.address not in queue_names():
            raise DeviceAbsent(f"the queue {self.address}")

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def finish(self) -> None:
        """Hand the receipt to the queue."""
        command = ["lp", "-d", self.address, "-t", _TITLE, "-o", "raw"]
        try:
            subprocess.run(
                command,
                input=bytes(self._data),
                capture_output=True,
                timeout=_LP_SECONDS,
                check=True,
                env=_plain(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise DeviceLost(f"the queue {self.address}") from error

    def close(self) -> None:
        self._data.clear()


def queue_names() -> list[str]:
    """The print queues of this machine. Raises DeviceUnusable when there is no `lp` here or it does not answer."""
    if shutil.which("lp") is None or shutil.which("lpstat") is None:
        raise DeviceUnusable(
            "The programs lp and lpstat are missing",
            Remedy("Install cups-client: sudo apt install cups-client."),
        )
    try:
        listed = subprocess.run(
            ["lpstat", "-e"], capture_output=True, text=True, timeout=_LP_SECONDS, check=False, env=_plain()
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceUnusable(
            "The print service does not answer", Remedy("Start the print service: sudo systemctl start cups.")
        ) from error
    return listed.stdout.split()


def _plain() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
