"""The demo shop's data and how an engine comes to know it.

The shop is resources/demo/shop.toml; its members do not exist, so their PINs may be read there.
"""

from pathlib import Path
from typing import Protocol

import msgspec

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    Command,
    Credit,
    EnrolMember,
    EnrolTill,
    Refused,
    Reply,
    Secret,
    SetFrozen,
    SetPin,
)


class DemoMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member of the demo shop; `points` is the opening balance, `pin` six digits or none."""

    member_no: str
    name: str
    points: int
    pin: str | None = None
    frozen: bool = False


class ExchangeRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many points are worth so many minor money units (fen)."""

    asset_units: int
    money_minor: int


class DemoShop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shop, its one till, who stands at it, and the members."""

    shop_id: str
    shop_name: str
    till_id: str
    cashier: str
    points_for_money: ExchangeRate
    members: tuple[DemoMember, ...]


class Engine(Protocol):
    """The engine's front door, as far as seeding needs it."""

    def execute(self, command: Command) -> Reply:
        """Carry one command out."""


def load_shop(resources: Path) -> DemoShop:
    """The demo shop of this resources folder."""
    return msgspec.toml.decode((resources / "demo" / "shop.toml").read_bytes(), type=DemoShop)


def seed(engine: Engine, shop: DemoShop) -> None:
    """Enrol the shop's till and members, give them their points and PINs. Twice does no more than once.

    Raises RuntimeError when the engine refuses: then the folder holds another shop's data.
    """
    for command in _commands(shop):
        reply = engine.execute(command)
        if isinstance(reply, Refused):
            raise RuntimeError(f"the demo shop could not be seeded: {reply.refusal.code}")


def _commands(shop: DemoShop) -> list[Command]:
    commands: list[Command] = [
        EnrolTill(command_id=f"demo-till-{shop.till_id}", till_id=shop.till_id, shop_id=shop.shop_id)
    ]
    for member in shop.members:
        number = member.member_no
        commands.append(EnrolMember(command_id=f"demo-enrol-{number}", member_no=number, name=member.name))
        commands.append(
            Credit(
                command_id=f"demo-credit-{number}",
                member_no=number,
                amount=Amount(Asset.POINTS, member.points),
                reason="opening balance",
            )
        )
        if member.pin is not None:
            commands.append(SetPin(command_id=f"demo-pin-{number}", member_no=number, pin=Secret(member.pin)))
        if member.frozen:
            commands.append(SetFrozen(command_id=f"demo-frozen-{number}", member_no=number, frozen=True))
    return commands
