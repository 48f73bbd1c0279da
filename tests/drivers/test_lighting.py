"""A picture in which nothing could be read is told from one in which nothing is."""

import numpy as np
import pytest

from drivers.lighting import Light, Stillness, coarse_outside, light_of
from tests.drivers.film import picture

CODE = "840123456789012345"


@pytest.mark.parametrize(
    ("ground", "texts", "light"),
    [
        (120, (), Light.NORMAL),
        (120, (CODE,), Light.NORMAL),
        (20, (), Light.TOO_DARK),
        (20, (CODE,), Light.NORMAL),
        (255, (), Light.TOO_BRIGHT),
        (230, (), Light.NORMAL),
    ],
)
def test_light_is_judged_by_what_could_be_read(ground: int, texts: tuple[str, ...], light: Light) -> None:
    """A phone that shines in the dark is well lit; white without drawing on a lit counter is not too bright."""
    image = picture(*texts, ground=ground)
    assert (light, light) == (light_of(image), light_of(image[:, :, 0]))


def test_an_empty_picture_is_no_fault() -> None:
    """There is nothing to judge."""
    assert Light.NORMAL is light_of(np.zeros((0, 0), np.uint8))


def test_stillness_is_the_cameras_noise_and_nothing_more() -> None:
    """Noise is still, a phone is not, and neither is a picture of another size."""
    noise = np.random.default_rng(4).integers(-2, 3, (2, 360, 640, 3))
    first, second = ((picture() + each).astype(np.uint8) for each in noise)
    stillness = Stillness()
    shown = (first, second, picture(CODE), picture(CODE), picture(CODE)[:100])
    assert [False, True, False, True, False] == [stillness.is_still(image) for image in shown]


def test_outside_the_region_no_code_is_left() -> None:
    """Squares larger than any module; inside every pixel is as it was, and the picture itself stays."""
    image = picture(CODE, CODE)
    before = image.copy()
    shown = coarse_outside(image, (0.5, 0.0, 1.0, 1.0))
    assert np.array_equal(before, image)
    assert np.array_equal(shown[:, 320:], image[:, 320:])
    squares = shown[:360, :312].reshape(15, 24, 13, 24, 3)
    assert np.array_equal(squares, np.broadcast_to(squares[:, :1, :, :1], squares.shape))
    assert image is coarse_outside(image, (0.0, 0.0, 1.0, 1.0))
