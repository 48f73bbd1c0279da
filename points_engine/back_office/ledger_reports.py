"""`statement`, `expiring`, `expire`, `outbox`: what the books tell, and what of them has its time."""

import argparse
from datetime import date
from typing import Any

from rich.console import Group
from rich.text import Text

from points_engine.amounts import Asset
from points_engine.back_office.answers import Answer, Listing, in_zone, plain
from points_engine.back_office.member_accounts import add_asset
from points_engine.back_office.office import Office, carried_out
from points_engine.contract import Expiring, ShowExpiring, ShowStatement, Statement
from points_engine.engine.expiry import ExpiryProgress

PAGE_LINES = 500


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("statement", parents=[shared], help="what moved on a member's account")
    verb.add_argument("member", metavar="MEMBER")
    verb.add_argument(
        "--from", dest="first_day", type=day, metavar="DAY", help="the first day, e.g. 2026-11-01"
    )
    verb.add_argument("--to", dest="last_day", type=day, metavar="DAY", help="the last day, itself included")
    verb.add_argument("--most", type=count, default=1_000, metavar="COUNT", help="how many lines (1000)")
    verb.add_argument("--oldest-first", action="store_true", help="else the newest is first")
    add_asset(verb)
    verb.set_defaults(run=_statement)

    verb = verbs.add_parser("expiring", parents=[shared], help="what of a member's account expires next")
    verb.add_argument("member", metavar="MEMBER")
    add_asset(verb)
    verb.set_defaults(run=_expiring)

    verb = verbs.add_parser(
        "expire",
        parents=[shared],
        help="expire everything whose time is up, batch by batch, while tills go on",
    )
    verb.set_defaults(run=_expire)

    verb = verbs.add_parser(
        "outbox", parents=[shared], help="the newest short messages, for a shop that passes them on by hand"
    )
    verb.add_argument("--most", type=count, default=20, metavar="COUNT", help="how many (20)")
    verb.add_argument(
        "--show", action="store_true", help="their texts too: they hold codes that are worth money"
    )
    verb.set_defaults(run=_outbox)


def day(text: str) -> date:
    """A day as 2026-11-23."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day such as 2026-11-23") from None


def count(text: str) -> int:
    """A number from 1 to a million."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to 1000000")
    return int(text)


def _statement(office: Office, given: argparse.Namespace) -> Answer:
    lines: list[Any] = []
    after: int | None = None
    with office.engine() as engine:
        while True:
            page = carried_out(
                engine,
                ShowStatement(
                    member_no=given.member,
                    asset=Asset(given.asset),
                    first_day=given.first_day,
                    last_day=given.last_day,
                    newest_first=not given.oldest_first,
                    after=after,
                    most=min(PAGE_LINES, given.most - len(lines)),
                ),
                f"Member {given.member}",
            )
            assert isinstance(page, Statement)
            lines += page.lines
            after = page.next_after
            if after is None or len(lines) >= given.most:
                break
    rows = [{**plain(each), "at": in_zone(each.at, office.zone)} for each in lines]
    columns = ("number", "at", "kind", "units", "balance_units", "order_id", "shop_id", "reason")
    more = "" if after is None else f" There are more lines than {given.most}: add --most."
    note = f"Before: {page.opening_units}. After: {page.closing_units}.{more}"
    data = {
        "member_no": given.member, "asset": given.asset, "opening_units": page.opening_units,
        "closing_units": page.closing_units, "lines": [plain(each) for each in lines], "is_whole": after is None,
    }  # fmt: skip
    title = f"{given.asset} of {given.member}"
    return Answer(data, Listing(title, columns, rows).answer(note=note).shown)


def _expiring(office: Office, given: argparse.Namespace) -> Answer:
    reply = office.ask(
        ShowExpiring(member_no=given.member, asset=Asset(given.asset)), f"Member {given.member}"
    )
    assert isinstance(reply, Expiring)
    rows = [plain(each) for each in reply.days]
    note = "" if rows else f"Nothing of the {given.asset} of {given.member} expires."
    return Listing(f"{given.asset} of {given.member}", ("last_day", "units"), rows).answer(note=note)


def _expire(office: Office, _given: argparse.Namespace) -> Answer:
    with office.engine() as engine, office.progress("expiring", 1) as bar:

        def tell(progress: ExpiryProgress) -> None:
            bar.reach_of(progress.lots, max(progress.lots, progress.lots_due))

        done = engine.expire(tell)
    told = f"{done.units} units of {done.lots} lots in {done.accounts} accounts are expired."
    return Answer({"units": done.units, "lots": done.lots, "accounts": done.accounts}, Text(told))


def _outbox(office: Office, given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        messages = engine.outbox(given.most)
    columns = ["created_at", "kind", "phone", "delivery", "attempts", "problem"]
    rows = []
    for each in messages:
        row = {key: plain(value) for key, value in each._asdict().items() if key != "text"}
        row["phone"] = each.phone.number if given.show else each.phone.masked
        if given.show:
            row["text"] = each.text.reveal() if each.text else None
        rows.append(row)
    if given.show:
        columns.append("text")
    times = [in_zone(each.created_at, office.zone) for each in messages]
    shown = [{**row, "created_at": at} for row, at in zip(rows, times, strict=True)]
    hidden = [] if given.show or not rows else [Text("--show shows what they say.")]
    return Answer(rows, Group(Listing("Short messages", columns, shown).answer().shown, *hidden))
