"""The table of routes: one command, one route."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from points_engine import calling
from points_engine import contract as c
from points_engine.contract import Command, Reply
from points_engine.wire.callers import CallerKind

PREFIX = "/v1"

TILL, CUSTOMER = CallerKind.TILL, CallerKind.CUSTOMER
COURIER, BACK_OFFICE, MERCHANT = CallerKind.COURIER, CallerKind.BACK_OFFICE, CallerKind.MERCHANT


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """How a command travels.

    `path` is a template: {name} is a field of the command. With no `callers` anybody may send it. `id_field` is the
    field that the Idempotency-Key header carries; None where the command has no id because asking twice is harmless by
    itself. `replies` are what comes back when it is not refused. `is_logged` is False for what is asked all day long.
    """

    command: type[Command]
    method: str
    path: str
    callers: frozenset[CallerKind]
    id_field: str | None
    replies: tuple[type[Reply], ...]
    is_logged: bool = True

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields in the path, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def _post(
    command: type[Command],
    path: str,
    id_field: str | None,
    callers: tuple[CallerKind, ...],
    *replies: type[Reply],
) -> Route:
    return Route(command, "POST", PREFIX + path, frozenset(callers), id_field, replies)


def _get(command: type[Command], path: str, callers: tuple[CallerKind, ...], *replies: type[Reply]) -> Route:
    return Route(command, "GET", PREFIX + path, frozenset(callers), None, replies)


_TAKERS = (TILL, COURIER, MERCHANT, BACK_OFFICE)
"""Who takes payments, and who may step in."""
_BOTH = (*_TAKERS, CUSTOMER)
"""Who has to do with a payment: who takes it, or who pays it."""
_ENROLLED = calling.ENROLLED
_ANYBODY: tuple[CallerKind, ...] = ()
_OFFICE = (BACK_OFFICE,)
_OWNER = (CUSTOMER, BACK_OFFICE)

ROUTES: tuple[Route, ...] = (
    _post(c.Charge, "/charges", "order_id", (TILL,), c.Payment),
    _post(c.ChargeOnDelivery, "/delivery-charges", "order_id", (COURIER,), c.Payment),
    _post(c.ChargeMember, "/shops/{shop_id}/charges", "order_id", (MERCHANT, BACK_OFFICE), c.Payment),
    _get(c.Query, "/payments/{order_id}", _BOTH, c.Payment),
    _post(c.AnswerChallenge, "/payments/{order_id}/answers", "answer_id", _BOTH, c.Payment),
    _post(c.SendSmsCode, "/payments/{order_id}/sms-codes", "request_id", _BOTH, c.SmsSent, c.Payment),
    _post(c.Cancel, "/payments/{order_id}/cancel", None, _BOTH, c.Payment),
    _post(c.Reverse, "/payments/{order_id}/reverse", None, _TAKERS, c.Payment),
    _post(c.Refund, "/payments/{order_id}/refunds", "refund_id", (TILL, MERCHANT, BACK_OFFICE), c.Refunded),
    _post(c.Approve, "/payments/{order_id}/approve", None, (CUSTOMER,), c.Payment),
    _post(c.Decline, "/payments/{order_id}/decline", None, (CUSTOMER,), c.Payment),
    _post(c.Accumulate, "/accumulations", "command_id", (TILL,), c.Accumulated),
    _post(c.IssueCode, "/members/{member_no}/codes", "command_id", _OWNER, c.CodeIssued),
    _get(c.ShowWaiting, "/members/{member_no}/waiting", _OWNER, c.Waiting),
    _get(c.ShowBalance, "/members/{member_no}/accounts/{asset}/balance", _OWNER, c.BalanceShown),
    _get(c.ShowStatement, "/members/{member_no}/accounts/{asset}/statement", _OWNER, c.Statement),
    _get(c.ShowExpiring, "/members/{member_no}/accounts/{asset}/expiring", _OWNER, c.Expiring),
    _post(c.SetPinFreeLimit, "/members/{member_no}/pin-free-limit", "command_id", _OWNER, c.Done),
    _post(c.StartRecovery, "/members/{member_no}/recovery", "request_id", _OWNER, c.SmsSent),
    _post(c.FinishRecovery, "/members/{member_no}/recovery/answers", "answer_id", _OWNER, c.Done),
    _post(c.EnrolMember, "/members", "command_id", _OFFICE, c.Done),
    _post(c.SetPin, "/members/{member_no}/pin", "command_id", _OFFICE, c.Done),
    _post(c.BindPhone, "/members/{member_no}/phone", "command_id", _OFFICE, c.Done),
    _post(c.SetFrozen, "/members/{member_no}/frozen", "command_id", _OFFICE, c.Done),
    _post(c.Credit, "/members/{member_no}/credits", "command_id", _OFFICE, c.Credited),
    _post(c.Grant, "/members/{member_no}/grants", "command_id", _OFFICE, c.Credited),
    _post(c.Adjust, "/members/{member_no}/adjustments", "command_id", _OFFICE, c.Credited),
    _post(c.EnrolTill, "/tills", "command_id", _OFFICE, c.Done),
    _post(c.EnrolCourier, "/couriers", "command_id", _OFFICE, c.Done),
    _post(c.Settle, "/shops/{shop_id}/settlements", None, _OFFICE, c.Settled),
    _post(calling.MakeEnrolmentCode, "/enrolment-codes", "command_id", _OFFICE, calling.EnrolmentCode),
    _post(calling.Enrol, "/enrolments", "request_id", _ANYBODY, calling.Enrolled),
    _post(calling.RenewCredential, "/credentials", "request_id", _ENROLLED, calling.Enrolled),
    replace(_get(calling.CheckIn, "/check-in", _ENROLLED, calling.CheckedIn), is_logged=False),
    _get(calling.ShowCredentials, "/credentials", _OFFICE, calling.Credentials),
    _post(calling.RevokeCaller, "/revocations", "command_id", _OFFICE, c.Done),
    _post(calling.StartSignIn, "/sign-ins", "request_id", _ANYBODY, calling.SignInStarted),
    _post(calling.FinishSignIn, "/sessions", "answer_id", _ANYBODY, calling.SignedIn),
    _post(calling.SignOut, "/sign-outs", None, _ANYBODY, c.Done),
)

ROUTE_OF: Mapping[type[Command], Route] = MappingProxyType({route.command: route for route in ROUTES})
