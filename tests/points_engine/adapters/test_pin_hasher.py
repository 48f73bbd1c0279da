"""PIN hashes: real argon2id, once or twice."""

import os
import sys
import threading

import argon2
import pytest

from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_hasher import Argon2Cost, Argon2PinHasher

KEY = MasterKey(bytes(range(32)))
CHEAP = Argon2Cost(memory_kib=8, passes=1)


def test_the_real_cost_is_owasps() -> None:
    """argon2id, 19 MiB, two passes, one lane, by what the hash itself says."""
    hasher = Argon2PinHasher(KEY)
    pin_hash = hasher.hash("m-1", "284619")
    parameters = argon2.extract_parameters(pin_hash)
    assert argon2.Type.ID == parameters.type
    assert (19 * 1024, 2, 1) == (parameters.memory_cost, parameters.time_cost, parameters.parallelism)
    assert hasher.verify("m-1", "284619", pin_hash)
    assert not hasher.verify("m-1", "284618", pin_hash)


@pytest.mark.parametrize(
    ("key", "member_no", "pin", "expected"),
    [
        (KEY, "m-1", "284619", True),
        (KEY, "m-1", "284618", False),
        (KEY, "m-2", "284619", False),
        (MasterKey(bytes(32)), "m-1", "284619", False),
    ],
)
def test_a_hash_is_one_members_under_one_key(
    key: MasterKey, member_no: str, pin: str, *, expected: bool
) -> None:
    """Moved to another member, or taken without the key, it verifies for nobody."""
    pin_hash = Argon2PinHasher(KEY, CHEAP).hash("m-1", "284619")
    assert expected == Argon2PinHasher(key, CHEAP).verify(member_no, pin, pin_hash)


def test_the_same_pin_has_another_hash_each_time() -> None:
    """Salted: two members with the same birthday do not show it."""
    hasher = Argon2PinHasher(KEY, CHEAP)
    assert hasher.hash("m-1", "284619") != hasher.hash("m-1", "284619")


def test_a_hash_made_at_another_cost_still_verifies() -> None:
    """Hashes carry their cost, so a scheme may raise it."""
    pin_hash = Argon2PinHasher(KEY, CHEAP).hash("m-1", "284619")
    assert Argon2PinHasher(KEY, Argon2Cost(memory_kib=16, passes=2)).verify("m-1", "284619", pin_hash)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is the whole process's")
def test_hashes_let_charges_go_first() -> None:
    """They run behind who asks for them, on a thread that is gone afterwards; who asks stays where they were."""

    def seen() -> tuple[threading.Thread, int]:
        return threading.current_thread(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    caller, own = seen()
    aside, behind = Argon2PinHasher(KEY, CHEAP)._aside(seen)
    assert min(19, own + 10) == behind
    assert not aside.is_alive()
    assert (caller, own) == seen()
