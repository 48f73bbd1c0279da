"""Boot keyboard reports become what the keys they tell of would, in every layout, and never another text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.boot_reports import BootReportParser
from drivers.key_codes import LAYOUTS
from drivers.key_presses import KeyPressParser
from drivers.scan import Scan
from tests.drivers.boot_keyboard import reports
from tests.drivers.keyboard_gun import label, typed_on_keypad

CODE = "660123456789012345"


def scans_of(parser: BootReportParser, *sent: bytes) -> list[str]:
    """What some reports and a silence make."""
    scans: list[Scan] = [scan for report in sent for scan in parser.feed(report, 1.0)]
    return [scan.text for scan in [*scans, *parser.idle(9.0)]]


def test_the_report_of_a_digit() -> None:
    """The 8 of the tables, its release, and Enter."""
    eight = bytes.fromhex("0000250000000000")
    enter = bytes.fromhex("0000280000000000")
    assert ["8"] == scans_of(BootReportParser(), eight, bytes(8), enter, bytes(8))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(layout: str) -> None:
    """Whatever a gun set to this layout can type comes out as it is."""
    made = LAYOUTS[layout]
    text = "".join(sorted({*made.plain.values(), *made.shifted.values(), *made.third.values()} - {"]"}))
    parser = BootReportParser(KeyPressParser(layout=layout))
    assert [text] == scans_of(parser, *reports(label(text, layout)))


def test_numbers_on_the_keypad_are_characters() -> None:
    """A gun that types by Alt and numbers is read as well."""
    assert ["Ab1cD"] == scans_of(BootReportParser(), *reports([*typed_on_keypad("Ab1"), *label("cD")]))


def test_two_keys_down_at_once_are_two_strokes() -> None:
    """A fast gun presses the next key before it lets go of the last."""
    sent = [
        "00001e0000000000",
        "00001e1f00000000",
        "00001f0000000000",
        "0000000000000000",
        "0000280000000000",
    ]
    assert ["12"] == scans_of(BootReportParser(), *map(bytes.fromhex, sent))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        bytes(7),
        bytes(8) + b"\1",
        b"\0\0" + 6 * b"\1",
        bytes.fromhex("0000ff0000000000"),
        bytes.fromhex("00003a0000000000"),
    ],
)
def test_what_is_no_key_of_a_label_spoils_it(broken: bytes) -> None:
    """A report that is none, too many keys at once, or a key that labels have not: a misread, and the next is whole."""
    parser = BootReportParser()
    first, second = [*reports(label(CODE))], [*reports(label("last"))]
    assert ["last"] == scans_of(parser, *first[:9], broken, bytes(8), *first[9:], *second)
    assert 1 == parser.take_misreads()


def test_a_report_filled_up_with_zeros_is_read() -> None:
    """Some systems fill every report to the device's longest."""
    assert [CODE] == scans_of(BootReportParser(), *(report + bytes(8) for report in reports(label(CODE))))


@given(st.lists(st.binary(max_size=10), max_size=60), st.sampled_from([*LAYOUTS]))
def test_any_reports_whatever(sent: list[bytes], layout: str) -> None:
    """No bytes raise, and after a silence the next label is read as it is."""
    parser = BootReportParser(KeyPressParser(layout=layout))
    scans_of(parser, *sent, bytes(8))
    scans_of(parser, bytes(7))
    assert [CODE] == scans_of(parser, *reports(label(CODE, layout)))[-1:]
