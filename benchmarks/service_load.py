"""The load of the service's figures: ``python -m benchmarks.service_load HOST PORT CONNECTIONS RATE FILE``.

A process of its own, so that it takes nothing of the service's time but what it takes of the machine's. It sends the
requests in FILE (made beforehand: nothing is signed or encoded here) over so many connections that stay open, each
connection one request at a time. With RATE 0 the next request follows the answer; otherwise requests come at that many
a second, whether or not the service keeps up: one that finds no free connection waits, and that counts.

FILE holds for each request its length, four bytes, and its bytes. Printed is one object: ``seconds`` from the first
request to the last answer, ``outcomes`` with how many were ``paid`` and how many had which other
status, and ``ms`` what each answer took.
"""

import asyncio
import sys
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import msgspec


def read_requests(path: Path) -> deque[bytes]:
    """The requests in a file."""
    content, requests, place = path.read_bytes(), deque[bytes](), 0
    while place < len(content):
        length = int.from_bytes(content[place : place + 4])
        requests.append(content[place + 4 : place + 4 + length])
        place += 4 + length
    return requests


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    """Write requests into a file."""
    path.write_bytes(b"".join(len(request).to_bytes(4) + request for request in requests))


class Outcome(msgspec.Struct):
    """What is printed: seconds, answers by outcome, milliseconds of each answer in the order they came."""

    seconds: float
    outcomes: dict[str, int]
    ms: list[float]


class Load:
    """Requests that wait for a connection, and what came of the others."""

    def __init__(self, requests: deque[bytes], rate: float) -> None:
        self._requests = requests
        self._rate = rate
        self._due: deque[tuple[bytes, float]] = deque()
        self._free: list[Connection] = []
        self._left = len(requests)
        self._outcomes: Counter[str] = Counter()
        self._ms: list[float] = []
        self.is_over = asyncio.Event()

    def next(self, connection: "Connection") -> None:
        """A connection is free: give it what is to be sent next, if there is anything."""
        if not self._rate and self._requests:
            connection.send(self._requests.popleft(), perf_counter())
        elif self._due:
            connection.send(*self._due.popleft())
        else:
            self._free.append(connection)

    def answered(self, outcome: bytes, since: float) -> None:
        """An answer has come, to a request that was due at `since`."""
        self._ms.append((perf_counter() - since) * 1000)
        self._outcomes[outcome.decode()] += 1
        self._left -= 1
        if not self._left:
            self.is_over.set()

    async def run(self) -> Outcome:
        """Until every request is answered."""
        start = perf_counter()
        if self._rate:
            await self._pace(start)
        await self.is_over.wait()
        return Outcome(perf_counter() - start, dict(self._outcomes), self._ms)

    async def _pace(self, start: float) -> None:
        sent = 0
        while self._requests:
            # A loop's timers know milliseconds: what has become due meanwhile goes together, each from its own time on.
            until = min(int((perf_counter() - start) * self._rate), sent + len(self._requests))
            for number in range(sent, until):
                due = start + number / self._rate
                self._due.append((self._requests.popleft(), max(due, perf_counter() - 0.001)))
                if self._free:
                    self.next(self._free.pop())
            sent = max(sent, until)
            await asyncio.sleep(0.001)


class Connection(asyncio.Protocol):
    """One connection: a request out, its answer in."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._since = 0.0
        self._read = b""
        self._awaited: int | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: bytes, since: float) -> None:
        """Send a request that was due at `since`."""
        assert self.transport is not None
        self._since = since
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if self._awaited is None:
            head, found, _ = self._read.partition(b"\r\n\r\n")
            if not found:
                return
            self._awaited = len(head) + 4 + _length_of(head)
        if len(self._read) < self._awaited:
            return
        # A payment that failed for a reason is a good answer, and not what is measured.
        outcome = b"paid" if b'"succeeded"' in self._read else self._read[9:12]
        self._read, self._awaited = b"", None
        self._load.answered(outcome, self._since)
        self._load.next(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._load.is_over.is_set():
            sys.exit(f"the service closed a connection ({exc})")


def _length_of(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without a length")


async def _measure(host: str, port: int, connections: int, rate: float, requests: deque[bytes]) -> Outcome:
    loop, load = asyncio.get_running_loop(), Load(requests, rate)
    opened = [await loop.create_connection(lambda: Connection(load), host, port) for _ in range(connections)]
    measured = asyncio.ensure_future(load.run())
    await asyncio.sleep(0)
    for _, connection in opened:
        load.next(connection)
    return await measured


def main() -> None:
    """Send the load and print what came of it."""
    host, port, connections, rate, path = sys.argv[1:]
    requests = read_requests(Path(path))
    outcome = asyncio.run(_measure(host, int(port), int(connections), float(rate), requests))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
