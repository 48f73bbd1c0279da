"""The other node of `push_ms`: ``python -m benchmarks.push_node FOLDER URL``, in a process of its own.

It serves the engine of the folder's key on the PostgreSQL database, believes every caller to be the till, says on which
port, and ends on SIGTERM.
"""

import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.push_shop import SETTINGS, TILL
from points_engine.adapters.node_changes import NodeChanges
from points_engine.bootstrap import open_engine
from points_engine.contract import Refused
from points_engine.http.app import PointsService
from points_engine.http.authentication import Authenticator
from points_engine.http.incoming import Incoming
from points_engine.http.live_stream import LiveRules
from points_engine.http.server import ServiceServer, listening_socket
from points_engine.service_settings import ServiceSettings
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Problem


class _TheTill(Authenticator):
    """Who calls is not what is measured."""

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:  # noqa: ARG002 -- see above
        return Caller(CallerKind.TILL, TILL)


def _drop(_lines: bytes) -> None:
    """Nobody reads this node's log."""


def main(folder: Path, url: str) -> None:
    """Serve until told to stop."""
    settings = ServiceSettings(port=0, drain_seconds=0, finish_seconds=5)
    with (
        NodeChanges(url) as changes,
        open_engine(folder, replace(SETTINGS, database=url), changes=changes.bus) as engine,
        listening_socket(settings) as listening,
    ):
        service = PointsService(
            engine,
            _TheTill(),
            settings,
            write_log=_drop,
            changes=changes.bus,
            live_rules=LiveRules(poll=changes.poll_seconds),
        )

        def announce() -> None:
            sys.stdout.write(f"{listening.getsockname()[1]}\n")
            sys.stdout.flush()

        ServiceServer(service, settings, on_listening=announce).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
