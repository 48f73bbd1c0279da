"""A gun on a USB bus that is all software (dummy_hcd): three interfaces, each with the kernel's own USB driver.

One composite device of configfs: HID POS on its first interface, a boot keyboard on the second, CDC ACM on the third.
The host's side sees real enumeration, descriptors and disconnects. Source: Documentation/usb/gadget_configfs.rst.
"""

import os
import tty
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from tests.drivers.hid_pos_gun import KEYBOARD_DESCRIPTOR, ZEBRA

_GADGETS = Path("/sys/kernel/config/usb_gadget")
_BUS = "dummy_udc.0"
_ENGLISH = "strings/0x409"

VENDOR_ID, PRODUCT_ID = 0x05E0, 0x2100
SERIAL_NUMBER = "SN42"


class UsbGun:
    """Plugged in by `plug`; what it sends waits until the host's driver has taken it."""

    _functions = ("functions/hid.pos", "functions/hid.keys", "functions/acm.line")

    def __init__(self) -> None:
        self._folder = _GADGETS / "gun"
        self._files: dict[str, int] = {}
        self._make()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        for link in (self._folder / "configs/c.1").glob("f*"):
            link.unlink()
        for part in ("configs/c.1/" + _ENGLISH, "configs/c.1", *self._functions, _ENGLISH, ""):
            (self._folder / part).rmdir()

    def plug(self) -> None:
        """Connect it."""
        (self._folder / "UDC").write_text(_BUS)
        minors = [
            int((self._folder / name / "dev").read_text().partition(":")[2]) for name in self._functions[:2]
        ]
        line = int((self._folder / self._functions[2] / "port_num").read_text())
        nodes = {"pos": f"hidg{minors[0]}", "keys": f"hidg{minors[1]}", "line": f"ttyGS{line}"}
        self._files = {
            name: os.open(f"/dev/{node}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            for name, node in nodes.items()
        }
        tty.setraw(self._files["line"])

    def unplug(self) -> None:
        """Pull it out; safe to call again."""
        files, self._files = self._files, {}
        for file in files.values():
            os.close(file)
        if files:
            (self._folder / "UDC").write_text("\n")

    def scanned(self, *reports: bytes) -> None:
        """Send reports of its HID POS interface."""
        self._send("pos", reports)

    def pressed(self, *reports: bytes) -> None:
        """Send reports of its keyboard."""
        self._send("keys", reports)

    def said(self, data: bytes) -> None:
        """Send bytes over its line."""
        self._send("line", [data])

    def _send(self, name: str, parts: Iterable[bytes]) -> None:
        for part in parts:
            os.write(self._files[name], part)

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)

    def _make(self) -> None:
        (self._folder / _ENGLISH).mkdir(parents=True)
        self._write("idVendor", f"{VENDOR_ID:#06x}")
        self._write("idProduct", f"{PRODUCT_ID:#06x}")
        self._write("bcdUSB", "0x0200")
        self._write(f"{_ENGLISH}/manufacturer", "Symbol")
        self._write(f"{_ENGLISH}/product", "Bar Code Scanner")
        self._write(f"{_ENGLISH}/serialnumber", SERIAL_NUMBER)
        (self._folder / "configs/c.1" / _ENGLISH).mkdir(parents=True)
        for place, name in enumerate(self._functions):
            function = self._folder / name
            function.mkdir()
            if "hid" in name:
                words, protocol, size = (
                    (ZEBRA.descriptor, 0, 64) if name.endswith("pos") else (KEYBOARD_DESCRIPTOR, 1, 8)
                )
                self._write(f"{name}/protocol", str(protocol))
                self._write(f"{name}/subclass", str(protocol))
                self._write(f"{name}/report_length", str(size))
                (function / "report_desc").write_bytes(words)
            (self._folder / "configs/c.1" / f"f{place}").symlink_to(function)
