"""Which texts are a PIN, and which PINs are too simple to be one.

Refused are those that a thief tries first: in the published collections of PINs (D. Amitay, "Most common iPhone
passcodes", 2011; DataGenetics, "PIN analysis", 2012) runs, repetitions, patterns on the pad and dates lead by far.
"""

from datetime import date

from points_engine.contract import Refusal

PIN_LENGTH = 6
_UP = "0123456789" * 2
_RUNS = frozenset(digits[at : at + PIN_LENGTH] for digits in (_UP, _UP[::-1]) for at in range(10))


def is_pin(text: str) -> bool:
    """Whether `text` has a PIN's form: six ASCII digits."""
    return len(text) == PIN_LENGTH and text.isascii() and text.isdigit()


def refusal_of(text: str, birthday: date | None, phone: str | None) -> Refusal | None:
    """Why a new PIN is not taken, or None when it is."""
    if not is_pin(text):
        return Refusal.PIN_NOT_ALLOWED
    if has_pattern(text) or (birthday and text in dates_of(birthday)) or (phone and phone.endswith(text)):
        return Refusal.PIN_TOO_SIMPLE
    return None


def has_pattern(pin: str) -> bool:
    """Whether six digits are one of at most two (000000, 121212, 111222), a run up or down that may pass 9 (123456,
    210987), a repeated or mirrored half (147147, 147741), or three pairs (112233).
    """
    half = PIN_LENGTH // 2
    return (
        len(set(pin)) <= 2
        or pin in _RUNS
        or pin[:half] == pin[half:]
        or pin[:half] == pin[half:][::-1]
        or pin[0::2] == pin[1::2]
    )


def dates_of(birthday: date) -> frozenset[str]:
    """The six digits in which people write a day: by year, month and day in every usual order."""
    return frozenset(
        birthday.strftime(form) for form in ("%y%m%d", "%d%m%y", "%m%d%y", "%y%d%m", "%m%y%d", "%d%y%m")
    ) | frozenset({f"{birthday.year:04d}{birthday.month:02d}", f"{birthday.month:02d}{birthday.year:04d}"})
