"""What a shift came to: totals of journal rows. Points are never sales and have their own figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pos_client.till.effects import EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Entries of one sort, counted: a kind, its refusal, and whether a REVERSED order had succeeded before.

    `units` are points, `money_minor` money in minor units, both summed over `count` entries.
    """

    kind: EntryKind
    refusal: str | None = None
    gave_back: bool = False
    count: int = 0
    units: int = 0
    money_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The figures of a shift.

    `points_returned` are points of payments that had succeeded and were given back; an order that was reversed
    because its outcome was unknown took nothing and gives nothing back: it counts as `undone`. `refused` are the
    refused charges by Refusal.code, the most frequent first.
    """

    payments: int = 0
    points_taken: int = 0
    returns: int = 0
    points_returned: int = 0
    undone: int = 0
    canceled: int = 0
    refused: tuple[tuple[str, int], ...] = ()
    scans_refused: int = 0
    outcomes_unknown: int = 0
    sales_dropped: int = 0
    other_tenders: int = 0
    other_tender_minor: int = 0

    @property
    def points_net(self) -> int:
        """Points taken less points given back."""
        return self.points_taken - self.points_returned

    @property
    def refused_count(self) -> int:
        """All refused charges."""
        return sum(count for _, count in self.refused)


class Line(Protocol):
    """What the totals need of an entry: a Record has it, and so has a row of the journal."""

    @property
    def kind(self) -> EntryKind:
        """What happened."""

    @property
    def order_id(self) -> str | None:
        """To which order."""

    @property
    def units(self) -> int:
        """Points."""

    @property
    def money_minor(self) -> int | None:
        """Money in minor units."""

    @property
    def refusal(self) -> str | None:
        """Refusal.code."""


def tallies(rows: Iterable[Line]) -> tuple[Tally, ...]:
    """Count rows, given in the journal's order, by their sort."""
    succeeded: set[str | None] = set()
    count: Counter[tuple[EntryKind, str | None, bool]] = Counter()
    units: Counter[tuple[EntryKind, str | None, bool]] = Counter()
    money: Counter[tuple[EntryKind, str | None, bool]] = Counter()
    for row in rows:
        if row.kind is EntryKind.SUCCEEDED:
            succeeded.add(row.order_id)
        sort = (row.kind, row.refusal, row.kind is EntryKind.REVERSED and row.order_id in succeeded)
        count[sort] += 1
        units[sort] += row.units
        money[sort] += row.money_minor or 0
    return tuple(
        Tally(
            kind=sort[0], refusal=sort[1], gave_back=sort[2],
            count=count[sort], units=units[sort], money_minor=money[sort],
        )
        for sort in count
    )  # fmt: skip


def totals(counted: Iterable[Tally]) -> Totals:
    """Put what was counted (here or by a database) into the figures of a shift."""
    counts: Counter[tuple[EntryKind, bool]] = Counter()
    units: Counter[tuple[EntryKind, bool]] = Counter()
    money: Counter[EntryKind] = Counter()
    refused: Counter[str] = Counter()
    for tally in counted:
        counts[tally.kind, tally.gave_back] += tally.count
        units[tally.kind, tally.gave_back] += tally.units
        money[tally.kind] += tally.money_minor
        if tally.kind is EntryKind.FAILED:
            refused[tally.refusal or ""] += tally.count
    return Totals(
        payments=counts[EntryKind.SUCCEEDED, False],
        points_taken=units[EntryKind.SUCCEEDED, False],
        returns=counts[EntryKind.REVERSED, True],
        points_returned=units[EntryKind.REVERSED, True],
        undone=counts[EntryKind.REVERSED, False],
        canceled=counts[EntryKind.CANCELED, False],
        refused=tuple(sorted(refused.items(), key=lambda item: (-item[1], item[0]))),
        scans_refused=counts[EntryKind.SCAN_REFUSED, False],
        outcomes_unknown=counts[EntryKind.OUTCOME_UNKNOWN, False],
        sales_dropped=counts[EntryKind.SALE_DROPPED, False],
        other_tenders=counts[EntryKind.OTHER_TENDER, False],
        other_tender_minor=money[EntryKind.OTHER_TENDER],
    )
