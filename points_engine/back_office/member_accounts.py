"""`show`, `credit`, `freeze`, `unfreeze`, `limits`: one member and what they have."""

import argparse
from typing import Any

from rich.console import Group
from rich.text import Text

from points_engine.amounts import MAX_UNITS, Amount, Asset
from points_engine.back_office.answers import Answer, Failed, Listing, in_zone, plain
from points_engine.back_office.office import Office, carried_out, command_id
from points_engine.contract import Adjust, Credit, Credited, SetFrozen, SetPinFreeLimit
from points_engine.register_ports import MemberRecord

DEFAULT_LIMIT = "default"


def whole_units(text: str) -> int:
    """A whole number of an asset's smallest unit, from 0."""
    units = signed_units(text)
    if units < 0:
        raise argparse.ArgumentTypeError(f"{text} is below zero")
    return units


def signed_units(text: str) -> int:
    """A whole number of an asset's smallest unit, with its sign."""
    try:
        units = int(text) if text.isascii() and "_" not in text else None
    except ValueError:
        units = None
    if units is None or abs(units) > MAX_UNITS:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of up to {MAX_UNITS} units")
    return units


def add_asset(verb: argparse.ArgumentParser) -> None:
    """--asset, for commands that are about one."""
    verb.add_argument(
        "--asset",
        choices=[str(asset) for asset in Asset],
        default=str(Asset.POINTS),
        help="points if not said",
    )


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("show", help="one thing and all there is to know of it")
    steps = verb.add_subparsers(dest="step", required=True, metavar="THING")
    step = steps.add_parser("member", parents=[shared], help="a member: name, phone, state, balances")
    step.add_argument("member", metavar="MEMBER")
    step.set_defaults(run=_show_member)

    verb = verbs.add_parser("credit", parents=[shared], help="give a member units of an asset")
    verb.add_argument("member", metavar="MEMBER")
    verb.add_argument("units", type=whole_units, metavar="UNITS")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="stays in the ledger")
    verb.add_argument("--id", metavar="ID", help="the same id again gives nothing twice")
    add_asset(verb)
    verb.set_defaults(run=_credit)

    verb = verbs.add_parser(
        "adjust", parents=[shared], help="put a balance right by hand: more, or fewer units"
    )
    verb.add_argument("member", metavar="MEMBER")
    verb.add_argument(
        "units", type=signed_units, metavar="UNITS", help="signed; never leaves less than nothing"
    )
    verb.add_argument("--reason", required=True, metavar="TEXT", help="stays in the ledger")
    verb.add_argument("--by", metavar="NAME", help="who does it; whoever is signed in, if not said")
    verb.add_argument("--id", metavar="ID", help="the same id again adjusts nothing twice")
    add_asset(verb)
    verb.set_defaults(run=_adjust)

    for word, help_text, frozen in (
        ("freeze", "nothing may be taken from a member any more", True),
        ("unfreeze", "a frozen member may pay again", False),
    ):
        verb = verbs.add_parser(word, parents=[shared], help=help_text)
        verb.add_argument("member", metavar="MEMBER")
        verb.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
        verb.set_defaults(run=_freeze, frozen=frozen)

    verb = verbs.add_parser(
        "limits", parents=[shared], help="a member's own PIN-free limit: set it, or take it away"
    )
    verb.add_argument("member", metavar="MEMBER")
    verb.add_argument(
        "units", metavar="UNITS", help=f"units, or `{DEFAULT_LIMIT}` for the scheme's own limit"
    )
    verb.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
    add_asset(verb)
    verb.set_defaults(run=_limits)


def _show_member(office: Office, given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        record = engine.register.member(given.member)
    if record is None:
        raise Failed(
            f"Member {given.member}: No such member",
            "`points-engine members export` lists all of them.",
            word="member_unknown",
        )
    data = {key: value for key, value in plain(record).items() if key != "id"}
    accounts = Listing(
        "Accounts",
        ("asset", "balance_units", "pin_free_limit_units"),
        [each._asdict() for each in record.accounts],
    ).answer()
    return Answer(data, Group(*_facts(record, office), accounts.shown))


def _facts(record: MemberRecord, office: Office) -> list[Text]:
    pin = "none set"
    if record.has_pin:
        pin = "set"
    if record.is_pin_locked:
        until = record.pin_locked_until
        pin = f"locked until {in_zone(until, office.zone)}" if until else "locked until it is recovered"
    facts = {
        "Member": record.member_no,
        "Name": record.name or "-",
        "Phone": record.phone.masked if record.phone else "-",
        "Birthday": record.birthday.isoformat() if record.birthday else "-",
        "State": "frozen" if record.is_frozen else "active",
        "PIN": pin,
    }
    return [Text(f"{name:<9}{value}") for name, value in facts.items()]


def _credit(office: Office, given: argparse.Namespace) -> Answer:
    command = Credit(
        command_id=command_id(given.id),
        member_no=given.member,
        amount=Amount(Asset(given.asset), given.units),
        reason=given.reason,
    )
    return credited(office, command, given)


def _adjust(office: Office, given: argparse.Namespace) -> Answer:
    command = Adjust(
        command_id=command_id(given.id),
        member_no=given.member,
        asset=Asset(given.asset),
        units=given.units,
        reason=given.reason,
        actor=given.by or office.who,
    )
    return credited(office, command, given)


def credited(office: Office, command: Credit | Adjust, given: argparse.Namespace) -> Answer:
    """Carry out a command that is answered with the balance after it."""
    reply = office.ask(command, f"Member {given.member}")
    assert isinstance(reply, Credited)
    balance = reply.balance
    return Answer(
        {"member_no": given.member, "command_id": command.command_id, "balance": plain(balance)},
        Text(f"Member {given.member} has {balance.units} {balance.asset} now."),
    )


def _freeze(office: Office, given: argparse.Namespace) -> Answer:
    office.ask(
        SetFrozen(command_id=command_id(given.id), member_no=given.member, frozen=given.frozen),
        f"Member {given.member}",
    )
    word = "frozen" if given.frozen else "active"
    return Answer(
        {"member_no": given.member, "is_frozen": given.frozen}, Text(f"Member {given.member} is {word} now.")
    )


def _limits(office: Office, given: argparse.Namespace) -> Answer:
    units = None if given.units == DEFAULT_LIMIT else _limit(given.units)
    with office.engine() as engine:
        carried_out(
            engine,
            SetPinFreeLimit(
                command_id=command_id(given.id), member_no=given.member, asset=Asset(given.asset), units=units
            ),
            f"Member {given.member}",
        )
    told = "the scheme's own limit" if units is None else f"a limit of {units} {given.asset} without a PIN"
    return Answer(
        {"member_no": given.member, "asset": given.asset, "pin_free_limit_units": units},
        Text(f"Member {given.member} has {told} now."),
    )


def _limit(text: str) -> int:
    try:
        return whole_units(text)
    except argparse.ArgumentTypeError as error:
        raise Failed(
            f"UNITS: {error}", f"Give a whole number, or `{DEFAULT_LIMIT}`.", code=2, word="command_invalid"
        ) from None
