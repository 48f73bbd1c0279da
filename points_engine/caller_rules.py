"""Who may call for how long: enrolment codes as people type them, and the lives of credentials and sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_CHARACTERS = 10
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that nothing is mistaken for anything else."""

_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


class CallerRulesInvalid(ValueError):
    """Rules for callers that cannot be; names the one and says what can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRules:
    """What a scheme allows those who call over a network. Raises CallerRulesInvalid.

    An enrolment code is good for `enrolment_code_seconds`. A signed request may be up to `clock_window_seconds` older
    or newer than the engine's clock. A credential that was replaced goes on for `overlap_seconds` after the first use
    of the new one, and callers are told to renew one that is `renew_after_seconds` old. A customer's session ends after
    `session_idle_seconds` without a request, and after `session_longest_seconds` in any case.

    A node asks every `credentials_refresh_seconds` which credentials were revoked: that long, and at most three times
    that long where the database does not answer, a revoked one may still work, and a session that another node ended.
    """

    enrolment_code_seconds: int = 600
    clock_window_seconds: int = 300
    overlap_seconds: int = 86_400
    renew_after_seconds: int = 30 * 86_400
    session_idle_seconds: int = 900
    session_longest_seconds: int = 43_200
    credentials_refresh_seconds: int = 1

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("enrolment_code_seconds", 60, 3_600),
            ("clock_window_seconds", 30, 3_600),
            ("overlap_seconds", 0, 30 * 86_400),
            ("renew_after_seconds", 3_600, 3_650 * 86_400),
            ("session_idle_seconds", 60, 86_400),
            ("session_longest_seconds", 60, 30 * 86_400),
            ("credentials_refresh_seconds", 1, 10),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                raise CallerRulesInvalid(f"{name} must be a whole number from {lowest} to {highest}")
        if self.session_longest_seconds < self.session_idle_seconds:
            raise CallerRulesInvalid("session_longest_seconds must not be shorter than session_idle_seconds")

    @property
    def believed_for(self) -> timedelta:
        """How long what a node knows of credentials and sessions counts without asking the database again."""
        return timedelta(seconds=3 * self.credentials_refresh_seconds)


# --- enrolment codes


def code_of(random: bytes) -> str:
    """The enrolment code made of at least 8 random bytes: 10 characters, 50 bits."""
    number = int.from_bytes(random)
    characters = []
    for _ in range(CODE_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return "".join(characters)


def grouped(code: str) -> str:
    """A code as it is shown: 7K3MP-9QX2R."""
    return f"{code[:5]}-{code[5:]}"


def typed(text: str) -> str | None:
    """What somebody typed, as the code it is: case, blanks and dashes are overlooked, O is 0, I and L are 1.

    None when it cannot be a code.
    """
    code = text[:100].upper().translate(_READ_AS)
    return code if len(code) == CODE_CHARACTERS and set(code) <= set(ALPHABET) else None


# --- credentials and sessions


def is_good(ends_at: datetime | None, now: datetime) -> bool:
    """Whether a credential still works."""
    return ends_at is None or now < ends_at


def end_of_older(ends_at: datetime | None, now: datetime, rules: CallerRules) -> datetime:
    """When a credential ends, now that a newer one of the same caller is used for the first time."""
    end = now + timedelta(seconds=rules.overlap_seconds)
    return end if ends_at is None else min(ends_at, end)


def renew_at(created_at: datetime, rules: CallerRules, *, is_of_this_key: bool) -> datetime:
    """From when on a credential should be renewed: at once when the engine's own key was changed since it was made."""
    return created_at + timedelta(seconds=rules.renew_after_seconds) if is_of_this_key else created_at


def is_in_time(at: int, now: datetime, rules: CallerRules) -> bool:
    """Whether a signed request's time, in seconds since 1970, is within the window around the engine's."""
    return abs(at - now.timestamp()) <= rules.clock_window_seconds


def session_end(created_at: datetime, seen_at: datetime, rules: CallerRules) -> datetime:
    """When a session ends that was last seen at `seen_at`."""
    return min(
        seen_at + timedelta(seconds=rules.session_idle_seconds),
        created_at + timedelta(seconds=rules.session_longest_seconds),
    )


def wants_seen(seen_at: datetime, now: datetime, rules: CallerRules) -> bool:
    """Whether it is time to write down again that a session is in use: not at each request, but soon enough."""
    return now - seen_at >= timedelta(seconds=max(1, rules.session_idle_seconds // 15))
