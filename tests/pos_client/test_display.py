"""Whether windows can be seen is asked of the display itself, before Qt would end the program."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_client.display import NoDisplay, has_display, need_display


@pytest.fixture
def x11() -> Iterator[str]:
    """The name of an X display that takes connections, by its abstract socket."""
    with socket.socket(socket.AF_UNIX) as server:
        for number in itertools.count(7100):
            with contextlib.suppress(OSError):
                server.bind(f"\0/tmp/.X11-unix/X{number}")
                break
        server.listen()
        yield f":{number}"


@pytest.fixture
def wayland(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a Wayland display that takes connections."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        yield {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0"}


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("win32", {}, True),
        ("darwin", {}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":7999", "QT_QPA_PLATFORM": "offscreen"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, False),
    ],
)
def test_where_there_is_nothing_to_ask(platform: str, environment: dict[str, str], expected: bool) -> None:
    """Windows and macOS always have a screen, a bare Linux has none, and whoever chose Qt's platform is believed."""
    assert has_display(platform, environment) is expected


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_a_display_that_answers(x11: str, wayland: dict[str, str]) -> None:
    """An X display with or without a screen number, and a Wayland one beside a dead X display."""
    assert has_display("linux", {"DISPLAY": x11})
    assert has_display("linux", {"DISPLAY": f"{x11}.0"})
    assert has_display("linux", {**wayland, "DISPLAY": ":7999"})


@pytest.mark.parametrize(
    "environment",
    [
        {"DISPLAY": ":7999"},
        {"DISPLAY": "unix:7999.0"},
        {"DISPLAY": "localhost:59000"},
        {"DISPLAY": "localhost:99999"},
        {"DISPLAY": "no display at all"},
        {"WAYLAND_DISPLAY": "wayland-7999"},
    ],
)
def test_a_display_that_does_not_answer(environment: dict[str, str]) -> None:
    """It is named in one sentence that says what to do."""
    (name,) = environment.values()
    with pytest.raises(NoDisplay, match="does not answer") as told:
        has_display("linux", environment)
    assert name in str(told.value)


def test_the_till_needs_a_display() -> None:
    """Without one it says so, unless Qt was told what to paint on."""
    with pytest.raises(NoDisplay, match="There is no display"):
        need_display("linux", {})
    need_display("linux", {"QT_QPA_PLATFORM": "offscreen"})


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
@pytest.mark.parametrize("arguments", [["--demo"], []])
def test_the_command_says_it_in_one_line(arguments: list[str]) -> None:
    """No crash of Qt and no traceback: a sentence, and an exit code."""
    environment = {name: text for name, text in os.environ.items() if name != "QT_QPA_PLATFORM"}
    ended = subprocess.run(
        [sys.executable, "-m", "pos_client", *arguments],
        env={**environment, "DISPLAY": ":7999", "WAYLAND_DISPLAY": ""},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert (2, 1) == (ended.returncode, len(ended.stderr.splitlines()))
