"""A shop for tests: a real engine on a real file, a clock of its own, and short ways to say what happens."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import Argon2Cost, Engine, PinEntry, RiskHook, Settings, open_engine
from points_engine.contract import (
    AnswerChallenge,
    BindPhone,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Charge,
    CodeIssued,
    Command,
    Credit,
    Credited,
    Done,
    EnrolMember,
    EnrolTill,
    FinishRecovery,
    IssueCode,
    Payment,
    PhoneNumber,
    Query,
    Refused,
    Reply,
    Reverse,
    Secret,
    SendSmsCode,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
    SmsSent,
    StartRecovery,
)
from tests.fakes.manual_clock import ManualClock

CHEAP = Argon2Cost(memory_kib=8, passes=1)
RIGHT_PIN = "284619"
OTHER_PIN = "739154"
WRONG_PIN = "111222"
TILL = "till-1"
PHONE = "+8613812345678"
EVERY_KIND = Settings(
    shows_balance=True, challenge_kinds=tuple(ChallengeKind), pin_entry=PinEntry.PLAIN_OR_SEALED
)
"""A scheme that offers every proof."""


def points(units: int) -> Amount:
    """An amount of points."""
    return Amount(Asset.POINTS, units)


class Shop:
    """An engine in `folder` with one enrolled till; whatever is not said is unremarkable.

    Its books are in the PostgreSQL database of the address `database`, or in a file.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        *,
        clock: ManualClock | None = None,
        engine: Engine | None = None,
        on_durable_step: Callable[[str], None] | None = None,
        risk: RiskHook | None = None,
        database: str = "",
    ) -> None:
        self.folder = folder
        self.clock = clock or ManualClock()
        settings = settings or Settings(shows_balance=True)
        self.engine = engine or open_engine(
            folder,
            replace(settings, database=database) if database else settings,
            clock=self.clock,
            pin_cost=CHEAP,
            on_durable_step=on_durable_step,
            sweep_every_seconds=None,
            risk=risk,
        )
        self._numbers = itertools.count(1)
        self.till(TILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.engine.close()

    def fresh(self, word: str) -> str:
        """An id nobody has used."""
        return f"{word}-{next(self._numbers)}"

    def ask(self, command: Command) -> Reply:
        """Execute one command."""
        return self.engine.execute(command)

    def _done(self, command: Command) -> None:
        assert self.ask(command) == Done()

    # --- back office

    def till(self, till_id: str, shop_id: str = "shop-1") -> None:
        """Enrol a till."""
        self._done(EnrolTill(command_id=f"enrol-{till_id}-{shop_id}", till_id=till_id, shop_id=shop_id))

    def member(self, member_no: str, units: int = 0, pin: str | None = None, name: str = "王小明") -> str:
        """Enrol a member, with points and a PIN if told to."""
        self._done(EnrolMember(command_id=self.fresh("enrol"), member_no=member_no, name=name))
        if units:
            self.credit(member_no, units)
        if pin is not None:
            self.set_pin(member_no, pin)
        return member_no

    def credit(self, member_no: str, units: int) -> int:
        """Give points; the balance after it."""
        reply = self.ask(
            Credit(command_id=self.fresh("credit"), member_no=member_no, amount=points(units), reason="gift")
        )
        assert isinstance(reply, Credited)
        return reply.balance.units

    def set_pin(self, member_no: str, pin: str) -> None:
        """Set a PIN."""
        self._done(SetPin(command_id=self.fresh("pin"), member_no=member_no, pin=Secret(pin)))

    def freeze(self, member_no: str, *, frozen: bool = True) -> None:
        """Freeze or unfreeze a member."""
        self._done(SetFrozen(command_id=self.fresh("freeze"), member_no=member_no, frozen=frozen))

    def limit(self, member_no: str, units: int | None) -> Reply:
        """Choose the member's own PIN-free limit."""
        return self.ask(
            SetPinFreeLimit(
                command_id=self.fresh("limit"), member_no=member_no, asset=Asset.POINTS, units=units
            )
        )

    # --- the phone

    def bind(self, member_no: str, phone: str = PHONE) -> None:
        """Bind a phone."""
        self._done(BindPhone(command_id=self.fresh("bind"), member_no=member_no, phone=PhoneNumber(phone)))

    def send_sms(self, order_id: str, request_id: str | None = None) -> Reply:
        """Ask for an SMS code for a payment."""
        return self.ask(SendSmsCode(order_id=order_id, request_id=request_id or self.fresh("sms")))

    def read_sms(self) -> str:
        """The code in the newest short message that has one."""
        return newest_code(self.engine)

    def sms_code(self, order_id: str) -> str:
        """Ask for an SMS code and read it."""
        assert isinstance(self.send_sms(order_id), SmsSent)
        return self.read_sms()

    def start_recovery(self, member_no: str, request_id: str | None = None) -> Reply:
        """Ask for a recovery's code."""
        return self.ask(StartRecovery(member_no=member_no, request_id=request_id or self.fresh("recover")))

    def finish_recovery(
        self, member_no: str, code: str, pin: str = OTHER_PIN, answer_id: str | None = None
    ) -> Reply:
        """Answer with a code and a new PIN."""
        return self.ask(
            FinishRecovery(
                member_no=member_no,
                answer_id=answer_id or self.fresh("recovered"),
                sms_code=Secret(code),
                new_pin=Secret(pin),
            )
        )

    # --- at the till

    def issue(self, member_no: str) -> CodeIssued:
        """Issue a code."""
        reply = self.ask(IssueCode(command_id=self.fresh("code"), member_no=member_no))
        assert isinstance(reply, CodeIssued)
        return reply

    def code(self, member_no: str) -> str:
        """The text of a fresh code."""
        return self.issue(member_no).code.reveal()

    def charge_command(self, code: str, units: int, order_id: str, till_id: str = TILL) -> Charge:
        """A charge of points, not yet asked for."""
        return Charge(
            order_id=order_id, till_id=till_id, cashier="lin", code=Secret(code), amount=points(units)
        )

    def charge(self, code: str, units: int, order_id: str | None = None, till_id: str = TILL) -> Reply:
        """Charge points."""
        return self.ask(self.charge_command(code, units, order_id or self.fresh("order"), till_id))

    def pay(self, member_no: str, units: int, order_id: str | None = None) -> Payment:
        """Charge points with a fresh code; whatever comes of it is a payment."""
        reply = self.charge(self.code(member_no), units, order_id)
        assert isinstance(reply, Payment)
        return reply

    def answer(
        self,
        order_id: str,
        text: str,
        answer_id: str | None = None,
        kind: ChallengeKind = ChallengeKind.PIN,
    ) -> Reply:
        """Answer a payment's challenge."""
        return self.ask(
            AnswerChallenge(
                order_id=order_id, answer_id=answer_id or self.fresh("answer"), kind=kind, answer=Secret(text)
            )
        )

    def answer_sms(self, order_id: str, code: str, answer_id: str | None = None) -> Reply:
        """Answer a payment's challenge with an SMS code."""
        return self.answer(order_id, code, answer_id, ChallengeKind.SMS_CODE)

    def lock_pin(self, member_no: str) -> None:
        """Use a member's tries up; they need at least 501 points."""
        order_id = self.pay(member_no, 501).order_id
        answers = [self.answer(order_id, WRONG_PIN) for _ in range(3)]
        assert isinstance(answers[-1], Payment)

    def cancel(self, order_id: str, by: CanceledBy = CanceledBy.CUSTOMER) -> Reply:
        """Cancel a payment."""
        return self.ask(Cancel(order_id=order_id, by=by))

    def query(self, order_id: str) -> Reply:
        """Ask how an order stands."""
        return self.ask(Query(order_id=order_id))

    def reverse(self, order_id: str, till_id: str = TILL) -> Reply:
        """Reverse an order."""
        return self.ask(Reverse(order_id=order_id, till_id=till_id))

    def balance(self, member_no: str) -> int:
        """What a member can spend, told by a payment that asks for too much."""
        refused = self.pay(member_no, 100_000).refused
        assert refused is not None
        assert refused.available is not None
        return refused.available.units


def newest_code(engine: Engine) -> str:
    """The code in the newest short message that has one."""
    for message in engine.outbox():
        found = re.search("[0-9]{6}", message.text.reveal()) if message.text else None
        if found:
            return found[0]
    raise AssertionError("no message with a code")


def payment(reply: Reply) -> Payment:
    """The reply, which is a payment."""
    assert isinstance(reply, Payment)
    return reply


def refused(reply: Reply) -> Refused:
    """The refusal in a reply: the reply itself, or that of a payment which came to nothing."""
    found = reply.refused if isinstance(reply, Payment) else reply
    assert isinstance(found, Refused)
    return found
