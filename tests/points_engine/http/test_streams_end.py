"""A stream ends within seconds when its caller would not be let in any more, whichever node sent them away."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from points_engine.adapters.node_changes import NodeChanges
from points_engine.bootstrap import open_engine
from points_engine.calling import RenewCredential, SignOut
from points_engine.contract import Done, Secret
from points_engine.engine.authentication import Standing
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.http.incoming import Incoming
from points_engine.http.live_stream import LiveRules
from points_engine.signing import Key, authorization
from points_engine.wire.callers import CallerKind
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.engine.counter import Counter, key_in
from tests.points_engine.http.event_reader import EventReader
from tests.points_engine.http.running_service import TILL as CALLER
from tests.points_engine.http.running_service import RunningService, TrustingAuthenticator
from tests.points_engine.shop import CHEAP, EVERY_KIND, TILL, Shop
from tests.waiting import within

FEW_SECONDS = 30.0
"""A deadline: sooner than anything else could end a stream here."""
MEMBER = "8600"
QUIET = LiveRules(heartbeat=60.0, poll=lambda: 60.0)
"""What ends in these tests ends because somebody was sent away: the streams live for five minutes."""


@contextmanager
def a_node(folder: Path, url: str, clock: ManualClock) -> Iterator[RunningService]:
    """A node with a real gate, by the seconds that a shop has."""
    with ExitStack() as stack:
        changes = stack.enter_context(NodeChanges(url))
        engine = open_engine(
            folder, replace(EVERY_KIND, database=url), clock=clock, pin_cost=CHEAP, sweep_every_seconds=None,
            changes=changes.bus,
        )  # fmt: skip
        shop = Shop(folder, clock=clock, engine=engine)
        gatekeeper = stack.enter_context(Gatekeeper(engine.gate, EVERY_KIND.rates))
        yield stack.enter_context(
            RunningService(folder, shop=shop, changes=changes.bus, live_rules=QUIET, authenticator=gatekeeper)
        )


class Nodes:
    """Where a stream is read, and where its caller is sent away: the same node, or two on one PostgreSQL."""

    def __init__(self, here: RunningService, there: RunningService) -> None:
        self.here = here
        self.counter = Counter(there.shop)
        self.counter.shop.member(MEMBER, 1_000)
        self.counter.shop.bind(MEMBER)

    def signed_in(self) -> Secret:
        """The token of a fresh session."""
        self.counter.shop.clock.advance(61)
        return self.counter.sign_in().token

    def by_token(self, token: Secret) -> EventReader:
        """A phone's stream."""
        return EventReader(self.here, None, presents={"Authorization": f"Bearer {token.reveal()}"})

    def by_key(self, key: Key) -> EventReader:
        """A till's stream."""
        at = int(self.counter.shop.clock.now().timestamp())
        header = authorization(key, "GET", "/v1/events", b"", at=at, idempotency_key="")
        return EventReader(self.here, None, presents={"Authorization": header})


@pytest.fixture(scope="module", params=["one node", "two nodes"])
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """On SQLite one; on PostgreSQL two."""
    folder, clock = tmp_path_factory.mktemp("nodes"), ManualClock()
    with ExitStack() as stack:
        if request.param == "one node":
            node = stack.enter_context(a_node(folder, "", clock))
            yield Nodes(node, node)
        else:
            server = request.getfixturevalue("postgres_server")
            url = server.fresh()
            stack.callback(server.drop, url)
            yield Nodes(*(stack.enter_context(a_node(folder, url, clock)) for _ in range(2)))


def ends(reader: EventReader) -> float:
    """The seconds until a stream that has been opened ends."""
    since = time.monotonic()
    while reader.next() is not None:
        pass
    return time.monotonic() - since


def test_who_may_listen_is_looked_up_every_two_seconds(tmp_path: Path) -> None:
    """A node learns of it within a second, and looks at its streams within another."""
    with Shop(tmp_path, EVERY_KIND) as shop:
        gatekeeper = Gatekeeper(shop.engine.gate, EVERY_KIND.rates)
        assert QUIET.watch + gatekeeper._every_seconds <= 2


def test_a_customer_who_signs_out(nodes: Nodes) -> None:
    """Their stream ends; that of another session of theirs goes on."""
    token, other = nodes.signed_in(), nodes.signed_in()
    with nodes.by_token(token) as phone, nodes.by_token(other) as goes_on:
        assert (200, 200) == (phone.status, goes_on.status)
        phone.opening(4)
        goes_on.opening(4)
        assert Done() == nodes.counter.shop.ask(SignOut(token=token))
        assert ends(phone) < FEW_SECONDS
        nodes.counter.shop.credit(MEMBER, 5)
        assert goes_on.until("balance")


def test_a_customer_who_is_signed_out(nodes: Nodes) -> None:
    """By the back office: all their streams end."""
    with nodes.by_token(nodes.signed_in()) as phone:
        phone.opening(4)
        nodes.counter.revoke(CallerKind.CUSTOMER, MEMBER)
        assert ends(phone) < FEW_SECONDS


def test_a_customer_whose_session_rested_too_long(nodes: Nodes) -> None:
    """A stream is no use of its session: it ends when that does."""
    with nodes.by_token(nodes.signed_in()) as phone:
        phone.opening(4)
        nodes.counter.shop.clock.advance(16 * 60)
        assert ends(phone) < FEW_SECONDS


Ends = Callable[[Nodes, Key], None]


def _revoked(nodes: Nodes, _key: Key) -> None:
    nodes.counter.revoke(CallerKind.TILL, TILL)


def _rotated_away(nodes: Nodes, key: Key) -> None:
    newer = key_in(nodes.counter.shop.ask(RenewCredential(request_id="r", key_id=key.key_id)))
    nodes.counter.ask(nodes.counter.signed(newer))
    nodes.counter.shop.clock.advance(86_400)


@pytest.mark.parametrize("sent_away", [_rotated_away, _revoked], ids=["rotated away", "revoked"])
def test_a_till_whose_key_comes_to_its_end(nodes: Nodes, sent_away: Ends) -> None:
    """Its stream ends, that of a till beside it goes on."""
    nodes.counter.shop.till("till-2")
    key, other = nodes.counter.till_key(), nodes.counter.till_key("till-2")
    with nodes.by_key(key) as till, nodes.by_key(other) as goes_on:
        assert (200, 200) == (till.status, goes_on.status)
        sent_away(nodes, key)
        assert ends(till) < FEW_SECONDS
        within(lambda: len(nodes.here.service._live._streams) == 1)
    with nodes.by_key(key) as till:
        assert 401 == till.status


class Broken(TrustingAuthenticator):
    """One with a bug in what looks after streams."""

    def standing(self, request: Incoming) -> Standing | None:
        return Standing("key", b"")

    async def ended(self, standings: Collection[Standing]) -> Collection[Standing]:
        raise ZeroDivisionError


def test_nobody_listens_on_unwatched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where streams cannot be looked after they end, and it is said."""
    with (
        RunningService(tmp_path, live_rules=QUIET._replace(watch=0.05), authenticator=Broken()) as service,
        EventReader(service, CALLER) as till,
    ):
        assert 200 == till.status
        assert ends(till) < FEW_SECONDS
        within(lambda: "ZeroDivisionError" in caplog.text)
