"""Amounts and what they are worth in money."""

import pytest

from points_engine.amounts import MAX_UNITS, Amount, AmountInvalid, Asset, Exchange


@pytest.mark.parametrize("units", [0, 1, MAX_UNITS])
def test_whole_numbers_from_nothing_to_the_largest_are_amounts(units: int) -> None:
    """Both ends included."""
    assert units == Amount(Asset.POINTS, units).units


@pytest.mark.parametrize("units", [-1, MAX_UNITS + 1, True, 1.0, "1", None])
def test_anything_else_is_none(units: object) -> None:
    """Not even a truth value or a float that is whole."""
    with pytest.raises(AmountInvalid):
        Amount(Asset.POINTS, units)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(("asset_units", "money_minor"), [(0, 1), (1, 0), (-1, 1), (1, -1)])
def test_an_exchange_has_something_on_both_sides(asset_units: int, money_minor: int) -> None:
    """Nothing is worth nothing for free."""
    with pytest.raises(AmountInvalid):
        Exchange(asset_units, money_minor)


@pytest.mark.parametrize(
    ("exchange", "units", "expected"),
    [
        (Exchange(1, 1), 7, 7),
        (Exchange(100, 100), 250, 250),
        (Exchange(100, 1), 49, 0),
        (Exchange(100, 1), 50, 1),
        (Exchange(3, 10), 1, 3),
        (Exchange(3, 10), 2, 7),
        (Exchange(3, 5), 3, 5),
    ],
)
def test_worth_is_rounded_half_up_once(exchange: Exchange, units: int, expected: int) -> None:
    """On the whole amount."""
    assert expected == exchange.to_money_minor(units)
