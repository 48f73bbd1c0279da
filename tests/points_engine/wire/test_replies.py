"""Replies on the wire."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from points_engine.amounts import Amount, Asset
from points_engine.contract import Payment, PaymentState, Refusal, Refused, Reply
from points_engine.wire.problems import MEDIA_TYPE, Trouble, decode_problem, encode_problem, trouble
from points_engine.wire.replies import REPLIES, ResponseInvalid, decode_reply, encode_reply
from tests.points_engine.wire.wire_values import any_of

AT = datetime(2026, 3, 2, 4, 0, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("kind", [*REPLIES, Refused], ids=lambda kind: kind.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_every_reply_comes_out_as_it_went_in(kind: type[Reply], data: st.DataObject) -> None:
    """Refusals among them."""
    reply = data.draw(any_of(kind))
    response = encode_reply(reply, "request-1")
    assert reply == decode_reply(response.status, response.body)


def test_a_payment_is_json_that_anybody_reads() -> None:
    """Times are UTC in ISO 8601, amounts whole numbers, what there is not is left out."""
    payment = Payment(
        order_id="o-1",
        state=PaymentState.FAILED,
        amount=Amount(Asset.POINTS, 500),
        at=AT,
        refused=Refused(refusal=Refusal.BALANCE_TOO_LOW, available=Amount(Asset.POINTS, 3)),
    )
    response = encode_reply(payment)
    assert (200, "application/json") == (response.status, response.media_type)
    assert {
        "object": "payment",
        "order_id": "o-1",
        "state": "failed",
        "amount": {"asset": "points", "units": 500},
        "at": "2026-03-02T04:00:00.000005Z",
        "refused": {"refusal": "balance_too_low", "available": {"asset": "points", "units": 3}},
    } == json.loads(response.body)


def test_a_refusal_is_problem_details() -> None:
    """With what helps on, in RFC 9457's form."""
    response = encode_reply(Refused(refusal=Refusal.PIN_WRONG, tries_left=2), "request-1")
    assert (403, MEDIA_TYPE) == (response.status, response.media_type)
    assert {
        "type": "urn:points-till:refusal:pin_wrong",
        "title": "Pin wrong",
        "status": 403,
        "code": "pin_wrong",
        "nothing_changed": True,
        "detail": "Wrong PIN, 2 tries left",
        "request_id": "request-1",
        "retry_helps": True,
        "next_action": "customer_tries_again",
        "tries_left": 2,
    } == json.loads(response.body)


@pytest.mark.parametrize("kind", Trouble, ids=lambda kind: kind.name)
def test_trouble_is_no_refusal(kind: Trouble) -> None:
    """It comes out as the problem it is, with whether anything may have changed."""
    sent = trouble(kind, "why", "request-1")
    assert sent == decode_reply(kind.status, encode_problem(sent))
    assert sent.refused is None


def test_no_two_problems_share_a_type() -> None:
    """A problem's type tells refusals and troubles apart."""
    kinds = [kind.urn for kind in Trouble]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[]"),
        (200, b'{"object": "payment"}'),
        (200, b'{"object": "weather"}'),
        (200, b'{"object": "credited", "balance": {"asset": "points", "units": -1}}'),
        (200, b"\xff"),
        (200, b'{"object": "payment", "order_id": "\xff"}'),
        (502, b"<html>Bad gateway</html>"),
        (502, b""),
        (404, b"{}"),
        (503, b"[" * 100_000),
    ],
)
def test_what_is_no_reply_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    """A proxy's page, half an answer: nobody can say what became of the command."""
    with pytest.raises(ResponseInvalid):
        decode_reply(status, body)


def test_a_problem_of_a_newer_engine_is_read() -> None:
    """Fields nobody here knows are overlooked."""
    body = encode_problem(trouble(Trouble.OVERLOADED)).replace(b"{", b'{"shade": "blue", ', 1)
    assert "overloaded" == decode_problem(body).code
