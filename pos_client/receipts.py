"""Receipts: what a customer takes home of a payment in points.

The loop tells of every entry once it is in the journal; what becomes of the paper is the printer's own affair, on a
thread of its own. Without a printer nothing happens, and a receipt nobody could take is a line in the log.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from drivers.print_jobs import Ticket, Verdict
from drivers.receipt import Align, Blank, Element, QrCode, Receipt, Row, Rule, Size, Text
from points_engine.amounts import Exchange
from pos_client.ports import Clock, JournalRow, Printer
from pos_client.till.effects import EntryKind, Record

logger = logging.getLogger(__name__)

PRINTED_KINDS = frozenset({EntryKind.SUCCEEDED, EntryKind.REVERSED})
"""The outcomes a customer gets a receipt of."""

_REMEMBERED = 200


class PaperPrinter(Protocol):
    """Somebody who prints: `drivers.receipt_printer.ReceiptPrinter`."""

    def print(self, receipt: Receipt) -> Ticket:
        """Queue a receipt; never waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on every receipt of a till."""

    shop_name: str
    till_id: str
    cashier: str
    zone: ZoneInfo
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One outcome to be printed; `is_copy` when it was printed before, or may have been."""

    kind: EntryKind
    order_id: str
    units: int
    member: str | None
    cashier: str
    at: datetime
    is_copy: bool = False


class Receipts(Printer):
    """Prints on whichever of the till's `printers` there are at that moment. Thread-safe.

    `say` gives the sentence of a key of the wording, in the language of the moment.
    """

    def __init__(
        self,
        head: Head,
        printers: Callable[[], Iterable[PaperPrinter]],
        say: Callable[..., str],
        clock: Clock,
    ) -> None:
        self._head = head
        self._printers = printers
        self._say = say
        self._clock = clock
        self._paid: OrderedDict[str, None] = OrderedDict()

    @property
    def has_printer(self) -> bool:
        """Whether there is anything to print on."""
        return any(True for _ in self._printers())

    def take(self, entry: Record) -> None:
        order_id = entry.order_id
        if entry.kind not in PRINTED_KINDS or order_id is None:
            return
        if entry.kind is EntryKind.REVERSED and order_id not in self._paid:
            return  # nothing was taken that the customer has a receipt of
        self._paid[order_id] = None
        if len(self._paid) > _REMEMBERED:
            self._paid.popitem(last=False)
        slip = Slip(
            kind=entry.kind,
            order_id=order_id,
            units=entry.units,
            member=entry.member,
            cashier=self._head.cashier,
            at=self._clock.now(),
        )
        self._print(slip)

    def print_again(self, row: JournalRow) -> bool:
        """Print a payment of the shift log once more, marked as a copy; whether a printer took it."""
        if row.kind not in PRINTED_KINDS or row.order_id is None:
            return False
        slip = Slip(
            kind=row.kind,
            order_id=row.order_id,
            units=row.units,
            member=row.member,
            cashier=row.cashier,
            at=row.at,
            is_copy=True,
        )
        return self._print(slip)

    def _print(self, slip: Slip) -> bool:
        tickets = [printer.print(receipt_of(slip, self._head, self._say)) for printer in self._printers()]
        refused = [ticket.verdict for ticket in tickets if ticket.verdict is not Verdict.ACCEPTED]
        for verdict in refused:
            logger.warning("the receipt of %s was not taken by a printer: %s", slip.order_id, verdict)
        return len(refused) < len(tickets)


def receipt_of(slip: Slip, head: Head, say: Callable[..., str]) -> Receipt:
    """The receipt of one outcome, from top to bottom; the QR code holds the order's number."""
    copy_mark = say("receipt.copy")
    at = slip.at.astimezone(head.zone)
    elements: list[Element] = [
        Text(head.shop_name, Align.CENTER, is_bold=True, size=Size.TALL),
        Text(say(f"receipt.{slip.kind.value}"), Align.CENTER, is_bold=True),
        Rule(),
        Row(say("receipt.order"), (slip.order_id,)),
        Row(say("receipt.time"), (f"{at:%Y-%m-%d %H:%M:%S}",)),
        Row(say("receipt.till"), (head.till_id,)),
        Row(say("receipt.cashier"), (slip.cashier,)),
    ]
    if slip.member:
        elements.append(Row(say("receipt.member"), (slip.member,)))
    worth_minor = head.exchange.to_money_minor(slip.units)
    elements += [
        Rule(),
        Row(say("receipt.points"), (f"{slip.units:,}",), is_bold=True, size=Size.TALL),
        Row(say("receipt.worth"), (say("receipt.worth_of", worth_money_minor=worth_minor),)),
        Rule(),
        *_qr_of(slip.order_id),
        Text(say("receipt.keep"), Align.CENTER),
    ]
    if slip.is_copy:
        elements.insert(0, Text(copy_mark, Align.CENTER, is_bold=True))
    return Receipt(tuple(elements), copy_mark)


def _qr_of(order_id: str) -> list[Element]:
    # A till may be named in Chinese, and its orders with it: no gun could type that.
    if not (order_id.isascii() and order_id.isprintable()):
        return []
    return [QrCode(order_id), Blank()]
