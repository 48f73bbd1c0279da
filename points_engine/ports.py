"""What the engine asks of the world: where it keeps things, what time it is, what chance and slow hashes give.

`Store` runs a piece of work in one transaction over `Books`, the few narrow reads and writes that the rules need. Rows
are immutable values; times are aware UTC datetimes; amounts are whole numbers of the asset's smallest unit.
"""

import abc
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from points_engine.amounts import Amount, Asset
from points_engine.audit_ports import AuditBooks
from points_engine.caller_ports import CallerBooks, CredentialSecrets
from points_engine.contract import CanceledBy, Channel, EngineFault, PaymentState, PhoneNumber, Refusal, Taker
from points_engine.express_ports import Express, PlainBooks
from points_engine.ledger import AccountKind, TransferKind
from points_engine.ledger_ports import LedgerBooks
from points_engine.limits import DayUse
from points_engine.lot_ports import LotBooks
from points_engine.part_ports import PartBooks
from points_engine.payment_code import CodeState
from points_engine.proof_ports import AnswerRow, ProofBooks
from points_engine.refund_ports import RefundBooks
from points_engine.register_ports import RegisterBooks
from points_engine.settlement_ports import SettlementBooks
from points_engine.webhook_ports import WebhookBooks

T = TypeVar("T")


class StoreUnavailable(EngineFault):
    """The store cannot do its work: disk full, locked, read-only, damaged, of a newer version."""


class KeyUnavailable(EngineFault):
    """The key kept outside the database is missing, unreadable or another database's."""


class TillRow(NamedTuple):
    """Who takes payments; `clearing_id` is their shop's clearing account for the asset asked for."""

    till: int
    clearing_id: int


class MemberRow(NamedTuple):
    """A member; `pin_command_id` is the SetPin that set the PIN they have."""

    member: int
    member_no: str
    pin_hash: str | None
    pin_command_id: str | None


class Holder(NamedTuple):
    """A customer account together with the member it belongs to: all a payment needs to know of both.

    `next_expiry_at` is when its next lot expires; None: nothing in it does.
    """

    account_id: int
    asset: Asset
    balance_units: int
    pin_free_limit_units: int | None
    day_use: DayUse
    member: int
    member_no: str
    member_name: str
    is_frozen: bool
    pin_hash: str | None
    pin_failures: int
    is_pin_locked: bool
    pin_locks: int
    pin_locked_until: datetime | None
    phone: PhoneNumber | None
    next_expiry_at: datetime | None


class CodeRow(NamedTuple):
    """An issued payment code, known by its keyed number; the code itself is stored nowhere."""

    code_key: int
    member: int
    state: CodeState
    expires_at: datetime


class PaymentRow(NamedTuple):
    """A payment as stored. `id` is 0 until it is.

    `account_id` is None when the code led to nobody. `balance_units` is the member's balance when the payment came into
    its state, and what was available when it failed for that. `pin_free_day` is set when it succeeded without a PIN.
    `is_split` says that its parts are stored; without it the one part is what the row itself says.
    `paid_day` is the day whose use it counts in, None when it never took anything. `code_key` is the payer's name in
    numbers: of a code, or of a member's number for an online order; None when a reversal came before the charge.
    """

    id: int
    order_id: str
    till: int
    cashier: str
    code_key: int | None
    asset: Asset
    units: int
    account_id: int | None
    clearing_id: int
    state: PaymentState
    refusal: Refusal | None
    canceled_by: CanceledBy | None
    balance_units: int | None
    challenge_expires_at: datetime | None
    pin_free_day: int | None
    opened_at: datetime
    at: datetime
    is_split: bool = False
    paid_day: int | None = None
    pay_from: tuple[Asset, ...] = ()
    order_total: Amount | None = None
    reference: str = ""


class ChargeFacts(NamedTuple):
    """All that decides a charge. `holder` is whoever stands behind the code, if it is known."""

    till: TillRow | None
    payment: PaymentRow | None
    code: CodeRow | None
    holder: Holder | None


class CommandRow(NamedTuple):
    """An administrative command that was answered: what it was (a fingerprint without secrets), what came of it."""

    command_id: str
    fingerprint: bytes
    refusal: Refusal | None
    balance_units: int | None
    nonce: bytes | None
    at: datetime
    expires_at: datetime | None


class Books(
    AuditBooks, CallerBooks, ProofBooks, LotBooks, PartBooks, RefundBooks, RegisterBooks, SettlementBooks, LedgerBooks,
    WebhookBooks, PlainBooks,
):  # fmt: skip
    """The reads and writes of one transaction. Valid only inside the work it was handed to."""

    # --- reads

    @abc.abstractmethod
    def till(self, till_id: str, asset: Asset, channel: Channel = Channel.TILL) -> TillRow | None:
        """An enrolled till, or who else takes payments on another channel."""

    @abc.abstractmethod
    def member(self, member_no: str) -> MemberRow | None:
        """A member by number."""

    @abc.abstractmethod
    def holder(self, account_id: int) -> Holder:
        """The customer account of this id, which exists."""

    @abc.abstractmethod
    def holder_of(self, member: int, asset: Asset) -> Holder:
        """A member's account for an asset; every member has one for each."""

    @abc.abstractmethod
    def scheme_account(self, kind: AccountKind, asset: Asset) -> int:
        """The id of the one held or issued account an asset has."""

    @abc.abstractmethod
    def has_code(self, code_key: int) -> bool:
        """Whether a code with this number is kept."""

    @abc.abstractmethod
    def charge_facts(self, order_id: str, taker: Taker, code_key: int, asset: Asset) -> ChargeFacts:
        """All that decides a charge by a code, in one look."""

    @abc.abstractmethod
    def member_facts(self, order_id: str, taker: Taker, member_no: str, asset: Asset) -> ChargeFacts:
        """All that decides a charge of a signed-in member, in one look; there is no code in it."""

    @abc.abstractmethod
    def payment(self, order_id: str) -> PaymentRow | None:
        """A payment by its order."""

    @abc.abstractmethod
    def open_payments(self, due_by: datetime, account_id: int | None = None) -> Sequence[PaymentRow]:
        """Payments whose challenge expires by `due_by`: of one account, or of all."""

    @abc.abstractmethod
    def open_payments_of(self, member: int, due_by: datetime) -> Sequence[PaymentRow]:
        """A member's payments whose challenge expires by `due_by`, of whichever asset."""

    @abc.abstractmethod
    def answer(self, answer_id: str) -> AnswerRow | None:
        """A counted answer."""

    @abc.abstractmethod
    def command(self, command_id: str) -> CommandRow | None:
        """An answered administrative command."""

    # --- writes

    @abc.abstractmethod
    def put_till(self, till_id: str, shop_id: str, channel: Channel = Channel.TILL) -> None:
        """Enrol a till or courier in a shop, or move it there; the shop gets clearing accounts and an order page."""

    @abc.abstractmethod
    def add_member(
        self, member_no: str, name: str, birthday: date | None = None, at: datetime | None = None
    ) -> None:
        """Enrol a member, with an empty account per asset."""

    @abc.abstractmethod
    def set_frozen(self, member: int, *, is_frozen: bool) -> None:
        """Freeze or unfreeze a member."""

    @abc.abstractmethod
    def set_pin(self, member: int, pin_hash: str, command_id: str) -> None:
        """Replace the PIN's hash; clears tries and lock."""

    @abc.abstractmethod
    def set_pin_free_limit(self, account_id: int, units: int | None) -> None:
        """The member's own PIN-free limit."""

    @abc.abstractmethod
    def set_balance(self, account_id: int, balance_units: int, use: DayUse) -> None:
        """A customer's balance and use of the day after a transfer."""

    @abc.abstractmethod
    def add_transfer(
        self,
        kind: TransferKind,
        debit_id: int,
        credit_id: int,
        units: int,
        balance_units: int,
        at: datetime,
        *,
        payment_id: int | None = None,
        command_id: str | None = None,
        reason: str | None = None,
        actor: str | None = None,
    ) -> None:
        """Append a transfer and chain it to the one before."""

    @abc.abstractmethod
    def add_payment(self, payment: PaymentRow) -> int:
        """Append a payment and return its id."""

    @abc.abstractmethod
    def set_payment(self, payment: PaymentRow) -> None:
        """Write down a payment's new state: with who canceled it, refusal, balance and time."""

    @abc.abstractmethod
    def add_code(self, code: CodeRow) -> None:
        """Keep an issued code."""

    @abc.abstractmethod
    def use_code(self, code_key: int) -> None:
        """A live code has been used."""

    @abc.abstractmethod
    def void_live_codes(self, member: int, now: datetime) -> None:
        """Forget a member's codes that could still be used."""

    @abc.abstractmethod
    def drop_codes(self, expired_by: datetime) -> int:
        """Forget codes that expired by then; says how many."""

    @abc.abstractmethod
    def drop_code_commands(self, answered_by: datetime) -> int:
        """Forget the answers to IssueCode given by then; says how many."""

    @abc.abstractmethod
    def add_answer(self, answer: AnswerRow) -> None:
        """Keep a counted answer."""

    @abc.abstractmethod
    def add_command(self, command: CommandRow) -> None:
        """Keep an answered command."""


class Store(abc.ABC):
    """Where the books are kept. Several threads may call it at once."""

    express: Express | None = None
    """The store's own way to carry out plain charges, if it has one."""
    charge_groups: int = 1
    """So many groups of works that came together are worth having under way at once."""

    @abc.abstractmethod
    def transact(self, work: Callable[[Books], T]) -> T:
        """Run `work` in one transaction of its own turn; durable when this returns.

        `work` may be run again, so it must have no effect but on the books. When it raises, nothing has changed and
        the exception comes through. Raises StoreUnavailable.
        """

    def transact_each(self, works: Sequence[Callable[[Books], T]]) -> list[T | Exception]:
        """Run several works, each as `transact` would; what came of each, or what it raised, in their order.

        All are durable when this returns. They share what can be shared, such as a commit, and nothing else: one that
        raises takes nothing of the others with it, while a fault of a shared commit is everybody's who shares it.
        """
        outcomes: list[T | Exception] = []
        for work in works:
            try:
                outcomes.append(self.transact(work))
            except Exception as error:  # noqa: BLE001 -- it is that work's outcome
                outcomes.append(error)
        return outcomes

    @abc.abstractmethod
    def look(self, work: Callable[[Books], T]) -> T:
        """Run `work`, which only reads, on one consistent state of the books; waits for no writer."""

    def seal(self) -> int:
        """Chain what is durable and not chained yet, as far as nobody else is at it; says how many transfers.

        A store that chains a transfer in its own transaction has nothing to do. Raises StoreUnavailable.
        """
        return 0

    def time(self) -> datetime | None:
        """What time it is where the books are; None where that is this machine. Raises StoreUnavailable."""
        return None

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of everything; safe to call again."""


class Clock(abc.ABC):
    """The engine's clock: the only one that counts."""

    @abc.abstractmethod
    def now(self) -> datetime:
        """The time, as an aware UTC datetime."""


class Ids(CredentialSecrets):
    """Chance, and numbers made with the key outside the database."""

    @abc.abstractmethod
    def nonce(self) -> bytes:
        """16 fresh bytes nobody can guess."""

    @abc.abstractmethod
    def digits(self, nonce: bytes, count: int) -> str:
        """The `count` decimal digits that belong to a nonce: always the same, unguessable without the key."""

    @abc.abstractmethod
    def lookup_key(self, text: str) -> int:
        """A number of 63 bits by which a code is found and which does not tell it without the key."""

    @abc.abstractmethod
    def token(self, text: str) -> bytes:
        """16 bytes that belong to a text: always the same, unguessable without the key, and not telling it."""


class PinHasher(abc.ABC):
    """Slow hashes of PINs; several threads may call it at once."""

    @abc.abstractmethod
    def hash(self, member_no: str, pin: str) -> str:
        """A salted, peppered, slow hash that only verifies for this member."""

    @abc.abstractmethod
    def verify(self, member_no: str, pin: str, pin_hash: str) -> bool:
        """Whether `pin` is the one that was hashed."""
