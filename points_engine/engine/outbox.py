"""Short messages: written down with what they are about, handed over afterwards, outside every transaction.

A message is durable when its command is answered, and a code is in it only while it is on its way: the outbox holds
its text without the code, and what the code is made from until the gateway has taken it or it is of no use.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from points_engine import sms_code
from points_engine.contract import PhoneNumber, Secret, SmsDelivery
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.proof_ports import MessageRow, Sms, SmsNotTaken, SmsSender
from points_engine.sms_code import SmsKind

LEASE = timedelta(seconds=90)
"""A message that has been on its way for longer belonged to an engine that ended: the next one takes it over."""

NOTICE_KEPT = timedelta(days=1)
"""So long a message without a code is worth handing over."""


class OutboxMessage(NamedTuple):
    """A short message as the back office may see it. `text` is None once its code is forgotten."""

    message_id: str
    kind: SmsKind
    phone: PhoneNumber
    text: Secret | None
    delivery: SmsDelivery
    attempts: int
    created_at: datetime
    at: datetime
    problem: str | None


def _nobody_waits() -> None:
    """What happens at a fresh message when nobody hands over but by hand."""


class Outbox:
    """Keeps, hands over and shows short messages; thread-safe. Without a sender they are kept for the shop's staff."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, sender: SmsSender | None
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._sender = sender
        self.on_message: Callable[[], None] = _nobody_waits

    def code_text(self, nonce: bytes) -> str:
        """The code that belongs to a nonce."""
        return self._ids.digits(b"sms" + nonce, sms_code.CODE_DIGITS)

    def put(
        self,
        books: Books,
        kind: SmsKind,
        member: int,
        phone: PhoneNumber,
        now: datetime,
        fields: Mapping[str, str],
        *,
        code: int | None = None,
        nonce: bytes | None = None,
        useless_at: datetime | None = None,
    ) -> None:
        """Write a message down; the caller calls `on_message` once it is durable."""
        books.add_message(
            MessageRow(
                id=0,
                message_id=self._ids.nonce().hex(),
                member=member,
                kind=kind,
                code=code,
                phone=phone,
                body=sms_code.text_of(self._scheme.sms, kind, fields),
                nonce=nonce,
                delivery=SmsDelivery.WAITING if self._sender else SmsDelivery.KEPT,
                attempts=0,
                due_at=now,
                useless_at=useless_at or now + NOTICE_KEPT,
                created_at=now,
                at=now,
                problem=None,
            )
        )

    def withdraw(self, books: Books, code: int, now: datetime) -> None:
        """Do not hand over the message of a code that was replaced."""
        row = books.message_of_code(code)
        if row.delivery is SmsDelivery.WAITING:
            _give_up(books, row, now, "replaced by a newer one")

    # --- handing over

    def deliver(self) -> int:
        """Hand over all messages whose time has come; says how many were tried. Raises EngineFault."""
        tried = 0
        while self._store.look(lambda books: books.due_message(self._clock.now())) is not None:
            row = self._store.transact(self._claim)
            if row is not None:
                self._hand_over(row)
                tried += 1
        return tried

    def _claim(self, books: Books) -> MessageRow | None:
        """Take a message, so that no other engine on these books does; None when it was not worth it."""
        now = self._clock.now()
        row = books.due_message(now)
        if row is None:
            return None
        if self._sender is None:
            books.set_message(row._replace(delivery=SmsDelivery.KEPT, at=now))
            return None
        if now >= row.useless_at:
            _give_up(books, row, now, row.problem or "not handed over in time")
            return None
        row = row._replace(
            delivery=SmsDelivery.SENDING, attempts=row.attempts + 1, due_at=now + LEASE, at=now
        )
        books.set_message(row)
        return row

    def _hand_over(self, row: MessageRow) -> None:
        assert self._sender is not None
        failure = None
        try:
            self._sender.send(self._sms(row))
        except SmsNotTaken as not_taken:
            failure = not_taken
        self._store.transact(lambda books: self._write_down(books, row, failure))

    def _sms(self, row: MessageRow) -> Sms:
        code = self.code_text(row.nonce) if row.nonce else ""
        return Sms(row.message_id, row.phone, Secret(sms_code.with_code(row.body, code)), Secret(code))

    def _write_down(self, books: Books, row: MessageRow, failure: SmsNotTaken | None) -> None:
        now = self._clock.now()
        if failure is None:
            # Taken: nobody has to read the code again.
            books.set_message(row._replace(delivery=SmsDelivery.SENT, nonce=None, at=now, problem=None))
            return
        due = sms_code.retry_at(row.attempts, row.useless_at, now) if failure.may_retry else None
        if due is None:
            _give_up(books, row, now, failure.problem)
        else:
            books.set_message(
                row._replace(delivery=SmsDelivery.WAITING, due_at=due, at=now, problem=failure.problem)
            )

    # --- the back office

    def read(self, most: int) -> list[OutboxMessage]:
        """The newest messages, newest first."""
        return [self._shown(row) for row in self._store.look(lambda books: books.messages(most))]

    def _shown(self, row: MessageRow) -> OutboxMessage:
        is_forgotten = row.code is not None and (row.nonce is None or self._clock.now() >= row.useless_at)
        text = None if is_forgotten else self._sms(row).text
        return OutboxMessage(
            row.message_id, row.kind, row.phone, text, row.delivery, row.attempts, row.created_at, row.at,
            row.problem,
        )  # fmt: skip

    def sweep(self, books: Books, now: datetime) -> int:
        """Forget codes that are of no use, and old messages; says how many messages went."""
        return books.forget_sms(now, now - self._scheme.sms_kept_for)


def _give_up(books: Books, row: MessageRow, now: datetime, problem: str) -> None:
    books.set_message(row._replace(delivery=SmsDelivery.FAILED, nonce=None, at=now, problem=problem))
