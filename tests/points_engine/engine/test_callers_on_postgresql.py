"""Who calls, on two nodes over one PostgreSQL: what one did holds on the other, and no race gives anybody more."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from points_engine.bootstrap import open_engine
from points_engine.calling import (
    CallerKind,
    Credentials,
    Enrolled,
    RenewCredential,
    ShowCredentials,
    SignedIn,
    SignOut,
)
from points_engine.contract import BindPhone, Done, PhoneNumber, Refusal, Refused, Reply
from points_engine.engine.authentication import NotAccepted
from points_engine.rates import RateKind, RateRules
from points_engine.wire.callers import Caller
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.engine.counter import Counter, key_in, with_token
from tests.points_engine.shop import CHEAP, EVERY_KIND, OTHER_PIN, RIGHT_PIN, TILL, Shop, refused
from tests.waiting import PATIENCE_SECONDS

T = TypeVar("T")

MEMBER = "8600"
AT_ONCE = 12
RULES = RateRules(till_calls=20, sign_in_calls=5)


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Counter, Counter]]:
    """Two nodes, and a member with a phone."""
    clock, settings = ManualClock(), replace(EVERY_KIND, database=postgres_url, rates=RULES)
    with ExitStack() as open_things:
        engines = [
            open_things.enter_context(
                open_engine(tmp_path, settings, clock=clock, pin_cost=CHEAP, sweep_every_seconds=None)
            )
            for _ in range(2)
        ]
        one, two = (Shop(tmp_path, clock=clock, engine=engine) for engine in engines)
        two._numbers = one._numbers
        one.member(MEMBER, 1_000, RIGHT_PIN)
        one.bind(MEMBER)
        yield Counter(one), Counter(two)
        assert [] == one.engine.verify()


def at_once(works: list[Callable[[], T]]) -> list[T]:
    """Run them all at the same moment; what each returned."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        together.wait(PATIENCE_SECONDS)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [future.result() for future in [threads.submit(run, work) for work in works]]


def told(replies: list[Reply]) -> list[str]:
    """Each reply in a word, in order."""
    words = [reply.refusal.code if isinstance(reply, Refused) else type(reply).__name__ for reply in replies]
    return sorted(words)


def test_what_one_node_did_holds_on_the_other(nodes: tuple[Counter, Counter]) -> None:
    """Enrolled here, called there, renewed there, listed and revoked here."""
    one, two = nodes
    key = key_in(two.enrol(one.code(CallerKind.TILL, TILL)))
    assert Caller(CallerKind.TILL, TILL, key.key_id) == two.ask(two.signed(key)) == one.ask(one.signed(key))
    renewed = key_in(two.shop.ask(RenewCredential(request_id="r", key_id=key.key_id)))
    assert isinstance(one.ask(one.signed(renewed)), Caller)
    listed = one.shop.ask(ShowCredentials(kind=CallerKind.TILL))
    assert isinstance(listed, Credentials)
    assert [False, True] == [each.ends_at is None for each in listed.credentials]
    one.revoke(CallerKind.TILL, TILL)
    two.gate.catch_up()
    assert isinstance(two.ask(two.signed(renewed)), NotAccepted)


def test_a_session_is_good_on_every_node_until_it_ends(nodes: tuple[Counter, Counter]) -> None:
    """By signing out, a recovery or another phone."""
    one, two = nodes
    sessions = []
    for _ in range(3):
        sessions.append(one.sign_in())
        one.shop.clock.advance(60)
    calls = [with_token(session.token.reveal()) for session in sessions]
    assert [Caller(CallerKind.CUSTOMER, MEMBER)] * 3 == [two.ask(call) for call in calls]
    one.shop.ask(SignOut(token=sessions[0].token))
    two.shop.clock.advance(4)
    assert [False, True, True] == [isinstance(two.ask(call), Caller) for call in calls]
    one.shop.start_recovery(MEMBER)
    assert Done() == one.shop.finish_recovery(MEMBER, one.shop.read_sms(), OTHER_PIN)
    two.shop.clock.advance(4)
    assert [False] * 3 == [isinstance(two.ask(call), Caller) for call in calls]
    two.shop.engine.sweep()
    two.shop.clock.advance(60)
    last = two.sign_in()
    two.shop.ask(BindPhone(command_id="b", member_no=MEMBER, phone=PhoneNumber("+8613900000000")))
    one.shop.clock.advance(4)
    assert isinstance(one.ask(with_token(last.token.reveal())), NotAccepted)


def test_a_code_works_once_however_many_try_at_once(nodes: tuple[Counter, Counter]) -> None:
    """One gets the credential."""
    code = nodes[0].code(CallerKind.TILL, TILL)
    replies = at_once([partial(nodes[n % 2].enrol, code, f"r-{n}") for n in range(AT_ONCE)])
    assert ["Enrolled"] + ["enrolment_code_invalid"] * (AT_ONCE - 1) == told(replies)
    same = nodes[0].code(CallerKind.TILL, TILL)
    replies = at_once([partial(nodes[n % 2].enrol, same, "mine") for n in range(AT_ONCE)])
    assert 1 == len({reply.key_id for reply in replies if isinstance(reply, Enrolled)})


def test_many_guesses_at_once_are_three(nodes: tuple[Counter, Counter]) -> None:
    """The tries of a sign-in are counted one by one; the right code comes too late then."""
    nodes[0].start(request_id="s")
    code = nodes[0].shop.read_sms()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    replies = at_once([partial(nodes[n % 2].finish, "s", wrong, f"a-{n}") for n in range(AT_ONCE)])
    assert ["sms_code_expired"] * (AT_ONCE - 3) + ["sms_code_wrong"] * 3 == told(replies)
    assert Refusal.SMS_CODE_EXPIRED is refused(nodes[0].finish("s", code)).refusal


def test_a_right_code_is_one_session(nodes: tuple[Counter, Counter]) -> None:
    """Whoever else has the code at the same moment comes too late."""
    nodes[0].start(request_id="s")
    code = nodes[0].shop.read_sms()
    replies = at_once([partial(nodes[n % 2].finish, "s", code, f"a-{n}") for n in range(AT_ONCE)])
    assert ["SignedIn"] + ["sms_code_expired"] * (AT_ONCE - 1) == told(replies)


def test_a_phone_gets_one_message_at_a_time(nodes: tuple[Counter, Counter]) -> None:
    """However many ask for it at once."""
    replies = at_once([partial(nodes[n % 2].start, request_id=f"s-{n}") for n in range(AT_ONCE)])
    assert ["SignInStarted"] + ["sms_too_soon"] * (AT_ONCE - 1) == told(replies)
    assert 1 == len(nodes[0].shop.engine.outbox())


def test_no_session_outlives_the_recovery_it_raced_with(nodes: tuple[Counter, Counter]) -> None:
    """A sign-in that is finished while the PIN is recovered is over with it, or comes too late."""
    one, two = nodes
    for number in range(4):
        one.start(request_id=f"s-{number}")
        code = one.shop.read_sms()
        one.shop.clock.advance(60)
        one.shop.start_recovery(MEMBER)
        recovery_code = one.shop.read_sms()
        pin = (OTHER_PIN, RIGHT_PIN)[number % 2]
        replies = at_once(
            [
                partial(two.finish, f"s-{number}", code),
                partial(one.shop.finish_recovery, MEMBER, recovery_code, pin),
            ]
        )
        assert Done() == replies[1]
        one.shop.clock.advance(60)
        if isinstance(replies[0], SignedIn):
            assert isinstance(two.ask(with_token(replies[0].token.reveal())), NotAccepted)


def test_strict_counts_are_exact(nodes: tuple[Counter, Counter]) -> None:
    """Of many at once as many are let in as the limit says; and the shared counts add up."""
    waits = at_once(
        [partial(nodes[n % 2].gate.rates.attempt, RateKind.SIGN_IN, "203.0.113.7") for n in range(AT_ONCE)]
    )
    assert 5 == waits.count(None)
    for counter in nodes:
        for _ in range(10):
            assert counter.gate.rates.admit(RateKind.TILL, TILL) is None
    at_once([counter.gate.rates.settle for counter in nodes])
    # Whoever told the others first learnt of ten calls, whoever came second of all twenty.
    more = [
        sum(counter.gate.rates.admit(RateKind.TILL, TILL) is None for _ in range(AT_ONCE))
        for counter in nodes
    ]
    assert [0, 10] == sorted(more)
