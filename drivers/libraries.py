"""Which libraries the drivers could use and this machine lacks, and how to get each; nothing is imported for it."""

import ctypes.util
import importlib.util
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MissingLibrary:
    """A library that is not there: its name, the kind of device that waits for it, and the command that brings it."""

    name: str
    serves: str
    command: str


@dataclass(frozen=True, slots=True)
class _Library:
    module: str
    package: str
    serves: str


def _python_libraries(system: str, machine: str) -> list[_Library]:
    is_linux = system.startswith("linux")
    libraries = [
        _Library("serial", "pyserial", "serial"),
        # hidapi's wheel has two modules; on Linux the one named hid sees only a part of the devices.
        _Library("hidraw" if is_linux else "hid", "hidapi", "hid"),
        _Library("cv2", "opencv-python-headless", "camera"),
        _Library("zxingcpp", "zxing-cpp", "camera"),
        _Library("pyzbar", "pyzbar", "camera"),
        _Library("escpos", "python-escpos", "printer"),
    ]
    if is_linux:
        package = "evdev-binary" if machine in {"x86_64", "AMD64"} else "evdev"
        libraries.insert(2, _Library("evdev", package, "evdev"))
    return libraries


_ZBAR_COMMANDS = {"linux": "sudo apt-get install libzbar0", "darwin": "brew install zbar"}
"""pyzbar's wheel brings libzbar on Windows alone."""


def missing_libraries(
    *,
    has_module: Callable[[str], bool] = lambda name: importlib.util.find_spec(name) is not None,
    has_shared: Callable[[str], bool] = lambda name: ctypes.util.find_library(name) is not None,
    system: str = sys.platform,
    machine: str = platform.machine(),
) -> Sequence[MissingLibrary]:
    """What is missing, in the order in which a shop misses it. May take a second: not for a window's thread."""
    missing = [
        MissingLibrary(library.package, library.serves, f"python -m pip install {library.package}")
        for library in _python_libraries(system, machine)
        if not has_module(library.module)
    ]
    if system in _ZBAR_COMMANDS and has_module("pyzbar") and not has_shared("zbar"):
        missing.append(MissingLibrary("libzbar", "camera", _ZBAR_COMMANDS[system]))
    return missing
