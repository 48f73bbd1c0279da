"""An example of every command and reply about who calls, and which refusals these commands may meet with."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from points_engine import calling
from points_engine.contract import Command, PhoneNumber, Refusal, Reply, Secret
from points_engine.wire.callers import CallerKind

_AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
_LATER = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)

REFUSALS_OF_CALLERS: Mapping[Any, tuple[Refusal, ...]] = MappingProxyType(
    {
        calling.MakeEnrolmentCode: (
            Refusal.NOT_PERMITTED,
            Refusal.TILL_NOT_ENROLLED,
            Refusal.ORDER_MISMATCH,
        ),
        calling.Enrol: (Refusal.ENROLMENT_CODE_INVALID,),
        calling.RenewCredential: (Refusal.ORDER_MISMATCH,),
        calling.CheckIn: (),
        calling.ShowCredentials: (),
        calling.RevokeCaller: (Refusal.ORDER_MISMATCH,),
        calling.StartSignIn: (
            Refusal.ORDER_MISMATCH,
            Refusal.PHONE_NOT_ALLOWED,
            Refusal.SMS_TOO_SOON,
            Refusal.SMS_LIMIT_REACHED,
        ),
        calling.FinishSignIn: (Refusal.SMS_CODE_EXPIRED, Refusal.SMS_CODE_WRONG),
        calling.SignOut: (),
    }
)
"""By command, as `described_refusals` has those of the others."""


def caller_commands() -> Iterator[Command]:
    """One of each that takes something."""
    yield calling.MakeEnrolmentCode(command_id="n-1", kind=CallerKind.TILL, caller_id="till-1")
    yield calling.Enrol(request_id="q7JkT0", code=Secret("7K3MP-9QX2R"))
    yield calling.RenewCredential(request_id="w2Lm9x", key_id="k-81f2")
    yield calling.RevokeCaller(command_id="x-1", kind=CallerKind.TILL, caller_id="till-1")
    yield calling.StartSignIn(request_id="y-1", phone=PhoneNumber("+8613812345678"))
    yield calling.FinishSignIn(sign_in_id="y-1", answer_id="z8RtQ4", sms_code=Secret("604218"))
    yield calling.SignOut(token=Secret("mB2x-example-token"))


def caller_replies() -> Iterator[tuple[str, Reply]]:
    """Each reply with what it shows."""
    yield "enrolment_code", calling.EnrolmentCode(code=Secret("7K3MP-9QX2R"), expires_at=_LATER)
    yield (
        "enrolled",
        calling.Enrolled(
            kind=CallerKind.TILL, caller_id="till-1", key_id="k-81f2", secret=Secret("example-secret")
        ),
    )
    yield (
        "checked_in",
        calling.CheckedIn(at=_AT, key_id="k-81f2", renew_at=_LATER + timedelta(days=30), ends_at=None),
    )
    yield (
        "credentials",
        calling.Credentials(
            credentials=(
                calling.Credential(
                    kind=CallerKind.TILL,
                    caller_id="till-1",
                    key_id="k-81f2",
                    level=None,
                    created_at=_AT,
                    used_at=_LATER,
                    ends_at=None,
                ),
            ),
            next_after=None,
        ),
    )
    yield "sign_in_started", calling.SignInStarted(expires_at=_LATER, resend_at=_LATER)
    yield (
        "signed_in",
        calling.SignedIn(
            member_no="8600123", token=Secret("mB2x-example-token"), idle_seconds=900, ends_at=_LATER
        ),
    )
