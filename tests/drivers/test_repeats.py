"""What is a repeat, and what never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.repeats import RepeatFilter
from drivers.scan import Scan


def scan(text: str, at: float | None, source: str = "sim:") -> Scan:
    """A scan of a text at a time."""
    return Scan(text.encode(), text, source=source, at=at)


@pytest.mark.parametrize(
    ("seen", "repeats"),
    [
        ([("1", 0.0, "a"), ("1", 2.4, "a")], [False, True]),
        ([("1", 0.0, "a"), ("1", 2.5, "a")], [False, False]),
        ([("1", 0.0, "a"), ("1", 0.1, "b")], [False, True]),  # one label through two channels
        ([("1", 0.1, "a"), ("1", 0.0, "b")], [False, True]),  # which took their time differently
        ([("1", 0.0, "a"), ("2", 0.1, "a"), ("1", 0.2, "a")], [False, False, True]),
        ([("1", 0.0, "a"), ("1", 2.0, "a"), ("1", 2.6, "a")], [False, True, False]),  # no repeat prolongs it
        ([("1", 0.0, "camera:0"), ("1", 4.9, "camera:0"), ("1", 5.0, "camera:0")], [False, True, False]),
    ],
)
def test_a_repeat_is(seen: list[tuple[str, float, str]], repeats: list[bool]) -> None:
    """The same text within the window, from any source, is a repeat; the window is a source's own."""
    among = RepeatFilter(2.5, {"camera:0": 5.0})
    assert repeats == [among.is_repeat(scan(*each)) for each in seen]


@given(st.lists(st.tuples(st.sampled_from("123456"), st.floats(0, 0.5)), max_size=30), st.integers(1, 6))
def test_a_different_scan_is_never_dropped(steps: list[tuple[str, float]], max_entries: int) -> None:
    """Whatever comes in whatever order, only a text that was let through within the window is held back."""
    among, at, let_through = RepeatFilter(max_entries=max_entries), 0.0, dict[str, float]()
    for text, pause in steps:
        at += pause
        if among.is_repeat(scan(text, at)):
            assert at - let_through[text] < 2.5
        else:
            let_through[text] = at


def test_memory_is_bounded_and_holds_no_text() -> None:
    """After many scans a fixed number of digests is kept, none of which is a text."""
    among = RepeatFilter(max_entries=8)
    for number in range(1000):
        among.is_repeat(scan(f"66{number:016d}", number * 0.001))
    assert 8 == len(among._let_through_at)
    assert {16} == {len(digest) for digest in among._let_through_at}
    assert b"660000000000000999" not in among._let_through_at


def test_a_scan_without_a_time_cannot_be_judged() -> None:
    """A scan that nobody has stamped is a ValueError that does not show its text."""
    with pytest.raises(ValueError, match="without a time") as caught:
        RepeatFilter().is_repeat(scan("660123456789012345", None))
    assert "66" not in str(caught.value)
