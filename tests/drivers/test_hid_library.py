"""hidapi behind its port: one thread for what is the process's, and nothing but the port's own words outside."""

import sys
import threading
from types import ModuleType
from typing import Any

import pytest

from drivers.errors import DriverMissing
from drivers.hid_library import HidApi, HidInfo, load_hidapi, shared_library

ENTRY = {
    "path": b"/dev/hidraw0",
    "vendor_id": 0x05E0,
    "product_id": 0x2100,
    "serial_number": "S1",
    "product_string": "DS9308",
    "manufacturer_string": None,
    "usage_page": 0x8C,
    "usage": 2,
    "interface_number": 0,
}


class FakeModule:
    """The module `hid`, noting which thread calls what is the process's."""

    def __init__(self) -> None:
        self.owners: set[int] = set()
        self.readers: set[int] = set()
        self.opened: list[bytes] = []
        self.timeouts: list[int] = []
        self.results = {"write": 1, "send_feature_report": 1}

    def enumerate(self) -> list[dict[str, Any]]:
        """List one device."""
        self.owners.add(threading.get_ident())
        return [ENTRY]

    def device(self) -> "FakeModule":
        """One device is enough."""
        self.owners.add(threading.get_ident())
        return self

    def open_path(self, path: bytes) -> None:
        """Fail for one path, as hidapi does."""
        self.owners.add(threading.get_ident())
        if path == b"none":
            raise OSError("open failed")
        self.opened.append(path)

    def close(self) -> None:
        """Close it."""
        self.owners.add(threading.get_ident())

    def read(self, size: int, timeout_ms: int) -> list[int]:
        """Give three bytes."""
        self.readers.add(threading.get_ident())
        self.timeouts.append(timeout_ms)
        return [2, 3, size & 0xFF]

    def write(self, report: bytes) -> int:
        """Take a report, or not."""
        return self.results["write"]

    def send_feature_report(self, report: bytes) -> int:
        """Take a report, or not."""
        return self.results["send_feature_report"]

    def get_report_descriptor(self) -> list[int]:
        """Two bytes."""
        return [0x05, 0x8C]


def test_one_thread_lists_opens_and_closes_for_all() -> None:
    """However many threads ask, hidapi hears one; what is open is read on the thread of its reader."""
    module = FakeModule()
    library = HidApi(lambda: module)
    ready = threading.Barrier(8)

    def use() -> None:
        ready.wait()
        for _ in range(20):
            library.devices()
            handle = library.open(b"/dev/hidraw0")
            handle.read(0.05)
            handle.close()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(module.owners)
    assert {thread.ident for thread in threads} == module.readers
    assert 160 == len(module.opened)


def test_what_is_listed_is_in_the_ports_words() -> None:
    """Names the system does not know are empty."""
    assert [HidInfo(b"/dev/hidraw0", 0x05E0, 0x2100, "S1", "DS9308", "", 0x8C, 2)] == HidApi(
        FakeModule
    ).devices()


def test_a_handle_speaks_bytes() -> None:
    """Reports and descriptors are bytes, a time-out is never the 0 that would wait for ever."""
    module = FakeModule()
    handle = HidApi(lambda: module).open(b"/dev/hidraw0")
    assert b"\x02\x03\x00" == handle.read(0.0001)
    assert b"\x02\x03\x00" == handle.read(0.05)
    assert ([1, 50], b"\x05\x8c") == (module.timeouts, handle.descriptor())
    handle.write(b"\x04\x40")
    handle.send_feature(b"\xfe\x01")
    module.results = {"write": -1, "send_feature_report": -1}
    for send in (handle.write, handle.send_feature):
        with pytest.raises(OSError, match="not taken"):
            send(b"\x04\x40")


def test_an_old_library_has_no_descriptor() -> None:
    """Where hidapi has no call for it, there is none."""

    class OldModule(FakeModule):
        def get_report_descriptor(self) -> list[int]:
            raise AttributeError

    assert HidApi(OldModule).open(b"/dev/hidraw0").descriptor() is None


def test_errors_come_out_where_the_call_came_from() -> None:
    """What fails on the owner's thread is raised to the caller, and the owner lives on."""
    library = HidApi(FakeModule)
    with pytest.raises(OSError, match="open failed"):
        library.open(b"none")
    assert 1 == len(library.devices())


@pytest.mark.parametrize(
    ("platform", "installed", "loaded"),
    [
        ("linux", {"hid", "hidraw"}, "hidraw"),
        ("linux", {"hid"}, "hid"),
        ("darwin", {"hid", "hidraw"}, "hid"),
        ("win32", {"hid"}, "hid"),
        ("linux", set(), ""),
        ("win32", {"hidraw"}, ""),
    ],
)
def test_each_system_has_its_module(
    platform: str, installed: set[str], loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux the kernel's driver first, elsewhere the system's own; without either the package is named."""
    for name in ("hid", "hidraw"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name) if name in installed else None)
    if loaded:
        assert loaded == load_hidapi(platform).__name__
    else:
        with pytest.raises(DriverMissing):
            load_hidapi(platform)


def test_a_missing_library_can_be_installed_later() -> None:
    """Without the package its name is said; once it is there, it is used."""
    installed: list[FakeModule] = []

    def load() -> FakeModule:
        if not installed:
            raise DriverMissing("hidapi")
        return installed[0]

    library = HidApi(load)
    with pytest.raises(DriverMissing, match="pip install hidapi"):
        library.devices()
    installed.append(FakeModule())
    assert 1 == len(library.devices())


def test_the_wheel_is_what_the_port_expects() -> None:
    """The installed hidapi is loaded and lists what is attached here, through the one shared owner."""
    assert isinstance(shared_library().devices(), list)
    assert shared_library() is shared_library()
    with pytest.raises(OSError, match="open failed"):
        shared_library().open(b"/dev/hidraw-nobody-has")
