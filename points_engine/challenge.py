"""The proof a customer gives when an amount needs one: tries, lock, expiry.

Tries belong to the credential, not to the payment: they are counted across payments and tills, and only a right answer
or a new PIN starts them again. The moves of a challenge are TABLE; a state missing from it is an error.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

PIN_LENGTH = 6


class ChallengeState(enum.StrEnum):
    """Where a challenge stands."""

    OPEN = "open"
    PASSED = "passed"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"


class ChallengeEvent(enum.StrEnum):
    """What an answer, or the clock, means for an open challenge."""

    RIGHT_ANSWER = "right_answer"
    WRONG_ANSWER = "wrong_answer"
    LAST_WRONG_ANSWER = "last_wrong_answer"
    CREDENTIAL_LOCKED = "credential_locked"
    TIME_IS_UP = "time_is_up"


class ChallengeClosed(AssertionError):
    """A move that TABLE does not have: a bug in the caller."""


TABLE: dict[tuple[ChallengeState, ChallengeEvent], ChallengeState] = {
    (ChallengeState.OPEN, ChallengeEvent.RIGHT_ANSWER): ChallengeState.PASSED,
    (ChallengeState.OPEN, ChallengeEvent.WRONG_ANSWER): ChallengeState.OPEN,
    (ChallengeState.OPEN, ChallengeEvent.LAST_WRONG_ANSWER): ChallengeState.EXHAUSTED,
    (ChallengeState.OPEN, ChallengeEvent.CREDENTIAL_LOCKED): ChallengeState.EXHAUSTED,
    (ChallengeState.OPEN, ChallengeEvent.TIME_IS_UP): ChallengeState.EXPIRED,
}


def move(state: ChallengeState, event: ChallengeEvent) -> ChallengeState:
    """Where `event` leads from `state`. Raises ChallengeClosed when TABLE has no such move."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise ChallengeClosed(f"a challenge that is {state} cannot take {event}") from None


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a credential was answered wrongly in a row, of how many times it may be."""

    allowed: int
    failed: int
    is_locked: bool

    @property
    def left(self) -> int:
        """Wrong answers that may still be given; 0 when locked."""
        return 0 if self.is_locked else max(0, self.allowed - self.failed)

    def after(self, event: ChallengeEvent) -> "Tries":
        """The tries once `event` has been counted."""
        if event is ChallengeEvent.RIGHT_ANSWER:
            return Tries(self.allowed, 0, is_locked=False)
        if event is ChallengeEvent.WRONG_ANSWER:
            return Tries(self.allowed, self.failed + 1, is_locked=False)
        if event is ChallengeEvent.LAST_WRONG_ANSWER:
            return Tries(self.allowed, self.failed + 1, is_locked=True)
        return self


def event_of(tries: Tries, *, is_right: bool) -> ChallengeEvent:
    """What an answer given in time means: after the lock even a right one is too late."""
    if tries.left == 0:
        return ChallengeEvent.CREDENTIAL_LOCKED
    if is_right:
        return ChallengeEvent.RIGHT_ANSWER
    return ChallengeEvent.LAST_WRONG_ANSWER if tries.left == 1 else ChallengeEvent.WRONG_ANSWER


def expires_at(opened_at: datetime, lifetime_seconds: int) -> datetime:
    """The first moment at which an answer is too late."""
    return opened_at + timedelta(seconds=lifetime_seconds)


def is_pin(text: str) -> bool:
    """Whether `text` has a PIN's form: six ASCII digits."""
    return len(text) == PIN_LENGTH and text.isascii() and text.isdigit()
