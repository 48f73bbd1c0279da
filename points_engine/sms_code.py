"""SMS codes: their form, their short life, how many may be sent, and what the message says.

NIST SP 800-63B (5.1.3.2): at least six digits, used once, dead after at most ten minutes. A code is for one payment,
one recovery or one sign-in, and a newer one replaces it.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from string import Template
from types import MappingProxyType
from typing import NamedTuple

from points_engine.contract import Refusal

CODE_DIGITS = 6
LIFETIME_SECONDS_MAX = 600
DAY_SECONDS = 24 * 3600

RETRY_SECONDS = (2, 5, 15, 60, 180, 600, 1800)
"""How long after each failed handing over the next is tried; after the last there is none."""

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_OVERLOOKED = re.compile(r"[\s().-]")


class SmsRulesInvalid(ValueError):
    """Rules for short messages that cannot be; names the one and says what can be."""


class CodeState(enum.StrEnum):
    """What became of an SMS code. Expiry is no state: it is told from the clock."""

    LIVE = "live"
    USED = "used"
    VOID = "void"


class SmsKind(enum.StrEnum):
    """What a short message is about."""

    PAYMENT_CODE = "payment_code"
    RECOVERY_CODE = "recovery_code"
    SIGN_IN_CODE = "sign_in_code"
    PIN_RECOVERED = "pin_recovered"
    PHONE_CHANGED = "phone_changed"


CODE_KINDS = frozenset({SmsKind.PAYMENT_CODE, SmsKind.RECOVERY_CODE, SmsKind.SIGN_IN_CODE})
"""Those that carry a code; only they count toward the limits."""

_FIELDS = {
    SmsKind.PAYMENT_CODE: frozenset({"code", "units", "asset", "shop", "minutes"}),
    SmsKind.RECOVERY_CODE: frozenset({"code", "minutes"}),
    SmsKind.SIGN_IN_CODE: frozenset({"code", "minutes"}),
    SmsKind.PIN_RECOVERED: frozenset[str](),
    SmsKind.PHONE_CHANGED: frozenset({"phone"}),
}

_TEXTS = MappingProxyType(
    {
        SmsKind.PAYMENT_CODE: "验证码$code, 用于在$shop支付$units积分, $minutes分钟内有效, 请勿告诉他人。",
        SmsKind.RECOVERY_CODE: "验证码$code, 用于重置支付密码, $minutes分钟内有效, 请勿告诉他人。",
        SmsKind.SIGN_IN_CODE: "验证码$code, 用于登录, $minutes分钟内有效, 请勿告诉他人。",
        SmsKind.PIN_RECOVERED: "您的支付密码已重置。如非本人操作, 请立即联系商家。",
        SmsKind.PHONE_CHANGED: "您的账户已改绑手机$phone。如非本人操作, 请立即联系商家。",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsRules:
    """What a scheme allows. Raises SmsRulesInvalid.

    The next code may be asked for `resend_seconds` after the last; in any 24 hours a member gets at most
    `daily_per_member` codes, a phone `daily_per_phone`, all together `daily_total`. `texts` say what a message reads:
    $code and $minutes in both kinds with a code, $units, $asset and $shop in a payment's, $phone in PHONE_CHANGED.
    """

    code_lifetime_seconds: int = 300
    resend_seconds: int = 60
    daily_per_member: int = 10
    daily_per_phone: int = 10
    daily_total: int = 2_000
    texts: Mapping[SmsKind, str] = field(default_factory=lambda: _TEXTS)

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("code_lifetime_seconds", 30, LIFETIME_SECONDS_MAX),
            ("resend_seconds", 0, LIFETIME_SECONDS_MAX),
            ("daily_per_member", 1, 100),
            ("daily_per_phone", 1, 100),
            ("daily_total", 1, 10_000_000),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                raise SmsRulesInvalid(f"{name} must be a whole number from {lowest} to {highest}")
        for kind in SmsKind:
            _check_text(kind, self.texts.get(kind, ""))


def _check_text(kind: SmsKind, text: str) -> None:
    template, known = Template(text), _FIELDS[kind]
    if not text or not template.is_valid() or not set(template.get_identifiers()) <= known:
        names = ", ".join(f"${name}" for name in sorted(known)) or "none"
        raise SmsRulesInvalid(f"texts[{kind}] must be a text whose fields ($$ is a dollar) are of: {names}")
    if "code" in known and "code" not in template.get_identifiers():
        raise SmsRulesInvalid(f"texts[{kind}] must hold $code: without it nobody can answer")


def text_of(rules: SmsRules, kind: SmsKind, fields: Mapping[str, str]) -> str:
    """What a message reads, with $code still in it: the code is put in when it is handed over, and stored nowhere."""
    # It is filled in twice, so that a dollar has to be doubled once more.
    twice = {name: value.replace("$", "$$") for name, value in fields.items()}
    return Template(rules.texts[kind].replace("$$", "$$$$")).substitute(twice, code="$code")


def with_code(body: str, code: str) -> str:
    """A stored text with its code in it."""
    return Template(body).substitute(code=code)


class Sendings(NamedTuple):
    """The codes sent lately, as the limits see them: times are None, counts 0 where there were none.

    `last_at` is the member's last one that was not given up; each count is of the last 24 hours and goes with the time
    of the oldest that was counted.
    """

    last_at: datetime | None
    member_count: int
    member_since: datetime | None
    phone_count: int
    phone_since: datetime | None
    total_count: int
    total_since: datetime | None


class TooMany(NamedTuple):
    """Why no code is sent, and in how many seconds one may be."""

    refusal: Refusal
    wait_seconds: int


def too_many(rules: SmsRules, sent: Sendings, now: datetime) -> TooMany | None:
    """Whether the limits forbid another code now; None when they do not."""
    if sent.last_at is not None and (wait := _seconds(sent.last_at, rules.resend_seconds, now)) > 0:
        return TooMany(Refusal.SMS_TOO_SOON, wait)
    wait = max(
        _seconds(since, DAY_SECONDS, now) if count >= most and since is not None else 0
        for count, since, most in (
            (sent.member_count, sent.member_since, rules.daily_per_member),
            (sent.phone_count, sent.phone_since, rules.daily_per_phone),
            (sent.total_count, sent.total_since, rules.daily_total),
        )
    )
    return TooMany(Refusal.SMS_LIMIT_REACHED, wait) if wait > 0 else None


def _seconds(since: datetime, after_seconds: int, now: datetime) -> int:
    """Whole seconds, rounded up, until `after_seconds` have gone by."""
    return -((now - since - timedelta(seconds=after_seconds)) // timedelta(seconds=1))


def expires_at(sent_at: datetime, lifetime_seconds: int) -> datetime:
    """The first moment at which a code is no longer good."""
    return sent_at + timedelta(seconds=lifetime_seconds)


def retry_at(attempts: int, expires: datetime, now: datetime) -> datetime | None:
    """When a message that was not taken is tried again after so many attempts; None when it is of no use any more."""
    if attempts > len(RETRY_SECONDS):
        return None
    due = now + timedelta(seconds=RETRY_SECONDS[attempts - 1])
    return due if due < expires else None


def normalised(number: str) -> str | None:
    """A phone number as it is kept: "+" and 8 to 15 digits (ITU-T E.164); None when it is none."""
    plain = _OVERLOOKED.sub("", number)
    return plain if _E164.fullmatch(plain) else None
