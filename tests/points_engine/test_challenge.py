"""Challenges: tries, lock, expiry."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import challenge
from points_engine.challenge import TABLE, ChallengeClosed, ChallengeEvent, ChallengeState, Tries

CLOSED = [state for state in ChallengeState if state is not ChallengeState.OPEN]


def test_an_open_challenge_knows_every_event() -> None:
    """TABLE covers every event for an open challenge, and nothing for a closed one."""
    assert {(ChallengeState.OPEN, event) for event in ChallengeEvent} == set(TABLE)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(CLOSED, ChallengeEvent)))
def test_a_closed_challenge_takes_nothing(state: ChallengeState, event: ChallengeEvent) -> None:
    """A move that TABLE does not have is an error."""
    with pytest.raises(ChallengeClosed, match=state):
        challenge.move(state, event)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ChallengeEvent.RIGHT_ANSWER, ChallengeState.PASSED),
        (ChallengeEvent.WRONG_ANSWER, ChallengeState.OPEN),
        (ChallengeEvent.LAST_WRONG_ANSWER, ChallengeState.EXHAUSTED),
        (ChallengeEvent.CREDENTIAL_LOCKED, ChallengeState.EXHAUSTED),
        (ChallengeEvent.TIME_IS_UP, ChallengeState.EXPIRED),
    ],
)
def test_where_each_event_leads(event: ChallengeEvent, expected: ChallengeState) -> None:
    """The table, said a second time."""
    assert expected == challenge.move(ChallengeState.OPEN, event)


@given(st.integers(1, 10), st.lists(st.booleans(), max_size=30))
def test_never_more_wrong_answers_in_a_row_than_allowed(allowed: int, answers: list[bool]) -> None:
    """Whatever is answered, after `allowed` wrong ones in a row the credential is locked for good."""
    tries, wrong_in_a_row = Tries(allowed, 0, is_locked=False), 0
    for is_right in answers:
        event = challenge.event_of(tries, is_right=is_right)
        if wrong_in_a_row == allowed:
            assert ChallengeEvent.CREDENTIAL_LOCKED == event
        tries = tries.after(event)
        if wrong_in_a_row < allowed:
            wrong_in_a_row = 0 if is_right else wrong_in_a_row + 1
        assert allowed - wrong_in_a_row == tries.left
        assert (wrong_in_a_row == allowed) == tries.is_locked


def test_time_changes_no_tries() -> None:
    """A challenge that expires costs no try."""
    tries = Tries(3, 2, is_locked=False)
    assert tries == tries.after(ChallengeEvent.TIME_IS_UP)


def test_fewer_tries_than_were_used_already() -> None:
    """A scheme that lowers the tries leaves none to somebody who has used as many: even a right answer is too late."""
    tries = Tries(2, 3, is_locked=False)
    assert 0 == tries.left
    assert ChallengeEvent.CREDENTIAL_LOCKED == challenge.event_of(tries, is_right=True)


def test_a_challenge_is_open_for_its_lifetime() -> None:
    """It expires exactly that many seconds after it was opened."""
    opened = datetime(2026, 3, 2, tzinfo=UTC)
    assert opened + timedelta(seconds=120) == challenge.expires_at(opened, 120)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123456", True),
        ("12345", False),
        ("1234567", False),
        ("12345a", False),
        ("１２３４５６", False),
        ("", False),
    ],
)
def test_a_pin_has_six_digits(text: str, *, expected: bool) -> None:
    """Six ASCII digits and nothing else."""
    assert expected == challenge.is_pin(text)
