"""`shops`, `tills`, `couriers`: who may charge, listed and enrolled."""

import argparse
from typing import Any

from rich.text import Text

from points_engine.back_office import caller_keys
from points_engine.back_office.answers import Answer, Listing
from points_engine.back_office.office import Office, command_id
from points_engine.calling import CallerKind
from points_engine.contract import Channel, EnrolCourier, EnrolTill


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("shops", parents=[shared], help="the shops, and how many tills stand in each")
    verb.set_defaults(run=_shops)

    for word, what, channel, kind in (
        ("tills", "the tills that may charge", Channel.TILL, CallerKind.TILL),
        ("couriers", "the couriers who may charge at the door", Channel.DELIVERY, CallerKind.COURIER),
    ):
        one = word[:-1]
        verb = verbs.add_parser(word, help=f"{what}: list, add, and their keys")
        steps = verb.add_subparsers(dest="step", required=True, metavar="STEP")
        step = steps.add_parser("list", parents=[shared], help=f"every {one} and its shop")
        step.set_defaults(run=_list, channel=channel)
        step = steps.add_parser(
            "add", parents=[shared], help=f"enrol a {one} in a shop, or move it there; a new shop is made"
        )
        step.add_argument("taker", metavar=one.upper())
        step.add_argument("--shop", required=True, metavar="SHOP")
        step.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
        step.set_defaults(run=_add, channel=channel)
        caller_keys.add_steps(steps, shared, kind, one.upper())


def _shops(office: Office, _given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        rows = [each._asdict() for each in engine.register.shops()]
    return Listing("Shops", ("shop_id", "tills", "couriers"), rows).answer(
        note="" if rows else "There are no shops yet: `points-engine tills add TILL --shop SHOP` makes one."
    )


def _list(office: Office, given: argparse.Namespace) -> Answer:
    word = _words(given.channel)
    with office.engine() as engine:
        rows = [
            {f"{word}_id": each.taker_id, "shop_id": each.shop_id}
            for each in engine.register.takers(given.channel)
        ]
    return Listing(f"{word.capitalize()}s", (f"{word}_id", "shop_id"), rows).answer(
        note=""
        if rows
        else f"There are no {word}s yet: `points-engine {word}s add {word.upper()} --shop SHOP` enrols one."
    )


def _add(office: Office, given: argparse.Namespace) -> Answer:
    word, fresh = _words(given.channel), command_id(given.id)
    command: EnrolTill | EnrolCourier
    if given.channel is Channel.DELIVERY:
        command = EnrolCourier(command_id=fresh, courier_id=given.taker, shop_id=given.shop)
    else:
        command = EnrolTill(command_id=fresh, till_id=given.taker, shop_id=given.shop)
    told = f"{word.capitalize()} {given.taker}"
    office.ask(command, told)
    return Answer(
        {f"{word}_id": given.taker, "shop_id": given.shop}, Text(f"{told} is enrolled in shop {given.shop}.")
    )


def _words(channel: Channel) -> str:
    return "courier" if channel is Channel.DELIVERY else "till"
