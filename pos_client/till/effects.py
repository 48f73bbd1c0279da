"""What the till wants done: the cashier loop carries these out in order.

If a Record fails, what follows it in the same step is not carried out (nothing is sent whose intent is not
durable) and the session gets JournalFailed, which names all that was left undone, before anything else.
"""

import enum
from dataclasses import dataclass

from points_engine.contract import Command


class Timer(enum.StrEnum):
    """The till's own timers; at most one of each runs."""

    REPLY_DUE = "reply_due"
    """The engine should have answered the running request by now."""
    ASK_AGAIN = "ask_again"
    """Time for the next attempt to learn an unknown outcome."""
    PARKED_DUE = "parked_due"
    """Time for the next attempt at an order set aside."""
    CHALLENGE_OVER = "challenge_over"
    """The customer's time for the PIN is over by the till's reckoning: ask the engine, which decides."""
    NOTICE_OVER = "notice_over"
    """A passing notice has been shown long enough."""
    JOURNAL_AGAIN = "journal_again"
    """Time to write again what the journal would not take."""


class EntryKind(enum.StrEnum):
    """The kinds of journal entries. INTENT and REVERSAL_INTENT open an order, the four outcomes close it."""

    INTENT = "intent"
    """A charge is about to be sent."""
    WAITING_FOR_PIN = "waiting_for_pin"
    """The engine holds the amount and wants the customer's PIN."""
    PIN_REFUSED = "pin_refused"
    """A PIN was wrong; the order is still open."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """No answer came in time; the order is still open."""
    REVERSAL_INTENT = "reversal_intent"
    """The till decided to give the order back; from now on it only reverses."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    REVERSED = "reversed"
    OTHER_TENDER = "other_tender"
    """The rest of a sale was taken in another tender; belongs to the sale, not to an order."""
    SCAN_REFUSED = "scan_refused"
    """A scan the till refused by itself: not a payment code."""
    SALE_DROPPED = "sale_dropped"
    """The cashier gave a sale up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry for the journal; durable before the next effect. Never holds a code or a PIN.

    `units` are points; `money_minor` only for OTHER_TENDER. `refusal` is Refusal.code. `member` is the masked name.
    """

    kind: EntryKind
    sale_id: str
    order_id: str | None = None
    units: int = 0
    money_minor: int | None = None
    refusal: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Give a command to the engine; Replied or NoReply with the same number comes back through the inbox."""

    request_id: int
    command: Command


@dataclass(frozen=True, slots=True)
class StartTimer:
    """(Re)start a timer: TimerFired comes once, `seconds` from now."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a timer, if it runs."""

    timer: Timer


class Sound(enum.StrEnum):
    """What is heard: never the same for success and failure."""

    SUCCESS = "success"
    FAILURE = "failure"
    ATTENTION = "attention"
    """The customer is asked for the PIN."""
    NOTICE = "notice"
    """A scan or key that could not be taken now."""


@dataclass(frozen=True, slots=True)
class Play:
    """Let a sound be heard."""

    sound: Sound


Effect = Record | Send | StartTimer | StopTimer | Play
