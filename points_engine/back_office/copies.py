"""What `backup` and `restore` have in common, wherever the books are: files in one piece, the key, what is said."""

import argparse
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from points_engine.adapters.keys import MasterKey, read_key, sync_folder
from points_engine.adapters.sqlite_copies import remove_database
from points_engine.back_office.answers import FAULT, Failed
from points_engine.back_office.office import Office
from points_engine.engine.findings import Finding
from points_engine.ports import KeyUnavailable


def target_of(given: argparse.Namespace, suffix: str) -> Path:
    """The file to back up into; a folder gets a new one. Raises Failed when it is there and may not be replaced."""
    file: Path = given.file
    if file.is_dir():
        file = file / f"points-{datetime.now(UTC):%Y%m%d-%H%M%S}{suffix}"
    if file.exists() and not given.force:
        raise Failed(f"{file} is there already", "Choose another name, or add --force.", word="file_exists")
    return file


@contextmanager
def aside_of(target: Path) -> Iterator[Path]:
    """A name beside `target` for what is not whole yet; nothing is left there afterwards. Raises Failed."""
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        # Made first, for its owner alone: who fills it would make it for everybody.
        os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield aside
    except OSError as error:
        raise Failed(
            f"{target} cannot be written ({error.strerror or error})", "Check its folder, its rights and the disk.",
            code=FAULT, word="fault",
        ) from None  # fmt: skip
    finally:
        remove_database(aside)


def put_in_place(aside: Path, target: Path) -> None:
    """Give a file that is whole its name; both outlast a power cut."""
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    sync_folder(target.parent)


def untrue(name: str, what: str) -> Failed:
    """Books that must not pass for good ones later."""
    return Failed(
        f"The books in {name} are not true ({what})",
        "Look with `points-engine verify`, and keep your older backups.",
        word="books_untrue",
    )


def check_found(name: str, found: list[Finding]) -> None:
    """Raises Failed when a verification found something."""
    if found:
        raise untrue(name, f"{len(found)} findings, the first: {found[0].check}, {found[0].subject}")


def key_bound_to(fingerprint: str | None, held: MasterKey, name: str) -> MasterKey:
    """The key that books are bound to, out of the key file. Raises KeyUnavailable, or Failed for no engine's books."""
    if fingerprint is None:
        # An empty file is a database to SQLite: nothing is wrong with it, and there is nothing in it.
        raise untrue(name, "there is no engine in it")
    key = held.with_fingerprint(fingerprint)
    if key is None:
        raise KeyUnavailable(
            f"{name} belongs to another key",
            "Use the copy of the key file that was made with it, or newer.",
        )
    return key


def key_to_restore_with(office: Office, given: argparse.Namespace) -> MasterKey:
    """What the folder's key file holds, or the copy that --key names. Raises Failed or KeyUnavailable."""
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
