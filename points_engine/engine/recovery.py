"""A forgotten or locked PIN: a code to the bound phone, then a new PIN; and the phone it all hangs on."""

from datetime import datetime

from points_engine import challenge, pin_rules, sms_code
from points_engine.amounts import Asset
from points_engine.challenge import ChallengeEvent, ChallengeState
from points_engine.contract import (
    BindPhone,
    Done,
    FinishRecovery,
    PhoneNumber,
    Refusal,
    Refused,
    Reply,
    StartRecovery,
)
from points_engine.engine import bookings
from points_engine.engine.bookings import FOREVER, still_waiting
from points_engine.engine.command_log import Outcome, once, reply_of
from points_engine.engine.outbox import Outbox
from points_engine.engine.replies import sms_sent
from points_engine.engine.scheme import Scheme
from points_engine.engine.sms_codes import SmsCodes
from points_engine.ports import Books, Clock, Ids, PinHasher, Store
from points_engine.proof_ports import CredentialRow, RecoveryRow, SmsCodeRow
from points_engine.sms_code import SmsKind


class Recovery:
    """Carries out BindPhone, StartRecovery and FinishRecovery; thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        hasher: PinHasher,
        scheme: Scheme,
        codes: SmsCodes,
        outbox: Outbox,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._scheme = scheme
        self._codes = codes
        self._outbox = outbox

    def _credential(self, books: Books, member_no: str) -> CredentialRow | None:
        return books.credential(member_no, self._scheme.pin_tries)

    # --- the phone

    def bind_phone(self, command: BindPhone) -> Reply:
        """Bind a phone; codes on their way to an earlier one are void, and its owner is told."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: self._bind(books, command, now))
            return reply_of(command, row, self._scheme.layout, self._ids)

        reply = self._store.transact(work)
        self._outbox.on_message()
        return reply

    def _bind(self, books: Books, command: BindPhone, now: datetime) -> Outcome:
        member = self._credential(books, command.member_no)
        if member is None:
            return Outcome(refusal=Refusal.MEMBER_UNKNOWN)
        number = sms_code.normalised(command.phone.number)
        if number is None:
            return Outcome(refusal=Refusal.PHONE_NOT_ALLOWED)
        phone = PhoneNumber(number)
        if member.phone == phone:
            return Outcome()
        books.set_phone(member.member, phone)
        books.void_sms_codes(member.member)
        # After the codes: a sign-in that is just being finished has used its code up, or finds it void.
        books.end_sessions(member.member)
        if member.phone is not None:
            fields = {"phone": phone.masked}
            self._outbox.put(books, SmsKind.PHONE_CHANGED, member.member, member.phone, now, fields)
        return Outcome()

    # --- the PIN

    def start(self, command: StartRecovery) -> Reply:
        """Send a code to the bound phone."""
        reply = self._store.transact(lambda books: self._start(books, command))
        self._outbox.on_message()
        return reply

    def _start(self, books: Books, command: StartRecovery) -> Reply:
        member, sent = self._credential(books, command.member_no), books.code_of_request(command.request_id)
        if sent is not None and (member is None or (sent.member, sent.payment) != (member.member, None)):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        if member is None:
            return Refused(refusal=Refusal.MEMBER_UNKNOWN)
        if member.is_frozen:
            return Refused(refusal=Refusal.ACCOUNT_FROZEN)
        if sent is not None:
            return sms_sent(books, sent, self._scheme)
        return self._codes.issue(
            books, command.request_id, member.member, member.phone, self._clock.now(), {}
        )

    def finish(self, command: FinishRecovery) -> Reply:
        """Set the new PIN if the code is right. It is hashed before the transaction, and only for a right code."""
        reply, before = None, None
        # None: the code was sent anew, or answered, while the new PIN was being hashed.
        while reply is None:
            pin_hash = None
            if self._store.look(lambda books: self._is_right(books, command)):
                pin_hash = self._hasher.hash(command.member_no, command.new_pin.reveal())
            reply, before = self._store.transact(lambda books: self._finish(books, command, pin_hash))  # noqa: B023 -- run at once
        self._outbox.on_message()
        if before is None or before.pin_command_id != command.answer_id or before.pin_hash is None:
            return reply
        # A replay, as in SetPin: the PIN's own slow hash says whether it is the same one.
        pin = command.new_pin.reveal()
        same = pin_rules.is_pin(pin) and self._hasher.verify(command.member_no, pin, before.pin_hash)
        return reply if same else Refused(refusal=Refusal.ORDER_MISMATCH)

    def _is_right(self, books: Books, command: FinishRecovery) -> bool:
        member = self._credential(books, command.member_no)
        if member is None or books.recovery(command.answer_id) or self._refusal_of(member, command):
            return False
        code = self._codes.usable(books, member.member, None, self._clock.now())
        return code is not None and self._codes.is_right(code, command.sms_code.reveal())

    @staticmethod
    def _refusal_of(member: CredentialRow, command: FinishRecovery) -> Refusal | None:
        """Why a recovery is not even tried."""
        if member.is_frozen:
            return Refusal.ACCOUNT_FROZEN
        return pin_rules.refusal_of(command.new_pin.reveal(), member.birthday, member.phone_number)

    def _finish(
        self, books: Books, command: FinishRecovery, pin_hash: str | None
    ) -> tuple[Reply | None, CredentialRow | None]:
        """The reply, and for a replayed success its member; None when the code has to be looked at again."""
        member, known = self._credential(books, command.member_no), books.recovery(command.answer_id)
        if known is not None and (member is None or known.member != member.member):
            return Refused(refusal=Refusal.ORDER_MISMATCH), None
        if member is None:
            return Refused(refusal=Refusal.MEMBER_UNKNOWN), None
        if known is not None and known.tries_left is None:
            return Done(), member
        if known is not None:
            return Refused(refusal=Refusal.SMS_CODE_WRONG, tries_left=known.tries_left), None
        refusal = self._refusal_of(member, command)
        now = self._clock.now()
        code = self._codes.usable(books, member.member, None, now)
        if refusal is not None or code is None:
            return Refused(refusal=refusal or Refusal.SMS_CODE_EXPIRED), None
        if not self._codes.is_right(code, command.sms_code.reveal()):
            return self._count_wrong(books, command, member, code, now), None
        if pin_hash is None:
            return None, None
        self._renew(books, command, member, code, pin_hash, now)
        return Done(), None

    def _count_wrong(
        self, books: Books, command: FinishRecovery, member: CredentialRow, code: SmsCodeRow, now: datetime
    ) -> Reply:
        """A wrong code is a try like any other, and a code has no more tries than a PIN."""
        tries = member.tries.at(now)
        event = challenge.event_of(tries.left, is_right=False)
        after = tries.after(event, self._scheme.lock_waits_seconds, now)
        if after != tries:
            books.set_tries(member.member, after)
        tries_left = self._scheme.pin_tries - self._codes.count(books, code, is_right=False)
        books.add_recovery(RecoveryRow(command.answer_id, member.member, tries_left, now))
        return Refused(refusal=Refusal.SMS_CODE_WRONG, tries_left=tries_left)

    def _renew(
        self,
        books: Books,
        command: FinishRecovery,
        member: CredentialRow,
        code: SmsCodeRow,
        pin_hash: str,
        now: datetime,
    ) -> None:
        self._codes.count(books, code, is_right=True)
        books.void_sms_codes(member.member)
        books.end_sessions(member.member)
        books.set_pin(member.member, pin_hash, command.answer_id)
        books.add_recovery(RecoveryRow(command.answer_id, member.member, None, now))
        end = challenge.move(ChallengeState.OPEN, ChallengeEvent.PIN_RECOVERED)
        for asset in Asset:
            account_id = books.holder_of(member.member, asset).account_id
            for row in books.open_payments(FOREVER, account_id):
                current, payer = still_waiting(books, row, now)
                if payer is not None:
                    bookings.end_challenge(books, current, end, now)
        if member.phone is not None:
            self._outbox.put(books, SmsKind.PIN_RECOVERED, member.member, member.phone, now, {})
