"""Sounds: told apart by ear, played elsewhere, and a till without a loudspeaker sells on in silence."""

import itertools
import logging
import queue
import runpy
import struct
import threading
import wave
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import miniaudio
import numpy as np
import pytest

from pos_client.screens import sounds
from pos_client.screens.assets import resources_folder
from pos_client.screens.sounds import (
    KEY_CLICK,
    SAMPLE_RATE,
    SOUND_NAMES,
    MiniaudioPlayer,
    Player,
    Sounds,
    load_samples,
)
from pos_client.till.effects import Sound
from tests.waiting import PATIENCE_SECONDS

GENERATOR = Path(__file__).resolve().parents[3] / "scripts" / "make_sounds.py"


class QueuePlayer(Player):
    """Puts what it is to play into a queue, with the thread it was asked from."""

    def __init__(self) -> None:
        self.played: queue.Queue[tuple[bytes, int]] = queue.Queue()
        self.closed = threading.Event()
        self.fault: Exception | None = None

    def play(self, samples: bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.played.put((samples, threading.get_ident()))

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def player() -> QueuePlayer:
    return QueuePlayer()


@pytest.fixture
def made() -> Iterator[Callable[..., Sounds]]:
    all_made: list[Sounds] = []

    def make(**kwargs: object) -> Sounds:
        all_made.append(Sounds(**kwargs))  # type: ignore[arg-type]  # the test names what it needs
        return all_made[-1]

    yield make
    for each in all_made:
        each.close()


def spectrum(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The strengths of a sound's pitches, of length 1."""
    samples = np.frombuffer(load_samples(name), dtype="<i2").astype(float)
    strengths = np.abs(np.fft.rfft(samples, n=2 * SAMPLE_RATE))[: 2 * 4000]
    return np.asarray(strengths / np.linalg.norm(strengths))


@pytest.mark.parametrize("sound", [*Sound, KEY_CLICK])
def test_every_sound_is_heard(made: Callable[..., Sounds], player: QueuePlayer, sound: str) -> None:
    """Each sound is its own file's samples, played by one other thread."""
    each = made(open_player=lambda: player)
    if sound == KEY_CLICK:
        each.click()
    else:
        each.play(Sound(sound))
    samples, thread = player.played.get(timeout=PATIENCE_SECONDS)

    assert (samples, thread != threading.get_ident()) == (load_samples(sound), True)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations([sound.value for sound in Sound], 2)))
def test_no_two_sounds_are_alike(one: str, other: str) -> None:
    """Pitches overlap by less than half, or the lengths differ by more than a third."""
    likeness = float(spectrum(one) @ spectrum(other))
    lengths = sorted(len(load_samples(name)) for name in (one, other))

    assert likeness < 0.5 or lengths[0] / lengths[1] < 2 / 3, likeness


def test_success_rises_and_failure_falls() -> None:
    """The loudest pitch of the first and of the last third tells which way a sound goes."""
    directions = []
    for name in ("success", "failure"):
        samples = np.frombuffer(load_samples(name), dtype="<i2").astype(float)
        third = len(samples) // 3
        first, last = (
            int(np.argmax(np.abs(np.fft.rfft(part)))) for part in (samples[:third], samples[-third:])
        )
        directions.append(np.sign(last - first))

    assert directions == [1, -1]


@pytest.mark.parametrize("name", SOUND_NAMES)
def test_no_sound_cracks(name: str) -> None:
    """Sounds begin and end softly and do not clip; none is longer than a second."""
    samples = np.frombuffer(load_samples(name), dtype="<i2").astype(int)

    assert max(abs(samples[0]), abs(samples[-1])) < 400
    assert 3_000 < np.max(np.abs(samples)) < 32_000
    assert len(samples) <= SAMPLE_RATE


def test_the_files_are_what_the_script_makes() -> None:
    """The committed sounds are the script's, sample by sample."""
    pieces = runpy.run_path(str(GENERATOR))["PIECES"]
    for name, (loudness, samples) in pieces.items():
        peak = max(abs(sample) for sample in samples)
        expected = struct.pack(f"<{len(samples)}h", *(round(s / peak * loudness * 32_767) for s in samples))
        assert load_samples(name) == expected, name

    assert set(pieces) == set(SOUND_NAMES)


def test_without_a_loudspeaker_it_is_silent_and_says_so_once(
    made: Callable[..., Sounds], caplog: pytest.LogCaptureFixture
) -> None:
    """A machine that can open nothing costs one warning and no error."""
    remedies: queue.Queue[str] = queue.Queue()

    def open_nothing() -> Player:
        raise OSError("no device")

    caplog.set_level(logging.WARNING)
    each = made(open_player=open_nothing, on_silent=remedies.put)
    for sound in (*Sound, *Sound):
        each.play(sound)
    remedy = remedies.get(timeout=PATIENCE_SECONDS)
    each.close()

    assert "plug one in" in remedy
    assert (remedies.empty(), caplog.text.count("loudspeaker")) == (True, 1)


def test_a_loudspeaker_that_is_pulled_out_is_silence(
    made: Callable[..., Sounds], player: QueuePlayer
) -> None:
    """A fault in the middle of the day is reported like one in the morning."""
    remedies: queue.Queue[str] = queue.Queue()
    each = made(open_player=lambda: player, on_silent=remedies.put)
    each.play(Sound.SUCCESS)
    player.played.get(timeout=PATIENCE_SECONDS)
    player.fault = OSError("gone")
    each.play(Sound.FAILURE)

    assert "plug one in" in remedies.get(timeout=PATIENCE_SECONDS)


def test_playing_returns_at_once(made: Callable[..., Sounds]) -> None:
    """While the loudspeaker is still being opened, sounds can be asked for."""
    gate, opened = threading.Event(), QueuePlayer()

    def open_slowly() -> Player:
        gate.wait(PATIENCE_SECONDS)
        return opened

    each = made(open_player=open_slowly)
    each.play(Sound.NOTICE)
    asked = opened.played.empty()
    gate.set()

    assert (asked, opened.played.get(timeout=PATIENCE_SECONDS)[0]) == (True, load_samples("notice"))


def test_nothing_is_opened_before_the_first_sound(made: Callable[..., Sounds]) -> None:
    """A start pays neither for the library nor for the device."""
    each = made(open_player=pytest.fail)
    each.close()

    assert each._thread is None


def test_closing_gives_the_loudspeaker_back(made: Callable[..., Sounds], player: QueuePlayer) -> None:
    """The player is closed with the till."""
    each = made(open_player=lambda: player)
    each.click()
    each.close()

    assert player.closed.is_set()


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    """Stereo or another rate would be played wrongly: it is named instead."""
    (tmp_path / "sounds").mkdir()
    with wave.open(str(tmp_path / "sounds" / "key.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(b"\0" * 8)

    with pytest.raises(ValueError, match=r"key\.wav"):
        load_samples("key", tmp_path)


def test_the_library_plays_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the library's null device a sound is asked for to its end, a new one replaces the old, closing is clean."""
    finished: queue.Queue[int] = queue.Queue()
    stream, device = sounds._stream, miniaudio.PlaybackDevice

    def watched(samples: bytes) -> Generator[bytes, int, None]:
        yield from stream(samples)
        finished.put(len(samples))

    def null_device(**wanted: Any) -> miniaudio.PlaybackDevice:
        return device(**{**wanted, "backends": [miniaudio.Backend.NULL]})

    monkeypatch.setattr(sounds, "has_loudspeaker", lambda: True)
    monkeypatch.setattr(sounds, "_stream", watched)
    monkeypatch.setattr(miniaudio, "PlaybackDevice", null_device)
    with closing(MiniaudioPlayer()) as player:
        player.play(load_samples("failure") * 200)  # nobody hears the end of it
        player.play(load_samples("key"))

        assert finished.get(timeout=PATIENCE_SECONDS) == len(load_samples("key"))


def test_a_stream_ends_in_silence() -> None:
    """Frames come as asked for, filled up with silence, and a little more follows so that the end is heard."""
    stream = sounds._stream(b"\1\0" * 5)
    next(stream)
    chunks = [stream.send(3) for _ in range(6)]

    assert chunks[:2] == [b"\1\0" * 3, b"\1\0" * 2 + b"\0\0"]
    assert set(chunks[2:]) == {bytes(6)}
    assert (resources_folder() / "sounds").is_dir()
