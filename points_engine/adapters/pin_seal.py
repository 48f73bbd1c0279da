"""PIN hashes sealed under the newest key, so that a changed key protects every PIN at once and nobody sets a new one.

A hash was made with the pepper of the key that was in use when the PIN was set, and cannot be made anew without the
PIN. So when the key changes, each hash is put, as it is, into a box of AES-256-GCM (NIST SP 800-38D) under the new key,
bound to its member; at the next change it is taken out and put into a new box. To guess PINs from then on a thief needs
the new key: the old one and a copy of the database are not enough.

A sealed hash reads `sealed1$`, the fingerprint of the box's key, `$`, that of the pepper's key, `$`, and nonce and box
in base64.
"""

import base64
import os
from typing import NamedTuple

from points_engine.adapters.keys import MasterKey
from points_engine.ports import KeyUnavailable

_HEAD = "sealed1"
_NONCE_BYTES = 12


class Opened(NamedTuple):
    """A hash out of its box, and the fingerprint of the key whose pepper is in it."""

    pepper: str
    pin_hash: str


def is_sealed(stored: str) -> bool:
    """Whether this is a sealed hash."""
    return stored.startswith(f"{_HEAD}$")


def seal(key: MasterKey, member_no: str, opened: Opened) -> str:
    """Put a hash into a box under the key in use."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- a till starts without it

    nonce = os.urandom(_NONCE_BYTES)
    box = AESGCM(key.derive("PIN hash seal")).encrypt(
        nonce, opened.pin_hash.encode(), _bound(member_no, opened)
    )
    return "$".join((_HEAD, key.fingerprint, opened.pepper, base64.b64encode(nonce + box).decode()))


def open_sealed(key: MasterKey, member_no: str, stored: str) -> Opened | None:
    """A hash out of its box; a bare one as it is. None when the box is not this member's, or was altered.

    Raises KeyUnavailable when the key it needs is not in the key file.
    """
    if not is_sealed(stored):
        return Opened(key.first.fingerprint, stored)
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- as above

    _, fingerprint, pepper, text = stored.split("$")
    data = base64.b64decode(text)
    sealed_with = with_fingerprint(key, fingerprint)
    opened = Opened(pepper, "")
    try:
        plain = AESGCM(sealed_with.derive("PIN hash seal")).decrypt(
            data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound(member_no, opened)
        )
    except InvalidTag:
        return None
    return Opened(pepper, plain.decode())


def with_fingerprint(key: MasterKey, fingerprint: str) -> MasterKey:
    """The key of this fingerprint out of the key file. Raises KeyUnavailable."""
    found = key.with_fingerprint(fingerprint)
    if found is None:
        raise KeyUnavailable(
            "The key file lacks a key that some PINs need",
            "Put back the newest copy of the key file: it holds the earlier keys too.",
        )
    return found


def _bound(member_no: str, opened: Opened) -> bytes:
    return f"{member_no}\x1f{opened.pepper}".encode()
