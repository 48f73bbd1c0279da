"""The values of the state check themselves and keep their secrets."""

import pickle

import pytest

from points_engine.amounts import Exchange
from points_engine.contract import Secret
from pos_client.till.state import Entering, Order, Refusing, Sale
from tests.pos_client.till.walking import CODE


@pytest.mark.parametrize(
    ("total", "part", "paid"), [(0, 0, 0), (10, 0, 0), (10, 11, 0), (10, 5, 11), (10, 5, -1), (-5, -5, 0)]
)
def test_an_impossible_sale_cannot_be_made(total: int, part: int, paid: int) -> None:
    """A part is more than nothing and within the whole, and so is what was paid."""
    with pytest.raises(ValueError, match="no"):
        Sale(sale_id="s", total_units=total, points_units=part, paid_units=paid)


def test_a_sale_knows_its_rest() -> None:
    """In points, and in money by the worth of the whole less the worth of what was paid."""
    sale = Sale(sale_id="s", total_units=333, points_units=111, paid_units=111)
    assert (222, 22) == (sale.rest_units, sale.rest_money_minor(Exchange(10, 1)))


@pytest.mark.parametrize(
    "value",
    [
        Order(order_id="o", sale_id="s", units=3, code=Secret(CODE)),
        Entering(text="3", code=Secret(CODE)),
        Refusing(sale=Sale(sale_id="s", total_units=3, points_units=3), refusal_code="x", code=Secret(CODE)),
    ],
)
def test_a_code_in_the_state_is_neither_printed_nor_stored(value: object) -> None:
    """It lives in memory, shows as dots, and cannot be pickled."""
    assert CODE not in repr(value)
    assert CODE not in f"{value}"
    with pytest.raises(TypeError, match="never written"):
        pickle.dumps(value)
