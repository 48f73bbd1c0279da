"""The locks hold what pyproject.toml asks for, with hashes, for every platform, and no address."""

import re
import tomllib

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement

from tests.architecture.project_files import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED_FOR: dict[str, list[str]] = {
    "run": PROJECT["project"]["dependencies"],
    "test": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["test"],
    "build": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"],
    "mutation": [text for text in PROJECT["dependency-groups"]["mutation"] if isinstance(text, str)],
}
PLATFORMS = [("linux", "Linux", "posix"), ("win32", "Windows", "nt"), ("darwin", "Darwin", "posix")]


def entries(group: str) -> list[tuple[Requirement, int]]:
    """Return each locked requirement with the number of its hashes."""
    text = (ROOT / "locks" / f"{group}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            found.append((Requirement(requirement.strip()), len(hashes)))
    return found


def machine(python: str, platform: tuple[str, str, str]) -> dict[str, str]:
    """Return what markers see on a PC with one Python on one platform."""
    return {
        **{key: str(value) for key, value in default_environment().items()},
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": "AMD64" if platform[0] == "win32" else "x86_64",
        "sys_platform": platform[0],
        "platform_system": platform[1],
        "os_name": platform[2],
    }


def pins(group: str, python: str, platform: tuple[str, str, str]) -> dict[str, str]:
    """Return the versions, by lower-case name, that the lock gives one Python on one platform."""
    there = machine(python, platform)
    chosen = [entry for entry, _ in entries(group) if entry.marker is None or entry.marker.evaluate(there)]
    versions = {normal(entry.name): str(entry.specifier).removeprefix("==") for entry in chosen}
    assert len(versions) == len(chosen), "one version of each"
    return versions


def normal(name: str) -> str:
    """Return a package's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform[0])
@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.1"])
@pytest.mark.parametrize("group", ASKED_FOR)
def test_the_lock_answers_the_project(group: str, python: str, platform: tuple[str, str, str]) -> None:
    """Whatever pyproject.toml asks for is locked at a version that it allows: nobody forgot ``make lock``."""
    versions, there = pins(group, python, platform), machine(python, platform)
    for text in ASKED_FOR[group]:
        asked = Requirement(text)
        if asked.marker is None or asked.marker.evaluate(there):
            assert asked.specifier.contains(versions[normal(asked.name)])


@pytest.mark.parametrize(
    ("python", "allowed"), [("3.11.2", "6.11.3"), ("3.12.0", "6.12"), ("3.14.0", "6.12")]
)
def test_qt_fits_the_python(python: str, allowed: str) -> None:
    """Below Python 3.12 Qt is the last version whose signals work there, from 3.12 on a newer one."""
    version = pins("run", python, PLATFORMS[0])["pyside6-essentials"]
    assert version.startswith(allowed)
    assert version == pins("run", python, PLATFORMS[0])["shiboken6"]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform[0])
@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.15.0"])
@pytest.mark.parametrize("group", ["test", "build", "mutation"])
def test_one_environment_holds_all_locks(group: str, python: str, platform: tuple[str, str, str]) -> None:
    """What the program runs with has the same version in every lock, for every Python on every platform."""
    assert pins("run", python, platform).items() <= pins(group, python, platform).items()


@pytest.mark.parametrize("group", ASKED_FOR)
def test_every_file_is_known_by_its_hash(group: str) -> None:
    """Each requirement is pinned to one version and has at least one hash."""
    for requirement, hashes in entries(group):
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier))
        assert hashes > 0


@pytest.mark.parametrize("group", ASKED_FOR)
def test_a_lock_holds_no_address(group: str) -> None:
    """No index, no link, no path of the machine that made the lock: each user's own settings decide whence."""
    text = (ROOT / "locks" / f"{group}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(("#", "--hash=sha256:"))]
    assert [] == [line for line in lines if re.match(r"\s*-", line) or "://" in line or " @ " in line]
    assert not re.search(r"://|\s/|--(?!hash=sha256:)", text)


def test_markers_are_evaluated() -> None:
    """The reading of markers above is a real one: the same lock gives two Pythons two versions."""
    assert Marker("python_full_version < '3.12'").evaluate({"python_full_version": "3.11.2"})
    assert pins("run", "3.11.2", PLATFORMS[0]) != pins("run", "3.12.0", PLATFORMS[0])
