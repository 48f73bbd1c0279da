"""The key outside the database: without it a stolen database tells neither codes nor PINs.

One secret of 32 bytes in a file of its own (mode 0600); every use gets a key derived from it (HMAC-SHA256 of the use's
name), so that no two uses can be played against each other. The database holds only the key's fingerprint, by which a
key of another database is noticed before it does harm.
"""

import errno
import hmac
import logging
import os
import secrets
import stat
from pathlib import Path
from typing import NoReturn

from points_engine.ports import KeyUnavailable

_LOG = logging.getLogger(__name__)

_HEADER = "points-engine key 1"
_KEY_BYTES = 32


class MasterKey:
    """The secret in memory; prints as dots, is never pickled."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derive(self, use: str) -> bytes:
        """The 32-byte key for one use."""
        return hmac.digest(self._secret, use.encode(), "sha256")

    @property
    def fingerprint(self) -> str:
        """What a database may know of its key: 16 hexadecimal digits that tell keys apart and nothing more."""
        return self.derive("fingerprint").hex()[:16]

    def __repr__(self) -> str:
        return "MasterKey(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MasterKey is never written anywhere but into its key file")


def create_key(path: Path) -> MasterKey:
    """Make a fresh key file, readable by its owner alone. Raises KeyUnavailable; never overwrites."""
    secret = secrets.token_bytes(_KEY_BYTES)
    # Written aside and then moved into its place: who opens the same folder at this moment finds all of it or nothing.
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{_HEADER}\n{secret.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        # Its one caller holds the folder's lock, so nobody makes another between the look and this.
        aside.rename(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise KeyUnavailable(
            f"The key file {path} cannot be made ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from error
    return MasterKey(secret)


def read_key(path: Path) -> MasterKey:
    """The key in a key file. Raises KeyUnavailable with the remedy when it is missing, unreadable or damaged."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError as error:
        raise KeyUnavailable(
            f"The key file {path} is missing",
            "Put it back from where you keep its copy: without it this database's codes and PINs mean nothing.",
        ) from error
    except OSError as error:
        raise KeyUnavailable(
            f"The key file {path} cannot be read ({error.strerror})",
            "Let the user who runs the engine own it, with mode 0600.",
        ) from error
    except UnicodeDecodeError:
        lines, mode = [], 0o600
    if len(lines) != 2 or lines[0] != _HEADER or not _is_key(lines[1]):
        raise KeyUnavailable(
            f"The key file {path} is damaged",
            "Put it back from where you keep its copy.",
        )
    if os.name == "posix" and mode & 0o077:
        _LOG.warning("others may read the key file %s (mode %04o): chmod 600 it", path, mode)
    return MasterKey(bytes.fromhex(lines[1]))


def _is_key(text: str) -> bool:
    return len(text) == 2 * _KEY_BYTES and set(text) <= set("0123456789abcdef")
