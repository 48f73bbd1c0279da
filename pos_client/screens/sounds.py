"""What is heard: four sounds nobody can mistake for one another, and the keypad's click.

Played by miniaudio on a thread of its own, which is started, like the library itself, with the first sound. A
machine without a loudspeaker is silent: said once, and never an error.
"""

import logging
import os
import queue
import sys
import threading
import wave
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

from pos_client.screens.assets import resources_folder
from pos_client.till.effects import Sound

logger = logging.getLogger(__name__)

KEY_CLICK = "key"
"""The name of the keypad's click, the same for every key."""

SOUND_NAMES = (*(sound.value for sound in Sound), KEY_CLICK)
"""All sound files, without .wav."""

SAMPLE_RATE = 44_100
"""Samples a second of all sound files: mono, 16 bit."""


class Player(Protocol):
    """Whatever makes PCM audible."""

    def play(self, samples: bytes) -> None:
        """Begin to play mono 16-bit samples; what still plays ends."""

    def close(self) -> None:
        """Give the loudspeaker back."""


class NoLoudspeaker(Exception):
    """There is nothing to play through."""


def has_loudspeaker(platform: str = sys.platform, sound_nodes: Path = Path("/dev/snd")) -> bool:
    """Whether it is worth asking the system for sound.

    On Linux a sound card has nodes in /dev/snd, a sound server a socket in the runtime folder. Without either,
    asking would only make the system's libraries write their own complaints to the terminal.
    """
    if platform != "linux":
        return True
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", "/run/user/none"))
    servers = (runtime / "pulse" / "native", runtime / "pipewire-0")
    return (
        any(sound_nodes.glob("pcm*p"))
        or "PULSE_SERVER" in os.environ
        or any(server.exists() for server in servers)
    )


class MiniaudioPlayer:
    """Plays through whatever the system has.

    Raises NoLoudspeaker when there is nothing, miniaudio.MiniaudioError when what there is cannot be opened.
    """

    def __init__(self) -> None:
        if not has_loudspeaker():
            raise NoLoudspeaker("this machine has no sound card and no sound server")
        import miniaudio  # noqa: PLC0415 30 ms that a start needs not pay

        real = [backend for backend in miniaudio.Backend if backend is not miniaudio.Backend.NULL]
        self._device = miniaudio.PlaybackDevice(
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=SAMPLE_RATE,
            buffersize_msec=60,
            backends=real,
            app_name="points-till",
        )

    def play(self, samples: bytes) -> None:
        """Begin to play; what still plays ends."""
        stream = _stream(samples)
        next(stream)
        self._device.stop()
        self._device.start(stream)

    def close(self) -> None:
        """Give the loudspeaker back."""
        self._device.close()


def _stream(samples: bytes) -> Generator[bytes, int, None]:
    """Frames as the device asks for them, then a little silence, so that the end is not cut off."""
    frames = yield b""
    place = 0
    while place < len(samples):
        chunk = samples[place : place + 2 * frames]
        place += len(chunk)
        frames = yield chunk.ljust(2 * frames, b"\0")
    for _ in range(4):
        frames = yield bytes(2 * frames)


def load_samples(name: str, resources: Path | None = None) -> bytes:
    """The samples of resources/sounds/<name>.wav. Raises ValueError when it is not mono, 16 bit, 44.1 kHz."""
    folder = resources_folder() if resources is None else resources
    with wave.open(str(folder / "sounds" / f"{name}.wav"), "rb") as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        if shape != (1, 2, SAMPLE_RATE):
            raise ValueError(f"{name}.wav has the shape {shape}")
        return sound.readframes(sound.getnframes())


class Sounds:
    """Plays sounds by name; every call returns at once and never raises.

    `on_silent(remedy)` is called once, from the player's thread, when there is nothing to play through.
    """

    def __init__(
        self,
        *,
        on_silent: Callable[[str], None] | None = None,
        open_player: Callable[[], Player] = MiniaudioPlayer,
        resources: Path | None = None,
    ) -> None:
        self._on_silent = on_silent
        self._open_player = open_player
        self._resources = resources
        self._names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def play(self, sound: Sound) -> None:
        """Let a sound be heard. From any thread."""
        self._put(sound.value)

    def click(self) -> None:
        """Let the keypad's click be heard."""
        self._put(KEY_CLICK)

    def close(self) -> None:
        """Stop the thread; waits a moment at most."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._names.put(None)
            thread.join(timeout=1.0)

    def _put(self, name: str) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
                self._thread.start()
        self._names.put(name)

    def _run(self) -> None:
        try:
            player = self._open_player()
            samples = {name: load_samples(name, self._resources) for name in SOUND_NAMES}
        except Exception as error:  # noqa: BLE001 whatever the system's sound is made of, a till sells on without it
            self._be_silent(error)
            return
        while (name := self._names.get()) is not None:
            try:
                player.play(samples[name])
            except Exception as error:  # noqa: BLE001 a loudspeaker that was pulled out
                self._be_silent(error)
                return
        player.close()

    def _be_silent(self, error: Exception) -> None:
        """Say once that nothing will be heard, then swallow every further sound."""
        remedy = "No loudspeaker could be opened: plug one in and start the till again"
        logger.warning("%s (%s: %s)", remedy, type(error).__name__, error)
        if self._on_silent is not None:
            self._on_silent(remedy)
        while self._names.get() is not None:
            pass
