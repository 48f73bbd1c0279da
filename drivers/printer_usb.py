"""A USB printer without a driver of the system's (Windows, macOS, Linux without usblp): through pyusb, if it is there.

On Linux the system's own node (/dev/usb/lp0) needs no library and is the better way.
"""

from __future__ import annotations

import errno
from typing import Any

from drivers.errors import DeviceAbsent, DeviceLost, DevicePermission, DeviceUnusable, DriverMissing
from drivers.printer_link import WAIT_SECONDS, PrinterLink
from drivers.receipt_bytes import escpos_printers
from drivers.remedies import Remedy

_TIMEOUT_MS = 1000


class PrinterUsb(PrinterLink):
    """A link to the USB device `vendor_id`:`product_id`, through the end points that most receipt printers have."""

    def __init__(self, vendor_id: int, product_id: int, *, in_ep: int = 0x82, out_ep: int = 0x01) -> None:
        super().__init__(f"{vendor_id:04x}:{product_id:04x}")
        self._ids = {"idVendor": vendor_id, "idProduct": product_id}
        self._end_points = {"in_ep": in_ep, "out_ep": out_ep}
        self._usb: Any = None

    def open(self) -> None:
        printers = escpos_printers()
        if not printers.Usb.is_usable():
            raise DriverMissing("pyusb")
        from escpos.exceptions import Error  # noqa: PLC0415  # only where python-escpos is

        usb = printers.Usb(timeout=_TIMEOUT_MS, **self._ids, **self._end_points)
        try:
            usb.open()
        except ValueError as error:  # pyusb's NoBackendError
            raise DeviceUnusable(
                "pyusb finds no libusb",
                Remedy("Install libusb: sudo apt install libusb-1.0-0, or use the system's node."),
            ) from error
        except Error as error:  # whatever pyusb raised, as a text
            if "denied" in str(error):
                raise DevicePermission(
                    f"This user may not open the USB printer {self.address}",
                    Remedy(
                        "Let udev give it to the user at the screen (uaccess), or use the system's node, /dev/usb/lp0."
                    ),
                ) from error
            raise DeviceAbsent(f"the USB address {self.address}") from error
        self._usb = usb

    def write(self, data: bytes) -> int:
        try:
            taken: int = self._opened().write(self._end_points["out_ep"], data, _TIMEOUT_MS)
        except OSError as error:  # pyusb's USBError, and its time-out: who knows what was taken until then
            raise DeviceLost(self.address) from error
        return taken

    def read(self) -> bytes:
        try:
            return bytes(self._opened().read(self._end_points["in_ep"], 64, int(WAIT_SECONDS * 1000)))
        except OSError as error:
            if error.errno == errno.ETIMEDOUT:
                return b""
            raise DeviceLost(self.address) from error

    def close(self) -> None:
        usb, self._usb = self._usb, None
        if usb is not None:
            usb.close()

    def _opened(self) -> Any:
        if self._usb is None:
            raise OSError(errno.EBADF, "the printer is not open")
        return self._usb.device
