"""Statements: pages of what moved, between an opening and a closing balance that agree."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import Asset
from points_engine.contract import (
    Accumulate,
    Adjust,
    CommandInvalid,
    Refusal,
    Refused,
    ShowStatement,
    Statement,
    StatementLine,
)
from tests.points_engine.shop import RIGHT_PIN, Shop

DAY = 86_400


def statement(shop: Shop, **asked: Any) -> Statement:
    """A page of m-1's statement."""
    reply = shop.ask(ShowStatement(**{"member_no": "m-1", "asset": Asset.POINTS, **asked}))
    assert isinstance(reply, Statement)
    return reply


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """Two members with three days behind them: 2, 3 and 4 March."""
    shop.till("till-2", "shop-2")
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.member("m-2", 1_000)
    shop.pay("m-1", 100, "paid")
    shop.pay("m-2", 100)
    shop.clock.advance(DAY)
    shop.pay("m-1", 600, "proved")
    shop.answer("proved", RIGHT_PIN)
    shop.ask(
        Accumulate(command_id="e", till_id="till-2", member_no="m-1", order_id="cash", spend_minor=5_000)
    )
    shop.clock.advance(DAY)
    shop.reverse("paid")
    shop.ask(
        Adjust(
            command_id="a",
            member_no="m-1",
            asset=Asset.POINTS,
            units=-50,
            reason="counted wrong",
            actor="chen",
        )
    )
    return shop


def test_each_line_says_what_moved_where_and_why(busy: Shop) -> None:
    """Newest first; a post moves nothing of the member's and has no line."""
    page = statement(busy)
    lines = [
        (line.kind, line.units, line.balance_units, line.order_id, line.shop_id, line.reason)
        for line in page.lines
    ]
    assert [
        ("adjust_down", -50, 400, None, None, "counted wrong"),
        ("reversal", 100, 450, "paid", "shop-1", None),
        ("earn", 50, 350, "cash", "shop-2", None),
        ("hold", -600, 300, "proved", "shop-1", None),
        ("charge", -100, 900, "paid", "shop-1", None),
        ("credit", 1_000, 1_000, None, None, "gift"),
    ] == lines
    assert (0, 400, None) == (page.opening_units, page.closing_units, page.next_after)
    assert busy.clock.now() == page.lines[0].at


@pytest.mark.parametrize(
    ("first_day", "last_day", "opening", "closing", "units"),
    [
        (None, None, 0, 400, [1_000, -100, -600, 50, 100, -50]),
        (date(2026, 3, 3), None, 900, 400, [-600, 50, 100, -50]),
        (date(2026, 3, 3), date(2026, 3, 3), 900, 350, [-600, 50]),
        (None, date(2026, 3, 2), 0, 900, [1_000, -100]),
        (date(2026, 3, 5), None, 400, 400, []),
        (None, date(2026, 3, 1), 0, 0, []),
        (date(2026, 3, 4), date(2026, 3, 2), 350, 350, []),
    ],
)
def test_a_period_opens_and_closes_with_what_its_lines_come_to(
    busy: Shop, first_day: date | None, last_day: date | None, opening: int, closing: int, units: list[int]
) -> None:
    """Days are the shop's, both included."""
    page = statement(busy, first_day=first_day, last_day=last_day, newest_first=False)
    assert units == [line.units for line in page.lines]
    assert (opening, closing) == (page.opening_units, page.closing_units)
    assert closing == opening + sum(units)


def test_midnight_belongs_to_the_day_it_begins(shop: Shop) -> None:
    """In the shop's zone."""
    shop.member("m-1")
    shop.clock.advance(DAY / 2)
    shop.credit("m-1", 5)
    shop.clock.advance(-1)
    assert [5] == [line.units for line in statement(shop, first_day=date(2026, 3, 3)).lines]
    assert () == statement(shop, last_day=date(2026, 3, 2)).lines


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("most", [1, 2, 3, 6, 7])
def test_the_pages_are_the_whole(busy: Shop, newest_first: bool, most: int) -> None:
    """Each goes on where the last ended; every page names the period's own opening and closing balance."""
    whole = statement(busy, newest_first=newest_first)
    lines: list[StatementLine] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = statement(busy, newest_first=newest_first, most=most, after=after)
        assert (0, 400) == (page.opening_units, page.closing_units)
        lines += page.lines
        after, pages = page.next_after, pages + 1
    assert whole.lines == tuple(lines)
    assert -(-6 // most) == pages


def test_a_clock_that_was_set_back_does_not_split_a_period(shop: Shop) -> None:
    """What was written down in the meantime belongs to the period it was written down in."""
    shop.member("m-1")
    shop.clock.advance(DAY)
    shop.credit("m-1", 5)
    shop.clock.advance(-DAY)
    shop.credit("m-1", 7)
    page = statement(shop, first_day=date(2026, 3, 3), newest_first=False)
    assert [5, 7] == [line.units for line in page.lines]
    assert (0, 12) == (page.opening_units, page.closing_units)


@pytest.fixture(scope="module")
def shop_of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop to which another member comes for each period that is tried."""
    with Shop(tmp_path_factory.mktemp("statement")) as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()


@given(
    steps=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 50), st.booleans()), max_size=12),
    first=st.integers(-2, 40),
    days=st.integers(0, 40),
)
def test_every_period_agrees_with_its_lines(
    shop_of_many: Shop, steps: list[tuple[int, int, bool]], first: int, days: int
) -> None:
    """Whatever moved, and whatever period is asked for."""
    shop = shop_of_many
    start = shop.clock.now().date().toordinal() + first
    member = shop.member(shop.fresh("m"), 10_000)
    for hours, units, is_charge in steps:
        shop.clock.advance(3_600 * hours)
        if is_charge:
            shop.pay(member, units)
        else:
            shop.credit(member, units)
    period = {"first_day": date.fromordinal(start), "last_day": date.fromordinal(start + days)}
    page = statement(shop, member_no=member, newest_first=False, **period)
    assert page.closing_units == page.opening_units + sum(line.units for line in page.lines)
    balances = [page.opening_units, *(line.balance_units for line in page.lines)]
    assert balances[-1] == page.closing_units


def test_nobody_has_no_statement(shop: Shop) -> None:
    """And a page has 1 to 500 lines."""
    nobody = ShowStatement(member_no="nobody", asset=Asset.POINTS)
    assert Refused(refusal=Refusal.MEMBER_UNKNOWN) == shop.ask(nobody)
    for most in (0, 501):
        with pytest.raises(CommandInvalid, match="most must be a whole number from 1 to 500"):
            shop.ask(ShowStatement(member_no="m-1", asset=Asset.POINTS, most=most))
