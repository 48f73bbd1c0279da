"""What callers and the engine say to each other: commands, replies and every Refusal.

The only engine module (with `amounts`) that every room may import. All values are frozen; amounts are whole
numbers of the smallest unit; times are aware UTC datetimes stamped by the engine's clock. Every command is
idempotent: the same id with the same content gets the same answer, however often it is asked.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from points_engine.accumulating import (
    Accumulate,
    Accumulated,
    Adjust,
    ExpiresOn,
    Expiring,
    ExpiringUnits,
    Expiry,
    Grant,
    ShowExpiring,
    ShowStatement,
    Statement,
    StatementLine,
)
from points_engine.amounts import Amount, Asset
from points_engine.calling import CallerCommand, CallerReply
from points_engine.charging import Channel, ChargeMember, ChargeOnDelivery, EnrolCourier, PaymentPart, Taker
from points_engine.money_back import (
    Actor,
    ClawBackRule,
    Refund,
    Refunded,
    Settle,
    Settled,
    Settlement,
    StaffLevel,
)
from points_engine.proving import (
    Approve,
    BindPhone,
    ChallengeKind,
    Decline,
    FinishRecovery,
    PhoneNumber,
    SealedPin,
    SealTo,
    SendSmsCode,
    ShowWaiting,
    SmsDelivery,
    SmsSent,
    StartRecovery,
)
from points_engine.refusals import NextAction, Refusal
from points_engine.secrecy import Secret

# Handed on; what is defined here needs no mention.
__all__ = [
    "Accumulate", "Accumulated", "Actor", "Adjust", "Approve", "BindPhone", "ChallengeKind", "Channel",
    "ChargeMember", "ChargeOnDelivery", "ClawBackRule", "Decline", "EnrolCourier", "ExpiresOn", "Expiring",
    "ExpiringUnits", "Expiry", "FinishRecovery", "Grant", "NextAction", "PaymentPart", "PhoneNumber", "Refund",
    "Refunded", "Refusal", "SealTo", "SealedPin", "Secret", "SendSmsCode", "Settle", "Settled", "Settlement",
    "ShowExpiring", "ShowStatement", "ShowWaiting", "SmsDelivery", "SmsSent", "StaffLevel", "StartRecovery",
    "Statement", "StatementLine", "Taker",
]  # fmt: skip


class EngineFault(Exception):
    """The engine's surroundings fail: a full disk, a locked or damaged file, a missing key. No refusal, no bug.

    `problem` and `remedy` are sentences for whoever keeps the till running; they hold no command's content.
    `nothing_changed` is False when the fault came while a transaction was being made durable: then only a query or
    the same command again tells what became of it.
    """

    def __init__(self, problem: str, remedy: str, *, nothing_changed: bool = True) -> None:
        super().__init__(f"{problem}. {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.nothing_changed = nothing_changed


class CommandInvalid(ValueError):
    """A command that no caller should have built, e.g. an empty order number; names the field, not its content."""


class PaymentState(enum.StrEnum):
    """The life of a payment; the moves between them are the table in `points_engine.payment`."""

    NEW = "new"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    REVERSED = "reversed"


class CanceledBy(enum.StrEnum):
    """Who ended a payment that waited for its challenge."""

    CUSTOMER = "customer"
    TILL = "till"


# --- commands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolTill:
    """Make a till known, in a shop. Replies Done."""

    command_id: str
    till_id: str
    shop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolMember:
    """Make a member known, with an empty account per asset. Replies Done, or refuses MEMBER_EXISTS.

    A `birthday` that is known is no PIN.
    """

    command_id: str
    member_no: str
    name: str
    birthday: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFrozen:
    """Freeze or unfreeze a member. Replies Done."""

    command_id: str
    member_no: str
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPinFreeLimit:
    """The member's own PIN-free limit; None goes back to the scheme's. The scheme's ceiling still holds."""

    command_id: str
    member_no: str
    asset: Asset
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPin:
    """A new PIN of six digits; clears tries and lock. Replies Done; refuses PIN_NOT_ALLOWED or PIN_TOO_SIMPLE."""

    command_id: str
    member_no: str
    pin: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Give a member an amount, out of the asset's issued account. Replies Credited.

    Refuses AMOUNT_NOT_ALLOWED, EXPIRY_NOT_ALLOWED (a last day that is past), MEMBER_UNKNOWN.
    """

    command_id: str
    member_no: str
    amount: Amount
    reason: str
    expires_on: ExpiresOn = Expiry.BY_SCHEME


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCode:
    """A fresh one-minute payment code; an older one is void from now on. Replies CodeIssued."""

    command_id: str
    member_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowBalance:
    """What a member has of an asset: for the member's own eyes. Replies BalanceShown, or refuses MEMBER_UNKNOWN."""

    member_no: str
    asset: Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Take an amount from whoever stands behind the code. `order_id` is made and stored by the till first.

    Replies Payment: SUCCEEDED, REQUIRES_ACTION (a challenge is open, the amount on hold) or FAILED with its
    refusal. A refused charge leaves the code alive. Refuses ORDER_MISMATCH when the order's content differs.

    With `pay_from` the amount is a price, and each asset named pays of it in turn as much as it may and has, by the
    scheme's exchange rates; without it the amount's own asset pays. `order_total` is what the whole order costs, of
    which the scheme may allow only a share to be paid so; without it the amount is the whole order. `reference` is
    whatever else the shop knows the order by.
    """

    order_id: str
    till_id: str
    cashier: str
    code: Secret
    amount: Amount
    pay_from: tuple[Asset, ...] = ()
    order_total: Amount | None = None
    reference: str = ""

    @property
    def taker(self) -> Taker:
        """The till."""
        return Taker(Channel.TILL, self.till_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChallenge:
    """What the customer typed, plain or sealed. `answer_id` makes a repeated sending one try.

    Replies Payment (SUCCEEDED, or FAILED when the tries are used up) or refuses PIN_WRONG or SMS_CODE_WRONG with the
    tries left. Not counted as a try: SMS_CODE_EXPIRED, SEALED_PIN_INVALID, and PIN_LOCKED where another kind is open.
    """

    order_id: str
    answer_id: str
    kind: ChallengeKind
    answer: Secret | SealedPin


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """End a payment that waits for its challenge. Replies Payment as it then stands."""

    order_id: str
    by: CanceledBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """How does this order stand? Replies Payment, or refuses ORDER_UNKNOWN."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Whatever became of this order, nothing shall be taken for it: safe whether absent, open or done.

    Replies Payment: REVERSED, or FAILED / CANCELED when nothing had been taken anyway. A charge that arrives
    later under the same order finds it reversed. On another channel than a till's, `till_id` is the courier or the
    shop whose order page it was.
    """

    order_id: str
    till_id: str
    channel: Channel = Channel.TILL

    @property
    def taker(self) -> Taker:
        """Who takes it back: the one who would have taken the payment."""
        return Taker(self.channel, self.till_id)


Command = (
    EnrolTill | EnrolMember | SetFrozen | SetPinFreeLimit | SetPin | Credit | IssueCode
    | ShowBalance | Charge | ChargeMember | ChargeOnDelivery | EnrolCourier | AnswerChallenge | Cancel | Query | Reverse
    | Refund | Settle
    | Accumulate | Grant | Adjust | ShowStatement | ShowExpiring
    | BindPhone | SendSmsCode | Approve | Decline | ShowWaiting | StartRecovery | FinishRecovery
    | CallerCommand
)  # fmt: skip

# --- replies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal with its particulars: tries left, what is available (if the scheme shows it), seconds to wait.

    With PIN_LOCKED `wait_seconds` says when the PIN may be typed again: 0 when it already may, None when only a
    recovery or a new PIN helps.
    """

    refusal: Refusal
    tries_left: int | None = None
    available: Amount | None = None
    wait_seconds: int | None = None

    @property
    def is_last_try(self) -> bool:
        """Whether the customer should be told that the next wrong answer locks."""
        return self.tries_left == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Carried out, now or when it was asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """The member's balance after what was given, or put right."""

    balance: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceShown:
    """What can be spent now; what is on hold for open payments is not in it. `owed` is taken from what comes in."""

    balance: Amount
    owed: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIssued:
    """A payment code for its owner's eyes; valid from `issued_at` up to, not including, `expires_at`."""

    code: Secret
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the engine wants to see before it charges: any one of `kinds`, as it is possible now.

    The customer may change between them while the payment waits. `seal_to` is set where sealed PINs are taken, `sms`
    once a code was asked for, `phone` (masked) where one may be.
    """

    kinds: tuple[ChallengeKind, ...]
    tries_left: int
    expires_at: datetime
    seal_to: SealTo | None = None
    phone: str | None = None
    sms: SmsSent | None = None

    @property
    def is_last_try(self) -> bool:
        """Whether the customer should be told that the next wrong answer locks."""
        return self.tries_left == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An order as the engine has it.

    `challenge` is set in REQUIRES_ACTION, `refused` in FAILED and CANCELED. `member` is the name as a till may
    show it (王*), `balance` what is left of the amount's asset afterwards if the scheme shows it. `parts` say what is
    taken, or on hold, from which asset, in order; nothing when nothing is, or it was given back.
    """

    order_id: str
    state: PaymentState
    amount: Amount
    at: datetime
    member: str | None = None
    challenge: Challenge | None = None
    refused: Refused | None = None
    balance: Amount | None = None
    parts: tuple[PaymentPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPayment:
    """A payment that waits for its payer's proof, and the shop that asks for it: both are shown before they agree."""

    payment: Payment
    shop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A member's payments that wait, oldest first."""

    payments: tuple[WaitingPayment, ...]


Reply = (
    Done
    | Credited
    | Refunded
    | Settled
    | Accumulated
    | Statement
    | Expiring
    | BalanceShown
    | CodeIssued
    | Payment
    | Refused
    | SmsSent
    | Waiting
    | CallerReply
)
