"""How serial guns speak: what is a label, what is an answer, and what is answered."""

import pytest

from drivers.framing import FrameMode
from drivers.gun_commands import GunCommands
from drivers.serial_protocols import COMMANDS, SerialProtocol, parser_of
from drivers.ssi import ACKNOWLEDGEMENT
from tests.drivers.ssi_gun import label_packets

PLAIN, HONEYWELL, ACKNAK, SSI = SerialProtocol


@pytest.mark.parametrize(
    ("protocol", "settings", "data", "texts", "misreads", "replies"),
    [
        (PLAIN, {}, b"12\r", ["12"], 0, b""),
        (PLAIN, {}, b"\x0612\r", [], 1, b""),
        # An answer to a command belongs to no label, wherever it comes.
        (HONEYWELL, {}, b"\x0612\r3\x154\r\x05", ["12", "34"], 0, b""),
        (HONEYWELL, {}, b"\x0112\r", [], 1, b""),
        # A gun that waits for an answer gets one for each label.
        (ACKNAK, {}, b"12\r34\r", ["12", "34"], 0, b"\x06\x06"),
        (ACKNAK, {}, b"1\x002\r34\r", ["34"], 1, b"\x15\x06"),
        (SSI, {}, label_packets("12")[0], ["12"], 0, ACKNOWLEDGEMENT),
        (
            SSI,
            {"prefix": "~"},
            label_packets("~12")[0] + label_packets("34")[0],
            ["12"],
            1,
            ACKNOWLEDGEMENT * 2,
        ),
        # What is around every label is cut off, and what lacks it is none; sent again it would lack it again.
        (PLAIN, {"prefix": "~", "suffix": "#"}, b"~12#\r34\r~#\r", ["12"], 2, b""),
        (ACKNAK, {"prefix": "~"}, b"~12\r34\r", ["12"], 1, b"\x06\x06"),
        (PLAIN, {"frame": FrameMode.STX_ETX}, b"\x0212\x03", ["12"], 0, b""),
    ],
)
def test_bytes_become(
    protocol: SerialProtocol,
    settings: dict[str, str],
    data: bytes,
    texts: list[str],
    misreads: int,
    replies: bytes,
) -> None:
    """One line a way to speak: labels, misreads, answers; each is told once."""
    parser = parser_of(protocol, **settings)  # type: ignore[arg-type]  # a table of settings
    assert texts == [scan.text for scan in parser.feed(data, 1.0)]
    assert (misreads, replies) == (parser.take_misreads(), parser.take_replies())
    assert (0, b"", ()) == (parser.take_misreads(), parser.take_replies(), tuple(parser.idle(9.0)))


def test_a_silence_ends_a_label() -> None:
    """A gun without an end is read by its pauses, as fast as it is told."""
    parser = parser_of(PLAIN, frame=FrameMode.SILENCE, silence_seconds=0.1)
    assert [] == parser.feed(b"12", 1.0)
    assert ["12"] == [scan.text for scan in parser.idle(1.1)]


def test_commands_are_those_of_the_protocol() -> None:
    """Each protocol has its own words, the plain one none."""
    assert set(COMMANDS) == set(SerialProtocol)
    assert GunCommands() == COMMANDS[PLAIN]
    assert ((b"\x16T\r",), (b"\x16U\r",)) == (COMMANDS[HONEYWELL].trigger_on, COMMANDS[HONEYWELL].trigger_off)
    assert b"\xe4" == COMMANDS[SSI].trigger_on[0][1:2]
