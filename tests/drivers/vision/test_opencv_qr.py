"""OpenCV's QR code reader, asked last: what it adds, and that nothing it stumbles on gets out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.vision.distortions import Kind
from benchmarks.vision.pictures import Case, draw
from benchmarks.vision.symbols import Symbology, qr_code
from drivers.decoding import decode
from drivers.vision.opencv_qr import read_by_opencv
from drivers.vision.readers import Format

GLARE = Case(kind=Kind.GLARE, level=5, symbology=Symbology.QR, size=(1280, 720), number=0, seed=20_301)


def test_a_code_in_glare_that_nobody_else_reads_is_read() -> None:
    """A lamp's light over the code: zxing-cpp and zbar lose it, cleared or not."""
    sample = draw(GLARE)
    assert [sample.text] == [scan.text for scan in decode(sample.picture)]


def test_it_says_what_it_read_and_where() -> None:
    """Text, bytes, identifier, and four corners within the picture."""
    symbol = qr_code("284012345678901238")
    grey = np.asarray(cv2.resize(symbol, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST), np.uint8)
    (read,) = read_by_opencv(grey)
    assert ("284012345678901238", b"284012345678901238", Format.QR, "]Q1") == (
        read.text,
        read.raw,
        read.symbology,
        read.aim_id,
    )
    assert (4, 2) == read.corners.shape
    assert (0 <= read.corners).all()
    assert (read.corners < grey.shape[0]).all()


@pytest.mark.parametrize("text", ["积分", "a\x01b"])
def test_a_text_it_has_to_guess_is_none(text: str) -> None:
    """It knows no character set, so what is not plain ASCII is left to the others."""
    symbol = qr_code(text)
    grey = np.asarray(cv2.resize(symbol, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST), np.uint8)
    assert [] == read_by_opencv(grey)
