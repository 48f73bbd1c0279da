"""The format of recordings: written and read the same, and every mistake named by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.recording import (
    End,
    Event,
    Frame,
    Lost,
    Opened,
    Recording,
    RecordingInvalid,
    event_line,
    frame_of,
    head_line,
    parse,
)

HEAD = '{"recording":1,"path":"sim:"}\n'
times = st.lists(st.floats(0, 1e6), max_size=20).map(sorted)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Any recording that a device could have made."""
    events: list[Event] = []
    for at in draw(times):
        kind = draw(st.sampled_from([Frame, Opened, Lost]))
        if kind is Frame:
            events.append(frame_of(at, draw(st.binary(min_size=1, max_size=80))))
        elif kind is Opened:
            events.append(Opened(at, draw(st.none() | st.just("058c0902"))))
        else:
            events.append(Lost(at))
    if draw(st.booleans()):
        events.append(End(events[-1].at if events else 0.0))
    return Recording(draw(st.text()), tuple(events))


@given(recordings())
def test_what_is_written_is_read_the_same(recording: Recording) -> None:
    """Head and events survive the way through text, times and bytes exactly."""
    text = head_line(recording.path) + "".join(map(event_line, recording.events))
    assert recording == parse(text)
    assert text.count("\n") == len(recording.events) + 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "The file is empty"),
        ("scans\n", "Line 1 does not begin a recording"),
        ('{"recording":2,"path":"sim:"}\n', "Line 1 does not begin a recording: Invalid enum value 2"),
        ('{"recording":1}\n', "Line 1 does not begin a recording: Object missing required field `path`"),
        (HEAD + "frame\n", "Line 2 is not understood"),
        (HEAD + '{"event":"frame","at":0,"data":"3"}\n', "Line 2 is not understood: the data is not pairs"),
        (HEAD + '{"event":"opened","at":0,"descriptor":"x"}\n', "the data is not pairs of hex digits"),
        (HEAD + '{"event":"frame","at":"now","data":"33"}\n', "Expected `float`, got `str`"),
        (HEAD + '{"event":"sung","at":0}\n', "Invalid value 'sung'"),
        (HEAD + '{"event":"lost","at":0,"why":"?"}\n', "unknown field `why`"),
        (HEAD + '{"event":"lost","at":-1}\n', "Line 2 goes back in time"),
        (HEAD + '{"event":"lost","at":2}\n\n{"event":"end","at":1}\n', "Line 4 goes back in time"),
        (HEAD + '{"event":"end","at":2}\n{"event":"lost","at":2}\n', "Line 3 comes after the end"),
        (HEAD + '{"event":"frame","at":0,"da', "Line 2 is not understood: Input data was truncated"),
    ],
)
def test_a_mistake_is_named_by_its_line(text: str, fault: str) -> None:
    """What is no recording is refused with the line and the reason."""
    with pytest.raises(RecordingInvalid) as caught:
        parse(text)
    assert fault in str(caught.value)


def test_a_frame_does_not_show_what_it_holds() -> None:
    """The bytes of a scan are in the file on purpose, and nowhere else."""
    assert "Frame(at=1.0, 4 bytes)" == repr(frame_of(1.0, b"6601"))
