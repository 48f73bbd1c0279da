"""A program that runs in the background on a machine, as a user of its own, with its log in a file."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from time import monotonic

from tests.ha.network import Host

_STOP_SECONDS = 15


class NotReady(Exception):
    """Something did not come to be in time; says what, and where its log is."""


def wait_until(what: str, condition: Callable[[], bool], seconds: float, every_seconds: float = 0.2) -> float:
    """Look until a condition holds and return how long it took; raises NotReady when the time is up."""
    pause, start = Event(), monotonic()
    while not condition():
        if monotonic() - start > seconds:
            raise NotReady(f"{what}: not within {seconds:g} s")
        pause.wait(every_seconds)
    return monotonic() - start


class Daemon:
    """One program on one machine. Starting, killing and stopping it again and again is what it is for."""

    def __init__(
        self,
        host: Host,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.host = host
        self.name = name
        self.log = log
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        self._command = [*host.enter(), *as_user, *(str(word) for word in command)]
        self._environment = environment or {}
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its words go on in the same log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={**os.environ, **self._environment},
                # Not in the terminal's group: Ctrl-C is for whoever stops all of this in order.
                start_new_session=True,
            )

    @property
    def process_id(self) -> int:
        """The id of the running process."""
        assert self._process is not None, "start it first"
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self.runs:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """Ask it to end; after a while insist."""
        self.signal(signal.SIGTERM)
        self._wait()

    def _wait(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
