"""The promises about members, what they are given and earn, what goes back, and a shop's closed day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from points_engine.amounts import Asset
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Actor,
    Adjust,
    BalanceShown,
    CodeIssued,
    Command,
    Credit,
    Credited,
    Done,
    EnrolMember,
    Expiring,
    Grant,
    IssueCode,
    Refund,
    Refunded,
    Refusal,
    Refused,
    Secret,
    SetPin,
    Settle,
    Settled,
    ShowBalance,
    ShowExpiring,
    ShowStatement,
    StaffLevel,
    Statement,
    StatementLine,
)
from tests.contract.contract_shop import ContractShop
from tests.points_engine.shop import TILL, points, refused

R = Refusal
MANAGER = Actor(name="chen", level=StaffLevel.MANAGER)
CASHIER = Actor(name="lin", level=StaffLevel.CASHIER)


def today(shop: ContractShop) -> date:
    """The day it is in the shop's zone."""
    return shop.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date()


def refund(shop: ContractShop, order_id: str, units: int, **other: Any) -> Refund:
    """Give some of an order back."""
    asked: dict[str, Any] = {"refund_id": shop.fresh("refund"), "till_id": TILL, "actor": MANAGER, **other}
    return Refund(order_id=order_id, amount=points(units), reason="broken", **asked)


def test_a_payment_is_given_back_in_parts(shop: ContractShop) -> None:
    """Each refund once by its id; together never more than was paid."""
    member_no = shop.somebody(1_000)
    order_id = shop.pay(member_no, 300).order_id
    first = refund(shop, order_id, 100)
    reply = shop.ask(first)
    assert isinstance(reply, Refunded)
    assert (points(100), points(200)) == (reply.refunded, reply.refundable)
    assert reply == shop.ask(first)
    assert R.REFUND_TOO_LARGE is refused(shop.ask(refund(shop, order_id, 201))).refusal
    rest = shop.ask(refund(shop, order_id, 200))
    assert isinstance(rest, Refunded)
    assert 1_000 == shop.balance(member_no)


def set_pin(shop: ContractShop, pin: str) -> SetPin:
    """A new PIN for somebody."""
    return SetPin(command_id=shop.fresh("pin"), member_no=shop.somebody(), pin=Secret(pin))


REFUSED_REFUNDS: list[tuple[Refusal, Callable[[ContractShop], Command]]] = [
    (R.ORDER_UNKNOWN, lambda shop: refund(shop, "no-such-order", 10)),
    (R.NOT_REFUNDABLE, lambda shop: refund(shop, shop.pay(shop.somebody(), 800).order_id, 10)),
    (R.AMOUNT_NOT_ALLOWED, lambda shop: refund(shop, shop.pay(shop.somebody(), 300).order_id, 0)),
    (
        R.TILL_NOT_ENROLLED,
        lambda shop: refund(shop, shop.pay(shop.somebody(), 300).order_id, 10, till_id="nobody"),
    ),
]


@pytest.mark.parametrize(
    ("refusal", "command"), REFUSED_REFUNDS, ids=[each.code for each, _ in REFUSED_REFUNDS]
)
def test_a_refund_is_refused_with_its_reason(
    shop: ContractShop, refusal: Refusal, command: Callable[[ContractShop], Command]
) -> None:
    """Nothing goes back."""
    assert refusal is refused(shop.ask(command(shop))).refusal


def test_the_same_refund_with_other_content_is_refused(shop: ContractShop) -> None:
    """What was given back under the id stands."""
    order_id = shop.pay(shop.somebody(), 300).order_id
    first = refund(shop, order_id, 100)
    shop.ask(first)
    other = refund(shop, order_id, 50, refund_id=first.refund_id)
    assert Refused(refusal=R.ORDER_MISMATCH) == shop.ask(other)


def test_an_order_earns_once(shop: ContractShop) -> None:
    """A point for each 1.00; again it is the same answer, and by another command it is refused."""
    member_no = shop.somebody(0)
    order_id = shop.fresh("order")
    earn = Accumulate(
        command_id=f"earn-{order_id}", till_id=TILL, member_no=member_no, order_id=order_id, spend_minor=1_299
    )
    expected = Accumulated(earned=points(12), balance=points(12), last_day=None)
    assert expected == shop.ask(earn)
    assert expected == shop.ask(earn)
    other = Accumulate(
        command_id=shop.fresh("earn"), till_id=TILL, member_no=member_no, order_id=order_id, spend_minor=1_299
    )
    assert Refused(refusal=R.ORDER_MISMATCH) == shop.ask(other)


def test_what_is_given_is_given_once(shop: ContractShop) -> None:
    """Credit, grant and adjustment, by their ids; with other content under one id, refused."""
    member_no = shop.somebody(0)
    credit = Credit(command_id=shop.fresh("give"), member_no=member_no, amount=points(50), reason="gift")
    grant = Grant(command_id=shop.fresh("give"), member_no=member_no, amount=points(30), campaign="spring")
    adjust = Adjust(
        command_id=shop.fresh("give"), member_no=member_no, asset=Asset.POINTS, units=-20, reason="counted wrong",
        actor="chen",
    )  # fmt: skip
    for command, balance in ((credit, 50), (grant, 80), (adjust, 60)):
        assert Credited(balance=points(balance)) == shop.ask(command)
    assert Credited(balance=points(50)) == shop.ask(credit)
    other = Credit(command_id=credit.command_id, member_no=member_no, amount=points(51), reason="gift")
    assert R.ORDER_MISMATCH is refused(shop.ask(other)).refusal
    assert BalanceShown(balance=points(60)) == shop.ask(ShowBalance(member_no=member_no, asset=Asset.POINTS))


def test_a_statement_has_every_line_and_adds_up(shop: ContractShop) -> None:
    """Page by page, newest first."""
    member_no = shop.somebody(1_000)
    for _ in range(3):
        shop.pay(member_no, 100)
    lines: list[StatementLine] = []
    after = None
    for _ in range(2):
        page = shop.ask(ShowStatement(member_no=member_no, asset=Asset.POINTS, after=after, most=2))
        assert isinstance(page, Statement)
        assert (0, 700) == (page.opening_units, page.closing_units)
        lines += page.lines
        after = page.next_after
    assert [700, 800, 900, 1_000] == [line.balance_units for line in lines]
    assert None is after
    assert isinstance(shop.ask(ShowExpiring(member_no=member_no, asset=Asset.POINTS)), Expiring)


def test_one_request_for_a_code_is_one_code(shop: ContractShop) -> None:
    """A phone that asks again because the line broke gets the same code, and does not void it."""
    issue = IssueCode(command_id=shop.fresh("code"), member_no=shop.somebody())
    first = shop.ask(issue)
    assert isinstance(first, CodeIssued)
    assert first == shop.ask(issue)
    assert 60 == (first.expires_at - first.issued_at).total_seconds()


REFUSED: list[tuple[Refusal, Callable[[ContractShop], Command]]] = [
    (R.MEMBER_UNKNOWN, lambda shop: IssueCode(command_id=shop.fresh("c"), member_no="nobody")),
    (R.MEMBER_UNKNOWN, lambda _: ShowBalance(member_no="nobody", asset=Asset.POINTS)),
    (
        R.MEMBER_EXISTS,
        lambda shop: EnrolMember(command_id=shop.fresh("c"), member_no=shop.somebody(), name="李雷"),
    ),
    (
        R.PIN_TOO_SIMPLE,
        lambda shop: SetPin(command_id=shop.fresh("c"), member_no=shop.somebody(), pin=Secret("123456")),
    ),
    (
        R.PIN_NOT_ALLOWED,
        lambda shop: SetPin(command_id=shop.fresh("c"), member_no=shop.somebody(), pin=Secret("12")),
    ),
    (R.SHOP_UNKNOWN, lambda shop: Settle(shop_id="nowhere", day=today(shop))),
    (R.DAY_NOT_OVER, lambda shop: Settle(shop_id="shop-1", day=today(shop))),
]


@pytest.mark.parametrize(
    ("refusal", "command"), REFUSED, ids=[f"{each.code}-{place}" for place, (each, _) in enumerate(REFUSED)]
)
def test_the_office_is_refused_with_the_reason(
    shop: ContractShop, refusal: Refusal, command: Callable[[ContractShop], Command]
) -> None:
    """The same word by every way."""
    assert refusal is refused(shop.ask(command(shop))).refusal


def test_a_day_is_closed_once(shop: ContractShop) -> None:
    """With what the shop took and gave back; asked again it is the same."""
    shop_id = shop.fresh("shop")
    till_id = shop.fresh("till")
    shop.till(till_id, shop_id)
    order_id = shop.fresh("order")
    shop.charge(shop.code(shop.somebody()), 300, order_id, till_id)
    shop.ask(refund(shop, order_id, 100, till_id=till_id))
    day = today(shop)
    shop.clock.advance(timedelta(days=1).total_seconds())
    settled = shop.ask(Settle(shop_id=shop_id, day=day))
    assert isinstance(settled, Settled)
    of_points = next(each for each in settled.settlements if each.asset is Asset.POINTS)
    assert (300, 100, 200) == (of_points.taken_units, of_points.refunded_units, of_points.net_units)
    assert settled == shop.ask(Settle(shop_id=shop_id, day=day))


def test_enrolling_again_changes_nothing(shop: ContractShop) -> None:
    """The same command is done; a till that is known stays where it is."""
    enrol = EnrolMember(command_id=shop.fresh("enrol"), member_no=shop.fresh("m"), name="韩梅梅")
    assert Done() == shop.ask(enrol)
    assert Done() == shop.ask(enrol)
