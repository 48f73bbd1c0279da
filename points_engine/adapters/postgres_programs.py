"""PostgreSQL's own programs for copies of a whole database: `pg_dump` and `pg_restore`, of the server's version.

What they need to connect is in their environment, never among their arguments, which everybody on the machine may read.
What they complain about is put in our words: theirs may show rows.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo

from points_engine.adapters.postgres_connections import parsed
from points_engine.adapters.postgres_faults import refused_connection_words
from points_engine.ports import StoreUnavailable

APPLICATION = "points-engine copies"
LOCK_WAIT_SECONDS = 60
"""For so long a dump waits for somebody who changes the tables."""

_PLACES = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "/usr/local/pgsql/bin",
    "C:/Program Files/PostgreSQL/{major}/bin",
)
"""Where servers keep their programs, for those that are not on the PATH."""
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")

_BOTH = ("--no-password", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions")
"""A copy holds the engine's tables, for whoever restores it; no roles, and no passwords of a subscription's."""

_SAID: tuple[tuple[str, str, str], ...] = (
    ("No space left on device", "There is no room for the copy", "Make room on its disk, and try again."),
    (
        "could not extend file",
        "The database server's disk is full",
        "Make room on it; nothing has to be repaired.",
    ),
    (
        "unsupported version",
        "The backup was made by a newer PostgreSQL than the server's",
        "Restore it into a server of that version, or a newer one.",
    ),
    (
        "already exists",
        "Somebody made tables in the database meanwhile",
        "Restore into a database that nobody uses: stop the engines that have its address.",
    ),
    (
        "permission denied",
        "The database does not permit this to the engine's user",
        "Let the user in the database's address own the database, or grant it what it needs.",
    ),
    (
        "lock timeout",
        "Others have kept what this needs locked for too long",
        "Try again; nothing has to be repaired.",
    ),
)


class DumpDamaged(Exception):
    """A file is no whole dump; says in a few words why."""


def found_program(name: str, major: int, path: str | None = None, places: Sequence[str] = _PLACES) -> str:
    """Where a program of this major version is: on the `path` (the PATH's own), or beside a server's.

    Raises StoreUnavailable, with what to install.
    """
    named = (shutil.which(name, path=path), *(shutil.which(name, path=each) for each in _of(major, places)))
    others = []
    for place in filter(None, named):
        version = _version_of(place)
        if version == major:
            return place
        others.append(str(version))
    remedy = (
        f"Install the client programs of PostgreSQL {major} on this machine (Debian: postgresql-client-{major}), or put"
        " the folder they are in on the PATH."
    )
    if others:
        versions = ", ".join(sorted(set(others)))
        raise StoreUnavailable(
            f"{name} on this machine is of PostgreSQL {versions}, the database's server of {major}", remedy
        )
    raise StoreUnavailable(f"{name} is not on this machine", remedy)


def _of(major: int, places: Sequence[str]) -> Sequence[str]:
    return [place.format(major=major) for place in places]


def _version_of(program: str) -> int | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    version = _VERSION.search(said)
    return None if version is None else int(version[1])


class PostgresPrograms:
    """The programs for one database: `url` leads to it, `major` is its server's version.

    Raises StoreUnavailable when one is missing or fails, DumpDamaged for a file that is no whole dump.
    """

    def __init__(self, url: str, major: int) -> None:
        self._environment, self._connection = surroundings(url)
        self._dump = found_program("pg_dump", major)
        self._restore = found_program("pg_restore", major)

    def dump(self, target: Path, snapshot: str) -> None:
        """Write the whole database, as an exported snapshot shows it, into a file that is there and empty."""
        self._run(
            self._dump, "--format=custom", *_BOTH, f"--snapshot={snapshot}",
            f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s", f"--file={target}", f"--dbname={self._connection}",
        )  # fmt: skip

    def restore(self, dump: Path, contents: Path) -> None:
        """Bring what `contents` names out of a dump into the database, all of it or nothing."""
        self._run(
            self._restore, "--single-transaction", "--exit-on-error", *_BOTH, "--no-tablespaces",
            f"--use-list={contents}", f"--dbname={self._connection}", str(dump),
        )  # fmt: skip

    def read(self, dump: Path) -> None:
        """Read a dump from its beginning to its end."""
        self._offline(dump, f"--file={os.devnull}")

    def contents(self, dump: Path) -> str:
        """What is in a dump, a line each, as `restore` takes it."""
        return self._offline(dump, "--list")

    def rows(self, dump: Path, table: str) -> list[list[str]]:
        """The rows of one small table in a dump, as texts."""
        lines = self._offline(dump, "--data-only", f"--table={table}", "--file=-").splitlines()
        begins = [number for number, line in enumerate(lines) if line.startswith("COPY ")]
        if not begins:
            return []
        rows = lines[begins[0] + 1 :]
        return [line.split("\t") for line in rows[: rows.index("\\.")]]

    def _offline(self, dump: Path, *arguments: str) -> str:
        done = self._done(self._restore, (*arguments, str(dump)))
        if done.returncode:
            fault = _known(done.stderr)
            if fault is not None:
                raise fault
            raise DumpDamaged(_first_error(done.stderr))
        return done.stdout

    def _run(self, program: str, *arguments: str) -> None:
        done = self._done(program, arguments)
        if done.returncode:
            raise fault_of(Path(program).stem, done.stderr)

    def _done(self, program: str, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                [program, *arguments], env=self._environment, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, encoding="utf-8", errors="replace", check=False,
            )  # fmt: skip
        except OSError as error:
            raise StoreUnavailable(
                f"{Path(program).stem} cannot be started ({error.strerror})", "Install it anew."
            ) from None


def surroundings(url: str) -> tuple[Mapping[str, str], str]:
    """An environment with all that an address says, and what of it has no variable, as arguments: nothing secret."""
    says = {**parsed(url), "application_name": APPLICATION}
    environment = {**os.environ, "LC_ALL": "C"}
    others: dict[str, str] = {}
    for option in pq.Conninfo.get_defaults():
        keyword = option.keyword.decode()
        if says.get(keyword) is None:
            continue
        if option.envvar is not None:
            environment[option.envvar.decode()] = str(says[keyword])
        elif option.dispchar != b"*":
            others[keyword] = str(says[keyword])
    return environment, make_conninfo(**others)


def fault_of(program: str, said: str) -> StoreUnavailable:
    """What a program complained about, as a fault with a remedy."""
    return _known(said) or StoreUnavailable(
        f"{program} failed ({_first_error(said)})", "Look into the database server's log, and try again."
    )


def _known(said: str) -> StoreUnavailable | None:
    for words, problem, remedy in _SAID:
        if words in said:
            return StoreUnavailable(problem, remedy)
    return refused_connection_words(said) if "connection to server" in said else None


def _first_error(said: str) -> str:
    """The first complaint, without the values that a server quotes in it."""
    first = next((line for line in said.splitlines() if "error:" in line), "error: it did not say why")
    told, mark, by_the_server = first.partition("ERROR:")
    return told.partition("error: ")[2] + mark + re.sub(r'"[^"]*"?', '"…"', by_the_server)
