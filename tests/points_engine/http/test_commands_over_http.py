"""Commands over HTTP, on a real socket."""

import pytest

from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Secret,
)
from points_engine.wire.callers import Caller, CallerKind
from tests.points_engine.http.running_service import OFFICE, TILL, RunningService, credential
from tests.points_engine.shop import RIGHT_PIN, WRONG_PIN, points


def charge(service: RunningService, units: int, order_id: str, *, pin: str | None = None) -> Charge:
    """A charge of a fresh member's code."""
    member = service.shop.member(service.shop.fresh("member"), 10_000, pin)
    code = service.shop.code(member)
    return Charge(order_id=order_id, till_id="till-1", cashier="lin", code=Secret(code), amount=points(units))


def test_a_charge_is_carried_out_once(service: RunningService) -> None:
    """Sent again it has the same answer, and nothing more is taken."""
    command = charge(service, 100, "once-1")
    first = service.ask(command, TILL)
    assert isinstance(first, Payment)
    assert first.state is PaymentState.SUCCEEDED
    assert first == service.ask(command, TILL)
    assert first == service.ask(Query(order_id="once-1"), TILL)


def test_a_pin_is_asked_for_and_checked(service: RunningService) -> None:
    """A wrong one is a refusal with the tries left, the right one a payment."""
    command = charge(service, 5_000, "pin/1 ü", pin=RIGHT_PIN)
    opened = service.ask(command, TILL)
    assert opened.state is PaymentState.REQUIRES_ACTION

    def answer(number: str, pin: str) -> AnswerChallenge:
        return AnswerChallenge(
            order_id="pin/1 ü", answer_id=number, kind=ChallengeKind.PIN, answer=Secret(pin)
        )

    assert Refused(refusal=Refusal.PIN_WRONG, tries_left=2) == service.ask(answer("a-1", WRONG_PIN), TILL)
    assert PaymentState.SUCCEEDED is service.ask(answer("a-2", RIGHT_PIN), TILL).state


def test_the_same_key_with_other_content_is_a_mismatch(service: RunningService) -> None:
    """422, as the engine says."""
    command = charge(service, 100, "twice-1")
    service.ask(command, TILL)
    other = Charge(order_id="twice-1", till_id="till-1", cashier="lin", code=command.code, amount=points(101))
    received = service.send(other, TILL)
    assert (422, "order_mismatch") == (received.status, received.json["code"])


def test_a_key_is_needed(service: RunningService) -> None:
    """400 without one, and nothing happens."""
    received = service.request(
        "POST", "/v1/charges", b"{}", {**credential(TILL), "Content-Type": "application/json"}
    )
    assert (400, "idempotency_key_missing") == (received.status, received.json["code"])


def test_no_till_sees_anothers_order(service: RunningService) -> None:
    """NOT_PERMITTED, as for whatever is not one's own."""
    service.ask(charge(service, 100, "own-1"), TILL)
    service.shop.till("till-2")
    other = Caller(CallerKind.TILL, "till-2")
    assert Refused(refusal=Refusal.NOT_PERMITTED) == service.ask(Query(order_id="own-1"), other)
    assert Refused(refusal=Refusal.ORDER_UNKNOWN) == service.ask(Query(order_id="nobody's"), other)
    assert isinstance(service.ask(Query(order_id="own-1"), OFFICE), Payment)


def test_who_is_nobody_is_told_so(service: RunningService) -> None:
    """401 with a challenge, by which a client knows what is wanted."""
    received = service.request("GET", "/v1/payments/1")
    assert (401, "not_signed_in") == (received.status, received.json["code"])
    assert "www-authenticate" in received.headers
    unknown = service.ask(Query(order_id="1"), Caller(CallerKind.TILL, "unknown"))
    assert Refused(refusal=Refusal.TILL_NOT_ENROLLED) == unknown


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/payments/", 404, "not_found"),
        ("GET", "/v1/payments/%ff", 404, "not_found"),
        ("DELETE", "/v1/charges", 405, "method_not_allowed"),
        ("POST", "/v1/payments/1", 405, "method_not_allowed"),
    ],
)
def test_a_path_that_is_not_there_is_told(
    service: RunningService, method: str, path: str, status: int, code: str
) -> None:
    """As problem details too."""
    received = service.request(method, path)
    assert (status, code) == (received.status, received.json["code"])
    assert "application/problem+json" == received.headers["content-type"]


def test_a_request_id_is_taken_or_made(service: RunningService) -> None:
    """And comes back, in the answer's head and in problem details."""
    received = service.request("GET", "/v1/nothing", headers={"X-Request-Id": "mine-1"})
    assert ("mine-1", "mine-1") == (received.headers["x-request-id"], received.json["request_id"])
    made = service.request("GET", "/healthz", headers={"X-Request-Id": "no good"}).headers["x-request-id"]
    assert made != "no good"
