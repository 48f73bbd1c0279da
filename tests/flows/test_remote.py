"""A till whose engine is far away: servers that die, lines that lie, two tills; in the end the books agree."""

import dataclasses
import math
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from points_engine.bootstrap import open_engine
from points_engine.contract import Approve, Refusal, Secret
from points_engine.engine.change_bus import ChangeBus
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.wire.callers import CallerKind
from pos_client.engine_client.credential import TillCredential
from pos_client.engine_client.enrolment import enrol
from pos_client.engine_client.remote import RemoteEngine
from pos_client.engine_client.remote_door import Server
from pos_client.ports import EngineClient, Inbox
from pos_client.till.effects import EntryKind
from pos_client.till.events import CustomerCanceled, DeviceLamp, OtherTenderTaken, PinEntered, SetAside
from pos_client.till.view import Action
from tests.flows.faulty_way import SPOILS, Spoil, Spoiler, stops
from tests.flows.loop_till import LoopTill
from tests.flows.mortal_service import LASTING, MortalService
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, Shop
from tests.pos_client.engine_client.renewing_till import patient
from tests.pos_client.engine_client.scripted_server import ScriptedServer, say_nothing

MEMBER = "m-1"
IMPATIENT_SECONDS = 2.0
"""How long a till waits for an answer that will not come."""
NOT_KNOWN = f"refusal.{Refusal.OUTCOME_UNKNOWN.code}"


def open_client(server: Server, credential: TillCredential, inbox: Inbox) -> EngineClient:
    """The way to the server."""
    return RemoteEngine(server, credential, inbox)


def till_at(url: str, folder: Path, credential: TillCredential, *, queries: int = 3) -> LoopTill:
    """A till of the shop, which waits for answers."""
    till_id = credential.till_id
    return LoopTill(
        folder / till_id, till_id, partial(open_client, patient(url), credential), queries=queries
    )


def impatient_till_at(url: str, folder: Path, credential: TillCredential) -> LoopTill:
    """A till of the shop that waits for an answer as long as it must, where none comes."""
    till_id, server = credential.till_id, dataclasses.replace(patient(url), answer_seconds=IMPATIENT_SECONDS)
    return LoopTill(folder / till_id, till_id, partial(open_client, server, credential))


def lamps(till: LoopTill) -> list[DeviceLamp]:
    """The lamps the cashier sees."""
    return [lamp for _, lamp, _ in till.view.lamps] if till.screen.views else []


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MortalService]:
    """The shop's server, which is not running yet."""
    with MortalService(tmp_path / "engine") as mortal:
        yield mortal


# --- the server dies


@pytest.mark.parametrize("till_restarts", [False, True])
@pytest.mark.parametrize("step", [0, 1], ids=["before the commit", "after the commit"])
def test_a_server_killed_in_a_charge(
    service: MortalService, tmp_path: Path, step: int, *, till_restarts: bool
) -> None:
    """Whatever it had done by then, and whether the till lived: one payment at most, and both books say the same."""
    code, key = service.prepared(MEMBER, 1_000)
    with ExitStack() as stack:
        service.start_doomed(step)
        till = stack.enter_context(till_at(service.url, tmp_path, key))
        till.wait(lambda: lamps(till) == [DeviceLamp.READY])
        service.arm()
        till.charge(300, code)
        assert service.died()
        till.shows(NOT_KNOWN)
        if till_restarts:
            stack.close()
            till = stack.enter_context(till_at(service.url, tmp_path, key))
            till.shows("cashier.resolving_at_start")
        service.start()
        till.settled()
        ((kind, units),) = till.ends()
    service.stop()
    assert kind in {EntryKind.SUCCEEDED, EntryKind.REVERSED}
    assert 1_000 - (units if kind is EntryKind.SUCCEEDED else 0) == service.balance(MEMBER)
    if till_restarts:
        # A till that opens gives back what never came, and only what never came.
        assert (EntryKind.SUCCEEDED if step else EntryKind.REVERSED) is kind


@pytest.mark.parametrize("step", [0, 1], ids=["before the commit", "after the commit"])
def test_a_server_killed_while_it_checks_a_pin(service: MortalService, tmp_path: Path, step: int) -> None:
    """The PIN is not kept: what was checked counts, what was not is typed again."""
    code, key = service.prepared(MEMBER, 2_000)
    service.start_doomed(step)
    with till_at(service.url, tmp_path, key, queries=1_000) as till:
        till.wait(lambda: lamps(till) == [DeviceLamp.READY])
        till.charge(800, code)
        till.shows("cashier.waiting_for_pin")
        service.arm()
        till.put(PinEntered(Secret(RIGHT_PIN)))
        assert service.died()
        till.shows(NOT_KNOWN)
        service.start()
        if step == 0:
            till.shows("cashier.waiting_for_pin")
            till.put(PinEntered(Secret(RIGHT_PIN)))
        till.settled()
        assert [(EntryKind.SUCCEEDED, 800)] == till.ends()
    service.stop()
    assert 1_200 == service.balance(MEMBER)


def test_a_till_opens_without_its_server_and_sells_when_it_is_there(
    service: MortalService, tmp_path: Path
) -> None:
    """It says by its lamp that nobody answers; a charge is refused and nothing is taken; later the same code pays."""
    code, key = service.prepared(MEMBER, 1_000)
    with till_at(service.url, tmp_path, key) as till:
        till.wait(lambda: lamps(till) == [DeviceLamp.FAULT])
        till.charge(300, code)
        till.shows(f"refusal.{Refusal.ENGINE_UNAVAILABLE.code}")
        service.start()
        till.wait(lambda: lamps(till) == [DeviceLamp.READY])
        till.put(OtherTenderTaken())
        till.charge(300, code)
        till.shows("cashier.paid")
        assert [(EntryKind.FAILED, 300), (EntryKind.SUCCEEDED, 300)] == till.ends()
    service.stop()
    assert 700 == service.balance(MEMBER)


# --- the line lies; the server lives


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One that lives, in this process, by the system's clock; its books are true in the end."""
    folder, bus = tmp_path_factory.mktemp("server"), ChangeBus()
    engine = open_engine(folder, LASTING, pin_cost=CHEAP, sweep_every_seconds=None, changes=bus)
    shop = Shop(folder, engine=engine)
    shop.till("till-2")
    with (
        Gatekeeper(engine.gate, LASTING.rates) as gatekeeper,
        RunningService(folder, shop=shop, changes=bus, authenticator=gatekeeper) as running,
    ):
        yield running
        assert [] == engine.verify()


def enrolled(server: RunningService, till_id: str) -> TillCredential:
    """A till that has just been enrolled, as it is done."""
    code = Counter(server.shop).code(CallerKind.TILL, till_id)
    return enrol(patient(url_of(server)), till_id, Secret(code))


def url_of(server: RunningService) -> str:
    """Its base URL."""
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def key(server: RunningService) -> TillCredential:
    """The shop's till."""
    return enrolled(server, TILL)


class Customer:
    """A member nobody has met, who shows a code."""

    def __init__(self, shop: Shop, units: int) -> None:
        self._shop = shop
        self.member_no = shop.member(shop.fresh("m"), units, RIGHT_PIN)
        self.code = Secret(shop.code(self.member_no))

    @property
    def balance(self) -> int:
        """What they have."""
        return self._shop.balance(self.member_no)


@pytest.fixture
def customer(server: RunningService) -> Customer:
    """With 2,000 points."""
    return Customer(server.shop, 2_000)


@pytest.mark.parametrize("arrives", [True, False], ids=["carried out", "never heard of"])
@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_spoilt_answer_is_asked_for_again(
    server: RunningService,
    customer: Customer,
    key: TillCredential,
    tmp_path: Path,
    spoil: Spoil,
    *,
    arrives: bool,
) -> None:
    """The charge is made once, whether the first request had arrived or not."""
    spoiler = Spoiler(server.port, b"POST /v1/charges", spoil, 1, arrives=arrives)
    with ScriptedServer(spoiler.behave) as way, till_at(way.url, tmp_path, key) as till:
        till.charge(300, customer.code)
        till.shows("cashier.paid")
        assert [(EntryKind.SUCCEEDED, 300)] == till.ends()
    assert (1, 1_700) == (spoiler.spoilt, customer.balance)


@pytest.mark.parametrize("arrives", [True, False], ids=["carried out", "never heard of"])
def test_an_answer_that_stops_in_the_middle_is_asked_for_again(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path, *, arrives: bool
) -> None:
    """The till waits for the rest as long as it must, and then does as if nothing had come."""
    spoiler = Spoiler(server.port, b"POST /v1/charges", stops, 1, arrives=arrives)
    with (
        ScriptedServer(spoiler.behave) as way,
        impatient_till_at(way.url, tmp_path, key) as till,
    ):
        till.charge(300, customer.code)
        till.shows("cashier.paid")
        assert [(EntryKind.SUCCEEDED, 300)] == till.ends()
    assert (1, 1_700) == (spoiler.spoilt, customer.balance)


@pytest.mark.parametrize("arrives", [True, False], ids=["carried out", "never heard of"])
def test_a_charge_that_is_never_answered(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path, *, arrives: bool
) -> None:
    """However often it is sent: a query finds it paid; or finds nothing, and a reversal closes the door."""
    spoiler = Spoiler(server.port, b"POST /v1/charges", SPOILS["hangs up"], math.inf, arrives=arrives)
    with ScriptedServer(spoiler.behave) as way, till_at(way.url, tmp_path, key) as till:
        till.charge(300, customer.code)
        till.settled()
        assert [((EntryKind.SUCCEEDED if arrives else EntryKind.REVERSED), 300)] == till.ends()
    assert (1_700 if arrives else 2_000) == customer.balance


def test_a_server_that_never_answers_does_not_hold_the_sale_up(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path
) -> None:
    """The order is set aside and the sale paid otherwise; after a restart, with the server back, it is given back."""
    with ScriptedServer(say_nothing) as way, impatient_till_at(way.url, tmp_path, key) as till:
        till.charge(300, customer.code)
        till.wait(lambda: till.view.headline.key == NOT_KNOWN and Action.SET_ASIDE in till.view.actions)
        till.put(SetAside(), OtherTenderTaken())
        till.shows("cashier.paid_elsewhere")
    with till_at(url_of(server), tmp_path, key) as till:
        till.settled()
        assert [(EntryKind.REVERSED, 300)] == till.ends()
    assert 2_000 == customer.balance


def test_two_tills_and_one_code(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path
) -> None:
    """Both scan it at once: one is paid, the other says why not."""
    url, other = url_of(server), enrolled(server, "till-2")
    with till_at(url, tmp_path, key) as one, till_at(url, tmp_path, other) as two:
        one.charge(300, customer.code)
        two.charge(200, customer.code)
        one.settled()
        two.settled()
        ends = dict([*one.ends(), *two.ends()])
    assert {EntryKind.SUCCEEDED, EntryKind.FAILED} == set(ends)
    assert 2_000 - ends[EntryKind.SUCCEEDED] == customer.balance


def test_the_customer_approves_on_the_phone(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path
) -> None:
    """The cashier's screen goes on by itself."""
    with till_at(url_of(server), tmp_path, key) as till:
        till.charge(800, customer.code)
        till.shows("cashier.waiting_for_pin")
        (order_id,) = till.open_orders()
        server.shop.ask(Approve(order_id=order_id, member_no=customer.member_no))
        till.shows("cashier.paid")
        assert [(EntryKind.SUCCEEDED, 800)] == till.ends()
    assert 1_200 == customer.balance


def test_a_cancel_that_got_lost_takes_nothing(
    server: RunningService, customer: Customer, key: TillCredential, tmp_path: Path
) -> None:
    """The customer would not: a cancel without an answer becomes a reversal."""
    spoiler = Spoiler(server.port, b"POST /v1/payments", SPOILS["hangs up"], 4, arrives=False)
    with ScriptedServer(spoiler.behave) as way, till_at(way.url, tmp_path, key) as till:
        till.charge(800, customer.code)
        till.shows("cashier.waiting_for_pin")
        till.put(CustomerCanceled())
        till.settled()
        ((kind, _),) = till.ends()
    assert kind in {EntryKind.REVERSED, EntryKind.CANCELED}
    assert 2_000 == customer.balance


def test_a_till_that_is_revoked_hears_it(server: RunningService, customer: Customer, tmp_path: Path) -> None:
    """At its next charge, with what to do; nothing is taken; and enrolled again it sells on."""
    server.shop.till("till-3")
    with till_at(url_of(server), tmp_path, enrolled(server, "till-3")) as till:
        till.wait(lambda: lamps(till) == [DeviceLamp.READY])
        Counter(server.shop).revoke(CallerKind.TILL, "till-3")
        server.shop.engine.gate.catch_up()
        till.charge(300, customer.code)
        till.shows(f"refusal.{Refusal.TILL_NOT_ENROLLED.code}")
        till.wait(lambda: lamps(till) == [DeviceLamp.FAULT])
    with till_at(url_of(server), tmp_path, enrolled(server, "till-3")) as till:
        till.charge(300, customer.code)
        till.shows("cashier.paid")
    assert 1_700 == customer.balance
