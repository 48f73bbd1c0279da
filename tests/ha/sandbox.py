"""A place where a run may cut networks and fill disks: namespaces of its own for network, mounts and processes.

When the run ends, however it ends, the kernel takes all of it away: every process, mount, address and filter.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = "POINTS_HA_FOLDER"
"""Inside, this environment variable names the run's own folder."""

_STOP_SECONDS = 60
PROGRAMS = (
    "etcd", "faketime", "gcc", "haproxy", "ip", "iptables", "mkfs.ext4", "patroni", "pgbouncer", "setpriv", "unshare",
)  # fmt: skip


class SandboxStop(Exception):
    """No sandbox can be made here; the text says why and what helps."""


def check_system() -> None:
    """Raise SandboxStop, with the remedy, where this system cannot make a sandbox."""
    if not sys.platform.startswith("linux"):
        raise SandboxStop("network namespaces are Linux's: run this on Debian or Ubuntu")
    if os.geteuid() != 0:
        raise SandboxStop("namespaces, mounts and packet filters need root: sudo make ha")
    if missing := [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]:
        raise SandboxStop(f"not installed: {', '.join(missing)}; scripts/setup ha brings them")


def _path() -> str:
    # Debian keeps what only root needs where a user's PATH does not look.
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def run_inside(module: str, words: Sequence[str]) -> int:
    """Run ``python -m MODULE WORDS`` in a sandbox, with a folder that goes with it; return its exit status."""
    check_system()
    command = [
        "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-m", module, *words,
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="points-ha-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        environment = {**os.environ, FOLDER: folder, "PATH": _path()}
        with subprocess.Popen(command, env=environment) as process:
            # Whoever sends this does not wait: the kernel takes everything away with its first process.
            before = signal.signal(signal.SIGTERM, lambda _number, _frame: process.kill())
            try:
                return _wait_for(process)
            finally:
                signal.signal(signal.SIGTERM, before)


def _wait_for(process: "subprocess.Popen[bytes]") -> int:
    # The terminal tells those inside as well, and they stop in order; who does not want to wait asks again.
    for seconds in (None, _STOP_SECONDS, 0):
        try:
            return process.wait(seconds)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            continue
    process.kill()
    return process.wait()


def as_first_process(main: Callable[[], int]) -> int:
    """Be the sandbox's first process: run `main` in a child, bury everybody's orphans, return the child's status.

    Without it a PostgreSQL that was killed would stay a zombie, and Patroni would take it for alive.
    """
    # Where `ip netns` keeps its names: the host's own are nobody's business here.
    Path("/run/netns").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
    child = os.fork()
    if child == 0:
        return main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)
