"""What the engine asks of the world to know who calls: rows, reads and writes, and secrets.

`CallerBooks` is the part of `Books` that only this needs. Rows are immutable values; times are aware UTC datetimes.
"""

import abc
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.calling import CallerKind
from points_engine.contract import Channel, PhoneNumber, Secret, StaffLevel, Taker


class CredentialOfCaller(NamedTuple):
    """A credential as stored: nothing in it is of use without the key outside the database. `id` is 0 until stored.

    Its secret is made from `nonce`, whose it is and `generation`, under the master key named by `pepper`.
    `request_digest` knows the request again that made it. `used_at` is None until it is first used, `ends_at` until
    its end is settled. `change` grows with every change of any credential; 0 until the first.
    """

    id: int
    key_id: str
    kind: CallerKind
    caller_id: str
    level: StaffLevel | None
    generation: int
    nonce: bytes
    pepper: str
    request_digest: bytes
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None
    change: int = 0


class EnrolmentRow(NamedTuple):
    """A single-use code, known by a keyed digest; `credential` is the one it became, None until it is used."""

    digest: bytes
    kind: CallerKind
    caller_id: str
    level: StaffLevel | None
    expires_at: datetime
    credential: int | None


class SessionRow(NamedTuple):
    """A customer's session, known by a keyed digest of its token. `id` is 0 until stored."""

    id: int
    digest: bytes
    member: int
    member_no: str
    created_at: datetime
    seen_at: datetime


class SignInRow(NamedTuple):
    """A sign-in that was started, for a phone that is known by its keyed number. `id` is 0 until stored.

    `has_code` says whether an SMS code was sent: not when nobody has this phone. `is_live` until it is answered,
    replaced, or its tries are used up. `answer_digest` knows the right answer again.
    """

    id: int
    request_id: str
    phone_key: int
    has_code: bool
    is_live: bool
    failures: int
    answer_digest: bytes | None
    sent_at: datetime
    expires_at: datetime


class PhonesOwner(NamedTuple):
    """A member who has a phone."""

    member: int
    member_no: str


class CallCount(NamedTuple):
    """So many more calls of a subject, known by a keyed number, in a window: its number, and when it is over."""

    subject: int
    window: int
    calls: int
    ends_at: datetime


class CallerBooks(abc.ABC):
    """The reads and writes of one transaction that have to do with who calls."""

    # --- credentials

    @abc.abstractmethod
    def has_taker(self, channel: Channel, taker_id: str) -> bool:
        """Whether a till, courier or order page is enrolled."""

    @abc.abstractmethod
    def taker_of(self, order_id: str) -> Taker | None:
        """Who took an order's payment, or reversed it before it came."""

    @abc.abstractmethod
    def payer_of(self, order_id: str) -> str | None:
        """The member_no of whoever pays an order; None when it is unknown."""

    @abc.abstractmethod
    def enrolment(self, digest: bytes) -> EnrolmentRow | None:
        """An enrolment code."""

    @abc.abstractmethod
    def add_enrolment(self, row: EnrolmentRow) -> None:
        """Keep a fresh code."""

    @abc.abstractmethod
    def use_enrolment(self, digest: bytes, credential: int) -> None:
        """A code has become a credential."""

    @abc.abstractmethod
    def drop_enrolments(self, kind: CallerKind, caller_id: str) -> None:
        """Forget a caller's codes."""

    @abc.abstractmethod
    def key(self, key_id: str) -> CredentialOfCaller | None:
        """A credential by its key's id."""

    @abc.abstractmethod
    def key_numbered(self, number: int) -> CredentialOfCaller:
        """The credential of this id, which exists."""

    @abc.abstractmethod
    def key_of_request(self, request_digest: bytes) -> CredentialOfCaller | None:
        """The credential a request made."""

    @abc.abstractmethod
    def keys_of(self, kind: CallerKind, caller_id: str) -> Sequence[CredentialOfCaller]:
        """A caller's credentials, oldest first."""

    @abc.abstractmethod
    def keys_listed(
        self, kind: CallerKind, caller_id: str | None, after: int, most: int
    ) -> Sequence[CredentialOfCaller]:
        """The next credentials of a kind, or of one caller, after the one with this id (0: from the first)."""

    @abc.abstractmethod
    def keys_changed(self, since: int) -> Sequence[CredentialOfCaller]:
        """The credentials whose `change` is this or larger, in its order."""

    @abc.abstractmethod
    def add_key(self, row: CredentialOfCaller) -> int:
        """Keep a fresh credential and return its id."""

    @abc.abstractmethod
    def set_key(self, row: CredentialOfCaller) -> None:
        """Write down a credential's first use and end, as the newest change of all."""

    # --- sessions

    @abc.abstractmethod
    def members_with_phone(self, phone: PhoneNumber, most: int) -> Sequence[PhonesOwner]:
        """The first members who have this phone."""

    @abc.abstractmethod
    def sign_in(self, request_id: str) -> SignInRow | None:
        """A sign-in that was started."""

    @abc.abstractmethod
    def sign_ins_of(self, phone_key: int, since: datetime) -> Sequence[SignInRow]:
        """The sign-ins started for a phone after `since`, oldest first."""

    @abc.abstractmethod
    def add_sign_in(self, row: SignInRow) -> None:
        """Keep a sign-in."""

    @abc.abstractmethod
    def set_sign_in(self, row: SignInRow) -> None:
        """Write down whether a sign-in is live, its failures and its right answer."""

    @abc.abstractmethod
    def session(self, digest: bytes) -> SessionRow | None:
        """A session that was not ended; old ones included."""

    @abc.abstractmethod
    def sessions(self, digests: Sequence[bytes]) -> Sequence[SessionRow]:
        """Those of these sessions that were not ended, in no order; old ones included."""

    @abc.abstractmethod
    def add_session(self, row: SessionRow) -> None:
        """Keep a fresh session."""

    @abc.abstractmethod
    def see_session(self, session: int, at: datetime) -> None:
        """A session is in use."""

    @abc.abstractmethod
    def end_session(self, digest: bytes) -> None:
        """Forget a session, if it is there."""

    @abc.abstractmethod
    def end_sessions(self, member: int) -> None:
        """Forget all sessions of a member."""

    @abc.abstractmethod
    def forget_callers(self, expired_by: datetime, started_by: datetime, sessions_by: datetime) -> None:
        """Forget codes that expired, sign-ins that were started, and sessions that were created, by these times."""

    # --- how often they call

    @abc.abstractmethod
    def count_calls(self, calls: Sequence[CallCount]) -> Sequence[int]:
        """Add to counts, each of another subject or window; says each as it then stands, in their order."""

    @abc.abstractmethod
    def forget_calls(self, ended_by: datetime) -> None:
        """Forget the counts of windows that were over by then."""


class CredentialSecrets(abc.ABC):
    """Makes the secrets of credentials with the key outside the database."""

    @property
    @abc.abstractmethod
    def pepper(self) -> str:
        """The name of the key that fresh secrets are made with."""

    @abc.abstractmethod
    def secret(self, pepper: str, about: str, nonce: bytes) -> Secret | None:
        """The secret that belongs to a text and a nonce: always the same, unguessable without the key of this name.

        None when that key is not held any more.
        """
