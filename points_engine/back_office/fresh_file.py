"""Files for people: whole in their place or not there at all, for their owner alone."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from points_engine.back_office.answers import FAULT, Failed


@contextmanager
def fresh_file(file: Path, encoding: str, *, replaces: bool) -> Iterator[TextIO]:
    """A file for its owner alone, in its place once it is whole and on the disk. Raises Failed."""
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    try:
        if file.exists() and not replaces:
            raise Failed(
                f"{file} is there already", "Choose another name, or add --force.", word="file_exists"
            )
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding=encoding, newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        aside.replace(file)
    except OSError as error:
        raise file_fault(file, "written", error) from None
    finally:
        aside.unlink(missing_ok=True)


def file_fault(file: Path, done: str, error: OSError) -> Failed:
    """What the system says of a file, with what to do."""
    return Failed(
        f"{file} cannot be {done} ({error.strerror or error})",
        "Check its name, its rights and the disk.",
        code=FAULT,
        word="fault",
    )
