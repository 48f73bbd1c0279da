"""An example of every command and reply, for the API's document. They are values of the contract, so they are true."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from points_engine import contract as c
from points_engine.amounts import Amount, Asset
from points_engine.http.described_callers import caller_commands, caller_replies

_AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
_LATER = datetime(2026, 3, 2, 4, 1, tzinfo=UTC)
_DAY = date(2026, 3, 2)
_300 = Amount(Asset.POINTS, 300)
_ORDER = "till-1-20260302-000123"
_MEMBER = "8600123"
_PAYMENT = c.Payment(
    order_id=_ORDER,
    state=c.PaymentState.SUCCEEDED,
    amount=_300,
    at=_AT,
    member="王*",
    balance=Amount(Asset.POINTS, 2_900),
    parts=(c.PaymentPart(taken=_300, worth=_300),),
)
_SENT = c.SmsSent(sent_to="•••5678", delivery=c.SmsDelivery.SENT, expires_at=_LATER, resend_at=_LATER)
_OPEN = c.Payment(
    order_id=_ORDER,
    state=c.PaymentState.REQUIRES_ACTION,
    amount=Amount(Asset.POINTS, 5_000),
    at=_AT,
    member="王*",
    challenge=c.Challenge(
        kinds=(c.ChallengeKind.PIN, c.ChallengeKind.SMS_CODE),
        tries_left=3,
        expires_at=_LATER,
        seal_to=c.SealTo(public_key=bytes(32), nonce=bytes(16)),
        phone="•••5678",
    ),
)
_FAILED = c.Payment(
    order_id=_ORDER,
    state=c.PaymentState.FAILED,
    amount=Amount(Asset.POINTS, 50_000),
    at=_AT,
    refused=c.Refused(refusal=c.Refusal.CODE_EXPIRED),
)


def example_commands() -> Iterator[c.Command]:
    """One of each command that takes something."""
    yield c.Charge(
        order_id=_ORDER, till_id="till-1", cashier="lin", code=c.Secret("849214007316642508"), amount=_300
    )
    yield c.ChargeOnDelivery(
        order_id=_ORDER,
        courier_id="courier-7",
        delivery_order="D-4711",
        code=c.Secret("849214007316642508"),
        amount=_300,
    )
    yield c.ChargeMember(order_id=_ORDER, shop_id="shop-1", member_no=_MEMBER, amount=_300)
    yield c.AnswerChallenge(
        order_id=_ORDER, answer_id="a-1", kind=c.ChallengeKind.PIN, answer=c.SealedPin(bytes(80))
    )
    yield c.SendSmsCode(order_id=_ORDER, request_id="s-1")
    yield c.Cancel(order_id=_ORDER, by=c.CanceledBy.TILL)
    yield c.Reverse(order_id=_ORDER, till_id="till-1")
    yield c.Refund(
        refund_id="r-1",
        order_id=_ORDER,
        till_id="till-1",
        actor=c.Actor(name="lin", level=c.StaffLevel.CASHIER),
        amount=_300,
        reason="bottle returned",
    )
    yield c.Approve(order_id=_ORDER, member_no=_MEMBER)
    yield c.Decline(order_id=_ORDER, member_no=_MEMBER)
    yield c.Accumulate(
        command_id="e-1", till_id="till-1", member_no=_MEMBER, order_id="receipt-123", spend_minor=12_990
    )
    yield c.IssueCode(command_id="i-1", member_no=_MEMBER)
    yield c.SetPinFreeLimit(command_id="l-1", member_no=_MEMBER, asset=Asset.POINTS, units=500)
    yield c.StartRecovery(member_no=_MEMBER, request_id="v-1")
    yield c.FinishRecovery(
        member_no=_MEMBER, answer_id="v-2", sms_code=c.Secret("604218"), new_pin=c.Secret("739154")
    )
    yield c.EnrolMember(command_id="m-1", member_no=_MEMBER, name="王小明", birthday=date(1990, 5, 17))
    yield c.SetPin(command_id="p-1", member_no=_MEMBER, pin=c.Secret("739154"))
    yield c.BindPhone(command_id="b-1", member_no=_MEMBER, phone=c.PhoneNumber("+8613812345678"))
    yield c.SetFrozen(command_id="f-1", member_no=_MEMBER, frozen=True)
    yield c.Credit(command_id="c-1", member_no=_MEMBER, amount=_300, reason="goodwill")
    yield c.Grant(
        command_id="g-1", member_no=_MEMBER, amount=_300, campaign="spring", expires_on=date(2026, 12, 31)
    )
    yield c.Adjust(
        command_id="j-1",
        member_no=_MEMBER,
        asset=Asset.POINTS,
        units=-300,
        reason="typed twice",
        actor="mei",
    )
    yield c.EnrolTill(command_id="t-1", till_id="till-1", shop_id="shop-1")
    yield c.EnrolCourier(command_id="k-1", courier_id="courier-7", shop_id="shop-1")
    yield c.Settle(shop_id="shop-1", day=_DAY)
    yield from caller_commands()


def example_replies() -> Iterator[tuple[str, c.Reply]]:
    """Each reply with what it shows."""
    yield "succeeded", _PAYMENT
    yield "requires_action", _OPEN
    yield "failed", _FAILED
    yield "done", c.Done()
    yield "credited", c.Credited(balance=Amount(Asset.POINTS, 3_200))
    yield (
        "refunded",
        c.Refunded(
            refund_id="r-1",
            order_id=_ORDER,
            amount=_300,
            parts=(_300,),
            refunded=_300,
            refundable=Amount(Asset.POINTS, 0),
            at=_LATER,
        ),
    )
    yield (
        "settled",
        c.Settled(
            settlements=(
                c.Settlement(
                    shop_id="shop-1", asset=Asset.POINTS, number=1, day=_DAY,
                    taken_times=2, taken_units=600, taken_minor=600,
                    reversed_times=0, reversed_units=0, reversed_minor=0,
                    refunded_times=1, refunded_units=300, refunded_minor=300,
                    net_minor=300, settled_at=_LATER,
                ),
            )
        ),
    )  # fmt: skip
    yield (
        "accumulated",
        c.Accumulated(
            earned=Amount(Asset.POINTS, 129),
            balance=Amount(Asset.POINTS, 3_329),
            last_day=date(2027, 12, 31),
        ),
    )
    yield from _shown()
    yield from caller_replies()


def _shown() -> Iterator[tuple[str, c.Reply]]:
    """What is only read."""
    yield (
        "statement",
        c.Statement(
            asset=Asset.POINTS,
            opening_units=3_200,
            closing_units=2_900,
            lines=(
                c.StatementLine(
                    number=812, at=_AT, kind="charge", units=-300, balance_units=2_900, order_id=_ORDER,
                    shop_id="shop-1", reason=None,
                ),
            ),
            next_after=None,
        ),
    )  # fmt: skip
    yield (
        "expiring",
        c.Expiring(asset=Asset.POINTS, days=(c.ExpiringUnits(last_day=date(2026, 12, 31), units=300),)),
    )
    yield "balance_shown", c.BalanceShown(balance=Amount(Asset.POINTS, 3_200))
    yield (
        "code_issued",
        c.CodeIssued(code=c.Secret("849214007316642508"), issued_at=_AT, expires_at=_LATER),
    )
    yield "sms_sent", _SENT
    yield "waiting", c.Waiting(payments=(c.WaitingPayment(payment=_OPEN, shop_id="shop-1"),))
