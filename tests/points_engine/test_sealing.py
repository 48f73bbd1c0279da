"""Sealed PINs: opened by this engine, for this payment, unaltered; by nothing else."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_opener import HpkePinOpener
from points_engine.contract import SealedPin, SealTo, Secret
from points_engine.sealing import PLAIN_LENGTH, PinTooLong, seal_pin

OPENER = HpkePinOpener(MasterKey(bytes(range(32))))
NONCE = bytes(range(16))
SEAL_TO = SealTo(public_key=OPENER.public_key, nonce=NONCE)
PIN = Secret("284619")


@given(st.text(max_size=8), st.text(max_size=30).filter(str.isprintable))
def test_what_was_typed_arrives(typed: str, order_id: str) -> None:
    """Whatever it is; what was no Unicode text arrives as something that is no PIN either."""
    sealed = seal_pin(Secret(typed), order_id, SEAL_TO)
    assert typed.rstrip("\0") == OPENER.open(sealed.box, order_id, NONCE)


def test_no_two_boxes_are_alike() -> None:
    """The same PIN for the same payment looks different each time, and as long as any other."""
    boxes = {seal_pin(Secret(typed), "o-1", SEAL_TO).box for typed in ["284619"] * 20 + ["", "2", "28461928"]}
    assert 23 == len(boxes)
    assert {32 + PLAIN_LENGTH + 16} == {len(box) for box in boxes}


@pytest.mark.parametrize(
    ("order_id", "nonce", "opener"),
    [
        ("o-2", NONCE, OPENER),
        ("o-1", bytes(16), OPENER),
        ("", NONCE, OPENER),
        ("o-1", NONCE, HpkePinOpener(MasterKey(bytes(32)))),
    ],
)
def test_a_box_is_bound(order_id: str, nonce: bytes, opener: HpkePinOpener) -> None:
    """For another order, with another nonce, by another engine it is noise."""
    assert opener.open(seal_pin(PIN, "o-1", SEAL_TO).box, order_id, nonce) is None


def test_every_altered_bit_is_noticed() -> None:
    """Not one of them can be turned, and nothing cut off or added."""
    box = seal_pin(PIN, "o-1", SEAL_TO).box
    altered = [
        box[:place] + bytes([box[place] ^ (1 << bit)]) + box[place + 1 :]
        for place in range(len(box))
        for bit in range(8)
    ]
    others = [box[:-1], box[1:], box + b"\0", box * 2, b"", b"\0" * len(box), bytes(10_000)]
    assert {None} == {OPENER.open(other, "o-1", NONCE) for other in altered + others}


def test_the_key_pair_is_the_key_files() -> None:
    """The same key file gives the same pair after a restart, and the public half tells nothing of the rest."""
    again = HpkePinOpener(MasterKey(bytes(range(32))))
    assert again.public_key == OPENER.public_key
    assert "284619" == again.open(seal_pin(PIN, "o-1", SEAL_TO).box, "o-1", NONCE)
    assert 32 == len(OPENER.public_key)
    assert OPENER.public_key != MasterKey(bytes(range(32))).derive("sealed PINs")


def test_too_much_for_a_keypad() -> None:
    """A text longer than a box is refused before it is cut, without being told."""
    with pytest.raises(PinTooLong) as too_long:
        seal_pin(Secret("7" * (PLAIN_LENGTH + 1)), "o-1", SEAL_TO)
    assert "777" not in str(too_long.value)


def test_a_sealed_pin_is_shown_to_nobody() -> None:
    """It prints as dots and is not pickled; two are the same when their boxes are."""
    sealed = seal_pin(PIN, "o-1", SEAL_TO)
    assert "SealedPin(•••)" == repr(sealed) == str(sealed)
    assert sealed == SealedPin(sealed.box)
    assert hash(sealed) == hash(SealedPin(sealed.box))
    assert sealed != SealedPin(bytes(80))
    assert sealed != sealed.box
    with pytest.raises(TypeError, match="written nowhere"):
        pickle.dumps(sealed)
