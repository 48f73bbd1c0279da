"""The express charge when connections and servers die under it: nothing that was told is lost, nothing is doubled."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from points_engine.contract import Charge, CodeIssued, EngineFault, Payment, PaymentState, Secret
from tests.points_engine.shop import TILL, Shop, points
from tests.postgres_server import PostgresServer
from tests.waiting import within

MEMBERS, UNITS = 24, 90_000
TILLS, TOGETHER = 3, 8
CUTS, KILLS = 12, 2
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'points-engine'
"""


@pytest.fixture(scope="module")
def durable_server() -> Iterator[PostgresServer]:
    """A server that keeps what it says."""
    with PostgresServer(is_durable=True) as server:
        yield server


class Counter:
    """Three tills that charge together, over and over, and write down what they were told."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._numbers = itertools.count(1)
        self.asked: list[Charge] = []
        self.told: dict[str, Payment] = {}
        self.unknown: set[str] = set()
        for number in range(MEMBERS):
            shop.member(f"m-{number}", UNITS)

    @contextmanager
    def selling(self) -> Iterator[None]:
        """Three threads sell until the block ends, each to members of its own."""
        is_over = threading.Event()
        with ThreadPoolExecutor(TILLS) as pool:
            tills = [pool.submit(self._sell, place, is_over) for place in range(TILLS)]
            try:
                yield
            finally:
                is_over.set()
        for till in tills:
            till.result()

    def go_on(self) -> None:
        """Wait until more charges have been told: others are under way then."""
        told = len(self.told)
        within(lambda: len(self.told) > told)

    def _sell(self, place: int, is_over: threading.Event) -> None:
        while not is_over.is_set():
            charges = [self._charge(TILLS * number + place) for number in range(TOGETHER)]
            known = [charge for charge in charges if charge is not None]
            self.asked += known
            for charge, outcome in zip(known, self._shop.engine.execute_together(known), strict=True):
                if isinstance(outcome, Payment):
                    self.told[charge.order_id] = outcome
                else:
                    assert isinstance(outcome, EngineFault)
                    if not outcome.nothing_changed:
                        self.unknown.add(charge.order_id)

    def _charge(self, member: int) -> Charge | None:
        with suppress(EngineFault):
            code = self._shop.issue(f"m-{member}")
            assert isinstance(code, CodeIssued)
            return Charge(
                order_id=f"o-{next(self._numbers)}", till_id=TILL, cashier="lin",
                code=Secret(code.code.reveal()), amount=points(1 + member),
            )  # fmt: skip
        return None

    def check(self) -> None:
        """Asked again, each order has one answer: the one that was told, if one was; and the books are true."""
        spent = 0
        for charge in self.asked:
            reply = self._shop.ask(charge)
            assert isinstance(reply, Payment)
            if charge.order_id in self.told:
                assert self.told[charge.order_id] == reply
            if reply.state is PaymentState.SUCCEEDED:
                spent += charge.amount.units
        left = sum(self._shop.balance(f"m-{number}") for number in range(MEMBERS))
        assert MEMBERS * UNITS - spent == left
        assert [] == self._shop.engine.verify()


def test_connections_are_cut_while_charges_are_under_way(
    tmp_path: Path, durable_server: PostgresServer
) -> None:
    """A dozen times all of the engine's connections are ended by the server."""
    durable_server.execute("CREATE DATABASE cut")
    url = durable_server.url("cut")
    with (
        Shop(tmp_path, database=url) as shop,
        psycopg.connect(url, autocommit=True, application_name="cutter") as cutter,
    ):
        counter = Counter(shop)
        with counter.selling():
            for _ in range(CUTS):
                counter.go_on()
                cutter.execute(TERMINATE)
            counter.go_on()
        counter.check()


def test_the_server_is_killed_while_charges_are_under_way(
    tmp_path: Path, durable_server: PostgresServer
) -> None:
    """It is killed and started again, twice; what it said before is there."""
    durable_server.execute("CREATE DATABASE killed")
    with Shop(tmp_path, database=durable_server.url("killed")) as shop:
        counter = Counter(shop)
        with counter.selling():
            for _ in range(KILLS):
                counter.go_on()
                durable_server.kill()
                durable_server.start()
            counter.go_on()
        counter.check()
