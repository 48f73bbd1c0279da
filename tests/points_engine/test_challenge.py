"""Challenges: tries, lock, expiry."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import challenge
from points_engine.challenge import TABLE, ChallengeClosed, ChallengeEvent, ChallengeState, Tries
from points_engine.contract import ChallengeKind, Refusal

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
        (ChallengeEvent.KIND_CLOSED, ChallengeState.OPEN),
        (ChallengeEvent.APPROVED, ChallengeState.PASSED),
        (ChallengeEvent.DECLINED, ChallengeState.DECLINED),
        (ChallengeEvent.PIN_RECOVERED, ChallengeState.VOID),
        (ChallengeEvent.TIME_IS_UP, ChallengeState.EXPIRED),
    ],
)
def test_where_each_event_leads(event: ChallengeEvent, expected: ChallengeState) -> None:
    """The table, said a second time."""
    assert expected == challenge.move(ChallengeState.OPEN, event)


WAITS = (60, 300, 1800)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@given(
    st.integers(1, 10),
    st.lists(st.one_of(st.booleans(), st.integers(0, 2_000)), max_size=60),
)
def test_never_more_wrong_answers_in_a_row_than_allowed(allowed: int, happenings: list[bool | int]) -> None:
    """Right and wrong answers and waits in any order: a round has `allowed` wrong ones, each lock lasts as the table
    says, the one after the last wait for good, and only a right answer begins the table anew.
    """
    now, tries = NOON, Tries(allowed)
    wrong_in_a_row, locks, until = 0, 0, NOON
    for happening in happenings:
        if not isinstance(happening, bool):
            now += timedelta(seconds=happening)
        is_locked = locks > 0 and wrong_in_a_row == allowed
        if is_locked and locks <= len(WAITS) and now >= until:
            wrong_in_a_row, is_locked = 0, False
        tries = tries.at(now)
        if isinstance(happening, bool):
            event = challenge.event_of(tries.left, is_right=happening)
            assert (event is ChallengeEvent.CREDENTIAL_LOCKED) == is_locked
            tries = tries.after(event, WAITS, now)
            if not is_locked and happening:
                wrong_in_a_row, locks = 0, 0
            elif not is_locked:
                wrong_in_a_row += 1
                if wrong_in_a_row == allowed:
                    locks += 1
                    until = now + timedelta(seconds=WAITS[min(locks, len(WAITS)) - 1])
        assert allowed - wrong_in_a_row == tries.left
        assert (wrong_in_a_row == allowed) == tries.is_locked
        assert locks == tries.locks


def locked(locks: int) -> Tries:
    """A lock, so many in a row, that began at noon."""
    before = Tries(3, 2, locks=locks - 1)
    return before.after(ChallengeEvent.LAST_WRONG_ANSWER, WAITS, NOON)


@pytest.mark.parametrize(("locks", "expected"), [(1, 60), (2, 300), (3, 1800), (4, None)])
def test_locks_in_a_row_grow(locks: int, expected: int | None) -> None:
    """A minute, five, thirty, and then until it is recovered."""
    assert expected == locked(locks).wait_seconds(NOON)


@pytest.mark.parametrize(
    ("after_seconds", "expected"), [(0, 60), (0.5, 60), (59, 1), (59.5, 1), (60, 0), (99, 0)]
)
def test_a_wait_is_told_in_whole_seconds(after_seconds: float, expected: int) -> None:
    """Rounded up, so that who waits as long as told is not sent away again."""
    now = NOON + timedelta(seconds=after_seconds)
    assert expected == locked(1).wait_seconds(now)
    assert (expected == 0) == (locked(1).at(now).left == 3)


@pytest.mark.parametrize("event", ChallengeEvent)
def test_a_lock_is_not_lifted_by_an_answer(event: ChallengeEvent) -> None:
    """Not even by a right SMS code: only time, a recovery or a new PIN ends it."""
    assert locked(2) == locked(2).after(event, WAITS, NOON)


@pytest.mark.parametrize("event", [
    ChallengeEvent.TIME_IS_UP, ChallengeEvent.APPROVED, ChallengeEvent.DECLINED, ChallengeEvent.KIND_CLOSED,
    ChallengeEvent.PIN_RECOVERED, ChallengeEvent.CREDENTIAL_LOCKED,
])  # fmt: skip
def test_what_was_not_typed_changes_no_tries(event: ChallengeEvent) -> None:
    """A challenge that expires, is approved or is declined costs no try and gives none back."""
    tries = Tries(3, 2)
    assert tries == tries.after(event, WAITS, NOON)


def test_fewer_tries_than_were_used_already() -> None:
    """A scheme that lowers the tries leaves none to somebody who has used as many: even a right answer is too late."""
    tries = Tries(2, 3)
    assert 0 == tries.left
    assert ChallengeEvent.CREDENTIAL_LOCKED == challenge.event_of(tries.left, is_right=True)


@pytest.mark.parametrize(
    ("tries", "code_failures", "expected"),
    [(Tries(3, 1), 2, 2), (locked(1), 0, 3), (locked(1), 2, 1), (locked(4), 3, 0), (locked(4), 4, 0)],
)
def test_a_code_has_the_members_tries_or_in_a_lock_its_own(
    tries: Tries, code_failures: int, expected: int
) -> None:
    """A lock of the PIN leaves an SMS code as many tries as a PIN has."""
    assert expected == tries.left_for_code(code_failures)


KINDS = tuple(ChallengeKind)


@pytest.mark.parametrize(
    ("can_use_pin", "has_phone", "expected"),
    [
        (True, True, KINDS),
        (True, False, (ChallengeKind.PIN, ChallengeKind.PHONE_APPROVAL)),
        (False, True, (ChallengeKind.SMS_CODE, ChallengeKind.PHONE_APPROVAL)),
        (False, False, (ChallengeKind.PHONE_APPROVAL,)),
    ],
)
def test_what_a_member_may_choose_from(
    *, can_use_pin: bool, has_phone: bool, expected: tuple[ChallengeKind, ...]
) -> None:
    """A PIN that is set and not locked, an SMS to a bound phone, an approval; always in the scheme's order."""
    for allowed in itertools.permutations(KINDS):
        possible = challenge.possible_kinds(allowed, can_use_pin=can_use_pin, has_phone=has_phone)
        assert [kind for kind in allowed if kind in expected] == list(possible)


@pytest.mark.parametrize(
    ("allowed", "has_pin", "expected"),
    [
        ((ChallengeKind.PIN,), False, Refusal.PIN_NOT_SET),
        ((ChallengeKind.PIN, ChallengeKind.SMS_CODE), False, Refusal.PIN_NOT_SET),
        ((ChallengeKind.SMS_CODE, ChallengeKind.PIN), True, Refusal.PIN_LOCKED),
        ((ChallengeKind.SMS_CODE,), True, Refusal.PHONE_NOT_BOUND),
    ],
)
def test_why_no_kind_is_left(allowed: tuple[ChallengeKind, ...], *, has_pin: bool, expected: Refusal) -> None:
    """The PIN is what a customer knows of; a scheme without it misses the phone."""
    assert expected == challenge.refusal_without_kinds(allowed, has_pin=has_pin)


def test_a_challenge_is_open_for_its_lifetime() -> None:
    """It expires exactly that many seconds after it was opened."""
    opened = datetime(2026, 3, 2, tzinfo=UTC)
    assert opened + timedelta(seconds=120) == challenge.expires_at(opened, 120)


def test_the_last_wrong_answer_is_counted_too() -> None:
    """All that was answered in a row stands beside the lock, and beside how many locks there were."""
    now = datetime(2026, 3, 2, 4, tzinfo=UTC)
    locked = Tries(3, failed=2).after(ChallengeEvent.LAST_WRONG_ANSWER, (60, 300), now)
    assert Tries(3, 3, is_locked=True, locks=1, locked_until=now + timedelta(seconds=60)) == locked
    assert Tries(3, 0, is_locked=False, locks=1, locked_until=None) == locked.at(now + timedelta(seconds=60))
