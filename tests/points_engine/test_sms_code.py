"""SMS codes: limits, retries, texts, numbers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import sms_code
from points_engine.contract import Refusal
from points_engine.sms_code import RETRY_SECONDS, Sendings, SmsKind, SmsRules, SmsRulesInvalid, TooMany

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = SmsRules(resend_seconds=60, daily_per_member=3, daily_per_phone=5, daily_total=100)
NOTHING = Sendings(None, 0, None, 0, None, 0, None)


def ago(seconds: float) -> datetime:
    """So long before noon."""
    return NOON - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (NOTHING, None),
        (NOTHING._replace(last_at=ago(0)), TooMany(Refusal.SMS_TOO_SOON, 60)),
        (NOTHING._replace(last_at=ago(59.5)), TooMany(Refusal.SMS_TOO_SOON, 1)),
        (NOTHING._replace(last_at=ago(60)), None),
        (NOTHING._replace(member_count=2, member_since=ago(3600)), None),
        (NOTHING._replace(member_count=3, member_since=ago(3600)), TooMany(Refusal.SMS_LIMIT_REACHED, 82_800)),
        (NOTHING._replace(phone_count=4, phone_since=ago(3600)), None),
        (NOTHING._replace(phone_count=5, phone_since=ago(86_399.5)), TooMany(Refusal.SMS_LIMIT_REACHED, 1)),
        (NOTHING._replace(total_count=99, total_since=ago(1)), None),
        (NOTHING._replace(total_count=100, total_since=ago(1)), TooMany(Refusal.SMS_LIMIT_REACHED, 86_399)),
        # The longest wait counts, and a wait of the day before the one of the minute is told last.
        (Sendings(None, 3, ago(3600), 5, ago(60), 0, None), TooMany(Refusal.SMS_LIMIT_REACHED, 86_340)),
        (Sendings(ago(10), 3, ago(3600), 5, ago(60), 0, None), TooMany(Refusal.SMS_TOO_SOON, 50)),
    ],
)  # fmt: skip
def test_how_often_codes_are_sent(sent: Sendings, expected: TooMany | None) -> None:
    """A pause after each, and so many in 24 hours to a member, to a phone, and in all."""
    assert expected == sms_code.too_many(RULES, sent, NOON)


@given(st.floats(0, 100_000), st.integers(0, 8), st.floats(0, 86_400))
def test_who_waits_as_long_as_told_is_sent_a_code(last: float, count: int, since: float) -> None:
    """After the seconds in the refusal the same reason does not hold any more."""
    sent = NOTHING._replace(last_at=ago(last), member_count=count, member_since=ago(since))
    told = sms_code.too_many(RULES, sent, NOON)
    if told is not None:
        assert told.wait_seconds > 0
        later = sms_code.too_many(RULES, sent, NOON + timedelta(seconds=told.wait_seconds))
        assert later is None or later.refusal is not told.refusal


def test_a_message_is_tried_again_ever_more_rarely() -> None:
    """The waits grow, and after the last there is no further try."""
    far = NOON + timedelta(days=1)
    waits = [sms_code.retry_at(attempts, far, NOON) for attempts in range(1, len(RETRY_SECONDS) + 2)]
    assert [NOON + timedelta(seconds=seconds) for seconds in RETRY_SECONDS] == waits[:-1]
    assert waits[-1] is None
    assert all(before < after for before, after in pairwise(RETRY_SECONDS))


def test_a_message_is_not_tried_again_when_its_code_is_dead() -> None:
    """What would come too late is given up at once."""
    assert sms_code.retry_at(1, NOON + timedelta(seconds=RETRY_SECONDS[0]), NOON) is None
    assert sms_code.retry_at(1, NOON + timedelta(seconds=RETRY_SECONDS[0] + 1), NOON) is not None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+8613812345678", "+8613812345678"),
        (" +86 138-1234-5678 ", "+8613812345678"),
        ("+1 (650) 253.0000", "+16502530000"),
        ("+12345678", "+12345678"),
        ("+1234567", None),
        ("+1234567890123456", None),
        ("13812345678", None),
        ("+0123456789", None),
        ("+86138１2345678", None),
        ("+86138x2345678", None),
        ("", None),
    ],
)
def test_what_a_phone_number_is(number: str, expected: str | None) -> None:
    """E.164, with what people put between the digits left out."""
    assert expected == sms_code.normalised(number)


FIELDS = {"units": "800", "asset": "points", "shop": "shop-1", "minutes": "5"}


def test_what_a_code_is_for_stands_beside_it() -> None:
    """Amount and shop are read with the code: what is signed is seen."""
    body = sms_code.text_of(SmsRules(), SmsKind.PAYMENT_CODE, FIELDS)
    text = sms_code.with_code(body, "123456")
    assert {"123456", "800", "shop-1", "5"} <= {
        word for word in ("123456", "800", "shop-1", "5") if word in text
    }
    assert "123456" not in body


@given(st.text(max_size=20), st.text(max_size=20))
def test_dollars_stay_what_they_are(shop: str, words: str) -> None:
    """Neither a shop's name nor a text may fill in a field of its own."""
    texts = {**SmsRules().texts, SmsKind.PAYMENT_CODE: words.replace("$", "$$") + "|$code|$shop"}
    body = sms_code.text_of(SmsRules(texts=texts), SmsKind.PAYMENT_CODE, {**FIELDS, "shop": shop})
    assert f"{words}|123456|{shop}" == sms_code.with_code(body, "123456")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_lifetime_seconds", 601),
        ("code_lifetime_seconds", 29),
        ("resend_seconds", -1),
        ("daily_per_member", 0),
        ("daily_per_phone", True),
        ("daily_total", 1.5),
        ("texts", {}),
        ("texts", {**SmsRules().texts, SmsKind.RECOVERY_CODE: "no field"}),
        ("texts", {**SmsRules().texts, SmsKind.RECOVERY_CODE: "$code of $shop"}),
        ("texts", {**SmsRules().texts, SmsKind.PIN_RECOVERED: "$code"}),
        ("texts", {**SmsRules().texts, SmsKind.PIN_RECOVERED: "100 $"}),
    ],
)
def test_rules_that_cannot_be(name: str, value: object) -> None:
    """The error names the rule; a code lives ten minutes at most."""
    with pytest.raises(SmsRulesInvalid, match=name):
        SmsRules(**{name: value})  # type: ignore[arg-type]  # that is the point


RANGES = [
    ("code_lifetime_seconds", 30, sms_code.LIFETIME_SECONDS_MAX),
    ("resend_seconds", 0, sms_code.LIFETIME_SECONDS_MAX),
    ("daily_per_member", 1, 100),
    ("daily_per_phone", 1, 100),
    ("daily_total", 1, 10_000_000),
]


@pytest.mark.parametrize(("name", "lowest", "highest"), RANGES)
def test_every_rule_has_its_range(name: str, lowest: int, highest: int) -> None:
    """Both ends are possible, and one step beyond them is refused by name."""
    for value in (lowest, highest):
        assert value == getattr(SmsRules(**{name: value}), name)  # type: ignore[arg-type]  # wrong on purpose
    for wrong in (lowest - 1, highest + 1, True, None):
        with pytest.raises(SmsRulesInvalid, match=f"^{name} must be a whole number"):
            SmsRules(**{name: wrong})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("kind", list(SmsKind))
def test_every_kind_of_message_has_a_text(kind: SmsKind) -> None:
    """One left out is refused, and the refusal names the fields that there are."""
    fields = {
        SmsKind.PAYMENT_CODE: r"\$asset, \$code, \$minutes, \$shop, \$units",
        SmsKind.RECOVERY_CODE: r"\$code, \$minutes",
        SmsKind.SIGN_IN_CODE: r"\$code, \$minutes",
        SmsKind.PIN_RECOVERED: "none",
        SmsKind.PHONE_CHANGED: r"\$phone",
    }[kind]
    texts = {other: text for other, text in SmsRules().texts.items() if other is not kind}
    with pytest.raises(SmsRulesInvalid, match=f"{kind}.* are of: {fields}$"):
        SmsRules(texts=texts)


def test_a_code_is_good_for_its_lifetime() -> None:
    """From the sending on."""
    assert NOON + timedelta(seconds=300) == sms_code.expires_at(NOON, 300)
