"""One typing of a PIN, from the first digit to the last. Pure: key presses in, how many digits and at last the PIN out.

The digits live in one buffer of fixed size, which is overwritten with zeros when they were handed over, cleared or
given up. Nothing in this file shows a digit in a `repr` or in the text of an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Never

MOST_DIGITS = 12
"""The longest PIN of ISO 9564-1."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Pin:
    """What the customer typed, on its way from the keypad to whoever asks for it; `reveal` is the only way in.

    It is a value of its own because a `str` or `bytes` shows itself in the first traceback or log line it meets.
    """

    _digits: str

    def reveal(self) -> str:
        """The digits: to be wrapped at once in what the engine takes."""
        return self._digits

    def __repr__(self) -> str:
        return "Pin(•••)"

    def __reduce__(self) -> Never:
        raise TypeError("a Pin is never written anywhere")


class Stroke(StrEnum):
    """What a key of a PIN keypad does."""

    DIGIT = "digit"
    ERASE = "erase"  # the last digit
    CLEAR = "clear"  # all digits
    ENTER = "enter"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, repr=False)
class Press:
    """One press of a key; `digit` is 0..9 with `Stroke.DIGIT`, else None. ValueError when the two do not fit."""

    stroke: Stroke
    digit: int | None = None

    def __post_init__(self) -> None:
        if (self.stroke is Stroke.DIGIT) != (self.digit in range(10)):
            raise ValueError("a digit key has a digit from 0 to 9, any other key has none")

    def __repr__(self) -> str:
        return f"Press({self.stroke})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRules:
    """How many digits make a PIN, and what ends it.

    Without `ends_with_enter` the last of `max_digits` ends it, as on the customer's screen. ValueError for lengths
    that contradict each other.
    """

    min_digits: int = 6
    max_digits: int = 6
    ends_with_enter: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.min_digits <= self.max_digits <= MOST_DIGITS:
            raise ValueError(f"1 <= min_digits <= max_digits <= {MOST_DIGITS}")


class Effect(StrEnum):
    """What a press did to a PIN entry."""

    NOTHING = "nothing"
    DIGIT_ADDED = "digit_added"
    DIGIT_ERASED = "digit_erased"
    CLEARED = "cleared"
    TOO_SHORT = "too_short"  # Enter came early: nothing is left in the buffer
    COMPLETED = "completed"  # `take` the PIN now
    CANCELED = "canceled"  # nothing is left in the buffer


class PinEntry:
    """Collects the digits of one PIN.

    Digits beyond the most do nothing, and Enter before the least begins anew: the dots go out, which says so, and no
    try is lost.
    """

    def __init__(self, rules: PinRules) -> None:
        self._rules = rules
        self._buffer = bytearray(rules.max_digits)
        self._count = 0

    @property
    def count(self) -> int:
        """How many digits there are now."""
        return self._count

    def press(self, press: Press) -> Effect:
        """Take one key press."""
        if press.digit is not None:
            return self._add(press.digit)
        if press.stroke is Stroke.ENTER:
            if self._count >= self._rules.min_digits:
                return Effect.COMPLETED
            self.wipe()
            return Effect.TOO_SHORT
        if press.stroke is Stroke.CANCEL:
            self.wipe()
            return Effect.CANCELED
        if not self._count:
            return Effect.NOTHING
        if press.stroke is Stroke.CLEAR:
            self.wipe()
            return Effect.CLEARED
        self._count -= 1
        self._buffer[self._count] = 0
        return Effect.DIGIT_ERASED

    def take(self) -> Pin:
        """Hand the PIN over and wipe it here. ValueError while it is too short."""
        if self._count < self._rules.min_digits:
            raise ValueError("the PIN is not complete")
        pin = Pin(self._buffer[: self._count].decode())
        self.wipe()
        return pin

    def wipe(self) -> None:
        """Overwrite all digits."""
        self._buffer[:] = bytes(len(self._buffer))
        self._count = 0

    def _add(self, digit: int) -> Effect:
        if self._count == self._rules.max_digits:
            return Effect.NOTHING
        self._buffer[self._count] = ord("0") + digit
        self._count += 1
        if self._count == self._rules.max_digits and not self._rules.ends_with_enter:
            return Effect.COMPLETED
        return Effect.DIGIT_ADDED

    def __repr__(self) -> str:
        return f"PinEntry({self._count} digits)"
