"""What stands on a receipt, and where: elements -> lines that fit the paper. Pure.

A receipt printer's own font has two kinds of characters: ASCII, one column wide, and Chinese, two columns (12 and 24
dots of the 384 or 576 that 58 mm and 80 mm paper have: 32 or 48 columns). What counts is therefore not what a screen
thinks of a character but how GB 18030 writes it: one byte or several. Text is first made printable: no control
character reaches the printer, whatever a member's name holds; what its font does not have becomes a question mark.

Numbers are never cut: a name gives way, with an ellipsis, and where that is not enough the numbers get their own line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

LEAST_COLUMNS = 16
"""Narrower paper than any printer takes; below it a layout makes no sense."""

_LEAST_NAME_COLUMNS = 8
_ELLIPSIS = "…"
# Latin-1's yen sign takes four bytes in GB 18030, which few printers know; the full-width one is what receipts use.
_REPLACED = {"¥": "￥", "–": "-", "⁄": "/", "\t": " ", "\n": " ", "\r": " "}
_MOST_QR_CHARACTERS = 512


class Align(StrEnum):
    """Where a text stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Size(StrEnum):
    """How large the letters are."""

    NORMAL = "normal"
    TALL = "tall"  # twice as high
    LARGE = "large"  # twice as high and as wide

    @property
    def widening(self) -> int:
        """How many columns of the paper one column of text takes."""
        return 2 if self is Size.LARGE else 1


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; long ones go on in the next line."""

    text: str
    align: Align = Align.LEFT
    is_bold: bool = False
    size: Size = Size.NORMAL


@dataclass(frozen=True, slots=True)
class Row:
    """A name at the left and values at the right, such as `Row("合计", ("￥36.00",))`.

    `widths` are the least columns of the values, so that rows of one table stand under each other; 0 where it ends.
    """

    name: str
    values: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    is_bold: bool = False
    size: Size = Size.NORMAL


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""

    mark: str = "-"


@dataclass(frozen=True, slots=True)
class Blank:
    """Empty lines."""

    lines: int = 1


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code in the middle, such as the order's for a refund by scan. ValueError for what a gun could not type."""

    text: str

    def __post_init__(self) -> None:
        if not (
            self.text.isascii() and self.text.isprintable() and 0 < len(self.text) <= _MOST_QR_CHARACTERS
        ):
            raise ValueError(f"a QR code holds 1 to {_MOST_QR_CHARACTERS} printable ASCII characters")


Element = Text | Row | Rule | Blank | QrCode


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed, from top to bottom.

    `copy_mark` ("重印 / REPRINT") stands at the top of every print of this receipt that is, or may be, not the first.
    """

    elements: tuple[Element, ...]
    copy_mark: str = "重印 / REPRINT"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it is sent: printable, its blanks on the left, no wider than the paper."""

    text: str
    is_bold: bool = False
    size: Size = Size.NORMAL


def columns_of(text: str) -> int:
    """How many columns a printable text takes in the normal size."""
    return sum(1 if character.isascii() else 2 for character in text)


def printable(text: str) -> str:
    """The text in characters that the printer has, or nearly."""
    return "".join(map(_printable_of, unicodedata.normalize("NFC", text)))


def lay_out(receipt: Receipt, columns: int, *, is_copy: bool = False) -> list[Line | QrCode]:
    """Set a receipt for paper of so many columns. ValueError below LEAST_COLUMNS."""
    if columns < LEAST_COLUMNS:
        raise ValueError(f"the paper has at least {LEAST_COLUMNS} columns")
    elements = receipt.elements
    if is_copy and receipt.copy_mark:
        elements = (Text(receipt.copy_mark, Align.CENTER, is_bold=True), *elements)
    return [line for element in elements for line in _lines_of(element, columns)]


def _lines_of(element: Element, columns: int) -> Iterable[Line | QrCode]:
    if isinstance(element, QrCode):
        return [element]
    if isinstance(element, Blank):
        return [Line("")] * element.lines
    if isinstance(element, Rule):
        mark = printable(element.mark) or "-"
        return [Line(mark * (columns // columns_of(mark)))]
    width = columns // element.size.widening
    texts = _row(element, width) if isinstance(element, Row) else _paragraph(element, width)
    return [Line(text, element.is_bold, element.size) for text in texts]


def _paragraph(text: Text, columns: int) -> Iterator[str]:
    for line in _wrapped(text.text, columns):
        yield _aligned(line, columns, text.align).rstrip()


def _row(row: Row, columns: int) -> Iterator[str]:
    name = printable(row.name)
    widths = (*row.widths, *[0] * len(row.values))
    values = " ".join(
        _aligned(printable(value), width, Align.RIGHT)
        for value, width in zip(row.values, widths, strict=False)
    )
    room = columns - columns_of(values) - (1 if values else 0)
    if room >= min(_LEAST_NAME_COLUMNS, columns_of(name)):
        yield (_aligned(_cut(name, room), room, Align.LEFT) + (" " if values else "") + values).rstrip()
        return
    if name:
        yield _cut(name, columns)
    if columns_of(values) <= columns:
        yield _aligned(values, columns, Align.RIGHT)
        return
    for value in row.values:
        yield from (_aligned(part, columns, Align.RIGHT) for part in _wrapped(value, columns))


def _cut(text: str, columns: int) -> str:
    if columns_of(text) <= columns:
        return text
    kept, left = "", columns - columns_of(_ELLIPSIS)
    for character in text:
        left -= columns_of(character)
        if left < 0:
            break
        kept += character
    return kept.rstrip() + _ELLIPSIS


def _aligned(text: str, columns: int, align: Align) -> str:
    free = max(0, columns - columns_of(text))
    return {
        Align.LEFT: text + " " * free,
        Align.CENTER: " " * (free // 2) + text,
        Align.RIGHT: " " * free + text,
    }[align]


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """Lines of `text`, broken at its line feeds, between words, between Chinese characters, and in words too long."""
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(printable(paragraph), columns):
            if columns_of(line + piece) > columns:
                yield line.rstrip()
                line = piece.lstrip()
            else:
                line += piece
        yield line.rstrip()


def _pieces(text: str, columns: int) -> Iterator[str]:
    """What must stay together: a word with its blank, one Chinese character, a part of a word longer than a line."""
    word = ""
    for character in text:
        if not character.isascii() or columns_of(word) == columns:
            yield word
            word = ""
        word += character
        if character == " " or not character.isascii():
            yield word
            word = ""
    yield word


def _printable_of(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    if character.isascii():
        return character if character.isprintable() else ""
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me", "Cc"):
        return ""  # marks and joiners that have no place of their own
    if category in ("Cs", "Co", "Cn"):
        return "?"
    if len(character.encode("gb18030")) == 2 or unicodedata.name(character, "").startswith("CJK UNIFIED"):
        return character
    parts = unicodedata.normalize("NFKD", character)
    return "?" if parts == character else "".join(map(_printable_of, parts))
