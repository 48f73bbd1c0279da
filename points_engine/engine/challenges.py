"""Answers to challenges: the slow check before any lock, the count inside the transaction."""

from datetime import datetime
from typing import NamedTuple

from points_engine import challenge
from points_engine.challenge import ChallengeEvent, ChallengeState
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    SealedPin,
)
from points_engine.engine import bookings
from points_engine.engine.bookings import is_due, still_waiting
from points_engine.engine.replies import Replies, kinds_of, tries_of
from points_engine.engine.scheme import Scheme
from points_engine.engine.sms_codes import SmsCodes
from points_engine.pin_rules import is_pin
from points_engine.ports import Books, Clock, Holder, Ids, PaymentRow, PinHasher, Store
from points_engine.proof_ports import AnswerRow, PinOpener

_ANSWERED = frozenset({ChallengeKind.PIN, ChallengeKind.SMS_CODE})
"""What is typed; an approval comes from the phone."""

_WRONG = {ChallengeKind.PIN: Refusal.PIN_WRONG, ChallengeKind.SMS_CODE: Refusal.SMS_CODE_WRONG}


class _Checked(NamedTuple):
    """What an answer was held against before the transaction, and whether it is right."""

    pin_hash: str
    is_right: bool


class Challenges:
    """Carries out AnswerChallenge; thread-safe. `opener` is None where no sealed PINs are taken."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        hasher: PinHasher,
        opener: PinOpener | None,
        scheme: Scheme,
        replies: Replies,
        codes: SmsCodes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._opener = opener
        self._scheme = scheme
        self._replies = replies
        self._codes = codes

    def answer(self, command: AnswerChallenge) -> Reply:
        """Count an answer: the payment goes through, stays open for another try, or has failed.

        Many guesses at once cannot exceed the tries: each is counted in its own transaction, and one that finds the
        tries used up is refused even when it is right.
        """
        if not self._is_taken(command):
            return Refused(refusal=Refusal.NOT_PERMITTED)
        reply = None
        # None: the PIN was changed while the answer was checked against the old one; the new one decides.
        while reply is None:
            reply = self._check_and_count(command)
        return reply

    def _is_taken(self, command: AnswerChallenge) -> bool:
        """Whether the scheme takes answers of this kind, in this form."""
        if command.kind not in _ANSWERED or command.kind not in self._scheme.challenge_kinds:
            return False
        if isinstance(command.answer, SealedPin):
            return self._opener is not None and command.kind is ChallengeKind.PIN
        return self._scheme.takes_plain_pins or command.kind is not ChallengeKind.PIN

    def _check_and_count(self, command: AnswerChallenge) -> Reply | None:
        row, holder = self._store.look(lambda books: self._to_check(books, command))
        typed = None if row is None else self._typed(command, row)
        checked = None
        if typed is not None and holder is not None and holder.pin_hash is not None:
            is_right = is_pin(typed) and self._hasher.verify(holder.member_no, typed, holder.pin_hash)
            checked = _Checked(holder.pin_hash, is_right)
        return self._store.transact(lambda books: self._count(books, command, typed, checked))

    def _typed(self, command: AnswerChallenge, row: PaymentRow) -> str | None:
        """What the customer typed; None when it was sealed and cannot be read."""
        if isinstance(command.answer, SealedPin):
            assert self._opener is not None
            return self._opener.open(command.answer.box, row.order_id, self._replies.nonce(row))
        return command.answer.reveal()

    def _to_check(self, books: Books, command: AnswerChallenge) -> tuple[PaymentRow | None, Holder | None]:
        """The payment, and its payer whose PIN the answer is checked against; None when it will not come to that."""
        row = books.payment(command.order_id)
        if row is None or row.account_id is None or command.kind is not ChallengeKind.PIN:
            return row, None
        now = self._clock.now()
        if row.state is not PaymentState.REQUIRES_ACTION or is_due(row, now):
            return row, None
        holder = books.holder(row.account_id)
        if books.answer(command.answer_id) is not None or holder.is_frozen:
            return row, None
        return row, holder if tries_of(holder, self._scheme, now).left else None

    def _count(
        self, books: Books, command: AnswerChallenge, typed: str | None, checked: _Checked | None
    ) -> Reply | None:
        """Count the answer; None when what it was checked against is no longer the member's PIN."""
        row, known = books.payment(command.order_id), books.answer(command.answer_id)
        if known is not None and (row is None or (known.payment, known.kind) != (row.id, command.kind)):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        if row is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN)
        if known is not None and known.tries_left:
            # The same answer sent again is no second try.
            return Refused(refusal=_WRONG[command.kind], tries_left=known.tries_left)
        now = self._clock.now()
        row, holder = still_waiting(books, row, now)
        if holder is None:
            return self._replies.stored(books, row, now)
        if command.kind is ChallengeKind.SMS_CODE:
            return self._count_code(books, command, row, holder, now)
        return self._count_pin(books, command, row, holder, now, typed, checked)

    def _count_pin(
        self,
        books: Books,
        command: AnswerChallenge,
        row: PaymentRow,
        holder: Holder,
        now: datetime,
        typed: str | None,
        checked: _Checked | None,
    ) -> Reply | None:
        if holder.pin_hash is None:
            return Refused(refusal=Refusal.PIN_NOT_SET)
        sealed_key = None
        if isinstance(command.answer, SealedPin):
            sealed_key = self._ids.lookup_key(f"sealed\x1f{command.answer.box.hex()}")
            if typed is None or books.was_sealed(sealed_key):
                return Refused(refusal=Refusal.SEALED_PIN_INVALID)
        tries = tries_of(holder, self._scheme, now)
        if tries.left and (checked is None or checked.pin_hash != holder.pin_hash):
            return None
        event = challenge.event_of(tries.left, is_right=checked is not None and checked.is_right)
        if event is ChallengeEvent.CREDENTIAL_LOCKED and kinds_of(holder, self._scheme, now):
            challenge.move(ChallengeState.OPEN, ChallengeEvent.KIND_CLOSED)
            return self._replies.pin_locked(holder, now)
        after = tries.after(event, self._scheme.lock_waits_seconds, now)
        if after != tries:
            books.set_tries(holder.member, after)
        answer = AnswerRow(command.answer_id, row.id, command.kind, after.left, now, sealed_key)
        return self._end_or_ask_again(books, answer, row, event, now)

    def _count_code(
        self, books: Books, command: AnswerChallenge, row: PaymentRow, holder: Holder, now: datetime
    ) -> Reply:
        code = self._codes.usable(books, holder.member, row.id, now)
        if code is None:
            return Refused(refusal=Refusal.SMS_CODE_EXPIRED)
        typed = "" if isinstance(command.answer, SealedPin) else command.answer.reveal()
        is_right = self._codes.is_right(code, typed)
        tries = tries_of(holder, self._scheme, now)
        event = challenge.event_of(tries.left_for_code(code.failures), is_right=is_right)
        after = tries.after(event, self._scheme.lock_waits_seconds, now)
        if after != tries:
            books.set_tries(holder.member, after)
        failures = self._codes.count(books, code, is_right=is_right)
        left = after.left if not tries.is_locked else tries.left_for_code(failures)
        answer = AnswerRow(command.answer_id, row.id, command.kind, left, now)
        return self._end_or_ask_again(books, answer, row, event, now)

    def _end_or_ask_again(
        self, books: Books, answer: AnswerRow, row: PaymentRow, event: ChallengeEvent, now: datetime
    ) -> Reply:
        is_right = event is ChallengeEvent.RIGHT_ANSWER
        books.add_answer(answer._replace(tries_left=None) if is_right else answer)
        state = challenge.move(ChallengeState.OPEN, event)
        if state is ChallengeState.OPEN:
            return Refused(refusal=_WRONG[ChallengeKind(answer.kind)], tries_left=answer.tries_left)
        return self._replies.stored(books, bookings.end_challenge(books, row, state, now), now)
