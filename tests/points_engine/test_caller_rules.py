"""The rules of who may call: codes that people type, windows of time, the ends of credentials and sessions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import caller_rules
from points_engine.caller_rules import ALPHABET, CallerRules, CallerRulesInvalid

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
RULES = CallerRules()


def later(seconds: float) -> datetime:
    """So many seconds after now."""
    return NOW + timedelta(seconds=seconds)


@given(st.binary(min_size=8, max_size=16))
def test_a_code_is_read_as_it_is_shown(random: bytes) -> None:
    """Ten characters, in two groups, whatever the case and wherever blanks and dashes are."""
    code = caller_rules.code_of(random)
    assert 10 == len(code)
    assert set(code) <= set(ALPHABET)
    shown = caller_rules.grouped(code)
    for text in (code, shown, shown.lower(), f" {shown} ", shown.replace("-", " "), "-".join(code)):
        assert code == caller_rules.typed(text)


def test_no_two_codes_of_50_bits_are_alike() -> None:
    """Every one of the lower 50 bits makes another code."""
    codes = {caller_rules.code_of((1 << bit).to_bytes(8)) for bit in range(50)}
    assert 50 == len(codes)


def test_what_looks_alike_is_the_same() -> None:
    """O is 0; I and L are 1."""
    assert "0011100000" == caller_rules.typed("oOiLl-00000")


@pytest.mark.parametrize(
    "text", ["", "7K3MP9QX2", "7K3MP-9QX2RR", "7K3MP-9QX2U", "7K3MP-9QX2!", "登记码登记码登记码登", "0" * 500]
)
def test_what_is_no_code_is_none(text: str) -> None:
    """Too short, too long, or with a character that no code has."""
    assert caller_rules.typed(text) is None


@pytest.mark.parametrize(
    ("off", "expected"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_the_window_of_a_signed_request(off: int, expected: bool) -> None:
    """Five minutes to either side."""
    assert expected is caller_rules.is_in_time(int(NOW.timestamp()) + off, NOW, RULES)


@pytest.mark.parametrize(
    ("ends_at", "expected"), [(None, True), (later(1), True), (NOW, False), (later(-1), False)]
)
def test_a_credential_is_good_until_its_end(ends_at: datetime | None, expected: bool) -> None:
    """Not at its end any more; one without an end always."""
    assert expected is caller_rules.is_good(ends_at, NOW)


@pytest.mark.parametrize(
    ("ends_at", "expected"),
    [(None, later(86_400)), (later(60), later(60)), (later(90_000), later(86_400)), (later(-5), later(-5))],
)
def test_an_older_credential_ends_after_the_overlap(ends_at: datetime | None, expected: datetime) -> None:
    """Never later than it would have ended anyway: what was revoked does not come back."""
    assert expected == caller_rules.end_of_older(ends_at, NOW, RULES)


@pytest.mark.parametrize(
    ("created", "seen", "expected"),
    [(0, 0, 900), (-43_000, 0, 200), (-43_200, 0, 0), (-3_000, -2_000, -1_100)],
)
def test_a_session_ends_when_it_rests_and_in_any_case(created: int, seen: int, expected: int) -> None:
    """After a quarter of an hour without a request, and after half a day."""
    assert later(expected) == caller_rules.session_end(later(created), later(seen), RULES)


def test_a_credential_is_renewed_after_a_month_or_after_a_change_of_the_key() -> None:
    """By its age; at once where it was made with a key of the engine's that is not the one in use."""
    assert later(30 * 86_400) == caller_rules.renew_at(NOW, RULES, is_of_this_key=True)
    assert NOW == caller_rules.renew_at(NOW, RULES, is_of_this_key=False)


@pytest.mark.parametrize(("seen", "expected"), [(0, False), (-59, False), (-60, True), (-800, True)])
def test_that_a_session_is_in_use_is_not_written_at_each_request(seen: int, expected: bool) -> None:
    """Once a minute is soon enough for a quarter of an hour."""
    assert expected is caller_rules.wants_seen(later(seen), NOW, RULES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enrolment_code_seconds", 59),
        ("clock_window_seconds", 3_601),
        ("overlap_seconds", -1),
        ("renew_after_seconds", 3_599),
        ("session_idle_seconds", True),
        ("session_longest_seconds", 899),
        ("credentials_refresh_seconds", 11),
    ],
)
def test_rules_that_cannot_be_name_themselves(name: str, value: int) -> None:
    """Each has its bounds, and a session is not over before it has rested."""
    with pytest.raises(CallerRulesInvalid, match=name):
        CallerRules(**{name: value})
