"""A gateway's template: what is put in is escaped for where it stands, and nothing of it is printed."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.gateway import AppriseGateway, GatewayInvalid, GatewayRequest, HttpGateway, Taken

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
FIELDS = st.fixed_dictionaries({"phone": TEXTS, "text": TEXTS, "code": TEXTS, "message_id": TEXTS})
URL = "https://sms.example/send"


@given(FIELDS)
def test_json_holds_what_was_put_in(fields: dict[str, str]) -> None:
    """Whatever the text is, the gateway reads it as it was."""
    body = '{"to": "$phone", "text": "$text", "vars": {"code": "$code"}, "id": "$message_id", "price": "$$"}'
    request = HttpGateway(url=URL, body=body).request(fields)
    expected = {
        "to": fields["phone"], "text": fields["text"], "vars": {"code": fields["code"]},
        "id": fields["message_id"], "price": "$",
    }  # fmt: skip
    assert expected == json.loads(request.body)
    assert "application/json; charset=utf-8" == request.headers["Content-Type"]


@given(FIELDS)
def test_forms_and_addresses_hold_what_was_put_in(fields: dict[str, str]) -> None:
    """Percent-encoding: nothing that is put in ends a field or begins another."""
    pattern = "to=$phone&text=$text&code=$code&id=$message_id"
    form = HttpGateway(url=URL, body=pattern, content_type="application/x-www-form-urlencoded")
    query = HttpGateway(url=f"{URL}?{pattern}", method="GET")
    expected = {
        "to": [fields["phone"]], "text": [fields["text"]], "code": [fields["code"]], "id": [fields["message_id"]],
    }  # fmt: skip
    for found in (form.request(fields).body.decode(), urlsplit(query.request(fields).url).query):
        assert expected == parse_qs(found, keep_blank_values=True, strict_parsing=True)
    assert b"" == query.request(fields).body


def test_a_plain_body_and_a_header() -> None:
    """Plain text stays as it is; a header may hold the message's id."""
    gateway = HttpGateway(
        url=URL, body="$phone: $text", content_type="text/plain", headers={"Idempotency-Key": "$message_id"}
    )
    request = gateway.request({"phone": "+8613812345678", "text": 'a "b"', "code": "", "message_id": "id-1"})
    assert b'+8613812345678: a "b"' == request.body
    assert "id-1" == request.headers["Idempotency-Key"]


@pytest.mark.parametrize(
    ("taken", "status", "body", "expected"),
    [
        (Taken(), 200, "", True),
        (Taken(), 204, "anything", True),
        (Taken(), 199, "", False),
        (Taken(), 302, "", False),
        (Taken(), 500, "", False),
        (Taken(contains="OK"), 200, "status=OK", True),
        (Taken(contains="OK"), 200, "status=NO", False),
        (Taken(contains="OK"), 500, "OK", False),
        (Taken(json_field="code", equals="0"), 200, '{"code": 0}', True),
        (Taken(json_field="code", equals="0"), 200, '{"code": "0"}', True),
        (Taken(json_field="code", equals="0"), 200, '{"code": 1}', False),
        (Taken(json_field="code", equals="0"), 200, "{}", False),
        (Taken(json_field="code", equals="0"), 200, "no JSON", False),
        (Taken(json_field="code", equals="0"), 200, "[]", False),
        (Taken(json_field="result.sent", equals="true"), 200, '{"result": {"sent": true}}', True),
        (Taken(json_field="result.sent", equals="true"), 200, '{"result": 7}', False),
        (Taken(json_field="a", equals="0"), 200, "[" * 100_000, False),
    ],
)  # fmt: skip
def test_what_an_answer_says(taken: Taken, status: int, body: str, *, expected: bool) -> None:
    """Success is a 2xx and what the gateway's own answer says; it may say 200 and mean no."""
    assert expected == taken.holds(status, body)


@given(st.integers(100, 599), st.text(max_size=40), st.text(max_size=5))
def test_any_answer_is_judged(status: int, body: str, path: str) -> None:
    """No answer breaks anything."""
    assert Taken(json_field=path, equals="x").holds(status, body) in {True, False}


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("what", "build"),
    [
        ("url", lambda: HttpGateway(url=f"ftp://{SECRET}/$phone$text")),
        ("url", lambda: HttpGateway(url=f"{SECRET}/$phone$text")),
        ("url", lambda: HttpGateway(url=f"https://$phone.{SECRET}/$text")),
        ("url", lambda: HttpGateway(url=f"{URL}?key={SECRET}&$money=$phone$text")),
        ("url", lambda: HttpGateway(url=f"{URL}?{SECRET}")),
        ("url", lambda: HttpGateway(url=f"{URL}/$phone?{SECRET}")),
        ("method", lambda: HttpGateway(url=f"{URL}/$phone$text?{SECRET}", method="DELETE")),
        ("body", lambda: HttpGateway(url=f"{URL}/$phone$text", body=f"{SECRET} $ 5")),
        (
            "content_type",
            lambda: HttpGateway(url=f"{URL}/$phone$text?{SECRET}", content_type="application/xml"),
        ),
        ("headers", lambda: HttpGateway(url=f"{URL}/$phone$text", headers={"X-Key": f"{SECRET}\r\nX: 1"})),
        ("headers", lambda: HttpGateway(url=f"{URL}/$phone$text", headers={"X-Key": f"{SECRET}$code"})),
        ("timeout_seconds", lambda: HttpGateway(url=f"{URL}/$phone$text?{SECRET}", timeout_seconds=0)),
        ("url", lambda: AppriseGateway(url=f"twilio://{SECRET}@15551230000")),
        ("url", lambda: AppriseGateway(url=f"{SECRET}/$phone")),
        ("url", lambda: AppriseGateway(url=f"twilio://{SECRET}/$phone/$code")),
    ],
)
def test_a_gateway_that_cannot_be(what: str, build: Callable[[], Any]) -> None:
    """The error names the setting and not what is in it."""
    with pytest.raises(GatewayInvalid, match=f"sms_gateway.{what}") as invalid:
        build()
    assert SECRET not in str(invalid.value)


def test_nothing_of_a_gateway_is_printed() -> None:
    """Neither the shop's password with the gateway nor what is sent."""
    gateway = HttpGateway(
        url=f"https://{SECRET}@sms.example/$phone",
        headers={"X-Key": SECRET},
        body=f"$text {SECRET}",
        proxy=SECRET,
    )
    request = gateway.request({"phone": SECRET, "text": SECRET, "code": "", "message_id": ""})
    assert isinstance(request, GatewayRequest)
    assert not [
        value
        for value in (gateway, request, AppriseGateway(url=f"x://{SECRET}/$phone"))
        if SECRET in repr(value)
    ]
