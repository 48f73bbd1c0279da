"""Administrative commands, each carried out once: the same id with the same content gets the same answer again."""

import hashlib
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Amount
from points_engine.calling import MakeEnrolmentCode, RevokeCaller
from points_engine.contract import (
    Accumulate,
    Adjust,
    BindPhone,
    CodeIssued,
    Command,
    Credit,
    Credited,
    Done,
    EnrolCourier,
    EnrolMember,
    EnrolTill,
    Grant,
    IssueCode,
    PhoneNumber,
    Refusal,
    Refused,
    Reply,
    Secret,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
)
from points_engine.payment_code import RANDOM_DIGITS, CodeLayout
from points_engine.ports import Books, CommandRow, Ids

AdministrativeCommand = (
    EnrolTill | EnrolCourier | EnrolMember | SetFrozen | SetPinFreeLimit | SetPin | Credit | IssueCode | BindPhone
    | Accumulate | Grant | Adjust | MakeEnrolmentCode | RevokeCaller
)  # fmt: skip


class Outcome(NamedTuple):
    """What came of a command, as far as its reply cannot be told from the command itself."""

    refusal: Refusal | None = None
    balance_units: int | None = None
    nonce: bytes | None = None
    expires_at: datetime | None = None


def fingerprint(command: Command) -> bytes:
    """What a command asks for, without its id and without its secrets: not even a hash of a PIN is kept here."""
    parts = [type(command).__name__]
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name != "command_id" and not isinstance(value, Secret):
            # Two phones may look the same in a repr.
            shown = value.number if isinstance(value, PhoneNumber) else value
            parts.append(f"{field.name}={shown!r}")
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def once(
    books: Books, command: AdministrativeCommand, now: datetime, act: Callable[[], Outcome]
) -> CommandRow | None:
    """Run `act` unless the command was answered before; None when its id stands for something else."""
    known, mark = books.command(command.command_id), fingerprint(command)
    if known is not None:
        return known if known.fingerprint == mark else None
    outcome = act()
    row = CommandRow(
        command_id=command.command_id,
        fingerprint=mark,
        refusal=outcome.refusal,
        balance_units=outcome.balance_units,
        nonce=outcome.nonce,
        at=now,
        expires_at=outcome.expires_at,
    )
    books.add_command(row)
    return row


def code_text(nonce: bytes, layout: CodeLayout, ids: Ids) -> str:
    """The payment code that belongs to a nonce: the same whenever it is asked for, and stored nowhere."""
    return layout.compose(ids.digits(nonce, RANDOM_DIGITS))


def reply_of(command: AdministrativeCommand, row: CommandRow | None, layout: CodeLayout, ids: Ids) -> Reply:
    """The reply to a command that was answered with `row`, now or before."""
    if row is None:
        return Refused(refusal=Refusal.ORDER_MISMATCH)
    if row.refusal is not None:
        return Refused(refusal=row.refusal)
    if isinstance(command, Adjust) and row.balance_units is not None:
        return Credited(balance=Amount(command.asset, max(0, row.balance_units)))
    if isinstance(command, Credit | Grant) and row.balance_units is not None:
        return Credited(balance=Amount(command.amount.asset, max(0, row.balance_units)))
    if isinstance(command, IssueCode) and row.nonce is not None and row.expires_at is not None:
        code = Secret(code_text(row.nonce, layout, ids))
        return CodeIssued(code=code, issued_at=row.at, expires_at=row.expires_at)
    return Done()
