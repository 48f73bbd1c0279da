"""What is seen in pictures becomes scans: sure ones, each once, and never two payments at once."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scan import Scan
from drivers.sightings import CONFLICT_SECONDS, Confirmation, Sightings

A, B, GOODS = "840123456789012345", "840999999999999999", "6901234567892"


def scan(text: str) -> Scan:
    """A reading of a picture."""
    return Scan(text.encode(), text, "QR Code", "]Q1", transport="camera")


def is_payment_code(text: str) -> bool:
    """As a till would say."""
    return text.startswith("84")


def run(
    pictures: Sequence[tuple[float, Sequence[str]]], **rules: float
) -> list[tuple[float, tuple[str, ...], bool]]:
    """What came of pictures at their times; those of which nothing came are left out."""
    among = Sightings(Confirmation(**rules), is_payment_code)  # type: ignore[arg-type]  # frames is whole in each case
    told = []
    for at, texts in pictures:
        seen = among.see([scan(text) for text in texts], at)
        if seen.scans or seen.is_conflict:
            told.append((at, tuple(each.text for each in seen.scans), seen.is_conflict))
    return told


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        pytest.param([(0.0, [A])], [], id="once is not enough"),
        pytest.param([(0.0, [A]), (0.1, [A])], [(0.1, (A,), False)], id="twice is"),
        pytest.param([(0.0, [A]), (0.9, [A])], [(0.9, (A,), False)], id="within the time"),
        pytest.param([(0.0, [A]), (1.0, [A])], [], id="too far apart"),
        pytest.param([(0.0, [A, A])], [], id="twice in one picture is once"),
        pytest.param(
            [(0.1 * n, [A]) for n in range(100)], [(0.1, (A,), False)], id="held in view it is one scan"
        ),
        pytest.param(
            [(0.0, [A]), (0.1, [A]), (1.5, []), (1.6, [A]), (1.7, [A])],
            [(0.1, (A,), False), (1.7, (A,), False)],
            id="away and back it is a new one",
        ),
        pytest.param(
            [(0.0, [A]), (0.1, [A]), (1.5, [A]), (1.6, [A])], [(0.1, (A,), False)], id="covered for a moment"
        ),
        pytest.param(
            [(0.0, [A, B]), (0.1, [A, B])],
            [(0.0, (), True), (0.1, (), True)],
            id="two payment codes are none",
        ),
        pytest.param(
            [(0.0, [A]), (0.1, [B]), (0.2, [A]), (0.3, [B])],
            [(0.1, (), True), (0.2, (), True), (0.3, (), True)],
            id="nor are two that are read in turns",
        ),
        pytest.param(
            [(0.0, [A, B]), (0.1, [B]), (0.5, [B]), (0.6, [B])],
            [(0.0, (), True), (0.1, (), True), (0.6, (B,), False)],
            id="one has gone, the other is taken",
        ),
        pytest.param(
            [(0.0, [A]), (0.1, [A]), (0.2, [A, B]), (0.3, [A, B])],
            [(0.1, (A,), False), (0.2, (), True), (0.3, (), True)],
            id="a second phone beside the first",
        ),
        pytest.param(
            [(0.0, [A, GOODS]), (0.1, [A, GOODS])], [(0.1, (A, GOODS), False)], id="goods hinder nothing"
        ),
        pytest.param(
            [(0.0, [A, B, GOODS]), (0.1, [A, B, GOODS])],
            [(0.0, (), True), (0.1, (GOODS,), True)],
            id="nor are they hindered",
        ),
    ],
)
def test_what_is_seen_becomes_scans(
    pictures: Sequence[tuple[float, Sequence[str]]], expected: list[tuple[float, tuple[str, ...], bool]]
) -> None:
    """Two pictures within a second make a scan, of what is new in view, and alone if it is a payment code."""
    assert expected == run(pictures)


def test_one_picture_may_be_enough() -> None:
    """The rules are the shop's."""
    assert [(0.0, (A,), False)] == run([(0.0, [A])], frames=1)


def test_a_scan_has_the_time_of_its_picture() -> None:
    """Not of when somebody came to look at it."""
    among = Sightings(Confirmation(frames=1))
    assert [7.5] == [each.at for each in among.see([scan(A)], 7.5).scans]


LABELS = [A, B, GOODS]
PICTURES = st.lists(
    st.tuples(st.floats(0.01, 2.0), st.lists(st.sampled_from(LABELS), max_size=3)), max_size=60
)


@given(PICTURES)
def test_whatever_is_seen_two_payments_are_never_near(steps: list[tuple[float, list[str]]]) -> None:
    """A payment code is a scan only when it was seen twice and no other was seen in the half second before."""
    among = Sightings(is_exclusive=is_payment_code)
    at = 0.0
    history: list[tuple[float, list[str]]] = []
    for step, texts in steps:
        at += step
        history.append((at, texts))
        for each in among.see([scan(text) for text in texts], at).scans:
            recent = [seen for then, seen in history if at - then < 1.0]
            assert 2 <= sum(each.text in seen for seen in recent)
            if is_payment_code(each.text):
                near = {
                    text
                    for then, seen in history
                    if at - then < CONFLICT_SECONDS
                    for text in filter(is_payment_code, seen)
                }
                assert {each.text} == near


def test_what_is_remembered_is_bounded() -> None:
    """A camera that reads ever other texts holds some of them."""
    among = Sightings(is_exclusive=lambda _: False)
    for number in range(1000):
        among.see([scan(str(number))], 0.0)
    assert 64 == len(among._labels)
