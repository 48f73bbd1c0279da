"""What is whose: an operator's level, and commands that were made in somebody else's name."""

import pytest

from points_engine.amounts import Asset
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
    Approve,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Channel,
    Charge,
    ChargeMember,
    ChargeOnDelivery,
    Command,
    Credit,
    EnrolMember,
    Query,
    Refund,
    Refusal,
    Refused,
    Reverse,
    Secret,
    SetFrozen,
    ShowBalance,
    ShowStatement,
    StaffLevel,
)
from points_engine.engine.ownership import MANAGERS
from points_engine.wire.callers import Caller
from points_engine.wire.routes import ROUTES
from tests.points_engine.engine.counter import Counter
from tests.points_engine.shop import TILL, Shop, points

A_TILL = Caller(CallerKind.TILL, TILL, "till-a")
A_COURIER = Caller(CallerKind.COURIER, "courier-1", "courier-a")
A_MERCHANT = Caller(CallerKind.MERCHANT, "shop-1", "merchant-a")
A_CUSTOMER = Caller(CallerKind.CUSTOMER, "8600")
A_CASHIER = Caller(CallerKind.BACK_OFFICE, "lin", "back_office-a", StaffLevel.CASHIER)
A_MANAGER = Caller(CallerKind.BACK_OFFICE, "wang", "back_office-b", StaffLevel.MANAGER)

CODE = Secret("84")
CHARGE = Charge(order_id="new", till_id=TILL, cashier="lin", code=CODE, amount=points(5))
DELIVERY = ChargeOnDelivery(
    order_id="new", courier_id="courier-1", delivery_order="d", code=CODE, amount=points(5)
)
ONLINE = ChargeMember(order_id="new", shop_id="shop-1", member_no="8600", amount=points(5))
CREDIT = Credit(command_id="c", member_no="8600", amount=points(5), reason="x")
ADJUST = Adjust(command_id="c", member_no="8600", asset=Asset.POINTS, units=5, reason="x", actor="wang")
FREEZE = SetFrozen(command_id="c", member_no="8600", frozen=True)
ANSWER = AnswerChallenge(order_id="paid", answer_id="a", kind=ChallengeKind.PIN, answer=Secret("1"))


def refund(till_id: str | None, name: str, level: StaffLevel, order_id: str = "paid") -> Refund:
    """A refund in somebody's name."""
    return Refund(
        refund_id="r", order_id=order_id, till_id=till_id, actor=Actor(name=name, level=level), amount=points(1),
        reason="x",
    )  # fmt: skip


def reverse(taker: str, channel: Channel = Channel.TILL, order_id: str = "new") -> Reverse:
    """A reversal."""
    return Reverse(order_id=order_id, till_id=taker, channel=channel)


@pytest.fixture
def counter(shop: Shop) -> Counter:
    """A shop with an order that its till took from member 8600, and one on its order page."""
    shop.member("8600", 100)
    shop.member("8601", 100)
    shop.pay("8600", 5, "paid")
    shop.ask(ChargeMember(order_id="bought", shop_id="shop-1", member_no="8600", amount=points(5)))
    return Counter(shop)


@pytest.mark.parametrize(
    ("caller", "command"),
    [
        (A_TILL, CHARGE),
        (A_TILL, Query(order_id="paid")),
        (A_TILL, Query(order_id="new")),
        (A_TILL, ANSWER),
        (A_TILL, reverse(TILL)),
        (A_TILL, reverse(TILL, order_id="paid")),
        (A_TILL, Cancel(order_id="paid", by=CanceledBy.CUSTOMER)),
        # What another till of its shop took may be refunded here: the engine looks at the shop.
        (A_TILL, refund(TILL, "lin", StaffLevel.CASHIER, "bought")),
        (A_TILL, RenewCredential(request_id="r", key_id="till-a")),
        (A_TILL, CheckIn(key_id="till-a")),
        (A_COURIER, DELIVERY),
        (A_COURIER, reverse("courier-1", Channel.DELIVERY)),
        (A_MERCHANT, ONLINE),
        (A_MERCHANT, Query(order_id="bought")),
        (A_MERCHANT, reverse("shop-1", Channel.ONLINE, "bought")),
        (A_MERCHANT, refund(None, "page", StaffLevel.MANAGER, "bought")),
        (A_CUSTOMER, ShowBalance(member_no="8600", asset=Asset.POINTS)),
        (A_CUSTOMER, Approve(order_id="paid", member_no="8600")),
        (A_CUSTOMER, Query(order_id="paid")),
        (A_CUSTOMER, Query(order_id="bought")),
        (A_CUSTOMER, ANSWER),
        (A_CUSTOMER, Cancel(order_id="paid", by=CanceledBy.CUSTOMER)),
        (A_CASHIER, Query(order_id="paid")),
        (A_CASHIER, refund(None, "lin", StaffLevel.CASHIER)),
        (A_CASHIER, FREEZE),
        (A_CASHIER, EnrolMember(command_id="c", member_no="1", name="x")),
        (A_CASHIER, ShowStatement(member_no="8600", asset=Asset.POINTS)),
        (A_CASHIER, RenewCredential(request_id="r", key_id="back_office-a")),
        (A_MANAGER, CREDIT),
        (A_MANAGER, ADJUST),
        (A_MANAGER, refund(None, "wang", StaffLevel.MANAGER)),
        (A_MANAGER, MakeEnrolmentCode(command_id="c", kind=CallerKind.TILL, caller_id=TILL)),
        (A_MANAGER, reverse(TILL, order_id="paid")),
    ],
)
def test_what_is_ones_own(counter: Counter, caller: Caller, command: Command) -> None:
    """A caller may act as itself, on its own orders or on such as are not there yet."""
    assert counter.gate.ownership.refusal(caller, command) is None


@pytest.mark.parametrize(
    ("caller", "command"),
    [
        (Caller(CallerKind.TILL, "till-2"), CHARGE),
        (Caller(CallerKind.TILL, "till-2"), Query(order_id="paid")),
        (Caller(CallerKind.TILL, "till-2"), ANSWER),
        (Caller(CallerKind.TILL, "till-2"), Cancel(order_id="paid", by=CanceledBy.TILL)),
        (Caller(CallerKind.TILL, "till-2"), reverse("till-2", order_id="paid")),
        (A_TILL, reverse("till-2")),
        (A_TILL, reverse(TILL, Channel.DELIVERY)),
        (A_TILL, refund("till-2", "lin", StaffLevel.CASHIER)),
        (A_TILL, refund(None, "lin", StaffLevel.MANAGER)),
        (A_TILL, Accumulate(command_id="c", till_id="till-2", member_no="8600", order_id="o", spend_minor=1)),
        (A_TILL, RenewCredential(request_id="r", key_id="till-b")),
        (A_TILL, CheckIn(key_id="till-b")),
        (A_TILL, CREDIT),
        (A_TILL, ShowBalance(member_no="8600", asset=Asset.POINTS)),
        # A courier by the same name is somebody else than the till.
        (Caller(CallerKind.COURIER, TILL), Query(order_id="paid")),
        (A_COURIER, CHARGE),
        (Caller(CallerKind.COURIER, "courier-2"), DELIVERY),
        (A_MERCHANT, Query(order_id="paid")),
        (A_MERCHANT, refund(None, "page", StaffLevel.MANAGER, "paid")),
        (A_MERCHANT, refund(TILL, "page", StaffLevel.MANAGER, "bought")),
        (Caller(CallerKind.MERCHANT, "shop-2"), ONLINE),
        (Caller(CallerKind.CUSTOMER, "8601"), Query(order_id="paid")),
        (Caller(CallerKind.CUSTOMER, "8601"), ANSWER),
        (Caller(CallerKind.CUSTOMER, "8601"), ShowBalance(member_no="8600", asset=Asset.POINTS)),
        (A_CUSTOMER, Query(order_id="new")),
        (A_CUSTOMER, Cancel(order_id="paid", by=CanceledBy.TILL)),
        (A_CUSTOMER, reverse(TILL, order_id="paid")),
        (A_CUSTOMER, CHARGE),
        (A_CASHIER, CREDIT),
        (A_CASHIER, ADJUST),
        (A_CASHIER, MakeEnrolmentCode(command_id="c", kind=CallerKind.TILL, caller_id=TILL)),
        (A_CASHIER, RevokeCaller(command_id="c", kind=CallerKind.TILL, caller_id=TILL)),
        (A_CASHIER, ShowCredentials(kind=CallerKind.TILL)),
        (A_CASHIER, refund(None, "lin", StaffLevel.MANAGER)),
        (A_CASHIER, refund(None, "wang", StaffLevel.CASHIER)),
        (A_MANAGER, refund(None, "lin", StaffLevel.CASHIER)),
        (
            A_MANAGER,
            Adjust(command_id="c", member_no="8600", asset=Asset.POINTS, units=5, reason="x", actor="lin"),
        ),
        (A_MANAGER, RenewCredential(request_id="r", key_id="back_office-a")),
    ],
)
def test_what_is_somebody_elses(counter: Counter, caller: Caller, command: Command) -> None:
    """In another's name, on another's order, or above one's level."""
    assert Refused(refusal=Refusal.NOT_PERMITTED) == counter.gate.ownership.refusal(caller, command)


@pytest.mark.parametrize("caller", [A_TILL, A_COURIER, A_MERCHANT, A_CUSTOMER, A_MANAGER])
def test_a_charge_asks_nobody(counter: Counter, caller: Caller) -> None:
    """Whose it is, is in it: the hottest way costs no look at the store."""
    for command in (CHARGE, DELIVERY, ONLINE):
        assert not counter.gate.ownership.asks_the_store(caller, command)


def test_every_route_of_the_back_office_has_a_level() -> None:
    """A cashier of the back office may look, enrol members, freeze, and give back what cashiers may."""
    theirs = {route.command.__name__ for route in ROUTES if CallerKind.BACK_OFFICE in route.callers}
    assert {command.__name__ for command in MANAGERS} == theirs - {
        "AnswerChallenge", "Cancel", "ChargeMember", "CheckIn", "EnrolMember", "FinishRecovery", "IssueCode", "Query",
        "Refund", "RenewCredential", "Reverse", "SendSmsCode", "SetFrozen", "SetPinFreeLimit", "ShowBalance",
        "ShowExpiring", "ShowStatement", "ShowWaiting", "StartRecovery",
    }  # fmt: skip
