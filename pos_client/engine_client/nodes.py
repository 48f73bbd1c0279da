"""The points server's nodes: all are equal, one is used until it fails."""

import threading
from collections.abc import Sequence


class Nodes:
    """Base URLs in turn. Thread-safe."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._lock = threading.Lock()
        self._place = 0

    def __len__(self) -> int:
        return len(self._urls)

    @property
    def current(self) -> str:
        """The one to ask."""
        with self._lock:
            return self._urls[self._place]

    def leave(self, url: str) -> None:
        """Ask the next one from now on, unless somebody left this one already."""
        with self._lock:
            if self._urls[self._place] == url:
                self._place = (self._place + 1) % len(self._urls)
