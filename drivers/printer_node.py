"""A printer behind a device node, such as /dev/usb/lp0 or /dev/lp0, or a file that stands for one."""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path

from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
)
from drivers.printer_link import WAIT_SECONDS, Condition, PrinterLink
from drivers.remedies import Remedy

# <linux/lp.h>: what the printer's three status lines are. "no error" is a line that is high while all is well.
_LPGETSTATUS = 0x060B
_NO_PAPER, _SELECTED, _NO_ERROR = 0x20, 0x10, 0x08


class PrinterNode(PrinterLink):
    """A link through the node at `path`, which is never made: an unplugged printer's node must not become a file."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._descriptor: int | None = None
        self._is_readable = False

    def open(self) -> None:
        self.close()
        flags = os.O_NONBLOCK | os.O_APPEND | getattr(os, "O_NOCTTY", 0)
        try:
            is_device = not stat.S_ISREG(Path(self.address).stat().st_mode)
            try:
                self._descriptor = os.open(self.address, flags | (os.O_RDWR if is_device else os.O_WRONLY))
                self._is_readable = is_device
            except PermissionError:
                self._descriptor = os.open(self.address, flags | os.O_WRONLY)
                self._is_readable = False
        except OSError as error:
            raise _explained(self.address, error) from error

    def write(self, data: bytes) -> int:
        try:
            _, writable, _ = select.select([], [self._opened()], [], WAIT_SECONDS)
            return os.write(self._opened(), data) if writable else 0
        except BlockingIOError:
            return 0
        except OSError as error:
            raise DeviceLost(self.address) from error

    def read(self) -> bytes:
        if not self._is_readable:
            return b""
        try:
            readable, _, _ = select.select([self._opened()], [], [], WAIT_SECONDS)
            return os.read(self._opened(), 4096) if readable else b""
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DeviceLost(self.address) from error

    def condition(self) -> Condition | None:
        try:
            import fcntl  # noqa: PLC0415  # there is none on Windows, nor such nodes

            answer = fcntl.ioctl(self._opened(), _LPGETSTATUS, bytes(4))
        except (ImportError, OSError):
            return None  # not a printer's node, or a driver that does not tell
        return condition_of_lines(answer[0])

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _opened(self) -> int:
        if self._descriptor is None:
            raise OSError(errno.EBADF, "the node is not open")
        return self._descriptor


def condition_of_lines(lines: int) -> Condition:
    """What the status lines of a parallel or USB printer say."""
    if lines & _NO_PAPER:
        return Condition.NO_PAPER
    return Condition.READY if lines & _SELECTED and lines & _NO_ERROR else Condition.NOT_READY


def _explained(path: str, error: OSError) -> DeviceUnavailable:
    if isinstance(error, FileNotFoundError) or error.errno in (errno.ENODEV, errno.ENXIO):
        return DeviceAbsent(path)
    if error.errno == errno.EBUSY:
        return DeviceBusy(path, None)
    if isinstance(error, PermissionError):
        return DevicePermission(
            f"This user may not open {path}",
            Remedy(
                "Add the user to the group {group} (sudo usermod -aG {group} $USER), then sign out and in again.",
                group="lp",
            ),
        )
    return DeviceUnusable(
        f"{path} cannot be used as a printer", Remedy("Choose the printer's node, such as /dev/usb/lp0.")
    )
