"""Customers sign in by a code to their phone, and out again; nobody learns here whether a phone is known.

A phone that nobody has is treated as one that somebody has: the same replies, the same limits, counted in the same
rows; there is only no message, and no answer is right.
"""

import base64
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from points_engine import caller_rules, sms_code
from points_engine.caller_ports import SessionRow, SignInRow
from points_engine.calling import FinishSignIn, SignedIn, SignInStarted, SignOut, StartSignIn
from points_engine.contract import Done, PhoneNumber, Refusal, Refused, Reply, Secret, SmsSent
from points_engine.engine.outbox import Outbox
from points_engine.engine.scheme import Scheme
from points_engine.engine.sms_codes import SmsCodes
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.proof_ports import SmsCodeRow
from points_engine.sms_code import CodeState, Sendings

MOST_SHARING = 20
"""Of more members with one phone, the later ones cannot sign in by it."""


def session_digest(ids: Ids, token: str) -> bytes:
    """What a session is known by."""
    return ids.token(f"session token\x1f{token}")


def _nobody_remembers(_token: Secret) -> None:
    """What happens at a sign-out where nobody keeps sessions in memory."""


class SignIns:
    """Carries out StartSignIn, FinishSignIn and SignOut; thread-safe."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, codes: SmsCodes, outbox: Outbox
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._codes = codes
        self._outbox = outbox
        self.on_sign_out: Callable[[Secret], None] = _nobody_remembers

    # --- the code

    def start(self, command: StartSignIn) -> Reply:
        """Send a code, if there is somebody to send it to."""
        number = sms_code.normalised(command.phone.number)
        if number is None:
            return Refused(refusal=Refusal.PHONE_NOT_ALLOWED)
        reply = self._store.transact(lambda books: self._start(books, command, PhoneNumber(number)))
        self._outbox.on_message()
        return reply

    def _start(self, books: Books, command: StartSignIn, phone: PhoneNumber) -> Reply:
        now, rules = self._clock.now(), self._scheme.sms
        phone_key = self._ids.lookup_key(f"phone\x1f{phone.number}")
        row = books.sign_in(command.request_id)
        if row is not None:
            is_same = row.phone_key == phone_key
            return self._started(row) if is_same else Refused(refusal=Refusal.ORDER_MISMATCH)
        owner = self._owner(books, command, phone)
        lately = books.sign_ins_of(phone_key, now - timedelta(seconds=sms_code.DAY_SECONDS))
        too_many = sms_code.too_many(rules, _as_sent(lately), now)
        if too_many is not None:
            return Refused(refusal=too_many.refusal, wait_seconds=too_many.wait_seconds)
        for older in lately:
            if older.is_live:
                books.set_sign_in(older._replace(is_live=False))
        row = SignInRow(
            id=0,
            request_id=command.request_id,
            phone_key=phone_key,
            has_code=owner is not None and self._send(books, command, owner, phone, now),
            is_live=True,
            failures=0,
            answer_digest=None,
            sent_at=now,
            expires_at=sms_code.expires_at(now, rules.code_lifetime_seconds),
        )
        books.add_sign_in(row)
        return self._started(row)

    @staticmethod
    def _owner(books: Books, command: StartSignIn, phone: PhoneNumber) -> int | None:
        """The member who signs in, for nobody else to send codes to until this is done; None: nobody, or several."""
        owners = books.members_with_phone(phone, MOST_SHARING)
        if command.member_no is not None:
            owners = [owner for owner in owners if owner.member_no == command.member_no]
        member = books.member(owners[0].member_no) if len(owners) == 1 else None
        return None if member is None else member.member

    def _send(
        self, books: Books, command: StartSignIn, member: int, phone: PhoneNumber, now: datetime
    ) -> bool:
        """Whether a code is on its way: not when the scheme's limits forbid it, which is nobody's to learn either."""
        request_id = _request_of_code(command.request_id)
        sent = self._codes.issue(books, request_id, member, phone, now, {}, is_sign_in=True)
        return isinstance(sent, SmsSent)

    def _started(self, row: SignInRow) -> Reply:
        resend_at = row.sent_at + timedelta(seconds=self._scheme.sms.resend_seconds)
        return SignInStarted(expires_at=row.expires_at, resend_at=resend_at)

    # --- the answer

    def finish(self, command: FinishSignIn) -> Reply:
        """A session for the right code."""
        return self._store.transact(lambda books: self._finish(books, command))

    def _finish(self, books: Books, command: FinishSignIn) -> Reply:
        now, row = self._clock.now(), books.sign_in(command.sign_in_id)
        if row is None:
            return Refused(refusal=Refusal.SMS_CODE_EXPIRED)
        code, answer = self._code_of(books, row), command.sms_code.reveal()
        digest = self._ids.token(f"signed in\x1f{command.sign_in_id}\x1f{command.answer_id}\x1f{answer}")
        if row.answer_digest is not None and hmac.compare_digest(row.answer_digest, digest):
            session = books.session(session_digest(self._ids, self._token(digest)))
            return self._signed_in(session, digest, now)
        if not row.is_live or now >= row.expires_at:
            return Refused(refusal=Refusal.SMS_CODE_EXPIRED)
        if code is None or code.state is not CodeState.LIVE or not self._codes.is_right(code, answer):
            tries_left = self._scheme.pin_tries - row.failures - 1
            books.set_sign_in(row._replace(failures=row.failures + 1, is_live=tries_left > 0))
            return Refused(refusal=Refusal.SMS_CODE_WRONG, tries_left=tries_left)
        self._codes.count(books, code, is_right=True)
        books.set_sign_in(row._replace(is_live=False, answer_digest=digest))
        token_digest = session_digest(self._ids, self._token(digest))
        books.add_session(SessionRow(0, token_digest, code.member, "", now, now))
        return self._signed_in(books.session(token_digest), digest, now)

    @staticmethod
    def _code_of(books: Books, row: SignInRow) -> SmsCodeRow | None:
        return books.code_of_request(_request_of_code(row.request_id)) if row.has_code else None

    def _token(self, digest: bytes) -> str:
        """The token that belongs to a right answer: the same whenever that is given again."""
        made = self._ids.token(f"session of\x1f{digest.hex()}")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def _signed_in(self, session: SessionRow | None, digest: bytes, now: datetime) -> Reply:
        rules = self._scheme.callers
        if session is None or now >= caller_rules.session_end(session.created_at, session.seen_at, rules):
            return Refused(refusal=Refusal.SMS_CODE_EXPIRED)
        return SignedIn(
            member_no=session.member_no,
            token=Secret(self._token(digest)),
            idle_seconds=rules.session_idle_seconds,
            ends_at=session.created_at + timedelta(seconds=rules.session_longest_seconds),
        )

    # --- the end

    def sign_out(self, command: SignOut) -> Reply:
        """End a session, whether or not it is there."""
        digest = session_digest(self._ids, command.token.reveal())
        self._store.transact(lambda books: books.end_session(digest))
        self.on_sign_out(command.token)
        return Done()

    def sweep(self, books: Books, now: datetime) -> None:
        """Forget codes, sign-ins, sessions and counts that are of no use any more."""
        books.forget_callers(
            expired_by=now,
            started_by=now - timedelta(seconds=sms_code.DAY_SECONDS),
            sessions_by=now - timedelta(seconds=self._scheme.callers.session_longest_seconds),
        )
        books.forget_calls(now)


def _request_of_code(request_id: str) -> str:
    """The request's id of a sign-in's SMS code: no command of a till's can have it."""
    return f"sign-in\x1f{request_id}"


def _as_sent(lately: Sequence[SignInRow]) -> Sendings:
    """A phone's sign-ins as the limits see them: those that sent nothing too."""
    if not lately:
        return Sendings(None, 0, None, 0, None, 0, None)
    return Sendings(lately[-1].sent_at, 0, None, len(lately), lately[0].sent_at, 0, None)
