"""A gun is tried out in the open, but no payment code is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scan import Scan
from pos_client.scan_facts import TRIAL_LABEL, ScanFacts, Verdict, facts_of
from tests.pos_client.till.walking import CODE


def scan(text: str, raw: bytes | None = None, aim_id: str | None = None) -> Scan:
    """A gun reads this."""
    return Scan(
        text.encode() if raw is None else raw, text, None, aim_id, source="sim:", transport="sim", at=2.5
    )


def test_a_label_is_shown_whole() -> None:
    """Text, bytes, and all that the gun said of it."""
    seen = facts_of(Scan(b"]Q1ab", "ab", "QR Code", "]Q1", "serial:COM3", "serial", 2.5))
    assert seen == ScanFacts(
        Verdict.OTHER_LABEL, "serial:COM3", "serial", "QR Code", "]Q1", 2, "ab", "5d 51 31 61 62", 2.5
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (TRIAL_LABEL, Verdict.RIGHT),
        (TRIAL_LABEL.swapcase(), Verdict.CASE),
        ("#" + TRIAL_LABEL, Verdict.AFFIXES),
        (TRIAL_LABEL + "\t", Verdict.AFFIXES),
        ("QWay-0189", Verdict.LAYOUT),
        ("AZyqßà&_ç", Verdict.LAYOUT),
        ("6901234567892", Verdict.OTHER_LABEL),
        ("123456789", Verdict.OTHER_LABEL),
        (CODE, Verdict.HIDDEN),
    ],
)
def test_the_trial_label_tells_how_the_gun_is_set(text: str, verdict: Verdict) -> None:
    """Its characters are those that Caps Lock, layouts, prefixes and suffixes change."""
    assert verdict is facts_of(scan(text)).verdict


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc", "a␍␊b␉c"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("a\x7fb\u202ec\u2028d", "a\ufffdb\ufffdc\ufffdd"),
        ("积分 a", "积分 a"),
    ],
)
def test_what_has_no_shape_is_shown_as_a_sign(text: str, shown: str) -> None:
    """A poster's code may have lines, and what turns the text round: the page shows one line, as it is."""
    assert shown == facts_of(scan(text)).text


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "13" + "4" * 16,
        "28" + "7" * 22,
        "A" + CODE,
        CODE + "B",
        "https://wallet/?c=" + CODE,
        "8400 0000 0000 0000 17",
        "8400-0000-0000-0000-17",
        CODE[:-1] + "3",
        "_'àààààààààààààà&è",  # ours, where the gun types for an English keyboard and the till has a French one
    ],
)
def test_nothing_of_a_payment_code_is_shown(text: str) -> None:
    """Ours, other wallets', misread ones, with a prefix or in groups: not one digit, in text or bytes."""
    seen = facts_of(scan(text, b"]Q1" + text.encode(), "]Q1"))
    assert (Verdict.HIDDEN, len(text)) == (seen.verdict, seen.length)
    assert {"•"} == set(seen.text)
    assert ["5d", "51", "31", "••"] == list(dict.fromkeys(seen.raw.split()))


def test_a_code_that_only_the_bytes_hold_is_hidden_too() -> None:
    """A prefix that was cut off the text, or digits that the layout made into other characters."""
    seen = facts_of(scan("àé&", CODE.encode()))
    assert (Verdict.HIDDEN, {"••"}) == (seen.verdict, set(seen.raw.split()))


@given(st.text(min_size=1), st.text(alphabet="0123456789", min_size=16, max_size=24), st.text())
def test_no_text_around_a_code_brings_it_out(before: str, code: str, after: str) -> None:
    """Wherever sixteen digits and more stand, none is shown."""
    text = before + code + after
    seen = facts_of(scan(text, text.encode("utf-8", "surrogatepass")))
    assert code not in seen.text
    assert code.encode().hex(" ") not in seen.raw
