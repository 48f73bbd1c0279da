"""The world outside the machine: a serial gun on a USB plug, worked through the control line (`tests.devices.plug`)."""

import itertools
import json
import os
import tty
from typing import Self

_CONTROL = "/dev/ttyS1"


class OutsideGun:
    """A gun behind a USB serial adapter (FTDI 0403:6001) that QEMU plugs in; every request waits until it is done."""

    _names = itertools.count()

    def __init__(self) -> None:
        self._control = os.open(_CONTROL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        tty.setraw(self._control)
        self._answers = b""
        self._plugged: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._control)

    def plug(self) -> None:
        """Plug it in; the nodes come when the kernel has looked at it."""
        self._plugged = f"gun{next(self._names)}"
        self._ask(do="plug", name=self._plugged)

    def unplug(self) -> None:
        """Pull it out; safe to call again."""
        name, self._plugged = self._plugged, None
        if name is not None:
            self._ask(do="unplug", name=name)

    def say(self, data: bytes) -> None:
        """Send bytes over its line."""
        self._ask(do="send", data=data.hex())

    def _ask(self, **request: str) -> None:
        os.write(self._control, json.dumps(request).encode() + b"\n")
        while b"\n" not in self._answers:
            self._answers += os.read(self._control, 4096)
        answer, _, self._answers = self._answers.partition(b"\n")
        assert {"done": request["do"]} == json.loads(answer), answer
