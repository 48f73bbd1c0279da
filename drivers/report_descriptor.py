"""A HID report descriptor -> where each field of a report lies. Pure.

Source: Device Class Definition for HID 1.11, sections 5.4 to 5.8 (parsing) and 6.2.2 (items).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import islice

_MOST_REPORT_BITS = 8 * 16384
"""Longer reports than Linux' HID_MAX_BUFFER_SIZE do not exist."""

_MOST_FIELDS = 4096
_MOST_STACKED = 64

_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_INPUT, _OUTPUT, _COLLECTION, _FEATURE, _END_COLLECTION = 0x8, 0x9, 0xA, 0xB, 0xC
_USAGE_PAGE, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT, _PUSH, _POP = 0x0, 0x7, 0x8, 0x9, 0xA, 0xB
_USAGE, _USAGE_MINIMUM, _USAGE_MAXIMUM, _DELIMITER = 0x0, 0x1, 0x2, 0xA
_LONG_ITEM = 0xFE
_APPLICATION = 1


class DescriptorInvalid(ValueError):
    """These bytes are no report descriptor; the text says why."""


class ReportKind(IntEnum):
    """Which way a report goes; the values are the tags of the items that declare its fields."""

    INPUT = _INPUT
    OUTPUT = _OUTPUT
    FEATURE = _FEATURE


@dataclass(frozen=True, slots=True)
class Field:
    """`count` elements of `bit_size` bits, from `bit_offset` of the report on, which all mean `usage`.

    A usage is its page in the upper 16 bits and its id in the lower. The offset counts from the first byte of the
    report as it is read, which is the report's id where reports have one (`report_id` is then not 0).
    `collection` is the number of the innermost collection the field lies in.
    """

    kind: ReportKind
    report_id: int
    usage: int
    bit_offset: int
    bit_size: int
    count: int = 1
    collection: int = 0

    @property
    def is_bytes(self) -> bool:
        """Whether the elements are whole bytes of the report, as nearly all are: those are read far faster."""
        return self.bit_size == 8 and self.bit_offset % 8 == 0

    def bytes_in(self, report: bytes) -> bytes:
        """The elements of a field of whole bytes; fewer of a report that ends before."""
        start = self.bit_offset // 8
        return report[start : start + self.count]

    def first(self, report: bytes) -> int:
        """The first element, unsigned. ValueError for a report that ends before it."""
        if self.bit_size == 8 and self.bit_offset % 8 == 0:
            start = self.bit_offset // 8
            if start >= len(report):
                raise ValueError("the report ends before this field")
            return report[start]
        return self.values(report)[0]

    def values(self, report: bytes) -> tuple[int, ...]:
        """The elements, unsigned. ValueError for a report that ends before them."""
        if self.bit_offset + self.bit_size * self.count > 8 * len(report):
            raise ValueError("the report ends before this field")
        if self.is_bytes:
            return tuple(self.bytes_in(report))
        rest = int.from_bytes(report, "little") >> self.bit_offset
        mask = (1 << self.bit_size) - 1
        return tuple(rest >> (self.bit_size * place) & mask for place in range(self.count))


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a device says of its reports: its fields, the usages of its application collections, and each report's size.

    `sizes` is in whole bytes, the id's byte included, by kind and report id.
    """

    fields: tuple[Field, ...]
    applications: tuple[int, ...]
    sizes: Mapping[tuple[ReportKind, int], int]

    def longest(self, kind: ReportKind) -> int:
        """The size in bytes of the longest report of a kind; 0 when there is none."""
        return max((size for (of_kind, _), size in self.sizes.items() if of_kind is kind), default=0)


@dataclass(frozen=True, slots=True)
class _Globals:
    usage_page: int = 0
    report_size: int = 0
    report_count: int = 0
    report_id: int = 0


@dataclass(slots=True)
class _Locals:
    """Usages since the last main item: single ones, and ranges as they are closed by their maximum."""

    usages: list[range] = field(default_factory=list)
    minimum: int | None = None
    is_delimited: bool = False
    has_alternative: bool = False

    def take(self, tag: int, value: int) -> None:
        if tag == _DELIMITER:
            self.is_delimited, self.has_alternative = value == 1, False
        elif tag == _USAGE:
            if not (
                self.is_delimited and self.has_alternative
            ):  # the first of alternatives is the preferred one
                self.usages.append(range(value, value + 1))
            self.has_alternative = True
        elif tag == _USAGE_MINIMUM:
            self.minimum = value
        elif tag == _USAGE_MAXIMUM:
            if self.minimum is None or value < self.minimum:
                raise DescriptorInvalid("a range of usages has no beginning")
            self.usages.append(range(self.minimum, value + 1))
            self.minimum = None
        if len(self.usages) > _MOST_FIELDS:
            raise DescriptorInvalid("more usages than any report has")

    def paged(self, page: int) -> Iterator[int]:
        """Each usage in order; a short one lies on the page that is in force at the main item."""
        for usages in self.usages:
            for usage in usages:
                yield usage if usage > 0xFFFF else page << 16 | usage


class _Parser:
    """The state of HID 1.11, 5.4: globals with their stack, locals, open collections, and each report's length."""

    def __init__(self) -> None:
        self._globals = _Globals()
        self._stack: list[_Globals] = []
        self._locals = _Locals()
        self._open: list[int] = []
        self._collections = 0
        self._bits: dict[tuple[ReportKind, int], int] = {}
        self._fields: list[Field] = []
        self._applications: list[int] = []

    def parse(self, descriptor: bytes) -> Descriptor:
        for item_type, tag, value in _items(descriptor):
            if item_type == _MAIN:
                self._take_main(tag, value)
                self._locals = _Locals()
            elif item_type == _GLOBAL:
                self._take_global(tag, value)
            elif item_type == _LOCAL:
                self._locals.take(tag, value)
            else:
                raise DescriptorInvalid("an item of a reserved type")
        if self._open:
            raise DescriptorInvalid("a collection is not closed")
        ids = {report_id for _, report_id in self._bits}
        if 0 in ids and len(ids) > 1:
            raise DescriptorInvalid("some reports have an id and some have none")
        has_id = bool(ids) and 0 not in ids
        return Descriptor(
            fields=tuple(
                replace(found, bit_offset=found.bit_offset + 8) if has_id else found for found in self._fields
            ),
            applications=tuple(self._applications),
            sizes={key: (bits + 7) // 8 + has_id for key, bits in self._bits.items()},
        )

    def _take_global(self, tag: int, value: int) -> None:
        if tag == _USAGE_PAGE:
            self._globals = replace(self._globals, usage_page=value & 0xFFFF)
        elif tag == _REPORT_SIZE:
            self._globals = replace(self._globals, report_size=value)
        elif tag == _REPORT_COUNT:
            self._globals = replace(self._globals, report_count=value)
        elif tag == _REPORT_ID:
            if not 1 <= value <= 255:
                raise DescriptorInvalid("a report's id is 1 to 255")
            self._globals = replace(self._globals, report_id=value)
        elif tag == _PUSH:
            if len(self._stack) == _MOST_STACKED:
                raise DescriptorInvalid("pushed deeper than any device does")
            self._stack.append(self._globals)
        elif tag == _POP:
            if not self._stack:
                raise DescriptorInvalid("popped more than was pushed")
            self._globals = self._stack.pop()

    def _take_main(self, tag: int, value: int) -> None:
        if tag == _COLLECTION:
            self._collections += 1
            self._open.append(self._collections)
            if value == _APPLICATION:
                self._applications += islice(self._locals.paged(self._globals.usage_page), 1)
        elif tag == _END_COLLECTION:
            if not self._open:
                raise DescriptorInvalid("a collection is closed that was not opened")
            self._open.pop()
        elif tag in (_INPUT, _OUTPUT, _FEATURE):
            self._declare(ReportKind(tag), is_constant=bool(value & 1), is_variable=bool(value & 2))

    def _declare(self, kind: ReportKind, *, is_constant: bool, is_variable: bool) -> None:
        now = self._globals
        key = (kind, now.report_id)
        start = self._bits.get(key, 0)
        self._bits[key] = start + now.report_size * now.report_count
        if self._bits[key] > _MOST_REPORT_BITS:
            raise DescriptorInvalid("a report is longer than any device sends")
        if is_constant or not now.report_size:
            return
        for usage, first, count in self._runs(is_variable=is_variable):
            self._fields.append(
                Field(
                    kind,
                    now.report_id,
                    usage,
                    start + first * now.report_size,
                    now.report_size,
                    count,
                    self._open[-1] if self._open else 0,
                )
            )
        if len(self._fields) > _MOST_FIELDS:
            raise DescriptorInvalid("more fields than any device has")

    def _runs(self, *, is_variable: bool) -> Iterator[tuple[int, int, int]]:
        """Each usage of the main item at hand with its first element and their number; the last one takes the rest."""
        total = self._globals.report_count
        usages = self._locals.paged(self._globals.usage_page)
        usage, first = next(usages, 0), 0
        if not is_variable:  # an array's usages are its values' meanings, not its elements'
            usage = 0 if next(usages, None) is not None else usage
        else:
            for place in range(1, total):
                following = next(usages, None)
                if following is None:
                    break
                if following != usage:
                    yield usage, first, place - first
                    usage, first = following, place
        if total > first:
            yield usage, first, total - first


def parse(descriptor: bytes) -> Descriptor:
    """Walk a report descriptor. Raises DescriptorInvalid, and nothing else, for whatever bytes are none."""
    return _Parser().parse(descriptor)


def _items(descriptor: bytes) -> Iterator[tuple[int, int, int]]:
    """Each short item's type, tag and unsigned value; long items, which nobody uses, are skipped."""
    place = 0
    while place < len(descriptor):
        prefix = descriptor[place]
        if prefix == _LONG_ITEM:
            if place + 2 >= len(descriptor):
                raise DescriptorInvalid("it ends within an item")
            place += 3 + descriptor[place + 1]
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        value = descriptor[place + 1 : place + 1 + size]
        if len(value) < size:
            raise DescriptorInvalid("it ends within an item")
        yield prefix >> 2 & 3, prefix >> 4, int.from_bytes(value, "little")
        place += 1 + size
    if place > len(descriptor):
        raise DescriptorInvalid("it ends within an item")
