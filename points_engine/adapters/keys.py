"""The key outside the database: without it a stolen database tells neither codes nor PINs.

One secret of 32 bytes in a file of its own (mode 0600); every use gets a key derived from it (HMAC-SHA256 of the use's
name), so that no two uses can be played against each other. The database holds only the key's fingerprint, by which a
key of another database is noticed before it does harm.

After a change of the key the file holds the earlier secrets too, a line each, the newest first; which of them is in use
is told by the fingerprint in the database. So the one commit that changes it there changes the key.
"""

import errno
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from points_engine.ports import KeyUnavailable

_LOG = logging.getLogger(__name__)

_HEADER = "points-engine key 1"
_HEADER_OF_MANY = "points-engine key 2"
_KEY_BYTES = 32


class MasterKey:
    """The secret in use and all that the key file holds, in memory; prints as dots, is never pickled."""

    __slots__ = ("_held", "_secret")

    def __init__(self, secret: bytes, held: tuple[bytes, ...] = ()) -> None:
        self._secret = secret
        self._held = held or (secret,)

    def derive(self, use: str) -> bytes:
        """The 32-byte key for one use."""
        return hmac.digest(self._secret, use.encode(), "sha256")

    @property
    def fingerprint(self) -> str:
        """What a database may know of its key: 16 hexadecimal digits that tell keys apart and nothing more."""
        return self.derive("fingerprint").hex()[:16]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Those of all keys in the file, newest first."""
        return tuple(MasterKey(secret).fingerprint for secret in self._held)

    @property
    def has_earlier(self) -> bool:
        """Whether the file holds more than one."""
        return len(self._held) > 1

    @property
    def first(self) -> "MasterKey":
        """The first key there was: for what may never change."""
        return MasterKey(self._held[-1], self._held)

    def with_fingerprint(self, fingerprint: str) -> "MasterKey | None":
        """The same file with this key in use; None when it is not in it."""
        for secret in self._held:
            if MasterKey(secret).fingerprint == fingerprint:
                return MasterKey(secret, self._held)
        return None

    def changed(self, needed: Collection[str]) -> "MasterKey":
        """A fresh key before the one in use, the first, and those of the `needed` fingerprints."""
        kept = tuple(
            secret
            for secret in self._held
            if secret in {self._secret, self._held[-1]} or MasterKey(secret).fingerprint in needed
        )
        fresh = secrets.token_bytes(_KEY_BYTES)
        return MasterKey(fresh, (fresh, *kept))

    def text(self) -> str:
        """What a key file holds."""
        header = _HEADER_OF_MANY if self.has_earlier else _HEADER
        return "\n".join((header, *(secret.hex() for secret in self._held), ""))

    def __repr__(self) -> str:
        return "MasterKey(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MasterKey is never written anywhere but into its key file")


def create_key(path: Path) -> MasterKey:
    """Make a fresh key file, readable by its owner alone. Raises KeyUnavailable; never overwrites."""
    key = MasterKey(secrets.token_bytes(_KEY_BYTES))
    write_key(path, key, replaces=False)
    return key


def write_key(path: Path, key: MasterKey, *, replaces: bool) -> None:
    """Write a key file in one piece, readable by its owner alone. Raises KeyUnavailable."""
    # Written aside and then moved into its place: who opens the same folder at this moment finds all of it or nothing.
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        if not replaces and path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.text())
            file.flush()
            os.fsync(file.fileno())
        # Its one caller holds the folder's lock, so nobody makes another between the look and this.
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise KeyUnavailable(
            f"The key file {path} cannot be made ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from error


def sync_folder(folder: Path) -> None:
    """Let a renamed file outlast a power cut: its name is on the disk when this returns."""
    if os.name != "posix":
        return  # Windows neither opens folders nor needs it
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    expected = {_HEADER: len(lines) == 2, _HEADER_OF_MANY: len(lines) > 2}
    if not lines or not expected.get(lines[0], False) or not all(_is_key(line) for line in lines[1:]):
        raise KeyUnavailable(
            f"The key file {path} is damaged",
            "Put it back from where you keep its copy.",
        )
    if os.name == "posix" and mode & 0o077:
        _LOG.warning("others may read the key file %s (mode %04o): chmod 600 it", path, mode)
    held = tuple(bytes.fromhex(line) for line in lines[1:])
    return MasterKey(held[0], held)


def _is_key(text: str) -> bool:
    return len(text) == 2 * _KEY_BYTES and set(text) <= set("0123456789abcdef")
