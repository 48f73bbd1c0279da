"""The express way against the rules: Hypothesis does the same to two shops, and their books have to be the same."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points_engine.amounts import Asset
from points_engine.bootstrap import AssetLimits, Settings
from points_engine.contract import Charge, Credit, ExpiresOn, Expiry, Reply, Secret
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.adapters.books_told import told
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, points
from tests.postgres_server import PostgresServer

SETTINGS = Settings(
    shows_balance=True,
    limits={
        Asset.POINTS: AssetLimits(
            pin_free_units=50,
            pin_free_ceiling_units=80,
            pin_free_daily_count=4,
            pin_free_daily_units=150,
            daily_count=6,
            daily_units=300,
        )
    },
)
MEMBERS = 3

members = st.integers(0, MEMBERS - 1)


class Credited(NamedTuple):
    """Points for a member, for so many days or for ever."""

    member: int
    units: int
    days: int | None


class Charged(NamedTuple):
    """Charges that come together, one of each member named: units; with an older code or under an older order."""

    units: dict[int, int]
    reuses_code: bool
    repeats_order: bool


class Passed(NamedTuple):
    """Seconds that pass."""

    seconds: int


class Frozen(NamedTuple):
    """A member, frozen or not."""

    member: int
    is_frozen: bool


class Limited(NamedTuple):
    """A member's own limit."""

    member: int
    units: int | None


class Reversed(NamedTuple):
    """An order of before, by its number from the end."""

    back: int


Deed = Credited | Charged | Frozen | Limited | Reversed
Event = Deed | Passed

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Credited, members, st.integers(1, 120), st.sampled_from([None, 0, 1, 2])),
    st.builds(
        Charged, st.dictionaries(members, st.integers(1, 90), min_size=1), st.just(False), st.just(False)
    ),
    st.builds(
        Charged, st.dictionaries(members, st.integers(1, 90), min_size=1), st.booleans(), st.booleans()
    ),
    st.builds(Passed, st.sampled_from([1, 59, 60, 3_600, 43_200, 86_400, -3_600])),
    st.builds(Frozen, members, st.booleans()),
    st.builds(Limited, members, st.sampled_from([None, 0, 20, 70, 1_000])),
    st.builds(Reversed, st.integers(1, 3)),
)


class Half:
    """One of the two shops, with its own codes."""

    def __init__(self, folder: Path, url: str, clock: ManualClock, *, takes_express: bool) -> None:
        self.shop = Shop(folder, SETTINGS, clock=clock, database=url)
        self.url = url
        charges = self.shop.engine._together._charges
        assert charges._lane is not None
        if not takes_express:
            charges._lane = None
        self._codes: dict[str, str] = {}

    def code(self, member_no: str, *, reuses: bool) -> str:
        """A fresh code, or the last one again."""
        if not reuses or member_no not in self._codes:
            self._codes[member_no] = self.shop.code(member_no)
        return self._codes[member_no]

    def together(self, charges: list[tuple[str, str, int]], *, reuses: bool) -> list[Reply | Exception]:
        """What came of charges: order, member, units."""
        return self.shop.engine.execute_together(
            [
                Charge(
                    order_id=order_id,
                    till_id=TILL,
                    cashier="lin",
                    code=Secret(self.code(member_no, reuses=reuses)),
                    amount=points(units),
                )
                for order_id, member_no, units in charges
            ]
        )


class Pair:
    """Both shops, to which the same happens."""

    def __init__(self, halves: tuple[Half, Half], clock: ManualClock) -> None:
        self.halves = halves
        self._clock = clock
        self._numbers = itertools.count(1)
        self._name = ""
        self._orders: list[str] = []

    def begin(self) -> None:
        """New members, at noon of a new day."""
        self._clock.advance(7 * 86_400)
        self._name = f"e{next(self._numbers)}"
        self._orders = []
        for half in self.halves:
            for number in range(MEMBERS):
                half.shop.member(f"{self._name}-{number}", 100, RIGHT_PIN if number else None)

    def happens(self, event: Event) -> None:
        """Do it to both, and hear the same from both."""
        if isinstance(event, Passed):
            self._clock.advance(event.seconds)
            return
        number = next(self._numbers)
        one, other = (self._done(half, event, number) for half in self.halves)
        assert one == other
        if isinstance(event, Charged):
            self._orders += [f"{self._name}-o-{number}-{member}" for member in event.units]

    def _done(self, half: Half, event: Deed, number: int) -> object:
        shop = half.shop
        if isinstance(event, Charged):
            orders = {member: f"{self._name}-o-{number}-{member}" for member in event.units}
            if event.repeats_order and self._orders:
                orders[next(iter(orders))] = self._orders[-1]
            charges = [
                (orders[member], f"{self._name}-{member}", units) for member, units in event.units.items()
            ]
            return half.together(charges, reuses=event.reuses_code)
        if isinstance(event, Reversed):
            return shop.reverse(self._orders[-event.back]) if event.back <= len(self._orders) else None
        member_no = f"{self._name}-{event.member}"
        if isinstance(event, Frozen):
            shop.freeze(member_no, frozen=event.is_frozen)
            return None
        if isinstance(event, Limited):
            return shop.limit(member_no, event.units)
        expires_on: ExpiresOn = Expiry.BY_SCHEME
        if event.days is not None:
            today = self._clock.now().astimezone(SETTINGS.scheme().zone).date()
            expires_on = today + timedelta(days=event.days)
        return shop.ask(
            Credit(
                command_id=f"{self._name}-c-{number}", member_no=member_no, amount=points(event.units),
                reason="gift", expires_on=expires_on,
            )
        )  # fmt: skip

    def check(self) -> None:
        """What the books say of these members is the same."""
        one, other = (told(half.url, f"{self._name}-%", f"{self._name}-%") for half in self.halves)
        assert one == other


@pytest.fixture(scope="module")
def pair(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two shops on two databases, one of which knows the rules alone; what they did is true in the end."""
    clock = ManualClock()
    urls = postgres_server.fresh(), postgres_server.fresh()
    halves = (
        Half(tmp_path_factory.mktemp("express"), urls[0], clock, takes_express=True),
        Half(tmp_path_factory.mktemp("rules"), urls[1], clock, takes_express=False),
    )
    yield Pair(halves, clock)
    for half in halves:
        assert [] == half.shop.engine.verify()
        half.shop.engine.close()
        postgres_server.drop(half.url)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=st.lists(EVENTS, min_size=4, max_size=14))
def test_the_express_way_writes_what_the_rules_would(pair: Pair, events: list[Event]) -> None:
    """Whatever happens: the same replies, and the same payments, transfers, lots, uses of the day and codes."""
    pair.begin()
    for event in events:
        pair.happens(event)
    pair.check()
