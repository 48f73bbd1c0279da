"""A PIN keypad on a serial line, whatever its make: what it speaks is in its profile (`keypad_profile`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from drivers.device import Clock
from drivers.errors import PathInvalid
from drivers.keypad import Keypad
from drivers.keypad_profile import KeyDecoder, KeypadProfile, read_profile
from drivers.pin_entry import Effect, Press
from drivers.remedies import Remedy
from drivers.serial_port import READ_TIMEOUT_SECONDS, LineSettings, PortInfo, SerialPort

PROFILES_FOLDER = Path(__file__).resolve().parents[1] / "resources" / "keypads"
"""Where the profiles stand that come with the till; beside the packages, in a packed program too."""


class SerialKeypad(Keypad):
    """Device `keypad:serial:`. The profile's prompt and stars go out, keys come in; nothing of them is ever kept."""

    def __init__(
        self,
        path: str,
        port: str,
        profile: KeypadProfile,
        *,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        ports: Callable[[], Iterable[PortInfo]] | None = None,
    ) -> None:
        super().__init__(path, profile.rules, clock=clock, retry_seconds=retry_seconds)
        line = profile.port
        settings = LineSettings(port, line.baud, line.bytesize, line.parity, line.stopbits)
        self._port = SerialPort(settings, read_timeout_seconds=read_timeout_seconds, ports=ports)
        self._commands = profile.commands
        self._decoder = KeyDecoder(profile.keys, strips_high_bit=profile.strips_high_bit)

    def _open(self) -> None:
        self._port.open(self._known_identity)
        self._decoder.forget()
        self._port.write(self._commands.close)  # it may have been left open by a till that lost power

    def _identity(self) -> str | None:
        return self._port.identity()

    def _close(self) -> None:
        self._decoder.forget()
        super()._close()
        self._port.close()

    def _read_presses(self) -> Sequence[Press]:
        return self._decoder.feed(self._port.read(), self._clock())

    def _drop_presses(self) -> None:
        self._port.drop_input()
        self._decoder.forget()

    def _show_question(self) -> None:
        self._port.write(self._commands.open)
        self._port.write(self._commands.prompt)

    def _show_effect(self, effect: Effect) -> None:
        self._port.write(self._answers.get(effect, b""))

    def _show_end(self) -> None:
        self._port.write(self._commands.close)

    @property
    def _answers(self) -> Mapping[Effect, bytes]:
        commands = self._commands
        return {
            Effect.DIGIT_ADDED: commands.digit,
            Effect.DIGIT_ERASED: commands.erase,
            Effect.CLEARED: commands.prompt,
            Effect.TOO_SHORT: commands.prompt,
        }


def profile_names() -> list[str]:
    """The profiles that come with the till."""
    return sorted(path.stem for path in PROFILES_FOLDER.glob("*.toml"))


def load_profile(name: str) -> KeypadProfile:
    """The profile of this name, or in the file at this path when it ends with `.toml`.

    Raises PathInvalid when there is none, ProfileInvalid when it cannot be understood.
    """
    path = Path(name) if name.endswith(".toml") else PROFILES_FOLDER / f"{name}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        names = ", ".join(profile_names())
        raise PathInvalid(
            f"There is no keypad profile {name}",
            Remedy("Write profile= with one of {names}, or with a .toml file.", names=names),
        ) from None
    return read_profile(text, name)
