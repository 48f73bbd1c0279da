"""Zebra's packets: every label once, whatever the line does to packets and answers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.affixes import Affixes
from drivers.scan import Scan
from drivers.ssi import (
    ACKNOWLEDGEMENT,
    BAD_BEEP,
    GOOD_BEEP,
    REFUSAL,
    TRIGGER_OFF,
    TRIGGER_ON,
    SsiParser,
    packet,
)
from tests.drivers.ssi_gun import CODE_128, again, is_acknowledged, label_packets, transmissions

CODE = "660123456789012345"
(LABEL,) = label_packets(CODE)
(OTHER,) = label_packets("661111111111111111")
EVENT = packet(0xF6, b"\x07", source=0)
LONG = label_packets("x" * 600)
PAUSE = 0.25


def read(parser: SsiParser, *chunks: bytes | float) -> tuple[list[str], list[bytes], int]:
    """Feed bytes; a number is a pause. The texts, each answer, and how often something could not be read."""
    at, texts, replies = 10.0, [], []
    for chunk in chunks:
        if isinstance(chunk, bytes):
            texts += [scan.text for scan in parser.feed(chunk, at)]
        else:
            at += chunk
            parser.idle(at)
        replies.append(parser.take_replies())
    return texts, [reply for reply in replies if reply], parser.take_misreads()


def test_packets_are_those_of_the_guide() -> None:
    """Acknowledgement, refusal and commands byte by byte, as the guide and captures have them."""
    assert "04d00400ff28" == ACKNOWLEDGEMENT.hex()
    assert "05d1040001ff25" == REFUSAL.hex()
    assert ("04e40400ff14", "04e50400ff13") == (TRIGGER_ON.hex(), TRIGGER_OFF.hex())
    assert ("05e6040000ff11", "05e6040010ff01") == (GOOD_BEEP.hex(), BAD_BEEP.hex())
    assert "17f300001c" + CODE.encode().hex() + "fb32" == LABEL.hex()


ACK, NAK = ACKNOWLEDGEMENT, REFUSAL


@pytest.mark.parametrize(
    ("chunks", "texts", "replies", "misreads"),
    [
        ([LABEL], [CODE], [ACK], 0),
        ([LABEL, LABEL], [CODE, CODE], [ACK, ACK], 0),
        ([LABEL + OTHER], [CODE, "661111111111111111"], [ACK + ACK], 0),
        ([LABEL[:7], LABEL[7:]], [CODE], [ACK], 0),
        ([LONG[0], LONG[1], LONG[2]], ["x" * 600], [ACK] * 3, 0),
        ([b"\0\0" + LABEL + b"\0", LABEL], [CODE, CODE], [ACK, ACK], 0),
        ([EVENT, LABEL], [CODE], [ACK, ACK], 0),
        ([packet(0xD0, source=0), packet(0xA4, b"1.0", source=0)], [], [], 0),
        # An acknowledgement that was lost: the label comes again, and is answered and nothing more.
        ([LABEL, again(LABEL), again(LABEL), OTHER], [CODE, "661111111111111111"], [ACK] * 4, 0),
        # Sent before, but never received.
        ([again(LABEL)], [CODE], [ACK], 0),
        # A broken packet is asked for again.
        ([LABEL[:-1] + b"\0", again(LABEL)], [CODE], [NAK, ACK], 1),
        ([b"\x16" + LABEL[1:], again(LABEL)], [CODE], [NAK, ACK], 1),
        ([b"\x03" + LABEL[1:], again(LABEL)], [CODE], [NAK, ACK], 1),
        ([b"\xff" + LABEL[1:], PAUSE, again(LABEL)], [CODE], [NAK, ACK], 1),
        ([LABEL[:9], PAUSE, again(LABEL)], [CODE], [NAK, ACK], 1),
        ([LABEL[:9], 0.19, LABEL[9:]], [CODE], [ACK], 0),
        # A refused copy of an accepted label is that label; long afterwards it is the label scanned anew.
        ([LABEL, again(LABEL)[:5], PAUSE, again(LABEL)], [CODE], [ACK, NAK, ACK], 1),
        ([LABEL, 60.0, LABEL[:5], PAUSE, again(LABEL)], [CODE, CODE], [ACK, NAK, ACK], 1),
        # A label whose end was lost is not glued to the next.
        ([LONG[0], label_packets("123", CODE_128)[0]], ["123"], [ACK, ACK], 1),
        # What is no text is no label, and sent again it would be none either.
        (label_packets("\x01\x02"), [], [ACK], 1),
        ([packet(0xF3, b"\x03\xff\xfe", source=0)], [], [ACK], 1),
        ([packet(0xF3, b"\x03", source=0)], [], [ACK], 1),
        ([packet(0xF3, source=0)], [], [], 0),
        (label_packets("12\r\n"), ["12"], [ACK], 0),
    ],
)  # fmt: skip
def test_packets_become(
    chunks: list[bytes | float], texts: list[str], replies: list[bytes], misreads: int
) -> None:
    """One line an order of events: what comes out, what is answered, what is counted."""
    assert (texts, replies, misreads) == read(SsiParser(), *chunks)


def test_a_scan_has_its_kind() -> None:
    """The bar code's type, or the AIM identifier where the gun sends one; affixes are cut off."""
    assert [Scan(b"12", "12", "Code 128", None, at=3.0)] == SsiParser().feed(
        label_packets("12", CODE_128)[0], 3.0
    )
    (scan,) = SsiParser().feed(label_packets("]E012", 0x7F)[0], 3.0)
    assert ("12", "]E0", "EAN/UPC") == (scan.text, scan.aim_id, scan.symbology)
    (scan,) = SsiParser(Affixes("~", "#")).feed(label_packets("~12#", 0x7F)[0], 3.0)
    assert ("12", None) == (scan.text, scan.symbology)


def test_a_label_has_a_cap() -> None:
    """A label without end takes no more memory than the cap, and is one misread when it ends."""
    parser = SsiParser(cap_bytes=1000)
    assert ["x" * 1000] == read(parser, *label_packets("x" * 1000))[0]
    texts, _, misreads = read(parser, *label_packets("x" * 5000), LABEL)
    assert ([CODE], 1) == (texts, misreads)
    read(parser, *label_packets("x" * 50_000)[:-1])
    assert len(parser._joined) <= 1001


def test_no_packet_is_longer_than_its_length_can_say() -> None:
    """More data than fits is a ValueError."""
    with pytest.raises(ValueError, match=r"range|byte"):
        packet(0xF3, bytes(252))


# ---- rules

codes = st.from_regex(r"[0-9]{18}", fullmatch=True)


@given(st.lists(codes, min_size=1, max_size=5), st.lists(st.integers(1, 9), max_size=30))
def test_any_splitting_gives_the_same(texts: list[str], sizes: list[int]) -> None:
    """How the reads happen to fall changes nothing."""
    stream = b"".join(label_packets(text)[0] for text in texts)
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    assert texts == read(SsiParser(), *pieces, stream)[0]


faults = st.tuples(
    st.sampled_from(["fine", "lost", "cut", "noise", "deaf"]), st.integers(0, 30), st.integers(1, 255)
)


# A gun that hears nothing for long gives up; three packets in a row that leave no trace are as many as are promised.
lines = st.lists(faults, max_size=6).filter(lambda line: sum(kind == "lost" for kind, _, _ in line) <= 3)


def damaged(sent: bytes, fault: tuple[str, int, int]) -> bytes:
    """A packet as it arrives."""
    kind, place, noise = fault
    place %= len(sent)
    if kind == "lost":
        return b""
    if kind == "cut":
        return sent[:place]
    if kind == "noise":
        return sent[:place] + bytes([sent[place] ^ noise]) + sent[place + 1 :]
    return sent


@given(st.lists(st.tuples(codes, lines), min_size=1, max_size=6))
def test_a_bad_line_gives_every_acknowledged_label_once(
    labels: list[tuple[str, list[tuple[str, int, int]]]],
) -> None:
    """Whatever the line does to packets and answers, each label arrives once and in order, and never another."""
    # One label right after itself, both on a bad line, looks the same as one: to the gun's user as well.
    labels = labels[:1] + [after for before, after in pairwise(labels) if before[0] != after[0]]
    parser, at, received = SsiParser(), 10.0, []
    for text, line in labels:
        (sent,) = label_packets(text)
        for number, transmission in enumerate(transmissions(sent)):
            fault = line[number] if number < len(line) else ("fine", 0, 1)
            received += [scan.text for scan in parser.feed(damaged(transmission, fault), at)]
            at += PAUSE
            parser.idle(at)
            at += 2.0
            if is_acknowledged(parser.take_replies()) and fault[0] != "deaf":
                break
    assert [text for text, _ in labels] == received


@given(st.binary(max_size=300))
def test_any_bytes_whatever(noise: bytes) -> None:
    """Whatever arrives, nothing is raised, and after a silence the next label is read."""
    parser = SsiParser()
    read(parser, noise, PAUSE)
    assert CODE in read(parser, 99.0, LABEL)[0]
    assert len(parser._buffer) <= 257
