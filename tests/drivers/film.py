"""Films for cameras to see: real video files with real codes in them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 640, 360, 30
_MODULE_PX = 5


def qr_code(text: str) -> Picture:
    """A QR code with its quiet zone, grey."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    modules = np.array(code.get_matrix(), np.uint8)
    return np.asarray(np.kron(255 * (1 - modules), np.ones((_MODULE_PX, _MODULE_PX), np.uint8)), np.uint8)


def picture(*texts: str, ground: int = 120) -> Picture:
    """A counter, BGR, with a code for each of two texts at most, side by side."""
    image = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    for place, text in enumerate(texts):
        code = qr_code(text)
        top, left = (HEIGHT - code.shape[0]) // 2, 60 + 300 * place
        image[top : top + code.shape[0], left : left + code.shape[1]] = code[:, :, np.newaxis]
    return image


def film(file: Path, scenes: Iterable[tuple[Picture, int]]) -> Path:
    """Write a video file: each picture for so many frames."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for image, count in scenes:
        for _ in range(count):
            writer.write(image)
    writer.release()
    return file


def jpegs(images: Sequence[Picture]) -> list[bytes]:
    """The pictures as files of their own."""
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in images]
