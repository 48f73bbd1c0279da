"""PostgreSQL's programs: found in the right version, given what they need in secret, and put in our words."""

from pathlib import Path

import pytest

from points_engine.adapters.postgres_programs import fault_of, found_program, surroundings
from points_engine.ports import StoreUnavailable


def make(folder: Path, version: str) -> Path:
    """A program that says its version."""
    folder.mkdir(parents=True)
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\necho '{version}'\n", encoding="ascii")
    program.chmod(0o755)
    return program


def test_the_servers_version_is_found(tmp_path: Path) -> None:
    """On the PATH, or beside a server's programs; never one of another version."""
    places = [f"{tmp_path}/{{major}}/bin"]
    make(tmp_path / "path", "pg_dump (PostgreSQL) 15.3 (Debian 15.3-0+deb12u1)")
    beside = make(tmp_path / "17" / "bin", "pg_dump (PostgreSQL) 17beta1")
    path = str(tmp_path / "path")
    assert str(tmp_path / "path" / "pg_dump") == found_program("pg_dump", 15, path, places)
    assert str(beside) == found_program("pg_dump", 17, path, places)


@pytest.mark.parametrize(
    ("installed", "problem"),
    [
        ({}, "pg_dump is not on this machine"),
        ({"path": "pg_dump (PostgreSQL) 13.1"}, "pg_dump on this machine is of PostgreSQL 13, the database"),
        ({"path": "nonsense"}, "pg_dump on this machine is of PostgreSQL None, the database"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(tmp_path: Path, installed: dict[str, str], problem: str) -> None:
    """With what to install."""
    for folder, version in installed.items():
        make(tmp_path / folder, version)
    with pytest.raises(StoreUnavailable) as fault:
        found_program("pg_dump", 16, str(tmp_path / "path"), [])
    assert problem in fault.value.problem
    assert "postgresql-client-16" in fault.value.remedy


def test_secrets_are_in_the_environment_alone() -> None:
    """What has no variable is among the arguments; what is secret never."""
    environment, arguments = surroundings(
        "postgresql://lin:hunter2@db-1,db-2:5433/points?sslmode=verify-full&sslpassword=hunter3&keepalives_idle=7"
    )
    told = {"PGUSER": "lin", "PGPASSWORD": "hunter2", "PGHOST": "db-1,db-2", "PGDATABASE": "points"}
    assert told == {name: environment[name] for name in told}
    assert ("verify-full", "read-write") == (environment["PGSSLMODE"], environment["PGTARGETSESSIONATTRS"])
    assert "keepalives_idle=7" in arguments
    assert "hunter" not in arguments


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            'pg_dump: error: connection to server at "db-1", port 5432 failed: FATAL:  password authentication failed',
            "The database does not accept the engine's user or password",
        ),
        ("pg_restore: error: unsupported version (1.16) in file header", "made by a newer PostgreSQL"),
        ("pg_dump: error: could not write to file: No space left on device", "no room for the copy"),
        ('pg_restore: error: … ERROR:  relation "account" already exists', "Somebody made tables"),
        (
            'pg_restore: error: COPY failed for table "member": ERROR:  no: "+8613812345678"\nCONTEXT: line 1, "lin"',
            'pg_restore failed (COPY failed for table "member": ERROR:  no: "…")',
        ),
        ("", "pg_restore failed (it did not say why)"),
    ],
)
def test_complaints_are_put_in_our_words(said: str, problem: str) -> None:
    """A remedy, and nothing of what a row says."""
    fault = fault_of("pg_restore", said)
    assert problem in fault.problem
    assert fault.remedy
    for row in ("+8613812345678", "lin"):
        assert row not in fault.problem + fault.remedy
