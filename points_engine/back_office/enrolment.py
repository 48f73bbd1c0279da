"""`shops`, `tills`, `couriers`: who may charge, listed and enrolled."""

import argparse
from typing import Any

from rich.text import Text

from points_engine.back_office.answers import Answer, Listing
from points_engine.back_office.office import Office, command_id
from points_engine.contract import EnrolTill


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("shops", parents=[shared], help="the shops, and how many tills stand in each")
    verb.set_defaults(run=_shops)

    verb = verbs.add_parser("tills", help="the tills that may charge: list, add")
    steps = verb.add_subparsers(dest="step", required=True, metavar="STEP")
    step = steps.add_parser("list", parents=[shared], help="every till and its shop")
    step.set_defaults(run=_tills)
    step = steps.add_parser(
        "add", parents=[shared], help="enrol a till in a shop, or move it there; a new shop is made"
    )
    step.add_argument("till", metavar="TILL")
    step.add_argument("--shop", required=True, metavar="SHOP")
    step.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
    step.set_defaults(run=_add_till)


def _shops(office: Office, _given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        rows = [each._asdict() for each in engine.register.shops()]
    return Listing("Shops", ("shop_id", "tills"), rows).answer(
        note="" if rows else "There are no shops yet: `points-engine tills add TILL --shop SHOP` makes one."
    )


def _tills(office: Office, _given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        rows = [each._asdict() for each in engine.register.tills()]
    return Listing("Tills", ("till_id", "shop_id"), rows).answer(
        note="" if rows else "There are no tills yet: `points-engine tills add TILL --shop SHOP` enrols one."
    )


def _add_till(office: Office, given: argparse.Namespace) -> Answer:
    office.ask(
        EnrolTill(command_id=command_id(given.id), till_id=given.till, shop_id=given.shop),
        f"Till {given.till}",
    )
    return Answer(
        {"till_id": given.till, "shop_id": given.shop},
        Text(f"Till {given.till} is enrolled in shop {given.shop}."),
    )
