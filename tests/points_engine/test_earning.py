"""What an order earns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS
from points_engine.earning import EarnRule, EarnRuleInvalid


@pytest.mark.parametrize(
    ("rule", "spend_minor", "units"),
    [
        (EarnRule(1, 100), 0, 0),
        (EarnRule(1, 100), 99, 0),
        (EarnRule(1, 100), 100, 1),
        (EarnRule(1, 100), 12_399, 123),
        (EarnRule(5, 1_000), 2_999, 10),
    ],
)
def test_every_full_step_earns(rule: EarnRule, spend_minor: int, units: int) -> None:
    """What is not full earns nothing."""
    assert units == rule.earned(spend_minor)


@given(st.integers(1, 50), st.integers(1, 500), st.lists(st.integers(0, 2_000), max_size=5))
def test_an_order_cut_into_pieces_never_earns_more(units: int, per_minor: int, pieces: list[int]) -> None:
    """Whatever the pieces."""
    rule = EarnRule(units, per_minor)
    assert sum(map(rule.earned, pieces)) <= rule.earned(sum(pieces))


@pytest.mark.parametrize(
    ("units", "per_minor", "name"),
    [
        (0, 1, "units"),
        (1, 0, "per_minor"),
        (True, 1, "units"),
        (1, 1.5, "per_minor"),
        (MAX_UNITS + 1, 1, "units"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(units: int, per_minor: int, name: str) -> None:
    """It names the field."""
    with pytest.raises(EarnRuleInvalid, match=f"^{name} must be a whole number"):
        EarnRule(units, per_minor)


def test_the_ends_of_the_range_are_possible() -> None:
    """The most there is, for the most there is."""
    assert MAX_UNITS == EarnRule(MAX_UNITS, MAX_UNITS).earned(MAX_UNITS)
