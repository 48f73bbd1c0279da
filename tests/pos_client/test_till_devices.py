"""What is set up is in use at once and after the next start; what cannot be written is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import PathInvalid
from pos_client.device_setup import NotSaved
from pos_client.hardware import Hardware
from pos_client.inbox import QueueInbox
from pos_client.settings import load_settings
from pos_client.till_devices import TillDevices

LEAST = 'till_id = "T1"\nshop_name = "Shop"\ncashier = "Lin"\n'


@pytest.fixture
def hardware() -> Iterator[Hardware]:
    made = Hardware(["wedge:"], QueueInbox())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "till.toml"
    path.write_text(LEAST, encoding="utf-8")
    return path


def test_what_is_used_is_kept(hardware: Hardware, file: Path) -> None:
    """The devices are read from now on, and found again by the next start."""
    TillDevices(hardware, file).use(["sim:1", "wedge:"])
    assert ("sim:1", "wedge:") == hardware.paths == load_settings(file, {}).devices


def test_what_cannot_be_kept_is_used_all_the_same(hardware: Hardware, file: Path) -> None:
    """A till whose settings cannot be written sells on with the new gun, and it is said so."""
    file.write_text("till_id = ", encoding="utf-8")
    devices = TillDevices(hardware, file)
    with pytest.raises(NotSaved, match="cannot be written"):
        devices.use(["sim:1"])
    assert ["sim:1"] == [health.path for health in devices.healths()]


def test_what_cannot_be_used_is_not_kept(hardware: Hardware, file: Path) -> None:
    """A path nobody understands reaches neither the till nor its settings."""
    with pytest.raises(PathInvalid):
        TillDevices(hardware, file).use(["telescope:"])
    assert (("wedge:",), LEAST) == (hardware.paths, file.read_text(encoding="utf-8"))


def test_a_till_without_a_file_keeps_nothing(hardware: Hardware) -> None:
    """A demo changes nobody's settings."""
    TillDevices(hardware, None).use(["sim:1"])
    assert ("sim:1",) == hardware.paths


def test_looking_finds_the_keyboard_gun_and_nothing_missing(hardware: Hardware) -> None:
    """Every machine can read a gun that types; this project's environment is complete."""
    attached = TillDevices(hardware, None).look()
    assert "wedge:" in [found.path for found in attached.found]
    assert () == attached.missing
