"""Who stands at the till, and the shift they work."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pos_client.staff import Cashier, open_shift

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2025, 6, 1, 1, 0, tzinfo=UTC)
LATE = datetime(2025, 6, 1, 15, 59, tzinfo=UTC)
NEXT_DAY = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "  "])
def test_a_cashier_has_a_name(name: str) -> None:
    """Nobody works without one."""
    with pytest.raises(ValueError, match="name"):
        Cashier(name=name)


def test_a_till_that_starts_again_goes_on_in_the_same_shift() -> None:
    """Same till, same cashier, same day of the shop: one shift, one log."""
    lin = Cashier(name="林")
    assert open_shift("T1", lin, MORNING, SHANGHAI) == open_shift("T1", lin, LATE, SHANGHAI)
    assert "T1/2025-06-01/林" == open_shift("T1", lin, MORNING, SHANGHAI).shift_id


def test_another_day_cashier_or_till_is_another_shift() -> None:
    """The day is the shop's, not Greenwich's."""
    lin = Cashier(name="林")
    shifts = {
        open_shift("T1", lin, MORNING, SHANGHAI).shift_id,
        open_shift("T1", lin, NEXT_DAY, SHANGHAI).shift_id,
        open_shift("T1", Cashier(name="周"), MORNING, SHANGHAI).shift_id,
        open_shift("T2", lin, MORNING, SHANGHAI).shift_id,
    }
    assert 4 == len(shifts)
