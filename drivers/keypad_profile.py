"""What a serial PIN keypad sends and wants to hear, as data: TOML text -> profile, bytes -> key presses. Pure.

A profile, with every table and the defaults:

    title = "A keypad"                     # for the device list
    source = "the maker's manual, page 3"  # where the bytes are from

    [port]                                 # how the line is set
    baud = 9600
    bytesize = 8
    parity = "N"
    stopbits = 1

    [pin]                                  # how many digits, and what ends them
    min_digits = 6
    max_digits = 6
    ends_with_enter = false

    [send]                                 # what the till sends; all in hex, all may be left out
    open = ""                              # takes keys from now on
    prompt = ""                            # "please enter your PIN", also after all digits were cleared
    digit = ""                             # after each digit, the same for all: a star on the keypad's display
    erase = ""                             # after a digit was erased
    close = ""                             # takes no more keys

    [keys]                                 # what the keys send, in hex
    digits = ["30", "31", "32", "33", "34", "35", "36", "37", "38", "39"]
    erase = []                             # several keys, or several ways of one, may mean the same
    clear = []
    enter = []
    cancel = []
    ignore = []                            # answers that mean nothing here
    strip_high_bit = false                 # for keypads that set bit 7 of what they send
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from drivers.errors import ProfileInvalid
from drivers.pin_entry import PinRules, Press, Stroke
from drivers.remedies import Remedy

_GAP_SECONDS = 0.5
"""A key whose bytes stop in the middle for so long is dropped: its next press must not be glued to it."""


class Port(Struct, frozen=True, forbid_unknown_fields=True):
    """How the keypad's line is set."""

    baud: Annotated[int, Meta(ge=50, le=4_000_000)] = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O", "M", "S"] = "N"
    stopbits: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the till sends to the keypad."""

    open: bytes = b""
    prompt: bytes = b""
    digit: bytes = b""
    erase: bytes = b""
    close: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypadProfile:
    """One model of serial keypad. `keys` maps what a key sends to what it means, None for what means nothing."""

    title: str
    source: str
    port: Port
    rules: PinRules
    commands: Commands
    keys: Mapping[bytes, Press | None]
    strips_high_bit: bool = False


class _Pin(Struct, frozen=True, forbid_unknown_fields=True):
    min_digits: int = 6
    max_digits: int = 6
    ends_with_enter: bool = False


class _Send(Struct, frozen=True, forbid_unknown_fields=True):
    open: str = ""
    prompt: str = ""
    digit: str = ""
    erase: str = ""
    close: str = ""


class _Keys(Struct, frozen=True, forbid_unknown_fields=True):
    digits: Annotated[list[str], Meta(min_length=10, max_length=10)]
    erase: list[str] = []
    clear: list[str] = []
    enter: list[str] = []
    cancel: list[str] = []
    ignore: list[str] = []
    strip_high_bit: bool = False


class _Profile(Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    keys: _Keys
    port: Port = Port()
    pin: _Pin = _Pin()
    send: _Send = _Send()


def read_profile(text: str, name: str) -> KeypadProfile:
    """Read a profile. Raises ProfileInvalid, naming the file by `name` and what is wrong in it."""
    try:
        raw = msgspec.toml.decode(text, type=_Profile)
        rules = PinRules(**msgspec.structs.asdict(raw.pin))
        commands = Commands(
            **{
                field: _bytes_of(code, f"send.{field}")
                for field, code in msgspec.structs.asdict(raw.send).items()
            }
        )
        return KeypadProfile(
            title=raw.title,
            source=raw.source,
            port=raw.port,
            rules=rules,
            commands=commands,
            keys=_keys_of(raw.keys, rules),
            strips_high_bit=raw.keys.strip_high_bit,
        )
    except ValueError as error:  # msgspec's errors are ValueErrors as well
        raise ProfileInvalid(
            f"The keypad profile {name} cannot be used: {error}", Remedy("Correct the file.")
        ) from None


def _keys_of(raw: _Keys, rules: PinRules) -> dict[bytes, Press | None]:
    if rules.ends_with_enter and not raw.enter:
        raise ValueError("the PIN ends with Enter, but keys.enter is empty")
    table: list[tuple[str, str, Press | None]] = [
        ("digits", code, Press(Stroke.DIGIT, digit)) for digit, code in enumerate(raw.digits)
    ]
    for field in ("erase", "clear", "enter", "cancel"):
        table += [(field, code, Press(Stroke(field))) for code in getattr(raw, field)]
    table += [("ignore", code, None) for code in raw.ignore]
    keys: dict[bytes, Press | None] = {}
    for field, code, press in table:
        sent = _bytes_of(code, f"keys.{field}")
        if not sent:
            raise ValueError(f"keys.{field} holds a key that sends nothing")
        if raw.strip_high_bit and max(sent) > 0x7F:
            raise ValueError(f"keys.{field} holds {code!r}, but strip_high_bit leaves no byte above 7f")
        if any(sent.startswith(other) or other.startswith(sent) for other in keys):
            raise ValueError(f"keys.{field} holds {code!r}, which begins like another key")
        keys[sent] = press
    return keys


def _bytes_of(code: str, field: str) -> bytes:
    try:
        return bytes.fromhex(code)
    except ValueError:
        raise ValueError(f"{field} is {code!r}, not pairs of hex digits such as '1b 49'") from None


class KeyDecoder:
    """What a keypad sends -> key presses, however the bytes are split into reads; unknown bytes are dropped."""

    def __init__(self, keys: Mapping[bytes, Press | None], *, strips_high_bit: bool = False) -> None:
        self._keys = keys
        self._beginnings = {sent[:length] for sent in keys for length in range(1, len(sent))}
        self._mask = 0x7F if strips_high_bit else 0xFF
        self._begun = bytearray()
        self._last_at = 0.0

    def feed(self, data: bytes, at: float) -> list[Press]:
        """Take bytes that arrived at `at`, in monotonic seconds; the presses they complete, oldest first."""
        if self._begun and at - self._last_at >= _GAP_SECONDS:
            self.forget()
        presses = [press for byte in data if (press := self._accept(byte & self._mask)) is not None]
        if data:
            self._last_at = at
        return presses

    def forget(self) -> None:
        """Drop a key that has only begun."""
        self._begun[:] = bytes(len(self._begun))
        self._begun.clear()

    def _accept(self, byte: int) -> Press | None:
        self._begun.append(byte)
        while self._begun:
            sent = bytes(self._begun)
            if sent in self._keys:
                self.forget()
                return self._keys[sent]
            if sent in self._beginnings:
                return None
            del self._begun[0]  # noise, or a key cut short: what follows may be a key again
        return None
