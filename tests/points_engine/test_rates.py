"""The rules of how often somebody may call, and whose address a call is counted for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import rates
from points_engine.rates import Limit, RateKind, RateRules, RateRulesInvalid

PROXIES = RateRules(trusted_proxies=("10.0.0.0/24", "2001:db8:1::1")).networks()


@given(st.integers(0, 4 * 10**15), st.integers(1, 3_600))
def test_a_moment_is_in_its_window(since_us: int, seconds: int) -> None:
    """Which ends after it, by no more than its length; and so long one has to wait, rounded up."""
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since_us)
    end = rates.end_of(rates.window_of(now, seconds), seconds)
    assert timedelta(0) < end - now <= timedelta(seconds=seconds)
    wait = rates.wait_seconds(now, seconds)
    assert end <= now + timedelta(seconds=wait) < end + timedelta(seconds=1)


@pytest.mark.parametrize("kind", RateKind)
def test_every_kind_has_its_limit(kind: RateKind) -> None:
    """What guesses at secrets is counted for ten minutes, all else for the window."""
    limit = RateRules(window_seconds=7).limit(kind)
    assert 0 < limit.calls
    assert (600 if kind in rates.STRICT else 7) == limit.seconds


def test_a_limit_is_the_settings() -> None:
    """By its name."""
    rules = RateRules(till_calls=3, all_enrolment_calls=0)
    assert Limit(3, 10) == rules.limit(RateKind.TILL)
    assert Limit(0, 600) == rules.limit(RateKind.ALL_ENROLMENTS)


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        # Nobody but a proxy that is known says whose a call is.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.9", "198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.9", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::1", "198.51.100.1", "198.51.100.1"),
        # Read from the end: what a caller wrote in front does not count.
        ("10.0.0.9", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.9", "1.2.3.4, 198.51.100.1, 10.0.0.8", "198.51.100.1"),
        ("10.0.0.9", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("10.0.0.9", "198.51.100.1, nonsense", "10.0.0.9"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.9", "[2001:db8:2:3:4:5:6:7]:443", "2001:db8:2:3::"),
        # A customer has a whole /64.
        ("2001:db8:2:3:4:5:6:7", "", "2001:db8:2:3::"),
        ("fe80::1%eth0", "", "fe80::"),
        ("", "198.51.100.1", ""),
    ],
)
def test_whose_address_it_is(peer: str, forwarded_for: str, expected: str) -> None:
    """The peer's, or whom the trusted proxies in a row name."""
    assert expected == rates.client_address(peer, forwarded_for, PROXIES)


@given(st.text(max_size=40), st.text(max_size=80))
def test_no_address_is_too_strange(peer: str, forwarded_for: str) -> None:
    """Whatever is sent is counted for somebody."""
    rates.client_address(peer, forwarded_for, PROXIES)
    rates.client_address("10.0.0.9", forwarded_for, PROXIES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window_seconds", 0),
        ("till_calls", -1),
        ("sign_in_calls", 1_000_001),
        ("address_calls", True),
        ("trusted_proxies", ("proxy.example",)),
    ],
)
def test_rules_that_cannot_be_name_themselves(name: str, value: object) -> None:
    """Each says what can be."""
    with pytest.raises(RateRulesInvalid, match=name):
        RateRules(**{name: value})  # type: ignore[arg-type] # that is the point
