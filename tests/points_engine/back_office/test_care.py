"""`backup`, `restore` and `rotate-key`: what keeps an engine's folder alive when a disk, a file or a key is lost."""

import itertools
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from points_engine.adapters.key_change import AFTER_COMMIT, BEFORE_COMMIT, KEY_WRITTEN
from points_engine.bootstrap import DATABASE_NAME, KEY_NAME
from points_engine.calling import CallerKind, CheckedIn, CheckIn, RenewCredential
from points_engine.contract import PaymentState, Refusal, Reply
from points_engine.engine.authentication import NotAccepted
from points_engine.wire.callers import Caller
from tests.architecture.project_files import ROOT
from tests.points_engine.back_office import key_changing_process
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.engine.counter import Counter, key_in, with_token
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, payment, refused
from tests.waiting import PATIENCE_SECONDS

_NUMBERS = itertools.count(1)


def opened(desk: Desk) -> Shop:
    """The engine's shop, opened anew; no command of its has an id that was used before."""
    shop = Shop(desk.folder, clock=desk.clock)
    shop._numbers = _NUMBERS
    return shop


@pytest.fixture
def member(desk: Desk) -> str:
    """A member with points and a PIN, and one payment."""
    with opened(desk) as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.pay("m-1", 40, "order-before")
    return "m-1"


def pays_with_pin(desk: Desk, member_no: str) -> bool:
    """Whether the member's PIN is still the one they know."""
    with opened(desk) as shop:
        order_id = shop.pay(member_no, 600, f"with-pin-{desk.clock.now():%H%M%S%f}").order_id
        desk.clock.advance(1)
        return payment(shop.answer(order_id, RIGHT_PIN, f"answer-{order_id}")).state is PaymentState.SUCCEEDED


def names(folder: Path) -> set[str]:
    """What is in a folder."""
    return {path.name for path in folder.iterdir()}


def other(desk: Desk, folder: Path) -> Desk:
    """A desk at another folder, at the same time of day."""
    made = Desk(folder)
    made.clock = desk.clock
    return made


# --- backup and restore


def test_a_backup_becomes_an_engine_elsewhere(desk: Desk, member: str, tmp_path: Path) -> None:
    """With a copy of the key: the same members, payments and PINs."""
    told = desk.ask("backup", tmp_path / "copy.sqlite")
    assert told["verified"]
    assert 0o600 == stat.S_IMODE((tmp_path / "copy.sqlite").stat().st_mode)
    moved = other(desk, tmp_path / "elsewhere")
    assert "fault" == moved.fail("restore", tmp_path / "copy.sqlite")["error"]
    assert (
        told["transfers"]
        == moved.ask("restore", tmp_path / "copy.sqlite", "--key", desk.folder / KEY_NAME)["transfers"]
    )
    assert {"findings": []} == moved.ask("verify")
    assert 4_960 == moved.ask("show", "member", member)["accounts"][0]["balance_units"]
    assert pays_with_pin(moved, member)


def test_a_backup_is_taken_while_a_till_charges(desk: Desk, member: str, tmp_path: Path) -> None:
    """What was acknowledged before it began is in it; what came during it is whole or not there."""
    with opened(desk) as shop:
        shop.pay(member, 1, "just-before")
        stop, charged = threading.Event(), threading.Event()

        def charge_on() -> None:
            number = 0
            while not stop.is_set():
                shop.pay(member, 1, f"meanwhile-{number}")
                number += 1
                charged.set()

        till = threading.Thread(target=charge_on)
        till.start()
        try:
            assert charged.wait(PATIENCE_SECONDS)
            for number in range(3):
                desk.ask("backup", tmp_path / f"{number}.sqlite")
        finally:
            stop.set()
            till.join()
    moved = other(desk, tmp_path / "elsewhere")
    moved.ask("restore", tmp_path / "2.sqlite", "--key", desk.folder / KEY_NAME)
    assert {"findings": []} == moved.ask("verify")
    with opened(moved) as shop:
        assert payment(shop.query("just-before")).state is PaymentState.SUCCEEDED
        assert payment(shop.query("meanwhile-0")).state is PaymentState.SUCCEEDED


def test_a_backup_replaces_nothing_unless_told(desk: Desk, member: str, tmp_path: Path) -> None:
    """A name that is taken, a folder to make one in; and nothing half-made is left anywhere."""
    kept = tmp_path / "backups"
    kept.mkdir()
    (kept / "mine.sqlite").write_text("not to be lost", encoding="utf-8")
    assert "file_exists" == desk.fail("backup", kept / "mine.sqlite")["error"]
    assert "not to be lost" == (kept / "mine.sqlite").read_text(encoding="utf-8")
    made = Path(desk.ask("backup", kept)["file"])
    assert (kept, "points-") == (made.parent, made.name[:7])
    desk.ask("backup", kept / "mine.sqlite", "--force")
    assert {"mine.sqlite", made.name} == names(kept)


def spoil(database: Path) -> None:
    """Give somebody more than the ledger says."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE account SET balance_units = 7 WHERE kind = 'customer'")


def test_untrue_books_make_no_backup_and_are_not_restored(desk: Desk, member: str, tmp_path: Path) -> None:
    """A copy of edited books would pass for a good one later."""
    desk.ask("backup", tmp_path / "good.sqlite")
    shutil.copyfile(tmp_path / "good.sqlite", tmp_path / "edited.sqlite")
    spoil(tmp_path / "edited.sqlite")
    assert "books_untrue" == desk.fail("restore", tmp_path / "edited.sqlite")["error"]
    assert {"findings": []} == desk.ask("verify")
    spoil(desk.folder / DATABASE_NAME)
    assert "books_untrue" == desk.fail("backup", tmp_path / "bad.sqlite")["error"]
    assert {"good.sqlite", "edited.sqlite", "engine"} == names(tmp_path)


@pytest.mark.parametrize("content", [b"", b"this is a diary" * 1_000])
def test_what_is_no_backup_changes_nothing(desk: Desk, member: str, tmp_path: Path, content: bytes) -> None:
    """An empty file, a file of something else, half a backup."""
    (tmp_path / "wrong.sqlite").write_bytes(content)
    before = (desk.folder / DATABASE_NAME).read_bytes()
    assert desk.fail("restore", tmp_path / "wrong.sqlite")["code"] in {1, 3}
    assert before == (desk.folder / DATABASE_NAME).read_bytes()
    assert {DATABASE_NAME, KEY_NAME, "points.lock"} >= names(desk.folder)


def test_half_a_backup_changes_nothing(desk: Desk, member: str, tmp_path: Path) -> None:
    """A copy that was cut off on its way is noticed."""
    desk.ask("backup", tmp_path / "whole.sqlite")
    whole = (tmp_path / "whole.sqlite").read_bytes()
    (tmp_path / "half.sqlite").write_bytes(whole[: len(whole) // 2])
    assert desk.fail("restore", tmp_path / "half.sqlite")["code"] in {1, 3}
    assert {"findings": []} == desk.ask("verify")


def test_what_was_there_is_kept(desk: Desk, member: str, tmp_path: Path) -> None:
    """A restore can be taken back: the database it replaced stands beside it."""
    desk.ask("backup", tmp_path / "monday.sqlite")
    desk.ask("credit", member, "7", "--reason", "tuesday")
    kept = Path(desk.ask("restore", tmp_path / "monday.sqlite")["kept"])
    assert 4_960 == desk.ask("show", "member", member)["accounts"][0]["balance_units"]
    desk.ask("restore", kept)
    assert 4_967 == desk.ask("show", "member", member)["accounts"][0]["balance_units"]


def test_nothing_is_restored_under_a_till_unless_told(desk: Desk, member: str, tmp_path: Path) -> None:
    """A till that has the database open would go on in a file that is no longer there."""
    desk.ask("backup", tmp_path / "copy.sqlite")
    with opened(desk) as shop:
        shop.pay(member, 1, "open-now")
        told = desk.fail("restore", tmp_path / "copy.sqlite")
        assert (3, "fault") == (told["code"], told["error"])
        assert "--force" in told["remedy"]
        assert payment(shop.query("open-now")).state is PaymentState.SUCCEEDED
    kept = desk.ask("restore", tmp_path / "copy.sqlite", "--force")["kept"]
    assert Path(kept).exists()
    assert {"findings": []} == desk.ask("verify")


def test_a_key_of_another_engine_is_noticed(desk: Desk, member: str, tmp_path: Path) -> None:
    """Beside the backup, or in the folder it would be restored into."""
    stranger = other(desk, tmp_path / "stranger")
    stranger.ask("init")
    desk.ask("backup", tmp_path / "copy.sqlite")
    theirs = stranger.folder / KEY_NAME
    assert "fault" == stranger.fail("restore", tmp_path / "copy.sqlite")["error"]
    assert "key_differs" == desk.fail("restore", tmp_path / "copy.sqlite", "--key", theirs)["error"]
    empty = other(desk, tmp_path / "empty")
    assert "fault" == empty.fail("restore", tmp_path / "copy.sqlite", "--key", theirs)["error"]
    assert {"findings": []} == desk.ask("verify")
    assert {"findings": []} == stranger.ask("verify")


# --- the key


def test_a_changed_key_leaves_pins_and_ends_codes(desk: Desk, member: str) -> None:
    """PINs go on working; a code that was shown before ends, and a fresh one pays."""
    with opened(desk) as shop:
        code = shop.code(member)
    told = desk.ask("rotate-key")
    assert (1, 2) == (told["pins"], told["keys_in_file"])
    assert pays_with_pin(desk, member)
    with opened(desk) as shop:
        assert refused(shop.charge(code, 5, "old-code")).refusal is Refusal.CODE_UNKNOWN
        assert shop.pay(member, 5, "new-code").state is PaymentState.SUCCEEDED
    assert {"findings": []} == desk.ask("verify")


def is_due(reply: Reply) -> bool:
    """Whether the engine says that it is time for another key."""
    assert isinstance(reply, CheckedIn)
    return reply.at >= reply.renew_at


def test_a_changed_key_cuts_no_till_off(desk: Desk, member: str) -> None:
    """It signs as before, until it renews its credential under the new key; customers sign in again."""
    with opened(desk) as shop:
        shop.bind(member)
        counter = Counter(shop)
        key, session = counter.till_key(), counter.sign_in()
        code = counter.code(CallerKind.TILL, TILL)
    desk.ask("rotate-key")
    told = desk.ask("rotate-key")
    assert 3 == told["keys_in_file"]
    with opened(desk) as shop:
        counter = Counter(shop)
        assert isinstance(counter.ask(counter.signed(key)), Caller)
        assert isinstance(counter.ask(with_token(session.token.reveal())), NotAccepted)
        assert refused(counter.enrol(code)).refusal is Refusal.ENROLMENT_CODE_INVALID
        assert is_due(shop.ask(CheckIn(key_id=key.key_id)))
        renewed = key_in(shop.ask(RenewCredential(request_id="renew", key_id=key.key_id)))
        assert isinstance(counter.ask(counter.signed(renewed)), Caller)
        assert not is_due(shop.ask(CheckIn(key_id=renewed.key_id)))
        counter.revoke(CallerKind.TILL, TILL)
    assert 3 == desk.ask("rotate-key")["keys_in_file"]


def test_the_old_key_alone_opens_nothing_any_more(desk: Desk, member: str) -> None:
    """Whoever copied it before the change has nothing of it, and the database says so."""
    old = (desk.folder / KEY_NAME).read_bytes()
    desk.ask("rotate-key")
    new = (desk.folder / KEY_NAME).read_bytes()
    (desk.folder / KEY_NAME).write_bytes(old)
    assert (3, "fault") == (desk.fail("shops")["code"], desk.fail("shops")["error"])
    (desk.folder / KEY_NAME).write_bytes(new)
    assert pays_with_pin(desk, member)


def test_an_order_sent_again_after_the_change_is_the_same_order(desk: Desk, member: str) -> None:
    """A till that never heard the answer asks again with the same code."""
    with opened(desk) as shop:
        code = shop.code(member)
        first = shop.charge(code, 30, "asked-twice")
    desk.ask("rotate-key")
    with opened(desk) as shop:
        assert first == shop.charge(code, 30, "asked-twice")


def test_a_key_may_be_changed_again_and_again(desk: Desk, member: str, tmp_path: Path) -> None:
    """New PINs and old ones work after each change, and so does a backup from before all of them."""
    desk.ask("backup", tmp_path / "before.sqlite")
    for number in range(3):
        desk.ask("rotate-key")
        with opened(desk) as shop:
            shop.member(f"late-{number}", 5_000, RIGHT_PIN)
        for each in (member, *(f"late-{late}" for late in range(number + 1))):
            assert pays_with_pin(desk, each)
    desk.ask("restore", tmp_path / "before.sqlite")
    assert pays_with_pin(desk, member)


def test_no_key_is_changed_under_a_till(desk: Desk, member: str) -> None:
    """It would go on giving out codes under the old one."""
    before = (desk.folder / KEY_NAME).read_bytes()
    with opened(desk):
        told = desk.fail("rotate-key")
    assert (3, "fault") == (told["code"], told["error"])
    assert before == (desk.folder / KEY_NAME).read_bytes()


@pytest.mark.parametrize("step", [KEY_WRITTEN, BEFORE_COMMIT, AFTER_COMMIT])
def test_a_change_that_was_killed_leaves_the_one_key_or_the_other(desk: Desk, member: str, step: str) -> None:
    """At every step the engine opens, the PIN works, and the key can be changed again."""
    command = [sys.executable, key_changing_process.__file__, str(desk.folder), step]
    killed = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert -signal.SIGKILL == killed.returncode
    assert pays_with_pin(desk, member)
    desk.ask("rotate-key")
    assert pays_with_pin(desk, member)
    assert {"findings": []} == desk.ask("verify")
