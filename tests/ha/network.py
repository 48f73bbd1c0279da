"""Machines made of network namespaces: a bridge, an address each, and links that can be cut or made lossy.

Only inside `tests.ha.sandbox`: there the whole network is this run's own, has no way out, and ends with the run.
"""

import os
import signal
import subprocess
from pathlib import Path

from tests.waiting import within

SUBNET = "10.77.0"
TILLS_ADDRESS = f"{SUBNET}.100"
"""Where this process and its tills are: on the bridge itself."""


def call(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; raises CalledProcessError when it fails."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=check)


class Host:
    """One machine: a namespace on the bridge, with an address and packet filters of its own."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.address = f"{SUBNET}.{number}"

    def enter(self) -> list[str]:
        """What a command needs in front of it to run on this machine."""
        return ["ip", "netns", "exec", self.name]

    def run(self, *words: str) -> None:
        """Run one command on this machine; raises CalledProcessError when it fails."""
        call(*self.enter(), *words)

    def plug_in(self) -> None:
        """Make the machine and connect it to the bridge."""
        call("ip", "netns", "add", self.name)
        call(
            "ip", "link", "add", f"to-{self.name}", "type", "veth", "peer", "name", "eth0", "netns", self.name
        )
        call("ip", "link", "set", f"to-{self.name}", "master", "bridge", "up")
        call("ip", "-n", self.name, "link", "set", "lo", "up")
        call("ip", "-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        call("ip", "-n", self.name, "link", "set", "eth0", "up")

    def kill_all(self) -> None:
        """Take the power away: all that runs on this machine ends at once."""
        for word in call("ip", "netns", "pids", self.name).stdout.split():
            kill_quietly(int(word))

    # --- the wire

    def cut(self, *addresses: str, inbound: bool = True, outbound: bool = True) -> None:
        """Let no packet through between this machine and others (none named: all), in one direction or both.

        What it says to itself goes on: a cable is cut, not the machine.
        """
        for address in addresses or (f"{SUBNET}.0/24",):
            if inbound:
                self.run("iptables", "-A", "INPUT", "-i", "eth0", "-s", address, "-j", "DROP")
            if outbound:
                self.run("iptables", "-A", "OUTPUT", "-o", "eth0", "-d", address, "-j", "DROP")

    def lose(self, share: float) -> None:
        """Lose a share of this machine's packets by chance, each direction by itself."""
        by_chance = ["-m", "statistic", "--mode", "random", "--probability", str(share), "-j", "DROP"]
        self.run("iptables", "-A", "INPUT", "-i", "eth0", *by_chance)
        self.run("iptables", "-A", "OUTPUT", "-o", "eth0", *by_chance)

    def mend(self) -> None:
        """Let everything through again."""
        self.run("iptables", "-F")


def build_network(*hosts: Host) -> None:
    """Make the bridge, give this process its address on it, and plug the machines in."""
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", "bridge", "type", "bridge")
    call("ip", "address", "add", f"{TILLS_ADDRESS}/24", "dev", "bridge")
    call("ip", "link", "set", "bridge", "up")
    for host in hosts:
        host.plug_in()


def kill_family(process_id: int) -> None:
    """Send SIGKILL to a process and to all it has started itself, and wait until none of them does anything any more.

    It is stopped first, or it would start another while these are killed.
    """
    os.kill(process_id, signal.SIGSTOP)
    within(lambda: state_of(process_id) in "TZX")
    children = Path("/proc", str(process_id), "task", str(process_id), "children").read_text(encoding="ascii")
    family = [process_id, *map(int, children.split())]
    for each in family:
        kill_quietly(each)
    within(lambda: all(state_of(each) in "ZX" for each in family))


def state_of(process_id: int) -> str:
    """The kernel's letter for what a process does: T stopped, Z ended and not buried yet; X where there is none."""
    try:
        return (
            Path("/proc", str(process_id), "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        )
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def kill_quietly(process_id: int) -> None:
    """Send SIGKILL to a process that may have just ended."""
    try:
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return
