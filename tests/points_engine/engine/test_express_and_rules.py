"""Short ways against the rules: Hypothesis does the same to two shops, and their books have to be the same."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points_engine.amounts import Asset
from points_engine.bootstrap import DATABASE_NAME, AssetLimits, Settings
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
            pin_free_ceiling_units=60,
            pin_free_daily_count=3,
            pin_free_daily_units=130,
            daily_count=4,
            daily_units=120,
        )
    },
)
MEMBERS = 2
DAY = 86_400

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

UNITS = st.sampled_from([1, 10, 30, 50, 51, 60, 61])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Credited, members, UNITS, st.sampled_from([None, 0, 1, 2])),
    st.builds(Charged, st.dictionaries(members, UNITS, min_size=1), st.just(False), st.just(False)),
    st.builds(Charged, st.dictionaries(members, UNITS, min_size=1), st.booleans(), st.booleans()),
    st.builds(Passed, st.sampled_from([1, 59, 60, 3_600, 43_200, DAY, -DAY])),
    st.builds(Frozen, members, st.booleans()),
    st.builds(Limited, members, st.sampled_from([None, 0, 20, 55, 1_000])),
    st.builds(Reversed, st.integers(1, 3)),
)


def charged(units: int, *, reuses_code: bool = False, repeats_order: bool = False) -> Charged:
    """A charge of the second member, who has a PIN."""
    return Charged({1: units}, reuses_code, repeats_order)


BOUNDS: dict[str, list[Event]] = {
    "the balance": [Charged({0: 10}, False, False), Charged({0: 31}, False, False), Charged({0: 30}, False, False)],
    "the PIN-free limit": [charged(50), charged(51)],
    "their own limit": [Limited(1, 20), charged(20), charged(21), Limited(1, 0), charged(1)],
    "a limit of the highest": [Limited(1, 1_000), Limited(1, 60), charged(61), Reversed(1), charged(60)],
    "PIN-free times a day": [charged(1), charged(1), charged(1), charged(1), Passed(DAY), charged(1)],
    "PIN-free units a day": [
        Limited(1, 60), charged(60), Reversed(1), charged(60), Reversed(1), charged(11), Passed(DAY), charged(11),
    ],
    "times a day": [Limited(1, 0), *[charged(1)] * 4, Limited(1, None), charged(1), Passed(DAY), charged(1)],
    "units a day": [Limited(1, 0), charged(60), Limited(1, None), charged(30), charged(31), charged(30)],
    "a day before": [charged(1), charged(1), charged(1), Passed(-DAY), charged(1)],
    "a code's time": [charged(1), Passed(59), charged(1, reuses_code=True), charged(1)],
    "a code used": [charged(1), charged(1, reuses_code=True)],
    "an order again": [charged(1), charged(1, repeats_order=True)],
    "frozen": [Frozen(1, True), charged(1), Frozen(1, False), charged(1)],
    "the oldest lot first": [Credited(1, 30, 2), Credited(1, 30, 1), Credited(1, 30, 2), charged(50), Passed(2 * DAY)],
    "lots to their ends": [Credited(1, 30, 1), Credited(1, 20, 2), charged(30), charged(20), charged(30)],
    "a lot and what never expires": [Credited(1, 30, 1), charged(50), Reversed(1), charged(20)],
    "a lot that is due": [Credited(1, 30, 0), charged(10), Passed(DAY), charged(10)],
    "a lot of another member": [Credited(0, 30, 1), Charged({0: 10, 1: 10}, False, False), charged(1)],
}  # fmt: skip


class Half:
    """One of the two shops, with its own codes; on PostgreSQL, or in a file without a `url`."""

    def __init__(self, folder: Path, url: str, clock: ManualClock, *, pays_plainly: bool) -> None:
        self.shop = Shop(folder, SETTINGS, clock=clock, database=url)
        self.where = url or folder / DATABASE_NAME
        charges = self.shop.engine._together._charges
        assert charges._plain is not None
        assert (charges._lane is not None) == bool(url)
        if not pays_plainly:
            charges._plain = charges._lane = None
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
        """New members, one of them with little and without a PIN, on a new day."""
        self._clock.advance(7 * 86_400)
        self._name = f"e{next(self._numbers)}"
        self._orders = []
        for half in self.halves:
            for number in range(MEMBERS):
                units, pin = (1_000, RIGHT_PIN) if number else (40, None)
                half.shop.member(f"{self._name}-{number}", units, pin)

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
        one, other = (told(half.where, f"{self._name}-%", f"{self._name}-%") for half in self.halves)
        assert one == other


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two shops on two databases, one of which knows the rules alone; what they did is true in the end."""
    clock = ManualClock()

    with ExitStack() as stack:

        def half(name: str, *, pays_plainly: bool) -> Half:
            url = ""
            if request.param == "postgres":
                server: PostgresServer = request.getfixturevalue("postgres_server")
                url = server.fresh()
                stack.callback(server.drop, url)
            made = Half(tmp_path_factory.mktemp(name), url, clock, pays_plainly=pays_plainly)
            stack.enter_context(made.shop)
            return made

        halves = half("plain", pays_plainly=True), half("rules", pays_plainly=False)
        yield Pair(halves, clock)
        for each in halves:
            assert [] == each.shop.engine.verify()


@pytest.mark.parametrize("name", BOUNDS)
def test_both_come_to_the_same_at_every_bound(pair: Pair, name: str) -> None:
    """Just within it and just beyond."""
    pair.begin()
    for event in BOUNDS[name]:
        pair.happens(event)
    pair.check()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=st.lists(EVENTS, min_size=6, max_size=16))
def test_what_is_paid_plainly_is_what_the_rules_would_write(pair: Pair, events: list[Event]) -> None:
    """Whatever happens: the same replies, and the same payments, transfers, lots, uses of the day and codes."""
    pair.begin()
    for event in events:
        pair.happens(event)
    pair.check()
