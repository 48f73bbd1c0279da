"""`backup` and `restore` of books on a PostgreSQL server."""

import itertools
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from points_engine.adapters import postgres_copies
from points_engine.adapters.keys import read_key
from points_engine.adapters.postgres_programs import PostgresPrograms
from points_engine.adapters.postgres_schema import MIGRATIONS, migrate
from points_engine.adapters.postgres_store import PostgresStore
from points_engine.bootstrap import KEY_NAME
from points_engine.contract import PaymentState
from points_engine.ports import StoreUnavailable
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.shop import RIGHT_PIN, Shop, payment
from tests.postgres_server import PostgresServer, program
from tests.waiting import PATIENCE_SECONDS

SECRET = "hunter2"


@pytest.fixture
def far_desk(tmp_path: Path, postgres_url: str) -> Desk:
    """A desk whose engine keeps its books on a server, with a member and a payment."""
    made = Desk(tmp_path / "engine", {"POINTS_ENGINE_DATABASE": postgres_url})
    made.ask("init")
    with opened(made, postgres_url) as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.pay("m-1", 40, "order-before")
    return made


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a database with nothing in it."""
    url = postgres_server.fresh("template0")
    yield url
    postgres_server.drop(url)


def opened(desk: Desk, url: str) -> Shop:
    """The engine's shop on a desk's books."""
    return Shop(desk.folder, clock=desk.clock, database=url)


def moved_to(desk: Desk, folder: Path, url: str) -> Desk:
    """A desk at another folder and database, at the same time of day."""
    made = Desk(folder, {"POINTS_ENGINE_DATABASE": url})
    made.clock = desk.clock
    return made


def things_in(url: str) -> list[str]:
    """What is in a database, as the statements that would remove it."""
    with psycopg.connect(url, autocommit=True) as connection:
        return list(postgres_copies._things(connection))


def test_a_backup_becomes_an_engine_elsewhere(far_desk: Desk, tmp_path: Path, empty_url: str) -> None:
    """With a copy of the key: the same members, payments and PINs; and the shop goes on."""
    told = far_desk.ask("backup", tmp_path / "copy.dump")
    assert (True, 2) == (told["verified"], told["transfers"])
    assert 0o600 == stat.S_IMODE((tmp_path / "copy.dump").stat().st_mode)
    moved = moved_to(far_desk, tmp_path / "elsewhere", empty_url)
    assert "There is no key file" in moved.fail("restore", tmp_path / "copy.dump")["problem"]
    restored = moved.ask("restore", tmp_path / "copy.dump", "--key", far_desk.folder / KEY_NAME)
    assert {"file": str(tmp_path / "copy.dump"), "transfers": 2, "kept": None} == restored
    assert {KEY_NAME} == {path.name for path in moved.folder.iterdir()}
    assert {"findings": []} == moved.ask("verify")
    assert 4_960 == moved.ask("show", "member", "m-1")["accounts"][0]["balance_units"]
    with opened(moved, empty_url) as shop:
        shop._numbers = itertools.count(100)
        order_id = shop.pay("m-1", 600, "with-pin").order_id
        assert PaymentState.SUCCEEDED is payment(shop.answer(order_id, RIGHT_PIN)).state
        assert [] == shop.engine.verify()


def test_a_backup_is_taken_while_tills_charge(
    far_desk: Desk, tmp_path: Path, postgres_url: str, empty_url: str
) -> None:
    """What was acknowledged before it began is in it; what came during it is whole or not there."""
    with opened(far_desk, postgres_url) as shop:
        shop._numbers = itertools.count(100)
        stop, charged = threading.Event(), threading.Event()

        def charge_on() -> None:
            number = 0
            while not stop.is_set():
                shop.pay("m-1", 1, f"meanwhile-{number}")
                number += 1
                charged.set()

        till = threading.Thread(target=charge_on)
        till.start()
        try:
            assert charged.wait(PATIENCE_SECONDS)
            told = far_desk.ask("backup", tmp_path)
        finally:
            stop.set()
            till.join()
    moved = moved_to(far_desk, tmp_path / "elsewhere", empty_url)
    restored = moved.ask("restore", told["file"], "--key", far_desk.folder / KEY_NAME)
    assert told["transfers"] == restored["transfers"] >= 3
    assert {"findings": []} == moved.ask("verify")
    with opened(moved, empty_url) as shop:
        assert PaymentState.SUCCEEDED is payment(shop.query("meanwhile-0")).state


def test_a_backup_replaces_nothing_unless_told(far_desk: Desk, tmp_path: Path) -> None:
    """A name that is taken, a folder to make one in; and nothing half-made is left anywhere."""
    kept = tmp_path / "backups"
    kept.mkdir()
    (kept / "mine.dump").write_text("not to be lost", encoding="utf-8")
    assert "file_exists" == far_desk.fail("backup", kept / "mine.dump")["error"]
    assert "not to be lost" == (kept / "mine.dump").read_text(encoding="utf-8")
    made = Path(far_desk.ask("backup", kept)["file"])
    assert (kept, "points-", ".dump") == (made.parent, made.name[:7], made.suffix)
    far_desk.ask("backup", kept / "mine.dump", "--force")
    assert {"mine.dump", made.name} == {path.name for path in kept.iterdir()}


def spoil(url: str) -> None:
    """Give somebody more than the ledger says."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE account SET balance_units = 7 WHERE kind = 'customer' AND balance_units > 0"
        )


def test_untrue_books_make_no_backup(far_desk: Desk, tmp_path: Path, postgres_url: str) -> None:
    """A copy of edited books would pass for a good one later."""
    spoil(postgres_url)
    assert "books_untrue" == far_desk.fail("backup", tmp_path / "bad.dump")["error"]
    assert ["engine"] == [path.name for path in tmp_path.iterdir()]


def test_untrue_books_are_not_restored(
    far_desk: Desk, tmp_path: Path, postgres_url: str, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is as empty as it was, also the key's folder; and nobody could have opened it meanwhile."""
    spoil(postgres_url)
    with monkeypatch.context() as blind:
        blind.setattr("points_engine.back_office.server_copies.verify_books", lambda _books: [])
        far_desk.ask("backup", tmp_path / "edited.dump")
    moved = moved_to(far_desk, tmp_path / "elsewhere", empty_url)
    seen = list[str]()

    def meanwhile(connection: psycopg.Connection[object]) -> int:
        # Everything is restored by now, and committed.
        with pytest.raises(StoreUnavailable) as fault:
            PostgresStore(empty_url, "f" * 16)
        seen.append(fault.value.problem)
        return migrate(connection)

    monkeypatch.setattr(postgres_copies, "migrate", meanwhile)
    failed = moved.fail("restore", tmp_path / "edited.dump", "--key", far_desk.folder / KEY_NAME)
    assert ("books_untrue", 1) == (failed["error"], failed["code"])
    assert ["The database belongs to another program"] == seen
    assert [] == things_in(empty_url)
    assert [] == list(moved.folder.iterdir())


def test_nothing_is_restored_over_anything(far_desk: Desk, tmp_path: Path, empty_url: str) -> None:
    """An engine's database, or another program's, stays as it is."""
    far_desk.ask("backup", tmp_path / "copy.dump")
    assert "not_empty" == far_desk.fail("restore", tmp_path / "copy.dump", "--force")["error"]
    assert {"findings": []} == far_desk.ask("verify")
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA theirs")
        connection.execute("CREATE TABLE theirs.diary (day text)")
    moved = moved_to(far_desk, tmp_path / "elsewhere", empty_url)
    failed = moved.fail("restore", tmp_path / "copy.dump", "--key", far_desk.folder / KEY_NAME)
    assert "not_empty" == failed["error"]
    assert not moved.folder.exists()


@pytest.mark.parametrize("content", [b"", b"this is a diary" * 1_000, None])
def test_what_is_no_backup_changes_nothing(
    far_desk: Desk, tmp_path: Path, empty_url: str, content: bytes | None
) -> None:
    """An empty file, a file of something else, half a backup."""
    wrong = tmp_path / "wrong.dump"
    far_desk.ask("backup", tmp_path / "whole.dump")
    whole = (tmp_path / "whole.dump").read_bytes()
    wrong.write_bytes(whole[: len(whole) * 3 // 4] if content is None else content)
    moved = moved_to(far_desk, tmp_path / "elsewhere", empty_url)
    failed = moved.fail("restore", wrong, "--key", far_desk.folder / KEY_NAME)
    assert ("books_untrue", 1) == (failed["error"], failed["code"])
    assert [] == things_in(empty_url)


def test_a_backup_of_no_engine_or_another_key_is_noticed(
    far_desk: Desk, tmp_path: Path, postgres_server: PostgresServer, empty_url: str
) -> None:
    """Before anything is brought into the database."""
    stranger = Desk(tmp_path / "stranger", {"POINTS_ENGINE_DATABASE": empty_url})
    far_desk.ask("backup", tmp_path / "copy.dump")
    made = stranger.folder / KEY_NAME
    Desk(tmp_path / "third").ask("init")
    failed = stranger.fail("restore", tmp_path / "copy.dump", "--key", tmp_path / "third" / KEY_NAME)
    assert ("fault", 3) == (failed["error"], failed["code"])
    assert "belongs to another key" in failed["problem"]
    assert (False, []) == (made.exists(), things_in(empty_url))
    other = postgres_server.fresh("template0")
    postgres_server_dump(other, tmp_path / "diary.dump")
    failed = stranger.fail("restore", tmp_path / "diary.dump", "--key", far_desk.folder / KEY_NAME)
    assert "there is no engine in it" in failed["problem"]
    postgres_server.drop(other)


def postgres_server_dump(url: str, target: Path) -> None:
    """A dump of a database with a diary in it, by the same means."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE diary (day text)")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        programs = PostgresPrograms(url, connection.info.server_version // 10_000)
        target.touch()
        programs.dump(target, row[0])


def test_a_backup_of_an_older_version_is_led_forward(
    far_desk: Desk,
    tmp_path: Path,
    empty_url: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is restored, and has this engine's version; one of a newer version is left alone."""
    older = postgres_server.fresh("template0")
    with psycopg.connect(older, autocommit=True) as connection:
        migrate(connection, MIGRATIONS[:1])
        fingerprint = Desk(tmp_path / "old")
        fingerprint.ask("init")
        connection.execute(
            "INSERT INTO engine_fact VALUES ('key_fingerprint', %s)", [key_of(tmp_path / "old")]
        )
    old = Desk(tmp_path / "old", {"POINTS_ENGINE_DATABASE": older})
    assert "has version 1" in old.fail("backup", tmp_path / "v1.dump")["problem"]
    monkeypatch.setattr(postgres_copies, "MIGRATIONS", MIGRATIONS[:1])
    with monkeypatch.context() as blind:
        blind.setattr("points_engine.back_office.server_copies.verify_books", lambda _books: [])
        blind.setattr(
            "points_engine.adapters.postgres_books.PostgresBooks.all_transfers", lambda _books: iter(())
        )
        old.ask("backup", tmp_path / "v1.dump")
    moved = moved_to(old, tmp_path / "old", empty_url)
    monkeypatch.setattr(postgres_copies, "MIGRATIONS", MIGRATIONS[:0])
    assert "has version 1" in moved.fail("restore", tmp_path / "v1.dump")["problem"]
    monkeypatch.setattr(postgres_copies, "MIGRATIONS", MIGRATIONS)
    moved.ask("restore", tmp_path / "v1.dump")
    assert {"findings": []} == moved.ask("verify")
    postgres_server.drop(older)


def key_of(folder: Path) -> str:
    """The fingerprint of the key in a folder."""
    return read_key(folder / KEY_NAME).fingerprint


def test_the_password_is_nobodys_to_read(
    far_desk: Desk, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in no argument of a program's, which all may read, and the program has it all the same."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\necho "$PGPASSWORD" >> {tmp_path}/passwords\n'
            f'exec {program(name)} "$@"\n',
            encoding="ascii",
        )
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    far_desk.environment["POINTS_ENGINE_DATABASE"] = postgres_url.replace("postgres@", f"postgres:{SECRET}@")
    said = far_desk.say("backup", tmp_path / "copy.dump")
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert ("--format=custom" in arguments, SECRET in arguments + said.out + said.err) == (True, False)
    assert {SECRET, ""} >= set((tmp_path / "passwords").read_text(encoding="utf-8").split("\n"))
    assert SECRET.encode() not in (tmp_path / "copy.dump").read_bytes()


def test_behind_a_pooler_the_servers_own_address_is_needed(
    far_desk: Desk, tmp_path: Path, postgres_url: str
) -> None:
    """A pooler gives each transaction another connection; with the address past it the backup is made."""
    far_desk.environment["POINTS_ENGINE_DATABASE_IS_POOLED"] = "true"
    assert "needs_the_server" == far_desk.fail("backup", tmp_path / "copy.dump")["error"]
    far_desk.environment["POINTS_ENGINE_DATABASE_LISTEN"] = postgres_url
    assert far_desk.ask("backup", tmp_path / "copy.dump")["verified"]


def test_without_the_programs_it_is_said_what_to_install(
    far_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left behind."""
    monkeypatch.setattr(shutil, "which", lambda _name, path=None: None)
    failed = far_desk.fail("backup", tmp_path / "copy.dump")
    assert ("fault", 3, True) == (failed["error"], failed["code"], "postgresql-client-" in failed["remedy"])
    assert ["engine"] == [path.name for path in tmp_path.iterdir()]
