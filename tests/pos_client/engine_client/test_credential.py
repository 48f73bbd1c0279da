"""The till's credential: kept for its owner alone, read back whole, shown nowhere."""

import logging
import os
import traceback
from pathlib import Path

import pytest

from points_engine.contract import EngineFault, Secret
from points_engine.signing import Key
from pos_client.engine_client.credential import (
    FILE_NAME,
    TillCredential,
    keep_credential,
    read_credential,
)
from pos_client.ports import NotEnrolled

SECRET = "h7Jx0u5sQe4t9ZkB2mWc8yLr1vNa6dPf3gXo"
CREDENTIAL = TillCredential(till_id="T1", key=Key("till-key-1", Secret(SECRET)))


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """Also in a folder that was not there, and in place of an earlier one."""
    folder = tmp_path / "data"
    keep_credential(folder, TillCredential(till_id="T1", key=Key("old", Secret("x"))))
    keep_credential(folder, CREDENTIAL)
    assert CREDENTIAL == read_credential(folder, "T1")
    assert [FILE_NAME] == [path.name for path in folder.iterdir()]


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_only_its_owner_may_read_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """From the start; and one that was opened to others is closed again, with a word."""
    keep_credential(tmp_path, CREDENTIAL)
    place = tmp_path / FILE_NAME
    assert 0o600 == place.stat().st_mode & 0o777
    place.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        read_credential(tmp_path, "T1")
    assert 0o600 == place.stat().st_mode & 0o777
    assert FILE_NAME in caplog.text


WRONG = [
    (None, "not enrolled"),
    ("", "damaged"),
    (f'{{"till_id": "T1", "secret": "{SECRET}"', "damaged"),
    (f'{{"till_id": "T1", "secret": "{SECRET}"}}', "damaged"),
    (f'["{SECRET}"]', "damaged"),
    (f'{{"till_id": "T2", "key_id": "k", "secret": "{SECRET}"}}', "another till"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_till_without_a_credential_says_what_to_do(tmp_path: Path, text: str | None, problem: str) -> None:
    """None, a damaged one, another till's: each is named, with the command that helps, and the secret is not."""
    if text is not None:
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(NotEnrolled) as caught:
        read_credential(tmp_path, "T1")
    assert problem in caught.value.problem
    assert "--enrol CODE" in caught.value.remedy
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "data").write_text("")
    with pytest.raises(EngineFault, match="cannot be written"):
        keep_credential(tmp_path / "data", CREDENTIAL)


def test_its_repr_hides_the_secret() -> None:
    """Wherever a value is printed."""
    assert SECRET not in repr(CREDENTIAL)
