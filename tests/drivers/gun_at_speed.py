"""A serial gun that is set to a speed, on a line that has none: what it says is garbled as a UART would."""

import termios
import threading
from collections.abc import Callable

from drivers.baud_search import RATES
from tests.drivers.pty_line import PtyLine
from tests.drivers.test_baud_search import garbled


class GunAtSpeed:
    """Says labels on a line, at one speed, whatever the till's end listens at. `frame` is what it puts around one.

    A pseudo-terminal keeps the speed it is set to, though it has none: that is where the gun looks.
    """

    def __init__(self, line: PtyLine, rate: int, frame: bytes = b"%s\r") -> None:
        self._line = line
        self._rate = rate
        self._frame = frame
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def say(self, text: str) -> None:
        """Read one label."""
        self._line.send(garbled(self._frame % text.encode(), self._rate, self.till_rate()))

    def repeat(self, next_text: Callable[[], str], every_seconds: float) -> None:
        """Read one label after the other, on a thread, until `close`."""

        def run() -> None:
            while not self._is_over.wait(every_seconds):
                self.say(next_text())

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def close(self) -> None:
        """Read no more."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def is_understood(self) -> bool:
        """Whether the till listens at the gun's speed."""
        return self.till_rate() == self._rate

    def till_rate(self) -> int:
        """What the till has set its end to."""
        constants = {getattr(termios, f"B{rate}"): rate for rate in RATES}
        return constants[termios.tcgetattr(self._line._gun)[4]]
