"""An engine that is served, for the service's figures: its books, its tills, charges made ready for them, its nodes."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.service_load import Outcome, write_requests
from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import Engine, load_settings, open_engine
from points_engine.calling import CallerKind, Enrol, Enrolled, EnrolmentCode, MakeEnrolmentCode
from points_engine.contract import Charge, CodeIssued, Command, EnrolTill, IssueCode, Secret
from points_engine.signing import Key, authorization
from points_engine.wire.commands import encode_command

ROOT = Path(__file__).parent.parent
UNITS = 7
TILLS = 32
SHOP = "shop-1"
_PATIENCE_SECONDS = 60.0
_CODES_AT_ONCE = 64

# Every charge is PIN-free however many there are in a day, codes live as long as they may, and no till is too quick.
_SETTINGS = """
code_lifetime_seconds = 600
[rates]
till_calls = 1000000
address_calls = 1000000
[limits.points]
pin_free_daily_count = 1000000000
pin_free_daily_units = 1000000000000
"""


class Node(NamedTuple):
    """A process that serves."""

    host: str
    port: int
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        """What processor time it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class ServedShop:
    """An engine in `folder` on books that are there already, with members `m-1` to `m-<members>`.

    `database` is a PostgreSQL address; without one the books are the folder's own.
    """

    def __init__(self, folder: Path, members: int, *, database: str = "") -> None:
        self.folder = folder
        self._members = members
        folder.mkdir(parents=True, exist_ok=True)
        head = f'database = "{database}"\n' if database else ""
        (folder / "engine.toml").write_text(head + _SETTINGS, encoding="utf-8")
        self.engine: Engine = open_engine(
            folder, load_settings(folder, None, {}).settings, sweep_every_seconds=None
        )
        # A stride that is prime to any round number visits every member before one comes again.
        self._next_member = itertools.count(1, 7_919)
        self._numbers = itertools.count(10**9)
        self._keys = [self._enrol(f"till-{number}") for number in range(1, TILLS + 1)]

    def _enrol(self, till_id: str) -> Key:
        execute = self.engine.execute
        execute(EnrolTill(command_id=f"enrol-{till_id}", till_id=till_id, shop_id=SHOP))
        made = execute(
            MakeEnrolmentCode(command_id=f"code-{till_id}", kind=CallerKind.TILL, caller_id=till_id)
        )
        assert isinstance(made, EnrolmentCode)
        enrolled = execute(Enrol(request_id=f"request-{till_id}", code=made.code))
        assert isinstance(enrolled, Enrolled)
        return Key(enrolled.key_id, enrolled.secret)

    def codes(self, count: int) -> list[Secret]:
        """Fresh codes, of members far apart."""
        commands = [
            IssueCode(
                command_id=f"code-{next(self._numbers)}",
                member_no=f"m-{next(self._next_member) % self._members + 1}",
            )
            for _ in range(count)
        ]
        codes = []
        for start in range(0, count, _CODES_AT_ONCE):
            for reply in self.engine.execute_together(commands[start : start + _CODES_AT_ONCE]):
                assert isinstance(reply, CodeIssued), reply
                codes.append(reply.code)
        return codes

    def charges(self, count: int) -> list[bytes]:
        """So many signed requests, each of which will be paid at once."""
        return [
            self.signed(
                Charge(
                    order_id=f"till-2027{next(self._numbers)}{os.urandom(3).hex()}",
                    till_id="",
                    cashier="lin",
                    code=code,
                    amount=Amount(Asset.POINTS, UNITS),
                ),
                self._keys[number % TILLS],
            )
            for number, code in enumerate(self.codes(count))
        ]

    def signed(self, command: Command, key: Key | None = None) -> bytes:
        """A command as a till sends it, from its first byte to its last."""
        request = encode_command(command, CallerKind.TILL)
        signature = authorization(
            key or self._keys[0],
            request.method,
            request.path,
            request.body,
            at=int(time.time()),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        headers = {
            "Host": "engine",
            **request.headers,
            "Authorization": signature,
            "Content-Length": str(len(request.body)),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {request.path} HTTP/1.1\r\n{lines}\r\n".encode() + request.body

    @contextmanager
    def node(self, environment: Mapping[str, str] | None = None) -> Iterator[Node]:
        """`points-engine serve` in a process of its own, until the end of the block."""
        words = ["points_engine", "--folder", str(self.folder), "--json", "serve", "--port", "0"]
        settings = {"POINTS_ENGINE_SERVICE_DRAIN_SECONDS": "0", **(environment or {})}
        with started(words, self.folder / "node.log", settings) as node:
            yield node

    def load(self, node: Node, requests: Sequence[bytes], connections: int, rate: float = 0.0) -> Outcome:
        """Send requests from a process of their own; see `benchmarks.service_load`.

        Raises AssertionError when one was not paid.
        """
        file = self.folder / "requests"
        write_requests(file, requests)
        outcome = run_load(node, file, connections, rate)
        assert outcome.outcomes == {"paid": len(requests)}, outcome.outcomes
        return outcome

    def close(self) -> None:
        """Close the engine; nodes are processes of their own."""
        self.engine.close()


@contextmanager
def started(
    module: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Node]:
    """`python -m` a module that serves and says where, until the end of the block."""
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said, log_file.read_text(encoding="utf-8")[-2_000:]
        host, _, port = json.loads(said)["address"].rpartition("/")[2].rpartition(":")
        yield Node(host, int(port), process)
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


def run_load(node: Node, file: Path, connections: int, rate: float) -> Outcome:
    """Send the requests in a file."""
    arguments = [node.host, str(node.port), str(connections), str(rate), str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.service_load", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Outcome)
