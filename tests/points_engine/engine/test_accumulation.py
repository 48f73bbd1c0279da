"""What is given, earned and put right, and how long it is good."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.bootstrap import Settings
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Adjust,
    Command,
    CommandInvalid,
    Credit,
    Credited,
    Expiring,
    ExpiringUnits,
    Expiry,
    Grant,
    Refusal,
    Refused,
    ShowExpiring,
)
from points_engine.earning import EarnRule
from points_engine.lots import ExpiryKind, ExpiryRule, LotRules
from tests.points_engine.shop import TILL, Shop, points

pytestmark = pytest.mark.both_stores

YEARLY = Settings(
    shows_balance=True,
    lots=LotRules(expiry={Asset.POINTS: ExpiryRule(ExpiryKind.MONTHS, 12)}),
    earning={Asset.POINTS: EarnRule(2, 100)},
)
"""Points are good for a year; two of them for each 1.00."""

TODAY = date(2026, 3, 2)
IN_A_YEAR = date(2027, 3, 2)


@pytest.fixture
def yearly(tmp_path: Path) -> Any:
    """A shop by those rules with an empty member, whose books are true when the test is over."""
    with Shop(tmp_path, YEARLY) as shop:
        shop.member("m-1")
        yield shop
        assert [] == shop.engine.verify()


def earn(order_id: str, spend_minor: int, **other: Any) -> Accumulate:
    """An order of m-1's."""
    asked: dict[str, Any] = {"command_id": f"earn-{order_id}", "till_id": TILL, "member_no": "m-1", **other}
    return Accumulate(order_id=order_id, spend_minor=spend_minor, **asked)


def adjust(units: int, **other: Any) -> Adjust:
    """Somebody puts m-1's points right."""
    asked: dict[str, Any] = {
        "command_id": "adjust", "member_no": "m-1", "asset": Asset.POINTS, "reason": "counted wrong", "actor": "chen",
        **other,
    }  # fmt: skip
    return Adjust(units=units, **asked)


def expiring(shop: Shop) -> tuple[tuple[date, int], ...]:
    """What of m-1's points expires next."""
    reply = shop.ask(ShowExpiring(member_no="m-1", asset=Asset.POINTS))
    assert isinstance(reply, Expiring)
    return tuple((day.last_day, day.units) for day in reply.days)


def test_an_order_earns_by_the_rule_and_for_as_long_as_the_scheme_says(yearly: Shop) -> None:
    """Two points for each full 1.00, good for a year."""
    expected = Accumulated(earned=points(24), balance=points(24), last_day=IN_A_YEAR)
    assert expected == yearly.ask(earn("o-1", 1_299))
    assert expected == yearly.ask(earn("o-1", 1_299))
    assert ((IN_A_YEAR, 24),) == expiring(yearly)


def test_an_order_too_small_earns_nothing_and_is_known(yearly: Shop) -> None:
    """Nothing is booked, and nothing more is earned on it."""
    expected = Accumulated(earned=points(0), balance=points(0), last_day=None)
    assert expected == yearly.ask(earn("o-1", 99))
    assert expected == yearly.ask(earn("o-1", 99))
    assert Refused(refusal=Refusal.ORDER_MISMATCH) == yearly.ask(earn("o-1", 500, command_id="other"))


def test_a_named_last_day_or_never_goes_before_the_scheme(yearly: Shop) -> None:
    """Each gift has its own expiry; gifts of one day are shown as one."""
    yearly.ask(earn("o-1", 500, expires_on=date(2026, 4, 1)))
    yearly.ask(earn("o-2", 500, expires_on=Expiry.NEVER))
    yearly.ask(
        Grant(
            command_id="g", member_no="m-1", amount=points(7), campaign="spring", expires_on=date(2026, 4, 1)
        )
    )
    yearly.ask(Credit(command_id="c", member_no="m-1", amount=points(9), reason="gift"))
    yearly.ask(adjust(3))
    assert 39 == yearly.balance("m-1")
    assert ((date(2026, 4, 1), 17), (IN_A_YEAR, 12)) == expiring(yearly)
    first = yearly.ask(ShowExpiring(member_no="m-1", asset=Asset.POINTS, most=1))
    days = (ExpiringUnits(last_day=date(2026, 4, 1), units=17),)
    assert Expiring(asset=Asset.POINTS, days=days) == first


def test_a_day_is_the_shops(tmp_path: Path) -> None:
    """Late in the evening in London it is tomorrow in Shanghai already."""
    with Shop(tmp_path, YEARLY) as shop:
        shop.clock.advance(13 * 3_600)
        assert datetime(2026, 3, 2, 17, tzinfo=UTC) == shop.clock.now()
        shop.member("m-1")
        shop.ask(earn("o-1", 100))
        assert ((date(2027, 3, 3), 2),) == expiring(shop)
        late = Refused(refusal=Refusal.EXPIRY_NOT_ALLOWED)
        assert late == shop.ask(earn("o-2", 100, expires_on=TODAY))


def test_an_adjustment_goes_both_ways_and_never_below_zero(yearly: Shop) -> None:
    """The balance after each; too much is refused whole."""
    assert Credited(balance=points(50)) == yearly.ask(adjust(50))
    assert Credited(balance=points(20)) == yearly.ask(adjust(-30, command_id="down"))
    assert Credited(balance=points(20)) == yearly.ask(adjust(-30, command_id="down"))
    assert Refused(refusal=Refusal.BALANCE_TOO_LOW) == yearly.ask(adjust(-21, command_id="more"))
    assert 20 == yearly.balance("m-1")
    assert ((IN_A_YEAR, 20),) == expiring(yearly)
    assert Credited(balance=points(0)) == yearly.ask(adjust(-20, command_id="all"))


REFUSED: list[tuple[Refusal, Callable[[], Command]]] = [
    (Refusal.TILL_NOT_ENROLLED, lambda: earn("o", 1, till_id="till-9", member_no="nobody")),
    (Refusal.AMOUNT_NOT_ALLOWED, lambda: earn("o", 100, asset=Asset.WALLET, member_no="nobody")),
    (Refusal.EXPIRY_NOT_ALLOWED, lambda: earn("o", 100, expires_on=date(2026, 3, 1), member_no="nobody")),
    (Refusal.EXPIRY_NOT_ALLOWED, lambda: earn("o", 100, expires_on=date.max)),
    (Refusal.MEMBER_UNKNOWN, lambda: earn("o", 100, member_no="nobody")),
    (Refusal.AMOUNT_NOT_ALLOWED, lambda: adjust(0)),
    (Refusal.AMOUNT_NOT_ALLOWED, lambda: adjust(MAX_UNITS)),
    (Refusal.EXPIRY_NOT_ALLOWED, lambda: adjust(1, expires_on=date(2026, 3, 1))),
    (Refusal.MEMBER_UNKNOWN, lambda: adjust(-1, member_no="nobody")),
    (Refusal.BALANCE_TOO_LOW, lambda: adjust(-2)),
]


@pytest.mark.parametrize(("refusal", "ask"), REFUSED)
def test_refused_for_the_first_reason(yearly: Shop, refusal: Refusal, ask: Callable[[], Command]) -> None:
    """And asked again, for the same."""
    yearly.credit("m-1", 1)
    assert Refused(refusal=refusal) == yearly.ask(ask())
    assert Refused(refusal=refusal) == yearly.ask(ask())
    assert 1 == yearly.balance("m-1")


INVALID = [
    (lambda: earn("o", -1), "spend_minor must be a whole number from 0"),
    (lambda: earn("o", True), "spend_minor must be a whole number"),
    (lambda: earn("o", 1, expires_on=datetime(2030, 1, 1, tzinfo=UTC)), "expires_on must be a date"),
    (lambda: earn("o", 1, expires_on="2030-01-01"), "expires_on must be a date"),
    (lambda: adjust(MAX_UNITS + 1), "units must be a whole number"),
    (lambda: adjust(1, reason=" "), "reason must say why"),
    (lambda: adjust(1, actor=""), "actor must have 1 to 200 characters"),
    (
        lambda: ShowExpiring(member_no="m-1", asset=Asset.POINTS, most=0),
        "most must be a whole number from 1 to 500",
    ),
]


@pytest.mark.parametrize(("ask", "why"), INVALID)
def test_a_command_nobody_should_build_is_an_error(
    yearly: Shop, ask: Callable[[], Command], why: str
) -> None:
    """It names the field, and nothing has changed."""
    with pytest.raises(CommandInvalid, match=why):
        yearly.ask(ask())


def test_many_gifts_are_one_transaction_and_each_is_given_once(yearly: Shop) -> None:
    """A refused one stops no other; the same batch again gives nothing."""
    gifts = [
        Grant(command_id=f"g-{number}", member_no=member, amount=points(10), campaign="spring")
        for number, member in enumerate(["m-1", "nobody", "m-1"])
    ]
    expected = [
        Credited(balance=points(10)), Refused(refusal=Refusal.MEMBER_UNKNOWN), Credited(balance=points(20)),
    ]  # fmt: skip
    assert expected == yearly.engine.credit_all(gifts)
    assert expected == yearly.engine.credit_all(gifts)
    assert 20 == yearly.balance("m-1")


def test_a_batch_with_an_invalid_command_gives_nothing(yearly: Shop) -> None:
    """All are checked before any is carried out."""
    good = Grant(command_id="g-1", member_no="m-1", amount=points(10), campaign="spring")
    bad = Grant(command_id="", member_no="m-1", amount=points(10), campaign="spring")
    with pytest.raises(CommandInvalid):
        yearly.engine.credit_all([good, bad])
    assert 0 == yearly.balance("m-1")
