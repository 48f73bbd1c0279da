"""The codes on the phone can be read back from the very pixels of the window, at every pixel density."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from points_engine.contract import Secret
from pos_client.screens.code_pictures import (
    BAR_QUIET,
    QR_QUIET,
    CodePicture,
    Symbology,
    code128_modules,
    qr_modules,
)

CODE = "290123456789012342"

# ISO/IEC 15417: start C, stop, and how many modules they take; every other symbol takes 11.
START_C, STOP = "11010011100", "1100011101011"


def test_the_bars_are_code_128_set_c() -> None:
    """Start C, nine pairs of digits, the check symbol, stop: 134 modules between two quiet zones."""
    (row,) = code128_modules(CODE)
    bars = "".join("1" if dark else "0" for dark in row[BAR_QUIET:-BAR_QUIET])

    assert (bars.startswith(START_C), bars.endswith(STOP)) == (True, True)
    assert len(bars) == 11 + 9 * 11 + 11 + 13
    assert not any(row[:BAR_QUIET]) and not any(row[-BAR_QUIET:])  # noqa: PT018 both ends of one quiet zone


def test_the_qr_code_has_its_quiet_zone() -> None:
    """Version 1, 21 modules, with four light ones around."""
    modules = qr_modules(CODE)

    assert {len(modules), *(len(row) for row in modules)} == {21 + 2 * QR_QUIET}
    assert not any(any(row) for row in modules[:QR_QUIET])


def read_back(picture: Path) -> dict[str, str]:
    """What a decoder sees in a picture: symbology -> text."""
    pyzbar = pytest.importorskip("pyzbar.pyzbar", reason="needs libzbar", exc_type=ImportError)
    with Image.open(picture) as image:
        return {found.type: found.data.decode() for found in pyzbar.decode(image)}


@pytest.mark.parametrize("scale", ["1", "1.5", "2"])
def test_both_codes_are_read_from_the_windows_pixels(scale: str, tmp_path: Path) -> None:
    """A grab of the whole phone at each device pixel ratio gives both codes back."""
    picture = tmp_path / "phone.png"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    subprocess.run(
        [sys.executable, "-m", "tests.pos_client.screens.phone_grab", CODE, str(picture)],
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
        check=True,
        timeout=100,
    )

    with Image.open(picture) as image:
        assert image.width == round(400 * float(scale))
    assert read_back(picture) == {"QRCODE": CODE, "CODE128": CODE}


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("width", [260, 331, 352])
def test_every_module_is_a_whole_number_of_pixels(
    qtbot: QtBot, styled: QApplication, symbology: Symbology, width: int
) -> None:
    """In a row of pixels through the code every run of dark or light is a multiple of one module."""
    assert styled is not None
    picture = CodePicture(symbology)
    qtbot.addWidget(picture)
    picture.resize(width, width)
    picture.show_code(Secret(CODE))
    modules = (qr_modules if symbology is Symbology.QR else code128_modules)(CODE)
    side = width // len(modules[0])
    image = picture.grab().toImage()
    middle = [image.pixelColor(x, width // 2).lightness() < 128 for x in range(width)]
    edges = [x for x in range(1, width) if middle[x] != middle[x - 1]]

    assert {(edge - edges[0]) % side for edge in edges} == {0}
    assert {image.pixelColor(x, width // 2).lightness() for x in range(width)} == {0, 255}


def test_a_code_whose_time_is_over_is_grey(qtbot: QtBot, styled: QApplication) -> None:
    """Faded and fresh differ, an empty picture is white, and the code is in no property of the widget."""
    assert styled is not None
    picture = CodePicture(Symbology.QR)
    qtbot.addWidget(picture)
    picture.resize(260, 260)
    darkest = []
    for code, is_faded in ((None, False), (Secret(CODE), False), (Secret(CODE), True)):
        picture.show_code(code)
        picture.set_faded(is_faded)
        image = picture.grab().toImage()
        darkest.append(min(image.pixelColor(x, x).lightness() for x in range(260)))

    assert darkest[:2] == [255, 0]
    assert 100 < darkest[2] < 255
    assert CODE not in repr(vars(picture))


@given(code=st.text("0123456789", min_size=18, max_size=18))
@example("990000000000000000")
def test_bars_of_all_codes_have_one_length(code: str) -> None:
    """No code makes a longer picture than another; also 99, which is a change of set elsewhere, is two digits here."""
    assert len(code128_modules(code)[0]) == 134 + 2 * BAR_QUIET


@pytest.mark.parametrize("code", ["000000000000000000", "999999999999999999", CODE])
def test_both_codes_of_any_digits_are_read(
    code: str, tmp_path: Path, qtbot: QtBot, styled: QApplication
) -> None:
    """The ends of the range are read back as well."""
    assert styled is not None
    for symbology, name in ((Symbology.QR, "QRCODE"), (Symbology.CODE_128, "CODE128")):
        picture = CodePicture(symbology)
        qtbot.addWidget(picture)
        picture.resize(340, 340)
        picture.show_code(Secret(code))
        picture.grab().save(str(tmp_path / "code.png"))

        assert read_back(tmp_path / "code.png") == {name: code}
