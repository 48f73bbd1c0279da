"""`outbox`: what the books tell the shop's staff."""

import argparse
from typing import Any

from points_engine.back_office.answers import Answer, Listing, in_zone, plain
from points_engine.back_office.office import Office


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "outbox", parents=[shared], help="the newest short messages, for a shop that passes them on by hand"
    )
    verb.add_argument("--most", type=int, default=20, metavar="COUNT", help="how many (20)")
    verb.add_argument(
        "--show", action="store_true", help="their texts too: they hold codes that are worth money"
    )
    verb.set_defaults(run=_outbox)


def _outbox(office: Office, given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        messages = engine.outbox(max(1, given.most))
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
    shown = [
        {**row, "created_at": in_zone(each.created_at, office.zone)}
        for row, each in zip(rows, messages, strict=True)
    ]
    return Answer(rows, Listing("Short messages", columns, shown).answer().shown)
