"""The till's cameras as the set-up window watches them; what they look at is an option of their paths."""

from dataclasses import replace

from drivers import registry
from drivers.camera import WHOLE, Camera
from pos_client.camera_view import Cameras, CameraView, CameraWatch, Hint, Region
from pos_client.hardware import Hardware

_REGION = "region"


class TillCameras(Cameras):
    """Finds the cameras among the till's devices."""

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def watch(self, path: str) -> CameraWatch | None:
        camera = self._hardware.device(path)
        return _Watch(camera) if isinstance(camera, Camera) else None

    def region(self, path: str) -> Region:
        share = registry.read_options(registry.parse_path(path)).get(_REGION, WHOLE)
        return Region(*share)

    def with_region(self, path: str, region: Region) -> str:
        parsed = registry.parse_path(path)
        options = {name: text for name, text in parsed.options.items() if name != _REGION}
        if not region.is_whole:
            options[_REGION] = ",".join(
                f"{share:g}" for share in (region.left, region.top, region.right, region.bottom)
            )
        return str(replace(parsed, options=options))


class _Watch(CameraWatch):
    """A camera that is asked for what it sees, until it is closed."""

    def __init__(self, camera: Camera) -> None:
        self._camera: Camera | None = camera
        camera.watch()

    def view(self) -> CameraView | None:
        sight = None if self._camera is None else self._camera.sight()
        if sight is None:
            return None
        return CameraView(sight.number, sight.image, sight.outlines, Hint(sight.trouble.value))

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.unwatch()
