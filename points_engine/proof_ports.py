"""What the engine asks of the world for a customer's proof: rows, reads and writes, short messages, sealed PINs.

`ProofBooks` is the part of `Books` that only proof needs. Rows are immutable values; times are aware UTC datetimes.
"""

import abc
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from points_engine.challenge import Tries
from points_engine.contract import EngineFault, PhoneNumber, Secret, SmsDelivery
from points_engine.sms_code import CodeState, Sendings, SmsKind


class SmsUnavailable(EngineFault):
    """Short messages cannot be sent at all: a library is missing, a gateway's address makes no sense."""


class CredentialRow(NamedTuple):
    """A member with all that a proof or a new PIN depends on; `pin_command_id` names what set the PIN they have."""

    member: int
    member_no: str
    is_frozen: bool
    pin_hash: str | None
    pin_command_id: str | None
    birthday: date | None
    phone: PhoneNumber | None
    tries: Tries

    @property
    def phone_number(self) -> str | None:
        """The phone's digits, for a rule to look at."""
        return self.phone.number if self.phone else None


class SmsCodeRow(NamedTuple):
    """A sent SMS code, known by a keyed digest; `id` is 0 until stored, `payment` None for a recovery or a sign-in."""

    id: int
    request_id: str
    member: int
    payment: int | None
    digest: bytes
    state: CodeState
    failures: int
    sent_at: datetime
    expires_at: datetime
    is_sign_in: bool = False


class MessageRow(NamedTuple):
    """A short message in the outbox; `id` is 0 until stored.

    `body` is its text without the code; `nonce` is what the code is made from, None for none or when it is forgotten.
    `attempts` counts handings over; the next is at `due_at`. `problem` says what went wrong last, without any content.
    """

    id: int
    message_id: str
    member: int
    kind: SmsKind
    code: int | None
    phone: PhoneNumber
    body: str
    nonce: bytes | None
    delivery: SmsDelivery
    attempts: int
    due_at: datetime
    useless_at: datetime
    created_at: datetime
    at: datetime
    problem: str | None


class AnswerRow(NamedTuple):
    """A counted answer to a payment's challenge. `tries_left` is None when it was right.

    `sealed_key` is a sealed PIN's number, by which it is known again.
    """

    answer_id: str
    payment: int
    kind: str
    tries_left: int | None
    at: datetime
    sealed_key: int | None = None


class RecoveryRow(NamedTuple):
    """A counted answer of a recovery. `tries_left` is None when it was right."""

    answer_id: str
    member: int
    tries_left: int | None
    at: datetime


class ProofBooks(abc.ABC):
    """The reads and writes of one transaction that have to do with proof."""

    # --- reads

    @abc.abstractmethod
    def credential(self, member_no: str, tries_allowed: int) -> CredentialRow | None:
        """A member by number."""

    @abc.abstractmethod
    def shop_of(self, till: int) -> str:
        """The shop_id of an enrolled till's shop."""

    @abc.abstractmethod
    def live_code(self, member: int, payment: int | None, *, is_sign_in: bool = False) -> SmsCodeRow | None:
        """The newest SMS code for a payment that nothing has ended; old ones included.

        Without a payment it is one for a recovery, or for a sign-in.
        """

    @abc.abstractmethod
    def code_of_request(self, request_id: str) -> SmsCodeRow | None:
        """The SMS code that was sent for a request."""

    @abc.abstractmethod
    def message_of_code(self, code: int) -> MessageRow:
        """The message an SMS code was sent with."""

    @abc.abstractmethod
    def sendings(self, member: int, phone: PhoneNumber, since: datetime) -> Sendings:
        """The codes sent after `since`, as the limits see them."""

    @abc.abstractmethod
    def due_message(self, now: datetime) -> MessageRow | None:
        """The oldest message whose time has come to be handed over."""

    @abc.abstractmethod
    def messages(self, most: int) -> Sequence[MessageRow]:
        """The newest messages, newest first."""

    @abc.abstractmethod
    def was_sealed(self, sealed_key: int) -> bool:
        """Whether a sealed PIN with this number was counted before."""

    @abc.abstractmethod
    def recovery(self, answer_id: str) -> RecoveryRow | None:
        """A counted answer of a recovery."""

    # --- writes

    @abc.abstractmethod
    def set_tries(self, member: int, tries: Tries) -> None:
        """Write down a member's tries."""

    @abc.abstractmethod
    def set_phone(self, member: int, phone: PhoneNumber) -> None:
        """Bind a phone."""

    @abc.abstractmethod
    def add_sms_code(self, row: SmsCodeRow) -> int:
        """Keep a sent code and return its id."""

    @abc.abstractmethod
    def set_sms_code(self, code: int, state: CodeState, failures: int) -> None:
        """Write down what became of a code."""

    @abc.abstractmethod
    def void_sms_codes(self, member: int) -> None:
        """End all of a member's live codes."""

    @abc.abstractmethod
    def add_message(self, row: MessageRow) -> int:
        """Put a message into the outbox and return its id."""

    @abc.abstractmethod
    def set_message(self, row: MessageRow) -> None:
        """Write down a message's delivery, attempts, times, problem and nonce."""

    @abc.abstractmethod
    def add_recovery(self, row: RecoveryRow) -> None:
        """Keep a counted answer of a recovery."""

    @abc.abstractmethod
    def forget_sms(self, now: datetime, kept_since: datetime) -> int:
        """Forget what codes were made from once they are of no use, and messages created before `kept_since` whole.

        Says how many messages went.
        """


class SmsNotTaken(Exception):
    """A message was not handed over, or nobody knows whether it was. `problem` says why, without any content.

    `may_retry`: the same message, by its id, may be handed over again with a hope of success.
    """

    def __init__(self, problem: str, *, may_retry: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.may_retry = may_retry


class Sms(NamedTuple):
    """A message to hand over: `message_id` is the same at every attempt; `code` is empty where there is none."""

    message_id: str
    phone: PhoneNumber
    text: Secret
    code: Secret


class SmsSender(abc.ABC):
    """A way to send short messages; called on a thread of its own."""

    @abc.abstractmethod
    def send(self, sms: Sms) -> None:
        """Hand a message over; returning means that it was taken. Raises SmsNotTaken, within a minute."""


class PinOpener(abc.ABC):
    """Opens what keypads sealed; several threads may call it at once."""

    @property
    @abc.abstractmethod
    def public_key(self) -> bytes:
        """What to seal to: an X25519 public key, 32 bytes."""

    @abc.abstractmethod
    def open(self, box: bytes, order_id: str, nonce: bytes) -> str | None:
        """What was typed, or None when the box was not sealed for this payment, nonce and engine, or was altered."""
