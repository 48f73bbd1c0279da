"""Approval on the customer's own phone: what waits for them, yes and no."""

from points_engine import challenge
from points_engine.amounts import Asset
from points_engine.challenge import ChallengeEvent, ChallengeState
from points_engine.contract import (
    Approve,
    CanceledBy,
    ChallengeKind,
    Decline,
    Refusal,
    Refused,
    Reply,
    ShowWaiting,
    Waiting,
    WaitingPayment,
)
from points_engine.engine import bookings
from points_engine.engine.bookings import FOREVER, is_due, still_waiting
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Clock, Store


class Approvals:
    """Carries out Approve, Decline and ShowWaiting; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme, replies: Replies) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme
        self._replies = replies

    def approve(self, command: Approve) -> Reply:
        """The payer agrees: the payment goes through. No try is counted, and a locked PIN is no hindrance."""
        return self._store.transact(lambda books: self._end(books, command, ChallengeEvent.APPROVED, None))

    def decline(self, command: Decline) -> Reply:
        """The payer does not agree: nothing is taken."""
        by = CanceledBy.CUSTOMER
        return self._store.transact(lambda books: self._end(books, command, ChallengeEvent.DECLINED, by))

    def _end(
        self, books: Books, command: Approve | Decline, event: ChallengeEvent, by: CanceledBy | None
    ) -> Reply:
        if ChallengeKind.PHONE_APPROVAL not in self._scheme.challenge_kinds:
            return Refused(refusal=Refusal.NOT_PERMITTED)
        row = books.payment(command.order_id)
        if row is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN)
        if row.account_id is None or books.holder(row.account_id).member_no != command.member_no:
            return Refused(refusal=Refusal.NOT_PERMITTED)
        now = self._clock.now()
        row, holder = still_waiting(books, row, now)
        if holder is not None:
            state = challenge.move(ChallengeState.OPEN, event)
            row = bookings.end_challenge(books, row, state, now, by)
        return self._replies.stored(books, row, now)

    def waiting(self, command: ShowWaiting) -> Reply:
        """What a member's phone has to ask them."""

        def look(books: Books) -> Reply:
            member = books.member(command.member_no)
            if member is None:
                return Refused(refusal=Refusal.MEMBER_UNKNOWN)
            now = self._clock.now()
            accounts = (books.holder_of(member.member, asset).account_id for asset in Asset)
            rows = [row for account_id in accounts for row in books.open_payments(FOREVER, account_id)]
            return Waiting(
                payments=tuple(
                    WaitingPayment(
                        payment=self._replies.stored(books, row, now), shop_id=books.shop_of(row.till)
                    )
                    for row in sorted(rows, key=lambda row: row.id)
                    if not is_due(row, now)
                )
            )

        return self._store.look(look)
