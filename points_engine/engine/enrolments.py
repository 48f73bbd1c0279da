"""Enrolling: a single-use code becomes a credential, which is renewed, revoked and shown."""

from datetime import datetime, timedelta

from points_engine import caller_rules
from points_engine.caller_ports import CredentialOfCaller, EnrolmentRow
from points_engine.calling import (
    ENROLLED,
    CallerKind,
    CheckedIn,
    CheckIn,
    Credential,
    Credentials,
    Enrol,
    Enrolled,
    EnrolmentCode,
    MakeEnrolmentCode,
    RenewCredential,
    RevokeCaller,
    ShowCredentials,
)
from points_engine.contract import (
    Channel,
    CommandInvalid,
    Done,
    Refusal,
    Refused,
    Reply,
    Secret,
    StaffLevel,
)
from points_engine.engine.command_log import Outcome, once
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Clock, Ids, Store

MOST_SHOWN = 500

_CHANNELS = {
    CallerKind.TILL: Channel.TILL,
    CallerKind.COURIER: Channel.DELIVERY,
    CallerKind.MERCHANT: Channel.ONLINE,
}


class Enrolments:
    """Carries out the commands about credentials; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._rules = scheme.callers

    # --- codes

    def make_code(self, command: MakeEnrolmentCode) -> Reply:
        """A code that works once."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: self._make_code(books, command, now))
            if row is None:
                return Refused(refusal=Refusal.ORDER_MISMATCH)
            if row.nonce is None or row.expires_at is None:
                return Refused(refusal=row.refusal or Refusal.NOT_PERMITTED)
            code = caller_rules.grouped(self._code(row.nonce))
            return EnrolmentCode(code=Secret(code), expires_at=row.expires_at)

        return self._store.transact(work)

    def _make_code(self, books: Books, command: MakeEnrolmentCode, now: datetime) -> Outcome:
        has_level = command.level is not None
        if command.kind not in ENROLLED or has_level is not (command.kind is CallerKind.BACK_OFFICE):
            return Outcome(refusal=Refusal.NOT_PERMITTED)
        channel = _CHANNELS.get(command.kind)
        if channel is not None and not books.has_taker(channel, command.caller_id):
            return Outcome(refusal=Refusal.TILL_NOT_ENROLLED)
        nonce = self._ids.nonce()
        expires_at = now + timedelta(seconds=self._rules.enrolment_code_seconds)
        digest = self._digest("enrolment code", self._code(nonce))
        books.add_enrolment(
            EnrolmentRow(digest, command.kind, command.caller_id, command.level, expires_at, None)
        )
        return Outcome(nonce=nonce, expires_at=expires_at)

    def _code(self, nonce: bytes) -> str:
        return caller_rules.code_of(self._ids.token(f"enrolment code of\x1f{nonce.hex()}"))

    def _digest(self, what: str, text: str) -> bytes:
        return self._ids.token(f"{what}\x1f{text}")

    # --- credentials

    def enrol(self, command: Enrol) -> Reply:
        """A code for a credential."""
        code = caller_rules.typed(command.code.reveal())
        if code is None:
            return Refused(refusal=Refusal.ENROLMENT_CODE_INVALID)
        digest = self._digest("enrolment code", code)
        # The code is in it: who merely learns the request's id gets nothing by it.
        request_digest = self._digest("enrolled", f"{command.request_id}\x1f{code}")

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = books.enrolment(digest)
            if row is None or now >= row.expires_at:
                return Refused(refusal=Refusal.ENROLMENT_CODE_INVALID)
            if row.credential is not None:
                made = books.key_numbered(row.credential)
                if made.request_digest != request_digest or not caller_rules.is_good(made.ends_at, now):
                    return Refused(refusal=Refusal.ENROLMENT_CODE_INVALID)
                return self._enrolled(made)
            made = self._add_key(books, row.kind, row.caller_id, row.level, request_digest, now)
            books.use_enrolment(digest, made.id)
            return self._enrolled(made)

        return self._store.transact(work)

    def renew(self, command: RenewCredential) -> Reply:
        """A new credential for an old one."""
        request_digest = self._digest("renewed", command.request_id)

        def work(books: Books) -> Reply:
            now = self._clock.now()
            old, made = books.key(command.key_id), books.key_of_request(request_digest)
            if old is None or not caller_rules.is_good(old.ends_at, now):
                return Refused(refusal=Refusal.NOT_PERMITTED)
            if made is None:
                made = self._add_key(books, old.kind, old.caller_id, old.level, request_digest, now)
            elif (made.kind, made.caller_id, made.level) != (old.kind, old.caller_id, old.level):
                return Refused(refusal=Refusal.ORDER_MISMATCH)
            return self._enrolled(made)

        return self._store.transact(work)

    def check_in(self, command: CheckIn) -> Reply:
        """How it is with a credential; one look at the books."""
        row = self._store.look(lambda books: books.key(command.key_id))
        if row is None:
            return Refused(refusal=Refusal.NOT_PERMITTED)
        is_of_this_key = row.pepper == self._ids.pepper
        return CheckedIn(
            at=self._clock.now(),
            key_id=row.key_id,
            renew_at=caller_rules.renew_at(row.created_at, self._rules, is_of_this_key=is_of_this_key),
            ends_at=row.ends_at,
        )

    def _add_key(
        self,
        books: Books,
        kind: CallerKind,
        caller_id: str,
        level: StaffLevel | None,
        request_digest: bytes,
        now: datetime,
    ) -> CredentialOfCaller:
        before = books.keys_of(kind, caller_id)
        row = CredentialOfCaller(
            id=0,
            key_id=f"{kind}-{self._ids.nonce()[:8].hex()}",
            kind=kind,
            caller_id=caller_id,
            level=level,
            generation=before[-1].generation + 1 if before else 1,
            nonce=self._ids.nonce(),
            pepper=self._ids.pepper,
            request_digest=request_digest,
            created_at=now,
            used_at=None,
            ends_at=None,
        )
        return row._replace(id=books.add_key(row))

    def _enrolled(self, row: CredentialOfCaller) -> Reply:
        secret = self.secret_of(row)
        if secret is None:
            # Made under a master key that is in the key file no more: nobody can sign with it.
            return Refused(refusal=Refusal.ENROLMENT_CODE_INVALID)
        return Enrolled(
            kind=row.kind, caller_id=row.caller_id, key_id=row.key_id, secret=secret, level=row.level
        )

    def secret_of(self, row: CredentialOfCaller) -> Secret | None:
        """What a caller signs with; None when the key it was made with is not held any more."""
        about = f"{row.kind}\x1f{row.caller_id}\x1f{row.generation}\x1f{row.key_id}"
        return self._ids.secret(row.pepper, about, row.nonce)

    # --- the back office

    def revoke(self, command: RevokeCaller) -> Reply:
        """End all a caller has."""

        def act(books: Books, now: datetime) -> Outcome:
            if command.kind is CallerKind.CUSTOMER:
                member = books.member(command.caller_id)
                if member is not None:
                    books.end_sessions(member.member)
                    books.void_sms_codes(member.member)
                return Outcome()
            books.drop_enrolments(command.kind, command.caller_id)
            for row in books.keys_of(command.kind, command.caller_id):
                if caller_rules.is_good(row.ends_at, now):
                    books.set_key(row._replace(ends_at=now))
            return Outcome()

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: act(books, now))
            return Done() if row is not None else Refused(refusal=Refusal.ORDER_MISMATCH)

        return self._store.transact(work)

    def show(self, command: ShowCredentials) -> Reply:
        """A page of credentials."""
        if not 1 <= command.most <= MOST_SHOWN:
            raise CommandInvalid(f"most must be a whole number from 1 to {MOST_SHOWN}")
        rows = self._store.look(
            lambda books: books.keys_listed(
                command.kind, command.caller_id, command.after or 0, command.most + 1
            )
        )
        shown = rows[: command.most]
        return Credentials(
            credentials=tuple(
                Credential(
                    kind=row.kind, caller_id=row.caller_id, key_id=row.key_id, level=row.level,
                    created_at=row.created_at, used_at=row.used_at, ends_at=row.ends_at,
                )
                for row in shown
            ),
            next_after=shown[-1].id if len(rows) > len(shown) else None,
        )  # fmt: skip
