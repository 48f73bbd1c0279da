"""A client of live streams for tests: a bare socket, and the events as they come."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from points_engine.wire.callers import Caller
from tests.points_engine.http.running_service import RunningService, credential
from tests.waiting import PATIENCE_SECONDS


class Told(NamedTuple):
    """One event."""

    name: str
    data: Any
    id: str


class EventReader:
    """Reads `GET /v1/events` until the block ends; `status` is the answer's. `presents` are headers besides."""

    def __init__(
        self,
        service: RunningService,
        caller: Caller | None,
        query: str = "",
        last_id: str | None = None,
        presents: Mapping[str, str] | None = None,
    ) -> None:
        self._line = service.connect()
        self._line.settimeout(PATIENCE_SECONDS)
        headers = {"Host": "localhost", **(credential(caller) if caller else {}), **(presents or {})}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        head = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        self._line.sendall(f"GET /v1/events{query} HTTP/1.1\r\n{head}\r\n".encode())
        self._file = self._line.makefile("rb")
        self.headers: dict[str, str] = {}
        try:
            self.status = int(self._file.readline().split()[1])
            self._read_head()
        except BaseException:
            self.close()
            raise
        self.retry: str | None = None
        self.last_id: str | None = None
        self._buffer = b""

    def _read_head(self) -> None:
        while line := self._file.readline().strip():
            name, _, text = line.decode().partition(":")
            self.headers[name.lower()] = text.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._line.close()

    def _chunk(self) -> bytes:
        size = int(self._file.readline().strip() or b"0", 16)
        content = self._file.read(size)
        self._file.readline()
        return content

    def _block(self) -> bytes | None:
        """What stands before the next empty line; None at the end of the stream."""
        while b"\n\n" not in self._buffer:
            content = self._chunk()
            if not content:
                return None
            self._buffer += content
        block, self._buffer = self._buffer.split(b"\n\n", 1)
        return block

    def _fields(self) -> dict[str, str] | None:
        """The fields that stand together next, a comment's under an empty name; None at the end of the stream."""
        block = self._block()
        if block is None:
            return None
        parts = [line.partition(":") for line in block.decode().split("\n")]
        return {name: text.removeprefix(" ") for name, _, text in parts}

    def next(self) -> Told | None:
        """The next event; None when the stream ended. Comments are passed over."""
        while (fields := self._fields()) is not None:
            self.retry = fields.get("retry", self.retry)
            if "data" in fields:
                self.last_id = fields["id"]
                return Told(fields["event"], json.loads(fields["data"]), fields["id"])
        return None

    def until(self, name: str, **expected: Any) -> Any:
        """The data of the first event of this name that has these values."""
        while (told := self.next()) is not None:
            if told.name == name and expected.items() <= told.data.items():
                return told.data
        raise AssertionError(f"no {name} with {expected} before the stream ended")

    def until_comment(self) -> None:
        """Read on to the next comment."""
        while (fields := self._fields()) is not None:
            if "" in fields:
                return
        raise AssertionError("no comment before the stream ended")

    def opening(self, count: int) -> list[Told]:
        """The first `count` events."""
        return [told for _ in range(count) if (told := self.next()) is not None]
