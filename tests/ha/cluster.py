"""Three database machines and a balancer that always leads to the primary: what the engine's nodes stand on."""

import json
import secrets
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

from tests.ha.daemon import Daemon, NotReady, wait_until
from tests.ha.database_machine import (
    SERVER_USER,
    DatabaseMachine,
    Passwords,
    fill,
    newest_postgres,
    write_private,
)
from tests.ha.network import Host, build_network, call

_BALANCER_NUMBER, _FIRST_DATABASE_NUMBER, _FIRST_NODE_NUMBER = 10, 11, 21
_DATABASE_MACHINES, _NODES = 3, 3
_HTTP_PORT, _POSTGRES_PORT, _POOL_PORT, _PATRONI_PORT = 8080, 5432, 6432, 8008
_PRIMARY_PORT, _SESSION_PORT = 5000, 5001
_START_SECONDS, _ASK_SECONDS = 90, 2


class Cluster:
    """The database side of a chain, from Debian's packages; a context manager that starts and stops all of it.

    Makes the network with a machine for each of the engine's nodes (`node_hosts`) too. `say` is told what happens.
    """

    def __init__(self, folder: Path, say: Callable[[str], None], *, health_path: str) -> None:
        self._folder = folder
        self._say = say
        self.passwords = Passwords(*(secrets.token_urlsafe(18) for _ in Passwords._fields))
        self.balancer_host = Host("balancer", _BALANCER_NUMBER)
        hosts = [
            Host(f"db{place + 1}", _FIRST_DATABASE_NUMBER + place) for place in range(_DATABASE_MACHINES)
        ]
        self.node_hosts = [Host(f"node{place + 1}", _FIRST_NODE_NUMBER + place) for place in range(_NODES)]
        programs = newest_postgres()
        slow_disk = folder / "slow_disk.so"
        source = Path(__file__).with_name("slow_disk.c")
        call("gcc", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o", slow_disk, source)
        self.machines = [
            DatabaseMachine(host, folder / host.name, hosts, self.passwords, slow_disk, programs)
            for host in hosts
        ]
        words = self.balancer_words(self.balancer_host.address, hosts, self.node_hosts, health_path)
        configuration = folder / "haproxy.cfg"
        write_private(configuration, fill(configuration.name, words))
        self.balancer = Daemon(
            self.balancer_host,
            "haproxy",
            ["haproxy", "-db", "-f", configuration],
            folder / "haproxy.log",
            user=SERVER_USER,
        )

    @staticmethod
    def balancer_words(
        address: str, databases: Sequence[Host], nodes: Sequence[Host], health_path: str
    ) -> dict[str, str]:
        """What the balancer's template is filled in with."""
        return {
            "address": address,
            "health_path": health_path,
            "engine_servers": _servers(nodes, _HTTP_PORT, ""),
            "pooled_servers": _servers(databases, _POOL_PORT, f" port {_PATRONI_PORT}"),
            "session_servers": _servers(databases, _POSTGRES_PORT, f" port {_PATRONI_PORT}"),
        }

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.balancer.stop()
        primary = self.primary_name()
        # Whoever leads goes last, so that nobody is promoted while all of them stop.
        for machine in sorted(self.machines, key=lambda machine: machine.host.name == primary):
            machine.stop()

    def _start(self) -> None:
        build_network(self.balancer_host, *(machine.host for machine in self.machines), *self.node_hosts)
        for machine in self.machines:
            machine.prepare()
        self._say("three machines start etcd, Patroni and PostgreSQL")
        for name in ("etcd", "patroni"):
            for machine in self.machines:
                machine.start(name)
        try:
            wait_until("a primary", lambda: self.primary_name() is not None, _START_SECONDS)
            wait_until("standbys, one of them synchronous", self.is_whole, _START_SECONDS)
        except NotReady as late:
            logs = "\n".join(machine.last_words() for machine in self.machines)
            raise NotReady(f"{late}\n{logs}") from late
        self._make_database()
        for machine in self.machines:
            machine.start("pgbouncer")
        self.balancer.start()
        # Until its first checks are in, the balancer takes every machine for the primary and tries them in turn.
        wait_until(
            "a way to the primary",
            lambda: all(self.answers() for _ in range(2 * _DATABASE_MACHINES)),
            _START_SECONDS,
        )
        self._say(f"{self.primary_name()} is the primary; the balancer leads to it")

    def _make_database(self) -> None:
        primary = self.machine(self.primary_name() or "")
        password = sql.Literal(self.passwords.points)
        with psycopg.connect(
            host=primary.host.address, user="postgres", password=self.passwords.superuser, autocommit=True
        ) as connection:
            connection.execute(sql.SQL("CREATE ROLE points LOGIN PASSWORD {}").format(password))
            connection.execute("CREATE DATABASE points OWNER points")

    # --- the ways in

    @property
    def database_url(self) -> str:
        """The primary through its PgBouncer, wherever it is: what a node is given as its database."""
        return self._url(_PRIMARY_PORT)

    @property
    def session_url(self) -> str:
        """The primary without a pool, for what needs a session of its own."""
        return self._url(_SESSION_PORT)

    @property
    def engine_address(self) -> str:
        """Where the tills send their requests: "host:port"."""
        return f"{self.balancer_host.address}:{_HTTP_PORT}"

    def _url(self, port: int) -> str:
        return f"postgresql://points:{self.passwords.points}@{self.balancer_host.address}:{port}/points"

    def answers(self) -> bool:
        """Whether the database can be written to through balancer and pool, now."""
        try:
            with psycopg.connect(
                self.database_url, connect_timeout=_ASK_SECONDS, prepare_threshold=None
            ) as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        except psycopg.Error:
            return False
        return row == (False,)

    # --- who is who

    def machine(self, name: str) -> DatabaseMachine:
        """The machine of this name."""
        return next(machine for machine in self.machines if machine.host.name == name)

    def members(self) -> dict[str, dict[str, Any]]:
        """What Patroni knows of its members, by name; nothing while no machine answers."""
        for machine in self.machines:
            url = f"http://{machine.host.address}:{_PATRONI_PORT}/cluster"
            try:
                with urllib.request.urlopen(url, timeout=_ASK_SECONDS) as answer:
                    return {member["name"]: member for member in json.load(answer)["members"]}
            except (OSError, ValueError):
                continue
        return {}

    def primary_name(self) -> str | None:
        """The running primary's machine, or None while there is none."""
        for name, member in self.members().items():
            if member["role"] == "leader" and member["state"] == "running":
                return name
        return None

    def is_whole(self) -> bool:
        """Whether every machine takes part and one of the standbys is synchronous."""
        members = self.members()
        roles = [member["role"] for member in members.values()]
        running = [member["state"] in {"running", "streaming"} for member in members.values()]
        return (
            len(members) == _DATABASE_MACHINES and all(running) and {"leader", "sync_standby"} <= set(roles)
        )

    def switch_over(self, target: str) -> None:
        """Ask Patroni to make another machine the primary, in good order."""
        primary = self.primary_name()
        body = json.dumps({"leader": primary, "candidate": target}).encode()
        url = f"http://{self.machine(primary or '').host.address}:{_PATRONI_PORT}/switchover"
        with urllib.request.urlopen(urllib.request.Request(url, body, method="POST"), timeout=60):
            self._say(f"{primary} hands over to {target}")


def _servers(hosts: Sequence[Host], port: int, check: str) -> str:
    return "\n".join(f"    server {host.name} {host.address}:{port} check{check}" for host in hosts)
