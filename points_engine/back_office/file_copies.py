"""`backup` and `restore` of books in a file."""

import argparse
import shutil
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from points_engine.adapters.keys import MasterKey, read_key, write_key
from points_engine.adapters.sqlite_copies import (
    StoreInUse,
    bound_fingerprint,
    copy_database,
    damage_of,
    remove_logs,
    to_oneself,
)
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.back_office.answers import DONE, Answer
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
from points_engine.engine.verify import verify


def backup(office: Office, given: argparse.Namespace) -> Answer:
    """Copy the database's file, and check the copy. Raises Failed or an EngineFault."""
    target = target_of(given, ".sqlite")
    with aside_of(target) as aside:
        with office.progress("copying", 1) as bar:
            copy_database(office.database, aside, bar.reach_of)
        transfers = _checked(aside, _key_for(aside, read_key(office.key_file)))
        put_in_place(aside, target)
    data = {"file": str(target), "bytes": target.stat().st_size, "transfers": transfers, "verified": True}
    return Answer(data, Text(f"{target} holds the whole database, checked. Its key file is not in it."))


def _checked(database: Path, key: MasterKey) -> int:
    """Raises Failed unless the file is whole and its books are true; returns how many transfers they hold."""
    damage = damage_of(database)
    if damage is not None:
        raise untrue(database.name, damage)
    store = SqliteStore(database, key.fingerprint)
    try:
        found = verify(store)
        transfers = store.look(lambda books: sum(1 for _ in books.all_transfers()))
    finally:
        store.close()
    check_found(database.name, found)
    return transfers


def _key_for(database: Path, held: MasterKey) -> MasterKey:
    return key_bound_to(bound_fingerprint(database), held, database.name)


def restore(office: Office, given: argparse.Namespace) -> Answer:
    """Put a checked backup in the place of the database's file. Raises Failed or an EngineFault."""
    held = key_to_restore_with(office, given)
    office.folder.mkdir(parents=True, exist_ok=True)
    with aside_of(office.database) as aside:
        shutil.copyfile(given.file, aside)
        transfers = _checked(aside, _key_for(aside, held))
        if not office.key_file.exists():
            write_key(office.key_file, held, replaces=False)
        kept = _replace_database(office, aside, is_forced=given.force)
    data = {"file": str(given.file), "transfers": transfers, "kept": kept and str(kept)}
    told = f"The database is that of {given.file} now, checked: {transfers} transfers."
    return Answer(data, Text(f"{told} What was there is in {kept}." if kept else told), DONE)


def _replace_database(office: Office, aside: Path, *, is_forced: bool) -> Path | None:
    """Put the checked copy in the database's place; where the old one is kept. Raises StoreInUse."""
    database = office.database
    if not database.exists():
        remove_logs(database)
        put_in_place(aside, database)
        return None
    kept = database.with_name(f"{database.stem}-before-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}{database.suffix}")
    try:
        with to_oneself(database):
            shutil.copyfile(database, kept)
            put_in_place(aside, database)
    except StoreInUse as fault:
        if not is_forced:
            raise StoreInUse(
                fault.problem, f"{fault.remedy} Or add --force: what it does from now on is lost."
            ) from None
        copy_database(database, kept, lambda _done, _all: None)
        remove_logs(database)
        put_in_place(aside, database)
    kept.chmod(0o600)
    return kept
