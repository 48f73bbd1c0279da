"""Who calls: what a node remembers is right, and not believed for longer than it may be."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from points_engine.bootstrap import Engine, Settings, open_engine
from points_engine.calling import CallerKind
from points_engine.contract import EngineFault, Secret, StaffLevel
from points_engine.engine import authentication
from points_engine.engine.authentication import Authentication, Call, NotAccepted, Reason
from points_engine.ports import Books, Store, StoreUnavailable
from points_engine.signing import Key
from points_engine.wire.callers import Caller
from tests.points_engine.engine.counter import PLAIN, Counter, with_token
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, Shop

T = TypeVar("T")


@pytest.fixture
def counter(shop: Shop) -> Counter:
    """The gate of a shop."""
    return Counter(shop)


@pytest.fixture
def key(counter: Counter) -> Key:
    """The key of a till that has called before."""
    made = counter.till_key()
    counter.ask(counter.signed(made))
    return made


def _reason(found: object) -> Reason:
    assert isinstance(found, NotAccepted)
    return found.reason


def test_a_call_costs_no_look_at_the_store(counter: Counter, key: Key) -> None:
    """Once a credential was used; the first time, and after a minute, it does."""
    gate = counter.gate.authentication
    assert Caller(CallerKind.TILL, TILL, key.key_id) == gate.recognise(counter.signed(key))
    for _ in range(20):
        counter.shop.clock.advance(3)
        counter.gate.catch_up()
        assert gate.recognise(counter.signed(key)) is not None
    counter.shop.clock.advance(1)
    assert gate.recognise(counter.signed(key)) is None
    assert isinstance(gate.authenticate(counter.signed(key)), Caller)
    assert gate.recognise(counter.signed(key)) is not None


def test_the_first_call_is_written_down(counter: Counter) -> None:
    """So it is not answered from memory."""
    fresh = counter.till_key()
    gate = counter.gate.authentication
    assert gate.recognise(counter.signed(fresh)) is None
    assert Reason.NOT_ENROLLED is _reason(gate.authenticate(counter.signed(Key(fresh.key_id, Secret("x")))))
    assert gate.recognise(counter.signed(fresh)) is None
    assert isinstance(gate.authenticate(counter.signed(fresh)), Caller)
    assert gate.recognise(counter.signed(fresh)) is not None


@pytest.mark.parametrize("what", ["till", "bearer"])
def test_a_revoked_credential_is_known_on_all_nodes_at_their_next_reading(
    counter: Counter, what: str
) -> None:
    """At once where it is read anew, elsewhere within the time the settings say."""
    key = (
        counter.key(CallerKind.BACK_OFFICE, "wang", StaffLevel.MANAGER)
        if what == "bearer"
        else counter.till_key()
    )
    token = f"{key.key_id}.{key.secret.reveal()}"
    call = with_token(token) if what == "bearer" else counter.signed(key)
    kind = CallerKind.BACK_OFFICE if what == "bearer" else CallerKind.TILL
    with _another_node(counter.shop) as engine:
        elsewhere = engine.gate
        elsewhere.catch_up()
        for gate in (counter.gate, elsewhere):
            assert isinstance(gate.authentication.authenticate(call), Caller)
        counter.revoke(kind, "wang" if what == "bearer" else TILL)
        for gate in (counter.gate, elsewhere):
            gate.catch_up()
            assert isinstance(gate.authentication.recognise(call), NotAccepted | None)
            assert isinstance(gate.authentication.authenticate(call), NotAccepted)


def test_what_is_remembered_is_not_believed_for_long(counter: Counter, key: Key) -> None:
    """A node that cannot read changes looks everything up after three seconds, and never gives a revoked one way."""
    gate = counter.gate.authentication
    counter.revoke(CallerKind.TILL, TILL)
    counter.shop.clock.advance(3)
    assert isinstance(gate.recognise(counter.signed(key)), Caller)
    counter.shop.clock.advance(0.1)
    assert gate.recognise(counter.signed(key)) is None
    assert Reason.NOT_ENROLLED is _reason(gate.authenticate(counter.signed(key)))


def test_a_clock_that_is_set_back_makes_nothing_fresh(counter: Counter, key: Key) -> None:
    """What was read in what is now the future is read again."""
    counter.shop.clock.advance(-3_600)
    assert counter.gate.authentication.recognise(counter.signed(key)) is None
    assert isinstance(counter.ask(counter.signed(key)), Caller)


def test_nothing_is_believed_before_the_first_reading(shop: Shop) -> None:
    """A node that has just started asks for each."""
    key = Counter(shop).till_key()
    with _another_node(shop) as engine:
        gate = engine.gate.authentication
        call = Counter.signed(Counter(shop), key)
        assert isinstance(gate.authenticate(call), Caller)
        assert gate.recognise(call) is None
        engine.gate.catch_up()
        assert isinstance(gate.authenticate(call), Caller)
        assert isinstance(gate.recognise(call), Caller)


def test_a_credential_that_is_revoked_while_it_is_read_is_read_again(
    shop: Shop, counter: Counter, key: Key
) -> None:
    """Else it would be kept as it was before, and no later reading would tell."""
    store = _Interrupted(shop.engine._store)
    known = counter.gate.authentication
    gate = Authentication(store, shop.clock, known._ids, Settings().scheme(), known._enrolments)
    gate.refresh()

    def revoke_and_read() -> None:
        counter.revoke(CallerKind.TILL, TILL)
        gate.refresh()

    store.after_next_look = revoke_and_read
    assert Reason.NOT_ENROLLED is _reason(gate.authenticate(counter.signed(key)))
    assert Reason.NOT_ENROLLED is _reason(gate.recognise(counter.signed(key)))


def test_a_store_that_does_not_answer_is_a_fault_and_no_refusal(tmp_path: Path) -> None:
    """A till is not told that it is not enrolled because a disk is full."""
    with Shop(tmp_path / "engine") as shop:
        counter = Counter(shop)
        key = counter.till_key()
    with pytest.raises(EngineFault):
        counter.ask(counter.signed(key))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"method": "PUT"}, Reason.NOT_ENROLLED),
        ({"target": "/v1/refunds"}, Reason.NOT_ENROLLED),
        ({"body": b'{"units": 6}'}, Reason.NOT_ENROLLED),
        ({"idempotency_key": "order-2"}, Reason.NOT_ENROLLED),
        ({"authorization": ""}, Reason.NOT_SIGNED_IN),
        ({"authorization": "Basic x"}, Reason.NOT_SIGNED_IN),
        ({"authorization": "Points-HMAC-SHA256 x"}, Reason.NOT_SIGNED_IN),
    ],
)
def test_a_request_that_was_altered_is_nobodys(
    counter: Counter, key: Key, change: dict[str, object], reason: Reason
) -> None:
    """Whatever of it."""
    call = Call(**{**counter.signed(key)._asdict(), **change})
    assert reason is _reason(counter.ask(call))


@pytest.mark.parametrize("off_seconds", [-301, 301])
def test_a_wrong_clock_is_told_only_to_whoever_has_the_secret(
    counter: Counter, key: Key, off_seconds: int
) -> None:
    """With the engine's time, by which they put their own right."""
    found = counter.ask(counter.signed(key, off_seconds=off_seconds))
    assert NotAccepted(Reason.CLOCK_WRONG, counter.shop.clock.now()) == found
    stranger = Key(key.key_id, Secret("x"))
    assert Reason.NOT_ENROLLED is _reason(counter.ask(counter.signed(stranger, off_seconds=off_seconds)))
    assert isinstance(counter.ask(counter.signed(key, off_seconds=off_seconds // 302)), Caller)


@pytest.mark.parametrize(
    ("kind", "caller_id", "level", "may"),
    [
        (CallerKind.MERCHANT, "shop-1", None, True),
        (CallerKind.BACK_OFFICE, "wang", StaffLevel.CASHIER, True),
        (CallerKind.TILL, TILL, None, False),
        (CallerKind.COURIER, "courier-1", None, False),
    ],
)
def test_who_may_send_their_secret(
    counter: Counter, kind: CallerKind, caller_id: str, level: StaffLevel | None, *, may: bool
) -> None:
    """Order servers and operators, as a token; tills and couriers sign, always."""
    key = counter.key(kind, caller_id, level)
    found = counter.ask(with_token(f"{key.key_id}.{key.secret.reveal()}"))
    assert may is isinstance(found, Caller)
    assert Reason.NOT_SIGNED_IN is _reason(
        counter.ask(with_token(f"{key.key_id}.{key.secret.reveal()[:-1]}"))
    )


def test_a_node_remembers_only_so_many(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one it learnt first is forgotten first, and looked up when it comes again."""
    monkeypatch.setattr(authentication, "MOST_KNOWN", 2)
    keys = [counter.till_key() for _ in range(3)]
    for key in keys:
        counter.ask(counter.signed(key))
    gate = counter.gate.authentication
    assert [False, True, True] == [gate.recognise(counter.signed(key)) is not None for key in keys]
    assert isinstance(gate.authenticate(counter.signed(keys[0])), Caller)
    counter.shop.member("8600", 0, RIGHT_PIN)
    counter.shop.bind("8600")
    sessions = []
    for _ in range(3):
        sessions.append(counter.sign_in().token.reveal())
        counter.ask(with_token(sessions[-1]))
        counter.shop.clock.advance(60)
    assert 2 >= len(gate._sessions)
    counter.gate.catch_up()
    assert 0 == len(gate._sessions)


def test_whom_a_node_has_met(counter: Counter, key: Key) -> None:
    """However it guesses, a stranger's key is none that was seen before."""
    gate = counter.gate.authentication
    assert gate.has_met(counter.signed(key))
    assert gate.has_met(with_token(f"{key.key_id}.x"))
    for call in (
        counter.signed(Key("till-0000000000000000", Secret("x"))),
        with_token(base64.urlsafe_b64encode(bytes(16)).decode()),
        with_token("x.y"),
        Call(*PLAIN[:3], "", ""),
    ):
        assert not gate.has_met(call)


def _another_node(shop: Shop) -> Engine:
    """Another engine on the same books."""
    return open_engine(shop.folder, clock=shop.clock, pin_cost=CHEAP, sweep_every_seconds=None)


class _Interrupted(Store):
    """A store in which something happens right after a look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.after_next_look: Callable[[], None] | None = None

    def transact(self, work: Callable[[Books], T]) -> T:
        return self._store.transact(work)

    def look(self, work: Callable[[Books], T]) -> T:
        seen = self._store.look(work)
        happens, self.after_next_look = self.after_next_look, None
        if happens is not None:
            happens()
        return seen

    def close(self) -> None:
        raise StoreUnavailable("nobody", "closes it")
