"""A shop's bill of one day as a CSV file, written and read: for reconciliation with tills and for the books.

RFC 4180: comma, CRLF, quotes where needed; UTF-8, with a byte order mark if asked for (some spreadsheets guess the
encoding without one) and read with or without it. A text that a spreadsheet would take for a formula (it begins with
one of = + - @) gets an apostrophe in front, as does one that begins with an apostrophe; reading takes it off again.
Numbers are never negative: the kind of a line says which way it goes. The totals at the end say that none is missing.
"""

import csv
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.contract import Channel

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    "shop_id", "day", "kind", "asset", "times", "units", "at", "order_id", "refund_id", "channel", "till_id", "cashier",
    "reference", "transfer",
)  # fmt: skip
"""The first line of every bill; docs/back-office.md says what is in each."""

_TIMES_MAX = 10**9
_FORMULA = ("=", "+", "-", "@", "'")
_DIGITS = re.compile("[0-9]{1,18}")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class BillInvalid(ValueError):
    """A text that is no bill. `line` counts from 1 and is 0 when it is the whole file; `problem` says what is wrong."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.line = line
        self.problem = problem


class BillKind(enum.StrEnum):
    """Which way a line goes."""

    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"


class BillLine(NamedTuple):
    """What one transfer moved. The payment of `order_id` was taken on `channel` at `till_id` by `cashier`.

    On another channel than a till's, `till_id` is the courier or the shop. `refund_id` is empty but for a refund, whose
    `cashier` is who made it, at `till_id` (empty: in the back office). `reference` is whatever else the shop knows the
    order by. `transfer` is the ledger's number of it, by which the lines are in order.
    """

    kind: BillKind
    asset: Asset
    units: int
    at: datetime
    order_id: str
    refund_id: str
    channel: Channel
    till_id: str
    cashier: str
    reference: str
    transfer: int


class BillTotal(NamedTuple):
    """How often, and how many units, one kind moved of one asset."""

    kind: BillKind
    asset: Asset
    times: int
    units: int


@dataclass(frozen=True, slots=True)
class Bill:
    """All that a shop took and gave back on one day, in the ledger's order."""

    shop_id: str
    day: date
    assets: tuple[Asset, ...]
    lines: tuple[BillLine, ...]

    def totals(self) -> tuple[BillTotal, ...]:
        """One total for each kind of each of the bill's assets, nothing included."""
        found = []
        for asset in self.assets:
            for kind in BillKind:
                units = [line.units for line in self.lines if (line.kind, line.asset) == (kind, asset)]
                found.append(BillTotal(kind, asset, len(units), sum(units)))
        return tuple(found)

    def net_units(self, asset: Asset) -> int:
        """What is left to the shop of one asset; may be below zero."""
        signs = {BillKind.PAYMENT: 1, BillKind.REVERSAL: -1, BillKind.REFUND: -1}
        return sum(signs[line.kind] * line.units for line in self.lines if line.asset is asset)


# --- writing


class _Written(list[str]):
    """What a CSV writer writes into: the text's pieces."""

    def write(self, piece: str) -> None:
        self.append(piece)


def bill_text(bill: Bill, *, with_byte_order_mark: bool = False) -> str:
    """The bill as CSV; encode it as UTF-8."""
    pieces = _Written()
    writer = csv.writer(pieces)
    writer.writerow(COLUMNS)
    head = (_shielded(bill.shop_id), bill.day.isoformat())
    for line in bill.lines:
        texts = map(_shielded, line[4:10])
        writer.writerow((*head, line.kind, line.asset, 1, line.units, _time(line.at), *texts, line.transfer))
    for kind, asset, times, units in bill.totals():
        writer.writerow((*head, f"total_{kind}", asset, times, units, *[""] * len(COLUMNS[6:])))
    return (BYTE_ORDER_MARK if with_byte_order_mark else "") + "".join(pieces)


def _shielded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _bared(text: str) -> str:
    return text.removeprefix("'")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- reading


def parse_bill(text: str | bytes) -> Bill:
    """The bill in a text, or in a file's bytes. Raises BillInvalid, with the line, for whatever is not one."""
    rows = csv_rows(text)
    line, first = next(rows, (0, []))
    if tuple(first) != COLUMNS:
        raise BillInvalid(line or 1, f"the columns must be {','.join(COLUMNS)}")
    heads: list[tuple[str, date]] = []
    lines: list[BillLine] = []
    totals: list[BillTotal] = []
    for line, row in rows:
        cells = _Cells(line, row)
        head = cells.head()
        if heads and head != heads[0]:
            raise BillInvalid(line, "shop_id and day must be those of the first line")
        heads.append(head)
        if cells.is_total():
            totals.append(cells.total())
        elif totals:
            raise BillInvalid(line, "nothing may come after the totals but totals")
        else:
            lines.append(cells.line())
            if len(lines) > 1 and lines[-2].transfer >= lines[-1].transfer:
                raise BillInvalid(line, "the transfers must grow from line to line")
    if not totals:
        raise BillInvalid(0, "the totals are missing: the file was cut off")
    bill = Bill(*heads[0], tuple(dict.fromkeys(total.asset for total in totals)), tuple(lines))
    _check_totals(bill, totals)
    return bill


def _check_totals(bill: Bill, totals: list[BillTotal]) -> None:
    expected = bill.totals()
    unknown = {line.asset for line in bill.lines} - set(bill.assets)
    if unknown:
        raise BillInvalid(0, f"the totals of {', '.join(sorted(unknown))} are missing")
    if len(totals) != len(expected):
        raise BillInvalid(0, "there must be one total for each kind of each asset")
    for seen, right in zip(totals, expected, strict=True):
        told = f"total_{seen.kind} of {seen.asset}"
        if seen[:2] != right[:2]:
            raise BillInvalid(0, f"{told} stands where total_{right.kind} of {right.asset} must be")
        if seen != right:
            of_lines = f"its lines are {right.times} of {right.units}"
            raise BillInvalid(0, f"{told} says {seen.times} of {seen.units} units, {of_lines}")


def csv_rows(text: str | bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file with the number of the line each ends in; empty lines are skipped. Raises BillInvalid."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BillInvalid(error.object[: error.start].count(b"\n") + 1, "not UTF-8") from error
    reader = csv.reader(_lines(text.removeprefix(BYTE_ORDER_MARK)), strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise BillInvalid(reader.line_num, f"not CSV ({error})") from error
        if row is None:
            return
        if row:
            yield reader.line_num, row


def _lines(text: str) -> Iterator[str]:
    # Not splitlines(): that would also cut at characters which a name may hold, such as U+2028.
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


class _Cells:
    """One row of a bill, read cell by cell. Raises BillInvalid that names line and column."""

    def __init__(self, line: int, row: list[str]) -> None:
        self._line = line
        if len(row) != len(COLUMNS):
            raise BillInvalid(line, f"{len(row)} cells, and a bill has {len(COLUMNS)}")
        self._cells = dict(zip(COLUMNS, row, strict=True))

    def _wrong(self, column: str, problem: str) -> BillInvalid:
        return BillInvalid(self._line, f"{column} {problem}")

    def head(self) -> tuple[str, date]:
        """Shop and day."""
        text = self._cells["day"]
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise self._wrong("day", "must be a date such as 2026-03-02") from error
        if day.isoformat() != text:
            raise self._wrong("day", "must be a date such as 2026-03-02")
        return self._text("shop_id"), day

    def is_total(self) -> bool:
        """Whether it is one of the totals."""
        return self._cells["kind"].startswith("total_")

    def total(self) -> BillTotal:
        """A total; the cells that are a line's own are empty."""
        if any(self._cells[column] for column in COLUMNS[6:]):
            raise BillInvalid(self._line, "a total has no more than kind, asset, times and units")
        return BillTotal(
            self._kind(self._cells["kind"].removeprefix("total_")), self._asset(),
            self._whole("times", _TIMES_MAX), self._whole("units", MAX_UNITS * _TIMES_MAX),
        )  # fmt: skip

    def line(self) -> BillLine:
        """A line that is no total."""
        kind = self._kind(self._cells["kind"])
        if self._whole("times", 1) != 1:
            raise self._wrong("times", "must be 1")
        refund_id = self._text("refund_id", may_be_empty=kind is not BillKind.REFUND)
        if refund_id and kind is not BillKind.REFUND:
            raise self._wrong("refund_id", "must be empty but for a refund")
        return BillLine(
            kind, self._asset(), self._whole("units", MAX_UNITS), self._at(), self._text("order_id"), refund_id,
            self._channel(), self._text("till_id", may_be_empty=True), self._text("cashier", may_be_empty=True),
            self._text("reference", may_be_empty=True), self._whole("transfer", MAX_UNITS),
        )  # fmt: skip

    def _kind(self, word: str) -> BillKind:
        if word not in set(BillKind):
            raise self._wrong("kind", f"must be one of {', '.join(BillKind)}, or one of these after total_")
        return BillKind(word)

    def _asset(self) -> Asset:
        word = self._cells["asset"]
        if word not in set(Asset):
            raise self._wrong("asset", f"must be one of {', '.join(Asset)}")
        return Asset(word)

    def _channel(self) -> Channel:
        word = self._cells["channel"]
        if word not in set(Channel):
            raise self._wrong("channel", f"must be one of {', '.join(Channel)}")
        return Channel(word)

    def _whole(self, column: str, highest: int) -> int:
        text = self._cells[column]
        if not _DIGITS.fullmatch(text) or int(text) > highest or str(int(text)) != text:
            raise self._wrong(column, "must be a whole number")
        return int(text)

    def _at(self) -> datetime:
        text = self._cells["at"]
        try:
            at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise self._wrong("at", "must be a time such as 2026-03-02T04:00:00.000000Z") from error
        if _time(at) != text:
            raise self._wrong("at", "must be a time such as 2026-03-02T04:00:00.000000Z")
        return at

    def _text(self, column: str, *, may_be_empty: bool = False) -> str:
        text = self._cells[column]
        if _CONTROL.search(text):
            raise self._wrong(column, "must not hold control characters")
        if text.startswith(_FORMULA[:-1]):
            raise self._wrong(column, "begins like a formula: it needs an apostrophe in front")
        if not text and not may_be_empty:
            raise self._wrong(column, "must not be empty")
        return _bared(text)
