"""What the machine's tests ask of the world outside: a serial gun on a USB plug, pulled and put back."""

import json
import socket
from typing import Any

from tests.devices.machine import Machine


class Plug:
    """Answers requests on the machine's control line, one JSON object a line, one answer each."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line: socket.socket | None = None

    def serve(self) -> None:
        """Answer until the machine is off."""
        control = self._machine.connect("control")
        self._line = self._machine.connect("line")
        for request in control.makefile("rb"):
            try:
                answer = self._answer(json.loads(request))
            except (OSError, RuntimeError, ValueError, KeyError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            control.sendall(json.dumps(answer).encode() + b"\n")

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._line is not None
        if request["do"] == "plug":
            self._machine.plug(request["name"])
        elif request["do"] == "unplug":
            self._machine.unplug(request["name"])
        elif request["do"] == "send":
            self._line.sendall(bytes.fromhex(request["data"]))
        else:
            raise ValueError(f"nobody can {request['do']}")
        return {"done": request["do"]}
