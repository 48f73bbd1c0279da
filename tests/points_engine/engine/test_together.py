"""Commands that wait at the same time: carried out together, each with its own outcome."""

from points_engine.contract import (
    Charge,
    CodeIssued,
    Command,
    CommandInvalid,
    IssueCode,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Secret,
)
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, payment, points, refused

S = PaymentState


def charge(order_id: str, code: str, units: int, till_id: str = TILL) -> Charge:
    """A charge of points."""
    return Charge(order_id=order_id, till_id=till_id, cashier="lin", code=Secret(code), amount=points(units))


def test_each_has_its_own_outcome(shop: Shop) -> None:
    """Charged, PIN wanted, refused, not understood, not enrolled, not for here: six outcomes in their order."""
    for number in (1, 2, 3):
        shop.member(f"m-{number}", 1_000, RIGHT_PIN)
    codes = [shop.code(f"m-{number}") for number in (1, 2, 3)]
    outcomes = shop.engine.execute_together(
        [
            charge("o-1", codes[0], 100),
            charge("o-2", codes[1], 600),
            charge("o-3", codes[2], 1_001),
            charge("", codes[2], 1),
            charge("o-4", codes[2], 1, "till-9"),
            Query(order_id="o-1"),
        ]
    )
    paid, opened, poor, empty, unknown, elsewhere = outcomes
    assert isinstance(paid, Payment)
    assert (S.SUCCEEDED, points(900)) == (paid.state, paid.balance)
    assert isinstance(opened, Payment)
    assert S.REQUIRES_ACTION == opened.state
    assert isinstance(poor, Payment)
    assert Refusal.BALANCE_TOO_LOW is refused(poor).refusal
    assert isinstance(empty, CommandInvalid)
    assert Refused(refusal=Refusal.TILL_NOT_ENROLLED) == unknown
    assert isinstance(elsewhere, CommandInvalid)
    assert outcomes[:2] == [shop.query("o-1"), shop.query("o-2")]
    assert [] == shop.engine.verify()


def test_the_same_order_twice_is_one_payment(shop: Shop) -> None:
    """The second is told what became of the first; other content under its number is refused."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    once, again, other = shop.engine.execute_together(
        [charge("o-1", code, 100), charge("o-1", code, 100), charge("o-1", code, 101)]
    )
    assert isinstance(once, Payment)
    assert once == again
    assert Refused(refusal=Refusal.ORDER_MISMATCH) == other
    assert 900 == shop.balance("m-1")


def test_the_same_code_twice_pays_once(shop: Shop) -> None:
    """Two tills scan one code: one is paid, the other hears that it was used."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    one, two = shop.engine.execute_together([charge("o-1", code, 100), charge("o-2", code, 100)])
    assert isinstance(one, Payment)
    assert isinstance(two, Payment)
    assert S.SUCCEEDED == one.state
    assert Refusal.CODE_USED is refused(two).refusal


def test_codes_are_issued_together_too(shop: Shop) -> None:
    """A code for each member, each good for a charge."""
    members = [shop.member(f"m-{number}", 100) for number in range(4)]
    issued = shop.engine.execute_together(
        [IssueCode(command_id=f"code-{member}", member_no=member) for member in members]
    )
    for number, code in enumerate(issued):
        assert isinstance(code, CodeIssued)
        assert S.SUCCEEDED == payment(shop.charge(code.code.reveal(), 10, f"o-{number}")).state


def test_nothing_waits_for_nothing(shop: Shop) -> None:
    """No commands, no outcomes."""
    nothing: list[Command] = []
    assert [] == shop.engine.execute_together(nothing)
