"""A receipt printer on the network: a real TCP socket with paper behind it, and with the faults of real printers."""

import re
import select
import socket
import struct
import threading
from collections.abc import Callable

from tests.drivers.paper import Interpreter
from tests.drivers.watcher import LONG_SECONDS

_REALTIME = re.compile(rb"\x10\x04([\x01\x02\x04])")
_ONLINE, _OFFLINE, _COVER_OPEN, _PAPER_END = 0x12, 0x1A, 0x16, 0x72


class NetworkPrinter:
    """Serves one connection at a time, as real ones do. The attributes may be changed while it runs."""

    def __init__(self, port: int = 0) -> None:
        self.paper = Interpreter()
        self.answers = True  # to DLE EOT
        self.tells_when_taken = True  # answers GS r
        self.lines_left: int | None = None  # on the roll; None is plenty
        self.is_cover_open = False
        self.is_deaf = False  # accepts a connection and reads nothing from it
        self.resets_after: int | None = None  # bytes of one connection, once
        self.connections = 0
        self.received = 0
        self._unprinted = bytearray()
        self._news = threading.Condition()
        self._is_off = threading.Event()
        self._server = socket.create_server(("127.0.0.1", port))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that follows from what was received."""
        with self._news:
            assert self._news.wait_for(condition, LONG_SECONDS), "the printer did not come to that"

    def new_roll(self) -> None:
        """Put paper in: what is in the buffer is printed."""
        self.lines_left = None

    def switch_off(self) -> None:
        """Close everything; the port refuses connections from now on."""
        self._is_off.set()
        self._thread.join(LONG_SECONDS)
        self._server.close()

    def _serve(self) -> None:
        while not self._is_off.is_set():
            if select.select([self._server], [], [], 0.01)[0]:
                connection, _ = self._server.accept()
                with connection:
                    self.connections += 1
                    self._listen(connection)

    def _listen(self, connection: socket.socket) -> None:
        received = 0
        while not self._is_off.is_set():
            self._print(b"", connection)
            if self.is_deaf:
                self._is_off.wait(0.01)
                continue
            if not select.select([connection], [], [], 0.01)[0]:
                continue
            try:
                data = connection.recv(512)
            except ConnectionResetError:
                return
            received += len(data)
            if self.resets_after is not None and received > self.resets_after:
                data = data[: len(data) - (received - self.resets_after)]
                self._print(data, connection)
                self.resets_after = None
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if not data:
                return
            self._print(self._answer_at_once(data, connection), connection)

    def _answer_at_once(self, data: bytes, connection: socket.socket) -> bytes:
        is_offline = self.is_cover_open or self.lines_left == 0
        answers = {
            1: _OFFLINE if is_offline else _ONLINE,
            2: _COVER_OPEN if self.is_cover_open else 0x12,
            4: _PAPER_END if self.lines_left == 0 else 0x12,
        }
        if self.answers:
            connection.sendall(bytes(answers[asked[0]] for asked in _REALTIME.findall(data)))
        return _REALTIME.sub(b"", data)

    def _print(self, data: bytes, connection: socket.socket) -> None:
        self._unprinted += data
        with self._news:
            while self._unprinted and self.lines_left != 0 and not self.is_cover_open:
                before = (self.paper.questions, len(self.paper.torn.lines))
                self.paper.feed(bytes((self._unprinted.pop(0),)))
                if self.paper.questions > before[0] and self.tells_when_taken:
                    connection.sendall(b"\x00")
                if self.lines_left is not None and len(self.paper.torn.lines) > before[1]:
                    self.lines_left -= 1
            self.received += len(data)
            self._news.notify_all()
