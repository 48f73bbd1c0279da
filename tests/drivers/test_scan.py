"""A scan checks itself and keeps its text to itself."""

from typing import Any

import pytest

from drivers.scan import Scan, split_aim_id, symbology_of

CODE = "660123456789012345"


def test_a_scan_shows_its_length_and_not_its_text() -> None:
    """Neither repr nor str nor a format shows the text or the raw bytes; type, length and source are shown."""
    scan = Scan(b"]Q1" + CODE.encode(), CODE, "QR Code", "]Q1", "sim:", "sim", 1.5)
    shown = f"{scan!r} {scan!s} {scan} {[scan]}"
    assert CODE not in shown
    assert CODE.encode().hex() not in shown
    assert (
        "Scan(18 characters, 21 bytes, symbology='QR Code', aim_id=']Q1', source='sim:', transport='sim', at=1.5)"
        == repr(scan)
    )


def test_scans_of_the_same_are_equal() -> None:
    """Equality compares every field."""
    assert Scan(b"1", "1", at=1.0) == Scan(b"1", "1", at=1.0)
    assert Scan(b"1", "1", at=1.0) != Scan(b"1", "1", at=2.0)
    assert Scan(b"1", "1") != Scan(b"1", "2")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"raw": CODE}, TypeError),
        ({"text": CODE.encode()}, TypeError),
        ({"raw": b""}, ValueError),
        ({"text": ""}, ValueError),
        ({"aim_id": "Q1"}, ValueError),
        ({"aim_id": f"]Q1{CODE}"}, ValueError),
        ({"at": float("nan")}, ValueError),
        ({"at": float("inf")}, ValueError),
    ],
)
def test_what_is_no_scan_is_refused(wrong: dict[str, Any], error: type[Exception]) -> None:
    """A scan built from something else is an error that does not show the text."""
    with pytest.raises(error) as caught:
        Scan(**{"raw": CODE.encode(), "text": CODE, **wrong})
    assert CODE not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "aim_id", "rest", "symbology"),
    [
        ("]Q1123", "]Q1", "123", "QR Code"),
        ("]C0123", "]C0", "123", "Code 128"),
        ("]E04006381333931", "]E0", "4006381333931", "EAN/UPC"),
        ("]Xg123", "]Xg", "123", "other"),
        ("123", None, "123", None),
        ("]q1123", None, "]q1123", None),  # no symbology has this letter
        ("]", None, "]", None),
    ],
)
def test_an_aim_identifier_names_the_symbology(
    text: str, aim_id: str | None, rest: str, symbology: str | None
) -> None:
    """A leading AIM identifier is split off and names the kind of label."""
    assert (aim_id, rest) == split_aim_id(text)
    assert symbology == symbology_of(aim_id)
