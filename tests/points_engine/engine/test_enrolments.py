"""Enrolling: a code works once and for ten minutes; credentials overlap, end, and are shown without their secrets."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from points_engine.calling import (
    CallerKind,
    CheckedIn,
    CheckIn,
    Credentials,
    Enrolled,
    EnrolmentCode,
    MakeEnrolmentCode,
    RenewCredential,
    ShowCredentials,
)
from points_engine.contract import CommandInvalid, Refusal, Refused, Reply, StaffLevel
from points_engine.engine.authentication import NotAccepted, Reason
from points_engine.signing import Key
from points_engine.wire.callers import Caller
from tests.points_engine.engine.counter import Counter, key_in
from tests.points_engine.shop import TILL, Shop, refused

pytestmark = pytest.mark.both_stores

TILL_KIND = CallerKind.TILL


@pytest.fixture
def counter(shop: Shop) -> Counter:
    """The gate of a shop."""
    return Counter(shop)


def _refusal(reply: Reply) -> Refusal:
    return refused(reply).refusal


@pytest.mark.parametrize(
    ("kind", "caller_id", "level"),
    [
        (CallerKind.TILL, TILL, None),
        (CallerKind.COURIER, "courier-1", None),
        (CallerKind.MERCHANT, "shop-1", None),
        (CallerKind.BACK_OFFICE, "wang", StaffLevel.MANAGER),
    ],
)
def test_a_code_becomes_a_credential(
    counter: Counter, kind: CallerKind, caller_id: str, level: StaffLevel | None
) -> None:
    """For each kind that is enrolled; a request signed with it is theirs."""
    key = counter.key(kind, caller_id, level)
    assert Caller(kind, caller_id, key.key_id, level) == counter.ask(counter.signed(key))


def test_a_code_works_once(counter: Counter) -> None:
    """The same request gets the same credential again, in case the reply got lost; any other gets none."""
    code = counter.code(TILL_KIND, TILL)
    reply = counter.enrol(code, "mine")
    assert isinstance(reply, Enrolled)
    assert reply == counter.enrol(code.lower().replace("-", " "), "mine")
    assert Refusal.ENROLMENT_CODE_INVALID is _refusal(counter.enrol(code, "yours"))


def test_a_code_works_for_ten_minutes(counter: Counter) -> None:
    """Not a moment longer, not even for the request that used it."""
    used, unused = counter.code(TILL_KIND, TILL), counter.code(TILL_KIND, TILL)
    counter.enrol(used, "mine")
    counter.shop.clock.advance(599)
    assert isinstance(counter.enrol(used, "mine"), Enrolled)
    counter.shop.clock.advance(1)
    assert Refusal.ENROLMENT_CODE_INVALID is _refusal(counter.enrol(used, "mine"))
    assert Refusal.ENROLMENT_CODE_INVALID is _refusal(counter.enrol(unused))
    counter.shop.engine.sweep()
    assert Refusal.ENROLMENT_CODE_INVALID is _refusal(counter.enrol(unused))


@pytest.mark.parametrize("code", ["", "7K3MP-9QX2R", "nothing like a code"])
def test_a_code_that_is_none(counter: Counter, code: str) -> None:
    """Guessed or nonsense: both are refused alike."""
    assert Refused(refusal=Refusal.ENROLMENT_CODE_INVALID) == counter.enrol(code)


def test_making_a_code_is_done_once(shop: Shop) -> None:
    """The same command shows the same code again; with another content it is refused."""
    command = MakeEnrolmentCode(command_id="c", kind=TILL_KIND, caller_id=TILL)
    reply = shop.ask(command)
    assert isinstance(reply, EnrolmentCode)
    assert reply == shop.ask(command)
    other = MakeEnrolmentCode(command_id="c", kind=CallerKind.MERCHANT, caller_id="shop-1")
    assert Refusal.ORDER_MISMATCH is _refusal(shop.ask(other))


@pytest.mark.parametrize(
    ("kind", "caller_id", "level", "refusal"),
    [
        (CallerKind.TILL, "till-9", None, Refusal.TILL_NOT_ENROLLED),
        (CallerKind.COURIER, TILL, None, Refusal.TILL_NOT_ENROLLED),
        (CallerKind.MERCHANT, "shop-9", None, Refusal.TILL_NOT_ENROLLED),
        (CallerKind.CUSTOMER, "8600", None, Refusal.NOT_PERMITTED),
        (CallerKind.TILL, TILL, StaffLevel.MANAGER, Refusal.NOT_PERMITTED),
        (CallerKind.BACK_OFFICE, "wang", None, Refusal.NOT_PERMITTED),
    ],
)
def test_a_code_is_for_somebody_there_is(
    shop: Shop, kind: CallerKind, caller_id: str, level: StaffLevel | None, refusal: Refusal
) -> None:
    """A till, courier or shop that is enrolled, or an operator with a level."""
    shop.member("8600")
    command = MakeEnrolmentCode(command_id="c", kind=kind, caller_id=caller_id, level=level)
    assert Refused(refusal=refusal) == shop.ask(command) == shop.ask(command)


def test_a_till_in_the_middle_of_its_day_is_not_cut_off(counter: Counter) -> None:
    """The old credential goes on until a day after the new one's first use, however late that is."""
    old = counter.till_key()
    new = counter.till_key()
    counter.shop.clock.advance(5 * 86_400)
    assert isinstance(counter.ask(counter.signed(old)), Caller)
    assert isinstance(counter.ask(counter.signed(new)), Caller)
    counter.shop.clock.advance(86_399)
    assert isinstance(counter.ask(counter.signed(old)), Caller)
    counter.shop.clock.advance(1)
    counter.gate.catch_up()
    refusing = counter.ask(counter.signed(old))
    assert isinstance(refusing, NotAccepted)
    assert Reason.NOT_ENROLLED is refusing.reason
    assert isinstance(counter.ask(counter.signed(new)), Caller)


def test_a_till_renews_its_credential_by_itself(counter: Counter) -> None:
    """Once a request; for whoever has a good one, under the same id and level."""
    old = counter.key(CallerKind.BACK_OFFICE, "wang", StaffLevel.CASHIER)
    command = RenewCredential(request_id="r", key_id=old.key_id)
    reply = counter.shop.ask(command)
    assert reply == counter.shop.ask(command)
    new = key_in(reply)
    assert old != new
    assert Caller(CallerKind.BACK_OFFICE, "wang", new.key_id, StaffLevel.CASHIER) == counter.ask(
        counter.signed(new)
    )


def test_a_caller_learns_when_to_renew_and_when_its_key_ends(counter: Counter) -> None:
    """A month after it was made; a day after a newer one was used. Asking uses up nothing."""
    old, made_at = counter.till_key(), counter.shop.clock.now()
    due = made_at + timedelta(days=30)
    asked = CheckIn(key_id=old.key_id)
    assert CheckedIn(at=made_at, key_id=old.key_id, renew_at=due, ends_at=None) == counter.shop.ask(asked)
    new = key_in(counter.shop.ask(RenewCredential(request_id="r", key_id=old.key_id)))
    assert CheckedIn(at=made_at, key_id=old.key_id, renew_at=due, ends_at=None) == counter.shop.ask(asked)
    counter.ask(counter.signed(new))
    ends_at = made_at + timedelta(days=1)
    assert CheckedIn(at=made_at, key_id=old.key_id, renew_at=due, ends_at=ends_at) == counter.shop.ask(asked)
    assert Refusal.NOT_PERMITTED is _refusal(counter.shop.ask(CheckIn(key_id="till-0000000000000000")))


def test_only_a_good_credential_is_renewed(counter: Counter) -> None:
    """Not one that was revoked, not one there never was, and not for somebody else's request."""
    mine, theirs = counter.till_key(), counter.key(CallerKind.COURIER, "courier-1")
    counter.shop.ask(RenewCredential(request_id="r", key_id=mine.key_id))
    assert Refusal.ORDER_MISMATCH is _refusal(
        counter.shop.ask(RenewCredential(request_id="r", key_id=theirs.key_id))
    )
    counter.revoke(TILL_KIND, TILL)
    for key_id in (mine.key_id, "till-0000000000000000"):
        command = RenewCredential(request_id=counter.shop.fresh("r"), key_id=key_id)
        assert Refusal.NOT_PERMITTED is _refusal(counter.shop.ask(command))


def test_revoking_ends_all_a_caller_has(counter: Counter) -> None:
    """Credentials used and unused, and codes; nobody else's; and whoever is enrolled anew may call again."""
    used, unused, code = counter.till_key(), counter.till_key(), counter.code(TILL_KIND, TILL)
    other = counter.key(CallerKind.MERCHANT, "shop-1")
    counter.ask(counter.signed(used))
    counter.revoke(TILL_KIND, TILL)
    counter.gate.catch_up()
    assert all(isinstance(counter.ask(counter.signed(key)), NotAccepted) for key in (used, unused))
    assert Refusal.ENROLMENT_CODE_INVALID is _refusal(counter.enrol(code))
    assert isinstance(counter.ask(counter.signed(other)), Caller)
    again = counter.till_key()
    assert isinstance(counter.ask(counter.signed(again)), Caller)
    assert isinstance(counter.ask(counter.signed(used)), NotAccepted)


def test_credentials_are_shown_without_their_secrets(counter: Counter) -> None:
    """Page by page, with when they were first used and when they end."""
    keys = [counter.till_key() for _ in range(3)]
    counter.shop.clock.advance(60)
    counter.ask(counter.signed(keys[1]))
    first = counter.shop.ask(ShowCredentials(kind=TILL_KIND, most=2))
    assert isinstance(first, Credentials)
    second = counter.shop.ask(ShowCredentials(kind=TILL_KIND, caller_id=TILL, after=first.next_after))
    assert isinstance(second, Credentials)
    shown = first.credentials + second.credentials
    assert [key.key_id for key in keys] == [each.key_id for each in shown]
    assert [False, True, False] == [each.used_at is not None for each in shown]
    assert [True, False, False] == [each.ends_at is not None for each in shown]
    assert second.next_after is None
    assert Credentials(credentials=(), next_after=None) == counter.shop.ask(
        ShowCredentials(kind=TILL_KIND, caller_id="till-9")
    )
    with pytest.raises(CommandInvalid, match="most"):
        counter.shop.ask(ShowCredentials(kind=TILL_KIND, most=501))


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[tuple[Counter, Key]]:
    """A shop whose folder is at hand, and a till's key."""
    with Shop(tmp_path / "engine") as shop:
        counter = Counter(shop)
        yield counter, counter.till_key()


@pytest.mark.in_a_file
def test_nothing_in_the_database_is_of_use_alone(keys: tuple[Counter, Key]) -> None:
    """Neither the secret nor the code is in it, in no form that somebody without the key could check."""
    counter, key = keys
    code = counter.code(TILL_KIND, TILL)
    held = b"".join(each.read_bytes() for each in counter.shop.folder.glob("points.sqlite*"))
    assert key.key_id.encode() in held
    for secret in (key.secret.reveal(), code, code.replace("-", "")):
        assert secret.encode() not in held
