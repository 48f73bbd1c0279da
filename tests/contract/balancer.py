"""A load balancer that hands each request to the next node, also those on one connection."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Sequence
from typing import Self

from tests.waiting import PATIENCE_SECONDS

Address = tuple[str, int]


class Balancer:
    """Listens on a free port; requests hop between the nodes in turn. `counts` says how many each was given."""

    def __init__(self, nodes: Sequence[Address]) -> None:
        self._nodes = itertools.cycle(nodes)
        self.counts = dict.fromkeys(nodes, 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            for line in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._keep(line)
            thread = threading.Thread(target=self._serve, args=(line,))
            self._threads.append(thread)
            thread.start()

    def _keep(self, line: socket.socket) -> socket.socket:
        with self._lock:
            self._open.append(line)
        return line

    def _serve(self, line: socket.socket) -> None:
        """One caller: its requests, each to a node of its own, until it hangs up."""
        to: dict[Address, Messages] = {}
        try:
            with contextlib.suppress(OSError), line:
                asked = Messages(line)
                while request := asked.next():
                    node = self._next()
                    if node not in to:
                        to[node] = Messages(self._keep(socket.create_connection(node)))
                    to[node].line.sendall(request)
                    answer = to[node].next()
                    if not answer:
                        # The node hung up; so do we, that nobody waits for an answer that does not come.
                        return
                    line.sendall(answer)
        finally:
            for messages in to.values():
                messages.line.close()

    def _next(self) -> Address:
        with self._lock:
            node = next(self._nodes)
            self.counts[node] += 1
            return node


class Messages:
    """The HTTP messages on a connection, one after the other; each has a Content-Length, or no body."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._read = b""

    def next(self) -> bytes:
        """The next one, whole; nothing when the other side hung up."""
        while b"\r\n\r\n" not in self._read:
            if not self._more():
                return b""
        head = self._read.partition(b"\r\n\r\n")[0]
        lengths = [
            int(part.split(b":")[1])
            for part in head.split(b"\r\n")
            if part.lower().startswith(b"content-length:")
        ]
        end = len(head) + 4 + sum(lengths)
        while len(self._read) < end:
            if not self._more():
                return b""
        message, self._read = self._read[:end], self._read[end:]
        return message

    def _more(self) -> bool:
        more = self.line.recv(65536)
        self._read += more
        return bool(more)
