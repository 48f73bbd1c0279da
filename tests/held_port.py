"""A port that nobody listens at, and that nobody else is given meanwhile."""

import socket
from typing import Self


class HeldPort:
    """Bound and not listening: connections are refused, and whoever is told its number may still listen there.

    A port that was merely free a moment ago may be anybody's by now: tests that run beside this one ask for ports too.
    With a `number` it is that port; OSError where somebody has it.
    """

    def __init__(self, number: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", number))
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """The base URL there."""
        return f"http://127.0.0.1:{self.number}"

    def close(self) -> None:
        """Give it back."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
