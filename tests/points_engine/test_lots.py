"""Lots: held against a plain list of (expiry, left), and the days on which they end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import lots
from points_engine.lots import (
    ExpiryKind,
    ExpiryRule,
    Lot,
    LotRules,
    LotRulesInvalid,
    MoreThanTaken,
    Return,
    Taken,
    Use,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NEVER_ENDS = 99

PLAIN_LOTS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 20)), max_size=6).map(sorted)
"""(expiry, left), oldest expiry first."""


def at(number: int) -> datetime:
    """A moment for a plain number."""
    return START + timedelta(hours=number)


def lots_of(plain: list[tuple[int, int]]) -> list[Lot]:
    """The same lots as the rules see them."""
    return [Lot(place + 1, left, at(expiry)) for place, (expiry, left) in enumerate(plain)]


def spend_plainly(plain: list[tuple[int, int]], never_ends: int, units: int) -> list[tuple[int, int]]:
    """What is left, said a second time: single units, one after the other; the last pair never ends."""
    singles = [expiry for expiry, left in plain for _ in range(left)] + [NEVER_ENDS] * never_ends
    kept = sorted(singles)[units:]
    return sorted((expiry, kept.count(expiry)) for expiry in set(kept))


def merged(plain: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of one expiry as one, without the empty."""
    expiries = {expiry for expiry, left in plain if left}
    return sorted((expiry, sum(left for other, left in plain if other == expiry)) for expiry in expiries)


def left_after(
    plain: list[tuple[int, int]], never_ends: int, taken: list[Taken], returns: list[Return]
) -> list[tuple[int, int]]:
    """What is left after takings and returns, as pairs."""
    left = dict(enumerate((left for _, left in plain), 1))
    for lot_id, units in taken:
        if lot_id is None:
            never_ends -= units
        else:
            left[lot_id] -= units
    for use, units, _ in returns:
        if use.lot_id is None:
            never_ends += units
        else:
            left[use.lot_id] += units
    return merged(
        [*((expiry, left[place]) for place, (expiry, _) in enumerate(plain, 1)), (NEVER_ENDS, never_ends)]
    )


def uses_of(plain: list[tuple[int, int]], taken: list[Taken]) -> list[Use]:
    """What was taken, as it is kept."""
    return [
        Use(place, lot_id, units, None if lot_id is None else at(plain[lot_id - 1][0]))
        for place, (lot_id, units) in enumerate(taken, 1)
    ]


@given(PLAIN_LOTS, st.integers(0, 20), st.data())
def test_the_oldest_expiry_is_spent_first(
    plain: list[tuple[int, int]], never_ends: int, data: st.DataObject
) -> None:
    """Taking leaves what a purse of single units would be left with, spent soonest to end first."""
    units = data.draw(st.integers(0, sum(left for _, left in plain) + never_ends))
    taken = lots.take(lots_of(plain), units)
    assert units == sum(part.units for part in taken)
    assert all(part.units > 0 for part in taken)
    assert spend_plainly(plain, never_ends, units) == left_after(plain, never_ends, taken, [])


@given(PLAIN_LOTS, st.integers(0, 20), st.data())
def test_giving_back_leaves_what_a_smaller_payment_would_have_left(
    plain: list[tuple[int, int]], never_ends: int, data: st.DataObject
) -> None:
    """However many parts come back, one after the other."""
    units = data.draw(st.integers(0, sum(left for _, left in plain) + never_ends))
    parts = data.draw(st.lists(st.integers(0, 10)).filter(lambda parts: sum(parts) <= units))
    taken = lots.take(lots_of(plain), units)
    uses, returns = uses_of(plain, taken), []
    for part in parts:
        back = lots.give_back(uses, part, START - timedelta(days=1))
        returns += back
        given_back = {returned.use.id: returned.units for returned in back}
        uses = [use._replace(units=use.units - given_back.get(use.id, 0)) for use in uses]
    assert all(not returned.is_late for returned in returns)
    smaller = spend_plainly(plain, never_ends, units - sum(parts))
    assert smaller == left_after(plain, never_ends, taken, returns)


def test_a_named_lot_goes_before_all_others() -> None:
    """What an order earned is taken back from what it earned; the rest goes as ever."""
    plain = [(1, 5), (2, 7), (3, 9)]
    assert [Taken(3, 9), Taken(1, 2)] == lots.take(lots_of(plain), 11, first_id=3)
    assert [Taken(1, 5), Taken(2, 7), Taken(3, 9), Taken(None, 4)] == lots.take(
        lots_of(plain), 25, first_id=8
    )


def test_more_than_was_taken_never_comes_back() -> None:
    """Asking for it is a bug."""
    with pytest.raises(MoreThanTaken):
        lots.give_back([Use(1, 1, 5, at(0))], 6, START)


@pytest.mark.parametrize(("hours", "late"), [(-1, False), (0, True), (1, True)])
def test_what_comes_back_when_its_time_is_up_is_late(hours: int, late: bool) -> None:
    """From the moment of its expiry on; what never expires is never late."""
    uses = [Use(1, 1, 5, START), Use(2, None, 3, None)]
    returns = lots.give_back(uses, 8, START + timedelta(hours=hours))
    assert [Return(uses[1], 3, is_late=False), Return(uses[0], 5, is_late=late)] == returns


@pytest.mark.parametrize(
    ("rule", "today", "last_day"),
    [
        (ExpiryRule(), date(2026, 3, 2), None),
        (ExpiryRule(ExpiryKind.MONTHS, 12), date(2026, 3, 2), date(2027, 3, 2)),
        (ExpiryRule(ExpiryKind.MONTHS, 1), date(2026, 1, 31), date(2026, 2, 28)),
        (ExpiryRule(ExpiryKind.MONTHS, 1), date(2028, 1, 31), date(2028, 2, 29)),
        (ExpiryRule(ExpiryKind.MONTHS, 12), date(2028, 2, 29), date(2029, 2, 28)),
        (ExpiryRule(ExpiryKind.MONTHS, 10), date(2026, 3, 2), date(2027, 1, 2)),
        (ExpiryRule(ExpiryKind.MONTHS, 9), date(2026, 3, 2), date(2026, 12, 2)),
        (ExpiryRule(ExpiryKind.YEAR_END), date(2026, 1, 1), date(2026, 12, 31)),
        (ExpiryRule(ExpiryKind.YEAR_END), date(2026, 12, 31), date(2026, 12, 31)),
        (ExpiryRule(ExpiryKind.YEAR_END, 1), date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_the_last_day_by_the_scheme(rule: ExpiryRule, today: date, last_day: date | None) -> None:
    """So many months later, or the end of a year."""
    assert last_day == rule.last_day(today)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (ExpiryKind.NEVER, 1),
        (ExpiryKind.MONTHS, 0),
        (ExpiryKind.MONTHS, lots.MOST_MONTHS + 1),
        (ExpiryKind.MONTHS, True),
        (ExpiryKind.YEAR_END, -1),
        (ExpiryKind.YEAR_END, 101),
    ],
)
def test_a_rule_that_cannot_be_is_refused(kind: ExpiryKind, count: int) -> None:
    """It names what can be."""
    with pytest.raises(LotRulesInvalid, match="count must be a whole number from"):
        ExpiryRule(kind, count)


@pytest.mark.parametrize("days", [-1, 367, True, 1.5])
def test_a_grace_that_cannot_be_is_refused(days: int) -> None:
    """It names the setting."""
    with pytest.raises(LotRulesInvalid, match="grace_days must be a whole number from 0 to 366"):
        LotRules(grace_days=days)


@pytest.mark.parametrize(
    ("last_day", "zone", "end"),
    [
        (date(2026, 3, 2), SHANGHAI, datetime(2026, 3, 2, 16, tzinfo=UTC)),
        (date(2026, 3, 28), BERLIN, datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 29), BERLIN, datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), BERLIN, datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (lots.LAST_DAY, ZoneInfo("Pacific/Kiritimati"), datetime(9998, 12, 31, 10, tzinfo=UTC)),
        (lots.LAST_DAY, ZoneInfo("Etc/GMT+12"), datetime(9999, 1, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_the_shop_is(last_day: date, zone: ZoneInfo, end: datetime) -> None:
    """At its own midnight, also when the clocks change."""
    assert end == lots.end_of(last_day, zone)
    assert last_day == lots.last_day_of(end, zone)


def test_what_comes_back_late_is_good_for_some_days_more() -> None:
    """Through the last of them; with none it expires at once."""
    now = datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert lots.end_of(date(2026, 3, 9), SHANGHAI) == lots.renewed_until(now, 7, SHANGHAI)
    assert lots.renewed_until(now, 0, SHANGHAI) is None


@pytest.mark.parametrize(
    ("expires_at", "due"), [(None, False), (at(1), False), (at(0), True), (at(-1), True)]
)
def test_due_is_from_the_very_moment_on(expires_at: datetime | None, due: bool) -> None:
    """What never expires is never due."""
    assert due == lots.is_due(expires_at, START)


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [
        (ExpiryKind.NEVER, 0, 0),
        (ExpiryKind.MONTHS, 1, lots.MOST_MONTHS),
        (ExpiryKind.YEAR_END, 0, 100),
    ],
)
def test_every_kind_of_expiry_has_its_range(kind: ExpiryKind, lowest: int, highest: int) -> None:
    """Both ends are possible; one step beyond them, and what is no number, is refused by name."""
    for count in (lowest, highest):
        assert count == ExpiryRule(kind, count).count
    for wrong in (lowest - 1, highest + 1, True, None):
        with pytest.raises(
            LotRulesInvalid, match=f"^count must be a whole number from {lowest} to {highest} "
        ):
            ExpiryRule(kind, wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_days_of_grace_have_their_range() -> None:
    """From none to a year."""
    for days in (0, lots.MOST_GRACE_DAYS):
        assert days == LotRules(grace_days=days).grace_days
    for wrong in (-1, lots.MOST_GRACE_DAYS + 1, True, None):
        with pytest.raises(LotRulesInvalid, match=r"^grace_days must be a whole number"):
            LotRules(grace_days=wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_moments_are_in_utc_and_days_in_the_shops_zone() -> None:
    """Whatever the machine's own zone is."""
    day = date(2026, 3, 2)
    assert UTC is lots.start_of(day, SHANGHAI).tzinfo
    # Still the 1st in UTC: the shop's own day counts.
    night = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert lots.end_of(date(2026, 3, 4), SHANGHAI) == lots.renewed_until(night, 2, SHANGHAI)
    assert day == lots.last_day_of(lots.end_of(day, SHANGHAI), SHANGHAI)
    assert date(2026, 3, 3) == lots.last_day_of(
        lots.end_of(day, SHANGHAI) + timedelta(microseconds=1), SHANGHAI
    )
