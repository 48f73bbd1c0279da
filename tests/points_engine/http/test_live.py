"""Live streams over real sockets: each caller hears of their own, at once, and nobody's slowness harms the node."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from points_engine.bootstrap import open_engine
from points_engine.contract import Approve, ChargeMember, Decline
from points_engine.engine.change_bus import ChangeBus
from points_engine.http import live
from points_engine.http.live import READS_AT_ONCE
from points_engine.http.live_stream import MOST_WAITING, LiveRules
from points_engine.service_settings import ServiceSettings
from points_engine.wire.callers import Caller, CallerKind
from tests.by_chance import without_chance
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.http.event_reader import EventReader
from tests.points_engine.http.running_service import OFFICE, QUICK, TILL, RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, RIGHT_PIN, Shop, payment, points
from tests.waiting import PATIENCE_SECONDS, within

T = TypeVar("T")


def live_service(
    folder: Path, rules: LiveRules | None = None, settings: ServiceSettings = QUICK
) -> RunningService:
    """A service whose engine tells it of its commits."""
    bus, clock = ChangeBus(), ManualClock()
    engine = open_engine(
        folder, EVERY_KIND, clock=clock, pin_cost=CHEAP, sweep_every_seconds=None, changes=bus
    )
    shop = Shop(folder, clock=clock, engine=engine)
    return RunningService(folder, settings, shop=shop, changes=bus, live_rules=rules)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Beats and polls seldom, so that what is told in these tests is told because of a change."""
    with live_service(tmp_path_factory.mktemp("live"), LiveRules(60.0, lambda: 60.0)) as running:
        yield running


def customer(service: RunningService, units: int = 5_000) -> Caller:
    """A fresh member who is signed in."""
    return Caller(CallerKind.CUSTOMER, service.shop.member(service.shop.fresh("m"), units, RIGHT_PIN))


def test_a_customer_is_told_of_their_payments(service: RunningService) -> None:
    """First the state; then the code's use, the wait for a PIN, the result, and each balance that changed."""
    member = customer(service)
    with EventReader(service, member) as phone:
        assert (200, "text/event-stream") == (phone.status, phone.headers["content-type"])
        opening = phone.opening(4)
        assert ["waiting", "balance", "balance", "balance"] == [told.name for told in opening]
        order = service.shop.pay(member.caller_id, 100).order_id
        assert "succeeded" == phone.until("payment", order_id=order)["state"]
        assert {"asset": "points", "units": 4_900} == phone.until("balance")["balance"]
        order = service.shop.pay(member.caller_id, 600).order_id
        assert "requires_action" == phone.until("payment", order_id=order)["state"]
        (waiting,) = phone.until("waiting")["payments"]
        assert ("shop-1", order) == (waiting["shop_id"], waiting["payment"]["order_id"])
        service.shop.answer(order, RIGHT_PIN)
        assert "succeeded" == phone.until("payment", order_id=order)["state"]
        service.shop.credit(member.caller_id, 50)
        assert 4_350 == phone.until("balance")["balance"]["units"]


def test_a_till_learns_what_became_of_its_payments(service: RunningService) -> None:
    """A yes, a no, and time that is up on the customer's phone; its own charges it knows already."""
    member = customer(service)
    with EventReader(service, TILL) as till:
        expected = []
        for end, state in (
            (
                lambda order: service.shop.ask(Approve(order_id=order, member_no=member.caller_id)),
                "succeeded",
            ),
            (lambda order: service.shop.ask(Decline(order_id=order, member_no=member.caller_id)), "canceled"),
            (lambda _order: (service.shop.clock.advance(600), service.shop.engine.sweep()), "canceled"),
        ):
            service.shop.pay(member.caller_id, 10)
            order = service.shop.pay(member.caller_id, 600).order_id
            end(order)
            expected.append(("payment", order, state))
        told = [till.next() for _ in expected]
        assert expected == [(each.name, each.data["order_id"], each.data["state"]) for each in told if each]


def test_an_order_server_learns_what_its_customers_decided(service: RunningService) -> None:
    """A shop's order page waits for a yes on the phone as a till does."""
    member = customer(service)
    shop = Caller(CallerKind.MERCHANT, "shop-1")
    order = ChargeMember(order_id="web-1", shop_id="shop-1", member_no=member.caller_id, amount=points(600))
    with EventReader(service, shop, "?order=web-1") as server:
        assert ["unknown"] == [told.name for told in server.opening(1)]
        service.shop.ask(order)
        service.shop.ask(Approve(order_id="web-1", member_no=member.caller_id))
        assert "web-1" == server.until("payment", state="succeeded")["order_id"]


def test_a_till_is_told_of_the_orders_it_names_at_once(service: RunningService) -> None:
    """How they stand now, so that a till that was away missed nothing; then what becomes of them alone."""
    member = customer(service)
    orders = [service.shop.pay(member.caller_id, 600).order_id for _ in range(3)]
    service.shop.cancel(orders[0])
    with EventReader(service, TILL, f"?order={orders[0]}&order={orders[1]}&order=nobodys") as till:
        told = till.opening(3)
        assert ["payment", "payment", "unknown"] == [each.name for each in told]
        assert ["canceled", "requires_action"] == [each.data["state"] for each in told[:2]]
        service.shop.cancel(orders[2])
        service.shop.cancel(orders[1])
        assert "canceled" == till.until("payment")["state"]


def test_nobody_hears_of_others(service: RunningService) -> None:
    """Neither another member nor another till is told of a payment, nor may one name another's order."""
    member, other = customer(service), customer(service)
    service.shop.till("till-2")
    stranger = Caller(CallerKind.TILL, "till-2")
    order = service.shop.pay(member.caller_id, 600).order_id
    with (
        EventReader(service, other) as phone,
        EventReader(service, stranger, f"?order={order}") as till,
    ):
        phone.opening(4)
        assert [("unknown", {"order_id": order})] == [(told.name, told.data) for told in till.opening(1)]
        service.shop.answer(order, RIGHT_PIN)
        service.shop.credit(other.caller_id, 7)
        told = phone.next()
        assert told is not None
        assert ("balance", 5_007) == (told.name, told.data["balance"]["units"])


def test_who_was_away_is_told_what_moved_meanwhile(service: RunningService) -> None:
    """Last-Event-ID brings the payments that moved since; without it only the state comes."""
    member = customer(service)
    early = service.shop.pay(member.caller_id, 10).order_id
    service.shop.clock.advance(60)
    with EventReader(service, member) as phone:
        phone.opening(4)
        last_id = phone.last_id
    service.shop.clock.advance(60)
    missed = service.shop.pay(member.caller_id, 20).order_id
    with EventReader(service, member, last_id=last_id) as phone:
        told = phone.opening(5)
        assert ("payment", missed) == (told[0].name, told[0].data["order_id"])
        assert early not in {each.data.get("order_id") for each in told}
    with EventReader(service, member, last_id="yesterday") as phone:
        assert "waiting" == phone.opening(1)[0].name


def test_no_secret_is_told(service: RunningService) -> None:
    """Neither a code nor a PIN is in what a phone or till is told, nor in the service's log."""
    member = customer(service)
    with EventReader(service, member) as phone:
        phone.opening(4)
        code = service.shop.code(member.caller_id)
        order = payment(service.shop.charge(code, 600))
        service.shop.answer(order.order_id, RIGHT_PIN)
        heard = str(phone.until("payment", state="succeeded")).encode()
    searched = without_chance(heard + b"".join(service.log))
    assert [] == [secret for secret in (code, RIGHT_PIN) if secret.encode() in searched]


WRONG = {
    "the back office": (OFFICE, "", 403),
    "a till that is not there": (Caller(CallerKind.TILL, "till-9"), "", 401),
    "a member who is not there": (Caller(CallerKind.CUSTOMER, "m-none"), "", 404),
    "orders of a customer": (Caller(CallerKind.CUSTOMER, "m-none"), "?order=o-1", 400),
    "another query": (TILL, "?orders=o-1", 400),
    "too many orders": (TILL, "?" + "&".join(f"order=o-{n}" for n in range(30)), 400),
}


@pytest.mark.parametrize("case", WRONG)
def test_who_and_what_is_refused(service: RunningService, case: str) -> None:
    """With problem details, and no stream."""
    caller, query, status = WRONG[case]
    with EventReader(service, caller, query) as reader:
        assert (status, "application/problem+json") == (reader.status, reader.headers["content-type"])


def test_a_caller_has_so_many_streams(service: RunningService) -> None:
    """One more is refused with 429 until one of them is closed."""
    member = customer(service)
    with ExitStack() as open_readers:
        readers = [
            open_readers.enter_context(EventReader(service, member)) for _ in range(live.MOST_OF_A_CALLER)
        ]
        for reader in readers:
            reader.opening(1)
        with EventReader(service, member) as refused:
            assert 429 == refused.status
        readers[0].close()
        within(lambda: _is_let_in(service, member))


def test_streams_take_no_place_of_requests(tmp_path: Path) -> None:
    """A node takes so many streams and, beside them, as many requests as without."""
    with live_service(tmp_path, settings=replace(QUICK, streams=2, requests=1)) as service:
        member, other = customer(service), customer(service)
        with EventReader(service, member) as one, EventReader(service, other) as two:
            one.opening(4)
            two.opening(4)
            assert "points_http_streams 2.0" in service.request("GET", "/metrics").body.decode()
            with EventReader(service, customer(service)) as refused:
                assert 503 == refused.status


def test_a_gap_for_all_holds_nobody_up(tmp_path: Path) -> None:
    """When every stream looks again at once, the queue of commands stays as short as it was."""
    settings = replace(QUICK, threads=3, waiting_commands=4)
    with live_service(tmp_path, settings=settings) as service, ExitStack() as open_readers:
        readers = [open_readers.enter_context(EventReader(service, customer(service))) for _ in range(20)]
        for reader in readers:
            reader.opening(4)
        most = 0
        begin = service.service.workers.begin

        def counted(work: Callable[[], T]) -> asyncio.Future[T]:
            nonlocal most
            most = max(most, service.service.workers._under_way + 1)
            return begin(work)

        service.service.workers.begin = counted  # type: ignore[method-assign] # only looks on
        service.service._live._bus.look_again()
        for reader in readers:
            assert {} == reader.until("look_again")
        assert 0 < most <= READS_AT_ONCE


def _is_let_in(service: RunningService, caller: Caller) -> bool:
    with EventReader(service, caller) as reader:
        return reader.status == 200


def test_a_slow_reader_costs_nothing_and_is_told_to_look_again(service: RunningService) -> None:
    """What waits for one who does not read is bounded; once they read on they have the newest state."""
    member = customer(service, 100_000)
    with EventReader(service, member) as phone:
        phone.opening(4)
        # Those of readers that have hung up are gone once the node has noticed.
        within(lambda: len(service.service._live._streams) == 1)
        (stream,) = service.service._live._streams
        mailbox = stream._mailbox
        taken = mailbox.take
        mailbox.take = lambda: ((), False)  # type: ignore[method-assign] # the loop is busy elsewhere
        for _ in range(2 * MOST_WAITING):
            service.shop.pay(member.caller_id, 1)
        assert len(mailbox._changes) <= MOST_WAITING
        mailbox.take = taken  # type: ignore[method-assign] # and now comes back to it
        service.shop.credit(member.caller_id, 1)
        assert {} == phone.until("look_again")


def test_silence_is_filled_and_lost_changes_are_caught(tmp_path: Path) -> None:
    """Comments keep the line open; a change nobody told of is found by looking, and told once."""
    with live_service(tmp_path, LiveRules(heartbeat=0.02, poll=lambda: 0.05)) as service:
        member = customer(service)
        with EventReader(service, member) as phone:
            phone.opening(4)
            assert "2000" == phone.retry
            phone.until_comment()
            service.shop.engine._store._commits._changes = ChangeBus()  # type: ignore[attr-defined] # nobody hears
            service.shop.credit(member.caller_id, 5)
            assert 5_005 == phone.until("balance")["balance"]["units"]


def test_a_stream_ends_so_that_its_caller_proves_anew_who_they_are(tmp_path: Path) -> None:
    """After its lifetime it ends in good order, and the reader comes back."""
    with live_service(tmp_path, LiveRules(lifetime=0.1)) as service:
        member = customer(service)
        with EventReader(service, member) as phone:
            phone.opening(4)
            assert phone.next() is None
        with EventReader(service, member) as phone:
            assert 200 == phone.status


def test_a_node_that_stops_ends_its_streams(tmp_path: Path) -> None:
    """Nobody waits for a stream: it ends in good order, long before the node would cut it off."""
    settings = replace(QUICK, finish_seconds=2 * int(PATIENCE_SECONDS))
    with (
        live_service(tmp_path, settings=settings) as service,
        EventReader(service, customer(service)) as phone,
    ):
        phone.opening(4)
        service.server.stop()
        assert phone.next() is None
