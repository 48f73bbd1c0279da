"""Makes resources/sounds/*.wav: what the till lets people hear. Run it again only to change a sound.

Success rises, failure falls and is rough, attention calls twice on one pitch, a notice is one soft tone, the
keypad's click is the same for every key. Pitches are notes of a major chord on C, so that nothing grates in a shop.
"""

import math
import struct
import wave
from pathlib import Path

SAMPLE_RATE = 44_100
SOUNDS = Path(__file__).resolve().parents[1] / "resources" / "sounds"

C4, E4, C5, E5, G5, C6 = 261.63, 329.63, 523.25, 659.26, 783.99, 1046.50

Samples = list[float]


def tone(
    hertz: float, seconds: float, *, overtones: tuple[float, ...] = (1.0, 0.25), decay: float = 6.0
) -> Samples:
    """A struck tone: `overtones` are the strengths of its partials, `decay` how fast it dies, per second."""
    count = round(seconds * SAMPLE_RATE)
    samples = []
    for place in range(count):
        at = place / SAMPLE_RATE
        edge = min(1.0, at / 0.004, (seconds - at) / 0.012)  # no click at either end
        wave_sum = sum(
            strength * math.sin(2 * math.pi * hertz * (number + 1) * at)
            for number, strength in enumerate(overtones)
        )
        samples.append(wave_sum / sum(overtones) * math.exp(-decay * at) * edge)
    return samples


def silence(seconds: float) -> Samples:
    """Nothing, for so long."""
    return [0.0] * round(seconds * SAMPLE_RATE)


def rough(hertz: float, seconds: float) -> Samples:
    """Two tones that beat against each other: nobody takes it for good news."""
    first = tone(hertz, seconds, overtones=(1.0, 0.6, 0.5, 0.3), decay=2.5)
    second = tone(hertz * 1.06, seconds, overtones=(1.0, 0.6, 0.5, 0.3), decay=2.5)
    return [(a + b) / 2 for a, b in zip(first, second, strict=True)]


PIECES: dict[str, tuple[float, Samples]] = {
    "success": (0.8, tone(C5, 0.09) + tone(E5, 0.09) + tone(G5, 0.09) + tone(C6, 0.35)),
    "failure": (0.9, rough(E4, 0.22) + silence(0.06) + rough(C4, 0.45)),
    "attention": (0.7, tone(G5, 0.16, decay=9) + silence(0.09) + tone(G5, 0.22, decay=9)),
    "notice": (0.5, tone(E5, 0.16, overtones=(1.0,), decay=14)),
    "key": (0.3, tone(1800.0, 0.02, overtones=(1.0,), decay=120)),
}
"""Name of the file -> loudness (0 to 1) and samples (-1 to 1)."""


def write(name: str, loudness: float, samples: Samples) -> None:
    """Write one mono 16-bit file, its loudest sample at `loudness`."""
    peak = max(abs(sample) for sample in samples)
    frames = [round(sample / peak * loudness * 32_767) for sample in samples]
    with wave.open(str(SOUNDS / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(struct.pack(f"<{len(frames)}h", *frames))


def main() -> None:
    """Write all of them."""
    SOUNDS.mkdir(exist_ok=True)
    for name, (loudness, samples) in PIECES.items():
        write(name, loudness, samples)


if __name__ == "__main__":
    main()
