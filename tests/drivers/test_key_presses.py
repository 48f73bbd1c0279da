"""The keys of a gun that nobody else hears: every layout and habit gives the label, and a lost key none."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.affixes import Affixes
from drivers.key_codes import KEYPAD_ENTER, LAYOUTS, LEFT_ALT, RIGHT_ALT, TAB, keypad_char
from drivers.key_presses import KeyPressParser, event_frame
from drivers.scan import Scan
from tests.drivers.keyboard_gun import (
    DOWN,
    KEYPAD_CODES,
    LEFT_CTRL,
    LEFT_META,
    LEFT_SHIFT,
    UP,
    frames,
    key_of,
    label,
    strokes,
    typed,
    typed_on_keypad,
)

CODE = "660123456789012345"
CAPS, NUM, F1, KEY_A, KEY_M = 58, 69, 59, 30, 50
DROPPED = event_frame(0, 3, 0)
PAUSE = 0.35


def read(parser: KeyPressParser, *chunks: bytes | float) -> list[str]:
    """Feed events; a number is a pause before the next ones, in seconds. The texts that come out."""
    at, texts = 1.0, []
    for chunk in chunks:
        if isinstance(chunk, bytes):
            texts += [scan.text for scan in parser.feed(chunk, at)]
        else:
            at += chunk
            texts += [scan.text for scan in parser.idle(at)]
    return texts


ENTER_KEY = frames(list(strokes(28)))


@pytest.mark.parametrize(
    ("settings", "chunks", "texts", "misreads"),
    [
        # How a label ends: Enter, the keypad's, Tab, a pause; two at once are one.
        ({}, [frames(label(CODE)) * 2], [CODE] * 2, 0),
        ({}, [frames(label(CODE, end=KEYPAD_ENTER))], [CODE], 0),
        ({}, [frames(label(CODE, end=TAB))], [CODE], 0),
        ({}, [frames(label(CODE)), ENTER_KEY, frames(label("1"))], [CODE, "1"], 0),
        ({}, [frames(label(CODE, end=None)), PAUSE], [CODE], 0),
        ({"end": "silence"}, [frames(label(CODE, end=None)), PAUSE] * 2, [CODE] * 2, 0),
        ({"end": "key"}, [frames(label(CODE, end=None)), PAUSE, frames(label("1"))], ["1"], 1),
        # Once it has shown a key at the end, a label without it is a cut one.
        ({}, [frames(label("1")), frames(label("2", end=None)), PAUSE, frames(label("3"))], ["1", "3"], 1),
        ({}, [frames(list(strokes(LEFT_CTRL))), frames([*typed("12"), *strokes(KEY_M, LEFT_CTRL)])], ["12"], 0),
        ({}, [frames([*typed("12"), *strokes(36, LEFT_CTRL)])], ["12"], 0),
        # The keypad's digits are digits, with and without NumLock.
        ({}, [frames([*(stroke for digit in CODE for stroke in strokes(KEYPAD_CODES[digit])), *strokes(28)])],
         [CODE], 0),
        ({}, [frames([*strokes(NUM), *strokes(KEYPAD_CODES["7"]), *strokes(NUM), *strokes(28)])], ["7"], 0),
        # The gun's own Caps Lock, with which some type capitals.
        ({}, [frames([*strokes(CAPS), *typed("ab1"), *strokes(CAPS), *typed("c"), *strokes(28)])], ["AB1c"], 0),
        ({}, [frames([*typed("a"), *strokes(CAPS), *typed("Bc"), *strokes(28), *strokes(CAPS)]), frames(label("d"))],
         ["abC", "d"], 0),
        # By numbers, with Alt held.
        ({}, [frames([*typed_on_keypad("Aé1"), *strokes(28)])], ["Aé1"], 0),
        ({}, [frames([*typed_on_keypad("A"), *typed("b"), *strokes(28)])], ["Ab"], 0),
        # What is no part of a label spoils it as a whole, and that one alone.
        ({}, [frames([*typed("12"), *strokes(F1), *typed("34"), *strokes(28), *label("56")])], ["56"], 1),
        ({}, [frames([*typed("12"), *strokes(KEY_A, LEFT_CTRL), *strokes(28), *label("56")])], ["56"], 1),
        ({}, [frames([*typed("12"), *strokes(KEY_A, LEFT_META), *strokes(28), *label("56")])], ["56"], 1),
        ({}, [frames([*typed("12"), *strokes(KEY_A, LEFT_ALT), *strokes(28), *label("56")])], ["56"], 1),
        ({}, [frames([*typed("12"), *strokes(KEYPAD_CODES["6"], LEFT_ALT), *strokes(28), *label("5")])], ["5"], 1),
        ({}, [frames([*typed("1"), (LEFT_ALT, DOWN), *strokes(KEYPAD_CODES["6"]), *strokes(LEFT_SHIFT),
                      (LEFT_ALT, UP), *strokes(28), *label("5")])], ["5"], 1),
        # Lost events spoil it too, and nothing is left held.
        ({}, [frames([(LEFT_SHIFT, DOWN), *typed("12")]), DROPPED, frames([*typed("3"), *strokes(28), *label("4")])],
         ["4"], 1),
        ({}, [frames(list(typed("12"))), frames([*typed("3"), *strokes(28)])[:35], ENTER_KEY, frames(label("4"))],
         ["4"], 1),
        # A key that stays down repeats itself; a gun's means it once.
        ({}, [frames([*typed("1"), (3, DOWN), (3, 2), (3, 2), (3, UP), *strokes(28)])], ["12"], 0),
        # Other events are none of a label's: scan codes, lamps.
        ({}, [event_frame(4, 4, 458782), frames(list(typed("1"))), event_frame(17, 1, 1), ENTER_KEY], ["1"], 0),
        # What was programmed before and behind a label is taken off; a label without it is another gun's affair.
        ({"prefix": "~", "suffix": "#"}, [frames([*label("~12#"), *label("34"), *label("~#")])], ["12"], 2),
        ({"prefix": "~"}, [frames(label("~]Q112"))], ["12"], 0),
        ({"prefix": "~"}, [frames(label("]Q1~12"))], ["12"], 0),
    ],
)  # fmt: skip
def test_keys_become(
    settings: dict[str, str], chunks: list[bytes | float], texts: list[str], misreads: int
) -> None:
    """One line a habit or a fault of a gun: what comes out and how often something could not be read."""
    parser = KeyPressParser(**settings)  # type: ignore[arg-type]  # a table of settings
    assert texts == read(parser, *chunks)
    parser.idle(1e9)
    assert (misreads, 0) == (parser.take_misreads(), parser.take_misreads())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_character_of_a_layout_is_typed_and_read(layout: str) -> None:
    """What a gun set to a layout types is read by that layout, every character it has."""
    made = LAYOUTS[layout]
    chars = sorted({*made.plain.values(), *made.shifted.values(), *made.third.values()})
    assert set(string.digits + string.ascii_letters + " ") <= set(chars)
    text = "".join(chars)
    assert [text] == read(KeyPressParser(layout=layout), frames(label(text, layout)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_layout_has_a_key_for_two_characters_or_none(layout: str) -> None:
    """Each board has the same keys; letters with Shift are capitals."""
    made, us = LAYOUTS[layout], LAYOUTS["us"]
    assert set(us.plain) == set(made.plain) == set(made.shifted)
    for code, char in made.plain.items():
        if char.isalpha() and char.isascii():
            assert char.upper() == made.shifted[code]


def test_a_gun_set_to_another_layout_is_seen_for_what_it_typed() -> None:
    """AZERTY's letters and digits come out wrong by the US layout, and right by their own."""
    keys = frames(label("Aq1", "fr"))
    assert (["Qa!"], ["Aq1"]) == (read(KeyPressParser(), keys), read(KeyPressParser(layout="fr"), keys))


def test_a_scan_has_its_kind_and_the_time_of_its_last_key() -> None:
    """AIM identifiers are read like everywhere, and the time is the key's."""
    assert [Scan(b"]Q112", "12", "QR Code", "]Q1", at=7.5)] == KeyPressParser().feed(
        frames(label("]Q112")), 7.5
    )


@pytest.mark.parametrize(
    ("digits", "char"),
    [
        ("65", "A"),
        ("065", "A"),
        ("0233", "é"),
        ("130", "é"),
        ("31215", "积"),
        ("55296", None),
        ("9999999", None),
    ],
)
def test_a_number_is_a_character(digits: str, char: str | None) -> None:
    """Code page 437 without a leading zero, Windows-1252 with one, Unicode above both."""
    assert char == keypad_char(digits)


def test_a_number_that_never_ends_is_bounded() -> None:
    """Digits without end with Alt held take no memory and make no label."""
    parser = KeyPressParser()
    endless = frames([(LEFT_ALT, DOWN), *list(strokes(KEYPAD_CODES["1"])) * 20_000])
    assert [] == read(parser, endless, frames([(LEFT_ALT, UP), *strokes(28)]))
    assert len(parser._keypad_digits) <= 8
    assert 1 == parser.take_misreads()


@pytest.mark.parametrize("wrong", [{"layout": "xx"}, {"end": "never"}, {"silence_seconds": 0.0}])
def test_impossible_settings_are_refused(wrong: dict[str, str]) -> None:
    """A layout or an end nobody knows, and no silence at all, are ValueErrors."""
    with pytest.raises(ValueError, match=r"layout|silence"):
        KeyPressParser(**wrong)  # type: ignore[arg-type]  # a table of settings


# ---- rules

us_texts = st.text(string.digits + string.ascii_letters + string.punctuation + " ", min_size=1, max_size=30).filter(
    lambda text: text[0] != "]"
)  # fmt: skip


@given(st.sampled_from(sorted(LAYOUTS)), st.data())
def test_any_text_in_any_layout(layout: str, data: st.DataObject) -> None:
    """Whatever a layout can type, with any end, comes out exactly."""
    made = LAYOUTS[layout]
    chars = sorted({*made.plain.values(), *made.shifted.values(), *made.third.values()} - {"]"})
    texts = data.draw(st.lists(st.text(chars, min_size=1, max_size=20), min_size=1, max_size=3))
    end = data.draw(st.sampled_from([28, KEYPAD_ENTER, TAB]))
    keys = frames([stroke for text in texts for stroke in label(text, layout, end)])
    assert texts == read(KeyPressParser(layout=layout), keys)


@given(us_texts, st.integers(0, 200), st.integers(1, 200))
def test_lost_events_that_are_told_never_make_another_text(text: str, start: int, count: int) -> None:
    """Where the kernel says that it dropped events, the label is read exactly or not at all; the next one is read."""
    keys = frames(label(text))
    start = 8 * (start % (len(keys) // 8))
    cut = keys[:start] + DROPPED + keys[start + 8 * count :]
    parser = KeyPressParser(end="key")
    assert set(read(parser, cut, PAUSE)) <= {text}
    assert [CODE] == read(parser, frames(label(CODE)))


@given(st.binary(max_size=400))
def test_any_events_whatever(noise: bytes) -> None:
    """Whatever arrives, nothing is raised, and what comes out is printable."""
    parser = KeyPressParser()
    assert all(text.isprintable() for text in read(parser, noise, PAUSE))


@given(us_texts, st.text(string.punctuation, max_size=3), st.text(string.punctuation, max_size=3))
def test_affixes_are_cut_off_and_nothing_else(text: str, prefix: str, suffix: str) -> None:
    """A label between both comes out as it is; one that lacks either does not."""
    affixes = Affixes(prefix, suffix)
    whole = prefix + text + suffix
    cut = affixes.cut(Scan(whole.encode(), whole))
    assert cut is not None
    assert (text, whole.encode()) == (cut.text, cut.raw) or text.startswith("]")
    assert affixes.cut(Scan(b"1", "\u2603")) is None or not (prefix or suffix)


def test_a_key_is_where_the_layout_has_it() -> None:
    """The gun of these tests presses real keys."""
    assert ((2,), (2, LEFT_SHIFT), (11, RIGHT_ALT)) == (
        key_of("1", LAYOUTS["us"]),
        key_of("1", LAYOUTS["fr"]),
        key_of("@", LAYOUTS["fr"]),
    )
