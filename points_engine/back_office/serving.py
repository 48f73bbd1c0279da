"""`serve`: the engine over HTTP, as one node or as several on one PostgreSQL."""

import argparse
import contextlib
import dataclasses
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.text import Text

from points_engine.adapters.node_changes import NodeChanges
from points_engine.back_office.answers import WRONG_USE, Answer, Failed
from points_engine.back_office.office import Office
from points_engine.back_office.service_tls import Tls, tls_of
from points_engine.service_settings import ServiceSettings, ServiceSettingsInvalid

_SWEEP_SECONDS = 5.0


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "serve",
        parents=[shared],
        help="serve the engine over HTTP, until it is told to stop (SIGTERM, Ctrl-C)",
    )
    verb.add_argument("--host", metavar="ADDRESS", help="where to listen; 0.0.0.0 is every network")
    verb.add_argument("--port", type=int, metavar="PORT", help="the port; 0 is any that is free")
    verb.add_argument("--uds", metavar="PATH", help="a Unix socket, instead of host and port")
    verb.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes, each a node of its own: more than one needs PostgreSQL",
    )
    verb.add_argument(
        "--tls-cert", metavar="FILE", help="speak TLS with this certificate (PEM, with its chain)"
    )
    verb.add_argument("--tls-key", metavar="FILE", help="the certificate's key, where it is in another file")
    verb.add_argument(
        "--tls-lan",
        action="store_true",
        default=None,
        help="speak TLS with a certificate of the engine's own, made once and kept; its fingerprint is for the tills",
    )
    # How a node of several is started: with the socket that all of them listen on.
    verb.add_argument("--listen-on", type=int, help=argparse.SUPPRESS)
    verb.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    verb.set_defaults(run=_serve)


def _serve(office: Office, given: argparse.Namespace) -> Answer:
    office.check_there()
    settings = _settings_of(office, given)
    tls = tls_of(office, settings)
    if given.listen_on is not None:
        with socket.socket(fileno=given.listen_on) as listening:
            if settings.metrics_port:
                own = settings.metrics_port + given.number
                settings = dataclasses.replace(settings, metrics_port=own)
            _run_node(office, settings, listening, tls, lambda: None)
        return _STOPPED
    if settings.workers > 1 and not office.settings.database:
        raise Failed(
            "More than one worker needs PostgreSQL: SQLite has one writer, and one process makes the best of it",
            "Leave --workers away, or name a PostgreSQL database in the settings.",
            code=WRONG_USE,
            word="one_worker",
        )
    with _listening(settings, "http" if tls is None else "https") as (listening, address):
        said = {"address": address, "workers": settings.workers, **(tls.data if tls else {})}
        where = Text(f"Serving on {address}")
        shown = where if tls is None else Group(where, tls.shown)

        def announce() -> None:
            office.announce(Answer(said, shown))

        if settings.workers == 1:
            _run_node(office, settings, listening, tls, announce)
        else:
            _run_nodes(office, settings, listening, announce)
    return _STOPPED


_STOPPED = Answer({"stopped": True}, Text("Stopped: what was taken is answered."))


def _settings_of(office: Office, given: argparse.Namespace) -> ServiceSettings:
    overrides = {
        name: value
        for name in ("host", "port", "uds", "workers", "tls_cert", "tls_key", "tls_lan")
        if (value := getattr(given, name)) is not None
    }
    try:
        return dataclasses.replace(office.settings.service, **overrides)
    except ServiceSettingsInvalid as error:
        raise Failed(str(error), "Nothing was changed.", code=WRONG_USE, word="settings_invalid") from None


@contextlib.contextmanager
def _listening(settings: ServiceSettings, scheme: str) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens, and where clients find it."""
    from points_engine.http.server import listening_socket  # noqa: PLC0415 -- a till starts faster without uvicorn

    try:
        listening = listening_socket(settings)
    except OSError as error:
        where = settings.uds or f"{settings.host}, port {settings.port}"
        raise Failed(
            f"Nobody can listen on {where} ({error.strerror})",
            "Choose another --port or --uds, or stop the program that uses it.",
            code=WRONG_USE,
            word="address_in_use",
        ) from None
    with listening:
        try:
            yield listening, _address_of(listening, settings, scheme)
        finally:
            if settings.uds:
                Path(settings.uds).unlink(missing_ok=True)


def _address_of(listening: socket.socket, settings: ServiceSettings, scheme: str) -> str:
    if settings.uds:
        return f"unix:{settings.uds}"
    host, port = listening.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _run_node(
    office: Office,
    settings: ServiceSettings,
    listening: socket.socket,
    tls: Tls | None,
    announce: Callable[[], None],
) -> None:
    from points_engine.http.app import PointsService  # noqa: PLC0415 -- as above
    from points_engine.http.gatekeeper import Gatekeeper  # noqa: PLC0415 -- as above
    from points_engine.http.json_logging import JsonHandler, LogStream  # noqa: PLC0415 -- as above
    from points_engine.http.live_stream import LiveRules  # noqa: PLC0415 -- as above
    from points_engine.http.metrics_port import MetricsPort  # noqa: PLC0415 -- as above
    from points_engine.http.server import ServiceServer  # noqa: PLC0415 -- as above

    stream = LogStream(sys.stderr)
    logging.basicConfig(handlers=[JsonHandler(stream)], level=logging.INFO, force=True)
    every_seconds = office.settings.callers.credentials_refresh_seconds
    with (
        _changes(office) as changes,
        office.engine(sweep_every_seconds=_SWEEP_SECONDS, changes=changes.bus) as engine,
        Gatekeeper(engine.gate, office.settings.rates, catches_up_every_seconds=every_seconds) as gatekeeper,
    ):
        service = PointsService(
            engine,
            gatekeeper,
            settings,
            write_log=stream.write,
            look=lambda: office.key_file.exists() and engine.clock_is_right(),
            changes=changes.bus,
            live_rules=LiveRules(poll=changes.poll_seconds),
        )
        context = None if tls is None else tls.context
        # Behind a Unix socket is a proxy on this machine, and whoever scrapes is here too.
        host = "127.0.0.1" if settings.uds else settings.host
        port = settings.metrics_port if settings.shows_metrics else 0
        with MetricsPort(service.metrics.registry, host, port):
            ServiceServer(service, settings, tls=context, on_listening=announce).run(sockets=[listening])


def _changes(office: Office) -> NodeChanges:
    settings = office.settings
    return NodeChanges(settings.database, settings.database_listen, is_pooled=settings.database_is_pooled)


def _run_nodes(
    office: Office, settings: ServiceSettings, listening: socket.socket, announce: Callable[[], None]
) -> None:
    from points_engine.http.nodes import Nodes  # noqa: PLC0415 -- as above

    listening.listen()
    number = str(listening.fileno())
    command = [sys.executable, "-m", "points_engine", "--folder", str(office.folder)]
    if office.settings_file is not None:
        command += ["--settings", str(office.settings_file)]
    command += ["serve", "--listen-on", number]
    for name in ("host", "tls_cert", "tls_key"):
        if getattr(settings, name):
            command += [f"--{name.replace('_', '-')}", getattr(settings, name)]
    command += ["--tls-lan"] if settings.tls_lan else []
    Nodes(
        settings.workers,
        lambda number: subprocess.Popen(
            [*command, "--number", str(number)],
            pass_fds=[listening.fileno()],
            env=dict(office.environment),
            stdout=subprocess.DEVNULL,
        ),
    ).run(announce)
