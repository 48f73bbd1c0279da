"""The engine's nodes: `points-engine serve` on machines of their own, each with a clock that can be set."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.architecture.project_files import ROOT
from tests.ha.daemon import Daemon, wait_until
from tests.ha.network import Host

HTTP_PORT = 8080
READY_PATH = "/readyz"
_READY_SECONDS = 60


def fake_clock_library() -> Path:
    """libfaketime, wherever Debian keeps it on this kind of machine; raises FileNotFoundError without it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise FileNotFoundError("no libfaketime: apt-get install faketime")
    return found[0]


class EngineNode:
    """One node in `folder`, which holds the key all nodes share. `settings` is a file with the database's address."""

    def __init__(self, host: Host, folder: Path, settings: Path, is_ready: Callable[[str], bool]) -> None:
        self.host = host
        self.address = f"{host.address}:{HTTP_PORT}"
        self._is_ready = is_ready
        self._clock = folder / "clock"
        self.set_clock("+0")
        self._daemon = Daemon(
            host,
            host.name,
            [
                sys.executable, "-m", "points_engine", "--folder", folder, "--settings", settings,
                "serve", "--host", host.address, "--port", str(HTTP_PORT),
            ],
            folder.with_suffix(".log"),
            folder=ROOT,
            environment={
                "LD_PRELOAD": str(fake_clock_library()),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_CACHE_DURATION": "1",
                # What counts seconds since the start goes on: setting a clock does not move it.
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            },
        )  # fmt: skip

    def start(self) -> None:
        """Start it if it does not run; it may take a while to be ready."""
        if not self._daemon.runs:
            self._daemon.start()

    def wait_until_ready(self) -> None:
        """Wait until it takes work; raises NotReady with the end of its log."""
        wait_until(
            f"{self.host.name} is ready\n{self._daemon.tail()}",
            lambda: self._is_ready(self.address),
            _READY_SECONDS,
        )

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._daemon.kill()

    def stop(self) -> None:
        """Let it finish what it took, and end."""
        self._daemon.stop()

    def set_clock(self, offset: str) -> None:
        """Set this machine's clock off by so much ("+1h", "-1h", "+0"); it takes effect within a second."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(offset, encoding="ascii")
        fresh.replace(self._clock)
