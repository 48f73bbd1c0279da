"""`init`, `verify`, `backup`, `restore`, `rotate-key`: the engine's folder as a whole."""

import argparse
from pathlib import Path
from typing import Any

from rich.text import Text

from points_engine.adapters.key_change import change_key
from points_engine.adapters.keys import MasterKey, read_key
from points_engine.back_office import file_copies
from points_engine.back_office.answers import FAILED, Answer, Failed, Listing, plain
from points_engine.back_office.office import Bar, Office
from points_engine.bootstrap import open_engine
from points_engine.databases import database_of


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
        description="Put a backup in the database's place; what was there is kept beside it. On a server it goes into "
        "an empty database, and nothing is replaced.",
    )
    verb.add_argument("file", type=Path, metavar="FILE", help="what `backup` made")
    verb.add_argument(
        "--key", type=Path, metavar="FILE", help="a copy of the key file, where the folder has none"
    )
    verb.add_argument(
        "--force",
        action="store_true",
        help="in a file: although a program has the database open; what it does then is lost",
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


# --- copies


def _backup(office: Office, given: argparse.Namespace) -> Answer:
    office.check_there()
    if not office.settings.database:
        return file_copies.backup(office, given)
    from points_engine.back_office import server_copies  # noqa: PLC0415 -- see databases.py: a file needs no driver

    return server_copies.backup(office, given)


def _restore(office: Office, given: argparse.Namespace) -> Answer:
    if not given.file.is_file():
        raise Failed(
            f"There is no backup {given.file}", "Name a file that `points-engine backup` made.", code=2
        )
    if not office.settings.database:
        return file_copies.restore(office, given)
    from points_engine.back_office import server_copies  # noqa: PLC0415 -- as above

    return server_copies.restore(office, given)


# --- the key


def _rotate_key(office: Office, _given: argparse.Namespace) -> Answer:
    office.check_there()
    with office.progress("sealing PINs", 1) as bar:
        key, pins = _changed_key(office, bar)
    others = "Every engine on this database needs the new key file before it starts.\n"
    told = (
        f"The key is changed; {pins} PINs are sealed under the new one and go on working.\n"
        f"{others if office.settings.database else ''}"
        f"Copy {office.key_file} again, and make a new backup: whoever has an old copy of both can still open that."
    )
    data = {"key_file": str(office.key_file), "pins": pins, "keys_in_file": len(key.fingerprints)}
    return Answer(data, Text(told))


def _changed_key(office: Office, bar: Bar) -> tuple[MasterKey, int]:
    held = read_key(office.key_file)
    if office.settings.database:
        from points_engine.adapters.postgres_key_change import change_key_on_server  # noqa: PLC0415 -- as above
        from points_engine.back_office.server_copies import server_address  # noqa: PLC0415 -- as above

        return change_key_on_server(
            server_address(office), office.key_file, held, bar.reach_of, office.on_durable_step or _no_step
        )
    # Opened first: that brings a database of an older version to this one.
    with office.engine():
        pass
    return change_key(
        office.database, office.key_file, held, bar.reach_of, office.on_durable_step or _no_step
    )


def _no_step(_name: str) -> None:
    """What happens at a durable step when nobody watches."""
