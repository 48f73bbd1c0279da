"""Whose an order or a member is: a till acts only as itself and on its own orders, a customer only on their own.

What a credential says is filled into a command before it comes here (`points_engine.wire.commands`); what is looked at
here holds however a command was made.
"""

from collections.abc import Callable, Mapping
from typing import Any

from points_engine.calling import (
    CallerKind,
    CheckIn,
    MakeEnrolmentCode,
    RenewCredential,
    RevokeCaller,
    ShowCredentials,
)
from points_engine.contract import (
    Accumulate,
    Actor,
    Adjust,
    AnswerChallenge,
    BindPhone,
    Cancel,
    CanceledBy,
    Charge,
    ChargeMember,
    ChargeOnDelivery,
    Command,
    Credit,
    EnrolCourier,
    EnrolTill,
    Grant,
    Query,
    Refund,
    Refusal,
    Refused,
    Reverse,
    SendSmsCode,
    SetPin,
    Settle,
    StaffLevel,
)
from points_engine.ports import Books, Store
from points_engine.wire.callers import Caller

_OF_AN_ORDER = (Query, AnswerChallenge, SendSmsCode, Cancel, Reverse)
"""What is done to an order that is there already."""

MANAGERS = (
    MakeEnrolmentCode, RevokeCaller, ShowCredentials, EnrolTill, EnrolCourier, Credit, Grant, Adjust, SetPin,
    BindPhone, Settle,
)  # fmt: skip
"""What an operator needs a manager's level for: who may call, and what makes points out of nothing."""


class Ownership:
    """Says whether a caller may send a command; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def refusal(self, caller: Caller, command: Command) -> Refused | None:
        """NOT_PERMITTED when it is about somebody else; None when the caller may. May ask the store.

        That this kind of caller may send such a command at all, its route says. Raises EngineFault.
        """
        may = _ACTS_AS_ITSELF[caller.kind](caller, command)
        if may and self.asks_the_store(caller, command):
            may = self._store.look(lambda books: _is_own(books, caller, command))
        return None if may else Refused(refusal=Refusal.NOT_PERMITTED)

    @staticmethod
    def asks_the_store(caller: Caller, command: Command) -> bool:
        """Whether `refusal` has to look something up: never for a charge."""
        if caller.kind is CallerKind.BACK_OFFICE:
            return False
        # A till may refund what another till of its shop took; the engine sees to it that it is the same shop.
        refunds_online = isinstance(command, Refund) and caller.kind is CallerKind.MERCHANT
        return isinstance(command, _OF_AN_ORDER) or refunds_online


def _is_own(books: Books, caller: Caller, command: Any) -> bool:
    """Whether an order is the caller's; one that is not there yet is anybody's, except the payer's and for refunds."""
    if caller.kind is CallerKind.CUSTOMER:
        return books.payer_of(command.order_id) == caller.caller_id
    taker = books.taker_of(command.order_id)
    return taker is None or taker == caller.taker


def _is_till(caller: Caller, command: Any) -> bool:
    if isinstance(command, Charge | Accumulate | Refund):
        return bool(command.till_id == caller.caller_id)
    return _is_taker(caller, command)


def _is_courier(caller: Caller, command: Any) -> bool:
    if isinstance(command, ChargeOnDelivery):
        return command.courier_id == caller.caller_id
    return _is_taker(caller, command)


def _is_merchant(caller: Caller, command: Any) -> bool:
    if isinstance(command, ChargeMember):
        return command.shop_id == caller.caller_id
    if isinstance(command, Refund):
        return command.till_id is None
    return _is_taker(caller, command)


def _is_taker(caller: Caller, command: Any) -> bool:
    if isinstance(command, Reverse):
        return command.taker == caller.taker
    if isinstance(command, RenewCredential | CheckIn):
        return command.key_id == caller.key_id
    return isinstance(command, _OF_AN_ORDER)


def _is_customer(caller: Caller, command: Any) -> bool:
    if isinstance(command, Cancel):
        return command.by is CanceledBy.CUSTOMER
    if isinstance(command, _OF_AN_ORDER):
        return not isinstance(command, Reverse)
    return bool(getattr(command, "member_no", None) == caller.caller_id)


def _is_operator(caller: Caller, command: Any) -> bool:
    if isinstance(command, MANAGERS) and caller.level is not StaffLevel.MANAGER:
        return False
    if isinstance(command, Refund):
        return command.actor == Actor(name=caller.caller_id, level=caller.level or StaffLevel.CASHIER)
    if isinstance(command, Adjust):
        return command.actor == caller.caller_id
    return not isinstance(command, RenewCredential | CheckIn) or command.key_id == caller.key_id


_ACTS_AS_ITSELF: Mapping[CallerKind, Callable[[Caller, Command], bool]] = {
    CallerKind.TILL: _is_till,
    CallerKind.COURIER: _is_courier,
    CallerKind.MERCHANT: _is_merchant,
    CallerKind.CUSTOMER: _is_customer,
    CallerKind.BACK_OFFICE: _is_operator,
}
