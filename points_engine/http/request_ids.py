"""The id of each request: the caller's own, if it is harmless to write down, or a fresh one."""

import itertools
import re
import secrets

HEADER = b"x-request-id"
_HARMLESS = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """Ids that no other node gives."""

    def __init__(self) -> None:
        self._node = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def id_of(self, given: bytes | None) -> str:
        """The id to go by."""
        if given is not None and _HARMLESS.fullmatch(given):
            return given.decode()
        return f"{self._node}-{next(self._numbers)}"
