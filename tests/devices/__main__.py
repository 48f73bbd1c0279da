"""Every gun's driver on a real kernel: ``python -m tests.devices [pytest's arguments]``.

Makes a virtual machine of Debian's packages if there is none yet, starts it in software, and prints what pytest says
inside it. The exit status is pytest's.
"""

import shutil
import sys
import threading
import time
from collections.abc import Sequence

from tests.devices import image
from tests.devices.machine import Machine
from tests.devices.plug import Plug

_LONGEST_SECONDS = 1800
_UP, _RESULT = "MACHINE UP ", "MACHINE RESULT "


def run(words: Sequence[str]) -> int:
    """Start the machine, let it test, and return its exit status; 1 when it did not come to an end."""
    start = time.monotonic()
    machine = Machine(words)
    timer = machine.kill_after(_LONGEST_SECONDS)
    status = 1
    try:
        for line in machine.console():
            if line.startswith(_UP):
                threading.Thread(target=Plug(machine).serve, name="plug", daemon=True).start()
            if line.startswith(_RESULT):
                status = int(line.removeprefix(_RESULT))
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    finally:
        timer.cancel()
        machine.close()
    sys.stdout.write(f"machine off after {time.monotonic() - start:.0f} s, status {status}\n")
    return status


def main(words: Sequence[str]) -> int:
    """Build, run, and return the exit status."""
    if shutil.which("qemu-system-x86_64") is None:
        sys.stderr.write("qemu-system-x86_64 is missing: scripts/setup devices\n")
        return 1
    try:
        image.bring()
    except image.BuildStop as stop:
        sys.stderr.write(f"{stop}\n")
        return 1
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
