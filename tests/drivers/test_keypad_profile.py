"""Profiles of serial keypads: those that ship, what is wrong with others, and keys out of any stream of bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import PathInvalid, ProfileInvalid
from drivers.keypad_profile import KeyDecoder, KeypadProfile, read_profile
from drivers.pin_entry import Press, Stroke
from drivers.serial_keypad import PROFILES_FOLDER, load_profile, profile_names

LEAST = """
title = "A keypad"
source = "a manual"
[keys]
digits = ["30", "31", "32", "33", "34", "35", "36", "37", "38", "39"]
"""
# Keys of one, two and three bytes that share their beginnings, as function keys of terminals do.
LONG_KEYS = (
    LEAST.replace('"39"]', '"1b 5b 39"]') + 'enter = ["1b 4f 4d"]\nclear = ["1b 4f 50"]\nignore = ["1b 06"]\n'
)


def shape(presses: list[Press]) -> list[tuple[Stroke, int | None]]:
    """Presses as values that can be compared."""
    return [(press.stroke, press.digit) for press in presses]


def decoder(profile: KeypadProfile) -> KeyDecoder:
    """The decoder of a profile."""
    return KeyDecoder(profile.keys, strips_high_bit=profile.strips_high_bit)


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_that_ships_can_type_a_pin(name: str) -> None:
    """Every profile in the resources is read, says where it is from, and has keys to type and end a PIN of six."""
    profile = load_profile(name)
    presses = {press.stroke for press in profile.keys.values() if press is not None}
    digits = [press.digit for press in profile.keys.values() if press is not None and press.digit is not None]
    assert list(range(10)) == digits
    assert profile.rules.min_digits <= 6 <= profile.rules.max_digits
    assert Stroke.CLEAR in presses
    assert Stroke.ENTER in presses or not profile.rules.ends_with_enter
    assert len(profile.source) > 5


def test_there_are_profiles() -> None:
    """The simulated keypad and two real models ship."""
    assert {"simulated", "counter", "hcc960"} <= set(profile_names())


def test_the_docstring_shows_a_whole_profile() -> None:
    """The profile in the module's text is one, and its values are the defaults."""
    from drivers import keypad_profile  # noqa: PLC0415  # the text of the module itself is what is tested

    text = str(keypad_profile.__doc__)
    shown = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    written, least = read_profile(shown, "shown"), read_profile(LEAST, "least")
    assert (least.port, least.rules, least.commands) == (written.port, written.rules, written.commands)
    assert (set(least.keys), least.strips_high_bit) == (set(written.keys), written.strips_high_bit)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("title = ", "titel = "), "unknown field `titel`"),
        (('title = "A keypad"', ""), "missing required field `title`"),
        (('source = "a manual"', 'source = ""'), "`$.source`"),
        (('digits = ["30", ', "digits = ["), "length >= 10"),
        (('"30"', '"3"'), "keys.digits is '3', not pairs of hex digits"),
        (('"30"', '"zz"'), "keys.digits is 'zz'"),
        (('"30"', '""'), "keys.digits holds a key that sends nothing"),
        (('"31"', '"30"'), "keys.digits holds '30', which begins like another key"),
        (('"31"', '"30 31"'), "begins like another key"),
        (("[keys]", "[keys]\nstrip_high_bit = true\nenter = ['8d']"), "leaves no byte above 7f"),
        (("[keys]", "[pin]\nends_with_enter = true\n[keys]"), "keys.enter is empty"),
        (("[keys]", "[pin]\nmin_digits = 7\n[keys]"), "min_digits <= max_digits"),
        (("[keys]", "[port]\nbaud = 1\n[keys]"), "`$.port.baud`"),
        (("[keys]", "[port]\nparity = 'X'\n[keys]"), "`$.port.parity`"),
        (("[keys]", "[send]\nprompt = 'PIN?'\n[keys]"), "send.prompt is 'PIN?'"),
        (("[keys]", "[keys"), "at line 4"),
        (("[keys]", "[keys]\nf1 = []"), "unknown field `f1`"),
    ],
)
def test_what_is_wrong_is_named(change: tuple[str, str], fault: str) -> None:
    """A mistake in a profile is refused with the file's name, the field, and a remedy."""
    text = LEAST.replace(*change)
    assert text != LEAST
    with pytest.raises(ProfileInvalid) as caught:
        read_profile(text, "shop.toml")
    assert fault in str(caught.value)
    assert "shop.toml" in str(caught.value)
    assert caught.value.remedy


def test_an_unknown_profile_names_the_known_ones() -> None:
    """A name that no file has is answered with those there are."""
    with pytest.raises(PathInvalid) as caught:
        load_profile("nokia")
    assert all(name in caught.value.remedy for name in profile_names())


def test_a_shop_may_bring_its_own_file() -> None:
    """A path that ends with .toml is read from where it is."""
    path = PROFILES_FOLDER / "counter.toml"
    assert load_profile("counter") == load_profile(str(path))


def test_a_keypad_that_sets_bit_seven_is_understood() -> None:
    """Digits with the high bit set are the same digits where the profile says so."""
    presses = decoder(load_profile("counter")).feed(bytes(code | 0x80 for code in b"19\r"), 0.0)
    assert [(Stroke.DIGIT, 1), (Stroke.DIGIT, 9), (Stroke.ENTER, None)] == shape(presses)


@given(st.lists(st.sampled_from(["30", "35", "1b5b39", "1b4f4d", "1b4f50", "1b06"]), max_size=12), st.data())
def test_keys_survive_any_split(keys: list[str], data: st.DataObject) -> None:
    """However the bytes of long keys are cut into reads, the same keys come out."""
    profile = read_profile(LONG_KEYS, "long")
    sent = bytes.fromhex("".join(keys))
    whole = decoder(profile).feed(sent, 0.0)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(sent)), max_size=6)) | {0, len(sent)})
    split = decoder(profile)
    pieces = [split.feed(sent[start:end], 0.0) for start, end in itertools.pairwise(cuts)]
    assert shape(whole) == shape([press for piece in pieces for press in piece])
    assert [profile.keys[bytes.fromhex(key)] for key in keys if key != "1b06"] == whole


@given(st.binary(max_size=200))
def test_noise_is_dropped_and_never_kept(noise: bytes) -> None:
    """Any bytes leave at most the beginning of one key behind."""
    keys = decoder(read_profile(LONG_KEYS, "long"))
    keys.feed(noise, 0.0)
    assert len(keys._begun) < 3


def test_a_key_cut_short_is_not_glued_to_the_next() -> None:
    """When the rest of a key does not come, the next press is read for itself."""
    keys = decoder(read_profile(LONG_KEYS, "long"))
    assert [] == keys.feed(b"\x1b\x5b", 0.0)
    assert [(Stroke.DIGIT, 5)] == shape(keys.feed(b"5", 1.0))
    assert [] == keys.feed(b"\x1b", 1.1)
    assert [(Stroke.DIGIT, 6)] == shape(keys.feed(b"6", 1.2))
