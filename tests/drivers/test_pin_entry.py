"""The typing of one PIN: its rules, against a plain model, and that no digit is ever shown or kept."""

import copy
import dataclasses
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pin_entry import MOST_DIGITS, Effect, Pin, PinEntry, PinRules, Press, Stroke

DIGITS = [Press(Stroke.DIGIT, digit) for digit in range(10)]
OTHERS = [Press(stroke) for stroke in Stroke if stroke is not Stroke.DIGIT]
KEYS = {
    "<": Press(Stroke.ERASE),
    "x": Press(Stroke.CLEAR),
    "=": Press(Stroke.ENTER),
    "c": Press(Stroke.CANCEL),
}
BY_ENTER = PinRules(min_digits=4, max_digits=6, ends_with_enter=True)
BY_LAST_DIGIT = PinRules()


def presses(keys: str) -> list[Press]:
    """Presses written as digits and `<` erase, `x` clear, `=` Enter, `c` cancel."""
    return [KEYS[key] if key in KEYS else DIGITS[int(key)] for key in keys]


@st.composite
def rules(draw: st.DrawFn) -> PinRules:
    """Any rules that do not contradict each other."""
    longest = draw(st.integers(1, MOST_DIGITS))
    return PinRules(
        min_digits=draw(st.integers(1, longest)), max_digits=longest, ends_with_enter=draw(st.booleans())
    )


@pytest.mark.parametrize(
    ("rule", "keys", "pin"),
    [
        (BY_LAST_DIGIT, "123456", "123456"),
        (BY_LAST_DIGIT, "12345<56", "123456"),
        (BY_LAST_DIGIT, "99x123456", "123456"),
        (BY_LAST_DIGIT, "<x123456", "123456"),
        (BY_LAST_DIGIT, "1234=123456", "123456"),
        (BY_ENTER, "1234=", "1234"),
        (BY_ENTER, "123456=", "123456"),
        (BY_ENTER, "1234567890=", "123456"),
        (BY_ENTER, "123=4567=", "4567"),
        (BY_ENTER, "=000000=", "000000"),
    ],
)
def test_a_pin_is_typed(rule: PinRules, keys: str, pin: str) -> None:
    """With erasing, clearing, extra digits and an early Enter, the PIN is what the customer saw last, once."""
    entry = PinEntry(rule)
    effects = [entry.press(press) for press in presses(keys)]
    assert Effect.COMPLETED is effects[-1]
    assert 1 == effects.count(Effect.COMPLETED)
    assert pin == entry.take().reveal()
    assert 0 == entry.count


def test_canceling_leaves_nothing() -> None:
    """After the cancel key the digits are gone."""
    entry = PinEntry(BY_ENTER)
    assert Effect.CANCELED is [entry.press(press) for press in presses("12345c")][-1]
    assert 0 == entry.count
    with pytest.raises(ValueError, match="not complete"):
        entry.take()


@given(rules(), st.lists(st.sampled_from(DIGITS + OTHERS), max_size=60))
def test_any_keys_do_what_a_list_would(rule: PinRules, keys: list[Press]) -> None:
    """Whatever is pressed in whatever order, the entry is a list of digits, and the buffer holds no digit beyond it."""
    entry, typed = PinEntry(rule), list[int]()
    for key in keys:
        effect = entry.press(key)
        if key.digit is not None and len(typed) < rule.max_digits:
            typed.append(key.digit)
        elif key.stroke is Stroke.ERASE:
            del typed[-1:]
        elif key.stroke in (Stroke.CLEAR, Stroke.CANCEL) or effect is Effect.TOO_SHORT:
            typed.clear()
        assert len(typed) == entry.count
        assert bytes(rule.max_digits - len(typed)) == bytes(entry._buffer[len(typed) :])
        if effect is Effect.COMPLETED:
            assert "".join(map(str, typed)) == entry.take().reveal()
            typed.clear()
            assert bytes(rule.max_digits) == bytes(entry._buffer)


def test_the_buffer_never_moves() -> None:
    """The digits have one place in memory from the first to the last: no copy is left behind by a buffer that grew."""
    entry = PinEntry(PinRules(min_digits=12, max_digits=12))
    buffer, view = entry._buffer, memoryview(entry._buffer)  # a buffer with a view cannot be resized
    for press in presses("123456789012"):
        entry.press(press)
    entry.take()
    assert buffer is entry._buffer
    assert bytes(12) == bytes(view)


SHOWN: list[Callable[[object], str]] = [repr, str, lambda value: f"{value}", lambda value: f"{[value]!r}"]


@pytest.mark.parametrize("show", SHOWN)
def test_no_digit_is_shown(show: Callable[[object], str]) -> None:
    """Neither a PIN nor a press nor a half-typed entry shows a digit, however it is turned into text."""
    entry = PinEntry(BY_ENTER)
    entry.press(DIGITS[7])
    text = show(Pin("777777")) + show(DIGITS[7]) + show(entry)
    assert "7" not in text
    assert "1 digits" in text


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_pin_cannot_be_written(keep: Callable[[Pin], object]) -> None:
    """A PIN is not pickled and not copied by accident, and the refusal does not quote it."""
    with pytest.raises(TypeError, match=r"^a Pin is never written anywhere$"):
        keep(Pin("123456"))


def test_a_pin_cannot_be_changed() -> None:
    """What was typed is what arrives."""
    pin = Pin("123456")
    with pytest.raises(dataclasses.FrozenInstanceError):
        pin._digits = "000000"  # type: ignore[misc]  # that is the point
    assert "123456" == pin.reveal()


@pytest.mark.parametrize(
    ("least", "most"), [(0, 6), (7, 6), (1, MOST_DIGITS + 1), (-1, -1), (MOST_DIGITS + 1, MOST_DIGITS + 1)]
)
def test_lengths_that_contradict_each_other_are_refused(least: int, most: int) -> None:
    """There is no PIN of no digits, of more than the standard's, or with a least above its most."""
    with pytest.raises(ValueError, match="min_digits"):
        PinRules(min_digits=least, max_digits=most)


@pytest.mark.parametrize(
    ("stroke", "digit"),
    [(Stroke.DIGIT, None), (Stroke.DIGIT, 10), (Stroke.DIGIT, -1), (Stroke.ENTER, 0), (Stroke.CANCEL, 7)],
)
def test_a_press_has_a_digit_when_it_is_one(stroke: Stroke, digit: int | None) -> None:
    """A digit key without a digit, or another key with one, is no press."""
    with pytest.raises(ValueError, match="a digit key"):
        Press(stroke, digit)
