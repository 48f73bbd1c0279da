"""Which refusals each command may meet with, as its route's document lists them, and an example of each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from points_engine import contract as c
from points_engine.amounts import Amount, Asset
from points_engine.contract import Refusal, Refused
from points_engine.http.described_callers import REFUSALS_OF_CALLERS

_MEMBERS: tuple[Refusal, ...] = (Refusal.MEMBER_UNKNOWN, Refusal.ORDER_MISMATCH)
_CHARGES = (Refusal.TILL_NOT_ENROLLED, Refusal.ORDER_MISMATCH)
_GIFTS = (*_MEMBERS, Refusal.AMOUNT_NOT_ALLOWED, Refusal.EXPIRY_NOT_ALLOWED)
_SMS = (Refusal.ACCOUNT_FROZEN, Refusal.PHONE_NOT_BOUND, Refusal.SMS_TOO_SOON, Refusal.SMS_LIMIT_REACHED)
_NEW_PIN = (Refusal.PIN_NOT_ALLOWED, Refusal.PIN_TOO_SIMPLE)

REFUSALS_OF: Mapping[Any, tuple[Refusal, ...]] = MappingProxyType(
    {
        **REFUSALS_OF_CALLERS,
        c.Charge: _CHARGES,
        c.ChargeOnDelivery: _CHARGES,
        c.ChargeMember: _CHARGES,
        c.Query: (Refusal.ORDER_UNKNOWN,),
        c.AnswerChallenge: (
            Refusal.ORDER_UNKNOWN,
            Refusal.ORDER_MISMATCH,
            Refusal.PIN_NOT_SET,
            Refusal.SEALED_PIN_INVALID,
            Refusal.PIN_LOCKED,
            Refusal.PIN_WRONG,
            Refusal.SMS_CODE_EXPIRED,
            Refusal.SMS_CODE_WRONG,
        ),
        c.SendSmsCode: (Refusal.ORDER_UNKNOWN, Refusal.ORDER_MISMATCH, *_SMS),
        c.Cancel: (Refusal.ORDER_UNKNOWN,),
        c.Reverse: (Refusal.TILL_NOT_ENROLLED,),
        c.Refund: (
            Refusal.TILL_NOT_ENROLLED,
            Refusal.ORDER_MISMATCH,
            Refusal.ORDER_UNKNOWN,
            Refusal.AMOUNT_NOT_ALLOWED,
            Refusal.NOT_REFUNDABLE,
            Refusal.REFUND_TOO_LARGE,
        ),
        c.Approve: (Refusal.ORDER_UNKNOWN,),
        c.Decline: (Refusal.ORDER_UNKNOWN,),
        c.Accumulate: (Refusal.TILL_NOT_ENROLLED, *_GIFTS),
        c.IssueCode: _MEMBERS,
        c.ShowWaiting: (Refusal.MEMBER_UNKNOWN,),
        c.ShowBalance: (Refusal.MEMBER_UNKNOWN,),
        c.ShowStatement: (Refusal.MEMBER_UNKNOWN,),
        c.ShowExpiring: (Refusal.MEMBER_UNKNOWN,),
        c.SetPinFreeLimit: (*_MEMBERS, Refusal.AMOUNT_NOT_ALLOWED),
        c.StartRecovery: (*_MEMBERS, *_SMS),
        c.FinishRecovery: (
            *_MEMBERS,
            Refusal.ACCOUNT_FROZEN,
            *_NEW_PIN,
            Refusal.PIN_LOCKED,
            Refusal.SMS_CODE_EXPIRED,
            Refusal.SMS_CODE_WRONG,
        ),
        c.EnrolMember: (Refusal.MEMBER_EXISTS, Refusal.ORDER_MISMATCH),
        c.SetPin: (*_MEMBERS, *_NEW_PIN),
        c.BindPhone: (*_MEMBERS, Refusal.PHONE_NOT_ALLOWED),
        c.SetFrozen: _MEMBERS,
        c.Credit: _GIFTS,
        c.Grant: _GIFTS,
        c.Adjust: (*_GIFTS, Refusal.BALANCE_TOO_LOW),
        c.EnrolTill: (Refusal.ORDER_MISMATCH,),
        c.EnrolCourier: (Refusal.ORDER_MISMATCH,),
        c.Settle: (Refusal.SHOP_UNKNOWN, Refusal.DAY_NOT_OVER, Refusal.DAY_NOT_SETTLED),
    }
)
"""By command. What every route with callers may refuse (NOT_PERMITTED, TILL_NOT_ENROLLED) is not repeated."""

_PARTICULARS: Mapping[Refusal, dict[str, Any]] = MappingProxyType(
    {
        Refusal.PIN_WRONG: {"tries_left": 2},
        Refusal.SMS_CODE_WRONG: {"tries_left": 2},
        Refusal.PIN_LOCKED: {"tries_left": 0, "wait_seconds": 60},
        Refusal.SMS_TOO_SOON: {"wait_seconds": 42},
        Refusal.SMS_LIMIT_REACHED: {"wait_seconds": 3600},
        Refusal.BALANCE_TOO_LOW: {"available": Amount(Asset.POINTS, 320)},
    }
)


def example_of(refusal: Refusal) -> Refused:
    """A refusal with the particulars it may have."""
    return Refused(refusal=refusal, **_PARTICULARS.get(refusal, {}))
