"""Which cameras are attached, and what they are called; to list them none is opened: sysfs tells on Linux."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_NODES = Path("/sys/class/video4linux")
_STABLE_LINKS = Path("/dev/v4l/by-id")
_DEVICE_NODES = Path("/dev")


@dataclass(frozen=True, slots=True)
class CameraNode:
    """One camera: the address to open it by, its node, and its own name."""

    address: str
    node: str
    name: str


def list_cameras(
    system: str = sys.platform, *, nodes: Path = _SYSTEM_NODES, links: Path = _STABLE_LINKS
) -> list[CameraNode]:
    """The cameras that could be opened now. Elsewhere than on Linux the first, which nobody has looked for.

    A USB camera has a second node for the times of its frames, its `index` is 1: it gives no pictures.
    """
    if not system.startswith("linux"):
        return [CameraNode("0", "0", "Camera 0")]
    if not nodes.is_dir():
        return []
    stable = _stable_names(links.glob("*") if links.is_dir() else ())
    found = sorted((node for node in nodes.iterdir() if _text(node / "index") in {"", "0"}), key=_number)
    return [
        CameraNode(
            stable.get(node.name, str(_DEVICE_NODES / node.name)), node.name, name_of(node.name, nodes=nodes)
        )
        for node in found
    ]


def name_of(node: str, *, nodes: Path = _SYSTEM_NODES) -> str:
    """What the camera at a node (`video0`) calls itself, else the node."""
    return _text(nodes / node / "name") or node


def _stable_names(links: Iterable[Path]) -> dict[str, str]:
    """The name udev gives a USB camera for good; `/dev/video0` may be another one tomorrow."""
    return {link.resolve().name: str(link) for link in sorted(links, reverse=True)}


def _number(node: Path) -> tuple[int, str]:
    digits = node.name.removeprefix("video")
    return (int(digits) if digits.isdigit() else sys.maxsize, node.name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
