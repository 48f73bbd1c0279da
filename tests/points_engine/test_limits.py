"""PIN-free limits: per payment, per day, per member."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS
from points_engine.limits import AssetLimits, DayUse, LimitsInvalid, needs_pin, shop_day

LIMITS = AssetLimits(
    minimum_units=5,
    cap_units=10_000,
    pin_free_units=500,
    pin_free_ceiling_units=800,
    pin_free_daily_count=3,
    pin_free_daily_units=1_200,
)
FRESH = DayUse(1)


@pytest.mark.parametrize(
    ("units", "own", "use", "expected"),
    [
        (500, None, FRESH, False),
        (501, None, FRESH, True),
        (100, 100, FRESH, False),
        (101, 100, FRESH, True),
        (1, 0, FRESH, True),
        (700, 700, FRESH, False),
        (800, 9_999, FRESH, False),
        (801, 9_999, FRESH, True),
        (10, None, DayUse(1, 2, 20), False),
        (10, None, DayUse(1, 3, 30), True),
        (200, None, DayUse(1, 1, 1_000), False),
        (201, None, DayUse(1, 1, 1_000), True),
    ],
)
def test_when_a_pin_is_needed(units: int, own: int | None, use: DayUse, *, expected: bool) -> None:
    """Over the limit that holds, over the day's count, or over the day's sum, and not before."""
    assert expected == needs_pin(LIMITS, own, use, units)


@pytest.mark.parametrize(("units", "expected"), [(4, False), (5, True), (10_000, True), (10_001, False)])
def test_what_a_single_payment_may_be(units: int, *, expected: bool) -> None:
    """The minimum and the cap are both allowed."""
    assert expected == LIMITS.allows(units)


def test_a_new_day_starts_at_nothing() -> None:
    """The next day has its own count; the same day, or a clock that went back, goes on counting."""
    used = DayUse(10, 3, 900)
    assert DayUse(11) == used.on(11)
    assert used == used.on(10)
    assert used == used.on(9)


def test_the_day_is_the_shops() -> None:
    """At 15:59 UTC it is still today in Shanghai, at 16:00 tomorrow."""
    zone = ZoneInfo("Asia/Shanghai")
    before = shop_day(datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC), zone)
    assert before + 1 == shop_day(datetime(2026, 3, 2, 16, 0, tzinfo=UTC), zone)


@given(st.integers(0, 2_000), st.none() | st.integers(0, 2_000), st.lists(st.integers(1, 600), max_size=8))
def test_pin_free_payments_never_pass_the_days_limits(
    first: int, own: int | None, amounts: list[int]
) -> None:
    """However payments come, what went through without a PIN stays within count, sum and limit."""
    use, passed = FRESH, []
    for units in [first, *amounts]:
        if not needs_pin(LIMITS, own, use, units):
            use = use.plus(units, is_pin_free=True)
            passed.append(units)
    assert len(passed) <= LIMITS.pin_free_daily_count
    assert sum(passed) <= LIMITS.pin_free_daily_units
    assert all(units <= LIMITS.pin_free_limit(own) <= LIMITS.pin_free_ceiling_units for units in passed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minimum_units", 0),
        ("minimum_units", 100_001),
        ("cap_units", -1),
        ("cap_units", MAX_UNITS + 1),
        ("cap_units", True),
        ("cap_units", 10.0),
        ("pin_free_units", 2_001),
        ("pin_free_daily_count", -1),
        ("pin_free_daily_units", None),
    ],
)
def test_impossible_limits_are_refused_by_name(field: str, value: object) -> None:
    """A limit out of range or against another one is named."""
    with pytest.raises(LimitsInvalid, match=r"_units|_count"):
        AssetLimits(**{field: value})  # type: ignore[arg-type]  # that is the point


def test_a_payment_counts_in_the_days_use() -> None:
    """With a PIN or without; the PIN-free counters see the latter alone."""
    use = DayUse(7, 1, 10, 2, 30)
    assert DayUse(7, 2, 15, 3, 35) == use.plus(5, is_pin_free=True)
    assert DayUse(7, 1, 10, 3, 35) == use.plus(5, is_pin_free=False)


def test_a_payment_given_back_leaves_the_days_use_but_stays_pin_free() -> None:
    """One of another day changes nothing."""
    use = DayUse(7, 1, 10, 2, 30)
    assert DayUse(7, 1, 10, 1, 25) == use.less(5, 7)
    assert use == use.less(5, 6) == use.less(5, 8) == use.less(5, None)


@pytest.mark.parametrize(
    ("times", "units", "expected"),
    [(0, 0, 100), (1, 40, 60), (1, 100, 0), (1, 101, 0), (2, 40, 0), (3, 40, 0)],
)
def test_the_days_caps_leave_room_until_count_or_sum_is_reached(
    times: int, units: int, expected: int
) -> None:
    """The sum says how much; a count that is reached leaves nothing."""
    limits = AssetLimits(minimum_units=1, cap_units=50, daily_count=2, daily_units=100)
    assert expected == limits.day_room(DayUse(1, times=times, units=units))


@pytest.mark.parametrize(
    "field",
    ["minimum_units", "cap_units", "daily_count", "daily_units", "order_share_percent", "pin_free_units"],
)
@pytest.mark.parametrize("value", [-1, MAX_UNITS + 1, True, "1", 1.0])
def test_every_limit_is_a_whole_number_in_range(field: str, value: object) -> None:
    """The message names the field."""
    with pytest.raises(LimitsInvalid, match=field):
        AssetLimits(**{field: value})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "given_limits",
    [
        {"minimum_units": 1, "cap_units": 1, "daily_count": 1, "daily_units": 1, "order_share_percent": 1},
        {"minimum_units": 7, "cap_units": 7, "daily_units": 7, "order_share_percent": 100},
        {
            "pin_free_units": 0,
            "pin_free_ceiling_units": 0,
            "pin_free_daily_count": 0,
            "pin_free_daily_units": 0,
        },
        {"pin_free_units": 9, "pin_free_ceiling_units": 9, "cap_units": MAX_UNITS},
    ],
)
def test_the_ends_of_every_range_are_possible(given_limits: dict[str, int]) -> None:
    """A limit may be as tight, or as wide, as it says."""
    limits = AssetLimits(**given_limits)
    assert given_limits == {name: getattr(limits, name) for name in given_limits}


@pytest.mark.parametrize(
    "given_limits",
    [
        {"minimum_units": 0},
        {"minimum_units": 8, "cap_units": 7},
        {"daily_count": 0},
        {"minimum_units": 8, "daily_units": 7},
        {"order_share_percent": 0},
        {"order_share_percent": 101},
        {"pin_free_units": 10, "pin_free_ceiling_units": 9},
    ],
)
def test_limits_that_contradict_each_other_are_refused(given_limits: dict[str, int]) -> None:
    """One step beyond the ends."""
    with pytest.raises(LimitsInvalid):
        AssetLimits(**given_limits)
