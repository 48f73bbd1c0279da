"""A camera reads codes from real video files and a real network stream, and comes back when it was lost."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.camera import Camera, Sight, Trouble
from drivers.device import Device, State
from drivers.errors import DeviceStateError
from drivers.registry import open_device
from drivers.scan import Scan
from tests.drivers.film import FPS, Picture, film, jpegs, picture
from tests.drivers.network_camera import NetworkCamera
from tests.drivers.watcher import LONG_SECONDS, Watcher
from tests.held_port import HeldPort

CODE, OTHER = "840123456789012345", "840999999999999999"
EMPTY = picture()
Start = Callable[[Device], None]


class Everything:
    """Takes no scan for a repeat."""

    def is_repeat(self, scan: Scan) -> bool:
        """Never."""
        return False


@pytest.fixture
def played(tmp_path: Path, started: Start, watcher: Watcher) -> Callable[..., Camera]:
    """Plays a film of scenes, every picture of it, to its end."""

    def play(
        *scenes: tuple[Picture, int], options: str = "", prepare: Callable[[Camera], object] = id
    ) -> Camera:
        file = film(tmp_path / "film.avi", scenes)
        camera = open_device(f"camera:{file}?pace=every{options}", repeats=Everything(), retry_seconds=0.01)
        assert isinstance(camera, Camera)
        prepare(camera)
        started(camera)
        watcher.until_error("device_unusable")
        return camera

    return play


@pytest.fixture
def network_camera() -> Iterator[Callable[..., NetworkCamera]]:
    cameras: list[NetworkCamera] = []

    def switch_on(*texts: str, login: str | None = None, port: int = 0) -> NetworkCamera:
        cameras.append(NetworkCamera(jpegs([picture(*texts)]), login, port))
        return cameras[-1]

    yield switch_on
    for camera in cameras:
        camera.switch_off()


def seen(device: Camera, condition: Callable[[Sight], bool]) -> Sight:
    """Wait for what the camera sees; its pictures come many times a second."""
    deadline = time.monotonic() + LONG_SECONDS
    while time.monotonic() < deadline:
        sight = device.sight()
        if sight is not None and condition(sight):
            return sight
        threading.Event().wait(0.01)
    raise AssertionError("it was not seen")


def test_a_code_in_view_is_one_scan(played: Callable[..., Camera], watcher: Watcher) -> None:
    """Held for two seconds it is read sixty times and scanned once, with all a gun would say of it."""
    camera = played((EMPTY, 5), (picture(CODE), 60), (EMPTY, 5))
    (scan,) = watcher.scans
    assert (CODE, CODE.encode(), "QR Code", "]Q1") == (scan.text, scan.raw, scan.symbology, scan.aim_id)
    assert (camera.path, "camera") == (scan.source, scan.transport)
    assert 0 == camera.dropped


def test_a_code_that_comes_again_is_scanned_again(played: Callable[..., Camera], watcher: Watcher) -> None:
    """Away for longer than `away_seconds` it is new; shorter, it was only covered by a hand."""
    shown = picture(CODE)
    played((shown, 10), (EMPTY, 20), (shown, 10), (EMPTY, 40), (shown, 10), options="&away_seconds=1")
    assert [CODE, CODE] == watcher.texts


def test_one_picture_is_no_scan(played: Callable[..., Camera], watcher: Watcher) -> None:
    """A text must be seen as often as the path says, within its time."""
    shown = picture(CODE)
    played((shown, 2), (EMPTY, 30), (shown, 2), (EMPTY, 30), (picture(OTHER), 3), options="&frames=3")
    assert [OTHER] == watcher.texts


def test_two_payment_codes_in_view_are_refused(played: Callable[..., Camera], watcher: Watcher) -> None:
    """Neither is taken while both are there, whoever asked is told where, and one alone is taken afterwards."""
    told: list[str] = []
    camera = played(
        (picture(CODE, OTHER), 30),
        (EMPTY, 20),
        (picture(OTHER), 10),
        prepare=lambda camera: camera.refuse_several(lambda text: text.startswith("84"), told.append),
    )
    assert [OTHER] == watcher.texts
    assert {camera.path} == set(told)


def test_goods_beside_a_payment_code_hinder_nothing(played: Callable[..., Camera], watcher: Watcher) -> None:
    """Only what would both be paid with excludes each other."""
    told: list[str] = []
    is_payment_code = CODE.__eq__
    played(
        (picture(CODE, "6901234567892"), 10),
        prepare=lambda camera: camera.refuse_several(is_payment_code, told.append),
    )
    assert ({CODE, "6901234567892"}, []) == (set(watcher.texts), told)


def test_only_the_region_is_looked_at(played: Callable[..., Camera], watcher: Watcher) -> None:
    """A code beside the region is none."""
    played((picture(CODE, OTHER), 10), options="&region=0.5,0,1,1")
    assert [OTHER] == watcher.texts


def test_a_video_that_has_ended_says_so_once(played: Callable[..., Camera], watcher: Watcher) -> None:
    """It is not played again by itself, and its remedy is the option that does."""
    camera = played((picture(CODE), 5))
    assert State.LOST is camera.health().state
    assert "loop=yes" in str(camera.health().error_remedy)
    assert [State.CLAIMED, State.ENABLED, State.LOST] == watcher.states


def test_a_video_may_begin_again(tmp_path: Path, started: Start, watcher: Watcher) -> None:
    """With `loop=yes` the same label comes again and again, and the device stays as it is."""
    file = film(tmp_path / "film.avi", [(picture(CODE), 5), (EMPTY, 10)])
    path = f"camera:{file}?pace=every&loop=yes&away_seconds=0.3"
    started(open_device(path, repeats=Everything()))
    watcher.until_scans(3)
    assert [State.CLAIMED, State.ENABLED] == watcher.states


def test_a_video_as_recorded_drops_what_nobody_takes(
    tmp_path: Path, started: Start, watcher: Watcher
) -> None:
    """At its own pace a file is like a camera: read as it runs, to its end."""
    pictures, now = 2 * FPS, [100.0]
    file = film(tmp_path / "film.avi", [(picture(CODE), pictures)])
    # While time stands still each picture is waited for longer than the one before: somebody takes some of them.
    started(open_device(f"camera:{file}", clock=lambda: now[0]))
    watcher.until_scans(1)
    now[0] += pictures / FPS  # all are due, and no camera has stood still for long
    watcher.until_error("device_unusable")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("none.avi", "device_absent"), ("text.avi", "device_unusable")],
)
def test_what_is_no_video_is_said(
    name: str, kind: str, tmp_path: Path, started: Start, watcher: Watcher, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether it is not there or is something else; and the libraries write nothing to the terminal."""
    (tmp_path / "text.avi").write_text("no film", encoding="utf-8")
    started(open_device(f"camera:{tmp_path / name}"))
    watcher.until_error(kind)
    assert ("", "") == capfd.readouterr()


def test_a_network_camera_is_read(
    network_camera: Callable[..., NetworkCamera], started: Start, watcher: Watcher
) -> None:
    """Its URL is taken as it is, with a query of its own; our options come behind `#` and are not sent."""
    camera = network_camera(CODE)
    started(open_device(f"camera:http://{camera.address}/live?channel=1&subtype=0#frames=3"))
    watcher.until_scans(1)
    assert [CODE] == watcher.texts
    assert ["/live?channel=1&subtype=0"] == camera.asked


def test_a_lost_network_camera_comes_back(
    network_camera: Callable[..., NetworkCamera], started: Start, watcher: Watcher
) -> None:
    """Switched off and on again it is found by itself, and counted."""
    with HeldPort() as held:
        camera = network_camera(CODE, port=held.number)
        device = open_device(f"camera:http://{camera.address}/", repeats=Everything(), retry_seconds=0.05)
        started(device)
        watcher.until_scans(1)
        camera.switch_off()
        watcher.until_state(State.LOST)
        network_camera(OTHER, port=held.number)
        watcher.until_state(State.ENABLED, times=2)
        watcher.until_scans(2)
    assert [CODE, OTHER] == watcher.texts
    assert 1 == device.health().statistics.reconnects


def test_a_password_is_used_and_never_told(
    network_camera: Callable[..., NetworkCamera],
    started: Start,
    watcher: Watcher,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The camera gets it; path, scans, health, log and terminal do not have it, nor when it is refused."""
    camera = network_camera(CODE, login="lin:s3cret")
    with caplog.at_level(logging.DEBUG):
        device = open_device(f"camera:http://lin:s3cret@{camera.address}/live?pwd=t0ken", retry_seconds=0.01)
        started(device)
        watcher.until_scans(1)
        camera.switch_off()
        watcher.until_error("device_absent")
    told = f"{device.path} {watcher.scans} {watcher.healths} {device.health()} {caplog.text} {capfd.readouterr()}"
    assert f"camera:http://***@{camera.address}/live?pwd=***" == device.path == watcher.scans[0].source
    assert not [secret for secret in ("s3cret", "lin:", "t0ken", CODE) if secret in told]


def test_what_is_seen_is_there_for_who_watches(
    network_camera: Callable[..., NetworkCamera], started: Start, watcher: Watcher
) -> None:
    """A picture with the outlines of its codes while somebody watches, and nothing otherwise."""
    camera = network_camera(CODE)
    device = open_device(f"camera:http://{camera.address}/#region=0,0,0.6,1")
    assert isinstance(device, Camera)
    started(device)
    watcher.until_scans(1)
    assert device.sight() is None
    device.watch()
    sight = seen(device, lambda sight: bool(sight.outlines))
    (outline,) = sight.outlines
    assert ((360, 640, 3), 4, Trouble.NOTHING) == (sight.image.shape, len(outline), sight.trouble)
    assert all(60 <= x <= 260 and 80 <= y <= 280 for x, y in outline)
    device.unwatch()
    assert device.sight() is None


def test_a_device_that_has_started_is_told_no_more(started: Start) -> None:
    """What excludes each other is said before the first picture."""
    device = open_device("camera:none.avi")
    assert isinstance(device, Camera)
    started(device)
    with pytest.raises(DeviceStateError):
        device.refuse_several(bool, lambda _: None)
