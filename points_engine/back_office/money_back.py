"""`refund`, `settle`, `bill`, `reconcile`: money that goes back, and the end of a shop's day."""

import argparse
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from rich.text import Text

from points_engine.amounts import Amount
from points_engine.back_office.answers import FAILED, WRONG_USE, Answer, Failed, Listing, plain, refused
from points_engine.back_office.fresh_file import file_fault, fresh_file
from points_engine.back_office.ledger_reports import day
from points_engine.back_office.member_accounts import whole_units
from points_engine.back_office.office import Office, carried_out
from points_engine.bill import BillInvalid, bill_text, parse_bill
from points_engine.contract import (
    Actor,
    Payment,
    Query,
    Refund,
    Refunded,
    Refused,
    Settle,
    Settled,
    StaffLevel,
)
from points_engine.reconciliation import parse_till_list, reconcile

T = TypeVar("T")


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("refund", parents=[shared], help="give back a part of a payment, or all of it")
    verb.add_argument("order", metavar="ORDER")
    verb.add_argument("units", type=whole_units, metavar="UNITS", help="in the payment's own asset")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="stays in the ledger")
    verb.add_argument("--by", metavar="NAME", help="who does it; whoever is signed in, if not said")
    verb.add_argument("--id", metavar="ID", help="the same id again gives nothing back twice")
    verb.set_defaults(run=_refund)

    verb = verbs.add_parser("settle", parents=[shared], help="close a shop's day for good")
    verb.add_argument("shop", metavar="SHOP")
    verb.add_argument("--day", type=day, metavar="DAY", help="yesterday, if not said; e.g. 2026-11-23")
    verb.set_defaults(run=_settle)

    verb = verbs.add_parser("bill", parents=[shared], help="write the bill of a closed day as CSV")
    verb.add_argument("shop", metavar="SHOP")
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument("--day", type=day, metavar="DAY", help="yesterday, if not said; e.g. 2026-11-23")
    verb.add_argument("--force", action="store_true", help="replace the file if it is there")
    verb.set_defaults(run=_bill)

    verb = verbs.add_parser("reconcile", parents=[shared], help="hold a till's own list against a bill")
    verb.add_argument("bill", type=Path, metavar="BILL", help="what `bill` wrote")
    verb.add_argument("till", metavar="TILL")
    verb.add_argument(
        "orders", type=Path, metavar="LIST", help="the till's shift log of that day, exported as CSV"
    )
    verb.set_defaults(run=_reconcile)


def _refund(office: Office, given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        about = f"Order {given.order}"
        payment = carried_out(engine, Query(order_id=given.order), about)
        assert isinstance(payment, Payment)
        reply = carried_out(
            engine,
            Refund(
                refund_id=given.id or f"back-office-{secrets.token_hex(8)}",
                order_id=given.order,
                till_id=None,
                actor=Actor(name=given.by or office.who, level=StaffLevel.MANAGER),
                amount=Amount(payment.amount.asset, given.units),
                reason=given.reason,
            ),
            about,
        )
    assert isinstance(reply, Refunded)
    parts = " and ".join(f"{part.units} {part.asset}" for part in reply.parts)
    told = f"{parts} are given back; {reply.refundable.units} of order {given.order} could still be."
    if reply.owed is not None and reply.owed.units:
        told += f" {reply.owed.units} {reply.owed.asset} earned on it were spent already and are owed now."
    return Answer(plain(reply), Text(told))


def _settle(office: Office, given: argparse.Namespace) -> Answer:
    closed = _day(office, given)
    reply = office.ask(Settle(shop_id=given.shop, day=closed), f"Shop {given.shop}, {closed}")
    assert isinstance(reply, Settled)
    rows = [{**plain(each), "net_units": each.net_units} for each in reply.settlements]
    columns = (
        "asset", "number", "taken_times", "taken_units", "reversed_units", "refunded_units", "net_units", "net_minor",
    )  # fmt: skip
    return Listing(f"Shop {given.shop}, {closed}", columns, rows).answer()


def _bill(office: Office, given: argparse.Namespace) -> Answer:
    closed = _day(office, given)
    with office.engine() as engine:
        bill = engine.bill(given.shop, closed)
    if isinstance(bill, Refused):
        raise refused(bill, f"Shop {given.shop}, {closed}")
    with fresh_file(given.file, "utf-8", replaces=given.force) as out:
        out.write(bill_text(bill, with_byte_order_mark=True))
    data = {
        "file": str(given.file), "shop_id": bill.shop_id, "day": bill.day.isoformat(), "lines": len(bill.lines),
        "totals": [plain(each) for each in bill.totals()],
    }  # fmt: skip
    return Answer(
        data,
        Text(f"The bill of shop {given.shop} for {closed}, {len(bill.lines)} lines, is in {given.file}."),
    )


def _reconcile(_office: Office, given: argparse.Namespace) -> Answer:
    bill = _read(given.bill, parse_bill)
    orders = _read(given.orders, parse_till_list)
    rows = [each._asdict() for each in reconcile(bill, given.till, orders)]
    title = f"Till {given.till}, shop {bill.shop_id}, {bill.day}"
    data = {
        "shop_id": bill.shop_id, "day": bill.day.isoformat(), "till_id": given.till, "orders": len(orders),
        "differences": [plain(row) for row in rows],
    }  # fmt: skip
    if not rows:
        return Answer(data, Text(f"{title}: bill and till agree on all {len(orders)} orders."))
    columns = ("kind", "order_id", "on_the_bill", "at_the_till")
    return Answer(data, Listing(title, columns, rows).answer().shown, FAILED)


def _read(file: Path, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(file.read_bytes())
    except OSError as error:
        raise file_fault(file, "read", error) from None
    except BillInvalid as error:
        raise Failed(
            f"{file}, {error}", "Nothing was compared.", code=WRONG_USE, word="bill_invalid"
        ) from None


def _day(office: Office, given: argparse.Namespace) -> date:
    now = office.clock.now() if office.clock else datetime.now(UTC)
    today = now.astimezone(office.zone).date()
    chosen: date = given.day or today - timedelta(days=1)
    if chosen >= today:
        raise Failed(
            f"{chosen} is not over yet",
            "Settle it tomorrow, or name an earlier --day.",
            code=WRONG_USE,
            word="day_not_over",
        )
    return chosen
