"""PINs: their form, and which are too simple."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import pin_rules
from points_engine.contract import Refusal

BIRTHDAY = date(1987, 4, 23)
PHONE = "+8613812739154"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("284619", True),
        ("12345", False),
        ("1234567", False),
        ("12345a", False),
        ("１２３４５６", False),
        ("", False),
    ],
)
def test_a_pin_has_six_digits(text: str, *, expected: bool) -> None:
    """Six ASCII digits and nothing else."""
    assert expected == pin_rules.is_pin(text)


@pytest.mark.parametrize(
    "pin",
    [
        "000000", "999999", "111222", "121212", "100000", "010011",
        "123456", "654321", "012345", "345678", "567890", "789012", "987654", "210987", "098765",
        "123123", "147147", "123321", "147741", "112233", "998877", "225588",
    ],
)  # fmt: skip
def test_patterns_are_too_simple(pin: str) -> None:
    """What is tried first is no PIN, whoever the member is."""
    assert Refusal.PIN_TOO_SIMPLE == pin_rules.refusal_of(pin, None, None)


@pytest.mark.parametrize(
    "pin",
    [
        "284619",
        "739154",
        "135790",
        "246802",
        "864209",
        "975310",
        "314159",
        "123457",
        "122334",
        "123432",
        "112234",
    ],
)
def test_what_only_looks_like_a_pattern_is_a_pin(pin: str) -> None:
    """The rules are narrow: nobody is sent away for a PIN that is not among the first guesses."""
    assert pin_rules.refusal_of(pin, BIRTHDAY, "+8613812345678") is None


@pytest.mark.parametrize(
    "pin", ["870423", "230487", "042387", "872304", "048723", "238704", "198704", "041987"]
)
def test_a_birthday_is_too_simple(pin: str) -> None:
    """In every order in which people write it; for somebody else it is a PIN."""
    assert Refusal.PIN_TOO_SIMPLE == pin_rules.refusal_of(pin, BIRTHDAY, None)
    assert pin_rules.refusal_of(pin, None, None) is None
    assert pin_rules.refusal_of(pin, date(1990, 12, 1), None) is None


def test_the_end_of_the_phone_number_is_too_simple() -> None:
    """Its last six digits stand on every receipt; six others of it do not."""
    assert Refusal.PIN_TOO_SIMPLE == pin_rules.refusal_of("739154", None, PHONE)
    assert pin_rules.refusal_of("273915", None, PHONE) is None


@given(st.integers(0, 10**6 - 1).map("{:06d}".format))
def test_most_pins_are_left(pin: str) -> None:
    """A PIN without a pattern has at least three digits and differs from its own repetition and mirror."""
    if not pin_rules.has_pattern(pin):
        assert len(set(pin)) >= 3
        assert pin not in {pin[:3] * 2, pin[::-1], pin[0] * 2 + pin[2] * 2 + pin[4] * 2}


def test_how_many_pins_the_patterns_cost() -> None:
    """Of a million, one in two hundred: the rules hardly shrink what has to be guessed."""
    one_digit, two_digits, runs = 10, 45 * (2**6 - 2), 2 * 10
    # Of three different digits each: repeated, mirrored, paired.
    three_digits = 3 * 10 * 9 * 8
    expected = one_digit + two_digits + runs + three_digits
    assert expected == sum(pin_rules.has_pattern(f"{number:06d}") for number in range(10**6))


@given(st.text(max_size=8), st.none() | st.dates(), st.none() | st.just(PHONE))
def test_any_text_gets_an_answer(text: str, birthday: date | None, phone: str | None) -> None:
    """What is no PIN is told so before anything else."""
    refusal = pin_rules.refusal_of(text, birthday, phone)
    assert (refusal is Refusal.PIN_NOT_ALLOWED) == (not pin_rules.is_pin(text))
