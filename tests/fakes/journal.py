"""A journal in memory, which can be told to fail."""

from collections.abc import Iterator

from pos_client.ports import Journal, JournalFault, JournalRow
from pos_client.till.effects import EntryKind, Record
from pos_client.till.events import OpenOrder
from tests.fakes.clock import START

OPENING = {EntryKind.INTENT, EntryKind.REVERSAL_INTENT}
CLOSING = {EntryKind.SUCCEEDED, EntryKind.FAILED, EntryKind.CANCELED, EntryKind.REVERSED}


class Killed(BaseException):
    """The till died at an entry."""


class MemoryJournal(Journal):
    """Keeps entries in a list. While `fault` is set, and for the next `failures`, nothing is taken.

    With `dies` "before" or "after" the till is killed around the next entry.
    """

    def __init__(self, entries: list[Record] | None = None) -> None:
        self.entries: list[Record] = entries or []
        self.fault: str | None = None
        self.failures = 0
        self.dies: str | None = None

    def append(self, entry: Record) -> None:
        if self.failures:
            self.failures -= 1
            raise JournalFault("disk_full", "Free some disk space.")
        if self.fault is not None:
            raise JournalFault(self.fault, "Mend it.")
        dies, self.dies = self.dies, None
        if dies != "before":
            self.entries.append(entry)
        if dies is not None:
            raise Killed

    def open_orders(self) -> tuple[OpenOrder, ...]:
        found: dict[str, OpenOrder] = {}
        for entry in self.entries:
            if entry.order_id is None:
                continue
            if entry.kind in OPENING:
                before = found.get(entry.order_id)
                found[entry.order_id] = OpenOrder(
                    order_id=entry.order_id,
                    sale_id=entry.sale_id,
                    units=entry.units,
                    reversing=entry.kind is EntryKind.REVERSAL_INTENT or bool(before and before.reversing),
                )
            elif entry.kind in CLOSING:
                found.pop(entry.order_id, None)
        return tuple(found.values())

    def rows(self, shift_id: str | None = None) -> Iterator[JournalRow]:
        for seq, entry in enumerate(self.entries, start=1):
            yield JournalRow(
                seq=seq,
                at=START,
                shift_id=shift_id or "shift",
                cashier="cashier",
                kind=entry.kind,
                sale_id=entry.sale_id,
                order_id=entry.order_id,
                units=entry.units,
                money_minor=entry.money_minor,
                refusal=entry.refusal,
                member=entry.member,
            )
