"""A spreadsheet of members as text: what each row says, or what is wrong with it.

The first line names the columns, in English or Chinese, in any order; `member_no` alone is needed. Between cells stand
commas, semicolons or tabs. Amounts are whole numbers of the asset's smallest unit.

Spreadsheet programs run a cell that begins with =, +, - or @ as a formula (OWASP, "CSV Injection"). So whatever is
written here and begins like that gets an apostrophe before it, which is taken off again when it is read.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.contract import PhoneNumber
from points_engine.register_ports import MemberRecord, NewMember
from points_engine.sms_code import normalised

COLUMNS = ("member_no", "name", "phone", "birthday", "state", *(str(asset) for asset in Asset))
"""The columns there are, as an export writes them."""

ALIASES: Mapping[str, str] = {
    "会员号": "member_no", "会员编号": "member_no", "卡号": "member_no", "姓名": "name", "手机": "phone",
    "手机号": "phone", "手机号码": "phone", "电话": "phone", "生日": "birthday", "出生日期": "birthday",
    "状态": "state", "积分": "points", "钱包": "wallet", "储值": "stored_value",
}  # fmt: skip

STATES: Mapping[str, bool] = {"": False, "active": False, "正常": False, "frozen": True, "冻结": True}
"""The words for a member's state, and whether they mean frozen."""

TEXT_LENGTH_MAX = 200
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_BEGINS_A_FORMULA = tuple("=+-@\t\r'＝＋－＠")
_DAY = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})", re.ASCII)
_FLOATED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")
_UNITS_DIGITS_MAX = len(str(MAX_UNITS))
_ASSETS = tuple(Asset)
"""Going through the enum itself takes a tenth of a row's time."""


class SheetInvalid(ValueError):
    """A file that is no such spreadsheet at all; says what it should be."""


class BadRow(NamedTuple):
    """A row that cannot be imported: its line in the file (the heading is line 1), its member if it names one, why."""

    line: int
    member_no: str
    problem: str


class GoodRow(NamedTuple):
    """A row that can be."""

    line: int
    member: NewMember


def decoded(data: bytes) -> tuple[str, str]:
    """A file's text, and the encoding it was in: UTF-8 with or without a mark, else GB18030. Raises SheetInvalid."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SheetInvalid("it is UTF-16; save it as CSV in UTF-8")
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        place = error.start
    try:
        return data.decode("gb18030"), "GB18030"
    except UnicodeDecodeError:
        line = data.count(b"\n", 0, place) + 1
        raise SheetInvalid(f"line {line} is neither UTF-8 nor GB18030; save it as CSV in UTF-8") from None


class Sheet:
    """A spreadsheet's rows. Raises SheetInvalid when the heading is none.

    `today` bounds birthdays; `country_code` is put before phone numbers that have none. Columns nobody knows are an
    error unless `ignores_columns`.
    """

    def __init__(
        self, text: str, *, today: date, country_code: str = "86", ignores_columns: bool = False
    ) -> None:
        self._text = text
        self._today = today
        self._country_code = country_code
        self._places = self._heading(ignores_columns=ignores_columns)
        self.ignored = [name for name in self._names if name not in COLUMNS]

    @property
    def lines(self) -> int:
        """About how many lines there are."""
        return self._text.count("\n") + 1

    def _heading(self, *, ignores_columns: bool) -> Mapping[str, int]:
        first = self._text[: self._text.find("\n") + 1] or self._text
        for delimiter in ",;\t":
            self._delimiter = delimiter
            try:
                cells = next(csv.reader([first.strip("\r\n")], delimiter=delimiter, strict=True), [])
            except csv.Error:
                continue
            self._names = [ALIASES.get(cell.strip(), cell.strip().lower()) for cell in cells]
            if "member_no" in self._names:
                break
        else:
            raise SheetInvalid(
                f"line 1 must name the columns, and member_no among them ({', '.join(COLUMNS)})"
            )
        known = [name for name in self._names if name in COLUMNS]
        if len(set(known)) != len(known):
            twice = next(name for name in known if known.count(name) > 1)
            raise SheetInvalid(f"line 1 names the column {twice} twice")
        unknown = [name for name in self._names if name and name not in COLUMNS]
        if unknown and not ignores_columns:
            raise SheetInvalid(
                f"line 1 names columns that are not known ({', '.join(unknown)}); there are {', '.join(COLUMNS)}. "
                "Take them out, or add --ignore-columns"
            )
        return {name: place for place, name in enumerate(self._names) if name in COLUMNS}

    def rows(self) -> Iterator[GoodRow | BadRow]:
        """Every row below the heading, in order; empty lines are passed over."""
        lines = io.StringIO(self._text, newline="")
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        width, seen = len(self._names), dict[str, int]()
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                # What follows may be in the middle of a quotation: nothing after it can be trusted.
                yield BadRow(line, "", f"no CSV from here on: {error}")
                return
            if cells is None:
                return
            if line == 1 or not any(cells):
                continue
            if len(cells) != width:
                yield BadRow(line, "", f"has {len(cells)} cells, the heading has {width}")
                continue
            row = self._row(line, cells)
            if isinstance(row, GoodRow):
                first = seen.setdefault(row.member.member_no, line)
                if first != line:
                    row = BadRow(line, row.member.member_no, f"is the same member as line {first}")
            yield row

    def _row(self, line: int, cells: Sequence[str]) -> GoodRow | BadRow:
        values = {name: read_cell(cells[place]) for name, place in self._places.items()}
        member_no = values["member_no"]
        try:
            member = NewMember(
                checked_text("member_no", member_no, least=1),
                checked_text("name", values.get("name", "")),
                self._phone(values.get("phone", "")),
                self._birthday(values.get("birthday", "")),
                opening_of(values),
                _is_frozen(values.get("state", "")),
            )
        except RowInvalid as error:
            return BadRow(line, member_no[:TEXT_LENGTH_MAX], str(error))
        return GoodRow(line, member)

    def _phone(self, text: str) -> PhoneNumber | None:
        if not text:
            return None
        if _FLOATED.fullmatch(text):
            raise RowInvalid(
                "phone: a spreadsheet has rounded it; format the column as text and fill it in again"
            )
        number = normalised(text if text.startswith("+") else f"+{self._country_code}{text}")
        if number is None or not number.isascii():
            raise RowInvalid('phone must be a number such as +8613812345678: "+", then 8 to 15 digits')
        return PhoneNumber(number)

    def _birthday(self, text: str) -> date | None:
        if not text:
            return None
        found = _DAY.fullmatch(text)
        try:
            day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
        except ValueError:
            day = None
        if day is None or not date(1900, 1, 1) <= day <= self._today:
            raise RowInvalid("birthday must be a day such as 2001-02-28, from 1900 to today")
        return day


class RowInvalid(ValueError):
    """A cell that cannot be; says which column and what can be. Holds nothing of its content."""


def checked_text(name: str, text: str, least: int = 0) -> str:
    """A text the ledger can hold. Raises RowInvalid."""
    if not least <= len(text) <= TEXT_LENGTH_MAX:
        raise RowInvalid(f"{name} must have {least} to {TEXT_LENGTH_MAX} characters")
    if _CONTROL.search(text):
        raise RowInvalid(f"{name} must not hold control characters or line ends")
    return text


def opening_of(values: Mapping[str, str]) -> tuple[tuple[Asset, int], ...]:
    """What a member begins with. Raises RowInvalid."""
    found = []
    for asset in _ASSETS:
        text = values.get(asset, "")
        if not text or text == "0":
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= _UNITS_DIGITS_MAX):
            raise RowInvalid(f"{asset} must be a whole number of units from 0 to {MAX_UNITS}")
        units = int(text)
        if units > MAX_UNITS:
            raise RowInvalid(f"{asset} must be a whole number of units from 0 to {MAX_UNITS}")
        if units:
            found.append((asset, units))
    return tuple(found)


def _is_frozen(text: str) -> bool:
    state = STATES.get(text.lower())
    if state is None:
        raise RowInvalid("state must be active or frozen")
    return state


def read_cell(cell: str) -> str:
    """A cell without blanks around it, and without the apostrophe that keeps a spreadsheet from running it."""
    text = cell.strip()
    if text.startswith("'") and text[1:].startswith(_BEGINS_A_FORMULA):
        return text[1:]
    return text


def written_cell(text: str) -> str:
    """A cell that no spreadsheet program runs."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def cells_of(record: MemberRecord) -> list[str]:
    """A member as a row of an export: one that an import reads again."""
    balances = {account.asset: account.balance_units for account in record.accounts}
    return [
        written_cell(record.member_no),
        written_cell(record.name),
        written_cell(record.phone.number) if record.phone else "",
        record.birthday.isoformat() if record.birthday else "",
        "frozen" if record.is_frozen else "active",
        *(str(balances.get(asset, 0)) for asset in Asset),
    ]
