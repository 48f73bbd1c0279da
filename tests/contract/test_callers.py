"""Who may do what: over a network everybody is kept to their own; within one process nobody is asked who they are."""

from collections.abc import Callable

import pytest

from points_engine.amounts import Asset
from points_engine.contract import (
    AnswerChallenge,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Command,
    IssueCode,
    Query,
    Refusal,
    Refused,
    Reverse,
    Secret,
    ShowBalance,
)
from points_engine.wire.callers import Caller, CallerKind
from tests.contract.contract_shop import ContractShop
from tests.contract.ways import Embedded
from tests.points_engine.shop import WRONG_PIN, payment

OTHER_TILL = Caller(CallerKind.TILL, "till-2")

OF_ANOTHERS_ORDER: dict[str, Callable[[str], Command]] = {
    "query": lambda order_id: Query(order_id=order_id),
    "cancel": lambda order_id: Cancel(order_id=order_id, by=CanceledBy.TILL),
    "answer": lambda order_id: AnswerChallenge(
        order_id=order_id, answer_id=f"{order_id}-x", kind=ChallengeKind.PIN, answer=Secret(WRONG_PIN)
    ),
    "reverse": lambda order_id: Reverse(order_id=order_id, till_id=OTHER_TILL.caller_id),
}


@pytest.mark.parametrize("command", OF_ANOTHERS_ORDER.values(), ids=OF_ANOTHERS_ORDER.keys())
def test_another_till_does_nothing_with_an_order(
    shop: ContractShop, command: Callable[[str], Command]
) -> None:
    """It is refused, and the order is as it was; only a reversal is the engine's own to refuse."""
    shop.till(OTHER_TILL.caller_id)
    waiting = shop.pay(shop.somebody(), 800)
    asked = command(waiting.order_id)
    reply = shop.ask_as(OTHER_TILL, asked)
    if isinstance(shop.way, Embedded) and not isinstance(asked, Reverse):
        assert Refused(refusal=Refusal.NOT_PERMITTED) != reply
        return
    assert Refused(refusal=Refusal.NOT_PERMITTED) == reply
    assert waiting == shop.query(waiting.order_id)


OF_ANOTHER_MEMBER: dict[str, Callable[[ContractShop, str], Command]] = {
    "code": lambda shop, member_no: IssueCode(command_id=shop.fresh("code"), member_no=member_no),
    "balance": lambda _, member_no: ShowBalance(member_no=member_no, asset=Asset.POINTS),
}


@pytest.mark.parametrize("command", OF_ANOTHER_MEMBER.values(), ids=OF_ANOTHER_MEMBER.keys())
def test_a_customer_sees_their_own_alone(
    shop: ContractShop, command: Callable[[ContractShop, str], Command]
) -> None:
    """Signed in on their phone: their own codes and balances, and nobody else's."""
    mine, other = shop.somebody(phone=True), shop.somebody()
    me = Caller(CallerKind.CUSTOMER, mine)
    assert not isinstance(shop.ask_as(me, command(shop, mine)), Refused)
    reply = shop.ask_as(me, command(shop, other))
    assert isinstance(shop.way, Embedded) or Refused(refusal=Refusal.NOT_PERMITTED) == reply


def test_a_customer_sees_how_their_own_payment_stands(shop: ContractShop) -> None:
    """And may end it; another's they do not even see."""
    mine, other = shop.somebody(phone=True), shop.somebody()
    me = Caller(CallerKind.CUSTOMER, mine)
    own, others = shop.pay(mine, 800), shop.pay(other, 800)
    assert own == shop.ask_as(me, Query(order_id=own.order_id))
    if not isinstance(shop.way, Embedded):
        assert Refused(refusal=Refusal.NOT_PERMITTED) == shop.ask_as(me, Query(order_id=others.order_id))
    ended = shop.ask_as(me, Cancel(order_id=own.order_id, by=CanceledBy.CUSTOMER))
    assert payment(ended) == shop.query(own.order_id)
