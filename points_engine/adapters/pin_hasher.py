"""PINs as argon2id hashes of a keyed hash.

Six digits are only a million guesses. So a PIN is first put through HMAC-SHA256 with a key outside the database (a
stolen database alone is worth nothing) and then through argon2id with OWASP's first recommendation, 19 MiB, t=2, p=1
(a stolen key as well still costs its thief some 25 ms a guess). The member number is part of what is hashed, so that a
hash moved to another member verifies for nobody.
"""

import hmac
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from points_engine.adapters import pin_seal
from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_seal import Opened
from points_engine.ports import PinHasher

if TYPE_CHECKING:
    import argon2

T = TypeVar("T")

_NICENESS = 10
"""Of ten shares of a core that a charge and a hash both want, the charge gets nine."""


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What a guess costs: memory, passes, lanes."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


class Argon2PinHasher(PinHasher):
    """Hashes on all cores but one, and there behind whoever else wants them: PIN-free payments wait for none."""

    def __init__(self, key: MasterKey, cost: Argon2Cost | None = None) -> None:
        self._key = key
        self._cost = cost or Argon2Cost()
        self._cores = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) - 1))

    @cached_property
    def _argon2(self) -> "argon2.PasswordHasher":
        import argon2  # noqa: PLC0415 -- when the first PIN comes: a till starts without it

        return argon2.PasswordHasher(
            time_cost=self._cost.passes, memory_cost=self._cost.memory_kib, parallelism=self._cost.lanes
        )

    @staticmethod
    def _peppered(key: MasterKey, member_no: str, pin: str) -> bytes:
        return hmac.digest(key.derive("PIN pepper"), f"{member_no}\x1f{pin}".encode(), "sha256")

    def hash(self, member_no: str, pin: str) -> str:
        peppered = self._peppered(self._key, member_no, pin)
        pin_hash = self._aside(lambda: self._argon2.hash(peppered))
        if not self._key.has_earlier:
            return pin_hash
        # A bare hash has the first key's pepper; this one says whose it has.
        return pin_seal.seal(self._key, member_no, Opened(self._key.fingerprint, pin_hash))

    def verify(self, member_no: str, pin: str, pin_hash: str) -> bool:
        from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 -- as above

        opened = pin_seal.open_sealed(self._key, member_no, pin_hash)
        if opened is None:
            return False
        peppered = self._peppered(pin_seal.with_fingerprint(self._key, opened.pepper), member_no, pin)
        try:
            return self._aside(lambda: self._argon2.verify(opened.pin_hash, peppered))
        except VerifyMismatchError:
            return False

    def _aside(self, hashing: Callable[[], T]) -> T:
        """Hash on a thread made for it: one that stepped back may not step forward again, and the caller has to."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- as above

        with self._cores, ThreadPoolExecutor(1, "pin", initializer=_step_back) as thread:
            return thread.submit(hashing).result()


def _step_back() -> None:
    """Let other threads go first, where a thread's priority is its own and not the process's."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
