"""Report descriptors: where fields lie, and that no bytes whatsoever do more than be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.report_descriptor import DescriptorInvalid, Field, ReportKind, parse
from tests.drivers.hid_pos_gun import (
    EMULATOR_DESCRIPTOR,
    HONEYWELL,
    KEYBOARD_DESCRIPTOR,
    ODD,
    ZEBRA,
    HidPosGun,
)

INPUT, OUTPUT, FEATURE = ReportKind
POS = 0x008C


def places(descriptor: bytes, kind: ReportKind = INPUT) -> list[tuple[int, int, int, int, int]]:
    """Each field of a kind: report id, usage, bit offset, bit size, count."""
    return [
        (found.report_id, found.usage, found.bit_offset, found.bit_size, found.count)
        for found in parse(descriptor).fields
        if found.kind is kind
    ]


def test_the_tables_own_example() -> None:
    """Every field of the emulator's descriptor lies where its captures have it, and padding is no field."""
    assert [
        (2, 0x0001003B, 8, 8, 1),
        (2, 0x008C00FB, 16, 8, 1),
        (2, 0x008C00FC, 24, 8, 1),
        (2, 0x008C00FD, 32, 8, 1),
        (2, 0x008C00FE, 40, 8, 56),
        (2, 0x008C00FF, 488, 1, 1),
    ] == places(EMULATOR_DESCRIPTOR)
    found = parse(EMULATOR_DESCRIPTOR)
    assert ((0x008C0002,), {(INPUT, 2): 62}) == (found.applications, dict(found.sizes))


def test_inputs_outputs_and_features_have_lengths_of_their_own() -> None:
    """A gun's trigger report, its switch and its commands are found beside its labels."""
    found = parse(HONEYWELL.descriptor)
    assert {(INPUT, 2): 64, (OUTPUT, 4): 2, (FEATURE, 0xFE): 2, (OUTPUT, 0xFD): 64} == dict(found.sizes)
    assert (64, 64, 2) == tuple(found.longest(kind) for kind in (INPUT, OUTPUT, FEATURE))
    assert [(254, 0xFF660003, 8, 8, 1)] == places(HONEYWELL.descriptor, FEATURE)
    assert (4, 0x008C0086, 14, 1, 2) in places(HONEYWELL.descriptor, OUTPUT)


@pytest.mark.parametrize("descriptor", [HONEYWELL.descriptor, ZEBRA.descriptor, ODD.descriptor])
def test_a_field_reads_its_elements(descriptor: bytes) -> None:
    """Elements come out in order, whatever the bit they begin at; a report that is too short is a ValueError."""
    for found in parse(descriptor).fields:
        values = tuple((7 * place + 3) % (1 << found.bit_size) for place in range(found.count))
        report = sum(
            value << found.bit_offset + found.bit_size * place for place, value in enumerate(values)
        ).to_bytes(64 + 8, "little")
        assert values == found.values(report)
        with pytest.raises(ValueError, match="ends before"):
            found.values(bytes((found.bit_offset + found.bit_size * found.count - 1) // 8))


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        # No ids: the report begins with its first field.
        ("058c 09fe 7508 9502 8102", [(0, 0x8C00FE, 0, 8, 2)]),
        # The page at the main item counts, and a usage of four bytes brings its own.
        ("0501 09fe 058c 7508 9501 8102", [(0, 0x8C00FE, 0, 8, 1)]),
        ("0501 0bfe008c00 7508 9501 8102", [(0, 0x8C00FE, 0, 8, 1)]),
        # A range of usages, and the last one for all that is left.
        ("058c 19fb 29fd 7508 9503 8102", [(0, 0x8C00FB, 0, 8, 1), (0, 0x8C00FC, 8, 8, 1), (0, 0x8C00FD, 16, 8, 1)]),
        ("058c 09fb 09fe 7508 9504 8102", [(0, 0x8C00FB, 0, 8, 1), (0, 0x8C00FE, 8, 8, 3)]),
        # More usages than elements: the rest has none.
        ("058c 09fb 09fe 7508 9501 8102", [(0, 0x8C00FB, 0, 8, 1)]),
        # Locals end with their main item; a field without a usage is one without a meaning.
        ("058c 09fb 7508 9501 8102 8102", [(0, 0x8C00FB, 0, 8, 1), (0, 0, 8, 8, 1)]),
        # Of alternatives the first is taken.
        ("058c a901 09fe 09fb a900 7508 9501 8102", [(0, 0x8C00FE, 0, 8, 1)]),
        # What was pushed comes back.
        ("058c 7508 9501 a4 0501 7510 b4 09fe 8102", [(0, 0x8C00FE, 0, 8, 1)]),
        # An array's usages are the meanings of its values.
        ("0507 1900 2965 7508 9506 8100", [(0, 0, 0, 8, 6)]),
        ("058c 09fe 7508 9506 8100", [(0, 0x8C00FE, 0, 8, 6)]),
        # Padding and reports of nothing take their room and no more; long items are passed over.
        ("058c 7503 9501 8103 09ff 7501 8102", [(0, 0x8C00FF, 3, 1, 1)]),
        ("fe03aabbccdd 058c 09ff 7501 9501 8102", [(0, 0x8C00FF, 0, 1, 1)]),
        ("058c 09ff 7500 9501 8102 7501 9500 8102", []),
        # Reports grow side by side.
        (
            "058c 7508 9501 8501 09fe 8102 8502 09fe 8102 8501 09fd 8102",
            [(1, 0x8C00FE, 8, 8, 1), (2, 0x8C00FE, 8, 8, 1), (1, 0x8C00FD, 16, 8, 1)],
        ),
        ("", []),
    ],
)  # fmt: skip
def test_items_become_fields(words: str, fields: list[tuple[int, int, int, int, int]]) -> None:
    """One line a rule of the parsing."""
    assert fields == places(bytes.fromhex(words))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("05", "within an item"),
        ("26ff", "within an item"),
        ("fe", "within an item"),
        ("fe05aa00", "within an item"),
        ("a101", "not closed"),
        ("c0", "not opened"),
        ("b4", "popped more"),
        ("a4" * 65, "deeper"),
        ("8500", "1 to 255"),
        ("860001", "1 to 255"),
        ("29ff", "no beginning"),
        ("19ff 29fe", "no beginning"),
        ("0c", "reserved type"),
        ("7508 9501 8102 8501 8102", "some have none"),
        ("77ffffffff 97ffffffff 8102", "longer than"),
        ("09ff" * 4097, "more usages"),
    ],
)
def test_what_is_no_descriptor_is_refused(words: str, why: str) -> None:
    """Broken descriptors are refused with the reason."""
    with pytest.raises(DescriptorInvalid, match=why):
        parse(bytes.fromhex(words))


def test_a_huge_range_of_usages_costs_nothing() -> None:
    """A range is not written out beyond the elements there are, and not more than some thousand fields are kept."""
    huge = bytes.fromhex("058c 1b00000000 2bffffffff 7508 9502 8102")
    assert [(0, 0x8C0000, 0, 8, 1), (0, 0x8C0001, 8, 8, 1)] == places(huge)
    with pytest.raises(DescriptorInvalid, match="more fields"):
        parse(bytes.fromhex("058c 1b00000000 2bffffffff 7501 960020 8102"))


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(descriptor: bytes) -> None:
    """Nothing but DescriptorInvalid comes out of the parser, and every field lies within its report."""
    try:
        found = parse(descriptor)
    except DescriptorInvalid:
        return
    for inside in found.fields:
        end = inside.bit_offset + inside.bit_size * inside.count
        assert end <= 8 * found.sizes[inside.kind, inside.report_id]


@given(st.binary(max_size=6), st.integers(0, 200), st.sampled_from([HONEYWELL, ZEBRA, ODD]))
def test_a_broken_descriptor_raises_nothing_else(noise: bytes, place: int, gun: HidPosGun) -> None:
    """The same for real descriptors with some bytes overwritten."""
    descriptor = bytearray(gun.descriptor)
    descriptor[place : place + len(noise)] = noise
    try:
        parse(bytes(descriptor))
    except DescriptorInvalid:
        return


def test_a_keyboard_says_that_it_is_one() -> None:
    """The application collection tells a keyboard from a scanner."""
    assert (0x00010006,) == parse(KEYBOARD_DESCRIPTOR).applications
    assert Field(INPUT, 0, 0, 16, 8, 6, 1) in parse(KEYBOARD_DESCRIPTOR).fields
