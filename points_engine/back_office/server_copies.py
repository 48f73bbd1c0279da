"""`backup` and `restore` of books on a PostgreSQL server."""

import argparse
from pathlib import Path

from rich.text import Text

from points_engine.adapters.keys import read_key, write_key
from points_engine.adapters.postgres_copies import (
    DumpFacts,
    bring_in,
    facts_of,
    frozen,
    major_of_empty,
    measure,
)
from points_engine.adapters.postgres_programs import DumpDamaged, PostgresPrograms
from points_engine.back_office.answers import WRONG_USE, Answer, Failed
from points_engine.back_office.copies import (
    aside_of,
    check_found,
    key_bound_to,
    key_to_restore_with,
    put_in_place,
    target_of,
    untrue,
)
from points_engine.back_office.office import Office
from points_engine.engine.verify import verify_books
from points_engine.ports import Books

SERVER = "the database's server"


def backup(office: Office, given: argparse.Namespace) -> Answer:
    """Dump the database as it is at one moment, and look through the books of that moment.

    Raises Failed or an EngineFault.
    """
    url, target, held = server_address(office), target_of(given, ".dump"), read_key(office.key_file)
    with aside_of(target) as aside:
        with frozen(url) as state:
            key_bound_to(state.fingerprint, held, SERVER)
            programs = PostgresPrograms(url, state.major)
            with office.progress("copying", 1) as bar:
                programs.dump(aside, state.snapshot)
                bar.reach(1)
            transfers = _looked_through(state.books, SERVER)
        _facts(programs, aside, target)
        put_in_place(aside, target)
    data = {"file": str(target), "bytes": target.stat().st_size, "transfers": transfers, "verified": True}
    return Answer(data, Text(f"{target} holds the whole database, checked. Its key file is not in it."))


def restore(office: Office, given: argparse.Namespace) -> Answer:
    """Bring a backup into an empty database. Raises Failed or an EngineFault, and then it is as empty as before."""
    url, held = server_address(office), key_to_restore_with(office, given)
    major = major_of_empty(url)
    if major is None:
        raise Failed(
            "The database is not empty",
            "On a server nothing is replaced: make a fresh one, name it in the setting `database`, and restore there.",
            word="not_empty",
        )
    programs = PostgresPrograms(url, major)
    facts = _facts(programs, given.file, given.file)
    if facts.version is None:
        raise untrue(given.file.name, "there is no engine in it")
    key_bound_to(facts.fingerprint, held, given.file.name)
    office.folder.mkdir(parents=True, exist_ok=True)
    counted: list[int] = []
    makes_key = not office.key_file.exists()

    def look_through(books: Books) -> None:
        counted.append(_looked_through(books, given.file.name))
        if makes_key:
            write_key(office.key_file, held, replaces=False)

    try:
        with aside_of(office.folder / "contents") as contents, office.progress("restoring", 1) as bar:
            bring_in(url, programs, given.file, contents, facts.version, look_through)
            bar.reach(1)
    except BaseException:
        if makes_key:
            office.key_file.unlink(missing_ok=True)
        raise
    measure(url)
    transfers = counted[0]
    data = {"file": str(given.file), "transfers": transfers, "kept": None}
    return Answer(data, Text(f"The database is that of {given.file} now, checked: {transfers} transfers."))


def server_address(office: Office) -> str:
    """The server's own address. Raises Failed when only one through a pooler is known."""
    settings = office.settings
    if not settings.database_is_pooled:
        return settings.database
    if not settings.database_listen:
        raise Failed(
            "The database's address leads through a pooler, and a copy needs the server itself",
            "Name its own address in the setting `database_listen`.",
            code=WRONG_USE,
            word="needs_the_server",
        )
    return settings.database_listen


def _looked_through(books: Books, name: str) -> int:
    """How many transfers there are. Raises Failed unless the books are true."""
    check_found(name, verify_books(books))
    return sum(1 for _ in books.all_transfers())


def _facts(programs: PostgresPrograms, dump: Path, named: Path) -> DumpFacts:
    try:
        return facts_of(programs, dump)
    except DumpDamaged as error:
        raise Failed(
            f"{named} is no whole backup of a database on a server ({error})",
            "Name a file that `points-engine backup` made of one, and keep your older backups.",
            word="books_untrue",
        ) from None
