"""Who calls: a signed request or a token in, a caller out; what a node knows of credentials, it knows for seconds.

Nearly every request is answered from memory. A node reads from time to time (`refresh`) which credentials were changed
anywhere, and believes what it has in memory only while that reading is fresh.
"""

import enum
import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from points_engine import caller_rules
from points_engine.caller_ports import CredentialOfCaller, SessionRow
from points_engine.calling import CallerKind
from points_engine.contract import Secret
from points_engine.engine.enrolments import Enrolments
from points_engine.engine.scheme import Scheme
from points_engine.engine.sign_ins import session_digest
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.signing import (
    AuthorizationInvalid,
    Bearer,
    Signature,
    is_signed_by,
    parse_authorization,
)
from points_engine.wire.callers import Caller

MOST_KNOWN = 100_000
"""Of more credentials, or sessions, a node forgets those it learnt first."""

BEARERS = frozenset({CallerKind.MERCHANT, CallerKind.BACK_OFFICE})
"""Those who may send `key_id.secret` as a bearer token, over TLS; tills and couriers sign."""

_LOOKED_AT_AGAIN = timedelta(seconds=60)
"""Whatever the feed of changes says, a credential in memory is read anew this often."""

_OVERLAP = 64
"""So many changes are read again each time: one that was numbered before others may become visible after them."""


class Call(NamedTuple):
    """What of a request is authenticated: `target` is path and query, headers are as sent, empty when missing."""

    method: str
    target: str
    body: bytes
    authorization: str
    idempotency_key: str


class Reason(enum.Enum):
    """Why a request is nobody's. Which of a key's troubles it is (unknown, revoked, altered) is nobody's to learn."""

    NOT_SIGNED_IN = enum.auto()
    """No credential, a token that is not good, or a header that is none."""
    NOT_ENROLLED = enum.auto()
    """A signature that is not good."""
    CLOCK_WRONG = enum.auto()
    """A good signature, too long ago or ahead."""


class NotAccepted(NamedTuple):
    """A request that is nobody's; `now` is the engine's time, from which a client learns how its clock is off.

    `problem` says what is wrong with the header's form, if that is it.
    """

    reason: Reason
    now: datetime
    problem: str | None = None


class Standing(NamedTuple):
    """By what a request was accepted: a key's id, or what a session is known by. Nothing in it opens anything."""

    key_id: str
    session: bytes


class _Known(NamedTuple):
    row: CredentialOfCaller
    secret: Secret
    read_at: datetime


class _Session(NamedTuple):
    row: SessionRow
    read_at: datetime


class Authentication:
    """Tells who calls; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, enrolments: Enrolments) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._rules = scheme.callers
        self._enrolments = enrolments
        self._lock = threading.Lock()
        self._keys: dict[str, _Known] = {}
        self._sessions: dict[bytes, _Session] = {}
        self._fresh_at: datetime | None = None
        self._change = 0
        self._readings = 0

    def authenticate(self, call: Call) -> Caller | NotAccepted:
        """Who calls, or why nobody does. May ask the store. Raises EngineFault."""
        decided = self._decide(call, may_ask=True)
        assert decided is not None
        return decided

    def recognise(self, call: Call) -> Caller | NotAccepted | None:
        """As `authenticate`, from memory alone; None when the store has to be asked."""
        return self._decide(call, may_ask=False)

    def _decide(self, call: Call, *, may_ask: bool) -> Caller | NotAccepted | None:
        now = self._clock.now()
        if not call.authorization:
            return NotAccepted(Reason.NOT_SIGNED_IN, now)
        try:
            given = parse_authorization(call.authorization)
        except AuthorizationInvalid as invalid:
            return NotAccepted(Reason.NOT_SIGNED_IN, now, str(invalid))
        if isinstance(given, Signature):
            return self._by_signature(call, given, now, may_ask=may_ask)
        key_id, dot, secret = given.token.reveal().partition(".")
        if dot:
            return self._by_key(key_id, Secret(secret), now, may_ask=may_ask)
        return self._by_session(given, now, may_ask=may_ask)

    def has_met(self, call: Call) -> bool:
        """Whether this node knows the credential or session that a request names, if perhaps from some time ago."""
        try:
            given = parse_authorization(call.authorization)
        except AuthorizationInvalid:
            return False
        if isinstance(given, Signature):
            return given.key_id in self._keys
        token = given.token.reveal()
        return token.partition(".")[0] in self._keys or session_digest(self._ids, token) in self._sessions

    # --- what goes on after its request

    def standing(self, authorization_header: str) -> Standing:
        """By what a request was accepted that carried this header."""
        given = parse_authorization(authorization_header)
        if isinstance(given, Signature):
            return Standing(given.key_id, b"")
        key_id, dot, _secret = given.token.reveal().partition(".")
        return Standing(key_id, b"") if dot else Standing("", session_digest(self._ids, given.token.reveal()))

    def ended(self, standings: Collection[Standing]) -> set[Standing]:
        """Those of these that would not be accepted any more. Asks the store about all sessions at once.

        It is no use of a session: that rests all the while. Raises EngineFault.
        """
        now = self._clock.now()
        good = {Standing(key_id, b"") for key_id, _ in standings if key_id and self._is_good(key_id, now)}
        digests = [session for _, session in standings if session]
        rows = self._store.look(lambda books: books.sessions(digests)) if digests else ()
        good |= {
            Standing("", row.digest)
            for row in rows
            if now < caller_rules.session_end(row.created_at, row.seen_at, self._rules)
        }
        return set(standings) - good

    def _is_good(self, key_id: str, now: datetime) -> bool:
        known = self._key(key_id, now) or self._learn(key_id)
        return known is not None and caller_rules.is_good(known.row.ends_at, now)

    # --- credentials

    def _by_signature(
        self, call: Call, given: Signature, now: datetime, *, may_ask: bool
    ) -> Caller | NotAccepted | None:
        known = self._key(given.key_id, now)
        if known is None:
            if not may_ask:
                return None
            known = self._learn(given.key_id)
        if (
            known is None
            or not caller_rules.is_good(known.row.ends_at, now)
            or not is_signed_by(
                known.secret, given, call.method, call.target, call.body, call.idempotency_key
            )
        ):
            return NotAccepted(Reason.NOT_ENROLLED, now)
        if not caller_rules.is_in_time(given.at, now, self._rules):
            return NotAccepted(Reason.CLOCK_WRONG, now)
        return self._caller(known, now, may_ask=may_ask)

    def _by_key(
        self, key_id: str, secret: Secret, now: datetime, *, may_ask: bool
    ) -> Caller | NotAccepted | None:
        known = self._key(key_id, now)
        if known is None:
            if not may_ask:
                return None
            known = self._learn(key_id)
        if (
            known is None
            or known.row.kind not in BEARERS
            or not caller_rules.is_good(known.row.ends_at, now)
            or known.secret != secret
        ):
            return NotAccepted(Reason.NOT_SIGNED_IN, now)
        return self._caller(known, now, may_ask=may_ask)

    def _caller(self, known: _Known, now: datetime, *, may_ask: bool) -> Caller | NotAccepted | None:
        if known.row.used_at is None:
            if not may_ask:
                return None
            self._store.transact(lambda books: self._first_use(books, known.row.key_id, now))
            self._learn(known.row.key_id)
        return Caller(known.row.kind, known.row.caller_id, known.row.key_id, known.row.level)

    def _first_use(self, books: Books, key_id: str, now: datetime) -> None:
        """From now on the credential is the caller's, and older ones come to their end."""
        row = books.key(key_id)
        if row is None or row.used_at is not None:
            return
        for older in books.keys_of(row.kind, row.caller_id):
            if older.generation < row.generation:
                ends_at = caller_rules.end_of_older(older.ends_at, now, self._rules)
                if ends_at != older.ends_at:
                    books.set_key(older._replace(ends_at=ends_at))
        books.set_key(row._replace(used_at=now))

    # --- what is known of them

    def _key(self, key_id: str, now: datetime) -> _Known | None:
        """A credential as this node knows it; None when it has to be read."""
        known, fresh_at = self._keys.get(key_id), self._fresh_at
        if known is None or fresh_at is None:
            return None
        if abs(now - fresh_at) > self._rules.believed_for or abs(now - known.read_at) > _LOOKED_AT_AGAIN:
            return None
        return known

    def _learn(self, key_id: str) -> _Known | None:
        """Read a credential, and keep it unless changes were read meanwhile: it might be as it was before them."""
        while True:
            readings = self._readings
            row = self._store.look(lambda books: books.key(key_id))
            secret = None if row is None else self._enrolments.secret_of(row)
            if row is None or secret is None:
                return None
            known = _Known(row, secret, self._clock.now())
            with self._lock:
                if readings == self._readings:
                    self._keys.pop(key_id, None)
                    self._keys[key_id] = known
                    if len(self._keys) > MOST_KNOWN:
                        del self._keys[next(iter(self._keys))]
                    return known

    def refresh(self) -> None:
        """Learn what was changed anywhere; called every `credentials_refresh_seconds`. Raises EngineFault."""
        now = self._clock.now()
        changed = self._store.look(lambda books: books.keys_changed(self._change - _OVERLAP))
        with self._lock:
            self._readings += 1
            for row in changed:
                known = self._keys.get(row.key_id)
                if known is not None:
                    self._keys[row.key_id] = known._replace(row=row)
                self._change = max(self._change, row.change)
            if self._fresh_at is None:
                # Whatever was read before the first reading of changes may be older than it.
                self._keys.clear()
            self._fresh_at = now
            gone = [
                digest
                for digest, each in self._sessions.items()
                if abs(now - each.read_at) > self._rules.believed_for
            ]
            for digest in gone:
                del self._sessions[digest]

    # --- sessions

    def _by_session(self, given: Bearer, now: datetime, *, may_ask: bool) -> Caller | NotAccepted | None:
        digest = session_digest(self._ids, given.token.reveal())
        known = self._sessions.get(digest)
        if known is None or abs(now - known.read_at) > self._rules.believed_for:
            if not may_ask:
                return None
            known = self._read_session(digest, now)
        if known is None or now >= caller_rules.session_end(
            known.row.created_at, known.row.seen_at, self._rules
        ):
            return NotAccepted(Reason.NOT_SIGNED_IN, now)
        if caller_rules.wants_seen(known.row.seen_at, now, self._rules):
            if not may_ask:
                return None
            known = self._see(digest, known.row, now)
        return Caller(CallerKind.CUSTOMER, known.row.member_no)

    def _read_session(self, digest: bytes, now: datetime) -> _Session | None:
        row = self._store.look(lambda books: books.session(digest))
        return None if row is None else self._keep(digest, _Session(row, now))

    def _see(self, digest: bytes, row: SessionRow, now: datetime) -> _Session:
        self._store.transact(lambda books: books.see_session(row.id, now))
        return self._keep(digest, _Session(row._replace(seen_at=now), now))

    def _keep(self, digest: bytes, known: _Session) -> _Session:
        with self._lock:
            self._sessions.pop(digest, None)
            self._sessions[digest] = known
            if len(self._sessions) > MOST_KNOWN:
                del self._sessions[next(iter(self._sessions))]
        return known

    def forget_session(self, token: Secret) -> None:
        """A session was ended through this node: it is not believed a moment longer."""
        with self._lock:
            self._sessions.pop(session_digest(self._ids, token.reveal()), None)
