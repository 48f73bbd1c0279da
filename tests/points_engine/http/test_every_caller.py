"""All routes and all callers, over a real socket: the right ones pass, all others get 401 or 403 and change nothing."""

import http.client
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from points_engine.bootstrap import DATABASE_NAME
from points_engine.calling import CallerKind
from points_engine.contract import ChargeMember, ChargeOnDelivery, Payment, Secret, StaffLevel
from points_engine.http.endpoints import Endpoint
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.rates import RateRules
from points_engine.signing import Key, authorization
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND, PHONE, TILL, Shop, points
from tests.waiting import PATIENCE_SECONDS

MEMBER = "8600"
UNLIMITED = RateRules(
    till_calls=0, courier_calls=0, merchant_calls=0, customer_calls=0, back_office_calls=0, address_calls=0,
    sign_in_calls=0, enrolment_calls=0, all_enrolment_calls=0,
)  # fmt: skip
CONTENT = {"Content-Type": "application/json", "Idempotency-Key": "walk-1"}


class Asked(NamedTuple):
    """A request to sign: its method, target and body."""

    method: str
    target: str
    body: bytes


Headers = Mapping[str, str]
Presents = Callable[[Asked], Headers]
"""What somebody puts beside a request."""


class Walk:
    """A service with every kind of caller, right and wrong."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.shop = service.shop
        self.counter = Counter(service.shop)
        self.shop.member(MEMBER, 5_000)
        self.shop.bind(MEMBER)
        expired = self.counter.sign_in().token.reveal()
        self.shop.clock.advance(16 * 60)
        self.keys = {
            "till": self.counter.till_key(),
            "courier": self.counter.key(CallerKind.COURIER, "courier-1"),
            "merchant": self.counter.key(CallerKind.MERCHANT, "shop-1"),
            "manager": self.counter.key(CallerKind.BACK_OFFICE, "wang", StaffLevel.MANAGER),
        }
        self.shop.till("till-2")
        self.revoked = self.counter.till_key("till-2")
        self.counter.ask(self.counter.signed(self.revoked))
        ended = self.counter.sign_in().token.reveal()
        self.counter.revoke(CallerKind.CUSTOMER, MEMBER)
        self.counter.revoke(CallerKind.TILL, "till-2")
        self.shop.clock.advance(61)
        self.session = self.counter.sign_in().token.reveal()
        self.counter.gate.catch_up()
        self.orders = {
            "till": self.paid("o-till"),
            "customer": "o-till",
            "courier": self._delivered(),
            "merchant": self._bought(),
            "manager": "o-till",
        }
        self.wrong: dict[str, Presents] = {
            "nobody": lambda _asked: {},
            "nonsense": lambda _asked: {"Authorization": "Basic dGlsbDp0aWxs"},
            "a session that rested": lambda _asked: {"Authorization": f"Bearer {expired}"},
            "a session that was ended": lambda _asked: {"Authorization": f"Bearer {ended}"},
            "a till that was revoked": self._signs(self.revoked),
            "a key nobody has": self._signs(Key("till-0000000000000000", Secret("x"))),
            "another's secret": self._signs(Key(self.keys["till"].key_id, self.keys["courier"].secret)),
            "a signature of another body": self._signs(
                self.keys["manager"], lambda asked: asked._replace(body=b"[]")
            ),
            "a signature of another path": self._signs(
                self.keys["manager"], lambda asked: asked._replace(target=f"{asked.target}/")
            ),
            "a signature of another method": self._signs(
                self.keys["manager"], lambda asked: asked._replace(method="DELETE")
            ),
            "a signature of another key": self._signs(self.keys["manager"], idempotency_key="walk-2"),
            "a signature from before": self._signs(self.keys["manager"], off_seconds=-301),
            "a signature from the future": self._signs(self.keys["manager"], off_seconds=301),
            "a till's secret as a token": lambda _asked: {
                "Authorization": f"Bearer {self.keys['till'].key_id}.{self.keys['till'].secret.reveal()}"
            },
        }

    def paid(self, order_id: str) -> str:
        """An order of the till, paid by the member."""
        self.shop.pay(MEMBER, 5, order_id)
        return order_id

    def _delivered(self) -> str:
        reply = self.shop.ask(
            ChargeOnDelivery(
                order_id="o-courier", courier_id="courier-1", delivery_order="d", amount=points(5),
                code=Secret(self.shop.code(MEMBER)),
            )
        )  # fmt: skip
        assert isinstance(reply, Payment)
        return reply.order_id

    def _bought(self) -> str:
        reply = self.shop.ask(
            ChargeMember(order_id="o-merchant", shop_id="shop-1", member_no=MEMBER, amount=points(5))
        )
        assert isinstance(reply, Payment)
        return reply.order_id

    def _signs(
        self,
        key: Key,
        alters: Callable[[Asked], Asked] = lambda asked: asked,
        *,
        off_seconds: int = 0,
        idempotency_key: str = CONTENT["Idempotency-Key"],
    ) -> Presents:
        def presents(asked: Asked) -> Headers:
            method, target, body = alters(asked)
            at = int(self.shop.clock.now().timestamp()) + off_seconds
            header = authorization(key, method, target, body, at=at, idempotency_key=idempotency_key)
            return {"Authorization": header}

        return presents

    def right(self, who: str) -> Presents:
        """What a caller with a good credential presents."""
        if who == "customer":
            return lambda _asked: {"Authorization": f"Bearer {self.session}"}
        return self._signs(self.keys[who])

    def asked(self, endpoint: Endpoint, who: str) -> Asked:
        """A request of an endpoint, about what is the caller's own."""
        own = {
            "order_id": self.orders.get(who, "o-till"), "member_no": MEMBER, "shop_id": "shop-1", "asset": "points",
        }  # fmt: skip
        return Asked(
            endpoint.method, endpoint.path.format_map(_Own(own)), b"{}" if endpoint.method == "POST" else b""
        )

    def status(self, asked: Asked, presents: Presents) -> int:
        """What comes back; a stream is not read to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=PATIENCE_SECONDS)
        with closing(connection):
            connection.request(asked.method, asked.target, asked.body or None, {**CONTENT, **presents(asked)})
            return connection.getresponse().status

    def guarded(self) -> list[Endpoint]:
        """The endpoints that are not anybody's."""
        return [endpoint for endpoint in self.service.service.endpoints if endpoint.callers]

    def books(self) -> list[tuple[object, ...]]:
        """All that is in the database, but for who called when and how often."""
        with closing(sqlite3.connect(self.shop.folder / DATABASE_NAME)) as connection:
            tables = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            ]
            kept = set(tables) - {"call_count", "session", "credential"}
            return [
                (table, *row)
                for table in sorted(kept)
                for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 -- its own tables
            ]


class _Own(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The service, with nobody counted."""
    folder: Path = tmp_path_factory.mktemp("walk") / "engine"
    shop = Shop(folder, replace(EVERY_KIND, rates=UNLIMITED))
    with (
        Gatekeeper(shop.engine.gate, UNLIMITED) as gatekeeper,
        RunningService(folder, shop=shop, authenticator=gatekeeper) as service,
    ):
        yield Walk(service)


WRONG = (
    "nobody", "nonsense", "a session that rested", "a session that was ended", "a till that was revoked",
    "a key nobody has", "another's secret", "a signature of another body", "a signature of another path",
    "a signature of another method", "a signature of another key", "a signature from before",
    "a signature from the future", "a till's secret as a token",
)  # fmt: skip


def test_no_wrong_way_is_left_out(walk: Walk) -> None:
    """The table of this test is that of the walk."""
    assert set(WRONG) == set(walk.wrong)
    assert 35 < len(walk.guarded())


@pytest.mark.parametrize("wrong", WRONG)
def test_who_is_nobody_gets_nowhere(walk: Walk, wrong: str) -> None:
    """On no route that is not anybody's: 401, and the books are as before."""
    before = walk.books()
    statuses = {
        f"{endpoint.method} {endpoint.path}": walk.status(walk.asked(endpoint, "manager"), walk.wrong[wrong])
        for endpoint in walk.guarded()
    }
    assert dict.fromkeys(statuses, 401) == statuses
    assert before == walk.books()


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        ("till", CallerKind.TILL),
        ("courier", CallerKind.COURIER),
        ("merchant", CallerKind.MERCHANT),
        ("customer", CallerKind.CUSTOMER),
        ("manager", CallerKind.BACK_OFFICE),
    ],
)
def test_a_caller_passes_where_they_may_and_nowhere_else(walk: Walk, who: str, kind: CallerKind) -> None:
    """403 on all routes that are not for their kind, and the books are as before; on the others something else."""
    before = walk.books()
    closed = [endpoint for endpoint in walk.guarded() if kind not in endpoint.callers]
    statuses = {
        f"{endpoint.method} {endpoint.path}": walk.status(walk.asked(endpoint, who), walk.right(who))
        for endpoint in closed
    }
    assert dict.fromkeys(statuses, 403) == statuses
    assert before == walk.books()
    open_to = [endpoint for endpoint in walk.guarded() if kind in endpoint.callers]
    turned_away = {
        f"{endpoint.method} {endpoint.path}": status
        for endpoint in open_to
        if (status := walk.status(walk.asked(endpoint, who), walk.right(who))) in {401, 403}
    }
    assert {} == turned_away
    assert open_to


def test_what_is_anybodys_needs_no_credential(walk: Walk) -> None:
    """Enrolling, signing in and out, health and metrics."""
    paths = {endpoint.path for endpoint in walk.service.service.endpoints if not endpoint.callers}
    assert {"/v1/enrolments", "/v1/sign-ins", "/v1/sessions", "/v1/sign-outs"} <= paths
    for path in ("/v1/enrolments", "/v1/sign-ins", "/v1/sessions", "/v1/sign-outs"):
        assert 400 == walk.status(Asked("POST", path, b"{}"), walk.wrong["nobody"])


@pytest.mark.parametrize("who", ["till", "courier", "merchant"])
def test_an_order_of_somebody_else_is_out_of_reach(walk: Walk, who: str) -> None:
    """To look at, to answer, to cancel or to take back; the books are as before."""
    others = next(order for name, order in walk.orders.items() if name not in {who, "customer", "manager"})
    channel = {"till": "till", "courier": "delivery", "merchant": "online"}[who]
    taker = {"till": TILL, "courier": "courier-1", "merchant": "shop-1"}[who]
    before = walk.books()
    sent = [
        Asked("GET", f"/v1/payments/{others}", b""),
        Asked("POST", f"/v1/payments/{others}/answers", b'{"kind": "pin", "answer": "284619"}'),
        Asked("POST", f"/v1/payments/{others}/sms-codes", b""),
        Asked("POST", f"/v1/payments/{others}/cancel", b'{"by": "till"}'),
        Asked(
            "POST",
            f"/v1/payments/{others}/reverse",
            f'{{"till_id": "{taker}", "channel": "{channel}"}}'.encode(),
        ),
    ]
    assert [403] * 5 == [walk.status(asked, walk.right(who)) for asked in sent]
    assert before == walk.books()


def test_a_member_of_somebody_else_is_out_of_reach(walk: Walk) -> None:
    """A customer sees and pays their own alone."""
    walk.shop.member("8601", 100)
    walk.shop.pay("8601", 5, "o-other")
    before = walk.books()
    sent = [
        Asked("GET", "/v1/members/8601/accounts/points/balance", b""),
        Asked("POST", "/v1/members/8601/codes", b""),
        Asked("GET", "/v1/members/8601/waiting", b""),
        Asked("POST", "/v1/members/8601/recovery", b""),
        Asked("GET", "/v1/payments/o-other", b""),
        Asked("POST", "/v1/payments/o-other/cancel", b""),
        Asked("POST", "/v1/payments/o-other/answers", b'{"kind": "pin", "answer": "284619"}'),
    ]
    assert [403] * 7 == [walk.status(asked, walk.right("customer")) for asked in sent]
    assert before == walk.books()


def test_a_problem_tells_the_servers_time(walk: Walk) -> None:
    """So that a client whose clock is wrong learns how far it is off."""
    asked = Asked("GET", "/v1/payments/o-till", b"")
    headers = {**CONTENT, **walk.wrong["a signature from before"](asked)}
    received = walk.service.request("GET", asked.target, None, headers)
    assert ("clock_wrong", walk.shop.clock.now().isoformat().replace("+00:00", "Z")) == (
        received.json["code"], received.json["server_time"],
    )  # fmt: skip
    assert PHONE not in received.body.decode()
