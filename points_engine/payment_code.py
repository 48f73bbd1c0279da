"""A payment code: its layout, its check digit, its short life.

Layout (18 decimal digits): a two-digit scheme prefix, 15 random digits, one check digit. The prefix is one that no
other wallet uses: 10-15 are WeChat Pay's, 25-30 Alipay's, 62 UnionPay's (their public merchant documentation).
The check digit is H. M. Damm's (doctoral thesis, Marburg 2004): unlike Luhn's, which takes 09 for 90, it finds every
single wrong digit and every swap of neighbours, so a till refuses a misread without asking anyone.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from points_engine.contract import Refusal

CODE_LENGTH = 18
RANDOM_DIGITS = 15
LIFETIME_SECONDS = 60

PREFIXES_OF_OTHERS = frozenset([*map(str, range(10, 16)), *map(str, range(25, 31)), "62"])
"""What the guns of this shop may also read: WeChat Pay, Alipay, UnionPay."""

# Damm's totally anti-symmetric quasigroup of order 10.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)

_ZERO = ord("0")


class PrefixInvalid(ValueError):
    """A scheme prefix that is not two digits, or that another wallet uses."""


class DigitsInvalid(ValueError):
    """Random digits that are not 15 decimal digits; never names them."""


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def check_digit(digits: str) -> str:
    """The Damm digit to put behind `digits`; "0" exactly when they already end with their own."""
    interim = 0
    for digit in digits.encode("ascii"):
        interim = _DAMM[interim][digit - _ZERO]
    return str(interim)


@dataclass(frozen=True, slots=True)
class CodeLayout:
    """How this scheme's codes look; needs no engine, so a till can tell a code from a product label.

    Raises PrefixInvalid for a prefix that is not two digits or that another wallet uses.
    """

    prefix: str = "84"

    def __post_init__(self) -> None:
        if not _is_digits(self.prefix, 2):
            raise PrefixInvalid("a payment code's prefix is two digits, e.g. 84")
        if self.prefix in PREFIXES_OF_OTHERS:
            raise PrefixInvalid(
                f"the prefix {self.prefix} belongs to another wallet (10-15 WeChat Pay, 25-30 Alipay, "
                "62 UnionPay): take another one, e.g. 84"
            )

    def recognises(self, text: str) -> bool:
        """Whether `text` has this scheme's length, prefix and check digit; not whether it is valid now."""
        return _is_digits(text, CODE_LENGTH) and text.startswith(self.prefix) and check_digit(text) == "0"

    def compose(self, random_digits: str) -> str:
        """The code around 15 random digits. Raises DigitsInvalid for anything else."""
        if not _is_digits(random_digits, RANDOM_DIGITS):
            raise DigitsInvalid(f"a payment code is made of {RANDOM_DIGITS} decimal digits")
        body = self.prefix + random_digits
        return body + check_digit(body)


def grouped(code: str) -> str:
    """The code as people read it: by four, "8412 3456 7890 1234 56"."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def expires_at(issued_at: datetime, lifetime_seconds: int) -> datetime:
    """The first moment at which a code is no longer good."""
    return issued_at + timedelta(seconds=lifetime_seconds)


class CodeState(enum.StrEnum):
    """What became of an issued code. Expiry is no state: it is told from the clock."""

    LIVE = "live"
    USED = "used"


def refusal_of(state: CodeState, good_until: datetime, now: datetime) -> Refusal | None:
    """Why an issued code does not pay, or None when it does. Expiry comes first, as in Refusal."""
    if now >= good_until:
        return Refusal.CODE_EXPIRED
    return Refusal.CODE_USED if state is CodeState.USED else None
