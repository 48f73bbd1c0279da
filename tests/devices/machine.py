"""The virtual machine: QEMU in software, its console, and the plug that QMP pulls."""

import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.devices import image

_MEMORY_MB = 768
_CONNECT_SECONDS = 20


class Machine:
    """A machine that runs the tests named by `words` (pytest's arguments; none: all) and then powers itself off.

    Its first serial port is the console, the second one `control`, the plug's data end `serial_line`. Always without
    KVM: a host's may be one under which Debian's kernel does not start.
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="till-devices-"))
        command = [
            "console=ttyS0",
            "quiet",
            "loglevel=3",
            "panic=-1",
            "mitigations=off",
            "random.trust_cpu=on",
        ]
        if words:
            command.append(f"till.tests={','.join(words)}")
        self._process = subprocess.Popen(
            [
                "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max",
                "-smp", "2", "-m", str(_MEMORY_MB), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                "-kernel", str(image.KERNEL), "-initrd", str(image.RAM_DISK), "-append", " ".join(command),
                "-serial", "stdio",
                "-chardev", f"socket,id=control,path={self._path('control')},server=on,wait=off",
                "-serial", "chardev:control",
                "-device", "qemu-xhci,id=usb",
                "-chardev", f"socket,id=line,path={self._path('line')},server=on,wait=off",
                "-qmp", f"unix:{self._path('qmp')},server=on,wait=off",
                "-virtfs", f"local,path={image.ROOT},mount_tag=till,security_model=none,readonly=on,multidevs=remap",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self._qmp: socket.socket | None = None
        self._replies: Iterator[bytes] = iter(())
        self._deleted: set[str] = set()

    def console(self) -> Iterator[str]:
        """What the machine prints, line by line, until it is off."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.decode("utf-8", "replace").rstrip()

    def connect(self, name: str) -> socket.socket:
        """The host's end of `control` or `line`."""
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(_CONNECT_SECONDS)
        end.connect(str(self._path(name)))
        end.settimeout(None)
        return end

    def plug(self, name: str) -> None:
        """Attach a USB serial adapter (FTDI 0403:6001) whose far end is the line.

        Its serial number is always the same: without one QEMU makes it of the socket, a new one each time.
        """
        self._ask("device_add", driver="usb-serial", id=name, chardev="line", bus="usb.0", serial="GUN1")

    def unplug(self, name: str) -> None:
        """Pull it out; returns when it has gone and its line is free for another plug."""
        self._ask("device_del", id=name)
        while name not in self._deleted:
            self._next_message()

    def kill_after(self, seconds: float) -> threading.Timer:
        """Switch it off when it has not done so itself; cancel the timer it returns to let it live."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        return timer

    def close(self) -> None:
        """Switch it off, if it still runs, and remove what it leaves."""
        self._process.kill()
        self._process.wait()
        if self._qmp is not None:
            self._qmp.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _ask(self, command: str, **arguments: Any) -> None:
        """Send a QMP command and wait for its answer. Raises RuntimeError with QEMU's complaint."""
        if self._qmp is None:
            self._qmp = self.connect("qmp")
            self._replies = iter(self._qmp.makefile("rb"))
            next(self._replies)  # the greeting
            self._ask("qmp_capabilities")
        self._qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (reply := self._next_message()):
            if "error" in reply:
                raise RuntimeError(f"{command}: {reply['error']['desc']}")

    def _next_message(self) -> dict[str, Any]:
        """The next answer or event; of the devices that went, the names are kept. Raises RuntimeError at the end."""
        line = next(self._replies, None)
        if line is None:
            raise RuntimeError("QEMU has gone")
        message: dict[str, Any] = json.loads(line)
        if message.get("event") == "DEVICE_DELETED":
            self._deleted.add(message["data"].get("device", ""))
        return message
