"""The two symbols a payment code is shown as, as arrays of modules: 0 is a dark module, 255 a light one."""

from __future__ import annotations

from enum import StrEnum

import barcode
import numpy as np
import qrcode
from numpy.typing import NDArray

Picture8 = NDArray[np.uint8]
"""A grey (height, width) or BGR (height, width, 3) picture."""

# ISO/IEC 18004: four light modules around a QR code. ISO/IEC 15417: ten before and after Code 128.
QR_QUIET_MODULES = 4
CODE_128_QUIET_MODULES = 10

_QR_LEVELS = {
    "L": qrcode.constants.ERROR_CORRECT_L,
    "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q,
    "H": qrcode.constants.ERROR_CORRECT_H,
}


class Symbology(StrEnum):
    """What a code is drawn as."""

    QR = "QR"
    CODE_128 = "Code 128"


def qr_code(content: str | bytes, level: str = "M", quiet_modules: int = QR_QUIET_MODULES) -> Picture8:
    """The smallest QR code, model 2, that holds a text, or bytes as they are, at a correction level L, M, Q or H."""
    code = qrcode.QRCode(error_correction=_QR_LEVELS[level], border=quiet_modules)
    code.add_data(content)
    code.make(fit=True)
    return np.where(np.array(code.get_matrix(), dtype=bool), 0, 255).astype(np.uint8)


def code_128(text: str, quiet_modules: int = CODE_128_QUIET_MODULES) -> Picture8:
    """Code 128 of `text` in the shortest mix of its sets, one module high."""
    # A line of "1" for a bar's module and "0" for a gap's.
    (bars,) = barcode.get_barcode_class("code128")(text).build()
    modules = np.frombuffer(bars.encode(), dtype=np.uint8) == ord("1")
    line = np.where(modules, 0, 255).astype(np.uint8)
    quiet = np.full(quiet_modules, 255, np.uint8)
    return np.concatenate([quiet, line, quiet])[np.newaxis, :]
