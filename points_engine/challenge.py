"""The proof a customer gives when an amount needs one: which kinds are possible, tries, lock, expiry.

Tries belong to the member, not to the payment: they are counted across kinds, payments and tills, and only a right
answer or a new PIN starts them again. When they are used up the PIN is locked, each time in a row for longer, and in
the end until it is recovered. A locked PIN is all that is locked: another kind may still be open. The moves of a
challenge are TABLE; a state missing from it is an error.
"""

import enum
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from points_engine.contract import ChallengeKind, Refusal

CONSECUTIVE_FAILURES_MAX = 100
"""NIST SP 800-63B (5.2.2): so many wrong answers in a row are the most any scheme may allow."""


class ChallengeState(enum.StrEnum):
    """Where a challenge stands."""

    OPEN = "open"
    PASSED = "passed"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    DECLINED = "declined"
    VOID = "void"


class ChallengeEvent(enum.StrEnum):
    """What an answer, the customer's phone, a new PIN or the clock means for an open challenge."""

    RIGHT_ANSWER = "right_answer"
    APPROVED = "approved"
    DECLINED = "declined"
    WRONG_ANSWER = "wrong_answer"
    LAST_WRONG_ANSWER = "last_wrong_answer"
    CREDENTIAL_LOCKED = "credential_locked"
    KIND_CLOSED = "kind_closed"
    PIN_RECOVERED = "pin_recovered"
    TIME_IS_UP = "time_is_up"


class ChallengeClosed(AssertionError):
    """A move that TABLE does not have: a bug in the caller."""


TABLE: dict[tuple[ChallengeState, ChallengeEvent], ChallengeState] = {
    (ChallengeState.OPEN, ChallengeEvent.RIGHT_ANSWER): ChallengeState.PASSED,
    (ChallengeState.OPEN, ChallengeEvent.APPROVED): ChallengeState.PASSED,
    (ChallengeState.OPEN, ChallengeEvent.DECLINED): ChallengeState.DECLINED,
    (ChallengeState.OPEN, ChallengeEvent.WRONG_ANSWER): ChallengeState.OPEN,
    (ChallengeState.OPEN, ChallengeEvent.LAST_WRONG_ANSWER): ChallengeState.EXHAUSTED,
    (ChallengeState.OPEN, ChallengeEvent.CREDENTIAL_LOCKED): ChallengeState.EXHAUSTED,
    # Answered in a kind that is locked, while another is open: the customer changes over.
    (ChallengeState.OPEN, ChallengeEvent.KIND_CLOSED): ChallengeState.OPEN,
    (ChallengeState.OPEN, ChallengeEvent.PIN_RECOVERED): ChallengeState.VOID,
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
    """How often a member answered wrongly in a row, of how many times they may, and the lock that came of it.

    `locks` counts the locks in a row; `locked_until` is None in a lock that only a recovery ends.
    """

    allowed: int
    failed: int = 0
    is_locked: bool = False
    locks: int = 0
    locked_until: datetime | None = None

    @property
    def left(self) -> int:
        """Wrong answers that may still be given; 0 when locked."""
        return 0 if self.is_locked else max(0, self.allowed - self.failed)

    def at(self, now: datetime) -> "Tries":
        """The tries as of now: a lock whose wait is over gives all of them back, and is remembered."""
        if self.is_locked and self.locked_until is not None and now >= self.locked_until:
            return replace(self, failed=0, is_locked=False, locked_until=None)
        return self

    def wait_seconds(self, now: datetime) -> int | None:
        """Whole seconds until a try may be made: 0 when it may be now, None when waiting does not help."""
        current = self.at(now)
        if not current.is_locked:
            return 0
        if current.locked_until is None:
            return None
        return math.ceil((current.locked_until - now).total_seconds())

    def left_for_code(self, code_failures: int) -> int:
        """Wrong answers left to an SMS code: the member's, or in a lock of the PIN the code's own."""
        return self.left or max(0, self.allowed - code_failures)

    def after(self, event: ChallengeEvent, waits_seconds: Sequence[int], now: datetime) -> "Tries":
        """The tries once `event` has been counted. In a lock nothing is counted, and only a new PIN ends it.

        `waits_seconds` are the lengths of the locks in a row; the one after the last has no end.
        """
        if self.is_locked:
            return self
        if event is ChallengeEvent.RIGHT_ANSWER:
            return Tries(self.allowed)
        if event is ChallengeEvent.WRONG_ANSWER:
            return replace(self, failed=self.failed + 1)
        if event is ChallengeEvent.LAST_WRONG_ANSWER:
            until = None
            if self.locks < len(waits_seconds):
                until = now + timedelta(seconds=waits_seconds[self.locks])
            return Tries(
                self.allowed, self.failed + 1, is_locked=True, locks=self.locks + 1, locked_until=until
            )
        return self


def event_of(left: int, *, is_right: bool) -> ChallengeEvent:
    """What an answer given in time means with so many tries left: after the lock even a right one is too late."""
    if left == 0:
        return ChallengeEvent.CREDENTIAL_LOCKED
    if is_right:
        return ChallengeEvent.RIGHT_ANSWER
    return ChallengeEvent.LAST_WRONG_ANSWER if left == 1 else ChallengeEvent.WRONG_ANSWER


def possible_kinds(
    allowed: Sequence[ChallengeKind], *, can_use_pin: bool, has_phone: bool
) -> tuple[ChallengeKind, ...]:
    """What a member may choose from now, in the scheme's order. `can_use_pin`: they have one and it is not locked."""
    closed = set()
    if not can_use_pin:
        closed.add(ChallengeKind.PIN)
    if not has_phone:
        closed.add(ChallengeKind.SMS_CODE)
    return tuple(kind for kind in allowed if kind not in closed)


def refusal_without_kinds(allowed: Collection[ChallengeKind], *, has_pin: bool) -> Refusal:
    """Why an amount that needs a proof cannot be charged when `possible_kinds` are none."""
    if ChallengeKind.PIN in allowed:
        return Refusal.PIN_LOCKED if has_pin else Refusal.PIN_NOT_SET
    return Refusal.PHONE_NOT_BOUND


def expires_at(opened_at: datetime, lifetime_seconds: int) -> datetime:
    """The first moment at which an answer is too late."""
    return opened_at + timedelta(seconds=lifetime_seconds)
