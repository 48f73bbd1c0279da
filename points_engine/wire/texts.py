"""Values that JSON has as texts of their own, and the msgspec hooks that read and write them.

The hooks never put a text into an exception: it may be a PIN.
"""

import base64
import binascii
from datetime import date
from typing import Any

from points_engine.contract import ExpiresOn, Expiry, PhoneNumber, SealedPin, Secret


class LastDay:
    """The last day something is good, or the rule for it: "2026-12-31", "by_scheme" or "never"."""

    __slots__ = ("expires_on",)

    def __init__(self, expires_on: ExpiresOn) -> None:
        self.expires_on = expires_on

    def value(self) -> ExpiresOn:
        """The contract's value."""
        return self.expires_on


class Answer:
    """What a customer typed: a text, or {"sealed": base64}."""

    __slots__ = ("answer",)

    def __init__(self, answer: Secret | SealedPin) -> None:
        self.answer = answer

    def value(self) -> Secret | SealedPin:
        """The contract's value."""
        return self.answer


def written(value: Any) -> Any:
    """A value as JSON has it (msgspec's enc_hook)."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, PhoneNumber):
        return value.number
    if isinstance(value, LastDay):
        return str(value.expires_on)
    if isinstance(value, Answer):
        if isinstance(value.answer, SealedPin):
            return {"sealed": base64.b64encode(value.answer.box).decode()}
        return value.answer.reveal()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def read(kind: type, value: Any) -> Any:
    """A value that JSON has as a text (msgspec's dec_hook). Raises ValueError, which does not tell the text."""
    if kind is Answer and isinstance(value, dict):
        return Answer(_sealed(value))
    if not isinstance(value, str):
        raise ValueError("Expected `str`")
    if kind is Answer:
        return Answer(Secret(value))
    if kind is LastDay:
        return LastDay(_expires_on(value))
    return kind(value)


def _sealed(value: dict[str, Any]) -> SealedPin:
    box = value.get("sealed")
    if len(value) != 1 or not isinstance(box, str):
        raise ValueError('Expected a text or {"sealed": base64}')
    try:
        return SealedPin(base64.b64decode(box, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError('Expected base64 in "sealed"') from None


def _expires_on(text: str) -> ExpiresOn:
    try:
        return Expiry(text) if text in set(Expiry) else date.fromisoformat(text)
    except ValueError:
        raise ValueError('Expected a day such as "2026-12-31", "by_scheme" or "never"') from None
