"""`rotate-key` of books on a PostgreSQL server: as in a file, and of no use to engines that go on with the old key."""

import itertools
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from points_engine.adapters import postgres_key_change
from points_engine.adapters.key_change import AFTER_COMMIT, BEFORE_COMMIT, KEY_WRITTEN
from points_engine.adapters.postgres_store import PostgresStore
from points_engine.bootstrap import KEY_NAME
from points_engine.contract import PaymentState, Refusal
from points_engine.engine.authentication import NotAccepted
from points_engine.ports import Books, KeyUnavailable
from points_engine.wire.callers import Caller
from tests.architecture.project_files import ROOT
from tests.points_engine.back_office import key_changing_process
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.engine.counter import Counter, with_token
from tests.points_engine.shop import RIGHT_PIN, Shop, payment, refused
from tests.waiting import PATIENCE_SECONDS

_NUMBERS = itertools.count(1)


def opened(desk: Desk) -> Shop:
    """The engine's shop, opened anew; no command of its has an id that was used before."""
    shop = Shop(desk.folder, clock=desk.clock, database=desk.environment["POINTS_ENGINE_DATABASE"])
    shop._numbers = _NUMBERS
    return shop


@pytest.fixture(autouse=True)
def _patient_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that was closed is seen on the server until its processes have ended, however long that takes."""
    monkeypatch.setattr(postgres_key_change, "_LOOKS", round(PATIENCE_SECONDS / 0.1))


@pytest.fixture
def far_desk(tmp_path: Path, postgres_url: str) -> Desk:
    """A desk whose engine keeps its books on a server, with a member who has points and a PIN."""
    made = Desk(tmp_path / "engine", {"POINTS_ENGINE_DATABASE": postgres_url})
    made.ask("init")
    with opened(made) as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
    return made


def pays_with_pin(desk: Desk, member_no: str) -> bool:
    """Whether the member's PIN is still the one they know."""
    with opened(desk) as shop:
        order_id = shop.pay(member_no, 600).order_id
        desk.clock.advance(1)
        return payment(shop.answer(order_id, RIGHT_PIN, f"answer-{order_id}")).state is PaymentState.SUCCEEDED


def test_a_changed_key_leaves_pins_and_keys_of_tills_and_ends_codes(far_desk: Desk) -> None:
    """Again and again; a code that was shown before ends, and a fresh one pays; an order sent again is the same."""
    with opened(far_desk) as shop:
        shop.bind("m-1")
        counter = Counter(shop)
        key, session = counter.till_key(), counter.sign_in()
        paid_code = shop.code("m-1")
        first = shop.charge(paid_code, 30, "asked-twice")
        code = shop.code("m-1")
    told = far_desk.ask("rotate-key")
    assert (1, 2) == (told["pins"], told["keys_in_file"])
    assert pays_with_pin(far_desk, "m-1")
    with opened(far_desk) as shop:
        assert first == shop.charge(paid_code, 30, "asked-twice")
        assert refused(shop.charge(code, 5, "old-code")).refusal is Refusal.CODE_UNKNOWN
        assert shop.pay("m-1", 5, "new-code").state is PaymentState.SUCCEEDED
        shop.member("late", 5_000, RIGHT_PIN)
        counter = Counter(shop)
        assert isinstance(counter.ask(counter.signed(key)), Caller)
        assert isinstance(counter.ask(with_token(session.token.reveal())), NotAccepted)
    told = far_desk.ask("rotate-key")
    assert (2, 3) == (told["pins"], told["keys_in_file"])
    assert pays_with_pin(far_desk, "m-1")
    assert pays_with_pin(far_desk, "late")
    assert {"findings": []} == far_desk.ask("verify")


def test_every_pin_is_sealed_under_the_new_key(
    far_desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page; one that somebody altered stays as it is."""
    monkeypatch.setattr(postgres_key_change, "SEALED_AT_ONCE", 2)
    with opened(far_desk) as shop:
        for number in range(4):
            shop.member(f"more-{number}", 5_000, RIGHT_PIN)
    far_desk.ask("rotate-key")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE member SET pin_hash = (SELECT pin_hash FROM member WHERE member_no = 'more-0')"
            " WHERE member_no = 'more-1'"
        )
        before: dict[str, str | None] = dict(
            connection.execute("SELECT member_no, pin_hash FROM member").fetchall()
        )
        assert 4 == far_desk.ask("rotate-key")["pins"]
        after: dict[str, str | None] = dict(
            connection.execute("SELECT member_no, pin_hash FROM member").fetchall()
        )
    assert ["more-1"] == [member for member in before if before[member] == after[member]]
    assert pays_with_pin(far_desk, "more-3")


def test_no_key_is_changed_under_an_engine(far_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them would be of no use at once."""
    monkeypatch.setattr(postgres_key_change, "_LOOKS", 1)
    before = (far_desk.folder / KEY_NAME).read_bytes()
    with opened(far_desk) as shop:
        told = far_desk.fail("rotate-key")
        assert (3, "fault") == (told["code"], told["error"])
        assert "Stop all nodes" in told["remedy"]
        assert shop.pay("m-1", 5).state is PaymentState.SUCCEEDED
    assert before == (far_desk.folder / KEY_NAME).read_bytes()


def test_an_engine_that_was_overlooked_does_nothing_with_the_old_key(
    far_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what happened, whatever it is asked, and nothing is changed; with the new key file it goes on."""
    monkeypatch.setattr(postgres_key_change, "_OTHERS", "SELECT 0, now() WHERE $1::text[] IS NOT NULL")
    with opened(far_desk) as shop:
        far_desk.ask("rotate-key")
        for ask in (
            lambda: shop.code("m-1"),
            lambda: shop.balance("m-1"),
            shop.engine.sweep,
            shop.engine.seal,
        ):
            with pytest.raises(KeyUnavailable, match="was changed since this engine was started"):
                ask()
    assert pays_with_pin(far_desk, "m-1")


def test_who_is_at_work_is_waited_for_and_who_comes_meanwhile_sees_the_new_key(
    far_desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that began with the old key ends before the change; one that begins during it is refused."""
    monkeypatch.setattr(postgres_key_change, "_OTHERS", "SELECT 0, now() WHERE $1::text[] IS NOT NULL")
    fingerprint = fingerprint_in(postgres_url)
    inside, go_on, refused_late = (threading.Event() for _ in range(3))

    def work(books: Books) -> str:
        inside.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return str(books._execute("SELECT value FROM engine_fact").fetchone()[0])  # type: ignore[attr-defined] # SQL

    seen = list[str]()
    with closing(PostgresStore(postgres_url, fingerprint)) as store:
        worker = threading.Thread(target=lambda: seen.append(store.transact(work)))
        worker.start()
        assert inside.wait(PATIENCE_SECONDS)
        changing = threading.Thread(target=lambda: far_desk.ask("rotate-key"))
        changing.start()
        with psycopg.connect(postgres_url, autocommit=True) as viewer:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
            while viewer.execute(waiting).fetchone() == (0,):
                assert changing.is_alive()
        late = threading.Thread(target=lambda: refused_late.set() if is_refused(store) else None)
        late.start()
        go_on.set()
        for each in (worker, changing, late):
            each.join(PATIENCE_SECONDS)
    assert [fingerprint] == seen
    assert refused_late.is_set()


def is_refused(store: PostgresStore) -> bool:
    """Whether a work is not begun."""
    try:
        store.transact(lambda _books: None)
    except KeyUnavailable:
        return True
    return False


def fingerprint_in(url: str) -> str:
    """The key a database is bound to."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT value FROM engine_fact").fetchone()
        assert row is not None
        return str(row[0])


def test_the_old_key_alone_opens_nothing_any_more(far_desk: Desk) -> None:
    """A node whose key file is a copy from before the change does not start."""
    old = (far_desk.folder / KEY_NAME).read_bytes()
    far_desk.ask("rotate-key")
    new = (far_desk.folder / KEY_NAME).read_bytes()
    (far_desk.folder / KEY_NAME).write_bytes(old)
    assert "belongs to another database" in far_desk.fail("shops")["problem"]
    assert "belongs to another database" in far_desk.fail("rotate-key")["problem"]
    (far_desk.folder / KEY_NAME).write_bytes(new)
    assert pays_with_pin(far_desk, "m-1")


@pytest.mark.parametrize("step", [KEY_WRITTEN, BEFORE_COMMIT, AFTER_COMMIT])
def test_a_change_that_was_killed_leaves_the_one_key_or_the_other(
    far_desk: Desk, postgres_url: str, step: str
) -> None:
    """At every step the engine opens, the PIN works, and the key can be changed again."""
    command = [sys.executable, key_changing_process.__file__, str(far_desk.folder), step, postgres_url]
    killed = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert -signal.SIGKILL == killed.returncode
    assert pays_with_pin(far_desk, "m-1")
    far_desk.ask("rotate-key")
    assert pays_with_pin(far_desk, "m-1")
    assert {"findings": []} == far_desk.ask("verify")
