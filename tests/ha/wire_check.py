"""``python -m tests.ha.wire_check``, in a sandbox: does a cut wire cut, and is a long line long? Says so in JSON."""

import json
import socket
import statistics
import subprocess
import sys
import time
from contextlib import suppress

from tests.ha import sandbox
from tests.ha.daemon import wait_until
from tests.ha.long_line import LongLine
from tests.ha.network import Host, build_network
from tests.waiting import PATIENCE_SECONDS

DELAY_SECONDS, LOSS = 0.05, 0.1
_PORT = 7
_ECHO = (
    "import socket, sys\n"
    "box = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "box.bind((sys.argv[1], 7))\n"
    "while True:\n"
    "    try: box.sendto(*box.recvfrom(64))\n"
    "    except PermissionError: pass\n"  # what its own packet filter says of an answer it drops
)


def answered(address: str, times: int = 1, seconds: float = PATIENCE_SECONDS) -> list[float]:
    """Send so many datagrams to an echo at once; how many seconds each took, until none comes for so long."""
    sent: dict[bytes, float] = {}
    took: list[float] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.settimeout(seconds)
        for number in range(times):
            sent[b"%d" % number] = time.monotonic()
            box.sendto(b"%d" % number, (address, _PORT))
        with suppress(TimeoutError):
            while len(took) < times:
                took += [time.monotonic() - sent[box.recv(64)]]
    return took


def answers_itself(host: Host) -> bool:
    """Whether a machine reaches its own address."""
    ask = (
        "import socket, sys\n"
        "box = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); box.settimeout(60)\n"
        "box.sendto(b'x', (sys.argv[1], 7)); box.recv(9)\n"
    )
    command = [*host.enter(), sys.executable, "-c", ask, host.address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check() -> int:
    """Try it all and print what was seen."""
    far = Host("far", 11)
    build_network(far)
    with subprocess.Popen([*far.enter(), sys.executable, "-c", _ECHO, far.address]) as echo:
        try:
            wait_until("an echo", lambda: bool(answered(far.address, seconds=0.5)), PATIENCE_SECONDS)
            seen: dict[str, object] = {}
            for name, ways in (
                ("both ways", {}),
                ("hears only", {"inbound": False}),
                ("speaks only", {"outbound": False}),
            ):
                far.cut(**ways)
                seen[name] = [bool(answered(far.address, seconds=0.5)), answers_itself(far)]
                far.mend()
            seen["mended"] = bool(answered(far.address))
            with LongLine(far, delay_seconds=DELAY_SECONDS, loss=LOSS) as line:
                took = answered(far.address, times=400, seconds=1.5)
            seen["long line"] = {
                "median": statistics.median(took),
                "lost": line.lost / (line.lost + line.carried),
            }
            # A busy host may be slow with some of them; on a long line none is early.
            seen["short again"] = min(answered(far.address, times=20)) < DELAY_SECONDS
        finally:
            echo.kill()
    sys.stdout.write(json.dumps(seen) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(sandbox.as_first_process(check))
