"""What callers and the engine say to each other about who calls: enrolling, credentials, signing in and out.

A part of the contract, for whoever calls over a network; an engine in the till's own process asks nobody who they are.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from points_engine.money_back import StaffLevel
from points_engine.proving import PhoneNumber
from points_engine.secrecy import Secret


class CallerKind(enum.StrEnum):
    """The kinds of caller, each known by an id of its own."""

    TILL = "till"
    """A till, by its till_id; it signs its requests."""
    COURIER = "courier"
    """A courier's device, by its courier_id; it signs its requests."""
    MERCHANT = "merchant"
    """A shop's own order server, by the shop_id: what a signed-in member buys on the order page."""
    CUSTOMER = "customer"
    """A member on their own phone, by their member_no; signed in by SMS for a while."""
    BACK_OFFICE = "back_office"
    """An operator of the back office, by name, with a level."""


ENROLLED = (CallerKind.TILL, CallerKind.COURIER, CallerKind.MERCHANT, CallerKind.BACK_OFFICE)
"""Those who get a credential by a single-use code; customers sign in instead."""


# --- commands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeEnrolmentCode:
    """A single-use code by which a till, courier, order server or operator gets a credential. Replies EnrolmentCode.

    `level` is an operator's, and nobody else's. Refuses TILL_NOT_ENROLLED when there is no such till, courier or shop,
    NOT_PERMITTED for a kind that is not enrolled, or for a level where there is none.
    """

    command_id: str
    kind: CallerKind
    caller_id: str
    level: StaffLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """A code for a credential: works once, within its lifetime. Replies Enrolled.

    `request_id` is the caller's own and unguessable; with it the same code gives the same credential again, in case the
    first reply got lost. What credentials the caller had go on for a while after the new one is first used. Refuses
    ENROLMENT_CODE_INVALID.
    """

    request_id: str
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewCredential:
    """A new credential for whoever calls with the key `key_id`. Replies Enrolled; repeated, the same one.

    The old one goes on for a while after the new one is first used. Refuses NOT_PERMITTED when the key is no longer
    good, ORDER_MISMATCH when the request was another key's.
    """

    request_id: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Is the engine there, what is its time, and how is it with the key `key_id` that asks? Replies CheckedIn.

    Changes nothing, and is for asking all day long. Refuses NOT_PERMITTED when there is no such key.
    """

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCaller:
    """End all credentials and codes of a caller at once; for a customer, all their sessions. Replies Done.

    Whoever was never enrolled is Done too.
    """

    command_id: str
    kind: CallerKind
    caller_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCredentials:
    """Credentials of a kind, or those of one caller alone, oldest first. Replies Credentials.

    At most `most` (1 to 500); `after` is the last page's `next_after`.
    """

    kind: CallerKind
    caller_id: str | None = None
    after: int | None = None
    most: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSignIn:
    """Send a code to a phone, to sign in with. Replies SignInStarted, whether or not anybody has this phone.

    When several members share a phone, `member_no` says who signs in; without it no code is sent to such a phone.
    `request_id` makes a repeated sending one message. Refuses PHONE_NOT_ALLOWED, and SMS_TOO_SOON or
    SMS_LIMIT_REACHED with `wait_seconds`, all of them for any phone alike.
    """

    request_id: str
    phone: PhoneNumber
    member_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishSignIn:
    """The code from the phone, for the StartSignIn whose request_id is `sign_in_id`. Replies SignedIn.

    `answer_id` is the caller's own and unguessable; the same right answer with it gives the same session again. Refuses
    SMS_CODE_WRONG with the tries left and SMS_CODE_EXPIRED, for any phone alike.
    """

    sign_in_id: str
    answer_id: str
    sms_code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """End the session of this token. Replies Done, also when it had ended before."""

    token: Secret


CallerCommand = (
    MakeEnrolmentCode | Enrol | RenewCredential | CheckIn | RevokeCaller | ShowCredentials | StartSignIn
    | FinishSignIn | SignOut
)  # fmt: skip

# --- replies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentCode:
    """A code to type into a till's set-up: good until, not including, `expires_at`."""

    code: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A credential: `points_engine.signing` says how requests are signed with it. Keep the secret like a key."""

    kind: CallerKind
    caller_id: str
    key_id: str
    secret: Secret
    level: StaffLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    """All is well between this key and the engine, whose time is `at`.

    From `renew_at` on the key is to be renewed: at once where the engine's own key was changed since it was made.
    `ends_at` is when it ends, which is settled when a newer one of the same caller was used.
    """

    at: datetime
    key_id: str
    renew_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as the back office may see it: without its secret, which is stored nowhere.

    `used_at` is when it was first used; `ends_at` from when on it is no longer good, if that is settled.
    """

    kind: CallerKind
    caller_id: str
    key_id: str
    level: StaffLevel | None
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A page of credentials; `next_after` asks for the next page, None: this was the last."""

    credentials: tuple[Credential, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInStarted:
    """If the phone is a member's, a code is on its way to it; another one may be asked for at `resend_at`."""

    expires_at: datetime
    resend_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session: its token is sent as `Authorization: Bearer …`.

    It ends after `idle_seconds` without a request, and at `ends_at` in any case.
    """

    member_no: str
    token: Secret
    idle_seconds: int
    ends_at: datetime


CallerReply = EnrolmentCode | Enrolled | CheckedIn | Credentials | SignInStarted | SignedIn
