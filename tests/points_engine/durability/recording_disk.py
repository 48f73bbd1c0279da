"""A disk that remembers what SQLite wrote and synced, and can be cut off at any moment.

SQLite reaches its files through a table of functions, its VFS (https://www.sqlite.org/vfs.html). Here the platform's
own VFS is registered again as the default, with `xWrite`, `xTruncate`, `xSync` and `xDelete` noted down on their
way to the original. It is done in the very library that Python's `sqlite3` uses, so the engine under test is the one
that ships, unchanged. The shared-memory index is not recorded: a power cut loses it, as here.
"""

import _sqlite3
import ctypes
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

SECTOR_BYTES = 512

_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)


class _IoMethods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("iVersion", c_int), ("xClose", c_void_p), ("xRead", c_void_p), ("xWrite", _WRITE), ("xTruncate", _TRUNCATE),
        ("xSync", _SYNC), *((f"unchanged_{number}", c_void_p) for number in range(13)),
    )  # fmt: skip


class _File(ctypes.Structure):
    """`sqlite3_file`, as far as anybody but its VFS may look."""

    _fields_ = (("pMethods", POINTER(_IoMethods)),)


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = (
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p), ("zName", c_char_p),
        ("pAppData", c_void_p), ("xOpen", _OPEN), ("xDelete", _DELETE),
        *((f"unchanged_{number}", c_void_p) for number in range(14)),
    )  # fmt: skip


class Done(NamedTuple):
    """One thing done to a file: "write" at `offset`, "truncate" to it, "sync" or "delete"; or "told" by the test."""

    what: str
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """All that was done, in order."""

    log: list[Done] = field(default_factory=list)

    def tell(self, note: str) -> None:
        """An acknowledgement: what came before it must outlive any cut after it."""
        self.log.append(Done("told", note))

    def sync_ends(self) -> list[int]:
        """Positions in the log just behind each sync."""
        return [number + 1 for number, done in enumerate(self.log) if done.what == "sync"]


class Cut(NamedTuple):
    """A moment the power goes: the position in the log, and how the unsynced writes fare."""

    position: int
    unsynced: str
    seed: int = 0


UNSYNCED = ("dropped", "kept", "some", "torn", "newest only")
"""What becomes of writes that were not synced: none, all, any subset, any with sectors missing, the last alone."""


def image(disk: Disk, cut: Cut) -> dict[str, bytes]:
    """The files as the machine finds them when the power is back."""
    chance = random.Random(f"{cut}")
    log = disk.log[: cut.position]
    safe_until, folder_safe_until = _safe_until(log)
    files: dict[str, bytearray] = {}
    for number, done in enumerate(log):
        is_safe = number <= safe_until.get(done.name, -1)
        if done.what == "write":
            for offset, data in _survivors(
                done, cut, chance, is_safe=is_safe, is_last=number == len(log) - 1
            ):
                content = files.setdefault(done.name, bytearray())
                content.extend(bytes(max(0, offset + len(data) - len(content))))
                content[offset : offset + len(data)] = data
        elif done.what == "truncate" and (is_safe or cut.unsynced == "kept"):
            del files.setdefault(done.name, bytearray())[done.offset :]
        elif done.what == "delete" and (number <= folder_safe_until or cut.unsynced == "kept"):
            files.pop(done.name, None)
    return {name: bytes(content) for name, content in files.items()}


def _safe_until(log: Sequence[Done]) -> tuple[dict[str, int], int]:
    """Up to where in the log each file is on the platter, and the folder itself: what was deleted from it stays away.

    The first sync of a journal or log that SQLite made syncs the folder too (`UNIXFILE_DIRSYNC` in its `os_unix.c`).
    """
    files: dict[str, int] = {}
    folder = -1
    new: set[str] = set()
    known: set[str] = set()
    for number, done in enumerate(log):
        if done.what == "write" and done.name not in known:
            known.add(done.name)
            new.add(done.name)
        elif done.what == "delete":
            known.discard(done.name)
        elif done.what == "sync":
            files[done.name] = number
            if done.name in new and done.name.endswith(("-journal", "-wal")):
                folder = number
            new.discard(done.name)
    return files, folder


def _survivors(
    done: Done, cut: Cut, chance: random.Random, *, is_safe: bool, is_last: bool
) -> Iterator[tuple[int, bytes]]:
    """What of a write is on the platter."""
    is_lucky = cut.unsynced == "some" and chance.random() < 0.5
    if is_safe or is_lucky or cut.unsynced == "kept" or (cut.unsynced == "newest only" and is_last):
        yield done.offset, done.data
    elif cut.unsynced == "torn" and chance.random() < 0.7:
        first = -done.offset % SECTOR_BYTES
        edges = [0, *range(first or SECTOR_BYTES, len(done.data), SECTOR_BYTES), len(done.data)]
        for start, end in pairwise(edges):
            if chance.random() < 0.6:
                yield done.offset + start, done.data[start:end]


@contextmanager
def recording(folder: Path) -> Iterator[Disk]:
    """Record all that SQLite does to files directly in `folder`; its connections are opened and closed inside."""
    # The extension module's own handle also finds the symbols of the library it is linked with.
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = (c_char_p,)
    original = library.sqlite3_vfs_find(None)
    vfs = _Vfs.from_buffer_copy(original.contents)
    vfs.zName = b"recording"
    shim = _Shim(folder, original.contents)
    vfs.xOpen, vfs.xDelete = shim.open, shim.delete
    library.sqlite3_vfs_register(ctypes.byref(vfs), 1)
    try:
        yield shim.disk
    finally:
        library.sqlite3_vfs_unregister(ctypes.byref(vfs))
        library.sqlite3_vfs_register(original, 1)


class _Shim:
    """The functions put in the way; lives as long as a connection may call them."""

    def __init__(self, folder: Path, original: Any) -> None:
        self.disk = Disk()
        self._folder = folder.resolve()
        self._original = original
        self._names: dict[int, str] = {}
        self._tables: dict[int, _IoMethods] = {}
        self.open = _OPEN(self._open)
        self.delete = _DELETE(self._delete)

    def _name_of(self, path: bytes) -> str | None:
        where = Path(path.decode())
        return where.name if where.parent == self._folder else None

    def _open(self, vfs: int, path: int | None, file: int, flags: int, out_flags: int | None) -> int:
        code = int(self._original.xOpen(vfs, path, file, flags, out_flags))
        name = self._name_of(ctypes.string_at(path)) if path else None
        self._names.pop(file, None)
        if code == 0 and name is not None:
            self._names[file] = name
            methods = _File.from_address(file).pMethods
            address = ctypes.addressof(methods.contents)
            if address not in self._tables:
                self._tables[address] = self._noting(methods.contents)
            _File.from_address(file).pMethods = ctypes.pointer(self._tables[address])
        return code

    def _noting(self, original: _IoMethods) -> _IoMethods:
        """A VFS's functions, with those that change a file noted down once they came through."""
        log, names = self.disk.log, self._names

        def write(file: int, data: int, amount: int, offset: int) -> int:
            code = int(original.xWrite(file, data, amount, offset))
            log.append(Done("write", names[file], offset, ctypes.string_at(data, amount)))
            return code

        def truncate(file: int, size: int) -> int:
            code = int(original.xTruncate(file, size))
            log.append(Done("truncate", names[file], size))
            return code

        def sync(file: int, flags: int) -> int:
            code = int(original.xSync(file, flags))
            log.append(Done("sync", names[file]))
            return code

        table = _IoMethods.from_buffer_copy(original)
        table.xWrite, table.xTruncate, table.xSync = _WRITE(write), _TRUNCATE(truncate), _SYNC(sync)
        return table

    def _delete(self, vfs: int, path: bytes, sync_folder: int) -> int:
        code = int(self._original.xDelete(vfs, path, sync_folder))
        if name := self._name_of(path):
            self.disk.log.append(Done("delete", name))
        return code
