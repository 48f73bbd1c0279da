"""Missing libraries are named with what waits for them and how to get them."""

import pytest

from drivers.libraries import MissingLibrary, missing_libraries

ALL = {"serial", "hidraw", "hid", "evdev", "cv2", "zxingcpp", "pyzbar", "escpos"}
PIP = "python -m pip install "


def test_this_project_brings_all_of_them() -> None:
    """On the machine of the tests nothing is missing."""
    assert [] == missing_libraries()


@pytest.mark.parametrize(
    ("gone", "system", "machine", "expected"),
    [
        ("serial", "linux", "x86_64", ("pyserial", "serial", PIP + "pyserial")),
        ("hidraw", "linux", "x86_64", ("hidapi", "hid", PIP + "hidapi")),
        ("hid", "win32", "AMD64", ("hidapi", "hid", PIP + "hidapi")),
        ("evdev", "linux", "x86_64", ("evdev-binary", "evdev", PIP + "evdev-binary")),
        ("evdev", "linux", "aarch64", ("evdev", "evdev", PIP + "evdev")),
        ("evdev", "darwin", "arm64", None),
        ("cv2", "linux", "x86_64", ("opencv-python-headless", "camera", PIP + "opencv-python-headless")),
        ("zxingcpp", "win32", "AMD64", ("zxing-cpp", "camera", PIP + "zxing-cpp")),
        ("pyzbar", "darwin", "arm64", ("pyzbar", "camera", PIP + "pyzbar")),
        ("escpos", "linux", "x86_64", ("python-escpos", "printer", PIP + "python-escpos")),
        ("zbar", "linux", "x86_64", ("libzbar", "camera", "sudo apt-get install libzbar0")),
        ("zbar", "darwin", "arm64", ("libzbar", "camera", "brew install zbar")),
        ("zbar", "win32", "AMD64", None),
    ],
)
def test_each_is_missed_where_it_is_used(
    gone: str, system: str, machine: str, expected: tuple[str, str, str] | None
) -> None:
    """One that is away disables its kind alone, and only on the systems that use it."""
    found = missing_libraries(
        has_module=lambda name: name in ALL - {gone},
        has_shared=lambda name: name != gone,
        system=system,
        machine=machine,
    )
    assert ([] if expected is None else [MissingLibrary(*expected)]) == found
