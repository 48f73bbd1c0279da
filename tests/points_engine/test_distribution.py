"""A price over several assets: exact, never more than asked, never more units than needed, in the order given."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import Exchange
from points_engine.distribution import NOTHING, Offer, Paid, Rate, distribute, rate_between, reach, share_of

CENT = Rate(1, 1)
TEN_CENTS = Rate(1, 10)
SEVEN_FOR_FIVE = Rate(7, 5)

RATES = st.builds(Rate, st.integers(1, 20), st.integers(1, 20))
OFFERS = st.builds(Offer, RATES, st.integers(1, 8), st.integers(0, 40))


@pytest.mark.parametrize(
    ("offers", "price", "expected"),
    [
        # The first alone is enough: the others are left alone.
        ([Offer(CENT, 1, 500), Offer(CENT, 1, 500)], 500, [Paid(500, 500), NOTHING]),
        # What the first lacks comes from the second.
        ([Offer(CENT, 1, 300), Offer(CENT, 1, 500)], 500, [Paid(300, 300), Paid(200, 200)]),
        # All together are not enough.
        ([Offer(CENT, 1, 300), Offer(CENT, 1, 199)], 500, None),
        # A point worth ten cents never pays five.
        ([Offer(TEN_CENTS, 1, 99)], 105, None),
        ([Offer(TEN_CENTS, 1, 99), Offer(CENT, 1, 9)], 105, [Paid(10, 100), Paid(5, 5)]),
        # The first makes room for what the second can pay exactly.
        ([Offer(CENT, 1, 103), Offer(TEN_CENTS, 1, 9)], 105, [Paid(95, 95), Paid(1, 10)]),
        # Rounded down: two of seven-for-five are worth one, and so are no fewer.
        ([Offer(SEVEN_FOR_FIVE, 1, 99)], 1, [Paid(2, 1)]),
        ([Offer(SEVEN_FOR_FIVE, 1, 99)], 5, [Paid(7, 5)]),
        # Below its least it does not pay at all, so that the first leaves it enough.
        ([Offer(CENT, 1, 495), Offer(CENT, 50, 100)], 500, [Paid(450, 450), Paid(50, 50)]),
        ([Offer(CENT, 50, 100)], 49, None),
        # A unit far larger than the price's, after two fine ones.
        ([Offer(CENT, 1, 950), Offer(CENT, 1, 20), Offer(Rate(1, 900), 1, 2)], 1_000,
         [Paid(100, 100), NOTHING, Paid(1, 900)]),
        ([], 1, None),
        ([], 0, []),
    ],
)  # fmt: skip
def test_who_pays_what(offers: list[Offer], price: int, expected: list[Paid] | None) -> None:
    """Each in turn pays what it may and has, as long as the others can pay the rest."""
    assert expected == distribute(offers, price)


def best_by_trying(offers: list[Offer], price: int) -> tuple[int, ...] | None:
    """The worths that the rule asks for, found by trying all there are."""
    choices = [
        {0} | {offer.rate.worth_of(units) for units in range(offer.least_units, offer.most_units + 1)}
        for offer in offers
    ]
    sums = (worths for worths in itertools.product(*choices) if sum(worths) == price)
    return max(sums, default=None)


@given(st.lists(OFFERS, max_size=3), st.integers(1, 120))
def test_it_is_what_trying_everything_finds(offers: list[Offer], price: int) -> None:
    """The first pays the most it can in any way to pay exactly, then the second; nothing only when there is no way."""
    paid = distribute(offers, price)
    tried = best_by_trying(offers, price)
    # Fewer units than the least may be worth as much: then the rule takes fewer, or none.
    least_matters = any(offer.least_units > 1 for offer in offers)
    worths = None if paid is None else tuple(part.worth_units for part in paid)
    assert worths == tried or least_matters


@given(st.lists(OFFERS, max_size=3), st.integers(1, 10**6))
def test_never_more_than_asked_never_more_than_needed(offers: list[Offer], price: int) -> None:
    """The worths add up to the price; each part is within its bounds, and one unit less would be worth less."""
    paid = distribute(offers, price)
    if paid is None:
        return
    assert price == sum(part.worth_units for part in paid)
    for offer, part in zip(offers, paid, strict=True):
        if part != NOTHING:
            assert offer.least_units <= part.units <= offer.most_units
            assert part.worth_units == offer.rate.worth_of(part.units) > offer.rate.worth_of(part.units - 1)


@given(st.lists(OFFERS, max_size=3), st.integers(1, 10**6))
def test_what_is_available_is_never_more_than_the_price(offers: list[Offer], price: int) -> None:
    """What the assets can pay together is at most the price, and all of it when there is a greedy way."""
    available = reach(offers, price)
    assert 0 <= available <= price
    assert available < price or distribute(offers, price) is not None


@given(
    st.builds(Exchange, st.integers(1, 1_000), st.integers(1, 1_000)),
    st.builds(Exchange, st.integers(1, 1_000), st.integers(1, 1_000)),
    st.integers(0, 10**15),
)
def test_worth_loses_less_than_one_unit(asset: Exchange, price: Exchange, units: int) -> None:
    """A worth is the exact one without its fraction, also for the largest amounts."""
    exact_up, exact_down = (
        units * asset.money_minor * price.asset_units,
        asset.asset_units * price.money_minor,
    )
    worth = rate_between(asset, price).worth_of(units)
    assert worth * exact_down <= exact_up < (worth + 1) * exact_down


@pytest.mark.parametrize(
    ("percent", "total", "rate", "expected"),
    [(100, 1_000, CENT, 1_000), (50, 999, CENT, 499), (30, 1_000, Rate(1, 10), 3_000), (1, 99, CENT, 0)],
)
def test_a_share_is_rounded_down(percent: int, total: int, rate: Rate, expected: int) -> None:
    """Never more than the share, in whole units of the asset."""
    assert expected == share_of(percent, total, rate)


@pytest.mark.parametrize(
    ("offers", "price", "expected"),
    [
        # Of the first one step less is enough, of three assets too.
        ([Offer(CENT, 1, 10), Offer(Rate(1, 2), 1, 1)], 11, [Paid(9, 9), Paid(1, 2)]),
        (
            [Offer(CENT, 1, 10), Offer(Rate(1, 2), 1, 1), Offer(CENT, 9, 9)],
            11,
            [Paid(9, 9), Paid(1, 2), NOTHING],
        ),
        ([Offer(CENT, 1, 10), Offer(CENT, 7, 8), Offer(CENT, 9, 9)], 11, [Paid(4, 4), Paid(7, 7), NOTHING]),
    ],
)
def test_the_first_gives_way_by_no_more_than_it_has_to(
    offers: list[Offer], price: int, expected: list[Paid]
) -> None:
    """One unit at a time where three may pay."""
    assert expected == distribute(offers, price)
