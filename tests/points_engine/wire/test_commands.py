"""Commands on the wire."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from points_engine import contract as c
from points_engine.amounts import Amount, Asset
from points_engine.contract import Command, CommandInvalid, Refusal, Refused, Secret
from points_engine.wire.addresses import KEY_HEADER, unquoted
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import Request, RequestInvalid, decode_command, encode_command
from points_engine.wire.routes import ROUTE_OF, ROUTES, Route
from tests.points_engine.wire.wire_values import any_of, from_caller

TILL = Caller(CallerKind.TILL, "till-1")
OFFICE = Caller(CallerKind.BACK_OFFICE, "office")
A_PIN = "284619"


def received(route: Route, request: Request, caller: Caller | None) -> Command | Refused:
    """What the other end makes of a request."""
    path, _, query = request.path.partition("?")
    parts = zip(route.path.split("/"), path.split("/"), strict=True)
    values = {template[1:-1]: unquoted(part) for template, part in parts if template.startswith("{")}
    key = request.headers.get(KEY_HEADER)
    return decode_command(route, caller, values, None if key is None else unquoted(key), query, request.body)


def test_every_command_has_one_route() -> None:
    """No command is left out, and no two share a method and path."""
    assert set(get_args(Command)) == {route.command for route in ROUTES}
    assert len(ROUTES) == len({(route.method, route.path) for route in ROUTES})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.command.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_every_command_comes_out_as_it_went_in(route: Route, data: st.DataObject) -> None:
    """Whatever the command holds, and whoever of its callers sends it."""
    kinds: list[CallerKind | None] = [*sorted(route.callers)] or [None]
    for kind in kinds:
        command, caller = from_caller(data.draw(any_of(route.command)), kind)
        assert command == received(route, encode_command(command, kind), caller)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.command.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_a_secret_is_in_the_body_alone(route: Route, data: st.DataObject) -> None:
    """Neither path nor headers nor the request's repr tell a PIN, a code or a phone number."""
    command = data.draw(any_of(route.command))
    secrets = {
        name: kind(A_PIN)
        for name, value in ((name, getattr(command, name)) for name in command.__slots__)
        for kind in (Secret, c.PhoneNumber)
        if isinstance(value, kind)
    }
    command = type(command)(**{name: getattr(command, name) for name in command.__slots__} | secrets)
    kind = min(route.callers, default=None)
    request = encode_command(command, kind)
    assert A_PIN not in f"{request.path}{dict(request.headers)}{request!r}" or not secrets
    assert not secrets or A_PIN.encode() in request.body


REFUND = (
    b'{"till_id": null, "actor": {"name": "lin", "level": "cashier"}, "reason": "x", '
    b'"amount": {"asset": "points", "units": 5}}'
)
GRANT = b'{"amount": {"asset": "points", "units": 5}, "campaign": "", "expires_on": "284619"}'
CHARGE = b'{"cashier": "lin", "code": "840000000000000000", "amount": {"asset": "points", "units": 5}}'


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        (c.Charge, b"", "Object missing required field `cashier`"),
        (c.Charge, b"[]", "Expected `object`, got `array`"),
        (c.Charge, b"\xff", "The body is no JSON in UTF-8"),
        (c.Charge, b'{"cashier": "\xff"}', "The body is no JSON in UTF-8"),
        (c.Charge, b'{"amount": {"units": ' + b"[" * 100_000, "Expected `int`"),
        (c.Charge, b'{"a":' * 100_000, "Object contains an unknown field"),
        (c.Charge, b'{"amount":' * 100_000, "Object contains an unknown field"),
        (c.Charge, CHARGE[:-1], "The body is no JSON in UTF-8"),
        (c.Charge, CHARGE.replace(b'"840000000000000000"', b"840000000000000000"), "Expected `str`"),
        (c.Charge, CHARGE.replace(b'"points"', b'"284619"'), "Not one of the words that may be here - at `$.am"),
        (c.Charge, CHARGE.replace(b"5}", b"-5}"), "Expected `int` >= 0"),
        (c.Charge, CHARGE.replace(b"5}", b"5.5}"), "Expected `int`, got `float`"),
        (c.Charge, CHARGE.replace(b"5}", b"1" + b"0" * 400 + b"}"), "- at `$.amount.units`"),
        (c.Charge, CHARGE.replace(b"5}", b'5, "284619": 1}'), "Object contains an unknown field"),
        (c.Charge, CHARGE[:-1] + b', "284619": 1}', "Object contains an unknown field"),
        (c.Charge, CHARGE[:-1] + b', "order_id": "o"}', "Object contains an unknown field"),
        (c.Grant, GRANT, "Expected a day"),
        (c.AnswerChallenge, b'{"kind": "pin", "answer": {"sealed": "284619!"}}', "Expected base64"),
        (c.AnswerChallenge, b'{"kind": "pin", "answer": {"open": "284619"}}', "Expected a text or"),
        (c.AnswerChallenge, b'{"kind": "284619", "answer": "284619"}', "Not one of the words"),
        (c.Reverse, b"{}", "Missing: till_id"),
    ],
)  # fmt: skip
def test_a_body_that_carries_no_command_is_told_without_its_content(
    kind: type[Command], body: bytes, told: str
) -> None:
    """Each says where it went wrong, and nothing of what was there: it may be somebody's PIN."""
    route = ROUTE_OF[kind]
    caller = TILL if CallerKind.TILL in route.callers and kind is not c.Reverse else OFFICE
    with pytest.raises(RequestInvalid) as raised:
        decode_command(route, caller, dict.fromkeys(route.path_fields, "1"), "key", "", body)
    assert told in raised.value.detail
    assert A_PIN not in raised.value.detail


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("most=x", "Expected `int`"),
        ("most=1&most=2", "A name comes twice"),
        ("first_day=2026-02-30", "Invalid RFC3339"),
        ("colour=red", "Object contains an unknown field"),
        ("most", "The query is not one of names and values"),
        ("most=%ff", "The query is not one of names and values"),
        ("&".join(f"a{number}=1" for number in range(50)), "The query is not one of names and values"),
    ],
)
def test_a_query_that_carries_no_command_is_told(query: str, told: str) -> None:
    """A GET's fields are in its query."""
    values = {"member_no": "8600", "asset": "points"}
    with pytest.raises(RequestInvalid, match=told):
        decode_command(ROUTE_OF[c.ShowStatement], OFFICE, values, None, query, b"")


def test_a_query_is_read_by_the_types_of_its_fields() -> None:
    """Days, whole numbers, yes and no."""
    values = {"member_no": "8600", "asset": "points"}
    query = "first_day=2026-03-02&newest_first=false&after=7&most=3"
    assert c.ShowStatement(
        member_no="8600",
        asset=Asset.POINTS,
        first_day=date(2026, 3, 2),
        newest_first=False,
        after=7,
        most=3,
    ) == decode_command(ROUTE_OF[c.ShowStatement], OFFICE, values, None, query, b"")


def test_an_asset_nobody_knows_is_told() -> None:
    """A path's fields have types too."""
    with pytest.raises(RequestInvalid, match="Not one of the words that may be here - at `asset`"):
        decode_command(ROUTE_OF[c.ShowBalance], OFFICE, {"member_no": "8600", "asset": "gold"}, None, "", b"")


@pytest.mark.parametrize(
    ("kind", "caller", "body"),
    [
        (c.ShowWaiting, Caller(CallerKind.CUSTOMER, "8600"), b""),
        (c.Reverse, TILL, b'{"till_id": "till-2"}'),
        (c.Reverse, TILL, b'{"channel": "delivery"}'),
        (c.Refund, TILL, REFUND),
    ],
)  # fmt: skip
def test_nobody_acts_as_somebody_else(kind: type[Command], caller: Caller, body: bytes) -> None:
    """What the credential says stands, whatever path and body say."""
    route = ROUTE_OF[kind]
    values = dict.fromkeys(route.path_fields, "8601")
    assert Refused(refusal=Refusal.NOT_PERMITTED) == decode_command(route, caller, values, "key", "", body)


@pytest.mark.parametrize("order_id", ["", ".", "..", "\ud800"])
def test_an_id_that_no_path_can_carry_is_invalid(order_id: str) -> None:
    """Clients and proxies would take dots out of a path."""
    with pytest.raises(CommandInvalid, match="order_id"):
        encode_command(c.Query(order_id=order_id), CallerKind.TILL)


def test_only_a_routes_callers_may_send_it() -> None:
    """A client that would send another's command has a bug."""
    with pytest.raises(ValueError, match="till may not send SetPin"):
        encode_command(c.SetPin(command_id="1", member_no="8600", pin=Secret(A_PIN)), CallerKind.TILL)


def test_what_the_credential_says_is_not_sent() -> None:
    """A till's id, its channel and the command's own id are not in the body."""
    command = c.Charge(
        order_id="a/b ü", till_id="till-1", cashier="lin", code=Secret("84"), amount=Amount(Asset.POINTS, 5)
    )
    request = encode_command(command, CallerKind.TILL)
    assert b'{"cashier":"lin","code":"84","amount":{"asset":"points","units":5}}' == request.body
    assert "a%2Fb%20%C3%BC" == request.headers[KEY_HEADER]
    assert "/v1/charges" == request.path
