"""Pictures in, scans out: what is read, what is never read, and what it costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import barcode
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from benchmarks.vision.distortions import Kind
from benchmarks.vision.pictures import Case, draw
from benchmarks.vision.symbols import Symbology, code_128, qr_code
from drivers.decoding import Seconds, decode, locate
from drivers.errors import DriverMissing
from drivers.vision.pixels import Roi
from drivers.vision.readers import Format, load_readers

Picture = NDArray[np.uint8]

TEXT = "660123456789012345"
OTHER_TEXT = "667654321098765432"
SMALL = (640, 480)

# One fault each that zxing-cpp alone cannot read, and the attempt that has to.
HARD = [
    (Kind.DARK_MODE, 2, Symbology.CODE_128),  # bars, light on dark
    (Kind.ROTATION, 4, Symbology.CODE_128),  # bars, straightened
    (Kind.BLUR, 5, Symbology.CODE_128),  # bars, sharpened
    (Kind.LOW_CONTRAST, 6, Symbology.CODE_128),
    (Kind.LOW_CONTRAST, 6, Symbology.QR),  # a patch with full contrast
    (Kind.BLUR, 4, Symbology.QR),  # modules, cleared
    (Kind.MOTION, 5, Symbology.QR),
]


def texts(image: Picture) -> list[str]:
    """The texts that are read."""
    return [scan.text for scan in decode(image)]


def magnified(modules: Picture, module_px: int, height_px: int | None = None) -> Picture:
    """A symbol in pixels: a QR code's modules, or a bar code's line drawn so high."""
    return np.kron(modules, np.ones((height_px or module_px, module_px), np.uint8))


def counter(*placed: tuple[Picture, int, int], size: tuple[int, int] = SMALL) -> Picture:
    """A grey counter with symbols on it, each with the column and row of its first pixel."""
    picture = np.full((size[1], size[0]), 200, np.uint8)
    for symbol, left, top in placed:
        picture[top : top + symbol.shape[0], left : left + symbol.shape[1]] = symbol
    return picture


def qr(text: str = TEXT) -> Picture:
    """A QR code, six pixels a module."""
    return magnified(qr_code(text), 6)


def bars(text: str = TEXT) -> Picture:
    """A Code 128, three pixels a module."""
    return magnified(code_128(text), 3, 90)


@pytest.fixture
def fresh_readers() -> Iterator[None]:
    """The readers are looked for anew, in the test and after it."""
    load_readers.cache_clear()
    yield
    load_readers.cache_clear()


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("kind", Kind)
def test_an_everyday_fault_is_read(kind: Kind, symbology: Symbology) -> None:
    """The second of six levels of every fault: the code is read, and nothing else."""
    sample = draw(Case(kind, 2, symbology, SMALL, number=0, seed=40))
    assert [sample.text] == texts(sample.picture)


@pytest.mark.parametrize(("kind", "level", "symbology"), HARD)
def test_what_zxing_cannot_read_alone_is_read(kind: Kind, level: int, symbology: Symbology) -> None:
    """Every attempt reads a picture that the first reader alone cannot."""
    sample = draw(Case(kind, level, symbology, SMALL, number=0, seed=42))
    assert [] == decode(sample.picture, budget=lambda: False)
    assert [sample.text] == texts(sample.picture)


def test_a_scan_says_what_it_is() -> None:
    """Bytes, text, symbology, AIM identifier and transport; no source and no time, which the camera knows."""
    found = {scan.symbology: scan for scan in decode(counter((qr(), 20, 20), (bars(OTHER_TEXT), 120, 300)))}
    assert {"QR Code", "Code 128"} == set(found)
    assert (TEXT, TEXT.encode(), "]Q1") == (
        found["QR Code"].text,
        found["QR Code"].raw,
        found["QR Code"].aim_id,
    )
    assert (OTHER_TEXT, "]C0") == (found["Code 128"].text, found["Code 128"].aim_id)
    assert {("camera", "", None)} == {(scan.transport, scan.source, scan.at) for scan in found.values()}


@pytest.mark.parametrize(
    ("held", "text"),
    [
        ("BEGIN:VCARD\r\nN:林;小\r\nEND:VCARD", "BEGIN:VCARD\r\nN:林;小\r\nEND:VCARD"),
        ("Café Müller".encode("latin-1"), "Café Müller"),
        ("外側のコード".encode("shift_jis"), "外側のコード"),
        (b"\x00\x01\x02\xfe\xff" * 5, None),
    ],
)
def test_a_posters_code_is_read_too(held: str | bytes, text: str | None) -> None:
    """Lines, and character sets that the code does not name: who holds it up hears what it is. Bytes are no text."""
    scans = decode(counter((magnified(qr_code(held), 5), 200, 100)))
    raw = held.encode() if isinstance(held, str) else held
    assert [(text, raw)] * (text is not None) == [(scan.text, scan.raw) for scan in scans]


def test_a_label_of_several_fields_is_read() -> None:
    """GS1-128 ends a field by a group separator; other control characters in bars come of a misread."""
    assert ["10AB12\x1d21987"] == texts(counter((bars("10AB12\x1d21987"), 40, 200)))
    assert [] == texts(counter((bars("10AB12\x0721987"), 40, 200)))


@pytest.mark.parametrize("softness_px", [0.3, 3.2])
def test_a_code_is_found_where_it_is(softness_px: float) -> None:
    """Its corners are within a module of its own, read at once or by its modules."""
    soft = cv2.GaussianBlur(counter((qr(), 200, 100)), (0, 0), softness_px).astype(np.uint8)
    (found,) = locate(soft)
    left, top, side = 200 + 4 * 6, 100 + 4 * 6, 21 * 6
    expected = [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    np.testing.assert_allclose(found.corners, expected, atol=6)


def test_a_region_of_interest_is_all_that_is_read() -> None:
    """The code outside it is not read; the place of the one inside is one in the whole picture."""
    picture = counter((qr(TEXT), 10, 20), (qr(OTHER_TEXT), 400, 220))
    whole = {found.scan.text: found.corners for found in locate(picture)}
    (part,) = locate(picture, roi=Roi(left=0.55, top=0.4))
    assert OTHER_TEXT == part.scan.text
    np.testing.assert_allclose(part.corners, whole[OTHER_TEXT], atol=2)


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ([Format.QR], {TEXT}),
        (["Code 128"], {OTHER_TEXT}),
        ({"QR Code", Format.CODE_128}, {TEXT, OTHER_TEXT}),
        ([], set()),
    ],
)
def test_only_the_formats_asked_for_are_read(formats: list[Format], expected: set[str]) -> None:
    """A format may be said by its name; no formats are none, and not all."""
    picture = counter((qr(TEXT), 20, 20), (bars(OTHER_TEXT), 120, 300))
    assert expected == {scan.text for scan in decode(picture, formats=formats)}


@pytest.mark.parametrize("softness_px", [0.5, 1.2, 2.0])
@pytest.mark.parametrize(
    ("kind", "text"), [("ean13", "590123412345"), ("code39", "AB12CD"), ("itf", "12345678")]
)
def test_other_labels_are_no_codes(kind: str, text: str, softness_px: float) -> None:
    """The bar codes of goods, sharp and soft, give nothing."""
    (line,) = barcode.get_barcode_class(kind)(text).build()
    modules = np.where(np.frombuffer(line.encode(), np.uint8) == ord("1"), 0, 255).astype(np.uint8)
    label = counter((magnified(np.pad(modules, 12, constant_values=255)[np.newaxis], 2, 80), 100, 150))
    assert [] == decode(cv2.GaussianBlur(label, (0, 0), softness_px).astype(np.uint8))


def test_a_picture_may_lie_in_memory_as_it_likes() -> None:
    """Grey or colour, a view of every other pixel, upside down, read-only, by columns: the same code."""
    grey = counter((qr(), 200, 100))
    colour = np.dstack([grey] * 3)
    sparse = np.repeat(np.repeat(colour, 2, axis=0), 2, axis=1)[::2, ::2]
    frozen = grey.copy()
    frozen.flags.writeable = False
    for picture in (
        grey,
        colour,
        sparse,
        colour[::-1, ::-1],
        frozen,
        np.asfortranarray(colour),
        colour[..., ::-1],
    ):
        before = picture.copy()
        assert [TEXT] == texts(picture)
        assert np.array_equal(before, picture)


@pytest.mark.parametrize(
    ("turned", "text"),
    [
        (255 - counter((qr(), 200, 100)), TEXT),
        (255 - counter((bars(), 80, 200)), TEXT),
        (counter((qr(), 200, 100))[:, ::-1], TEXT),
        (np.rot90(counter((bars(), 80, 200))), TEXT),
        (np.rot90(counter((bars(), 80, 200)), 2), TEXT),
        (counter((qr()[20:-20, 20:-20], 0, 0)), TEXT),
        (magnified(qr_code(TEXT, "L", 2), 2), TEXT),
    ],
    ids=[
        "light QR",
        "light bars",
        "mirrored QR",
        "standing bars",
        "bars on their head",
        "in a corner",
        "tiny",
    ],
)
def test_a_code_is_read_however_it_is_shown(turned: Picture, text: str) -> None:
    """Inverted, mirrored, turned, at the edge or tiny."""
    assert [text] == texts(turned)


def test_a_covered_code_is_read_or_nothing() -> None:
    """A thumb over a part of the bars leaves their other half; over all of one column it leaves nothing."""
    half, whole = counter((bars(), 80, 200)), counter((bars(), 80, 200))
    half[200:250, 250:300] = 120
    whole[190:300, 250:300] = 120
    assert [TEXT] == texts(half)
    assert [] == texts(whole)


def test_a_large_picture_is_read() -> None:
    """Four thousand pixels wide, with a code in it that has to be cleared; its place is one in the large picture."""
    large = counter((magnified(qr_code(TEXT), 9), 1500, 900), size=(3840, 2160))
    (found,) = locate(cv2.GaussianBlur(large, (0, 0), 4.6).astype(np.uint8))
    assert TEXT == found.scan.text
    assert np.abs(found.corners[0] - (1536, 936)).max() < 12


@pytest.mark.parametrize("noise", [10, 25, 40])
def test_noise_in_the_colours_does_no_harm(noise: int) -> None:
    """A webcam's colours are coarse and noisy; what is read is their brightness."""
    colours = cv2.cvtColor(np.dstack([counter((qr(), 200, 100))] * 3), cv2.COLOR_BGR2YCrCb)
    coarse = np.random.default_rng(noise).normal(0, noise, (480, 320, 2)).astype(np.float32)
    shifted = colours[..., 1:] + cv2.resize(coarse, SMALL)
    colours[..., 1:] = np.clip(shifted, 0, 255).astype(np.uint8)
    assert [TEXT] == texts(cv2.cvtColor(colours, cv2.COLOR_YCrCb2BGR).astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        ([[0]], TypeError, "a numpy array, not list"),
        (np.zeros((20, 20)), TypeError, "uint8, not float64"),
        (np.zeros((20, 20), np.uint16), TypeError, "uint8, not uint16"),
        (np.zeros((20, 20, 4), np.uint8), ValueError, r"not \(20, 20, 4\)"),
        (np.zeros(20, np.uint8), ValueError, r"not \(20,\)"),
        (np.zeros((1, 32_768), np.uint8), ValueError, "32,?767 pixels at most, not 32,?768"),
    ],
)
def test_what_is_no_picture_is_an_error(image: Picture, error: type[Exception], message: str) -> None:
    """It says what a picture is, and what was given."""
    with pytest.raises(error, match=message):
        decode(image)


def test_an_unknown_format_is_an_error() -> None:
    """A name that is no format is a ValueError, whatever the picture."""
    with pytest.raises(ValueError, match="EAN-13"):
        decode(counter(), formats=["EAN-13"])  # type: ignore[list-item]  # what a settings file may hold


SIDES = st.integers(0, 160)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_array_gives_a_list(data: st.DataObject) -> None:
    """Whatever the size and the content, nothing is raised; in noise nothing is read."""
    height, width = data.draw(SIDES), data.draw(SIDES)
    shape = data.draw(st.sampled_from([(height, width), (height, width, 3)]))
    values = st.one_of(st.sampled_from([0, 255]), st.integers(0, 255))
    image = data.draw(arrays(np.uint8, shape, elements=values, fill=values))
    stretched = np.repeat(
        np.repeat(image, data.draw(st.integers(1, 4)), axis=0), data.draw(st.integers(1, 4)), axis=1
    )
    assert [] == decode(stretched)


@given(
    st.integers(0, 2**32), st.sampled_from([TEXT, "1", "https://example.com/?q=é", "A" * 60]), st.booleans()
)
@settings(max_examples=40, deadline=None)
def test_a_damaged_code_gives_its_text_or_nothing(seed: int, text: str, is_bars: bool) -> None:
    """Noise, blur, scratches and shrinking never make another text of it."""
    rng = np.random.default_rng(seed)
    symbol = bars(text if text.isdigit() else TEXT) if is_bars else qr(text)
    picture = counter((symbol, 5, 5), size=(symbol.shape[1] + 10, symbol.shape[0] + 10)).astype(np.float32)
    for _ in range(int(rng.integers(0, 6))):
        (x0, x1), (y0, y1) = rng.integers(0, symbol.shape[1], 2), rng.integers(0, symbol.shape[0], 2)
        cv2.line(
            picture,
            (int(x0), int(y0)),
            (int(x1), int(y1)),
            float(rng.integers(0, 256)),
            int(rng.integers(1, 9)),
        )
    soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 4))) + rng.normal(
        0, rng.uniform(0, 30), picture.shape
    )
    small = cv2.resize(
        np.clip(soft, 0, 255).astype(np.uint8), None, fx=(scale := rng.uniform(0.3, 1)), fy=scale
    )
    assert {scan.text for scan in decode(small.astype(np.uint8))} <= {
        text if not is_bars or text.isdigit() else TEXT
    }


def test_the_same_picture_gives_the_same_codes() -> None:
    """Read again, and whichever attempt begins, a hard picture gives the same scan."""
    sample = draw(Case(Kind.BLUR, 4, Symbology.QR, SMALL, number=0, seed=42))
    assert {(sample.text,)} == {
        tuple(scan.text for scan in decode(sample.picture, turn=turn)) for turn in (0, 0, 1, 2)
    }


def test_a_spent_budget_ends_the_search() -> None:
    """It is asked before each attempt; the one that it lets begin is the last when it then says no."""
    picture = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    asked: list[bool] = []

    def thrice() -> bool:
        asked.append(len(asked) < 2)
        return asked[-1]

    assert [] == decode(picture, budget=thrice)
    assert [True, True, False] == asked


def test_seconds_are_counted_from_when_they_are_given() -> None:
    """A budget of half a second is spent half a second later by its clock."""
    times = iter([10.0, 10.2, 10.49, 10.5])
    budget = Seconds(0.5, lambda: next(times))
    assert [True, True, False] == [budget(), budget(), budget()]


def test_neither_found_nor_scan_shows_its_text() -> None:
    """A text may be a payment code: what is printed of it is its length."""
    shown = repr(locate(counter((qr(), 200, 100))))
    assert TEXT not in shown
    assert "18 characters" in shown


@pytest.mark.usefixtures("fresh_readers")
@pytest.mark.parametrize(
    "picture", [counter((qr(), 200, 100)), counter((bars(), 80, 200))], ids=["QR", "bars"]
)
@pytest.mark.parametrize(
    "missing", [{"zxingcpp"}, {"pyzbar"}, {"cv2"}, {"zxingcpp", "cv2"}, {"pyzbar", "cv2"}]
)
def test_one_reader_is_enough(missing: set[str], picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without zxing-cpp pyzbar reads, without pyzbar zxing-cpp, and without OpenCV both."""
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("drivers.vision.") and "cv2" in missing]:
        if hasattr(sys.modules[name], "cv2"):
            monkeypatch.delitem(sys.modules, name)
    assert [TEXT] == texts(np.dstack([picture] * 3))
    assert [] == texts(counter())


@pytest.mark.usefixtures("fresh_readers")
def test_without_a_reader_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither library there: the command that brings one is in the error."""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    monkeypatch.setitem(sys.modules, "pyzbar", None)
    with pytest.raises(DriverMissing, match="python -m pip install zxing-cpp"):
        decode(counter())
