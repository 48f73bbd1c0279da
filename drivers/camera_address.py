"""Where a camera is, and how to name it where a password must not be read. Pure.

An address is a number (`0`), a node (`/dev/video0`), a video file, or a URL (`rtsp://`, `http://`). What a URL says of
user names, passwords and tokens is shown as `***` (see docs/adr/0043-a-cameras-password.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SCHEMES = ("rtsp", "rtsps", "http", "https")
"""What a camera on the network may be asked by."""

_MARK = "***"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_SECRET = re.compile(
    r"(?i)(?P<name>[?&][^=&#]*(?:user|usr|login|pass|pwd|token|auth|key|secret)[^=&#]*=)[^&#]*"
)


class Place(StrEnum):
    """The kinds of address."""

    NUMBER = "number"
    NODE = "node"
    FILE = "file"
    URL = "url"


@dataclass(frozen=True, slots=True, repr=False)
class CameraAddress:
    """An address as it is opened; `str()` and `repr()` give it without its secrets."""

    place: Place
    value: str

    def __str__(self) -> str:
        return hidden(self.value)

    def __repr__(self) -> str:
        return f"CameraAddress({self.place!r}, {hidden(self.value)!r})"


def parse_address(text: str) -> CameraAddress:
    """Read an address; ValueError for none, and for a URL that is no camera's."""
    if not text or not text.isprintable():
        raise ValueError("no address")
    if _SCHEME.match(text):
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in SCHEMES or not rest:
            raise ValueError("no camera's URL")
        return CameraAddress(Place.URL, text)
    if text.isascii() and text.isdigit():
        return CameraAddress(Place.NUMBER, text)
    if text.startswith("/dev/"):
        return CameraAddress(Place.NODE, text)
    return CameraAddress(Place.FILE, text)


def hidden(text: str) -> str:
    """An address or a whole path without the secrets of its URL; anything else as it is."""
    if "://" not in text:
        return text
    return _SECRET.sub(rf"\g<name>{_MARK}", _LOGIN.sub(rf"\g<scheme>{_MARK}@", text))


def restored(path: str, known: Iterable[str]) -> str:
    """A path that may have been shown, with the secrets again that one of the `known` paths has at this address."""
    if _MARK not in path:
        return path
    address, mark, options = path.partition("#")
    for each in known:
        full = each.partition("#")[0]
        if hidden(full) == address:
            return f"{full}{mark}{options}"
    return path
