"""Payment codes: what they look like, and that no slip of a gun or a finger makes another one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import payment_code
from points_engine.contract import Refusal
from points_engine.payment_code import (
    CodeLayout,
    CodeState,
    DigitsInvalid,
    PrefixInvalid,
    check_digit,
    grouped,
)

LAYOUT = CodeLayout()
CODES = st.text("0123456789", min_size=15, max_size=15).map(LAYOUT.compose)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@given(CODES)
def test_a_composed_code_is_recognised(code: str) -> None:
    """Every composed code has 18 digits, the prefix, and is recognised."""
    assert (18, "84", True) == (len(code), code[:2], LAYOUT.recognises(code))


@given(CODES, st.integers(0, 17), st.integers(1, 9))
def test_every_single_wrong_digit_is_noticed(code: str, place: int, shift: int) -> None:
    """A code with one digit changed is no code."""
    wrong = str((int(code[place]) + shift) % 10)
    assert not LAYOUT.recognises(code[:place] + wrong + code[place + 1 :])


@given(CODES, st.integers(0, 16))
def test_every_swap_of_neighbours_is_noticed(code: str, place: int) -> None:
    """A code with two neighbouring digits swapped is no code, 09 and 90 included."""
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert LAYOUT.recognises(swapped) == (swapped == code)


def test_the_check_digit_is_damms() -> None:
    """Damm's own example, 572, has the check digit 4; and 09 and 90 differ."""
    assert "4" == check_digit("572")
    assert check_digit("09") != check_digit("90")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "84",
        "6901234567892",  # a product's EAN-13
        "134567890123456789",  # WeChat Pay
        "280123456789012345",  # Alipay
        "84１２３４５６７８９０１２３４５６",  # full-width digits
        "84²234567890123456",
        "84\x00123456789012345",
        "\ud800" * 18,
    ],
)
def test_other_texts_are_no_codes(text: str) -> None:
    """What else a gun may read is told apart, and nothing breaks on it."""
    assert not LAYOUT.recognises(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_recogniser(text: str) -> None:
    """Whatever is recognised is an 18-digit text with our prefix."""
    if LAYOUT.recognises(text):
        assert text.isascii()
        assert text.isdigit()
        assert 18 == len(text)


@pytest.mark.parametrize("prefix", [*map(str, range(10, 16)), *map(str, range(25, 31)), "62"])
def test_prefixes_of_other_wallets_are_refused(prefix: str) -> None:
    """No scheme may take WeChat Pay's, Alipay's or UnionPay's prefix."""
    with pytest.raises(PrefixInvalid, match="another wallet"):
        CodeLayout(prefix)


@pytest.mark.parametrize("prefix", ["", "8", "840", "8a", "８４", "-1"])
def test_a_prefix_is_two_digits(prefix: str) -> None:
    """Anything but two decimal digits is refused with an example."""
    with pytest.raises(PrefixInvalid, match="two digits"):
        CodeLayout(prefix)


@pytest.mark.parametrize("digits", ["", "12345678901234", "1234567890123456", "12345678901234x"])
def test_compose_wants_15_digits_and_does_not_repeat_them(digits: str) -> None:
    """Wrong random digits are refused without being named."""
    with pytest.raises(DigitsInvalid) as refusal:
        LAYOUT.compose(digits)
    assert not digits or digits not in str(refusal.value)


def test_another_scheme_has_other_codes() -> None:
    """A code is its own scheme's alone."""
    assert not CodeLayout("90").recognises(LAYOUT.compose("0" * 15))


def test_a_code_is_read_by_fours() -> None:
    """People read 4-4-4-4-2."""
    assert "8412 3456 7890 1234 56" == grouped("841234567890123456")


@pytest.mark.parametrize(
    ("state", "age_seconds", "expected"),
    [
        (CodeState.LIVE, 0, None),
        (CodeState.LIVE, 59.999999, None),
        (CodeState.LIVE, 60, Refusal.CODE_EXPIRED),
        (CodeState.USED, 59, Refusal.CODE_USED),
        (CodeState.USED, 60, Refusal.CODE_EXPIRED),
    ],
)
def test_a_code_pays_for_sixty_seconds_once(
    state: CodeState, age_seconds: float, expected: Refusal | None
) -> None:
    """The first moment at which a code is no longer good is 60 s after it was issued."""
    good_until = payment_code.expires_at(NOW, payment_code.LIFETIME_SECONDS)
    now = NOW + timedelta(seconds=age_seconds)
    assert expected == payment_code.refusal_of(state, good_until, now)
