"""High availability on one machine: ``python -m tests.ha [--all] [--stay] [--logs FOLDER] [FAULT ...]``.

Starts the whole chain in a sandbox, lets 50 tills sell, plays some faults, prints the table and stops everything.
With ``--all`` it plays every fault and writes docs/faults.md, otherwise those that are named, or four of them. The exit
status is 0 when no promise was broken, 1 when one was, 2 when nothing could be started. ``--stay`` plays nothing and
runs until Ctrl-C.
"""

import argparse
import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.ha import sandbox
from tests.ha.chain import Chain
from tests.ha.daemon import NotReady
from tests.ha.faults import FAULTS, QUICK, Fault
from tests.ha.report import Row, print_rows, write_page

_CALM_SECONDS = 3.0
"""How long all is well before a fault strikes."""
_WIDTH = 120


def play(chain: Chain, fault: Fault) -> Row:
    """Let the tills sell, let the fault strike and mend it, wait for calm, and judge."""
    waiting = threading.Event()
    selling = chain.selling()
    with selling:
        began = time.monotonic()
        waiting.wait(_CALM_SECONDS)
        chain.say(f"{fault.name}: {fault.what}")
        mend = fault.strike(chain)
        try:
            waiting.wait(fault.lasts)
        finally:
            mend()
        waiting.wait(max(0.0, fault.sells - (time.monotonic() - began)))
    chain.wait_until_whole()
    return Row(fault, selling.verdict())


def keep_logs(folder: Path, target: Path) -> None:
    """Copy every log out of the run's folder, which goes with the run."""
    for log in [*folder.rglob("*.log"), *folder.rglob("pgdata/log/*")]:
        kept = target / log.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)


def run(wanted: argparse.Namespace, console: Console) -> int:
    """Start, play, print, stop; return the exit status."""
    start = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[{time.monotonic() - start:5.1f} s] {text}", markup=False, highlight=False)

    rows: list[Row] = []
    folder = Path(os.environ[sandbox.FOLDER])
    try:
        with Chain(folder, say) as chain:
            if wanted.stay:
                say(
                    f"the tills' address is {chain.cluster.engine_address}, in the network of process {os.getpid()}"
                )
                threading.Event().wait()
            for fault in FAULTS:
                if wanted.all or fault.name in (wanted.faults or QUICK):
                    rows.append(play(chain, fault))
                    print_rows(rows[-1:], console)
    except NotReady as late:
        console.print(str(late), style="red", markup=False)
    except KeyboardInterrupt:
        say("stopped")
    if wanted.logs:
        keep_logs(folder, Path(wanted.logs))
    if rows:
        print_rows(rows, console)
    if wanted.all and len(rows) == len(FAULTS):
        write_page(rows)
    return 2 if not rows else int(any(row.verdict.faults for row in rows))


def main(words: Sequence[str]) -> int:
    """Go into the sandbox if this is not it, and run there."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.ha", description="High availability on one machine."
    )
    parser.add_argument("faults", nargs="*", metavar="FAULT", choices=[[], *(fault.name for fault in FAULTS)])
    parser.add_argument("--all", action="store_true", help="play every fault and write docs/faults.md")
    parser.add_argument("--logs", metavar="FOLDER", help="keep what every program wrote, in this folder")
    parser.add_argument("--stay", action="store_true", help="play nothing, run until Ctrl-C")
    wanted = parser.parse_args(words)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    if sandbox.FOLDER not in os.environ:
        try:
            return sandbox.run_inside("tests.ha", words)
        except sandbox.SandboxStop as stop:
            sys.stderr.write(f"{stop}\n")
            return 2
    return sandbox.as_first_process(lambda: run(wanted, console))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
