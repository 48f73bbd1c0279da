"""Of two answers of a risk hook the stricter one holds."""

import pytest

from points_engine.risk import RiskAnswer, stricter

A = RiskAnswer


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (A.ALLOW, A.ALLOW, A.ALLOW),
        (A.ALLOW, A.ASK, A.ASK),
        (A.ASK, A.ALLOW, A.ASK),
        (A.ASK, A.REFUSE, A.REFUSE),
        (A.REFUSE, A.ALLOW, A.REFUSE),
    ],
)
def test_the_stricter_answer_holds(one: RiskAnswer, other: RiskAnswer, expected: RiskAnswer) -> None:
    """In whichever order they come."""
    assert expected is stricter(one, other)
