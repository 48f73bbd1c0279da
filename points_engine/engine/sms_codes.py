"""SMS codes: one for a payment, a recovery or a sign-in, checked against a keyed digest, replaced by the next."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from points_engine import sms_code
from points_engine.contract import (
    ChallengeKind,
    PhoneNumber,
    Refusal,
    Refused,
    Reply,
    SendSmsCode,
    SmsSent,
)
from points_engine.engine.bookings import still_waiting
from points_engine.engine.outbox import Outbox
from points_engine.engine.replies import Replies, sms_sent
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Clock, Ids, PaymentRow, Store
from points_engine.proof_ports import SmsCodeRow
from points_engine.sms_code import CodeState, SmsKind


class SmsCodes:
    """Makes and checks SMS codes, and carries out SendSmsCode; thread-safe."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, replies: Replies, outbox: Outbox
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._replies = replies
        self._outbox = outbox

    def send(self, command: SendSmsCode) -> Reply:
        """Send the payer of a payment that waits a code."""
        reply = self._store.transact(lambda books: self._send(books, command))
        self._outbox.on_message()
        return reply

    def _send(self, books: Books, command: SendSmsCode) -> Reply:
        if ChallengeKind.SMS_CODE not in self._scheme.challenge_kinds:
            return Refused(refusal=Refusal.NOT_PERMITTED)
        now = self._clock.now()
        row, sent = books.payment(command.order_id), books.code_of_request(command.request_id)
        if sent is not None and (row is None or sent.payment != row.id):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        if row is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN)
        row, holder = still_waiting(books, row, now)
        if holder is None:
            return self._replies.stored(books, row, now)
        if sent is not None:
            return sms_sent(books, sent, self._scheme)
        fields = self._about(books, row)
        return self.issue(books, command.request_id, holder.member, holder.phone, now, fields, row.id)

    @staticmethod
    def _about(books: Books, row: PaymentRow) -> Mapping[str, str]:
        """What the customer signs with the code: they read it in the message."""
        return {"units": str(row.units), "asset": str(row.asset), "shop": books.shop_of(row.till)}

    def issue(
        self,
        books: Books,
        request_id: str,
        member: int,
        phone: PhoneNumber | None,
        now: datetime,
        fields: Mapping[str, str],
        payment: int | None = None,
        *,
        is_sign_in: bool = False,
    ) -> Refused | SmsSent:
        """Put a fresh code into the outbox; an older one for the same is void from now on.

        It is for a payment, or without one for a recovery or a sign-in; a sign-in is paced by whoever starts it.
        """
        if phone is None:
            return Refused(refusal=Refusal.PHONE_NOT_BOUND)
        since = now - timedelta(seconds=sms_code.DAY_SECONDS)
        sent = books.sendings(member, phone, since)
        too_many = sms_code.too_many(
            self._scheme.sms, sent._replace(last_at=None) if is_sign_in else sent, now
        )
        if too_many is not None:
            return Refused(refusal=too_many.refusal, wait_seconds=too_many.wait_seconds)
        older = books.live_code(member, payment, is_sign_in=is_sign_in)
        if older is not None:
            books.set_sms_code(older.id, CodeState.VOID, older.failures)
            self._outbox.withdraw(books, older.id, now)
        nonce, lifetime_seconds = self._ids.nonce(), self._scheme.sms.code_lifetime_seconds
        fresh = SmsCodeRow(
            id=0,
            request_id=request_id,
            member=member,
            payment=payment,
            digest=b"",
            state=CodeState.LIVE,
            failures=0,
            sent_at=now,
            expires_at=sms_code.expires_at(now, lifetime_seconds),
            is_sign_in=is_sign_in,
        )
        fresh = fresh._replace(digest=self._digest(fresh, self._outbox.code_text(nonce)))
        fresh = fresh._replace(id=books.add_sms_code(fresh))
        kind = SmsKind.PAYMENT_CODE
        if payment is None:
            kind = SmsKind.SIGN_IN_CODE if is_sign_in else SmsKind.RECOVERY_CODE
        fields = {**fields, "minutes": str(max(1, lifetime_seconds // 60))}
        self._outbox.put(
            books, kind, member, phone, now, fields,
            code=fresh.id, nonce=nonce, useless_at=fresh.expires_at,
        )  # fmt: skip
        return sms_sent(books, fresh, self._scheme)

    def _digest(self, row: SmsCodeRow, code: str) -> bytes:
        return self._ids.token(f"sms\x1f{row.member}\x1f{row.payment or ''}\x1f{row.request_id}\x1f{code}")

    def usable(self, books: Books, member: int, payment: int | None, now: datetime) -> SmsCodeRow | None:
        """The code that an answer is held against now; None when there is none any more."""
        row = books.live_code(member, payment)
        return row if row is not None and now < row.expires_at else None

    def is_right(self, row: SmsCodeRow, answer: str) -> bool:
        """Whether an answer is the code that was sent."""
        return hmac.compare_digest(row.digest, self._digest(row, answer))

    def count(self, books: Books, row: SmsCodeRow, *, is_right: bool) -> int:
        """Write an answer down at its code, which is used up by a right one; return the wrong ones so far."""
        failures = row.failures if is_right else row.failures + 1
        state = CodeState.USED if is_right else CodeState.LIVE
        if failures >= self._scheme.pin_tries:
            state = CodeState.VOID
        books.set_sms_code(row.id, state, failures)
        return failures
