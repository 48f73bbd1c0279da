"""The key file, and what is made with the key."""

import logging
import os
import pickle
import stat
from pathlib import Path

import pytest

from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey, create_key, read_key
from points_engine.ports import KeyUnavailable

KEY = MasterKey(bytes(range(32)))
OTHER = MasterKey(bytes(32))


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600, and what is read back is what was made."""
    path = tmp_path / "points.key"
    made = create_key(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert made.fingerprint == read_key(path).fingerprint


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """A second key would make all codes and PINs of the first worthless."""
    path = tmp_path / "points.key"
    fingerprint = create_key(path).fingerprint
    with pytest.raises(KeyUnavailable, match="cannot be made"):
        create_key(path)
    assert fingerprint == read_key(path).fingerprint


@pytest.mark.parametrize(
    "text",
    ["", "points-engine key 1\n", "points-engine key 1\nabc\n", "points-engine key 2\n" + "0" * 64, "ÿ" * 64],
)
def test_a_damaged_key_file(tmp_path: Path, text: str) -> None:
    """Says that it is damaged and what to do, and repeats nothing of it."""
    path = tmp_path / "points.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KeyUnavailable, match="is damaged") as damaged:
        read_key(path)
    assert "Put it back from where you keep its copy" in damaged.value.remedy


def test_a_missing_key_file(tmp_path: Path) -> None:
    """Says what it is missed for."""
    with pytest.raises(KeyUnavailable, match="is missing"):
        read_key(tmp_path / "points.key")


def test_a_key_file_that_is_a_folder(tmp_path: Path) -> None:
    """Cannot be read."""
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        read_key(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_key_file_that_others_may_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is used, for the shop has to open, but the log names the remedy."""
    path = tmp_path / "points.key"
    create_key(path)
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        read_key(path)
    assert "chmod 600" in caplog.text


def test_a_key_does_not_show_itself() -> None:
    """Not in a repr, not in a pickle."""
    assert "MasterKey(•••)" == f"{KEY}" == repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_every_use_has_a_key_of_its_own() -> None:
    """Derived keys differ by use and by master key; the fingerprint is none of them."""
    derived = {key.derive(use) for key in (KEY, OTHER) for use in ("one", "two")}
    assert 4 == len(derived)
    assert all(KEY.fingerprint not in key.hex() for key in derived)


def test_the_same_nonce_gives_the_same_digits() -> None:
    """A code can be told again without being stored; without the key it cannot be told at all."""
    nonce = bytes(16)
    assert KeyedIds(KEY).digits(nonce, 15) == KeyedIds(KEY).digits(nonce, 15)
    assert KeyedIds(KEY).digits(nonce, 15) != KeyedIds(OTHER).digits(nonce, 15)


def test_digits_are_spread_evenly() -> None:
    """Over 3,000 codes each digit stands in each place about as often as any other (chi squared, p far below 10^-6)."""
    ids = KeyedIds(KEY)
    codes = [ids.digits(number.to_bytes(16), 15) for number in range(3_000)]
    for place in range(15):
        counts = [sum(code[place] == digit for code in codes) for digit in "0123456789"]
        assert sum((count - 300) ** 2 / 300 for count in counts) < 50


def test_lookup_numbers_fit_sqlites_integers_and_take_any_text() -> None:
    """63 bits, not negative, different for different texts, defined for whatever a gun may read."""
    ids = KeyedIds(KEY)
    numbers = {ids.lookup_key(text) for text in ("", "84", "\ud800", "付款码", "x" * 10_000)}
    assert 5 == len(numbers)
    assert all(0 <= number < 2**63 for number in numbers)
    assert ids.lookup_key("84") != KeyedIds(OTHER).lookup_key("84")


def test_nonces_do_not_repeat() -> None:
    """Sixteen bytes each, all different."""
    nonces = {KeyedIds(KEY).nonce() for _ in range(1_000)}
    assert (1_000, {16}) == (len(nonces), {len(nonce) for nonce in nonces})
