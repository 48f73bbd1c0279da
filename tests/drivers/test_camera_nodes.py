"""Cameras are listed without opening one."""

from pathlib import Path

import pytest

from drivers.camera_nodes import CameraNode, list_cameras, name_of


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """Nodes as Linux shows them: a USB camera with its second node, and another camera."""
    for node, name, index in (
        ("video10", "Document camera", "0"),
        ("video0", "HD Webcam C270", "0"),
        ("video1", "HD Webcam C270", "1"),
    ):
        folder = tmp_path / "class" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n", encoding="utf-8")
        (folder / "index").write_text(f"{index}\n", encoding="utf-8")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").touch()
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-046d_C270-video-index0").symlink_to(tmp_path / "dev" / "video0")
    return tmp_path


def test_cameras_have_names_and_lasting_addresses(system: Path) -> None:
    """By udev's name where there is one; a node that gives no pictures is left out."""
    assert [
        CameraNode(str(system / "by-id" / "usb-046d_C270-video-index0"), "video0", "HD Webcam C270"),
        CameraNode("/dev/video10", "video10", "Document camera"),
    ] == list_cameras("linux", nodes=system / "class", links=system / "by-id")


def test_a_machine_without_cameras_has_none(tmp_path: Path) -> None:
    """Nor does it have the kernel's folder for them."""
    assert [] == list_cameras("linux", nodes=tmp_path / "none", links=tmp_path / "none")


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_the_first_is_offered(system: str) -> None:
    """Finding more would mean switching all of them on."""
    assert ["0"] == [camera.address for camera in list_cameras(system)]


def test_a_camera_that_has_gone_is_called_by_its_node(tmp_path: Path) -> None:
    """There is nobody to ask any more."""
    assert "video3" == name_of("video3", nodes=tmp_path)
