"""Answers to challenges: the slow check before any lock, the count inside the transaction."""

from datetime import datetime

from points_engine import challenge
from points_engine.challenge import ChallengeEvent, ChallengeState
from points_engine.contract import AnswerChallenge, PaymentState, Refusal, Refused, Reply
from points_engine.engine import bookings
from points_engine.engine.bookings import expire_if_due, is_due
from points_engine.engine.replies import CHALLENGE_KINDS, stored_reply, tries_of
from points_engine.engine.scheme import Scheme
from points_engine.payment import PaymentEvent
from points_engine.ports import AnswerRow, Books, Clock, Holder, PaymentRow, PinHasher, Store


class Challenges:
    """Carries out AnswerChallenge; thread-safe."""

    def __init__(self, store: Store, clock: Clock, hasher: PinHasher, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._scheme = scheme

    def answer(self, command: AnswerChallenge) -> Reply:
        """Count an answer: the payment goes through, stays open for another try, or has failed.

        Many guesses at once cannot exceed the tries: each is counted in its own transaction, and one that finds the
        tries used up is refused even when it is right.
        """
        reply = None
        # None: the PIN was changed while the answer was checked against the old one; the new one decides.
        while reply is None:
            reply = self._check_and_count(command)
        return reply

    def _check_and_count(self, command: AnswerChallenge) -> Reply | None:
        checked = self._store.look(lambda books: self._hash_to_check(books, command))
        if checked is None:
            return self._store.transact(lambda books: self._count(books, command, None, is_right=False))
        is_right = self._is_right(command, *checked)
        return self._store.transact(lambda books: self._count(books, command, checked[1], is_right=is_right))

    def _is_right(self, command: AnswerChallenge, member_no: str, pin_hash: str) -> bool:
        answer = command.answer.reveal()
        return challenge.is_pin(answer) and self._hasher.verify(member_no, answer, pin_hash)

    def _hash_to_check(self, books: Books, command: AnswerChallenge) -> tuple[str, str] | None:
        """The member and hash an answer is checked against; None when it will not come to that."""
        row = books.payment(command.order_id)
        if row is None or row.account_id is None or command.kind not in CHALLENGE_KINDS:
            return None
        if row.state is not PaymentState.REQUIRES_ACTION or is_due(row, self._clock.now()):
            return None
        holder = books.holder(row.account_id)
        if books.answer(command.answer_id) is not None or holder.is_frozen or holder.pin_hash is None:
            return None
        return (holder.member_no, holder.pin_hash) if tries_of(holder, self._scheme).left else None

    def _count(
        self, books: Books, command: AnswerChallenge, checked: str | None, *, is_right: bool
    ) -> Reply | None:
        """Count the answer; None when what it was checked against is no longer the member's PIN."""
        row = books.payment(command.order_id)
        refusal = self._refuse(books, command, row)
        if row is None or refusal is not None:
            return Refused(refusal=refusal or Refusal.ORDER_UNKNOWN)
        known = books.answer(command.answer_id)
        if known is not None and known.tries_left:
            # The same answer sent again is no second try.
            return Refused(refusal=Refusal.PIN_WRONG, tries_left=known.tries_left)
        now = self._clock.now()
        row = expire_if_due(books, row, now)
        if row.state is not PaymentState.REQUIRES_ACTION or row.account_id is None:
            return stored_reply(books, row, self._scheme)
        holder = books.holder(row.account_id)
        if holder.is_frozen:
            # Frozen while the customer was typing: nothing may be taken, and the hold is given back.
            row = bookings.advance(books, row, PaymentEvent.CANCEL, now, Refusal.ACCOUNT_FROZEN)
            return stored_reply(books, row, self._scheme)
        if tries_of(holder, self._scheme).left and checked != holder.pin_hash:
            return None
        return self._count_try(books, command, row, holder, now, is_right=is_right)

    def _count_try(
        self,
        books: Books,
        command: AnswerChallenge,
        row: PaymentRow,
        holder: Holder,
        now: datetime,
        *,
        is_right: bool,
    ) -> Reply:
        tries = tries_of(holder, self._scheme)
        event = challenge.event_of(tries, is_right=is_right)
        after = tries.after(event)
        if after != tries:
            books.set_tries(holder.member, after.failed, is_locked=after.is_locked)
        tries_left = None if event is ChallengeEvent.RIGHT_ANSWER else after.left
        books.add_answer(AnswerRow(command.answer_id, row.id, command.kind, tries_left, now))
        state = challenge.move(ChallengeState.OPEN, event)
        if state is ChallengeState.OPEN:
            return Refused(refusal=Refusal.PIN_WRONG, tries_left=after.left)
        return stored_reply(books, bookings.end_challenge(books, row, state, now), self._scheme)

    @staticmethod
    def _refuse(books: Books, command: AnswerChallenge, row: PaymentRow | None) -> Refusal | None:
        """Why an answer does not count at all, by precedence."""
        if command.kind not in CHALLENGE_KINDS:
            return Refusal.NOT_PERMITTED
        known = books.answer(command.answer_id)
        if known is not None and (row is None or known.payment != row.id):
            return Refusal.ORDER_MISMATCH
        return Refusal.ORDER_UNKNOWN if row is None else None
