"""The keys a till signs with while it runs: one, or for a while two, the file always ahead of what is in use."""

import threading
from pathlib import Path

from points_engine.contract import EngineFault
from points_engine.signing import Key
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import Request
from pos_client.engine_client.credential import (
    TillCredential,
    forget_half_written,
    keep_credential,
    read_credential,
    signed_with,
)


class KeyRing:
    """A till's credential in its data folder, and which of its keys signs. Thread-safe.

    The newest key signs. One that the server does not take gives way to the one before it, so that no command is lost
    to a change of keys.
    """

    caller = CallerKind.TILL

    def __init__(self, folder: Path, credential: TillCredential) -> None:
        self._folder = folder
        self._credential = credential
        self._lock = threading.Lock()
        self._signs: Key = credential.key
        forget_half_written(folder)

    @property
    def credential(self) -> TillCredential:
        """As it stands in the file."""
        return self._credential

    def keep(self, credential: TillCredential) -> None:
        """Write a credential down, and then sign with its key. Raises EngineFault, and goes on as before."""
        keep_credential(self._folder, credential)
        with self._lock:
            self._credential = credential
            self._signs = credential.key

    def look(self) -> bool:
        """Take the credential in the file if it is another: the till was enrolled anew meanwhile; whether it was."""
        try:
            credential = read_credential(self._folder, self._credential.till_id)
        except EngineFault:
            return False
        if credential == self._credential:
            return False
        with self._lock:
            self._credential = credential
            self._signs = credential.key
        return True

    def authorization(self, request: Request, at: int) -> str:
        """The Authorization header of a request that is sent at that time (seconds since 1970)."""
        with self._lock:
            key = self._signs
        return signed_with(key, request, at)

    def give_way(self, authorization: str) -> bool:
        """The server did not take that header: sign with the other key, if there is one, and say so."""
        with self._lock:
            older = self._credential.older
            if older is None:
                return not _is_by(self._signs, authorization)
            if _is_by(self._signs, authorization):
                self._signs = older if self._signs == self._credential.key else self._credential.key
            return True


def _is_by(key: Key, authorization: str) -> bool:
    return f"key={key.key_id}," in authorization
