"""`init`, `verify`, `backup`, `restore`, `rotate-key`: the engine's folder as a whole."""

import argparse
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from points_engine.adapters.key_change import change_key
from points_engine.adapters.keys import MasterKey, read_key, sync_folder, write_key
from points_engine.adapters.sqlite_copies import (
    StoreInUse,
    bound_fingerprint,
    copy_database,
    damage_of,
    remove_database,
    remove_logs,
    to_oneself,
)
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.back_office.answers import DONE, FAILED, FAULT, Answer, Failed, Listing, plain
from points_engine.back_office.office import Office
from points_engine.bootstrap import open_engine
from points_engine.databases import database_of
from points_engine.engine.verify import verify
from points_engine.ports import KeyUnavailable


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "init", parents=[shared], help="make the engine's folder, its key and its database"
    )
    verb.set_defaults(run=_init)

    verb = verbs.add_parser(
        "verify", parents=[shared], help="are the books true: chain, sums, balances, every payment's state"
    )
    verb.set_defaults(run=_verify)

    verb = verbs.add_parser(
        "backup",
        parents=[shared],
        help="copy the database as it is now, while tills go on, and check the copy",
    )
    verb.add_argument("file", type=Path, metavar="FILE", help="a new file, or a folder to make one in")
    verb.add_argument("--force", action="store_true", help="replace the file if it is there")
    verb.set_defaults(run=_backup)

    verb = verbs.add_parser(
        "restore",
        parents=[shared],
        help="put a backup in the database's place; what was there is kept beside it",
    )
    verb.add_argument("file", type=Path, metavar="FILE", help="what `backup` made")
    verb.add_argument(
        "--key", type=Path, metavar="FILE", help="a copy of the key file, where the folder has none"
    )
    verb.add_argument(
        "--force",
        action="store_true",
        help="although a program has the database open: what it does then is lost",
    )
    verb.set_defaults(run=_restore)

    verb = verbs.add_parser(
        "rotate-key",
        parents=[shared],
        help="a new key; PINs and credentials go on working, payment and SMS codes and sessions end",
    )
    verb.set_defaults(run=_rotate_key)


def _init(office: Office, _given: argparse.Namespace) -> Answer:
    settings = office.settings
    was_there = database_of(office.folder, settings).is_there()
    open_engine(office.folder, settings, clock=office.clock, sweep_every_seconds=None).close()
    word = "was there already" if was_there else "is ready"
    told = (
        f"The engine in {office.folder} {word}.\n"
        f"Keep a copy of {office.key_file.name} apart from the copies of the database: the one without the other opens "
        "nothing."
    )
    data = {"folder": str(office.folder), "key_file": str(office.key_file), "created": not was_there}
    return Answer(data, Text(told))


def _verify(office: Office, _given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        found = engine.verify()
    if not found:
        return Answer({"findings": []}, Text("The books are true."))
    rows = [{"check": str(each.check), "subject": each.subject, "seen": each.seen} for each in found]
    listing = Listing("What is wrong with the books", ("check", "subject", "seen"), rows)
    note = "Somebody changed the database by other means than the engine, or the disk failed. Keep the file."
    return Answer({"findings": plain(rows)}, listing.answer(note=note).shown, FAILED)


# --- backup


def _backup(office: Office, given: argparse.Namespace) -> Answer:
    office.check_in_file(
        "Back it up with PostgreSQL's own means, pg_dump or an archive of its log; docs/postgres.md says how."
    )
    office.check_there()
    target = _target(given.file)
    if target.exists() and not given.force:
        raise Failed(f"{target} is there already", "Choose another name, or add --force.", word="file_exists")
    with _aside(target) as aside:
        with office.progress("copying", 1) as bar:
            copy_database(office.database, aside, bar.reach_of)
        payments = _checked(aside, _key_for(aside, read_key(office.key_file)))
        _put_in_place(aside, target)
    data = {"file": str(target), "bytes": target.stat().st_size, "transfers": payments, "verified": True}
    return Answer(data, Text(f"{target} holds the whole database, checked. Its key file is not in it."))


def _target(file: Path) -> Path:
    if not file.is_dir():
        return file
    return file / f"points-{datetime.now(UTC):%Y%m%d-%H%M%S}.sqlite"


def _checked(database: Path, key: MasterKey) -> int:
    """Raises Failed unless the file is whole and its books are true; returns how many transfers they hold."""
    damage = damage_of(database)
    if damage is not None:
        raise _untrue(database, damage)
    store = SqliteStore(database, key.fingerprint)
    try:
        found = verify(store)
        transfers = store.look(lambda books: sum(1 for _ in books.all_transfers()))
    finally:
        store.close()
    if found:
        raise _untrue(database, f"{len(found)} findings, the first: {found[0].check}, {found[0].subject}")
    return transfers


def _untrue(database: Path, what: str) -> Failed:
    return Failed(
        f"The books in {database.name} are not true ({what})",
        "Look with `points-engine verify`, and keep your older backups.",
        word="books_untrue",
    )


def _key_for(database: Path, held: MasterKey) -> MasterKey:
    """The key a database belongs to, out of the key file. Raises KeyUnavailable, or Failed for no engine's database."""
    fingerprint = bound_fingerprint(database)
    if fingerprint is None:
        # An empty file is a database to SQLite: nothing is wrong with it, and there is nothing in it.
        raise _untrue(database, "there is no engine in it")
    key = held.with_fingerprint(fingerprint)
    if key is None:
        raise KeyUnavailable(
            f"{database.name} belongs to another key",
            "Use the copy of the key file that was made with it, or newer.",
        )
    return key


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A name beside `target` for what is not whole yet; nothing is left there afterwards."""
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        # Made first, for its owner alone: SQLite would make it for everybody.
        os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield aside
    except OSError as error:
        raise Failed(
            f"{target} cannot be written ({error.strerror or error})", "Check its folder, its rights and the disk.",
            code=FAULT, word="fault",
        ) from None  # fmt: skip
    finally:
        remove_database(aside)


def _put_in_place(aside: Path, target: Path) -> None:
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    sync_folder(target.parent)


# --- restore


def _restore(office: Office, given: argparse.Namespace) -> Answer:
    office.check_in_file("Restore it with PostgreSQL's own means; docs/postgres.md says how.")
    if not given.file.is_file():
        raise Failed(
            f"There is no backup {given.file}", "Name a file that `points-engine backup` made.", code=2
        )
    held = _key_to_restore_with(office, given)
    office.folder.mkdir(parents=True, exist_ok=True)
    with _aside(office.database) as aside:
        shutil.copyfile(given.file, aside)
        transfers = _checked(aside, _key_for(aside, held))
        if not office.key_file.exists():
            write_key(office.key_file, held, replaces=False)
        kept = _replace_database(office, aside, is_forced=given.force)
    data = {"file": str(given.file), "transfers": transfers, "kept": kept and str(kept)}
    told = f"The database is that of {given.file} now, checked: {transfers} transfers."
    return Answer(data, Text(f"{told} What was there is in {kept}." if kept else told), DONE)


def _key_to_restore_with(office: Office, given: argparse.Namespace) -> MasterKey:
    if office.key_file.exists():
        held = read_key(office.key_file)
        if given.key is not None and not set(read_key(given.key).fingerprints) <= set(held.fingerprints):
            raise Failed(
                f"{office.key_file} is another key than {given.key}",
                "Restore into an empty folder, or move that key file away if nothing needs it.",
                word="key_differs",
            )
        return held
    if given.key is None:
        raise KeyUnavailable(
            f"There is no key file in {office.folder}",
            "Name your copy of it with --key: the backup needs it.",
        )
    return read_key(given.key)


def _replace_database(office: Office, aside: Path, *, is_forced: bool) -> Path | None:
    """Put the checked copy in the database's place; where the old one is kept. Raises StoreInUse."""
    database = office.database
    if not database.exists():
        remove_logs(database)
        _put_in_place(aside, database)
        return None
    kept = database.with_name(f"{database.stem}-before-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}{database.suffix}")
    try:
        with to_oneself(database):
            shutil.copyfile(database, kept)
            _put_in_place(aside, database)
    except StoreInUse as fault:
        if not is_forced:
            raise StoreInUse(
                fault.problem, f"{fault.remedy} Or add --force: what it does from now on is lost."
            ) from None
        copy_database(database, kept, lambda _done, _all: None)
        remove_logs(database)
        _put_in_place(aside, database)
    kept.chmod(0o600)
    return kept


# --- the key


def _rotate_key(office: Office, _given: argparse.Namespace) -> Answer:
    office.check_in_file(
        "Its key cannot be changed yet: every engine on it would need the new one at the same moment."
    )
    # Opened first: that brings a database of an older version to this one.
    with office.engine():
        pass
    with office.progress("sealing PINs", 1) as bar:
        key, pins = change_key(
            office.database, office.key_file, read_key(office.key_file), bar.reach_of, lambda _step: None
        )
    told = (
        f"The key is changed; {pins} PINs are sealed under the new one and go on working.\n"
        f"Copy {office.key_file} again, and make a new backup: whoever has an old copy of both can still open that."
    )
    data = {"key_file": str(office.key_file), "pins": pins, "keys_in_file": len(key.fingerprints)}
    return Answer(data, Text(told))
