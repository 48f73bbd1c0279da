"""The sandbox of the fault table: its faults really happen, and nothing of it stays behind."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ha import sandbox
from tests.ha.wire_check import DELAY_SECONDS, LOSS

_NEEDED = ("ip", "iptables", "unshare")

needs_namespaces = pytest.mark.skipif(
    not sys.platform.startswith("linux")
    or os.geteuid() != 0
    or any(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None for name in _NEEDED)
    or not Path("/dev/net/tun").exists(),
    reason="namespaces, packet filters and TUN devices are root's, on Linux",
)


@needs_namespaces
def test_wires_are_cut_and_lines_are_long(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A cut drops what it should, and never a machine's own words; a long line delays and loses; all ends with it."""
    monkeypatch.setattr(sandbox, "PROGRAMS", _NEEDED)
    assert 0 == sandbox.run_inside("tests.ha.wire_check", [])
    seen = json.loads(capfd.readouterr().out.splitlines()[-1])
    line = seen.pop("long line")
    assert {
        "both ways": [False, True],
        "hears only": [False, True],
        "speaks only": [False, True],
        "mended": True,
        "short again": True,
    } == seen
    # There and back, each up to half as long again; a busy host may be slow, but not early.
    assert line["median"] >= 2 * DELAY_SECONDS
    assert abs(line["lost"] - LOSS) < 0.05
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    assert "far" not in namespaces.split()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is left with a traceback: who runs it without root, or without a program, is told what helps."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(sandbox.SandboxStop, match="root"):
        sandbox.check_system()
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(sandbox, "PROGRAMS", ("ip", "no-such-program"))
    with pytest.raises(sandbox.SandboxStop, match=r"no-such-program; scripts/setup ha"):
        sandbox.check_system()
