"""A real PostgreSQL server for tests: its own folder, its own socket, and a database that is copied for each test.

The server answers on a unix socket in a temporary folder and on no network. Nothing is made durable (`fsync=off`)
unless a test asks for it: who wants to see what a crash leaves behind says so.
"""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.waiting import PATIENCE_SECONDS

SUPERUSER = "postgres"
"""Who owns the databases, and on Debian also the account that a server runs under: it refuses to run as root."""

TEMPLATE = "points_template"
_NOBODY_IN_TEMPLATE = f"SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '{TEMPLATE}'"  # noqa: S608 -- our own name
_QUICK = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
_SMALL = {"shared_buffers": "64MB", "max_connections": "200", "jit": "off", "autovacuum_naptime": "5s"}


_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1 << 30
"""A container's own is often too small for a server."""


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free > _ROOM_BYTES


def program(name: str) -> str:
    """One of PostgreSQL's programs: on the PATH, or where Debian keeps the newest version of a server's."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]), reverse=True
    )
    found = str(versions[0]) if versions else shutil.which(name)
    assert found, f"{name} is not installed: the tests need PostgreSQL, see scripts/system-packages.txt"
    return found


class PostgresServer:
    """A server in a folder of its own, from `start` to `stop`; also a context manager.

    `is_durable` makes it write as a server does that people rely on; `options` are added to its settings.
    """

    def __init__(self, *, is_durable: bool = False, options: Mapping[str, str] | None = None) -> None:
        # In memory where there is room: a database is some 500 files, and most tests have one of their own.
        # Not below pytest's folders: those are open to their owner alone, and a socket's path must be short.
        place = _MEMORY if not is_durable and _has_room(_MEMORY) else None
        self.folder = Path(tempfile.mkdtemp(prefix="points-pg-", dir=place))
        self._user = SUPERUSER if os.geteuid() == 0 else None
        self._options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            **({} if is_durable else _QUICK),
            **_SMALL,
            **(options or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        # A locale whose order of texts is not that of their bytes, as on most servers.
        self._run(
            "initdb", "--no-sync", "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
            "--locale", "C", "--icu-locale", "en-US", "--locale-provider", "icu", "--pgdata", str(self._data),
        )  # fmt: skip

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            # What it holds goes with it: nothing has to be in good order.
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [program(name), *arguments], user=self._user, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    # --- the server

    def start(self) -> None:
        """Start it, and wait until it lets somebody in."""
        settings = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", str(self._data), *settings],
                user=self._user, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, self.log()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
            assert self._process.poll() is None, self.log()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it in good order; everybody is thrown out."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does: at once, and nothing is tidied up. `start` finds out what was kept."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()

    def log(self) -> str:
        """What the server wrote so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    # --- its databases

    def url(self, database: str) -> str:
        """The address of a database, as the engine's settings take it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Carry out one statement, in no transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def configure(self, name: str, value: str) -> None:
        """Change a setting while the server runs, and wait until every part of it lives by the change.

        `pg_reload_conf` only tells the first process, which tells the others. A new session shows that the first one
        has read the file and told them; whether a COMMIT waits for a standby is the checkpointer's to say, which looks
        at what it was told before each of its rounds: the second CHECKPOINT is in a round that began after that.
        """
        self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")
        self.wait_until(f"SELECT current_setting('{name}') = '{value}'")
        self.execute("CHECKPOINT")
        self.execute("CHECKPOINT")

    def wait_until(self, question: str) -> None:
        """Ask in a session of its own each time, until the answer is yes; a minute without that fails."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        answer = False
        while not answer:
            assert time.monotonic() < deadline, f"never true: {question}"
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                answer = connection.execute(question.encode()).fetchone() == (True,)

    def make_template(self, fill: Callable[[str], None]) -> None:
        """Make the database that fresh ones are copies of; `fill` is told its address and must leave it again."""
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        fill(self.url(TEMPLATE))
        # Who hangs up is gone a moment later, and a database is copied only while nobody is in it.
        self.wait_until(_NOBODY_IN_TEMPLATE)

    def fresh(self, template: str = TEMPLATE) -> str:
        """The address of a database nobody has used, as the template is."""
        name = f"points_{next(self._numbers)}"
        # Copied file by file, not through the log: there is no standby to tell.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY = FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, and whoever is in it."""
        name = conninfo_to_dict(url)["dbname"]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")
