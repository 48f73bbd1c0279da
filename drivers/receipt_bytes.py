"""A receipt -> the bytes a printer understands, by python-escpos, which is imported when the first one is made.

Chinese text goes out as GB 18030 after `FS &` (select Chinese characters), with `FS !` for their size beside `GS !`:
python-escpos itself knows single-byte code pages only. Commands: Epson's ESC/POS reference.
"""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, cast

from drivers.errors import DriverMissing
from drivers.receipt import Line, QrCode, Receipt, Size, lay_out

_CHINESE_ON = b"\x1c&"
_CHINESE_SIZE = {Size.NORMAL: b"\x1c!\x00", Size.TALL: b"\x1c!\x08", Size.LARGE: b"\x1c!\x0c"}
_DOTS_A_COLUMN = 12
_QR_DOTS_A_MODULE = 6
_LINES_TO_THE_TEAR_BAR = 4


class Cut(StrEnum):
    """What happens to the paper after a receipt."""

    PART = "part"
    FULL = "full"
    NONE = "none"


class QrMode(StrEnum):
    """Who draws QR codes: the printer, or python-escpos as a picture, for printers that cannot."""

    NATIVE = "native"
    IMAGE = "image"


_LONGEST_COMMAND = {QrMode.NATIVE: 1024, QrMode.IMAGE: 16384}
"""In bytes, with room to spare. So many zeros end any command that was torn off; between commands they do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the printer has and does: 32 columns on 58 mm paper, 48 on 80 mm; the drawer's pin is 2 or 5."""

    columns: int = 48
    cut: Cut = Cut.PART
    qr: QrMode = QrMode.NATIVE
    drawer_pin: int = 2


def receipt_bytes(
    receipt: Receipt, paper: Paper, *, is_copy: bool = False, is_after_torn: bool = False
) -> bytes:
    """One receipt from the printer's reset to the cut. Raises DriverMissing.

    After a receipt that was torn off in the middle, the printer is first brought to where it listens again, and what
    it has printed of that one is cut off.
    """
    printer = _new_printer(paper)
    if is_after_torn:
        printer._raw(bytes(_LONGEST_COMMAND[paper.qr]))  # noqa: SLF001  # python-escpos has no other way to send plain bytes
        printer.hw("INIT")
        _cut(printer, paper)
    printer.hw("INIT")
    printer._raw(_CHINESE_ON)  # noqa: SLF001  # as above
    style: tuple[bool, Size] | None = None
    for line in lay_out(receipt, paper.columns, is_copy=is_copy):
        if isinstance(line, QrCode):
            _draw(printer, line, paper)
            continue
        if style != (line.is_bold, line.size):
            style = (line.is_bold, line.size)
            _set_style(printer, line)
        printer._raw(line.text.encode("gb18030") + b"\n")  # noqa: SLF001  # as above
    _cut(printer, paper)
    return bytes(printer.output)


def drawer_bytes(paper: Paper) -> bytes:
    """The pulse that opens the cash drawer. Raises DriverMissing."""
    printer = _new_printer(paper)
    printer.cashdraw(paper.drawer_pin)
    return bytes(printer.output)


def escpos_printers() -> ModuleType:
    """The printers of python-escpos. Raises DriverMissing.

    Importing it sets up the root logger and leaves a folder among the temporary files; both are undone.
    """
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        import escpos.capabilities  # noqa: PLC0415  # 150 ms and Pillow, for those who print
        from escpos import printer  # noqa: PLC0415  # as above
    except ImportError:
        raise DriverMissing("python-escpos") from None
    finally:
        root.removeHandler(guard)
    if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
        shutil.rmtree(escpos.capabilities.pickle_dir, ignore_errors=True)
    return cast(ModuleType, printer)


def _new_printer(paper: Paper) -> Any:
    printer = escpos_printers().Dummy()
    known = printer.profile.profile_data
    pixels = {"pixels": paper.columns * _DOTS_A_COLUMN, "mm": "Unknown"}
    printer.profile.profile_data = {**known, "media": {**known["media"], "width": pixels}}
    return printer


def _set_style(printer: Any, line: Line) -> None:
    printer.set(
        bold=line.is_bold,
        custom_size=True,
        width=line.size.widening,
        height=1 if line.size is Size.NORMAL else 2,
    )
    printer._raw(_CHINESE_SIZE[line.size])  # noqa: SLF001  # as above


def _draw(printer: Any, code: QrCode, paper: Paper) -> None:
    if paper.qr is QrMode.IMAGE:
        printer.qr(code.text, size=_QR_DOTS_A_MODULE, center=True)
        printer._raw(_CHINESE_ON)  # noqa: SLF001  # as above; python-escpos has chosen a code page
        return
    printer.set(align="center")
    printer.qr(code.text, size=_QR_DOTS_A_MODULE, native=True)
    printer.set(align="left")


def _cut(printer: Any, paper: Paper) -> None:
    if paper.cut is Cut.NONE:
        printer.print_and_feed(_LINES_TO_THE_TEAR_BAR)
    else:
        printer.cut(mode=paper.cut.upper())
