"""Somebody's own photographs are read by everybody, and counted."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.vision.__main__ import main
from benchmarks.vision.photographs import judge_folders
from benchmarks.vision.symbols import qr_code


def photograph(path: Path, shown: str, beside: str | bytes | None) -> None:
    """A picture of a code, and the text that is said to be in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.kron(qr_code(shown), np.ones((6, 6), np.uint8)))
    if beside is not None:
        path.with_suffix(".txt").write_bytes(beside.encode() if isinstance(beside, str) else beside)


def test_folders_are_counted_one_by_one(tmp_path: Path) -> None:
    """What was read, what was read wrongly, and which pictures the till missed; line ends do not count."""
    photograph(tmp_path / "phones" / "1.png", "660123456789012345", "660123456789012345\n")
    photograph(tmp_path / "phones" / "2.png", "one\ntwo", "one\r\ntwo")
    photograph(tmp_path / "phones" / "3.PNG", "another", "not this one")
    photograph(tmp_path / "posters" / "1.png", "nobody says what is in it", None)
    (tally,) = judge_folders(tmp_path)
    assert "phones: 3 pictures" == str(tally).partition(";")[0]
    assert (2, 1, ["3.PNG"]) == (tally.right["till"], tally.wrong["till"], tally.missed)
    assert str(tally).endswith("till 2 (1 wrong); missed: 3.PNG")


@pytest.mark.parametrize("harm", ["no folder", "is no UTF-8", "cannot be opened"])
def test_what_cannot_be_read_is_named(harm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and what is wrong with it; never a traceback."""
    folder = tmp_path / "phones"
    if harm != "no folder":
        photograph(folder / "1.png", "text", b"\xff" if harm == "is no UTF-8" else "text")
    if harm == "cannot be opened":
        (folder / "1.png").write_bytes(b"no picture")
    assert 2 == main([str(folder)])
    said = capsys.readouterr().err
    assert harm in said
    assert str(folder) in said
