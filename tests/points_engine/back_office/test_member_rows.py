"""Spreadsheets of members: what is read out of a row, and what is said about one that cannot be."""

import csv
import io
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.back_office.member_rows import (
    ALIASES,
    COLUMNS,
    BadRow,
    GoodRow,
    Sheet,
    SheetInvalid,
    cells_of,
    decoded,
    read_cell,
    written_cell,
)
from points_engine.contract import PhoneNumber
from points_engine.register_ports import AccountRecord, MemberRecord, NewMember

TODAY = date(2026, 3, 2)
HEAD = "member_no,name,phone,birthday,state,points\n"


def rows(text: str, *, ignores_columns: bool = False) -> list[GoodRow | BadRow]:
    """The rows of a text."""
    return list(Sheet(text, today=TODAY, ignores_columns=ignores_columns).rows())


def only(text: str) -> NewMember:
    """The one member of a text."""
    (row,) = rows(text)
    assert isinstance(row, GoodRow), row
    return row.member


def test_a_whole_row() -> None:
    """Every column."""
    expected = NewMember(
        "m-1",
        "王小明",
        PhoneNumber("+8613812345678"),
        date(2001, 2, 28),
        ((Asset.POINTS, 70),),
        is_frozen=True,
    )
    assert expected == only(HEAD + "m-1,王小明,+86 138-1234-5678,2001-02-28,frozen,70\n")


@pytest.mark.parametrize(
    "text",
    [
        "姓名,会员号\n王小明,m-1\n", "MEMBER_NO;Name\nm-1;王小明\n", "member_no\tname\r\nm-1\t王小明\r\n",
        'member_no,name\r\n"m-1","王小明"', "member_no,name\n\n m-1 , 王小明 \n,\n",
    ],
)  # fmt: skip
def test_the_forms_a_sheet_may_have(text: str) -> None:
    """Either language, any order, three delimiters, any line ends, quotes, blanks, empty lines."""
    assert NewMember("m-1", "王小明") == only(text)


def test_every_alias_is_a_column() -> None:
    """A Chinese heading means a column there is."""
    assert set(ALIASES.values()) == set(COLUMNS)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("13812345678", "+8613812345678"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("'+8613812345678", "+8613812345678"),
        ("", None),
    ],
)
def test_phones(cell: str, number: str | None) -> None:
    """With and without a country code; the apostrophe of an export is taken off."""
    phone = only(f"member_no,phone\nm-1,{cell}\n").phone
    assert number == (phone.number if phone else None)


@pytest.mark.parametrize("cell", ["2001-02-03", "2001/2/3", "2001.2.3", "20010203"])
def test_birthdays(cell: str) -> None:
    """As people and spreadsheets write them."""
    assert date(2001, 2, 3) == only(f"member_no,birthday\nm-1,{cell}\n").birthday


BAD = [
    (",王,,,,", "member_no must have 1 to 200 characters"),
    (f"{'9' * 201},,,,,", "member_no must have 1 to 200"),
    ('"m\n1",,,,,', "control characters or line ends"),
    (f"m-1,{'王' * 201},,,,", "name must have 0 to 200"),
    ("m-1,a\x07b,,,,", "name must not hold control characters"),
    ("m-1,,1.38E+10,,,", "a spreadsheet has rounded it"),
    ("m-1,,12,,,", "phone must be a number such as"),
    ("m-1,,١٢٣٤٥٦٧٨٩,,,", "phone must be"),
    ("m-1,,,2001-02-29,,", "birthday must be a day"),
    ("m-1,,,03/02/2001,,", "birthday must be a day"),
    ("m-1,,,2026-03-03,,", "to today"),
    ("m-1,,,1899-12-31,,", "from 1900"),
    ("m-1,,,,sleepy,", "state must be active or frozen"),
    ("m-1,,,,,1.5", "points must be a whole number"),
    ("m-1,,,,,-1", "points must be a whole number"),
    ("m-1,,,,,1e3", "points must be a whole number"),
    (f"m-1,,,,,{MAX_UNITS + 1}", "points must be a whole number"),
    ("m-1,,,,,٣", "points must be a whole number"),
    ("m-1,王", "has 2 cells, the heading has 6"),
    ('m-1,"a"b,,,,', "no CSV from here on"),
    ('m-1,"a,,,,', "no CSV from here on"),
]


@pytest.mark.parametrize(("line", "problem"), BAD)
def test_a_bad_row_says_what_can_be(line: str, problem: str) -> None:
    """With its line; the rows before it are good."""
    good, bad = rows(f"{HEAD}m-0,,,,,\n{line}\n")
    assert isinstance(good, GoodRow)
    assert isinstance(bad, BadRow)
    assert 3 == bad.line
    assert problem in bad.problem


def test_the_same_member_twice_names_the_first_line() -> None:
    """Also when a quoted cell goes over lines before it."""
    found = rows('member_no,name\nm-1,a\n"m\n2",b\nm-1,c\n')
    assert [(2, "GoodRow"), (3, "BadRow"), (5, "BadRow")] == [(row.line, type(row).__name__) for row in found]
    assert isinstance(found[2], BadRow)
    assert "is the same member as line 2" == found[2].problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1 must name the columns"),
        ("name,phone\n", "member_no among them"),
        ("m-1,王小明\n", "line 1 must name the columns"),
        ("member_no,会员号\n", "names the column member_no twice"),
        ("member_no,pin\n", "not known (pin)"),
    ],
)
def test_a_heading_that_is_none(text: str, problem: str) -> None:
    """Before any row is looked at."""
    with pytest.raises(SheetInvalid) as caught:
        rows(text)
    assert problem in str(caught.value)


def test_unknown_columns_can_be_passed_over() -> None:
    """When the one who imports says so."""
    (row,) = rows("member_no,since,name\nm-1,2020,王\n", ignores_columns=True)
    assert isinstance(row, GoodRow)
    assert NewMember("m-1", "王") == row.member


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("会员号\n王".encode(), "UTF-8"), ("会员号\n王".encode("utf-8-sig"), "UTF-8"),
        ("会员号\n王𠮷".encode("gb18030"), "GB18030"),
    ],
)  # fmt: skip
def test_encodings(data: bytes, encoding: str) -> None:
    """UTF-8 with or without a mark, else GB18030."""
    text, seen = decoded(data)
    assert (True, encoding) == (text.startswith("会员号\n王"), seen)


@pytest.mark.parametrize("data", ["会员号".encode("utf-16"), b"member_no\n\xff\xff\n"])
def test_other_encodings_are_told(data: bytes) -> None:
    """With what to save it as."""
    with pytest.raises(SheetInvalid, match="UTF-8"):
        decoded(data)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30).map(str.strip)


@given(TEXTS)
@example("'=1+1")
@example("''")
@example("＝1")
def test_no_cell_is_a_formula_and_all_come_back(text: str) -> None:
    """Whatever a name is, a spreadsheet does not run it and an import reads it as it was."""
    cell = written_cell(text)
    assert not cell.startswith(tuple("=+-@\t\r＝＋－＠"))
    assert text == read_cell(cell)


@given(
    st.builds(
        NewMember,
        TEXTS.filter(bool),
        TEXTS,
        st.none() | st.from_regex(r"\A\+[1-9][0-9]{7,14}\Z").map(PhoneNumber),
        st.none() | st.dates(date(1900, 1, 1), TODAY),
        st.sets(st.sampled_from(list(Asset))).flatmap(
            lambda assets: st.tuples(
                *(st.tuples(st.just(each), st.integers(1, MAX_UNITS)) for each in Asset if each in assets)
            )
        ),
        st.booleans(),
    )
)
def test_what_is_exported_is_imported_again(member: NewMember) -> None:
    """Every member there may be, through the file and back."""
    balances = dict(member.opening)
    record = MemberRecord(
        1, member.member_no, member.name, member.phone, member.birthday, member.is_frozen,
        has_pin=False, is_pin_locked=False, pin_locked_until=None,
        accounts=tuple(AccountRecord(asset, balances.get(asset, 0), None) for asset in Asset),
    )  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([COLUMNS, cells_of(record)])
    assert member == only(out.getvalue())
    assert member.mark == only(out.getvalue()).mark


CELLS = st.text(max_size=12) | st.sampled_from(
    ["m-1", "+8613812345678", "2001-02-03", "frozen", "70", '"', "\n", "'=1"]
)


@given(st.lists(st.lists(CELLS, max_size=8).map(",".join), max_size=6).map("\n".join))
def test_any_text_is_rows_or_a_clear_error(body: str) -> None:
    """Never a traceback: good rows, bad rows with a line and a reason, or no sheet at all."""
    for text in (body, HEAD + body):
        try:
            found = rows(text, ignores_columns=True)
        except SheetInvalid as error:
            found = []
            told = str(error)
        else:
            told = "rows"
        assert told
        lines = [row.line for row in found]
        assert lines == sorted(set(lines))
        assert all(row.problem for row in found if isinstance(row, BadRow))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_text_or_a_clear_error(data: bytes) -> None:
    """Never a UnicodeError."""
    try:
        text, _ = decoded(data)
    except SheetInvalid as error:
        text = str(error)
    assert isinstance(text, str)
