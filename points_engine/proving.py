"""What callers and the engine say to each other about proof: PIN, SMS code, approval on the phone, recovery.

A part of the contract, which hands all of it out: callers import it from `points_engine.contract`.
"""

import enum
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Never

from points_engine.secrecy import Secret


class ChallengeKind(enum.StrEnum):
    """How a customer proves themselves when an amount is over the PIN-free limit."""

    PIN = "pin"
    """The member's own six digits: AnswerChallenge."""
    SMS_CODE = "sms_code"
    """A code sent to the bound phone: SendSmsCode, then AnswerChallenge."""
    PHONE_APPROVAL = "phone_approval"
    """A tap on the customer's own, signed-in phone: Approve or Decline."""


class SmsDelivery(enum.StrEnum):
    """What became of a short message."""

    WAITING = "waiting"
    """Written down, not handed over yet; it is tried again until it is of no use any more."""
    SENDING = "sending"
    """Being handed to the gateway. After a crash at this point it is handed over once more."""
    SENT = "sent"
    """The gateway took it."""
    KEPT = "kept"
    """There is no gateway: it lies in the outbox for the shop's staff to pass on."""
    FAILED = "failed"
    """Given up: the gateway refused it, or did not take it in time."""


class PhoneNumber:
    """A phone number as somebody gave it; prints as dots and its last four digits.

    Any text may be held: whether it is a number is the engine's to say (PHONE_NOT_ALLOWED).
    """

    __slots__ = ("number",)

    def __init__(self, number: str) -> None:
        self.number = number

    @property
    def masked(self) -> str:
        """What a till or a log may show: •••1234."""
        return f"•••{self.number[-4:]}" if len(self.number) > 7 else "•••"

    def __eq__(self, other: object) -> bool:
        return self.number == other.number if isinstance(other, PhoneNumber) else NotImplemented

    def __hash__(self) -> int:
        return hash((PhoneNumber, self.number))

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"

    def __str__(self) -> str:
        return self.masked


class SealedPin:
    """A PIN encrypted at the keypad (`points_engine.sealing`): only the engine can open it. Prints as dots."""

    __slots__ = ("box",)

    def __init__(self, box: bytes) -> None:
        self.box = box

    def __eq__(self, other: object) -> bool:
        return hmac.compare_digest(self.box, other.box) if isinstance(other, SealedPin) else NotImplemented

    def __hash__(self) -> int:
        return hash((SealedPin, self.box))

    def __repr__(self) -> str:
        return "SealedPin(•••)"

    def __reduce__(self) -> Never:
        raise TypeError("a SealedPin is sent to the engine and written nowhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealTo:
    """What a keypad seals a PIN with: the engine's public key (X25519, 32 bytes) and this payment's nonce."""

    public_key: bytes
    nonce: bytes


# --- commands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BindPhone:
    """The phone a member's SMS codes go to. Replies Done, or refuses PHONE_NOT_ALLOWED.

    The number is international: "+", then 8 to 15 digits (ITU-T E.164); blanks and dashes are overlooked. SMS codes
    sent to an earlier phone are void, and its owner is told.
    """

    command_id: str
    member_no: str
    phone: PhoneNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSmsCode:
    """Send the payer of a payment that waits an SMS code; an older one for it is void from now on.

    `request_id` makes a repeated sending one message. Replies SmsSent, or Payment when it no longer waits. Refuses
    PHONE_NOT_BOUND, and SMS_TOO_SOON or SMS_LIMIT_REACHED with `wait_seconds`.
    """

    order_id: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """The payer, signed in on their own phone, agrees. Whoever passes this on has made sure that it is they.

    Replies Payment; refuses NOT_PERMITTED when `member_no` is not the payer's.
    """

    order_id: str
    member_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """The payer, signed in on their own phone, does not agree. Replies Payment, as Approve does."""

    order_id: str
    member_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowWaiting:
    """A member's payments that wait for proof: for their own phone. Replies Waiting, or refuses MEMBER_UNKNOWN."""

    member_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecovery:
    """A forgotten or locked PIN: send a code to the bound phone. Replies SmsSent; refuses as SendSmsCode does."""

    member_no: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRecovery:
    """The code from the phone, and a new PIN. `answer_id` makes a repeated sending one try.

    Replies Done: the lock is gone, payments that waited for the old PIN are canceled, and the owner is told by SMS.
    Refuses SMS_CODE_WRONG with the tries left, SMS_CODE_EXPIRED, PIN_NOT_ALLOWED or PIN_TOO_SIMPLE.
    """

    member_no: str
    answer_id: str
    sms_code: Secret
    new_pin: Secret


# --- replies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSent:
    """An SMS code is on its way to `sent_to` (masked); another one may be asked for at `resend_at`.

    In a Payment's challenge this says how the newest one fares; `delivery` never stands in the way of another kind.
    """

    sent_to: str
    delivery: SmsDelivery
    expires_at: datetime
    resend_at: datetime
