"""Which files are the project's own."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.architecture.tidy import Source

ROOT = Path(__file__).resolve().parents[2]

# Where there is no git to ask, these are what .gitignore leaves out.
LEFT_OUT = {
    ".git", ".venv", "__pycache__", "build", "dist", "demo-out", "out", ".hypothesis", ".pytest_cache", ".mypy_cache",
    ".ruff_cache", ".import_linter_cache",
}  # fmt: skip


def own_paths(root: Path = ROOT) -> list[PurePosixPath]:
    """Return the files of the project, relative to its root: tracked ones, and new ones that nothing ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    # git may be missing, or refuse a checkout that belongs to somebody else.
    git = subprocess.run(command, cwd=root, capture_output=True, check=False) if shutil.which("git") else None
    if git and git.returncode == 0:
        paths = [PurePosixPath(name) for name in git.stdout.decode().split("\0") if name]
    else:
        paths = [PurePosixPath(path.relative_to(root).as_posix()) for path in root.rglob("*")]
    # A file that git knows may have just been removed, or moved by somebody who has not said so yet.
    return sorted(path for path in paths if not LEFT_OUT & set(path.parts) and (root / path).is_file())


def pure_modules() -> list[str]:
    """Return the modules and packages that pyproject.toml's contract calls pure."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(contract["source_modules"] for contract in contracts if contract["id"] == "pure_rooms")


def is_pure(path: PurePosixPath, modules: list[str]) -> bool:
    """Say whether a file is one of these modules or lies in one of these packages."""
    dotted = ".".join(path.with_suffix("").parts)
    return any(dotted == module or dotted.startswith(f"{module}.") for module in modules)


def is_python(path: PurePosixPath) -> bool:
    """Say whether a file is Python by its name, or by its first line where it has no suffix."""
    if path.suffix:
        return path.suffix in {".py", ".spec"}
    with (ROOT / path).open("rb") as file:
        return file.readline().startswith(b"#!/usr/bin/env python3")


def own_sources() -> Iterator[Source]:
    """Read every Python file of the project."""
    modules = pure_modules()
    for path in own_paths():
        if is_python(path):
            yield Source(path, (ROOT / path).read_text(encoding="utf-8"), is_pure(path, modules))
