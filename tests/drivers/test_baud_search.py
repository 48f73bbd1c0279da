"""The speed of a line is found by a label that is known, after as many scans as there are speeds before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.baud_search import RATES, BaudSearch
from drivers.calibration_labels import LABELS

LABEL = LABELS[0]
PAUSE = 0.35


def garbled(data: bytes, sent_at: int, heard_at: int) -> bytes:
    """What a UART makes of bytes (8N1) sent at another speed than it listens at."""
    if sent_at == heard_at:
        return data
    line = "".join("0" + f"{byte:08b}"[::-1] + "1" for byte in data)
    bits = line.join("11")
    samples = len(bits) * heard_at // sent_at
    heard = "1" + "".join(bits[place * sent_at // heard_at] for place in range(samples)) + "1" * 12
    found, place = bytearray(), 0
    while (start := heard.find("10", place)) >= 0 and start + 10 <= len(heard):
        found.append(int(heard[start + 2 : start + 10][::-1], 2))
        place = start + 9
    return bytes(found)


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_is_found(rate: int) -> None:
    """However the gun is set, so many scans of the label find it, whichever of the two is scanned."""
    search, at = BaudSearch(LABELS), 1.0
    scans = 0
    while search.found is None:
        scans += 1
        search.feed(garbled(LABELS[scans % 2].encode() + b"\r", rate, search.rate), at)
        at += PAUSE
        search.idle(at)
    assert (rate, RATES.index(rate) + 1) == (search.found, scans)


def test_a_label_in_pieces_is_a_label() -> None:
    """Reads may fall anywhere, affixes may be around it, and noise before a pause is another scan."""
    search = BaudSearch([LABEL], rates=[9600, 1200])
    for place, byte in enumerate(b"]C0~" + LABEL.encode()):
        search.feed(bytes([byte]), 1 + place / 10)
    assert 9600 == search.found


def test_what_is_no_label_moves_on_once() -> None:
    """Another label, or noise, tries the next rate when it is over, and after the last one the first."""
    search = BaudSearch([LABEL], rates=[9600, 1200])
    search.feed(b"660123", 1.0)
    search.feed(b"456\r", 1.1)
    assert 9600 == search.rate
    search.idle(1.5)
    search.idle(9.0)
    assert 1200 == search.rate
    search.feed(b"\xff", 10.0)
    search.feed(LABEL.encode(), 11.0)
    assert (9600, 9600) == (search.rate, search.found)


def test_endless_noise_is_bounded() -> None:
    """A line that never falls silent takes no memory."""
    search = BaudSearch([LABEL])
    for place in range(1000):
        search.feed(bytes(100), 1 + place / 1000)
    assert len(search._heard) <= 4096


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_nothing_but_a_label_is_found(noise: list[bytes]) -> None:
    """No noise makes a speed."""
    search = BaudSearch(LABELS)
    for place, data in enumerate(noise):
        search.feed(data, place * PAUSE)
    assert search.found is None


@pytest.mark.parametrize("wrong", [{"labels": []}, {"labels": [""]}, {"labels": LABELS, "rates": []}])
def test_a_search_for_nothing_is_refused(wrong: dict[str, list[str]]) -> None:
    """Without labels or rates there is nothing to find."""
    with pytest.raises(ValueError, match="rates and labels"):
        BaudSearch(**wrong)  # type: ignore[arg-type]  # a table of arguments
