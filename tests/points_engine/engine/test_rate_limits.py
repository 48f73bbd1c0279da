"""How often somebody may call: counted by each node, shared between them, and never by much too many."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from points_engine.bootstrap import Engine, Settings, open_engine
from points_engine.contract import EngineFault
from points_engine.engine import rate_limits
from points_engine.engine.rate_limits import RateLimits
from points_engine.rates import RateKind, RateRules
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP

RULES = RateRules(till_calls=20, sign_in_calls=3, customer_calls=0, address_calls=5)
TILL = RateKind.TILL


@pytest.fixture
def clock() -> ManualClock:
    """At the beginning of a window."""
    return ManualClock()


@pytest.fixture
def nodes(tmp_path: Path, clock: ManualClock) -> Iterator[list[RateLimits]]:
    """Three nodes on the same books."""
    with ExitStack() as stack:
        engines: list[Engine] = [
            stack.enter_context(
                open_engine(
                    tmp_path, Settings(rates=RULES), clock=clock, pin_cost=CHEAP, sweep_every_seconds=None
                )
            )
            for _ in range(3)
        ]
        yield [engine.gate.rates for engine in engines]


def admitted(node: RateLimits, times: int, kind: RateKind = TILL, subject: str = "till-1") -> int:
    """How many of so many calls are let in."""
    return [node.admit(kind, subject) for _ in range(times)].count(None)


def test_one_node_lets_in_exactly_the_limit(nodes: list[RateLimits], clock: ManualClock) -> None:
    """Then it says how long to wait; another till, and the next window, have counts of their own."""
    clock.advance(3.5)
    assert 20 == admitted(nodes[0], 50)
    assert 7 == nodes[0].admit(TILL, "till-1") == nodes[0].would_wait(TILL, "till-1")
    assert 20 == admitted(nodes[0], 50, subject="till-2")
    assert 50 == admitted(nodes[0], 50, RateKind.COURIER)
    clock.advance(6.5)
    assert nodes[0].would_wait(TILL, "till-1") is None
    assert 20 == admitted(nodes[0], 50)


def test_nodes_share_what_they_counted(nodes: list[RateLimits]) -> None:
    """Once they have told each other; what one admitted before is in the others' counts."""
    assert 8 == admitted(nodes[0], 8)
    nodes[0].settle()
    assert 8 == admitted(nodes[1], 8)
    nodes[1].settle()
    assert 4 == admitted(nodes[1], 50)
    nodes[1].settle()
    nodes[0].admit(TILL, "till-1")
    nodes[0].admit(TILL, "till-1")
    nodes[0].settle()
    assert 0 == admitted(nodes[0], 50)


def test_the_overshoot_is_bounded(nodes: list[RateLimits]) -> None:
    """A till that goes to all nodes at once gets in each what came between two settlings, and nothing after."""
    total = 0
    for _ in range(12):
        for node in nodes:
            total += admitted(node, 3)
            node.settle()
    assert 20 <= total <= 20 + 2 * 3
    assert 0 == sum(admitted(node, 10) for node in nodes)


def test_who_calls_seldom_costs_no_write(nodes: list[RateLimits]) -> None:
    """Less than a tenth of the limit is told to nobody."""
    nodes[0].admit(TILL, "till-1")
    nodes[0]._store.close()
    nodes[0].settle()
    nodes[0].admit(TILL, "till-1")
    with pytest.raises(EngineFault):
        nodes[0].settle()


def test_a_node_that_cannot_tell_counts_on(nodes: list[RateLimits]) -> None:
    """And lets in no more than the limit by itself."""
    admitted(nodes[0], 15)
    nodes[0]._store.close()
    with pytest.raises(EngineFault):
        nodes[0].settle()
    assert 5 == admitted(nodes[0], 50)


def test_what_is_strict_is_counted_by_all_nodes_together(nodes: list[RateLimits], clock: ManualClock) -> None:
    """Call by call, whichever node it comes to, for ten minutes."""
    clock.advance(60)
    waits = [nodes[number % 3].attempt(RateKind.SIGN_IN, "203.0.113.7") for number in range(5)]
    assert [None, None, None, 540, 540] == waits
    assert nodes[0].attempt(RateKind.SIGN_IN, "203.0.113.8") is None
    assert nodes[0].attempt(RateKind.ENROLMENT, "203.0.113.7") is None
    clock.advance(540)
    assert nodes[1].attempt(RateKind.SIGN_IN, "203.0.113.7") is None


def test_a_limit_of_nothing_lets_everything_in(nodes: list[RateLimits]) -> None:
    """As the settings say it."""
    assert 500 == admitted(nodes[0], 500, RateKind.CUSTOMER)
    assert nodes[0].would_wait(RateKind.CUSTOMER, "till-1") is None


def test_the_counts_do_not_grow(
    nodes: list[RateLimits], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes up names is counted as one after so many, and a window that is over is forgotten."""
    monkeypatch.setattr(rate_limits, "MOST_COUNTED", 10)
    assert 10 + 5 == sum(admitted(nodes[0], 1, RateKind.ADDRESS, f"{number}") for number in range(100))
    assert 11 == len(nodes[0]._counts)
    clock.advance(10)
    nodes[0].settle()
    assert {} == nodes[0]._counts


def test_a_clock_that_is_set_back_does_no_harm(nodes: list[RateLimits], clock: ManualClock) -> None:
    """An hour earlier is another window."""
    admitted(nodes[0], 50)
    clock.advance(-3_600)
    assert 20 == admitted(nodes[0], 50)
    nodes[0].settle()
    assert 0 == admitted(nodes[0], 50)


@pytest.mark.in_a_file
def test_neither_names_nor_addresses_are_in_the_table(nodes: list[RateLimits], tmp_path: Path) -> None:
    """Only keyed numbers."""
    admitted(nodes[0], 20, subject="till-with-a-long-name")
    nodes[0].settle()
    nodes[0].attempt(RateKind.SIGN_IN, "203.0.113.77")
    held = b"".join(each.read_bytes() for each in tmp_path.glob("points.sqlite*"))
    assert b"call_count" in held
    assert b"till-with-a-long-name" not in held
    assert b"203.0.113.77" not in held
