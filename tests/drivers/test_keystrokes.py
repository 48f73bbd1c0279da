"""The keyboard gun's parser: what is a scan, what is typing, and what comes of both at once."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keystrokes import Key, KeystrokeParser
from tests.drivers.key_stream import Burst, Focus, Stroke, burst, person_key, typing

CODE = "660123456789012345"
GAP, LATE = 0.05, 0.2
MS = 0.001

# ---- single cases


@pytest.mark.parametrize("suffix", ["enter", "tab", "none"])
@pytest.mark.parametrize("interval", [0.001, 0.01, 0.02, 0.045])
@pytest.mark.parametrize("feeds_releases", [True, False])
def test_a_burst_is_a_scan(suffix: str, interval: float, feeds_releases: bool) -> None:
    """A gun's burst comes out as its text, at the time of its last key, and nothing of it reaches the focus."""
    keys = burst(CODE, 1.0, interval=interval, dwell=0.0005, suffix=suffix)
    focus = Focus(feeds_releases=feeds_releases).play(keys.strokes)
    assert [(CODE, CODE.encode(), keys.strokes[-1].at)] == [(s.text, s.raw, s.at) for s in focus.scans]
    assert [] == focus.arrived


@pytest.mark.parametrize(
    ("text", "interval", "dwell"),
    [
        ("300\n", 0.15, 0.08),
        ("300\n", 0.06, 0.05),
        ("300\n", 0.035, 0.034),
        ("120000\n", 0.055, 0.04),
        ("1234567890123\n", 0.03, 0.06),  # a rolling hand: each key still down at the next
        ("hello world\n", 0.09, 0.12),
        ("\n\n\n", 0.02, 0.01),
    ],
)
def test_typing_is_typing(text: str, interval: float, dwell: float) -> None:
    """A person's keys, however fast, all reach the focus in order."""
    focus = Focus().play(typing(text, 1.0, interval=interval, dwell=dwell))
    assert (text, []) == (focus.text, focus.scans)


def test_a_key_in_a_pause_is_held_for_the_gap_and_no_longer() -> None:
    """A person's key reaches the focus 50 ms after it was hit."""
    focus = Focus().play(typing("3", 1.0))
    assert [1.0 + GAP] == focus.arrived_at


def test_enter_in_a_pause_is_not_held() -> None:
    """A person's Enter acts at once."""
    assert [1.0] == Focus().play(typing("\n", 1.0)).arrived_at


def test_a_key_that_is_no_character_is_not_held() -> None:
    """Arrows and shortcuts pass at once in a pause, and after held keys in order."""
    arrow = Key(5)
    focus = Focus().play([Stroke(1.0, 0.08, arrow)])
    assert [1.0] == focus.arrived_at
    focus = Focus().play([*typing("7", 1.0), Stroke(1.02, 0.08, arrow)])
    assert [person_key(0, "7"), arrow] == focus.arrived


def test_modifiers_pass_and_break_nothing() -> None:
    """The Shift a gun presses for a capital is passed on and does not break its burst."""
    shift = Key(9, is_modifier=True)
    shifts = [Stroke(stroke.at - MS, MS, shift) for stroke in burst(CODE, 1.0).strokes]
    focus = Focus().play([*shifts, *burst(CODE, 1.0).strokes])
    assert [CODE] == [scan.text for scan in focus.scans]
    assert {shift} == set(focus.arrived)


def test_a_held_key_is_typing() -> None:
    """A key that repeats itself for being held is typing, however fast it repeats."""
    repeats = [Stroke(1.0 + 0.01 * n, 0.001, Key(7, "0", is_auto_repeat=n > 0)) for n in range(40)]
    focus = Focus().play(repeats)
    assert ("0" * 40, []) == (focus.text, focus.scans)


@pytest.mark.parametrize(("delay", "arrives"), [(0.051, False), (0.19, False), (0.21, True)])
def test_a_late_suffix_belongs_to_the_burst(delay: float, arrives: bool) -> None:
    """An Enter up to 0.2 s after a burst that ended by silence is swallowed; a later one is a person's."""
    keys = burst(CODE, 1.0, suffix="none").strokes
    enter = Stroke(keys[-1].at + delay, 0.01, Key(1, is_enter=True))
    focus = Focus().play([*keys, enter])
    assert [CODE] == [scan.text for scan in focus.scans]
    assert arrives == (enter.key in focus.arrived)


@pytest.mark.parametrize("delay", [0.005, 0.15])
def test_cr_and_lf_as_two_keys_are_one_suffix(delay: float) -> None:
    """A gun that ends with two Enters, at once or late, presses no button with the second."""
    keys = burst(CODE, 1.0, suffix="none").strokes
    enter = Key(1, is_enter=True)
    ends = [Stroke(keys[-1].at + delay, 0.002, enter), Stroke(keys[-1].at + delay + 0.01, 0.002, enter)]
    focus = Focus().play([*keys, *ends])
    assert ([CODE], []) == ([scan.text for scan in focus.scans], focus.arrived)


def test_bursts_without_a_pause_are_two_scans() -> None:
    """Two labels read back to back are not glued."""
    first = burst(CODE, 1.0)
    second = burst(CODE[::-1], first.end + 0.003)
    focus = Focus().play([*first.strokes, *second.strokes])
    assert [CODE, CODE[::-1]] == [scan.text for scan in focus.scans]


@pytest.mark.parametrize(
    ("key", "char"),
    [
        (Key(10, "&", digit="1"), "1"),  # AZERTY, a gun that thinks the keyboard is a US one
        (Key(10, "1", digit="1", is_shifted=True), "1"),  # AZERTY, a gun set to it
        (Key(10, "!", digit="1", is_shifted=True), "!"),  # US
        (Key(87, None, digit="1"), "1"),  # keypad without NumLock
        (Key(24, "a"), "a"),
        (Key(24, "\x01"), None),
        (Key(24, "ab"), None),
        (Key(36, "\r", is_enter=True), None),
        (Key(23, "\t", is_tab=True), None),
        (Key(50, None, is_modifier=True), None),
        (Key(110, None), None),
    ],
)
def test_a_digit_is_read_by_its_place(key: Key, char: str | None) -> None:
    """Neither layout nor Caps Lock nor NumLock changes the digits of a label."""
    assert char == key.scanned_char


def test_a_prefix_is_cut_off_and_asked_for() -> None:
    """With a prefix set, only bursts that begin with it are scans."""
    parser = KeystrokeParser(prefix="~~")
    without = burst(CODE, 1.0).strokes
    with_prefix = burst("~~" + CODE, 3.0).strokes
    focus = Focus(parser).play([*without, *with_prefix])
    assert [CODE] == [scan.text for scan in focus.scans]
    assert [stroke.key for stroke in without] == focus.arrived


def test_an_aim_identifier_is_split_off() -> None:
    """A gun that sends AIM identifiers says what kind of label it was."""
    scan = Focus().play(burst("]Q1" + CODE, 1.0).strokes).scans[0]
    assert (CODE, "]Q1", "QR Code") == (scan.text, scan.aim_id, scan.symbology)


def test_an_endless_burst_is_one_misread() -> None:
    """A run longer than any label is swallowed, counted once, and the next label is read."""
    parser = KeystrokeParser(max_keys=32)
    focus = Focus(parser).play([*burst("7" * 200, 1.0).strokes, *burst(CODE, 5.0).strokes])
    assert ([CODE], [], 1) == ([s.text for s in focus.scans], focus.arrived, parser.take_misreads())
    assert 0 == parser.take_misreads()


def test_a_busy_till_does_not_cut_a_burst() -> None:
    """When the caller was busy, `idle` waits once more, and the window system's own times close the gap."""
    parser = KeystrokeParser()
    keys = [
        Key(GUN, char, stamp_seconds=100 + 0.005 * place) for place, (GUN, char) in enumerate(enumerate(CODE))
    ]
    enter = Key(99, is_enter=True, stamp_seconds=100 + 0.005 * len(CODE))
    for key in keys[:3]:
        assert parser.press(key, 1.0).swallow
    assert () == parser.idle(1.4).release
    for key in keys[3:]:
        assert parser.press(key, 1.41).swallow
    verdict = parser.press(enter, 1.41)
    assert verdict.scan is not None
    assert CODE == verdict.scan.text


def test_a_busy_till_does_not_make_a_burst_of_typing() -> None:
    """Keys typed while the till was busy and fed all at once are told apart by the window system's own times."""
    parser = KeystrokeParser()
    focus = Focus(parser)
    slow = [Stroke(1.0 + n * MS / 10, MS / 20, Key(n, "5", stamp_seconds=100 + 0.15 * n)) for n in range(20)]
    assert ("5" * 20, []) == (focus.play(slow).text, focus.scans)


def test_what_is_held_can_be_given_up() -> None:
    """`flush` gives the held keys back in order and forgets them."""
    parser = KeystrokeParser()
    keys = [person_key(n, "1") for n in range(3)]
    for number, key in enumerate(keys):
        parser.press(key, 1 + number * MS)
    assert tuple(keys) == parser.flush()
    assert ((), None) == (parser.flush(), parser.next_deadline)


def test_the_release_of_a_swallowed_key_is_swallowed() -> None:
    """The focus never sees the release of a key it has not seen go down."""
    parser = KeystrokeParser()
    key, arrow = person_key(0, "1"), Key(5)
    assert (True, True, False) == (
        parser.press(key, 1.0).swallow,
        parser.release(key, 1.01).swallow,
        parser.release(key, 1.02).swallow,
    )
    assert (False, False) == (parser.press(arrow, 2.0).swallow, parser.release(arrow, 2.1).swallow)


def test_no_key_shows_its_character() -> None:
    """Neither keys nor verdicts show what was typed."""
    parser = KeystrokeParser()
    parser.press(person_key(0, "7"), 1.0)
    shown = repr(parser.idle(1.05)) + repr(Key(1, "7", digit="7", is_auto_repeat=True)) + str(Key(1, "7"))
    assert "7" not in shown


@pytest.mark.parametrize(
    "wrong",
    [{"gap_seconds": 0.0}, {"gap_seconds": 0.3}, {"gun_dwell_seconds": 0.0}, {"min_length": 0},
     {"min_length": 20}, {"max_keys": 5}],
)  # fmt: skip
def test_contradicting_limits_are_refused(wrong: dict[str, float]) -> None:
    """Limits that contradict each other are a ValueError."""
    with pytest.raises(ValueError, match=r"times|lengths"):
        KeystrokeParser(**wrong)  # type: ignore[arg-type]  # a table of mixed numbers


# ---- both hands on the keys

milliseconds = st.integers


@st.composite
def bursts(draw: st.DrawFn, at: float) -> Burst:
    """A gun's burst that begins at `at`."""
    suffix = draw(st.sampled_from(["enter", "tab", "none"]))
    least = 12 if suffix == "none" else 6
    interval = draw(milliseconds(2, 20))
    return burst(
        draw(st.text("0123456789", min_size=least, max_size=20)),
        at,
        interval=interval * MS,
        dwell=draw(milliseconds(1, min(interval - 1, 15))) * MS,
        suffix=suffix,
    )


@st.composite
def sessions(draw: st.DrawFn, *, apart: bool) -> tuple[list[Burst], list[Stroke]]:
    """Bursts of guns and keys of a person; `apart` keeps a pause between the two."""
    at, guns, persons = 1.0, [], []
    numbers = itertools.count()
    for is_burst in draw(st.lists(st.booleans(), max_size=6)):
        if is_burst:
            guns.append(draw(bursts(at)))
            at = guns[-1].end
        else:
            for char in draw(st.text("0123456789ab\n", min_size=1, max_size=8)):
                at += draw(milliseconds(1, 200)) * MS
                persons.append(Stroke(at, draw(milliseconds(31, 150)) * MS, person_key(next(numbers), char)))
        at += LATE + draw(milliseconds(1, 300)) * MS
    if not apart:
        moments = draw(st.lists(milliseconds(0, int(at * 1000)), max_size=12, unique=True))
        persons = [
            Stroke(
                # Off the guns' whole milliseconds: two keys do not go down at the very same moment.
                moment * MS + MS / 3,
                draw(milliseconds(31, 150)) * MS,
                person_key(next(numbers), draw(st.sampled_from("0123456789ab\n"))),
            )
            for moment in sorted(moments)
        ]
    return guns, persons


def run_ends(persons: Sequence[Stroke]) -> list[float]:
    """For each key, when the last key went down that follows it without a pause."""
    ends: list[float] = []
    following: Stroke | None = None
    for stroke in reversed(persons):
        closely = following is not None and following.at - stroke.at < GAP + 1e-9
        ends.append(ends[-1] if closely else stroke.at)
        following = stroke
    return ends[::-1]


@given(sessions(apart=True), st.booleans())
def test_apart_both_are_right(session: tuple[list[Burst], list[Stroke]], feeds_releases: bool) -> None:
    """With a pause between them, every label is read exactly and every typed key arrives, in order and in time."""
    guns, persons = session
    if not feeds_releases:  # by the gaps alone, a person must be slower than a gun
        persons = [stroke for stroke, end in zip(persons, run_ends(persons), strict=True) if stroke.at == end]
    focus = Focus(feeds_releases=feeds_releases).play([*(s for gun in guns for s in gun.strokes), *persons])
    assert [gun.text for gun in guns] == [scan.text for scan in focus.scans]
    assert [stroke.key for stroke in persons] == focus.arrived
    for end, arrived_at in zip(run_ends(persons), focus.arrived_at, strict=True):
        assert arrived_at <= end + GAP + 1e-6


@given(sessions(apart=False))
def test_together_nothing_is_invented_and_no_typing_is_eaten(
    session: tuple[list[Burst], list[Stroke]],
) -> None:
    """Whenever a person hits keys, a label is read exactly or not at all, and only the typed keys arrive, in order.

    A label without a typed key in it or right beside it is always read. The one typed key that may be taken for the
    gun's is an Enter right after its label.
    """
    guns, persons = session
    focus = Focus().play([*(s for gun in guns for s in gun.strokes), *persons])
    sure = [
        gun.text
        for gun in guns
        if not any(gun.start - GAP - MS <= s.at <= gun.end + GAP + MS for s in persons)
    ]
    read = [scan.text for scan in focus.scans]
    assert is_subsequence(sure, read)
    assert is_subsequence(read, [gun.text for gun in guns])
    typed = [s.key for s in persons if not (s.key.is_enter and follows_a_burst(s.at, guns))]
    arrived = [key for key in focus.arrived if not key.is_enter or key in typed]
    assert typed == arrived
    assert {*focus.arrived} <= {stroke.key for stroke in persons}


def is_subsequence(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether `part` can be had by leaving items of `whole` out."""
    rest = iter(whole)
    return all(item in rest for item in part)


def follows_a_burst(at: float, guns: Sequence[Burst]) -> bool:
    """Whether a moment lies in or shortly after a burst."""
    return any(gun.start <= at <= gun.end + LATE + GAP + MS for gun in guns)
