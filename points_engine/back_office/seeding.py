"""`seed`: a demo shop in a fresh engine, to try everything with."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Group
from rich.text import Text

from points_engine.amounts import Amount, Asset
from points_engine.back_office.answers import Answer, Failed, Listing
from points_engine.back_office.office import Office, carried_out
from points_engine.contract import (
    Command,
    Credit,
    EnrolMember,
    EnrolTill,
    Secret,
    SetFrozen,
    SetPin,
)

SHOP_FILE = Path("demo", "shop.toml")
DEMO_PIN = "284619"
"""The PIN of every member who is made up here: they do not exist, so it may be read."""


class _Member(msgspec.Struct, frozen=True):
    member_no: str
    name: str
    points: int
    pin: str | None = None
    frozen: bool = False


class _Shop(msgspec.Struct, frozen=True):
    shop_id: str
    till_id: str
    members: tuple[_Member, ...]


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "seed", parents=[shared], help="a demo shop: tills, and members with points and PINs"
    )
    verb.add_argument("--tills", type=_count, default=1, metavar="N", help="so many tills (1)")
    verb.add_argument("--members", type=_count, default=0, metavar="N", help="so many more members, made up")
    verb.add_argument("--force", action="store_true", help="although there are members or shops already")
    verb.set_defaults(run=_seed)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text} is no number up to 999999")
    return int(text)


def _seed(office: Office, given: argparse.Namespace) -> Answer:
    shop = _demo_shop()
    tills = [shop.till_id, *(f"demo-till-{number}" for number in range(2, given.tills + 1))]
    more = [_made_up(number) for number in range(1, given.members + 1)]
    members = [*shop.members, *more]
    with office.engine() as engine:
        if not given.force and (engine.register.member_count() or engine.register.shops()):
            raise Failed(
                "There are members or shops already: a demo shop does not belong among them",
                "Seed a fresh engine, or say --force.",
                word="not_empty",
            )
        commands = list(_commands(shop.shop_id, tills, members))
        with office.progress("Seeding", len(commands)) as bar:
            for done, command in enumerate(commands, 1):
                carried_out(engine, command, "The demo shop")
                bar.reach(done)
    rows = [{"member_no": each.member_no, "points": each.points, "pin": each.pin} for each in members]
    shown = Listing("The demo shop's members", ("member_no", "points", "pin"), rows[:50]).answer().shown
    told = Text(f"Shop {shop.shop_id} with {len(tills)} tills and {len(members)} members is there.")
    return Answer({"shop_id": shop.shop_id, "tills": tills, "members": rows}, Group(shown, told))


def _demo_shop() -> _Shop:
    """The shop that the till's own demo has."""
    resources = Path(__file__).parents[2] / "resources"
    try:
        return msgspec.toml.decode((resources / SHOP_FILE).read_bytes(), type=_Shop)
    except (OSError, msgspec.MsgspecError):
        raise Failed(
            f"The demo shop's file {SHOP_FILE} is not where the program's resources are",
            "Run this from a checkout, or an installation with its resources.",
            word="no_demo_shop",
        ) from None


def _made_up(number: int) -> _Member:
    return _Member(f"D{number:06}", f"Demo {number}", 10_000, DEMO_PIN if number % 2 else None)


def _commands(shop_id: str, tills: list[str], members: list[_Member]) -> Iterator[Command]:
    """Twice does no more than once: every id is that of what it makes."""
    for till in tills:
        yield EnrolTill(command_id=f"demo-till-{till}", till_id=till, shop_id=shop_id)
    for member in members:
        number = member.member_no
        yield EnrolMember(command_id=f"demo-enrol-{number}", member_no=number, name=member.name)
        if member.points:
            yield Credit(
                command_id=f"demo-credit-{number}",
                member_no=number,
                amount=Amount(Asset.POINTS, member.points),
                reason="opening balance",
            )
        if member.pin is not None:
            yield SetPin(command_id=f"demo-pin-{number}", member_no=number, pin=Secret(member.pin))
        if member.frozen:
            yield SetFrozen(command_id=f"demo-frozen-{number}", member_no=number, frozen=True)
