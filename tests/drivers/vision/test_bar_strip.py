"""A strip that is unevenly lit is made readable, whatever its label says."""

import cv2
import numpy as np
import pytest

from benchmarks.vision.symbols import code_128
from drivers.vision.bar_strip import plain_strips
from drivers.vision.readers import Format, load_readers

# GS1-128 has an FNC1 in it, so that drawing its text again gives another symbol, which could bear nothing out.
PARCEL = "42095747\x1d9499907123456123456781"


@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("shade", [0.6, 0.4])
def test_a_shaded_label_is_read(shade: float, is_inverted: bool) -> None:
    """One end in the shade, dark on light or light on dark."""
    line = np.repeat(code_128(PARCEL, quiet_modules=24), 5, axis=1).astype(np.float32)
    soft = cv2.GaussianBlur(30 + line * (200 / 255), (0, 0), 2)
    lit = np.repeat(soft * np.linspace(shade, 1, soft.shape[1]), 16, axis=0).astype(np.float32)
    strip = 255 - lit if is_inverted else lit
    reads = [load_readers().first.read_upright(pixels, Format.CODE_128) for pixels in plain_strips(strip)]
    assert {PARCEL} == {read.text for found in reads for read in found}
