"""How a refund falls on what was taken, on what was earned, and on the staff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS
from points_engine.contract import StaffLevel
from points_engine.refunding import (
    Portion,
    RefundRules,
    RefundRulesInvalid,
    RefundTooLargeForParts,
    Share,
    earned_on,
    may_ask,
    proportion,
    spread,
)

CASHIER, MANAGER = StaffLevel.CASHIER, StaffLevel.MANAGER


@pytest.mark.parametrize("units", [-1, MAX_UNITS + 1, True, "9", 1.0])
def test_impossible_rules_are_refused_by_name(units: object) -> None:
    """The message names the field."""
    with pytest.raises(RefundRulesInvalid, match="cashier_units"):
        RefundRules(cashier_units=units)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("units", [0, MAX_UNITS])
def test_the_ends_of_the_range_are_possible(units: int) -> None:
    """From nothing to everything."""
    assert units == RefundRules(cashier_units=units).cashier_units


@pytest.mark.parametrize(
    ("level", "before", "units", "expected"),
    [
        (CASHIER, 0, 2_000, True),
        (CASHIER, 0, 2_001, False),
        (CASHIER, 1_500, 500, True),
        (CASHIER, 1_500, 501, False),
        (MANAGER, 9_000, 9_000, True),
    ],
)
def test_cashiers_give_back_up_to_their_limit_together(
    level: StaffLevel, before: int, units: int, *, expected: bool
) -> None:
    """A manager has none."""
    assert expected is RefundRules().allow(level, before, units)


@pytest.mark.parametrize(
    ("level", "has_till", "is_own_shop", "expected"),
    [
        (CASHIER, True, True, True),
        (CASHIER, True, False, False),
        (CASHIER, False, True, False),
        (CASHIER, False, False, False),
        (MANAGER, False, False, True),
    ],
)
def test_who_may_ask(level: StaffLevel, *, has_till: bool, is_own_shop: bool, expected: bool) -> None:
    """Cashiers at a till of the shop that took the payment; managers anywhere."""
    assert expected is may_ask(level, has_till=has_till, is_own_shop=is_own_shop)


@pytest.mark.parametrize(
    ("portions", "worth", "expected"),
    [
        ([Portion(100, 100)], 30, [Share(30, 30)]),
        ([Portion(14, 10)], 5, [Share(7, 5)]),
        ([Portion(30, 30), Portion(70, 70)], 10, [Share(3, 3), Share(7, 7)]),
        # 1.5 each: the odd unit goes to the earlier one.
        ([Portion(5, 5), Portion(5, 5)], 3, [Share(2, 2), Share(1, 1)]),
        # 3.33, 3.33 and 3.33 of 10.
        ([Portion(9, 9), Portion(9, 9), Portion(9, 9)], 10, [Share(4, 4), Share(3, 3), Share(3, 3)]),
        # 0.75 and 2.25: the one that is cut the most.
        ([Portion(9, 9), Portion(27, 27)], 3, [Share(1, 1), Share(2, 2)]),
        # Of the first nothing is left, of the second a half.
        ([Portion(10, 10, 10, 10), Portion(20, 40, 10, 20)], 20, [Share(0, 0), Share(10, 20)]),
        # One unit is worth three: half up, on all that is back.
        ([Portion(10, 30)], 1, [Share(0, 1)]),
        ([Portion(10, 30, 0, 1)], 1, [Share(1, 1)]),
    ],
)
def test_a_refund_goes_back_in_proportion_to_what_is_left(
    portions: list[Portion], worth: int, expected: list[Share]
) -> None:
    """The odd units to what was cut the most, the earlier first."""
    assert tuple(expected) == spread(portions, worth)


@pytest.mark.parametrize("worth", [0, -1, 21])
def test_nothing_and_more_than_is_left_cannot_be_spread(worth: int) -> None:
    """The caller has to have looked; all that is left can be."""
    portions = [Portion(10, 10), Portion(15, 15, 5, 5)]
    with pytest.raises(RefundTooLargeForParts):
        spread(portions, worth)
    assert (Share(10, 10), Share(10, 10)) == spread(portions, 20)


@given(
    parts=st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200)), min_size=1, max_size=3),
    cuts=st.lists(st.integers(1, 90), max_size=9),
)
def test_refunds_of_any_sizes_add_up_to_the_payment(parts: list[tuple[int, int]], cuts: list[int]) -> None:
    """In units and in worth, in every asset."""
    portions = [Portion(units, worth) for units, worth in parts]
    for cut in [*cuts, sum(worth for _, worth in parts)]:
        left = sum(portion.left_worth_units for portion in portions)
        if not left:
            break
        shares = spread(portions, min(cut, left))
        assert min(cut, left) == sum(share.worth_units for share in shares)
        portions = [
            portion._replace(
                back_units=portion.back_units + share.units,
                back_worth_units=portion.back_worth_units + share.worth_units,
            )
            for portion, share in zip(portions, shares, strict=True)
        ]
    assert parts == [(portion.back_units, portion.back_worth_units) for portion in portions]


@pytest.mark.parametrize(
    ("units", "part", "whole", "expected"),
    [(10, 1, 4, 3), (10, 1, 5, 2), (7, 1, 2, 4), (5, 1, 3, 2), (4, 1, 3, 1), (9, 7, 7, 9), (9, 0, 7, 0)],
)
def test_a_proportion_is_rounded_half_up(units: int, part: int, whole: int, expected: int) -> None:
    """All of it for the whole."""
    assert expected == proportion(units, part, whole)


def test_what_was_earned_is_taken_back_by_totals() -> None:
    """Three thirds of 10 are 3, 4 and 3: 10 in all."""
    assert [3, 4, 3] == [earned_on(10, 30, before, before + 10) for before in (0, 10, 20)]
    assert 7 == earned_on(10, 30, 0, 20)
