"""The framer: how a stream of bytes becomes scans, and what never does."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.framing import FrameMode, Framer
from drivers.scan import Scan

CR, LF, CR_LF, STX, SILENCE, AUTO = FrameMode
ENDED = {
    CR: (b"", b"\r"),
    LF: (b"", b"\n"),
    CR_LF: (b"", b"\r\n"),
    STX: (b"\x02", b"\x03"),
    SILENCE: (b"", b""),
}
PAUSE = 0.35


def read(framer: Framer, *chunks: bytes | float) -> list[str]:
    """Feed chunks of bytes; a number is a pause before the next one, in seconds. The texts that come out."""
    at, texts = 1.0, []
    for chunk in chunks:
        if isinstance(chunk, bytes):
            texts += [scan.text for scan in framer.feed(chunk, at)]
        else:
            at += chunk
            texts += [scan.text for scan in framer.idle(at)]
    return texts


@pytest.mark.parametrize(
    ("mode", "chunks", "texts", "misreads"),
    [
        # Each mode's own way.
        (CR, [b"12\r34\r"], ["12", "34"], 0),
        (LF, [b"12\n34\n"], ["12", "34"], 0),
        (CR_LF, [b"12\r\n34\r\n"], ["12", "34"], 0),
        (STX, [b"\x0212\x03\x0234\x03"], ["12", "34"], 0),
        (SILENCE, [b"12", PAUSE, b"34", PAUSE], ["12", "34"], 0),
        # A terminator split over two reads is one terminator.
        (CR_LF, [b"12\r", b"\n34\r", b"\n"], ["12", "34"], 0),
        (AUTO, [b"12\r", b"\n34\r", b"\n"], ["12", "34"], 0),
        (CR, [b"12\r", b"\n34\r\n"], ["12", "34"], 0),
        (LF, [b"12\r\n34\r\n"], ["12", "34"], 0),
        # Terminators beside STX and ETX.
        (STX, [b"\x0212\r\x03\r\n\x0234\x03\r\n"], ["12", "34"], 0),
        (AUTO, [b"\x0212\r\n\x03\r\n\x0234\x03\r\n"], ["12", "34"], 0),
        # Nothing between two terminators is nothing.
        (CR, [b"\r\r\r"], [], 0),
        (CR_LF, [b"\r\n\r\n12\r\n\n\r\n"], ["12"], 0),
        (STX, [b"\x02\x03\x02\x03"], [], 0),
        # A cut label is dropped, never glued to the next.
        (CR, [b"12", PAUSE, b"34\r"], ["34"], 1),
        (LF, [b"12", PAUSE, b"34\n"], ["34"], 1),
        (CR_LF, [b"12\r", PAUSE, b"34\r\n"], ["34"], 1),
        (STX, [b"\x0212", PAUSE, b"\x0234\x03"], ["34"], 1),
        (STX, [b"\x0212", PAUSE, b"34\x03"], [], 2),
        (STX, [b"\x0212\x0234\x03"], ["34"], 1),
        (STX, [b"12\x03\x0234\x03"], ["34"], 1),
        (CR_LF, [b"12\r34\r\n"], ["34"], 1),
        (CR_LF, [b"12\n34\r\n"], ["34"], 1),
        (CR, [b"12", 0.29, b"34\r"], ["1234"], 0),
        # Automatic: silence until something better is known, then that alone.
        (AUTO, [b"12", PAUSE, b"34", PAUSE], ["12", "34"], 0),
        (AUTO, [b"12\r34", PAUSE, b"56\r"], ["12", "56"], 1),
        (AUTO, [b"12\n34", PAUSE, b"56\r"], ["12", "56"], 1),
        (AUTO, [b"\x0212\x0334\r", PAUSE, b"\x0256\x03"], ["12", "56"], 1),
        (AUTO, [b"\x0212\x0334", PAUSE, b"\x0256\x03"], ["12", "56"], 1),
        (AUTO, [b"\x0212", PAUSE, b"34\r"], ["34"], 1),
        (AUTO, [b"12\r\x0234\r56\r"], ["12", "56"], 1),
        (AUTO, [b"12\x03", b"34\r"], ["34"], 1),
        # Noise is not something to learn from: a gun without a terminator is still read after it.
        (AUTO, [b"\xff\x00\r", PAUSE, b"12", PAUSE], ["12"], 1),
        (AUTO, [b"\x02\xff\x03", PAUSE, b"12", PAUSE], ["12"], 1),
        # Noise spoils its own frame as a whole.
        (CR, [b"1\x002\r34\r"], ["34"], 1),
        (CR, [b"1\xff2\r34\r"], ["34"], 1),
        (CR, [b"1\x1b2\r34\r"], ["34"], 1),
        (SILENCE, [b"1\r2", PAUSE, b"34", PAUSE], ["34"], 1),
        (LF, [b"1\r2\n34\n"], ["34"], 1),
        # Text that is no ASCII is text all the same.
        (CR, ["积分\r".encode()], ["积分"], 0),
        # An AIM identifier is not part of the text, and alone no label.
        (CR, [b"]Q112\r]E034\r]Q1\r"], ["12", "34"], 1),
    ],
)  # fmt: skip
def test_a_stream_becomes(
    mode: FrameMode, chunks: list[bytes | float], texts: list[str], misreads: int
) -> None:
    """One line a habit or a fault of a gun: what comes out and how often something could not be read."""
    framer = Framer(mode)
    assert texts == read(framer, *chunks)
    framer.idle(1e9)
    assert misreads == framer.take_misreads()
    assert 0 == framer.take_misreads()


def test_a_scan_has_the_time_of_its_last_byte() -> None:
    """A frame's time is when its last byte came, even when it was a silence that ended it."""
    framer = Framer(SILENCE)
    framer.feed(b"1", 5.0)
    framer.feed(b"2", 5.1)
    assert [Scan(b"12", "12", at=5.1)] == framer.idle(6.0)
    assert [Scan(b"]C034", "34", "Code 128", "]C0", at=7.5)] == Framer(CR).feed(b"]C034\r", 7.5)


def test_silence_is_noticed_by_the_next_byte_too() -> None:
    """A caller that was busy and did not call `idle` gets the same frames."""
    framer = Framer(SILENCE)
    assert [] == framer.feed(b"12", 1.0)
    assert ["12"] == [scan.text for scan in framer.feed(b"34", 2.0)]


@pytest.mark.parametrize(("mode", "around"), ENDED.items())
@pytest.mark.parametrize("excess", [0, 1, 2, 1000])
def test_the_buffer_has_a_cap(mode: FrameMode, around: tuple[bytes, bytes], excess: int) -> None:
    """A frame up to the cap is a scan, a longer one is one misread, and the next one is read."""
    framer, (before, after) = Framer(mode, cap_bytes=100), around
    long, short = before + b"7" * (100 + excess) + after, before + b"8" + after
    texts = read(framer, long, *([PAUSE] if mode is SILENCE else []), short, PAUSE)
    assert ([] if excess else ["7" * 100]) + ["8"] == texts
    assert bool(excess) == framer.take_misreads()


def test_endless_noise_stays_within_the_cap() -> None:
    """A megabyte without a terminator holds no more than the cap."""
    framer = Framer(CR, cap_bytes=100)
    for _ in range(100):
        framer.feed(b"7" * 10_000, 1.0)
    assert len(framer._buffer) <= 101


@pytest.mark.parametrize("wrong", [{"silence_seconds": 0.0}, {"cap_bytes": 0}])
def test_impossible_limits_are_refused(wrong: dict[str, float]) -> None:
    """A silence or a cap of nothing is a ValueError."""
    with pytest.raises(ValueError, match="silence"):
        Framer(CR, **wrong)  # type: ignore[arg-type]  # a table of mixed numbers


# ---- rules

streams = st.lists(
    st.sampled_from([b"1", b"34", b"]Q1", b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x00", b"\xff", "é".encode()]),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(st.sampled_from(FrameMode), streams, st.lists(st.integers(1, 4)))
def test_any_splitting_gives_the_same_frames(mode: FrameMode, stream: bytes, sizes: list[int]) -> None:
    """How the reads happen to fall changes neither the scans nor the count of misreads."""
    whole, split = Framer(mode, cap_bytes=8), Framer(mode, cap_bytes=8)
    pieces, rest = [], stream
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read(whole, stream, PAUSE) == read(split, *pieces, rest, PAUSE)
    assert whole.take_misreads() == split.take_misreads()


@given(st.sampled_from([CR, LF, STX]), streams)
def test_a_scan_is_a_whole_frame_of_the_stream(mode: FrameMode, stream: bytes) -> None:
    """Whatever comes, exactly the frames between two marks that are clean text come out."""
    if mode is STX:
        frames = [frame.rstrip(b"\r\n") for frame in re.findall(rb"\x02([^\x02\x03]*)\x03", stream)]
    elif mode is CR:
        frames = [frame.lstrip(b"\n") for frame in stream.split(b"\r")[:-1]]
    else:
        frames = [frame.removesuffix(b"\r") for frame in stream.split(b"\n")[:-1]]
    expected = []
    for frame in frames:
        text = frame.lstrip(b"\r" if mode is LF else b"").decode(errors="replace")
        text = re.sub(r"^\]Q1", "", text)
        if text and text.isprintable() and "\ufffd" not in text:
            expected.append(text)
    assert expected == read(Framer(mode), stream, PAUSE)


def with_check_digit(digits: str) -> str:
    """18 digits, the last a Luhn check digit: a code that shows a misread by itself."""
    doubled = sum(int(digit) * 2 // 10 + int(digit) * 2 % 10 for digit in digits[::-2])
    return digits + str(-(doubled + sum(map(int, digits[-2::-2]))) % 10)


def is_code(text: str) -> bool:
    """Whether a till would take the text for a code."""
    return len(text) == 18 and text.isdecimal() and text.isascii() and with_check_digit(text[:-1]) == text


@dataclass(frozen=True)
class Damage:
    """What happens to one frame: `count` bytes from `start` on are lost or replaced, and perhaps a pause follows."""

    kind: str
    start: int
    count: int
    noise: int
    pause: bool

    def apply(self, frame: bytes) -> bytes:
        """The frame as it arrives."""
        start = self.start % len(frame)
        if self.kind == "lost":
            return frame[:start] + frame[start + self.count :]
        if self.kind == "noise":
            return frame[:start] + bytes([self.noise]) * self.count + frame[start + self.count :]
        if self.kind == "digit":  # one digit becomes another, the most that a check digit is sure to show
            changed = b"%d" % ((frame[start] - 48 + 1 + self.noise % 9) % 10)
            return frame[:start] + changed + frame[start + 1 :] if frame[start] in b"0123456789" else frame
        return frame


damages = st.builds(
    Damage,
    st.sampled_from(["none", "lost", "noise", "digit"]),
    st.integers(0, 20),
    st.integers(1, 20),
    st.sampled_from([*range(9), *range(11, 13), *range(14, 32), *range(127, 256)]),
    st.booleans(),
)


@given(
    st.sampled_from([*ENDED, AUTO]),
    st.lists(
        st.tuples(st.integers(0, 10**17 - 1), damages), min_size=1, max_size=8, unique_by=lambda item: item[0]
    ),
)
@example(CR, [(1, Damage("lost", 9, 20, 0, pause=False)), (2, Damage("none", 0, 1, 0, pause=False))])
def test_damage_never_makes_another_code(mode: FrameMode, sent: list[tuple[int, Damage]]) -> None:
    """A label arrives exactly or not at all, and one with undamaged neighbours always does.

    Two labels damaged one after the other, without a pause, could look like one to anybody: every other one is whole.
    """
    framer = Framer(mode)
    before, after = ENDED[CR if mode is AUTO else mode]
    codes = [with_check_digit(f"{number:017d}") for number, _ in sent]
    whole = [place % 2 == 0 or damage.kind == "none" for place, (_, damage) in enumerate(sent)]
    chunks: list[bytes | float] = []
    for code, is_whole, (_, damage) in zip(codes, whole, sent, strict=True):
        frame = before + code.encode() + after
        chunks.append(frame if is_whole else damage.apply(frame))
        if damage.pause or mode is SILENCE:
            chunks.append(PAUSE)
    read_codes = [text for text in read(framer, *chunks, PAUSE) if is_code(text)]
    assert set(read_codes) <= set(codes)
    sure = [code for place, code in enumerate(codes) if whole[place] and (place == 0 or whole[place - 1])]
    assert [code for code in read_codes if code in sure] == sure
