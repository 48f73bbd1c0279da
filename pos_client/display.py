"""Whether windows can be seen here: asked before Qt is loaded, because Qt ends the program when they cannot."""

import re
import socket
from collections.abc import Mapping
from pathlib import Path

_ANSWER_SECONDS = 2.0
_X11_PORT = 6000
_X11_DISPLAY = re.compile(r"(?P<host>.*):(?P<number>\d+)(?:\.\d+)?")


class NoDisplay(Exception):
    """Windows cannot be seen here; says what to do."""


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether there is a screen: always on Windows and macOS, elsewhere an X or Wayland display that answers.

    Raises NoDisplay for one that is named and does not, unless Qt was told what to paint on (QT_QPA_PLATFORM).
    """
    if platform in {"win32", "darwin"}:
        return True
    x11, wayland = environment.get("DISPLAY", ""), environment.get("WAYLAND_DISPLAY", "")
    if environment.get("QT_QPA_PLATFORM") or not (x11 or wayland):
        return bool(x11 or wayland)
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if (wayland and _answers_at(str(Path(runtime, wayland)))) or (x11 and _x11_answers(x11)):
        return True
    variable, name = ("DISPLAY", x11) if x11 else ("WAYLAND_DISPLAY", wayland)
    raise NoDisplay(
        f"The display {name} does not answer. Start the till on the computer's own desktop, "
        f"or set {variable} to the display that runs."
    )


def need_display(platform: str, environment: Mapping[str, str]) -> None:
    """Raises NoDisplay when windows have nowhere to open."""
    if not has_display(platform, environment) and not environment.get("QT_QPA_PLATFORM"):
        raise NoDisplay(
            "There is no display for the till's windows. Start it on the computer's own desktop; "
            "the demo (--demo) plays itself without one."
        )


def _x11_answers(name: str) -> bool:
    """Source: the X(7) manual, "Display names": [host]:number[.screen], locally by a socket file or an abstract one."""
    parts = _X11_DISPLAY.fullmatch(name)
    if parts is None:
        return False
    host, number = parts["host"], int(parts["number"])
    if host in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 -- where X servers listen
        return _answers_at(path) or _answers_at(f"\0{path}")
    try:
        with socket.create_connection((host, _X11_PORT + number), _ANSWER_SECONDS):
            return True
    except (OSError, OverflowError):
        return False


def _answers_at(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_ANSWER_SECONDS)
        try:
            asking.connect(address)
        except OSError:
            return False
    return True
