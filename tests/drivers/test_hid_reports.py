"""HID POS reports: how labels come out of them, by descriptor and without, and what never does."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.hid_reports import HidPosParser
from drivers.scan import Scan
from tests.drivers.hid_pos_gun import (
    AIM_1,
    AIM_2,
    AIM_3,
    CODE,
    COUNT,
    DATA,
    EMULATOR,
    EMULATOR_DESCRIPTOR,
    FLAG,
    HONEYWELL,
    KEYBOARD_DESCRIPTOR,
    ODD,
    PAD,
    ZEBRA,
    HidPosGun,
    Piece,
    aim_pieces,
    item,
)

CODE_TEXT = "660123456789012345"
LONG_TEXT = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore"
)

# Captured from 0c2e:1007 and 05e0:2100 (mgaffigan/Itp.HidBarcodeScanner, NativeHidDemo/Examples.txt).
CAPTURED_HONEYWELL = bytes.fromhex("020c5d4530" + b"306030209223".hex() + "00" * 44 + "634100")
CAPTURED_ZEBRA = bytes.fromhex("020c005d5867" + b"306030209223".hex() + "00" * 44 + "6300")
CAPTURED_HONEYWELL_PARTS = (
    bytes.fromhex("02385d5131") + LONG_TEXT[:56].encode() + bytes.fromhex("733101"),
    bytes.fromhex("022b5d5131") + LONG_TEXT[56:].encode() + bytes(13) + bytes.fromhex("733100"),
)
CAPTURED_ZEBRA_PARTS = (
    bytes.fromhex("0238005d5131") + LONG_TEXT[:56].encode() + bytes.fromhex("7301"),
    bytes.fromhex("022b005d5131") + LONG_TEXT[56:].encode() + bytes(13) + bytes.fromhex("7300"),
)

GUNS = {"honeywell": HONEYWELL, "zebra": ZEBRA, "emulator": EMULATOR, "odd": ODD}


def read(parser: HidPosParser, reports: Sequence[bytes]) -> list[Scan]:
    """The scans of some reports."""
    return [scan for report in reports if (scan := parser.feed(report)) is not None]


def texts(parser: HidPosParser, reports: Sequence[bytes]) -> list[str]:
    """Their texts."""
    return [scan.text for scan in read(parser, reports)]


# ---- the two layouts that were captured


@pytest.mark.parametrize("descriptor", [HONEYWELL.descriptor, None, b"", b"\x05", KEYBOARD_DESCRIPTOR])
def test_a_captured_report_of_honeywell(descriptor: bytes | None) -> None:
    """The capture is read by its descriptor, without one, and with one that is broken or says nothing of labels."""
    parser = HidPosParser(descriptor)
    assert Scan(b"]E0306030209223", "306030209223", "EAN/UPC", "]E0") == parser.feed(CAPTURED_HONEYWELL)
    assert [LONG_TEXT] == texts(parser, CAPTURED_HONEYWELL_PARTS)
    assert 0 == parser.take_misreads()


@pytest.mark.parametrize("descriptor", [ZEBRA.descriptor, None, b"", b"\x05", KEYBOARD_DESCRIPTOR])
def test_a_captured_report_of_zebra(descriptor: bytes | None) -> None:
    """The same; an AIM identifier that no standard knows is kept, and the vendor's own id names the symbology."""
    parser = HidPosParser(descriptor)
    assert Scan(b"]Xg306030209223", "306030209223", "UPC-A", "]Xg") == parser.feed(CAPTURED_ZEBRA)
    assert [LONG_TEXT] == texts(parser, CAPTURED_ZEBRA_PARTS)
    assert 0 == parser.take_misreads()


@pytest.mark.parametrize("gun", GUNS.values(), ids=GUNS)
def test_a_gun_is_read_by_what_it_says(gun: HidPosGun) -> None:
    """Short and long labels of every layout come out exactly, at the time of their last report."""
    parser = HidPosParser(gun.descriptor)
    *parts, last = gun.reports(LONG_TEXT.encode())
    assert [None] * len(parts) == [parser.feed(report, at) for at, report in enumerate(parts)]
    assert Scan(b"]Q1" + LONG_TEXT.encode(), LONG_TEXT, "QR Code", "]Q1", at=9.5) == parser.feed(last, 9.5)
    assert [CODE_TEXT] == texts(parser, gun.reports(CODE_TEXT.encode()))
    assert 0 == parser.take_misreads()


def test_the_emulator_is_read_by_its_own_words() -> None:
    """Its descriptor as it was published reads its reports, also when they fill a whole packet."""
    parser = HidPosParser(EMULATOR_DESCRIPTOR)
    (report,) = EMULATOR.reports(CODE_TEXT.encode())
    assert (62, [CODE_TEXT] * 2) == (len(report), texts(parser, [report, report.ljust(64, b"\0")]))


@pytest.mark.parametrize("gun", [HONEYWELL, ZEBRA, EMULATOR], ids=["honeywell", "zebra", "emulator"])
@pytest.mark.parametrize("aim_id", ["]Q1", "]C0", "]Xg", ""])
@pytest.mark.parametrize("text", ["1", CODE_TEXT, "x" * 56, LONG_TEXT, "积分" * 30])
def test_without_a_descriptor_the_bytes_tell(gun: HidPosGun, aim_id: str, text: str) -> None:
    """The known layouts are told apart by one report, with and without an AIM identifier."""
    parser = HidPosParser(None)
    assert [(text, aim_id or None)] == [
        (scan.text, scan.aim_id) for scan in read(parser, gun.reports(text.encode(), aim_id))
    ]


@pytest.mark.parametrize(
    ("aim_id", "code_id", "symbology"),
    [
        ("]Q1", "s", "QR Code"),
        ("]C0", "j", "Code 128"),
        ("]E0", "c", "EAN/UPC"),
        ("]Xg", "c", "UPC-A"),
        ("]X0", "j", "Code 128"),
        ("]X0", "\x01", None),
        ("]y1", "s", None),
        ("", "s", "QR Code"),
        ("", "?", None),
    ],
)
def test_a_symbology_has_its_name(aim_id: str, code_id: str, symbology: str | None) -> None:
    """The standard's letter first; where it says nothing, the vendor's id; unknown ones are no guess."""
    (scan,) = read(HidPosParser(HONEYWELL.descriptor), HONEYWELL.reports(b"123", aim_id, code_id))
    assert (aim_id or None, symbology) == (scan.aim_id, scan.symbology)


# ---- single cases

LABEL = HONEYWELL.reports(CODE_TEXT.encode())[0]


@pytest.mark.parametrize(
    ("report", "misreads"),
    [
        (b"", 0),
        (b"\x01" + LABEL[1:], 0),  # another report
        (LABEL[:63], 1),
        (LABEL[:2], 1),
        (LABEL[:1], 1),
        (LABEL + b"\x00", 1),
        (LABEL + LABEL, 1),
        (b"\x02\x39" + LABEL[2:], 1),  # more than the field holds
        (b"\x02\xff" + LABEL[2:], 1),
        (b"\x02\x11" + LABEL[2:], 1),  # less than is there
        (b"\x02\x13" + LABEL[2:], 1),  # zeros are no text
        (LABEL.replace(b"]Q1", b"}Q1"), 1),
        (LABEL.replace(b"]Q1", b"]?1"), 1),
        (LABEL.replace(b"]Q1", b"]Q\x00"), 1),
        (LABEL.replace(b"66", b"6\x06"), 1),
        (LABEL.replace(b"66", b"6\xff"), 1),
        (b"\x02\x00" + bytes(62), 0),  # nothing was read
        (HONEYWELL.reports(b"REVINF\x06.", "]Z6")[0], 0),  # an answer to a command
        (HONEYWELL.reports(b"TERMID131", "]Z6")[0], 0),
        (HONEYWELL.reports(b"\r\n")[0], 1),
    ],
)
@pytest.mark.parametrize("descriptor", [HONEYWELL.descriptor, None])
def test_a_report_that_is_no_label(report: bytes, misreads: int, descriptor: bytes | None) -> None:
    """One line a fault: nothing comes out, it is counted if it was meant to be a label, and the next label is read."""
    parser = HidPosParser(descriptor)
    assert (None, misreads) == (parser.feed(report), parser.take_misreads())
    assert [CODE_TEXT] == texts(parser, [LABEL])
    assert 0 == parser.take_misreads()


@pytest.mark.parametrize("suffix", ["\r", "\r\n", "\t", "\n"])
def test_a_suffix_for_another_mode_is_cut_off(suffix: str) -> None:
    """A gun that was told to send Enter behind each label is read all the same."""
    parser = HidPosParser(HONEYWELL.descriptor)
    assert [CODE_TEXT] == texts(parser, HONEYWELL.reports((CODE_TEXT + suffix).encode()))


def test_a_gun_that_does_not_wipe_its_buffer_is_read() -> None:
    """What is left of the label before behind a shorter one is no part of it, and no fault; anything else is one."""
    parser = HidPosParser(HONEYWELL.descriptor)
    long, short = HONEYWELL.reports(b"123456789")[0], HONEYWELL.reports(b"abc")[0]
    left_over = short.replace(b"abc\0\0\0\0\0\0", b"abc456789")
    assert ["123456789", "abc"] == texts(parser, [long, left_over])
    assert ["abc"] == texts(parser, [short])
    assert ([], 1) == (texts(parser, [left_over]), parser.take_misreads())
    assert [] == texts(HidPosParser(HONEYWELL.descriptor), [left_over])


def test_a_shrunken_count_is_seen_even_when_the_label_is_read_twice() -> None:
    """The rest of the very same label is no left-over."""
    parser = HidPosParser(HONEYWELL.descriptor)
    assert [CODE_TEXT] == texts(parser, [LABEL, b"\x02\x05" + LABEL[2:]])


# ---- labels in several reports

PARTS = ZEBRA.reports(LONG_TEXT.encode() * 2)
OTHER = ZEBRA.reports(CODE_TEXT.encode(), "]C0", "j")[0]


@pytest.mark.parametrize(
    ("reports", "expected", "misreads"),
    [
        (PARTS, [LONG_TEXT * 2], 0),
        ([*PARTS, *PARTS], [LONG_TEXT * 2] * 2, 0),
        # Its end was lost: a label of another kind shows it.
        ([*PARTS[:2], OTHER], [CODE_TEXT], 1),
        # A broken part takes the whole label with it, and nothing more.
        ([PARTS[0], PARTS[1][:60], *PARTS[2:], OTHER], [CODE_TEXT], 1),
        ([PARTS[0], b"\x02\xff" + PARTS[1][2:], *PARTS[2:], OTHER], [CODE_TEXT], 1),
        ([*PARTS[:-1], b"\x02\xff" + PARTS[-1][2:], OTHER], [CODE_TEXT], 1),
        ([b"\x02\xff" + PARTS[0][2:], *PARTS[1:], OTHER], [CODE_TEXT], 1),
        # Other reports in between are none of its parts.
        ([PARTS[0], b"\x07\x01\x02", *PARTS[1:]], [LONG_TEXT * 2], 0),
    ],
)
def test_parts_are_joined(reports: Sequence[bytes], expected: list[str], misreads: int) -> None:
    """One line an order of events."""
    parser = HidPosParser(ZEBRA.descriptor)
    assert (expected, misreads) == (texts(parser, reports), parser.take_misreads())


def test_an_unfinished_label_is_given_up_after_a_while() -> None:
    """A silence of half a second ends what is pending; less does not, and the next label is not glued to it."""
    parser = HidPosParser(ZEBRA.descriptor)
    parser.feed(PARTS[0], 1.0)
    parser.expire(1.49)
    assert 0 == parser.take_misreads()
    assert [LONG_TEXT * 2] == texts(parser, PARTS[1:])
    parser.feed(PARTS[0], 2.0)
    parser.expire(2.5)
    assert ([CODE_TEXT], 1) == (texts(parser, ZEBRA.reports(CODE_TEXT.encode())), parser.take_misreads())


def test_a_silence_ends_the_skipping_of_a_broken_label() -> None:
    """What comes after a pause is a new label, whatever became of the broken one's end."""
    parser = HidPosParser(ZEBRA.descriptor)
    parser.feed(PARTS[0], 1.0)
    parser.feed(PARTS[1][:9], 1.01)
    parser.expire(1.6)
    assert ([CODE_TEXT], 1) == (texts(parser, ZEBRA.reports(CODE_TEXT.encode())), parser.take_misreads())


def test_a_queue_read_late_is_no_silence() -> None:
    """Parts that waited while the reader was busy are still one label."""
    parser = HidPosParser(ZEBRA.descriptor)
    assert [LONG_TEXT * 2] == [
        scan.text for at, part in enumerate(PARTS) if (scan := parser.feed(part, 10.0 * at)) is not None
    ]


@pytest.mark.parametrize("excess", [0, 1, 60, 5000])
def test_a_label_has_a_cap(excess: int) -> None:
    """A label up to the cap is read, a longer one is one misread, and the next one is read."""
    parser = HidPosParser(HONEYWELL.descriptor, cap_bytes=1000)
    label = b"7" * (1000 + excess)
    assert ([] if excess else [label.decode()]) == texts(parser, HONEYWELL.reports(label))
    assert (bool(excess), [CODE_TEXT]) == (parser.take_misreads(), texts(parser, [LABEL]))


def test_endless_parts_stay_within_the_cap() -> None:
    """A gun that never ends its label, with or without bytes in it, takes no more memory than the cap."""
    parser = HidPosParser(HONEYWELL.descriptor, cap_bytes=1000)
    for part in (b"7" * 56, b""):
        for _ in range(1000):
            parser.feed(HONEYWELL.report(part, "]Q1", "s", goes_on=True))
        assert len(parser._joined) <= 1000
    assert 1 == parser.take_misreads()


@pytest.mark.parametrize("wrong", [{"cap_bytes": 0}, {"timeout_seconds": 0.0}])
def test_impossible_limits_are_refused(wrong: dict[str, float]) -> None:
    """A cap or a time-out of nothing is a ValueError."""
    with pytest.raises(ValueError, match="cap"):
        HidPosParser(None, **wrong)  # type: ignore[arg-type]  # a table of mixed numbers


# ---- rules

labels = st.text(
    st.characters(categories=("L", "N", "P", "S"), include_characters=" "), min_size=1, max_size=150
).filter(lambda text: len(text.encode()) <= 400)
aim_ids = st.from_regex(r"\][A-Ya-z][0-9A-Za-z]", fullmatch=True)


@st.composite
def guns(draw: st.DrawFn) -> HidPosGun:
    """A gun with any layout: any order, sizes, report id, nesting and spelling; some have no count, no AIM, no flag."""
    count_bits = draw(st.integers(9, 16))
    pieces = [Piece(DATA, 8, draw(st.integers(8, 200)))]
    has_count = draw(st.booleans())
    pieces += [Piece(COUNT, count_bits)] if has_count else []
    pieces += aim_pieces() if draw(st.booleans()) else []
    pieces += [Piece(CODE)] if draw(st.booleans()) else []
    flag_bits = draw(st.integers(1, 8))
    pieces += [Piece(FLAG, 1, flag_bits)] if draw(st.booleans()) else [Piece(FLAG, flag_bits)]
    pieces += [Piece(PAD, draw(st.integers(1, 12))) for _ in range(draw(st.integers(0, 4)))]
    other = item(0x04, 0xFF00) + item(0x08, 1) + item(0x74, 8) + item(0x94, 9)
    report_id = draw(st.integers(0, 255))
    apart = item(0x84, report_id % 255 + 1) + other + item(0x80, 2) if report_id else b""
    return HidPosGun(
        draw(st.permutations(pieces)),
        report_id,
        least_bytes=draw(st.sampled_from([1, 2])),
        is_nested=draw(st.booleans()),
        before=draw(st.sampled_from([b"", apart])),
        after=draw(st.sampled_from([b"", apart, item(0x90, 2), b"\xa4\x05\x01\xb4"])),
    )


@given(guns(), st.lists(st.tuples(labels, aim_ids), min_size=1, max_size=4))
def test_any_descriptor_and_any_label(gun: HidPosGun, read_labels: list[tuple[str, str]]) -> None:
    """Whatever the layout, exactly the labels come out."""
    parser = HidPosParser(gun.descriptor)
    has_aim = {AIM_1, AIM_2, AIM_3} <= {piece.holds for piece in gun.pieces}
    for text, aim_id in read_labels:
        scans = read(parser, gun.reports(text.encode(), aim_id))
        assert [(text, aim_id if has_aim else None)] == [(scan.text, scan.aim_id) for scan in scans]
    assert 0 == parser.take_misreads()


@st.composite
def broken_framings(draw: st.DrawFn) -> tuple[HidPosGun, str, list[bytes]]:
    """A gun, a label, and its reports with one of them cut, lengthened, or with another count or AIM identifier."""
    gun = draw(st.sampled_from([HONEYWELL, ZEBRA, ODD, EMULATOR]))
    text = draw(labels)
    reports = gun.reports(text.encode())
    place = draw(st.integers(0, len(reports) - 1))
    report = reports[place]
    kind = draw(st.sampled_from(["cut", "longer", "count", "mark"]))
    if kind == "cut":
        # The first of several, cut before its flag: the one loss that the format has no way to show.
        assume(place > 0 or len(reports) == 1 or gun is ODD)
        report = report[: draw(st.integers(2, len(report) - 1))]
    elif kind == "longer":
        report += draw(st.binary(min_size=1, max_size=70)) + b"\x01"
    else:
        part = text.encode()[gun.capacity_bytes * place :][: gun.capacity_bytes]
        goes_on = place < len(reports) - 1
        if kind == "count":
            count = draw(st.integers(0, 127).filter(lambda count: count != len(part)))
            made = gun.report(bytes(min(count, gun.capacity_bytes)), "]Q1", "s", goes_on=goes_on)
            assume(count <= gun.capacity_bytes)
            right = gun.report(part, "]Q1", "s", goes_on=goes_on)
            blank = gun.report(bytes(len(part)), "]Q1", "s", goes_on=goes_on)
            report = bytes(a ^ b ^ c for a, b, c in zip(made, right, blank, strict=True))
        else:
            report = gun.report(
                part, draw(st.sampled_from(["?Q1", "]\x01\x01", "  ]"])), "s", goes_on=goes_on
            )
    return gun, text, [*reports[:place], report, *reports[place + 1 :]]


@given(broken_framings(), st.booleans())
def test_a_broken_framing_never_makes_another_text(
    broken: tuple[HidPosGun, str, list[bytes]], has_silence: bool
) -> None:
    """A label of which a report is broken comes out exactly or not at all; after a silence the next one is read."""
    gun, text, reports = broken
    parser = HidPosParser(gun.descriptor)
    assert set(texts(parser, reports)) <= {text}
    if has_silence:
        parser.expire(99.0)
        assert [CODE_TEXT] == texts(parser, gun.reports(CODE_TEXT.encode()))


@given(st.lists(st.binary(max_size=80), max_size=12), st.sampled_from([None, *GUNS.values()]))
def test_any_reports_whatever(noise: list[bytes], gun: HidPosGun | None) -> None:
    """Whatever arrives, nothing is raised, what comes out is printable, and a label after a silence is read."""
    parser = HidPosParser(None if gun is None else gun.descriptor)
    assert all(scan.text.isprintable() for scan in read(parser, noise))
    parser.expire(99.0)
    assert [CODE_TEXT] == texts(parser, (gun or ZEBRA).reports(CODE_TEXT.encode()))
