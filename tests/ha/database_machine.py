"""One machine of the database cluster: a disk, etcd, Patroni with its PostgreSQL, and PgBouncer."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

from tests.architecture.project_files import ROOT
from tests.ha.daemon import Daemon
from tests.ha.network import SUBNET, Host, call, kill_family

TEMPLATES = ROOT / "resources" / "ha"
POSTGRES_FOLDER = Path("/usr/lib/postgresql")
SERVER_USER = "postgres"
"""PostgreSQL refuses to run as root, and nothing else here needs to."""

DISK_MB = 640
_BALLAST = "ballast"


class Passwords(NamedTuple):
    """Made anew for each run."""

    superuser: str
    replication: str
    points: str


def newest_postgres() -> Path:
    """The folder of the newest PostgreSQL server's programs; raises FileNotFoundError when there is none."""
    found = [path for path in POSTGRES_FOLDER.glob("*/bin") if (path / "initdb").exists()]
    if not found:
        raise FileNotFoundError("no PostgreSQL server: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name))


def fill(name: str, words: Mapping[str, str]) -> str:
    """A template of resources/ha with all its words; raises KeyError for one that is not given."""
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(words)


def write_private(path: Path, text: str) -> Path:
    """Write a file that only the servers' user can read: it may hold passwords."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    shutil.chown(path, SERVER_USER, SERVER_USER)
    return path


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of its own in a file, so that it can be full without anybody else noticing."""

    folder: Path

    def mount(self) -> None:
        """Make the file system and mount it for the servers' user."""
        image = self.folder.with_suffix(".img")
        with image.open("wb") as file:
            file.truncate(DISK_MB * 1024 * 1024)
        call("mkfs.ext4", "-q", "-m", "0", image)
        self.folder.mkdir()
        call("mount", "-o", "loop", image, self.folder)
        self.folder.chmod(0o750)
        shutil.chown(self.folder, SERVER_USER, SERVER_USER)

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.folder / _BALLAST).open("wb") as file:
            size = 0
            # Others write meanwhile: the last pieces are small.
            for piece in (2**24, 2**20, 2**12):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), size, piece)
                        size += piece

    def empty(self) -> None:
        """Give the space back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)


class DatabaseMachine:
    """One of the three equal machines; starts what it runs, and can lose its power."""

    def __init__(
        self,
        host: Host,
        folder: Path,
        peers: Sequence[Host],
        passwords: Passwords,
        slow_disk: Path,
        programs: Path,
    ) -> None:
        self.host = host
        self.folder = folder
        self.disk = Disk(folder / "disk")
        self._peers = peers
        self._passwords = passwords
        self._slow_disk = slow_disk
        self._programs = programs
        """A shared library that makes every flush wait, as long as its file says (tests/ha/slow_disk.c)."""
        self.slowness = folder / "flush-microseconds"
        self._daemons: dict[str, Daemon] = {}

    def prepare(self) -> None:
        """Make the disk and write every configuration file."""
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.disk.mount()
        self.slowness.write_text("0", encoding="utf-8")
        for name in ("etcd.conf.yml", "patroni.yml", "pgbouncer.ini"):
            write_private(self.folder / name, fill(name, self.words()))
        write_private(self.disk.folder / "userlist.txt", f'"points" "{self._passwords.points}"\n')
        flushes = {"LD_PRELOAD": str(self._slow_disk), "FLUSH_MICROSECONDS_FILE": str(self.slowness)}
        self._add("etcd", "etcd", "--config-file", self.folder / "etcd.conf.yml")
        self._add("patroni", "patroni", self.folder / "patroni.yml", **flushes)
        self._add("pgbouncer", "pgbouncer", "-q", self.folder / "pgbouncer.ini")

    def _add(self, name: str, *command: str | Path, **environment: str) -> None:
        self._daemons[name] = Daemon(
            self.host,
            name,
            command,
            self.folder / f"{name}.log",
            user=SERVER_USER,
            environment=environment,
            folder=self.disk.folder,
        )

    def words(self) -> dict[str, str]:
        """What this machine's templates are filled in with."""
        return {
            "name": self.host.name,
            "address": self.host.address,
            "subnet": f"{SUBNET}.0/24",
            "data": str(self.disk.folder),
            "bin": str(self._programs),
            "etcd_hosts": ",".join(f"{peer.address}:2379" for peer in self._peers),
            "etcd_cluster": ",".join(f"{peer.name}=http://{peer.address}:2380" for peer in self._peers),
            "shared_buffers": "64MB",
            "max_wal_size": "128MB",
            "watchdog": '"off"',
            "superuser_password": self._passwords.superuser,
            "replication_password": self._passwords.replication,
        }

    def start(self, *names: str) -> None:
        """Start what is not running: everything, or what is named."""
        for name, daemon in self._daemons.items():
            if not daemon.runs and (not names or name in names):
                daemon.start()

    def stop(self) -> None:
        """Shut down in order: no new callers, then PostgreSQL, then etcd."""
        for name in ("pgbouncer", "patroni", "etcd"):
            if name in self._daemons:
                self._daemons[name].stop()

    def power_off(self) -> None:
        """All that runs here ends at once, in the middle of whatever it does."""
        self.host.kill_all()
        for daemon in self._daemons.values():
            daemon.kill()

    def postmaster(self) -> int:
        """The id of PostgreSQL's first process; raises FileNotFoundError when it does not run."""
        return int((self.disk.folder / "pgdata" / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def kill_postgres(self) -> None:
        """SIGKILL PostgreSQL, every process of it, and leave Patroni alone."""
        kill_family(self.postmaster())

    def slow_down(self, microseconds: int) -> None:
        """Let every flush to this machine's disk wait so long; 0 ends it."""
        self.slowness.write_text(str(microseconds), encoding="utf-8")

    def last_words(self) -> str:
        """The end of each program's log."""
        return "\n".join(
            f"--- {self.host.name}, {name}\n{daemon.tail(6)}" for name, daemon in self._daemons.items()
        )
