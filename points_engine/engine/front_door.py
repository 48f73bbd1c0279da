"""The engine's front door: one command in, one reply out, one transaction each."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self, get_args

from points_engine import calling, contract
from points_engine.amounts import Asset
from points_engine.bill import Bill
from points_engine.contract import Command, CommandInvalid, Credit, Grant, Refused, Reply
from points_engine.engine.accounts import Accounts
from points_engine.engine.accumulation import Accumulation
from points_engine.engine.approvals import Approvals
from points_engine.engine.challenges import Challenges
from points_engine.engine.charges import Charges
from points_engine.engine.codes import Codes
from points_engine.engine.enrolments import Enrolments
from points_engine.engine.expiry import ExpiryProgress, ExpiryRun
from points_engine.engine.exports import Exports
from points_engine.engine.express import PlainCharges, lane_of
from points_engine.engine.findings import Finding
from points_engine.engine.judging import Judge
from points_engine.engine.members import Members
from points_engine.engine.outbox import Outbox, OutboxMessage
from points_engine.engine.payments import Payments
from points_engine.engine.recovery import Recovery
from points_engine.engine.refunds import Refunds
from points_engine.engine.register import Register
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.engine.settlements import Settlements
from points_engine.engine.sign_ins import SignIns
from points_engine.engine.sms_codes import SmsCodes
from points_engine.engine.together import Together
from points_engine.engine.verify import verify
from points_engine.engine.webhooks import Webhooks
from points_engine.ports import Books, Clock, Ids, PinHasher, Store
from points_engine.proof_ports import PinOpener, SmsSender
from points_engine.risk import RiskHook

if TYPE_CHECKING:
    from points_engine.engine.gate import Gate

TEXT_LENGTH_MAX = 200

CLOCK_OFF_MOST = timedelta(seconds=30)
"""Clocks that are kept by NTP are within a tenth of a second; a code lives for a minute."""

# Control characters separate the fields of the ledger's canonical bytes; lone surrogates are no UTF-8.
_NOT_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

_COMMANDS: tuple[type[Command], ...] = get_args(Command)

_TEXT_FIELDS = {kind: tuple(field.name for field in fields(kind) if field.type is str) for kind in _COMMANDS}

_OPTIONAL_TEXTS = {
    kind: tuple(field.name for field in fields(kind) if field.type == str | None) for kind in _COMMANDS
}

_ASSETS = frozenset(Asset)

_MAY_BE_EMPTY = frozenset({"name", "reason", "cashier", "reference"})

_CHARGES = (contract.Charge, contract.ChargeMember, contract.ChargeOnDelivery)


_Carrier = Callable[[Any], Reply]
"""Chosen by the command's type: no checker can follow that."""


class Swept(NamedTuple):
    """What a sweep put away."""

    payments: int
    codes: int
    messages: int
    lots: int


class Engine:
    """The whole engine behind one call. Thread-safe: several threads may call it at once.

    Without a `sender` short messages are kept for the shop's staff; without an `opener` no sealed PINs are taken;
    without a `risk` hook (`points_engine.risk`) the limits alone decide. `register` tells
    the back office who is enrolled, `exports` other systems what is in the books, `gate` a service who may come in.
    """

    webhooks: Webhooks
    """Who of the merchant's own systems is told of what happened; given by who puts the engine together."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        hasher: PinHasher,
        scheme: Scheme,
        *,
        sender: SmsSender | None = None,
        opener: PinOpener | None = None,
        risk: RiskHook | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.register, self.exports = Register(store, clock, scheme), Exports(store, clock)
        replies = Replies(scheme, ids, opener)
        self._outbox = Outbox(store, clock, ids, scheme, sender)
        sms_codes = SmsCodes(store, clock, ids, scheme, replies, self._outbox)
        self._accumulation = Accumulation(store, clock, ids, scheme)
        accounts = Accounts(store, clock, scheme)
        self._expiry = ExpiryRun(store, clock)
        self._codes = Codes(store, clock, ids, scheme)
        self._payments = Payments(store, clock, scheme, replies)
        self._settlements = Settlements(store, clock, scheme)
        # A risk hook wants to see each charge, so then none is plain.
        plain = None if risk is not None else PlainCharges(ids, scheme, replies)
        lane = lane_of(store, clock, scheme, plain)
        charges = Charges(store, clock, ids, scheme, replies, Judge(scheme, risk), plain, lane)
        challenges = Challenges(store, clock, ids, hasher, opener, scheme, replies, sms_codes)
        approvals = Approvals(store, clock, scheme, replies)
        recovery = Recovery(store, clock, ids, hasher, scheme, sms_codes, self._outbox)
        self._carry_out: dict[type[Command], _Carrier] = {
            **_about_members(Members(store, clock, ids, hasher, scheme)),
            **dict.fromkeys((contract.Credit, contract.Grant), self._accumulation.credit),
            contract.Accumulate: self._accumulation.accumulate,
            contract.Adjust: self._accumulation.adjust,
            contract.ShowBalance: accounts.balance,
            contract.ShowStatement: accounts.statement,
            contract.ShowExpiring: accounts.expiring,
            contract.IssueCode: self._codes.issue,
            **dict.fromkeys(_CHARGES, charges.charge),
            contract.AnswerChallenge: challenges.answer,
            contract.Cancel: self._payments.cancel,
            contract.Query: self._payments.query,
            contract.Reverse: self._payments.reverse,
            contract.Refund: Refunds(store, clock, scheme).refund,
            contract.Settle: self._settlements.settle,
            contract.BindPhone: recovery.bind_phone,
            contract.SendSmsCode: sms_codes.send,
            contract.Approve: approvals.approve,
            contract.Decline: approvals.decline,
            contract.ShowWaiting: approvals.waiting,
            contract.StartRecovery: recovery.start,
            contract.FinishRecovery: recovery.finish,
            **self._about_callers(store, clock, ids, scheme, sms_codes),
        }
        self._together = Together(store, charges, self._codes, _check)

    def _about_callers(
        self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, sms_codes: SmsCodes
    ) -> dict[type[Command], _Carrier]:
        enrolments = Enrolments(store, clock, ids, scheme)
        self._sign_ins = SignIns(store, clock, ids, scheme, sms_codes, self._outbox)

        def make_gate() -> "Gate":
            # An engine in the till's own process has none: a till starts faster without it.
            from points_engine.engine.gate import Gate  # noqa: PLC0415 -- as said

            return Gate(store, clock, ids, scheme, enrolments)

        self._make_gate = make_gate
        return {
            calling.MakeEnrolmentCode: enrolments.make_code,
            calling.Enrol: enrolments.enrol,
            calling.RenewCredential: enrolments.renew,
            calling.CheckIn: enrolments.check_in,
            calling.RevokeCaller: enrolments.revoke,
            calling.ShowCredentials: enrolments.show,
            calling.StartSignIn: self._sign_ins.start,
            calling.FinishSignIn: self._sign_ins.finish,
            calling.SignOut: self._sign_ins.sign_out,
        }

    @property
    def charge_groups(self) -> int:
        """How many calls of `execute_together` are worth having under way at once."""
        return self._store.charge_groups

    @cached_property
    def gate(self) -> "Gate":
        """Who may come in over a network. The same one each time; asked for first by one thread."""
        gate = self._make_gate()
        self._sign_ins.on_sign_out = gate.authentication.forget_session
        return gate

    def execute(self, command: Command) -> Reply:
        """Carry a command out, or say why not.

        The reply is durable when it is given. Raises CommandInvalid for a command nobody should have built, and
        EngineFault when the engine's surroundings fail; its `nothing_changed` says whether asking again is needed.
        """
        _check(command)
        return self._carry_out[type(command)](command)

    def execute_together(self, commands: Sequence[Command]) -> list[Reply | Exception]:
        """Carry out commands that wait at the same time; what came of each, in their order.

        Each is carried out as by `execute`: what that would have raised is its outcome and no other's, while a fault of
        the shared commit is everybody's. All are durable when this returns. Only charges and IssueCode are taken: any
        other has CommandInvalid for an outcome. Which of two that touch the same comes first is not said.
        """
        return self._together.execute(commands)

    def sweep(self) -> Swept:
        """End what is past its time: open payments, codes nobody can use, a batch of lots. Raises EngineFault."""

        def work(books: Books) -> Swept:
            now = self._clock.now()
            self._sign_ins.sweep(books, now)
            return Swept(
                self._payments.sweep(books, now),
                self._codes.sweep(books, now),
                self._outbox.sweep(books, now),
                lots=0,
            )

        swept = self._store.transact(work)
        return swept._replace(lots=self._expiry.batch(ExpiryProgress()).lots)

    def expire(
        self,
        on_progress: Callable[[ExpiryProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> ExpiryProgress:
        """Expire every lot whose time is up, in batches between which tills get their turn; says what was done.

        `on_progress` is called after each batch. Ends early when `stop` is set, or when `on_progress` raises: what was
        done stays, and the next run goes on from there. Safe beside another run, and never needed for a lot to be
        unspendable: whoever looks at an account expires what is due in it. Raises EngineFault.
        """
        return self._expiry.run(on_progress, stop)

    def credit_all(self, commands: Sequence[Credit | Grant]) -> list[Reply]:
        """Carry out many credits and grants in one transaction, for imports; a reply for each, in their order.

        When this returns all are durable; when it raises, none is there. A refused one stops no other, and each is
        carried out once, by its own command_id. Raises CommandInvalid and EngineFault as `execute` does.
        """
        for command in commands:
            _check(command)
        return self._accumulation.credit_all(commands)

    def deliver(self) -> int:
        """Hand over the short messages whose time has come; says how many were tried. Raises EngineFault.

        Blocks for as long as a gateway takes: for a thread of its own.
        """
        return self._outbox.deliver()

    def outbox(self, most: int = 100) -> list[OutboxMessage]:
        """The newest short messages, newest first, with their text as long as it is of use. Raises EngineFault."""
        return self._outbox.read(most)

    def bill(self, shop_id: str, day: date) -> Bill | Refused:
        """The bill of a shop's closed day (`points_engine.bill.bill_text` writes it). Raises EngineFault.

        Refuses SHOP_UNKNOWN, and DAY_NOT_SETTLED until the day is closed.
        """
        return self._settlements.bill(shop_id, day)

    def seal(self) -> int:
        """Chain the transfers that are durable and not chained yet; says how many. Raises EngineFault.

        A store with one writer chains each within its own transaction: then there is nothing to do.
        """
        return self._store.seal()

    def clock_is_right(self) -> bool:
        """Whether this machine's clock agrees with that of the books, to half a minute. Raises EngineFault.

        An engine whose clock is wrong takes good codes for expired ones, and ends what is not over yet.
        """
        there = self._store.time()
        return there is None or abs(there - self._clock.now()) <= CLOCK_OFF_MOST

    def verify(self) -> list[Finding]:
        """What is wrong with the books: nothing, unless somebody edited them. Raises EngineFault."""
        return verify(self._store)

    def close(self) -> None:
        """Let go of the store; safe to call again."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _about_members(members: Members) -> dict[type[Command], _Carrier]:
    return {
        contract.EnrolTill: members.enrol_till,
        contract.EnrolCourier: members.enrol_courier,
        contract.EnrolMember: members.enrol_member,
        contract.SetFrozen: members.set_frozen,
        contract.SetPinFreeLimit: members.set_pin_free_limit,
        contract.SetPin: members.set_pin,
    }


def _check(command: Command) -> None:
    for name in _TEXT_FIELDS[type(command)]:
        _check_text(name, getattr(command, name), may_be_empty=name in _MAY_BE_EMPTY)
    for name in _OPTIONAL_TEXTS[type(command)]:
        if getattr(command, name) is not None:
            _check_text(name, getattr(command, name))
    if isinstance(command, contract.Refund):
        _check_refund(command)
    if isinstance(command, contract.Settle) and type(command.day) is not date:
        raise CommandInvalid("day must be a date")
    pay_from = getattr(command, "pay_from", ())
    if pay_from and (len(set(pay_from)) != len(pay_from) or not set(pay_from) <= _ASSETS):
        raise CommandInvalid("pay_from must name assets, each once")
    if isinstance(command, contract.SetPinFreeLimit) and command.units is not None and command.units < 0:
        raise CommandInvalid("units must not be negative")


def _check_text(name: str, text: object, *, may_be_empty: bool = False) -> None:
    if not isinstance(text, str):
        raise CommandInvalid(f"{name} must be a text")
    if len(text) > TEXT_LENGTH_MAX or (not text and not may_be_empty):
        raise CommandInvalid(f"{name} must have 1 to {TEXT_LENGTH_MAX} characters")
    if _NOT_TEXT.search(text):
        raise CommandInvalid(f"{name} must not hold control characters")


def _check_refund(command: contract.Refund) -> None:
    """Money that is given back has a name and a reason behind it."""
    _check_text("actor.name", command.actor.name)
    if not isinstance(command.actor.level, contract.StaffLevel):
        raise CommandInvalid("actor.level must be one of StaffLevel")
    if not command.reason.strip():
        raise CommandInvalid("reason must say why")
