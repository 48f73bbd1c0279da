"""A process that changes an engine's key and dies in the middle: `python key_changing_process.py FOLDER STEP [URL]`."""

import os
import signal
import sys
from pathlib import Path

from points_engine.adapters.key_change import change_key
from points_engine.adapters.keys import read_key
from points_engine.adapters.postgres_key_change import change_key_on_server
from points_engine.bootstrap import DATABASE_NAME, KEY_NAME


def change_and_die(folder: Path, step: str, url: str = "") -> None:
    """The whole work of this process: on the server of the address, or in a file."""

    def on_durable_step(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    key_file = folder / KEY_NAME
    rest = (key_file, read_key(key_file), lambda _done, _all: None, on_durable_step)
    if url:
        change_key_on_server(url, *rest)
    else:
        change_key(folder / DATABASE_NAME, *rest)


if __name__ == "__main__":
    change_and_die(Path(sys.argv[1]), *sys.argv[2:])
