"""`serve`, as a process of its own."""

import hashlib
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from rich.console import Console

from points_engine.back_office.office import Office
from points_engine.back_office.service_tls import tls_of
from points_engine.service_settings import ServiceSettings
from tests.architecture.project_files import ROOT
from tests.held_port import HeldPort
from tests.points_engine.back_office.desk import Desk
from tests.waiting import PATIENCE_SECONDS, within


class Serving(NamedTuple):
    """A running `serve`: what it said first, and its process."""

    said: Any
    process: "subprocess.Popen[str]"

    def get(self, path: str) -> tuple[int, Any]:
        """The status and JSON of a path."""
        response = requests.get(self.said["address"] + path, timeout=PATIENCE_SECONDS)
        return response.status_code, response.json()

    def end(self) -> tuple[int, str, str]:
        """SIGTERM; exit code, output and log."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, out, err


@contextmanager
def serving(folder: Path, *words: str, settings: str = "") -> Iterator[Serving]:
    """`points-engine serve` on a free port."""
    (folder / "engine.toml").write_text(settings, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "points_engine",
        "--folder",
        str(folder),
        "--json",
        "serve",
        "--port",
        "0",
    ]
    process = subprocess.Popen(
        [*command, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Serving(json.loads(process.stdout.readline()), process)
    finally:
        process.kill()
        process.communicate()


def test_a_node_serves_until_it_is_told_to_stop(desk: Desk) -> None:
    """It says where, is ready, and ends well when it has waited for load balancers."""
    with serving(desk.folder, settings="service.drain_seconds = 1") as node:
        assert 1 == node.said["workers"]
        assert (200, {"status": "ready"}) == node.get("/readyz")
        assert 401 == node.get("/v1/payments/1")[0]
        code, out, err = node.end()
    assert (0, {"stopped": True}) == (code, json.loads(out))
    assert [("/v1/payments/{order_id}", 401)] == requests_in(err)


def requests_in(log: str) -> list[tuple[str, int]]:
    """Route and status of the requests in a service's log."""
    lines = [json.loads(line) for line in log.splitlines()]
    return [(line["route"], line["status"]) for line in lines if line["event"] == "request"]


def test_it_says_that_it_stops_and_a_second_signal_ends_it_at_once(desk: Desk) -> None:
    """Load balancers hear of it first; whoever presses Ctrl-C twice does not want to wait for them."""
    with serving(desk.folder, settings="service.drain_seconds = 300") as node:
        node.get("/healthz")
        node.process.send_signal(signal.SIGTERM)
        polled = threading.Event()
        while (ready := node.get("/readyz"))[0] == 200:
            polled.wait(0.01)
        assert (503, "shutting_down") == (ready[0], ready[1]["code"])
        assert (200, {"status": "alive"}) == node.get("/healthz")
        code, out, err = node.end()
    assert (0, {"stopped": True}) == (code, json.loads(out))
    assert [("/readyz", 503)] == requests_in(err)


def test_a_unix_socket_is_made_and_taken_away(desk: Desk) -> None:
    """For a proxy on the same machine; one that a killed process left is no hindrance."""
    path = desk.folder / "s.sock"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    with serving(desk.folder, "--uds", str(path), settings="service.drain_seconds = 0") as node:
        assert f"unix:{path}" == node.said["address"]
        assert path.is_socket()
        assert 0 == node.end()[0]
    assert not path.exists()


def children(process: "subprocess.Popen[str]") -> set[int]:
    """The processes that a process started."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return {int(number) for number in listed.split()}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at the processes in /proc")
def test_several_nodes_share_a_socket_and_none_is_missed(tmp_path: Path, postgres_url: str) -> None:
    """Kill -9 of one: the other goes on, and there are two again; SIGTERM ends all of them well."""
    desk = Desk(tmp_path, {"POINTS_ENGINE_DATABASE": postgres_url})
    desk.ask("init")
    polled, settings = threading.Event(), f'database = "{postgres_url}"\nservice.drain_seconds = 0'
    with serving(tmp_path, "--workers", "2", settings=settings) as node:
        assert 2 == node.said["workers"]
        assert (200, {"status": "ready"}) == node.get("/readyz")
        first = children(node.process)
        assert 2 == len(first)
        os.kill(min(first), signal.SIGKILL)
        while len(children(node.process) - {min(first)}) < 2:
            assert 200 == node.get("/healthz")[0]
            polled.wait(0.05)
        code, out, _ = node.end()
    assert (0, {"stopped": True}) == (code, json.loads(out))


@pytest.fixture
def two_ports() -> Iterator[int]:
    """The first of two ports in a row that nobody listens at, and nobody else is given meanwhile."""
    with ExitStack() as held:
        while True:
            first = held.enter_context(HeldPort())
            with suppress(OSError):
                held.enter_context(HeldPort(first.number + 1))
                break
        yield first.number


def looks_at_health(port: int) -> int:
    """How often the node whose metrics are at a port was asked for its health."""
    page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SECONDS).text
    counted = 'points_http_requests_total{method="GET",route="/healthz",status="200"} '
    return sum(int(float(line.rpartition(" ")[2])) for line in page.splitlines() if line.startswith(counted))


def test_each_of_several_nodes_shows_its_own_metrics(
    tmp_path: Path, postgres_url: str, two_ports: int
) -> None:
    """At a port each: together they have counted every request, and the shared address shows none."""
    Desk(tmp_path, {"POINTS_ENGINE_DATABASE": postgres_url}).ask("init")
    settings = f'database = "{postgres_url}"\nservice.drain_seconds = 0\nservice.metrics_port = {two_ports}\n'
    with serving(tmp_path, "--workers", "2", settings=settings) as node:

        def both() -> bool:
            try:
                return [looks_at_health(two_ports + number) for number in range(2)] == [0, 0]
            except requests.ConnectionError:
                return False

        within(both)
        assert 404 == node.get("/metrics")[0]
        assert {200} == {node.get("/healthz")[0] for _ in range(20)}
        within(lambda: sum(looks_at_health(two_ports + number) for number in range(2)) == 20)
        node.end()


def test_a_port_for_metrics_that_is_taken_costs_the_metrics_alone(tmp_path: Path) -> None:
    """The service takes what comes, and its log says what to do."""
    Desk(tmp_path).ask("init")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = f"service.drain_seconds = 0\nservice.metrics_port = {taken.getsockname()[1]}\n"
        with serving(tmp_path, settings=settings) as node:
            assert 200 == node.get("/readyz")[0]
            code, _, log = node.end()
    assert (0, True) == (code, "choose another service.metrics_port" in log)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--workers", "2"], "one_worker"),
        (["--port", "70000"], "settings_invalid"),
        (["--uds", "/nowhere/at/all.sock"], "address_in_use"),
    ],
)
def test_what_cannot_be_served_is_told(desk: Desk, words: list[str], error: str) -> None:
    """Before anything is opened."""
    assert {"code": 2, "error": error}.items() <= desk.fail("serve", *words).items()


def test_tls_with_a_certificate_of_the_engines_own(desk: Desk) -> None:
    """Its fingerprint is what a client sees, the same after a restart, and plain HTTP gets nowhere."""
    seen = []
    for _ in range(2):
        with serving(desk.folder, "--tls-lan") as node:
            address = urllib.parse.urlsplit(node.said["address"])
            assert ("https", "127.0.0.1") == (address.scheme, address.hostname)
            assert address.port is not None
            certificate = ssl.get_server_certificate(("127.0.0.1", address.port))
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
            assert f"sha256:{digest}" == node.said["tls_fingerprint"]
            seen.append(digest)
            trusted = desk.folder / "points-tls.pem"
            answer = requests.get(
                f"{node.said['address']}/readyz", timeout=PATIENCE_SECONDS, verify=str(trusted)
            )
            assert 200 == answer.status_code
            with pytest.raises(requests.RequestException):
                requests.get(f"http://127.0.0.1:{address.port}/readyz", timeout=PATIENCE_SECONDS)
    assert seen[0] == seen[1]


def test_a_person_sees_the_fingerprint_and_its_picture(desk: Desk) -> None:
    """To compare it, or to read it with a phone."""
    office = Office(desk.folder, None, {})
    tls = tls_of(office, ServiceSettings(tls_lan=True))
    assert tls is not None
    out = io.StringIO()
    Console(file=out, width=200).print(tls.shown)
    assert f"sha256:{tls.fingerprint}" in out.getvalue()
    assert "█" in out.getvalue() or "▄" in out.getvalue()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--tls-cert", "nowhere.pem"], 3, "There is no file nowhere.pem"),
        (["--tls-key", "key.pem"], 2, "A key is named and no certificate"),
        (["--tls-lan", "--tls-cert", "cert.pem"], 2, "leave tls_cert empty"),
    ],
)
def test_tls_that_cannot_be_says_so(desk: Desk, words: list[str], code: int, told: str) -> None:
    """Before anybody is served."""
    failed = desk.fail("serve", "--port", 0, *words)
    assert code == failed["code"]
    assert told in failed["problem"]
