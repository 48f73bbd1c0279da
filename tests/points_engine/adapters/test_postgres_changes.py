"""Changes between nodes on a real PostgreSQL: told in batches, made good after a gap, and deafness is noticed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from points_engine.adapters import postgres_changes
from points_engine.adapters.node_changes import CALM_SECONDS, DEAF_SECONDS, NodeChanges
from points_engine.adapters.postgres_changes import CHANNEL, PostgresChanges
from points_engine.change_ports import Change
from points_engine.engine.change_bus import ChangeBus, account_topic
from tests.postgres_server import PostgresServer
from tests.waiting import within


class Node:
    """A node's bus, its link to the others, and what a subscriber to account 1 heard."""

    def __init__(self, link: PostgresChanges, bus: ChangeBus) -> None:
        self.link = link
        self.bus = bus
        self.heard: list[Change | None] = []
        bus.subscribe([account_topic(1)], self.heard.append)


@contextmanager
def a_node(url: str, listen_url: str | None = None, deaf_seconds: float = 15.0) -> Iterator[Node]:
    """A node that runs, and hears if it can."""
    bus = ChangeBus()
    link = PostgresChanges(
        url, bus, url if listen_url is None else listen_url, beat_seconds=0.05, deaf_seconds=deaf_seconds
    )
    link.start()
    try:
        yield Node(link, bus)
    finally:
        link.close()


@pytest.fixture
def nodes(postgres_url: str) -> Iterator[tuple[Node, Node]]:
    """Two that hear each other."""
    with a_node(postgres_url) as one, a_node(postgres_url) as two:
        within(lambda: one.link.is_hearing and two.link.is_hearing)
        yield one, two


def test_what_one_node_commits_the_other_hears(nodes: tuple[Node, Node]) -> None:
    """Once each, and not back again; order ids may hold anything."""
    one, two = nodes
    changes = [Change("order-1", 0, 1), Change('"]\u6625\U0001f338,[', 7, 1), Change("", 0, 1)]
    one.bus.changed([*changes, Change("other", 3, 2)])
    within(lambda: len(two.heard) >= len(changes))
    two.bus.changed([Change("order-2", 0, 1)])
    within(lambda: len(one.heard) > len(changes))
    assert changes == two.heard[:3]
    assert [*changes, Change("order-2", 0, 1)] == one.heard


def test_much_at_once_goes_in_pieces(nodes: tuple[Node, Node]) -> None:
    """However long and however many: no message is larger than the server takes."""
    one, two = nodes
    changes = [Change("春" * 180 + str(number), 0, 1) for number in range(200)]
    one.bus.changed(changes)
    within(lambda: len(two.heard) >= len(changes))
    assert set(changes) == set(two.heard)


def test_too_much_to_tell_is_told_as_a_gap(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits to be told is bounded: the others look at everything again."""
    one, two = nodes
    monkeypatch.setattr(postgres_changes, "_MOST_WAITING", 10)
    for number in range(40):
        one.bus.changed([Change(f"{number}-{place}", 0, 1) for place in range(11)])
    within(lambda: None in two.heard)


def test_a_lost_line_is_made_good(postgres_url: str, nodes: tuple[Node, Node]) -> None:
    """After every connection was cut both hear again, and everybody looks at everything once more."""
    one, two = nodes
    with psycopg.connect(postgres_url, autocommit=True) as office:
        office.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'points-engine changes'"
        )
    within(lambda: None in one.heard and None in two.heard)
    within(lambda: one.link.is_hearing and two.link.is_hearing)
    change = Change("after", 0, 1)
    within(lambda: _reaches(one, two, change))


def _reaches(one: Node, two: Node, change: Change) -> bool:
    one.bus.changed([change])
    return change in two.heard


def test_a_line_that_passes_nothing_on_is_noticed(postgres_server: PostgresServer, postgres_url: str) -> None:
    """As through a pooler: the node knows that it is deaf, and everybody looks again."""
    with a_node(postgres_url, postgres_server.url("postgres"), deaf_seconds=0.3) as node:
        within(lambda: None in node.heard)
        assert not node.link.is_hearing


def test_streams_look_more_often_where_nothing_is_heard(postgres_url: str) -> None:
    """Behind a pooler without an address for LISTEN a node tells others, and hears nobody."""
    with NodeChanges(postgres_url) as direct, NodeChanges(postgres_url, is_pooled=True) as pooled:
        within(lambda: direct.poll_seconds() == CALM_SECONDS)
        assert DEAF_SECONDS == pooled.poll_seconds()
        heard: list[Change | None] = []
        direct.bus.subscribe([account_topic(1)], heard.append)
        pooled.bus.changed([Change("order-1", 0, 1)])
        within(lambda: heard == [Change("order-1", 0, 1)])
    with NodeChanges() as alone:
        assert CALM_SECONDS == alone.poll_seconds()


def test_a_server_that_is_not_there_yet(postgres_url: str) -> None:
    """A node starts without it, and nobody who commits is held up."""
    with a_node("postgresql://postgres@/points?host=/nowhere") as node:
        change = Change("order-1", 0, 1)
        node.bus.changed([change])
        assert [change] == node.heard
        assert not node.link.is_hearing


def test_what_strangers_say_is_not_believed(postgres_url: str, nodes: tuple[Node, Node]) -> None:
    """Whoever may connect may notify: nonsense is passed over, and does no harm."""
    one, two = nodes
    with psycopg.connect(postgres_url, autocommit=True) as stranger:
        for text in ("", "[", "{}", "[1]", '["x",false,[1,2]]', '["x",false,["o","t","a"]]', "null", "7"):
            stranger.execute("SELECT pg_notify(%s, %s)", (CHANNEL, text))
    change = Change("order-1", 0, 1)
    one.bus.changed([change])
    within(lambda: change in two.heard)
    assert [change] == two.heard


def test_the_hot_path_hardly_notices(nodes: tuple[Node, Node]) -> None:
    """To be told costs a commit microseconds, not a journey to the server."""
    one, _ = nodes
    since = time.thread_time()
    for number in range(1_000):
        one.bus.changed([Change(f"order-{number}", 0, 2)])
    assert time.thread_time() - since < 0.2
