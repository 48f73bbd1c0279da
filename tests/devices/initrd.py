"""Packing a folder as an initial RAM disk: a gzip'd cpio archive in the "newc" format (Linux, early-userspace)."""

import gzip
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"070701"
_CONSOLE = (b"dev/console", stat.S_IFCHR | 0o600, 5, 1)


def pack(folder: Path, archive: Path) -> None:
    """Write everything below `folder`, as root's, and a console for the kernel to speak through."""
    with gzip.open(archive, "wb", compresslevel=6) as out:
        for number, path in enumerate(_below(folder), start=1):
            status = path.lstat()
            data = b""
            if stat.S_ISLNK(status.st_mode):
                data = os.fsencode(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                data = path.read_bytes()
            _entry(out, number, os.fsencode(path.relative_to(folder)), status.st_mode, data)
        name, mode, major, minor = _CONSOLE
        _entry(out, 0, name, mode, b"", major, minor)
        _entry(out, 0, b"TRAILER!!!", 0, b"")


def _below(folder: Path) -> Iterator[Path]:
    """Folders before what is in them, always in the same order."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted([*folders, *files]))


def _entry(
    out: BinaryIO | gzip.GzipFile,
    number: int,
    name: bytes,
    mode: int,
    data: bytes,
    major: int = 0,
    minor: int = 0,
) -> None:
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name) + 1, 0)
    head = _MAGIC + b"".join(b"%08x" % field for field in fields) + name + b"\0"
    out.write(head + bytes(-len(head) % 4))
    out.write(data + bytes(-len(data) % 4))
