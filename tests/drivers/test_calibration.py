"""What is learnt of a gun from two labels: however it is set, what was learnt reads it, and no other text comes out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers import registry
from drivers.boot_reports import BootReportParser
from drivers.calibration import LEARNABLE, Calibration, Stage
from drivers.calibration_labels import LABELS
from drivers.key_codes import CAPS_LOCK, ENTER, KEYPAD_ENTER, LAYOUTS, TAB
from drivers.key_presses import KeyPressParser, event_frame
from drivers.serial_gun import SerialSettings
from drivers.serial_protocols import parser_of
from tests.drivers.boot_keyboard import reports
from tests.drivers.keyboard_gun import LEFT_CTRL, key_of, label, strokes, typed_on_keypad
from tests.drivers.ssi_gun import label_packets

CODE = "660123456789012345"
PAUSE_SECONDS = 1.0

Pieces = list[tuple[bytes, float]]


def learn(kind: str, *bursts: Pieces) -> Calibration:
    """Let a gun say each burst, with a pause behind it."""
    calibration = Calibration(kind)
    at = 100.0
    for pieces in bursts:
        start = at
        for piece, seconds in pieces:
            at = start + seconds
            calibration.hear(piece, at)
        at += PAUSE_SECONDS
        calibration.idle(at)
    return calibration


# ---- serial


def in_pieces(data: bytes, size: int = 5, gap_seconds: float = 0.004) -> Pieces:
    """Bytes as they come off a line."""
    return [(data[start : start + size], start / size * gap_seconds) for start in range(0, len(data), size)]


def read_serial(options: Mapping[str, str], pieces: Pieces) -> list[str]:
    """What a gun reads whose path has these options."""
    values = registry.read_options(registry.DevicePath("serial", "COM3", options))
    settings = SerialSettings("COM3", **values)
    parser = parser_of(
        settings.protocol,
        frame=settings.frame,
        silence_seconds=settings.silence_seconds,
        prefix=settings.prefix,
        suffix=settings.suffix,
    )
    scans = [scan.text for piece, at in pieces for scan in parser.feed(piece, 50 + at)]
    return [*scans, *(scan.text for scan in parser.idle(60.0))]


SERIAL_GUNS = {
    "sold": ("", "", b"%s\r", {"frame": "cr"}),
    "lines": ("", "", b"%s\r\n", {"frame": "crlf"}),
    "line feed": ("", "", b"%s\n", {"frame": "lf"}),
    "STX ETX": ("", "", b"\x02%s\x03", {"frame": "stx"}),
    "STX CR ETX": ("", "", b"\x02%s\r\n\x03", {"frame": "stx"}),
    "STX ETX CR": ("", "", b"\x02%s\x03\r\n", {"frame": "stx"}),
    "silence": ("", "", b"%s", {"frame": "silence", "silence_seconds": "0.1"}),
    "prefix": ("ab-", "", b"%s\r", {"frame": "cr", "prefix": "ab-"}),
    "both": ("<", "!#", b"\x02%s\x03", {"frame": "stx", "prefix": "<", "suffix": "!#"}),
    "spaces": (" ", " ", b"%s\r", {"frame": "cr", "prefix": " ", "suffix": " "}),
    "percent": ("%&=", "?", b"%s\r", {"frame": "cr", "prefix": "%&=", "suffix": "?"}),
    "AIM": ("]C0", "", b"%s\r", {"frame": "cr"}),
    "AIM and prefix": ("]C0>", "", b"%s\r", {"frame": "cr", "prefix": ">"}),
    "prefix and AIM": (">]C0", "", b"%s\r", {"frame": "cr", "prefix": ">"}),
}
"""What stands before and behind a label, how it is framed, and what is learnt."""


@pytest.mark.parametrize("name", SERIAL_GUNS)
def test_a_serial_gun_is_learnt(name: str) -> None:
    """Each framing, with prefix, suffix and AIM identifier: the options are the least that read a payment code."""
    prefix, suffix, frame, learnt = SERIAL_GUNS[name]

    def say(text: str) -> Pieces:
        return in_pieces(frame % f"{prefix}{text}{suffix}".encode())

    calibration = learn("serial", *(say(text) for text in LABELS))
    assert (Stage.LEARNT, learnt) == (calibration.stage, calibration.learnt)
    assert [CODE] == read_serial(calibration.options({}), say(CODE))


def test_zebras_packets_are_learnt() -> None:
    """A gun that sends packets is known by them, a prefix inside them too."""

    def say(text: str) -> Pieces:
        return in_pieces(b"".join(label_packets(f"#{text}")))

    calibration = learn("serial", *(say(text) for text in LABELS))
    assert {"protocol": "ssi", "prefix": "#"} == calibration.learnt
    assert [CODE] == read_serial(calibration.options({}), say(CODE))


@pytest.mark.parametrize("protocol", ["honeywell", "acknak"])
def test_what_cannot_be_heard_is_kept(protocol: str) -> None:
    """That a gun takes commands does not show in its labels; speed and parity neither. All else is learnt anew."""
    calibration = learn("serial", *(in_pieces(f"{text}\r".encode()) for text in LABELS))
    before = {"baud": "115200", "parity": "E", "prefix": "gone", "frame": "stx", "protocol": protocol}
    assert {"baud": "115200", "parity": "E", "protocol": protocol, "frame": "cr"} == calibration.options(
        before
    )


def test_packets_replace_what_was_thought_before() -> None:
    """A gun that was taken for Honeywell's and sends packets is Zebra's."""
    calibration = learn("serial", *(in_pieces(b"".join(label_packets(text))) for text in LABELS))
    assert {"protocol": "ssi"} == calibration.options({"protocol": "acknak"})


@given(
    prefix=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=4),
    suffix=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=4),
    ends=st.sampled_from([(b"", b"\r"), (b"", b"\r\n"), (b"", b"\n"), (b"\x02", b"\x03"), (b"", b"")]),
    size=st.integers(1, 40),
)
@example(prefix="]", suffix="C0", ends=(b"", b"\r"), size=1)
def test_whatever_is_learnt_reads_what_was_heard(
    prefix: str, suffix: str, ends: tuple[bytes, bytes], size: int
) -> None:
    """With any printable prefix and suffix, any framing and any reads: the payment code comes out alone, or none."""

    def say(text: str) -> Pieces:
        return in_pieces(ends[0] + f"{prefix}{text}{suffix}".encode() + ends[1], size)

    calibration = learn("serial", *(say(text) for text in LABELS))
    if calibration.stage is Stage.LEARNT:
        assert [CODE] == read_serial(calibration.options({}), say(CODE))
    else:
        assert prefix.endswith("]") or "]" in prefix[-3:]  # with the label's first letters an AIM identifier


# ---- keys read past the windows


def as_events(keys: Iterable[tuple[int, int]], gap_seconds: float = 0.002) -> Pieces:
    """Strokes as the kernel's events."""
    pieces: Pieces = []
    for place, (code, value) in enumerate(keys):
        pieces.append((event_frame(1, code, value), place * gap_seconds))
        pieces.append((event_frame(0, 0, 0), place * gap_seconds))
    return pieces


def as_reports(keys: Iterable[tuple[int, int]], gap_seconds: float = 0.002) -> Pieces:
    """Strokes as boot keyboard reports."""
    return [(report, place * gap_seconds) for place, report in enumerate(reports(keys))]


def caps(text: str, layout: str) -> Iterator[tuple[int, int]]:
    """A gun that makes its capitals by Caps Lock."""
    is_on = False
    for char in text:
        if char.isalpha() and char.isupper() is not is_on:
            yield from strokes(CAPS_LOCK)
            is_on = not is_on
        yield from strokes(*key_of(char.lower() if char.isalpha() else char, LAYOUTS[layout]))
    if is_on:
        yield from strokes(CAPS_LOCK)
    yield from strokes(ENTER)


def control_m(text: str) -> Iterator[tuple[int, int]]:
    """A gun that ends its labels by Ctrl+M."""
    yield from label(text, end=None)
    yield from strokes(key_of("m", LAYOUTS["us"])[0], LEFT_CTRL)


EVDEV_GUNS: Mapping[str, tuple[Callable[[str], Iterable[tuple[int, int]]], dict[str, str]]] = {
    "us": (label, {"end": "key"}),
    "uk": (lambda text: label(text, "uk"), {"end": "key", "layout": "uk"}),
    "de": (lambda text: label(text, "de"), {"end": "key", "layout": "de"}),
    "fr": (lambda text: label(text, "fr"), {"end": "key", "layout": "fr"}),
    "tab": (lambda text: label(text, end=TAB), {"end": "key"}),
    "keypad enter": (lambda text: label(text, end=KEYPAD_ENTER), {"end": "key"}),
    "Ctrl+M": (control_m, {"end": "key"}),
    "no end": (lambda text: label(text, "fr", end=None), {"layout": "fr", "end": "silence"}),
    "caps": (lambda text: caps(text, "us"), {"end": "key"}),
    "numbers": (lambda text: [*typed_on_keypad(text), *strokes(ENTER)], {"end": "key"}),
    "affixes": (
        lambda text: label(f"q!{text}z", "de"),
        {"layout": "de", "end": "key", "prefix": "q!", "suffix": "z"},
    ),
}
"""How a gun presses its keys, and what is learnt of it but for its silence."""


@pytest.mark.parametrize("gap_seconds", [0.0005, 0.009, 0.02])
@pytest.mark.parametrize("name", EVDEV_GUNS)
@pytest.mark.parametrize("kind", ["evdev", "hidkeys"])
def test_a_keyboard_gun_is_learnt(kind: str, name: str, gap_seconds: float) -> None:
    """Each layout, end and way to make a character, fast and slow: the label and then a payment code are read."""
    keys, learnt = EVDEV_GUNS[name]
    pieces = as_events if kind == "evdev" else as_reports
    calibration = learn(kind, *(pieces(keys(text), gap_seconds) for text in LABELS))
    found = dict(calibration.options({}))
    silence = found.pop("silence_seconds", None)
    assert (learnt, learnt["end"] == "silence") == (found, silence is not None)
    values = registry.read_options(registry.DevicePath(kind, "05e0:1200", calibration.options({})))
    parser: KeyPressParser | BootReportParser = KeyPressParser(**values)
    if kind == "hidkeys":
        parser = BootReportParser(KeyPressParser(**values))
    scans = [scan for frame, at in pieces(keys(CODE), gap_seconds) for scan in parser.feed(frame, at)]
    scans += parser.idle(100.0)
    assert [CODE] == [scan.text for scan in scans]


# ---- in what order, and what is no label


def test_stages_are_told() -> None:
    """The first label, the second, in either order; the same one again is still the first."""
    says = [in_pieces(f"{text}\r".encode()) for text in LABELS]
    assert Stage.FIRST is learn("serial").stage
    assert Stage.SECOND is learn("serial", says[0]).stage
    assert Stage.SECOND is learn("serial", says[1], says[1]).stage
    assert {"frame": "cr"} == learn("serial", says[1], says[0]).learnt == learn("serial", *says).learnt


@pytest.mark.parametrize("noise", [b"\xff\x00\xfe", b"6901234567892\r", f"{LABELS[0]}{LABELS[0]}\r".encode()])
def test_what_is_no_label_is_said_and_forgotten(noise: bytes) -> None:
    """Another label, noise, a label twice at once: unclear, and what was found before still counts."""
    says = [in_pieces(f"{text}\r".encode()) for text in LABELS]
    assert Stage.UNCLEAR is learn("serial", in_pieces(noise)).stage
    assert Stage.UNCLEAR is learn("serial", says[0], in_pieces(noise)).stage
    assert Stage.LEARNT is learn("serial", says[0], in_pieces(noise), says[1]).stage


def test_two_guns_are_not_one() -> None:
    """Labels set differently are unclear; the last one counts, and with its pair it is learnt."""
    first = in_pieces(f"a{LABELS[0]}\r".encode())
    second, fitting = (in_pieces(f"b{text}\r".encode()) for text in reversed(LABELS))
    assert Stage.UNCLEAR is learn("serial", first, second).stage
    assert {"frame": "cr", "prefix": "b"} == learn("serial", first, second, fitting).learnt


@pytest.mark.parametrize(("kind", "late"), [("serial", b"\r\n"), ("evdev", event_frame(1, ENTER, 0))])
def test_an_end_that_comes_late_is_no_label(kind: str, late: bytes) -> None:
    """An Enter after a pause, or a key that comes up then, is nothing."""
    assert Stage.FIRST is learn(kind, [(late, 0.0)]).stage


def test_what_has_been_learnt_stays() -> None:
    """More labels change nothing; before, there is nothing to hand out."""
    says = [in_pieces(f"{text}\r".encode()) for text in LABELS]
    other = in_pieces(f"x{LABELS[0]}\n".encode())
    assert {"frame": "cr"} == learn("serial", *says, other).learnt
    with pytest.raises(ValueError, match="nothing"):
        learn("serial", says[0]).options({})


@pytest.mark.parametrize("kind", ["hid", "camera", "sim", ""])
def test_some_guns_need_none(kind: str) -> None:
    """A gun that says itself what it sends is not calibrated."""
    with pytest.raises(ValueError, match="nothing to learn"):
        Calibration(kind)


def test_everything_learnt_is_an_option() -> None:
    """Each name that can be learnt is one the gun's path has."""
    for kind, names in LEARNABLE.items():
        assert names <= set(registry.KINDS[kind].options)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_noise_teaches_nothing(bursts: list[bytes]) -> None:
    """Whatever comes, nothing is learnt without both labels, and nothing fails."""
    for kind in ("serial", "evdev"):
        calibration = learn(kind, *([(burst, 0.0)] for burst in bursts))
        assert calibration.learnt is None


def test_a_flood_is_bounded() -> None:
    """A line that never falls silent fills no memory."""
    calibration = Calibration("serial")
    for number in range(20_000):
        calibration.hear(b"x", number / 1000)
    assert calibration._burst is not None
    assert len(calibration._burst.frames) <= 4096
